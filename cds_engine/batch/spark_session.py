"""The only door to pyspark: where a session comes from, and what a DataFrame says of itself."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from cds_engine.diagnostics import InputError

NEEDS = "this needs Spark; install `cds_engine[spark]`, and Java 8, 11 or 17"
HUGE_METHODS = "-XX:-DontCompileHugeMethods"
"""The methods that Spark writes for a pack are longer than what Java compiles of its own accord."""
ON_ONE_MACHINE = {
    "spark.driver.extraJavaOptions": HUGE_METHODS,
    "spark.executor.extraJavaOptions": HUGE_METHODS,
    "spark.sql.codegen.cache.maxEntries": "10000",  # a large pack is more classes than the 100 that are kept else
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}
"""What must be set before Spark starts: a session that is handed in brings its own."""


def is_dataframe(table: object) -> bool:
    """Say whether a table is a DataFrame of Spark."""
    return type(table).__module__.startswith("pyspark.sql.")


def session_of(table: object) -> object:
    """Return the session of a DataFrame, None for any other table."""
    return table.sparkSession if is_dataframe(table) else None  # type: ignore[attr-defined]


def identity_of_dataframe(table: object) -> str:
    """Return what tells a DataFrame from another, as far as its plan does."""
    frame: Any = table
    return f"{frame.schema.simpleString()} {frame.semanticHash()}"


def write_parquet(table: object, into: Path) -> None:
    """Write a DataFrame as a folder of Parquet files."""
    frame: Any = table
    frame.write.mode("overwrite").parquet(uri_of(into))


def uri_of(path: Path) -> str:
    """Return a path as Spark takes it."""
    return path.resolve().as_uri()


def spark_errors() -> tuple[type[Exception], ...]:
    """Return what Spark raises, and what comes through from Java."""
    from py4j.protocol import Py4JError  # noqa: PLC0415 - an extra, loaded when it is asked for
    from pyspark.errors import PySparkException  # noqa: PLC0415 - as above

    return (PySparkException, Py4JError)


def started(threads: int, memory: str) -> tuple[Any, bool]:
    """Return a session on this machine, and whether it was started now: one that runs already is somebody else's.

    Raises:
        InputError: If Spark is not installed, or Java is not.
    """
    try:
        from pyspark import SparkContext  # noqa: PLC0415 - an extra, loaded when it is asked for
        from pyspark.errors import PySparkRuntimeError  # noqa: PLC0415 - as above
        from pyspark.sql import SparkSession  # noqa: PLC0415 - as above
    except ImportError:
        raise InputError(NEEDS) from None
    if SparkContext._active_spark_context is not None:  # noqa: SLF001 - whatever thread asks
        return SparkSession.builder.getOrCreate(), False
    tried = 4  # times each task, as on a cluster
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # that of the tasks; else the first on the path
    builder = SparkSession.builder.master(f"local[{threads},{tried}]").appName("cds_engine")
    # a folder that Spark makes for tables that it might keep: there are none, and none belongs where somebody works
    warehouse = uri_of(Path(tempfile.gettempdir(), "cds-engine-spark"))
    own = {"spark.driver.memory": memory, "spark.sql.warehouse.dir": warehouse}
    for name, value in {**ON_ONE_MACHINE, **own}.items():
        builder = builder.config(name, value)
    try:
        found = builder.getOrCreate()
    except PySparkRuntimeError:
        raise InputError(NEEDS) from None
    found.sparkContext.setLogLevel("FATAL")  # what it cannot fuse it tells at length, and goes on; faults are raised
    return found, True
