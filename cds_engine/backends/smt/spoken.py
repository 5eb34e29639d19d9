"""The names that only invariants use, as values of the formula; see `checker.spoken` for what they mean."""

from __future__ import annotations

import z3

from cds_engine.backends.smt.answer import SymbolicAnswer
from cds_engine.backends.smt.logic import FALSE, TRUE, both, either, opposite, some
from cds_engine.backends.smt.values import UNKNOWN, Code, Flag, Number, Value
from cds_engine.checker.spoken import STATUSES, word
from cds_engine.lowering import core as c
from cds_engine.lowering.guideline import DosePlan
from cds_engine.lowering.walk import nodes


def speak(answer: SymbolicAnswer, conditions: list[c.Condition]) -> None:
    """Give the certain world every name that *conditions* use beside the facts."""
    spoken = Spoken(answer)
    names = {n.name for condition in conditions for n in nodes(condition) if isinstance(n, c.Fact | c.Holds)}
    for name in sorted(names):
        found = spoken.value(name)
        if found is not None:
            answer.certain.extra[name] = found


class Spoken:
    """What one answer says, by name."""

    def __init__(self, answer: SymbolicAnswer) -> None:
        self._answer = answer
        guideline = answer.guideline
        self._rules = {word(spec.rule.id): spec for spec in guideline.rules}
        safety = (pair for found in guideline.contraindications.values() for pair in found)
        self._reasons = {word(rule.id): key for key, rule in safety}
        self._alerts = {word(alert.id): key for key, alert in guideline.alerts}

    def value(self, name: str) -> Value | None:
        """Return the value of a name, None for one that is a plain fact."""
        kind, _, rest = name.partition(".")
        match kind:
            case "acts":
                return _yes_or_no(self.acts(rest))
            case "status":
                return self._status(rest)
            case "dose":
                drug, _, part = rest.rpartition(".")
                return self._dose(drug, part)
            case "chosen":
                return self._chosen(rest)
            case "ready":
                rule, _, target = rest.rpartition(".")
                return _yes_or_no(self._answer.rule(self._rules[rule])[1][target].recommended)
            case "reason":
                return _yes_or_no(self._answer.believed(self._reasons[rest]).yes)
            case "alert":
                return _yes_or_no(self._answer.believed(self._alerts[rest]).yes)
            case "perhaps":
                return self._answer.other.value(rest)
            case "unknown":
                return _yes_or_no(opposite(self._answer.certain.value(rest).known))
            case "withheld":
                return _yes_or_no(self._answer.certain.withheld(rest))
            case "given":
                return _yes_or_no(self._given(rest))
            case _:
                return None

    def _given(self, name: str) -> z3.BoolRef:
        """Return the truth that the value in use is one that somebody gave."""
        if any(derivation.fact == name and derivation.always for derivation in self._answer.guideline.derivations):
            return FALSE
        return both(self._answer.kept(name).known, opposite(self._answer.certain.withheld(name)))

    def acts(self, target: str) -> z3.BoolRef:
        """Return the truth that a drug or action acts."""
        return some(found for found, _ in self._acting(target))

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

    def _dose(self, drug: str, part: str) -> Value:
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
        found: z3.ArithRef | None = None
        before = FALSE
        for plan, truth in acting:
            ends = self._answer.dose(plan)
            own = {"low": ends.low, "high": ends.high, "high_per_basis": ends.high_per_basis}[part]
            if found is None:
                found = own
            else:
                further = own < found if part == "low" else own > found
                found = z3.If(both(truth, either(opposite(before), further)), own, found)
            before = either(before, truth)
        assert found is not None  # noqa: S101 - there is at least one
        return Value(known, Number(found))


def _yes_or_no(truth: z3.BoolRef) -> Value:
    return Value(TRUE, Flag(truth))
