"""`check`: every finding about a pack, and how many there are."""

from __future__ import annotations

import json
from datetime import date

import typer

from cds_engine.checker.check import Checked, check_everything, in_order
from cds_engine.checker.references import statements
from cds_engine.cli.exits import Exit
from cds_engine.cli.formats import ListFormat
from cds_engine.cli.packs import pack_folder
from cds_engine.diagnostics import Diagnostic, PackError
from cds_engine.engine.approvals import check_approvals
from cds_engine.lowering.lower import lower
from cds_engine.pack.approvals import APPROVALS_FILE
from cds_engine.pack.load import Pack
from cds_engine.results.wording import counted


def check_pack(name: str | None, format: ListFormat, today: date, *, strict: bool) -> Exit:  # noqa: A002 - the option's name
    """Write the findings about a pack, and return how it ended."""
    folder = pack_folder(name)
    checked, findings = check_everything(folder)
    if checked is not None and (folder / APPROVALS_FILE).is_file():
        findings = in_order([*findings, *_approvals(checked, today)])
    if format is ListFormat.JSON:
        typer.echo(json.dumps([_as_data(finding) for finding in findings], ensure_ascii=False, indent=2))
    else:
        for finding in findings:
            typer.echo(_rendered(finding))
        typer.echo(_summary(findings, checked.pack if checked else None))
    errors = sum(finding.severity == "error" for finding in findings)
    return Exit.FINDINGS if errors or (strict and findings) else Exit.DONE


def _approvals(checked: Checked, today: date) -> list[Diagnostic]:
    """Return a finding for every approval that does not hold any more; scenarios count where they can be run."""
    from cds_engine.bdd.gherkin import NotInstalledError  # noqa: PLC0415 - only where something was approved
    from cds_engine.bdd.run import run_features  # noqa: PLC0415 - as above
    from cds_engine.engine.guide import LoadedPack  # noqa: PLC0415 - as above
    from cds_engine.review.signoff import check_scenarios  # noqa: PLC0415 - as above

    guideline = lower(checked)
    findings = check_approvals(guideline, today)
    if any(finding.severity == "error" for finding in findings):
        return findings
    try:
        return [*findings, *check_scenarios(guideline, run_features(LoadedPack(guideline)))]
    except NotInstalledError:
        return findings
    except PackError as error:
        return [*findings, *error.diagnostics]


def _rendered(finding: Diagnostic) -> str:
    """Return the finding as it renders, in colour on a terminal only."""
    first, _, rest = _visible(finding.render()).partition("\n")
    colour = typer.colors.RED if finding.severity == "error" else typer.colors.YELLOW
    return typer.style(first, fg=colour if _is_coloured() else None) + (f"\n{rest}" if rest else "")


def _is_coloured() -> bool:
    import os  # noqa: PLC0415 - with its only use
    import sys  # noqa: PLC0415 - with its only use

    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def _visible(text: str) -> str:
    return "".join(char if char.isprintable() or char in "\n\t" else ascii(char)[1:-1] for char in text)


def _as_data(finding: Diagnostic) -> dict[str, object]:
    span = finding.span
    return {
        "code": finding.code,
        "severity": finding.severity,
        "message": finding.message,
        "file": span.file if span else None,
        "line": span.line if span else None,
        "column": span.column if span else None,
        "end": span.end if span else None,
        "help": finding.help,
    }


def _summary(findings: list[Diagnostic], pack: Pack | None) -> str:
    errors = sum(finding.severity == "error" for finding in findings)
    warnings = len(findings) - errors
    if findings:
        counts = [counted(errors, "error")] * bool(errors) + [counted(warnings, "warning")] * bool(warnings)
        return ", ".join(counts)
    return f"no findings: {_contents(pack)}" if pack else "no findings"


def _contents(pack: Pack) -> str:
    said = list(statements(pack))
    safety = pack.safety.values()
    counts = {
        "statement": len(said),
        "rule": sum(len(statement.rules) for statement in said),
        "contraindication": sum(len(file.contraindications) for file in safety),
        "caution": sum(len(file.cautions) for file in safety),
        "alert": sum(len(file.alerts) for file in safety),
        "fact": len(pack.facts.facts),
        "source": len(pack.sources.sources),
    }
    return ", ".join(counted(count, word) for word, count in counts.items())
