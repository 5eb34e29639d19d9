"""Whether any patient can tell a changed pack from the pack as it is: one who does, or a proof that nobody can.

Two packs are told apart by statuses, doses, reasons, cautions, alerts, questions put under a condition, derived facts
and contradictions; not by the words of a reason, nor by which of several missing facts is named. Of orders it is known
that the contraindications, cautions and dose of a drug show on every order of it; what the checks of a pack say of an
order is outside of what Z3 is told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

from cds_engine.backends.smt.answer import SymbolicAnswer
from cds_engine.backends.smt.logic import FALSE, TRUE, Formula, both, either, opposite, some
from cds_engine.backends.smt.record import rational
from cds_engine.backends.smt.search import Search
from cds_engine.backends.smt.values import Number, Truth, Value, equal
from cds_engine.engine.guide import LoadedPack
from cds_engine.lowering.guideline import Guideline, RuleSpec
from cds_engine.pack.statements import Caution, Contraindication
from cds_engine.proof.examples import examples_of, usual_values
from cds_engine.proof.mutants.affected import concerned
from cds_engine.proof.mutants.again import seen, told
from cds_engine.proof.mutants.reach import Reach
from cds_engine.proof.replay import Patient, Replay
from cds_engine.proof.smaller import smaller
from cds_engine.results.evaluation import Evaluation

CANDIDATES = 9
SEEN = 1e-6
"""Doses and values that differ by less are the same."""
MUCH = 100000
"""An amount that is above every range, in any unit."""
STATUSES = ("recommended", "blocked", "needs_data", "not_applicable")
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
            goals = [*_facts_apart(self._answer, other, reach)]
        else:
            other = self._answer.answering(new)
            search = self._search
            goals = [*_answers_apart(self._answer, other, reach)]
        ideal = self._answer.arithmetic.ideal
        is_undecided = bool(reach.about_orders or reach.all_orders) or self._only_orders(reach)
        reason = OUTSIDE
        acting = self._acting(other, reach)
        for goal, seen_by in (*((both(goal, acting), told) for goal in goals), *((goal, seen) for goal in goals)):
            found = search.none(goal, ideal, curved=True)
            if found is True:
                continue
            patient = self._shown(search, new, both(goal, ideal), seen_by)
            if patient is not None:
                return Distinguished(patient)
            is_undecided, reason = True, TIME if found is None else SHOWN
        for drug, goal in () if reach.changes_facts else _orders_apart(self._answer, other, reach):
            found = search.none(goal, ideal, curved=True)
            if found is True:
                continue
            patient = self._ordering(search, new, both(goal, ideal), drug)
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

    def _shown(self, search: Search, new: Guideline, goal: Formula, seen_by: Seen) -> Patient | None:
        def shows(patient: Patient) -> bool:
            return seen_by(Replay.of(self._old, patient)) != seen_by(Replay.of(new, patient))

        candidates = islice(search.patients(goal), CANDIDATES)
        found = next((patient for patient in candidates if shows(patient)), None)
        return None if found is None else smaller(found, shows, self._usual)

    def _ordering(self, search: Search, new: Guideline, goal: Formula, drug: str) -> Patient | None:
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


# What an answer may differ in, each as a formula


def _orders_apart(old: SymbolicAnswer, new: SymbolicAnswer, reach: Reach) -> Iterator[tuple[str, Formula]]:
    """List in what the screening of a drug may differ, whatever is recommended."""
    keys = dict.fromkeys([*reach.conditions, *(key for _, key in sorted(reach.safety))])
    for key in keys:
        for target in {**_targets(old, key), **_targets(new, key)}:
            if target in old.guideline.pack.drugs.drugs:
                first, second = (_warning(answer, key, target) for answer in (old, new))
                yield target, _apart(first[0], second[0])
                yield target, _apart(first[1], second[1])
    adjusted = {key.split(" ")[1] for key in reach.conditions if key.startswith("regimen ")}
    for name in sorted(reach.regimens | adjusted):
        first_plan, second_plan = old.guideline.doses[name], new.guideline.doses[name]
        ends = old.dose(first_plan), new.dose(second_plan)
        known = both(ends[0].known, ends[1].known)
        yield first_plan.drug, _apart(ends[0].known, ends[1].known)
        for end in ("low", "high"):
            apart = getattr(ends[0], end) - getattr(ends[1], end)
            yield first_plan.drug, both(known, either(apart > rational(SEEN), apart < -rational(SEEN)))


def _answers_apart(old: SymbolicAnswer, new: SymbolicAnswer, reach: Reach) -> Iterator[Formula]:
    """List in what answers may differ whose facts are the same."""
    guideline = old.guideline
    for key in reach.conditions:
        yield from _condition_apart(old, new, key)
    for _, key in sorted(reach.safety):
        yield from _warned(old, new, key)
    for spec, changed in zip(guideline.rules, new.guideline.rules, strict=True):
        if spec.key in reach.conditions or _reaches(spec, reach, guideline):
            yield from _rule_apart(old, new, spec, changed)
    yield from (old.believed(key).yes for key, _ in guideline.alerts if guideline.conditions[key] in reach.gone)


def _condition_apart(old: SymbolicAnswer, new: SymbolicAnswer, key: str) -> Iterator[Formula]:
    """List what may be said otherwise because of a condition that is no rule's."""
    kind, _, rest = key.partition(" ")
    match kind:
        case "rule" | "alert" if " ask " in key:
            whole = f"{kind} {rest.split(' ', 1)[0]}"
            put = old.believed(whole).yes if kind == "alert" else opposite(_certain(old, whole).no)
            yield both(_apart(_certain(old, key).yes, _certain(new, key).yes), put)
        case "alert":
            yield _apart(old.believed(key).yes, new.believed(key).yes)
        case "contraindication" | "caution":
            yield from _warned(old, new, key)
        case "exclusion":
            yield _apart(_certain(old, key).yes, _certain(new, key).yes)
            yield _apart(_certain(old, key).no, _certain(new, key).no)
        case "monitoring":
            targets = {target for target, found in old.guideline.monitoring.items() if key in dict(found)}
            yield both(_apart(_certain(old, key).no, _certain(new, key).no), _in_question(old, targets))


