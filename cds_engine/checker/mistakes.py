"""What an author can get wrong in a condition: one small function per mistake, all wording in one place."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from cds_engine.checker.types import BooleanType, CodeType, NumberType, QuantityType, SetType, Type, describe
from cds_engine.diagnostics import Diagnostic, Span, did_you_mean
from cds_engine.language import syntax as s
from cds_engine.language.printer import number, print_expression

_MOST_LISTED = 12
_LONGEST = 60


def unknown_name(span: Span | None, name: str, known: Iterable[str], codes: Iterable[str] = ()) -> Diagnostic:
    if name in codes:
        return Diagnostic("N101", f"there is no fact `{name}`", span, f"a code stands in quotes: `'{name}'`")
    names = list(known)
    fact, _, rest = name.partition(".")
    if rest and fact in names:
        own = [other for other in names if other.startswith(f"{fact}.")]
        hint = did_you_mean(name, own) or (_it_can_be(own) if own else "write the name of the fact alone")
        return Diagnostic("N101", f"the fact `{fact}` has no `{rest}`", span, hint)
    hint = did_you_mean(name, names) or "facts stand in facts.yaml, shared conditions in definitions.yaml"
    return Diagnostic("N101", f"there is no fact or definition `{name}`", span, hint)


def unknown_code(span: Span | None, code: str, subject: str, allowed: tuple[str, ...]) -> Diagnostic:
    hint = did_you_mean(code, allowed) or _it_can_be(allowed)
    if code == "unknown":
        hint = f"ask whether nobody said: `{subject} is null`"
    return Diagnostic("N102", f"`{code}` is no value of `{subject}`", span, hint)


def _it_can_be(words: Iterable[str]) -> str:
    listed = [f"`{word}`" for word in words]
    return "it can be " + ", ".join(listed[:_MOST_LISTED]) + (", ..." if len(listed) > _MOST_LISTED else "")


def not_a_condition(node: s.Expression, found: Type) -> Diagnostic:
    match found:
        case QuantityType(unit):
            hint = f"compare it: `{_text(node)} < 1 '{unit}'`" if isinstance(node, s.Name) else "compare it"
        case NumberType():
            hint = "compare it with a number"
        case CodeType():
            hint = f"compare it: `{_text(node)} = '...'`" if isinstance(node, s.Name) else "compare it with a fact"
        case SetType():
            hint = "ask for a code in it with `contains`"
        case _:
            hint = "compare it with a date"
    return Diagnostic(
        "T101", f"a condition must be true or false, but `{_text(node)}` is {describe(found)}", node.span, hint
    )


def not_comparable(
    node: s.Expression, left: s.Expression, left_type: Type, right: s.Expression, right_type: Type
) -> Diagnostic:
    found = f"cannot compare {_named(left, left_type)} with {_named(right, right_type)}"
    return Diagnostic("T102", found, node.span, _way_to_compare(left, left_type, right, right_type))


def _way_to_compare(left: s.Expression, left_type: Type, right: s.Expression, right_type: Type) -> str:
    unit = unit_hint(left, left_type, right) or unit_hint(right, right_type, left)
    if unit is not None:
        return unit
    match left_type, right_type:
        case (SetType(), CodeType()):
            return "ask a set with `contains`"
        case (SetType(), _) | (_, SetType()):
            return "ask a set with `contains`, `contains any` or `in`"
        case (BooleanType(), _) if isinstance(left, s.Comparison):
            return "compare twice, and join the two with `and`"
        case (BooleanType(), _) | (_, BooleanType()):
            text = _text(left if isinstance(left_type, BooleanType) else right)
            return f"what is true or false stands alone: write `{text}` or `not {text}`"
        case (NumberType(), QuantityType()) if isinstance(right, s.QuantityLiteral):
            return f"write `{number(right.value)}`, without unit"
        case (QuantityType(), NumberType()) if isinstance(left, s.QuantityLiteral):
            return f"write `{number(left.value)}`, without unit"
        case (CodeType(), _) | (_, CodeType()):
            return "a code is compared with a code in quotes"
        case _:
            return "both sides must be of one type"


def unit_hint(quantity: s.Expression, found: Type, other: s.Expression) -> str | None:
    """Return how a bare number is written as the quantity that it is held against."""
    if isinstance(found, QuantityType) and isinstance(other, s.NumberLiteral) and not _is_literal(quantity):
        return f"write `{_text(other)} '{found.unit}'`"
    return None


def not_binds_tighter(node: s.Comparison, operand: s.Expression) -> Diagnostic:
    rest = f"{_text(operand)} {node.comparator} {_text(node.right)}"
    found = f"`not` reaches only to `{_text(operand)}`, which is not true or false"
    return Diagnostic("T102", found, node.span, f"write `not ({rest})`")


def never_equals_null(node: s.Expression, subject: s.Expression) -> Diagnostic:
    hint = f"write `{_text(subject)} is null` or `{_text(subject)} is not null`"
    return _always_unknown(node, hint)


def calculates_with_null(node: s.Expression) -> Diagnostic:
    return _always_unknown(node, "put a number or a quantity in the place of `null`")


ALWAYS_UNKNOWN = "R103"


def in_a_pack(finding: Diagnostic) -> Diagnostic:
    """Make an error of what is always unknown: legal in the language, and in a pack a rule that is silently off."""
    return replace(finding, severity="error") if finding.code == ALWAYS_UNKNOWN else finding


def _always_unknown(node: s.Expression, hint: str) -> Diagnostic:
    found = f"`{_text(node)}` rests on `null`, which is unknown for every patient"
    return Diagnostic(ALWAYS_UNKNOWN, found, node.span, hint, "warning")


def no_order(node: s.Expression, left: s.Expression, found: Type) -> Diagnostic:
    hint = "use `=`, `!=` or `in`" if isinstance(found, CodeType) else f"write `{_text(left)}` or `not {_text(left)}`"
    return Diagnostic("T103", f"`{_text(left)}` is {describe(found)} and has no order", node.span, hint)


def not_a_number(node: s.Expression, found: Type) -> Diagnostic:
    return Diagnostic("T104", f"cannot calculate with {_named(node, found)}", node.span, _NUMBERS_ONLY)


_NUMBERS_ONLY = "only numbers and quantities are calculated with"


def not_calculable(
    node: s.Arithmetic, left: s.Expression, left_type: Type, right: s.Expression, right_type: Type
) -> Diagnostic:
    numbers = isinstance(left_type, NumberType | QuantityType) and isinstance(right_type, NumberType | QuantityType)
    hint = _NUMBERS_ONLY
    if numbers:
        hint = "compute it in formulas.yaml, with bare numbers in declared units"
    if node.operator in {s.Operator.ADD, s.Operator.SUBTRACT}:
        hint = unit_hint(left, left_type, right) or unit_hint(right, right_type, left) or hint
    found = f"`{node.operator}` cannot join {_named(left, left_type)} and {_named(right, right_type)}"
    return Diagnostic("T104", found, node.span, hint)


def not_a_set(node: s.Expression, found: Type) -> Diagnostic:
    hint = "use `=` for one code, or `in { ... }` for several"
    return Diagnostic(
        "T105", f"a set of codes must stand here, but `{_text(node)}` is {describe(found)}", node.span, hint
    )


def not_members(node: s.Expression, found: Type) -> Diagnostic:
    hint = "write it as `'...'`"
    return Diagnostic(
        "T105", f"a code in quotes must stand here, but `{_text(node)}` is {describe(found)}", node.span, hint
    )


def set_not_nameable(node: s.Expression) -> Diagnostic:
    found = f"`{_text(node)}` cannot be asked for what it holds"
    return Diagnostic("T105", found, node.span, "name a fact that is a set of codes")


def member_not_literal(node: s.Expression, collection: s.Expression) -> Diagnostic:
    found = f"`{_text(collection)}` can be asked only for codes in quotes, not for `{_text(node)}`"
    return Diagnostic("T105", found, node.span, "write the codes as `'...'`, one condition for each")


def always_known(node: s.Expression, operand: s.Expression) -> Diagnostic:
    found = f"`{_text(operand)}` is always known"
    return Diagnostic("T105", found, node.span, "ask of a fact whether it `is null`")


def branches_differ(node: s.Expression, yes: Type, no: Type) -> Diagnostic:
    found = f"one branch gives {describe(yes)}, the other {describe(no)}"
    return Diagnostic("T106", found, node.span, "both branches of an `if` must be of one type")


def set_in_branch(node: s.Expression) -> Diagnostic:
    hint = "choose between conditions: `if ... then fact contains ... else ...`"
    return Diagnostic("T106", "an `if` cannot choose between sets", node.span, hint)


def not_a_date(node: s.Expression, found: Type) -> Diagnostic:
    hint = "name a fact that is a date, `as_of`, or write `@2026-11-21`"
    return Diagnostic("T107", f"a date must stand here, but `{_text(node)}` is {describe(found)}", node.span, hint)


def wrong_type(node: s.Expression, wanted: Type, found: Type) -> Diagnostic:
    hint = "correct the expression, or the type of what it gives"
    if isinstance(wanted, QuantityType):
        hint = f"multiply a plain number with its unit: `... * 1 '{wanted.unit}'`"
    if isinstance(wanted, NumberType) and isinstance(found, QuantityType):
        hint = "list the fact under `takes` with its unit, so that it is a bare number here"
    return Diagnostic("T108", f"this must give {describe(wanted)}, but it gives {describe(found)}", node.span, hint)


def bad_unit(span: Span | None, message: str, hint: str | None) -> Diagnostic:
    return Diagnostic("U101", message, span, hint or "units are written in UCUM, such as `mg/dL`")


def incompatible_units(
    span: Span | None, left: str, right: str, hint: str | None = None, verb: str = "compare"
) -> Diagnostic:
    if _interval_differs(left, right):
        hint = "a dose a day and a dose a week are never converted into each other"
    elif ("{" in left) != ("{" in right) and _NOTE.sub("", left) == _NOTE.sub("", right):
        hint = "an indexed value and an absolute one are different quantities"
    hint = hint or "convert one side, or correct the unit in facts.yaml"
    return Diagnostic("U201", f"cannot {verb} `{left}` {'with' if verb == 'compare' else 'and'} `{right}`", span, hint)


_NOTE = re.compile(r"/?\{[^}]*\}")


def _interval_differs(left: str, right: str) -> bool:
    ends = [unit.rsplit("/", 1)[-1] for unit in (left, right)]
    return ends[0] != ends[1] and set(ends) <= {"d", "wk", "mo", "a"}


def threshold_implausible(threshold: s.Expression, unit: str, name: str, plausible: tuple[float, float]) -> Diagnostic:
    return Diagnostic(
        "R101",
        f"the threshold `{_text(threshold)}` lies outside the plausible range of `{name}`",
        threshold.span,
        f"{_values_lie(plausible, unit)}; correct the threshold or the range",
    )


def never_holds(span: Span | None, name: str, plausible: tuple[float, float], unit: str) -> Diagnostic:
    found = f"this can never be true of any plausible `{name}`"
    return Diagnostic("R102", found, span, f"{_values_lie(plausible, unit)}, both included")


def empty_between(span: Span | None, low: str, high: str) -> Diagnostic:
    found = f"this can never be true: `{low}` is above `{high}`"
    return Diagnostic("R102", found, span, "the lower end stands first")


def empty_set(span: Span | None) -> Diagnostic:
    return Diagnostic("R102", "this can never be true: the set is empty", span, "write codes between the braces")


def _values_lie(plausible: tuple[float, float], unit: str) -> str:
    low, high = plausible
    return f"its values lie from {number(low)} to {_measured(high, unit)}"


def _measured(value: float, unit: str) -> str:
    return f"{number(value)} {unit}".rstrip()


def _named(node: s.Expression, found: Type) -> str:
    return f"`{_text(node)}` ({describe(found)})"


def _text(node: s.Expression) -> str:
    text = print_expression(node)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."


def _is_literal(node: s.Expression) -> bool:
    return isinstance(node, s.QuantityLiteral | s.NumberLiteral)
