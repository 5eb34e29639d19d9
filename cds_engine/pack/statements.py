"""Statements with their sources, and the rules, regimens and safety rules that stand under them."""

from __future__ import annotations

from collections import Counter
from typing import Literal, Self

from pydantic import Field, model_validator

from cds_engine.pack.base import AmountText, ConditionText, Identifier, PackModel, RangeText, Text
from cds_engine.pack.dictionary import Tag

Modality = Literal["recommend", "consider", "option", "inform"]
MODALITIES: tuple[Modality, ...] = ("recommend", "consider", "option", "inform")
"""Strongest first."""

Origin = Literal["seed", "guideline", "label", "policy", "outside_seed"]
Review = Literal["submitted", "under_review", "changes_requested", "retired"]
Interval = Literal["dose", "day", "week", "course"]


class Source(PackModel):
    """A publication, label or policy."""

    label: Text
    """Short, as cited in a sentence: `Enders 2017 (SHARE)`."""
    citation: Text
    """In full. For an unresolved reference: that it is one."""
    kind: Literal["guideline", "trial", "review", "label", "study", "web", "table", "policy", "unresolved"]
    tag: Tag
    doi: Text | None = None
    pmid: Text | None = None
    url: Text | None = None
    """Only a DOI, PMC, a regulator or the publisher is shown as a link."""
    read_at: Text | None = None
    """Where it was read, when that is not an address to show."""
    superseded_by: Identifier | None = None
    note: Text | None = None


class SourcesFile(PackModel):
    """sources.yaml."""

    sources: dict[Identifier, Source]


class Evidence(PackModel):
    """The grading that the source itself gives; `not read` where it was not."""

    level: Text = "not read"
    strength: Text = "not read"
    agreement: Text = "not read"


class Cap(PackModel):
    """A limit and the interval that it is for."""

    amount: AmountText
    per: Interval
    source: Identifier | None = None
    tag: Tag | None = None


class Adjustment(PackModel):
    """A change of the dose for some patients; an unknown condition makes the dose unknown."""

    when: ConditionText
    multiply: float = Field(gt=0)
    source: Identifier
    locator: Text | None = None
    tag: Tag | None = None
    note: Text
    """As shown in the working: `half dose: eGFR from 30 to below 60`."""


class Dose(PackModel):
    """`range x basis`, then the caps, then the adjustments in the order written, then display rounding."""

    range: RangeText
    """`15 to 20 mg/m2`, `2 g/kg`, or a fixed `1 g`."""
    basis: Identifier | None = None
    """The fact that a dose per m2 or per kg is multiplied with."""
    per: Interval
    times_per_day: int | None = Field(default=None, ge=1, le=24)
    """With `per: dose`: how many such doses a day. With `per: day`: in how many parts it is taken. With no other."""
    days: RangeText | None = None
    """On how many days: `3`, or `2 to 5` for a course that is spread."""
    at_most: AmountText | None = None
    """The cap for the same interval as `per`."""
    caps: list[Cap] = Field(default_factory=list)
    """Caps for other intervals: 1 g a dose and 2 g a day."""
    adjust: list[Adjustment] = Field(default_factory=list)
    source: Identifier | None = None
    """Where the number is from, when it is not the statement's own."""
    locator: Text | None = None
    tag: Tag | None = None
    note: Text | None = None


class Product(PackModel):
    """What can be dispensed: multiples of `step` from `from` to `to`, combined where one is not enough."""

    smallest: AmountText = Field(alias="from")
    largest: AmountText = Field(alias="to")
    step: AmountText
    combine: int = Field(default=1, ge=1, le=100)
    """How many units of it may be given together to make one dose."""
    says: Text
    """What it is: `pre-filled pen`."""
    source: Identifier
    tag: Tag | None = None


class Route(PackModel):
    """The preferred route, and the statement that prefers it."""

    prefer: Identifier
    statement: Identifier | None = None
    otherwise: Text | None = None


class Regimen(PackModel):
    """A named dose of one drug, shared by recommendations and order screening."""

    drug: Identifier
    dose: Dose
    product: Product | None = None
    route: Route | None = None
    off_label: Text | None = None
    """Why the use is off-label; shown with every dose."""


