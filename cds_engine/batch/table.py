"""A guideline over a table, from opening it to the last part: what `LoadedPack.evaluate_table` does."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager

from cds_engine.batch.delivery import Miscounted
from cds_engine.batch.duck import Duck
from cds_engine.batch.engine import Engine
from cds_engine.batch.executors import Executors
from cds_engine.batch.faults import in_our_words
from cds_engine.batch.held import Evaluator
from cds_engine.batch.opened import open_tables
from cds_engine.batch.order import Order
from cds_engine.batch.output import output_of, place_of
from cds_engine.batch.plan import PART_ROWS, check_tables, plan_of, rows_of_part
from cds_engine.batch.report import Report
from cds_engine.batch.run import Run
from cds_engine.batch.sources import Scratch
from cds_engine.batch.spark import Spark
from cds_engine.batch.spark_session import session_of
from cds_engine.batch.workplace import Workplace
from cds_engine.diagnostics import BackendFault, EngineDisagreement
from cds_engine.lowering.guideline import Guideline

__all__ = ["PART_ROWS", "Order", "evaluate_table"]


def evaluate_table(guideline: Guideline, evaluator: Evaluator, order: Order) -> Report:
    """Answer every row of a table.

    After an error on the way the parts that are finished stay beside the output, and `resume` goes on from there;
    the output itself appears when it is whole.

    Raises:
        InputError: If the table cannot be read or a column not be understood, if the answers would take the place of a
            table, or another run writes into the same output; nothing has been written then.
        BackendFault: If DuckDB, Spark or a database fails on the way, or a file cannot be written: a full disk, an
            unreadable part.
        EngineDisagreement: If a sampled row differs from the evaluator's answer; nothing is kept then.
    """
    order.check()
    started = time.monotonic()
    sheets = ("orders",) if order.has_findings else ()
    output = None if order.into is None else output_of(order.into, sheets, in_folder=order.is_for_spark)
    check_tables(order, output)
    place = Workplace.beside(place_of(output))
    with (
        _told_in_our_words(),
        place.held(),
        _swept(place),
        closing(Duck(threads=order.threads, memory=order.memory, folder=place.folder)) as duck,
    ):
        plan = plan_of(guideline, order, duck)  # before Spark is started, in case that a table is not there
        engine, executors = _engine_of(order, duck, place), _executors_of(order)
        with _kept(place, {*duck.errors, *engine.errors}, engine, executors):
            place.begin(plan, resume=order.resume)
            scratch = Scratch(place.folder, duck, engine)
            part_rows = rows_of_part(order, scratch, place, executors)
            opened = open_tables(guideline, evaluator, order, output, scratch, part_rows)
            place.cut([part.rows for part in opened.source.parts])
            return Run(opened, order, output, place, duck, engine, executors).report(started)


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
def _told_in_our_words() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise BackendFault(in_our_words(error)) from error


@contextmanager
def _swept(place: Workplace) -> Iterator[None]:
    """Leave a workplace only where another run can go on with it."""
    try:
        yield
    finally:
        if not place.is_worth_keeping:
            place.remove()


@contextmanager
def _kept(
    place: Workplace, errors: Iterable[type[Exception]], engine: Engine, executors: Executors | None
) -> Iterator[None]:
    """Say what engines say in our words, and end them; nothing contradicted or miscounted is kept."""
    errors = (*errors, *(executors.errors if executors is not None else ()))
    try:
        yield
    except errors as error:
        if "KeyboardInterrupt" in str(error):  # while a row was counted, for who watches
            raise KeyboardInterrupt from None
        raise BackendFault(f"the table could not be answered: {in_our_words(error)}") from error
    except RuntimeError as error:
        if "interrupted" in str(error).lower():  # how DuckDB passes on that somebody pressed Ctrl-C
            raise KeyboardInterrupt from None
        raise
    except (EngineDisagreement, Miscounted):
        place.remove()
        raise
    else:
        place.remove()
    finally:
        engine.close()
        if executors is not None:
            executors.close()
