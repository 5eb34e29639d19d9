"""One patient, read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cds_engine.patient.medications import Entry
from cds_engine.patient.values import Known, Note, Problem, Withheld


@dataclass(frozen=True, slots=True)
class Record:
    """One patient, read: facts and their properties by name, and what was found on the way."""

    facts: Mapping[str, Known | Withheld]
    problems: tuple[Problem, ...] = ()
    notes: tuple[Note, ...] = ()
    medicines: tuple[Entry, ...] = ()
    """Every medicine that the patient takes: of the list, and of facts that state the dose of one drug."""
