"""What a page is put together from: sources, rules, doses, what stands against them, and patients; plain data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from cds_engine.review.dosing import Grid
from cds_engine.review.english import Said

Group = Literal["typical", "boundary", "must not", "missing data"]
GROUPS: Mapping[Group, str] = {
    "typical": "Typical patients",
    "boundary": "Borderline patients",
    "must not": "Must not be given, or does not apply",
    "missing data": "Something is not known",
}


@dataclass(frozen=True, slots=True)
class SourceLine:
    """A citation as a reviewer needs it to look it up."""

    id: str
    label: str
    citation: str
    locator: str | None
    url: str | None
    verified: str
    is_verified: bool
    is_unresolved: bool


@dataclass(frozen=True, slots=True)
class SafetyLine:
    """A contraindication, caution or monitoring rule that reaches a treatment."""

    says: str
    when: Said | None
    source: SourceLine
    unknown: str | None
    note: str | None


@dataclass(frozen=True, slots=True)
class Link:
    """A place on one of the pages."""

    title: str
    file: str
    anchor: str

    @property
    def href(self) -> str:
        """Where it leads."""
        return f"{self.file}#{self.anchor}"


@dataclass(frozen=True, slots=True)
class AlertLine:
    """An alert, or a check of prescriptions."""

    link: Link
    """Where it stands in full; its title is what is said."""
    severity: str
    patient_says: str | None
    about: str | None
    """The medicine it is about, or those it checks orders of; None for no single one."""
    when: Said
    source: SourceLine
    asks: tuple[str, ...]
    note: str | None
    shown_in: tuple[Link, ...]
    """The scenarios in whose answer it stands."""


@dataclass(frozen=True, slots=True)
class DoseSection:
    """The dose of one regimen: in words, as a grid, as a chart."""

    words: tuple[str, ...]
    grid: Grid
    basis: str | None
    basis_unit: str
    unit: str
    per: str
    cap: str | None
    chart: str | None
    """SVG."""
    product: str | None
    product_source: SourceLine | None
    off_label: str | None
    source: SourceLine | None
    note: str | None


@dataclass(frozen=True, slots=True)
class TreatmentSection:
    """One drug or action with its dose and everything that stands against it."""

    name: str
    is_drug: bool
    dose: DoseSection | None
    contraindications: tuple[SafetyLine, ...]
    cautions: tuple[SafetyLine, ...]
    monitoring: tuple[SafetyLine, ...]
    alerts: tuple[AlertLine, ...] = ()
    checks: tuple[AlertLine, ...] = ()
    """Checks of prescriptions that name it, as what is ordered or as what is taken."""


@dataclass(frozen=True, slots=True)
class RuleSection:
    """One rule, read aloud."""

    id: str
    strength: str
    says: str
    patient_says: str
    when: Said
    left_out: tuple[SafetyLine, ...]
    """Whom its topic and statement leave out, although they otherwise speak of them."""
    choice: str | None
    preference: str | None
    treatments: tuple[TreatmentSection, ...]
    measure: tuple[str, ...]
    asks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Example:
    """One patient of a vignette: the cells of its row, its result and the explanation behind it."""

    cells: tuple[str, ...]
    passed: bool
    failure: str | None
    because: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Vignette:
    """A scenario; of an outline all rows that belong to one group, each with its result."""

    title: str
    feature: str
    lines: tuple[tuple[str, str], ...]
    """Keyword and sentence; `<name>` stands for a cell."""
    heads: tuple[str, ...]
    examples: tuple[Example, ...]
    group: Group

    @property
    def anchor(self) -> str:
        """Its name within a page."""
        return re.sub(r"[^a-z0-9]+", "-", f"{self.feature} {self.title} {self.group}".lower()).strip("-")

    @property
    def failed(self) -> int:
        """How many of its patients are not answered as expected."""
        return sum(not example.passed for example in self.examples)
