"""Work on Spark's executors: something is done to each of some items there, and what comes of it is told at once."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import partial
from typing import Any, TypeVar
from uuid import uuid4

from cds_engine.batch.spark_session import spark_errors, started
from cds_engine.diagnostics import BackendFault

LOOKS = 0.1
"""Seconds between two looks at what executors have done."""
PATIENCE = 10.0
"""Seconds after which tasks that do not end are left to Spark."""
RAISED = re.compile(r"^(?:\w+\.)*(\w+(?:Error|Exception|Fault|Disagreement))(?:: (.+))?$", re.MULTILINE)
"""The line of Python that ends a traceback, among lines of Java, which begin otherwise."""
OURS = {"BackendFault", "OSError"}
"""Errors that are told on one machine by their text alone."""

Common = TypeVar("Common")
Item = TypeVar("Item")
Result = TypeVar("Result")


class Executors:
    """The executors of a session, or of a new one on this machine."""

    def __init__(self, session: object, *, threads: int | None = None, memory: str | None = None) -> None:
        self._session: Any
        self._session, self._is_ours = (
            (session, False) if session is not None else started(threads or 2, memory or "2g")
        )
        self._context = self._session.sparkContext

    @property
    def errors(self) -> tuple[type[Exception], ...]:
        """What Spark raises."""
        return spark_errors()

    @property
    def cores_of_task(self) -> int:
        """How many cores a task may use."""
        return int(self._context.getConf().get("spark.task.cpus", "1"))

    @property
    def tasks_at_once(self) -> int:
        """How many tasks can run at the same time, as far as the session knows by now."""
        return max(1, int(self._context.defaultParallelism) // self.cores_of_task)

    def each(
        self, do: Callable[[Callable[[], Common], Item], Result], common: Common, items: Iterable[Item]
    ) -> Generator[Result]:
        """Have executors do something to each item, and yield what comes of it as they end, in whatever order.

        *do* gets a call that returns *common*, which travels once to each process, and an item. A task that fails is
        tried again, as often as the session says; what comes of an item is yielded once. Work that is not done when the
        iterator is closed is stopped.

        Raises:
            BackendFault: If one fails for good.
        """
        tasks = list(items)
        if not tasks:
            return
        # what tasks have told so far: Spark adds what one says when it counts, so once for an item
        told = self._context.accumulator([], _Joined())
        shipped, job = self._context.broadcast(common), f"cds_engine {uuid4()}"

        def run() -> None:
            self._context.setJobGroup(job, "parts of a table of patients", interruptOnCancel=True)
            self._context.parallelize(tasks, len(tasks)).foreach(partial(_do, do, shipped, told))

        with ThreadPoolExecutor(1, "cds_engine on Spark") as beside:
            running = beside.submit(run)
            try:
                yield from _as_told(running, told)
                _check(running)
            finally:
                self._stop(job, running)
                shipped.unpersist()

    def _stop(self, job: str, running: Future[None]) -> None:
        """Stop what is left of a job, and wait until none of its tasks writes any more, for a while at most."""
        given_up = time.monotonic() + PATIENCE
        while not wait([running], LOOKS).done or (self._has_tasks(job) and time.monotonic() < given_up):
            self._context.cancelJobGroup(job)  # more than once: a job that has not begun yet cannot be cancelled

    def _has_tasks(self, job: str) -> bool:
        """Say whether tasks of a job are running; those of one that has failed end a little later than it."""
        tracker = self._context.statusTracker()
        jobs = (tracker.getJobInfo(number) for number in tracker.getJobIdsForGroup(job))
        stages = (tracker.getStageInfo(stage) for known in jobs if known is not None for stage in known.stageIds)
        return any(stage is not None and stage.numActiveTasks for stage in stages)

    def close(self) -> None:
        """End a session that was started here; one that was handed in lives on."""
        if self._is_ours:
            self._session.stop()


class _Joined:
    """How Spark puts together what tasks tell: lists, one after the other."""

    def zero(self, _: list[object]) -> list[object]:
        """Return what a task has told before it begins."""
        return []

    def addInPlace(self, told: list[object], more: list[object]) -> list[object]:  # noqa: N802 - Spark's name
        """Return what was told by then with what is told now."""
        told += more
        return told


def _do(do: Callable[[Callable[[], Any], Any], Any], shipped: Any, told: Any, item: object) -> None:
    """Do it, in a process of an executor."""
    told.add([do(lambda: shipped.value, item)])


def _as_told(running: Future[None], told: Any) -> Iterator[Any]:
    """Yield what has been told, until the work has ended."""
    seen, has_ended = 0, False
    while not has_ended:
        has_ended = bool(wait([running], LOOKS).done)  # asked first, so that nothing is told after the last look
        news = told.value[seen:]
        seen += len(news)
        yield from news


def _check(ended: Future[None]) -> None:
    try:
        ended.result()
    except spark_errors() as error:
        raise BackendFault(_reason(str(error))) from None


def _reason(said: str) -> str:
    """Return in one line why a task failed: the error that Python raised there, or else what Spark says first."""
    raised = RAISED.findall(said)
    if raised:
        kind, text = raised[-1]
        if kind == "ModuleNotFoundError":
            return f"an executor lacks what it needs ({text}); install `cds_engine[batch]` there"
        return text if kind in OURS else f"an executor failed: {kind} {text}".rstrip()
    lines = [line.removeprefix(": ").strip() for line in said.splitlines()]
    return f"an executor failed: {next((line for line in lines if 'Exception: ' in line), lines[0])}"
