"""One run at a time into an output: a folder is held by a lock, which is free as soon as whoever took it has ended.

The system gives it back when a process ends, however it ends: no file that somebody left behind locks anybody out.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from errno import EACCES, EAGAIN, EDEADLK
from pathlib import Path

from cds_engine.diagnostics import InputError

if sys.platform == "win32":
    import msvcrt

    def _lock(number: int) -> None:
        msvcrt.locking(number, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(number: int) -> None:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)


LOCK = "lock"
"""The file in the folder that is locked."""
BUSY = {EACCES, EAGAIN, EDEADLK}
"""What systems say of a lock that somebody else holds."""


@contextmanager
def alone_in(folder: Path, output: str) -> Iterator[None]:
    """Hold a folder, which is made if it is not there, and is gone in the end if nothing was left in it.

    Raises:
        InputError: If a run holds it already, whose *output* the message names.
        OSError: If there can be no such folder, or no lock in it.
    """
    number = _held(folder, output)
    try:
        yield
    finally:
        # while it is held, so that whoever comes next makes a lock of his own; what Windows allows only afterwards
        with suppress(OSError):
            (folder / LOCK).unlink()
        os.close(number)
        if sys.platform == "win32":
            with suppress(OSError):
                (folder / LOCK).unlink()
        with suppress(OSError):
            folder.rmdir()


def _held(folder: Path, output: str) -> int:
    """Return the open file that is locked."""
    while True:
        folder.mkdir(exist_ok=True)
        with suppress(FileNotFoundError):  # the run before has removed its folder since: once more
            number = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o666)
            try:
                _lock(number)
                if os.path.samestat(
                    os.fstat(number), (folder / LOCK).stat()
                ):  # else it is the lock of a run that ended
                    return number
            except OSError as error:
                os.close(number)
                if error.errno in BUSY:
                    raise InputError(
                        f"another run writes into `{output}`; wait for it or choose another name"
                    ) from None
                raise
            os.close(number)
