"""A run whose tables are open: all that is needed to answer any of its parts, here or in another process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from cds_engine.batch import records
from cds_engine.batch.columns import Cell, Columns, understand
from cds_engine.batch.engine import Metadata
from cds_engine.batch.held import Evaluator
from cds_engine.batch.order import Form, Order
from cds_engine.batch.output import Output, metadata_of
from cds_engine.batch.records import Records
from cds_engine.batch.second_tables import SecondTable, open_second
from cds_engine.batch.sources import Scratch, Source
from cds_engine.diagnostics import InputError
from cds_engine.lowering.guideline import Guideline


@dataclass(frozen=True, slots=True)
class Opened:
    """What is asked of every part; it travels, unless its records are no rows."""

    guideline: Guideline
    evaluator: Evaluator
    source: Source
    columns: Columns
    numbers: Sequence[int]
    """Of the rows that are answered in columns, among all."""
    seconds: Mapping[str, SecondTable]
    """The tables of `medicines` and `orders`, if there are."""
    as_of: date | None
    form: Form
    held_back: Mapping[str, str]
    carried: Mapping[Cell, str]
    """The cells that go out as they came in, and as what: a kept one may have been renamed."""
    metadata: Metadata
    suffix: str | None
    """How the names of the files end that are written; None where none is."""
    records: Records | None

    @property
    def has_findings(self) -> bool:
        """Whether orders are screened."""
        return "orders" in self.seconds or self.records is not None


def open_tables(
    guideline: Guideline, evaluator: Evaluator, order: Order, output: Output | None, scratch: Scratch, part_rows: int
) -> Opened:
    """Open the tables of an order, and understand their columns.

    Raises:
        InputError: If one cannot be read, a column not be understood, or a table of medicines says nothing to the pack.
    """
    if order.medicines is not None and guideline.dictionary.medications is None:
        raise InputError(
            f"the pack `{guideline.pack.manifest.id}` has no list of medications, so that nothing of a table of"
            " medicines would be heard; leave it out"
        )
    numbers: Sequence[int]
    if order.records is None:
        source = scratch.open(order.table, part_rows)
        columns = understand(source.columns, guideline.dictionary, order.wishes)
        numbers = range(source.rows)
    else:
        source = scratch.open_records(order.records.listed(), order.records.columns, part_rows)
        numbers = records.numbers_in_columns(source, scratch.duck)
        columns = records.columns_of(source, guideline.dictionary, any_row=bool(numbers))
    tables = {"medicines": order.medicines, "orders": order.orders}
    return Opened(
        guideline,
        evaluator,
        source,
        columns,
        numbers,
        {
            name: open_second(scratch, name, table, source, columns)
            for name, table in tables.items()
            if table is not None
        },
        order.as_of,
        order.form,
        order.held_back,
        _carried(columns, order),
        metadata_of(guideline, order.as_of, order.held_back),
        None if output is None else output.suffix,
        order.records,
    )


def _carried(columns: Columns, order: Order) -> dict[Cell, str]:
    kept = set(columns.ignored) if order.wishes.keep else set()
    return {
        cell: cell.name if cell is columns.patient else order.wishes.names.get(cell.name, cell.name)
        for cell in columns.cells
        if cell is columns.patient or cell.name in kept
    }
