"""What provers found out, read from a file that they wrote: this package proves nothing.

The file is the output of `cds-engine prove --format json`, with the hash of the pack it speaks of. Of another version
it is refused: a proof holds for what was proved.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cds_engine.diagnostics import CdsError
from cds_engine.lowering.guideline import Guideline
from cds_engine.results.wording import spoken
from cds_engine.review.findings import Promise, Proved

OUTCOMES: dict[str, Literal["proved", "refuted", "undecided", "speaks of nobody"]] = {
    "proved": "proved",
    "refuted": "refuted",
    "undecided": "undecided",
    "vacuous": "speaks of nobody",
}
ONE_READING = " (of records in which no fact has two readings)"


class ProofsError(CdsError):
    """The file is no proofs of this pack; one sentence says why."""


class _Written(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class _Invariant(_Written):
    says: str
    outcome: Literal["proved", "refuted", "undecided", "vacuous"]
    only_one_reading: bool = False
    patient: dict[str, Any] | None = None
    statements: tuple[str, ...] = ()


class _Proofs(_Written):
    hash: str
    invariants: tuple[_Invariant, ...] = ()
    bounds: tuple[str, ...] = ()
    outside: tuple[str, ...] = Field(default=())


def read_proofs(file: Path, guideline: Guideline) -> Proved:
    """Return what *file* says was proved of this version of the pack.

    Raises:
        ProofsError: If it cannot be read, or speaks of another version of the pack.
    """
    try:
        found = _Proofs.model_validate_json(file.read_bytes())
    except OSError as error:
        raise ProofsError(f"`{file}` cannot be read: {error.strerror}") from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(step) for step in first["loc"]) or "the file"
        raise ProofsError(
            f"`{file}` is no output of `cds-engine prove --format json`: {place}: {first['msg'].lower()}"
        ) from None
    if found.hash != guideline.pack.hash:
        raise ProofsError(f"the proofs in `{file}` are of another version of the pack; prove this one again")
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
