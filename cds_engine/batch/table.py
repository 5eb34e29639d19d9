"""A guideline over a table, from opening it to the last part: what `LoadedPack.evaluate_table` does."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Literal

from cds_engine.batch import quarantine, records
from cds_engine.batch.answers import check_names, kept_columns, long_query, wide_query
from cds_engine.batch.columns import IDS, Cell, Wishes, understand
from cds_engine.batch.duck import Duck
from cds_engine.batch.engine import Engine, Part
from cds_engine.batch.held import Evaluator, Held
from cds_engine.batch.orders import Orders, with_findings
from cds_engine.batch.output import Output, deliver, metadata_of, output_of, place_of
from cds_engine.batch.part import PartRunner, Task
from cds_engine.batch.records import RecordRunner, Records
from cds_engine.batch.report import Report
from cds_engine.batch.sample import Singles
from cds_engine.batch.sources import Scratch, Source, identity_of
from cds_engine.batch.spark import Spark, is_dataframe, session_of
from cds_engine.batch.tally import count, most_first, together
from cds_engine.batch.workplace import Finished, Workplace
from cds_engine.diagnostics import BackendFault, EngineDisagreement, InputError
from cds_engine.lowering.guideline import Guideline
from cds_engine.version import VERSION

Form = Literal["wide", "long"]
EngineName = Literal["duckdb", "spark"]
PART_ROWS = 1_000_000
"""Rows in memory at once, where nobody says otherwise."""
SAMPLE = 200
WHOLE = 1_000_000_000
"""Rows a part of a table that is read as one."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be done: read what, as what, and write it where."""

    table: object
    into: str | Path | None = None
    as_of: date | None = None
    wishes: Wishes = field(default_factory=Wishes)
    medicines: object = None
    form: Form = "wide"
    part_rows: int | None = None
    """Rows in memory at once; Spark sees to that itself, and takes the table as one part."""
    sample: int = SAMPLE
    seed: int = 1
    threads: int | None = None
    memory: str | None = None
    progress: Callable[[int, int], None] | None = None
    """Called before the first and after each part with the rows done and the rows there are."""
    orders: object = None
    resume: bool = False
    """Whether the finished parts of a run that ended early are used."""
    engine: EngineName = "duckdb"
    session: object = None
    """The SparkSession to run in; without one that of the table, if it is a DataFrame, or a new one on this machine."""
    held_back: Mapping[str, str] = field(default_factory=dict)
    """Rules that are not shown, with the review state that is too low."""
    records: Records | None = None
    """What the table holds if its patients are no rows, and who answers for them."""

    @property
    def has_findings(self) -> bool:
        """Whether orders are screened."""
        return self.orders is not None or self.records is not None


def evaluate_table(guideline: Guideline, evaluator: Evaluator, order: Order) -> Report:
    """Answer every row of a table.

    After an error on the way the parts that are finished stay beside the output, and `resume` goes on from there;
    the output itself appears when it is whole.

    Raises:
        InputError: If the table cannot be read or a column not be understood; nothing has been written then.
        BackendFault: If DuckDB or a database fails on the way: a full disk, an unreadable part.
        OSError: If the output cannot be written.
        EngineDisagreement: If a sampled row differs from the evaluator's answer; nothing is kept then.
    """
    if order.records is not None and (order.medicines, order.orders, order.wishes) != (None, None, Wishes()):
        raise InputError(
            "a FHIR export holds its own medicines, orders and units; leave second tables, units and columns out"
        )
    started = time.monotonic()
    output = None if order.into is None else output_of(order.into, ("orders",) if order.has_findings else ())
    place = Workplace.beside(place_of(output))
    with closing(Duck(threads=order.threads, memory=order.memory, folder=place.folder)) as duck:
        engine = _engine_of(order, duck, place)
        with _kept(place, engine):
            place.begin(_plan(guideline, order, duck), resume=order.resume)
            return _Run(guideline, evaluator, order, output, place, duck, engine).report(started)


def _engine_of(order: Order, duck: Duck, place: Workplace) -> Engine:
    """Return who answers: DuckDB, which also reads what is no Parquet, or Spark.

    Raises:
        InputError: If Spark is not installed, or shall do what only DuckDB does.
    """
    if order.engine == "duckdb" and order.session is None and not is_dataframe(order.table):
        return duck
    if order.orders is not None or order.records is not None:
        what = "orders are" if order.records is None else "a FHIR export is"
        raise InputError(f"{what} answered patient by patient on one machine; leave `--engine spark` out")
    return Spark(order.session or session_of(order.table), place.folder, threads=order.threads, memory=order.memory)


