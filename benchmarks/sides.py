"""What peers with two-valued logic are given: of each condition when it is certainly true, and when certainly false.

Negation is pushed down to the facts, and a fact that is missing fulfils neither side. So every peer answers by the same
rules and with the same statuses; how it says *and*, *or* and a comparison is its own.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

from by_hand import status

from cds_engine.language.syntax import Comparator
from cds_engine.lowering import core as c
from cds_engine.lowering.guideline import Guideline

INPUTS = {"surface": ("height", "weight"), "weight": ("weight",)}
OPPOSITE = {
    Comparator.EQUAL: Comparator.NOT_EQUAL,
    Comparator.LESS: Comparator.AT_LEAST,
    Comparator.AT_MOST: Comparator.GREATER,
}
OPPOSITE |= {other: one for one, other in OPPOSITE.items()}
SIGNS = {Comparator.EQUAL: "==", Comparator.NOT_EQUAL: "!="}


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


def side(node: c.CoreNode, wanted: bool, words: Words) -> object:
    """Write down when a condition certainly is what is *wanted*."""
    match node:
        case c.Fact(name):
            return words.leaf(Leaf(name, "==", wanted))
        case c.Compare(comparator, c.Fact(name), c.Constant(value)):
            kept = comparator if wanted else OPPOSITE[comparator]
            return words.leaf(Leaf(name, SIGNS.get(kept, kept.value), value))
        case c.OneOf(c.Fact(name), codes):
            return words.leaf(Leaf(name, "in" if wanted else "not in", list(codes)))
        case c.Not(operand):
            return side(operand, not wanted, words)
        case c.And(parts) | c.Or(parts):
            together = words.every if isinstance(node, c.And) is wanted else words.some
            return together([side(part, wanted, words) for part in parts])
        case c.Defined(_, condition):
            return side(condition, wanted, words)
        case _:
            raise NotImplementedError(f"the workload has no {type(node).__name__}")


def sides(guideline: Guideline, words: Words) -> dict[str, object]:
    """Return both sides of every condition, by names that are identifiers: `yes_3`, `no_3`."""
    return {
        f"{name}_{index}": side(node, wanted, words)
        for index, node in enumerate(guideline.conditions.values())
        for name, wanted in (("yes", True), ("no", False))
    }


def statuses(guideline: Guideline, row: dict, holds: set[str]) -> dict[str, str]:
    """Return the status of each rule from the sides that hold."""
    return statuses_by(
        guideline,
        row,
        {
            key: True if f"yes_{index}" in holds else False if f"no_{index}" in holds else None
            for index, key in enumerate(guideline.conditions)
        },
    )


def statuses_by(guideline: Guideline, row: dict, truths: dict[str, bool | None]) -> dict[str, str]:
    """Return the status of each rule from the truth of every condition; the row says whether a dose can be computed."""
    found = {}
    for spec in guideline.rules:
        [treatment] = spec.treatments
        against = [truths[key] for key, _ in guideline.contraindications.get(treatment.target, ())]
        blocked = True if True in against else None if None in against else False
        known, dose = True, treatment.dose
        if dose is not None:
            known = all(row[name] is not None for name in INPUTS[dose.basis])
            known = known and all(truths[adjustment.key] is not None for adjustment in dose.adjustments)
        found[spec.rule.id.replace("-", "_")] = status(truths[spec.key], blocked, known)
    return found
