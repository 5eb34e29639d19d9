"""`review`: the pages for a clinician, written into a folder."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import typer

from cds_engine.bdd.gherkin import NotInstalledError as NoParserError
from cds_engine.bdd.run import run_features
from cds_engine.cli.exits import Exit, refuse
from cds_engine.cli.packs import open_pack
from cds_engine.diagnostics import PackError
from cds_engine.results.templates import NotInstalledError
from cds_engine.results.wording import counted
from cds_engine.review.changes import ChangesError, read_changes
from cds_engine.review.collect import collect
from cds_engine.review.proofs import ProofsError, read_proofs
from cds_engine.review.site import write_site


def write_review(name: str | None, output: str, proofs: str | None, changes: str | None, today: date) -> Exit:
    """Write the review site of a pack, and return how it ended."""
    pack = open_pack(name)
    folder = Path(output)
    try:
        proved = read_proofs(Path(proofs), pack.guideline) if proofs else None
        changed = read_changes(Path(changes), pack.guideline) if changes else None
        outcomes = run_features(pack)
        files = write_site(collect(pack, outcomes, today, proved, changed), folder)
    except (NotInstalledError, NoParserError, ProofsError, ChangesError) as error:
        refuse(str(error))
    except PackError as error:
        refuse(f"{error.diagnostics[0].message}; see `cds-engine test`", Exit.FINDINGS)
    except OSError as error:
        refuse(f"`{output}` cannot be written: {error.strerror}")
    failed = sum(not outcome.passed for outcome in outcomes)
    held = f"{counted(len(outcomes), 'scenario')}, {failed} of which do not hold" if failed else "every scenario holds"
    typer.echo(f"{counted(len(files), 'page')} in {folder}, {held}; begin with {files[0]}")
    return Exit.FINDINGS if failed else Exit.DONE
