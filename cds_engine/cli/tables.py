"""The summary of a table that was answered, in words and for programs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cds_engine.batch.report import Beside, Report
    from cds_engine.batch.tally import Counts

TOP = 10
SHOWN = ("recommended", "blocked", "needs_data")


def as_json(report: Report) -> dict[str, object]:
    """Return the summary for programs."""
    quarantine = None if report.quarantine is None else str(report.quarantine)
    return {
        **asdict(report),
        "seconds": round(report.seconds, 3),
        "rows_a_second": round(report.rows_a_second),
        "strays": report.strays,
        "held_to_evaluator": report.held_to_evaluator,
        "quarantine": quarantine,
    }


def tell(report: Report) -> Iterator[str]:
    """Yield lines that say what became of the rows."""
    about = report.metadata
    yield f"{about['pack']} {about['version']} as of {about['as_of']}, review state {about['review']}"
    yield (
        f"in {report.rows_in:,} = out {report.rows_out:,} + quarantined {report.quarantined:,};"
        f" {report.seconds:.1f} s, {report.rows_a_second:,.0f} rows a second"
    )
    if report.resumed:
        yield f"{report.resumed:,} rows stood in parts that were finished before; the rate is of the others"
    sampled = report.checked - report.singly
    if sampled:
        yield f"{sampled:,} sampled rows were answered by the evaluator as well: no difference"
    elif not report.held_to_evaluator:
        yield "no row was answered by the evaluator as well: nothing of this was held to it"
    if report.singly:
        yield f"{report.singly:,} records were answered by the evaluator alone, one at a time"
    if report.ignored:
        yield f"columns that are no facts were left out: {', '.join(report.ignored)}"
    if report.held_back:
        yield f"rules held back, because their review state is too low: {', '.join(report.held_back)}"
    for name, table in report.beside.items():
        yield from _of_second(name, table)
    if report.quarantine is not None:
        yield f"what could not be answered: {report.quarantine}"
    yield ""
    yield f"{'rule':44}{'recommended':>12}{'blocked':>12}{'needs data':>12}"
    for rule, of in report.statuses.items():
        if any(of[status] for status in SHOWN):
            yield f"{rule:44}" + "".join(f"{of[status]:>12,}" for status in SHOWN)
    yield from _top("missing facts that hold back most patients", report.missing)
    yield from _top("most frequent problems", report.problems)
    yield from _top("in quarantine", report.reasons)


def _of_second(name: str, table: Beside) -> Iterator[str]:
    """Yield lines that say what of a second table was not heard, and what came of it."""
    if table.ignored:
        yield f"columns of the table of {name} that are not understood were left out: {', '.join(table.ignored)}"
    unread, nobody = (table.reasons.get(code, 0) for code in ("not_a_row", "no_patient"))
    if unread:
        come_of_it = {
            "medicines": "the lists of their patients are incomplete",
            "orders": "they are screened as unknown",
        }
        yield f"lines of the table of {name} that cannot be read: {unread:,}; {come_of_it[name]}"
    if nobody:
        yield f"rows of the table of {name} that belong to no patient: {nobody:,}"


def _top(title: str, counts: Counts) -> Iterator[str]:
    most = list(counts.items())[:TOP]
    if most:
        yield ""
        yield f"{title}: " + ", ".join(f"{name} {count:,}" for name, count in most)
