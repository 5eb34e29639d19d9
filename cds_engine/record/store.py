"""A store of decisions: appended to, never changed, read and verified."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.util import find_spec
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from cds_engine.diagnostics import CdsError, InputError
from cds_engine.engine.request import Request
from cds_engine.record.chain import Break, Receipt, Row, breaks, linked
from cds_engine.record.entries import (
    BrokenEntryError,
    Decision,
    Entry,
    Feedback,
    contradictions,
    decision_text,
    feedback_text,
    read_entry,
)
from cds_engine.results.evaluation import Evaluation

if TYPE_CHECKING:
    from cds_engine.record.rows import Rows


class UnknownDecisionError(CdsError):
    """The store holds no decision of that number or name."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What became of the chain of a store."""

    entries: int
    last: Receipt | None
    """Kept elsewhere, it shows later whether anything up to it was changed."""
    breaks: tuple[Break, ...]

    @property
    def is_whole(self) -> bool:
        """Whether every entry is as it was stored."""
        return not self.breaks


class Store:
    """Decisions in the order they were made; safe to share between threads, and written by many processes at once.

    What a receipt was given for is on the disk: no end of the process loses it. A fault of the database is a
    `StoreError`, and then nothing was stored.
    """

    def __init__(self, rows: Rows, clock: Callable[[], datetime]) -> None:
        self._rows = rows
        self._clock = clock
        self._turn = threading.Lock()

    @classmethod
    def open(
        cls, place: str, *, create: bool = True, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> Store:
        """Return the store in the file *place* (SQLite), or in a database such as `postgresql://user@host/name`.

        Raises:
            StoreError: If it cannot be opened, or is absent and not to be made.
            InputError: If SQLAlchemy is not installed.
        """
        if find_spec("sqlalchemy") is None:
            raise InputError("a store needs SQLAlchemy; `pip install 'cds_engine[record]'` brings it")
        from cds_engine.record.databases import database_at  # noqa: PLC0415 - an extra, loaded when used
        from cds_engine.record.rows import Rows  # noqa: PLC0415 - as above

        return cls(Rows(database_at(place), create=create), clock)

    @property
    def shown(self) -> str:
        """The name of the store as people may see it, without its password."""
        return self._rows.shown

    def append(self, answer: Evaluation, request: Request, *, names: Iterable[str] = ()) -> Receipt:
        """Store an answer with what was asked; *names* are what feedback may call the decision.

        Raises:
            InputError: If the patient holds something that is no JSON, or a name stands for another decision.
            StoreError: If it could not be stored.
        """
        known_as = list(dict.fromkeys(names))
        return self._add(decision_text(answer, request, known_as, self._clock()), names=known_as)

    def feedback(self, about: int | str, said: Mapping[str, Any]) -> Receipt:
        """Store what was said of a decision, given by its number or one of its names.

        Raises:
            UnknownDecisionError: If there is no such decision.
            InputError: If *said* holds something that is no JSON.
            StoreError: If it could not be stored.
        """
        number = self.decision(about).number
        return self._add(feedback_text(number, said, self._clock()), about=number)

    def read(self, first: int = 1) -> Iterator[Entry | Break]:
        """Return the entries from number *first* on; in place of one that was changed, what is wrong with it."""
        return (read_entry(row) for row in self._rows.read(first))

    def decision(self, about: int | str) -> Decision:
        """Return a decision by its number or one of its names.

        Raises:
            UnknownDecisionError: If there is none.
            BrokenEntryError: If it is not what a store writes.
        """
        number = self._rows.number_of(about) if isinstance(about, str) else about
        row = None if number is None else next(self._rows.read(number), None)
        entry = read_entry(row) if row is not None and row.number == number else None
        if isinstance(entry, Break):
            raise BrokenEntryError(f"entry {entry.number} cannot be used: {entry.reason}")
        if not isinstance(entry, Decision):
            raise UnknownDecisionError(f"the store `{self.shown}` holds no decision `{about}`")
        return entry

    def feedback_on(self, number: int) -> list[Feedback]:
        """Return what was said of a decision, the earliest first."""
        entries = map(read_entry, self._rows.read(1, about=number))
        return [entry for entry in entries if isinstance(entry, Feedback)]

    def verify(self, kept: Receipt | None = None) -> Verified:
        """Read the whole store and say where it is not as it was written, also against a receipt *kept* elsewhere."""
        names = self._rows.names()
        found: list[Break] = []
        last: Receipt | None = None
        count = 0

        def seen() -> Iterator[Row]:
            nonlocal last, count
            for row in self._rows.read(1):
                last, count = Receipt(row.number, row.hash), count + 1
                found.extend(contradictions(row, names.get(row.number, ())))
                if kept is not None and row.number == kept.number and row.hash != kept.hash:
                    found.append(Break(row.number, "its hash is not that of the receipt"))
                yield row

        found.extend(breaks(seen()))
        if kept is not None and (last is None or last.number < kept.number):
            found.append(Break(kept.number, "there is a receipt for it, and it is gone"))
        return Verified(count, last, tuple(sorted(found, key=lambda place: place.number)))

    def close(self) -> None:
        """Let go of the database."""
        self._rows.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _add(self, body: str, *, about: int | None = None, names: Iterable[str] = ()) -> Receipt:
        with self._turn, self._rows.turn() as turn:
            for name in names:
                if turn.is_taken(name):
                    raise InputError(f"another decision goes by the name `{name}`; names stand for one decision")
            row = linked(turn.last(), about, body)
            turn.add(row, names)
        return Receipt(row.number, row.hash)
