"""What goes into a batch and comes out: every kind of table, nothing lost, nothing half-written, and going on."""

import dataclasses
import datetime as dt
import io
import json
import re
import resource
import signal
import subprocess
import sys
from types import MappingProxyType

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from postgres_server import programs, running
from scenario_patients import ROOT
from typer.testing import CliRunner

import cds_engine
from cds_engine.backends.sql.layout import layout_of
from cds_engine.batch import cut as cut_module
from cds_engine.batch.answers import kept_columns
from cds_engine.batch.check import differences
from cds_engine.batch.columns import Wishes, understand
from cds_engine.batch.database import Address
from cds_engine.batch.duck import Duck
from cds_engine.batch.engine import ROW
from cds_engine.batch.held import Held
from cds_engine.batch.orders import rows_of
from cds_engine.batch.page import page_of
from cds_engine.batch.part import PartRunner, Task
from cds_engine.batch.sample import Singles
from cds_engine.batch.sources import Scratch
from cds_engine.batch.staging import Told
from cds_engine.batch.table import Order, evaluate_table
from cds_engine.batch.told import answer_row
from cds_engine.cli import app
from cds_engine.cli.progress import _Lines, progress_of
from cds_engine.diagnostics import BackendFault, EngineDisagreement, InputError
from cds_engine.engine.guide import LoadedPack

PACK = ROOT / "tests" / "corpus" / "packs" / "good"
AS_OF = "2026-11-21"
RECORDS = ROOT / "fixtures" / "kidney_health_diabetes" / "records"
UNITS = {"height": "cm", "weight": "kg"}


@pytest.fixture(scope="module")
def pack():
    return cds_engine.load(PACK)


def people(count):
    """Return patients of whom every rule says something else."""
    return [
        {
            "patient": f"p{n}", "age": 18 + n % 70, "height": 150.0 + n % 40, "weight": 50.0 + n % 60, "lesions": n % 7,
            "gout": n % 5 == 0, "pregnancy": ("not_pregnant", "possible", None)[n % 3], "ulcer": n % 4 == 0,
            "egfr": 30.0 + n % 90, "medications": "examplin weekly" if n % 6 == 0 else "none", "allergies": "none",
        }
        for n in range(count)
    ]  # fmt: skip


FACTS_UNITS = {**UNITS, "egfr": "mL/min/{1.73_m2}"}


def parquet(path, rows):
    duckdb.from_arrow(pa.Table.from_pylist(rows)).write_parquet(str(path), row_group_size=2048)
    return path


def rows_in(path):
    read = f"read_csv('{path}', all_varchar=true)" if path.suffix == ".csv" else f"'{path}'"
    return sorted(duckdb.sql(f"SELECT * FROM {read}").fetchall(), key=str)


# What goes in


def test_a_frame_of_every_library_gives_what_its_file_gives(pack, tmp_path):
    rows = people(40)
    frames = [pa.Table.from_pylist(rows), pd.DataFrame(rows), pl.DataFrame(rows), pl.LazyFrame(rows)]
    frames.append(parquet(tmp_path / "in.parquet", rows))
    found = []
    for number, frame in enumerate(frames):
        out = tmp_path / f"out{number}.parquet"
        report = pack.evaluate_table(frame, out, as_of=AS_OF, units=FACTS_UNITS, sample=10)
        assert (report.rows_in, report.rows_out, report.checked) == (40, 40, 10)
        found.append(rows_in(out))
    assert all(answers == found[0] for answers in found)
    with pytest.raises(InputError, match="a `dict` is no table"):
        pack.evaluate_table({"height": 1})


def test_lines_of_ndjson_that_are_no_objects_are_in_quarantine(pack, tmp_path):
    source, out = tmp_path / "in.ndjson", tmp_path / "out.csv"
    lines = [b'{"patient": "A", "height": "128 cm"}', b"[1]", b"{bad", b"", b'{"patient": "B", "height": 128}', b"7",
             b'{"patient": "\xff"}', b'{"patient": "C", "height": true, "allergies": ["nuts", "x"]}']  # fmt: skip
    source.write_bytes(b"\n".join(lines) + b"\n")
    report = pack.evaluate_table(source, out, as_of=AS_OF)
    assert (report.rows_in, report.rows_out, report.quarantined) == (7, 3, 4)
    assert report.reasons == {"not_a_row": 4}
    found = [json.loads(line) for line in report.quarantine.read_text().splitlines()]
    assert [one["line"] for one in found] == [2, 3, 6, 7]
    assert [one["value"] for one in found][:3] == ["[1]", "{bad", "7"]
    assert all(one["code"] == "not_a_row" and one["reason"] and one["file"] == str(source) for one in found)
    problems = dict(duckdb.sql(f"SELECT patient, problems FROM '{out}'").fetchall())
    assert problems == {"A": None, "B": "height:D103", "C": "height:D102;allergies:D107"}


def test_texts_of_ndjson_stay_what_they_are(pack, tmp_path):
    """An id that looks like a day or in capitals, and a day that could be read in three ways."""
    source, medicines, out = tmp_path / "in.ndjson", tmp_path / "medicines.csv", tmp_path / "out.csv"
    ids = ["2020-1-1", "0A1B2C3D-0000-4000-8000-00000000000A"]
    for own in ids:
        rows = [{"patient": own, "birth_date": "03-04-10", "since": {"DATE": "2020-1-1"}, "beside": ["10:00"]}]
        source.write_text("".join(json.dumps(row) + "\n" for row in rows))
        medicines.write_text(f"patient,drug,dose,unit,per\n{own},examplin,60,mg,week\n")
        report = pack.evaluate_table(source, out, as_of=AS_OF, medicines=medicines, keep=True)
        assert (report.strays, report.problems) == (0, {"birth_date:D102": 1})
        read = duckdb.sql(f"SELECT patient, since, beside, alerts FROM read_csv('{out}', all_varchar=true)")
        assert read.fetchall() == [(own, "{'DATE': 2020-1-1}", "['10:00']", "examplin-too-much")]


