"""What was hardly meant, in any pack: rules that never fire, contraindications that never matter, and the like.

Each is looked for over all patients in whose record no fact has two readings, and shown with a patient: somebody who
has what is said, or, where the gap is that nobody has it, whoever comes nearest to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations, islice, permutations

from cds_engine.backends.smt.answer import SymbolicAnswer
from cds_engine.backends.smt.logic import Formula, both, either, opposite, some
from cds_engine.backends.smt.record import rational
from cds_engine.backends.smt.search import Search
from cds_engine.lowering.guideline import Guideline, RuleSpec
from cds_engine.proof.examples import examples_of, usual_values
from cds_engine.proof.replay import Patient, Replay
from cds_engine.proof.smaller import smaller
from cds_engine.results.wording import counted

SCOPE = "in_scope"
"""The definition that says whom a pack is for, where it has one of this name."""
SEEN = 1e-6
CANDIDATES = 9


@dataclass(frozen=True, slots=True)
class Gap:
    """One thing that was hardly meant."""

    check: str
    text: str
    patient: Patient | None = None


class Gaps:
    """Looks for gaps in one pack."""

    def __init__(self, guideline: Guideline, seconds: float = 5.0) -> None:
        self._guideline = guideline
        self._answer = SymbolicAnswer(guideline, alone=True)
        self._search = Search(self._answer, seconds, examples_of(guideline))
        self._usual = usual_values(guideline.pack.path)
        self._unsettled = 0

    def run(self) -> Iterator[Gap]:
        """Return every gap, check by check."""
        yield from self._never_fires()
        yield from self._never_matters()
        yield from self._doses_apart()
        yield from self._implied()
        yield from self._nothing_said()
        if self._unsettled:
            yield Gap("not-settled", f"{counted(self._unsettled, 'question')} of these checks not settled in the time")

    def _never_fires(self) -> Iterator[Gap]:
        for spec in self._guideline.rules:
            if self._none(self._acts(spec)):
                status, patient = self._nearest(spec)
                near = f"; the nearest that anybody comes to it is {status.replace('_', ' ')}"
                yield Gap("never-fires", f"the rule `{spec.rule.id}` is recommended for no patient{near}", patient)

    def _nearest(self, spec: RuleSpec) -> tuple[str, Patient | None]:
        """Return the status nearest to a recommendation that a rule has for anybody, with a patient."""
        whole, _ = self._answer.rule(spec)
        for status in ("needs_data", "blocked", "not_applicable"):
            patient = self._found(getattr(whole, status), _has_status(spec.rule.id, status))
            if patient is not None:
                return status, patient
        return "not_applicable", None

    def _never_matters(self) -> Iterator[Gap]:
        """A contraindication matters if for somebody it is the only one that blocks what a rule would offer."""
        for target, found in self._guideline.contraindications.items():
            offers = some(
                self._answer.when(spec).yes
                for spec in self._guideline.rules
                for t in spec.treatments
                if t.target == target
            )
            for key, rule in found:
                others = [self._answer.believed(other).yes for other, _ in found if other != key]
                alone = both(offers, self._answer.believed(key).yes, *(opposite(other) for other in others))
                if self._none(alone):
                    yield self._without_effect(target, key, rule.id)

    def _without_effect(self, target: str, key: str, name: str) -> Gap:
        """Show somebody for whom it holds beside another one, or, if it holds for nobody, whom the rest blocks."""
        text = f"the contraindication `{name}` is never the only one that keeps `{target}` from a patient: "
        holds = self._answer.believed(key).yes
        if not self._none(holds):
            says = "whenever it holds, no rule offers it or another one blocks too"
            return Gap("never-matters", text + says, self._found(holds, _believes(key)))
        rules = (self._answer.rule(spec)[1] for spec in self._guideline.rules)
        blocked = some(parts[target].blocked for parts in rules if target in parts)

        def is_blocked(replay: Replay) -> bool:
            parts = (part for decision in replay.decisions for part in decision.treatments)
            return any(part.status == "blocked" for part in parts if part.treatment.target == target)

        return Gap("never-matters", text + "it holds for nobody", self._found(blocked, is_blocked))

    def _doses_apart(self) -> Iterator[Gap]:
        offers = [(spec, t) for spec in self._guideline.rules for t in spec.treatments if t.drug and t.dose]
        for (one, first), (other, second) in combinations(offers, 2):
            if first.drug != second.drug or first.dose is None or second.dose is None:
                continue
            if first.dose.regimen == second.dose.regimen:
                continue
            ends = self._answer.dose(first.dose), self._answer.dose(second.dose)
            apart = [getattr(ends[0], end) - getattr(ends[1], end) for end in ("low", "high")]
            differ = either(*(either(gap > rational(SEEN), gap < -rational(SEEN)) for gap in apart))
            acting = [self._answer.rule(spec)[1][str(first.drug)].recommended for spec in (one, other)]
            goal = both(self._acts(one), self._acts(other), differ, *acting)
            if not self._none(goal):
                ids = {one.rule.id, other.rule.id}
                text = f"`{one.rule.id}` and `{other.rule.id}` offer one patient `{first.drug}` in different doses"
                yield Gap("doses-apart", text, self._found(goal, _recommends(*ids)))

    def _implied(self) -> Iterator[Gap]:
        """A rule is implied by another that offers the same, in the same dose, to everybody to whom it does."""
        for one, other in permutations(self._guideline.rules, 2):
            alike = _offer(one) == _offer(other) and one.modality == other.modality and one.mode == other.mode
            if (
                alike
                and self._none(both(self._acts(one), opposite(self._acts(other))))
                and not self._none(self._acts(one))
            ):
                text = f"whoever `{one.rule.id}` is recommended for is recommended the same by `{other.rule.id}`"
                yield Gap("implied", text, self._found(self._acts(one), _recommends(one.rule.id, other.rule.id)))

    def _nothing_said(self) -> Iterator[Gap]:
        scope = self._guideline.conditions.get(f"definition {SCOPE}")
        if scope is None:
            return
        silent = [self._answer.rule(spec)[0].not_applicable for spec in self._guideline.rules]
        quiet = [opposite(self._answer.shows(key)) for key, _ in self._guideline.alerts]
        goal = both(self._answer.certain.truth(scope).yes, *silent, *quiet)
        if not self._none(goal):

            def is_silent(replay: Replay) -> bool:
                is_meant = replay.worlds.certain.verdicts[f"definition {SCOPE}"].truth is True
                nothing = all(decision.status == "not_applicable" for decision in replay.decisions)
                return is_meant and nothing and not any(replay.believes(key) for key, _ in self._guideline.alerts)

            text = "for some patients in scope no rule applies and no alert is shown"
            yield Gap("nothing-said", text, self._found(goal, is_silent))

    def _acts(self, spec: RuleSpec) -> Formula:
        return self._answer.rule(spec)[0].recommended

    def _none(self, goal: Formula) -> bool:
        found = self._search.none(goal)
        self._unsettled += found is None
        return found is True

    def _found(self, goal: Formula, shows: Callable[[Replay], bool]) -> Patient | None:
        def is_shown(patient: Patient) -> bool:
            return shows(Replay.of(self._guideline, patient))

        found = next((p for p in islice(self._search.patients(goal), CANDIDATES) if is_shown(p)), None)
        return None if found is None else smaller(found, is_shown, self._usual)


def _recommends(*rules: str) -> Callable[[Replay], bool]:
    def shows(replay: Replay) -> bool:
        return {*rules} <= {d.spec.rule.id for d in replay.decisions if d.status == "recommended"}

    return shows


def _has_status(rule: str, status: str) -> Callable[[Replay], bool]:
    def shows(replay: Replay) -> bool:
        return any(d.status == status for d in replay.decisions if d.spec.rule.id == rule)

    return shows


def _believes(key: str) -> Callable[[Replay], bool]:
    return lambda replay: replay.believes(key)


def _offer(spec: RuleSpec) -> tuple[tuple[str, str | None], ...]:
    return tuple((t.target, t.dose.regimen if t.dose else None) for t in spec.treatments)
