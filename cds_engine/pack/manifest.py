"""pack.yaml: what the pack is, for whom, how old its knowledge is, and what every answer must carry."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from cds_engine.pack.base import Day, Identifier, PackModel, Text
from cds_engine.pack.dictionary import Tag
from cds_engine.pack.statements import Review


class Notice(PackModel):
    """A sentence that accompanies every answer."""

    furniture: Identifier | None = None
    """The item of the page that asks for it."""
    says: Text
    patient_says: Text


class Furniture(PackModel):
    """An item of the seed page that is no clinical statement, and what became of it."""

    id: Identifier
    item: Text
    says: Text
    used_as: Literal["scope", "notice", "review state", "knowledge date", "audience", "sources", "not used"]
    how: Text


class Audience(PackModel):
    """Who may read an answer; the wording changes, the medicine never does."""

    label: Text
    wording: Literal["clinician", "patient"]


class Orders(PackModel):
    """How orders are judged, whatever the drug."""

    critical_above: float = Field(gt=1, le=100, allow_inf_nan=False)
    """How many times the upper end for this patient an order is a critical finding; up to it, a warning."""
    tag: Tag
    note: Text | None = None


class Manifest(PackModel):
    """pack.yaml."""

    id: Identifier
    version: Text
    title: Text
    scope: Text
    knowledge_date: Day
    review: Review
    re_review_after: Text | None = None
    notices: list[Notice] = Field(min_length=1)
    audiences: dict[Identifier, Audience]
    furniture: list[Furniture] = Field(default_factory=list)
    orders: Orders | None = None