def test_unreadable_rows_of_csv_are_in_quarantine_also_where_a_second_table_has_none(pack, tmp_path):
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_bytes(b"patient,height\nA,128 cm\nB,1,2\nC\nD,\xff\nE,130 cm\n")
    medicines = tmp_path / "medicines.csv"
    medicines.write_text("patient,drug\nA,examplin\nnobody,examplin\n")
    report = pack.evaluate_table(source, out, as_of=AS_OF, medicines=medicines)
    assert (report.rows_in, report.rows_out, report.quarantined, report.strays) == (5, 2, 3, 1)
    found = [json.loads(line) for line in report.quarantine.read_text().splitlines()]
    assert [(one["table"], one.get("line"), one["code"]) for one in found] == [
        *(("input", line, "not_a_row") for line in (3, 4, 5)),
        ("medicines", None, "no_patient"),
    ]
    assert found[0]["value"] == "B,1,2"
    assert found[3]["value"] == "nobody"


def test_files_of_one_table_are_joined_by_name_and_must_have_the_same_columns(pack, tmp_path):
    for name, text in (("1.csv", "patient,height\nA,128 cm\n"), ("2.csv", "height,patient\n130 cm,B\n")):
        (tmp_path / "in" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "in" / name).write_text(text)
    out = tmp_path / "out.csv"
    assert pack.evaluate_table(tmp_path / "in", out, as_of=AS_OF).rows_out == 2
    assert duckdb.sql(f"SELECT patient, problems FROM '{out}' ORDER BY ALL").fetchall() == [("A", None), ("B", None)]
    (tmp_path / "in" / "3.csv").write_text("patient,weight\nC,26 kg\n")
    with pytest.raises(InputError, match=r"3.csv` are not those of the files before it"):
        pack.evaluate_table(tmp_path / "in", out, as_of=AS_OF)


@pytest.mark.parametrize("name", ["file_row_number", "File_Row_Number", "__row", "__ROW"])
def test_a_column_with_the_name_of_a_row_number_is_refused_by_its_name(pack, tmp_path, name):
    rows = pa.table({"patient": ["A"], "age": [30], "drug": ["examplin"], name: [7]})
    (tmp_path / "in.csv").write_text(f"patient,age,{name}\nA,30,7\n")
    sentence = f"^a column may not be called `{name}`; rename it in the table$"
    for table in (rows, parquet(tmp_path / "in.parquet", rows.to_pylist()), tmp_path / "in.csv"):
        with pytest.raises(InputError, match=sentence):
            pack.evaluate_table(table, as_of=AS_OF)
    with pytest.raises(InputError, match=sentence):
        pack.evaluate_table(pa.table({"patient": ["A"], "age": [30]}), as_of=AS_OF, medicines=rows)


def test_a_time_counts_as_its_day_for_both(pack):
    """A time with a zone is what databases and files often hold in place of a date."""
    when = dt.datetime(2026, 11, 20, 23, 30, tzinfo=dt.UTC)
    rows = [{"patient": "A", "weight": 60.0, "weight_date": when, "entered": when, "lesions": 5, "age": 30}]
    report = pack.evaluate_table(pa.Table.from_pylist(rows), as_of=AS_OF, units={"weight": "kg"}, keep=True)
    assert (report.checked, report.problems) == (1, {})


# What is promised


def test_a_killed_run_goes_on_and_its_result_is_that_of_one_never_killed(pack, tmp_path):
    source = parquet(tmp_path / "in.parquet", people(3500))
    whole, out = tmp_path / "whole.parquet", tmp_path / "out.parquet"
    wish = {"as_of": AS_OF, "units": FACTS_UNITS, "part_rows": 1000, "sample": 20}
    before = pack.evaluate_table(source, whole, **wish)
    script = f"""
import os, signal, cds_engine
def kill(done, rows):
    if done == 2000:
        os.kill(os.getpid(), signal.SIGKILL)
cds_engine.load({str(PACK)!r}).evaluate_table({str(source)!r}, {str(out)!r}, progress=kill, **{wish!r})
"""
    killed = subprocess.run([sys.executable, "-c", script], check=False, timeout=300)  # noqa: S603 - our own script
    assert killed.returncode == -signal.SIGKILL
    assert not out.exists()
    folder = tmp_path / "out.parquet.parts"
    written = (folder / "part-00000.parquet").stat()
    (folder / "part-00002.tmp").write_text("half a part")
    told = []
    report = pack.evaluate_table(source, out, resume=True, progress=lambda done, _: told.append(done), **wish)
    assert told == [2000, 3000, 3500]
    assert report.resumed == 2000
    assert rows_in(out) == rows_in(whole)
    assert not folder.exists()
    same = {"rows_in", "rows_out", "quarantined", "statuses", "missing", "problems", "checked", "metadata"}
    assert {name: getattr(report, name) for name in same} == {name: getattr(before, name) for name in same}
    assert list(report.missing.items()) == list(before.missing.items())
    assert written.st_size > 0


