"""Orders held against the pack: interval, cap, range for this patient, contraindications, duplicates, route.

An order is never passed over: what cannot be determined is itself a finding. One whose status says that it is over
(stopped, completed, cancelled, entered in error) is no order any more and does not come here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from cds_engine.engine.agreement import PatientDeciders, decide_all
from cds_engine.engine.citations import Citations
from cds_engine.engine.decisions import Hit
from cds_engine.engine.findings import SEVERITIES, Severity, finding, named
from cds_engine.engine.ordered_doses import DoseScreening
from cds_engine.engine.worlds import Worlds
from cds_engine.evaluator.facts import Facts
from cds_engine.lowering.guideline import Guideline
from cds_engine.pack.statements import OrderCheck
from cds_engine.patient.orders import Order, facts_of
from cds_engine.results.explain import Explainer
from cds_engine.results.models import Finding, Screened
from cds_engine.results.terms import Terms


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
            yield finding(order, problem.code, "warning", problem.message)
        yield from self._declared(order)
        if drug is None:
            yield finding(order, "dose-undetermined", "warning", "the medicine is not known: it cannot be screened")
            return
        if drug not in self.guideline.pack.drugs.drugs:
            yield finding(
                order, "not-covered", "info", "this pack says nothing about the medicine: it was not screened"
            )
            return
        yield from self._safety(order, drug)
        yield from self._duplicates(order, drug, same)
        plans = self.guideline.regimens_of.get(drug, ())
        if not plans:
            yield finding(
                order, "not-covered", "info", "this pack has no dose of the medicine: its amount was not checked"
            )
        taken = [other for other in same if other.is_taken and not other.entry.is_total]
        doses = DoseScreening(self.guideline, self.worlds, self.citations, self.terms)
        for plan in plans:
            if order.is_taken and len(taken) > 1:
                yield from doses.of_all_taken(order, plan, drug, taken)
            yield from doses.of_one(order, plan)

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
            yield finding(order, "contraindications-undecided", "warning", f"not known, and must be: {listed}")

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
            yield finding(order, "checks-undecided", "warning" if is_grave else "info", text, steps)

    def _duplicates(self, order: Order, drug: str, same: list[Order]) -> Iterator[Finding]:
        label = self.guideline.pack.drugs.drugs[drug].label
        medications = self.guideline.dictionary.medications
        taken = self.worlds.certain.facts.value(medications) if medications else None
        if not order.is_taken and drug in getattr(taken, "members", ()):
            yield finding(order, "duplicate", "warning", f"{label} is taken already")
        ordered = [other for other in same if other is not order and not other.is_taken]
        if ordered:
            yield finding(order, "duplicate", "warning", f"{label} is also ordered in {named(ordered)}")
        again = [other for other in same if other is not order and other.is_taken and not other.entry.is_total]
        if again and order.is_taken and not order.entry.is_total:
            text = f"{label} is listed more than once, also in {named(again)}"
            yield finding(order, "duplicate", "warning", text)
