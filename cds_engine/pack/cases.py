"""cases.yaml: patients and what is expected of the answer, as data; no part of an evaluation."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from cds_engine.pack.base import Day, Identifier, PackModel

CASES_FILE = "cases.yaml"


def _maybe(written: object) -> object:
    return None if written == "null" else written


MaybeDay = Annotated[Day | None, BeforeValidator(_maybe)]
"""A day, or `null` for a patient without one."""


class Base(PackModel):
    """A patient that cases start from."""

    parent: Identifier | None = Field(default=None, alias="from")
    as_of: MaybeDay = None
    with_: dict[Identifier, Any] = Field(default_factory=dict, alias="with")
    without: list[Identifier] = Field(default_factory=list)


class Case(Base):
    """A base with changes, and what the answer must hold."""

    id: Identifier
    parent: Identifier = Field(alias="from")
    orders: Any = None
    expect: dict[Identifier, Any]


class CasesFile(PackModel):
    """cases.yaml."""

    bases: dict[Identifier, Base] = Field(default_factory=dict)
    cases: list[Case] = Field(default_factory=list)
