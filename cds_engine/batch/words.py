"""The words of a part: read once each from the vocabulary, and joined to the rows that say them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from cds_engine.backends.sql.layout import Layout
from cds_engine.backends.sql.sheet import Sql
from cds_engine.batch.cells import LONGEST, NUMBER, QUANTITY, day_of, is_said
from cds_engine.batch.columns import Columns, FactSource, no_unit
from cds_engine.batch.engine import Engine, literal, quoted
from cds_engine.batch.medicines import fold_steps
from cds_engine.batch.readings import medicine_columns
from cds_engine.batch.vocabulary import WORD_TYPES, dose_rows, listed, medicine_rows, set_rows, ways_from
from cds_engine.diagnostics import InputError
from cds_engine.lowering.guideline import Guideline
from cds_engine.units import Conversion

MEDICINE_COLUMNS = ("drug", "dose", "unit", "per", "times", "route")
"""Of the second table, beside the patient."""


@dataclass(frozen=True, slots=True)
class Task:
    """What is asked of every part."""

    guideline: Guideline
    columns: Columns
    as_of: date | None
    """The day of the answers, where no column says one."""
    medicines: Mapping[str, str] | None = None
    """The columns of the second table with their types; it stands in `medicines_in`."""
    together: Collection[str] | None = None
    """The rules whose missing facts are told as one set; None where each rule tells its own."""

    @property
    def day(self) -> Sql:
        """The day of a row's answer, NULL where nobody says one."""
        cell = self.columns.as_of
        own = Sql("CAST(NULL AS DATE)" if self.as_of is None else f"DATE '{self.as_of.isoformat()}'")
        return own if cell is None else Sql(f"coalesce({day_of(cell).text}, {own.text})")

    @property
    def has_medicines(self) -> bool:
        """Whether anything says which medicines are taken."""
        kinds = {source.spec.entry.type for source in self.columns.sources}
        said = bool(kinds & {"medications", "drug_dose"}) or self.medicines is not None
        return said and self.guideline.dictionary.medications is not None


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
            joins.append(f"JOIN medicines AS folded ON {self._fold()}")
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

    # Medicines

    def _fold(self) -> str:
        """Read every distinct list, entry and dose once, fold what is taken, and return how to join it.

        What the cells of a row come to is folded once for each combination of cells; with a second table each row is
        a combination of its own.
        """
        keys: dict[str, str] = {}
        parts: list[str] = []
        rows: list[dict[str, object]] = []
        for source in self._task.columns.sources:
            kind = source.spec.entry.type
            if kind not in {"medications", "drug_dose"}:
                continue
            key = f"key{len(keys)}"
            is_list = kind == "medications"
            keys[key], more = self._list_words(source) if is_list else self._dose_words(source)
            rows += more
            parts.append(
                f"SELECT row, {key} AS key, {literal(source.spec.name)} AS fact, {is_list} AS is_list"
                f" FROM takings WHERE {key} IS NOT NULL"
            )
        listed_keys = ", ".join(f"{value} AS {key}" for key, value in keys.items())
        if self._task.medicines is None:
            names = ", ".join(keys)
            each = f"(SELECT DISTINCT {listed_keys} FROM cells) AS each"
            self._engine.keep("takings", f"SELECT row_number() OVER (ORDER BY {names}) AS row, {names} FROM {each}")
        else:
            part, more = self._entry_words(self._task.medicines)
            parts.append(part)
            rows += more
            self._engine.keep("takings", f"SELECT {', '.join(['row', *([listed_keys] if keys else [])])} FROM cells")
        self._engine.fill("words", WORD_TYPES, [[row[column] for column in WORD_TYPES] for row in rows])
        kept = ", ".join(f"words.{column}" for column in WORD_TYPES if column != "word")
        self._engine.keep(
            "entries",
            f"SELECT said.row, said.fact, said.is_list, {kept} FROM ({' UNION ALL '.join(parts)}) AS said"
            " JOIN words ON words.word = said.key",
        )
        for step in fold_steps(self._layout, list(keys)):
            self._engine.keep(step.table, step.query)
        if self._task.medicines is not None:
            return "folded.row = cells.row"
        return " AND ".join(f"folded.{key} IS NOT DISTINCT FROM {value}" for key, value in keys.items())

    def _list_words(self, source: FactSource) -> tuple[str, list[dict[str, object]]]:
        """Return the key of a row's list, NULL where nothing is said, and what the distinct lists mean."""
        name, alias = source.spec.name, source.value.alias
        said = is_said(alias)
        key = f"(CASE WHEN {said} THEN {_key('list', alias)} END)"
        found = self._engine.rows(f"SELECT DISTINCT {alias}, {key} FROM cells WHERE {said}")
        return key, medicine_rows(name, [(key, listed(cell)) for cell, key in found], self._dictionary)

    def _dose_words(self, source: FactSource) -> tuple[str, list[dict[str, object]]]:
        """Return the key of a row's dose of one drug, NULL where nothing is said, and what the distinct doses mean."""
        name, alias = source.spec.name, source.value.alias
        unit = "CAST(NULL AS STRING)" if source.unit is None else literal(source.unit)
        if source.unit_column is not None:
            own = source.unit_column.alias
            unit = f"(CASE WHEN {is_said(own)} THEN CAST({own} AS STRING) ELSE {unit} END)"
        late = "CAST(NULL AS STRING)"
        if source.date is not None:
            day = day_of(source.date).text
            late = (
                f"CASE WHEN NOT {is_said(source.date.alias)} THEN NULL"
                f" WHEN {day} IS NULL THEN 'bad' WHEN {day} > {self._task.day.text} THEN 'future' END"
            )
        said = is_said(alias)
        key = f"(CASE WHEN {said} THEN {_key(f'dose {name}', alias, unit, late)} END)"
        found = self._engine.rows(f"SELECT DISTINCT {key}, {alias}, {unit}, {late} FROM cells WHERE {said}")
        return key, dose_rows(name, [tuple(row) for row in found], self._dictionary)

    def _entry_words(self, columns: Mapping[str, str]) -> tuple[str, list[dict[str, object]]]:
        """Return the entries of the second table, and what the distinct ones mean."""
        patient = self._task.columns.patient
        if patient is None:
            raise InputError("a table of medicines needs a column `patient` in both tables")
        name = self._dictionary.medications or ""
        present = [column for column in MEDICINE_COLUMNS if column in columns]
        key = _key("entry", *map(quoted, present))
        own = next(c for c in ("patient", "patient_id", "id") if c in columns)
        same = f"CAST(cells.{patient.alias} AS STRING) = CAST(medicines_in.{quoted(own)} AS STRING)"
        source = f"medicines_in JOIN cells ON {same}"
        found = self._engine.rows(f"SELECT DISTINCT {key}, {', '.join(quoted(c) for c in present)} FROM {source}")
        words = [(row[0], [entry_of(dict(zip(present, row[1:], strict=True)))]) for row in found]
        part = f"SELECT cells.row, {key} AS key, '{name}' AS fact, TRUE AS is_list FROM {source}"
        return part, medicine_rows(name, words, self._dictionary)


def _key(kind: str, *cells: str) -> str:
    """Return the key of what some cells say together; cells that differ have keys that differ, NULL among them."""
    texts = (f"CAST({cell} AS STRING)" for cell in cells)
    parts = (f"coalesce(CAST(length({text}) AS STRING) || ':' || {text}, '-')" for text in texts)
    return " || ".join([literal(f"{kind} "), *parts])


def entry_of(row: Mapping[str, object]) -> dict[str, object]:
    """Return one row of the table of medicines as an entry of a patient's list."""
    entry = {key: value for key, value in row.items() if value is not None and key not in {"dose", "unit"}}
    times = entry.get("times")
    if isinstance(times, str) and re.fullmatch(NUMBER, times.strip()):  # a cell of CSV is text
        entry["times"] = float(times)
    if row.get("dose") is not None:
        dose, unit = row["dose"], row.get("unit")
        entry["dose"] = {"value": dose, "unit": unit} if unit is not None else dose
    return entry
