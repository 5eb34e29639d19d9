"""The mapping of a pack, prepared once: for every code of a record the facts that it bears on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from cds_engine.fhir.elements import CODE, Resource, codings, system_of
from cds_engine.fhir.value_sets import Supplied, resolve
from cds_engine.pack.base import Amount
from cds_engine.pack.dictionary import FactsFile
from cds_engine.pack.fhir import SYSTEMS, FactMapping, FhirFile, RecordCode, Selection
from cds_engine.pack.measures import days as days_of

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Filter:
    """What an element must say."""

    path: str
    pairs: frozenset[Pair]
    words: frozenset[str]
    or_absent: bool


@dataclass(frozen=True, slots=True, eq=False)
class Wanted:
    """One selection of entries, for one fact or (with none) for the orders."""

    fact: str | None
    selection: Selection
    mapping: FactMapping | None
    statuses: frozenset[str]
    filters: tuple[Filter, ...]
    within_days: float | None
    closed: bool
    """Whether what an entry does not say is taken as not so."""


class Matches(NamedTuple):
    """The selections that an entry meets."""

    certain: list[Wanted]
    doubtful: list[Wanted]
    """By a code without its terminology."""
    has_no_code: bool
    """Whether it has words only, where codes are asked for."""


@dataclass(slots=True)
class Plan:
    """The selections of one type of resource."""

    by_code: dict[tuple[str | None, str], list[Wanted]] = field(default_factory=dict)
    by_part_code: dict[tuple[str | None, str], list[Wanted]] = field(default_factory=dict)
    """Of components."""
    below: list[tuple[str, str, Wanted]] = field(default_factory=list)
    always: list[Wanted] = field(default_factory=list)
    bare: dict[str, list[Wanted]] = field(default_factory=dict)
    """By code alone, to notice entries whose terminology is not named."""

    def find(self, resource: Resource) -> Matches:
        """Return the selections that an entry meets by its codes, and those it may meet by a bare code."""
        found = list(self.always)
        doubtful: list[Wanted] = []
        coded: list[tuple[str | None, str]] = []
        if self.by_code or self.below:
            coded = pairs(resource.get(CODE.get(resource["resourceType"], "code")))
            for pair in coded:
                if pair[0] is None:
                    doubtful += self.bare.get(pair[1], ())
                elif pair in self.by_code:
                    found += self.by_code[pair]
                if self.below:
                    found += [w for system, start, w in self.below if system == pair[0] and pair[1].startswith(start)]
        if self.by_part_code and isinstance(resource.get("component"), list):
            for pair in (p for part in components(resource) for p in pairs(part.get("code"))):
                found += self.by_part_code.get(pair, ())
        if len(found) > 1:
            found = list(dict.fromkeys(found))
        if doubtful:
            doubtful = [wanted for wanted in doubtful if wanted not in found]
        return Matches(found, doubtful, has_no_code=not coded and bool(self.by_code))


def components(resource: Resource) -> list[Resource]:
    """Return the components of an observation."""
    listed = resource.get("component")
    return [part for part in listed if isinstance(part, Mapping)] if isinstance(listed, list) else []


def pairs(concept: object) -> list[tuple[str | None, str]]:
    """List the codes of a concept, each with its terminology if that is named."""
    return [(system_of(coding), coding["code"]) for coding in codings(concept) if coding.get("code") is not None]


class Plans:
    """All selections of a mapping, and which facts wait for a value set that nobody supplied."""

    def __init__(self, mapping: FhirFile, facts: FactsFile, supplied: Supplied) -> None:
        self._mapping = mapping
        self._facts = facts
        self._supplied = supplied
        self.by_type: dict[str, Plan] = {}
        self.incomplete: set[str] = set()
        for name, entry in mapping.facts.items():
            for selection in entry.entries:
                self._add(name, selection, entry)
        for selection in mapping.orders:
            self._add(None, selection, None)

    def _add(self, fact: str | None, selection: Selection, entry: FactMapping | None) -> None:
        closed = entry is not None and entry.absent is not None
        wanted = Wanted(
            fact=fact,
            selection=selection,
            mapping=entry,
            statuses=frozenset(selection.statuses or self._mapping.statuses.get(selection.resource, [])),
            filters=tuple(
                Filter(
                    where.path,
                    self._codes(fact, where.codes, where.value_sets),
                    frozenset(where.values),
                    where.or_absent,
                )
                for where in selection.where
            ),
            within_days=_days(selection.when.within) if selection.when else None,
            closed=closed,
        )
        plan = self.by_type.setdefault(selection.resource, Plan())
        if selection.resource == "Patient" or selection.any_code:
            plan.always.append(wanted)
            return
        written = selection.codes
        if not written and not selection.value_sets and fact is not None:
            own = self._facts.facts[fact].codes
            written = [RecordCode(system=SYSTEMS[code.system], code=code.code) for code in own]
        for pair in self._codes(fact, [code for code in written if not code.below], selection.value_sets):
            if selection.component:
                plan.by_part_code.setdefault(pair, []).append(wanted)
            else:
                plan.by_code.setdefault(pair, []).append(wanted)
            plan.bare.setdefault(pair[1], []).append(wanted)
        plan.below += [(code.system, code.code, wanted) for code in written if code.below]

    def _codes(self, fact: str | None, codes: Iterable[RecordCode], value_sets: Iterable[str]) -> frozenset[Pair]:
        found = {(code.system, code.code) for code in codes}
        for name in value_sets:
            pairs = resolve(self._mapping.value_sets[name], self._supplied)
            if pairs is None:
                self.incomplete.add(fact or "")
            found |= pairs or frozenset()
        return frozenset(found)


def _days(amount: Amount | None) -> float | None:
    return None if amount is None else days_of(amount)