def test_parts_that_are_finished_are_not_answered_again(pack, tmp_path):
    source, out = parquet(tmp_path / "in.parquet", people(2500)), tmp_path / "out.parquet"
    wish = {"as_of": AS_OF, "units": FACTS_UNITS, "part_rows": 1000, "sample": 0}

    def stop(done, _):
        if done == 2000:
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        pack.evaluate_table(source, out, progress=stop, **wish)
    assert not out.exists()
    first = tmp_path / "out.parquet.parts" / "part-00000.parquet"
    duckdb.sql(f"SELECT * REPLACE ('marked' AS patient) FROM '{first}'").write_parquet(f"{first}.new")
    first.with_name("part-00000.parquet.new").replace(first)
    with pytest.raises(InputError, match=r"another run .*`as_of` differs"):
        pack.evaluate_table(source, out, resume=True, **(wish | {"as_of": "2026-11-20"}))
    pack.evaluate_table(source, out, resume=True, **wish)
    assert duckdb.sql(f"SELECT count(*) FROM '{out}' WHERE patient = 'marked'").fetchall() == [(1000,)]
    pack.evaluate_table(source, out, **wish)
    assert duckdb.sql(f"SELECT count(*) FROM '{out}' WHERE patient = 'marked'").fetchall() == [(0,)]


def test_a_table_that_was_cut_otherwise_is_not_gone_on_with(pack, tmp_path, monkeypatch):
    folder, out = tmp_path / "in", tmp_path / "out.parquet"
    folder.mkdir()
    for n in range(3):
        parquet(folder / f"{n}.parquet", people(10 + n))
    wish = {"as_of": AS_OF, "units": FACTS_UNITS, "sample": 0}

    def stop(done, _):
        if done:
            raise KeyboardInterrupt

    with monkeypatch.context() as before:
        together = cut_module._groups  # noqa: SLF001 - as another version might cut
        before.setattr(cut_module, "_groups", lambda sizes, _: together(sizes, 0))
        with pytest.raises(KeyboardInterrupt):
            pack.evaluate_table(folder, out, progress=stop, **wish)
    with pytest.raises(InputError, match="how the table is cut differs"):
        pack.evaluate_table(folder, out, resume=True, **wish)
    assert pack.evaluate_table(folder, out, **wish).rows_out == 33


def test_facts_that_differ_in_capitals_only_are_no_columns(pack):
    dictionary = pack.guideline.dictionary
    both = dataclasses.replace(dictionary, facts={**dictionary.facts, "Height": dictionary.facts["height"]})
    with pytest.raises(BackendFault, match=r"`Height` beside `height`, whose columns would have one name, cannot"):
        layout_of(dataclasses.replace(pack.guideline, dictionary=both), ["height"])


def test_rows_are_numbered_rightly_where_whole_files_have_no_answer(pack, tmp_path):
    for n, day in enumerate(("anyday", "unknown", "weekday")):
        (tmp_path / "in" / f"as_of={day}").mkdir(parents=True)
        rows = [{"patient": f"{n}-{m}", "age": 30} for m in range(3)]
        parquet(tmp_path / "in" / f"as_of={day}" / "a file.parquet", rows)
    out = tmp_path / "out.parquet"
    report = pack.evaluate_table(tmp_path / "in", out, as_of=AS_OF, units={"age": "a"})
    answered = duckdb.sql(f"SELECT row, patient FROM '{out}' ORDER BY row").fetchall()
    assert answered == [(3, "1-0"), (4, "1-1"), (5, "1-2")]
    assert [json.loads(line)["row"] for line in report.quarantine.read_text().splitlines()] == [0, 1, 2, 6, 7, 8]


@pytest.mark.parametrize("name", ["out.parquet", "out.csv"])
def test_a_disk_that_is_full_leaves_nothing_that_looks_whole(pack, tmp_path, name):
    source, out = parquet(tmp_path / "in.parquet", people(3000)), tmp_path / name
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (3_000, old[1]))
    try:
        with pytest.raises((BackendFault, OSError)):
            pack.evaluate_table(source, out, as_of=AS_OF, units=FACTS_UNITS, part_rows=1000, sample=0)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
    assert not out.exists()
    assert pack.evaluate_table(source, out, as_of=AS_OF, units=FACTS_UNITS, resume=True).rows_out == 3000


def test_a_part_that_cannot_be_read_stops_the_run_and_the_ones_before_it_stay(pack, tmp_path):
    source, out = parquet(tmp_path / "in.parquet", people(4096)), tmp_path / "out.parquet"
    whole = source.read_bytes()
    [(start,)] = duckdb.sql(
        f"SELECT min(data_page_offset) FROM parquet_metadata('{source}') WHERE row_group_id = 1"
    ).fetchall()
    source.write_bytes(whole[:start] + b"\0" * 4000 + whole[start + 4000 :])
    wish = {"as_of": AS_OF, "units": FACTS_UNITS, "part_rows": 2048, "sample": 0}
    with pytest.raises(BackendFault, match="could not be answered"):
        pack.evaluate_table(source, out, **wish)
    assert not out.exists()
    assert (tmp_path / "out.parquet.parts" / "part-00000.parquet").exists()
    assert not (tmp_path / "out.parquet.parts" / "part-00001.parquet").exists()


# Beside the answers


@pytest.mark.parametrize("form", ["wide", "long"])
@pytest.mark.parametrize("name", ["missing", "Row", "give_examplin", "give_examplin_low_mg_per_week", "alerts", "rule"])
def test_a_kept_column_takes_the_name_of_none_of_ours(pack, tmp_path, name, form):
    rows, out = pa.table({"patient": ["A"], "age": [30], name: ["x"]}), tmp_path / "out.parquet"
    wish = {"as_of": AS_OF, "keep": True, "form": form}
    pack.evaluate_table(rows, out, **wish, columns={name: "of_the_ward"})
    names = duckdb.sql(f"FROM '{out}'").columns
    assert names[:2] == ["patient", "of_the_ward"]
    assert not any(column.endswith("_1") for column in names)
    if name.lower() in names:
        with pytest.raises(InputError, match=f"the output has a column `{name}` of its own; rename `{name}` by `--map"):
            pack.evaluate_table(rows, out, **wish)
    else:
        pack.evaluate_table(rows, out, **wish)
        assert name in duckdb.sql(f"FROM '{out}'").columns


