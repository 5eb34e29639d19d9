"""In what the answers of two packs may differ, each as a formula about any one patient."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from cds_engine.backends.smt.answer import SymbolicAnswer
from cds_engine.backends.smt.doses import DoseEnds
from cds_engine.backends.smt.logic import FALSE, TRUE, Formula, both, either, opposite, some
from cds_engine.backends.smt.record import rational
from cds_engine.backends.smt.values import Number, Truth, Value, equal
from cds_engine.lowering.guideline import DosePlan, Guideline, RuleSpec
from cds_engine.pack.statements import Caution, Contraindication
from cds_engine.proof.mutants.reach import Reach
from cds_engine.units import exact

SEEN = 1e-6
"""Doses and values that differ by less are the same."""
STATUSES = ("recommended", "blocked", "needs_data", "not_applicable")


def orders_apart(old: SymbolicAnswer, new: SymbolicAnswer, reach: Reach) -> Iterator[tuple[str, Formula]]:
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


def answers_apart(old: SymbolicAnswer, new: SymbolicAnswer, reach: Reach) -> Iterator[Formula]:
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
            put = old.believed(whole).yes if kind == "alert" else _puts_questions(old, whole)
            yield both(_apart(old.believed(key).no, new.believed(key).no), put)
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


def _puts_questions(answer: SymbolicAnswer, key: str) -> Formula:
    """Return that a rule applies and is not blocked: then it puts its questions."""
    spec = next(spec for spec in answer.guideline.rules if spec.key == key)
    return both(answer.when(spec).yes, opposite(answer.rule(spec)[0].blocked))


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


def _waits(answer: SymbolicAnswer, target: str) -> Formula:
    """Return that a rule that offers a drug or action waits: then it says what of its safety is undecided."""
    rules = (spec for spec in answer.guideline.rules if any(t.target == target for t in spec.treatments))
    return some(answer.rule(spec)[0].needs_data for spec in rules)


def _warned(old: SymbolicAnswer, new: SymbolicAnswer, key: str) -> Iterator[Formula]:
    """List how a safety rule may hold otherwise for a target that is in question."""
    for target in {**_targets(old, key), **_targets(new, key)}:
        first, second = (_warning(answer, key, target) for answer in (old, new))
        yield both(_apart(first[0], second[0]), _in_question(old, {target}))
        yield both(_apart(first[1], second[1]), either(_waits(old, target), _waits(new, target)))


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
        first_plan, second_plan = before.dose, after.dose
        if first_plan == second_plan:
            continue
        if not _differ_in_product(first_plan, second_plan):
            yield known
        else:
            yield both(known, some(_may_hold(size, ends[0]) for size in _sizes_apart(first_plan, second_plan)))


def order_conditions_apart(old: SymbolicAnswer, new: SymbolicAnswer, reach: Reach) -> Iterator[Formula]:
    """List in what the checks of a pack may judge any order otherwise."""
    for first, second in reach.about_orders.values():
        before, after = old.certain.truth(first), new.certain.truth(second)
        yield either(_apart(before.yes, after.yes), _apart(before.no, after.no))


def _differ_in_product(first: DosePlan, second: DosePlan) -> bool:
    """Say whether two plans are the same but for the products that a dose is made up of."""
    rest = replace(first, product=second.product, product_sizes=second.product_sizes, written=second.written)
    return rest == second


def _sizes_apart(first: DosePlan, second: DosePlan) -> list[float]:
    """Return the amounts that can be dispensed by one of two plans and not by the other."""
    return sorted(_sizes(first) ^ _sizes(second))


def _sizes(plan: DosePlan) -> set[float]:
    if plan.product_sizes is None:
        return set()
    smallest, largest, step = plan.product_sizes
    first, last = math.ceil(exact(smallest / step)), math.floor(exact(largest / step))
    return {exact(count * step) for count in range(first, last + 1)}


def _may_hold(size: float, ends: DoseEnds) -> Formula:
    """Return that an amount lies between the ends of a dose, or as near to one as rounding may move it."""
    return both(ends.low <= rational(size + SEEN), ends.high >= rational(size - SEEN))


def facts_apart(old: SymbolicAnswer, new: SymbolicAnswer, reach: Reach) -> Iterator[Formula]:
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
