"""Decisions to the answer that people and programs read: sorted, cited, explained, with what to ask next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from cds_engine.engine.citations import Citations
from cds_engine.engine.decisions import Decision, Hit, TreatmentDecision
from cds_engine.engine.dosing import shown_dose
from cds_engine.engine.questions import assumptions_of, questions_of
from cds_engine.engine.standing import DayStanding, preferred_route
from cds_engine.engine.worlds import Worlds
from cds_engine.evaluator.facts import Facts
from cds_engine.lowering.guideline import Guideline
from cds_engine.pack.statements import MODALITIES, SafetyRule
from cds_engine.pack.statements import Alert as WrittenAlert
from cds_engine.patient.values import Origin
from cds_engine.results.evaluation import Evaluation
from cds_engine.results.explain import Explainer, shown
from cds_engine.results.models import (
    STATUSES,
    Alert,
    Assumption,
    Choice,
    DerivedValue,
    Dose,
    EngineReference,
    PackReference,
    Problem,
    Reason,
    Recommendation,
    Screened,
    Status,
    Trace,
)
from cds_engine.results.terms import Terms
from cds_engine.version import VERSION

SEVERITIES = ("critical", "warning", "info")


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked: who the patient is, as of when, and for whom the answer is worded."""

    patient: str | None
    as_of: date | None
    audience: str
    terms: Terms
    engines: tuple[str, ...]
    citations: Citations
    standing: DayStanding
    problems: tuple[Problem, ...] = ()
    screened: tuple[Screened, ...] = ()
    assumptions: tuple[Assumption, ...] = ()