def test_orders_are_screened_as_for_one_patient(pack, tmp_path):
    patients = [{"patient": "A", "age": "30", "weight": "60 kg", "medications": "examplin weekly", "allergies": "nuts"},
                {"patient": "B", "age": "40", "pregnancy": "pregnant"}, {"patient": "C", "age": "50"}]  # fmt: skip
    orders = [
        {"patient": "A", "id": "o1", "drug": "examplin", "dose": "15", "unit": "mg", "per": "day"},
        {"patient": "A", "id": "o2", "drug": "unheard-of", "dose": None, "unit": None, "per": None},
        {"patient": "B", "id": "o3", "drug": "examplin", "dose": "15", "unit": "mg", "per": "week"},
        {"patient": "nobody", "id": "o4", "drug": "examplin", "dose": "15", "unit": "mg", "per": "week"},
    ]
    tables = [pa.Table.from_pandas(pd.DataFrame(rows)) for rows in (patients, orders)]
    out = tmp_path / "out.parquet"
    report = pack.evaluate_table(tables[0], out, as_of=AS_OF, orders=tables[1])
    assert (report.rows_out, report.strays) == (3, 1)
    found = duckdb.sql(f"SELECT * FROM '{tmp_path / 'out.orders.parquet'}'").fetchall()
    expected = []
    for row, patient in enumerate(patients):
        facts = {name: value for name, value in patient.items() if name != "patient"}
        facts |= {name: value.split(";") for name, value in facts.items() if name in {"medications", "allergies"}}
        own = [
            {"id": o["id"], "drug": o["drug"], "per": o["per"]}
            | ({"dose": {"value": o["dose"], "unit": o["unit"]}} if o["dose"] else {})
            for o in orders
            if o["patient"] == patient["patient"]
        ]
        for screened in pack.evaluate(facts, orders=own, as_of=AS_OF).screened if own else ():
            expected += [
                tuple(one.get(column) for column in duckdb.sql(f"FROM '{tmp_path / 'out.orders.parquet'}'").columns)
                for one in rows_of(row, patient["patient"], screened)
            ]
    assert sorted(found, key=str) == sorted(expected, key=str)
    said = dict(duckdb.sql(f"SELECT patient, order_findings FROM '{out}'").fetchall())
    assert said["B"].startswith("critical examplin-pregnancy (o3)")
    assert said["C"] is None
    with pytest.raises(InputError, match="needs the columns `patient` and `drug`"):
        pack.evaluate_table(tables[0], orders=tables[0])


def test_rules_below_the_minimum_review_are_held_back_and_named(pack, tmp_path):
    out, long = tmp_path / "out.parquet", tmp_path / "long.parquet"
    rows = pa.Table.from_pylist(people(5))
    report = pack.evaluate_table(rows, out, as_of=AS_OF, units=FACTS_UNITS, minimum_review="approved")
    single = pack.evaluate({"age": 30}, as_of=AS_OF, minimum_review="approved")
    assert set(report.held_back) == {held.rule for held in single.held_back} == {"give-examplin", "rest"}
    assert report.metadata["held_back"] == "give-examplin;rest"
    assert (report.statuses, report.missing) == ({}, {})
    assert duckdb.sql(f"FROM '{out}'").columns == ["patient", "row", "alerts", "missing", "problems"]
    pack.evaluate_table(rows, long, as_of=AS_OF, units=FACTS_UNITS, minimum_review="approved", form="long")
    assert rows_in(long) == []
    report = pack.evaluate_table(rows, out, as_of=AS_OF, units=FACTS_UNITS, minimum_review="submitted")
    assert report.held_back == {}
    with pytest.raises(InputError, match="no review state `aproved`; did you mean `approved`"):
        pack.evaluate_table(rows, minimum_review="aproved")


def test_the_long_form_says_what_it_rests_on(pack, tmp_path):
    out = tmp_path / "out.ndjson"
    rows = [{"patient": "A", "age": 30, "lesions": 5, "pregnancy": "pregnant", "ulcer": None}]
    pack.evaluate_table(pa.Table.from_pylist(rows), out, as_of=AS_OF, form="long")
    found = {one["rule"]: one for one in map(json.loads, out.read_text().splitlines())}
    assert found["give-examplin"]["status"] == "blocked"
    assert found["give-examplin"]["blocked_by"] == "examplin-pregnancy"
    assert found["give-examplin"]["citations"] == "guide-2026;label-2026"
    assert found["rest"]["missing"] == "ulcer"
    meta = json.loads((tmp_path / "out.ndjson.metadata.json").read_text())
    assert set(meta) == {"pack", "version", "hash", "as_of", "review", "held_back", "notices"}
    assert (meta["pack"], meta["as_of"]) == (pack.id, AS_OF)


def test_the_sample_holds_rows_at_thresholds(pack, tmp_path):
    """Of a thousand patients far from every threshold one lies on it; a sample of four has him."""
    rows = [{"patient": f"p{n}", "age": 60.0, "lesions": 90} for n in range(1000)]
    rows[777] |= {"age": 18.0, "lesions": 3}
    duck = Duck(threads=1)
    halves = Scratch(tmp_path, duck, duck).open(pa.Table.from_pylist(rows), 500)
    columns = understand(halves.columns, pack.guideline.dictionary, Wishes())
    singles = Singles(columns, None, None, duck)
    held = Held(pack.guideline, pack.evaluate, columns, singles)

    def drawn(source):
        return held._rows(duck, source.parts[0].relation, range(1000), 4, 1)  # noqa: SLF001 - the choice

    assert 777 not in drawn(halves)  # it is in the second part, which is not searched
    (tmp_path / "whole").mkdir()
    assert 777 in drawn(Scratch(tmp_path / "whole", duck, duck).open(pa.Table.from_pylist(rows), 1000))


