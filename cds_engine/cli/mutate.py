"""`test --coverage --mutate`: what the scenarios and cases of a pack are worth."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import typer

from cds_engine.bdd.gherkin import NotInstalledError
from cds_engine.bdd.tested import as_data
from cds_engine.bdd.worth import worth_of
from cds_engine.cli.exits import Exit, complain, refuse
from cds_engine.cli.formats import ListFormat
from cds_engine.cli.packs import checked_pack
from cds_engine.cli.prove import need_z3
from cds_engine.cli.tests_told import lines_of
from cds_engine.diagnostics import PackError


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be found out, and how it is written."""

    coverage: bool
    mutate: bool
    sample: int
    format: ListFormat


class _Progress:
    """Says on a terminal how far it is; elsewhere nothing."""

    def __init__(self) -> None:
        self._said = 0.0

    def tell(self, done: int, mutants: int) -> None:
        """Say that *done* of *mutants* are tried."""
        now = time.monotonic()
        if sys.stderr.isatty() and (now - self._said > 1 or done == mutants):
            self._said = now
            sys.stderr.write(f"{done:,} of {mutants:,} mutants" + ("\n" if done == mutants else "\r"))
            sys.stderr.flush()


def test_worth(name: str | None, features: str | None, wanted: Wanted) -> Exit:
    """Write what the tests of a pack are worth, and return how it ended."""
    if wanted.mutate:
        need_z3()
    folder = Path(features) if features else None
    if folder is not None and not folder.is_dir():
        refuse(f"there is no folder `{folder}`; name one that holds feature files")
    try:
        found = worth_of(
            checked_pack(name),
            folder,
            coverage=wanted.coverage,
            mutate=wanted.mutate,
            sample=wanted.sample,
            progress=_Progress().tell,
        )
    except NotInstalledError as error:
        refuse(str(error))
    except PackError as error:
        for finding in error.diagnostics:
            complain(finding.render().split("\n", 1)[0] + (f"; {finding.help}" if finding.help else ""))
        return Exit.FINDINGS
    if wanted.format is ListFormat.JSON:
        typer.echo(json.dumps(as_data(found), ensure_ascii=False, indent=2))
    else:
        for line in lines_of(found):
            typer.echo(line)
    if found.failing:
        complain(f"cds-engine: of the scenarios and cases {found.failing} do not hold; see `cds-engine test`")
    is_enough = found.mutation is None or found.mutation.is_enough
    return Exit.DONE if is_enough and not found.failing else Exit.FINDINGS
