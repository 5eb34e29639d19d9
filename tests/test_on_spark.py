"""Executors of Spark answer the parts of a table as one machine does, however often a part is begun."""

from __future__ import annotations

import datetime as dt
import json
import pickle
from dataclasses import replace

import duckdb
import pyarrow as pa
import pytest
import spark_faults
from spark_local import PACK, check_equal, counted, needs_spark, quiet, running

import cds_engine
from cds_engine.batch import on_spark, plan
from cds_engine.batch.columns import Wishes
from cds_engine.batch.executors import Executors, _reason
from cds_engine.batch.on_spark import Work
from cds_engine.batch.table import Order, evaluate_table
from cds_engine.batch.workplace import Workplace
from cds_engine.diagnostics import BackendFault, EngineDisagreement, InputError
from cds_engine.engine.guide import LoadedPack

AS_OF = dt.date(2026, 11, 21)
NINE = dt.datetime(2026, 10, 25, 9)  # noqa: DTZ001 - a column of times without a zone
UNITS = Wishes({"height": "cm", "weight": "kg", "egfr": "mL/min/{1.73_m2}"}, keep=True)
pytestmark = quiet


@pytest.fixture(scope="module")
def session():
    with running() as found:
        found.sparkContext.addPyFile(spark_faults.__file__)
        yield found


@pytest.fixture(scope="module")
def pack():
    return LoadedPack(cds_engine.load(PACK).guideline, {})


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    """Return patients of whom every rule says something else, one without a day, with medicines and orders."""
    rows = [
        {
            "patient": f"p{n}", "age": 18 + n % 70, "height": 150.0 + n % 40, "weight": 50.0 + n % 60, "lesions": n % 7,
            "gout": n % 5 == 0, "pregnancy": ("not_pregnant", "possible", None)[n % 3], "ulcer": n % 4 == 0,
            "egfr": 30.0 + n % 90, "allergies": ["nuts"] if n % 8 == 0 else [], "shoe": f"size {n}",
            "height_date": NINE + dt.timedelta(n % 28), "as_of": "someday" if n == 7 else "2026-11-20",
        }
        for n in range(300)
    ]  # fmt: skip
    drug = {"drug": "examplin", "dose": 15, "unit": "mg"}
    medicines = [{"patient": f"p{n}", **drug, "per": "week"} for n in range(0, 300, 6)]
    orders = [{"patient": f"p{n}", "id": f"o{n}", **drug, "per": "day"} for n in range(0, 300, 30)]
    orders.append({"patient": "nobody", "id": "o", **drug, "per": "day"})
    folder = tmp_path_factory.mktemp("tables")
    found = {"table": rows, "medicines": medicines, "orders": orders}
    for name, listed in found.items():
        into = str(folder / f"{name}.parquet")
        duckdb.from_arrow(pa.Table.from_pylist(listed)).write_parquet(into, row_group_size=2048)
    return {name: folder / f"{name}.parquet" for name in found}


@pytest.fixture
def order(tables, session, tmp_path):
    return Order(
        **tables, into=tmp_path / "spark.parquet", as_of=AS_OF, wishes=UNITS, part_rows=100, sample=30,
        engine="duckdb-on-spark", session=session,
    )  # fmt: skip


def answered(pack, order, evaluator=None):
    return evaluate_table(pack.guideline, evaluator or pack.evaluate, order)


def here(pack, order, into):
    """Answer by DuckDB in this process."""
    return answered(pack, replace(order, into=into, engine="duckdb", session=None))


@needs_spark
def test_executors_answer_as_one_machine_does(pack, order, tmp_path):
    ours, theirs = answered(pack, order), here(pack, order, tmp_path / "duck.parquet")
    assert counted(ours) == counted(theirs)
    assert (ours.rows_out, ours.checked, ours.reasons, ours.strays) == (299, 30, {"as_of": 1}, 1)
    assert ours.quarantine.read_text() == theirs.quarantine.read_text()
    for sheet in ("", ".orders"):
        check_equal(tmp_path / f"duck{sheet}.parquet", tmp_path / f"spark{sheet}.parquet" / "*.parquet")
    assert len([*(tmp_path / "spark.parquet").iterdir()]) == 3
    assert json.loads((tmp_path / "spark.parquet.metadata.json").read_text()) == ours.metadata
    assert not (tmp_path / "spark.parquet.parts").exists()


