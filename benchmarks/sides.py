"""What peers with two-valued logic are given: of each condition when it is certainly true, and when certainly false.

Negation is pushed down to the facts, and a fact that is missing fulfils neither side. So every peer answers by the same
rules and with the same statuses; how it says *and*, *or* and a comparison is its own. What none of them can say is
computed for them beforehand (`Prepared`), and that time is not counted.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple, Protocol

from by_hand import status

from cds_engine.batch.columns import Columns
from cds_engine.batch.sample import facts_of
from cds_engine.evaluator.conditions import decide
from cds_engine.evaluator.derive import derive
from cds_engine.evaluator.facts import Facts
from cds_engine.language.syntax import Comparator
from cds_engine.lowering import core as c
from cds_engine.lowering.guideline import Guideline, RuleSpec, Treatment
from cds_engine.patient.read import read_facts

OPPOSITE = {
    Comparator.EQUAL: Comparator.NOT_EQUAL,
    Comparator.LESS: Comparator.AT_LEAST,
    Comparator.AT_MOST: Comparator.GREATER,
}
OPPOSITE |= {other: one for one, other in OPPOSITE.items()}
SIGNS = {Comparator.EQUAL: "==", Comparator.NOT_EQUAL: "!="}
Row = dict[str, object]
"""What a peer is told of a patient: the value of each fact, derived ones too, and what was computed beforehand."""


class Leaf(NamedTuple):
    """One comparison of a fact that must be known: by `==`, `!=`, `<`, `<=`, `>`, `>=`, `in` or `not in`."""

    fact: str
    sign: str
    value: object


class Words(Protocol):
    """How a peer writes conditions down."""

    def leaf(self, leaf: Leaf) -> object:
        """Write a comparison, false where the fact is missing."""

    def every(self, parts: list) -> object:
        """Write *and*."""

    def some(self, parts: list) -> object:
        """Write *or*."""


class Prepared:
    """The conditions of a pack that its statuses rest on, and what of them is a boolean computed beforehand.

    That is whether a list holds something, whether something is unknown, and comparisons of two facts.
    """

    def __init__(self, guideline: Guideline, columns: Columns, beyond: Collection[str] = ()) -> None:
        self.guideline = guideline
        self._beyond = beyond
        """Definitions that the peer cannot hold."""
        self._columns = columns
        self._names: dict[c.CoreNode, str] = {}
        keys: dict[str, None] = {}
        for spec in guideline.rules:
            keys[spec.key] = None
            for treatment in spec.treatments:
                keys |= {key: None for key, _ in guideline.contraindications.get(treatment.target, ())}
                keys |= {a.key: None for a in (treatment.dose.adjustments if treatment.dose else ())}
        self.conditions = {key: guideline.conditions[key] for key in keys}

    def is_beforehand(self, node: c.CoreNode) -> bool:
        """Say whether a condition is computed for the peers."""
        match node:
            case c.Compare(_, c.Fact(name), c.Constant()) | c.Fact(name):
                return "." in name
            case c.Compare() | c.Holds() | c.IsUnknown():
                return True
            case _:
                return isinstance(node, c.Defined) and node.name in self._beyond

    def name(self, node: c.CoreNode) -> str:
        """Return the name of a boolean that is computed beforehand."""
        return self._names.setdefault(node, f"told_{len(self._names)}")

    @property
    def types(self) -> dict[str, str]:
        """By name, everything that a peer is told: `boolean`, `code` or a kind of number."""
        facts = {name: spec.entry.type for name, spec in self.guideline.dictionary.facts.items()}
        return facts | dict.fromkeys(self._names.values(), "boolean")

    def row(self, row: dict, as_of: object) -> Row:
        """Return what a peer is told of the patient in a row of the table."""
        given = facts_of(row, self._columns, (), self.guideline.dictionary.medications)
        record = read_facts(given, self.guideline.dictionary, as_of)
        facts = derive(self.guideline, record.facts, as_of).facts
        told = {node_name: decide(node, facts).truth for node, node_name in self._names.items()}
        return {name: _value(name, facts) for name in self.guideline.dictionary.facts} | told


def _value(name: str, facts: Facts) -> object:
    value = facts.value(name)
    return value if isinstance(value, bool | float | str) else None


def side(node: c.CoreNode, wanted: bool, words: Words, prepared: Prepared) -> object:
    """Write down when a condition certainly is what is *wanted*."""
    if prepared.is_beforehand(node):
        return words.leaf(Leaf(prepared.name(node), "==", wanted))
    match node:
        case c.Fact(name):
            return words.leaf(Leaf(name, "==", wanted))
        case c.Compare(comparator, c.Fact(name), c.Constant(value)):
            kept = comparator if wanted else OPPOSITE[comparator]
            return words.leaf(Leaf(name, SIGNS.get(kept, kept.value), value))
        case c.OneOf(c.Fact(name), codes):
            return words.leaf(Leaf(name, "in" if wanted else "not in", list(codes)))
        case c.Not(operand):
            return side(operand, not wanted, words, prepared)
        case c.And(parts) | c.Or(parts):
            together = words.every if isinstance(node, c.And) is wanted else words.some
            return together([side(part, wanted, words, prepared) for part in parts])
        case c.Defined(_, condition):
            return side(condition, wanted, words, prepared)
        case _:
            raise NotImplementedError(f"the workloads have no {type(node).__name__}")


def sides(prepared: Prepared, words: Words) -> dict[str, object]:
    """Return both sides of every condition, by names that are identifiers: `yes_3`, `no_3`."""
    return {
        f"{name}_{index}": side(node, wanted, words, prepared)
        for index, node in enumerate(prepared.conditions.values())
        for name, wanted in (("yes", True), ("no", False))
    }


def statuses(prepared: Prepared, row: Row, holds: set[str]) -> dict[str, str]:
    """Return the status of each rule from the sides that hold."""
    return statuses_by(
        prepared,
        row,
        {
            key: True if f"yes_{index}" in holds else False if f"no_{index}" in holds else None
            for index, key in enumerate(prepared.conditions)
        },
    )


def statuses_by(prepared: Prepared, row: Row, truths: dict[str, bool | None]) -> dict[str, str]:
    """Return the status of each rule from the truth of every condition; the row says whether a dose can be computed."""
    return {
        spec.rule.id.replace("-", "_"): _together(
            spec,
            [_status_of(prepared.guideline, treatment, truths[spec.key], row, truths) for treatment in spec.treatments],
        )
        for spec in prepared.guideline.rules
    }


def _status_of(
    guideline: Guideline, treatment: Treatment, when: bool | None, row: Row, truths: dict[str, bool | None]
) -> str:
    against = [
        truths[key] is True if rule.if_unknown == "ignore" else truths[key]
        for key, rule in guideline.contraindications.get(treatment.target, ())
    ]
    blocked = True if True in against else None if None in against else False
    known, dose = True, treatment.dose
    if dose is not None:
        known = dose.basis is None or row[dose.basis] is not None
        known = known and all(truths[adjustment.key] is not None for adjustment in dose.adjustments)
    return status(when, blocked, known)


def _together(spec: RuleSpec, each: list[str]) -> str:
    """Return the status of a rule: of a choice the best of its treatments, else the worst."""
    best_first = ("not_applicable", "recommended", "needs_data", "blocked")
    if spec.mode == "one_of":
        return min(each, key=best_first.index)
    return max(each, key=best_first.index)
