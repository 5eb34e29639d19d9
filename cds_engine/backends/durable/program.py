"""A pack's conditions as durable_rules gets them: the text of each ruleset, and of each patient's message.

Names, rules and numbers are written here, so this is where the quirks of its JSON reader are minded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cds_engine.backends.durable.certainty import Certainty
from cds_engine.backends.durable.errors import UnsupportedConditionError
from cds_engine.backends.durable.formula import Atom, Every, Formula, Formulas, Some, atoms_of
from cds_engine.backends.durable.layout import Goal, Layout, Rule
from cds_engine.backends.durable.names import Names
from cds_engine.backends.durable.values import (
    FactSource,
    FactView,
    Kind,
    MemberSource,
    PartSource,
    Property,
    Source,
    Value,
    fetch,
    written,
)
from cds_engine.language.syntax import Comparator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from cds_engine.lowering.core import Condition

ALIVE = "ok"
"""The rule that fires last for every message, so that its firing says that none was lost.

It also asks that `n` is read as the fraction it is: durable_rules reads numbers by the locale of the process.
"""

_GUARD = '{"k":"p"}'
_OPERATORS = {
    Comparator.EQUAL: "",
    Comparator.NOT_EQUAL: "$neq",
    Comparator.LESS: "$lt",
    Comparator.AT_MOST: "$lte",
    Comparator.GREATER: "$gt",
    Comparator.AT_LEAST: "$gte",
}


@dataclass(frozen=True, slots=True)
class Ruleset:
    """One ruleset: its definition, its rules, the properties it wants, and how often it can fire at most."""

    definition: str
    rules: frozenset[str]
    wanted: tuple[int, ...]
    readings: tuple[int, ...]
    """Which sources of the patient those properties are made of."""
    firings: int


@dataclass(frozen=True, slots=True)
class _Reading:
    """One source, and the properties that are made of its value."""

    fetch: Callable[[FactView], Value]
    wants: tuple[tuple[int, str, Kind], ...]


@dataclass(frozen=True, slots=True)
class Program:
    """Everything that is ready when the pack is loaded; never changed after."""

    rulesets: tuple[Ruleset, ...]
    goals: Mapping[str, Goal]
    """What the firing of a rule of that name means."""
    parts: Mapping[str, tuple[int, str]]
    """For the rules that decide a part: which property becomes true, and how that is written."""
    readings: tuple[_Reading, ...]
    size: int
    needed: Mapping[str, frozenset[int]]
    """For each condition the rulesets that decide it, by number, with those that decide its parts."""


class Sheet:
    """The properties of one patient, each written when the first ruleset wants it."""

    def __init__(self, program: Program, facts: FactView) -> None:
        self._program = program
        self._facts = facts
        self._texts = [""] * program.size
        self._read: set[int] = set()

    def body(self, ruleset: Ruleset) -> str:
        """Return the properties that *ruleset* wants, written; what is unknown is left out."""
        texts = self._texts
        for number in ruleset.readings:
            if number not in self._read:
                self._write(self._program.readings[number])
                self._read.add(number)
        return "".join([texts[i] for i in ruleset.wanted])

    def add_parts(self, fired: frozenset[str]) -> None:
        """Write down the parts that were decided, for the rulesets after."""
        for name in fired & self._program.parts.keys():
            number, text = self._program.parts[name]
            self._texts[number] = text

    def _write(self, reading: _Reading) -> None:
        value = reading.fetch(self._facts)
        for number, name, kind in reading.wants:
            text = written(value, kind)
            if text is not None:
                self._texts[number] = name + text


def compile_program(conditions: Mapping[str, Condition]) -> Program:
    """Compile every condition twice: once for certainly true, once for certainly false.

    Raises:
        UnsupportedConditionError: a condition is beyond durable_rules; it names the condition.
    """
    formulas = Formulas()
    certainty, layout = Certainty(formulas), Layout(formulas)
    for name, condition in conditions.items():
        try:
            for truth in (True, False):
                layout.add(Goal(name, truth), certainty.holds(condition, (truth, True)))
        except UnsupportedConditionError as error:
            raise UnsupportedConditionError(error.reason, name) from error
        except RecursionError as error:
            raise UnsupportedConditionError("it is nested too deeply", name) from error
    return _Writer().program(layout.rulesets())


class _Writer:
    """Writes rules, giving each property its name and number on first use."""

    def __init__(self) -> None:
        self._names = Names()
        self._numbers: dict[Property, int] = {}
        self._labels: dict[Property, str] = {}
        self._sources: dict[Source, int] = {}

    def program(self, groups: list[list[Rule]]) -> Program:
        """Write all rulesets, and note what the names of their rules mean."""
        named = [[(f"r{i}.{j}", rule) for j, rule in enumerate(group)] for i, group in enumerate(groups)]
        rulesets = tuple(self._ruleset(group) for group in named)
        goals = {name: rule.goal for group in named for name, rule in group}
        parts = {name: self._part(goal) for name, goal in goals.items() if goal.condition is None}
        return Program(rulesets, goals, parts, self._readings(), len(self._numbers), _needed(groups))

    def _ruleset(self, rules: list[tuple[str, Rule]]) -> Ruleset:
        alive = f'"{ALIVE}":{{"all":[{{"m":{{"$and":[{_GUARD},{{"$gt":{{"n":1.25}}}}]}}}}]}}'
        written_rules = [f'"{name}":{{"all":[{{"m":{self._guarded(r.formula)}}}]}}' for name, r in rules]
        properties = {atom.property for _, rule in rules for atom in atoms_of(rule.formula)}
        return Ruleset(
            definition="{" + ",".join([*written_rules, alive]) + "}",
            rules=frozenset(name for name, _ in rules),
            wanted=tuple(sorted(map(self._number, properties))),
            readings=tuple(sorted({self._source(p) for p in properties if not isinstance(p.source, PartSource)})),
            firings=1 + sum(rule.cost.firings for _, rule in rules),
        )

    def _guarded(self, formula: Formula) -> str:
        """Write a formula behind the guard, without which the engine's own messages could match."""
        match formula:
            case bool():
                return _GUARD
            case Every(parts=parts):
                return self._group("$and", [_GUARD, *map(self._written, parts)])
            case _:
                return self._group("$and", [_GUARD, self._written(formula)])

    def _written(self, formula: Atom | Every | Some) -> str:
        match formula:
            case Atom(prop, comparator, literal):
                pair = f"{{{self._label(prop)}:{literal}}}"
                operator = _OPERATORS[comparator]
                return f'{{"{operator}":{pair}}}' if operator else pair
            case Every(parts=parts):
                return self._group("$and", map(self._written, parts))
            case Some(parts=parts):
                return self._group("$or", map(self._written, parts))

    def _group(self, operator: str, parts: Iterable[str]) -> str:
        return f'{{"{operator}":[{",".join(parts)}]}}'

    def _number(self, prop: Property) -> int:
        return self._numbers.setdefault(prop, len(self._numbers))

    def _source(self, prop: Property) -> int:
        return self._sources.setdefault(prop.source, len(self._sources))

    def _label(self, prop: Property) -> str:
        """Return the property's name in quotes."""
        if prop not in self._labels:
            self._number(prop)
            self._labels[prop] = self._names.unused(_readable(prop, len(self._labels)))
        return self._labels[prop]

    def _part(self, goal: Goal) -> tuple[int, str]:
        prop = Property(PartSource(goal.part), Kind.FLAG)
        return self._number(prop), f",{self._label(prop)}:true"

    def _readings(self) -> tuple[_Reading, ...]:
        wants: dict[Source, list[tuple[int, str, Kind]]] = {source: [] for source in self._sources}
        for prop, number in self._numbers.items():
            if not isinstance(prop.source, PartSource):
                wants[prop.source].append((number, f",{self._label(prop)}:", prop.kind))
        return tuple(_Reading(fetch(source), tuple(entries)) for source, entries in wants.items())


def _needed(groups: list[list[Rule]]) -> dict[str, frozenset[int]]:
    """Return for each condition the rulesets to ask; those that decide a part come before those that use it."""
    deciding: dict[int, frozenset[int]] = {}
    needed: dict[str, frozenset[int]] = {}
    for number, rules in enumerate(groups):
        sources = {atom.property.source for rule in rules for atom in atoms_of(rule.formula)}
        before = [deciding[source.index] for source in sources if isinstance(source, PartSource)]
        asked = frozenset({number}).union(*before)
        for goal in [rule.goal for rule in rules]:
            if goal.condition is None:
                deciding[goal.part] = deciding.get(goal.part, frozenset()) | asked
            else:
                needed[goal.condition] = needed.get(goal.condition, frozenset()) | asked
    return needed


def _readable(prop: Property, number: int) -> str:
    """Return a name that a person can follow: `egfr`, `drugs=metformin`, `egfr?` for its known-flag."""
    mark = "?" if prop.kind is Kind.KNOWN else ""
    match prop.source:
        case FactSource(name):
            return name + mark
        case MemberSource(name, code):
            return f"{name}={code or ''}{mark}"
        case _:
            return f"_{number}{mark}"
