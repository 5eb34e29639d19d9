"""Columns that rest on one another, written as layers: each adds to the one below all that it can compute.

What is read more than once is computed once; what is read once stands where it is read.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple


class Sql(NamedTuple):
    """A piece of SQL: a name, a literal, or an expression over columns."""

    text: str

    @property
    def is_plain(self) -> bool:
        """Whether it is a name or a literal, not worth a column of its own."""
        return all(letter.isalnum() or letter in "_.'" for letter in self.text)


TRUE, FALSE, ZERO = Sql("TRUE"), Sql("FALSE"), Sql("0")


def sql(template: str, *parts: Sql) -> Sql:
    """Put *parts* into the holes `{}` of a template."""
    return Sql(template.format(*(part.text for part in parts)))


def joined(separator: str, parts: Iterable[Sql], empty: Sql) -> Sql:
    """Join parts by an operator, in brackets."""
    listed = list(parts)
    if not listed:
        return empty
    if len(listed) == 1:
        return listed[0]
    return Sql(f"({separator.join(part.text for part in listed)})")


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
    """Collects named columns; each may use those that were there before it, and those of the source."""

    _columns: dict[str, str] = field(default_factory=dict)

    def column(self, name: str, value: Sql) -> Sql:
        """Give *value* a name, and return the name."""
        if name in self._columns:
            raise AssertionError(f"two columns of the name {name}")
        self._columns[name] = value.text
        return Sql(name)

    def shared(self, name: str, value: Sql) -> Sql:
        """Give *value* a name if it is worth one."""
        return value if value.is_plain else self.column(name, value)

    def select(self, source: str, wanted: Mapping[str, Sql], kept: Mapping[str, str] | None = None) -> str:
        """Return the query that computes the *wanted* columns from *source*.

        With *kept* (name to expression over the wanted columns) the query returns those instead. A layer passes on all
        that is below it: to name what is read above takes longer to parse than engines need to leave the rest out.
        """
        if kept is not None:
            read = columns_in(kept.values())
            wanted = {name: value for name, value in wanted.items() if name in read}
        columns, asked = self._folded({name: value.text for name, value in wanted.items()})
        query = source
        for layer in _layers(columns):
            query = f"(SELECT *, {_listed(layer)}\nFROM {query}) AS layer"
        query = f"SELECT {_listed(asked)}\nFROM {query}"
        return query if kept is None else f"SELECT {_listed(kept)} FROM ({query}) AS answered"

    def _folded(self, asked: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
        """Return the columns that *asked* rest on, and *asked*: what is read once stands where it is read."""
        reads = Counter(name for text in asked.values() for name in reads_of(text))
        for name in reversed(self._columns):
            if reads[name]:
                reads.update(reads_of(self._columns[name]))
        columns: dict[str, str] = {}
        read_once: dict[str, str] = {}
        whole = set(REPEATED.findall(" ".join([*self._columns.values(), *asked.values()])))
        for name, value in self._columns.items():
            if reads[name]:
                into = read_once if reads[name] == 1 and name not in whole else columns
                into[name] = _with(value, read_once)
        return columns, {name: _with(value, read_once) for name, value in asked.items()}


def _layers(columns: Mapping[str, str]) -> list[dict[str, str]]:
    """Return columns by layers: each rests only on those of the layers before it."""
    place: dict[str, int] = {}
    layers: list[dict[str, str]] = []
    for name, value in columns.items():
        place[name] = max((place[read] + 1 for read in reads_of(value) if read in place), default=0)
        if place[name] == len(layers):
            layers.append({})
        layers[place[name]][name] = value
    return layers


def _with(text: str, values: Mapping[str, str]) -> str:
    """Put values in the place of the names that stand for them."""
    return NAME.sub(lambda found: f"({values[found[1]]})" if found[1] in values else found[0], text)


def _listed(columns: Mapping[str, str]) -> str:
    return ",\n  ".join(f"{value} AS {name}" for name, value in columns.items())


NAME = re.compile(r"'(?:[^']|'')*'|(?<!\w)([a-z_]\w*)(?!\w|\()")
"""A text, or the name of a column: those start in lower case, and only functions have a bracket behind them.

So what is put on a sheet has no quoted or qualified names, and its keywords and types are in capitals.
"""

REPEATED = re.compile(r"cds_exact\((\w+)\)")
"""A column that a function of ours reads several times, the only one that does: not the place for an expression."""


def reads_of(text: str) -> Iterator[str]:
    """Yield the columns that a piece of SQL reads, as often as it does."""
    return filter(None, NAME.findall(text))


def columns_in(texts: Iterable[str]) -> set[str]:
    """Return the columns that pieces of SQL read."""
    return {name for text in texts for name in reads_of(text)}
