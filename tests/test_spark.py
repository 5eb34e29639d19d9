"""Spark says what DuckDB and the evaluator say, and loses or doubles no row when a task has to be tried again.

`make test-spark` installs Spark (Java is needed) and runs this; without it the tests are skipped.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
from dataclasses import replace
from random import Random

import duckdb
import pyarrow as pa
import pytest
from rows import as_cells
from scenario_patients import ROOT
from spark_local import PACK, check_equal, counted, needs_spark, quiet, running
from strategies import PatientMaker

import cds_engine
from cds_engine.batch import spark
from cds_engine.batch.engine import ROW
from cds_engine.batch.spark import Spark
from cds_engine.batch.spark_text import spelled
from cds_engine.batch.table import Order, evaluate_table
from cds_engine.diagnostics import InputError
from cds_engine.engine.guide import LoadedPack
from cds_engine.units import exact

COUNT = int(os.environ.get("SPARK_PATIENTS", "20000"))
SAMPLE = int(os.environ.get("SPARK_SAMPLE", "600"))
"""Rows that the evaluator answers as well; all others are held to DuckDB, which is held to the evaluator elsewhere."""
AS_OF = dt.date(2026, 11, 21)
pytestmark = quiet


@pytest.fixture(scope="module")
def session():
    with running() as found:
        yield found


@pytest.fixture(scope="module")
def pack():
    return LoadedPack(cds_engine.load(PACK).guideline, {})


def rows_of(pack):
    """Return generated patients as text, many of them on thresholds or malformed, and a day that is none."""
    maker, r = PatientMaker(pack.guideline), Random(9)  # noqa: S311 - a seeded test
    rows = [as_cells(maker.patient(r), pack.guideline.dictionary.facts) for _ in range(COUNT - 1)]
    rows.append({"height": "128 cm", "as_of": "someday"})
    names = list(dict.fromkeys(name for row in rows for name in row))
    cells = {name: pa.array([row.get(name) for row in rows], pa.string()) for name in names}
    return pa.table({"patient": [f"p{number}" for number in range(len(rows))], **cells})


@pytest.fixture
def compiled(monkeypatch):
    """Have Spark compile the text for as few rows as there are, and fail where it would interpret it instead.

    Rows in doubt, of which there are fewer, it interprets: they are never many.
    """
    monkeypatch.setattr(spark, "FEW", COUNT - 1)
    if "SPARK_PACK" not in os.environ:  # of a large pack Java refuses some methods, and Spark goes on without them
        only = {"spark.sql.codegen.fallback": "false", "spark.sql.codegen.factoryMode": "CODEGEN_ONLY"}
        monkeypatch.setattr(spark, "SETTINGS", spark.SETTINGS | only)


def check_same(folder, rows):
    """Hold the answers of Spark to those of DuckDB: the same rows, each once."""
    ours = folder / "spark.parquet" / "*.parquet"
    check_equal(folder / "duck.parquet", ours)
    assert duckdb.sql(f"SELECT count(DISTINCT row), count(*) FROM '{ours}'").fetchall() == [(rows, rows)]


@needs_spark
@pytest.mark.usefixtures("compiled")
def test_spark_answers_as_duckdb_and_the_evaluator(pack, session, tmp_path):
    """Compiled, as the text for many rows is; the other tests of this file have it interpreted."""
    table = tmp_path / "patients.parquet"
    duckdb.from_arrow(rows_of(pack)).write_parquet(str(table), row_group_size=4096)
    order = Order(table, tmp_path / "duck.parquet", AS_OF, sample=0)
    theirs = evaluate_table(pack.guideline, pack.evaluate, order)
    order = replace(order, into=tmp_path / "spark.parquet", engine="spark", session=session, sample=SAMPLE)
    ours = evaluate_table(pack.guideline, pack.evaluate, order)
    assert ours.checked == SAMPLE
    assert counted(replace(ours, checked=0)) == counted(theirs)
    assert ours.reasons["as_of"] == 1
    assert ours.quarantine.read_text() == theirs.quarantine.read_text()
    check_same(tmp_path, ours.rows_out)
    metadata = json.loads((tmp_path / "spark.parquet.metadata.json").read_text())
    assert metadata["hash"] == pack.guideline.pack.hash
    assert sorted(path.name for path in tmp_path.glob("spark*")) == [
        "spark.parquet", "spark.parquet.metadata.json", "spark.parquet.quarantine.ndjson",
    ]  # fmt: skip


def test_literals_and_names_are_spelled_as_spark_reads_them():
    said = spelled("""SELECT 'it''s \\ (not cds_days(a, b))' AS "x `y", cds_item(list_value('a', ')'), f(1, 2))""")
    assert said == (
        "SELECT 'it\\'s \\\\ (not cds_days(a, b))' AS `x ``y`, element_at(array('a', ')'), CAST(f(1, 2) AS INT))"
    )


@pytest.fixture
def engine(session, tmp_path):
    return Spark(session, tmp_path)


@needs_spark
def test_the_rounding_of_spark_is_ours(engine, tmp_path):
    r = Random(2)  # noqa: S311 - a seeded test
    values = [r.uniform(-1, 1) * 10 ** r.randint(-6, 14) for _ in range(5000)]
    values += [round(r.uniform(0, 1000), r.randint(0, 6)) for _ in range(5000)] + [128 * 0.393 * 2.54, 0.1 + 0.2, 0.0]
    values += [float(f"{r.choice('-+')}{r.randint(10**14, 10**15 - 1)}5e{r.randint(-21, -2)}") for _ in range(5000)]
    values += [float(f"{r.randint(10**14, 10**15 - 1)}5e{r.randint(-60, 6)}") for _ in range(5000)]
    values += [r.randint(10**14, 10**15) / 8 for _ in range(500)] + [float(r.randint(2**53, 2**65)) for _ in range(500)]
    values += [float("inf"), float("-inf")]
    duckdb.from_arrow(pa.table({"x": pa.array(values, pa.float64())})).write_parquet(str(tmp_path / "x.parquet"))
    _, [part] = engine.parts([tmp_path / "x.parquet"], 10**9, "numbers")
    said = engine.rows(f"SELECT cds_exact(x) FROM {part.relation} AS numbers ORDER BY {ROW}")
    assert [row[0] for row in said] == [exact(x) for x in values]


def failing_once(folder):
    """Return a function of a number that fails in the middle of each thousand the first time that it gets there."""

    def passes(number):
        mark = folder / f"failed-{number}"
        if number % 1000 == 500 and not mark.exists():
            mark.touch()
            raise OSError("the disk of this executor is gone")
        return True

    return passes


@needs_spark
def test_a_task_that_is_tried_again_neither_loses_nor_doubles_rows(engine, tmp_path):
    engine._session.udf.register("passes", failing_once(tmp_path), "boolean")  # noqa: SLF001 - what nobody else does
    everything = "SELECT id FROM range(0, 4000, 1, 4) WHERE passes(id)"
    engine.keep("kept", everything)
    engine.write("SELECT id FROM kept", tmp_path / "answers.parquet", "PARQUET", {})
    assert len(list(tmp_path.glob("failed-*"))) == 4
    found = duckdb.sql(f"SELECT count(*), count(DISTINCT id) FROM '{tmp_path}/answers.parquet/*.parquet'").fetchall()
    assert found == [(4000, 4000)]
    assert not (tmp_path / "answers.tmp").exists()


@needs_spark
def test_a_dataframe_is_answered_in_its_own_session_also_in_two_goes(pack, session, tmp_path):
    """Its rows are written once before they are read: a task that fails meanwhile changes nothing.

    In the long form, with a second table of medicines, with columns that are kept, and stopped when all is answered
    but not yet put together.
    """
    session.udf.register("passes", failing_once(tmp_path), "boolean")
    made = "SELECT concat('p', id) AS patient, id AS shoe, CAST(id % 90 AS DOUBLE) AS height FROM range(0, 3000, 1, 3)"
    frame = session.sql(f"{made} WHERE passes(id)")
    medicines = pa.table({"patient": ["p7", "p2900", "nobody"], "drug": ["examplin"] * 3})
    wish = {"as_of": AS_OF, "units": {"height": "cm"}, "keep": True, "form": "long", "medicines": medicines}

    def stop(done, rows):
        if done == rows:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pack.evaluate_table(frame, tmp_path / "answers.csv", progress=stop, **wish)
    report = pack.evaluate_table(frame, tmp_path / "answers.csv", resume=True, **wish)
    assert (report.rows_in, report.rows_out, report.checked, report.strays) == (3000, 3000, 200, 1)
    assert len(list(tmp_path.glob("failed-*"))) == 3
    same = pa.table([[f"p{n}" for n in range(3000)], range(3000), [n % 90.0 for n in range(3000)]], frame.columns)
    pack.evaluate_table(same, tmp_path / "duck.csv", **wish)
    one, other = (f"(SELECT * EXCLUDE (row) FROM '{tmp_path}/{name}.csv')" for name in ("answers", "duck"))
    assert duckdb.sql(f"{one} EXCEPT ALL {other} UNION ALL ({other} EXCEPT ALL {one})").fetchall() == []
    counted_rows = f"SELECT count(DISTINCT patient), count(DISTINCT row) FROM '{tmp_path}/answers.csv'"
    assert duckdb.sql(counted_rows).fetchall() == [(3000, 3000)]
    assert session.range(1).count() == 1, "the session lives on"


@needs_spark
@pytest.mark.skipif(COUNT < 20000, reason="six starts of Java take a minute or more: `make test-spark` sees to it")
@pytest.mark.parametrize("engine", ["spark", "duckdb-on-spark"])
def test_executors_that_are_killed_change_nothing(pack, tmp_path, engine):
    """All of them die at work on the answers; what others write in their place is that of one machine, once."""
    heights = pa.array([f"{n % 90 + 0.5} cm" for n in range(2000)])
    few = pa.table({"patient": [f"p{n}" for n in range(2000)], "height": heights})
    duckdb.from_arrow(few).write_parquet(str(tmp_path / "patients.parquet"), row_group_size=512)
    names = ("patients.parquet", "spark.parquet", "work")
    table, answers, work = (tmp_path / name for name in names)
    work.mkdir()
    command = [sys.executable, str(ROOT / "tests" / "spark_cluster.py"), engine, PACK]
    command += map(str, (table, answers, work))
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path, timeout=600)  # noqa: S603
    assert done.returncode == 0, done.stderr[-3000:]
    killed, ran = map(int, done.stdout.split())
    assert killed == 2
    assert ran > killed, "others have taken their place"
    pack.evaluate_table(table, tmp_path / "duck.parquet", as_of=AS_OF, sample=0)
    check_same(tmp_path, few.num_rows)
    assert sorted(path.name for path in answers.iterdir() if path.suffix != ".parquet") == []


def test_what_one_machine_does_patient_by_patient_is_refused(pack, tmp_path):
    with pytest.raises(InputError, match="orders are answered patient by patient"):
        pack.evaluate_table("patients.csv", tmp_path / "answers.csv", engine="spark", orders="orders.csv")
    assert list(tmp_path.iterdir()) == []


def test_without_spark_it_is_said_how_to_install_it(pack, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    monkeypatch.setitem(sys.modules, "pyspark.errors", None)
    (tmp_path / "patients.csv").write_text("height\n128 cm\n")
    with pytest.raises(InputError, match=r"install `cds_engine\[spark\]`"):
        pack.evaluate_table(tmp_path / "patients.csv", tmp_path / "answers.csv", engine="spark")
