"""The mapping of a pack, prepared once: for every code of a record the facts that it bears on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from cds_engine.fhir.elements import CODE, OBJECT, Resource, codings, only_code, system_of
from cds_engine.fhir.value_sets import Supplied, resolve
from cds_engine.pack.base import Amount
from cds_engine.pack.dictionary import FactsFile
from cds_engine.pack.fhir import SYSTEMS, FactMapping, FhirFile, RecordCode, Selection, Where
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
    codes: frozenset[Pair]
    """Those that are listed, of the entry or of a component."""
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

    element: str
    """Where the type keeps its code."""
    by_code: dict[Pair, list[Wanted]] = field(default_factory=dict)
    by_part_code: dict[Pair, list[Wanted]] = field(default_factory=dict)
    """Of components."""
    below: dict[str, list[tuple[str, Wanted]]] = field(default_factory=dict)
    """By terminology: how the codes begin."""
    starts: tuple[str, ...] = ()
    """How they begin in any terminology."""
    always: list[Wanted] = field(default_factory=list)
    bare: dict[str, list[Wanted]] = field(default_factory=dict)
    """By code alone: to pass over at once what no selection knows, and to notice a code without its terminology."""

    def passes_over(self, resource: Resource) -> bool:
        """Say at once, of most entries of a record, that `find` has nothing to say of them."""
        if self.always or "component" in resource:
            return False
        code = only_code(resource.get(self.element))
        return code is not None and code not in self.bare and not code.startswith(self.starts)

    def find(self, resource: Resource) -> Matches:
        """Return the selections that an entry meets by its codes, and those it may meet by a bare code."""
        found = list(self.always)
        doubtful: list[Wanted] = []
        has_code = False
        if self.by_code or self.below:
            for coding in codings(resource.get(self.element)):
                code = coding.get("code")
                if code is None:
                    continue
                has_code = True
                system = system_of(coding)
                if system is None:
                    doubtful += self.bare.get(code, ())
                    doubtful += [w for starts in self.below.values() for start, w in starts if code.startswith(start)]
                else:
                    found += self.by_code.get((system, code), ())
                    found += [wanted for start, wanted in self.below.get(system, ()) if code.startswith(start)]
        if self.by_part_code and "component" in resource:
            for system, code in (pair for part in components(resource) for pair in pairs(part.get("code"))):
                if system is None:
                    doubtful += [wanted for wanted in self.bare.get(code, ()) if wanted.selection.component]
                else:
                    found += self.by_part_code.get((system, code), ())
        if len(found) > 1:
            found = list(dict.fromkeys(found))
        if doubtful:
            doubtful = [wanted for wanted in doubtful if wanted not in found]
        return Matches(found, doubtful, has_no_code=not has_code and bool(self.by_code))


def components(resource: Resource) -> list[Resource]:
    """Return the components of an observation."""
    listed = resource.get("component")
    return [part for part in listed if isinstance(part, OBJECT)] if isinstance(listed, list) else []


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
        is_any = selection.resource == "Patient" or selection.any_code
        written = [] if is_any else self._written(fact, selection)
        listed = self._codes(fact, [code for code in written if not code.below], [] if is_any else selection.value_sets)
        wanted = Wanted(
            fact=fact,
            selection=selection,
            mapping=entry,
            statuses=frozenset(selection.statuses or self._mapping.statuses.get(selection.resource, [])),
            filters=tuple(self._filter(fact, where) for where in selection.where),
            within_days=_days(selection.when.within) if selection.when else None,
            codes=listed,
            closed=entry is not None and entry.absent is not None,
        )
        plan = self.by_type.setdefault(selection.resource, Plan(CODE.get(selection.resource, "code")))
        if is_any:
            plan.always.append(wanted)
        for pair in listed:
            by_code = plan.by_part_code if selection.component else plan.by_code
            by_code.setdefault(pair, []).append(wanted)
            plan.bare.setdefault(pair[1], []).append(wanted)
        for code in written:
            if code.below:
                plan.below.setdefault(code.system, []).append((code.code, wanted))
                plan.starts += (code.code,)

    def _written(self, fact: str | None, selection: Selection) -> list[RecordCode]:
        """Return the codes of a selection; where it names none, those of the fact."""
        if selection.codes or selection.value_sets or fact is None:
            return selection.codes
        own = self._facts.facts[fact].codes
        return [RecordCode(system=SYSTEMS[code.system], code=code.code) for code in own]

    def _filter(self, fact: str | None, where: Where) -> Filter:
        codes = self._codes(fact, where.codes, where.value_sets)
        return Filter(where.path, codes, frozenset(where.values), where.or_absent)

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
