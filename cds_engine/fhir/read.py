"""A FHIR record to the engine's ordinary patient, by the mapping of a pack, with what was not used and why.

What no entry says stays unknown. An entry that may bear on a fact but cannot be placed (no date, no status, no
terminology) makes the fact unknown too, unless another entry settles it; it is never passed over in silence.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

from cds_engine.fhir import days as times
from cds_engine.fhir.days import Bounds, Stretch, days
from cds_engine.fhir.elements import NEVER, Resource, codings, elements, status, subject, time
from cds_engine.fhir.medicines import entries_of, name_of
from cds_engine.fhir.periods import bounds_of
from cds_engine.fhir.plan import Filter, Plans, Wanted, components, has_code, pairs
from cds_engine.fhir.record import Record, read_record
from cds_engine.fhir.value_sets import Missing, Supplied, digest, in_words, missing
from cds_engine.fhir.values import coded, dated, measured, value_element, why_absent
from cds_engine.pack.dictionary import FactEntry
from cds_engine.pack.fhir import FactMapping, FhirFile, When
from cds_engine.pack.load import Pack


class Unused(NamedTuple):
    """An entry that looked relevant and was not used."""

    entry: str
    """`Observation/abc`."""
    fact: str | None
    reason: str


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
SOMEBODY_ELSE = "it is about somebody else"
FORBIDS = "it says what shall not be done"


class _Reason(NamedTuple):
    """Why an entry does not count; a doubt leaves the fact unknown."""

    text: str
    is_doubt: bool = False


@dataclass(slots=True)
class _Found:
    """What the entries of a record come to for one fact."""

    counted: list[tuple[Wanted, Resource, Stretch | None]] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)


class FhirReader:
    """Reads the records of one pack; immutable, safe to share between threads."""

    def __init__(self, pack: Pack, mapping: FhirFile, supplied: Supplied) -> None:
        self._pack = pack
        self._mapping = mapping
        self._plans = Plans(mapping, pack.facts, supplied)
        self.missing = tuple(missing(mapping, supplied))
        self.value_sets = digest(mapping, supplied)

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
        reading = _Reading(self._pack, self._mapping, self._plans, read_record(data), as_of, period)
        return reading.patient(self.missing, list(proposed))


class _Reading:
    """Reads one record."""

    def __init__(
        self,
        pack: Pack,
        mapping: FhirFile,
        plans: Plans,
        record: Record,
        as_of: date | None,
        period: tuple[date, date] | None,
    ) -> None:
        self._pack = pack
        self._mapping = mapping
        self._plans = plans
        self._record = record
        self._as_of = as_of
        self._bounds = {name: bounds_of(p, as_of, period) for name, p in mapping.periods.items()}
        self._born = days(record.patient.get("birthDate"))
        self._found: dict[str | None, _Found] = {}
        self._unused: list[Unused] = []
        self._taken_for_absent: list[str] = []

    def patient(self, absent_sets: tuple[Missing, ...], proposed: list[Resource]) -> FhirPatient:
        """Return the patient."""
        by_type = self._plans.by_type
        drafts = {place_of(resource) for resource in proposed if "id" in resource}
        for resource in self._record.resources:
            plan = by_type.get(resource["resourceType"])
            if plan is None or place_of(resource) in drafts:
                continue
            certain, doubtful = plan.find(resource)
            if certain:
                self._weigh(resource, certain)
            if not certain and not doubtful and plan.by_code and not has_code(resource):
                self._unused.append(Unused(place_of(resource), None, "it has no code"))
            for wanted in doubtful:
                self._leave(wanted, resource, _Reason("its code has no terminology", is_doubt=True))
        facts = self._facts()
        orders = [e for w, r, _ in self._of(None).counted for e in self._medicines(w.fact, r)]
        orders += [entry for resource in proposed for entry in self._ordered(resource)]
        patient: dict[str, Any] = {"id": self._record.name, "facts": facts, "orders": orders}
        is_page = self._record.is_page
        return FhirPatient(patient, tuple(self._unused), tuple(self._remarks()), absent_sets, is_page=is_page)

    def _of(self, fact: str | None) -> _Found:
        return self._found.setdefault(fact, _Found())

    # Which entries count

    def _weigh(self, resource: Resource, selections: list[Wanted]) -> None:
        kind = resource["resourceType"]
        about = None if kind == "Patient" else self._whose(resource)
        said = status(resource)
        when = None if kind == "Patient" else time(resource, self._born)
        left: list[tuple[Wanted, _Reason]] = []
        used: set[str | None] = set()
        for wanted in selections:
            reason = about or (None if kind == "Patient" else _by_status(wanted, said))
            reason = reason or self._by_content(wanted, resource, when)
            if reason is None:
                used.add(wanted.fact)
                self._of(wanted.fact).counted.append((wanted, resource, when))
            else:
                left.append((wanted, reason))
        for wanted, reason in left:
            is_told = wanted.fact is not None or reason.is_doubt  # that an entry is no proposal goes without saying
            if is_told and wanted.fact not in used:
                self._leave(wanted, resource, reason)

    def _leave(self, wanted: Wanted, resource: Resource, reason: _Reason) -> None:
        place = place_of(resource)
        unused = Unused(place, wanted.fact, reason.text)
        if unused in self._unused[-MANY:]:
            return  # by another selection of the same fact
        self._unused.append(unused)
        if reason.is_doubt:
            self._of(wanted.fact).doubts.append(f"{place}: {reason.text}")

    def _whose(self, resource: Resource) -> _Reason | None:
        reference = subject(resource)
        if reference is None:
            return _Reason("it does not say whom it is about", is_doubt=True)
        return None if self._record.is_about(reference) else _Reason(SOMEBODY_ELSE)

    def _by_content(self, wanted: Wanted, resource: Resource, when: Stretch | None) -> _Reason | None:
        if resource.get("doNotPerform") is True:
            return _Reason(FORBIDS)
        for wish in wanted.filters:
            reason = _by_filter(wish, resource, closed=wanted.closed)
            if reason is not None:
                return reason
        if wanted.selection.has_value and value_element(resource) is None:
            return _Reason(why_absent(resource))
        if when is not None and self._as_of is not None and when.begin.first > self._as_of:
            return _Reason(f"it lies after the day of the answer, {self._as_of}")
        return self._by_time(wanted, when)

    def _by_time(self, wanted: Wanted, when: Stretch | None) -> _Reason | None:
        rule = wanted.selection.when
        if rule is None:
            return None
        if when is None:
            return _Reason("it has no date", is_doubt=True)
        bounds = self._bounds.get(rule.period) if rule.period else self._recent(wanted.within_days)
        if bounds is None:
            return _Reason("the day of the answer is not known", is_doubt=True)
        relation = times.overlaps
        if rule.during:
            relation = times.during
        elif rule.ends_during:
            relation = times.ends_during
        holds = relation(when, bounds)
        if holds is None:
            return _Reason("its date is not exact enough", is_doubt=True)
        return None if holds else _Reason(f"{_shown(when)} {_lies(rule)} {bounds.start} to {bounds.end}")

    def _recent(self, within: float | None) -> Bounds | None:
        """Return the days before `as_of` that count, or that day alone."""
        if self._as_of is None:
            return None
        return Bounds(date.fromordinal(max(1, self._as_of.toordinal() - int(within or 0))), self._as_of)

    # What they say

    def _facts(self) -> dict[str, Any]:
        facts: dict[str, Any] = {}
        for name, mapping in self._mapping.facts.items():
            found = self._found.get(name) or _Found()
            given = self._given(name, mapping, self._pack.facts.facts[name], found)
            if given is not None:
                facts[name] = given
        for name, period in self._mapping.periods.items():
            bounds = self._bounds[name]
            if bounds is not None:
                facts[period.start] = bounds.start.isoformat()
                if period.end is not None:
                    facts[period.end] = bounds.end.isoformat()
        return facts

    def _given(self, name: str, mapping: FactMapping, entry: FactEntry, found: _Found) -> object:
        """Return what goes into the patient for one fact, None for nothing."""
        if entry.type == "boolean" and not mapping.values:
            return self._presence(name, mapping, found)
        if entry.type == "medications":
            listed = [item for wanted, resource, _ in found.counted for item in self._medicines(wanted.fact, resource)]
            listed += [{"name": doubt} for doubt in found.doubts]
            return self._list(listed, mapping)
        if entry.type == "codes":
            items: list[object] = [name_of(resource, self._record) for _, resource, _ in found.counted]
            return self._list([*items, *found.doubts], mapping)
        values = [given for one in found.counted for given in self._values(name, entry, *one)]
        values += [{"unusable": doubt} for doubt in found.doubts]
        return self._latest(name, values) or None

    def _list(self, items: list[Any], mapping: FactMapping) -> object:
        """Return a list, which need not be all there is; an empty one says something only if it must be all."""
        is_whole = mapping.is_whole_list and not self._record.is_page
        return {"value": items, "complete": is_whole} if items or is_whole else None

    def _presence(self, name: str, mapping: FactMapping, found: _Found) -> object:
        if found.counted:
            return True
        if found.doubts:
            return {"unusable": "; ".join(found.doubts)}
        is_known = mapping.absent is not None and name not in self._plans.incomplete
        rules = [selection.when for selection in mapping.entries if selection.when is not None]
        has_days = all(self._bounds[r.period] if r.period else self._as_of for r in rules)
        if not is_known or not has_days or self._record.is_page:
            return None
        self._taken_for_absent.append(name)
        return False

    def _values(
        self, name: str, entry: FactEntry, wanted: Wanted, resource: Resource, when: Stretch | None
    ) -> list[dict[str, Any]]:
        """Return the values that one entry gives for a fact."""
        place, selection = place_of(resource), wanted.selection
        if selection.gives is not None:
            return [{"value": selection.gives}]
        if selection.element is not None:
            return [self._plain(entry, wanted, value, place) for value in elements(resource, selection.element)]
        parts = [resource]
        if selection.component:
            parts = [part for part in components(resource) if self._names(wanted, part)]
        given = []
        for part in parts:
            value = value_element(part)
            if value is None:
                self._unused.append(Unused(place, name, why_absent(part)))
                continue
            if entry.type in {"code", "boolean"}:
                one, remark = self._plain(entry, wanted, value[1], place), None
            else:
                one, remark = measured(part, value)
            if remark:
                self._unused.append(Unused(place, name, remark))
            given.append(dated(one, when, place))
        return given

    def _names(self, wanted: Wanted, part: Resource) -> bool:
        plan = self._plans.by_type[wanted.selection.resource]
        return any(wanted in plan.by_part_code.get(pair, ()) for pair in pairs(part.get("code")))

    def _plain(self, entry: FactEntry, wanted: Wanted, value: object, place: str) -> dict[str, Any]:
        """Return a coded value in the words of the fact, any other as it is."""
        if isinstance(value, bool) and entry.type == "boolean":
            return {"value": value}
        if entry.type not in {"code", "boolean"} or wanted.mapping is None:
            return {"value": value}
        meaning = coded(value, wanted.mapping.values)
        if meaning is None:
            return {"unusable": f"{place} has a value that the mapping does not know"}
        return {"value": meaning}

    def _latest(self, name: str, values: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return the values of the latest day and those without one; older ones are history."""
        latest = max((str(value["date"]) for value in values if "date" in value), default=None)
        kept = [value for value in values if value.get("date", latest) == latest]
        if len(kept) < len(values):
            older = len(values) - len(kept)
            self._unused.append(Unused(f"{older} entries" if older > 1 else "1 entry", name, f"older than {latest}"))
        return kept

    def _medicines(self, fact: str | None, resource: Resource) -> list[dict[str, Any]]:
        items, remarks = entries_of(resource, self._record)
        self._unused += [Unused(place_of(resource), fact, remark) for remark in remarks]
        return items

    def _ordered(self, resource: Resource) -> list[dict[str, Any]]:
        """Return a prescription that is about to be signed, unless it is somebody else's or forbids something."""
        whose = subject(resource)
        if whose is not None and not self._record.is_about(whose):
            self._unused.append(Unused(place_of(resource), None, SOMEBODY_ELSE))
            return []
        if resource.get("doNotPerform") is True:
            self._unused.append(Unused(place_of(resource), None, FORBIDS))
            return []
        return self._medicines(None, resource)

    def _remarks(self) -> Iterable[str]:
        if self._taken_for_absent:
            labels = ", ".join(self._pack.facts.facts[name].label for name in self._taken_for_absent)
            yield f"not in the record and taken for absent: {labels} ({self._mapping.closed_record})"
        for name, period in self._mapping.periods.items():
            bounds = self._bounds[name]
            if bounds is not None:
                yield f"{period.label}: {bounds.start} to {bounds.end}"


