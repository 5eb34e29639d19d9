"""A guideline over a table, from opening it to the last part: what `LoadedPack.evaluate_table` does."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Literal, Protocol

from cds_engine.batch.answers import kept_columns, long_query, reason_columns, wide_query
from cds_engine.batch.check import Difference, differences
from cds_engine.batch.columns import Columns, Wishes, understand
from cds_engine.batch.duck import Duck, literal, quoted
from cds_engine.batch.part import PartRunner, Task, entry_of
from cds_engine.batch.sample import facts_of
from cds_engine.batch.sources import Source, open_source
from cds_engine.diagnostics import EngineDisagreement, InputError
from cds_engine.lowering.guideline import Guideline
from cds_engine.results.evaluation import Evaluation

Form = Literal["wide", "long"]
ENDINGS = {".parquet": "PARQUET", ".csv": "CSV", ".ndjson": "JSON", ".jsonl": "JSON"}
PART_ROWS = 250_000
SAMPLE = 200


class Evaluator(Protocol):
    """The evaluator of single patients, to which the columns are held."""

    def __call__(self, facts: Mapping[str, object], *, as_of: date | str | None) -> Evaluation:
        """Return the answer for one patient."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be done: read what, as what, and write it where."""

    table: object
    into: Path | None = None
    as_of: date | None = None
    wishes: Wishes = Wishes()
    medicines: object = None
    form: Form = "wide"
    part_rows: int = PART_ROWS
    sample: int = SAMPLE
    seed: int = 1
    threads: int | None = None
    memory: str | None = None
    progress: Callable[[int, int], None] = field(default=lambda done, rows: None)
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
    checked: int = 0
    statuses: dict[str, dict[str, int]] = field(default_factory=dict)
    missing: dict[str, int] = field(default_factory=dict)
    problems: dict[str, int] = field(default_factory=dict)


