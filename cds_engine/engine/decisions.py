"""What becomes of each rule: its status by the table of meaning, its blocks, its dose, what is missing."""

from __future__ import annotations

from collections.abc import Mapping
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
class Safety:
    """The safety rules of one drug or action for this patient."""

    blocked_by: tuple[Hit, ...] = ()
    undecided: tuple[Hit, ...] = ()
    cautions: tuple[Hit, ...] = ()
    ignored: tuple[Hit, ...] = ()
    """Safety rules that are unknown and were taken not to apply, as the pack declares."""

    @property
    def is_blocked(self) -> bool | None:
        """Kleene: true if any contraindication holds, unknown if any that must be known is undecided."""
        return True if self.blocked_by else None if self.undecided else False


NO_SAFETY = Safety()


@dataclass(frozen=True, slots=True)
class TreatmentDecision:
    """What became of one drug or action of a rule."""

    treatment: Treatment
    status: Status
    safety: Safety
    dose: ComputedDose | None
    missing: frozenset[str]


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


def decide_rules(guideline: Guideline, worlds: Worlds) -> tuple[Decision, ...]:
    """Return what becomes of every rule for this patient, in the pack's order."""
    safety: dict[str, Safety] = {}
    for spec in guideline.rules:
        if worlds.certain.verdicts[spec.key].truth is not False:
            for treatment in spec.treatments:
                if treatment.target not in safety:
                    safety[treatment.target] = _safety_of(treatment.target, guideline, worlds)
    return tuple(_decide_rule(spec, worlds, safety) for spec in guideline.rules)


def _decide_rule(spec: RuleSpec, worlds: Worlds, safety: Mapping[str, Safety]) -> Decision:
    when = worlds.certain.verdicts[spec.key]
    if when.truth is False:
        none = tuple(TreatmentDecision(t, "not_applicable", NO_SAFETY, None, NOTHING) for t in spec.treatments)
        return Decision(spec, "not_applicable", when, none, none[0], NOTHING)
    treatments = tuple(_decide_treatment(t, when, worlds, safety[t.target]) for t in spec.treatments)
    blocked_each = tuple(t.safety.is_blocked for t in treatments)
    blocked = conjunction(blocked_each) if spec.mode == "one_of" else disjunction(blocked_each)
    ready = [t for t in treatments if t.status == "recommended"]
    enough = bool(ready) if spec.mode == "one_of" else len(ready) == len(treatments)
    if blocked is True:
        return Decision(spec, "blocked", when, treatments, treatments[0], NOTHING)
    if when.truth is True and enough:
        return Decision(spec, "recommended", when, treatments, ready[0], NOTHING)
    waiting = [t for t in treatments if t.status != "blocked"]
    missing = when.missing.union(*(t.missing for t in waiting))
    return Decision(spec, "needs_data", when, treatments, (waiting or list(treatments))[0], missing)


def _safety_of(target: str, guideline: Guideline, worlds: Worlds) -> Safety:
    """Sort the contraindications and cautions of one drug or action by what is believed of them."""
    found: dict[str, list[Hit]] = {"blocked_by": [], "undecided": [], "cautions": [], "ignored": []}
    rules: tuple[tuple[str, Contraindication | Caution], ...] = (
        *guideline.contraindications.get(target, ()),
        *guideline.cautions.get(target, ()),
    )
    for key, rule in rules:
        verdict, facts = worlds.believed(key)
        if verdict.truth is True:
            sort = "blocked_by" if isinstance(rule, Contraindication) else "cautions"
        elif verdict.truth is None:
            sort = "undecided" if worlds.must_hold(rule, verdict) else "ignored"
        else:
            continue
        found[sort].append(Hit(rule, target, verdict, facts))
    return Safety(**{name: tuple(hits) for name, hits in found.items()})


def _decide_treatment(treatment: Treatment, when: Verdict, worlds: Worlds, safety: Safety) -> TreatmentDecision:
    if safety.blocked_by:
        return TreatmentDecision(treatment, "blocked", safety, None, NOTHING)
    dose = compute_dose(treatment.dose, worlds.certain.facts, worlds.certain.verdicts) if treatment.dose else None
    missing = NOTHING.union(*(hit.verdict.missing for hit in safety.undecided))
    if isinstance(dose, Unknown):
        missing |= dose.missing
    if when.truth is True and not safety.undecided and not isinstance(dose, Unknown):
        return TreatmentDecision(treatment, "recommended", safety, dose, missing)
    return TreatmentDecision(treatment, "needs_data", safety, None, missing)
