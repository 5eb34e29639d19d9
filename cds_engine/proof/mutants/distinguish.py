"""Whether any patient can tell a changed pack from the pack as it is: one who does, or a proof that nobody can.

Two packs are told apart by statuses, doses, reasons, cautions, alerts, questions put under a condition, derived facts
and contradictions; not by the words of a reason, nor by which of several missing facts is named. Of orders it is known
that the contraindications, cautions and dose of a drug show on every order of it, and the conditions of the checks of
a pack; how orders are judged beside, and a patient with an order that a check tells apart, are outside.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import islice

from cds_engine.backends.smt.answer import SymbolicAnswer
from cds_engine.backends.smt.logic import TRUE, Formula, both, some
from cds_engine.backends.smt.search import Search
from cds_engine.engine.guide import LoadedPack
from cds_engine.lowering.guideline import Guideline
from cds_engine.proof.examples import examples_of, usual_values
from cds_engine.proof.mutants.affected import concerned
from cds_engine.proof.mutants.apart import answers_apart, facts_apart, order_conditions_apart, orders_apart
from cds_engine.proof.mutants.reach import Reach
from cds_engine.proof.mutants.seen import seen, told
from cds_engine.proof.replay import Patient, Replay
from cds_engine.proof.smaller import smaller
from cds_engine.results.evaluation import Evaluation

CANDIDATES = 9
MUCH = 100000
"""An amount that is above every range, in any unit."""
OUTSIDE = "orders are outside of what is proved; try an order by hand"
TIME = "Z3 did not answer in time"
SHOWN = "Z3 names patients, but none of them is answered otherwise by the evaluator"


@dataclass(frozen=True, slots=True)
class Distinguished:
    """Somebody who is answered otherwise, as the evaluator confirms."""

    patient: Patient


@dataclass(frozen=True, slots=True)
class Equivalent:
    """Nobody is answered otherwise: proved for records in which no fact has two readings."""


@dataclass(frozen=True, slots=True)
class Undecided:
    """Neither was found out."""

    reason: str


Seen = Callable[[Replay], object]
"""What of an answer is looked at."""
Verdict = Distinguished | Equivalent | Undecided


class Distinguisher:
    """Finds patients who tell mutants of one pack from it."""

    def __init__(self, guideline: Guideline, seconds: float = 5.0) -> None:
        self._old = guideline
        self._seconds = seconds
        self._answer = SymbolicAnswer(guideline, alone=True)
        self._examples = examples_of(guideline)
        self._search = Search(self._answer, seconds, self._examples)
        self._usual = usual_values(guideline.pack.path)
        self._count = 0

    def distinguish(self, new: Guideline, reach: Reach) -> Verdict:
        """Return a patient whom the change affects, or that there is none."""
        if reach.changes_facts:
            self._count += 1
            other = SymbolicAnswer(new, inner=f"mutant {self._count} ", alone=True)
            search = Search(self._answer, self._seconds, self._examples, other)
            goals = [*facts_apart(self._answer, other, reach), *answers_apart(self._answer, other, reach)]
        else:
            other = self._answer.answering(new)
            search = self._search
            goals = [*answers_apart(self._answer, other, reach)]
        ideal = self._answer.arithmetic.ideal
        checks = (search.none(goal, ideal, curved=True) for goal in order_conditions_apart(self._answer, other, reach))
        is_undecided = reach.all_orders or self._only_orders(reach) or not all(checks)
        reason = OUTSIDE
        acting = self._acting(other, reach)
        goals = [goal for goal in goals if search.none(goal, ideal, curved=True) is not True]
        looks: list[tuple[Formula, Callable[[Formula], Patient | None]]] = [
            *((both(goal, acting), partial(self._shown, search, new, told)) for goal in goals),
            *((goal, partial(self._shown, search, new, seen)) for goal in goals),
            *(
                (goal, partial(self._ordering, search, new, drug))
                for drug, goal in orders_apart(self._answer, other, reach)
            ),
        ]
        for goal, look in looks:
            found = search.none(goal, ideal, curved=True)
            if found is True:
                continue
            patient = look(both(goal, ideal))
            if patient is not None:
                return Distinguished(patient)
            is_undecided, reason = True, TIME if found is None else SHOWN
        return Undecided(reason) if is_undecided else Equivalent()

    def _acting(self, other: SymbolicAnswer, reach: Reach) -> Formula:
        """Return that something which the change concerns is recommended, before or after: such patients come first."""
        if any(key.startswith("alert ") for key in reach.conditions) or reach.gone:
            return TRUE
        keys = {*reach.conditions, *(key for _, key in reach.safety)}
        keys |= {key for key, reads in self._old.reads.items() if not reach.facts.isdisjoint(reads)}
        targets = {target for target, _ in reach.safety}
        names = concerned(keys, self._old, targets, reach.regimens).names
        return some(
            answer.rule(spec)[0].recommended
            for answer in (self._answer, other)
            for spec in answer.guideline.rules
            if spec.rule.id in names
        )

    def _only_orders(self, reach: Reach) -> bool:
        """Say whether a dose differs that no rule recommends: it only screens orders."""
        used = {t.dose.regimen for spec in self._old.rules for t in spec.treatments if t.dose is not None}
        return not reach.regimens <= used

    def _shown(self, search: Search, new: Guideline, seen_by: Seen, goal: Formula) -> Patient | None:
        def shows(patient: Patient) -> bool:
            return seen_by(Replay.of(self._old, patient)) != seen_by(Replay.of(new, patient))

        candidates = islice(search.patients(goal), CANDIDATES)
        found = next((patient for patient in candidates if shows(patient)), None)
        return None if found is None else smaller(found, shows, self._usual)

    def _ordering(self, search: Search, new: Guideline, drug: str, goal: Formula) -> Patient | None:
        """Return somebody of whom an order of a drug is screened otherwise."""
        packs = [LoadedPack(guideline, {}) for guideline in (self._old, new)]
        orders = [_order(drug, self._old)]

        def shows(patient: Patient) -> bool:
            facts = patient["facts"]
            assert isinstance(facts, dict)  # noqa: S101 - a patient has facts
            first, second = (pack.evaluate(facts, orders=orders, as_of=_day(patient)) for pack in packs)
            return _findings(first) != _findings(second)

        candidates = islice(search.patients(goal), CANDIDATES)
        found = next((patient for patient in candidates if shows(patient)), None)
        return None if found is None else {**smaller(found, shows, self._usual), "orders": orders}


def _order(drug: str, guideline: Guideline) -> dict[str, object]:
    """Return an order of a drug, of so much that the screening names the range for the patient."""
    plan = next(iter(guideline.regimens_of.get(drug, ())), None)
    if plan is None:
        return {"drug": drug}
    per = "day" if plan.per == "dose" else plan.per
    return {"drug": drug, "dose": f"{MUCH} {plan.unit}", "per": per}


def _day(patient: Patient) -> str | None:
    written = patient.get("as_of")
    return None if written is None else str(written)


def _findings(answer: Evaluation) -> list[tuple[str, str, str]]:
    return [(found.rule, found.severity, found.text) for one in answer.screened for found in one.findings]
