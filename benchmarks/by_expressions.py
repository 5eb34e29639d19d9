"""Peers that evaluate expressions: the conditions of a workload as one list of texts, compiled once.

A call costs such engines more than a condition. In a list an error is an error of all, so what is missing is told as a
value that fulfils no comparison.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from jdm.by_hand import Decisions
from jdm.rules import WHEN
from jdm.safety import AGAINST
from sides import Leaf, Told, side, untold
from statuses import Prepared, statuses_by
from whole import KINDS, NUMBER, Conditions, Settled, decisions

from cds_engine.lowering import core as c

NAME = re.compile(r"\w+")
TRUTHS = {0: False, 1: True, 2: None}
Compiled = Callable[[object], object]
"""An expression: from what the engine is told of a patient to the value."""


class Engine(NamedTuple):
    """An engine that knows the facts of a workload."""

    compiled: Callable[[str], Compiled]
    told: Callable[[dict[str, object]], object]
    """From the values of the facts to what the engine is told of a patient."""


class Texts:
    """The words of a language: every condition is true or false for every row."""

    both: str
    either: str
    always: str
    never: str

    def __init__(self, kinds: Mapping[str, str]) -> None:
        self.kinds = kinds

    def leaf(self, leaf: Leaf) -> str:
        """Write a comparison, false where the fact is missing."""
        raise NotImplementedError

    def negated(self, part: str) -> str:
        """Write *not*."""
        raise NotImplementedError

    def unknown(self, fact: str) -> str:
        """Write that a fact is missing."""
        raise NotImplementedError

    def joined(self, sign: str, parts: list[str]) -> str:
        """Write several parts with a sign between or before them."""
        raise NotImplementedError

    def first_of(self, no: str, yes: str) -> str:
        """Write 0 where the first holds, else 1 where the second does, else 2."""
        raise NotImplementedError

    def listed(self, texts: Iterable[str]) -> str:
        """Write the list of what several texts give."""
        raise NotImplementedError

    def every(self, parts: list[str]) -> str:
        return self._together(self.both, parts, self.always, self.never)

    def some(self, parts: list[str]) -> str:
        return self._together(self.either, parts, self.never, self.always)

    def truth(self, node: c.CoreNode, told: Told = untold) -> str:
        """Write a condition as the key of its truth in `TRUTHS`."""
        return self.first_of(side(node, False, self, told), side(node, True, self, told))

    def _together(self, sign: str, parts: list[str], neutral: str, decisive: str) -> str:
        """Return the parts joined, each once; what is neutral is left out, and what decides stands alone."""
        kept = [part for part in dict.fromkeys(parts) if part != neutral]
        if decisive in kept:
            return decisive
        return self.joined(sign, kept) if len(kept) > 1 else kept[0] if kept else neutral


class Language(NamedTuple):
    """How an engine is told conditions and patients."""

    texts: Callable[[Mapping[str, str]], Texts]
    """From the kinds of facts by name."""
    engine: Callable[[dict[str, str]], Engine]
    missing: Mapping[str, object]
    """What the engine is told of a fact that is missing, by kind."""
    asks_again: bool
    """Whether it costs little to ask for one more expression of the same patient; else all are asked for at once."""


def named(fact: str) -> str:
    return fact.replace(".", "_")


class _Program:
    """Expressions of one engine over the facts of a patient."""

    def __init__(self, language: Language, kinds: Mapping[str, str]) -> None:
        named_kinds = {named(fact): kind for fact, kind in kinds.items()}
        self._missing = {name: language.missing[kind] for name, kind in named_kinds.items()}
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
        texts = language.texts({})
        written = {key: texts.truth(node, prepared.told) for key, node in prepared.conditions.items()}
        used = set(NAME.findall(" ".join(written.values())))
        self._program = _Program(language, {n: KINDS.get(t, NUMBER) for n, t in prepared.types.items() if n in used})
        self._keys, self._conditions = tuple(written), self._program.compiled(texts.listed(written.values()))

    def statuses_of(self, rows: list[dict]) -> list[dict]:
        return [self._statuses(row) for row in rows]

    def _statuses(self, row: dict) -> dict:
        said = self._conditions(self._program.told(row))
        return statuses_by(self._prepared, row, {k: TRUTHS[one] for k, one in zip(self._keys, said, strict=True)})


class Whole:
    """Decides what whole answers rest on."""

    def __init__(self, language: Language, conditions: Conditions) -> None:
        texts = language.texts(conditions.kinds)
        self._program = _Program(language, conditions.kinds)
        when = {rule: texts.truth(node) for rule, node in conditions.when.items()}
        against = {drug: texts.truth(node) for drug, node in conditions.against.items()}
        self._later = {d: self._program.compiled(text) for d, text in against.items()} if language.asks_again else {}
        at_once = {} if language.asks_again else against
        # an alert is raised or not: when it is certainly not is of no interest
        alerts = [texts.first_of(texts.never, side(node, True, texts, untold)) for node in conditions.alerts.values()]
        self._rules, self._drugs, self._alerts = tuple(when), tuple(at_once), tuple(conditions.alerts)
        first = [texts.truth(conditions.halved), *when.values(), *at_once.values(), *alerts]
        self._first = self._program.compiled(texts.listed(first))

    def decide(self, p: object) -> Decisions:
        told = self._program.told(vars(p))
        said = iter(self._first(told))
        halved = TRUTHS[next(said)]
        when = {rule: TRUTHS[place] for rule, place in zip(self._rules, said, strict=False) if place != 2}
        against = {drug: TRUTHS[place] for drug, place in zip(self._drugs, said, strict=False) if place != 2}
        raised = [alert for alert, place in zip(self._alerts, said, strict=True) if TRUTHS[place]]

        def ask(drug: str) -> bool | None:
            return TRUTHS[self._later[drug](told)] if self._later else None

        return decisions(p, Settled(when, WHEN, p), Settled(against, AGAINST, p, ask), halved, raised)
