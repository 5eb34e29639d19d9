"""What an author can get wrong in a condition: one small function per mistake, all wording in one place."""

from __future__ import annotations

from collections.abc import Iterable

from cds_engine.checker.types import Type, describe
from cds_engine.diagnostics import Diagnostic, Span, did_you_mean
from cds_engine.language.printer import number


def unknown_name(span: Span | None, name: str, known: Iterable[str]) -> Diagnostic:
    hint = did_you_mean(name, known) or "facts stand in facts.yaml, shared conditions in definitions.yaml"
    return Diagnostic("N101", f"there is no fact or definition `{name}`", span, hint)


def unknown_code(span: Span | None, code: str, subject: str, allowed: tuple[str, ...]) -> Diagnostic:
    listed = ", ".join(f"`{a}`" for a in allowed[:12]) + (", ..." if len(allowed) > 12 else "")  # noqa: PLR2004 - one line
    hint = did_you_mean(code, allowed) or f"it can be {listed}"
    return Diagnostic("N102", f"`{code}` is no value of {subject}", span, hint)


def not_a_condition(span: Span | None, found: Type) -> Diagnostic:
    return Diagnostic("T101", f"this must be true or false, but it is {describe(found)}", span)


def not_comparable(span: Span | None, left: Type, right: Type, hint: str | None = None) -> Diagnostic:
    return Diagnostic("T102", f"cannot compare {describe(left)} with {describe(right)}", span, hint)


def no_order(span: Span | None, found: Type) -> Diagnostic:
    return Diagnostic("T103", f"{describe(found)} has no order; use `=`, `!=` or `in`", span)


def not_a_number(span: Span | None, found: Type) -> Diagnostic:
    return Diagnostic("T104", f"cannot calculate with {describe(found)}", span)


def not_calculable(span: Span | None, operator: str, left: Type, right: Type) -> Diagnostic:
    return Diagnostic("T104", f"`{operator}` cannot join {describe(left)} and {describe(right)}", span)


def not_a_set(span: Span | None, found: Type) -> Diagnostic:
    hint = "use `=` for one code, or `in { ... }` for several"
    return Diagnostic("T105", f"this must be a set of codes, but it is {describe(found)}", span, hint)


def not_members(span: Span | None, found: Type) -> Diagnostic:
    return Diagnostic("T105", f"this must be a code in quotes, but it is {describe(found)}", span)


def branches_differ(span: Span | None, yes: Type, no: Type) -> Diagnostic:
    return Diagnostic("T106", f"the branches differ: {describe(yes)} and {describe(no)}", span)


def not_a_date(span: Span | None, found: Type) -> Diagnostic:
    return Diagnostic("T107", f"this must be a date, but it is {describe(found)}", span)


def wrong_type(span: Span | None, wanted: Type, found: Type) -> Diagnostic:
    return Diagnostic("T108", f"this must be {describe(wanted)}, but it is {describe(found)}", span)


def bad_unit(span: Span | None, message: str, hint: str | None) -> Diagnostic:
    return Diagnostic("U101", message, span, hint)


def incompatible_units(span: Span | None, left: str, right: str) -> Diagnostic:
    hint = "convert one side, or correct the unit in facts.yaml"
    if _interval_differs(left, right):
        hint = "a dose a day and a dose a week are never converted into each other"
    elif "{" in left + right:
        hint = "an indexed value and an absolute one are different quantities"
    return Diagnostic("U201", f"cannot compare `{left}` with `{right}`", span, hint)


def _interval_differs(left: str, right: str) -> bool:
    ends = [unit.rsplit("/", 1)[-1] for unit in (left, right)]
    return ends[0] != ends[1] and set(ends) <= {"d", "wk", "mo", "a"}


def threshold_implausible(
    span: Span | None, threshold: float, unit: str, name: str, plausible: tuple[float, float]
) -> Diagnostic:
    low, high = (number(end) for end in plausible)
    return Diagnostic(
        "R101",
        f"the threshold {number(threshold)} {unit} lies outside the plausible range of `{name}`".replace("  ", " "),
        span,
        f"its values lie from {low} to {high} {unit}; correct the threshold or the range".rstrip(),
    )


def never_holds(span: Span | None, name: str, plausible: tuple[float, float], unit: str) -> Diagnostic:
    low, high = (number(end) for end in plausible)
    hint = f"its values lie from {low} to {high} {unit}".rstrip()
    return Diagnostic("R102", f"this can never be true of any plausible `{name}`", span, hint)
