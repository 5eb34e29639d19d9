"""Cells to checked values in columns: the unit converted once, the plausible range, the date, and what is wrong.

The text of `patient.readings` and `patient.read` for one value a fact and row. What needs words understood (units,
lists, medicines) comes from the vocabulary, which the reader of single patients has read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cds_engine.backends.sql.layout import SETS, Layout
from cds_engine.backends.sql.sheet import FALSE, TRUE, Sheet, Sql, joined, number, sql, text
from cds_engine.batch.columns import Cell, Columns, FactSource
from cds_engine.patient.spec import FactSpec
from cds_engine.units import Conversion

NUMBER = r"[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?"
QUANTITY = rf"^\s*({NUMBER})\s*(\S.*?)?\s*$"
DAY = r"^\s*[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]\s*$"
SPACE = r" \t\n\r\f\v"
LONGEST = 400
NO_TEXT = Sql("CAST(NULL AS VARCHAR)")

Units = Mapping[str, Mapping[str, Conversion]]
"""By fact: the ways from the units that its cells name."""


@dataclass(frozen=True, slots=True)
class Read:
    """One fact, read: its value (also where it is too old), the code of what is wrong, and its properties."""

    value: Sql
    problem: Sql
    properties: Mapping[str, Sql]
    remark: Sql = NO_TEXT
    """The code of what is wrong beside the value, such as with its reference range."""


class Readings:
    """Writes the query from the cells of a table to its readings."""

    def __init__(self, columns: Columns, layout: Layout, units: Units, *, has_medicines: bool) -> None:
        self._sheet = Sheet()
        self._columns = columns
        self._layout = layout
        self._units = units
        self._has_medicines = has_medicines
        self._words: dict[str, Sql] = {}
        self._said: dict[str, Sql] = {}

    def query(self, source: str, reading_columns: Mapping[str, str], as_of: Sql) -> str:
        """Return the query from *source*, in which cells go by their aliases, to the *reading_columns*."""
        layout, wanted = self._layout, dict[str, Sql]()
        wrong: list[Sql] = []
        any_wrong: list[Sql] = []
        for name in layout.doubtable:
            wanted[layout.withheld(name)] = FALSE
        for found in self._columns.sources:
            fact = found.spec.name
            if found.spec.entry.type in {"medications", "drug_dose"}:
                continue
            read = self._set(found, as_of) if found.spec.entry.type in SETS else self._scalar(found, as_of)
            problem = self._sheet.shared(f"p_{fact}", read.problem)
            any_wrong += [sql("({} IS NOT NULL)", read.remark)] if read.remark != NO_TEXT else []
            wrong += [
                sql(f"CASE WHEN {{0}} IS NOT NULL THEN '{fact}:' || {{0}} END", p)
                for p in (problem, read.remark)
                if p != NO_TEXT
            ]
            withheld = FALSE if problem == NO_TEXT else sql("({} IS NOT NULL)", problem)
            any_wrong += [withheld] if withheld != FALSE else []
            wanted[layout.withheld(fact)] = withheld
            if fact in layout.carried:
                wanted[layout.column(fact)] = read.value
            for prop, value in read.properties.items():
                name = f"{fact}.{prop}"
                if name in layout.carried:
                    wanted[layout.column(name)] = sql("(CASE WHEN {} IS NOT NULL THEN {} END)", read.value, value)
                    wanted[layout.withheld(name)] = withheld
            for column, of in layout.set_columns().items():
                if of == fact:
                    is_listed = column == layout.is_listed(fact)
                    wanted[column] = read.value if is_listed else Sql(f"{found.value.alias}_{column}")
        if self._has_medicines:
            wanted |= self._medicines()
            wrong.append(Sql("medicine_problems"))
            any_wrong.append(sql("({} IS NOT NULL)", wrong[-1]))
        wanted |= {"row": Sql("row"), "as_of": as_of, "problems": _listed(wrong, any_wrong)}
        typed = {
            name: sql(f"CAST({{}} AS {kind})", wanted[name]) if name in wanted else Sql(f"CAST(NULL AS {kind})")
            for name, kind in reading_columns.items()
        }
        return self._sheet.select(source, typed)

    def _medicines(self) -> dict[str, Sql]:
        """Return what the folded medicines say; a patient of whom they say nothing is unknown."""
        layout, name = self._layout, self._layout.guideline.dictionary.medications or ""
        mine = [found for found in layout.doubtable if found == name or found.startswith(f"{name}.")]
        wanted = {
            layout.withheld(found): sql("coalesce({}, FALSE)", Sql(f"m_{layout.withheld(found)}")) for found in mine
        }
        wanted |= {layout.column(found): Sql(f"m_{layout.column(found)}") for found in mine if found in layout.carried}
        wanted |= {
            c: Sql(f"m_{c}") for c, of in layout.set_columns().items() if of == name or of.startswith(f"{name}.")
        }
        return wanted

    # One value

    def _scalar(self, found: FactSource, as_of: Sql) -> Read:
        spec, cell = found.spec, found.value
        match spec.entry.type:
            case "quantity" | "decimal" | "integer":
                read = self._number(found)
            case "boolean":
                value = self._truth(cell)
                read = Read(value, NO_TEXT if cell.kind == "truth" else _code([(sql("{} IS NULL", value), "D102")]), {})
            case "code":
                value = self._one_code(spec, cell)
                read = Read(value, _code([(sql("{} IS NULL", value), "D107")]), {})
            case _:
                value = self._sheet.shared(f"day_{spec.name}", _day(cell))
                read = Read(value, NO_TEXT if cell.kind == "day" else _code([(sql("{} IS NULL", value), "D102")]), {})
        return self._dated(found, read, as_of)

    def _dated(self, found: FactSource, read: Read, as_of: Sql) -> Read:
        """Judge the date of a value: no date, in the future, too old."""
        spec, given = found.spec, self._is_said(found.value)
        value = self._sheet.shared(f"read_{spec.name}", read.value)
        if found.date is None and spec.entry.type != "date" and read.problem == NO_TEXT and found.value.kind != "text":
            return Read(value, NO_TEXT, read.properties, read.remark)
        bad, future, stale = FALSE, FALSE, FALSE
        if found.date is not None:
            day = self._sheet.shared(f"date_{spec.name}", _day(found.date))
            bad = sql("({} AND {} IS NULL)", self._is_said(found.date), day)
            future = sql("({} > {})", day, as_of)
            if spec.max_age_days is not None:
                stale = sql("(cds_days({}, {}) > {})", day, as_of, number(spec.max_age_days))
        if spec.entry.type == "date":
            future = joined(" OR ", [part for part in (future, sql("({} > {})", value, as_of)) if part != FALSE], FALSE)
        problem = sql(
            "(CASE WHEN NOT {} THEN NULL WHEN {} THEN 'D110' WHEN {} THEN 'D110' WHEN {} IS NOT NULL THEN {}"
            " WHEN {} THEN 'D109' END)",
            given, bad, future, read.problem, read.problem, stale,
        )  # fmt: skip
        problem = self._sheet.shared(f"problem_{spec.name}", problem)
        kept = sql("(CASE WHEN {} AND coalesce({}, 'D109') = 'D109' THEN {} END)", given, problem, value)
        remark = (
            read.remark
            if read.remark == NO_TEXT
            else sql("(CASE WHEN {} AND NOT {} THEN {} END)", given, sql("coalesce({}, FALSE)", bad), read.remark)
        )
        return Read(self._sheet.shared(f"kept_{spec.name}", kept), problem, read.properties, remark)

    # Numbers

    def _number(self, found: FactSource) -> Read:
        spec, cell = found.spec, found.value
        magnitude, written, unreadable = self._magnitude(spec.name, cell)
        beside = self._unit_beside(found)
        two = FALSE
        if written is not None and beside is not None:
            two = sql("({0} IS NOT NULL AND {1} IS NOT NULL AND {0} <> {1})", written, beside)
        known = [part for part in (written, beside) if part is not None]
        named = (
            Sql("CAST(NULL AS VARCHAR)")
            if not known
            else known[0]
            if len(known) == 1
            else sql("coalesce({}, {})", *known)
        )
        if not _is_literal(named):
            named = self._sheet.shared(f"unit_{spec.name}", named)
        needs = spec.entry.type == "quantity"
        nothing = FALSE
        if needs and not _is_literal(named):
            nothing = sql("({} IS NULL)", named)
        elif spec.unit is not None and not known:
            named = text(spec.unit)
        elif spec.unit is not None and not _is_literal(named):
            named = self._sheet.shared(f"unit_or_own_{spec.name}", sql("coalesce({}, {})", named, text(spec.unit)))
        canonical, no_unit = self._converted(spec, magnitude, named)
        canonical = self._sheet.shared(f"canonical_{spec.name}", canonical)
        checks = [
            *unreadable,
            (two, "D104"),
            (sql("NOT (abs({}) <= 1.7976931348623157e308)", magnitude), "D106"),
            (nothing, "D103"),
            (no_unit, "D104"),
        ]
        if spec.plausible is not None:
            low, high = (number(end) for end in spec.plausible)
            checks.append((sql("NOT ({0} >= {1} AND {0} <= {2})", canonical, low, high), "D105"))
        else:
            checks.append((sql("{} < 0.0", canonical), "D106"))
        if spec.entry.type == "integer":
            checks.append((sql("({0} <> floor({0}))", canonical), "D102"))
        code = self._sheet.shared(f"code_{spec.name}", _code(checks))
        low_end, high_end, remark = self._limits(found, code, named)
        properties = {"range.low": low_end, "range.high": high_end}
        if spec.unit is not None or known:
            properties |= {
                "reported.value": sql("(CASE WHEN {} IS NOT NULL THEN cds_exact({}) END)", named, magnitude),
                "reported.unit": named,
            }
        return Read(canonical, code, properties, remark)

    def _magnitude(self, name: str, cell: Cell) -> tuple[Sql, Sql | None, list[tuple[Sql, str]]]:
        """Return number and written unit of a cell, and when it is no number."""
        alias = Sql(cell.alias)
        if cell.kind == "number":
            return sql("CAST({} AS DOUBLE)", alias), None, []
        if cell.kind != "text":
            return Sql("CAST(NULL AS DOUBLE)"), None, [(TRUE, "D102")]
        digits = self._sheet.column(f"digits_{name}", sql(f"nullif(regexp_extract({{}}, '{QUANTITY}', 1), '')", alias))
        rest = self._sheet.column(f"rest_{name}", sql(f"nullif(regexp_extract({{}}, '{QUANTITY}', 2), '')", alias))
        unnumbered = sql("(regexp_matches({0}, '^[,.0-9]') AND NOT starts_with({0}, '10*'))", rest)
        word = self._word(cell)
        not_finite = sql("({} IN ('nan', 'inf', '-inf', 'infinity', '-infinity'))", word)
        value = self._sheet.column(f"magnitude_{name}", sql("TRY_CAST({} AS DOUBLE)", digits))
        unreadable = [
            (sql(f"length({{}}) > {LONGEST}", alias), "D102"),
            (not_finite, "D106"),
            (sql("{} IS NULL", digits), "D102"),
            (unnumbered, "D102"),
            (sql("{} IS NULL", value), "D106"),
        ]
        return value, rest, unreadable

    def _unit_beside(self, found: FactSource) -> Sql | None:
        if found.unit_column is not None:
            cell = (
                Sql(found.unit_column.alias)
                if found.unit_column.kind == "text"
                else sql("CAST({} AS VARCHAR)", Sql(found.unit_column.alias))
            )
            own = sql("(CASE WHEN {} THEN {} END)", self._is_said(found.unit_column), cell)
            return own if found.unit is None else sql("coalesce({}, {})", own, text(found.unit))
        return text(found.unit) if found.unit is not None else None

    def _converted(self, spec: FactSpec, magnitude: Sql, named: Sql) -> tuple[Sql, Sql]:
        """Return the value in the canonical unit, and whether the unit that was named is none of the fact."""
        if spec.unit is None and spec.entry.type != "integer":
            return magnitude, sql("({} IS NOT NULL)", named)
        ways = self._units.get(spec.name, {})
        if spec.unit is None and not ways:
            return magnitude, sql("({} IS NOT NULL)", named)
        if _is_literal(named):
            return _changed(magnitude, spec.change_from(named.text[1:-1].replace("''", "'"))), FALSE
        if not ways:
            return Sql("CAST(NULL AS DOUBLE)"), sql("({} IS NOT NULL)", named)
        cases = " ".join(f"WHEN {text(unit).text} THEN {_changed(magnitude, way).text}" for unit, way in ways.items())
        chosen = Sql(f"(CASE {named.text} {cases} END)", max(named.layer, magnitude.layer))
        listed = ", ".join(text(unit).text for unit in ways)
        is_none = sql("({0} IS NOT NULL AND {0} NOT IN ({1}))", named, Sql(listed))
        if spec.unit is None:
            chosen = sql("(CASE WHEN {} IS NULL THEN {} ELSE {} END)", named, magnitude, chosen)
        return chosen, is_none

    def _limits(self, found: FactSource, code: Sql, named: Sql) -> tuple[Sql, Sql, Sql]:
        """Return the laboratory's reference range in the canonical unit; a bad one is not used."""
        nothing = Sql("CAST(NULL AS DOUBLE)")
        if (found.low is None and found.high is None) or found.spec.unit is None:
            return nothing, nothing, NO_TEXT
        name, ends, bad = found.spec.name, [], list[Sql]()
        for part, cell in (("low", found.low), ("high", found.high)):
            if cell is None:
                ends.append(nothing)
                continue
            value, rest, unreadable = self._magnitude(f"{name}_range_{part}", cell)
            wrong = [condition for condition, _ in unreadable]
            wrong.append(sql("NOT (abs({}) <= 1.7976931348623157e308)", value))
            if rest is not None:
                wrong.append(sql("({0} IS NOT NULL AND {0} <> {1})", rest, named))
            bad.append(
                sql(
                    "({} AND coalesce({}, FALSE))",
                    self._is_said(cell),
                    joined(" OR ", (sql("coalesce({}, FALSE)", w) for w in wrong), FALSE),
                )
            )
            converted, _ = self._converted(found.spec, value, named)
            ends.append(
                self._sheet.shared(
                    f"limit_{name}_{part}", sql("(CASE WHEN {} THEN {} END)", self._is_said(cell), converted)
                )
            )
        bad.append(sql("coalesce({} > {}, FALSE)", ends[0], ends[1]))
        is_bad = self._sheet.column(f"bad_range_{name}", joined(" OR ", bad, FALSE))
        remark = sql("(CASE WHEN {} IS NULL AND {} THEN 'D115' END)", code, is_bad)
        low, high = (sql("(CASE WHEN NOT {} THEN {} END)", is_bad, end) for end in ends)
        return low, high, remark

    # Words

    def _word(self, cell: Cell) -> Sql:
        """Return a text without the space around it, in lower case; once for every cell that needs it."""
        if cell.alias not in self._words:
            self._words[cell.alias] = self._sheet.column(
                f"word_{cell.alias}", sql("lower(trim({}, E'" + SPACE + "'))", Sql(cell.alias))
            )
        return self._words[cell.alias]

    def _is_said(self, cell: Cell) -> Sql:
        """Whether a cell says anything: empty, `unknown` and NULL are the same as no cell."""
        if cell.kind != "text":
            return sql("({} IS NOT NULL)", Sql(cell.alias))
        if cell.alias not in self._said:
            said = sql("coalesce({} NOT IN ('', 'unknown'), FALSE)", self._word(cell))
            self._said[cell.alias] = self._sheet.column(f"said_{cell.alias}", said)
        return self._said[cell.alias]

    def _truth(self, cell: Cell) -> Sql:
        if cell.kind == "truth":
            return Sql(cell.alias)
        if cell.kind != "text":
            return Sql("CAST(NULL AS BOOLEAN)")
        return sql(
            "(CASE {} WHEN 'true' THEN TRUE WHEN 'yes' THEN TRUE WHEN 'false' THEN FALSE WHEN 'no' THEN FALSE END)",
            self._word(cell),
        )

    def _one_code(self, spec: FactSpec, cell: Cell) -> Sql:
        if cell.kind != "text":
            return NO_TEXT
        alias = Sql(cell.alias)
        listed = ", ".join(text(code).text for code in spec.entry.allowed)
        word = self._word(cell)
        cases = " ".join(f"WHEN {text(code.lower()).text} THEN {text(code).text}" for code in spec.entry.allowed)
        return sql("(CASE WHEN {0} IN ({1}) THEN {0} ELSE CASE {2} {3} END END)", alias, Sql(listed), word, Sql(cases))

    def _set(self, found: FactSource, as_of: Sql) -> Read:
        """A list of codes: what its words mean is in the vocabulary, joined to the row."""
        alias = found.value.alias
        return self._dated(
            found, Read(Sql(f"{alias}_known"), Sql(f"{alias}_problem"), {}, Sql(f"{alias}_remark")), as_of
        )


