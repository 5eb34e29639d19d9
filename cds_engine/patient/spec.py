"""The dictionary as the reader of patients needs it: every number in the canonical unit, factors prepared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cds_engine.pack.dictionary import FactEntry
from cds_engine.pack.load import Pack
from cds_engine.pack.measures import days, plausible_range
from cds_engine.patient.values import CodeSet, Known
from cds_engine.units import Conversion, conversion


@dataclass(frozen=True, slots=True)
class FactSpec:
    """One fact with its numbers in the canonical unit."""

    name: str
    entry: FactEntry
    unit: str | None
    plausible: tuple[float, float] | None
    max_age_days: float | None
    tolerance: float
    """In the canonical unit, or as a share of the larger value where `tolerance_is_share`."""
    tolerance_is_share: bool
    changes: Mapping[str, Conversion]
    """Units with a prepared way to the canonical one."""
    agreeing: Mapping[str, str]
    """Codes of one group, each to the first of the group."""

    @property
    def published(self) -> dict[str, Conversion]:
        """The ways that physics does not know: from mass to amount of substance, by a published factor."""
        return {change.unit: self.changes[change.unit] for change in self.entry.conversions}

    def change_from(self, unit: str) -> Conversion:
        """Return the way from *unit* to the canonical unit.

        Raises:
            UnitError: If *unit* is no UCUM unit or of another kind.
        """
        found = self.changes.get(unit)
        return found if found is not None else conversion(unit, self.unit or "1")

    def agree(self, first: object, second: object) -> bool:
        """Say whether two values of the fact are the same within its tolerance."""
        if isinstance(first, float) and isinstance(second, float):
            allowed = self.tolerance * (max(abs(first), abs(second)) if self.tolerance_is_share else 1)
            return abs(first - second) <= allowed * (1 + 1e-12)
        if isinstance(first, str) and isinstance(second, str):
            return self.agreeing.get(first, first) == self.agreeing.get(second, second)
        return first == second


@dataclass(frozen=True, slots=True)
class Dictionary:
    """All facts of a pack, and its drugs by every name they go by."""

    facts: Mapping[str, FactSpec]
    drugs: Mapping[str, str]
    """Lower-case name, alias or RxNorm code to the drug."""
    medications: str | None
    """The fact that holds the patient's medicines."""
    presumed: Mapping[str, tuple[str | bool, bool]]
    """Facts with a declared value for when nobody said, and whether each is only a setting."""
    nothing_taken: Mapping[str, Known] = field(default_factory=dict)
    """The properties of every drug for a complete list that does not hold it."""
    perhaps_taken: Mapping[str, Known] = field(default_factory=dict)
    """The same for a list that is known in part."""


def dictionary_of(pack: Pack) -> Dictionary:
    """Return the dictionary of a checked pack."""
    facts = {name: _spec(name, entry) for name, entry in pack.facts.facts.items()}
    medications = next((name for name, entry in pack.facts.facts.items() if entry.type == "medications"), None)
    return Dictionary(
        facts=facts,
        drugs=_drug_names(pack),
        medications=medications,
        presumed={
            name: (_presumed(entry), entry.setting)
            for name, entry in pack.facts.facts.items()
            if entry.absent_means is not None
        },
        nothing_taken=_properties(pack, medications, CodeSet(frozenset())) | _no_amounts(pack, medications),
        perhaps_taken=_properties(pack, medications, CodeSet(frozenset(), is_complete=False)),
    )


def _spec(name: str, entry: FactEntry) -> FactSpec:
    share = entry.tolerance is not None and entry.tolerance.unit == "%"
    tolerance = 0.0
    if entry.tolerance is not None:
        value, unit = entry.tolerance.value, entry.tolerance.unit
        tolerance = value / 100 if share else value
        if not share and unit and entry.unit and unit != entry.unit:
            tolerance = conversion(unit, entry.unit).apply(value)
    return FactSpec(
        name=name,
        entry=entry,
        unit=entry.unit,
        plausible=plausible_range(entry.plausible, entry.unit),
        max_age_days=days(entry.max_age) if entry.max_age else None,
        tolerance=tolerance,
        tolerance_is_share=share,
        changes=_changes(entry),
        agreeing={code: group[0] for group in entry.agreeing for code in group},
    )


def _changes(entry: FactEntry) -> dict[str, Conversion]:
    if entry.unit is None:
        return {other: Conversion(1.0, 0.0) for other in entry.accepts}
    found = {entry.unit: Conversion(1.0, 0.0)}
    for other in entry.accepts:
        found[other] = conversion(other, entry.unit)
    for change in entry.conversions:
        factor = change.multiply_by if change.multiply_by is not None else 1 / (change.divide_by or 1)
        found[change.unit] = Conversion(factor, 0.0)
    return found


def _presumed(entry: FactEntry) -> str | bool:
    written = entry.absent_means or ""
    return written == "true" if entry.type == "boolean" else written


def _drug_names(pack: Pack) -> dict[str, str]:
    names: dict[str, str] = {}
    for name, drug in pack.drugs.drugs.items():
        codes = [code.code for code in drug.codes if code.system == "RxNorm"]
        for alias in (name, name.replace("_", " "), drug.label, *drug.aliases, *codes):
            names[alias.lower()] = name
    return names


def _no_amounts(pack: Pack, medications: str | None) -> dict[str, Known]:
    """Of a drug that a complete list does not hold nothing is taken."""
    return {f"{medications}.{drug}.weekly_amount": Known(0.0) for drug in pack.drugs.drugs} if medications else {}


def _properties(pack: Pack, medications: str | None, empty: CodeSet) -> dict[str, Known]:
    if medications is None:
        return {}
    return {f"{medications}.{drug}.{part}": Known(empty) for drug in pack.drugs.drugs for part in ("per", "route")}
