"""`review`: the pages for a clinician, written into a folder."""

from __future__ import annotations

from dataclasses import dataclass
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
from cds_engine.review.changes import read_changes
from cds_engine.review.collect import collect
from cds_engine.review.proofs import read_proofs
from cds_engine.review.site import write_site
from cds_engine.review.tested import read_tested
from cds_engine.review.written import WrittenError


@dataclass(frozen=True, slots=True)
class Found:
    """Files in which other commands wrote what they found out about the pack."""

    proofs: str | None = None
    changes: str | None = None
    tests: str | None = None


def write_review(name: str | None, output: str, files: Found, today: date) -> Exit:
    """Write the review site of a pack, and return how it ended."""
    pack = open_pack(name)
    folder = Path(output)
    try:
        proved = read_proofs(Path(files.proofs), pack.guideline) if files.proofs else None
        changed = read_changes(Path(files.changes), pack.guideline) if files.changes else None
        tested = read_tested(Path(files.tests), pack.guideline) if files.tests else None
        outcomes = run_features(pack)
        pages = write_site(collect(pack, outcomes, today, proved, changed, tested), folder)
    except (NotInstalledError, NoParserError, WrittenError) as error:
        refuse(str(error))
    except PackError as error:
        refuse(f"{error.diagnostics[0].message}; see `cds-engine test`", Exit.FINDINGS)
    except OSError as error:
        refuse(f"`{output}` cannot be written: {error.strerror}")
    failed = sum(not outcome.passed for outcome in outcomes)
    held = f"{counted(len(outcomes), 'scenario')}, {failed} of which do not hold" if failed else "every scenario holds"
    typer.echo(f"{counted(len(pages), 'page')} in {folder}, {held}; begin with {pages[0]}")
    return Exit.FINDINGS if failed else Exit.DONE
