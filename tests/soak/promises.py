"""What no answer may ever break, whatever the patient: cheap enough to be asked a million times."""

from __future__ import annotations

from cds_engine import Evaluation

CAP_MG_A_WEEK = 40.0
HALF = 0.5


def broken(answer: Evaluation) -> list[str]:
    """Return the promises that *answer* breaks, by the id of the invariant."""
    found: list[str] = []
    ready = {rec.rule: rec for rec in answer.recommendations if rec.status == "recommended"}
    methotrexate = [rec for rec in ready.values() if rec.drug == "methotrexate"]
    daily = any(alert.rule == "daily-methotrexate" for alert in answer.alerts)
    if daily and (methotrexate or answer.alerts[0].severity != "critical"):
        found.append("INV-06")
    for rec in answer.recommendations:
        if rec.dose is None:
            continue
        if rec.status != "recommended":
            found.append(f"a dose without a recommendation in {rec.rule}")
        dose = rec.dose
        if rec.drug == "methotrexate" and not (
            0 < dose.unrounded_low <= dose.unrounded_high <= CAP_MG_A_WEEK and dose.per == "week"
        ):
            found.append("INV-04")
        if dose.high > (dose.cap or dose.high):
            found.append("INV-39")
        if any(
            not dose.unrounded_low * (1 - 1e-12) <= x <= dose.unrounded_high * (1 + 1e-12) for x in dose.product_options
        ):
            found.append("INV-39")
    for rec in answer.recommendations:
        if rec.status == "needs_data" and not rec.missing:
            found.append(f"{rec.rule} waits for nothing")
        if rec.status in {"recommended", "blocked", "not_applicable"} and rec.missing:
            found.append(f"{rec.rule} is {rec.status} and asks for something")
        if rec.status == "blocked" and not rec.blocked_by:
            found.append("INV-44")
        if not rec.citations:
            found.append("INV-19")
    if not answer.notices:
        found.append("INV-23")
    return found
