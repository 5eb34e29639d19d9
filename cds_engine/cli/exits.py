"""How a command ends: its exit status, and the one sentence on standard error that goes with it."""

from __future__ import annotations

import sys
import traceback
from contextvars import ContextVar
from enum import IntEnum
from typing import NoReturn

import typer

DEBUG: ContextVar[bool] = ContextVar("DEBUG", default=False)
"""Whether the traceback of an internal fault is wanted."""


class Exit(IntEnum):
    """The exit statuses of every verb."""

    DONE = 0
    FINDINGS = 1
    USAGE = 2
    FAULT = 3


def complain(sentence: str) -> None:
    """Put one sentence on standard error, whatever characters it quotes."""
    from cds_engine.results.wording import clean  # noqa: PLC0415 - start-up stays quick

    encoding = sys.stderr.encoding or "utf-8"
    sys.stderr.write(clean(sentence).encode(encoding, "backslashreplace").decode(encoding) + "\n")


def refuse(sentence: str, status: Exit = Exit.USAGE) -> NoReturn:
    """End the command with one sentence."""
    complain(f"cds-engine: {sentence}")
    raise typer.Exit(status)


def report_fault(error: Exception, where: str = "") -> None:
    """Say that we made a mistake; the traceback only for those who asked for it."""
    if DEBUG.get():
        traceback.print_exception(error)
    place = f"{where}: " if where else "cds-engine: "
    said = str(error) or "no message"
    complain(f"{place}internal fault ({type(error).__name__}: {said}); please report it, `--debug` shows more")
