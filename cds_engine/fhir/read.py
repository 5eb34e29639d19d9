"""A FHIR record to the engine's ordinary patient, by the mapping of a pack, with what was not used and why.

What no entry says stays unknown. An entry that may bear on a fact but cannot be placed (no date, no status, no
terminology) makes the fact unknown too, unless another entry settles it; it is never passed over in silence.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from cds_engine.fhir.counting import Counting, Reason
from cds_engine.fhir.days import days
from cds_engine.fhir.elements import Resource
from cds_engine.fhir.entry import entry_of, place_of
from cds_engine.fhir.medicines import Medicines
from cds_engine.fhir.periods import bounds_of
from cds_engine.fhir.plan import Plan, Plans, Wanted
from cds_engine.fhir.record import Record, read_record
from cds_engine.fhir.saying import Doubt, Found, Saying, Unused
from cds_engine.fhir.value_sets import Missing, Supplied, digest, missing
from cds_engine.pack.dictionary import FactEntry
from cds_engine.pack.fhir import FactMapping, FhirFile
from cds_engine.pack.load import Pack


@dataclass(frozen=True, slots=True)
class FhirPatient:
    """A record as the engine takes it, and what became of its entries."""

    patient: Mapping[str, Any]
    """Goes into `evaluate`."""
    unused: tuple[Unused, ...]
    remarks: tuple[str, ...]
    """What the facts of every such record rest on, as the reader should hear it."""
    missing: tuple[Missing, ...] = ()
    """Value sets that nobody supplied."""
    is_page: bool = False
    """Whether the record goes on elsewhere."""


MANY = 20
"""How many selections may leave one entry for one reason."""


class FhirReader:
    """Reads the records of one pack; immutable, safe to share between threads."""

    def __init__(self, pack: Pack, mapping: FhirFile, supplied: Supplied) -> None:
        self.pack = pack
        self.mapping = mapping
        self.plans = Plans(mapping, pack.facts, supplied)
        self.medicines = Medicines(pack.drugs)
        self.missing = tuple(missing(mapping, supplied))
        self.value_sets = digest(mapping, supplied)
        """The hash of what was supplied, None for nothing."""

    def read(
        self,
        data: Mapping[str, Any] | Iterable[Mapping[str, Any]],
        as_of: date | None,
        period: tuple[date, date] | None = None,
        proposed: Iterable[Resource] = (),
    ) -> FhirPatient:
        """Return the patient of a Bundle or of a list of resources.

        *period* is the period that entries are held against; without it each follows from *as_of*. *proposed* are
        prescriptions that somebody is about to sign: orders whatever they say of their status, and nothing that is
        taken, even where the record holds them, too.

        Raises:
            InputError: If *data* is no FHIR, or does not hold exactly one patient.
        """
        return _Reading(self, read_record(data, self.plans.by_type.keys()), as_of, period).patient(list(proposed))


class _Reading:
    """Reads one record."""

    def __init__(
        self, reader: FhirReader, record: Record, as_of: date | None, period: tuple[date, date] | None
    ) -> None:
        self._reader = reader
        self._record = record
        self._as_of = as_of
        self._bounds = {name: bounds_of(p, as_of, period) for name, p in reader.mapping.periods.items()}
        self._born = days(record.patient.get("birthDate"))
        self._counting = Counting(record, as_of, self._bounds)
        self._found: dict[str | None, Found] = {}
        self._unused: list[Unused] = []
        self._saying = Saying(record, reader.medicines, self._unused)
        self._taken_for_absent: list[str] = []

    def patient(self, proposed: list[Resource]) -> FhirPatient:
        """Return the patient."""
        drafts = {place_of(resource) for resource in proposed if "id" in resource}
        plans = self._reader.plans.by_type
        for resource in self._record.resources:
            plan = plans.get(resource["resourceType"])
            if plan is None or plan.passes_over(resource) or (drafts and place_of(resource) in drafts):
                continue
            self._look_at(resource, plan)
        facts = self._facts()
        orders = self._saying.medicines(self._of(None))
        orders += [item for resource in proposed for item in self._ordered(resource)]
        patient: dict[str, Any] = {"id": self._record.name, "facts": facts, "orders": orders}
        return FhirPatient(
            patient, tuple(self._unused), tuple(self._remarks()), self._reader.missing, is_page=self._record.is_page
        )

    def _of(self, fact: str | None) -> Found:
        found = self._found.get(fact)
        if found is None:
            found = self._found[fact] = Found()
        return found

    # Entries

    def _look_at(self, resource: Resource, plan: Plan) -> None:
        certain, doubtful, has_no_code = plan.find(resource)
        if certain:
            self._weigh(resource, certain)
        elif has_no_code:
            self._unused.append(Unused(place_of(resource), None, "it has no code"))
        if doubtful:
            self._doubt(resource, doubtful)

    def _weigh(self, resource: Resource, selections: list[Wanted]) -> None:
        entry = entry_of(resource, self._born)
        for_none = self._counting.why_none(entry)
        left: list[tuple[Wanted, Reason]] = []
        used: set[str | None] = set()
        for wanted in selections:
            reason = for_none or self._counting.why_not(wanted, entry)
            if reason is None:
                used.add(wanted.fact)
                self._of(wanted.fact).counted.append((wanted, entry))
            else:
                left.append((wanted, reason))
        for wanted, reason in left:
            is_told = wanted.fact is not None or reason.is_doubt  # that an entry is no proposal goes without saying
            if is_told and wanted.fact not in used:
                self._leave(wanted, entry.place, reason)

    def _doubt(self, resource: Resource, selections: list[Wanted]) -> None:
        """Leave an entry by a code without its terminology: a doubt, unless it would not count in any terminology."""
        entry = entry_of(resource, self._born)
        for_none = self._counting.why_none(entry)
        for wanted in selections:
            reason = for_none or self._counting.why_not(wanted, entry)
            if reason is None or reason.is_doubt:
                reason = Reason("its code has no terminology", is_doubt=True)
            self._leave(wanted, entry.place, reason)

    def _ordered(self, resource: Resource) -> list[dict[str, Any]]:
        """Return a prescription that is about to be signed, unless it is somebody else's or forbids something."""
        reason = self._counting.why_no_order(resource)
        if reason is None:
            return self._saying.doses(
                None, {**resource, "status": "draft"}
            )  # whatever it says: it is about to be signed
        self._unused.append(Unused(place_of(resource), None, reason.text))
        return []

    def _leave(self, wanted: Wanted, place: str, reason: Reason) -> None:
        unused = Unused(place, wanted.fact, reason.text)
        if unused in self._unused[-MANY:]:
            return  # by another selection of the same fact
        self._unused.append(unused)
        if reason.is_doubt:
            self._of(wanted.fact).doubts.append(Doubt(place, reason.text))

    # Facts

    def _facts(self) -> dict[str, Any]:
        facts: dict[str, Any] = {}
        for name, mapping in self._reader.mapping.facts.items():
            found = self._found.get(name)
            if found is None and mapping.absent is None and not mapping.is_whole_list:
                continue  # nothing of it is in the record, and that means nothing
            given = self._given(name, mapping, self._reader.pack.facts.facts[name], found or Found())
            if given is not None:
                facts[name] = given
        for name, period in self._reader.mapping.periods.items():
            bounds = self._bounds[name]
            if bounds is not None:
                facts[period.start] = bounds.start.isoformat()
                if period.end is not None:
                    facts[period.end] = bounds.end.isoformat()
        return facts

    def _given(self, name: str, mapping: FactMapping, entry: FactEntry, found: Found) -> object:
        """Return what goes into the patient for one fact, None for nothing."""
        if entry.type == "boolean" and not mapping.values:
            return self._presence(name, mapping, found)
        if entry.type in {"medications", "codes"}:
            return self._saying.listed(found, mapping, entry)
        return self._saying.values(name, entry, found)

    def _presence(self, name: str, mapping: FactMapping, found: Found) -> object:
        if found.counted:
            return True
        if found.doubts:
            return {"unusable": "; ".join(map(str, found.doubts))}
        is_known = mapping.absent is not None and name not in self._reader.plans.incomplete
        rules = [selection.when for selection in mapping.entries if selection.when is not None]
        has_days = all(self._bounds[r.period] if r.period else self._as_of for r in rules)
        if not is_known or not has_days or self._record.is_page:
            return None
        self._taken_for_absent.append(name)
        return False

    def _remarks(self) -> Iterable[str]:
        mapping = self._reader.mapping
        if self._taken_for_absent:
            labels = ", ".join(self._reader.pack.facts.facts[name].label for name in self._taken_for_absent)
            yield f"not in the record and taken for absent: {labels} ({mapping.closed_record})"
        for name, period in mapping.periods.items():
            bounds = self._bounds[name]
            if bounds is not None:
                yield f"{period.label}: {bounds.start} to {bounds.end}"
