"""What an order comes to in the interval and unit of a regimen, and what is wrong with how it is written.

Nothing is guessed: an amount that the order does not say in full is None, and `undetermined` says why.
"""

from __future__ import annotations

from collections.abc import Callable

from cds_engine.language.printer import number
from cds_engine.lowering.guideline import DosePlan
from cds_engine.patient.intervals import in_words
from cds_engine.patient.orders import Order
from cds_engine.units import conversion, exact

MORE_OFTEN = {"day", "several_times_a_week"}
"""Than once a week."""


def _verb(order: Order) -> str:
    """Return how the order came: a medicine that is taken is listed, one that is proposed ordered."""
    return "listed" if order.is_taken else "ordered"


def wrong_interval(order: Order, plan: DosePlan) -> str | None:
    """Say what is wrong with the interval: a weekly medicine that is ordered in any other."""
    if plan.per != "week":
        return None
    others = tuple(interval for interval in order.entry.intervals if interval != "week")
    if not others:
        return None
    weekly = order.entry.weekly_mg
    implied = f"; that is {number(weekly)} mg a week" if weekly is not None else ""
    only = "never more often" if MORE_OFTEN & set(others) and not order.is_taken else "in no other interval"
    return f"{_verb(order)} {in_words(others)}, but it is given once a week, {only}{implied}"


def _a_day(order: Order) -> float | None:
    entry = order.entry
    if entry.dose_mg is None or entry.times is None or entry.intervals != ("day",):
        return None
    return entry.dose_mg * entry.times


COURSES = {("course",), ("once",), ("two_weeks",), ("month",)}
"""Intervals of which each dose is a course of its own."""


def _a_course(order: Order) -> float | None:
    """Return the amount of a course; several doses make one course only where the order says `course`."""
    entry = order.entry
    if entry.dose_mg is None or entry.times is None or entry.intervals not in COURSES:
        return None
    if entry.times != 1 and entry.intervals != ("course",):
        return None
    return entry.dose_mg * entry.times


AMOUNTS: dict[str, Callable[[Order], float | None]] = {
    "week": lambda order: order.entry.weekly_mg,
    "day": _a_day,
    "dose": lambda order: order.entry.dose_mg if order.entry.intervals == ("day",) else None,
    "course": _a_course,
}
"""By the interval of a regimen: the milligrams that an order comes to, None where it does not say."""


def amount_of(order: Order, plan: DosePlan, per: str) -> float | None:
    """Return the ordered amount in the unit of the regimen for an interval, None when it cannot be computed."""
    milligrams = AMOUNTS[per](order)
    return None if milligrams is None else exact(conversion("mg", plan.unit).apply(milligrams))


def exceeded_caps(order: Order, plan: DosePlan, amount: float) -> list[tuple[float, float, str]]:
    """Return every cap that is exceeded, each in its own interval: 1 g three times is 1 g a dose and 3 g a day."""
    ordered = [(amount_of(order, plan, per), cap, per) for cap, per in plan.caps]
    found = [(own, cap, per) for own, cap, per in ordered if own is not None and own > exact(cap)]
    if not found and plan.cap is not None and amount > exact(plan.cap):
        found = [(amount, plan.cap, plan.per)]
    return found


def uneven_times(order: Order, plan: DosePlan) -> str | None:
    """Say that a day is divided otherwise than in the regimen; of an amount a day only what is said in full."""
    times = order.entry.times
    if plan.times_per_day is None or order.entry.intervals != ("day",) or times in {None, plan.times_per_day}:
        return None
    said = "once" if times == 1 else f"{number(times or 0)} times"
    due = "one dose" if plan.times_per_day == 1 else f"{plan.times_per_day} doses"
    return f"{_verb(order)} {said} a day, but it is given in {due} a day"


def undetermined(order: Order, plan: DosePlan) -> str:
    """Say why the amount in the interval of the regimen is not known."""
    entry = order.entry
    if entry.dose_mg is None or entry.times is None or not entry.intervals:
        source = "list" if order.is_taken else "order"
        return f"the dose cannot be determined: the {source} does not say amount, unit and interval in full"
    said = in_words(entry.intervals)
    return f"the dose cannot be determined: {_verb(order)} {said}, but known here as an amount a {plan.per}"


def summed(order: Order, per: str) -> list[str]:
    """Return how an amount of a longer interval comes about; nothing where one dose is all."""
    dose, total = order.entry.dose_mg, AMOUNTS[per](order)
    if not dose or total is None or total == dose:
        return [f"{_verb(order)}: {number(dose)} mg"] if dose else []
    return [f"{_verb(order)}: {number(dose)} mg × {number(exact(total / dose))} = {number(exact(total))} mg a {per}"]  # noqa: RUF001
