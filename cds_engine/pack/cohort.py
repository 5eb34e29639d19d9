"""cohort.yaml: what made-up patients of a pack are like; it takes no part in an evaluation."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, PositiveFloat, model_validator

from cds_engine.diagnostics import PackError
from cds_engine.pack.base import Identifier, PackModel, Text
from cds_engine.pack.beside import read_beside

COHORT_FILE = "cohort.yaml"


def _share(written: object) -> object:
    found = re.fullmatch(r"([0-9.]+) *%", written.strip()) if isinstance(written, str) else None
    return written if found is None else float(found[1]) / 100


Share = Annotated[float, BeforeValidator(_share), Field(ge=0, le=1)]
"""A part of the patients, written `2 %`."""
Weights = Annotated[dict[Text, PositiveFloat], Field(min_length=1)]
"""Choices with how often each is made, in relation to the others."""
Ends = tuple[float, float]


class Likely(PackModel):
    """Where the values of one fact lie; exactly one of the first four ways is given."""

    codes: Weights | None = None
    """For words: codes, or the items of a list with `;` between them."""
    chance: Share | None = None
    """For what is true or false: how often it is true."""
    between: Ends | None = None
    """For numbers that lie anywhere between two."""
    around: PositiveFloat | None = None
    """For numbers that lie around a middle, further above than below: by the *spread*."""
    along: Identifier | None = None
    """For numbers that follow another fact by *points*, straight between them, and lie around them by the *spread*."""
    points: dict[float, float] | None = None
    spread: Share = 0.0
    """One standard deviation, as a part of the middle."""
    digits: Annotated[int, Field(ge=0, le=6)] = 0
    units: Weights | None = None
    """Other units than the fact's own make a column of units beside the values."""
    dated: Ends | None = None
    """How many days before the day of the answers the value was taken: between two."""
    only: dict[Identifier, list[Text]] = Field(default_factory=dict)
    """Who has a value at all: those with one of these words for a fact above this one,"""
    within: dict[Identifier, Ends] = Field(default_factory=dict)
    """and with a number between these."""
    missing: Share | None = None

    @model_validator(mode="after")
    def _has_one_way(self) -> Self:
        ways = [name for name in ("codes", "chance", "between", "around", "along") if getattr(self, name) is not None]
        if len(ways) != 1:
            raise ValueError("a fact needs exactly one of `codes`, `chance`, `between`, `around` and `along`")
        if (self.along is None) != (self.points is None):
            raise ValueError("`along` and `points` need each other")
        return self


class Contradiction(PackModel):
    """Values that do not go together, put into the rows of some patients."""

    share: Share
    values: dict[Identifier, Text]


class CohortFile(PackModel):
    """cohort.yaml."""

    about: Text
    """What the figures rest on; it stands beside every cohort that is made."""
    missing: Share
    """How many values are missing of each fact that does not say itself."""
    slips: Share
    """How many numbers are ten times too large, by a slip of the decimal point."""
    facts: dict[Identifier, Likely]
    """A fact may follow those that stand above it."""
    contradictions: list[Contradiction] = Field(default_factory=list)


def read_cohort(folder: Path) -> CohortFile | None:
    """Return what patients of the pack in *folder* are like; None if it does not say.

    Raises:
        PackError: If the file has mistakes.
    """
    file, findings = read_beside(folder, COHORT_FILE, CohortFile)
    if findings:
        raise PackError(findings)
    return file