@needs_spark
def test_a_dataframe_in_the_long_form_although_a_process_is_killed(pack, order, session, tmp_path):
    (tmp_path / "notes").mkdir()
    wish = replace(order, into=tmp_path / "spark.csv", form="long", orders=None)
    frame = session.read.parquet(str(order.table))
    killed = spark_faults.Killed(pack, tmp_path / "notes")
    ours = answered(pack, replace(wish, table=frame, session=None), killed)
    assert (tmp_path / "notes" / "killed").exists()
    assert counted(ours) == counted(here(pack, wish, tmp_path / "duck.csv"))
    check_equal(tmp_path / "duck.csv", tmp_path / "spark.csv")


@needs_spark
def test_a_row_that_differs_from_the_evaluator_stops_the_run_and_is_not_tried_again(pack, order, tmp_path):
    (tmp_path / "notes").mkdir()
    wrong = spark_faults.Wrong(pack, tmp_path / "notes")
    with pytest.raises(EngineDisagreement, match=r"`row \d+`.*the row says"):
        answered(pack, replace(order, orders=None, sample=1), wrong)
    assert len([*(tmp_path / "notes").iterdir()]) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["notes"]


@needs_spark
def test_a_column_without_unit_is_refused_as_on_one_machine(pack, order, tmp_path, capfd):
    bare = tmp_path / "bare.csv"
    bare.write_text("patient,height,age\np1,150,30\n")
    with pytest.raises(InputError, match="the column `height` has no unit"):
        answered(pack, replace(order, table=bare, wishes=Wishes(), medicines=None, orders=None, sample=0))
    assert "Traceback" not in capfd.readouterr().err


@needs_spark
def test_a_session_that_runs_already_lives_on(pack, order, session):
    answered(pack, replace(order, session=None, orders=None, medicines=None, sample=0, part_rows=300))
    assert session.range(3).count() == 3


@needs_spark
def test_what_fails_as_often_as_it_is_tried_is_told_in_a_line(pack, order, tmp_path):
    (tmp_path / "notes").mkdir()
    failing = spark_faults.Failing(pack, tmp_path / "notes")
    with pytest.raises(BackendFault) as raised:
        answered(pack, replace(order, orders=None, sample=1), failing)
    assert str(raised.value) == "[Errno 28] No space left on device"
    assert len([*(tmp_path / "notes").iterdir()]) == 3
    assert not (tmp_path / "spark.parquet").exists()


@needs_spark
def test_a_run_that_goes_on_keeps_its_parts_however_many_cores_there_are(pack, order, tmp_path, monkeypatch):
    monkeypatch.setattr(plan, "FEWEST_ROWS", 60)
    monkeypatch.setattr(Executors, "tasks_at_once", 4)
    order, told = replace(order, orders=None, medicines=None, part_rows=None, sample=0), []

    def stop(done, _):
        told.append(done)
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        answered(pack, replace(order, progress=stop))
    assert told == [0, 75]
    monkeypatch.setattr(Executors, "tasks_at_once", 2)
    [tally] = (tmp_path / "spark.parquet.parts").glob("tally-*.json")
    part = tally.with_name(tally.name.replace("tally", "part")).with_suffix(".parquet")
    duckdb.sql(f"SELECT * REPLACE ('marked' AS patient) FROM '{part}'").write_parquet(f"{part}.new")
    part.with_name(f"{part.name}.new").replace(part)
    report = answered(pack, replace(order, progress=lambda done, _: told.append(done), resume=True))
    assert told == [0, 75, 75, 150, 225, 300]
    assert report.rows_out == 299
    files = tmp_path / "spark.parquet" / "*.parquet"
    found = f"SELECT count(*), count(DISTINCT row), count_if(patient = 'marked') FROM '{files}'"
    [(rows, numbers, marked)] = duckdb.sql(found).fetchall()
    assert (rows, numbers) == (299, 299)
    assert marked in {74, 75}


