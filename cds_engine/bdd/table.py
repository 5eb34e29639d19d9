"""The table of sentences that scenarios of every pack may use; each step adds itself with what it says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from cds_engine.bdd.gherkin import Kind
from cds_engine.bdd.phrase import Said
from cds_engine.bdd.scene import Scene

Does = Callable[[Scene, Said], None]
About = Literal["alerts", "questions", "orders", "rules", "problems", "derived"]
"""What a sentence speaks of that speaks of no single rule."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence: how it is written and what it does; the first line of what it does is its explanation."""

    kind: Kind
    says: str
    does: Does
    about: About | None = None

    @property
    def means(self) -> str:
        """What it means, for the glossary."""
        return (self.does.__doc__ or "").splitlines()[0]


TABLE: list[Sentence] = []


def given(says: str) -> Callable[[Does], Does]:
    """Add a sentence about the patient."""
    return _adding("given", says)


def when(says: str) -> Callable[[Does], Does]:
    """Add a sentence that asks the pack."""
    return _adding("when", says)


def then(says: str, about: About | None = None) -> Callable[[Does], Does]:
    """Add a sentence about the answer; *about* says of what, where it speaks of no single rule."""
    return _adding("then", says, about)


def _adding(kind: Kind, says: str, about: About | None = None) -> Callable[[Does], Does]:
    def add(does: Does) -> Does:
        TABLE.append(Sentence(kind, says, does, about))
        return does

    return add
