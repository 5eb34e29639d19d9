"""A table answered by the compiled pack and by SQL by hand, both on Spark.

`python benchmarks/spark.py [jdm|made_up] [ROWS] [ROUNDS]`; needs `cds_engine[spark]`, Java, and for the JDM pack
`sqlglot`. By hand are the queries that DuckDB is measured with: `by_hand.sql`, which Spark reads as it stands, and
`jdm/by_hand.sql`, translated by `jdm/for_spark.py`. Both write the same columns, and every row is compared before
anything is timed. What is told is seconds of processor time of Spark and of Python, which other programs on the machine
disturb less than the time on the wall, and the largest memory of Spark's process.
`python benchmarks/spark.py --table TABLE MAPPING` answers a table of the whole JDM pack instead, such as a cohort.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
from workloads import AS_OF, WORKLOADS, Workload, write_table

import cds_engine
from cds_engine.batch.columns import Wishes
from cds_engine.batch.spark import SETTINGS, started
from cds_engine.batch.spark_text import spelled
from cds_engine.batch.table import Order, evaluate_table
from cds_engine.engine.guide import LoadedPack

MEMORY = "2g"
OF_FILES = ("spark.sql.parquet.compression.codec", "parquet.compression.codec.zstd.level", "spark.sql.ansi.enabled")
"""What is set for SQL by hand as well; the rest of our settings is of use to longer texts only."""


class Java:
    """The process of Spark, whose time and memory are told."""

    def __init__(self, session) -> None:
        self._process = int(session.sparkContext._jvm.java.lang.ProcessHandle.current().pid())  # noqa: SLF001

    def seconds(self) -> float:
        fields = Path(f"/proc/{self._process}/stat").read_text().rpartition(")")[2].split()
        used = resource.getrusage(resource.RUSAGE_SELF)
        return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK") + used.ru_utime + used.ru_stime

    def memory(self) -> float:
        status = Path(f"/proc/{self._process}/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) / 1e6


def compiled(pack: LoadedPack, table: Path, out: Path, units: dict[str, str], session) -> None:
    order = Order(table, out, AS_OF, Wishes(units), engine="spark", session=session)
    evaluate_table(pack.guideline, pack.evaluate, order)


def by_sql(session, workload: Workload, table: Path, out: Path) -> None:
    session.read.parquet(str(table)).createOrReplaceTempView("patients")
    if workload.prelude:
        from jdm import for_spark  # it needs sqlglot

        found = for_spark.run(session, workload.prelude)
    else:
        found = session.sql(spelled(workload.query))
    found.write.mode("overwrite").parquet(str(out))


def compare(ours: Path, theirs: Path) -> None:
    """Raise if any status or displayed dose differs, or a row is there on one side only."""
    mine, other = f"'{ours}/*.parquet'", f"'{theirs}/*.parquet'"
    columns = [row[0] for row in duckdb.sql(f"DESCRIBE SELECT * FROM {other}").fetchall() if row[0] != "patient"]
    found = [row[0] for row in duckdb.sql(f"DESCRIBE SELECT * FROM {mine}").fetchall()]
    own = {name.split("_mg_per_")[0]: name for name in found} | {name: name for name in found}
    differs = " OR ".join(
        ["mine.patient IS NULL", "other.patient IS NULL"]
        + [f"mine.{own[name]} IS DISTINCT FROM other.{name}" for name in columns]
    )
    pairs = f"{mine} AS mine FULL JOIN {other} AS other USING (patient)"
    [(total, wrong)] = duckdb.sql(f"SELECT count(*), count(*) FILTER (WHERE {differs}) FROM {pairs}").fetchall()
    assert not wrong, f"{wrong} of {total} rows differ from SQL by hand"
    print(f"{total:,} rows equal to SQL by hand: {len(columns)} columns each", flush=True)


def main(workload: Workload, rows: int, rounds: int) -> None:
    pack = LoadedPack(cds_engine.load(workload.pack).guideline, {})
    session = started(2, MEMORY)
    java, by_hand = Java(session), session.newSession()
    for name in OF_FILES:
        by_hand.conf.set(name, SETTINGS[name])
    with tempfile.TemporaryDirectory() as folder:
        table, ours, theirs = (Path(folder, name) for name in ("in.parquet", "ours.parquet", "theirs.parquet"))
        write_table(workload, table, rows, pack.guideline.dictionary)
        runs: dict[str, Callable[[], None]] = {
            "the compiled pack": lambda: compiled(pack, table, ours, workload.units, session),
            "SQL by hand": lambda: by_sql(by_hand, workload, table, theirs),
        }
        found: dict[str, list[float]] = {name: [] for name in runs}
        for number in range(rounds + 1):
            for name, run in runs.items():
                before = java.seconds()
                run()
                used = java.seconds() - before
                print(f"round {number}: {name} {used:.1f} s of processor", flush=True)
                if number:  # the first compiles, in Java and in Spark
                    found[name].append(used)
            if not number:
                compare(ours, theirs)
    medians = {name: statistics.median(each) for name, each in found.items()}
    own = medians["the compiled pack"]
    for name, used in medians.items():
        print(f"{name:20}{used:8.1f} s of processor {used / own:6.2f} {rows / used:10,.0f} rows a processor second")
    print(f"Spark's process held {java.memory():.2f} GB at most")
    session.stop()


def cohort(table: Path, mapping: Path) -> None:
    """Answer a table of the JDM pack once."""
    pack = LoadedPack(cds_engine.load("jdm_calcinosis").guideline, {})
    units = json.loads(mapping.read_text())["units"]
    session = started(2, MEMORY)
    java, before, wall = Java(session), 0.0, time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        compiled(pack, table, Path(folder, "answers.parquet"), units, session)
        rows = duckdb.sql(f"SELECT count(*) FROM '{folder}/answers.parquet/*.parquet'").fetchall()[0][0]
    used = java.seconds() - before
    print(f"{rows:,} rows, {used:.0f} s of processor, {time.monotonic() - wall:.0f} s on the wall,"
          f" {java.memory():.2f} GB at most with {MEMORY} for the driver")  # fmt: skip
    session.stop()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--table"]:
        cohort(Path(sys.argv[2]), Path(sys.argv[3]))
    else:
        words = sys.argv[1:]
        chosen = words.pop(0) if words[:1] and words[0] in WORKLOADS else "jdm"
        given = [int(word) for word in words]
        main(WORKLOADS[chosen], *[*given, *(1_000_000, 3)[len(given) :]])
