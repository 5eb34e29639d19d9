"""Which entries of a record count for a fact, and why the others do not.

An entry that may count but cannot be placed (no date, no status, nobody named) is a doubt: it leaves the fact unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from cds_engine.fhir.days import Bounds, Stretch, during, ends_during, overlaps
from cds_engine.fhir.elements import NEVER, Resource, codings, elements, subject, system_of
from cds_engine.fhir.entry import Entry
from cds_engine.fhir.plan import Filter, Wanted
from cds_engine.fhir.record import Record
from cds_engine.fhir.values import value_element, why_absent
from cds_engine.pack.fhir import When

SOMEBODY_ELSE = "it is about somebody else"
FORBIDS = "it says what shall not be done"


class Reason(NamedTuple):
    """Why an entry does not count; a doubt leaves the fact unknown."""

    text: str
    is_doubt: bool = False


class Counting:
    """Decides for one record which entries count."""

    def __init__(self, record: Record, as_of: date | None, bounds: Mapping[str, Bounds | None]) -> None:
        self._record = record
        self._as_of = as_of
        self._bounds = bounds
        self._is_mine: dict[str, bool] = {}
        """By reference: nearly all entries have the same."""

    def why_none(self, entry: Entry) -> Reason | None:
        """Return why an entry counts for nothing, None if it may count for something."""
        if entry.is_patient:
            return None
        if (
            "modifierExtension" in entry.resource or "implicitRules" in entry.resource
        ):  # they may turn its meaning round
            return Reason("it is modified in a way that is not understood", is_doubt=True)
        return self._whose(entry.resource)

    def why_not(self, wanted: Wanted, entry: Entry) -> Reason | None:
        """Return why an entry does not count for one selection, None if it does."""
        resource = entry.resource
        reason = None if entry.is_patient else _by_status(wanted, entry.status)
        if reason is not None:
            return reason
        if resource.get("doNotPerform") is True:
            return Reason(FORBIDS)
        for wish in wanted.filters:
            reason = _by_filter(wish, resource, closed=wanted.closed)
            if reason is not None:
                return reason
        if wanted.selection.has_value and not wanted.selection.component and value_element(resource) is None:
            return Reason(why_absent(resource))
        when = entry.when
        if when is not None and self._as_of is not None and when.begin.first > self._as_of:
            return Reason(f"it lies after the day of the answer, {self._as_of}")
        rule = wanted.selection.when
        return None if rule is None else self._by_time(rule, wanted.within_days, when)

    def why_no_order(self, resource: Resource) -> Reason | None:
        """Return why a prescription that is about to be signed is not screened, None if it is."""
        whose = subject(resource)
        if whose is not None and not self._record.is_about(whose):
            return Reason(SOMEBODY_ELSE)
        return Reason(FORBIDS) if resource.get("doNotPerform") is True else None

    def _whose(self, resource: Resource) -> Reason | None:
        reference = subject(resource)
        if reference is None or "?" in reference:
            return Reason("it does not say whom it is about", is_doubt=True)
        is_mine = self._is_about(reference)
        if is_mine and "focus" in resource:
            is_mine = all(self._is_about(str(named)) for named in elements(resource, "focus.reference"))
        return None if is_mine else Reason(SOMEBODY_ELSE)

    def _is_about(self, reference: str) -> bool:
        known = self._is_mine.get(reference)
        if known is None:
            known = self._is_mine[reference] = self._record.is_about(reference)
        return known

    def _by_time(self, rule: When, within_days: float | None, when: Stretch | None) -> Reason | None:
        if when is None:
            return Reason("it has no date", is_doubt=True)
        bounds = self._bounds.get(rule.period) if rule.period else self._recent(within_days)
        if bounds is None:
            return Reason("the day of the answer is not known", is_doubt=True)
        relation = overlaps
        if rule.during:
            relation = during
        elif rule.ends_during:
            relation = ends_during
        holds = relation(when, bounds)
        if holds is None:
            return Reason("its date is not exact enough", is_doubt=True)
        return None if holds else Reason(f"{_shown(when)} {_lies(rule)} {bounds.start} to {bounds.end}")

    def _recent(self, within: float | None) -> Bounds | None:
        """Return the days before `as_of` that count, or that day alone."""
        if self._as_of is None:
            return None
        return Bounds(date.fromordinal(max(1, self._as_of.toordinal() - int(within or 0))), self._as_of)


def _by_status(wanted: Wanted, said: str | None) -> Reason | None:
    if wanted.selection.any_status and said not in NEVER:
        return None
    if said is None:
        return Reason("it has no status", is_doubt=True)
    if said in NEVER or said not in wanted.statuses:
        return Reason(f"its status is `{said}`", is_doubt=said == "unknown")
    return None


def _by_filter(wish: Filter, resource: Resource, *, closed: bool) -> Reason | None:
    found = elements(resource, wish.path)
    if not found and wish.or_absent:
        return None
    if not found:
        return Reason(f"it has no `{wish.path}`", is_doubt=not closed)
    for value in found:
        if isinstance(value, str) and value in wish.words:
            return None
        for coding in codings(value):
            if coding.get("code") in wish.words or (system_of(coding), coding.get("code")) in wish.pairs:
                return None
    return Reason(f"its `{wish.path}` is another")


def _shown(when: Stretch) -> str:
    first, last = when.begin.first, when.end.last
    end = "" if first == last else " on" if last == date.max else f" to {last}"
    return f"its time, {first}{end}," if first > date.min else f"its time, until {last},"


def _lies(rule: When) -> str:
    if rule.ends_during:
        return "does not end within"
    return "is not within" if rule.during else "does not reach"
