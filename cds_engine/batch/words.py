"""The words of a part: read once each from the vocabulary, and joined to the rows that say them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from cds_engine.backends.sql.layout import Layout
from cds_engine.batch.cells import LONGEST, QUANTITY
from cds_engine.batch.columns import FactSource, no_unit
from cds_engine.batch.engine import Engine, literal
from cds_engine.batch.medicine_words import fold_words
from cds_engine.batch.readings import medicine_columns
from cds_engine.batch.task import Task
from cds_engine.batch.vocabulary import set_rows, ways_from
from cds_engine.diagnostics import InputError
from cds_engine.units import Conversion


class Worded(NamedTuple):
    """What stands beside the rows of `cells`, or of a part of them, once their words are read."""

    columns: str
    joins: str

    def of(self, cells: str) -> str:
        """Return the rows of *cells* with what their words mean."""
        return f"(SELECT cells.*{self.columns} FROM {cells} AS cells{self.joins}) AS worded"


class Words:
    """Reads the words of one part after the other."""

    def __init__(self, task: Task, engine: Engine, layout: Layout) -> None:
        self._task = task
        self._engine = engine
        self._layout = layout
        self._dictionary = task.guideline.dictionary
        self.units: dict[str, dict[str, Conversion]] = {}
        """By fact: the ways from the units that its cells have named so far."""

    def joined(self) -> Worded:
        """Read the words of `cells`, and return how to put beside its rows what they mean."""
        sources = self._task.columns.sources
        numbers = [source for source in sources if source.spec.entry.type in {"quantity", "decimal", "integer"}]
        sets = [source for source in sources if source.spec.entry.type == "codes"]
        said = self._said([*numbers, *sets])
        joins, extra = list[str](), list[str]()
        for source in numbers:
            self.units[source.spec.name] = self._ways(source, said)
        kinds = self._engine.columns("cells") if sets else {}
        for source in sets:
            alias = source.value.alias
            joins.append(self._set_words(source, [None, *said[alias]], kinds[alias]))
            extra += self._set_columns(source)
        if self._task.has_medicines:
            joins.append(f"JOIN medicines AS folded ON {fold_words(self._task, self._engine, self._layout)}")
            extra += ["folded.medicine_problems", *(f"folded.m_{name}" for name in medicine_columns(self._layout))]
        return Worded("".join(f", {column}" for column in extra), "".join(f" {join}" for join in joins))

    def _said(self, sources: Iterable[FactSource]) -> dict[str, list[object]]:
        """Return the distinct words of columns, by alias: units in or beside numbers, and lists; all in one pass.

        `bare_<alias>` is there for a number in text: whether any cell holds one at all.
        """
        wanted: dict[str, str] = {}
        for source in sources:
            cell, unit = source.value, source.unit_column
            if source.spec.entry.type == "codes":
                wanted[cell.alias] = cell.alias
            elif cell.kind == "text":
                read = f"regexp_extract({cell.alias}, {literal(QUANTITY)}, {{}})"
                is_read = f"length({cell.alias}) <= {LONGEST}"
                wanted[cell.alias] = f"CASE WHEN {is_read} THEN nullif({read.format(2)}, '') END"
                wanted[f"bare_{cell.alias}"] = f"CASE WHEN {read.format(0)} <> '' THEN TRUE END"
            if unit is not None:
                wanted[unit.alias] = f"CAST({unit.alias} AS STRING)"
        if not wanted:
            return {}
        listed = ", ".join(f"cds_distinct({value}) AS said_{alias}" for alias, value in wanted.items())
        [found] = self._engine.rows(f"SELECT {listed} FROM cells")
        return {
            alias: [word for word in words or () if word is not None]
            for alias, words in zip(wanted, found, strict=True)
        }

    def _ways(self, source: FactSource, said: Mapping[str, list[object]]) -> dict[str, Conversion]:
        """Return the ways from every unit that the cells of a fact name."""
        cell, unit = source.value, source.unit_column
        named = [str(word) for word in said.get(cell.alias, ())]
        needs_unit = source.unit is None and unit is None and source.spec.entry.type == "quantity"
        if needs_unit and not named and said.get(f"bare_{cell.alias}"):
            raise InputError(no_unit(source.spec, cell.name))
        named += [str(word) for word in said[unit.alias]] if unit is not None else []
        named += [source.unit] if source.unit is not None else []
        ways = self.units.get(source.spec.name, {}) | ways_from(source.spec, named)
        if source.spec.entry.type != "quantity" and source.spec.unit is not None:
            ways |= ways_from(source.spec, [source.spec.unit])
        return ways

    # Lists of codes

    def _set_columns(self, source: FactSource) -> list[str]:
        alias = source.value.alias
        columns = ["problem", "remark", *self._layout.set_columns(source.spec.name)]
        return [f"words_{alias}.{column} AS {alias}_{column}" for column in columns]

    def _set_words(self, source: FactSource, cells: Iterable[object], kind: str) -> str:
        """Read the distinct *cells* of a list, NULL among them, and return how to join them."""
        alias, layout = source.value.alias, self._layout
        words = f"words_{alias}"
        found = set_rows(source, cells, layout, self._dictionary)
        types = {"cell": kind, "problem": "STRING", "remark": "STRING", **layout.set_columns(source.spec.name)}
        self._engine.fill(words, types, [[row[column] for column in types] for row in found])
        return f"JOIN {words} ON {words}.cell IS NOT DISTINCT FROM cells.{alias}"
