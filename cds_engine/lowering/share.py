"""Equal nodes made one, so that what many rules ask is decided, and explained, once a patient."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar, cast

from cds_engine.lowering import core as c
from cds_engine.lowering.walk import names_in, nodes

N = TypeVar("N", bound=c.CoreNode)


class Sharing:
    """Replaces every node by the first one that says the same; where it was written does not count."""

    def __init__(self) -> None:
        self._first: dict[tuple[object, ...], c.CoreNode] = {}
        self._done: dict[int, tuple[c.CoreNode, c.CoreNode]] = {}
        """By the `id` of a node met before: the node, kept alive so that the `id` stays its own, and the shared one."""
        self._names: dict[int, tuple[str, ...]] = {}
        self._nodes: dict[int, tuple[c.CoreNode, ...]] = {}
        self._made: dict[tuple[int, ...], tuple[object, tuple[c.CoreNode, ...], c.CoreNode]] = {}
        """By the `id` of what was written and of what it rests on: both, kept alive, and the shared node."""

    def share(self, node: N) -> N:
        """Return the one node that stands for all nodes equal to *node*, its parts shared as well."""
        met = self._done.get(id(node))
        if met is None:
            met = self._done[id(node)] = node, self._shared(node)
        return cast("N", met[1])

    def once(self, written: object, beside: tuple[c.CoreNode, ...], make: Callable[[], N]) -> N:
        """Return the shared node of what *make* makes of *written* and what stands *beside*; made once, then known."""
        key = (id(written), *(id(node) for node in beside))
        if key not in self._made:
            self._made[key] = written, beside, self.share(make())
        return cast("N", self._made[key][2])

    def names(self, shared: Iterable[c.CoreNode]) -> Mapping[int, tuple[str, ...]]:
        """Return the facts that each node of *shared* ones names, by its `id`; those asked for before included."""
        for whole in shared:
            if id(whole) not in self._names:
                self._names |= {id(node): names_in(node) for node in nodes(whole)}
        return self._names

    def nodes(self, shared: c.CoreNode) -> tuple[c.CoreNode, ...]:
        """List a *shared* node and every node in it, as `walk.nodes`; walked once, then known."""
        found = self._nodes.get(id(shared))
        if found is None:
            found = self._nodes[id(shared)] = tuple(nodes(shared))
        return found

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
