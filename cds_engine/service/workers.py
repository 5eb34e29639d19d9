"""Who does the work: processes that hold the packs, or threads of this one; the event loop only waits for them.

A worker that dies takes the requests with it that it worked on; the next request finds new ones.
"""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from cds_engine.diagnostics import CdsError, PackError
from cds_engine.service.desk import Desk
from cds_engine.service.refusals import Refusal, busy
from cds_engine.service.settings import Settings

THREADS = 2
Work = Callable[[str, tuple[Any, ...]], Any]
"""Does what a method of a `Desk` does, given its name and arguments."""


class Workers:
    """A bounded queue before the desks."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._running: tuple[Executor, Work] | None = None
        self.waiting = 0
        """Requests that wait or are worked on."""

    async def ask(self, task: str, *arguments: Any) -> Any:
        """Return what a method of a `Desk` returns.

        Raises:
            Refusal: If the desk refuses, too many wait, it takes too long, or the worker died.
            CdsError: If the packs cannot be loaded.
        """
        if self.waiting >= self._settings.most_waiting:
            raise busy()
        self.waiting += 1
        if self._running is None:
            self._running = _started(self._settings)
        executor, work = self._running
        try:
            return await asyncio.get_running_loop().run_in_executor(executor, work, task, arguments)
        except BrokenProcessPool:
            self._forget(executor)
            raise Refusal(503, "worker-died", "the answer could not be made; do not send the same again") from None
        finally:
            self.waiting -= 1

    def stop(self) -> None:
        """End the workers; what waits is dropped."""
        if self._running is not None:
            self._running[0].shutdown(wait=True, cancel_futures=True)
        self._running = None

    def _forget(self, executor: Executor) -> None:
        """Let go of broken workers, unless somebody has done so already."""
        if self._running is not None and self._running[0] is executor:
            self._running = None
        executor.shutdown(wait=False, cancel_futures=True)


def _started(settings: Settings) -> tuple[Executor, Work]:
    if settings.workers == 0:
        return ThreadPoolExecutor(THREADS), Seat(settings).work
    context = multiprocessing.get_context("spawn")  # a fork would copy locks of threads in an unknown state
    return ProcessPoolExecutor(settings.workers, context, _sit, (settings,)), _work


class Seat:
    """A place of work with a desk, which is loaded when first asked; in a process *of its own*, or beside others."""

    def __init__(self, settings: Settings, *, of_its_own: bool = False) -> None:
        self._settings = settings
        self._of_its_own = of_its_own
        self._desk: Desk | None = None
        self._loading = threading.Lock()

    def work(self, task: str, arguments: tuple[Any, ...]) -> Any:
        """Return what the desk returns."""
        return getattr(self._loaded(), task)(*arguments)

    def timed(self, task: str, arguments: tuple[Any, ...]) -> Any:
        """Return what the desk returns, within the time that an answer may take.

        An answer that was broken off may have left an engine in the middle of its work: the desk is not used again.
        """
        desk = self._loaded()
        signal.setitimer(signal.ITIMER_REAL, self._settings.most_seconds)
        try:
            return getattr(desk, task)(*arguments)
        except _TooLongError:
            self._desk = None
            sentence = f"the answer took longer than {self._settings.most_seconds:g} seconds"
            raise Refusal(503, "took-too-long", sentence, {"Retry-After": "5"}) from None
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)

    def _loaded(self) -> Desk:
        with self._loading:
            try:
                if self._desk is None:
                    self._desk = Desk(self._settings)
                    if self._of_its_own:
                        gc.freeze()  # packs stay: walking through them again and again would hold up answers
            except PackError as error:  # with all its findings it would not reach another process
                first = error.diagnostics[0]
                raise CdsError(f"{first.span}: {first.code}: {first.message}; see `cds-engine check`") from None
            return self._desk


class _TooLongError(BaseException):
    """The time is over; no `except Exception` on the way may keep it."""


_SEATS: list[Seat] = []
"""The one of this process, if it works for a service."""


def _sit(settings: Settings) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the service ends its workers itself
    signal.signal(signal.SIGALRM, _ring)
    _SEATS[:] = [Seat(settings, of_its_own=True)]


def _ring(*_: object) -> None:
    raise _TooLongError


def _work(task: str, arguments: tuple[Any, ...]) -> Any:
    return _SEATS[0].timed(task, arguments)