def _shown(when: Stretch) -> str:
    first, last = when.begin.first, when.end.last
    end = "" if first == last else " on" if last == date.max else f" to {last}"
    return f"its time, {first}{end}," if first > date.min else f"its time, until {last},"


def _lies(rule: When) -> str:
    if rule.ends_during:
        return "does not end within"
    return "is not within" if rule.during else "does not reach"


def place_of(resource: Resource) -> str:
    """Return the name of an entry: `Observation/abc`."""
    return f"{resource.get('resourceType')}/{resource.get('id', 'without id')}"


def _by_status(wanted: Wanted, said: str | None) -> _Reason | None:
    if wanted.selection.any_status and said not in NEVER:
        return None
    if said is None:
        return _Reason("it has no status", is_doubt=True)
    if said in NEVER or said not in wanted.statuses:
        return _Reason(f"its status is `{said}`")
    return None


def _by_filter(wish: Filter, resource: Resource, *, closed: bool) -> _Reason | None:
    found = elements(resource, wish.path)
    if not found and wish.or_absent:
        return None
    if not found:
        return _Reason(f"it has no `{wish.path}`", is_doubt=not closed)
    for value in found:
        if isinstance(value, str) and value in wish.words:
            return None
        for coding in codings(value):
            if coding.get("code") in wish.words or (coding.get("system"), coding.get("code")) in wish.pairs:
                return None
    return _Reason(f"its `{wish.path}` is another")


__all__ = ["FhirPatient", "FhirReader", "Missing", "Unused", "in_words"]