@contextmanager
def _kept(place: Workplace, engine: Engine) -> Iterator[None]:
    """Say what the engine says in our words; keep what is finished only where another run can go on with it."""
    try:
        yield
    except engine.errors as error:
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
        if not place.is_worth_keeping:
            place.remove()


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
        "by": order.engine,
        "part_rows": order.part_rows,
        "held_back": dict(order.held_back),
        "records": "" if order.records is None else order.records.read_with,
        "into": str(order.into),
    }


class _Run:
    """One run: its tables opened, its columns understood."""

    def __init__(
        self,
        guideline: Guideline,
        evaluator: Evaluator,
        order: Order,
        output: Output | None,
        place: Workplace,
        duck: Duck,
        engine: Engine,
    ) -> None:
        self._order, self._output, self._place, self._duck, self._engine = order, output, place, duck, engine
        self._part_rows = order.part_rows or (PART_ROWS if engine is duck else WHOLE)
        scratch = Scratch(place.folder, duck, engine)
        if order.records is None:
            self._source = scratch.open(order.table, self._part_rows)
            self._columns = understand(self._source.columns, guideline.dictionary, order.wishes)
            self._numbers: Sequence[int] = range(self._source.rows)
            """Of the rows that are answered in columns, among all."""
        else:
            self._source = scratch.open_records(order.records.listed(), order.records.columns, self._part_rows)
            self._numbers = records.numbers_in_columns(self._source, duck)
            self._columns = records.columns_of(self._source, guideline.dictionary, any_row=bool(self._numbers))
        medicines = _second(scratch, "medicines", order.medicines)
        orders = _second(scratch, "orders", order.orders)
        self._seconds = {
            name: found for name, found in (("medicines", medicines), ("orders", orders)) if found is not None
        }
        task = Task(
            guideline,
            self._columns,
            order.as_of,
            None if medicines is None else medicines.columns,
            None if order.form == "long" else [r.rule.id for r in guideline.rules if r.rule.id not in order.held_back],
        )
        self._runner: PartRunner | RecordRunner
        self._rows: PartRunner | None = None
        """Who answers in columns; None where no record is a row."""
        if self._columns.sources or order.records is None:
            self._rows = self._runner = PartRunner(task, engine)
        if order.records is not None:
            patient = self._columns.patient.alias if self._columns.patient is not None else ""
            self._runner = RecordRunner(
                guideline, order.records, order.held_back, duck, place.folder, patient, self._rows
            )
        singles = Singles(self._columns, guideline.dictionary.medications, order.as_of, engine)
        self._held = Held(guideline, evaluator, self._columns, singles, order.held_back)
        self._orders = None if orders is None else Orders(evaluator, singles, place.folder)
        self._metadata = metadata_of(guideline, order.as_of, order.held_back)
        carried = self._carried_cells()
        self._carried = {cell.alias: name for cell, name in carried.items()}
        """The cells that go out as they came in, by their aliases, and as what."""
        named = {cell.name: name for cell, name in carried.items()}
        check_names(self._runner.layout, named, order.form, order.held_back)

    def report(self, started: float) -> Report:
        """Answer part by part, put the parts together, and return what became of the rows."""
        order, source = self._order, self._source
        if self._rows is not None and self._numbers:
            self._held.draw(self._engine, self._in_columns(source.parts[0]), self._numbers, order.sample, order.seed)
        with closing(self._held):
            parts = list(self._parts())
        tally = together(found.tally for found in parts)
        refused = [row for found in parts for row in found.refused]
        reasons = most_first({**tally.refused, **({"not_a_row": len(source.bad)} if source.bad else {})})
        rows_in, quarantined = source.rows + len(source.bad), sum(reasons.values())
        singly = 0
        if order.records is not None:
            singly = source.rows - len(self._numbers) - reasons.get("no_answer", 0)
        if tally.rows_out + quarantined != rows_in:
            raise EngineDisagreement("rows", {"read": str(rows_in), "answered": str(tally.rows_out + quarantined)})
        strays = [
            stray for name in self._seconds for stray in quarantine.strays_of(name, source, self._columns, self._engine)
        ]
        bad = {"input": source.bad, **{name: found.bad for name, found in self._seconds.items()}}
        where, beside = None, place_of(self._output)
        if self._output is not None and beside is not None:
            deliver(self._sheets(self._output.suffix), self._output, self._metadata, self._duck)
            where = quarantine.write_quarantine(beside, bad, refused, strays)
        return Report(
            rows_in=rows_in,
            rows_out=tally.rows_out,
            quarantined=quarantined,
            strays=len(strays) + sum(len(found.bad) for found in self._seconds.values()),
            checked=sum(found.checked for found in parts) + singly,
            singly=singly,
            seconds=time.monotonic() - started,
            ignored=() if order.wishes.keep else self._columns.ignored,
            statuses=tally.statuses,
            missing=tally.missing,
            problems=tally.problems,
            reasons=reasons,
            held_back=order.held_back,
            metadata=self._metadata,
            quarantine=where,
        )

    def _parts(self) -> Iterator[Finished]:
        """Yield what each part comes to: as it was found finished, or answered now."""
        done, rows = 0, self._source.rows
        self._tell(done, rows)
        for number, part in enumerate(self._source.parts):
            found = self._place.finished(number)
            if found is None:
                found = self._answer(number, part)
                self._place.finish(number, found)
            yield found
            done += part.rows
            self._tell(done, rows)

    def _tell(self, done: int, rows: int) -> None:
        if self._order.progress is not None:
            self._order.progress(done, rows)

    def _answer(self, number: int, part: Part) -> Finished:
        with self._engine.about(part.rows):
            return self._answered(number, part)

    def _answered(self, number: int, part: Part) -> Finished:
        order, engine, layout = self._order, self._engine, self._runner.layout
        carried = self._carried if self._output is not None else ()
        kept = kept_columns(layout, order.form, order.held_back, carried)
        self._runner.answer(part.relation, kept, self._held.drawn, self._held.begin)
        checked = self._held.compare(engine, layout)
        if self._orders is not None:
            self._orders.screen(part.relation, self._duck)
        if self._output is not None:
            self._write(number, self._output)
        refused = quarantine.refused_of(part.relation, self._columns, engine)
        return Finished(count(layout, order.held_back, engine), refused, checked)

    def _in_columns(self, part: Part) -> str:
        return part.relation if self._order.records is None else records.rows_of_part(part.relation)

    def _write(self, number: int, output: Output) -> None:
        kind, layout = output.kind, self._runner.layout
        carried, hidden = self._carried, self._order.held_back
        if self._order.form == "long":
            query = long_query(layout, carried, hidden)
        else:
            query = wide_query(layout, carried, hidden, looks_up=self._engine.looks_up)
        if self._order.has_findings:
            if self._order.form == "wide":
                query = with_findings(query)
            sheet = self._place.path("orders", number, output.suffix)
            self._engine.write("SELECT * FROM order_findings", sheet, kind, self._metadata)
        self._engine.write(query, self._place.path("part", number, output.suffix), kind, self._metadata)

    def _carried_cells(self) -> dict[Cell, str]:
        """Return the cells of the table that go into the output, and as what: a kept one may have been renamed."""
        wishes, patient = self._order.wishes, self._columns.patient
        kept = set(self._columns.ignored) if wishes.keep else set()
        return {
            cell: cell.name if cell is patient else wishes.names.get(cell.name, cell.name)
            for cell in self._columns.cells
            if cell is patient or cell.name in kept
        }

    def _sheets(self, suffix: str) -> dict[str, list[Path]]:
        names = {"": "part", "orders": "orders"} if self._order.has_findings else {"": "part"}
        numbers = range(len(self._source.parts))
        return {sheet: [self._place.path(name, n, suffix) for n in numbers] for sheet, name in names.items()}


def _second(scratch: Scratch, name: str, table: object) -> Source | None:
    """Open a second table, of which every row is one medicine or order of a patient, as `<name>_in`."""
    if table is None:
        return None
    source = scratch.open(table, WHOLE, name)
    relation = " UNION ALL ".join(f"SELECT * FROM {part.relation}" for part in source.parts) or "SELECT 1 WHERE FALSE"
    scratch.engine.keep(f"{name}_in", relation)
    if "drug" not in source.columns or not any(key in source.columns for key in IDS):
        raise InputError(
            f"the table of {name} needs the columns `patient` and `drug`;"
            " `dose`, `unit`, `per`, `times` and `route` may follow"
        )
    return source
