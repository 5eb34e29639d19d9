"""What of a pack its scenarios and cases exercise: statements, rules, statuses, outcomes of conditions, boundaries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from cds_engine.bdd.trials import Trial
from cds_engine.evaluator.conditions import decide
from cds_engine.evaluator.facts import Facts
from cds_engine.language.printer import number
from cds_engine.lowering import core as c
from cds_engine.lowering.guideline import Guideline
from cds_engine.lowering.walk import nodes
from cds_engine.proof.mutants.affected import concerned
from cds_engine.proof.mutants.expressions import shifted
from cds_engine.results.models import Status
from cds_engine.results.wording import spoken
from cds_engine.units import display, exact

Sort = Literal["statement", "rule", "status", "outcome", "boundary"]
SORTS: Mapping[Sort, str] = {
    "statement": "statements with a rule that an expectation speaks of",
    "rule": "rules that an expectation speaks of",
    "status": "statuses of rules that an expectation speaks of",
    "outcome": "outcomes of conditions: true, false, unknown",
    "boundary": "boundaries of thresholds: just below, at, just above",
}
TRUTHS: Mapping[bool | None, str] = {True: "true", False: "false", None: "unknown"}
DIGITS = 6
"""Significant digits with which a threshold is told."""
INSIDE = ("term ", "value ")
"""Conditions inside values: what they decide is seen in the value."""
Side = Literal["just below", "at", "just above"]


@dataclass(frozen=True, slots=True)
class Threshold:
    """A fact compared with a number, in the canonical unit of the fact."""

    fact: str
    value: float
    unit: str | None

    @property
    def around(self) -> tuple[float, float]:
        """Where *just below* begins and *just above* ends: as far as mutants move a threshold."""
        above, below = shifted(self.value, is_count=self.unit is None and self.value.is_integer())
        return below, above

    def side(self, value: float) -> Side | None:
        """Say on which side a value lies; None when it lies further away than a tenth of the threshold."""
        below, above = self.around
        found = exact(value)
        if found == exact(self.value):
            return "at"
        if below <= found <= above:
            return "just below" if found < self.value else "just above"
        return None


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that a scenario or case may exercise."""

    sort: Sort
    of: str
    """The statement, rule, condition or threshold."""
    what: str
    """The status, truth or side; empty for a statement or rule as a whole."""
    key: str | None = None
    """Of an outcome or boundary the key of the condition."""
    threshold: Threshold | None = None

    @property
    def says(self) -> str:
        """What it is, in words."""
        return f"{self.of}: {self.what.replace('_', ' ')}" if self.what else self.of


@dataclass(frozen=True, slots=True)
class Covered:
    """An item, and how many scenarios and cases exercise it."""

    item: Item
    count: int
    statements: tuple[str, ...]
    """The statements that it bears on."""
    impossible: bool = False
    """Whether no patient can show it, which was proved."""


def coverage_of(guideline: Guideline, trials: Iterable[Trial]) -> list[Covered]:
    """Return everything that may be exercised, with how often it is."""
    asked = [_Asked.of(key, condition, guideline) for key, condition in _conditions(guideline)]
    counts: dict[Item, int] = dict.fromkeys(_items(guideline, asked), 0)
    for trial in trials:
        for item in set(_exercised(guideline, asked, trial)):
            if item in counts:
                counts[item] += 1
    statements = {key: _statements(key, guideline) for key in {_key(item) for item in counts}}
    return [Covered(item, count, statements[_key(item)]) for item, count in counts.items()]


@dataclass(frozen=True, slots=True)
class _Asked:
    """A condition with everything of it that may be exercised."""

    key: str
    condition: c.Condition
    outcomes: Mapping[bool | None, Item]
    boundaries: Mapping[tuple[Threshold, Side], Item]
    thresholds: tuple[Threshold, ...]

    @classmethod
    def of(cls, key: str, condition: c.Condition, guideline: Guideline) -> _Asked:
        thresholds = tuple(_thresholds(condition, guideline))
        return cls(
            key,
            condition,
            {truth: Item("outcome", key, word, key) for truth, word in TRUTHS.items()},
            {(at, side): _boundary(key, at, side, guideline) for at in thresholds for side in get_args(Side)},
            thresholds,
        )

    def shown_by(self, facts: Facts) -> Iterator[Item]:
        """List what a patient exercises of it."""
        yield self.outcomes[decide(self.condition, facts).truth]
        for threshold in self.thresholds:
            value = facts.value(threshold.fact)
            side = threshold.side(value) if isinstance(value, float) else None
            if side is not None:
                yield self.boundaries[threshold, side]


