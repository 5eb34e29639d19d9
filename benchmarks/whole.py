"""Whole answers of the JDM pack by a peer: every column that Python by hand gives, from the same dicts.

Facts, doses and the table of columns are the work of Python by hand (`jdm/`), as somebody would write them around such
an engine. The peer decides every condition: when a rule applies, what speaks against each drug and action, whether a
dose is halved, which alerts are raised. Where it leaves one open, Python by hand says what is missing, and for that
alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from jdm.by_hand import Decisions, needs_half, table_of
from jdm.facts import define, facts_of
from jdm.safety import AGAINST
from jdm.unknown import ASK, is_unknown

from cds_engine.lowering import core as c
from cds_engine.lowering.guideline import Guideline

NUMBER, WORD, LIST = "number", "word", "list"
KINDS = {"boolean": WORD, "code": WORD, "codes": LIST, "medications": LIST}
"""By type in the dictionary; all others are numbers."""
SURE_OF_WEIGHT = "weight_is_sure"
"""A fact that is true, or unknown where the weight is too old: then what rests on it may be known after all."""
NEVER_TOLD = c.Constant(None)
"""Unknown for every row: the table says nothing of the single medicines."""
Truths = Mapping[str, bool]
Ask = Callable[[str], bool | None]
ByHand = Mapping[str, Callable[[object], object]]


@dataclass(frozen=True, slots=True)
class Conditions:
    """All that the answers rest on, by rule, by drug or action, and by alert."""

    when: dict[str, c.CoreNode]
    against: dict[str, c.CoreNode]
    halved: c.CoreNode
    alerts: dict[str, c.CoreNode]
    kinds: dict[str, str]
    """By the name of each fact that they ask for: number, word (a truth too) or list."""


class Decider(Protocol):
    """A peer that knows the conditions."""

    def decide(self, p: object) -> Decisions:
        """Decide them for a patient."""


def conditions_of(guideline: Guideline) -> Conditions:
    """Return the conditions of the pack, as far as the table can say something of them."""
    doubted = {"weight"} | {derived.fact for derived in guideline.derivations if "weight" in derived.reads}
    known = {key: _of_table(node, doubted) for key, node in guideline.conditions.items()}
    against = {
        target: c.Or(tuple(known[key] if rule.if_unknown == "hold" else _certain(known[key]) for key, rule in rules))
        for target, rules in guideline.contraindications.items()
        if target in AGAINST
    }
    treatments = [treatment for spec in guideline.rules for treatment in spec.treatments]
    [halved] = {adjustment.key for one in treatments if one.dose for adjustment in one.dose.adjustments}
    when = {spec.rule.id.replace("-", "_"): known[spec.key] for spec in guideline.rules}
    alerts = {alert.id: known[key] for key, alert in guideline.alerts}
    found = [*when.values(), *against.values(), known[halved], *alerts.values()]
    kinds = {name: _kind(name, guideline) for node in found for name in _facts(node)}
    return Conditions(when, against, known[halved], alerts, kinds)


def answers(decider: Decider, rows: list[dict]) -> list[dict]:
    return [answer(decider, row) for row in rows]


def answer(decider: Decider, row: dict) -> dict:
    """Return the answer to a row by column."""
    p = facts_of(row)
    p.weight_is_sure = ASK["weight"] if p.weight_is_old else True
    return table_of(p, decider.decide(p))


def never(_: str) -> None:
    """Say that a peer has nothing more to decide."""


class Settled(dict):
    """Truths by name; of one that is not decided yet the peer is asked, then Python by hand what is missing for it."""

    def __init__(self, decided: Truths, by_hand: ByHand, p: object, ask: Ask = never) -> None:
        super().__init__(decided)
        self._by_hand, self._p, self._ask = by_hand, p, ask

    def __missing__(self, name: str) -> object:
        said = self._ask(name)
        found = self[name] = missing_for(self._by_hand[name], self._p) if said is None else said
        return found


def missing_for(condition: Callable[[object], object], p: object) -> object:
    """Return what is missing for a condition that a peer leaves open; raise if it is not open."""
    if not hasattr(p, "in_scope"):
        define(p)
    found = condition(p)
    assert is_unknown(found), f"the peer leaves open what is {found}"
    return found


def decisions(p: object, when: Settled, against: Settled, halved: bool | None, alerts: list[str]) -> Decisions:
    """Return what a peer has decided, what it leaves open with what is missing for it."""
    half = missing_for(needs_half, p) if halved is None else halved
    return Decisions(when, against, half, ";".join(alerts) or None)


def _of_table(node: c.CoreNode, doubted: set[str]) -> c.CoreNode:
    match node:
        case c.Fact(name) if name.endswith(".usable"):
            return c.Constant(True)
        case c.Compare(_, c.Fact(name)) | c.OneOf(c.Fact(name)) | c.Holds(name):
            return NEVER_TOLD if "." in name and ".range." not in name else node
        case c.And(parts):
            return c.And(tuple(_of_table(part, doubted) for part in _with_certain(parts, doubted)))
        case c.Or(parts):
            return c.Or(tuple(_of_table(part, doubted) for part in parts))
        case c.Not(operand):
            return c.Not(_of_table(operand, doubted))
        case c.Defined(_, condition):
            return _of_table(condition, doubted)
        case c.IsUnknown(operand):
            found = c.IsUnknown(_of_table(operand, doubted))
            return c.And((found, c.Fact(SURE_OF_WEIGHT))) if doubted & set(_facts(found)) else found
        case _:
            return node


def _with_certain(parts: tuple[c.CoreNode, ...], doubted: set[str]) -> list[c.CoreNode]:
    """Return the parts of *and*; `x` and `x is known` become `certainly x`, so that no peer works it out twice."""
    known = [node for node in map(_must_be_known, parts) if node and not doubted.intersection(_facts(node))]
    certain = [part for part in parts if _affirmed(part) in known]
    known = [_affirmed(part) for part in certain]
    return [_certain(part) if part in certain else part for part in parts if _must_be_known(part) not in known]


def _must_be_known(part: c.CoreNode) -> c.CoreNode | None:
    match part:
        case c.Not(c.IsUnknown(node)):
            return node
        case _:
            return None


def _affirmed(part: c.CoreNode) -> c.CoreNode:
    return part.operand if isinstance(part, c.Not) else part


def _certain(node: c.CoreNode) -> c.CoreNode:
    """Return what is true where the condition is true, else false: `x or unknown` is known for a true `x` alone."""
    return c.Not(c.IsUnknown(c.Or((node, NEVER_TOLD))))


def _facts(node: c.CoreNode) -> Iterator[str]:
    """Yield the facts that a condition names."""
    match node:
        case c.Fact(name) | c.Holds(name):
            yield name
        case c.And(parts) | c.Or(parts):
            for part in parts:
                yield from _facts(part)
        case c.Not(operand) | c.IsUnknown(operand) | c.OneOf(operand):
            yield from _facts(operand)
        case c.Compare(_, left, right) | c.Calculate(_, left, right):
            yield from (*_facts(left), *_facts(right))
        case c.Defined(_, condition):
            yield from _facts(condition)


def _kind(name: str, guideline: Guideline) -> str:
    if name == SURE_OF_WEIGHT:
        return WORD
    spec = guideline.dictionary.facts.get(name)
    return KINDS.get(spec.entry.type, NUMBER) if spec else NUMBER
