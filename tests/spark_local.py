"""Spark on this machine, for the tests that need it, and what they share."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from dataclasses import replace
from importlib.util import find_spec
from shutil import which

import duckdb
import pytest
from scenario_patients import ROOT

PACK = os.environ.get("SPARK_PACK", str(ROOT / "tests" / "corpus" / "packs" / "good"))
"""A small pack, so that this ends within a minute; `SPARK_PACK=jdm_calcinosis` takes the large one, by hand."""
needs_spark = pytest.mark.skipif(
    find_spec("pyspark") is None or which("java") is None,
    reason="Spark or Java is not installed: `make test-spark` installs Spark",
)
BRIEF = "-XX:TieredStopAtLevel=1"
"""What Java optimizes further pays off with more rows than tests have."""
quiet = [  # the sockets between Python and Java are closed by whoever collects what is left
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@contextmanager
def running():
    """Give a session of two threads, in which a task is tried three times."""
    from pyspark.sql import SparkSession  # noqa: PLC0415 - an extra

    from cds_engine.batch.spark_session import HUGE_METHODS, ON_ONE_MACHINE  # noqa: PLC0415 - as above

    os.environ["PYSPARK_PYTHON"] = sys.executable
    builder = SparkSession.builder.master("local[2,3]")
    java = f"{HUGE_METHODS} {BRIEF}"
    own = {"spark.driver.memory": "2g", "spark.driver.extraJavaOptions": java, "spark.executor.extraJavaOptions": java}
    for name, value in {**ON_ONE_MACHINE, **own}.items():
        builder = builder.config(name, value)
    found = builder.getOrCreate()
    found.sparkContext.setLogLevel("OFF")
    yield found
    found.stop()


def counted(report):
    """Return what a report says of the rows, whenever they were answered and wherever the quarantine stands."""
    return replace(report, seconds=0.0, quarantine=None)


def in_words(path):
    """Return a query for a table of answers; DuckDB keeps a status as a number with a name."""
    columns = [row[:2] for row in duckdb.sql(f"DESCRIBE SELECT * FROM '{path}'").fetchall()]
    kinds = {"ENUM": "VARCHAR"}
    listed = ", ".join(f'CAST("{name}" AS {kinds.get(kind[:4], kind)}) AS "{name}"' for name, kind in columns)
    return f"SELECT {listed} FROM '{path}'"


def check_equal(one, other):
    """Raise if two tables of answers do not have the same rows, as often each."""
    said = [in_words(path) for path in (one, other)]
    for mine, theirs in (said, said[::-1]):
        assert duckdb.sql(f"{mine} EXCEPT ALL {theirs}").fetchall() == []
