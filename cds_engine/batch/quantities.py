"""Cells to numbers in the unit of their fact: read, converted once, and held to what is plausible."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cds_engine.backends.sql.layout import OTHER_CODE, Layout
from cds_engine.backends.sql.sheet import FALSE, TRUE, Sheet, Sql, every, negated, number, some, sql, text
from cds_engine.backends.sql.truths import Value
from cds_engine.batch.cells import LONGEST, NO_TEXT, QUANTITY, Cells, Check, Finding, Read, first_of
from cds_engine.batch.columns import Cell, FactSource
from cds_engine.patient.spec import FactSpec
from cds_engine.units import Conversion

Units = Mapping[str, Mapping[str, Conversion]]
"""By fact: the ways from the units that its cells name."""


@dataclass(frozen=True, slots=True)
class Magnitude:
    """A number as it stands in a cell, the unit written beside it, and what makes it unreadable."""

    value: Sql
    written: Sql | None
    checks: tuple[Check, ...]


class Quantities:
    """Writes what becomes of cells with numbers."""

    def __init__(self, sheet: Sheet, cells: Cells, layout: Layout, units: Units) -> None:
        self._sheet = sheet
        self._cells = cells
        self._layout = layout
        self._units = units

    def read(self, found: FactSource) -> Read:
        """Return the number of a fact in its canonical unit."""
        spec = found.spec
        magnitude = self._magnitude(spec.name, found.value)
        beside = self._unit_beside(found)
        known = [part for part in (magnitude.written, beside) if part is not None]
        named = _first(known)
        if not is_literal(named):
            named = self._sheet.shared(f"unit_{spec.name}", named)
        nothing = FALSE
        if spec.entry.type == "quantity" and not is_literal(named):
            nothing = sql("({} IS NULL)", named)
        elif spec.unit is not None and not known:
            named = text(spec.unit)
        elif spec.unit is not None and not is_literal(named):
            named = self._sheet.shared(f"unit_or_own_{spec.name}", sql("coalesce({}, {})", named, text(spec.unit)))
        canonical, no_unit = self._converted(spec, magnitude.value, named)
        canonical = self._sheet.shared(f"canonical_{spec.name}", canonical)
        checks = (
            *magnitude.checks,
            Check(_differ(magnitude.written, beside), "D104"),
            Check(sql("(NOT (abs({}) <= 1.7976931348623157e308))", magnitude.value), "D106"),
            Check(nothing, "D103"),
            Check(no_unit, "D104"),
            *_bounds(spec, canonical),
        )
        wrong, code = first_of(checks)
        wrong = self._sheet.shared(f"wrong_{spec.name}", wrong)
        low, high, bad_range = self._limits(found, named)
        remark = Finding(every(negated(wrong), bad_range), text("D115"))
        properties = {"range.low": low, "range.high": high}
        if spec.unit is not None or known:
            is_named = TRUE if is_literal(named) else sql("({} IS NOT NULL)", named)
            properties["reported.value"] = Value(sql("cds_exact({})", magnitude.value), is_named)
            properties["reported.unit"] = Value(self._unit_number(spec, named), is_named)
        return Read(canonical, self._cells.is_said(found.value), Finding(wrong, code), properties, remark)

    def _unit_number(self, spec: FactSpec, named: Sql) -> Sql:
        """Return the number of a unit among the codes that conditions ask for."""
        numbers = self._layout.codes
        if is_literal(named):
            return Sql(str(numbers.get(_unquoted(named), OTHER_CODE)))
        asked = [unit for unit in self._units.get(spec.name, {}) if unit in numbers]
        cases = " ".join(f"WHEN {text(unit).text} THEN {numbers[unit]}" for unit in asked)
        return Sql(f"(CASE {named.text} {cases} ELSE {OTHER_CODE} END)" if asked else str(OTHER_CODE))

    def _magnitude(self, name: str, cell: Cell) -> Magnitude:
        alias = Sql(cell.alias)
        if cell.kind == "number":
            value = self._sheet.column(f"magnitude_{name}", sql("coalesce(CAST({} AS DOUBLE), 0E0)", alias))
            return Magnitude(value, None, ())
        if cell.kind != "text":
            return Magnitude(Sql("0E0"), None, (Check(TRUE, "D102"),))
        digits = self._sheet.column(f"digits_{name}", sql(f"nullif(regexp_extract({{}}, '{QUANTITY}', 1), '')", alias))
        rest = self._sheet.column(f"rest_{name}", sql(f"nullif(regexp_extract({{}}, '{QUANTITY}', 2), '')", alias))
        unnumbered = sql(
            "coalesce(regexp_extract({0}, '^[,.0-9]', 0) <> '' AND left({0}, 3) <> '10*', FALSE)",
            rest,
        )
        not_finite = sql(
            "coalesce({} IN ('nan', 'inf', '-inf', 'infinity', '-infinity'), FALSE)", self._cells.word(cell)
        )
        parsed = self._sheet.column(f"parsed_{name}", sql("TRY_CAST({} AS DOUBLE)", digits))
        value = self._sheet.column(f"magnitude_{name}", sql("coalesce({}, 0E0)", parsed))
        checks = (
            Check(sql(f"coalesce(length({{}}) > {LONGEST}, FALSE)", alias), "D102"),
            Check(not_finite, "D106"),
            Check(sql("({} IS NULL)", digits), "D102"),
            Check(unnumbered, "D102"),
            Check(sql("({} IS NULL)", parsed), "D106"),
        )
        return Magnitude(value, rest, checks)

    def _unit_beside(self, found: FactSource) -> Sql | None:
        """Return the unit that another column or the caller says."""
        own = None if found.unit is None else text(found.unit)
        column = found.unit_column
        if column is None:
            return own
        cell = Sql(column.alias) if column.kind == "text" else sql("CAST({} AS STRING)", Sql(column.alias))
        said = sql("(CASE WHEN {} THEN {} END)", self._cells.is_said(column), cell)
        return said if own is None else sql("coalesce({}, {})", said, own)

    def _converted(self, spec: FactSpec, magnitude: Sql, named: Sql) -> tuple[Sql, Sql]:
        """Return the value in the canonical unit, and whether the unit that was named is none of the fact."""
        ways = self._units.get(spec.name, {})
        is_named = FALSE if named == NO_TEXT else TRUE if is_literal(named) else sql("({} IS NOT NULL)", named)
        if spec.unit is None and (spec.entry.type != "integer" or not ways):
            return magnitude, is_named
        if is_literal(named):
            return _changed(magnitude, spec.change_from(_unquoted(named))), FALSE
        if not ways:
            return Sql("0E0"), is_named
        cases = " ".join(f"WHEN {text(unit).text} THEN {_changed(magnitude, way).text}" for unit, way in ways.items())
        chosen = Sql(f"(CASE {named.text} {cases} ELSE 0E0 END)")
        listed = ", ".join(text(unit).text for unit in ways)
        is_none = sql("coalesce({} NOT IN ({}), FALSE)", named, Sql(listed))
        if spec.unit is None:
            chosen = sql("(CASE WHEN {} IS NULL THEN {} ELSE {} END)", named, magnitude, chosen)
        return chosen, is_none

    def _limits(self, found: FactSource, named: Sql) -> tuple[Value, Value, Sql]:
        """Return the laboratory's reference range in the canonical unit, and whether it is bad and not used."""
        if (found.low is None and found.high is None) or found.spec.unit is None:
            return ABSENT, ABSENT, FALSE
        low, low_is_bad = self._limit(found, "low", found.low, named)
        high, high_is_bad = self._limit(found, "high", found.high, named)
        turned = every(low.known, high.known, sql("({} > {})", low.value, high.value))
        is_bad = self._sheet.column(f"bad_range_{found.spec.name}", some(low_is_bad, high_is_bad, turned))
        usable = negated(is_bad)
        low, high = (Value(end.value, every(end.known, usable)) for end in (low, high))
        return low, high, is_bad

    def _limit(self, found: FactSource, part: str, cell: Cell | None, named: Sql) -> tuple[Value, Sql]:
        """Return one end, and whether it is bad."""
        if cell is None:
            return ABSENT, FALSE
        name, said = f"{found.spec.name}_range_{part}", self._cells.is_said(cell)
        magnitude = self._magnitude(name, cell)
        bad = [check.fails for check in magnitude.checks]
        bad.append(sql("(NOT (abs({}) <= 1.7976931348623157e308))", magnitude.value))
        bad.append(_differ(magnitude.written, named))
        converted, _ = self._converted(found.spec, magnitude.value, named)
        return Value(self._sheet.shared(f"limit_{name}", converted), said), every(said, some(*bad))


