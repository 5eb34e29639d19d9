"""What the answers of a pack say of a rule whoever the patient is: made once, shared by all answers.

Between two review dates nothing of this changes; each such time has its own `DayStanding`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from datetime import date, timedelta

from cds_engine.engine.approvals import STATES, Standing
from cds_engine.engine.citations import Citations
from cds_engine.lowering.guideline import RuleSpec, Treatment
from cds_engine.pack.statements import Statement
from cds_engine.results.models import Evidence, Recommendation, Shared
from cds_engine.results.terms import Wording


class Standings:
    """The standing of a pack's rules on every day."""

    def __init__(self, citations: Citations, found: Mapping[str, Standing]) -> None:
        self._dues = sorted({standing.due for standing in found.values() if standing.due is not None})
        days = [None, *(due + timedelta(days=1) for due in self._dues)]
        self._between = [DayStanding(citations, {name: f.state(day) for name, f in found.items()}) for day in days]

    @property
    def may_lapse(self) -> bool:
        """Whether an approval has a review date."""
        return bool(self._dues)

    def on(self, day: date | None) -> DayStanding:
        """Return the standing on a day; without one no approval is past its review date."""
        return self._between[0 if day is None else bisect_left(self._dues, day)]


class DayStanding:
    """Prepares the recommendations of rules that do not apply; what it returns may not be changed."""

    def __init__(self, citations: Citations, states: Mapping[str, str]) -> None:
        self._citations = citations
        self._states = states
        self._passed_over: dict[tuple[str, Wording], Recommendation] = {}

    def passed_over(self, spec: RuleSpec, wording: Wording) -> Recommendation:
        """Return the recommendation of a rule that does not apply; its text may still name facts to fill in."""
        found = self._passed_over.get((spec.key, wording))
        if found is None:
            found = self._passed_over[spec.key, wording] = self._recommendation(spec, wording)
        return found

    def _recommendation(self, spec: RuleSpec, wording: Wording) -> Recommendation:
        recommend, statement, first = spec.rule.recommend, spec.statement, spec.treatments[0]
        return Recommendation.made(
            rule=spec.rule.id,
            statement=statement.id,
            statements=Shared(spec.statements),
            status="not_applicable",
            modality=spec.modality,
            text=recommend.patient_says if wording == "patient" else recommend.says,
            drug=first.drug,
            action=first.action,
            route=preferred_route(first),
            mode=spec.mode,
            preference=recommend.preference,
            citations=self._citations.of_statements(spec.statements),
            evidence=evidence_of(statement),
            tag=statement.tag,
            review=self._review(spec),
            origin=statement.origin,
            uncited=statement.uncited,
        )

    def _review(self, spec: RuleSpec) -> str:
        """Return the lowest review state of the statements that the rule is the rule of."""
        found = [self._states.get(name) for name in (spec.statement.id, *spec.rule.carries)]
        return min((state or spec.statement.review for state in found), key=STATES.index)


def preferred_route(treatment: Treatment) -> str | None:
    """Return the route that the regimen prefers, None where it says nothing."""
    plan = treatment.dose
    return plan.written.route.prefer if plan is not None and plan.written.route is not None else None


def evidence_of(statement: Statement) -> Evidence:
    """Return the grading that the source of a statement gives."""
    found = statement.evidence
    return Evidence.made(level=found.level, strength=found.strength, agreement=found.agreement)
