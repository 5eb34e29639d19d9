"""How far a long command is: a bar on a terminal, a plain line a part elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from cds_engine.cli.page import console_for

Tell = Callable[[int, int], None]
"""Is told the rows done and the rows there are: first those that were done before."""


@contextmanager
def progress_of(file: IO[str], *, is_wanted: bool) -> Iterator[Tell | None]:
    """Lend what tells a reader of *file* how far it is; nothing where that is not wanted."""
    if not is_wanted:
        yield None
    elif file.isatty():
        yield from _bar(file)
    else:
        yield _Lines(file).tell


def _bar(file: IO[str]) -> Iterator[Tell]:
    columns = (
        TextColumn("rows"),
        BarColumn(),
        TaskProgressColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
        TextColumn("left"),
    )
    with Progress(*columns, console=console_for(file), transient=True) as bar:
        task, rate = bar.add_task("rows", total=None, rate=""), _Rate()

        def tell(done: int, rows: int) -> None:
            bar.update(task, completed=done, total=rows, rate=f"{rate.after(done):,.0f} a second")

        yield tell


class _Lines:
    """Says how far it is in lines of their own."""

    def __init__(self, file: IO[str]) -> None:
        self._file, self._rate = file, _Rate()

    def tell(self, done: int, rows: int) -> None:
        """Say that *done* of *rows* are answered."""
        rate = self._rate.after(done)
        if rate:
            line = f"{done:,} of {rows:,} rows, {rate:,.0f} a second, {(rows - done) / rate:.0f} s left"
        else:
            line = f"{done:,} of {rows:,} rows"
        self._file.write(line + "\n")
        self._file.flush()


class _Rate:
    """How many rows a second this run answers; those that were done before do not count."""

    def __init__(self) -> None:
        self._started: tuple[float, int] | None = None

    def after(self, done: int) -> float:
        """Return the rows a second since the first call, 0 at it."""
        now = time.monotonic()
        if self._started is None:
            self._started = now, done
            return 0.0
        started, before = self._started
        return (done - before) / max(now - started, 1e-9)
