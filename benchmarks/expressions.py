"""Peers that evaluate expressions: the conditions of a workload as one list of texts, compiled once.

A call costs such engines more than a condition. In a list an error is an error of all, so a code, truth or list that is
missing is told as an empty text, which fulfils no comparison; a number in the way of the language.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from jdm.by_hand import Decisions
from jdm.rules import WHEN
from jdm.safety import AGAINST
from sides import Leaf, Limit, Prepared, Told, side, statuses_by, untold
from whole import KINDS, LIST, NUMBER, Conditions, Settled, decisions

from cds_engine.lowering import core as c

NAME = re.compile(r"\w+")
ALWAYS, NEVER = "true", "false"
TRUTHS = {0: False, 1: True, 2: None}
Compiled = Callable[[object], object]
"""An expression: from what the engine is told of a patient to the value."""


class Engine(NamedTuple):
    """An engine that knows the facts of a workload."""

    compiled: Callable[[str], Compiled]
    told: Callable[[dict[str, object]], object]
    """From the values of the facts to what the engine is told of a patient."""


@dataclass(frozen=True, slots=True)
class Language:
    """How an engine writes its texts, and what it is told of a number that is missing."""

    both: str
    either: str
    no: str
    missing_number: float | None
    asks_again: bool
    """Whether it costs little to ask for one more expression of the same patient."""
    engine: Callable[[dict[str, str]], Engine]
    """From the kinds of facts by name."""
    compare: Callable[[str, str, str, list[str]], str]
    """From a number, a sign and a limit, with the facts that they name: false where one of those is missing."""
    lacks_number: Callable[[str], str]


class Texts:
    """Conditions in the words of a language: each is true or false for every row."""

    def __init__(self, language: Language, kinds: Mapping[str, str]) -> None:
        self._language, self._kinds = language, kinds

    def leaf(self, leaf: Leaf) -> str:
        fact, value = named(leaf.fact), leaf.value
        match leaf.sign:
            case "holds":
                return self.some([f"'{code}' in {fact}" for code in value])
            case "lacks":
                return self.negated(self.some([f"'{code}' in {fact}" for code in ("", *value)]))
            case "in":
                return f"{fact} in {value}"
            case "not in":
                return self.negated(f"{fact} in {['', *value]}")
            case "!=" if isinstance(value, str):
                return self.negated(f"{fact} in {['', value]}")
            case "==" if isinstance(value, str | bool):
                return f"{fact} == {str(value).lower() if isinstance(value, bool) else repr(value)}"
            case sign if isinstance(value, Limit):
                other = named(value.fact)
                limit = other if value.times == 1 else f"{value.times} * {other}"
                return self._language.compare(fact, sign, limit, [fact, other])
            case sign:
                return self._language.compare(fact, sign, repr(value), [fact])

    def every(self, parts: list[str]) -> str:
        return _joined(parts, self._language.both, ALWAYS, NEVER)

    def some(self, parts: list[str]) -> str:
        return _joined(parts, self._language.either, NEVER, ALWAYS)

    def negated(self, part: str) -> str:
        return {ALWAYS: NEVER, NEVER: ALWAYS}.get(part) or f"{self._language.no}({part})"

    def unknown(self, fact: str) -> str:
        kind, name = self._kinds[fact], named(fact)
        if kind == NUMBER:
            return self._language.lacks_number(name)
        return f"'' in {name}" if kind == LIST else f"{name} == ''"

    def truth(self, node: c.CoreNode, told: Told = untold) -> str:
        """Write a condition as the key of its truth in `TRUTHS`."""
        yes, no = (side(node, wanted, self, told) for wanted in (True, False))
        return f"({no} ? 0 : {yes} ? 1 : 2)"


def named(fact: str) -> str:
    return fact.replace(".", "_")


def listed(texts: Iterable[str]) -> str:
    return f"[{', '.join(texts)}]"


def _joined(parts: list[str], sign: str, neutral: str, decisive: str) -> str:
    """Return the parts joined, each once; what is neutral is left out, and what decides stands alone."""
    kept = [part for part in dict.fromkeys(parts) if part != neutral]
    if decisive in kept:
        return decisive
    return f"({f' {sign} '.join(kept)})" if len(kept) > 1 else kept[0] if kept else neutral


class _Program:
    """Expressions of one engine over the facts of a patient."""

    def __init__(self, language: Language, kinds: Mapping[str, str]) -> None:
        named_kinds = {named(fact): kind for fact, kind in kinds.items()}
        missing = {NUMBER: language.missing_number, LIST: [""]}
        self._missing = {name: missing.get(kind, "") for name, kind in named_kinds.items()}
        self.compiled, self._told = language.engine(named_kinds)

    def told(self, values: Mapping[str, object]) -> object:
        """Return what the engine is told; what is unknown comes as `None`, or as by hand as a whole number."""
        given = {}
        for name, missing in self._missing.items():
            value = values[name]
            kind = type(value)
            given[name] = missing if value is None or kind is int else list(value) if kind is set else value
        return self._told(given)


class Statuses:
    """Answers rows as statuses."""

    def __init__(self, language: Language, prepared: Prepared) -> None:
        self._prepared = prepared
        texts = Texts(language, {})
        written = {key: texts.truth(node, prepared.told) for key, node in prepared.conditions.items()}
        used = set(NAME.findall(" ".join(written.values())))
        self._program = _Program(language, {n: KINDS.get(t, NUMBER) for n, t in prepared.types.items() if n in used})
        self._keys, self._conditions = tuple(written), self._program.compiled(listed(written.values()))

    def statuses_of(self, rows: list[dict]) -> list[dict]:
        return [self._statuses(row) for row in rows]

    def _statuses(self, row: dict) -> dict:
        said = self._conditions(self._program.told(row))
        return statuses_by(self._prepared, row, {k: TRUTHS[one] for k, one in zip(self._keys, said, strict=True)})


class Whole:
    """Decides what whole answers rest on."""

    def __init__(self, language: Language, conditions: Conditions) -> None:
        texts = Texts(language, conditions.kinds)
        self._program = _Program(language, conditions.kinds)
        when = {rule: texts.truth(node) for rule, node in conditions.when.items()}
        against = {drug: texts.truth(node) for drug, node in conditions.against.items()}
        self._later = {d: self._program.compiled(text) for d, text in against.items()} if language.asks_again else {}
        at_once = {} if language.asks_again else against
        alerts = [side(node, True, texts, untold) for node in conditions.alerts.values()]
        self._rules, self._drugs, self._alerts = tuple(when), tuple(at_once), tuple(conditions.alerts)
        first = [texts.truth(conditions.halved), *when.values(), *at_once.values(), *alerts]
        self._first = self._program.compiled(listed(first))

    def decide(self, p: object) -> Decisions:
        told = self._program.told(vars(p))
        said = iter(self._first(told))
        halved = TRUTHS[next(said)]
        when = {rule: TRUTHS[place] for rule, place in zip(self._rules, said, strict=False) if place != 2}
        against = {drug: TRUTHS[place] for drug, place in zip(self._drugs, said, strict=False) if place != 2}
        raised = [alert for alert, holds in zip(self._alerts, said, strict=True) if holds]

        def ask(drug: str) -> bool | None:
            return TRUTHS[self._later[drug](told)] if self._later else None

        return decisions(p, Settled(when, WHEN, p), Settled(against, AGAINST, p, ask), halved, raised)
