"""Cells to readings: one value a fact and row, whether it is known, whether it is withheld, and what is wrong.

The text of `patient.readings` and `patient.read`. What needs words understood (units, lists, medicines) comes from
the vocabulary, which the reader of single patients has read. No column that leaves here is NULL.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cds_engine.backends.sql.layout import NOTHING, OTHER_CODE, SETS, Layout, base_of
from cds_engine.backends.sql.sheet import FALSE, TRUE, Sheet, Sql, choose, every, negated, number, some, sql, text
from cds_engine.backends.sql.truths import Value
from cds_engine.batch.cells import SOME_DAY, Cells, Check, Finding, Read, first_of
from cds_engine.batch.columns import Cell, Columns, FactSource
from cds_engine.batch.quantities import Quantities, Units
from cds_engine.patient.spec import FactSpec

EMPTY = {**NOTHING, "BIGINT": "0", "STRING": "''"}
"""What a reading is that no column says, by type."""


class Readings:
    """Writes the query from the cells of a table to its readings."""

    def __init__(self, columns: Columns, layout: Layout, units: Units, *, has_medicines: bool) -> None:
        self._sheet = Sheet()
        self._cells = Cells(self._sheet)
        self._quantities = Quantities(self._sheet, self._cells, layout, units)
        self._columns = columns
        self._layout = layout
        self._has_medicines = has_medicines
        self._wrong: list[tuple[Sql, Sql]] = []
        """What may be wrong with a row: when, and as SQL text `fact:code`."""

    def query(self, source: str, reading_columns: Mapping[str, str], as_of: Sql, carried: Iterable[str] = ()) -> str:
        """Return the query from *source*, in which cells go by their aliases, to the *reading_columns*.

        Cells that are *carried* stand beside them as they are.
        """
        layout = self._layout
        today = self._today(as_of)
        wanted = {"row": Sql("row"), layout.column("as_of"): today.value, layout.known("as_of"): today.known}
        for found in self._columns.sources:
            if found.spec.entry.type not in {"medications", "drug_dose"}:
                wanted |= self._fact(found, today)
        if self._has_medicines:
            wanted |= {column: Sql(f"m_{column}") for column in medicine_columns(layout)}
            self._wrong.append((sql("({} IS NOT NULL)", Sql("medicine_problems")), Sql("medicine_problems")))
        wanted["problems"] = self._listed()
        typed = {
            name: sql(f"CAST({{}} AS {kind})", wanted.get(name, Sql(EMPTY[kind])))
            for name, kind in reading_columns.items()
        }
        return self._sheet.select(source, typed | {alias: Sql(alias) for alias in carried})

    def _today(self, as_of: Sql) -> Value:
        """Return the day of the answer."""
        if as_of.text.startswith("DATE"):
            return Value(as_of, TRUE)
        day = self._sheet.column("day_of_answer", as_of)
        return Value(
            self._sheet.column("today", sql(f"coalesce({{}}, {SOME_DAY})", day)),
            self._sheet.column("has_today", sql("({} IS NOT NULL)", day)),
        )

    def _fact(self, found: FactSource, today: Value) -> dict[str, Sql]:
        """Return the columns of one fact and its properties, and note what is wrong with it."""
        layout, fact = self._layout, found.spec.name
        is_set = found.spec.entry.type in SETS
        read = self._set(found) if is_set else self._scalar(found)
        known, problem, remark = self._dated(found, read, today)
        withheld = self._sheet.shared(f"withheld_{fact}", problem.holds)
        self._wrong += [(holds, sql("{} || {}", text(f"{fact}:"), code)) for holds, code in (problem, remark)]
        wanted = {layout.withheld(fact): withheld}
        if is_set:
            alias = found.value.alias
            wanted |= {column: Sql(f"{alias}_{column}") for column in layout.set_columns(fact)}
            wanted[layout.known(fact)] = every(known, wanted[layout.known(fact)])
        if fact in layout.carried:
            wanted |= {layout.column(fact): read.value, layout.known(fact): known}
        for prop, value in read.properties.items():
            name = f"{fact}.{prop}"
            if name in layout.carried:
                wanted |= {layout.column(name): value.value, layout.known(name): every(known, value.known)}
                wanted[layout.withheld(name)] = withheld
        return wanted

    # One value

    def _scalar(self, found: FactSource) -> Read:
        spec, cell = found.spec, found.value
        match spec.entry.type:
            case "quantity" | "decimal" | "integer":
                return self._quantities.read(found)
            case "code":
                return self._code(spec, cell)
            case "boolean":
                value = self._cells.truth(cell)
            case _:
                value = self._cells.day(cell)
        said = self._cells.is_said(cell)
        unreadable = FALSE if spec.entry.type == "boolean" and cell.kind == "truth" else negated(value.known)
        return Read(value.value, said, first_of([Check(unreadable, "D102")]))

    def _code(self, spec: FactSpec, cell: Cell) -> Read:
        """Return the number of a code: 0 where nothing is said, below that where it is none of the fact.

        A list is searched once for each distinct text of a column that is kept as a dictionary.
        """
        allowed, alias = spec.entry.allowed, Sql(cell.alias)
        if cell.kind != "text" or not allowed:
            return Read(Sql("0"), self._cells.is_said(cell), Finding(TRUE, text("D107")))
        numbers = ", ".join("0" if code.lower() == "unknown" else str(self._layout.codes[code]) for code in allowed)

        def position(codes: list[str], word: Sql) -> Sql:
            listed = ", ".join(text(code).text for code in codes)
            return sql(f"cds_item(list_value({numbers}), cds_place(list_value({listed}), {{}}))", word)

        word = self._cells.word(cell)
        exactly = self._sheet.column(f"exactly_{spec.name}", position(allowed, alias))
        loosely = position([code.lower() for code in allowed], word)
        absent = sql("(CASE WHEN {0} IN ('', 'unknown') THEN 0 ELSE -1 END)", word)
        otherwise = sql("(CASE WHEN {} IS NULL THEN 0 ELSE coalesce({}, {}) END)", alias, loosely, absent)
        found = sql("coalesce({}, {})", exactly, otherwise)
        value = self._sheet.column(f"code_{spec.name}", found)
        is_none = self._sheet.column(f"none_{spec.name}", sql(f"({{}} = {OTHER_CODE})", value))
        return Read(value, sql("({} <> 0)", value), Finding(is_none, text("D107")))

    def _set(self, found: FactSource) -> Read:
        """A list of codes: what its words mean is in the vocabulary, joined to the row."""
        alias = found.value.alias
        problem, remark = (Sql(f"{alias}_{part}") for part in ("problem", "remark"))
        return Read(
            TRUE,
            self._cells.is_said(found.value),
            Finding(sql("({} IS NOT NULL)", problem), problem),
            remark=Finding(sql("({} IS NOT NULL)", remark), remark),
        )

    def _dated(self, found: FactSource, read: Read, today: Value) -> tuple[Sql, Finding, Finding]:
        """Return whether there is a value, why it may not be used (its date counts), and the remark on it."""
        spec, said = found.spec, read.said
        bad, future, stale = FALSE, FALSE, FALSE
        if found.date is not None:
            day = self._cells.day(found.date)
            bad = every(self._cells.is_said(found.date), day.unknown)
            future = every(day.known, today.known, sql("({} > {})", day.value, today.value))
            if spec.max_age_days is not None:
                days = sql("(cds_days({}, {}) > {})", day.value, today.value, number(spec.max_age_days))
                stale = every(day.known, today.known, days)
        if spec.entry.type == "date":
            is_later = sql("({} > {})", read.value, today.value)
            future = some(future, every(negated(read.problem.holds), today.known, is_later))
        misdated = self._sheet.shared(f"misdated_{spec.name}", some(bad, future))
        useless = self._sheet.shared(f"useless_{spec.name}", some(misdated, read.problem.holds))
        known = self._sheet.shared(f"known_{spec.name}", every(said, negated(useless)))
        code = choose(misdated, text("D110"), choose(useless, read.problem.code, text("D109")))
        problem = Finding(every(said, some(useless, stale)), code if useless != FALSE else text("D109"))
        return known, problem, Finding(every(said, negated(bad), read.remark.holds), read.remark.code)

    def _listed(self) -> Sql:
        """Return what is wrong with a row as one text, written only where something is."""
        wrong = [(holds, said) for holds, said in self._wrong if holds != FALSE]
        if not wrong:
            return text("")
        each = (sql("CASE WHEN {} THEN {} END", holds, said) for holds, said in wrong)
        parts = list(each)
        listed = sql(f"concat_ws(';', {', '.join('{}' for _ in parts)})", *parts)
        return choose(some(*(holds for holds, _ in wrong)), listed, text(""))


def medicine_columns(layout: Layout) -> dict[str, str]:
    """Return the readings that the folded medicines say, with their types."""
    name = layout.guideline.dictionary.medications or ""
    found = {layout.withheld(own): "BOOLEAN" for own in layout.doubtable if base_of(own) == name}
    for own in layout.carried:
        if base_of(own) == name:
            found |= {layout.column(own): layout.type_of(own), layout.known(own): "BOOLEAN"}
    for own in layout.given_sets:
        if base_of(own) == name:
            found |= layout.set_columns(own)
    return found
