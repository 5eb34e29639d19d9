"""How large a condition becomes in the core, where definitions are written out and `xor` doubles its sides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cds_engine.checker.expressions import Typed
from cds_engine.checker.types import BooleanType, DefinitionSymbol
from cds_engine.language import syntax as s

MAX_PARTS = 5000
MAX_DEPTH = 120


@dataclass(frozen=True, slots=True)
class Size:
    """Nodes of the core, and how deep they are nested; never less than the truth."""

    parts: int
    depth: int

    @property
    def is_bearable(self) -> bool:
        """Say whether every engine can hold it."""
        return self.parts <= MAX_PARTS and self.depth <= MAX_DEPTH


def size(typed: Typed, definitions: Mapping[str, Size]) -> Size:
    """Return the size of an expression, given the sizes of the definitions it names."""
    if isinstance(typed.symbol, DefinitionSymbol):
        used = definitions.get(typed.symbol.name, Size(0, 0))
        return Size(used.parts + 1, used.depth + 1)
    below = [size(part, definitions) for part in typed.parts]
    depth = max((one.depth for one in below), default=0)
    whole = sum(one.parts for one in below)
    match typed.node:
        case s.Logic(s.Connective.XOR):
            return Size(2 * whole + 5, depth + 3)
        case s.Logic(connective):
            flat = [_is_joined_by(connective, part) for part in typed.parts]  # becomes one node with its parts
            return Size(whole + 2, max(one.depth + (not same) for one, same in zip(below, flat, strict=True)))
        case s.Comparison() if isinstance(typed.parts[0].type, BooleanType):
            return Size(2 * whole + 6, depth + 4)
        case s.Is() | s.Between():
            return Size(2 * whole + 4, depth + 3)
        case s.In() | s.Contains() if below:
            return Size(whole * max(1, len(typed.parts[1].parts)) + 2, depth + 2)
        case _:
            return Size(whole + 2, depth + 1)


def _is_joined_by(connective: s.Connective, typed: Typed) -> bool:
    return isinstance(typed.node, s.Logic) and typed.node.connective is connective
