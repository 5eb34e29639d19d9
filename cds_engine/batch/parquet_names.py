"""What the columns of a Parquet file are called in the file: a query calls them otherwise where two are the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator


def columns_in(schema: Iterable[tuple[str, int]]) -> list[str]:
    """Return the columns of a schema, which names the table, then each node with how many follow inside it.

    >>> columns_in([("schema", 2), ("height", 2), ("value", 0), ("unit", 0), ("weight", 0)])
    ['height', 'weight']
    """
    nodes = iter(schema)
    _, columns = next(nodes)
    names = []
    for _ in range(columns):
        name, inside = next(nodes)
        names.append(str(name))
        _skip(nodes, inside)
    return names


def _skip(nodes: Iterator[tuple[str, int]], inside: int) -> None:
    for _ in range(inside):
        _, deeper = next(nodes)
        _skip(nodes, deeper)
