"""How fast a table is answered: made-up patients from Parquet to wide Parquet, beside the evaluator on the same rows.

`python benchmarks/batch.py [ROWS] [PART_ROWS]`; needs `cds_engine[batch]`. It reports wall time, processor time (which
other programs on the machine disturb less), the largest resident memory, and the evaluator's own speed.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

import duckdb
from cohort import NUMBERS, write_cohort

import cds_engine
from cds_engine.batch.columns import Wishes, understand
from cds_engine.batch.sample import facts_of
from cds_engine.batch.table import PART_ROWS, Order, evaluate_table
from cds_engine.engine.guide import LoadedPack

AS_OF = date(2026, 11, 21)
UNITS = {name: written[3] for name, written in NUMBERS.items()}
SINGLE = 2000


def processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def one_by_one(pack: LoadedPack, table: Path) -> float:
    """Return how many rows a second of processor time the evaluator answers, one by one."""
    found = duckdb.connect().execute(f"SELECT * FROM '{table}' LIMIT {SINGLE}")
    names = [column[0] for column in found.description]
    kinds = {column[0]: str(column[1]) for column in found.description}
    columns = understand(kinds, pack.guideline.dictionary, Wishes(UNITS))
    patients = [facts_of(dict(zip(names, row, strict=True)), columns, (), None) for row in found.fetchall()]
    started = processor_seconds()
    for facts in patients:
        pack.evaluate({"facts": facts}, as_of=AS_OF)
    return len(patients) / (processor_seconds() - started)


def main(rows: int, part_rows: int) -> None:
    pack = LoadedPack(cds_engine.load("jdm_calcinosis").guideline, {})
    with tempfile.TemporaryDirectory() as folder:
        table, out = Path(folder, "patients.parquet"), Path(folder, "answers.parquet")
        write_cohort(table, rows, pack.guideline.dictionary)
        wall, processor = time.monotonic(), processor_seconds()
        order = Order(table, out, AS_OF, Wishes(UNITS), part_rows=part_rows)
        report = evaluate_table(pack.guideline, pack.evaluate, order)
        wall, processor = time.monotonic() - wall, processor_seconds() - processor
        single = one_by_one(pack, table)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"{report.rows_out:,} rows in {wall:.1f} s, {processor:.1f} s of processor, {memory:.2f} GB at most")
    print(f"{report.rows_out / wall:,.0f} rows a second, {report.rows_out / processor:,.0f} a processor second")
    print(f"the evaluator alone, one by one: {single:,.0f} a processor second")


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    main(*[*given, *(1_000_000, PART_ROWS)[len(given) :]])
