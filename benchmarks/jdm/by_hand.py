"""The JDM pack by hand in plain Python: one row a call, a dict of floats, booleans and texts, `None` for unknown.

It gives what wide answers of the pack give: the status of every rule, displayed doses, choices, alerts, what is missing
and that a weight is too old. It takes values in their units and does not look for implausible or contradicting ones.
"""

from __future__ import annotations

from functools import cache
from math import floor
from typing import NamedTuple

from jdm.facts import define, facts_of
from jdm.rules import ACTIONS, CHOICES, DRUGS, PAIRS, WHEN
from jdm.safety import AGAINST, alerts
from jdm.unknown import asked, at_least, below, every, is_unknown, names

NOTHING_AGAINST = False
WORST_FIRST = ("not_applicable", "blocked", "needs_data", "recommended")


class Decisions(NamedTuple):
    """What the answers rest on; the truths are `True`, `False` or what an unknown one asks for."""

    when: dict
    """By rule, whether it applies."""
    against: dict
    """By drug and action, whether something speaks against it."""
    halved: bool | int
    """Whether the kidneys need half the dose of methotrexate."""
    alerts: str | None


def answer(row):
    """Return the answer to a row by column."""
    p = facts_of(row)
    define(p)
    return table_of(p, decided(p))


def decided(p):
    return Decisions(
        {rule: when(p) for rule, when in WHEN.items()},
        {drug: against(p) for drug, against in AGAINST.items()},
        needs_half(p),
        alerts(p),
    )


def needs_half(p):
    return every(at_least(p.egfr, 30.0), below(p.egfr, 60.0))


def table_of(p, by):
    """Return the answer by column, from the facts and what was decided."""
    when, against, doses = by.when, by.against, doses_of(p, by.halved)
    found, missing = {"patient": p.patient}, 0
    for rule, action in ACTIONS.items():
        found[rule], asks = settle(when[rule], against, action)
        missing |= asks
    for rule, drug in DRUGS.items():
        dose = doses.get(drug)
        found[rule], asks = settle(when[rule], against, drug, asked(dose))
        found |= shown(rule, drug, dose, found[rule] == "recommended")
        missing |= asks
    for rule, of in CHOICES.items():
        columns, asks = choose(rule, when[rule], of, against, doses)
        found |= columns
        missing |= asks
    for rule, both in PAIRS.items():
        columns, asks = combine(rule, when[rule], both, against, doses)
        found |= columns
        missing |= asks
    found["alerts"], found["missing"] = by.alerts, names(missing)
    found["problems"] = "weight:D109" if p.weight_is_old else None
    return found


def settle(when, against, action, dose_asks=0):
    """Return the status of a rule for one drug or action, and what is missing for it."""
    if when is False:
        return "not_applicable", 0
    blocked = NOTHING_AGAINST if action is None else against[action]
    if blocked is True:
        return "blocked", 0
    if when is True and blocked is False and not dose_asks:
        return "recommended", 0
    return "needs_data", asked(when, blocked) | dose_asks


def choose(rule, when, of, against, doses):
    """Return the columns of a rule that one of several drugs will do for, and what is missing for it."""
    each = {drug: settle(when, against, drug, asked(doses.get(drug))) for drug in of}
    said = [status for status, _ in each.values()]
    ready = [drug for drug, (status, _) in each.items() if status == "recommended"]
    status = "recommended" if ready else "needs_data" if "needs_data" in said else said[0]
    found = {rule: status, f"{rule}_choice": ready[0] if ready else None}
    for drug in of:
        if drug in doses:
            found |= shown(f"{rule}_{drug}", drug, doses[drug], drug in ready)
    missing = 0
    if status == "needs_data":
        for _, asks in each.values():
            missing |= asks
    return found, missing


def combine(rule, when, both, against, doses):
    """Return the columns of a rule that needs two drugs together, and what is missing for it."""
    each = [settle(when, against, drug, asked(doses[drug])) for drug in both]
    said = [status for status, _ in each]
    status = min(said, key=WORST_FIRST.index)
    found = {rule: status}
    for drug in both:
        found |= shown(f"{rule}_{drug}", drug, doses[drug], status == "recommended")
    return found, each[0][1] | each[1][1] if status == "needs_data" else 0


# Doses


def doses_of(p, halved):
    """Return low and high of each dose, or what must be known for it."""
    methotrexate = dose(15.0, 20.0, p.body_surface_area, 40.0)
    if is_unknown(halved):
        methotrexate = asked(methotrexate, halved)
    elif halved and not is_unknown(methotrexate):
        methotrexate = tuple(end * 0.5 for end in methotrexate)
    return {
        "methotrexate": methotrexate,
        "mycophenolate_mofetil": dose(600.0, 600.0, p.body_surface_area, 1000.0),
        "ivig": dose(2.0, 2.0, p.weight),
        "prednisolone": dose(1.0, 2.0, p.weight, 60.0),
        "methylprednisolone": dose(15.0, 30.0, p.weight, 1000.0),
        "ciclosporin": dose(3.0, 5.0, p.weight),
        "cyclophosphamide": dose(500.0, 1000.0, p.body_surface_area),
        "infliximab": dose(6.0, 6.0, p.weight),
    }


UNITS = {
    "methotrexate": "mg_per_week", "mycophenolate_mofetil": "mg_per_dose", "ivig": "g_per_course",
    "prednisolone": "mg_per_day", "methylprednisolone": "mg_per_dose", "ciclosporin": "mg_per_day",
    "cyclophosphamide": "mg_per_course", "infliximab": "mg_per_course",
}  # fmt: skip


def dose(low, high, basis, cap=float("inf")):
    return basis if is_unknown(basis) else (min(low * basis, cap), min(high * basis, cap))


def cents(value):
    return floor(value * 100 + 0.5 + 1e-9) / 100


@cache
def columns_of(name, drug):
    return f"{name}_low_{UNITS[drug]}", f"{name}_high_{UNITS[drug]}"


def shown(name, drug, amount, is_ready):
    if amount is None:
        return {}
    low, high = columns_of(name, drug)
    return {low: cents(amount[0]), high: cents(amount[1])} if is_ready else {low: None, high: None}