def _items(guideline: Guideline, asked: Iterable[_Asked]) -> Iterator[Item]:
    for statement in guideline.statements.values():
        if statement.rules:
            yield Item("statement", statement.id, "")
    for spec in guideline.rules:
        yield Item("rule", spec.rule.id, "")
        for status in get_args(Status):
            if status != "blocked" or any(guideline.contraindications.get(t.target) for t in spec.treatments):
                yield Item("status", spec.rule.id, status)
    for one in asked:
        yield from one.outcomes.values()
        yield from one.boundaries.values()


def _conditions(guideline: Guideline) -> Iterator[tuple[str, c.Condition]]:
    every = (*guideline.conditions.items(), *guideline.order_conditions.items())
    return ((key, found) for key, found in every if not key.startswith(INSIDE))


def _thresholds(condition: c.Condition, guideline: Guideline) -> list[Threshold]:
    """List the thresholds written in a condition; those of definitions in it belong to the definitions."""
    inside = {id(node) for found in nodes(condition) if isinstance(found, c.Defined) for node in nodes(found.condition)}
    found: dict[Threshold, None] = {}
    for node in nodes(condition):
        match node:
            case c.Compare(_, c.Fact(name), c.Constant(float() as value)) if id(node) not in inside:
                found[_threshold(name, value, guideline)] = None
            case c.Compare(_, c.Constant(float() as value), c.Fact(name)) if id(node) not in inside:
                found[_threshold(name, value, guideline)] = None
    return list(found)


def _threshold(name: str, value: float, guideline: Guideline) -> Threshold:
    spec = guideline.dictionary.facts.get(name)
    return Threshold(name, value, spec.unit if spec is not None else None)


def _boundary(key: str, threshold: Threshold, side: Side, guideline: Guideline) -> Item:
    fact, *properties = threshold.fact.split(".")
    entry = guideline.pack.facts.facts.get(fact)
    label = ", ".join([entry.label if entry is not None else spoken(fact), *map(spoken, properties)])
    unit = f" {display(threshold.unit)}" if threshold.unit else ""
    return Item(
        "boundary", f"{key}, {label} {number(float(f'{threshold.value:.{DIGITS}g}'))}{unit}", side, key, threshold
    )


def _exercised(guideline: Guideline, asked: Iterable[_Asked], trial: Trial) -> Iterator[Item]:
    for decision in trial.known.replay.decisions:
        spec = decision.spec
        if spec.rule.id in trial.names:
            yield Item("rule", spec.rule.id, "")
            yield Item("status", spec.rule.id, decision.status)
            yield from (Item("statement", name, "") for name in (spec.statement.id, *spec.rule.carries))
    worlds = trial.known.replay.worlds
    readings = (worlds.certain.facts, *(world.facts for world in worlds.others))
    for one in asked:
        for facts in trial.known.of_orders if one.key in guideline.order_conditions else readings:
            yield from one.shown_by(facts)


def _key(item: Item) -> str:
    """Return the key of the condition that an item belongs to; a statement stands for itself."""
    return item.key or (f"statement {item.of}" if item.sort == "statement" else f"rule {item.of}")


def _statements(key: str, guideline: Guideline) -> tuple[str, ...]:
    kind, _, name = key.partition(" ")
    if kind == "statement":
        return (name,)
    keys = {key}
    if kind == "definition":
        keys |= {other for other, found in guideline.conditions.items() if _uses(found, name)}
    return concerned(keys, guideline).statements


def _uses(condition: c.Condition, name: str) -> bool:
    return any(isinstance(node, c.Defined) and node.name == name for node in nodes(condition))
