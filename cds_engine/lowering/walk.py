"""Walks over core nodes."""

from __future__ import annotations

from collections.abc import Iterator

from cds_engine.lowering import core as c


def nodes(value: object) -> Iterator[c.CoreNode]:
    """List a node and every node in it, in the order written; definitions are entered."""
    match value:
        case c.CoreNode():
            yield value
            fields: tuple[str, ...] = value.__match_args__
            for name in fields:
                yield from nodes(getattr(value, name))
        case tuple():
            for item in value:
                yield from nodes(item)


def names_in(value: object) -> tuple[str, ...]:
    """Return the facts and properties that a node names, in the order written, repeats included."""
    return tuple(node.name for node in nodes(value) if isinstance(node, c.Fact | c.Holds))