def fill_a_disk_by(attempt):
    attempt.path("orders", 0, ".csv").write_text("whole")
    raise OSError("full")


def test_attempts_at_a_part_do_not_meet(tmp_path):
    """Neither one that fails after a file is whole, nor one that ends after another has: what is there is whole."""
    place = Workplace(tmp_path, is_kept=True)
    with pytest.raises(OSError, match="full"), place.attempt(0) as only:
        fill_a_disk_by(only)
    assert [*tmp_path.iterdir()] == []
    with place.attempt(0) as first, place.attempt(0) as second:
        assert first.folder.parent == second.folder.parent == tmp_path
        first.path("part", 0, ".csv").write_text("of the first")
        second.path("part", 0, ".csv").write_text("of the second")
    assert [path.name for path in tmp_path.iterdir()] == ["part-00000.csv"]
    assert (tmp_path / "part-00000.csv").read_text() == "of the first"  # who ends later: `with` ends backwards


def test_an_executor_says_what_it_lacks(tmp_path):
    place = Workplace(tmp_path / "of_the_driver", is_kept=True)
    work = Work(None, place, (), 1)
    with pytest.raises(BackendFault, match=r"`.+` has cds_engine .+, the driver 0\.0\.1; install the same on all"):
        on_spark._answer("0.0.1", lambda: work, 0)  # noqa: SLF001 - as Spark calls it
    with pytest.raises(
        BackendFault, match=r"does not see the folder `.+of_the_driver`; all machines must see it under"
    ):
        on_spark._answer(on_spark.VERSION, lambda: work, 0)  # noqa: SLF001 - as above


JAVA = "An error occurred while calling o1.collect.\n: org.apache.spark.SparkException: Job aborted"


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("Traceback\n  File\ncds_engine.diagnostics.BackendFault: no room\n", "no room"),
        (
            "Traceback\nModuleNotFoundError: No module named 'x'",
            "an executor lacks what it needs (No module named 'x'); install `cds_engine[batch]` there",
        ),
        ("Traceback\nMemoryError", "an executor failed: MemoryError"),
        (
            "the executor is lost",
            "an executor failed: org.apache.spark.SparkException: Job aborted: the executor is lost",
        ),
    ],
)
def test_of_a_traceback_of_java_the_line_that_matters_is_told(said, reason):
    assert _reason(f"{JAVA}: {said}\n\tat org.apache.spark.rdd.RDD.collect(RDD.scala:1048)") == reason


def test_a_task_takes_half_of_what_spark_grants_python_or_else_the_share_of_its_cores(monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 16)
    assert on_spark._memory(2) == "10%"  # noqa: SLF001 - what DuckDB is given
    monkeypatch.setenv("PYSPARK_EXECUTOR_MEMORY_MB", "2048")
    assert on_spark._memory(2) == "1024MB"  # noqa: SLF001 - as above


def test_a_pack_that_has_travelled_answers_by_the_same_engines():
    loaded = cds_engine.load(PACK)
    there = pickle.loads(pickle.dumps(loaded.evaluate))  # noqa: S301 - our own
    assert there({"age": 30}, as_of=AS_OF) == loaded.evaluate({"age": 30}, as_of=AS_OF)  # the engines are named in it


def test_what_executors_cannot_do_is_refused(pack, tmp_path):
    with pytest.raises(InputError, match="say where these go"):
        pack.evaluate_table("patients.parquet", engine="duckdb-on-spark")
    (tmp_path / "export").mkdir()
    (tmp_path / "export" / "Patient.ndjson").write_text('{"resourceType": "Patient", "id": "p1"}\n')
    kidneys = cds_engine.load("kidney_health_diabetes")
    with pytest.raises(InputError, match="a FHIR export is read and answered on one machine; leave"):
        kidneys.evaluate_table(tmp_path / "export", tmp_path / "answers.parquet", engine="duckdb-on-spark")
    assert [path.name for path in tmp_path.iterdir()] == ["export"]
