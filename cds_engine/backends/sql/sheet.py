"""Columns computed in layers: each layer selects from the one below, so that what is shared is computed once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple


class Sql(NamedTuple):
    """A piece of SQL, and how many layers of columns must stand below it."""

    text: str
    layer: int = 0

    @property
    def is_plain(self) -> bool:
        """Whether it is a name or a literal, not worth a column of its own."""
        return all(letter.isalnum() or letter in "_.'" for letter in self.text)


TRUE, FALSE, ZERO = Sql("TRUE"), Sql("FALSE"), Sql("0")


def sql(template: str, *parts: Sql) -> Sql:
    """Put *parts* into the holes `{}` of a template."""
    return Sql(template.format(*(part.text for part in parts)), max((part.layer for part in parts), default=0))


def joined(separator: str, parts: Iterable[Sql], empty: Sql) -> Sql:
    """Join parts by an operator, in brackets."""
    listed = list(parts)
    if not listed:
        return empty
    if len(listed) == 1:
        return listed[0]
    return Sql(f"({separator.join(part.text for part in listed)})", max(part.layer for part in listed))


def every(*parts: Sql) -> Sql:
    """Return whether all of several booleans hold, none of them NULL; what is certain is left out."""
    listed = list(dict.fromkeys(part for part in parts if part != TRUE))
    return FALSE if FALSE in listed else joined(" AND ", listed, TRUE)


def some(*parts: Sql) -> Sql:
    """Return whether one of several booleans holds, none of them NULL; what is certain is left out."""
    listed = list(dict.fromkeys(part for part in parts if part != FALSE))
    return TRUE if TRUE in listed else joined(" OR ", listed, FALSE)


def negated(part: Sql) -> Sql:
    """Return the opposite of a boolean that is not NULL."""
    if part in {TRUE, FALSE}:
        return FALSE if part == TRUE else TRUE
    return sql("(NOT {})", part)


def choose(condition: Sql, yes: Sql, no: Sql) -> Sql:
    """Return *yes* or *no* by a boolean that is not NULL."""
    if condition == TRUE or yes == no:
        return yes
    return no if condition == FALSE else sql("(CASE WHEN {} THEN {} ELSE {} END)", condition, yes, no)


def number(value: float) -> Sql:
    """Return a literal that every engine reads as this very double."""
    text = repr(float(value))
    return Sql(text if "e" in text else f"{text}E0")


def text(value: str) -> Sql:
    """Return a literal of a text."""
    return Sql("'" + value.replace("'", "''") + "'")


@dataclass(slots=True)
class Sheet:
    """Collects named columns; each may use those of the layers below it."""

    _layers: list[dict[str, str]] = field(default_factory=list)
    _names: set[str] = field(default_factory=set)

    def column(self, name: str, value: Sql) -> Sql:
        """Give *value* a name, and return the name."""
        if name in self._names:
            raise AssertionError(f"two columns of the name {name}")
        self._names.add(name)
        while len(self._layers) <= value.layer:
            self._layers.append({})
        self._layers[value.layer][name] = value.text
        return Sql(name, value.layer + 1)

    def shared(self, name: str, value: Sql) -> Sql:
        """Give *value* a name if it is worth one."""
        return value if value.is_plain else self.column(name, value)

    def select(self, source: str, wanted: Mapping[str, Sql], kept: Mapping[str, str] | None = None) -> str:
        """Return the query that computes the *wanted* columns from *source*.

        With *kept* (name to expression over the wanted columns) the query returns those instead. Each layer computes
        and passes on what is read above it, nothing else.
        """
        if kept is not None:
            asked = names_in(kept.values())
            wanted = {name: value for name, value in wanted.items() if name in asked}
        needed = [names_in(value.text for value in wanted.values())]
        for layer in reversed(self._layers):
            above = needed[-1]
            needed.append((above - layer.keys()) | names_in(layer[name] for name in layer.keys() & above))
        query = source
        for layer, above, below in zip(self._layers, needed[-2::-1], needed[:0:-1], strict=True):
            computed = {name: value for name, value in layer.items() if name in above}
            if computed:
                query = f"(SELECT {_listed(dict.fromkeys(sorted(above & below)) | computed)}\nFROM {query}) AS layer"
        query = f"SELECT {_listed({name: value.text for name, value in wanted.items()})}\nFROM {query}"
        return query if kept is None else f"SELECT {_listed(kept)} FROM ({query}) AS answered"


def _listed(columns: Mapping[str, str | None]) -> str:
    return ",\n  ".join(name if value is None else f"{value} AS {name}" for name, value in columns.items())


NAME = re.compile(r"'(?:[^']|'')*'|(?<!\w)([a-z_]\w*)(?!\w|\()")
"""A text, or the name of a column: those start in lower case, and only functions have a bracket behind them."""


def names_in(texts: Iterable[str]) -> set[str]:
    """Return the columns that pieces of SQL read."""
    return {name for text in texts for name in NAME.findall(text) if name}
