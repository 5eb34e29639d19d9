"""What an evaluation returns: the JSON contract, version 1. Keys are stable; additions are allowed."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar, Literal, NoReturn, Self

from pydantic import BaseModel, ConfigDict

Status = Literal["recommended", "needs_data", "blocked", "not_applicable"]
STATUSES: tuple[Status, ...] = ("recommended", "needs_data", "blocked", "not_applicable")
"""In the order of an answer."""

ShownValue = float | bool | str | list[str] | None


class Shared(list[Any]):
    """A list that answers share, and that therefore nobody may change; equal to any list of the same items."""

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        msg = "an answer cannot be changed; copy the list first: `list(...)`"
        raise TypeError(msg)

    append = extend = insert = remove = pop = clear = sort = reverse = _refuse
    __setitem__ = __delitem__ = __iadd__ = __imul__ = _refuse

    def __reduce__(self) -> tuple[type[list[Any]], tuple[list[Any]]]:
        """Copy and pickle as a list of one's own."""
        return list, (list(self),)


class Result(BaseModel):
    """A frozen part of an answer."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    _blank: ClassVar[dict[str, Any]] = {}
    """Every field in its order: its default, or `...` for what must be said."""
    _fields_set: ClassVar[set[str]] = set()
    _privates: ClassVar[dict[str, Any] | None] = None

    @classmethod
    def __pydantic_init_subclass__(cls, **_: object) -> None:
        """Prepare what `made` fills in."""
        blank = {
            name: ... if field.is_required() else field.get_default(call_default_factory=True)
            for name, field in cls.model_fields.items()
        }
        cls._blank = {name: Shared(value) if isinstance(value, list) else value for name, value in blank.items()}
        cls._fields_set = set(cls.model_fields)
        cls._privates = {name: one.get_default() for name, one in cls.__private_attributes__.items()} or None

    @classmethod
    def made(cls, **values: Any) -> Self:
        """Make a part of an answer from values that the engine itself computed, without validating them again.

        An answer has hundreds of parts; this costs a tenth of `model_construct`, which it otherwise equals.
        """
        return cls._of({**cls._blank, **values}, cls._privates)

    def but(self, **values: Any) -> Self:
        """Return a copy in which only *values* differ, not validated either."""
        return self._of({**self.__dict__, **values}, self.__pydantic_private__)

    @classmethod
    def _of(cls, values: dict[str, Any], privates: dict[str, Any] | None) -> Self:
        model = cls.__new__(cls)
        assign = object.__setattr__
        assign(model, "__dict__", values)
        assign(model, "__pydantic_fields_set__", cls._fields_set)
        assign(model, "__pydantic_extra__", None)
        assign(model, "__pydantic_private__", privates and {**privates})
        return model


class PackReference(Result):
    """Which pack answered."""

    id: str
    version: str
    hash: str
    title: str = ""
    knowledge_date: dt.date | None = None
    review: str = "submitted"
    value_sets: str | None = None
    """For patients from FHIR: the hash of the codes that were supplied for the value sets the pack only names."""


class EngineReference(Result):
    """Which engine answered, and which engines agreed on every condition."""

    version: str
    agreed_by: list[str]
    note: str | None = None


class Citation(Result):
    """A source with the place in it; `tag` says how far it was verified (V, V2, M, P)."""

    source: str
    locator: str | None = None
    label: str
    url: str | None = None
    tag: str | None = None
    unresolved: bool = False


class Evidence(Result):
    """The grading of the source itself; `not read` where it was not."""

    level: str
    strength: str
    agreement: str


class FactUsed(Result):
    """A fact behind an explanation; `value` is None when it is unknown."""

    name: str
    label: str
    value: ShownValue
    unit: str | None = None
    date: dt.date | None = None
    origin: str = "given"


class Trace(Result):
    """Why a condition came out as it did: the tree of its parts, in words."""

    text: str
    truth: Literal["true", "false", "unknown"]
    value: ShownValue = None
    facts: list[FactUsed] = []
    parts: list[Trace] = []

    def with_facts(self, facts: list[FactUsed]) -> Trace:
        """Return the same explanation resting on *facts*."""
        return self.but(facts=facts)

    def with_truth(self, truth: str) -> Trace:
        """Return the same explanation seen from outside a `not`."""
        return self.but(truth=truth)


class Reason(Result):
    """A contraindication, caution or monitoring rule that reached a recommendation."""

    rule: str
    target: str
    text: str
    citations: list[Citation]
    tag: str
    because: Trace | None = None


class Dose(Result):
    """A dose: displayed ends (two decimals, half-up), the cap, what can be dispensed, and the working."""

    low: float
    high: float
    unit: str
    per: str
    low_capped: bool
    high_capped: bool
    cap: float | None
    caps: list[str] = []
    times_per_day: int | None = None
    days: list[float] | None = None
    basis: str | None = None
    regimen: str
    product: str | None = None
    product_options: list[float] = []
    no_product_fits: bool = False
    off_label: str | None = None
    unrounded_low: float
    unrounded_high: float
    working: list[str]
    citations: list[Citation] = []

    def __str__(self) -> str:
        low, high = f"{self.low:.2f}", f"{self.high:.2f}"
        ends = low if low == high else f"{low} to {high}"
        return f"{ends} {self.unit} per {self.per}"


class Choice(Result):
    """One drug or action of a recommendation that names several, in order of preference."""

    drug: str | None
    action: str | None
    status: Status
    dose: Dose | None = None
    blocked_by: list[Reason] = []
    missing: list[str] = []


class Recommendation(Result):
    """What became of one rule for this patient."""

    rule: str
    statement: str
    statements: list[str]
    status: Status
    modality: str
    text: str
    drug: str | None = None
    action: str | None = None
    route: str | None = None
    dose: Dose | None = None
    mode: Literal["one", "one_of", "all_of"] = "one"
    """Whether `choices` are alternatives, the preferred first, or belong together; empty for one treatment."""
    choices: list[Choice] = []
    preference: str | None = None
    blocked_by: list[Reason] = []
    excluded_by: list[Reason] = []
    """Exclusions of the guideline that hold for this patient: why a rule does not apply to somebody in its scope."""
    undecided: list[Reason] = []
    missing: list[str] = []
    citations: list[Citation] = []
    evidence: Evidence
    tag: str
    review: str
    origin: str
    uncited: bool = False
    cautions: list[Reason] = []
    monitoring: list[Reason] = []
    measure: list[str] = []
    because: Trace | None = None

    def __bool__(self) -> NoReturn:
        """Refuse: a recommendation is neither true nor false, its status says what became of it."""
        msg = "a recommendation has no truth value; look at its `status`"
        raise TypeError(msg)


class Alert(Result):
    """Said before everything else."""

    rule: str
    severity: Literal["critical", "warning", "info"]
    text: str
    drug: str | None = None
    citations: list[Citation] = []
    tag: str
    because: Trace | None = None


class HeldBack(Result):
    """A recommendation that is not shown, because its statement is below the review state asked for."""

    rule: str
    statement: str
    review: str


class Question(Result):
    """What to ask next; `settles` are the rules that wait for it."""

    fact: str
    ask: str
    settles: list[str]
    why: Literal["missing", "rejected", "conflicting", "stale", "doubtful"] = "missing"


class Problem(Result):
    """What is wrong with the input; nothing wrong is ever repaired."""

    fact: str | None
    code: str
    message: str


class Assumption(Result):
    """What was taken for granted, and for which rules."""

    fact: str | None
    text: str
    ask: str | None = None
    rules: list[str] = []


class DerivedValue(Result):
    """A value that was computed, with its formula and source."""

    value: ShownValue
    unit: str | None = None
    formula: str | None = None
    text: str = ""
    citations: list[Citation] = []


class Finding(Result):
    """What screening found about an order."""

    rule: str
    order: str
    severity: Literal["critical", "warning", "info"]
    text: str
    working: list[str] = []
    citations: list[Citation] = []


class Screened(Result):
    """An order with what was found about it."""

    order: dict[str, Any]
    drug: str | None = None
    """The drug of the pack that it was read as, None where that is not known."""
    is_taken: bool = False
    """True for a medicine that the patient takes, False for a proposal."""
    findings: list[Finding] = []


class Unused(Result):
    """An entry of a record that looked relevant and was not used."""

    entry: str
    fact: str | None
    reason: str
