"""Sets of facts as bits: what an unknown condition waits for.

Most of what is asked is a fact that is unknown in the row. Those bits are looked up together, in one word a row that
says which facts are unknown; only what depends on a condition is written out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from cds_engine.backends.sql.sheet import FALSE, TRUE, ZERO, Sql, joined, sql


class Bits(NamedTuple):
    """One word of a set."""

    unknown: int = 0
    """The facts that are in it where they are unknown."""
    others: tuple[Sql, ...] = ()
    """More bits, each a column or an expression."""


Missing = Mapping[int, Bits]
"""By word: the facts that are missing; a word that is always empty is left out."""


def unknown_column(word: int) -> str:
    """Return the column with the bits of all facts that are unknown in a row."""
    return f"unknown_{word}"


def bits_of(word: int, bits: Bits, layer: int) -> Sql:
    """Return a word of a set as SQL; *layer* is that of the column of unknown facts."""
    looked_up = [Sql(f"({unknown_column(word)} & {bits.unknown})", layer)] if bits.unknown else []
    return joined(" | ", [*looked_up, *bits.others], ZERO)


def union(*sets: Missing) -> Missing:
    """Return all facts of several sets."""
    found: dict[int, Bits] = {}
    for listed in sets:
        for word, bits in listed.items():
            before = found.get(word, Bits())
            others = tuple(dict.fromkeys((*before.others, *bits.others)))
            found[word] = Bits(before.unknown | bits.unknown, others)
    return dict(sorted(found.items()))


def kept_where(condition: Sql, bits: Sql) -> Sql:
    """Return bits where a boolean holds, none elsewhere."""
    if condition == TRUE or bits == ZERO:
        return bits
    return ZERO if condition == FALSE else sql("(CASE WHEN {} THEN {} ELSE 0 END)", condition, bits)


def of_columns(columns: Iterable[tuple[int, Sql]]) -> Missing:
    """Return a set whose words stand in columns."""
    return {word: Bits(0, (column,)) for word, column in columns if column != ZERO}
