"""The chain of a store: each entry carries a hash over its own text and the hash before it.

Whoever changes, removes, inserts or reorders an entry breaks the chain there. Whoever rewrites all that follows as well
does not, nor does whoever cuts off its end: both show against a receipt that was kept elsewhere.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from cds_engine.diagnostics import InputError

BEGINNING = f"sha256:{'0' * 64}"
"""What stands in the first entry for the hash before it."""


class Row(NamedTuple):
    """An entry as it is stored; `about` is the decision that a feedback speaks of."""

    number: int
    about: int | None
    body: str
    previous: str
    hash: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """That an entry is stored; its hash stands for the entry and for every one before it."""

    number: int
    hash: str

    def __str__(self) -> str:
        return f"{self.number}:{self.hash}"


@dataclass(frozen=True, slots=True)
class Break:
    """A place where the chain does not hold, and what was seen there."""

    number: int
    reason: str


def read_receipt(written: str) -> Receipt:
    """Return the receipt that was printed as `17:sha256:...`.

    Raises:
        InputError: If it is none.
    """
    number, _, digest = written.partition(":")
    if not (number.isascii() and number.isdigit() and digest.startswith("sha256:")):
        raise InputError(f"`{written}` is no receipt; one looks like `17:sha256:...`")
    return Receipt(int(number), digest)


def hash_of(text: str) -> str:
    """Return the SHA-256 of a text."""
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def linked(after: Receipt | None, about: int | None, body: str) -> Row:
    """Return the entry with *body* as it follows the one of the receipt, None for the first."""
    number, previous = (1, BEGINNING) if after is None else (after.number + 1, after.hash)
    return Row(number, about, body, previous, _hash(number, previous, body))


def is_as_stored(row: Row) -> bool:
    """Say whether number, text and the hash before still give the hash of the entry."""
    return row.hash == _hash(row.number, row.previous, row.body)


def breaks(rows: Iterable[Row]) -> Iterator[Break]:
    """Return every place where an entry does not follow the one before it; all rows, in the order of their numbers."""
    number, previous = 1, BEGINNING
    for row in rows:
        if row.number != number:
            gone = f"entry {number} is" if row.number == number + 1 else f"entries {number} to {row.number - 1} are"
            yield Break(row.number, f"{gone} missing before it")
        elif row.previous != previous:
            yield Break(row.number, "it does not follow the entry before it, which was changed or replaced")
        number, previous = row.number + 1, row.hash


def _hash(number: int, previous: str, body: str) -> str:
    return hash_of(f"{number}\n{previous}\n{body}")
