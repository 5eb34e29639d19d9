"""One run: its parts answered, counted, put together, and told."""

from __future__ import annotations

import time
from collections.abc import Collection, Generator, Sequence
from contextlib import closing
from itertools import chain
from pathlib import Path
from typing import assert_never

from cds_engine.batch import quarantine
from cds_engine.batch.answering import Answering
from cds_engine.batch.delivery import Miscounted, Sheet, Sheets, deliver_files, deliver_table
from cds_engine.batch.duck import Duck
from cds_engine.batch.engine import Engine
from cds_engine.batch.executors import Executors
from cds_engine.batch.on_spark import answered_on_spark
from cds_engine.batch.opened import Opened
from cds_engine.batch.order import Order
from cds_engine.batch.output import FileOutput, Output, TableOutput
from cds_engine.batch.report import Beside, Report
from cds_engine.batch.tally import Tally, most_first, together
from cds_engine.batch.under_way import UnderWay, Watching
from cds_engine.batch.workplace import Finished, Workplace
from cds_engine.diagnostics import EngineDisagreement


class Run:
    """One run: its tables opened, its columns understood."""

    def __init__(
        self, opened: Opened, order: Order, output: Output | None, place: Workplace, duck: Duck, engine: Engine,
        executors: Executors | None,
    ) -> None:  # fmt: skip
        self._opened, self._order, self._output, self._place = opened, order, output, place
        self._duck, self._engine, self._executors = duck, engine, executors
        self._strays: dict[str, list[quarantine.Stray]] = {}
        for name, table in opened.seconds.items():
            put = engine.keep if executors is None else engine.view  # which executors read for themselves
            put(f"{name}_in", table.rows)
            self._strays[name] = list(quarantine.strays_of(table, opened.source, opened.columns, engine))
        self._answering = Answering(opened, engine, duck, place.folder)
        self._before = 0
        """Rows of the parts that an earlier run has finished."""
        self._under_way: UnderWay | None = None
        if isinstance(order.progress, Watching):
            self._under_way = UnderWay(duck, order.form)
            order.progress.watch(self._under_way)

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
        sheets = self._sheets(parts)
        if "" in sheets and sheets[""].rows != (lines := self._lines(tally)):
            raise Miscounted("the answers", f"{sheets[''].rows:,} rows", f"{lines:,} were counted")
        bad = {"input": source.bad, **{name: found.source.bad for name, found in opened.seconds.items()}}
        where = None
        if self._output is not None:
            strays = chain(*self._strays.values())
            refusals = quarantine.write_quarantine(self._place.folder / "quarantine.ndjson", bad, refused, strays)
            self._deliver(self._output, sheets, refusals)
            where = None if refusals is None else self._output.quarantine
        return Report(
            rows_in=rows_in,
            rows_out=tally.rows_out,
            quarantined=quarantined,
            beside={name: self._beside(name) for name in opened.seconds},
            checked=sum(found.checked for found in parts) + singly,
            singly=singly,
            resumed=self._before,
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

    def _beside(self, name: str) -> Beside:
        """Return what became of a second table."""
        table = self._opened.seconds[name]
        unread = len(table.source.bad)
        counts = {"not_a_row": unread, "no_patient": len(self._strays[name])}
        reasons = most_first({code: rows for code, rows in counts.items() if rows})
        return Beside(table.source.rows + unread, table.ignored, reasons)

    def _finished(self, drawn: Collection[int]) -> list[Finished]:
        """Return what the parts come to, in their order: as they were found finished, or answered now."""
        parts, place = self._opened.source.parts, self._place
        found = {number: before for number in range(len(parts)) if (before := place.finished(number)) is not None}
        wanted = [number for number in range(len(parts)) if number not in found]
        done = self._before = sum(parts[number].rows for number in found)
        self._tell(done)
        with closing(self._answered(wanted, drawn)) as answered:
            for number, one in answered:
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
                if self._under_way is not None:
                    self._under_way.begin(self._opened.source.parts[number].rows)
                yield number, self._answering.answer(number, self._place)

    def _tell(self, done: int) -> None:
        if self._order.progress is not None:
            self._order.progress(done, self._opened.source.rows)

    def _lines(self, tally: Tally) -> int:
        """Return how many rows the answers have: one a patient or, long, one a patient and rule that applies."""
        if self._opened.form == "wide":
            return tally.rows_out
        return sum(sum(counts.values()) - counts["not_applicable"] for counts in tally.statuses.values())

    def _sheets(self, parts: Sequence[Finished]) -> Sheets:
        """Return what was written by all parts, by sheet; nothing where there is no output."""
        suffix = self._opened.suffix
        if suffix is None:
            return {}
        names = {"": "part", "orders": "orders"} if self._opened.has_findings else {"": "part"}
        return {
            sheet: Sheet(
                [self._place.path(name, number, suffix) for number in range(len(parts))],
                [part.written[sheet] for part in parts],
            )
            for sheet, name in names.items()
        }

    def _deliver(self, output: Output, sheets: Sheets, refusals: Path | None) -> None:
        """Put everything in its place, with the file of what has no answer if there is one."""
        metadata, duck = self._opened.metadata, self._duck
        match output:
            case FileOutput():
                deliver_files(sheets, output, metadata, refusals, duck)
            case TableOutput():
                deliver_table(sheets, output, metadata, refusals, duck)
            case _:
                assert_never(output)
