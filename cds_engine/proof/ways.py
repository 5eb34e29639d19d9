"""The ways in which a rule or an alert may be answered otherwise by another version: who is, and who shows it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product

from cds_engine.backends.smt.answer import Acts, SymbolicAnswer
from cds_engine.backends.smt.logic import Formula, both, either, opposite
from cds_engine.backends.smt.record import rational
from cds_engine.backends.smt.values import equal
from cds_engine.lowering.guideline import RuleSpec
from cds_engine.proof.twice import Shows, Twice

STATUSES = ("recommended", "needs_data", "blocked", "not_applicable")
SEEN = 1e-6
"""Doses that differ by less are the same."""
ENDS = (("low", "lower"), ("high", "upper"))
Said = tuple[str, str]
"""What was and what is, in words."""


@dataclass(frozen=True, slots=True)
class Way:
    """One way in which a rule or alert may be answered otherwise."""

    what: str
    goal: Formula
    """True of everybody who is."""
    among: Formula
    """Those whom they are told from: to whom the rule applies, or who get the dose."""
    shows: Shows
    said: Callable[[Twice | None], Said]
    """What was and what is, of somebody who shows it, or of nobody."""


def rule_ways(old: SymbolicAnswer, new: SymbolicAnswer, first: RuleSpec, second: RuleSpec) -> list[Way]:
    """Return every way in which a rule of both versions may be answered otherwise."""
    return [*_status_ways(old, new, first, second), *_dose_ways(old, new, first, second)]


def _status_ways(old: SymbolicAnswer, new: SymbolicAnswer, first: RuleSpec, second: RuleSpec) -> Iterator[Way]:
    """List every status that a rule may have had with every other that it may have now."""
    rule = first.rule.id
    acts: tuple[Acts, Acts] = (old.rule(first)[0], new.rule(second)[0])
    applies = either(*(getattr(one, status) for one in acts for status in STATUSES[:3]))
    for before, after in product(STATUSES, STATUSES):
        if before != after:
            goal = both(getattr(acts[0], before), getattr(acts[1], after))
            yield _way(f"{before} to {after}", goal, applies, (before, after), lambda met: met.statuses(rule))


def alert_ways(key: str, old: SymbolicAnswer, new: SymbolicAnswer) -> Iterator[Way]:
    """List that an alert was shown and is not, and that it is and was not."""
    before, after = old.shows(key), new.shows(key)
    for goal, ends in (
        (both(before, opposite(after)), ("shown", "not shown")),
        (both(opposite(before), after), ("not shown", "shown")),
    ):
        yield _way(f"alert {ends[0]} to {ends[1]}", goal, either(before, after), ends, lambda met: met.alert(key))


def alone(what: str, goal: Formula, ends: Said, read: Callable[[Twice], Said]) -> Way:
    """Return that a rule or alert is there in one version only; *ends* has `-` for the other."""
    side = 1 if ends[0] == "-" else 0
    return Way(what, goal, goal, lambda met: read(met)[side] == ends[side], lambda _: ends)


def _way(what: str, goal: Formula, among: Formula, ends: Said, read: Callable[[Twice], tuple[str | None, ...]]) -> Way:
    return Way(what, goal, among, lambda met: read(met) == ends, lambda _: ends)


def _dose_ways(old: SymbolicAnswer, new: SymbolicAnswer, first: RuleSpec, second: RuleSpec) -> Iterator[Way]:
    """List each end of each dose that the rule recommends in both versions."""
    (was, parts), (now, others) = old.rule(first), new.rule(second)
    plans = {treatment.target: treatment.dose for treatment in second.treatments}
    for treatment in first.treatments:
        target, plan = treatment.target, plans.get(treatment.target)
        if treatment.dose is None or plan is None:
            continue
        one, other = old.dose(treatment.dose), new.dose(plan)
        ready = both(was.recommended, now.recommended, parts[target].recommended, others[target].recommended)
        for end, word in ENDS:
            apart = getattr(one, end) - getattr(other, end)
            goal = both(ready, either(apart > rational(SEEN), apart < -rational(SEEN)))
            yield _dose_way(f"the {word} end of {target}", goal, ready, (first.rule.id, target), end)


def _dose_way(what: str, goal: Formula, ready: Formula, key: tuple[str, str], end: str) -> Way:
    def shows(met: Twice) -> bool:
        before, after = met.dose(*key, end)
        return before is not None and after is not None and abs(before - after) > SEEN

    def said(met: Twice | None) -> Said:
        before, after = (None, None) if met is None else met.dose(*key, end)
        return _amount(before), _amount(after)

    return Way(what, goal, ready, shows, said)


def _amount(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def fact_apart(old: SymbolicAnswer, new: SymbolicAnswer, name: str) -> Iterator[Formula]:
    """List in what a fact may come out otherwise: whether it is known, used and contradicted, and what it is."""
    first, second = old.certain.value(name), new.certain.value(name)
    yield either(_apart(first.known, second.known), _apart(first.touch, second.touch))
    yield both(first.known, second.known, opposite(equal(first.payload, second.payload)))
    yield _apart(old.certain.withheld(name), new.certain.withheld(name))
    yield _apart(old.contradicted(name), new.contradicted(name))


def _apart(first: Formula, second: Formula) -> Formula:
    return either(both(first, opposite(second)), both(opposite(first), second))
