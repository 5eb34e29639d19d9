"""The vocabulary of a pack: facts, drugs and classes of them, formulas, definitions, conflicts."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from cds_engine.pack.base import AmountText, ConditionText, Identifier, PackModel, RangeText, Text

Tag = Literal["V", "V2", "M", "P"]
"""How far something was verified: read in the primary source, in a secondary one, general knowledge, policy."""

FactType = Literal["quantity", "integer", "decimal", "boolean", "code", "codes", "date", "medications", "drug_dose"]


INTERVALS = ("day", "several_times_a_week", "week", "two_weeks", "month", "course", "once", "as_needed")
"""How often a medicine of a list is taken; `week` is once a week."""


class Code(PackModel):
    """A code of a public terminology, with how sure we are of it."""

    system: Literal["LOINC", "SNOMED CT", "ICD-10", "ICD-10-CM", "RxNorm", "CVX", "ATC"]
    code: Text
    note: Text | None = None
    tag: Tag | None = None


class UnitConversion(PackModel):
    """Another unit of the fact that physics cannot convert: mass to amount of substance, by a published factor."""

    unit: Text
    multiply_by: float | None = Field(default=None, gt=0)
    divide_by: float | None = Field(default=None, gt=0)
    source: Identifier | None = None
    tag: Tag | None = None


class Case(PackModel):
    """One case of a chain: the first whose condition is true gives the value."""

    when: ConditionText | None = None
    value: ConditionText


class FactEntry(PackModel):
    """One fact of the dictionary."""

    label: Text
    """As a clinician says it inside a sentence: `eGFR`, `pregnancy status`."""
    patient_label: Text | None = None
    type: FactType
    unit: Text | None = None
    """The canonical UCUM unit of a quantity, decimal or drug dose."""
    accepts: list[Text] = Field(default_factory=list)
    """Further units that are often sent; any unit of the same kind is understood."""
    conversions: list[UnitConversion] = Field(default_factory=list)
    allowed: list[Text] = Field(default_factory=list)
    """The codes of a code fact, in the order of the dictionary; `unknown` is never one of them."""
    plausible: RangeText | None = None
    """Inclusive; a value outside is rejected and reported, never moved to the end of the range."""
    max_age: AmountText | None = None
    """How old a value may be at `as_of`, in `d`, `wk`, `mo` or `a`; older counts as unknown."""
    tolerance: AmountText | None = None
    """Two values may differ by this much (in the unit, or in `%`) before they conflict."""
    agreeing: list[list[Text]] = Field(default_factory=list)
    """Groups of codes that do not conflict with each other: `[[not_pregnant, not_applicable]]`."""
    absent_means: Text | None = None
    """The value that a fact nobody gave is presumed to have; the answer lists the assumption."""
    setting: bool = False
    """Not about the patient but about how to compute, such as the choice of a formula; may be presumed."""
    fixed: bool = False
    """Does not change for a patient (sex, date of birth): no test and no answer makes another value of a known one."""
    derive: ConditionText | list[Case] | None = None
    always: bool = False
    """The derived value is used even where one is given; a given one is only held against it."""
    drug: Identifier | None = None
    """For `drug_dose`: the drug whose dose this is; folded into the medications."""
    ask: Text | None = None
    """The question to a clinician; a fact without one is never asked for."""
    patient_ask: Text | None = None
    cost: int = Field(default=1, ge=0, le=10)
    """How hard it is to answer: 0 at a glance, 1 asked, 3 measured, 5 laboratory."""
    codes: list[Code] = Field(default_factory=list)
    tag: Tag | None = None
    source: Identifier | None = None
    note: Text | None = None
    record_only: Text | None = None
    """Why the dictionary lists a fact that no rule reads yet."""


class FactsFile(PackModel):
    """facts.yaml."""

    facts: dict[Identifier, FactEntry]


class Drug(PackModel):
    """One drug (ingredient), with the names it goes by in medication lists."""

    label: Text
    aliases: list[Text] = Field(default_factory=list)
    codes: list[Code] = Field(default_factory=list)


class DrugClass(PackModel):
    """A named set of drugs; its name is a set in the condition language."""

    label: Text
    members: list[Identifier] = Field(min_length=1)


class DrugsFile(PackModel):
    """drugs.yaml."""

    drugs: dict[Identifier, Drug]
    classes: dict[Identifier, DrugClass] = Field(default_factory=dict)


class Formula(PackModel):
    """A derived quantity computed with bare numbers in declared units."""

    label: Text
    gives: dict[Identifier, Text] = Field(min_length=1, max_length=1)
    takes: dict[Identifier, Text] = Field(min_length=1)
    """Fact to unit; `code` or `boolean` for facts without one."""
    when: ConditionText | None = None
    """For whom it holds; of several formulas for one fact the first that holds is used."""
    value: ConditionText
    source: Identifier
    locator: Text | None = None
    tag: Tag
    note: Text | None = None


class FormulasFile(PackModel):
    """formulas.yaml."""

    formulas: dict[Identifier, Formula]


class Definition(PackModel):
    """A shared condition; its name can be used in every condition."""

    says: Text
    """As a clause that completes "because ...": `the diagnosis is confirmed`."""
    when: ConditionText


class Conflict(PackModel):
    """Facts that contradict each other: when the condition is true all of them become unknown."""

    id: Identifier
    when: ConditionText
    facts: list[Identifier] = Field(min_length=1)
    says: Text
    """What contradicts what, as shown to the reader."""
    ask: Text
    tag: Tag | None = None


class DefinitionsFile(PackModel):
    """definitions.yaml."""

    definitions: dict[Identifier, Definition] = Field(default_factory=dict)
    conflicts: list[Conflict] = Field(default_factory=list)
