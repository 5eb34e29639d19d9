"""What becomes of each rule: its status by the table of meaning, its blocks, its dose, what is missing."""

from __future__ import annotations

from dataclasses import dataclass

from cds_engine.engine.worlds import Worlds
from cds_engine.evaluator.doses import ComputedDose, compute_dose
from cds_engine.evaluator.facts import Facts
from cds_engine.evaluator.verdict import NOTHING, Unknown, Verdict, conjunction, disjunction
from cds_engine.lowering.guideline import Guideline, RuleSpec, Treatment
from cds_engine.pack.statements import Caution, Contraindication
from cds_engine.results.models import Status


@dataclass(frozen=True, slots=True)
class Hit:
    """A safety rule that reached a treatment, with its verdict and the facts it was reached on."""

    rule: Contraindication | Caution
    target: str
    verdict: Verdict
    facts: Facts


@dataclass(frozen=True, slots=True)
class TreatmentDecision:
    """What became of one drug or action of a rule."""

    treatment: Treatment
    status: Status
    blocked_by: tuple[Hit, ...]
    undecided: tuple[Hit, ...]
    cautions: tuple[Hit, ...]
    ignored: tuple[Hit, ...]
    """Safety rules that are unknown and were taken not to apply, as the pack declares."""
    dose: ComputedDose | None
    missing: frozenset[str]

    @property
    def is_blocked(self) -> bool | None:
        """Kleene: true if any contraindication holds, unknown if any that must be known is undecided."""
        return True if self.blocked_by else None if self.undecided else False


@dataclass(frozen=True, slots=True)
class Decision:
    """What became of one rule."""

    spec: RuleSpec
    status: Status
    when: Verdict
    treatments: tuple[TreatmentDecision, ...]
    chosen: TreatmentDecision
    """The treatment that the answer speaks of: of a choice the first that is ready."""
    missing: frozenset[str]


def decide_rule(spec: RuleSpec, guideline: Guideline, worlds: Worlds) -> Decision:
    """Return what becomes of one rule for this patient."""
    when = worlds.certain.verdicts[spec.key]
    if when.truth is False:
        none = tuple(_not_applicable(treatment) for treatment in spec.treatments)
        return Decision(spec, "not_applicable", when, none, none[0], NOTHING)
    treatments = tuple(_decide_treatment(t, when, guideline, worlds) for t in spec.treatments)
    blocked_each = tuple(t.is_blocked for t in treatments)
    blocked = conjunction(blocked_each) if spec.mode == "one_of" else disjunction(blocked_each)
    ready = [t for t in treatments if t.status == "recommended"]
    enough = bool(ready) if spec.mode == "one_of" else len(ready) == len(treatments)
    if blocked is True:
        return Decision(spec, "blocked", when, treatments, treatments[0], NOTHING)
    if when.truth is True and enough:
        return Decision(spec, "recommended", when, treatments, ready[0], NOTHING)
    waiting = [t for t in treatments if not t.blocked_by]
    missing = when.missing.union(*(t.missing for t in waiting))
    return Decision(spec, "needs_data", when, treatments, (waiting or list(treatments))[0], missing)


def _not_applicable(treatment: Treatment) -> TreatmentDecision:
    return TreatmentDecision(treatment, "not_applicable", (), (), (), (), None, NOTHING)


def _decide_treatment(treatment: Treatment, when: Verdict, guideline: Guideline, worlds: Worlds) -> TreatmentDecision:
    blocked_by: list[Hit] = []
    undecided: list[Hit] = []
    ignored: list[Hit] = []
    for key, rule in guideline.contraindications.get(treatment.target, ()):
        hit = Hit(rule, treatment.target, *worlds.believed(key))
        if hit.verdict.truth is True:
            blocked_by.append(hit)
        elif hit.verdict.truth is None:
            (undecided if rule.if_unknown == "hold" else ignored).append(hit)
    cautions = []
    for key, caution in guideline.cautions.get(treatment.target, ()):
        hit = Hit(caution, treatment.target, *worlds.believed(key))
        if hit.verdict.truth is True:
            cautions.append(hit)
        elif hit.verdict.truth is None:
            (undecided if caution.if_unknown == "hold" else ignored).append(hit)
    dose = compute_dose(treatment.dose, worlds.certain.facts, worlds.certain.verdicts) if treatment.dose else None
    missing = NOTHING.union(*(hit.verdict.missing for hit in undecided))
    if isinstance(dose, Unknown):
        missing |= dose.missing
    status: Status = "needs_data"
    if blocked_by:
        status, missing = "blocked", NOTHING
    elif when.truth is True and not undecided and not isinstance(dose, Unknown):
        status = "recommended"
    return TreatmentDecision(
        treatment=treatment,
        status=status,
        blocked_by=tuple(blocked_by),
        undecided=tuple(undecided),
        cautions=tuple(cautions),
        ignored=tuple(ignored),
        dose=dose if status == "recommended" and isinstance(dose, ComputedDose) else None,
        missing=missing,
    )
