"""Each condition by its two sides: when it is certainly true, and when certainly false.

Negation is pushed down to the facts, and a fact that is missing fulfils neither side. So a peer that knows nothing but
true and false answers by the same rules; how it says *and*, *or* and a comparison is its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

from cds_engine.language.syntax import Comparator, Operator
from cds_engine.lowering import core as c

OPPOSITE = {
    Comparator.EQUAL: Comparator.NOT_EQUAL,
    Comparator.LESS: Comparator.AT_LEAST,
    Comparator.AT_MOST: Comparator.GREATER,
}
OPPOSITE |= {other: one for one, other in OPPOSITE.items()}
SIGNS = {Comparator.EQUAL: "==", Comparator.NOT_EQUAL: "!="}


class Limit(NamedTuple):
    """A limit that the row tells itself, times a number."""

    fact: str
    times: float = 1.0


class Leaf(NamedTuple):
    """One comparison of a fact that must be known: by `==`, `!=`, `<`, `<=`, `>`, `>=`, `in` or `not in`.

    Of the peers that answer whole, also by `holds` and `lacks`: lists that hold one of the codes, or none.
    """

    fact: str
    sign: str
    value: object


class Words(Protocol):
    """How a peer writes conditions down."""

    def leaf(self, leaf: Leaf) -> object:
        """Write a comparison, false where the fact is missing."""

    def every(self, parts: list) -> object:
        """Write *and*; of nothing it is true."""

    def some(self, parts: list) -> object:
        """Write *or*; of nothing it is false."""


class AllWords(Words, Protocol):
    """How a peer writes down the rest that whole answers need."""

    def negated(self, part: object) -> object:
        """Write *not* before what is true or false for every row."""

    def unknown(self, fact: str) -> object:
        """Write that a fact is missing."""


Told = Callable[[c.CoreNode], str | None]
"""The name of the boolean that a condition is told by, where it is computed beforehand."""


def untold(_: c.CoreNode) -> None:
    """Say that no condition is computed beforehand."""


def side(node: c.CoreNode, wanted: bool, words: Words, told: Told) -> object:
    """Write down when a condition certainly is what is *wanted*; it takes `AllWords` if nothing is told beforehand."""
    name = told(node)
    if name is not None:
        return words.leaf(Leaf(name, "==", wanted))
    match node:
        case c.Constant(value):
            return words.every([]) if value is wanted else words.some([])
        case c.Fact(name):
            return words.leaf(Leaf(name, "==", wanted))
        case c.Compare(comparator, c.Fact(name), value):
            kept = comparator if wanted else OPPOSITE[comparator]
            return words.leaf(Leaf(name, SIGNS.get(kept, kept.value), _compared(value)))
        case c.OneOf(c.Fact(name), codes):
            return words.leaf(Leaf(name, "in" if wanted else "not in", list(codes)))
        case c.Holds(name, codes):
            return words.leaf(Leaf(name, "holds" if wanted else "lacks", list(codes)))
        case c.Not(operand):
            return side(operand, not wanted, words, told)
        case c.And(parts) | c.Or(parts):
            together = words.every if isinstance(node, c.And) is wanted else words.some
            return together([side(part, wanted, words, told) for part in parts])
        case c.IsUnknown(c.Fact(name)):
            return words.unknown(name) if wanted else words.negated(words.unknown(name))
        case c.IsUnknown(operand):
            either = words.some([side(operand, truth, words, told) for truth in (True, False)])
            return words.negated(either) if wanted else either
        case c.Defined(_, condition):
            return side(condition, wanted, words, told)
        case _:
            raise NotImplementedError(f"the workloads have no {type(node).__name__}")


def _compared(term: c.CoreNode) -> object:
    match term:
        case c.Constant(value):
            return value
        case c.Fact(name):
            return Limit(name)
        case c.Calculate(Operator.MULTIPLY, c.Constant(times), c.Fact(name)):
            return Limit(name, times)
        case _:
            raise NotImplementedError(f"the workloads compare with no {type(term).__name__}")
