"""Parts answered by Spark's executors, each by a DuckDB of its own, as one machine answers one after the other.

Spark hands the parts out, tries again and replaces what it loses; it sees no row. A part counts when this process is
told that it is finished, which Spark does once.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from platform import node
from tempfile import TemporaryDirectory

from cds_engine.batch.answering import Answering
from cds_engine.batch.duck import Duck
from cds_engine.batch.engine import quoted
from cds_engine.batch.executors import Executors
from cds_engine.batch.faults import in_our_words
from cds_engine.batch.ids import OWNER, id_of
from cds_engine.batch.opened import Opened
from cds_engine.batch.workplace import Finished, Workplace
from cds_engine.diagnostics import BackendFault, CdsError, EngineDisagreement, InputError
from cds_engine.version import VERSION

MORE_MEMORY = "; give Python 2 GB or more for each core: `spark.executor.pyspark.memory`"
FOR_DUCKDB = 80
"""Percent of a machine's memory that all tasks on it take together, as DuckDB takes by itself."""


@dataclass(frozen=True, slots=True)
class Work:
    """What a process needs for any part."""

    opened: Opened
    place: Workplace
    drawn: Collection[int]
    cores: int
    """How many a task may use."""


def answered_on_spark(
    executors: Executors, opened: Opened, place: Workplace, drawn: Collection[int], numbers: Sequence[int]
) -> Generator[tuple[int, Finished]]:
    """Yield what parts come to as executors finish them; their files are in the workplace then.

    Raises:
        BackendFault: If a part fails as often as Spark tries.
        EngineDisagreement: If a row that was drawn differs from the evaluator's answer; it is not tried again.
        InputError: If a column cannot be understood; it is not tried again either.
    """
    everywhere = replace(place, folder=place.folder.absolute())
    work = Work(opened, everywhere, drawn, executors.cores_of_task)
    with closing(executors.each(partial(_answer, VERSION), work, numbers)) as told:
        for found in told:
            if isinstance(found, CdsError):
                raise found
            yield found


def _answer(version: str, work: Callable[[], Work], number: int) -> tuple[int, Finished] | CdsError:
    """Answer a part, in a process of an executor; what would be the same if it were tried again is returned."""
    if version != VERSION:
        raise BackendFault(f"`{node()}` has cds_engine {VERSION}, the driver {version}; install the same on all")
    try:
        return number, _finished(work(), number)
    except (EngineDisagreement, InputError) as error:
        return error


def _finished(work: Work, number: int) -> Finished:
    """Return what a part comes to, once its files are in the workplace.

    Raises:
        BackendFault: If DuckDB fails, or the workplace cannot be seen from here.
    """
    opened, place = work.opened, work.place
    if not place.folder.is_dir():
        raise BackendFault(
            f"`{node()}` does not see the folder `{place.folder}`; all machines must see it under this name"
        )
    relation = opened.source.parts[number].relation
    with (
        TemporaryDirectory(prefix="cds-engine-", dir=_local_folder()) as local,
        closing(Duck(threads=work.cores, memory=_memory(work.cores), folder=Path(local))) as duck,
        place.attempt(number) as attempt,
    ):
        try:
            for name in opened.seconds:
                duck.keep(f"{name}_in", _of_part(name, opened, relation))
            with closing(Answering(opened, duck, duck, Path(local), work.drawn)) as answering:
                return answering.answer(number, attempt)
        except duck.errors as error:
            way_out = MORE_MEMORY if "Out of Memory" in str(error) else ""
            raise BackendFault(f"the table could not be answered: {in_our_words(error)}{way_out}") from None


def _of_part(name: str, opened: Opened, relation: str) -> str:
    """Return the query for those rows of a second table that belong to the patients of a part."""
    rows, patient = opened.seconds[name].rows, opened.columns.patient
    if patient is None:
        return rows
    ids = f"SELECT {id_of(quoted(patient.name), patient.kind)} FROM {relation} AS part"
    return f"SELECT * FROM ({rows}) AS every_one WHERE {OWNER} IN ({ids})"


def _local_folder() -> str | None:
    """Return where Spark has its tasks write what no other machine needs; it empties that folder itself."""
    return os.environ.get("SPARK_LOCAL_DIRS", "").split(",")[0] or None


def _memory(cores: int) -> str:
    """Return how much memory DuckDB takes in a task: half of what Spark grants Python, or else as many cores have."""
    granted = os.environ.get("PYSPARK_EXECUTOR_MEMORY_MB")
    if granted is not None:
        return f"{int(granted) // 2}MB"
    return f"{max(1, FOR_DUCKDB * cores // (os.cpu_count() or 1))}%"
