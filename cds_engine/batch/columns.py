"""Which column of a table says what: facts, their units and dates, the patient's id, the day of the answer."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal

from cds_engine.batch import complaints
from cds_engine.diagnostics import InputError, did_you_mean
from cds_engine.patient.readings import is_absent
from cds_engine.patient.spec import Dictionary, FactSpec
from cds_engine.units import UnitError

Kind = Literal["number", "text", "truth", "day", "list", "other"]
IDS = ("patient", "patient_id", "id")
SINGLE = frozenset({"quantity", "decimal", "integer", "code", "boolean", "date"})
"""Facts of which a cell holds one value, and no list."""
NEEDS_UNIT = frozenset({"quantity", "drug_dose"})
SUFFIXES = ("_unit", "_date", "_range_low", "_range_high")
"""What may stand beside the column of a fact."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A column of the table: its name there, our name for it, and what kind of thing stands in it."""

    name: str
    alias: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class FactSource:
    """Where the values of one fact stand, and in which unit."""

    spec: FactSpec
    value: Cell
    unit: str | None = None
    """The unit of the whole column."""
    unit_column: Cell | None = None
    date: Cell | None = None
    low: Cell | None = None
    high: Cell | None = None


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the caller says of the columns beyond their names."""

    units: Mapping[str, str] = field(default_factory=dict)
    """Fact or column to the unit of the whole column."""
    names: Mapping[str, str] = field(default_factory=dict)
    """Column of the table to the name it should have had: a fact, `weight_date`, `patient`, `as_of`."""
    keep: bool = False
    """Whether columns that are no facts go into the output as they are."""


@dataclass(frozen=True, slots=True)
class Roles:
    """What columns can say: facts, what stands beside them, whose the row is and for which day."""

    every: Collection[str]
    spelled: Mapping[str, str]
    """The same by their small letters."""

    @classmethod
    def of(cls, dictionary: Dictionary) -> Roles:
        """Return what columns can say of the facts of a pack."""
        beside = [f"{name}{suffix}" for name, spec in dictionary.facts.items() for suffix in suffixes_of(spec)]
        every = dict.fromkeys([*dictionary.facts, *beside, *IDS, "as_of"])
        return cls(every, {role.lower(): role for role in every})

    def of_column(self, name: str, names: Mapping[str, str]) -> str:
        """Return what a column says by *names* or by its own name, in which capitals do not count."""
        if name in names:
            return names[name]
        return name if name in self.every else self.spelled.get(name.strip().lower(), name)


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of one table, understood."""

    sources: tuple[FactSource, ...]
    patient: Cell | None
    as_of: Cell | None
    ignored: tuple[str, ...]
    """Columns that are no facts; named once, and left out unless they were asked to be kept."""
    cells: tuple[Cell, ...]

    @property
    def facts(self) -> frozenset[str]:
        """The facts of which the table says something."""
        return frozenset(source.spec.name for source in self.sources)


def kind_of(sql_type: str) -> Kind:
    """Return what kind of thing a column of a DuckDB type holds."""
    name = sql_type.upper()
    if name.endswith("[]"):
        return "list"
    if name.startswith(("VARCHAR", "ENUM")) or name == '"NULL"':  # a column that says nothing has no type of its own
        return "text"
    if name.startswith("BOOLEAN"):
        return "truth"
    if name.startswith(("DATE", "TIMESTAMP")):
        return "day"
    numbers = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINY", "USMALL", "UINT", "UBIG", "UHUGE")
    return "number" if name.startswith((*numbers, "FLOAT", "DOUBLE", "DECIMAL")) else "other"


def suffixes_of(spec: FactSpec) -> tuple[str, ...]:
    """Return what may stand beside the column of a fact; no laboratory has a range for a dose."""
    return SUFFIXES[:2] if spec.entry.type == "drug_dose" else SUFFIXES


def understand(table: Mapping[str, str], dictionary: Dictionary, wishes: Wishes) -> Columns:
    """Return what the columns of a table (name to DuckDB type) say.

    Raises:
        InputError: If no column is a fact, a quantity has no unit or two, two columns say the same, one holds objects,
            or a wish names no column or nothing that a column can say; all at once.
    """
    cells = {name: Cell(name, f"c{index}", kind_of(kind)) for index, (name, kind) in enumerate(table.items())}
    roles = Roles.of(dictionary)
    wrong = complaints.of_names(wishes.names, table, roles.every, keep=wishes.keep)
    by_role: dict[str, Cell] = {}
    for name, cell in cells.items():
        role = roles.of_column(name, wishes.names)
        if role in by_role:
            wrong.append(f"the columns `{by_role[role].name}` and `{name}` both say `{role}`; leave one of them out")
        by_role[role] = cell
    used: set[str] = set()
    sources = []
    for fact, spec in dictionary.facts.items():
        if fact in by_role:
            parts = {
                suffix: by_role.get(f"{fact}{suffix}")
                for suffix in suffixes_of(spec)
                if f"{fact}{suffix}" not in dictionary.facts
            }
            used |= {by_role[fact].name, *(cell.name for cell in parts.values() if cell is not None)}
            sources.append(_source(spec, by_role[fact], parts, wishes, wrong))
    known = {source.spec.name for source in sources} | {source.value.name for source in sources}
    wrong += [
        f"`{name}` has a unit but no column; {did_you_mean(name, known) or 'name a column or its fact'}"
        for name in wishes.units
        if name not in known
    ]
    patient = next((by_role[name] for name in IDS if name in by_role), None)
    as_of = by_role.get("as_of")
    used |= {cell.name for cell in (patient, as_of) if cell is not None}
    if not sources and not wrong:
        wrong.append(complaints.no_fact([*table], roles.every))
    if wrong:
        raise InputError("\n".join(wrong))
    return Columns(
        tuple(sources), patient, as_of, tuple(name for name in table if name not in used), tuple(cells.values())
    )


def _source(
    spec: FactSpec, value: Cell, parts: Mapping[str, Cell | None], wishes: Wishes, wrong: list[str]
) -> FactSource:
    by_fact, by_column = wishes.units.get(spec.name), wishes.units.get(value.name)
    unit = by_column if by_fact is None else by_fact
    if by_column not in {None, unit}:
        wrong.append(complaints.two_units(value.name, [f"{value.name}={by_column}", f"{spec.name}={by_fact}"]))
    if unit is not None:
        try:
            spec.change_from(unit)
        except UnitError as error:
            wrong.append(f"the unit of `{value.name}`: {error}")
    if value.kind == "other" and spec.entry.type in SINGLE:
        wrong.append(complaints.no_single_value(value.name, spec.name))
    if spec.entry.type in NEEDS_UNIT and value.kind == "number" and unit is None and parts.get("_unit") is None:
        wrong.append(no_unit(spec, value.name))
    return FactSource(
        spec, value, unit, parts.get("_unit"), parts.get("_date"), parts.get("_range_low"), parts.get("_range_high")
    )


def no_unit(spec: FactSpec, column: str) -> str:
    """Return the complaint about a column of bare numbers that need a unit."""
    return (
        f"the column `{column}` has no unit; say `--units {column}={spec.unit}` if that is its unit,"
        f" or add a column `{spec.name}_unit`"
    )


def said(value: object) -> bool:
    """Say whether a cell says anything at all."""
    return not is_absent(value)
