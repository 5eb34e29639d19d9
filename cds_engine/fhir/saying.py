"""What the entries that count say of a fact: its value as a patient's file would hold it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

from cds_engine.fhir.elements import Resource, elements
from cds_engine.fhir.entry import Entry, place_of
from cds_engine.fhir.medicines import Medicines
from cds_engine.fhir.plan import Wanted, components, pairs
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


class Part(NamedTuple):
    """An entry that counts for a fact, or one component of it."""

    wanted: Wanted
    entry: Entry
    resource: Resource
    """The entry or the component."""
    value: tuple[str, object] | None
    """Its `value[x]`; None where the mapping takes the value from elsewhere."""
    day: date | None
    """The day of the value; None where it has none or that is not exact."""


class Saying:
    """Reads what the entries of one record say; what of it is not used goes to *unused*."""

    def __init__(self, record: Record, medicines: Medicines, unused: list[Unused]) -> None:
        self._record = record
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
        parts = [part for wanted, one in found.counted for part in self._parts(name, wanted, one)]
        given = [value for part in self._latest(name, parts) for value in self._said(name, entry, part)]
        return [*given, *({"unusable": str(doubt)} for doubt in found.doubts)] or None

    def _names(self, wanted: Wanted, entry: Entry) -> list[str]:
        names = self._medicines.names(entry.resource, self._record)
        if not names:
            self._unused.append(Unused(entry.place, wanted.fact, "it has no code and no name that can be used"))
        return names or ["an entry without a code or name"]

    def _parts(self, name: str, wanted: Wanted, entry: Entry) -> Iterator[Part]:
        """Yield the entry, or those of its components that are asked for; without a value there is nothing."""
        selection, resource = wanted.selection, entry.resource
        if selection.gives is not None or selection.element is not None:
            yield Part(wanted, entry, resource, None, None)
            return
        parts = [resource]
        if selection.component:
            parts = [part for part in components(resource) if not wanted.codes.isdisjoint(pairs(part.get("code")))]
        day = entry.when.begin.exact if entry.when is not None else None
        for part in parts:
            value = value_element(part)
            if value is None:
                self._unused.append(Unused(entry.place, name, why_absent(part)))
            else:
                yield Part(wanted, entry, part, value, day)

    def _latest(self, name: str, parts: list[Part]) -> list[Part]:
        """Return the parts of the latest day and those without one; older ones are history, and are not read."""
        latest = max((part.day for part in parts if part.day is not None), default=None)
        kept = [part for part in parts if part.day is None or part.day == latest]
        older = len(parts) - len(kept)
        if older:
            self._unused.append(Unused(f"{older} entries" if older > 1 else "1 entry", name, f"older than {latest}"))
        return kept

    def _said(self, name: str, fact: FactEntry, part: Part) -> list[Given]:
        """Return the values that an entry or a component gives for a fact."""
        wanted, entry, selection = part.wanted, part.entry, part.wanted.selection
        if selection.gives is not None:
            return [{"value": selection.gives}]
        if part.value is None:
            found = elements(part.resource, selection.element or "")
            return [_plain(fact, wanted, value, entry.place) for value in found]
        if fact.type in {"code", "boolean"}:
            return [dated(_plain(fact, wanted, part.value[1], entry.place), entry.when, entry.place)]
        given, remark = measured(part.resource, part.value)
        if remark:
            self._unused.append(Unused(entry.place, name, remark))
        return [dated(given, entry.when, entry.place)]


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
