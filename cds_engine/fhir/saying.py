"""What the entries that count say of a fact: its value as a patient's file would hold it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from cds_engine.fhir.elements import Resource, elements
from cds_engine.fhir.entry import Entry, place_of
from cds_engine.fhir.medicines import Medicines
from cds_engine.fhir.plan import Plans, Wanted, components, pairs
from cds_engine.fhir.record import Record
from cds_engine.fhir.values import Given, coded, dated, measured, value_element, why_absent
from cds_engine.pack.dictionary import FactEntry
from cds_engine.pack.fhir import FactMapping


class Unused(NamedTuple):
    """An entry that looked relevant and was not used."""

    entry: str
    """`Observation/abc`."""
    fact: str | None
    reason: str


class Doubt(NamedTuple):
    """An entry that may count, and what leaves it open."""

    entry: str
    reason: str

    def __str__(self) -> str:
        return f"{self.entry}: {self.reason}"

    @property
    def unnamed(self) -> str:
        """The doubt as an item of a list, without the id of the entry, in which the name of a drug may stand."""
        return f"an entry in doubt: {self.reason}"


@dataclass(slots=True)
class Found:
    """What the entries of a record come to for one fact."""

    counted: list[tuple[Wanted, Entry]] = field(default_factory=list)
    doubts: list[Doubt] = field(default_factory=list)


class Saying:
    """Reads what the entries of one record say; what of it is not used goes to *unused*."""

    def __init__(self, record: Record, plans: Plans, medicines: Medicines, unused: list[Unused]) -> None:
        self._record = record
        self._plans = plans
        self._medicines = medicines
        self._unused = unused

    def medicines(self, found: Found) -> list[Given]:
        """Return the entries of a list of medicines or of orders."""
        return [item for wanted, entry in found.counted for item in self.doses(wanted.fact, entry.resource)]

    def doses(self, fact: str | None, resource: Resource) -> list[Given]:
        """Return the entries that one prescription or statement gives to a list, one for each dosage."""
        items, remarks = self._medicines.entries(resource, self._record)
        self._unused += [Unused(place_of(resource), fact, remark) for remark in remarks]
        return items

    def listed(self, found: Found, mapping: FactMapping, entry: FactEntry) -> object:
        """Return a list, which need not be all there is; an empty one says something only if it must be all."""
        items: list[Any]
        if entry.type == "medications":
            items = [*self.medicines(found), *({"name": doubt.unnamed} for doubt in found.doubts)]
        else:
            items = [name for wanted, one in found.counted for name in self._names(wanted, one)]
            items += [doubt.unnamed for doubt in found.doubts]
        is_whole = mapping.is_whole_list and not self._record.is_page
        return {"value": items, "complete": is_whole} if items or is_whole else None

    def values(self, name: str, entry: FactEntry, found: Found) -> list[Given] | None:
        """Return the values of the latest day, and those that cannot be used; None where there is none."""
        given = [value for wanted, one in found.counted for value in self._said(name, entry, wanted, one)]
        given += [{"unusable": str(doubt)} for doubt in found.doubts]
        return self._latest(name, given) or None

    def _names(self, wanted: Wanted, entry: Entry) -> list[str]:
        names = self._medicines.names(entry.resource, self._record)
        if not names:
            self._unused.append(Unused(entry.place, wanted.fact, "it has no code and no name that can be used"))
        return names or ["an entry without a code or name"]

    def _said(self, name: str, fact: FactEntry, wanted: Wanted, entry: Entry) -> list[Given]:
        """Return the values that one entry gives for a fact."""
        resource, selection = entry.resource, wanted.selection
        if selection.gives is not None:
            return [{"value": selection.gives}]
        if selection.element is not None:
            return [_plain(fact, wanted, value, entry.place) for value in elements(resource, selection.element)]
        parts = [resource]
        if selection.component:
            parts = [part for part in components(resource) if self._is_wanted(wanted, part)]
        given = []
        for part in parts:
            value = value_element(part)
            if value is None:
                self._unused.append(Unused(entry.place, name, why_absent(part)))
                continue
            if fact.type in {"code", "boolean"}:
                one, remark = _plain(fact, wanted, value[1], entry.place), None
            else:
                one, remark = measured(part, value)
            if remark:
                self._unused.append(Unused(entry.place, name, remark))
            given.append(dated(one, entry.when, entry.place))
        return given

    def _is_wanted(self, wanted: Wanted, part: Resource) -> bool:
        plan = self._plans.by_type[wanted.selection.resource]
        return any(wanted in plan.by_part_code.get(pair, ()) for pair in pairs(part.get("code")))

    def _latest(self, name: str, values: list[Given]) -> list[Given]:
        """Return the values of the latest day and those without one; older ones are history."""
        latest = max((str(value["date"]) for value in values if "date" in value), default=None)
        kept = [value for value in values if value.get("date", latest) == latest]
        if len(kept) < len(values):
            older = len(values) - len(kept)
            self._unused.append(Unused(f"{older} entries" if older > 1 else "1 entry", name, f"older than {latest}"))
        return kept


def _plain(fact: FactEntry, wanted: Wanted, value: object, place: str) -> Given:
    """Return a coded value in the words of the fact, any other as it is."""
    if isinstance(value, bool) and fact.type == "boolean":
        return {"value": value}
    if fact.type not in {"code", "boolean"} or wanted.mapping is None:
        return {"value": value}
    meaning = coded(value, wanted.mapping.values)
    if meaning is None:
        return {"unusable": f"{place} has a value that the mapping does not know"}
    return {"value": meaning}
