"""fhir.yaml: how a FHIR R4 record becomes the facts of the dictionary, and what a missing entry means."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from cds_engine.pack.base import AmountText, Identifier, PackModel, Text

SYSTEMS = {
    "LOINC": "http://loinc.org",
    "SNOMED CT": "http://snomed.info/sct",
    "ICD-10": "http://hl7.org/fhir/sid/icd-10",
    "ICD-10-CM": "http://hl7.org/fhir/sid/icd-10-cm",
    "RxNorm": "http://www.nlm.nih.gov/research/umls/rxnorm",
    "CVX": "http://hl7.org/fhir/sid/cvx",
    "ATC": "http://www.whocc.no/atc",
}
"""Short names of terminologies, and the addresses that FHIR knows them by."""
OIDS = {
    "LOINC": "2.16.840.1.113883.6.1",
    "SNOMED CT": "2.16.840.1.113883.6.96",
    "ICD-10": "2.16.840.1.113883.6.3",
    "ICD-10-CM": "2.16.840.1.113883.6.90",
    "RxNorm": "2.16.840.1.113883.6.88",
    "CVX": "2.16.840.1.113883.12.292",
    "ATC": "2.16.840.1.113883.6.73",
}
"""How older records name the same terminologies."""

ResourceType = Literal[
    "Patient",
    "Observation",
    "Condition",
    "AllergyIntolerance",
    "MedicationRequest",
    "MedicationStatement",
    "MedicationAdministration",
    "Immunization",
    "Procedure",
    "Encounter",
    "ServiceRequest",
]


def _address(written: object) -> object:
    if not isinstance(written, str) or written in SYSTEMS.values():
        return written
    if written in SYSTEMS:
        return SYSTEMS[written]
    if ":" not in written:
        known = ", ".join(SYSTEMS)
        raise ValueError(f"`{written}` is no terminology\nwrite its address, or one of {known}")
    return written


System = Annotated[Text, BeforeValidator(_address)]
"""The address of a terminology; its short name is read as the address."""


def _path(written: object) -> object:
    step = r"[A-Za-z]+(\[[^\[\]]+\])?"
    if isinstance(written, str) and not re.fullmatch(rf"{step}(\.{step})*", written):
        raise ValueError(f"`{written}` is no path of elements\nwrite it as `hospitalization.dischargeDisposition`")
    return written


ElementPath = Annotated[Text, BeforeValidator(_path)]
"""Elements of a resource, one in the other: `hospitalization.dischargeDisposition`, `extension[URL].valueCode`."""


class RecordCode(PackModel):
    """A code as it stands in a record."""

    system: System
    code: Text
    below: bool = False
    """Whether all codes count that begin with it, as those of a category of ICD-10 do."""
    note: Text | None = None


class ValueSet(PackModel):
    """A set of codes: listed here, or only named, and then supplied by whoever runs the pack."""

    label: Text
    oid: Text | None = None
    url: Text | None = None
    """By which of the two a supplied set is found."""
    codes: list[RecordCode] = Field(default_factory=list)

    @model_validator(mode="after")
    def _can_be_found(self) -> Self:
        if not (self.oid or self.url or self.codes):
            raise ValueError("this value set has no identifier and no codes\nname its `oid` or `url`, or list `codes`")
        return self


class Period(PackModel):
    """A stretch of days that entries are held against; whoever asks gives it, or it follows from `as_of`."""

    label: Text
    calendar: Literal["year", "month"]
    """Unless it is given: the calendar year or month of `as_of`."""
    start: Identifier
    """The fact that takes its first day."""
    end: Identifier | None = None


class When(PackModel):
    """How the time of an entry lies to a period, by day, or to `as_of`."""

    during: Identifier | None = None
    """It begins and ends in the period."""
    overlaps: Identifier | None = None
    """It shares a day with the period."""
    ends_during: Identifier | None = None
    within: AmountText | None = None
    """It lies at most that long before `as_of`."""
    at_as_of: bool = False
    """It has begun by `as_of` and not ended before."""

    @model_validator(mode="after")
    def _says_one(self) -> Self:
        said = [self.during, self.overlaps, self.ends_during, self.within, self.at_as_of]
        if sum(bool(way) for way in said) != 1:
            raise ValueError(
                "this does not say one relation in time\n"
                "write one of `during`, `overlaps`, `ends_during`, `within` and `at_as_of`"
            )
        return self

    @property
    def period(self) -> str | None:
        """The period that is named."""
        return self.during or self.overlaps or self.ends_during


class Where(PackModel):
    """What else an element of the entry must say."""

    path: ElementPath
    codes: list[RecordCode] = Field(default_factory=list)
    value_sets: list[Identifier] = Field(default_factory=list)
    values: list[Text] = Field(default_factory=list)
    """Plain words, such as those of a status; of a coded element its codes."""
    or_absent: bool = False
    """Whether an entry that lacks the element counts, too."""

    @model_validator(mode="after")
    def _wants_something(self) -> Self:
        if not (self.codes or self.value_sets or self.values):
            raise ValueError(f"any `{self.path}` would do\nsay which `codes`, `value_sets` or `values` count")
        return self


class Selection(PackModel):
    """Which entries of a record bear on a fact."""

    resource: ResourceType
    codes: list[RecordCode] = Field(default_factory=list)
    value_sets: list[Identifier] = Field(default_factory=list)
    """With neither, the fact's own codes in `facts.yaml` count."""
    any_code: bool = False
    """Whether every entry of the type counts, as for a list of medicines."""
    element: ElementPath | None = None
    """Where the value stands, if not in `value[x]`: `birthDate`."""
    component: bool = False
    """Whether the codes are those of a component of the observation, whose value is then taken."""
    statuses: list[Text] = Field(default_factory=list)
    """Statuses that count, if they differ from those of the file."""
    any_status: bool = False
    """Whether every status counts but those that call the entry a mistake."""
    where: list[Where] = Field(default_factory=list)
    has_value: bool = False
    """Whether an entry counts only with a value."""
    when: When | None = None
    gives: Text | None = None
    """The value of a code fact that such an entry stands for."""
    note: Text | None = None


class FactMapping(PackModel):
    """Where one fact comes from; its type in the dictionary says how the value is read."""

    entries: list[Selection] = Field(alias="from", min_length=1)
    values: dict[Text, list[RecordCode]] = Field(default_factory=dict)
    """For a fact of type code or boolean: the codes of the record that stand for each of its values."""
    absent: Literal["false"] | None = None
    """What it means that no entry counts; needs `closed_record`. Without it the fact is unknown."""
    is_whole_list: bool = False
    """Whether the entries are all there are; otherwise what a list does not hold stays unknown."""
    note: Text | None = None


class FhirFile(PackModel):
    """fhir.yaml."""

    closed_record: Text | None = None
    """Why a record may be taken to hold everything that happened; every answer shows it as an assumption."""
    periods: dict[Identifier, Period] = Field(default_factory=dict)
    value_sets: dict[Identifier, ValueSet] = Field(default_factory=dict)
    statuses: dict[ResourceType, list[Text]] = Field(default_factory=dict)
    """By type of resource: the statuses (of a condition and an allergy: the clinical status) that count."""
    facts: dict[Identifier, FactMapping]
    orders: list[Selection] = Field(default_factory=list)
    """Prescriptions that are proposals, and are screened as orders."""
