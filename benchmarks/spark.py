"""A table answered on Spark: by SQL by hand, by the compiled pack in DuckDB on executors, and by it in Spark SQL.

`python benchmarks/spark.py [jdm|made_up] [ROWS] [ROUNDS] [--without-spark-sql]`; needs `cds_engine[spark]`, Java, and
for the JDM pack `sqlglot`. By hand are the queries that DuckDB is measured with: `by_hand.sql`, which Spark reads as it
stands, and `jdm/by_hand.sql`, translated by `jdm/for_spark.py`. All write the same columns, and every row is compared
before anything is timed. What is told is seconds of processor time of this process, of Spark's and of the Python of its
tasks, which other programs on the machine disturb less than the time on the wall, and the largest memory.
`python benchmarks/spark.py --table TABLE MAPPING` answers a table of the whole JDM pack by Spark SQL instead, such as a
cohort.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import duckdb
from workloads import AS_OF, WORKLOADS, Workload, write_table

import cds_engine
from cds_engine.batch.columns import Wishes
from cds_engine.batch.order import EngineName
from cds_engine.batch.spark import SETTINGS
from cds_engine.batch.spark_session import started
from cds_engine.batch.spark_text import spelled
from cds_engine.batch.table import Order, evaluate_table
from cds_engine.engine.guide import LoadedPack

MEMORY = "2g"
BY_HAND = "SQL by hand"
OF_FILES = ("spark.sql.parquet.compression.codec", "parquet.compression.codec.zstd.level", "spark.sql.ansi.enabled")
"""What is set for SQL by hand as well; the rest of our settings is of use to longer texts only."""


class Processes:
    """This process and all that it has started: Spark's, and the Python of its tasks."""

    def __init__(self, session) -> None:
        self.java = int(session.sparkContext._jvm.java.lang.ProcessHandle.current().pid())  # noqa: SLF001

    def seconds(self) -> float:
        """Return the processor time of all of them, also of those that have ended."""
        return sum(sum(map(int, fields[11:15])) for _, fields in tree()) / os.sysconf("SC_CLK_TCK")

    def memory_of_java(self) -> float:
        return peak_memory(self.java)

    def memory_of_a_task(self) -> float:
        """Return the largest memory of a Python that tasks run in."""
        own = (process for process, _ in tree() if process not in {self.java, os.getpid()})
        return max((peak_memory(process) for process in own), default=0.0)


def tree() -> Iterator[tuple[int, list[str]]]:
    """Yield the processes under this one with what the system says of each, from its state on."""
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has ended meanwhile
            found[int(stat.parent.name)] = stat.read_text().rpartition(")")[2].split()
    wanted = [os.getpid()]
    while wanted:
        process = wanted.pop()
        yield process, found[process]
        wanted += [child for child, fields in found.items() if int(fields[1]) == process]


def peak_memory(process: int) -> float:
    """Return the most memory that a process has held, in GB; 0 once it has ended."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1e6 if "VmHWM:" in status else 0.0


def compiled(pack: LoadedPack, table: Path, out: Path, units: dict[str, str], session, engine: EngineName) -> None:
    order = Order(table, out, AS_OF, Wishes(units), engine=engine, session=session)
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


def main(workload: Workload, rows: int, rounds: int, *, with_spark_sql: bool) -> None:
    pack = LoadedPack(cds_engine.load(workload.pack).guideline, {})
    session, _ = started(2, MEMORY)
    processes, by_hand = Processes(session), session.newSession()
    for name in OF_FILES:
        by_hand.conf.set(name, SETTINGS[name])
    with tempfile.TemporaryDirectory() as folder:
        table, ours, theirs = (Path(folder, name) for name in ("in.parquet", "ours.parquet", "theirs.parquet"))
        write_table(workload, table, rows, pack.guideline.dictionary)
        runs: dict[str, Callable[[], None]] = {
            BY_HAND: lambda: by_sql(by_hand, workload, table, theirs),
            "DuckDB on Spark": lambda: compiled(pack, table, ours, workload.units, session, "duckdb-on-spark"),
        }
        if with_spark_sql:
            runs["Spark SQL"] = lambda: compiled(pack, table, ours, workload.units, session, "spark")
        found: dict[str, list[float]] = {name: [] for name in runs}
        for number in range(rounds + 1):
            for name, run in runs.items():
                before, wall = processes.seconds(), time.monotonic()
                run()
                used = processes.seconds() - before
                print(f"round {number}: {name} {used:.1f} s of processor, {time.monotonic() - wall:.1f} s", flush=True)
                if number:  # the first compiles, in Java and in Spark
                    found[name].append(used)
                elif name != BY_HAND:
                    compare(ours, theirs)
        memory = (processes.memory_of_java(), processes.memory_of_a_task())
    medians = {name: statistics.median(each) for name, each in found.items()}
    for name, used in medians.items():
        ratio, speed = used / medians[BY_HAND], rows / used
        print(f"{name:20}{used:8.1f} s of processor {ratio:6.2f} {speed:10,.0f} rows a processor second")
    print("Spark's process held {:.2f} GB at most, the Python of a task {:.2f} GB".format(*memory))
    session.stop()


def cohort(table: Path, mapping: Path) -> None:
    """Answer a table of the JDM pack once."""
    pack = LoadedPack(cds_engine.load("jdm_calcinosis").guideline, {})
    units = json.loads(mapping.read_text())["units"]
    session, _ = started(2, MEMORY)
    processes, wall = Processes(session), time.monotonic()
    before = processes.seconds()
    with tempfile.TemporaryDirectory() as folder:
        compiled(pack, table, Path(folder, "answers.parquet"), units, session, "spark")
        rows = duckdb.sql(f"SELECT count(*) FROM '{folder}/answers.parquet/*.parquet'").fetchall()[0][0]
    used = processes.seconds() - before
    print(f"{rows:,} rows, {used:.0f} s of processor, {time.monotonic() - wall:.0f} s on the wall,"
          f" {processes.memory_of_java():.2f} GB at most with {MEMORY} for the driver")  # fmt: skip
    session.stop()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--table"]:
        cohort(Path(sys.argv[2]), Path(sys.argv[3]))
    else:
        words = sys.argv[1:]
        chosen = words.pop(0) if words[:1] and words[0] in WORKLOADS else "jdm"
        every = "--without-spark-sql" not in words
        given = [int(word) for word in words if word.isdigit()]
        rows, rounds = [*given, *(1_000_000, 3)[len(given) :]]
        main(WORKLOADS[chosen], rows, rounds, with_spark_sql=every)