def test_the_page_needs_nothing_from_outside_and_says_the_numbers(pack):
    rows = people(30)
    rows[3]["height"] = 9.0
    report = pack.evaluate_table(pa.Table.from_pylist(rows), as_of=AS_OF, units=FACTS_UNITS, sample=5)
    page = page_of(report, pack.guideline)
    assert not re.search(r"https?://|src=|<script|@import|url\(", page)
    assert "in 30 = out 30 + quarantined 0" in page
    counts = report.statuses["give-examplin"]
    for status in ("recommended", "needs_data", "blocked"):
        width = round(1000 * counts[status] / 30, 2)
        assert f'<rect class="{status}"' in page
        assert f'width="{width}"' in page
    assert "height: " in page


def test_a_name_in_the_data_cannot_write_into_the_page(pack):
    rows = pa.table({"patient": ["A"], "<script>alert(1)</script>": ["x"], "age": [30]})
    assert "<script>" not in page_of(pack.evaluate_table(rows, as_of=AS_OF), pack.guideline)


# The command


def command(*words):
    return CliRunner().invoke(app, ["batch", "--pack", str(PACK), "--as-of", AS_OF, *map(str, words)])


def test_the_command_says_what_became_of_the_rows(tmp_path):
    source, out, page = tmp_path / "in.csv", tmp_path / "out.csv", tmp_path / "report.html"
    source.write_text("patient,age,lesions,shoe\nA,30,5,1\nB,x,5,2\nC\n")
    found = command(source, "-o", out, "--report", page)
    assert found.exit_code == 1
    for words in ("in 3 = out 2 + quarantined 1", "left out: shoe", "in quarantine: not_a_row 1", "age:D102 1",
                  "missing facts that hold back most patients: allergies 2", "2 of 2 rows"):  # fmt: skip
        assert words in found.output, found.output
    assert page.read_text().startswith("<!doctype html>")
    said = json.loads(command(source, "-o", out, "--format", "json").stdout)
    assert (said["rows_in"], said["rows_out"], said["quarantined"]) == (3, 2, 1)
    assert said["reasons"] == {"not_a_row": 1}
    assert said["statuses"]["rest"]["needs_data"] == 2
    assert command(source, "-o", tmp_path / "no" / "out.csv").exit_code == 2
    assert command(source, "-o", out, "--report", tmp_path / "no" / "r.html").exit_code == 2
    assert command(source, "-o", out, "--minimum-review", "approved").exit_code == 1


def test_a_stopped_command_says_what_there_is_to_go_on_with(tmp_path, monkeypatch):
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text("patient,age\n" + "".join(f"p{n},30\n" for n in range(2500)))
    words = (source, "-o", out, "--part-rows", "1000", "--sample", "5")
    with monkeypatch.context() as patch:
        patch.setattr(_Lines, "tell", lambda _, done, __: signal.raise_signal(signal.SIGINT) if done == 2000 else None)
        found = command(*words)
    assert found.exit_code == 3
    assert f"stopped; the finished parts are in `{out}.parts`, `--resume` goes on with them" in found.output
    with monkeypatch.context() as patch:
        patch.setattr(_Lines, "tell", lambda _, done, __: signal.raise_signal(signal.SIGINT) if done == 0 else None)
        assert "stopped; nothing was written" in command(*words).output
    assert list(tmp_path.iterdir()) == [source]
    assert "2,500 of 2,500 rows" in command(*words, "--resume").output