def _listed(wrong: list[Sql], any_wrong: list[Sql]) -> Sql:
    """Return what is wrong with a row as one text, written only where something is."""
    if not any_wrong:
        return Sql("''")
    text_of_all = f"concat_ws(';', {', '.join(part.text for part in wrong)})"
    layer = max(part.layer for part in (*wrong, *any_wrong))
    return Sql(f"(CASE WHEN {joined(' OR ', any_wrong, FALSE).text} THEN {text_of_all} ELSE '' END)", layer)


def _is_literal(named: Sql) -> bool:
    """Say whether a unit is that of the whole column."""
    return named.text.startswith("'")


def _changed(magnitude: Sql, way: Conversion) -> Sql:
    if way.factor == 1 and way.offset == 0:
        return sql("cds_exact({})", magnitude)
    if way.offset == 0:
        return sql("cds_exact({} * {})", magnitude, number(way.factor))
    return sql("cds_exact({} * {} + {})", magnitude, number(way.factor), number(way.offset))


def _code(checks: list[tuple[Sql, str]]) -> Sql:
    """Return the code of the first thing that is wrong, NULL when nothing is."""
    real = [(condition, code) for condition, code in checks if condition != FALSE]
    if not real:
        return NO_TEXT
    cases = " ".join(f"WHEN {condition.text} THEN '{code}'" for condition, code in real)
    return Sql(f"(CASE {cases} END)", max(condition.layer for condition, _ in real))


def _day(cell: Cell) -> Sql:
    if cell.kind == "day":
        return sql("CAST({} AS DATE)", Sql(cell.alias))
    if cell.kind != "text":
        return Sql("CAST(NULL AS DATE)")
    return sql(
        f"(CASE WHEN regexp_matches({{0}}, '{DAY}') THEN TRY_CAST(trim({{0}}, E'{SPACE}') AS DATE) END)",
        Sql(cell.alias),
    )


def day_of(cell: Cell) -> Sql:
    """Return the date that a cell names, NULL when it names none."""
    return _day(cell)
