"""Whether two values of one fact are the same within its tolerance, as `FactSpec.agree` says."""

from __future__ import annotations

import z3

from cds_engine.backends.smt.arithmetic import Arithmetic
from cds_engine.backends.smt.logic import FALSE, both, either, some
from cds_engine.backends.smt.record import rational
from cds_engine.backends.smt.values import Code, Number, Payload, equal
from cds_engine.patient.spec import FactSpec


def agree(spec: FactSpec, first: Payload | None, second: Payload | None, arithmetic: Arithmetic) -> z3.BoolRef:
    """Return the truth that two values of a fact are the same within its tolerance."""
    if isinstance(first, Number) and isinstance(second, Number):
        return _numbers_agree(spec, first.value, second.value, arithmetic)
    if isinstance(first, Code) and isinstance(second, Code):
        codes = dict.fromkeys([*first.each, *second.each])
        groups: dict[str, list[str]] = {}
        for code in codes:
            groups.setdefault(spec.agreeing.get(code, code), []).append(code)
        return some(both(first.is_one_of(*same), second.is_one_of(*same)) for same in groups.values())
    return equal(first, second)


def _numbers_agree(spec: FactSpec, first: z3.ArithRef, second: z3.ArithRef, arithmetic: Arithmetic) -> z3.BoolRef:
    """Return the truth that two numbers lie within the tolerance; on its very edge they may or may not."""
    apart = first - second
    if not spec.tolerance:
        return either(apart == 0, FALSE)
    largest = _larger(_size(first), _size(second)) if spec.tolerance_is_share else rational(1.0)
    allowed = rational(spec.tolerance) * largest
    margin = allowed * rational(1e-9)
    edge = arithmetic.flag("agrees at the edge", apart, allowed)
    arithmetic.linear.append(z3.Implies(arithmetic.ideal, edge == _within(apart, allowed)))
    return either(_within(apart, allowed - margin), both(edge, _within(apart, allowed + margin)))


def _size(number: z3.ArithRef) -> z3.ArithRef:
    return z3.If(number >= 0, number, -number)


def _larger(first: z3.ArithRef, second: z3.ArithRef) -> z3.ArithRef:
    return z3.If(first > second, first, second)


def _within(apart: z3.ArithRef, allowed: z3.ArithRef) -> z3.BoolRef:
    return both(apart <= allowed, -apart <= allowed)