class RegimensFile(PackModel):
    """regimens.yaml."""

    regimens: dict[Identifier, Regimen]


class Treatment(PackModel):
    """One drug or action of a recommendation that names several."""

    drug: Identifier | None = None
    action: Identifier | None = None
    regimen: Identifier | None = None

    @model_validator(mode="after")
    def _names_one(self) -> Self:
        if (self.drug is None) == (self.action is None):
            raise ValueError("a treatment is either a `drug` or an `action`\nname one of the two")
        return self


class Recommend(PackModel):
    """What follows when the condition holds: one drug, one action, a choice (`one_of`) or all (`all_of`).

    A choice or combination names each of them once: doses, proofs and columns go by the name.
    """

    modality: Modality | None = None
    """Never above the statement's; the statement's own when left out."""
    drug: Identifier | None = None
    action: Identifier | None = None
    regimen: Identifier | None = None
    one_of: list[Treatment] = Field(default_factory=list)
    """In order of preference; blocked when all are, recommended when any is."""
    preference: Text | None = None
    """Why the first is preferred, in a sentence."""
    all_of: list[Treatment] = Field(default_factory=list)
    """Blocked when any is, recommended when all are."""
    says: Text
    """The recommendation, as a sentence to a clinician, without numbers that the dose carries."""
    patient_says: Text
    measure: list[Text] = Field(default_factory=list)
    """Tests to be done as part of it."""

    @model_validator(mode="after")
    def _names_one(self) -> Self:
        named = [bool(self.drug), bool(self.action), bool(self.one_of), bool(self.all_of)]
        if sum(named) != 1:
            beside = [name for name in ("drug", "action", "one_of", "all_of") if getattr(self, name)]
            found = "recommends " + " and ".join(f"`{name}`" for name in beside) if beside else "recommends nothing"
            raise ValueError(f"this {found}\nname exactly one of `drug`, `action`, `one_of` and `all_of`")
        if self.regimen and not self.drug:
            raise ValueError("a `regimen` needs the `drug` beside it\nin a choice it stands with its drug")
        return self

    @model_validator(mode="after")
    def _names_each_once(self) -> Self:
        targets = Counter(treatment.drug or treatment.action for treatment in (*self.one_of, *self.all_of))
        again = " and ".join(f"`{name}`" for name, times in targets.items() if times > 1)
        if again:
            raise ValueError(f"this names {again} more than once\ngive each regimen of a drug a rule of its own")
        return self


class Ask(PackModel):
    """A question that is put although the fact is known: a doubtful value, a diagnosis to confirm."""

    fact: Identifier
    says: Text
    when: ConditionText | None = None


class Rule(PackModel):
    """A condition and what follows from it."""

    id: Identifier
    when: ConditionText
    recommend: Recommend
    carries: list[Identifier] = Field(default_factory=list)
    """Other statements that this rule speaks for: parts of the sentence, such as the route."""
    ask: list[Ask] = Field(default_factory=list)


class Exclusion(PackModel):
    """Whom a topic or statement leaves out, although it otherwise speaks of them."""

    id: Identifier
    when: ConditionText
    says: Text
    patient_says: Text | None = None
    source: Identifier
    locator: Text | None = None
    tag: Tag
    note: Text | None = None


