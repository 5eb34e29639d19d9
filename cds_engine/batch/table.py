"""A guideline over a table, from opening it to the last part: what `LoadedPack.evaluate_table` does."""

from __future__ import annotations

import time
from collections.abc import Collection, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict
from itertools import chain
from pathlib import Path

from cds_engine.batch import quarantine
from cds_engine.batch.answering import Answering
from cds_engine.batch.duck import Duck
from cds_engine.batch.engine import Engine
from cds_engine.batch.executors import Executors
from cds_engine.batch.held import Evaluator
from cds_engine.batch.on_spark import answered_on_spark
from cds_engine.batch.opened import WHOLE, Opened, open_tables, rows_of
from cds_engine.batch.order import Order
from cds_engine.batch.output import Output, deliver, output_of, place_of
from cds_engine.batch.report import Report
from cds_engine.batch.sources import Scratch, identity_of
from cds_engine.batch.spark import Spark
from cds_engine.batch.spark_session import session_of
from cds_engine.batch.tally import most_first, together
from cds_engine.batch.workplace import Finished, Workplace
from cds_engine.diagnostics import BackendFault, EngineDisagreement
from cds_engine.lowering.guideline import Guideline
from cds_engine.version import VERSION

__all__ = ["PART_ROWS", "Order", "evaluate_table"]

PART_ROWS = 1_000_000
"""Rows in memory at once, where nobody says otherwise."""
FEWEST_ROWS = 100_000
"""Of fewer rows no part is made for the sake of idle cores: planning the text takes longer than answering them."""


def evaluate_table(guideline: Guideline, evaluator: Evaluator, order: Order) -> Report:
    """Answer every row of a table.

    After an error on the way the parts that are finished stay beside the output, and `resume` goes on from there;
    the output itself appears when it is whole.

    Raises:
        InputError: If the table cannot be read or a column not be understood; nothing has been written then.
        BackendFault: If DuckDB, Spark or a database fails on the way: a full disk, an unreadable part.
        OSError: If the output cannot be written.
        EngineDisagreement: If a sampled row differs from the evaluator's answer; nothing is kept then.
    """
    order.check()
    started = time.monotonic()
    sheets = ("orders",) if order.has_findings else ()
    output = None if order.into is None else output_of(order.into, sheets, in_folder=order.is_for_spark)
    place = Workplace.beside(place_of(output))
    with _swept(place), closing(Duck(threads=order.threads, memory=order.memory, folder=place.folder)) as duck:
        plan = _plan(guideline, order, duck)  # before Spark is started, in case that a table is not there
        engine, executors = _engine_of(order, duck, place), _executors_of(order)
        with _kept(place, engine, executors):
            place.begin(plan, resume=order.resume)
            scratch = Scratch(place.folder, duck, engine)
            part_rows = _rows_of_part(order, scratch, place, executors)
            opened = open_tables(guideline, evaluator, order, output, scratch, part_rows)
            place.cut([part.rows for part in opened.source.parts])
            return _Run(opened, order, output, place, duck, engine, executors).report(started)


def _engine_of(order: Order, duck: Duck, place: Workplace) -> Engine:
    """Return who answers: DuckDB, which also reads what is no Parquet, or Spark.

    Raises:
        InputError: If Spark is not installed.
    """
    if not order.is_for_spark or order.engine == "duckdb-on-spark":
        return duck
    return Spark(order.session or session_of(order.table), place.folder, threads=order.threads, memory=order.memory)


def _executors_of(order: Order) -> Executors | None:
    """Return whose executors answer the parts; None where this process does.

    Raises:
        InputError: If Spark is not installed.
    """
    if order.engine != "duckdb-on-spark":
        return None
    return Executors(order.session or session_of(order.table), threads=order.threads, memory=order.memory)


@contextmanager
def _swept(place: Workplace) -> Iterator[None]:
    """Leave a workplace only where another run can go on with it."""
    try:
        yield
    finally:
        if not place.is_worth_keeping:
            place.remove()


@contextmanager
def _kept(place: Workplace, engine: Engine, executors: Executors | None) -> Iterator[None]:
    """Say what engines say in our words, and end them; nothing is finished that the evaluator contradicts."""
    errors = engine.errors if executors is None else (*engine.errors, *executors.errors)
    try:
        yield
    except errors as error:
        raise BackendFault(f"the table could not be answered: {str(error).splitlines()[0]}") from error
    except RuntimeError as error:
        if "interrupted" in str(error).lower():  # how DuckDB passes on that somebody pressed Ctrl-C
            raise KeyboardInterrupt from None
        raise
    except EngineDisagreement:
        place.remove()
        raise
    else:
        place.remove()
    finally:
        engine.close()
        if executors is not None:
            executors.close()


