"""phrases.yaml: the sentences in which scenarios speak of patients, and what each means; no part of an evaluation."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from cds_engine.pack.base import Day, Identifier, PackModel, Text

PHRASES_FILE = "phrases.yaml"


class Rest(PackModel):
    """What `everything else that ... needs is known and unremarkable` adds where a scenario has not spoken of it."""

    facts: dict[Identifier, Any]
    without: dict[Identifier, dict[Identifier, Text]] = Field(default_factory=dict)
    """A fact that is left out where another has this value: `pregnancy_status: {sex_at_birth: male}`; `given`
    stands for any value."""


class PhrasesFile(PackModel):
    """phrases.yaml."""

    today: Day
    """The day on which the scenarios play."""
    words: dict[Identifier, dict[Text, Any]] = Field(default_factory=dict)
    """Lists of words that a place in a sentence may hold, each with what it means."""
    sentences: dict[Text, dict[Identifier, Any]] = Field(default_factory=dict)
    """A sentence about a patient, with places such as `{value:number}`, to facts."""
    rest: dict[Text, Rest] = Field(default_factory=dict)
    treatments: dict[Text, Identifier] = Field(default_factory=dict)
    """What a clinician calls it to the rule that speaks of it."""
    outcomes: dict[Text, Text | list[Text]] = Field(default_factory=dict)
    """A sentence about an answer, in the pack's own words, to sentences of the glossary that say the same."""
