"""What the tests of a pack are worth, read from a file: this package runs no mutants.

The file is the output of `cds-engine test PACK --coverage --mutate --format json`. Of another version of the pack it is
refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import Field

from cds_engine.lowering.guideline import Guideline
from cds_engine.results.wording import counted, spoken
from cds_engine.review.findings import Exercised, Mutant, Worth
from cds_engine.review.written import Written, WrittenError, read_written
from cds_engine.units import UnitError, display

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)*")
QUOTED = re.compile(r"'((?:[^'\\]|\\.)*)'")
SIGNS = {"<=": "at most", ">=": "at least", "!=": "is not", "<": "below", ">": "above"}
SORTS = {
    "status": "statuses",
    "outcome": "outcomes of conditions",
    "boundary": "boundaries",
}
"""What is counted on the pages: what the statement as a whole and its rules are, the scenarios show."""


class _Survivor(Written):
    change: str
    reason: str
    statements: tuple[str, ...] = ()
    patient: dict[str, Any] | None = None
    scenario: tuple[str, ...] | None = None


class _Share(Written):
    covered: int
    of: int


class _Statement(Written):
    covered: Mapping[str, _Share] = Field(default_factory=dict)
    killed: int = 0
    survived: int = 0


class _File(Written):
    hash: str
    coverage: dict[str, Any] | None = None
    mutants: tuple[_Survivor, ...] | None = None
    statements: dict[str, _Statement]


def read_tested(file: Path, guideline: Guideline) -> Exercised:
    """Return what *file* says of the tests of this version of the pack.

    Raises:
        WrittenError: If it cannot be read, or speaks of another version of the pack.
    """
    found = read_written(_File, file, "test --coverage --mutate")
    if found.hash != guideline.pack.hash:
        raise WrittenError(f"the tests in `{file}` are of another version of the pack; run them again")
    return Exercised(
        worth={name: _worth(one, found) for name, one in found.statements.items()},
        mutants=None if found.mutants is None else tuple(_mutant(one, guideline) for one in found.mutants),
    )


def _worth(found: _Statement, file: _File) -> Worth:
    shares = (f"{share.covered} of {share.of} {SORTS[sort]}" for sort, share in found.covered.items() if sort in SORTS)
    tried = found.killed + found.survived
    noticed = None if file.mutants is None else f"{found.killed} of {counted(tried, 'changed rule')} noticed"
    return Worth(tuple(shares) if file.coverage is not None else (), noticed, found.survived)


def _mutant(found: _Survivor, guideline: Guideline) -> Mutant:
    words = in_words(found.change, guideline)
    lines = (found.scenario or ())[1:]
    if lines:
        return Mutant(found.statements, words, tuple(in_words(line, guideline) for line in lines))
    facts = found.patient.get("facts") if found.patient else None
    said = [f"{_label(name, guideline)}: {value}" for name, value in facts.items()] if isinstance(facts, dict) else []
    return Mutant(found.statements, words, tuple(said) or (f"No patient was found: {found.reason}.",))


def in_words(written: str, guideline: Guideline) -> str:
    """Return what an author wrote as a reader reads it: facts by their labels, units as they are printed."""
    text = re.sub(r"`([^`]*)`", lambda found: f"“{_condition(found[1], guideline)}”", written)
    return text.removeprefix("# ").strip()


def _condition(written: str, guideline: Guideline) -> str:
    text = QUOTED.sub(lambda found: _shown(found[1]), written)
    for sign, word in SIGNS.items():
        text = text.replace(f" {sign} ", f" {word} ")
    return NAME.sub(lambda found: _label(found[0], guideline), text)


def _shown(quoted: str) -> str:
    """Return a code or unit as people write it."""
    try:
        return display(quoted)
    except UnitError:
        return spoken(quoted)


def _label(name: str, guideline: Guideline) -> str:
    base, *rest = name.split(".")
    facts: Mapping[str, Any] = guideline.pack.facts.facts
    label = facts[base].label if base in facts else spoken(base)
    return " ".join([label, *(spoken(part) for part in rest)])
