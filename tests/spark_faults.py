"""Evaluators that fail in the processes of Spark's executors, to which this file is shipped."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from cds_engine.engine.guide import LoadedPack


@dataclass(frozen=True)
class Noted:
    """Answers as the pack does, and leaves a note of each process that was asked."""

    pack: LoadedPack
    notes: Path

    def __call__(self, facts, *, orders=(), as_of=None):
        (self.notes / str(os.getpid())).touch()
        return self.pack.evaluate(facts, orders=orders, as_of=as_of)


@dataclass(frozen=True)
class Killed(Noted):
    """Is killed with its process when it is asked for the first time."""

    def __call__(self, facts, *, orders=(), as_of=None):
        if not [*self.notes.iterdir()]:
            (self.notes / "killed").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return super().__call__(facts, orders=orders, as_of=as_of)


@dataclass(frozen=True)
class Failing(Noted):
    """Has no room for an answer, ever."""

    def __call__(self, facts, *, orders=(), as_of=None):  # noqa: ARG002 - as the others are called
        (self.notes / str(uuid4())).touch()
        raise OSError(28, "No space left on device")


@dataclass(frozen=True)
class Wrong(Noted):
    """Answers for another patient: one of whom nothing is known."""

    def __call__(self, facts, *, orders=(), as_of=None):  # noqa: ARG002 - as the others are called
        (self.notes / str(uuid4())).touch()
        return self.pack.evaluate({"facts": {}}, as_of=as_of)
