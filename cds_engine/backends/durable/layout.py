"""Formulas laid out as rules and rulesets that stay inside every limit of durable_rules.

What is too much for one rule is split into several with one goal, or decided first, in an earlier ruleset,
whose firing becomes a property of the later message. Formulas have no negation, so that is exact: a part
that did not fire is a property left out, which matches nothing.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cds_engine.backends.durable.formula import Atom, Cost, Every, Formula, Formulas, Part, Some, atoms_of
from cds_engine.backends.durable.values import Kind, PartSource, Property
from cds_engine.language.syntax import Comparator

if TYPE_CHECKING:
    from collections.abc import Sequence

_RULE = Cost(atoms=200, groups=12, disjunctions=12, firings=12, waiting=16)
"""The most that one rule may cost (durable_rules: 15 groups, one of them for the guard)."""

_RULESET = Cost(atoms=400, groups=400, disjunctions=100, firings=400, waiting=56)
"""The most that the rules of one ruleset may cost (511 atoms under a node, 127 `$or` on one, 64 waiting)."""

_RULES = 40
_PROPERTIES = 240
"""The most rules of a ruleset, and properties of a message (durable_rules: 252)."""


@dataclass(frozen=True, slots=True)
class Goal:
    """What a rule's firing means: a verdict on a condition, or that a part holds."""

    condition: str | None
    truth: bool = True
    part: int = -1


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule; `layer` is the number of rulesets that must have been asked before it."""

    goal: Goal
    formula: Formula
    layer: int

    @property
    def cost(self) -> Cost:
        """What the rule can cost; a formula that always holds costs a firing."""
        return Cost(atoms=0) if isinstance(self.formula, bool) else self.formula.cost


class Layout:
    """Collects the rules of a pack; `rulesets` then says which are asked together, and in which order."""

    def __init__(self, formulas: Formulas) -> None:
        self._formulas = formulas
        self._rules: list[Rule] = []
        self._fitted: dict[int, Formula] = {}
        self._parts: dict[int, Atom] = {}
        self._layers: list[int] = []

    def add(self, goal: Goal, formula: Formula) -> None:
        """Add the rules that fire for *goal* when *formula* holds, and for no other patient."""
        if isinstance(formula, Some):
            parts = [self._fit(part) for part in formula.parts]
            fitting = self._split(parts)
        else:
            fitting = [self._fit(formula)]
        self._rules += [Rule(goal, f, self._layer(f)) for f in fitting if f is not False]

    def rulesets(self) -> list[list[Rule]]:
        """Return the rules in groups that fit one ruleset each, those needed by others first."""
        done: list[list[Rule]] = []
        load = _Load()
        for rule in _by_likeness(self._rules):
            if not done or done[-1][0].layer != rule.layer or not load.takes(rule):
                done.append([])
                load = _Load()
            load.add(rule)
            done[-1].append(rule)
        return done

    def _fit(self, formula: Formula) -> Formula:
        """Return an equal formula that one rule can hold, big parts replaced by a part decided earlier."""
        if isinstance(formula, bool | Atom):
            return formula
        if id(formula) not in self._fitted:
            parts = [self._fit(part) for part in formula.parts]
            if isinstance(formula, Every):
                self._fitted[id(formula)] = self._relieved(parts)
            else:
                whole = self._formulas.some(parts)
                self._fitted[id(formula)] = whole if _fits(whole) else self._earlier(whole)
        return self._fitted[id(formula)]

    def _relieved(self, parts: Sequence[Formula]) -> Formula:
        """Return the conjunction with its costliest parts decided earlier, until the rest fits."""
        whole = self._formulas.every(parts)
        while isinstance(whole, Every) and not _fits(whole):
            groups = [p for p in whole.parts if not isinstance(p, Atom)]
            if groups:
                worst: Formula = max(groups, key=_weight)
                rest: list[Part] = [p for p in whole.parts if p is not worst]
            else:
                worst = self._formulas.every(whole.parts[: _RULE.atoms])
                rest = list(whole.parts[_RULE.atoms :])
            whole = self._formulas.every([*rest, self._earlier(worst)])
        return whole

    def _split(self, parts: Sequence[Formula]) -> list[Formula]:
        """Return disjunctions that fit one rule each and together have all the parts."""
        whole = self._formulas.some(parts)
        if _fits(whole) or len(parts) == 1:
            return [whole]
        half = len(parts) // 2
        return self._split(parts[:half]) + self._split(parts[half:])

    def _earlier(self, formula: Formula) -> Atom:
        """Return the property that says that *formula* holds, decided in an earlier ruleset."""
        if id(formula) not in self._parts:
            index = len(self._layers)
            self._layers.append(0)
            prop = Property(PartSource(index), Kind.FLAG)
            self._parts[id(formula)] = self._formulas.atom(prop, Comparator.EQUAL, "true")
            before = len(self._rules)
            self.add(Goal(None, part=index), formula)
            self._layers[index] = max(rule.layer for rule in self._rules[before:])
        return self._parts[id(formula)]

    def _layer(self, formula: Formula) -> int:
        sources = (atom.property.source for atom in atoms_of(formula))
        return max((self._layers[s.index] + 1 for s in sources if isinstance(s, PartSource)), default=0)


class _Load:
    """What the rules of one ruleset cost together."""

    def __init__(self) -> None:
        self._rules: list[Rule] = []
        self._properties: set[Property] = set()

    def add(self, rule: Rule) -> None:
        self._rules.append(rule)
        self._properties |= _properties(rule)

    def takes(self, rule: Rule) -> bool:
        """Say whether the ruleset stays inside the limits with one more rule."""
        costs = [r.cost for r in (*self._rules, rule)]
        return (
            len(costs) <= _RULES
            and len(self._properties | _properties(rule)) <= _PROPERTIES
            and sum(c.atoms for c in costs) <= _RULESET.atoms
            and sum(c.disjunctions for c in costs) <= _RULESET.disjunctions
            and sum(c.waiting for c in costs) <= _RULESET.waiting
        )


def _by_likeness(rules: Sequence[Rule]) -> list[Rule]:
    """Return the rules of each layer with those that want the same properties side by side.

    A reading of a record that changes one fact then concerns few rulesets.
    """
    wanted = Counter(prop for rule in rules for prop in dict.fromkeys(a.property for a in atoms_of(rule.formula)))
    ranks = {prop: rank for rank, (prop, _) in enumerate(wanted.most_common())}
    return sorted(rules, key=lambda rule: (rule.layer, sorted(ranks[prop] for prop in _properties(rule))))


def _properties(rule: Rule) -> set[Property]:
    return {atom.property for atom in atoms_of(rule.formula)}


def _fits(formula: Formula) -> bool:
    if isinstance(formula, bool):
        return True
    cost = formula.cost
    return (
        cost.atoms <= _RULE.atoms
        and cost.groups <= _RULE.groups
        and cost.firings <= _RULE.firings
        and cost.waiting <= _RULE.waiting
    )


def _weight(part: Part) -> tuple[int, int, int]:
    return part.cost.firings, part.cost.groups, part.cost.atoms
