"""Orders of a second table, screened by the evaluator patient by patient: what the answers say of them.

Only patients with an order are screened, with the medicines that they take: one of those alone is no proposal.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from cds_engine.batch.answers import cited
from cds_engine.batch.duck import Duck
from cds_engine.batch.engine import ROW, quoted
from cds_engine.batch.held import Evaluator
from cds_engine.batch.ids import OWNER, id_of
from cds_engine.batch.sample import Singles, entries_of, owner_in
from cds_engine.batch.second_tables import SecondTable
from cds_engine.batch.staging import keep_rows
from cds_engine.results.models import Finding, Screened

FOUND = {
    "row": "BIGINT", "patient": "VARCHAR", "order": "VARCHAR", "is_taken": "BOOLEAN", "drug": "VARCHAR",
    "severity": "VARCHAR", "finding": "VARCHAR", "text": "VARCHAR", "citations": "VARCHAR",
}  # fmt: skip
"""The columns of the sheet of findings; an order without finding has a row of its own, with nothing after the drug."""


class Orders:
    """Screens the orders of the patients of a part; they stand in `orders_in`."""

    def __init__(self, evaluator: Evaluator, singles: Singles, table: SecondTable, scratch: Path) -> None:
        self._evaluator = evaluator
        self._singles = singles
        self._table = table
        self._scratch = scratch

    def screen(self, relation: str, duck: Duck) -> None:
        """Write what is found of the orders of the rows of *relation* into the table `order_findings`."""
        keep_rows(duck, "order_findings", FOUND, self._findings(relation, duck), self._scratch)

    def _findings(self, relation: str, duck: Duck) -> Iterator[dict[str, object]]:
        patient = self._singles.columns.patient
        assert patient is not None  # noqa: S101 - orders are refused where nobody says whose a row is
        own = id_of(f"cells.{quoted(patient.name)}", patient.kind)
        ordered = f"(SELECT cells.* FROM {relation} AS cells WHERE {own} IN (SELECT {OWNER} FROM orders_in)"
        ordered += f" AND {ROW} NOT IN (SELECT row FROM refused))"
        rows = duck.records(f"SELECT {ROW}, {quoted(patient.name)}, {owner_in(patient)} FROM {ordered} AS ordered")
        names = {int(row[ROW]): str(row[patient.name]) for row in rows}
        orders = entries_of(rows, "orders_in", duck, self._table.keys)
        for single in self._singles.of(f"{ordered} AS ordered"):
            answer = self._evaluator({"facts": single.facts}, orders=orders[single.row], as_of=single.day)
            for screened in answer.screened:
                yield from rows_of(single.row, names[single.row], screened)


def rows_of(row: int, patient: str, screened: Screened) -> Iterator[dict[str, object]]:
    """Yield the rows of the sheet of findings for one order."""
    drug = screened.order.get("drug")
    about: dict[str, object] = {
        "row": row, "patient": patient, "is_taken": screened.is_taken, "drug": None if drug is None else str(drug),
        "order": str(screened.order.get("id") or ""),
    }  # fmt: skip
    for found in screened.findings:
        yield about | _finding(found)
    if not screened.findings:
        yield about


def _finding(found: Finding) -> dict[str, object]:
    listed = ";".join(cited(citation.source, citation.locator) for citation in found.citations)
    return {
        "order": found.order, "severity": found.severity, "finding": found.rule, "text": found.text,
        "citations": listed or None,
    }  # fmt: skip


def with_findings(query: str) -> str:
    """Return wide answers with a column more: what is found of the orders, the gravest first."""
    gravity = "CASE severity WHEN 'critical' THEN 0 WHEN 'warning' THEN 1 ELSE 2 END"
    said = "severity || ' ' || finding || coalesce(' (' || nullif(\"order\", '') || ')', '')"
    return (
        f"SELECT wide.*, found.order_findings FROM ({query}) AS wide LEFT JOIN (SELECT row,"
        f" string_agg({said}, ';' ORDER BY {gravity}, {said}) AS order_findings"
        " FROM order_findings WHERE finding IS NOT NULL GROUP BY row) AS found ON found.row = wide.row"
    )