def evaluate_table(guideline: Guideline, evaluator: Evaluator, order: Order) -> Report:
    """Answer every row of a table.

    Raises:
        InputError: If the table cannot be read or a column not be understood; nothing has been written then.
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
        parts, refused = _run(guideline, evaluator, order, _Run(duck, source, columns, runner, counts, kind))
        rows_in = source.rows + len(source.bad)
        if counts.out + counts.quarantined != rows_in:
            _remove(parts)
            raise EngineDisagreement("rows", {"read": str(rows_in), "answered": str(counts.out + counts.quarantined)})
        if order.into is not None:
            _finish(parts, order.into, kind, duck, _metadata(guideline, order))
        quarantine = _write_quarantine(order.into, source, refused)
    finally:
        duck.close()
    return Report(
        rows_in=rows_in,
        rows_out=counts.out,
        quarantined=counts.quarantined,
        checked=counts.checked,
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
    if into is None:
        return "PARQUET"
    kind = ENDINGS.get(into.suffix)
    if kind is None:
        raise InputError(f"`{into}` is no kind of output that is written; its name should end in .parquet, .csv or .ndjson")
    return kind


def _medicines(order: Order, duck: Duck) -> Mapping[str, str] | None:
    """Open the second table, of which every row is one medicine of a patient."""
    if order.medicines is None:
        return None
    source = open_source(order.medicines, duck, 1_000_000_000, "medicines")
    relation = " UNION ALL ".join(f"SELECT * FROM {part.relation}" for part in source.parts) or "SELECT 1 WHERE FALSE"
    duck.keep("medicines_in", relation)
    if "drug" not in source.columns:
        raise InputError("the table of medicines needs the columns `patient` and `drug`; `dose`, `unit`, `per`, `times` and `route` may follow")
    return source.columns


def _run(guideline: Guideline, evaluator: Evaluator, order: Order, run: _Run) -> tuple[list[Path], list[int]]:
    """Answer part by part; a part is written whole under another name and then renamed."""
    written: list[Path] = []
    refused: list[int] = []
    own = [cell.name for cell in run.columns.cells if cell is run.columns.patient or (order.wishes.keep and cell.name in run.columns.ignored)]
    layout = run.runner.layout
    kept = kept_columns(layout) + (reason_columns(layout) if order.form == "long" else [])
    make = long_query if order.form == "long" else wide_query
    generator = random.Random(order.seed)  # noqa: S311 - a sample, no secret
    done = 0
    try:
        for number, part in enumerate(run.source.parts):
            run.runner.answer(part.relation, kept)
            refused += [row[0] for row in run.duck.rows("SELECT row FROM refused")]
            _check(guideline, evaluator, order, run, part.relation, _share(order.sample, part.rows, run.source.rows), generator)
            _count(guideline, run)
            if order.into is not None:
                path = order.into.with_name(f"{order.into.name}.part-{number:05d}")
                run.duck.run(f"COPY ({make(layout, own, part.relation)}) TO {literal(str(path) + '.tmp')} (FORMAT {run.kind}{_options(run.kind)})")
                Path(f"{path}.tmp").replace(path)
                written.append(path)
            done += part.rows
            order.progress(done, run.source.rows)
    except BaseException:
        _remove(written)
        raise
    run.counts.quarantined += len(refused)
    return written, refused


def _options(kind: str) -> str:
    return {"PARQUET": ", COMPRESSION zstd, COMPRESSION_LEVEL 1", "CSV": ", HEADER", "JSON": ""}[kind]


def _share(sample: int, rows: int, of: int) -> int:
    return min(rows, max(1, round(sample * rows / of))) if sample and of else 0


def _remove(parts: list[Path]) -> None:
    for part in parts:
        part.unlink(missing_ok=True)


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
    union = ", ".join(
        " | ".join(f"r{i}_missing_{w}" for i in range(len(guideline.rules))) + f" AS m{w}" for w in layout.words
    )
    listed = ", ".join(f"m{w}" for w in layout.words)
    for *words, count in duck.rows(f"SELECT {listed}, count(*) FROM (SELECT {union} FROM answers) GROUP BY {listed}"):
        for name in layout.names_of(words):
            counts.missing[name] = counts.missing.get(name, 0) + count
    for problems, count in duck.rows("SELECT problems, count(*) FROM answers WHERE problems <> '' GROUP BY problems"):
        for name in set(str(problems).split(";")):
            counts.problems[name] = counts.problems.get(name, 0) + count


STATUSES = ("recommended", "blocked", "needs_data", "not_applicable")


def _check(  # noqa: PLR0913, PLR0917 - what a sampled row is made of
    guideline: Guideline, evaluator: Evaluator, order: Order, run: _Run, relation: str, wanted: int, generator: random.Random
) -> None:
    """Hold a sample of the rows to the evaluator."""
    if not wanted:
        return
    low, high = run.duck.rows("SELECT min(row), max(row) FROM answers")[0]
    if low is None:
        return
    rows = sorted(generator.sample(range(low, high + 1), min(wanted, high - low + 1)))
    listed = ", ".join(str(row) for row in rows)
    cells = {found["row"]: found for found in run.duck.records(f"SELECT * FROM {relation} AS cells WHERE row IN ({listed})")}
    answers = run.duck.records(f"SELECT * FROM answers WHERE row IN ({listed})")
    entries = _entries(order, run, [cells[answer["row"]] for answer in answers])
    for answer in answers:
        cell = cells[answer["row"]]
        facts = facts_of(cell, run.columns, entries.get(answer["row"], ()), guideline.dictionary.medications)
        as_of = _day(cell, run.columns) or order.as_of
        found: list[Difference] = differences(run.runner.layout, answer, evaluator({"facts": facts}, as_of=as_of))
        if found:
            said = "; ".join(f"{d.what}: {d.columns} in columns, {d.evaluator} by the evaluator" for d in found[:5])
            raise EngineDisagreement(f"row {answer['row']}", {"columns": said, "the row": json.dumps(facts, default=str)})
        run.counts.checked += 1


def _day(cell: Mapping[str, object], columns: Columns) -> date | None:
    value = cell[columns.as_of.name] if columns.as_of is not None else None
    if value is None or isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value).strip())
    except ValueError:
        return None


def _entries(order: Order, run: _Run, cells: list[Mapping[str, object]]) -> dict[int, list[object]]:
    """Return the rows of the second table for the sampled patients, by row."""
    patient = run.columns.patient
    if order.medicines is None or patient is None:
        return {}
    columns = run.duck.columns("medicines_in")
    own = next(name for name in ("patient", "patient_id", "id") if name in columns)
    listed = ", ".join(literal(str(cell[patient.name])) for cell in cells)
    found: dict[str, list[object]] = {}
    for record in run.duck.records(f"SELECT * FROM medicines_in WHERE CAST({quoted(own)} AS VARCHAR) IN ({listed})"):
        found.setdefault(str(record[own]), []).append(entry_of({k: v for k, v in record.items() if k not in {own, "row"}}))
    return {int(str(cell["row"])): found.get(str(cell[patient.name]), []) for cell in cells}


# Output


def _metadata(guideline: Guideline, order: Order) -> dict[str, str]:
    manifest = guideline.pack.manifest
    return {
        "pack": manifest.id,
        "version": manifest.version,
        "hash": guideline.pack.hash,
        "as_of": "" if order.as_of is None else order.as_of.isoformat(),
        "review": str(manifest.review),
        "notices": "\n".join(notice.says for notice in manifest.notices),
    }


def _finish(parts: list[Path], into: Path, kind: str, duck: Duck, metadata: Mapping[str, str]) -> None:
    """Put the parts together under the name that was asked for, as the last thing that happens."""
    whole = into.with_name(into.name + ".tmp")
    if kind == "PARQUET":
        files = ", ".join(literal(str(part)) for part in parts)
        listed = ", ".join(f"{key}: {literal(value)}" for key, value in metadata.items())
        duck.run(f"COPY (SELECT * FROM read_parquet([{files}])) TO {literal(str(whole))} (FORMAT PARQUET, COMPRESSION zstd, COMPRESSION_LEVEL 1, KV_METADATA {{{listed}}})")
    else:
        with whole.open("wb") as out:
            for number, part in enumerate(parts):
                with part.open("rb") as one:
                    if number and kind == "CSV":
                        one.readline()
                    while chunk := one.read(1 << 20):
                        out.write(chunk)
        into.with_name(into.name + ".metadata.json").write_text(json.dumps(metadata, indent=1) + "\n", encoding="utf-8")
    whole.replace(into)
    _remove(parts)


def _write_quarantine(into: Path | None, source: Source, refused: list[int]) -> Path | None:
    lines: list[dict[str, object]] = [{"line": bad.line, "value": bad.value, "reason": bad.reason} for bad in source.bad]
    lines += [{"row": row, "reason": "too_many_readings: more than 64 ways to read the row's contradictions"} for row in refused]
    if into is None or not lines:
        return None
    path = into.with_name(into.name + ".quarantine.ndjson")
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path
