"""What a clinician reads and signs."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer

from cds_engine.cli.app import app
from cds_engine.cli.options import PackArgument, day_of


@app.command("review")
def _review(
    pack: PackArgument = None,
    output: Annotated[
        str, typer.Option("-o", "--output", metavar="FOLDER", help="Where the pages are written.")
    ] = "site",
    proofs: Annotated[
        str | None, typer.Option("--proofs", metavar="FILE", help="What `prove --format json` wrote of this version.")
    ] = None,
    changes: Annotated[
        str | None,
        typer.Option("--changes", metavar="FILE", help="What `diff OLD PACK --format json` wrote of this version."),
    ] = None,
    tests: Annotated[
        str | None,
        typer.Option("--tests", metavar="FILE", help="What `test --coverage --mutate --format json` wrote of it."),
    ] = None,
) -> None:
    """Write the pages on which a clinician reads a pack statement by statement, and signs it.

    Exit status: 0 done, 1 a scenario does not hold, 2 wrong use.
    """
    from cds_engine.cli.review import Found, write_review  # noqa: PLC0415 - start-up stays quick

    raise typer.Exit(write_review(pack, output, Found(proofs, changes, tests), date.today()))  # noqa: DTZ011 - a day


@app.command("approve")
def _approve(
    pack: Annotated[str, typer.Argument(metavar="PACK", help="Id or path of the pack.")],
    statement: Annotated[str, typer.Argument(metavar="STATEMENT", help="Id of the statement.")],
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="The clinician who approves it.")],
    due: Annotated[str | None, typer.Option("--due", metavar="DATE", help="When it is to be reviewed again.")] = None,
    on: Annotated[
        str | None, typer.Option("--on", metavar="DATE", help="The day of the approval; today if left out.")
    ] = None,
) -> None:
    """Record that a clinician approved a statement as it is now.

    The approval lapses when a condition, a dose, a fact, a safety rule, the source or a scenario of it changes.
    Exit status: 0 done, 1 a scenario of it does not hold, 2 wrong use.
    """
    day, again = day_of(on), day_of(due)
    from cds_engine.cli.approve import approve_statement  # noqa: PLC0415 - start-up stays quick

    raise typer.Exit(approve_statement(pack, statement, by, day or date.today(), again))  # noqa: DTZ011 - a day
