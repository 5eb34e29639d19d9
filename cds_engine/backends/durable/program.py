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
    firings: int

    def message(self, session: str, texts: list[str]) -> str:
        """Return the message for one patient; *texts* has the written properties, empty for the unknown."""
        body = "".join([texts[i] for i in self.wanted])
        return f'{{"sid":"{session}","id":"p","k":"p","n":1.5{body}}}'


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

    def read(self, facts: FactView) -> list[str]:
        """Return the patient's properties, written; a property that is left out is the empty text."""
        texts = [""] * self.size
        for reading in self.readings:
            value = reading.fetch(facts)
            for number, name, kind in reading.wants:
                text = written(value, kind)
                if text is not None:
                    texts[number] = name + text
        return texts


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

    def program(self, groups: list[list[Rule]]) -> Program:
        """Write all rulesets, and note what the names of their rules mean."""
        named = [[(f"r{i}.{j}", rule) for j, rule in enumerate(group)] for i, group in enumerate(groups)]
        rulesets = tuple(self._ruleset(group) for group in named)
        goals = {name: rule.goal for group in named for name, rule in group}
        parts = {name: self._part(goal) for name, goal in goals.items() if goal.condition is None}
        return Program(rulesets, goals, parts, self._readings(), len(self._numbers))

    def _ruleset(self, rules: list[tuple[str, Rule]]) -> Ruleset:
        alive = f'"{ALIVE}":{{"all":[{{"m":{{"$and":[{_GUARD},{{"$gt":{{"n":1.25}}}}]}}}}]}}'
        written_rules = [f'"{name}":{{"all":[{{"m":{self._guarded(r.formula)}}}]}}' for name, r in rules]
        wanted = {self._number(a.property) for _, rule in rules for a in atoms_of(rule.formula)}
        firings = 1 + sum(rule.cost.firings for _, rule in rules)
        definition = "{" + ",".join([*written_rules, alive]) + "}"
        return Ruleset(definition, frozenset(name for name, _ in rules), tuple(sorted(wanted)), firings)

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
        wants: dict[Source, list[tuple[int, str, Kind]]] = {}
        for prop, number in self._numbers.items():
            if not isinstance(prop.source, PartSource):
                entry = (number, f",{self._label(prop)}:", prop.kind)
                wants.setdefault(prop.source, []).append(entry)
        return tuple(_Reading(fetch(source), tuple(entries)) for source, entries in wants.items())


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
