"""The columns held to the evaluator: a sample of rows is answered twice, and must come out the same.

Half of the sample is drawn by chance, the other half lies at thresholds: where a condition compares a fact with a
number, the row that comes nearest to it, among the first of the first part.
"""

from __future__ import annotations

import json
import random
from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date
from itertools import takewhile
from threading import Event
from typing import Protocol

from cds_engine.backends.sql.layout import Layout
from cds_engine.batch.check import differences
from cds_engine.batch.columns import Columns, FactSource
from cds_engine.batch.engine import ROW, Engine, quoted
from cds_engine.batch.sample import Single, Singles
from cds_engine.batch.told import Cells, answer_row
from cds_engine.diagnostics import EngineDisagreement
from cds_engine.lowering import core as c
from cds_engine.lowering.guideline import Guideline
from cds_engine.lowering.walk import nodes
from cds_engine.results.evaluation import Evaluation
from cds_engine.units import UnitError

Row = Mapping[str, object]
SEARCHED = 100_000
"""Rows among which those at thresholds are sought: measured values repeat, further on are no nearer ones."""
Said = Mapping[int, tuple[Single, Cells]]
"""Patients with what the evaluator says of them in columns, by the number of their row."""


class Evaluator(Protocol):
    """The evaluator of single patients."""

    def __call__(
        self, facts: Mapping[str, object], *, orders: Iterable[Mapping[str, object]] = (), as_of: date | str | None
    ) -> Evaluation:
        """Return the answer for one patient."""


class Held:
    """Draws rows, has the evaluator answer them part by part, and compares."""

    def __init__(
        self,
        guideline: Guideline,
        evaluator: Evaluator,
        columns: Columns,
        singles: Singles,
        hidden: Collection[str] = (),
    ) -> None:
        self._guideline = guideline
        self._evaluator = evaluator
        self._columns = columns
        self._singles = singles
        self._hidden = hidden
        """Rules that are not shown, and wait for nothing."""
        self.drawn: str | None = None
        """The query for the numbers of the drawn rows; None before any is."""
        self._meanwhile = ThreadPoolExecutor(1, "cds_engine sample")
        self._is_left = Event()
        """Set once nobody waits for the evaluator any more."""
        self._said: Future[Said] | None = None
        """What the evaluator says of the drawn rows of the part that is being answered; None where none is."""
        self._compared: Future[int] | None = None

    def draw(self, engine: Engine, relation: str, numbers: Sequence[int], wanted: int, seed: int) -> Collection[int]:
        """Choose which rows of those with *numbers* the evaluator answers as well; *relation* is the first part."""
        if not wanted or not numbers:
            return ()
        drawn = self._rows(engine, relation, numbers, min(wanted, len(numbers)), seed)
        self.ask(engine, drawn)
        return drawn

    def ask(self, engine: Engine, drawn: Collection[int]) -> None:
        """Have the evaluator answer the rows *drawn* as well, which somebody has chosen."""
        engine.fill("drawn", {"row": "BIGINT"}, [[row] for row in drawn])
        self.drawn = "SELECT row FROM drawn"

    def begin(self, layout: Layout, relation: str) -> None:
        """Have the evaluator answer the drawn rows of *relation* that are in `answered`, while the engine goes on."""
        told = "SELECT answered.row FROM answered JOIN drawn ON answered.row = drawn.row"
        singles = self._singles.of(f"(SELECT * FROM {relation} AS part WHERE {ROW} IN ({told}))")
        self._said = self._meanwhile.submit(self._answers, layout, singles)

    def compare(self, engine: Engine, layout: Layout) -> None:
        """Hold what `answers` says of the drawn rows to the evaluator, while the engine goes on."""
        if self._said is not None:
            rows = engine.records("SELECT * FROM answers WHERE row IN (SELECT row FROM drawn)")
            self._compared = self._meanwhile.submit(self._differ, layout, rows, self._said)

    def settle(self) -> int:
        """Return how many rows were compared since this was last asked.

        Raises:
            EngineDisagreement: If engine and evaluator differ on a row; the message shows the row.
        """
        found = 0 if self._compared is None else self._compared.result()
        self._said = self._compared = None
        return found

    def close(self) -> None:
        """Leave what the evaluator has not begun with unanswered: a run that ends early ends at once."""
        self._is_left.set()
        self._meanwhile.shutdown(wait=False, cancel_futures=True)

    def _answers(self, layout: Layout, singles: Iterable[Single]) -> Said:
        wanted = takewhile(lambda _: not self._is_left.is_set(), singles)
        return {one.row: (one, self._answer(layout, one)) for one in wanted}

    def _answer(self, layout: Layout, one: Single) -> Cells:
        """Return one answer of the evaluator as columns: a whole one is much to keep."""
        return answer_row(layout, one.row, self._evaluator({"facts": one.facts}, as_of=one.day), self._hidden)

    def _differ(self, layout: Layout, rows: Sequence[Row], said: Future[Said]) -> int:
        answers = said.result()
        for row in rows:
            self._compare_one(layout, row, *answers[int(str(row["row"]))])
        return len(rows)

    def _rows(self, engine: Engine, relation: str, numbers: Sequence[int], wanted: int, seed: int) -> list[int]:
        """Return the numbers of rows: at thresholds up to half, the others by chance."""
        near = self._near_thresholds(engine, relation)
        found = dict.fromkeys(near[: wanted // 2])
        drawn = random.Random(seed).sample(numbers, wanted)  # noqa: S311 - a sample, no secret
        found |= dict.fromkeys(drawn)
        return list(found)[:wanted]

    def _near_thresholds(self, engine: Engine, relation: str) -> list[int]:
        """Return the rows that come nearest to the numbers that conditions compare facts with."""
        thresholds = thresholds_of(self._guideline)
        wanted = []
        for source in self._columns.sources:
            scale = _scale(source)
            if scale is not None and source.value.kind in {"number", "text"}:
                value = f"TRY_CAST({quoted(source.value.name)} AS DOUBLE) * {scale!r}"
                ends = sorted(thresholds.get(source.spec.name, ()))
                wanted += [f"min_by({ROW}, abs({value} - {end!r}))" for end in ends]
        if not wanted:
            return []
        few = f"(SELECT * FROM {relation} AS part LIMIT {SEARCHED})"
        found = engine.rows(f"SELECT {', '.join(wanted)} FROM {few} AS few")[0]
        return [int(row) for row in dict.fromkeys(found) if row is not None]

    def _compare_one(self, layout: Layout, answer: Row, single: Single, said: Cells) -> None:
        found = differences(layout, answer, said)
        if found:
            listed = "; ".join(f"{d.what}: {d.columns} in columns, {d.evaluator} by the evaluator" for d in found[:5])
            shown = json.dumps(single.facts, default=str, ensure_ascii=False)
            raise EngineDisagreement(f"row {answer['row']}", {"columns": listed, "the row": shown})


def thresholds_of(guideline: Guideline) -> dict[str, set[float]]:
    """Return for each fact the numbers that conditions compare it with, in its own unit."""
    found: dict[str, set[float]] = {}
    for condition in guideline.conditions.values():
        for node in nodes(condition):
            match node:
                case c.Compare(_, c.Fact(name), c.Constant(float() as value)):
                    found.setdefault(name, set()).add(value)
    return found


def _scale(source: FactSource) -> float | None:
    """Return what turns a cell of the column into the fact's own unit, None where the cells say it themselves."""
    if source.unit is None:
        return 1.0
    try:
        way = source.spec.change_from(source.unit)
    except UnitError:
        return None
    return way.factor if way.offset == 0 else None
