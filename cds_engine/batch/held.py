"""The columns held to the evaluator: a sample of rows is answered twice, and must come out the same in every part.

Half of the sample is drawn by chance, the other half lies at thresholds: where a condition compares a fact with a
number, the row of the first part that comes nearest to it.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Protocol

from cds_engine.batch.check import differences
from cds_engine.batch.columns import Columns, FactSource
from cds_engine.batch.engine import ROW, Engine, quoted
from cds_engine.batch.part import PartRunner
from cds_engine.batch.sample import Single, Singles
from cds_engine.batch.sources import Source
from cds_engine.diagnostics import EngineDisagreement
from cds_engine.lowering import core as c
from cds_engine.lowering.guideline import Guideline
from cds_engine.lowering.walk import nodes
from cds_engine.results.evaluation import Evaluation
from cds_engine.units import UnitError

Row = Mapping[str, object]


class Evaluator(Protocol):
    """The evaluator of single patients."""

    def __call__(
        self, facts: Mapping[str, object], *, orders: Iterable[Mapping[str, object]] = (), as_of: date | str | None
    ) -> Evaluation:
        """Return the answer for one patient."""


class Held:
    """Draws rows, has the evaluator answer them, and compares."""

    def __init__(self, guideline: Guideline, evaluator: Evaluator, columns: Columns, singles: Singles) -> None:
        self._guideline = guideline
        self._evaluator = evaluator
        self._columns = columns
        self._singles = singles
        self._agreed: dict[int, Row] = {}

    @property
    def checked(self) -> int:
        """How many rows the evaluator has answered the same."""
        return len(self._agreed)

    def draw(self, engine: Engine, source: Source, runner: PartRunner, wanted: int, seed: int) -> None:
        """Answer a sample of the rows by columns and by the evaluator.

        Raises:
            EngineDisagreement: If they differ on a row; the message shows the row.
        """
        if not wanted or not source.rows:
            return
        rows = self._rows(engine, source, min(wanted, source.rows), seed)
        start, picked = 0, []
        for part in source.parts:
            mine = [str(row) for row in rows if start <= row < start + part.rows]
            if mine:
                picked.append(f"SELECT * FROM {part.relation} AS part WHERE {ROW} IN ({', '.join(mine)})")
            start += part.rows
        engine.keep("sampled", " UNION ALL ".join(picked))
        with engine.about(wanted):
            runner.answer("sampled")
            answers = {int(answer["row"]): answer for answer in engine.records("SELECT * FROM answers")}
        for single in self._singles.of(f"(SELECT * FROM sampled WHERE {ROW} IN (SELECT row FROM answers))"):
            self._compare_one(runner, answers[single.row], single)
            self._agreed[single.row] = answers[single.row]

    def _rows(self, engine: Engine, source: Source, wanted: int, seed: int) -> list[int]:
        """Return the numbers of rows: at thresholds up to half, the others by chance."""
        near = self._near_thresholds(engine, source.parts[0].relation)
        found = dict.fromkeys(near[: wanted // 2])
        drawn = random.Random(seed).sample(range(source.rows), wanted)  # noqa: S311 - a sample, no secret
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
        found = engine.rows(f"SELECT {', '.join(wanted)} FROM {relation} AS part")[0]
        return [int(row) for row in dict.fromkeys(found) if row is not None]

    def _compare_one(self, runner: PartRunner, answer: Row, single: Single) -> None:
        found = differences(runner.layout, answer, self._evaluator({"facts": single.facts}, as_of=single.day))
        if found:
            listed = "; ".join(f"{d.what}: {d.columns} in columns, {d.evaluator} by the evaluator" for d in found[:5])
            shown = json.dumps(single.facts, default=str, ensure_ascii=False)
            raise EngineDisagreement(f"row {answer['row']}", {"columns": listed, "the row": shown})

    def compare(self, engine: Engine) -> None:
        """Hold what a part is about to write to what the evaluator has agreed to.

        Raises:
            EngineDisagreement: If a row came out otherwise among many than in the sample.
        """
        if not self._agreed:
            return
        listed = ", ".join(str(row) for row in self._agreed)
        for answer in engine.records(f"SELECT * FROM answers WHERE row IN ({listed})"):
            agreed = self._agreed[answer["row"]]
            for name, value in answer.items():
                if name in agreed and agreed[name] != value:
                    said_there = {"alone": str(agreed[name]), "among many": str(value)}
                    raise EngineDisagreement(f"row {answer['row']}, {name}", said_there)


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