ABSENT = Value(Sql("0E0"), FALSE)


def _bounds(spec: FactSpec, canonical: Sql) -> list[Check]:
    if spec.plausible is not None:
        low, high = (number(end) for end in spec.plausible)
        checks = [Check(sql("(NOT ({0} >= {1} AND {0} <= {2}))", canonical, low, high), "D105")]
    else:
        checks = [Check(sql("({} < 0E0)", canonical), "D106")]
    if spec.entry.type == "integer":
        checks.append(Check(sql("({0} <> floor({0}))", canonical), "D102"))
    return checks


def _first(known: list[Sql]) -> Sql:
    if not known:
        return NO_TEXT
    return known[0] if len(known) == 1 else sql("coalesce({}, {})", *known)


def _differ(first: Sql | None, second: Sql | None) -> Sql:
    """Return whether two units were named that are not the same."""
    if first is None or second is None:
        return FALSE
    return sql("coalesce({} <> {}, FALSE)", first, second)


def is_literal(named: Sql) -> bool:
    """Say whether a unit is that of the whole column."""
    return named.text.startswith("'")


def _unquoted(literal: Sql) -> str:
    return literal.text[1:-1].replace("''", "'")


def _changed(magnitude: Sql, way: Conversion) -> Sql:
    if way.factor == 1 and way.offset == 0:
        return sql("cds_exact({})", magnitude)
    if way.offset == 0:
        return sql("cds_exact({} * {})", magnitude, number(way.factor))
    return sql("cds_exact({} * {} + {})", magnitude, number(way.factor), number(way.offset))
