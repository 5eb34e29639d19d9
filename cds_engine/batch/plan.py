"""What a run is made of before it begins: what its answers depend on, and how its table is cut."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from cds_engine.batch.duck import Duck
from cds_engine.batch.executors import Executors
from cds_engine.batch.order import Order
from cds_engine.batch.output import Output, check_apart
from cds_engine.batch.second_tables import WHOLE
from cds_engine.batch.sources import Scratch, files_of, identity_of, is_files
from cds_engine.batch.workplace import Workplace
from cds_engine.lowering.guideline import Guideline
from cds_engine.version import VERSION

PART_ROWS = 1_000_000
"""Rows in memory at once, where nobody says otherwise."""
FEWEST_ROWS = 100_000
"""Of fewer rows no part is made for the sake of idle cores: planning the text takes longer than answering them."""


def check_tables(order: Order, output: Output | None) -> None:
    """See to it that the answers take the place of no table.

    Raises:
        InputError: If they would, or a table is not there.
    """
    if output is None:
        return
    for table in (order.table, order.medicines, order.orders):
        if table is not None and is_files(table):
            named = [Path(str(item)) for item in (table if isinstance(table, list | tuple) else [table])]
            folders = [path for path in named if path.is_dir()]
            check_apart(output, folders, files_of(table) if order.records is None else ())


def plan_of(guideline: Guideline, order: Order, duck: Duck) -> dict[str, object]:
    """Return everything that the answers depend on: only a run of the same plan can go on with the parts of this."""
    tables = {"input": order.table, "medicines": order.medicines, "orders": order.orders}
    return {
        **{name: identity_of(table, duck) for name, table in tables.items() if table is not None},
        "engine": VERSION,
        "pack": guideline.pack.hash,
        "as_of": None if order.as_of is None else order.as_of.isoformat(),
        "columns": asdict(order.wishes),
        "form": order.form,
        "by": "spark" if order.is_for_spark and order.engine == "duckdb" else order.engine,
        "part_rows": order.part_rows,
        "held_back": dict(order.held_back),
        "records": "" if order.records is None else order.records.read_with,
        "into": str(order.into),
    }


def rows_of_part(order: Order, scratch: Scratch, place: Workplace, executors: Executors | None) -> int:
    """Return how many rows a part has at most; a run that goes on cuts its table as it was cut before."""
    if order.part_rows is not None:
        return order.part_rows
    if executors is None:
        return PART_ROWS if scratch.engine is scratch.duck else WHOLE

    def fair() -> int:
        """Return how many give every core some, if that is worth its while."""
        rows = scratch.open(order.table, PART_ROWS).rows
        return min(PART_ROWS, max(FEWEST_ROWS, -(-rows // executors.tasks_at_once)))

    return place.settled("part_rows", fair)
