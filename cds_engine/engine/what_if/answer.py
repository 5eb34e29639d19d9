"""The smallest changes to every other status, each confirmed by the whole engine, as the answer shows them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

from cds_engine.engine.what_if.case import Case, Supposed, Value
from cds_engine.engine.what_if.needs import ways_to
from cds_engine.engine.what_if.numbers import said_now
from cds_engine.engine.what_if.search import Found, Search
from cds_engine.lowering.guideline import Guideline
from cds_engine.results.models import STATUSES, Status
from cds_engine.results.terms import Wording
from cds_engine.results.what_if import SupposedFact, Supposition, WhatWouldChange

Replay = Callable[[Mapping[str, object]], Status]
"""Answers a patient with these facts anew, by the whole engine, and says what becomes of the rule."""


def what_would_change(
    guideline: Guideline,
    rule: str,
    facts: Mapping[str, object],
    as_of: date | None,
    wording: Wording,
    replay: Replay,
) -> WhatWouldChange:
    """Return the smallest changes of *facts* that would give *rule* another status, each confirmed by *replay*."""
    spec = next(spec for spec in guideline.rules if spec.rule.id == rule)
    case = Case(guideline, spec, facts, as_of)
    return _Finder(case, wording, replay).run()


class _Finder:
    """Asks for every other status, and says what was found."""

    def __init__(self, case: Case, wording: Wording, replay: Replay) -> None:
        self._case = case
        self._wording = wording
        self._replay = replay
        entries = case.guideline.dictionary.facts.items()
        self._fixed = {name for name, spec in entries if spec.entry.fixed and said_now(case, name) is not None}

    def run(self) -> WhatWouldChange:
        found: dict[Status, Found] = {}
        now = self._case.now.decision.status
        for status in STATUSES:
            if status != now:
                found[status] = self._smallest(status, _most(status, now, found.get("recommended")))
        return WhatWouldChange(
            rule=self._case.spec.rule.id,
            status=now,
            suppositions=[one for status, which in found.items() for one in self._suppositions(status, which)],
            is_complete=all(which.is_complete for which in found.values()),
        )

    def _smallest(self, status: Status, most: int | None) -> Found:
        """Return the smallest changes; where each of them needs a fixed fact, those that need none as well."""
        ways = ways_to(status, self._case.guideline, self._case.spec)
        found = Search(self._case).smallest(ways, most)
        if found.supposed and all(self._fixed & supposed.changes.keys() for supposed in found.supposed):
            others = Search(self._case, self._fixed).smallest(ways, most)
            return Found([*found.supposed, *others.supposed], found.is_complete and others.is_complete)
        return found

    def _suppositions(self, status: Status, found: Found) -> list[Supposition]:
        confirmed = [supposed for supposed in found.supposed if self._is_confirmed(status, supposed)]
        confirmed.sort(key=lambda supposed: (len(supposed.changes), sum(v.distance for v in supposed.changes.values())))
        by_facts: dict[tuple[str, ...], list[Supposed]] = {}
        for supposed in confirmed:
            by_facts.setdefault(tuple(supposed.changes), []).append(supposed)
        return [Supposition(status=status, facts=self._facts(same)) for same in by_facts.values()]

    def _is_confirmed(self, status: Status, supposed: Supposed) -> bool:
        sent = {name: value.sent for name, value in supposed.changes.items()}
        return self._replay({**self._case.facts, **sent}) == status

    def _facts(self, same: list[Supposed]) -> list[SupposedFact]:
        """Say one set of facts; where it is one fact, every value of it that was found."""
        return [self._fact(name, [supposed.changes[name] for supposed in same]) for name in same[0].changes]

    def _fact(self, name: str, values: list[Value]) -> SupposedFact:
        nearest = min(value.distance for value in values)
        values = list({value.said: value for value in values if value.distance == nearest}.values())
        entry = self._case.guideline.dictionary.facts[name].entry
        now = said_now(self._case, name)
        kind = "fixed" if name in self._fixed else "modifiable"
        if now is None:
            kind = "missing" if self._case.given(name) is None else "unusable"
        return SupposedFact.made(
            fact=name,
            label=(entry.patient_label if self._wording == "patient" else None) or entry.label,
            kind=kind,
            now=now,
            values=[value.said for value in values],
            sent=[value.sent for value in values],
        )


def _most(status: Status, now: Status, ready: Found | None) -> int | None:
    """Return how many facts a way to *status* may change, None for any number.

    What only leads up to a recommendation must change fewer; one that is ready comes to wait by one fact or not at all.
    """
    if now == "recommended" and status == "needs_data":
        return 1
    leads_up = status == "needs_data" or (status == "blocked" and now == "not_applicable")
    return None if not leads_up or ready is None or ready.size is None else ready.size - 1
