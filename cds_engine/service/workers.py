"""Who does the work: processes that hold the packs, or threads of this one; the event loop only waits for them.

A worker that dies takes the requests with it that it worked on; the next request finds new ones.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import signal
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from cds_engine.service.desk import Desk
from cds_engine.service.refusals import Refusal, busy
from cds_engine.service.settings import Settings

THREADS = 2
_TOO_LONG = Refusal(503, "took-too-long", "the answer took longer than this service allows", {"Retry-After": "5"})


class Workers:
    """A bounded queue before the desks."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._executor: Executor | None = None
        self.waiting = 0
        """Requests that wait or are worked on."""

    async def ask(self, task: str, *arguments: Any) -> Any:
        """Return what a method of a `Desk` returns.

        Raises:
            Refusal: If the desk refuses, too many wait, it takes too long, or the worker died.
        """
        if self.waiting >= self._settings.most_waiting:
            raise busy()
        self.waiting += 1
        executor = self._running()
        try:
            return await asyncio.get_running_loop().run_in_executor(executor, _work, task, arguments)
        except BrokenProcessPool:
            self._forget(executor)
            raise Refusal(503, "worker-died", "the answer could not be made; do not send the same again") from None
        except TimeoutError:
            raise _TOO_LONG from None
        finally:
            self.waiting -= 1

    def stop(self) -> None:
        """End the workers; what waits is dropped."""
        if self._executor is not None:
            self._executor.shutdown(wait=True, cancel_futures=True)
        self._executor = None

    def _running(self) -> Executor:
        if self._executor is None:
            self._executor = _started(self._settings)
        return self._executor

    def _forget(self, executor: Executor) -> None:
        """Let go of broken workers, unless somebody has done so already."""
        if self._executor is executor:
            self._executor = None
        executor.shutdown(wait=False, cancel_futures=True)


def _started(settings: Settings) -> Executor:
    if settings.workers == 0:
        return ThreadPoolExecutor(THREADS, initializer=_open_once, initargs=(settings,))
    context = multiprocessing.get_context("spawn")  # a fork would copy locks of threads in an unknown state
    return ProcessPoolExecutor(settings.workers, context, _open_timed, (settings,))


_DESKS: dict[Settings, Desk] = {}
"""Of this process; a process that works for one service has one."""
_ALARM: list[float] = []
"""How long an answer may take, in a process of its own, where a signal can end it."""


def _open_once(settings: Settings) -> None:
    if settings not in _DESKS:
        _DESKS.clear()
        _DESKS[settings] = Desk(settings)


def _open_timed(settings: Settings) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the service ends its workers itself
    signal.signal(signal.SIGALRM, _ring)
    _ALARM[:] = [settings.most_seconds]
    _open_once(settings)


def _ring(*_: object) -> None:
    raise TimeoutError


def _work(task: str, arguments: tuple[Any, ...]) -> Any:
    desk = next(iter(_DESKS.values()))
    if _ALARM:
        signal.setitimer(signal.ITIMER_REAL, _ALARM[0])
    try:
        return getattr(desk, task)(*arguments)
    finally:
        if _ALARM:
            signal.setitimer(signal.ITIMER_REAL, 0)
