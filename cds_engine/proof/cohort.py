"""How many of given patients two versions of a pack answer otherwise."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field

from cds_engine.engine.what_if.case import as_far_as
from cds_engine.evaluator.doses import displayed
from cds_engine.lowering.guideline import Guideline
from cds_engine.proof.replay import Replay


@dataclass(slots=True)
class Counts:
    """Counted patients: all, those whom any change affects, and by rule with its answers before and after."""

    patients: int = 0
    affected: int = 0
    by_change: Counter[tuple[str, str, str]] = field(default_factory=Counter)


def counted_in(
    patients: Iterable[Mapping[str, object]], old: Guideline, new: Guideline, rules: Container[str]
) -> Counts:
    """Answer every patient by both versions, as the evaluator does, and count the differences in some *rules*."""
    counts = Counts()
    versions = [as_far_as(pack, *(spec for spec in pack.rules if spec.rule.id in rules)) for pack in (old, new)]
    for data in patients:
        patient = data if "facts" in data else {"facts": data}
        before, after = (_answers(version, patient) for version in versions)
        changed = [
            (rule, before.get(rule, "-"), after.get(rule, "-"))
            for rule in dict.fromkeys([*before, *after])
            if before.get(rule) != after.get(rule)
        ]
        counts.patients += 1
        counts.affected += bool(changed)
        counts.by_change.update((rule, *_shown(one, other)) for rule, one, other in changed)
    return counts


def _shown(before: str, after: str) -> tuple[str, str]:
    """Return two answers as they are counted: by status, or as another dose where the status is the same."""
    one, other = before.split(",", 1)[0], after.split(",", 1)[0]
    return (one, other) if one != other else (one, "another dose")


def _answers(guideline: Guideline, patient: Mapping[str, object]) -> dict[str, str]:
    """Return for each rule its status with its doses, in words."""
    found = {}
    for decision in Replay.of(guideline, patient).decisions:
        doses = [
            f"{part.treatment.target} {displayed(part.dose.low.final)} to {displayed(part.dose.high.final)}"
            for part in decision.treatments
            if part.dose is not None and decision.status == "recommended"
        ]
        found[decision.spec.rule.id] = ", ".join([decision.status, *doses])
    return found
