"""The columns held to the evaluator: a sample of rows is answered twice, and must come out the same in every part."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Protocol

from cds_engine.batch.check import differences
from cds_engine.batch.columns import Columns, said
from cds_engine.batch.duck import Duck, literal, quoted
from cds_engine.batch.part import PartRunner, entry_of
from cds_engine.batch.sample import facts_of
from cds_engine.batch.sources import ROW, Source
from cds_engine.diagnostics import EngineDisagreement
from cds_engine.lowering.guideline import Guideline
from cds_engine.results.evaluation import Evaluation

Row = Mapping[str, object]


class Evaluator(Protocol):
    """The evaluator of single patients."""

    def __call__(self, facts: Mapping[str, object], *, as_of: date | str | None) -> Evaluation:
        """Return the answer for one patient."""


class Held:
    """Draws rows, has the evaluator answer them, and compares."""

    def __init__(self, guideline: Guideline, evaluator: Evaluator, columns: Columns, as_of: date | None) -> None:
        self._guideline = guideline
        self._evaluator = evaluator
        self._columns = columns
        self._as_of = as_of
        self._agreed: dict[int, Row] = {}

    @property
    def checked(self) -> int:
        """How many rows the evaluator has answered the same."""
        return len(self._agreed)

    def draw(self, duck: Duck, source: Source, runner: PartRunner, wanted: int, seed: int) -> None:
        """Answer a sample of the rows by columns and by the evaluator.

        Raises:
            EngineDisagreement: If they differ on a row; the message shows the row.
        """
        if not wanted or not source.rows:
            return
        rows = random.Random(seed).sample(range(source.rows), min(wanted, source.rows))  # noqa: S311 - a sample, no secret
        start, picked = 0, []
        for part in source.parts:
            mine = [str(row) for row in rows if start <= row < start + part.rows]
            if mine:
                picked.append(f"SELECT * FROM {part.relation} AS part WHERE {ROW} IN ({', '.join(mine)})")
            start += part.rows
        duck.keep("sampled", " UNION ALL ".join(picked))
        cells = {int(found[ROW]): found for found in duck.records("SELECT * FROM sampled")}
        runner.answer("sampled")
        entries = self._entries(duck, list(cells.values()))
        for answer in duck.records("SELECT * FROM answers"):
            row = int(answer["row"])
            self._compare_one(runner, answer, cells[row], entries.get(row, ()))
            self._agreed[row] = answer

    def _compare_one(self, runner: PartRunner, answer: Row, cells: Row, entries: Sequence[object]) -> None:
        facts = facts_of(cells, self._columns, entries, self._guideline.dictionary.medications)
        found = differences(runner.layout, answer, self._evaluator({"facts": facts}, as_of=self._day(cells)))
        if found:
            listed = "; ".join(f"{d.what}: {d.columns} in columns, {d.evaluator} by the evaluator" for d in found[:5])
            shown = json.dumps(facts, default=str, ensure_ascii=False)
            raise EngineDisagreement(f"row {answer['row']}", {"columns": listed, "the row": shown})

    def _day(self, cells: Row) -> date | None:
        value = cells[self._columns.as_of.name] if self._columns.as_of is not None else None
        if not said(value):
            return self._as_of
        return value if isinstance(value, date) else date.fromisoformat(str(value).strip())

    def _entries(self, duck: Duck, cells: Sequence[Row]) -> dict[int, list[object]]:
        """Return the entries of the second table for the sampled patients, by row."""
        patient = self._columns.patient
        if patient is None or not duck.rows("SELECT 1 FROM duckdb_tables() WHERE table_name = 'medicines_in'"):
            return {}
        own = next(name for name in ("patient", "patient_id", "id") if name in duck.columns("medicines_in"))
        listed = ", ".join(literal(str(cell[patient.name])) for cell in cells)
        found: dict[str, list[object]] = {}
        for record in duck.records(f"SELECT * FROM medicines_in WHERE CAST({quoted(own)} AS VARCHAR) IN ({listed})"):
            entry = entry_of({name: value for name, value in record.items() if name not in {own, ROW}})
            found.setdefault(str(record[own]), []).append(entry)
        return {int(str(cell[ROW])): found.get(str(cell[patient.name]), []) for cell in cells}

    def compare(self, duck: Duck) -> None:
        """Hold what a part is about to write to what the evaluator has agreed to.

        Raises:
            EngineDisagreement: If a row came out otherwise among many than in the sample.
        """
        if not self._agreed:
            return
        listed = ", ".join(str(row) for row in self._agreed)
        for answer in duck.records(f"SELECT * FROM answers WHERE row IN ({listed})"):
            agreed = self._agreed[answer["row"]]
            for name, value in answer.items():
                if name in agreed and agreed[name] != value:
                    said_there = {"alone": str(agreed[name]), "among many": str(value)}
                    raise EngineDisagreement(f"row {answer['row']}, {name}", said_there)
