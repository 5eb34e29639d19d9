"""What no answer may ever break, whatever the patient: cheap enough to be asked a million times."""

from __future__ import annotations

from collections.abc import Iterator

from cds_engine import Evaluation
from cds_engine.results.models import Dose, Recommendation

CAP_MG_A_WEEK = 40.0


def broken(answer: Evaluation) -> list[str]:
    """Return the promises that *answer* breaks, by the id of the invariant."""
    found = [*_of_alerts(answer), *(wrong for rec in answer.recommendations for wrong in _of(rec))]
    return found if answer.notices else [*found, "INV-23"]


def _of_alerts(answer: Evaluation) -> Iterator[str]:
    methotrexate = [rec for rec in answer.recommended if rec.drug == "methotrexate"]
    daily = any(alert.rule == "daily-methotrexate" for alert in answer.alerts)
    if daily and (methotrexate or answer.alerts[0].severity != "critical"):
        yield "INV-06"


def _of(rec: Recommendation) -> Iterator[str]:
    if rec.status == "needs_data" and not rec.missing:
        yield f"{rec.rule} waits for nothing"
    if rec.status != "needs_data" and rec.missing:
        yield f"{rec.rule} is {rec.status} and asks for something"
    if rec.status == "blocked" and not rec.blocked_by:
        yield "INV-44"
    if not rec.citations:
        yield "INV-19"
    if rec.dose is not None:
        if rec.status != "recommended":
            yield f"a dose without a recommendation in {rec.rule}"
        yield from _of_dose(rec.drug, rec.dose)


def _of_dose(drug: str | None, dose: Dose) -> Iterator[str]:
    low, high = dose.unrounded_low, dose.unrounded_high
    if drug == "methotrexate" and not (0 < low <= high <= CAP_MG_A_WEEK and dose.per == "week"):
        yield "INV-04"
    fits = all(low * (1 - 1e-12) <= option <= high * (1 + 1e-12) for option in dose.product_options)
    if dose.high > (dose.cap or dose.high) or not fits:
        yield "INV-39"