def test_a_template_is_filled_in_and_answered(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(app, ["batch", "--template", str(PACK)]).exit_code == 0
    [template], [mapping] = tmp_path.glob("*.csv"), tmp_path.glob("*.mapping.json")
    names = template.read_text().strip().split(",")
    said = json.loads(mapping.read_text())
    assert set(said["columns"]) == set(names)
    values = {"patient": "A", "height": "70", "Lesionen": "5", "age": "30", "weight": "60"}
    said["columns"]["Lesionen"] = said["columns"].pop("lesions")
    said["units"]["height"] = "[in_i]"
    names[names.index("lesions")] = "Lesionen"
    template.write_text(",".join(names) + "\n" + ",".join(values.get(name, "") for name in names) + "\n")
    mapping.write_text(json.dumps(said))
    found = command(template, "-o", tmp_path / "out.csv", "--mapping", mapping)
    assert found.exit_code == 0, found.output
    assert "in 1 = out 1" in found.output


def test_progress_is_a_bar_on_a_terminal_and_lines_elsewhere():
    lines = io.StringIO()
    with progress_of(lines, is_wanted=True) as tell:
        tell(1000, 3000)
        tell(2000, 3000)
    assert re.fullmatch(r"1,000 of 3,000 rows\n2,000 of 3,000 rows, [\d,]+ a second, \d+ s left\n", lines.getvalue())

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    terminal = Terminal()
    with progress_of(terminal, is_wanted=True) as tell:
        tell(1000, 3000)
        tell(2000, 3000)
    assert "\x1b[" in terminal.getvalue()
    assert "a second" in terminal.getvalue()
    with progress_of(lines, is_wanted=False) as tell:
        assert tell is None


# Records that are no rows


@pytest.fixture(scope="module")
def kidneys():
    return cds_engine.load("kidney_health_diabetes", value_sets=RECORDS.parent / "value_sets")


@pytest.fixture
def export(tmp_path):
    """Return the folder of an export of all the records, with two lines of nobody and a patient without a record."""
    lines = {"Patient": ['{"resourceType": "Patient", "id": "alone"}']}
    for path in sorted(RECORDS.glob("*.json")):
        for entry in json.loads(path.read_text())["entry"]:
            text = json.dumps(entry["resource"]).replace("Patient/example", f"Patient/{path.stem}")
            text = text.replace('"Patient", "id": "example"', f'"Patient", "id": "{path.stem}"')
            lines.setdefault(entry["resource"]["resourceType"], []).append(text)
    lines["Observation"] += ["{", '{"resourceType": "Observation", "subject": {"reference": "Patient/nobody"}}']
    (tmp_path / "export").mkdir()
    for kind, listed in lines.items():
        (tmp_path / "export" / f"{kind}.ndjson").write_text("\n".join(listed) + "\n")
    return tmp_path / "export"


def test_a_fhir_export_is_a_table_of_its_patients(kidneys, export, tmp_path):
    out, day = tmp_path / "out.parquet", "2025-12-31"
    report = kidneys.evaluate_table(export, out, as_of=day)
    count = len(list(RECORDS.glob("*.json"))) + 1
    assert (report.rows_in, report.rows_out, report.quarantined, report.checked) == (count + 2, count, 2, count)
    found = duckdb.sql(f"SELECT * FROM '{out}'").df().set_index("patient").astype(object)
    found = found.where(found.notna(), None)
    for path in RECORDS.glob("*.json"):
        answer = kidneys.evaluate_fhir(json.loads(path.read_text()), as_of=day)
        row = found.loc[path.stem]
        for said in answer.recommendations:
            assert row[said.rule.replace("-", "_")] == said.status, path.stem
        missing = {name for said in answer.recommendations for name in said.missing}
        assert row["missing"] == (";".join(sorted(missing, key=list(kidneys.guideline.positions).index)) or None)
    assert found["missing"].isna().any()
    assert found["missing"].notna().any()
    lines = [json.loads(line) for line in report.quarantine.read_text().splitlines()]
    assert {one["reason"][:18] for one in lines} == {"the export has no ", "this line is not J"}
    assert all(one["file"].endswith("Observation.ndjson") and one["line"] > 0 for one in lines)


def test_a_fhir_export_goes_on_too_and_needs_a_mapping(kidneys, pack, export, tmp_path):
    whole, out = tmp_path / "whole.csv", tmp_path / "out.csv"
    kidneys.evaluate_table(export, whole, as_of="2025-12-31", form="long")

    def stop(done, _):
        if done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        kidneys.evaluate_table(export, out, as_of="2025-12-31", form="long", part_rows=2, progress=stop)
    with pytest.raises(InputError, match=r"`records` differs"):
        kidneys.evaluate_table(export, out, as_of="2025-12-31", form="long", part_rows=2, resume=True, period="2024")
    kidneys.evaluate_table(export, out, as_of="2025-12-31", form="long", part_rows=2, resume=True)
    assert rows_in(out) == rows_in(whole)
    without = dataclasses.replace(pack.guideline, pack=dataclasses.replace(pack.guideline.pack, fhir=None))
    with pytest.raises(InputError, match=r"has no `fhir.yaml`"):
        LoadedPack(without).evaluate_table(export)
    more = {"drug": ["methotrexate"], "patient": ["due"]}
    for second in ({"medicines": pa.table(more)}, {"orders": pa.table(more)}, {"units": {"weight": "kg"}}):
        with pytest.raises(InputError, match="a FHIR export holds its own medicines"):
            kidneys.evaluate_table(export, as_of="2025-12-31", **second)
    with pytest.raises(InputError, match="a period is for a FHIR export"):
        pack.evaluate_table(pa.table({"age": [30]}), period="2024")


@pytest.mark.parametrize("form", ["wide", "long"])
def test_a_large_export_is_answered_in_columns_but_for_what_is_no_row(kidneys, export, tmp_path, monkeypatch, form):
    reports = {}
    for name, many in (("columns", 1), ("singly", 1000)):
        monkeypatch.setattr("cds_engine.fhir.table.MANY", many)
        out = tmp_path / f"{name}.parquet"
        reports[name] = kidneys.evaluate_table(export, out, as_of="2025-12-31", form=form, part_rows=3)
    columns, singly = reports.values()
    assert 0 < columns.singly < columns.rows_out == singly.singly
    assert columns.singly < columns.checked
    assert rows_in(tmp_path / "columns.parquet") == rows_in(tmp_path / "singly.parquet")
    same = ("rows_in", "rows_out", "quarantined", "statuses", "missing", "problems", "reasons", "ignored")
    assert all(getattr(columns, name) == getattr(singly, name) for name in same)


def test_the_sample_of_an_export_is_drawn_from_what_is_answered_in_columns(kidneys, tmp_path, monkeypatch):
    monkeypatch.setattr("cds_engine.fhir.table.MANY", 1)
    born = ["2016-03-01" if number % 10 == 0 else "2016-03" for number in range(40)]  # a month is no date of birth
    patients = [{"resourceType": "Patient", "id": f"p{number}", "birthDate": day} for number, day in enumerate(born)]
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "Patient.ndjson").write_text("".join(json.dumps(patient) + "\n" for patient in patients))
    report = kidneys.evaluate_table(tmp_path / "in", tmp_path / "out.csv", as_of="2025-12-31", sample=3)
    assert (report.rows_out, report.singly, report.checked) == (40, 36, 39)


