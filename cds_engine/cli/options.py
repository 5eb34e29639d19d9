"""Options that several verbs have."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

import typer

PackOption = Annotated[
    str | None,
    typer.Option(
        "--pack", metavar="ID|PATH", help="The pack; may be left out while only one is installed or one is the default."
    ),
]
PackArgument = Annotated[
    str | None,
    typer.Argument(
        metavar="PACK", help="Id or path; may be left out while only one is installed or one is the default."
    ),
]

ValueSetsOption = Annotated[
    str | None,
    typer.Option("--value-sets", metavar="DIR", help="Value sets that the pack names, for patients from FHIR."),
]
PeriodOption = Annotated[
    str | None,
    typer.Option(
        "--period", metavar="PERIOD", help="The period that FHIR entries are held against: `2025`, `2025-03`."
    ),
]


def day_of(written: str | None) -> date | None:
    """Return a day as written in an option, None where it was left out."""
    if written is None:
        return None
    try:
        return datetime.strptime(written, "%Y-%m-%d").date()  # noqa: DTZ007 - a day, not a moment
    except ValueError:
        raise typer.BadParameter(f"`{written}` is not a date such as `2026-11-21`") from None
