"""`test`: the scenarios and cases of a pack, without any Python of its author's."""

from __future__ import annotations

from pathlib import Path

import typer

from cds_engine.bdd.cases import run_cases
from cds_engine.bdd.gherkin import NotInstalledError
from cds_engine.bdd.glossary import glossary
from cds_engine.bdd.report import report
from cds_engine.bdd.run import features_of, run_features
from cds_engine.bdd.vocabulary import read_vocabulary
from cds_engine.bdd.wording import check_wording
from cds_engine.cli.exits import Exit, complain, refuse
from cds_engine.cli.packs import open_pack
from cds_engine.diagnostics import PackError
from cds_engine.results.wording import counted


def test_pack(name: str | None, features: str | None) -> Exit:
    """Run the scenarios and cases of a pack, write what does not hold, and return how it ended."""
    pack = open_pack(name)
    folder = Path(features) if features else features_of(pack)
    if folder is not None and not folder.is_dir():
        refuse(f"there is no folder `{folder}`; name one that holds feature files")
    try:
        wording = check_wording(pack.guideline, folder) if folder else []
        scenarios = run_features(pack, folder)
        cases = run_cases(pack)
    except NotInstalledError as error:
        refuse(str(error))
    except PackError as error:
        for finding in error.diagnostics:
            complain(finding.render().split("\n", 1)[0] + (f"; {finding.help}" if finding.help else ""))
        return Exit.FINDINGS
    for finding in wording:
        typer.echo(finding.render())
    broken = [report(found) for found in scenarios if not found.passed]
    broken += [found.report() for found in cases if not found.passed]
    for text in broken:
        typer.echo(f"{text}\n")
    passed = len(scenarios) + len(cases) - len(broken)
    failed = f", {len(broken)} do not" if broken else ""
    total = f"{counted(len(scenarios), 'scenario')} and {counted(len(cases), 'case')}: {passed} hold{failed}"
    about = f"; {counted(len(wording), 'finding')} about wording" if wording else ""
    typer.echo(total + about)
    return Exit.FINDINGS if broken or wording else Exit.DONE


def show_glossary(name: str | None) -> Exit:
    """Write every sentence that a scenario of the pack may use."""
    pack = open_pack(name)
    try:
        typer.echo(glossary(read_vocabulary(pack.guideline), f"Sentences of scenarios of {pack.id}"), nl=False)
    except PackError as error:
        refuse(error.diagnostics[0].message, Exit.FINDINGS)
    return Exit.DONE