class Statement(PackModel):
    """One sentence of a source in our own words, with everything that was said about its standing."""

    id: Identifier
    says: Text
    patient_says: Text
    source: Identifier
    locator: Text | None = None
    uncited: bool = False
    """True when the text it was taken from gives no source: `source` is then that text itself."""
    seed_reference: Text | None = None
    """The number of the reference in the seed, as printed there; a reference that leads nowhere is a source
    of kind `unresolved`."""
    restates: list[Identifier] = Field(default_factory=list)
    """The same sentence in other lists of the ledger."""
    modality: Modality
    evidence: Evidence = Evidence()
    tag: Tag
    origin: Origin
    review: Review = "submitted"
    applies_to: ConditionText | None = None
    """Joined by `and` with the condition of each rule under it."""
    exclusions: list[Exclusion] = Field(default_factory=list)
    """No rule under it applies to those for whom one of them holds."""
    interpretation: list[Text] = Field(default_factory=list)
    """Open questions about how we read it, for the reviewer."""
    note: Text | None = None
    rules: list[Rule] = Field(default_factory=list)
    encoded_in: Identifier | None = None
    """The statement whose rules carry this one."""
    advice: bool = False
    """Shown as it is; there is nothing to compute."""
    not_encoded: Text | None = None
    """Why it is not encoded."""

    @model_validator(mode="after")
    def _says_what_became_of_it(self) -> Self:
        ways = [bool(self.rules), bool(self.encoded_in), self.advice, bool(self.not_encoded)]
        if sum(ways) != 1:
            beside = [name for name in ("rules", "encoded_in", "advice", "not_encoded") if getattr(self, name)]
            said = "has " + " and ".join(f"`{name}`" for name in beside) if beside else "does not say what became of it"
            raise ValueError(
                f"the statement `{self.id}` {said}\n"
                "say exactly one of `rules`, `encoded_in`, `advice: true` and `not_encoded: reason`"
            )
        return self


class StatementsFile(PackModel):
    """statements/*.yaml: one clinical topic."""

    topic: Text
    applies_to: ConditionText | None = None
    exclusions: list[Exclusion] = Field(default_factory=list)
    statements: list[Statement]


class SafetyRule(PackModel):
    """What contraindications, cautions and monitoring share: for which drugs or actions, and from where."""

    id: Identifier
    drugs: list[Identifier] = Field(default_factory=list)
    actions: list[Identifier] = Field(default_factory=list)
    says: Text
    patient_says: Text | None = None
    source: Identifier
    locator: Text | None = None
    tag: Tag
    note: Text | None = None

    @model_validator(mode="after")
    def _reaches_something(self) -> Self:
        if not self.drugs and not self.actions:
            raise ValueError(f"`{self.id}` reaches no drug and no action\nname the `drugs` or `actions` it is about")
        return self


class Contraindication(SafetyRule):
    """Forbids; when unknown it holds the recommendation back, unless `if_unknown: ignore`."""

    when: ConditionText
    if_unknown: Literal["hold", "ignore"] = "hold"


class Caution(SafetyRule):
    """Shown with the recommendation without blocking it; `hold` makes an unknown one wait."""

    when: ConditionText
    if_unknown: Literal["hold", "ignore"] = "hold"


class Monitoring(SafetyRule):
    """What to measure before and during a treatment; shown with every recommendation of it."""

    when: ConditionText | None = None


class Alert(PackModel):
    """Said before everything else, whatever is recommended."""

    id: Identifier
    severity: Literal["critical", "warning", "info"]
    when: ConditionText
    says: Text
    """May show values: `{current_medications.methotrexate.weekly_amount}`."""
    patient_says: Text
    drug: Identifier | None = None
    source: Identifier
    locator: Text | None = None
    tag: Tag
    ask: list[Ask] = Field(default_factory=list)
    note: Text | None = None


class OrderCheck(PackModel):
    """What is wrong with a prescription; asked once per order, with `order.drug`, `order.dose`, `order.per`, ...

    Caps, ranges, intervals, contraindications, duplicates and routes are checked for every drug with a regimen;
    this is for what only the pack knows, such as an interaction.
    """

    id: Identifier
    severity: Literal["critical", "warning", "info"]
    when: ConditionText
    says: Text
    patient_says: Text | None = None
    source: Identifier
    locator: Text | None = None
    tag: Tag
    note: Text | None = None


class SafetyFile(PackModel):
    """safety/*.yaml: contraindications, cautions, monitoring, alerts and order checks, by drug or topic."""

    contraindications: list[Contraindication] = Field(default_factory=list)
    cautions: list[Caution] = Field(default_factory=list)
    monitoring: list[Monitoring] = Field(default_factory=list)
    alerts: list[Alert] = Field(default_factory=list)
    order_checks: list[OrderCheck] = Field(default_factory=list)
