"""What the cells of a part and the entries of a second table say of medicines: read once each, then folded."""

from __future__ import annotations

from collections.abc import Mapping

from cds_engine.backends.sql.layout import Layout
from cds_engine.batch.cells import day_of, is_said
from cds_engine.batch.columns import FactSource
from cds_engine.batch.engine import Engine, literal, quoted
from cds_engine.batch.entries import entry_of
from cds_engine.batch.ids import OWNER, id_of
from cds_engine.batch.medicines import fold_steps
from cds_engine.batch.task import Task
from cds_engine.batch.vocabulary import WORD_TYPES, as_sent, dose_rows, listed, medicine_rows

OF_NO_MEDICINE = frozenset({"id", "status", "date"})
"""What an entry may say that is nothing of what is taken."""
NO_DAY = "CAST(NULL AS DATE)"

Rows = list[dict[str, object]]


def fold_words(task: Task, engine: Engine, layout: Layout) -> str:
    """Read every distinct list, entry and dose of `cells` once, fold what is taken, and return how to join it.

    What the cells of a row come to is folded once for each combination of cells; with a second table each row is
    a combination of its own.
    """
    words = _MedicineWords(task, engine)
    keys: dict[str, str] = {}
    parts: list[str] = []
    rows: Rows = []
    for source in task.columns.sources:
        kind = source.spec.entry.type
        if kind not in {"medications", "drug_dose"}:
            continue
        key = f"key{len(keys)}"
        is_list = kind == "medications"
        keys[key], more = words.of_lists(source) if is_list else words.of_doses(source)
        rows += more
        parts.append(
            f"SELECT row, {key} AS key, {literal(source.spec.name)} AS fact, {is_list} AS is_list"
            f" FROM takings WHERE {key} IS NOT NULL"
        )
    listed_keys = ", ".join(f"{value} AS {key}" for key, value in keys.items())
    if task.medicines is None:
        names = ", ".join(keys)
        each = f"(SELECT DISTINCT {listed_keys} FROM cells) AS each"
        engine.keep("takings", f"SELECT row_number() OVER (ORDER BY {names}) AS row, {names} FROM {each}")
    else:
        part, more = words.of_entries(task.medicines)
        parts.append(part)
        rows += more
        engine.keep("takings", f"SELECT {', '.join(['row', *([listed_keys] if keys else [])])} FROM cells")
    engine.fill("words", WORD_TYPES, [[row[column] for column in WORD_TYPES] for row in rows])
    kept = ", ".join(f"words.{column}" for column in WORD_TYPES if column != "word")
    engine.keep(
        "entries",
        f"SELECT said.row, said.fact, said.is_list, {kept} FROM ({' UNION ALL '.join(parts)}) AS said"
        " JOIN words ON words.word = said.key",
    )
    for step in fold_steps(layout, list(keys)):
        engine.keep(step.table, step.query)
    if task.medicines is not None:
        return "folded.row = cells.row"
    return " AND ".join(f"folded.{key} IS NOT DISTINCT FROM {value}" for key, value in keys.items())


class _MedicineWords:
    """Reads what is said of medicines: for each place the key of what stands there, and what the distinct ones mean."""

    def __init__(self, task: Task, engine: Engine) -> None:
        self._task = task
        self._engine = engine
        self._dictionary = task.guideline.dictionary
        self._kinds = engine.columns("cells")

    def of_lists(self, source: FactSource) -> tuple[str, Rows]:
        """Return the key of a row's list, NULL where nothing is said, and what the distinct lists mean."""
        name, alias = source.spec.name, source.value.alias
        said, day = is_said(alias), self._day_for(source)
        key = f"(CASE WHEN {said} THEN {_key('list', alias, day)} END)"
        found = self._engine.rows(f"SELECT DISTINCT {alias}, {key}, {day} FROM cells WHERE {said}")
        return key, medicine_rows(name, [(key, listed(cell), day) for cell, key, day in found], self._dictionary)

    def of_doses(self, source: FactSource) -> tuple[str, Rows]:
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
        said, today = is_said(alias), self._day_for(source)
        key = f"(CASE WHEN {said} THEN {_key(f'dose {name}', alias, unit, late, today)} END)"
        found = self._engine.rows(f"SELECT DISTINCT {key}, {alias}, {unit}, {late}, {today} FROM cells WHERE {said}")
        words = [(key, as_sent(cell), unit, late, today) for key, cell, unit, late, today in found]
        return key, dose_rows(name, words, self._dictionary)

    def of_entries(self, columns: Mapping[str, str]) -> tuple[str, Rows]:
        """Return the entries of the second table, and what the distinct ones mean."""
        patient = self._task.columns.patient
        assert patient is not None  # noqa: S101 - a second table is refused where nobody says whose a row is
        name = self._dictionary.medications or ""
        present = [role for role in columns if role not in OF_NO_MEDICINE]
        cells = [f"medicines_in.{quoted(columns[role])}" for role in present]
        key = _key("entry", *cells)
        source = f"medicines_in JOIN cells ON {id_of(f'cells.{patient.alias}', patient.kind)} = medicines_in.{OWNER}"
        found = self._engine.rows(f"SELECT DISTINCT {key}, {', '.join(cells)} FROM {source}")
        words = [(row[0], [entry_of(dict(zip(present, row[1:], strict=True)))], None) for row in found]
        part = f"SELECT cells.row, {key} AS key, '{name}' AS fact, TRUE AS is_list FROM {source}"
        return part, medicine_rows(name, words, self._dictionary)

    def _day_for(self, source: FactSource) -> str:
        """Return the day of a row's answer where what its cell means may depend on it: it may hold dates of its own."""
        cell = source.value
        if cell.kind == "text":
            return f"CASE WHEN contains({cell.alias}, 'date') THEN {self._task.day.text} END"
        return self._task.day.text if "date " in self._kinds[cell.alias].lower().replace('"', "") else NO_DAY


def _key(kind: str, *cells: str) -> str:
    """Return the key of what some cells say together; cells that differ have keys that differ, NULL among them."""
    texts = (f"CAST({cell} AS STRING)" for cell in cells)
    parts = (f"coalesce(CAST(length({text}) AS STRING) || ':' || {text}, '-')" for text in texts)
    return " || ".join([literal(f"{kind} "), *parts])
