"""The answer to one patient, and what can be asked of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from pydantic import ConfigDict, Field, PrivateAttr

from cds_engine.diagnostics import CdsError, did_you_mean
from cds_engine.results.models import (
    Alert,
    Assumption,
    DerivedValue,
    EngineReference,
    HeldBack,
    PackReference,
    Problem,
    Question,
    Recommendation,
    Result,
    Screened,
    Trace,
    Unused,
)
from cds_engine.results.what_if import WhatWouldChange


class UnknownRuleError(CdsError, KeyError):
    """No rule of the answer has that id; the message names the nearest."""

    def __str__(self) -> str:
        return str(self.args[0])


class Evaluation(Result):
    """Everything the pack has to say about one patient.

    Critical alerts stand first; recommendations are sorted by status, then by modality, then in the pack's order.
    """

    model_config = ConfigDict(
        frozen=True, defer_build=True, serialize_by_alias=True, validate_by_name=True, validate_by_alias=True
    )

    schema_version: int = Field(default=1, alias="schema")
    pack: PackReference
    engine: EngineReference
    patient: str | None
    as_of: date | None
    audience: str
    alerts: list[Alert]
    recommendations: list[Recommendation]
    screened: list[Screened]
    questions: list[Question]
    problems: list[Problem]
    assumptions: list[Assumption]
    derived: dict[str, DerivedValue]
    notices: list[str]
    unused: list[Unused] = Field(default=[])
    """Of a patient that was read from a record: what of it was not used, and why."""
    held_back: list[HeldBack] = Field(default_factory=list)
    """What `minimum_review` kept out of `recommendations`."""
    would_change: list[WhatWouldChange] = Field(default_factory=list, alias="what_would_change")
    """What would change the status of the rules for which this was asked."""

    _explain: Callable[[str], Trace] | None = PrivateAttr(default=None)
    _suppose: Callable[[str], WhatWouldChange] | None = PrivateAttr(default=None)

    @property
    def recommended(self) -> list[Recommendation]:
        """The recommendations that are ready."""
        return self._with_status("recommended")

    @property
    def blocked(self) -> list[Recommendation]:
        """What is contraindicated, each with every reason."""
        return self._with_status("blocked")

    @property
    def needs_data(self) -> list[Recommendation]:
        """What cannot be decided before something is known."""
        return self._with_status("needs_data")

    @property
    def next_question(self) -> Question | None:
        """The question that settles most, None when nothing is open."""
        return self.questions[0] if self.questions else None

    def recommendation(self, rule: str) -> Recommendation:
        """Return what became of *rule*.

        Raises:
            UnknownRuleError: If the pack has no such rule.
        """
        for found in self.recommendations:
            if found.rule == rule:
                return found
        for kept in self.held_back:
            if kept.rule == rule:
                state = kept.review.replace("_", " ")
                raise UnknownRuleError(f"the rule `{rule}` is held back: its statement `{kept.statement}` is {state}")
        known = [found.rule for found in self.recommendations]
        hint = did_you_mean(rule, known) or f"the rules are {', '.join(known)}"
        raise UnknownRuleError(f"there is no rule `{rule}`; {hint}")

    def why(self, rule: str) -> str:
        """Say in words why *rule* has the status it has: its condition, what blocks it, what is missing."""
        from cds_engine.results.wording import why_words  # noqa: PLC0415 - they describe each other

        because = self._explain(rule) if self._explain is not None else None
        return why_words(self.recommendation(rule), because, self.questions)

    def why_not(self, rule: str) -> str:
        """Say in words why *rule* is not recommended; that it is, if it is."""
        if self.recommendation(rule).status == "recommended":
            return f"{rule} is recommended\n{self.why(rule)}"
        return self.why(rule)

    def what_would_change(self, rule: str) -> WhatWouldChange:
        """Return the smallest changes of facts that would give *rule* another status; never advice to change a value.

        Facts that a missing answer or a new finding could bring stand apart from those that do not change, such as sex;
        each change was answered anew before it is returned. The search is bounded, and says so where it ended early.

        Raises:
            UnknownRuleError: If the pack has no such rule, or the answer was read from a file and has no patient.
        """
        self.recommendation(rule)
        if self._suppose is None:
            raise UnknownRuleError(f"this answer was read from a file; without its patient nothing can change `{rule}`")
        return self._suppose(rule)

    def trace(self, rule: str) -> Trace:
        """Return the tree of reasons of *rule*, also where the answer leaves it out."""
        found = self.recommendation(rule).because
        if found is None and self._explain is not None:
            found = self._explain(rule)
        if found is None:
            raise UnknownRuleError(f"this answer was read from a file and holds no explanation of `{rule}`")
        return found

    def __eq__(self, other: object) -> bool:
        """Say whether two answers say the same, whichever of them was read from a file."""
        return isinstance(other, Evaluation) and self.__dict__ == other.__dict__

    __hash__ = None  # type: ignore[assignment] # an answer holds lists

    def _repr_html_(self) -> str:
        from cds_engine.results.html import to_html  # noqa: PLC0415 - notebooks only

        return to_html(self)

    def _with_status(self, status: str) -> list[Recommendation]:
        return [found for found in self.recommendations if found.status == status]
