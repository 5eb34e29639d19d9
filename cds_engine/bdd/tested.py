"""What the tests of a pack are worth, as one piece: the coverage and what became of its mutants; and as data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cds_engine.bdd.coverage import SORTS, Covered
from cds_engine.bdd.mutation import Mutation, Tried
from cds_engine.bdd.propose import Proposal, Unproposed

LIMITS = (
    "Left as they are: the dictionary of facts (plausible ranges, ages of values), texts, citations.",
    (
        "Equivalent means: proved for every patient in whose record no fact has two readings, that statuses, doses, "
        "reasons, cautions, alerts, questions under a condition and derived facts are the same; which of several "
        "missing facts is named is outside."
    ),
)
"""What the figures do not say."""


@dataclass(frozen=True, slots=True)
class Tested:
    """What was found out about the scenarios and cases of one pack."""

    pack: str
    version: str
    hash: str
    scenarios: int
    cases: int
    failing: int
    coverage: tuple[Covered, ...] | None = None
    mutation: Mutation | None = None
    proposed: Mapping[str, Proposal | Unproposed] | None = None
    """For each survivor with a patient, by the id of its mutant, the scenario that notices it, or why there is none."""

    def proposal(self, tried: Tried) -> Proposal | None:
        """Return the scenario that notices a survivor, as was tried; None where there is none."""
        found = (self.proposed or {}).get(tried.mutant.id)
        return found if isinstance(found, Proposal) else None

    def reason(self, tried: Tried) -> str:
        """Return why a mutant survived, and why no scenario is proposed where none is."""
        found = (self.proposed or {}).get(tried.mutant.id)
        return f"{tried.reason}; {found.reason}" if isinstance(found, Unproposed) else tried.reason


def as_data(found: Tested) -> dict[str, object]:
    """Return everything as plain data; `hash` says of which version of the pack it is."""
    return {
        "pack": found.pack,
        "version": found.version,
        "hash": found.hash,
        "scenarios": found.scenarios,
        "cases": found.cases,
        "failing": found.failing,
        "coverage": None if found.coverage is None else _coverage(found.coverage),
        "mutation": None if found.mutation is None else _mutation(found.mutation),
        "mutants": None if found.mutation is None else [_survivor(tried, found) for tried in found.mutation.survivors],
        "statements": _statements(found),
        "limits": list(LIMITS),
    }


def _coverage(coverage: Iterable[Covered]) -> dict[str, object]:
    listed = list(coverage)
    return {
        "totals": {sort: {"covered": done, "of": of} for sort, (done, of) in totals(listed).items()},
        "not_covered": [
            {"sort": one.item.sort, "says": one.item.says, "statements": list(one.statements)}
            for one in listed
            if not one.count and not one.impossible
        ],
        "impossible": [one.item.says for one in listed if one.impossible],
    }


def totals(coverage: Iterable[Covered]) -> dict[str, tuple[int, int]]:
    """Return for each sort how many are covered of how many that some patient can show."""
    covered: Counter[str] = Counter()
    possible: Counter[str] = Counter()
    for one in coverage:
        if not one.impossible:
            possible[one.item.sort] += 1
            covered[one.item.sort] += one.count > 0
    return {sort: (covered[sort], possible[sort]) for sort in SORTS}


def _mutation(mutation: Mutation) -> dict[str, object]:
    return {
        "mutants": len(mutation.tried),
        "refused_by_the_checker": mutation.count("refused"),
        "killed": mutation.count("killed"),
        "equivalent": mutation.count("equivalent"),
        "survived": mutation.count("survived"),
        "share": round(mutation.share, 4),
        "scenarios_needed": mutation.scenarios,
        "enough": mutation.is_enough,
        "by_kind": {kind: dict(counts) for kind, counts in mutation.by_kind().items()},
    }


def _survivor(tried: Tried, found: Tested) -> dict[str, object]:
    mutant, proposal = tried.mutant, found.proposal(tried)
    return {
        "id": mutant.id,
        "kind": mutant.kind,
        "at": mutant.at,
        "change": mutant.says,
        "place": str(mutant.place) if mutant.place else None,
        "statements": list(tried.statements),
        "reason": found.reason(tried),
        "patient": tried.patient,
        "scenario": None if proposal is None else list(proposal.lines(title_of(tried))),
        "notices": proposal is not None,
    }


def title_of(tried: Tried) -> str:
    """Return a title for the scenario of a survivor."""
    return f"a patient for whom it matters that {tried.mutant.says}".replace("`", "")


def _statements(found: Tested) -> dict[str, dict[str, object]]:
    """Return coverage and mutants statement by statement."""
    every: dict[str, dict[str, object]] = {}
    names = {name for one in found.coverage or () for name in one.statements}
    tried = found.mutation.tried if found.mutation is not None else ()
    names |= {name for one in tried for name in one.statements}
    for name in sorted(names):
        fates = Counter(one.fate for one in tried if name in one.statements)
        own = totals(one for one in found.coverage or () if name in one.statements)
        every[name] = {
            "covered": {sort: {"covered": done, "of": of} for sort, (done, of) in own.items()},
            "killed": fates["killed"],
            "survived": fates["survived"],
        }
    return every