def test_an_export_is_answered_where_rules_with_a_choice_do_not_apply(tmp_path):
    (tmp_path / "in").mkdir()
    patient = '{"resourceType": "Patient", "id": "A", "birthDate": "2015-03-04"}\n'
    (tmp_path / "in" / "Patient.ndjson").write_text(patient)
    jdm = cds_engine.load("jdm_calcinosis")
    for form in ("wide", "long"):
        out = tmp_path / f"{form}.csv"
        report = jdm.evaluate_table(tmp_path / "in", out, as_of=AS_OF, form=form)
        assert (report.rows_in, report.rows_out, report.quarantined) == (1, 1, 0)
    choices = [spec.rule.id for spec in jdm.guideline.rules if len(spec.treatments) > 1]
    assert any(report.statuses[rule]["not_applicable"] for rule in choices)


def test_a_record_that_nobody_foresaw_costs_no_other(kidneys, tmp_path):
    """Of the fault only its kind is told, since its words may hold anything of the patient."""

    class Spoilt:
        read_with = ""
        columns = MappingProxyType({})

        def listed(self):
            return [Told("A", "good"), Told("B", "spoilt"), Told("C", "good")]

        def answer(self, record):
            if record == "spoilt":
                raise KeyError("what the record says")
            if record == "engines":
                raise EngineDisagreement("a condition", {"one": "true", "other": "false"})
            return kidneys.evaluate({}, as_of=AS_OF)

    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "Patient.ndjson").touch()
    out = tmp_path / "out.csv"
    order = Order(tmp_path / "in", out, dt.date.fromisoformat(AS_OF), records=Spoilt())
    report = evaluate_table(kidneys.guideline, kidneys.evaluate, order)
    assert (report.rows_in, report.rows_out, report.reasons) == (3, 2, {"no_answer": 1})
    [line] = map(json.loads, report.quarantine.read_text().splitlines())
    assert (line["row"], line["code"]) == (1, "no_answer")
    assert "`KeyError`" in line["reason"]
    assert "what the record says" not in line["reason"]
    Spoilt.listed = lambda _: [Told("A", "engines")]
    with pytest.raises(EngineDisagreement):
        evaluate_table(kidneys.guideline, kidneys.evaluate, order)


def test_an_answer_of_the_evaluator_is_the_row_that_columns_say(pack):
    rows = people(60)
    columns = {name: pa.array([row[name] for row in rows]) for name in rows[0]}
    duck = Duck(threads=1)
    duck.register("src", pa.table({ROW: pa.array(range(len(rows)), pa.int64()), **columns}))
    kinds = {name: kind for name, kind in duck.columns("src").items() if name != ROW}
    known = understand(kinds, pack.guideline.dictionary, Wishes(FACTS_UNITS))
    runner = PartRunner(Task(pack.guideline, known, dt.date.fromisoformat(AS_OF)), duck)
    kept = kept_columns(runner.layout, "long")
    runner.answer("src", kept)
    singles = {one.row: one for one in Singles(known, pack.guideline.dictionary.medications, None, duck).of("src")}
    seen = set()
    for answer in duck.records("SELECT * FROM answers"):
        single = pack.evaluate({"facts": singles[answer["row"]].facts}, as_of=AS_OF)
        told = answer_row(runner.layout, answer["row"], single, ())
        for name in kept:
            assert (answer[name] or None) == (told[name] or None), (name, singles[answer["row"]])
        seen |= {said.status for said in single.recommendations}
    assert seen == {"recommended", "blocked", "needs_data", "not_applicable"}


@pytest.mark.parametrize("form", ["wide", "long"])
def test_what_is_written_of_a_row_is_held_to_the_evaluator(pack, form):
    """Each column that an output keeps, said otherwise, is a difference; of hidden rules nothing is asked."""
    answer = pack.evaluate({"facts": {"age": 60.0, "lesions": 3, "gout": False, "weight": "60 kg"}}, as_of=AS_OF)
    layout = layout_of(pack.guideline, pack.guideline.dictionary.facts)
    told = answer_row(layout, 0, answer, ())
    kept = {name: told[name] for name in kept_columns(layout, form)}
    assert not differences(layout, kept, told)
    for name, value in kept.items():
        other = 7.25 if name.endswith(("_low", "_high")) else "else" if isinstance(value, str) else value ^ 1
        assert differences(layout, kept | {name: other}, told), name
    hidden = {spec.rule.id for spec in pack.guideline.rules}
    nothing = {name: told[name] for name in ("row", "problems", "alert_bits")}
    nothing |= {f"missing_{word}": 0 for word in layout.words}
    assert not differences(layout, nothing, answer_row(layout, 0, answer, hidden))
    assert differences(layout, nothing, told)


def test_a_row_of_the_sample_in_a_later_part_stops_the_run(pack, tmp_path):
    """The evaluator here is wrong about one patient, who stands in the last part."""

    def evaluate(patient, **options):
        return pack.evaluate({} if patient["facts"]["age"]["value"] == 47.0 else patient, **options)

    order = Order(
        pa.Table.from_pylist(people(30)), tmp_path / "out.parquet", dt.date.fromisoformat(AS_OF), Wishes(FACTS_UNITS),
        part_rows=10, sample=30,
    )  # fmt: skip
    with pytest.raises(EngineDisagreement, match="row 29"):
        evaluate_table(pack.guideline, evaluate, order)
    assert not list(tmp_path.iterdir())