def _plan(guideline: Guideline, order: Order, duck: Duck) -> dict[str, object]:
    """Return everything that the answers depend on: only a run of the same plan can go on with the parts of this."""
    tables = {"input": order.table, "medicines": order.medicines, "orders": order.orders}
    return {
        **{name: identity_of(table, duck) for name, table in tables.items() if table is not None},
        "engine": VERSION,
        "pack": guideline.pack.hash,
        "as_of": None if order.as_of is None else order.as_of.isoformat(),
        "columns": asdict(order.wishes),
        "form": order.form,
        "by": "spark" if order.is_for_spark and order.engine == "duckdb" else order.engine,
        "part_rows": order.part_rows,
        "held_back": dict(order.held_back),
        "records": "" if order.records is None else order.records.read_with,
        "into": str(order.into),
    }


def _rows_of_part(order: Order, scratch: Scratch, place: Workplace, executors: Executors | None) -> int:
    """Return how many rows a part has at most; a run that goes on cuts its table as it was cut before."""
    if order.part_rows is not None:
        return order.part_rows
    if executors is None:
        return PART_ROWS if scratch.engine is scratch.duck else WHOLE

    def fair() -> int:
        """Return how many give every core some, if that is worth its while."""
        rows = scratch.open(order.table, PART_ROWS).rows
        return min(PART_ROWS, max(FEWEST_ROWS, -(-rows // executors.tasks_at_once)))

    return place.settled("part_rows", fair)


class _Run:
    """One run: its tables opened, its columns understood."""

    def __init__(
        self, opened: Opened, order: Order, output: Output | None, place: Workplace, duck: Duck, engine: Engine,
        executors: Executors | None,
    ) -> None:  # fmt: skip
        self._opened, self._order, self._output, self._place = opened, order, output, place
        self._duck, self._engine, self._executors = duck, engine, executors
        for name, source in opened.seconds.items():
            put = engine.keep if executors is None else engine.view  # which executors read for themselves
            put(f"{name}_in", rows_of(source))
        self._answering = Answering(opened, engine, duck, place.folder)

    def report(self, started: float) -> Report:
        """Answer part by part, put the parts together, and return what became of the rows."""
        order, opened, source = self._order, self._opened, self._opened.source
        with closing(self._answering):
            parts = self._finished(self._answering.draw(order.sample, order.seed))
        tally = together(found.tally for found in parts)
        refused = [row for found in parts for row in found.refused]
        reasons = most_first({**tally.refused, **({"not_a_row": len(source.bad)} if source.bad else {})})
        rows_in, quarantined = source.rows + len(source.bad), sum(reasons.values())
        singly = 0
        if order.records is not None:
            singly = source.rows - len(opened.numbers) - reasons.get("no_answer", 0)
        if tally.rows_out + quarantined != rows_in:
            raise EngineDisagreement("rows", {"read": str(rows_in), "answered": str(tally.rows_out + quarantined)})
        strays = [
            stray
            for name in opened.seconds
            for stray in quarantine.strays_of(name, source, opened.columns, self._engine)
        ]
        bad = {"input": source.bad, **{name: found.bad for name, found in opened.seconds.items()}}
        where, beside = None, place_of(self._output)
        if self._output is not None and beside is not None:
            deliver(self._sheets(self._output.suffix), self._output, opened.metadata, self._duck)
            where = quarantine.write_quarantine(beside, bad, refused, strays)
        return Report(
            rows_in=rows_in,
            rows_out=tally.rows_out,
            quarantined=quarantined,
            strays=len(strays) + sum(len(found.bad) for found in opened.seconds.values()),
            checked=sum(found.checked for found in parts) + singly,
            singly=singly,
            seconds=time.monotonic() - started,
            ignored=() if order.wishes.keep else opened.columns.ignored,
            statuses=tally.statuses,
            missing=tally.missing,
            problems=tally.problems,
            reasons=reasons,
            held_back=order.held_back,
            metadata=opened.metadata,
            quarantine=where,
        )

    def _finished(self, drawn: Collection[int]) -> list[Finished]:
        """Return what the parts come to, in their order: as they were found finished, or answered now."""
        parts, place = self._opened.source.parts, self._place
        found = {number: before for number in range(len(parts)) if (before := place.finished(number)) is not None}
        wanted = [number for number in range(len(parts)) if number not in found]
        done = 0
        self._tell(done)
        with closing(self._answered(wanted, drawn)) as answered:
            for number, one in chain([*found.items()], answered):
                if number not in found:
                    place.finish(number, one)
                    found[number] = one
                done += parts[number].rows
                self._tell(done)
        return [found[number] for number in range(len(parts))]

    def _answered(self, numbers: Sequence[int], drawn: Collection[int]) -> Generator[tuple[int, Finished]]:
        """Yield what parts come to as they are answered: here one after the other, or by executors in any order."""
        if self._executors is not None:
            yield from answered_on_spark(self._executors, self._opened, self._place, drawn, numbers)
        else:
            for number in numbers:
                yield number, self._answering.answer(number, self._place)

    def _tell(self, done: int) -> None:
        if self._order.progress is not None:
            self._order.progress(done, self._opened.source.rows)

    def _sheets(self, suffix: str) -> dict[str, list[Path]]:
        names = {"": "part", "orders": "orders"} if self._opened.has_findings else {"": "part"}
        numbers = range(len(self._opened.source.parts))
        return {sheet: [self._place.path(name, n, suffix) for n in numbers] for sheet, name in names.items()}
