"""How far a long command is: a bar on a terminal, a plain line a part elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import IO, Self

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskProgressColumn, TextColumn

from cds_engine.cli.page import console_for

Tell = Callable[[int, int], None]
"""Is told the rows done and the rows there are: first those that were done before."""
ENOUGH = 0.03
"""Of all rows, before what is left is estimated from them."""
LOOKS = 0.2
"""Seconds between two looks at what is under way."""


@contextmanager
def progress_of(file: IO[str], *, is_wanted: bool) -> Iterator[Tell | None]:
    """Lend what tells a reader of *file* how far it is; nothing where that is not wanted."""
    if not is_wanted:
        yield None
    elif file.isatty():
        with _Bar(file) as bar:
            yield bar
    else:
        yield _Lines(file).tell


class _Bar:
    """Says how far it is by a bar, which moves while a part is answered, too."""

    def __init__(self, file: IO[str]) -> None:
        columns = (
            TextColumn("rows"),
            BarColumn(),
            TaskProgressColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
        )
        self._bar = Progress(*columns, console=console_for(file), transient=True, auto_refresh=False)
        self._task = self._bar.add_task("rows", total=None, rate="")
        self._told: tuple[int, int] | None = None
        self._rate, self._under_way = _Rate(), _nothing
        self._shown, self._said = 0, ""
        self._has_ended, self._looking = Event(), Thread(target=self._look, name="cds_engine progress", daemon=True)

    def __call__(self, done: int, rows: int) -> None:
        """Say that *done* of *rows* are answered."""
        self._told = done, rows
        self._rate.after(done)

    def watch(self, rows_under_way: Callable[[], int]) -> None:
        """Ask *rows_under_way* between two parts how many more are answered, about."""
        self._under_way = rows_under_way

    def __enter__(self) -> Self:
        self._bar.start()
        self._looking.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._has_ended.set()
        self._looking.join()
        self._show()
        self._bar.stop()

    def _look(self) -> None:
        while not self._has_ended.wait(LOOKS):
            self._show()

    def _show(self) -> None:
        if self._told is None:  # the table is being opened
            self._bar.refresh()
            return
        done, rows = self._told
        done = min(rows, done + self._under_way())
        if done > self._shown:  # a rate is of rows: while none comes it stays what it was
            self._shown, rate = done, self._rate.after(done)
            if self._rate.rows >= rows * ENOUGH:
                self._said = _said(rate, rows - done)
        self._bar.update(self._task, completed=done, total=rows, rate=self._said, refresh=True)


def _nothing() -> int:
    return 0


class _Lines:
    """Says how far it is in lines of their own."""

    def __init__(self, file: IO[str]) -> None:
        self._file, self._rate = file, _Rate()

    def tell(self, done: int, rows: int) -> None:
        """Say that *done* of *rows* are answered."""
        said = _said(self._rate.after(done), rows - done)
        self._file.write(f"{done:,} of {rows:,} rows{', ' if said else ''}{said}\n")
        self._file.flush()


def _said(rate: float, left: int) -> str:
    """Return the rows a second with what is left of the time; nothing before any is known."""
    return f"{rate:,.0f} a second, {left / rate:.0f} s left" if rate else ""


class _Rate:
    """How many rows a second this run answers; those that were done before do not count."""

    def __init__(self) -> None:
        self._started: tuple[float, int] | None = None
        self.rows = 0
        """How many are answered since the first call."""

    def after(self, done: int) -> float:
        """Return the rows a second since the first call, 0 while there is none."""
        now = time.monotonic()
        if self._started is None:
            self._started = now, done
            return 0.0
        started, before = self._started
        self.rows = done - before
        return self.rows / max(now - started, 1e-9)
