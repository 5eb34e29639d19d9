"""The JDM pack by hand in plain Python: one row a call, a dict of floats, booleans and texts, `None` for unknown.

It gives what wide answers of the pack give: the status of every rule, displayed doses, choices, alerts, what is missing
and that a weight is too old. It takes values in their units and does not look for implausible or contradicting ones.
"""

from __future__ import annotations

from math import floor

from jdm.facts import facts_of
from jdm.rules import actions, choices, drugs, pairs
from jdm.safety import against, alerts
from jdm.unknown import asked, at_least, below, every, is_unknown, names, some

NOTHING_AGAINST = False


def answer(row):
    """Return the answer to a row by column."""
    p = facts_of(row)
    doses = doses_of(p)
    blocked = against(p)
    found, missing = {"patient": row["patient"]}, 0
    for rule, when, action in actions(p):
        found[rule], asks = settle(when, blocked.get(action, NOTHING_AGAINST))
        missing |= asks
    for rule, when, drug in drugs(p):
        dose = doses.get(drug)
        found[rule], asks = settle(when, blocked[drug], asked(dose))
        found |= shown(rule, drug, dose, found[rule] == "recommended")
        missing |= asks
    for rule, when, of in choices(p):
        columns, asks = choose(rule, when, of, blocked, doses)
        found |= columns
        missing |= asks
    for rule, when, both in pairs(p):
        found[rule], asks = settle(when, some(*(blocked[drug] for drug in both)), asked(*(doses[d] for d in both)))
        for drug in both:
            found |= shown(f"{rule}_{drug}", drug, doses[drug], found[rule] == "recommended")
        missing |= asks
    found["alerts"], found["missing"] = alerts(p), names(missing)
    found["problems"] = "weight:D109" if p.weight_is_old else None
    return found


def settle(when, blocked, dose_asks=0):
    """Return the status of a rule, and what is missing for it."""
    if when is False:
        return "not_applicable", 0
    if blocked is True:
        return "blocked", 0
    if when is True and blocked is False and not dose_asks:
        return "recommended", 0
    return "needs_data", asked(when, blocked) | dose_asks


def choose(rule, when, of, blocked, doses):
    """Return the columns of a rule that one of several drugs will do for, and what is missing for it."""
    each = {drug: settle(when, blocked[drug], asked(doses.get(drug))) for drug in of}
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


# Doses


def doses_of(p):
    """Return low and high of each dose, or what must be known for it."""
    half = every(at_least(p.egfr, 30.0), below(p.egfr, 60.0))
    methotrexate = dose(15.0, 20.0, p.surface, 40.0)
    if is_unknown(half):
        methotrexate = asked(methotrexate, half)
    elif half and not is_unknown(methotrexate):
        methotrexate = tuple(end * 0.5 for end in methotrexate)
    return {
        "methotrexate": methotrexate,
        "mycophenolate_mofetil": dose(600.0, 600.0, p.surface, 1000.0),
        "ivig": dose(2.0, 2.0, p.weight),
        "prednisolone": dose(1.0, 2.0, p.weight, 60.0),
        "methylprednisolone": dose(15.0, 30.0, p.weight, 1000.0),
        "ciclosporin": dose(3.0, 5.0, p.weight),
        "cyclophosphamide": dose(500.0, 1000.0, p.surface),
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


def shown(name, drug, amount, is_ready):
    if amount is None:
        return {}
    ends = tuple(map(cents, amount)) if is_ready else (None, None)
    return {f"{name}_{end}_{UNITS[drug]}": value for end, value in zip(("low", "high"), ends, strict=True)}