def _apart(first: Formula, second: Formula) -> Formula:
    return either(both(first, opposite(second)), both(opposite(first), second))


def _certain(answer: SymbolicAnswer, key: str) -> Truth:
    return answer.certain.truth(answer.guideline.conditions[key])


def _reaches(spec: RuleSpec, reach: Reach, guideline: Guideline) -> bool:
    """Say whether what a rule recommends is dosed or held back otherwise."""
    adjusted = (key.split(" ")[1] for key in reach.conditions if key.startswith("regimen "))
    regimens = {*reach.regimens, *adjusted}
    targets = {target for target, _ in reach.safety}
    for found in (guideline.contraindications, guideline.cautions):
        targets |= {target for target, pairs in found.items() for key, _ in pairs if key in reach.conditions}
    return any(
        treatment.target in targets or (treatment.dose is not None and treatment.dose.regimen in regimens)
        for treatment in spec.treatments
    )


def _in_question(answer: SymbolicAnswer, targets: set[str]) -> Formula:
    """Return that a rule that may recommend one of these is not out of the question."""
    return some(
        opposite(_certain(answer, spec.key).no)
        for spec in answer.guideline.rules
        if any(treatment.target in targets for treatment in spec.treatments)
    )


def _warned(old: SymbolicAnswer, new: SymbolicAnswer, key: str) -> Iterator[Formula]:
    """List how a safety rule may hold otherwise for a target that is in question."""
    for target in {**_targets(old, key), **_targets(new, key)}:
        first, second = (_warning(answer, key, target) for answer in (old, new))
        asked = _in_question(old, {target})
        yield both(_apart(first[0], second[0]), asked)
        yield both(_apart(first[1], second[1]), asked)


def _targets(answer: SymbolicAnswer, key: str) -> dict[str, None]:
    guideline = answer.guideline
    sorts = (guideline.contraindications, guideline.cautions)
    return {target: None for sort in sorts for target, pairs in sort.items() for name, _ in pairs if name == key}


def _warning(answer: SymbolicAnswer, key: str, target: str) -> tuple[Formula, Formula]:
    """Return that a safety rule holds for a target, and that it holds it back undecided."""
    guideline = answer.guideline
    rules: dict[str, Contraindication | Caution] = dict(guideline.contraindications.get(target, ()))
    rules |= dict(guideline.cautions.get(target, ()))
    rule = rules.get(key)
    return (FALSE, FALSE) if rule is None else (answer.believed(key).yes, answer.held(key, rule))


def _rule_apart(old: SymbolicAnswer, new: SymbolicAnswer, spec: RuleSpec, changed: RuleSpec) -> Iterator[Formula]:
    first, parts = old.rule(spec)
    second, others = new.rule(changed)
    yield some(_apart(getattr(first, status), getattr(second, status)) for status in STATUSES)
    yield some(
        _apart(getattr(parts[target], status), getattr(others[target], status))
        for target in parts
        for status in STATUSES
    )
    ready = both(first.recommended, second.recommended)
    for before, after in zip(spec.treatments, changed.treatments, strict=True):
        if before.dose is None or after.dose is None:
            continue
        ends = old.dose(before.dose), new.dose(after.dose)
        known = both(ready, parts[before.target].recommended)
        for end in ("low", "high"):
            apart = getattr(ends[0], end) - getattr(ends[1], end)
            yield both(known, either(apart > rational(SEEN), apart < -rational(SEEN)))
        if before.dose != after.dose:
            yield known


def _facts_apart(old: SymbolicAnswer, new: SymbolicAnswer, reach: Reach) -> Iterator[Formula]:
    """List in what derived facts and contradictions may differ."""
    for name in sorted(reach.facts):
        yield _value_apart(old.certain.value(name), new.certain.value(name))
        yield _apart(old.contradicted(name), new.contradicted(name))


def _value_apart(first: Value, second: Value) -> Formula:
    both_known = both(first.known, second.known)
    match first.payload, second.payload:
        case Number(one), Number(other):
            margin = rational(SEEN)
            differ = either(one - other > margin, other - one > margin)
        case None, None:
            differ = FALSE
        case None, _:
            differ = TRUE
        case _, None:
            differ = TRUE
        case one, other:
            differ = opposite(equal(one, other))
    return either(_apart(first.known, second.known), both(both_known, differ))
