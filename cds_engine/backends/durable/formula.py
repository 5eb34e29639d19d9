"""Two-valued formulas without negation, which is all that a rule of durable_rules has to match.

Knows what a formula costs durable_rules; knows nothing of patients or of what the atoms mean.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, TypeAlias

from cds_engine.backends.durable.values import Kind, Property, Source
from cds_engine.language.syntax import Comparator

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_HUGE = 10**6
"""Where counts stop growing: far beyond every limit."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a formula can cost at worst; every limit of durable_rules is in one of these counts."""

    atoms: int = 1
    groups: int = 0
    """`$and` and `$or` together."""
    disjunctions: int = 0
    firings: int = 1
    """How often a rule can fire: once for each way through its disjunctions."""
    waiting: int = 1
    """How many matches can wait at once while the ways are tried."""


@dataclass(frozen=True, slots=True, eq=False)
class Atom:
    """One property compared with a literal; false when the message lacks the property."""

    property: Property
    comparator: Comparator
    literal: str
    cost: Cost = field(default_factory=Cost)


@dataclass(frozen=True, slots=True, eq=False)
class Every:
    """All parts hold; at least two, none of them an `Every`."""

    parts: tuple[Part, ...]
    cost: Cost


@dataclass(frozen=True, slots=True, eq=False)
class Some:
    """At least one part holds; at least two, none of them a `Some`."""

    parts: tuple[Part, ...]
    cost: Cost


Part: TypeAlias = Atom | Every | Some
"""A formula that depends on the patient."""

Formula: TypeAlias = bool | Part
"""A formula, or what it comes to whoever the patient is."""


class Formulas:
    """Builds formulas: simplified, and the same object for the same formula, so that size stays linear."""

    def __init__(self) -> None:
        self._atoms: dict[tuple[Property, Comparator, str], Atom] = {}
        self._groups: dict[tuple[type, tuple[int, ...]], Every | Some] = {}

    def atom(self, prop: Property, comparator: Comparator, literal: str) -> Atom:
        """Return the comparison of a property with a literal."""
        key = (prop, comparator, literal)
        if key not in self._atoms:
            self._atoms[key] = Atom(*key)
        return self._atoms[key]

    def every(self, formulas: Iterable[Formula]) -> Formula:
        """Return the conjunction: flat, without repeats, true parts dropped, false if any part is.

        The parts are ordered by cost, so that the cheap ones stop the others from being tried.
        """
        parts = _flat(formulas, Every)
        if False in parts.values():
            return False
        rest = [p for p in parts.values() if not isinstance(p, bool)]
        rest.sort(key=lambda p: p.cost.groups)
        if len(rest) < 2:  # noqa: PLR2004 - none and one need no group
            return rest[0] if rest else True
        key = (Every, tuple(map(id, rest)))
        if key not in self._groups:
            self._groups[key] = Every(tuple(rest), _cost_of_every(rest))
        return self._groups[key]

    def some(self, formulas: Iterable[Formula]) -> Formula:
        """Return the disjunction: flat, without repeats, false parts dropped, true if any part is."""
        parts = _flat(formulas, Some)
        if True in parts.values():
            return True
        rest = [p for p in parts.values() if not isinstance(p, bool)]
        if len(rest) < 2:  # noqa: PLR2004 - none and one need no group
            return rest[0] if rest else False
        key = (Some, tuple(map(id, rest)))
        if key not in self._groups:
            self._groups[key] = Some(tuple(rest), _cost_of_some(rest))
        return self._groups[key]


def _flat(formulas: Iterable[Formula], group: type[Every | Some]) -> dict[int, Formula]:
    """Return the parts by identity, those of a nested *group* in its place."""
    nested = (f.parts if isinstance(f, Every | Some) and isinstance(f, group) else (f,) for f in formulas)
    return {id(part): part for part in chain.from_iterable(nested)}


def _cost_of_every(parts: list[Part]) -> Cost:
    costs = [p.cost for p in parts]
    return Cost(
        atoms=_capped(sum(c.atoms for c in costs)),
        groups=_capped(1 + sum(c.groups for c in costs)),
        disjunctions=_capped(sum(c.disjunctions for c in costs)),
        firings=_capped(math.prod(c.firings for c in costs)),
        waiting=_capped(1 + sum(c.waiting - 1 for c in costs)),
    )


def _cost_of_some(parts: list[Part]) -> Cost:
    costs = [p.cost for p in parts if not isinstance(p, Atom)]
    together = _together([p for p in parts if isinstance(p, Atom)])
    return Cost(
        atoms=_capped(sum(p.cost.atoms for p in parts)),
        groups=_capped(1 + sum(c.groups for c in costs)),
        disjunctions=_capped(1 + sum(c.disjunctions for c in costs)),
        firings=_capped(together + sum(c.firings for c in costs)),
        waiting=_capped(together + sum(c.waiting for c in costs)),
    )


def _together(atoms: list[Atom]) -> int:
    """Return how many of the atoms can hold at once.

    Of equalities of one property at most one holds, and none does where the value is unknown.
    """
    equal: set[Source] = set()
    unknown: set[Source] = set()
    others: Counter[Source] = Counter()
    for atom in atoms:
        source = atom.property.source
        if atom.property.kind is Kind.KNOWN and atom.literal == "false":
            unknown.add(source)
        elif atom.property.kind is not Kind.KNOWN and atom.comparator is Comparator.EQUAL:
            equal.add(source)
        else:
            others[source] += 1
    return sum(max(s in unknown, (s in equal) + others[s]) for s in {*equal, *unknown, *others})


def _capped(count: int) -> int:
    return min(count, _HUGE)


def atoms_of(formula: Formula) -> Iterator[Atom]:
    """Yield the atoms of a formula, in order, with repeats."""
    match formula:
        case bool():
            return
        case Atom():
            yield formula
        case Every(parts=parts) | Some(parts=parts):
            for part in parts:
                yield from atoms_of(part)
