"""The names that only invariants use, as values of the formula; see `checker.spoken` for what they mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import z3

from cds_engine.backends.smt.answer import SymbolicAnswer
from cds_engine.backends.smt.logic import FALSE, TRUE, both, either, opposite, some
from cds_engine.backends.smt.questions import Questions
from cds_engine.backends.smt.values import UNKNOWN, Code, Flag, Number, Value
from cds_engine.checker.spoken import STATUSES, word
from cds_engine.lowering.guideline import DosePlan, times_a_day
from cds_engine.pack.statements import MODALITIES


def speak(answer: SymbolicAnswer) -> None:
    """Let conditions of the certain world use what the answer says beside the facts."""
    answer.certain.spoken = Spoken(answer).value


class Spoken:
    """What one answer says, by name."""

    def __init__(self, answer: SymbolicAnswer) -> None:
        self._answer = answer
        self._questions = Questions(answer)
        guideline = answer.guideline
        self._rules = {word(spec.rule.id): spec for spec in guideline.rules}
        safety = (pair for found in guideline.contraindications.values() for pair in found)
        self._reasons = {word(rule.id): key for key, rule in safety}
        self._alerts = {word(alert.id): key for key, alert in guideline.alerts}
        self._kinds: Mapping[str, Callable[[str], Value]] = {
            "acts": self._acts,
            "waits": self._waits,
            "asks": self._asks,
            "status": self._status,
            "dose": self._dose,
            "chosen": self._chosen,
            "ready": self._ready,
            "reason": self._reason,
            "alert": self._alert,
            "perhaps": self._perhaps,
            "unknown": self._unknown,
            "withheld": self._withheld,
            "given": self._given,
            "strongest": self._strongest,
            "formula": self._formula,
        }

    def value(self, name: str) -> Value | None:
        """Return the value of a name, None for one that is a plain fact."""
        kind, _, rest = name.partition(".")
        says = self._kinds.get(kind)
        return None if says is None else says(rest)

    def _acts(self, target: str) -> Value:
        return _yes_or_no(some(found for found, _ in self._acting(target)))

    def _asks(self, fact: str) -> Value:
        return _yes_or_no(self._questions.asks(fact))

    def _ready(self, name: str) -> Value:
        rule, _, target = name.rpartition(".")
        return _yes_or_no(self._answer.rule(self._rules[rule])[1][target].recommended)

    def _reason(self, contraindication: str) -> Value:
        return _yes_or_no(self._answer.believed(self._reasons[contraindication]).yes)

    def _alert(self, alert: str) -> Value:
        return _yes_or_no(self._answer.shows(self._alerts[alert]))

    def _perhaps(self, fact: str) -> Value:
        return self._answer.other.value(fact)

    def _unknown(self, fact: str) -> Value:
        return _yes_or_no(opposite(self._answer.certain.value(fact).known))

    def _withheld(self, fact: str) -> Value:
        return _yes_or_no(self._answer.certain.withheld(fact))

    def _given(self, name: str) -> Value:
        """Say whether the value in use is one that somebody gave."""
        if any(derivation.fact == name and derivation.always for derivation in self._answer.guideline.derivations):
            return _yes_or_no(FALSE)
        return _yes_or_no(both(self._answer.kept(name).known, opposite(self._answer.certain.withheld(name))))

    def _strongest(self, origin: str) -> Value:
        """Return the strongest modality of what is recommended of one origin."""
        each: dict[str, z3.BoolRef] = {}
        for modality in MODALITIES:
            speaks = [
                self._answer.rule(spec)[0].recommended
                for spec in self._answer.guideline.rules
                if spec.statement.origin == origin and spec.modality == modality
            ]
            each[modality] = both(some(speaks), *map(opposite, each.values()))
        return Value(some(each.values()), Code(each))

    def _formula(self, fact: str) -> Value:
        """Return the formula of a value that is in use and was not given."""
        given = self._given(fact).payload
        assert isinstance(given, Flag)  # noqa: S101 - it is yes or no
        certain = self._answer.certain
        computed = both(certain.value(fact).known, opposite(given.value))
        each = {formula: both(computed, truth) for formula, truth in certain.formulas(fact)}
        return Value(some(each.values()), Code(each))

    def _waits(self, target: str) -> Value:
        """Say whether a rule waits for data in which a drug or action waits, too."""
        rules = [self._answer.rule(spec) for spec in self._answer.guideline.rules]
        waiting = (both(whole.needs_data, parts[target].needs_data) for whole, parts in rules if target in parts)
        return _yes_or_no(some(waiting))

    def _acting(self, target: str) -> list[tuple[z3.BoolRef, DosePlan | None]]:
        found = []
        for spec in self._answer.guideline.rules:
            for treatment in spec.treatments:
                if treatment.target == target:
                    whole, parts = self._answer.rule(spec)
                    found.append((both(whole.recommended, parts[target].recommended), treatment.dose))
        return found

    def _status(self, rule: str) -> Value:
        whole, _ = self._answer.rule(self._rules[rule])
        return Value(TRUE, Code({status: getattr(whole, status) for status in STATUSES}))

    def _chosen(self, rule: str) -> Value:
        """Return the first treatment that is ready, of a rule that is recommended."""
        whole, parts = self._answer.rule(self._rules[rule])
        each, before = {}, FALSE
        for target, part in parts.items():
            each[target] = both(part.recommended, opposite(before))
            before = either(before, part.recommended)
        return Value(whole.recommended, Code(each))

    def _dose(self, name: str) -> Value:
        drug, _, part = name.rpartition(".")
        by_plan: dict[str, tuple[DosePlan, list[z3.BoolRef]]] = {}
        for truth, plan in self._acting(drug):
            if plan is not None:
                by_plan.setdefault(plan.regimen, (plan, []))[1].append(truth)
        if not by_plan:
            return UNKNOWN
        acting = [(plan, some(truths)) for plan, truths in by_plan.values()]
        known = some(truth for _, truth in acting)
        if part == "per":
            intervals = dict.fromkeys(str(plan.per) for plan, _ in acting)
            each = {per: some(truth for plan, truth in acting if plan.per == per) for per in intervals}
            mixed = some(both(each[a], each[b]) for a in each for b in each if a < b)
            return Value(both(known, opposite(mixed)), Code(each))
        if part == "adjusted":
            unlike = some(both(truth, opposite(self._answer.dose(plan).adjusted)) for plan, truth in acting)
            return Value(known, Flag(opposite(unlike)))
        if part == "high_per_day":
            known = both(known, *(opposite(truth) for plan, truth in acting if times_a_day(plan) is None))
        found: z3.ArithRef | None = None
        before = FALSE
        for plan, truth in acting:
            own = self._end(plan, part)
            if found is None:
                found = own
            else:
                further = own < found if part in {"low", "shown_low"} else own > found
                found = z3.If(both(truth, either(opposite(before), further)), own, found)
            before = either(before, truth)
        assert found is not None  # noqa: S101 - there is at least one
        return Value(known, Number(found))

    def _end(self, plan: DosePlan, part: str) -> z3.ArithRef:
        ends = self._answer.dose(plan)
        match part:
            case "low":
                return ends.low
            case "high":
                return ends.high
            case "shown_low":
                return self._answer.shown(ends.low, plan)
            case "shown_high":
                return self._answer.shown(ends.high, plan)
            case "high_per_day":
                return ends.high * (times_a_day(plan) or 1)
            case _:
                return ends.high_per_basis


def _yes_or_no(truth: z3.BoolRef) -> Value:
    return Value(TRUE, Flag(truth))
