"""Orders held against the pack: interval, cap, range for this patient, contraindications, duplicates, route.

An order is never passed over: what cannot be determined is itself a finding. One whose status says that it is over
(stopped, completed, cancelled, entered in error) is no order any more and does not come here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from cds_engine.engine.agreement import PatientDeciders, decide_all
from cds_engine.engine.citations import Citations
from cds_engine.engine.decisions import Hit
from cds_engine.engine.dosing import working
from cds_engine.engine.ordered import amount_of, exceeded_caps, summed, undetermined, uneven_times, wrong_interval
from cds_engine.engine.worlds import Worlds
from cds_engine.evaluator.doses import ComputedDose, compute_dose, displayed
from cds_engine.evaluator.facts import Facts
from cds_engine.language.printer import number
from cds_engine.lowering.guideline import DosePlan, Guideline
from cds_engine.pack.statements import OrderCheck
from cds_engine.patient.orders import Order, facts_of
from cds_engine.results.explain import Explainer
from cds_engine.results.models import Citation, Finding, Screened
from cds_engine.results.terms import Terms
from cds_engine.units import conversion, display, exact

Severity = Literal["critical", "warning", "info"]
SEVERITIES: tuple[Severity, ...] = ("critical", "warning", "info")
MAX_NAMED = 5
"""How many other orders of one drug are named."""


@dataclass(frozen=True, slots=True)
class Screening:
    """Everything that orders of one patient are held against."""

    guideline: Guideline
    worlds: Worlds
    citations: Citations
    terms: Terms
    deciders: PatientDeciders

    def screen(self, orders: Iterable[Order]) -> list[Screened]:
        """Return each order with its findings, the gravest first.

        Raises:
            EngineDisagreement: If the engines differ on a condition about an order.
        """
        listed = list(orders)
        of_drug: dict[str | None, list[Order]] = {}
        for order in listed:
            of_drug.setdefault(order.entry.drug, []).append(order)
        found = []
        for order in listed:
            same = of_drug[order.entry.drug]
            findings = sorted(self._findings(order, same), key=lambda f: SEVERITIES.index(f.severity))
            said = {"drug": order.entry.drug, "is_taken": order.is_taken}
            found.append(Screened.made(order=dict(order.sent), findings=findings, **said))
        return found

    def _findings(self, order: Order, same: list[Order]) -> Iterator[Finding]:
        drug = order.entry.drug
        for problem in order.problems:
            yield _finding(order, problem.code, "warning", problem.message)
        yield from self._declared(order)
        if drug is None:
            yield _finding(order, "dose-undetermined", "warning", "the medicine is not known: it cannot be screened")
            return
        if drug not in self.guideline.pack.drugs.drugs:
            yield _finding(
                order, "not-covered", "info", "this pack says nothing about the medicine: it was not screened"
            )
            return
        yield from self._safety(order, drug)
        yield from self._duplicates(order, drug, same)
        plans = self.guideline.regimens_of.get(drug, ())
        if not plans:
            yield _finding(
                order, "not-covered", "info", "this pack has no dose of the medicine: its amount was not checked"
            )
        taken = [other for other in same if other.is_taken and not other.entry.is_total]
        for plan in plans:
            if order.is_taken and len(taken) > 1:
                yield from self._together(order, plan, drug, taken)
            yield from self._dose(order, plan)

    # Safety

    def _safety(self, order: Order, drug: str) -> Iterator[Finding]:
        undecided: set[str] = set()
        for key, rule in self.guideline.contraindications.get(drug, ()):
            hit = Hit(rule, drug, *self.worlds.believed(key))
            if hit.verdict.truth is True:
                yield self._from_rule(order, hit, "critical", "contraindicated: ")
            elif hit.verdict.truth is None and self.worlds.must_hold(rule, hit.verdict):
                undecided |= hit.verdict.missing
        for key, caution in self.guideline.cautions.get(drug, ()):
            hit = Hit(caution, drug, *self.worlds.believed(key))
            if hit.verdict.truth is True:
                yield self._from_rule(order, hit, "warning", "")
            elif hit.verdict.truth is None and self.worlds.must_hold(caution, hit.verdict):
                undecided |= hit.verdict.missing
        if undecided:
            listed = self._labels(undecided)
            yield _finding(order, "contraindications-undecided", "warning", f"not known, and must be: {listed}")

    def _said(self, check: OrderCheck) -> str:
        return check.patient_says if self.terms.wording == "patient" and check.patient_says else check.says

    def _labels(self, names: Iterable[str]) -> str:
        """Return facts in the order of the dictionary, as a person says them; of an order what it does not say."""
        positions = self.guideline.positions
        listed = sorted(names, key=lambda name: (positions.get(name, len(positions)), name))
        labels = (self.terms.label(name) for name in listed)
        return ", ".join(dict.fromkeys(labels))

    def _from_rule(self, order: Order, hit: Hit, severity: Severity, lead: str) -> Finding:
        rule = hit.rule
        words = Explainer(self.guideline, hit.facts, self.terms)
        text = rule.patient_says if self.terms.wording == "patient" and rule.patient_says else rule.says
        because = words.because(hit.verdict)
        return Finding.made(
            rule=rule.id,
            order=order.name,
            severity=severity,
            text=lead + words.filled(text),
            working=[f"because {because.text}"],
            citations=self.citations.cite(rule.source, rule.locator),
        )

    def _declared(self, order: Order) -> Iterator[Finding]:
        """Decide the pack's own checks, by every engine, in every world; true wins."""
        if not self.guideline.order_checks:
            return
        known = facts_of(order)
        seen: set[str] = set()
        open_checks: dict[str, OrderCheck] = {}
        missing: set[str] = set()
        for world in self.worlds.apart(self.guideline.orders_name):
            facts = Facts({**world.facts.known, **known}, world.facts.unknown, world.facts.as_of)
            facts.doubtful = world.facts.doubtful
            facts.verdicts = dict(world.facts.verdicts)  # what the order bears on was not decided without it
            verdicts = decide_all(self.guideline.order_conditions, facts, self.deciders)
            for key, check in self.guideline.order_checks:
                if verdicts[key].truth is None:
                    open_checks[key] = check
                    missing |= verdicts[key].missing
                if verdicts[key].truth is True and key not in seen:
                    seen.add(key)
                    words = Explainer(self.guideline, facts, self.terms)
                    yield Finding.made(
                        rule=check.id,
                        order=order.name,
                        severity=check.severity,
                        text=words.filled(self._said(check)),
                        working=[f"because {words.because(verdicts[key]).text}"],
                        citations=self.citations.cite(check.source, check.locator),
                    )

        unknown = [check for key, check in open_checks.items() if key not in seen]
        if unknown and order.entry.drug is not None:
            is_grave = any(check.severity != "info" for check in unknown)
            text = f"could not be checked: {self._labels(missing)} not known"
            words = Explainer(self.guideline, self.worlds.certain.facts, self.terms)
            steps = [f"undecided: {words.filled(self._said(check))}" for check in unknown]
            yield _finding(order, "checks-undecided", "warning" if is_grave else "info", text, steps)

    def _duplicates(self, order: Order, drug: str, same: list[Order]) -> Iterator[Finding]:
        label = self.guideline.pack.drugs.drugs[drug].label
        medications = self.guideline.dictionary.medications
        taken = self.worlds.certain.facts.value(medications) if medications else None
        if not order.is_taken and drug in getattr(taken, "members", ()):
            yield _finding(order, "duplicate", "warning", f"{label} is taken already")
        ordered = [other for other in same if other is not order and not other.is_taken]
        if ordered:
            yield _finding(order, "duplicate", "warning", f"{label} is also ordered in {_named(ordered)}")
        again = [other for other in same if other is not order and other.is_taken and not other.entry.is_total]
        if again and order.is_taken and not order.entry.is_total:
            text = f"{label} is listed more than once, also in {_named(again)}"
            yield _finding(order, "duplicate", "warning", text)

    # Doses

    def _together(self, order: Order, plan: DosePlan, drug: str, taken: list[Order]) -> Iterator[Finding]:
        """Hold the sum of what is listed of one drug against the caps and the range; each line may be within them."""
        cite = self._regimen_citations(plan)
        lead = f"together with {_named([other for other in taken if other is not order])}, "
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
                yield _finding(order, "above-cap", "critical", text, steps, cite)
            dose = compute_dose(plan, self.worlds.certain.facts, self.worlds.certain.verdicts)
            if per == plan.per and isinstance(dose, ComputedDose):
                high = displayed(dose.high.final, plan.cap)
                if total > max(high, exact(dose.high.final)):
                    severity, times = self._gravity(total, dose)
                    text = (
                        f"{lead}{number(total)} {own} is above the range for this patient, up to {number(high)} {own}"
                    )
                    yield _finding(order, "above-range", severity, text + times, steps, cite)

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

    def _dose(self, order: Order, plan: DosePlan) -> Iterator[Finding]:
        cite = self._regimen_citations(plan)
        if order.entry.drug and plan.written.off_label:
            yield _finding(order, "off-label", "info", plan.written.off_label, citations=cite)
        route = plan.written.route
        if route is not None and order.entry.route not in {None, route.prefer}:
            said = "is listed" if order.is_taken else "was ordered"
            text = f"{route.prefer} is preferred, {order.entry.route} {said}"
            yield _finding(order, "route", "info", text, citations=cite)
        wrong = wrong_interval(order, plan)
        if wrong is not None:
            yield _finding(order, "interval", "critical", wrong, summed(order, "week"), cite)
            return
        amount = amount_of(order, plan, plan.per)
        if amount is None:
            yield _finding(order, "dose-undetermined", "warning", undetermined(order, plan), citations=cite)
            return
        uneven = uneven_times(order, plan)
        if uneven is not None:
            yield _finding(order, "times-per-day", "warning", uneven, summed(order, "day"), cite)
        yield from self._limits(order, plan, amount, cite)

    def _limits(self, order: Order, plan: DosePlan, amount: float, cite: list[Citation]) -> Iterator[Finding]:
        unit = f"{display(plan.unit)} a {plan.per}"
        ordered = f"{number(amount)} {unit}"
        for exceeded, cap, per in exceeded_caps(order, plan, amount):
            own = f"{display(plan.unit)} a {per}"
            text = f"{number(exceeded)} {own} is above the limit of {number(cap)} {own}"
            yield _finding(order, "above-cap", "critical", text, summed(order, per), cite)
        dose = compute_dose(plan, self.worlds.certain.facts, self.worlds.certain.verdicts)
        if not isinstance(dose, ComputedDose):
            listed = ", ".join(sorted(self.terms.label(name) for name in dose.missing))
            text = f"{ordered} cannot be held against the range for this patient: {listed} not known"
            yield _finding(order, "range-undetermined", "warning", text, citations=cite)
            return
        basis = self.terms.label(plan.basis or "")
        low, high = displayed(dose.low.final, plan.cap), displayed(dose.high.final, plan.cap)
        shown = f"{number(low)} to {number(high)} {unit}" if low != high else f"{number(low)} {unit}"
        if amount > max(high, exact(dose.high.final)):
            severity, times = self._gravity(amount, dose)
            text = f"{ordered} is above the range for this patient, {shown}{times}"
            yield _finding(order, "above-range", severity, text, working(dose, basis), cite)
        elif amount < min(low, exact(dose.low.final)):
            text = f"{ordered} is below the range for this patient, {shown}"
            yield _finding(order, "below-range", "info", text, working(dose, basis), cite)

    def _gravity(self, amount: float, dose: ComputedDose) -> tuple[Severity, str]:
        """Return how grave an amount above the range is, by the pack's own measure, and what to say of it."""
        orders = self.guideline.pack.manifest.orders
        if orders is None or amount <= exact(dose.high.final * orders.critical_above):
            return "warning", ""
        times = number(orders.critical_above)
        return "critical", f": more than {times} times its upper end, which this pack calls critical [{orders.tag}]"

    def _regimen_citations(self, plan: DosePlan) -> list[Citation]:
        return self.citations.cite(plan.source, plan.written.dose.locator)


def _finding(
    order: Order,
    rule: str,
    severity: Severity,
    text: str,
    steps: list[str] | None = None,
    citations: list[Citation] | None = None,
) -> Finding:
    return Finding.made(
        rule=rule, order=order.name, severity=severity, text=text, working=steps or [], citations=citations or []
    )


def _named(orders: list[Order]) -> str:
    more = f" and {len(orders) - MAX_NAMED} more" if len(orders) > MAX_NAMED else ""
    return ", ".join(order.name for order in orders[:MAX_NAMED]) + more
