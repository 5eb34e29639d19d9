"""Which column of a table says what: facts, their units and dates, the patient's id, the day of the answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from cds_engine.diagnostics import InputError, did_you_mean
from cds_engine.patient.readings import is_absent
from cds_engine.patient.spec import Dictionary, FactSpec
from cds_engine.units import UnitError

Kind = Literal["number", "text", "truth", "day", "list", "other"]
IDS = ("patient", "patient_id", "id")
NEEDS_UNIT = frozenset({"quantity", "drug_dose"})
SUFFIXES = ("_unit", "_date", "_range_low", "_range_high")
"""What may stand beside the column of a fact; no laboratory has a range for a dose."""


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
    if name.startswith(("VARCHAR", "ENUM")):
        return "text"
    if name.startswith("BOOLEAN"):
        return "truth"
    if name.startswith(("DATE", "TIMESTAMP")):
        return "day"
    numbers = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINY", "USMALL", "UINT", "UBIG", "UHUGE")
    return "number" if name.startswith((*numbers, "FLOAT", "DOUBLE", "DECIMAL")) else "other"


def understand(table: Mapping[str, str], dictionary: Dictionary, wishes: Wishes) -> Columns:
    """Return what the columns of a table (name to DuckDB type) say.

    Raises:
        InputError: If a quantity has no unit, two columns say the same, or a wish names no column; all at once.
    """
    wrong: list[str] = [
        f"there is no column `{name}` to rename; {did_you_mean(name, table) or 'look at the first line of the table'}"
        for name in wishes.names
        if name not in table
    ]
    cells = {name: Cell(name, f"c{index}", kind_of(kind)) for index, (name, kind) in enumerate(table.items())}
    by_role: dict[str, Cell] = {}
    for name, cell in cells.items():
        role = wishes.names.get(name, name)
        if role in by_role:
            wrong.append(f"the columns `{by_role[role].name}` and `{name}` both say `{role}`; leave one of them out")
        by_role[role] = cell
    used: set[str] = set()
    sources = []
    for fact, spec in dictionary.facts.items():
        if fact in by_role:
            parts = {
                suffix: by_role.get(f"{fact}{suffix}")
                for suffix in (SUFFIXES if spec.entry.type != "drug_dose" else SUFFIXES[:2])
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
    if wrong:
        raise InputError("\n".join(wrong))
    if not sources:
        raise InputError(
            "no column of the table is a fact of the pack; `cds-engine facts` lists them, a mapping renames columns"
        )
    return Columns(
        tuple(sources), patient, as_of, tuple(name for name in table if name not in used), tuple(cells.values())
    )


def _source(
    spec: FactSpec, value: Cell, parts: Mapping[str, Cell | None], wishes: Wishes, wrong: list[str]
) -> FactSource:
    unit = wishes.units.get(spec.name, wishes.units.get(value.name))
    if unit is not None:
        try:
            spec.change_from(unit)
        except UnitError as error:
            wrong.append(f"the unit of `{value.name}`: {error}")
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
