"""The words that scenarios of every pack share: strengths, intervals, routes, gravity; no word of any disease."""

from __future__ import annotations

from collections.abc import Mapping

STRENGTHS: Mapping[str, str] = {
    "is recommended": "recommend",
    "is worth considering": "consider",
    "is an option": "option",
    "is mentioned": "inform",
}
INTERVALS: Mapping[str, Mapping[str, object]] = {
    "every day": {"per": "day"},
    "twice a day": {"per": "day", "times": 2},
    "three times a day": {"per": "day", "times": 3},
    "once a week": {"per": "week"},
    "three times a week": {"per": "several_times_a_week"},
    "every two weeks": {"per": "two_weeks"},
    "once a month": {"per": "month"},
    "as one course": {"per": "course"},
    "when needed": {"per": "as_needed"},
}
"""How often a medicine is ordered or taken."""
ROUTES: Mapping[str, str] = {
    "by mouth": "oral",
    "under the skin": "subcutaneous",
    "into a vein": "intravenous",
}
ENDS: Mapping[str, str] = {"stopped": "stopped", "entered in error": "entered-in-error"}
"""What became of an order."""
SCHEDULES: Mapping[str, tuple[str, int | None, tuple[float, float] | None]] = {
    "once a week": ("week", None, None),
    "a dose, twice a day": ("dose", 2, None),
    "a dose, once a day on 3 days": ("dose", 1, (3, 3)),
    "a day in two doses": ("day", 2, None),
    "a day": ("day", None, None),
    "a course, over 2 to 5 days": ("course", None, (2, 5)),
    "a course": ("course", None, None),
    "a dose": ("dose", None, None),
    "an infusion": ("course", None, (1, 1)),
}
"""How a recommended dose is spread: interval, how often, on how many days."""
GRAVITIES: Mapping[str, str] = {"critical finding": "critical", "warning": "warning", "note": "info"}
SERIOUS: Mapping[str, frozenset[str]] = {
    "critical finding": frozenset({"critical"}),
    "warning": frozenset({"critical", "warning"}),
    "note": frozenset({"critical", "warning", "info"}),
}
ORDERS: Mapping[str, str] = {
    "order": "first",
    "first order": "first",
    "second order": "second",
    "medicine taken": "taken",
}

LISTS: Mapping[str, Mapping[str, object]] = {
    "how": STRENGTHS,
    "often": INTERVALS,
    "route": ROUTES,
    "schedule": SCHEDULES,
    "gravity": GRAVITIES,
    "serious": SERIOUS,
    "which": ORDERS,
}
"""By the name that a place of a sentence calls them."""
