"""Patients whom a proof found, and changes between two versions, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from cds_engine.lowering.guideline import Guideline
from cds_engine.patient.values import CodeSet
from cds_engine.proof.replay import Patient, facts_of
from cds_engine.results.wording import clean

if TYPE_CHECKING:
    from cds_engine.proof.diff import Change

ASSUMED = (
    "For records in which no fact has two readings and that neither version finds contradictory (those that one "
    "version only does are told under `records`), unless what is contradictory was written otherwise, and in exact "
    "arithmetic; "
    "reasons, cautions, questions, the screening of orders and texts are not compared."
)


def patient_words(patient: Patient, guideline: Guideline) -> list[str]:
    """Return a patient in words, a line a fact."""
    lines = []
    for name, value in facts_of(patient).items():
        label = guideline.dictionary.facts[name].entry.label if name in guideline.dictionary.facts else name
        lines.append(clean(f"{label}: {said(value)}"))
    return [*lines, f"as of {patient['as_of']}"] if "as_of" in patient else lines


def example_words(patient: Patient, guideline: Guideline) -> str:
    """Return an example in one line, also where he needs nothing on record."""
    return "; ".join(patient_words(patient, guideline)) or "a patient of whom nothing is known"


def said(value: object) -> str:
    """Return a value in words."""
    match value:
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:g}"
        case "?" | 5:
            return "given, but not usable"
        case [one, "?"]:
            return f"{said(one)}, beside something that cannot be read"
        case [] | ():
            return "none"
        case CodeSet(members):
            return ", ".join(sorted(members)) or "none"
        case list() if not all(isinstance(item, str | Mapping) for item in value):
            return " or ".join(said(item) for item in value)
        case list():
            return ", ".join(said(item) for item in value)
        case Mapping():
            return " ".join(
                f"{said(inner)}" if key in {"drug", "value", "unit"} else f"{key} {said(inner)}"
                for key, inner in value.items()
            )
        case _:
            return str(value)


def sentence(change: Change) -> str:
    """Return one change as a reviewer reads it."""
    whom, what = ", ".join(change.whom or ()), change.what.replace("_", " ")
    if what.startswith("the "):
        return f"{what} changes for " + (f"a {whom}" if whom else "patients who get it")
    return what + (f" where {whom}" if whom else "")
