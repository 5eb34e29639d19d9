"""One change of a pack: what was changed where, and what it is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from cds_engine.diagnostics import Span
from cds_engine.language import syntax as s
from cds_engine.pack.load import Pack

Kind = Literal[
    "threshold",
    "operator",
    "connective",
    "condition",
    "code",
    "unit",
    "number",
    "dose",
    "cap",
    "interval",
    "adjustment",
    "product",
    "contraindication",
    "caution",
    "warning",
    "unknown",
]
"""What was changed; `every.KINDS` says each in words."""


@dataclass(frozen=True, slots=True)
class NewExpression:
    """An expression of the pack written otherwise; `key` as in `checker.sites`."""

    key: str
    node: s.Expression


@dataclass(frozen=True, slots=True)
class NewPack:
    """Something else of the pack written otherwise: a dose, or a safety rule left out."""

    pack: Pack


Change: TypeAlias = NewExpression | NewPack


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change, as a reviewer reads it and as it is made."""

    id: str
    """Stable while the pack is: `rule start-methotrexate: threshold 2`."""
    kind: Kind
    at: str
    """The rule, definition, regimen, ... that was changed, as conditions are called: `contraindication gout`."""
    was: str
    now: str
    """What was written and what stands there instead; a part left out is `left out`."""
    place: Span | None
    change: Change

    @property
    def says(self) -> str:
        """The change in a sentence without end."""
        return f"`{self.was}` became `{self.now}`" if self.now != LEFT_OUT else f"`{self.was}` was left out"


LEFT_OUT = "left out"