# PostgreSQL


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("ann:geheim@h/db#t", "ann:***@h/db#t"),
        ("ann:ge/heim@h/db#t", "ann:***@h/db#t"),
        ("ann:ge@heim@h/db#t", "ann:***@h/db#t"),
        ("ann:ge?heim@h/db#t", "ann:***@h/db#t"),
        ("ann:5/geheim@h/db#t", "ann:***@h/db#t"),
        ("ann:5432@h/db?x=geheim@b#t", "ann:***@b#t"),
        ("h/db?user=ann&password=geheim#t", "h/db?user=ann&password=***#t"),
        ("h/db?sslpassword=geheim&x=geheim@geheim#t", "h/db?sslpassword=***#t"),
        ("ann:geheim@h/db?password=ge@heim#t", "ann:***@h/db?password=***#t"),
        ("h:5432/db?x=a@b#t", "h:5432/db?x=a@b#t"),
        ("ann@h:5432/db?x=a@b#t", "ann@h:5432/db?x=a@b#t"),
        ("h:5432,i:5433/db?x=a@b#select 'a@b' # 1", "h:5432,i:5433/db?x=a@b#select 'a@b' # 1"),
    ],
)
def test_an_address_is_shown_without_its_password(address, shown):
    assert str(Address.of(f"postgresql://{address}")) == f"postgresql://{shown}"


@pytest.mark.parametrize(
    "password", ["ge#heim", "ge/heim", "ge@heim", "ge?heim", "5432/geheim", "ge heim", "%zzgeheim"]
)
def test_no_refusal_repeats_a_password_that_the_database_reads_otherwise(pack, tmp_path, password):
    pytest.importorskip("adbc_driver_postgresql", reason="needs `cds_engine[postgres]`")
    hosts = (f"ann:{password}@127.0.0.1:1/db", f"127.0.0.1:1/db?user=ann&password={password}",
             f"127.0.0.1:1/db?sslpassword={password}&nonsense=1")  # fmt: skip
    for host in hosts[: 1 if "#" in password else None]:  # behind `password=` it is where the table begins
        for table in ("", "#t"):
            with pytest.raises(InputError) as error:
                pack.evaluate_table(f"postgresql://{host}{table}", tmp_path / "out.csv", as_of=AS_OF)
            assert "heim" not in str(error.value)
            assert "5432" not in str(error.value)
            assert "PGPASSWORD" in str(error.value) or "%23" in str(error.value) or not table


@pytest.fixture(scope="module")
def database():
    if programs() is None:
        pytest.skip("the PostgreSQL server of Debian is not installed")
    with running(programs()) as address:
        yield address


def ask(database, query):
    import adbc_driver_postgresql.dbapi as driver  # noqa: PLC0415 - only where there is a server

    with driver.connect(database) as connection, connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchall()


def put(database, table, rows):
    import adbc_driver_postgresql.dbapi as driver  # noqa: PLC0415 - only where there is a server

    with driver.connect(database) as connection, connection.cursor() as cursor:
        cursor.adbc_ingest(table, pa.Table.from_pylist(rows), mode="create")
        connection.commit()


def test_a_table_of_a_database_gives_what_its_file_gives(pack, database, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = people(60)
    put(database, "patients", rows)
    put(database, "orders", [{"patient": "p1", "id": "o1", "drug": "examplin", "dose": "15 mg", "per": "day"}])
    wish = {"as_of": AS_OF, "units": FACTS_UNITS, "sample": 10}
    pack.evaluate_table(parquet(tmp_path / "in.parquet", rows), tmp_path / "out.parquet", **wish)
    report = pack.evaluate_table(
        f"{database}#patients", f"{database}#public.answers", orders=f"{database}#select * from orders", **wish
    )
    assert (report.rows_in, report.rows_out, report.checked, report.quarantine) == (60, 60, 10, None)
    names = duckdb.sql(f"FROM '{tmp_path / 'out.parquet'}'").columns
    listed = ", ".join(f'"{name}"' for name in names if name != "row")
    there = ask(database, f"SELECT {listed} FROM answers")
    here = duckdb.sql(f"SELECT {listed} FROM '{tmp_path / 'out.parquet'}'").fetchall()
    assert sorted(there, key=str) == sorted(here, key=str)
    assert ask(database, "SELECT count(*) FROM answers_orders WHERE severity = 'critical'")[0][0] > 0
    [(comment,)] = ask(database, "SELECT obj_description('answers'::regclass)")
    assert json.loads(comment) == report.metadata
    assert list(tmp_path.glob("*.parts")) == []
    with pytest.raises(InputError, match=r"there is a table `public.answers` already; drop it"):
        pack.evaluate_table(rows, f"{database}#public.answers")


def test_a_database_that_refuses_is_one_sentence_without_the_password(pack, database, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    secret = re.search(r":([^:@/]+)@", database)[1]
    elsewhere = re.sub(r":[0-9]+/", ":1/", database)
    refused = [database, elsewhere + "#patients", database.replace(secret, "geheim") + "#patients"]
    for address in (f"{database}#nowhere", f"{database}#select * from nowhere", *refused):
        with pytest.raises(InputError) as error:
            pack.evaluate_table(address, tmp_path / "out.csv")
        assert secret not in str(error.value)
        assert "geheim" not in str(error.value)
        assert "\n" not in str(error.value)
    assert list(tmp_path.iterdir()) == []


def test_a_database_that_fails_at_the_end_keeps_the_parts_and_no_table(pack, database, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = people(10)

    def spoil(done, _):
        if done:
            put(database, "spoilt", [{"a": 1}])

    table, wish = pa.Table.from_pylist(rows), {"as_of": AS_OF, "units": FACTS_UNITS}
    with pytest.raises(BackendFault, match="already exists"):
        pack.evaluate_table(table, f"{database}#spoilt", progress=spoil, **wish)
    ask(database, "SELECT a FROM spoilt")
    assert (tmp_path / "spoilt.parts" / "part-00000.parquet").exists()
