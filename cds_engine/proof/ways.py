"""The ways in which a rule or an alert may be answered otherwise by another version: who is, and who shows it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import product

from cds_engine.backends.smt.answer import Acts, SymbolicAnswer
from cds_engine.backends.smt.logic import FALSE, Formula, both, either, opposite, some
from cds_engine.backends.smt.values import equal
from cds_engine.lowering.guideline import RuleSpec
from cds_engine.proof.dosed import Dosed
from cds_engine.proof.twice import Twice
from cds_engine.proof.way import Said, Way

STATUSES = ("recommended", "needs_data", "blocked", "not_applicable")


def rule_ways(old: SymbolicAnswer, new: SymbolicAnswer, first: RuleSpec, second: RuleSpec) -> list[Way]:
    """Return every way in which a rule of both versions may be answered otherwise."""
    return [
        *_status_ways(old, new, first, second),
        *_offer_ways(old, new, first, second),
        *_dose_ways(old, new, first, second),
    ]


def recipients(answer: SymbolicAnswer, spec: RuleSpec) -> list[Formula]:
    """Return who gets all that a rule offers, and of a choice who gets one treatment while the others are blocked."""
    acts, parts = answer.rule(spec)
    groups = [both(acts.recommended, *(part.recommended for part in parts.values()))]
    if spec.mode == "one_of":
        for target, part in parts.items():
            others = (other.blocked for name, other in parts.items() if name != target)
            groups.append(both(acts.recommended, part.recommended, *others))
    return groups


def _status_ways(old: SymbolicAnswer, new: SymbolicAnswer, first: RuleSpec, second: RuleSpec) -> Iterator[Way]:
    """List every status that a rule may have had with every other that it may have now."""
    rule = first.rule.id
    acts: tuple[Acts, Acts] = (old.rule(first)[0], new.rule(second)[0])
    applies = either(*(getattr(one, status) for one in acts for status in STATUSES[:3]))
    for before, after in product(STATUSES, STATUSES):
        if before != after:
            goal = both(getattr(acts[0], before), getattr(acts[1], after))
            yield _way(f"{before} to {after}", goal, applies, (before, after), lambda met: met.statuses(rule))


def _offer_ways(old: SymbolicAnswer, new: SymbolicAnswer, first: RuleSpec, second: RuleSpec) -> Iterator[Way]:
    """List in what a rule that is recommended in both versions may offer something else, or speak otherwise."""
    rule = first.rule.id
    (was, parts), (now, others) = old.rule(first), new.rule(second)
    among = both(was.recommended, now.recommended)

    def is_offered(met: Twice) -> bool:
        return None not in met.ready(rule)

    if first.modality != second.modality:
        ends = first.modality, second.modality
        yield Way(f"{ends[0]} to {ends[1]}", among, among, is_offered, is_offered, lambda _: ends)
    if len(parts) == len(others) == 1 and parts.keys() == others.keys():
        return
    for target in dict.fromkeys([*parts, *others]):
        before, after = (each[target].recommended if target in each else FALSE for each in (parts, others))
        gained, lost = both(among, opposite(before), after), both(among, before, opposite(after))
        yield _offer(f"offers {target} as well", gained, among, rule, target, (False, True))
        yield _offer(f"offers {target} no longer", lost, among, rule, target, (True, False))
    both_offer = [target for target in parts if target in others]
    if both_offer != [target for target in others if target in parts]:
        goal = both(among, some(both(_first(parts, target), opposite(_first(others, target))) for target in parts))
        yield Way(
            "offers another treatment first", goal, among, is_offered,
            lambda met: _firsts(met, rule)[0] != _firsts(met, rule)[1],
            lambda met: ("-", "-") if met is None else _firsts(met, rule),
        )  # fmt: skip


def _offer(what: str, goal: Formula, among: Formula, rule: str, target: str, ends: tuple[bool, bool]) -> Way:
    def shows(met: Twice) -> bool:
        before, after = met.ready(rule)
        return before is not None and after is not None and (target in before, target in after) == ends

    words = {True: f"{target} ready", False: f"{target} not ready"}
    said = words[ends[0]], words[ends[1]]
    return Way(what, goal, among, lambda met: None not in met.ready(rule), shows, lambda _: said)


def _first(parts: Mapping[str, Acts], target: str) -> Formula:
    """Return the truth that a treatment is the first that is ready."""
    if target not in parts:
        return FALSE
    before = [part.recommended for name, part in parts.items() if list(parts).index(name) < list(parts).index(target)]
    return both(parts[target].recommended, *map(opposite, before))


def _firsts(met: Twice, rule: str) -> Said:
    before, after = (next(iter(ready), "-") if ready else "-" for ready in met.ready(rule))
    return before, after


def alert_ways(key: str, old: SymbolicAnswer, new: SymbolicAnswer) -> Iterator[Way]:
    """List that an alert was shown and is not, that it is and was not, and that it is of another severity."""
    before, after = old.shows(key), new.shows(key)
    for goal, ends in (
        (both(before, opposite(after)), ("shown", "not shown")),
        (both(opposite(before), after), ("not shown", "shown")),
    ):
        yield _way(f"alert {ends[0]} to {ends[1]}", goal, either(before, after), ends, lambda met: met.alert(key))
    first, second = (dict(answer.guideline.alerts)[key].severity for answer in (old, new))
    if first != second:
        shown = both(before, after)
        severities = first, second
        what = f"alert {first} to {second}"

        def is_shown(met: Twice) -> bool:
            return met.alert(key) == ("shown", "shown")

        yield Way(what, shown, shown, is_shown, is_shown, lambda _: severities)


def record_ways(old: SymbolicAnswer, new: SymbolicAnswer) -> Iterator[Way]:
    """List that a record contradicts itself in one version only, so that what contradicts is not used in it."""
    for first, second, ends in (
        (old, new, ("not contradictory", "contradictory")),
        (new, old, ("contradictory", "not contradictory")),
    ):
        goal = both(opposite(first.contradictory), second.contradictory)
        either_way = either(old.contradictory, new.contradictory)
        yield Way(
            f"{ends[0]} to {ends[1]}", goal, either_way,
            lambda met: "contradictory" in met.contradicts_itself(),
            lambda met, ends=ends: met.contradicts_itself() == ends,  # type: ignore[misc] # as it is in this turn
            lambda _, ends=ends: ends,  # type: ignore[misc] # as above
        )  # fmt: skip


def alone(what: str, goal: Formula, ends: Said, read: Callable[[Twice], Said]) -> Way:
    """Return that a rule or alert is there in one version only; *ends* has `-` for the other."""
    side = 1 if ends[0] == "-" else 0

    def shows(met: Twice) -> bool:
        return read(met)[side] == ends[side]

    return Way(what, goal, goal, shows, shows, lambda _: ends)


def _way(what: str, goal: Formula, among: Formula, ends: Said, read: Callable[[Twice], tuple[str | None, ...]]) -> Way:
    def is_among(met: Twice) -> bool:
        return any(one not in {"not_applicable", "not shown"} for one in read(met))

    return Way(what, goal, among, is_among, lambda met: read(met) == ends, lambda _: ends)


def _dose_ways(old: SymbolicAnswer, new: SymbolicAnswer, first: RuleSpec, second: RuleSpec) -> Iterator[Way]:
    """List in what each dose may differ that the rule recommends in both versions."""
    (was, parts), (now, others) = old.rule(first), new.rule(second)
    plans = {treatment.target: treatment.dose for treatment in second.treatments}
    for treatment in first.treatments:
        target, plan = treatment.target, plans.get(treatment.target)
        if target not in others or (treatment.dose is None and plan is None):
            continue
        ready = both(was.recommended, now.recommended, parts[target].recommended, others[target].recommended)
        dosed = Dosed(first.rule.id, target, ready)
        if treatment.dose is None or plan is None:
            yield dosed.in_one_only()
        else:
            yield from dosed.ways((treatment.dose, plan), (old.dose(treatment.dose), new.dose(plan)))


def fact_apart(old: SymbolicAnswer, new: SymbolicAnswer, name: str) -> Iterator[Formula]:
    """List in what a fact may come out otherwise: whether it is known, used and contradicted, and what it is."""
    first, second = old.certain.value(name), new.certain.value(name)
    yield either(_apart(first.known, second.known), _apart(first.touch, second.touch))
    yield both(first.known, second.known, opposite(equal(first.payload, second.payload)))
    yield _apart(old.certain.withheld(name), new.certain.withheld(name))
    yield _apart(old.contradicted(name), new.contradicted(name))


def _apart(first: Formula, second: Formula) -> Formula:
    return either(both(first, opposite(second)), both(opposite(first), second))