class Answer:
    """Builds the answer to one patient."""

    def __init__(self, guideline: Guideline, worlds: Worlds, decisions: tuple[Decision, ...], asked: Asked) -> None:
        self._guideline = guideline
        self._worlds = worlds
        self._decisions = decisions
        self._asked = asked
        self._sources = asked.citations
        self._standing = asked.standing
        self._cite = asked.citations.cite
        self._made: dict[tuple[str, str], Reason] = {}
        self._is_for_patient = asked.terms.wording == "patient"
        self._words = Explainer(guideline, worlds.certain.facts, asked.terms)

    def build(self) -> Evaluation:
        """Return the whole answer."""
        asked, manifest = self._asked, self._guideline.pack.manifest
        alerts = self._alerts()
        patient = self._is_for_patient
        evaluation = Evaluation.made(
            schema_version=1,
            pack=PackReference.made(
                id=manifest.id,
                version=manifest.version,
                hash=self._guideline.pack.hash,
                title=manifest.title,
                knowledge_date=manifest.knowledge_date,
                review=manifest.review,
            ),
            engine=_engine(asked.engines),
            patient=asked.patient,
            as_of=asked.as_of,
            audience=asked.audience,
            alerts=alerts,
            recommendations=self._recommendations(),
            screened=list(asked.screened),
            questions=questions_of(self._guideline, self._worlds, self._decisions, patient=patient),
            problems=[
                *asked.problems,
                *(Problem.made(fact=p.fact, code=p.code, message=p.message) for p in self._worlds.problems),
            ],
            assumptions=[
                *asked.assumptions,
                *assumptions_of(self._guideline, self._worlds, self._decisions, asked.as_of, patient=patient),
            ],
            derived=self._derived(),
            notices=[notice.patient_says if patient else notice.says for notice in manifest.notices],
        )
        by_rule = {decision.spec.rule.id: decision for decision in self._decisions}
        evaluation._explain = lambda rule: self._words.because(by_rule[rule].when)  # noqa: SLF001 - ours to fill
        return evaluation

    # Parts

    def _alerts(self) -> list[Alert]:
        found = []
        for key, alert in self._guideline.alerts:
            verdict, facts = self._worlds.believed(key)
            if verdict.truth is True:
                found.append(self._alert(alert, Explainer(self._guideline, facts, self._asked.terms), verdict))
        return sorted(found, key=lambda alert: SEVERITIES.index(alert.severity))

    def _alert(self, alert: WrittenAlert, words: Explainer, verdict: object) -> Alert:
        text = alert.patient_says if self._is_for_patient else alert.says
        return Alert.made(
            rule=alert.id,
            severity=alert.severity,
            text=words.filled(text),
            drug=alert.drug,
            citations=self._cite(alert.source, alert.locator),
            tag=alert.tag,
            because=words.because(verdict),  # type: ignore[arg-type] # a verdict
        )

    def _recommendations(self) -> list[Recommendation]:
        ordered = sorted(
            self._decisions,
            key=lambda d: (STATUSES.index(d.status), MODALITIES.index(d.spec.modality), d.spec.order),
        )
        return [self._recommendation(decision) for decision in ordered]

    def _recommendation(self, decision: Decision) -> Recommendation:
        standing = self._standing.passed_over(decision.spec, self._asked.terms.wording)
        text = self._words.filled(standing.text)
        if decision.status != "not_applicable":
            return self._applying(decision, standing, text)
        excluded = self._exclusions(decision)
        is_as_always = text == standing.text and not excluded
        return standing if is_as_always else standing.but(text=text, excluded_by=excluded)

    def _applying(self, decision: Decision, standing: Recommendation, text: str) -> Recommendation:
        spec, chosen = decision.spec, decision.chosen
        dose = self._dose(chosen) if decision.status == "recommended" else None
        speaking = decision.treatments if spec.mode == "all_of" else (chosen,)
        return standing.but(
            status=decision.status,
            text=text,
            drug=chosen.treatment.drug,
            action=chosen.treatment.action,
            route=preferred_route(chosen.treatment),
            dose=dose,
            choices=[self._choice(t, decision.status) for t in decision.treatments] if spec.mode != "one" else [],
            blocked_by=self._blocks(decision),
            undecided=self._reasons([h for t in decision.treatments for h in t.safety.undecided])
            if decision.status == "needs_data"
            else [],
            missing=self._in_dictionary_order(decision.missing),
            citations=self._sources.of_statements(spec.statements, dose.citations) if dose else standing.citations,
            cautions=self._reasons([h for t in speaking for h in t.safety.cautions]),
            monitoring=self._monitoring(speaking) if decision.status in {"recommended", "needs_data"} else [],
            measure=list(spec.rule.recommend.measure),
            because=self._words.because(decision.when),
        )

    def _blocks(self, decision: Decision) -> list[Reason]:
        """Every reason of a blocked rule; of a recommended choice nothing, its choices tell."""
        return (
            self._reasons([h for t in decision.treatments for h in t.safety.blocked_by])
            if decision.status == "blocked"
            else []
        )

    def _exclusions(self, decision: Decision) -> list[Reason]:
        """Return the exclusions that hold for this patient."""
        found = []
        for key, exclusion in decision.spec.exclusions:
            verdict = self._worlds.certain.verdicts[key]
            if verdict.truth is True:
                text = exclusion.patient_says if self._is_for_patient else None
                reason = Reason.made(
                    rule=exclusion.id,
                    target=decision.spec.statement.id,
                    text=self._words.filled(text or exclusion.says),
                    citations=self._cite(exclusion.source, exclusion.locator),
                    tag=exclusion.tag,
                    because=self._words.because(verdict),
                )
                found.append(reason)
        return found

    def _choice(self, found: TreatmentDecision, rule_status: Status) -> Choice:
        """Show one treatment of several; a number only where the rule itself is ready."""
        return Choice.made(
            drug=found.treatment.drug,
            action=found.treatment.action,
            status=found.status,
            dose=self._dose(found) if rule_status == "recommended" else None,
            blocked_by=self._reasons(found.safety.blocked_by),
            missing=self._in_dictionary_order(found.missing),
        )

    def _dose(self, found: TreatmentDecision) -> Dose | None:
        if found.dose is None:
            return None
        basis = self._words.label(found.dose.plan.basis) if found.dose.plan.basis else ""
        return shown_dose(found.dose, basis, self._cite)

    def _reasons(self, hits: Iterable[Hit]) -> list[Reason]:
        """Return the safety rules that were hit, each explained once an answer."""
        return [self._reason(hit.rule, hit.target, hit) for hit in hits]

    def _reason(self, rule: SafetyRule, target: str, hit: Hit | None) -> Reason:
        made = self._made.get((rule.id, target))
        if made is None:
            text = rule.patient_says if self._is_for_patient and rule.patient_says else rule.says
            made = self._made[rule.id, target] = Reason.made(
                rule=rule.id,
                target=target,
                text=self._words.filled(text),
                citations=self._cite(rule.source, rule.locator),
                tag=rule.tag,
                because=None if hit is None else self._explained(hit),
            )
        return made

    def _explained(self, hit: Hit) -> Trace:
        certain = hit.facts is self._worlds.certain.facts
        words = self._words if certain else Explainer(self._guideline, hit.facts, self._asked.terms)
        return words.because(hit.verdict)

    def _monitoring(self, speaking: Iterable[TreatmentDecision]) -> list[Reason]:
        found: list[Reason] = []
        for decided in speaking:
            target = decided.treatment.target
            for key, rule in self._guideline.monitoring.get(target, ()):
                if key is None or self._worlds.certain.verdicts[key].truth is not False:
                    found.append(self._reason(rule, target, None))
        return found

    def _derived(self) -> dict[str, DerivedValue]:
        facts: Facts = self._worlds.certain.facts
        found: dict[str, DerivedValue] = {}
        for derivation in self._guideline.derivations:
            known = facts.known.get(derivation.fact)
            if known is None or known.origin not in {Origin.FORMULA, Origin.DERIVED}:
                continue
            value = known.value
            formula = self._guideline.pack.formulas.formulas.get(known.formula) if known.formula else None
            found[derivation.fact] = DerivedValue.made(
                value=shown(value),
                unit=self._words.unit(derivation.fact),
                formula=known.formula,
                text=self._words.described(derivation.fact, value) + (f" by {formula.label}" if formula else ""),
                citations=self._cite(formula.source, formula.locator) if formula else [],
            )
        return found

    def _in_dictionary_order(self, names: frozenset[str]) -> list[str]:
        order: Mapping[str, int] = self._guideline.positions
        return sorted(names, key=lambda name: (order.get(name, len(order)), name))


def _engine(engines: tuple[str, ...]) -> EngineReference:
    note = None if len(engines) > 1 else "durable_rules cannot run here; the evaluator answers alone"
    return EngineReference.made(version=VERSION, agreed_by=list(engines), note=note)
