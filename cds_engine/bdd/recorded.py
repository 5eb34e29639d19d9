"""A sentence for any fact of any pack, by its label: what a pack's own phrases do not say can still be said.

Law: of every sentence returned `said_as_recorded` gives back the fact that it was made of.
"""

from __future__ import annotations

import re

from cds_engine.bdd.phrase import Said
from cds_engine.bdd.scene import MeaninglessError, Scene
from cds_engine.bdd.table import given
from cds_engine.diagnostics import did_you_mean
from cds_engine.language.printer import number
from cds_engine.lowering.guideline import Guideline

TRUTHS = {"yes": True, "no": False}
NONE = "none"
QUANTITY = re.compile(r"(?P<value>-?\d+(?:\.\d+)?)(?: (?P<unit>\S+))?(?: \(normal (?P<range>[^()]+)\))?")
RANGE = re.compile(r"(?:from (?P<low>\d+(?:\.\d+)?))?(?: ?up to (?P<high>\d+(?:\.\d+)?))?")


@given("on record is {fact:text}: {value:text}")
def is_on_record(scene: Scene, said: Said) -> None:
    """Add a fact by its label in facts.yaml: yes or no, a code, a day, a list, a number with unit and normal range."""
    guideline = scene.pack.guideline
    labels = {entry.label: name for name, entry in guideline.pack.facts.facts.items()}
    label = str(said["fact"])
    if label not in labels:
        hint = did_you_mean(label, labels) or "labels stand in facts.yaml"
        raise MeaninglessError(f"the pack knows no fact called `{label}`; {hint}")
    scene.facts[labels[label]] = _value(str(said["value"]), labels[label], guideline)


def said_as_recorded(name: str, value: object, guideline: Guideline) -> str | None:
    """Return the sentence that says a fact, None where none would give it back."""
    entry = guideline.pack.facts.facts.get(name)
    if entry is None or ": " in entry.label:
        return None
    words = in_words(value)
    is_same = words is not None and _value(words, name, guideline) == value
    return f"on record is {entry.label}: {words}" if is_same else None


def _value(words: str, name: str, guideline: Guideline) -> object:
    """Return what the words about a fact mean, as anybody sends it."""
    entry = guideline.pack.facts.facts[name]
    if entry.type == "boolean":
        return TRUTHS.get(words, words)
    if entry.type in {"codes", "medications"}:
        listed = [] if words == NONE else words.split("; ")
        return [_medicine(one) for one in listed] if entry.type == "medications" else listed
    found = QUANTITY.fullmatch(words)
    if found is None:
        return words
    value, unit = float(found["value"]), found["unit"]
    if found["range"] is not None:
        ends = RANGE.fullmatch(found["range"])
        said = {end: float(text) for end, text in ends.groupdict().items() if text is not None} if ends else {}
        return {"value": value, "unit": unit, "range": said}
    return value if unit is None else words


def _medicine(words: str) -> object:
    drug, _, per = words.partition(" per ")
    return {"drug": drug, "per": per} if per else drug


def in_words(value: object) -> str | None:
    """Return a value as sentences about the record say it, None where they cannot."""
    match value:
        case bool():
            return next(word for word, truth in TRUTHS.items() if truth is value)
        case int() | float():
            return number(float(value))
        case str():
            return value
        case []:
            return NONE
        case list():
            parts = [_of_list(part) for part in value]
            return "; ".join(parts) if all(parts) else None
        case {"value": int() | float() as amount, "unit": str() as unit, "range": dict() as ends}:
            low = f"from {number(float(ends['low']))}" if "low" in ends else ""
            high = f"up to {number(float(ends['high']))}" if "high" in ends else ""
            return f"{number(float(amount))} {unit} (normal {' '.join(filter(None, (low, high)))})"
        case _:
            return None


def _of_list(part: object) -> str:
    """Return one code or medicine in words; nothing where more is known of it than its interval."""
    match part:
        case str():
            return part
        case {"drug": str() as drug, "per": str() as per, **more} if not more:
            return f"{drug} per {per}"
        case _:
            return ""
