"""Doses of orders held against a regimen: route, interval, caps, and the range for this patient."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from cds_engine.engine.citations import Citations
from cds_engine.engine.dosing import working
from cds_engine.engine.findings import Severity, finding, named
from cds_engine.engine.ordered import amount_of, exceeded_caps, summed, undetermined, uneven_times, wrong_interval
from cds_engine.engine.worlds import Worlds
from cds_engine.evaluator.doses import ComputedDose, compute_dose, displayed
from cds_engine.language.printer import number
from cds_engine.lowering.guideline import DosePlan, Guideline
from cds_engine.patient.orders import Order
from cds_engine.results.models import Citation, Finding
from cds_engine.results.terms import Terms
from cds_engine.units import conversion, display, exact


@dataclass(frozen=True, slots=True)
class DoseScreening:
    """Everything that ordered doses of one patient are held against."""

    guideline: Guideline
    worlds: Worlds
    citations: Citations
    terms: Terms

    def of_one(self, order: Order, plan: DosePlan) -> Iterator[Finding]:
        """Hold one order against a regimen: route, interval, caps and the range for this patient."""
        cite = self._cited(plan)
        if plan.written.off_label:
            yield finding(order, "off-label", "info", plan.written.off_label, citations=cite)
        route = plan.written.route
        if route is not None and order.entry.route not in {None, route.prefer}:
            said = "is listed" if order.is_taken else "was ordered"
            text = f"{route.prefer} is preferred, {order.entry.route} {said}"
            yield finding(order, "route", "info", text, citations=cite)
        wrong = wrong_interval(order, plan)
        if wrong is not None:
            yield finding(order, "interval", "critical", wrong, summed(order, "week"), cite)
            return
        amount = amount_of(order, plan, plan.per)
        if amount is None:
            yield finding(order, "dose-undetermined", "warning", undetermined(order, plan), citations=cite)
            return
        uneven = uneven_times(order, plan)
        if uneven is not None:
            yield finding(order, "times-per-day", "warning", uneven, summed(order, "day"), cite)
        yield from self._limits(order, plan, amount, cite)

    def _limits(self, order: Order, plan: DosePlan, amount: float, cite: list[Citation]) -> Iterator[Finding]:
        unit = f"{display(plan.unit)} a {plan.per}"
        ordered = f"{number(amount)} {unit}"
        for exceeded, cap, per in exceeded_caps(order, plan, amount):
            own = f"{display(plan.unit)} a {per}"
            text = f"{number(exceeded)} {own} is above the limit of {number(cap)} {own}"
            yield finding(order, "above-cap", "critical", text, summed(order, per), cite)
        dose = compute_dose(plan, self.worlds.certain.facts, self.worlds.certain.verdicts)
        if not isinstance(dose, ComputedDose):
            listed = ", ".join(sorted(self.terms.label(name) for name in dose.missing))
            text = f"{ordered} cannot be held against the range for this patient: {listed} not known"
            yield finding(order, "range-undetermined", "warning", text, citations=cite)
            return
        basis = self.terms.label(plan.basis or "")
        low, high = displayed(dose.low.final, plan.cap), displayed(dose.high.final, plan.cap)
        shown = f"{number(low)} to {number(high)} {unit}" if low != high else f"{number(low)} {unit}"
        if amount > max(high, exact(dose.high.final)):
            severity, times = self._gravity(amount, dose)
            text = f"{ordered} is above the range for this patient, {shown}{times}"
            yield finding(order, "above-range", severity, text, working(dose, basis), cite)
        elif amount < min(low, exact(dose.low.final)):
            text = f"{ordered} is below the range for this patient, {shown}"
            yield finding(order, "below-range", "info", text, working(dose, basis), cite)

    def of_all_taken(self, order: Order, plan: DosePlan, drug: str, taken: list[Order]) -> Iterator[Finding]:
        """Hold the sum of what is listed of one drug against the caps and the range; each line may be within them."""
        cite = self._cited(plan)
        lead = f"together with {named([other for other in taken if other is not order])}, "
        for per in dict.fromkeys((plan.per, *(per for _, per in plan.caps))):
            total = self._total(plan, drug, per, taken)
            if per not in {"week", "day"} or total is None:
                continue
            own = f"{display(plan.unit)} a {per}"
            steps = [f"listed in {len(taken)} lines: {number(total)} {own}"]
            caps = [cap for cap, cap_per in plan.caps if cap_per == per]
            if plan.cap is not None and plan.per == per:
                caps.append(plan.cap)
            if caps and total > exact(min(caps)):
                text = f"{lead}{number(total)} {own} is above the limit of {number(min(caps))} {own}"
                yield finding(order, "above-cap", "critical", text, steps, cite)
            dose = compute_dose(plan, self.worlds.certain.facts, self.worlds.certain.verdicts)
            if per == plan.per and isinstance(dose, ComputedDose):
                high = displayed(dose.high.final, plan.cap)
                if total > max(high, exact(dose.high.final)):
                    severity, times = self._gravity(total, dose)
                    text = (
                        f"{lead}{number(total)} {own} is above the range for this patient, up to {number(high)} {own}"
                    )
                    yield finding(order, "above-range", severity, text + times, steps, cite)

    def _total(self, plan: DosePlan, drug: str, per: str, taken: list[Order]) -> float | None:
        """Return what is certain of all that is taken of a drug, in the unit of the regimen."""
        if per != "week":
            amounts = [amount_of(other, plan, per) for other in taken]
            return exact(math.fsum(amount for amount in amounts if amount is not None)) or None
        name = f"{self.guideline.dictionary.medications}.{drug}.weekly_amount"
        folded = self.worlds.certain.facts.value(name)
        if folded is None and name in self.worlds.withheld:
            folded = next(iter(self.worlds.withheld[name].alternatives), None)
        return exact(conversion("mg", plan.unit).apply(folded)) if isinstance(folded, float) else None

    def _gravity(self, amount: float, dose: ComputedDose) -> tuple[Severity, str]:
        """Return how grave an amount above the range is, by the pack's own measure, and what to say of it."""
        orders = self.guideline.pack.manifest.orders
        if orders is None or amount <= exact(dose.high.final * orders.critical_above):
            return "warning", ""
        times = number(orders.critical_above)
        return "critical", f": more than {times} times its upper end, which this pack calls critical [{orders.tag}]"

    def _cited(self, plan: DosePlan) -> list[Citation]:
        return self.citations.cite(plan.source, plan.written.dose.locator)
