"""What it takes for a condition to be certainly true, or certainly false, as formulas over properties.

The three-valued logic of the core ends here. Knows nothing of rulesets and their limits.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeAlias, assert_never

from cds_engine.backends.durable.errors import UnsupportedConditionError
from cds_engine.backends.durable.formula import Formula, Formulas
from cds_engine.backends.durable.values import (
    FactSource,
    Kind,
    MemberSource,
    Property,
    Source,
    TermSource,
    VerdictSource,
    written,
)
from cds_engine.diagnostics import BackendFault
from cds_engine.language.syntax import Comparator
from cds_engine.lowering.core import (
    And,
    Calculate,
    Choose,
    Compare,
    Condition,
    Constant,
    Defined,
    Elapsed,
    Fact,
    Holds,
    IsUnknown,
    Not,
    OneOf,
    Or,
    Scalar,
    Term,
)
from cds_engine.units.exact import exact

Mode: TypeAlias = tuple[bool, bool]
"""What is asked of a condition: (truth, surely).

`(True, True)` is certainly true, `(False, True)` certainly false, `(True, False)` not certainly false, and
`(False, False)` not certainly true. Each mode of a negation, conjunction or disjunction is made from the same
mode of its parts.
"""

Asked: TypeAlias = Callable[[Mode], Formula]
"""Anything three-valued, given by its formula in each mode."""

_OPPOSITE = {
    Comparator.EQUAL: Comparator.NOT_EQUAL,
    Comparator.NOT_EQUAL: Comparator.EQUAL,
    Comparator.LESS: Comparator.AT_LEAST,
    Comparator.AT_MOST: Comparator.GREATER,
    Comparator.GREATER: Comparator.AT_MOST,
    Comparator.AT_LEAST: Comparator.LESS,
}
_MEANING: dict[Comparator, Callable[[Any, Any], bool]] = {
    Comparator.EQUAL: operator.eq,
    Comparator.NOT_EQUAL: operator.ne,
    Comparator.LESS: operator.lt,
    Comparator.AT_MOST: operator.le,
    Comparator.GREATER: operator.gt,
    Comparator.AT_LEAST: operator.ge,
}


@dataclass(frozen=True, slots=True)
class _Test:
    """A value stands in this relation to one of these literals, which are all of one kind."""

    comparator: Comparator
    values: tuple[Scalar, ...]
    kind: Kind

    def passes(self, value: Scalar | None) -> bool | None:
        """Decide the test for a value written in the pack."""
        if value is None:
            return None
        return any(_relates(self.comparator, value, v) for v in self.values)


class Certainty:
    """Compiles conditions; the same part asked in the same mode is compiled once."""

    def __init__(self, formulas: Formulas) -> None:
        self._formulas = formulas
        # INVARIANT: nodes are held here, so that an id is never used again while it is a key.
        self._done: dict[tuple[int, Mode], tuple[Condition, Formula]] = {}

    def holds(self, node: Condition, mode: Mode) -> Formula:
        """Return the formula that matches exactly the patients for whom *node* is as *mode* asks."""
        key = (id(node), mode)
        if key not in self._done:
            self._done[key] = (node, self._compiled(node, mode))
        return self._done[key][1]

    def _compiled(self, node: Condition, mode: Mode) -> Formula:
        truth, surely = mode
        match node:
            case Constant():
                return _settled(_truth(node), mode)
            case Fact(name):
                return self._flag(FactSource(name), mode)
            case Compare():
                return self._compare(node, mode)
            case OneOf():
                return self._one_of(node, mode)
            case Holds(name, codes):
                flags = [self._flag(MemberSource(name, code), mode) for code in codes or (None,)]
                return self._joined(flags, all_of_them=not truth)
            case IsUnknown(operand):
                return self._known(operand, known=not truth)
            case Not(operand):
                return self.holds(operand, (not truth, surely))
            case And(parts) | Or(parts):
                formulas = [self.holds(part, mode) for part in parts]
                return self._joined(formulas, all_of_them=truth == isinstance(node, And))
            case Defined(condition=condition):
                return self.holds(condition, mode)
            case Choose(condition, yes, no):
                return self._choose(condition, self._branch(yes), self._branch(no), mode)
        assert_never(node)

    def _joined(self, formulas: list[Formula], *, all_of_them: bool) -> Formula:
        return self._formulas.every(formulas) if all_of_them else self._formulas.some(formulas)

    def _branch(self, node: Term | Condition) -> Asked:
        if isinstance(node, Calculate | Elapsed):
            raise UnsupportedConditionError("a number stands where a condition should")
        return lambda mode: self.holds(node, mode)

    def _choose(self, condition: Condition, yes: Asked, no: Asked, mode: Mode) -> Formula:
        """Follow the branch that the condition certainly takes; with neither, every truth stays possible."""
        every, some = self._formulas.every, self._formulas.some
        if_true, if_false = self.holds(condition, (True, True)), self.holds(condition, (False, True))
        if mode[1]:
            return some([every([if_true, yes(mode)]), every([if_false, no(mode)])])
        not_true, not_false = self.holds(condition, (False, False)), self.holds(condition, (True, False))
        return every([some([not_true, yes(mode)]), some([not_false, no(mode)])])

    def _known(self, node: Condition | Term, *, known: bool) -> Formula:
        """Match the patients for whom *node* has a value, or has none."""
        match node:
            case Constant(value):
                return (value is not None) == known
            case Fact(name):
                return self._presence(FactSource(name), known=known)
            case Calculate() | Elapsed():
                return self._presence(TermSource(node), known=known)
            case Choose(condition, yes, no):
                if_true, if_false = self.holds(condition, (True, True)), self.holds(condition, (False, True))
                ways = [
                    self._formulas.every([if_true, self._known(yes, known=known)]),
                    self._formulas.every([if_false, self._known(no, known=known)]),
                ]
                return self._formulas.some(ways if known else [self._known(condition, known=False), *ways])
            case _ if known:
                return self._formulas.some(self.holds(node, (truth, True)) for truth in (True, False))
            case _:
                return self._formulas.every(self.holds(node, (truth, False)) for truth in (True, False))

    def _compare(self, node: Compare, mode: Mode) -> Formula:
        left, comparator, right = node.left, node.comparator, node.right
        if isinstance(left, Constant):
            left, comparator, right = right, comparator.mirrored, left
        if not isinstance(right, Constant) or (isinstance(right.value, date) and not isinstance(left, Constant)):
            return self._flag(VerdictSource(node), mode)
        if right.value is None:
            return _settled(None, mode)
        kind = _kind(right.value)
        if kind is not Kind.NUMBER and comparator not in (Comparator.EQUAL, Comparator.NOT_EQUAL):
            raise UnsupportedConditionError(f"`{comparator}` orders numbers only, not `{right.value}`")
        if isinstance(right.value, bool):  # `x = true` is x itself
            same = right.value == (comparator is Comparator.EQUAL)
            return self._branch(left)((mode[0] == same, mode[1]))
        return self._test(left, _Test(comparator, (right.value,), kind), mode)

    def _one_of(self, node: OneOf, mode: Mode) -> Formula:
        if not node.codes:  # false once the term is known
            choice = Choose(IsUnknown(node.term), Constant(None), Constant(value=False))
            return self.holds(choice, mode)
        return self._test(node.term, _Test(Comparator.EQUAL, node.codes, Kind.CODE), mode)

    def _test(self, term: Term | Condition, test: _Test, mode: Mode) -> Formula:
        match term:
            case Constant(value):
                return _settled(test.passes(value), mode)
            case Choose(condition, yes, no):
                return self._choose(
                    condition, lambda m: self._test(yes, test, m), lambda m: self._test(no, test, m), mode
                )
            case Fact(name):
                return self._asked(FactSource(name), test, mode)
            case Calculate() | Elapsed():
                return self._asked(TermSource(term), test, mode)
            case _:
                raise UnsupportedConditionError("a condition stands where a value should")

    def _asked(self, source: Source, test: _Test, mode: Mode) -> Formula:
        """Ask one value: any literal fits for true, none for false."""
        comparator = test.comparator if mode[0] else _OPPOSITE[test.comparator]
        prop = Property(source, test.kind)
        atoms: list[Formula] = [self._formulas.atom(prop, comparator, _literal(v)) for v in test.values]
        return self._or_unknown(self._joined(atoms, all_of_them=not mode[0]), source, mode)

    def _flag(self, source: Source, mode: Mode) -> Formula:
        atom = self._formulas.atom(Property(source, Kind.FLAG), Comparator.EQUAL, _literal(mode[0]))
        return self._or_unknown(atom, source, mode)

    def _or_unknown(self, formula: Formula, source: Source, mode: Mode) -> Formula:
        """Return what is sure, or with it all patients whose value is unknown: nothing is ruled out there."""
        return formula if mode[1] else self._formulas.some([formula, self._presence(source, known=False)])

    def _presence(self, source: Source, *, known: bool) -> Formula:
        return self._formulas.atom(Property(source, Kind.KNOWN), Comparator.EQUAL, _literal(known))


def _settled(value: bool | None, mode: Mode) -> bool:  # noqa: FBT001 - the thing itself, no switch
    """Answer *mode* for a truth that no patient changes."""
    truth, surely = mode
    return value is truth if surely else value is not (not truth)


def _truth(node: Constant) -> bool | None:
    if node.value is None or isinstance(node.value, bool):
        return node.value
    raise UnsupportedConditionError(f"`{node.value}` is neither true nor false")


def _kind(value: Scalar) -> Kind:
    if isinstance(value, bool):
        return Kind.FLAG
    return Kind.CODE if isinstance(value, str) else Kind.NUMBER


def _literal(value: Scalar) -> str:
    """Write a literal as the message writes the value that it is compared with."""
    try:
        text = written(value, _kind(value))
    except BackendFault as error:
        raise UnsupportedConditionError(f"`{value}` is no number to compare with") from error
    return text or ""


def _relates(comparator: Comparator, left: Scalar, right: Scalar) -> bool:
    """Compare two values written in the pack, as everywhere: numbers rounded by `exact`."""
    if type(left) is not type(right) and not (_is_number(left) and _is_number(right)):
        raise UnsupportedConditionError(f"`{left}` and `{right}` do not compare")
    if isinstance(left, float | int) and isinstance(right, float | int):
        left, right = exact(left), exact(right)
    return _MEANING[comparator](left, right)


def _is_number(value: Scalar) -> bool:
    return isinstance(value, float | int) and not isinstance(value, bool)
