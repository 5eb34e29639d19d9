"""Equal nodes made one, so that what many rules ask is decided, and explained, once a patient."""

from __future__ import annotations

from typing import TypeVar, cast

from cds_engine.lowering import core as c

N = TypeVar("N", bound=c.CoreNode)


class Sharing:
    """Replaces every node by the first one that says the same; where it was written does not count."""

    def __init__(self) -> None:
        self._first: dict[tuple[object, ...], c.CoreNode] = {}
        self._done: dict[int, tuple[c.CoreNode, c.CoreNode]] = {}
        """By the `id` of a node met before: the node, kept alive so that the `id` stays its own, and the shared one."""

    def share(self, node: N) -> N:
        """Return the one node that stands for all nodes equal to *node*, its parts shared as well."""
        met = self._done.get(id(node))
        if met is None:
            met = self._done[id(node)] = node, self._shared(node)
        return cast("N", met[1])

    def _shared(self, node: c.CoreNode) -> c.CoreNode:
        names: tuple[str, ...] = node.__match_args__
        fields = tuple(self._field(getattr(node, name)) for name in names)
        key = (type(node), *(_identity(field) for field in fields))
        if key not in self._first:
            self._first[key] = type(node)(*fields, span=node.span)
        return self._first[key]

    def _field(self, field: object) -> object:
        match field:
            case c.CoreNode():
                return self.share(field)
            case tuple():
                return tuple(self._field(item) for item in field)
            case _:
                return field


def _identity(field: object) -> object:
    """Return what tells two fields apart; `True`, `1.0` and `-0.0` are equal to Python, not to a patient."""
    match field:
        case c.CoreNode():
            return id(field)
        case tuple():
            return tuple(_identity(item) for item in field)
        case _:
            return type(field), repr(field)
