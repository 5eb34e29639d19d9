"""A guideline over a table, from opening it to the last part: what `LoadedPack.evaluate_table` does."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Literal

from cds_engine.batch.answers import kept_columns, long_query, wide_query
from cds_engine.batch.columns import Columns, Wishes, understand
from cds_engine.batch.duck import Duck, literal
from cds_engine.batch.held import Evaluator, Held
from cds_engine.batch.output import Refused, finish, metadata_of, options, remove, write_quarantine
from cds_engine.batch.part import PartRunner, Task
from cds_engine.batch.sources import Source, open_source
from cds_engine.diagnostics import BackendFault, EngineDisagreement, InputError
from cds_engine.lowering.guideline import Guideline

Form = Literal["wide", "long"]
ENDINGS = {".parquet": "PARQUET", ".csv": "CSV", ".ndjson": "JSON", ".jsonl": "JSON"}
PART_ROWS = 250_000
SAMPLE = 200


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be done: read what, as what, and write it where."""

    table: object
    into: Path | None = None
    as_of: date | None = None
    wishes: Wishes = field(default_factory=Wishes)
    medicines: object = None
    form: Form = "wide"
    part_rows: int = PART_ROWS
    sample: int = SAMPLE
    seed: int = 1
    threads: int | None = None
    memory: str | None = None
    progress: Callable[[int, int], None] | None = None
    """Called after each part with the rows done and the rows there are."""


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a table: every row that went in came out or is in quarantine."""

    rows_in: int
    rows_out: int
    quarantined: int
    checked: int
    """Rows that the evaluator answered as well, with the same result."""
    seconds: float
    ignored: tuple[str, ...]
    statuses: Mapping[str, Mapping[str, int]]
    """By rule: how many patients have which status."""
    missing: Mapping[str, int]
    """By fact: how many patients wait for it, the most first."""
    problems: Mapping[str, int]
    """By `fact:code`: how many rows have it."""
    quarantine: Path | None = None


@dataclass(slots=True)
class _Counts:
    out: int = 0
    quarantined: int = 0
    statuses: dict[str, dict[str, int]] = field(default_factory=dict)
    missing: dict[str, int] = field(default_factory=dict)
    problems: dict[str, int] = field(default_factory=dict)


def evaluate_table(guideline: Guideline, evaluator: Evaluator, order: Order) -> Report:
    """Answer every row of a table.

    Raises:
        InputError: If the table cannot be read or a column not be understood; nothing has been written then.
        BackendFault: If DuckDB fails on the way: a full disk, an unreadable part; nothing is kept then.
        EngineDisagreement: If a sampled row differs from the evaluator's answer; nothing is kept then.
    """
    started = time.monotonic()
    kind = _kind_of(order.into)
    duck = Duck(threads=order.threads, memory=order.memory)
    try:
        source = open_source(order.table, duck, order.part_rows)
        columns = understand(source.columns, guideline.dictionary, order.wishes)
        medicines = _medicines(order, duck)
        runner = PartRunner(Task(guideline, columns, order.as_of, medicines), duck)
        counts = _Counts(quarantined=len(source.bad))
        held = Held(guideline, evaluator, columns, order.as_of)
        held.draw(duck, source, runner, order.sample, order.seed)
        parts, refused = _run(guideline, order, _Run(duck, source, columns, runner, counts, kind), held)
        rows_in = source.rows + len(source.bad)
        if counts.out + counts.quarantined != rows_in:
            remove(parts)
            raise EngineDisagreement("rows", {"read": str(rows_in), "answered": str(counts.out + counts.quarantined)})
        if order.into is not None:
            finish(parts, order.into, kind, duck, metadata_of(guideline, order.as_of))
        quarantine = write_quarantine(order.into, source, refused)
    except duck.errors as error:
        raise BackendFault(f"the table could not be answered: {str(error).splitlines()[0]}") from error
    except RuntimeError as error:
        if "interrupted" in str(error).lower():  # how DuckDB passes on that somebody pressed Ctrl-C
            raise KeyboardInterrupt from None
        raise
    finally:
        duck.close()
    return Report(
        rows_in=rows_in,
        rows_out=counts.out,
        quarantined=counts.quarantined,
        checked=held.checked,
        seconds=time.monotonic() - started,
        ignored=() if order.wishes.keep else columns.ignored,
        statuses=counts.statuses,
        missing=dict(sorted(counts.missing.items(), key=lambda item: -item[1])),
        problems=dict(sorted(counts.problems.items(), key=lambda item: -item[1])),
        quarantine=quarantine,
    )


@dataclass(frozen=True, slots=True)
class _Run:
    duck: Duck
    source: Source
    columns: Columns
    runner: PartRunner
    counts: _Counts
    kind: str


def _kind_of(into: Path | None) -> str:
    """Return how the output is written, once it is clear that it can be."""
    if into is None:
        return "PARQUET"
    kind = ENDINGS.get(into.suffix)
    if kind is None:
        raise InputError(f"`{into}` is no kind of output; its name should end in .parquet, .csv or .ndjson")
    if not into.parent.is_dir():
        raise InputError(f"there is no folder `{into.parent}` to write into; make it first")
    return kind


def _medicines(order: Order, duck: Duck) -> Mapping[str, str] | None:
    """Open the second table, of which every row is one medicine of a patient."""
    if order.medicines is None:
        return None
    source = open_source(order.medicines, duck, 1_000_000_000, "medicines")
    relation = " UNION ALL ".join(f"SELECT * FROM {part.relation}" for part in source.parts) or "SELECT 1 WHERE FALSE"
    duck.keep("medicines_in", relation)
    if "drug" not in source.columns:
        raise InputError(
            "the table of medicines needs the columns `patient` and `drug`;"
            " `dose`, `unit`, `per`, `times` and `route` may follow"
        )
    return source.columns


def _run(guideline: Guideline, order: Order, run: _Run, held: Held) -> tuple[list[Path], list[Refused]]:
    """Answer part by part; a part is written whole under another name and then renamed."""
    written: list[Path] = []
    refused: list[Refused] = []
    own = [
        cell.name
        for cell in run.columns.cells
        if cell is run.columns.patient or (order.wishes.keep and cell.name in run.columns.ignored)
    ]
    layout = run.runner.layout
    make = long_query if order.form == "long" else wide_query
    metadata = metadata_of(guideline, order.as_of)
    done = 0
    try:
        for number, part in enumerate(run.source.parts):
            run.runner.answer(part.relation, kept_columns(layout, order.form))
            refused += [
                Refused(row, reason) for row, reason in run.duck.rows("SELECT row, reason FROM refused ORDER BY row")
            ]
            held.compare(run.duck)
            _count(guideline, run)
            if order.into is not None:
                path = order.into.with_name(f"{order.into.name}.part-{number:05d}")
                run.duck.run(
                    f"COPY ({make(layout, own, part.relation)}) TO {literal(str(path) + '.tmp')}"
                    f" (FORMAT {run.kind}{options(run.kind, metadata)})"
                )
                Path(f"{path}.tmp").replace(path)
                written.append(path)
            done += part.rows
            if order.progress is not None:
                order.progress(done, run.source.rows)
    except BaseException:
        begun = [] if order.into is None else list(order.into.parent.glob(f"{order.into.name}.part-*.tmp"))
        remove([*written, *begun])
        raise
    run.counts.quarantined += len(refused)
    return written, refused


def _count(guideline: Guideline, run: _Run) -> None:
    """Add up what the part says, for the summary."""
    counts, duck = run.counts, run.duck
    counts.out += int(duck.one("SELECT count(*) FROM answers"))
    wanted = ", ".join(
        f"count(*) FILTER (WHERE r{i}_status = '{status}')" for i in range(len(guideline.rules)) for status in STATUSES
    )
    found = iter(duck.rows(f"SELECT {wanted} FROM answers")[0])
    for spec in guideline.rules:
        of = counts.statuses.setdefault(spec.rule.id, dict.fromkeys(STATUSES, 0))
        for status in STATUSES:
            of[status] += int(next(found))
    layout = run.runner.layout
    listed = ", ".join(f"missing_{w}" for w in layout.words)
    for *words, count in duck.rows(f"SELECT {listed}, count(*) FROM answers GROUP BY {listed}"):
        for name in layout.names_of(words):
            counts.missing[name] = counts.missing.get(name, 0) + count
    for problems, count in duck.rows("SELECT problems, count(*) FROM answers WHERE problems <> '' GROUP BY problems"):
        for name in {name for name in str(problems).split(";") if name}:
            counts.problems[name] = counts.problems.get(name, 0) + count


STATUSES = ("recommended", "blocked", "needs_data", "not_applicable")
