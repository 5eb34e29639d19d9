"""A table answered by two executors that are killed at it: `spark_cluster.py ENGINE PACK TABLE ANSWERS WORK`.

Run by `test_spark`, in a process of its own: a process has one Spark.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from datetime import date
from pathlib import Path

import cds_engine
from cds_engine.batch.spark_session import ON_ONE_MACHINE

PROCESSES = Path("/proc")
AT_WORK = {
    "spark": "kept/*-answered/_temporary/0/_temporary/attempt_*/*.parquet",  # a task of the answers has begun its file
    "duckdb-on-spark": "attempt-*",  # a part has been begun
}
"""What is there in the folder of a run when executors are at work."""


def executors(application: str) -> list[int]:
    """Return the processes of the executors of an application, without what one of them is about to start."""
    found = {}
    for process in PROCESSES.glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_text().split("\0")
            parent = int((process / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue  # it has ended meanwhile
        if application in words and any(word.endswith("CoarseGrainedExecutorBackend") for word in words):
            found[int(process.name)] = parent
    return [process for process, parent in found.items() if parent not in found]


def kill_at_work(parts: Path, sign: str, application: str, killed: list[int]) -> None:
    """Kill every executor once, as soon as the sign of their work is there."""
    while not [*parts.glob(sign)]:
        time.sleep(0.01)
    killed += executors(application)
    for process in killed:
        os.kill(process, signal.SIGKILL)


def at_home(work: Path) -> None:
    """Have Spark take *work* for the place where it is installed: its executors write there."""
    import pyspark  # noqa: PLC0415 - an extra

    for part in ("bin", "jars"):
        (work / part).symlink_to(Path(pyspark.__file__).parent / part)
    os.environ |= {"SPARK_HOME": str(work), "SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_PYTHON": sys.executable}


def main(engine: str, pack: str, table: Path, answers: Path, work: Path) -> None:
    """Answer the table, and print how many executors were killed and how many there were."""
    at_home(work)
    from pyspark.sql import SparkSession  # noqa: PLC0415 - an extra

    builder = SparkSession.builder.master("local-cluster[2,1,512]")
    own = {"spark.driver.memory": "1g", "spark.executor.memory": "512m"}
    own |= {"spark.sql.files.maxPartitionBytes": "4000", "spark.sql.files.openCostInBytes": "0"}  # several tasks
    for name, value in {**ON_ONE_MACHINE, **own}.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("OFF")
    killed: list[int] = []
    parts = answers.with_name(f"{answers.name}.parts")
    watch = (parts, AT_WORK[engine], session.sparkContext.applicationId, killed)
    threading.Thread(target=kill_at_work, args=watch, daemon=True).start()
    wish = {"as_of": date(2026, 11, 21), "part_rows": None if engine == "spark" else 1000, "sample": 0}
    cds_engine.load(pack).evaluate_table(table, answers, engine=engine, session=session, **wish)
    sys.stdout.write(f"{len(killed)} {len([*work.glob('work/app-*/[0-9]*')])}\n")
    session.stop()


if __name__ == "__main__":
    main(*sys.argv[1:3], *map(Path, sys.argv[3:]))
