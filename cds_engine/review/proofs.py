"""What provers found out, read from a file that they wrote: this package proves nothing.

The file is the output of `cds-engine prove --format json`, with the hash of the pack it speaks of. Of another version
it is refused: a proof holds for what was proved.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from cds_engine.lowering.guideline import Guideline
from cds_engine.results.wording import spoken
from cds_engine.review.findings import Promise, Proved
from cds_engine.review.written import Written, WrittenError, read_written

OUTCOMES: dict[str, Literal["proved", "refuted", "undecided", "speaks of nobody"]] = {
    "proved": "proved",
    "refuted": "refuted",
    "undecided": "undecided",
    "vacuous": "speaks of nobody",
}
ONE_READING = " (of records in which no fact has two readings)"


class _Invariant(Written):
    says: str
    outcome: Literal["proved", "refuted", "undecided", "vacuous"]
    only_one_reading: bool = False
    patient: dict[str, Any] | None = None
    statements: tuple[str, ...] = ()


class _Proofs(Written):
    hash: str
    invariants: tuple[_Invariant, ...] = ()
    bounds: tuple[str, ...] = ()
    outside: tuple[str, ...] = Field(default=())


def read_proofs(file: Path, guideline: Guideline) -> Proved:
    """Return what *file* says was proved of this version of the pack.

    Raises:
        WrittenError: If it cannot be read, or speaks of another version of the pack.
    """
    found = read_written(_Proofs, file, "prove")
    if found.hash != guideline.pack.hash:
        raise WrittenError(f"the proofs in `{file}` are of another version of the pack; prove this one again")
    return Proved(
        promises=tuple(
            Promise(
                says=one.says + (ONE_READING if one.only_one_reading and one.outcome == "proved" else ""),
                outcome=OUTCOMES[one.outcome],
                patient=_patient(one.patient, guideline) if one.outcome == "refuted" else None,
                statements=one.statements,
            )
            for one in found.invariants
        ),
        bounds=(*found.outside, *found.bounds),
    )


def _patient(patient: dict[str, Any] | None, guideline: Guideline) -> str | None:
    facts = patient.get("facts") if patient else None
    if not isinstance(facts, dict):
        return None
    known = guideline.pack.facts.facts
    said = [f"{known[name].label if name in known else spoken(name)}: {value}" for name, value in facts.items()]
    return "; ".join(said) or "nothing is known"
