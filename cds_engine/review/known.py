"""Questions about what is known, put together again from the nodes that the lowering writes them as.

`x is null` becomes `x is unknown, and nothing that was given for it is unusable`; `x is true` becomes `x, and not (x is
null)`. The parts of an `and` are written side by side, so that such a question has to be found among them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cds_engine.lowering import core as c
from cds_engine.lowering.walk import names_in


@dataclass(frozen=True, slots=True)
class Asked:
    """`operand is null` (None), `operand is true` or `operand is false`."""

    operand: c.Condition | c.Term
    value: bool | None


def with_questions(parts: tuple[c.Condition, ...]) -> list[c.Condition | Asked]:
    """Return the parts of an `and`, those that ask what is known as one question each."""
    return list(_read(parts))


def _read(parts: tuple[c.Condition, ...]) -> Iterator[c.Condition | Asked]:
    while parts:
        first, rest = parts[0], parts[1:]
        nothing_said = _is_null(first, rest)
        truth = _truth_asked(first, rest[0]) if rest else None
        if nothing_said is not None:
            question, rest = nothing_said
            yield question
        elif truth is not None:
            yield truth
            rest = rest[1:]
        else:
            yield first
        parts = rest


def _is_null(first: c.Condition, rest: tuple[c.Condition, ...]) -> tuple[Asked, tuple[c.Condition, ...]] | None:
    if not isinstance(first, c.IsUnknown):
        return None
    names = dict.fromkeys(name.split(".", 1)[0] for name in names_in(first.operand))
    usable = tuple(c.Fact(f"{name}.usable") for name in names if name != "as_of")
    return (Asked(first.operand, None), rest[len(usable) :]) if rest[: len(usable)] == usable else None


def _truth_asked(wanted: c.Condition, known: c.Condition) -> Asked | None:
    """Return the question that `wanted and not (operand is null)` asks."""
    if not (isinstance(known, c.Not) and isinstance(known.operand, c.And)):
        return None
    match with_questions(known.operand.parts):
        case [Asked(operand, None)] if wanted == operand:
            return Asked(operand, value=True)
        case [Asked(operand, None)] if wanted == c.Not(operand):  # type: ignore[arg-type] # compared, not made
            return Asked(operand, value=False)
        case _:
            return None
