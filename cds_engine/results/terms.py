"""The words for the terms of a pack: facts and what they measure, codes, numbers with units, signs.

What explains an answer and what reads a rule aloud take their words from here, so that one thing has one name.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Literal

from cds_engine.language.printer import brief
from cds_engine.language.syntax import Comparator, Operator
from cds_engine.lowering.guideline import Guideline
from cds_engine.results.wording import spoken
from cds_engine.units import display

Wording = Literal["clinician", "patient"]

RELATION = {
    Comparator.EQUAL: "equal to",
    Comparator.NOT_EQUAL: "different from",
    Comparator.LESS: "below",
    Comparator.AT_MOST: "at most",
    Comparator.GREATER: "above",
    Comparator.AT_LEAST: "at least",
}
SIGN = {
    Operator.ADD: "+",
    Operator.SUBTRACT: "−",  # noqa: RUF001 - a minus sign
    Operator.MULTIPLY: "×",  # noqa: RUF001 - a multiplication sign
    Operator.DIVIDE: "/",
    Operator.POWER: "^",
}
INTERVAL_WORDS = {
    "day": "daily",
    "several_times_a_week": "several times a week",
    "week": "once a week",
    "two_weeks": "every two weeks",
    "month": "monthly",
    "as_needed": "as needed",
}
OF_ORDER = {
    "order": "how often it is given",
    "order.per": "how often it is given",
    "order.dose": "its dose",
    "order.route": "its route",
    "order.weekly_amount": "its amount a week",
    "order.drug": "the medicine ordered",
}
"""What an order says, in words."""
BLANK = re.compile(r"\{([^{}]*)\}")


class Terms:
    """The words of one pack for one kind of reader; each is found once and kept."""

    def __init__(self, guideline: Guideline, wording: Wording = "clinician") -> None:
        self.wording = wording
        self._facts = guideline.dictionary.facts
        self._drugs = guideline.pack.drugs.drugs
        self._labels: dict[str, str] = {}
        self._units: dict[str, str | None] = {}

    def label(self, name: str) -> str:
        """Return a fact as a person says it, properties included; *name* is one that the pack names."""
        found = self._labels.get(name)
        if found is None:
            found = self._labels[name] = self._label(name)
        return found

    def unit(self, name: str) -> str | None:
        """Return the UCUM unit of a fact or property, None for one without."""
        if name not in self._units:
            self._units[name] = self._unit(name)
        return self._units[name]

    def _label(self, name: str) -> str:
        base, _, prop = name.partition(".")
        spec = self._facts.get(base)
        if spec is None:
            return "the date of this answer" if base == "as_of" else OF_ORDER.get(name, name)
        label = (spec.entry.patient_label if self.wording == "patient" else None) or spec.entry.label
        match prop.split("."):
            case [""]:
                return label
            case ["usable"]:
                return f"{label} was given but cannot be used"
            case ["range", end]:
                return f"{'upper' if end == 'high' else 'lower'} limit of the laboratory for {label}"
            case ["reported", "unit"]:
                return f"the unit that {label} was reported in"
            case ["reported", "value"]:
                return f"{label} as reported"
            case [drug, "weekly_amount"]:
                return f"{self.code(drug)} a week"
            case [drug, "per"]:
                return f"the listed {self.code(drug)}"
            case [drug, "route"]:
                return f"the route of {self.code(drug)}"
            case _:
                return name

    def _unit(self, name: str) -> str | None:
        base, _, prop = name.partition(".")
        if prop.endswith("weekly_amount"):
            return "mg/wk"
        spec = self._facts.get(base)
        return spec.unit if spec is not None and prop in {"", "range.low", "range.high"} else None

    def code(self, code: str) -> str:
        """Return a code in words: a drug by its label, an interval as it is said."""
        drug = self._drugs.get(code)
        return drug.label if drug is not None else INTERVAL_WORDS.get(code, spoken(code))


def amount(value: float, unit: str | None) -> str:
    """Return a number with its unit, for people: `0.9615 m²`."""
    return f"{brief(value)} {display(unit) if unit else ''}".rstrip()


def said(value: object) -> str:
    """Return a value without a unit in words: `new_onset` as `new onset`."""
    match value:
        case bool():
            return "yes" if value else "no"
        case float():
            return brief(value)
        case str():
            return spoken(value)
        case date():
            return value.isoformat()
        case _:
            return str(value)


def filled(text: str, words: Callable[[str], str]) -> str:
    """Put words into the blanks of a text, each named by a fact.

    >>> filled("The eGFR is {egfr}.", lambda name: f"[{name}]")
    'The eGFR is [egfr].'
    """
    return BLANK.sub(lambda blank: words(blank[1]), text)
