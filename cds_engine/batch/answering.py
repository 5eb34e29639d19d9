"""The parts of an opened table, answered one after the other: asked, held to the evaluator, counted and written."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from pathlib import Path

from cds_engine.batch import quarantine, records
from cds_engine.batch.answers import check_names, kept_columns, long_query, wide_query
from cds_engine.batch.duck import Duck
from cds_engine.batch.engine import Engine, Part
from cds_engine.batch.held import Held
from cds_engine.batch.opened import Opened
from cds_engine.batch.orders import Orders, with_findings
from cds_engine.batch.output import ENDINGS
from cds_engine.batch.part import PartRunner, Task
from cds_engine.batch.records import RecordRunner
from cds_engine.batch.sample import Singles
from cds_engine.batch.tally import count
from cds_engine.batch.workplace import Finished, Workplace, Written


class Answering:
    """Answers parts by an engine; tables beside it stand there as `medicines_in` and `orders_in`."""

    def __init__(self, opened: Opened, engine: Engine, duck: Duck, scratch: Path, drawn: Collection[int] = ()) -> None:
        """Make ready to answer; of the rows *drawn* the evaluator is asked as well.

        Raises:
            InputError: If two columns of the output had one name, or orders cannot be told whose they are.
        """
        self._opened, self._engine, self._duck = opened, engine, duck
        shown = [spec.rule.id for spec in opened.guideline.rules if spec.rule.id not in opened.held_back]
        medicines = opened.seconds.get("medicines")
        task = Task(
            opened.guideline,
            opened.columns,
            opened.as_of,
            None if medicines is None else medicines.keys,
            None if opened.form == "long" else shown,
        )
        self._runner: PartRunner | RecordRunner
        rows: PartRunner | None = None  # who answers in columns; nobody where no record is a row
        if opened.columns.sources or opened.records is None:
            rows = self._runner = PartRunner(task, engine)
        if opened.records is not None:
            patient = opened.columns.patient.alias if opened.columns.patient is not None else ""
            self._runner = RecordRunner(
                opened.guideline, opened.records, opened.held_back, duck, scratch, patient, rows
            )
        self._has_rows = rows is not None and bool(opened.numbers)
        singles = Singles(opened.columns, opened.guideline.dictionary.medications, opened.as_of, engine)
        self._held = Held(opened.guideline, opened.evaluator, opened.columns, singles, opened.held_back)
        if drawn:
            self._held.ask(engine, drawn)
        self._orders = (
            Orders(opened.evaluator, singles, opened.seconds["orders"], scratch) if "orders" in opened.seconds else None
        )
        self._carried = {cell.alias: name for cell, name in opened.carried.items()}
        named = {cell.name: name for cell, name in opened.carried.items()}
        check_names(self._runner.layout, named, opened.form, opened.held_back)

    def draw(self, wanted: int, seed: int) -> Collection[int]:
        """Choose so many rows that the evaluator is asked of as well, by their numbers."""
        opened = self._opened
        if not self._has_rows:
            return ()
        first = opened.source.parts[0].relation
        relation = first if opened.records is None else records.rows_of_part(first)
        return self._held.draw(self._engine, relation, opened.numbers, wanted, seed)

    def answer(self, number: int, place: Workplace) -> Finished:
        """Answer a part, and write its files into a workplace.

        Raises:
            EngineDisagreement: If a row that was drawn differs from the evaluator's answer.
        """
        part = self._opened.source.parts[number]
        with self._engine.about(part.rows):
            return self._answered(number, part, place)

    def _answered(self, number: int, part: Part, place: Workplace) -> Finished:
        opened, engine, layout = self._opened, self._engine, self._runner.layout
        carried = self._carried if opened.suffix is not None else ()
        kept = kept_columns(layout, opened.form, opened.held_back, carried)
        self._runner.answer(part.relation, kept, self._held.drawn, partial(self._held.begin, layout))
        self._held.compare(engine, layout)
        if self._orders is not None:
            self._orders.screen(part.relation, self._duck)
        written = {} if opened.suffix is None else self._write(number, place, opened.suffix)
        refused = quarantine.refused_of(part.relation, opened.columns, engine)
        tally = count(layout, opened.held_back, engine)
        return Finished(tally, refused, self._held.settle(), written)

    def _write(self, number: int, place: Workplace, suffix: str) -> dict[str, Written]:
        """Write the files of a part, and return what is in them, by sheet."""
        opened, layout, kind = self._opened, self._runner.layout, ENDINGS[suffix]
        if opened.form == "long":
            query = long_query(layout, self._carried, opened.held_back)
        else:
            query = wide_query(layout, self._carried, opened.held_back, looks_up=self._engine.looks_up)
        queries = {"": query}
        if opened.has_findings:
            found = "SELECT * FROM order_findings"
            queries = {"orders": found, "": with_findings(query) if opened.form == "wide" else query}
        written = {}
        for sheet, asked in queries.items():
            path = place.path(sheet or "part", number, suffix)
            rows = self._engine.write(asked, path, kind, opened.metadata)
            written[sheet] = Written(rows, path.stat().st_size)
        return written

    def close(self) -> None:
        """Leave unanswered what the evaluator has not begun with."""
        self._held.close()
