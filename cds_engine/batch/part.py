"""One part of a table, answered: cells to readings to answers, every query in the engine's memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from cds_engine.backends.sql.layout import Layout
from cds_engine.backends.sql.program import Program, compile_pack
from cds_engine.backends.sql.sheet import Sql
from cds_engine.batch.columns import Columns, FactSource, no_unit
from cds_engine.batch.duck import Duck, literal, quoted
from cds_engine.batch.medicines import fold_steps
from cds_engine.batch.readings import LONGEST, QUANTITY, Readings, day_of
from cds_engine.batch.sources import ROW
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


class PartRunner:
    """Answers one part after the other; the compiled text is made once."""

    def __init__(self, task: Task, duck: Duck) -> None:
        self._task = task
        self._duck = duck
        self._dictionary = task.guideline.dictionary
        given = set(task.columns.facts)
        medications = self._dictionary.medications
        kinds = {source.spec.entry.type for source in task.columns.sources}
        self._has_medicines = medications is not None and (
            bool(kinds & {"medications", "drug_dose"}) or task.medicines is not None
        )
        if self._has_medicines and medications is not None:
            given.add(medications)
        self.program: Program = compile_pack(task.guideline, given)
        self._units: dict[str, dict[str, Conversion]] = {}

    @property
    def layout(self) -> Layout:
        """The columns that the table is read into."""
        return self.program.layout

    def answer(self, relation: str, kept: Mapping[str, str] | None = None) -> None:
        """Answer the rows of *relation* (its number, and the columns of the table) into the table `answers`.

        Of the answers only what is *kept* is computed: name to expression. Rows that cannot be answered are in the
        table `refused` instead, with a code.
        """
        duck = self._duck
        cells = ", ".join(f"{quoted(cell.name)} AS {cell.alias}" for cell in self._task.columns.cells)
        duck.run(f"CREATE OR REPLACE TEMP VIEW every_cell AS SELECT {ROW} AS row, {cells} FROM {relation}")
        bad = self._bad_day()
        duck.keep("refused", f"SELECT row, 'as_of' AS reason FROM every_cell WHERE {bad}")
        duck.run(f"CREATE OR REPLACE TEMP VIEW cells AS SELECT * FROM every_cell WHERE NOT ({bad})")
        source = self._with_words()
        as_of = self._as_of()
        readings = Readings(self._task.columns, self.layout, self._units, has_medicines=self._has_medicines)
        duck.run(
            "CREATE OR REPLACE TEMP VIEW readings AS " + readings.query(source, self.program.reading_columns, as_of)
        )
        wanted = "*" if kept is None else ", ".join(f"{value} AS {name}" for name, value in kept.items())
        duck.keep("facts", self.program.flags)
        doubtful = duck.one("SELECT count(*) FROM facts WHERE NOT is_plain")
        if not doubtful:
            duck.keep("answers", f"SELECT {wanted} FROM ({self.program.plain}) AS plain")
            return
        for step in self.program.steps():
            duck.keep(step.table, step.query)
        duck.run(f"INSERT INTO refused SELECT row, 'too_many_readings' FROM ({self.program.tables.too_many()})")
        duck.run("DELETE FROM certain WHERE row IN (SELECT row FROM refused)")
        duck.keep(
            "answers",
            f"SELECT {wanted} FROM ({self.program.plain}) AS plain"
            f" UNION ALL SELECT {wanted} FROM ({self.program.doubtful}) AS doubtful",
        )

    def _as_of(self) -> Sql:
        cell = self._task.columns.as_of
        own = (
            Sql(f"DATE '{self._task.as_of.isoformat()}'") if self._task.as_of is not None else Sql("CAST(NULL AS DATE)")
        )
        return own if cell is None else Sql(f"coalesce({day_of(cell).text}, {own.text})")

    def _bad_day(self) -> str:
        """Return whether a row names a day of the answer that is none: then it has no answer."""
        cell = self._task.columns.as_of
        if cell is None or cell.kind == "day":
            return "FALSE"
        said = f"coalesce(lower(trim(CAST({cell.alias} AS VARCHAR))) NOT IN ('', 'unknown'), FALSE)"
        return f"{said} AND {day_of(cell).text} IS NULL"

    # Words

    def _with_words(self) -> str:
        """Return the cells with what their words mean beside them."""
        joins = ["cells"]
        extra: list[str] = []
        for source in self._task.columns.sources:
            match source.spec.entry.type:
                case "quantity" | "decimal" | "integer":
                    self._units[source.spec.name] = self._ways(source)
                case "codes":
                    joins.append(self._set_words(source))
                    extra += self._set_columns(source)
        if self._has_medicines:
            self._fold()
            joins.append("LEFT JOIN medicines AS folded ON folded.row = cells.row")
            extra.append("folded.* EXCLUDE (row)")
        return f"(SELECT cells.*{''.join(f', {column}' for column in extra)} FROM {' '.join(joins)}) AS worded"

    def _ways(self, source: FactSource) -> dict[str, Conversion]:
        """Return the ways from every unit that the cells of a fact name."""
        named: list[str] = []
        cell = source.value
        if cell.kind == "text":
            found = self._duck.rows(
                f"SELECT DISTINCT nullif(regexp_extract({cell.alias}, {literal(QUANTITY)}, 2), '') FROM cells"
                f" WHERE length({cell.alias}) <= {LONGEST}"
            )
            named += [row[0] for row in found if row[0] is not None]
            if (
                source.unit is None
                and source.unit_column is None
                and source.spec.entry.type == "quantity"
                and not named
            ):
                numbers = self._duck.one(
                    f"SELECT count(*) FROM cells WHERE regexp_matches({cell.alias}, {literal(QUANTITY)})"
                )
                if numbers:
                    raise InputError(no_unit(source.spec, cell.name))
        if source.unit_column is not None:
            found = self._duck.rows(f"SELECT DISTINCT CAST({source.unit_column.alias} AS VARCHAR) FROM cells")
            named += [row[0] for row in found if row[0] is not None]
        named += [source.unit] if source.unit is not None else []
        ways = self._units.get(source.spec.name, {}) | ways_from(source.spec, named)
        if source.spec.entry.type != "quantity" and source.spec.unit is not None:
            ways |= ways_from(source.spec, [source.spec.unit])
        return ways

    def _set_columns(self, source: FactSource) -> list[str]:
        words, alias, layout, name = f"words_{source.value.alias}", source.value.alias, self.layout, source.spec.name
        columns = [
            "known",
            "problem",
            "remark",
            layout.is_listed(name),
            *(layout.member(name, c) for c in layout.sets[name]),
        ]
        return [f"{words}.{column} AS {alias}_{column}" for column in columns]

    def _set_words(self, source: FactSource) -> str:
        alias, name, layout = source.value.alias, source.spec.name, self.layout
        words = f"words_{alias}"
        cells = [row[0] for row in self._duck.rows(f"SELECT DISTINCT {alias} FROM cells WHERE {alias} IS NOT NULL")]
        found = set_rows(source, cells, layout, self._dictionary)
        flags = [layout.is_listed(name), *(layout.member(name, code) for code in layout.sets[name])]
        kind = self._duck.columns(f"(SELECT {alias} FROM cells)")[alias]
        types = {"cell": kind, "known": "BOOLEAN", "problem": "VARCHAR",
                 "remark": "VARCHAR", **dict.fromkeys(flags, "BOOLEAN")}  # fmt: skip
        self._duck.fill(words, types, [[row.get(column) for column in types] for row in found])
        return f"LEFT JOIN {words} ON {words}.cell = cells.{alias}"

    # Medicines

    def _fold(self) -> None:
        """Read every distinct list, entry and dose once, and fold what each patient takes."""
        parts: list[str] = []
        rows: list[dict[str, object]] = []
        for source in self._task.columns.sources:
            name, alias = source.spec.name, source.value.alias
            match source.spec.entry.type:
                case "medications":
                    cells = [
                        row[0]
                        for row in self._duck.rows(f"SELECT DISTINCT {alias} FROM cells WHERE {alias} IS NOT NULL")
                    ]
                    texts = (
                        self._duck.rows(
                            f"SELECT DISTINCT {alias}, CAST({alias} AS VARCHAR) FROM cells WHERE {alias} IS NOT NULL"
                        )
                        if cells
                        else []
                    )
                    rows += medicine_rows(
                        name, [(f"list {key}", listed(cell)) for cell, key in texts], self._dictionary
                    )
                    said = f"lower(trim(CAST({alias} AS VARCHAR))) NOT IN ('', 'unknown')"
                    parts.append(
                        f"SELECT row, 'list ' || CAST({alias} AS VARCHAR) AS key, '{name}' AS fact, TRUE AS is_list"
                        f" FROM cells WHERE {said}"
                    )
                case "drug_dose":
                    part, more = self._dose_words(source)
                    parts.append(part)
                    rows += more
        if self._task.medicines is not None:
            part, more = self._entry_words(self._task.medicines)
            parts.append(part)
            rows += more
        self._duck.fill("words", WORD_TYPES, [[row[column] for column in WORD_TYPES] for row in rows])
        kept = ", ".join(f"words.{column}" for column in WORD_TYPES if column != "word")
        self._duck.keep(
            "entries",
            f"SELECT said.row, said.fact, said.is_list, {kept} FROM ({' UNION ALL '.join(parts)}) AS said"
            " JOIN words ON words.word = said.key",
        )
        for step in fold_steps(self.layout):
            self._duck.keep(step.table, step.query)

    def _dose_words(self, source: FactSource) -> tuple[str, list[dict[str, object]]]:
        name, alias = source.spec.name, source.value.alias
        unit = "CAST(NULL AS VARCHAR)" if source.unit is None else literal(source.unit)
        if source.unit_column is not None:
            unit = f"coalesce(CAST({source.unit_column.alias} AS VARCHAR), {unit})"
        late = "CAST(NULL AS VARCHAR)"
        if source.date is not None:
            day = day_of(source.date).text
            written = f"lower(trim(CAST({source.date.alias} AS VARCHAR)))"
            late = (
                f"CASE WHEN coalesce({written}, '') IN ('', 'unknown') THEN NULL"
                f" WHEN {day} IS NULL THEN 'bad' WHEN {day} > {self._as_of().text} THEN 'future' END"
            )
        key = (
            f"'dose {name} ' || CAST({alias} AS VARCHAR) || '|' || coalesce({unit}, '') || '|' || coalesce({late}, '')"
        )
        said = f"{alias} IS NOT NULL AND lower(trim(CAST({alias} AS VARCHAR))) NOT IN ('', 'unknown')"
        found = self._duck.rows(f"SELECT DISTINCT {key}, {alias}, {unit}, {late} FROM cells WHERE {said}")
        part = f"SELECT row, {key} AS key, '{name}' AS fact, FALSE AS is_list FROM cells WHERE {said}"
        return part, dose_rows(name, [tuple(row) for row in found], self._dictionary)

    def _entry_words(self, columns: Mapping[str, str]) -> tuple[str, list[dict[str, object]]]:
        """Read the distinct entries of the second table."""
        patient = self._task.columns.patient
        if patient is None:
            raise InputError("a table of medicines needs a column `patient` in both tables")
        name = self._dictionary.medications or ""
        present = [column for column in MEDICINE_COLUMNS if column in columns]
        key = "'entry ' || " + " || '|' || ".join(f"coalesce(CAST({quoted(c)} AS VARCHAR), '')" for c in present)
        own = next(c for c in ("patient", "patient_id", "id") if c in columns)
        same = f"CAST(cells.{patient.alias} AS VARCHAR) = CAST(medicines_in.{quoted(own)} AS VARCHAR)"
        source = f"medicines_in JOIN cells ON {same}"
        found = self._duck.rows(f"SELECT DISTINCT {key}, {', '.join(quoted(c) for c in present)} FROM {source}")
        words = [(row[0], [entry_of(dict(zip(present, row[1:], strict=True)))]) for row in found]
        part = f"SELECT cells.row, {key} AS key, '{name}' AS fact, TRUE AS is_list FROM {source}"
        return part, medicine_rows(name, words, self._dictionary)


def entry_of(row: Mapping[str, object]) -> dict[str, object]:
    """Return one row of the table of medicines as an entry of a patient's list."""
    entry = {key: value for key, value in row.items() if value is not None and key not in {"dose", "unit"}}
    if row.get("dose") is not None:
        dose, unit = row["dose"], row.get("unit")
        entry["dose"] = {"value": dose, "unit": unit} if unit is not None else dose
    return entry
