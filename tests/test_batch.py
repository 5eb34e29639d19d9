"""The columns say what the evaluator says: generated patients as rows, thresholds on both sides, doubts, medicines."""

import datetime as dt
import json
import math
import re
import threading
import time
from importlib import import_module
from pathlib import Path
from random import Random

import duckdb
import pyarrow as pa
import pytest
from pyarrow import csv
from rows import answers_of, as_cells, differences_of, text
from strategies import PatientMaker

import cds_engine
from cds_engine.backends.sql.numbers import against_constant, highest, lowest
from cds_engine.backends.sql.program import compile_pack
from cds_engine.backends.sql.sheet import Sql, columns_in
from cds_engine.batch.columns import Wishes, understand
from cds_engine.batch.duck import Duck
from cds_engine.batch.engine import ROW
from cds_engine.batch.held import Held
from cds_engine.batch.part import PartRunner, Task
from cds_engine.batch.table import Order, evaluate_table
from cds_engine.diagnostics import BackendFault, EngineDisagreement, InputError
from cds_engine.engine.guide import LoadedPack
from cds_engine.evaluator.conditions import COMPARES
from cds_engine.units import exact

AS_OF = dt.date(2026, 11, 21)


@pytest.fixture(scope="module")
def jdm():
    return LoadedPack(cds_engine.load("jdm_calcinosis").guideline, {})


def test_both_sides_of_every_threshold_are_exact():
    r = Random(1)  # noqa: S311 - a seeded test
    thresholds = [
        0.0,
        30.0,
        60.0,
        40.0,
        1.0,
        0.7,
        88.4,
        1e-5,
        12.0,
        2.675,
        *(round(r.uniform(0, 500), 2) for _ in range(60)),
    ]
    con = duckdb.connect()
    for threshold in thresholds:
        near = [lowest(threshold), highest(threshold), threshold, exact(threshold)]
        near += [math.nextafter(x, way) for x in near for way in (-math.inf, math.inf)]
        near += [threshold * (1 + k * 1e-15) for k in range(-12, 13)]
        con.register("near", pa.table({"x": pa.array(near, pa.float64())}))
        for comparator, compares in COMPARES.items():
            said = con.execute(f"SELECT {against_constant(comparator, Sql('x'), threshold).text} FROM near").fetchall()
            assert [row[0] for row in said] == [compares(exact(x), exact(threshold)) for x in near], (
                comparator,
                threshold,
            )


def test_the_rounding_of_the_engine_is_ours():
    r = Random(2)  # noqa: S311 - a seeded test
    values = [r.uniform(-1, 1) * 10 ** r.randint(-12, 14) for _ in range(20000)]
    values += [round(r.uniform(0, 1000), r.randint(0, 6)) for _ in range(20000)] + [128 * 0.393 * 2.54, 0.1 + 0.2, 0.0]
    duck = Duck(threads=1)
    duck.register("numbers", pa.table({"x": pa.array(values, pa.float64())}))
    assert [row[0] for row in duck.rows("SELECT cds_exact(x) FROM numbers")] == [exact(x) for x in values]


READY = {
    "age_years": 8.0, "sex_at_birth": "female", "height": 128.0, "weight": 26.0, "diagnosis_jdm": "confirmed",
    "jdm_onset_age": 7.0, "disease_phase": "new_onset", "egfr": 110.0, "current_medications": "none",
    "breastfeeding": False, "alcohol_misuse": False, "chronic_liver_disease": False, "immunodeficiency": False,
    "blood_dyscrasia": False, "active_serious_infection": False, "peptic_or_oral_ulcer_active": False,
    "drug_hypersensitivity": "none", "tmp_smx_use": "none", "nitrous_oxide_planned": False,
    "live_vaccine_planned_or_recent": False, "muscle_disease_active": True, "disease_resistant": True,
    "selective_iga_deficiency": False, "anti_iga_antibodies": False, "calcinosis_status": "developing",
    "hypertension_uncontrolled": False, "malignancy": False,
}  # fmt: skip
UNITS = {"height": "cm", "weight": "kg", "egfr": "mL/min/{1.73_m2}"}


def typed(row):
    kinds = {bool: pa.bool_(), float: pa.float64(), str: pa.string(), dt.date: pa.date32()}
    return {name: kinds[type(value)] for name, value in row.items()}


def test_doses_at_every_cap_and_with_each_input_missing(jdm):
    sizes = [
        (128.0, 26.0),
        (180.0, 80.0),
        (160.0, 160.0),
        (180.0, 79.99),
        (180.0, 80.01),
        (176.0, 100.0),
        (120.0, 30.0),
    ]
    sizes += [
        (150.0, w) for w in (1000 / 30, 30.0, 33.33, 33.34, 40.0, 50.0, 60.0, 29.999999999999996, 30.000000000000004)
    ]
    rows = [READY | {"height": h, "weight": w} for h, w in sizes]
    rows += [READY | {"height": 180.0, "weight": 80.0, "egfr": e} for e in (29.99, 30.0, 30.01, 59.99, 60.0, 60.01)]
    rows += [
        READY | {"disease_phase": phase, "weight": w} for phase in ("flare", "established_active") for w in (20.0, 60.0)
    ]
    rows += [{k: v for k, v in READY.items() if k != name} for name in READY]
    rows += [READY | {"height": 1000.0}]
    dosed = 0
    for layout, answer, single, facts in answers_of(jdm, rows, typed(READY), Wishes(UNITS)):
        assert not (found := differences_of(layout, answer, single)), (found, facts)
        dosed += any(rec.dose is not None for rec in single.recommended)
    assert dosed > 20


@pytest.mark.parametrize(
    "blank", [" ", "\t", "\u00a0", "\u2009", "\u202f", "\u3000", "\x85", "\x1c", "\x0b", "\u2028", "\u200b"]
)
def test_blanks_of_every_script_are_read_as_for_one_patient(jdm, blank):
    texts = {"height": "128 cm", "age_years": "8", "diagnosis_jdm": "confirmed", "breastfeeding": "no"}
    texts |= {"weight": "26 kg", "weight_date": "2026-11-01"}
    rows = [{name: cell.replace(" ", blank) for name, cell in texts.items()}]
    rows += [{name: blank + cell + blank for name, cell in texts.items()}, dict.fromkeys(texts, blank), texts]
    rows.append(texts | {"height": "\uff11\uff12\uff18 cm", "age_years": "\u0668"})
    for layout, answer, single, facts in answers_of(jdm, rows, as_of=AS_OF):
        assert not (found := differences_of(layout, answer, single)), (found, facts)
        listed = {name.split(":")[0] for name in answer["problems"].split(";") if name}
        assert {problem.fact for problem in single.problems} == listed, (single.problems, facts)


def test_doubts_are_judged_in_every_world(jdm):
    late, rows = dt.date(2026, 1, 1), []
    for change in (
        {"weight_date": late}, {"egfr_date": late}, {"body_surface_area": 1.4}, {"body_surface_area": 0.97},
        {"serum_creatinine": 3.0}, {"serum_creatinine": 0.5}, {"sex_at_birth": "male", "pregnancy_status": "possible"},
        {"pregnancy_status": "pregnant"}, {"pregnancy_status": "not_applicable", "age_years": 15.0},
        {"birth_date": dt.date(2012, 1, 1)}, {"birth_date": dt.date(2018, 9, 1)}, {"jdm_onset_age": 12.0},
        {"weight_date": late, "egfr_date": late, "body_surface_area": 1.4, "birth_date": dt.date(2010, 1, 1)},
        {"weight": 300.0}, {"bp_systolic": 80.0, "bp_diastolic": 90.0}, {"bp_systolic": 80.0, "weight_date": AS_OF},
        {"serum_creatinine": 0.853, "egfr": 58.0}, {"serum_creatinine": 0.9, "egfr": 61.0}, {"serum_creatinine": 0.91},
        {"serum_creatinine": 0.06, "egfr_date": late}, {"height": 40.1, "weight": 0.5, "body_surface_area": 9.0},
    ):  # fmt: skip
        rows += [READY | change, READY | change | {"current_medications": "methotrexate daily"}]
    names = {name: kind for row in rows for name, kind in typed(row).items()}
    units = UNITS | {
        "body_surface_area": "m2",
        "serum_creatinine": "mg/dL",
        "bp_systolic": "mm[Hg]",
        "bp_diastolic": "mm[Hg]",
    }
    doubts = 0
    one_doubt = (
        rows[8:10],
        rows[4:5],
        rows[12:13],
        rows[32:35:2],
    )  # withheld, derived, contradicted, within the tolerance
    for some in (rows, *one_doubt):  # there only the warnings that rest on it are judged in every world
        told = {name: unit for name, unit in units.items() if any(name in row for row in some)}
        for layout, answer, single, facts in answers_of(jdm, some, names, Wishes(told), AS_OF):
            assert not (found := differences_of(layout, answer, single)), (found, facts)
            doubts += bool(single.problems)
    assert doubts > 20


# The whole way


def csv_of(path, lines):
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


LINES = [
    "patient,as_of,height,weight,weight_date,diagnosis_jdm,jdm_onset_age,disease_phase,shoe_size",
    "A,2026-11-21,128,26,2026-11-01,confirmed,7,new_onset,30",
    "B,,1280,26,2020-11-01,confirmed,7,new_onset,31",
    "C,someday,128,26,,confirmed,7,new_onset,32",
]


def test_every_row_is_answered_or_in_quarantine(jdm, tmp_path):
    source, out = csv_of(tmp_path / "in.csv", LINES), tmp_path / "out.parquet"
    report = jdm.evaluate_table(source, out, as_of="2026-11-21", units={"height": "cm", "weight": "kg"})
    assert (report.rows_in, report.rows_out, report.quarantined) == (3, 2, 1)
    assert report.ignored == ("shoe_size",)
    assert report.problems["height:D105"] == 1
    [line] = [json.loads(line) for line in report.quarantine.read_text().splitlines()]
    assert (line["row"], line["code"]) == (2, "as_of")
    rows = duckdb.sql(f"SELECT patient, start_methotrexate, problems FROM '{out}' ORDER BY row").fetchall()
    assert rows == [("A", "needs_data", None), ("B", "needs_data", "height:D105;weight:D109")]
    meta = dict(duckdb.sql(f"SELECT key::VARCHAR, value::VARCHAR FROM parquet_kv_metadata('{out}')").fetchall())
    assert meta["pack"] == "jdm_calcinosis"
    assert meta["hash"] == jdm.guideline.pack.hash


def test_a_table_gives_the_same_in_every_form(jdm, tmp_path):
    source = csv_of(tmp_path / "in.csv", LINES[:3])
    frame = pa.table(
        {n: [line.split(",")[i] or None for line in LINES[1:3]] for i, n in enumerate(LINES[0].split(","))}
    )
    nd = tmp_path / "in.ndjson"
    nd.write_text("".join(json.dumps(row) + "\n" for row in frame.to_pylist()))
    pq = tmp_path / "in.parquet"
    duckdb.sql("SELECT * FROM frame").write_parquet(str(pq))
    found = []
    for index, table in enumerate((source, frame, nd, pq)):
        out = tmp_path / f"out{index}.csv"
        jdm.evaluate_table(table, out, as_of="2026-11-21", units={"height": "cm", "weight": "kg"}, sample=0)
        found.append(sorted(out.read_text().splitlines()[1:]))
    assert all(rows == found[0] for rows in found)
    long = tmp_path / "long.ndjson"
    jdm.evaluate_table(source, long, as_of="2026-11-21", units={"height": "cm", "weight": "kg"}, form="long")
    rows = [json.loads(line) for line in long.read_text().splitlines()]
    assert {row["status"] for row in rows} <= {"recommended", "blocked", "needs_data"}
    [one] = [row for row in rows if (row["patient"], row["rule"]) == ("A", "start-methotrexate")]
    single = jdm.evaluate(
        {"height": "128 cm", "weight": {"value": 26, "unit": "kg", "date": "2026-11-01"}, "diagnosis_jdm": "confirmed",
         "jdm_onset_age": 7, "disease_phase": "new_onset"}, as_of="2026-11-21",
    )  # fmt: skip
    assert one["missing"].split(";") == next(
        r.missing for r in single.recommendations if r.rule == "start-methotrexate"
    )


def test_a_second_table_lists_the_medicines(jdm, tmp_path):
    patients = csv_of(tmp_path / "p.csv", ["patient,diagnosis_jdm", "A,confirmed", "B,confirmed", "C,confirmed"])
    medicines = csv_of(
        tmp_path / "m.csv",
        [
            "patient,drug,dose,unit,per,route",
            "A,methotrexate,15,mg,day,oral",
            "A,MTX,10,mg,week,SC",
            "B,prednisolone,20,mg,day,po",
        ],
    )
    out = tmp_path / "out.csv"
    report = jdm.evaluate_table(patients, out, as_of="2026-11-21", medicines=medicines)
    assert report.checked == 3
    alerts = duckdb.sql(f"SELECT patient, alerts FROM '{out}' ORDER BY patient").fetchall()
    assert re.search("daily", alerts[0][1])
    assert not re.search("daily", alerts[1][1] or "")


def test_a_quantity_without_unit_is_refused_with_the_remedy(jdm, tmp_path):
    source = csv_of(tmp_path / "in.csv", ["height,weight", "128,26 kg"])
    with pytest.raises(InputError, match=r"`height` has no unit; say `--units height=cm`"):
        jdm.evaluate_table(source, tmp_path / "out.csv")
    with pytest.raises(InputError, match=r"`hieght` has a unit but no column"):
        jdm.evaluate_table(source, tmp_path / "out.csv", units={"hieght": "cm", "height": "cm"})
    assert not list(tmp_path.glob("out*"))


def test_a_wrong_column_engine_writes_nothing(jdm, tmp_path, monkeypatch):
    monkeypatch.setattr("cds_engine.backends.sql.numbers.lowest", lambda threshold: threshold * 1.01)
    source = csv_of(tmp_path / "in.csv", ["height,weight,diagnosis_jdm,jdm_onset_age", "128 cm,26 kg,confirmed,18.1 a"])
    with pytest.raises(EngineDisagreement, match="by the evaluator"):
        jdm.evaluate_table(source, tmp_path / "out.parquet", as_of="2026-11-21")
    assert not list(tmp_path.glob("out*"))


def test_a_run_that_fails_leaves_the_evaluator_no_work(jdm, tmp_path, monkeypatch):
    csv.write_csv(pa.table({"weight": [26.0] * 400, "height": [128.0] * 400}), tmp_path / "in.csv")
    asked = []

    def slow(*sent, **named):
        asked.append(sent)
        time.sleep(0.01)
        return jdm.evaluate(*sent, **named)

    def full(*_):
        raise OSError("No space left on device")

    monkeypatch.setattr("cds_engine.batch.answering.count", full)
    monkeypatch.setattr(Held, "compare", lambda *_: None)
    order = Order(
        tmp_path / "in.csv", tmp_path / "out.csv", AS_OF, Wishes({"weight": "kg", "height": "cm"}), sample=400
    )
    with pytest.raises(BackendFault, match="No space"):
        evaluate_table(jdm.guideline, slow, order)
    for thread in [thread for thread in threading.enumerate() if thread.name.startswith("cds_engine sample")]:
        thread.join()
    assert len(asked) < 400


def test_an_empty_table_has_an_empty_answer_and_a_missing_folder_is_said(jdm, tmp_path):
    source = csv_of(tmp_path / "in.csv", ["height,weight"])
    report = jdm.evaluate_table(source, tmp_path / "out.csv", as_of="2026-11-21")
    assert (report.rows_in, report.rows_out, report.quarantined) == (0, 0, 0)
    with pytest.raises(InputError, match="there is no folder"):
        jdm.evaluate_table(source, tmp_path / "nowhere" / "out.csv")


@pytest.mark.parametrize(("other", "sizes"), [("age", [5, 4, 5, 5, 1]), ("filename", [3, 2, 4, 5, 5, 1])])
def test_small_files_are_read_as_one_part_and_rows_are_numbered_through_all(tmp_path, other, sizes):
    """Large ones are cut; where DuckDB cannot tell which file a row is from, small ones are parts of their own."""
    files, start = [], 0
    for number, rows in enumerate((3, 2, 0, 4, 10, 1)):
        columns = [f"{start} + range AS expected", f"'x' AS {other}"]
        listed = ", ".join(columns if number % 2 else columns[::-1])
        files.append(tmp_path / f"{number}.parquet")
        duckdb.sql(f"SELECT {listed} FROM range({rows})").write_parquet(str(files[-1]))
        start += rows
    duck = Duck(threads=1)
    _, parts = duck.parts(files, 5, "input")
    assert [part.rows for part in parts] == sizes
    rows = [row for part in parts for row in duck.rows(f"SELECT {ROW}, expected, {other} FROM {part.relation}")]
    assert sorted(rows) == [(number, number, "x") for number in range(20)]


def test_lines_that_are_no_rows_are_in_quarantine_and_parts_join(jdm, tmp_path):
    lines = ["patient,row", *(f"p{i},confirmed" for i in range(2500)), "too,many,cells"]
    source, out = csv_of(tmp_path / "in.csv", lines), tmp_path / "out.parquet"
    order = Order(source, out, part_rows=1000, sample=5, wishes=Wishes(names={"row": "diagnosis_jdm"}))
    report = evaluate_table(jdm.guideline, jdm.evaluate, order)
    assert (report.rows_in, report.rows_out, report.quarantined, report.checked) == (2501, 2500, 1, 5)
    assert json.loads(report.quarantine.read_text())["line"] == 2502
    assert duckdb.sql(f"SELECT count(DISTINCT patient), count(*) FROM '{out}'").fetchall() == [(2500, 2500)]
    assert not report.problems
    assert report.statuses["specialist-referral"]["needs_data"] == 2500
    assert [file.name for file in sorted(tmp_path.glob("out*"))] == ["out.parquet", "out.parquet.quarantine.ndjson"]


def test_generated_medicines_of_a_second_table_fold_as_one_list(jdm):
    """Every row is in the sample, so the run itself compares each fold with the evaluator's."""
    maker, r = PatientMaker(jdm.guideline), Random(7)  # noqa: S311 - a seeded test
    patients, medicines = [], []
    for number in range(250):
        dose = r.choice((None, None, "15 mg/wk", "40.0001 mg/wk", "2 mg/d", "x", "0 mg/wk", "9999 mg/wk"))
        patients.append({"patient": f"p{number}", "diagnosis_jdm": "confirmed", "current_methotrexate_dose": dose})
        for entry in maker.medications(r):
            sent = entry if isinstance(entry, dict) else {"drug": entry}
            given = sent.get("dose")
            parts = given if isinstance(given, dict) else {"value": given}
            row = {name: text(sent.get(name)) for name in ("drug", "per", "route")}
            row |= {"dose": text(parts.get("value")), "unit": text(parts.get("unit")), "times": text(sent.get("times"))}
            medicines.append({"patient": f"p{number}", **row})
    tables = [pa.Table.from_pylist(rows) for rows in (patients, medicines)]
    order = Order(tables[0], as_of=AS_OF, medicines=tables[1], sample=len(patients))
    report = evaluate_table(jdm.guideline, jdm.evaluate, order)
    assert report.checked == report.rows_out == len(patients)
    assert report.problems["current_medications:D111"] > 20


# The text


def test_no_column_of_a_reading_is_null(jdm):
    maker, r = PatientMaker(jdm.guideline), Random(11)  # noqa: S311 - a seeded test
    facts = ("height", "weight", "egfr", "cmas", "disease_phase", "birth_date", "breastfeeding")
    facts += ("drug_hypersensitivity", "current_medications", "calcium_total")
    rows = [as_cells(maker.patient(r), jdm.guideline.dictionary.facts) for _ in range(200)]
    names = sorted({name for row in rows for name in row if name.startswith(("as_of", *facts))})
    duck = Duck(threads=1)
    cells = {name: pa.array([row.get(name) for row in rows], pa.string()) for name in names}
    duck.register("src", pa.table({ROW: pa.array(range(len(rows)), pa.int64()), **cells}))
    columns = understand(dict.fromkeys(names, "VARCHAR"), jdm.guideline.dictionary, Wishes())
    PartRunner(Task(jdm.guideline, columns, None), duck).answer("src")
    nulls = " + ".join(f"count_if({name} IS NULL)" for name in duck.columns("readings"))
    assert duck.rows(f"SELECT count(*) > 0, {nulls} FROM readings") == [(True, 0)]


def test_what_no_column_says_folds_away(jdm):
    kept = {f"r{index}_status": f"r{index}_status" for index in range(len(jdm.guideline.rules))}
    whole = compile_pack(jdm.guideline, jdm.guideline.dictionary.facts).plain.query(kept)
    few = compile_pack(jdm.guideline, {"diagnosis_jdm", "disease_phase"}).plain.query(kept)
    assert columns_in([few]) & {f"v_{name}" for name in jdm.guideline.dictionary.facts} == {
        "v_diagnosis_jdm", "v_disease_phase",
    }  # fmt: skip
    assert len(few) < len(whole) / 3


@pytest.mark.parametrize(("name", "a_rule"), [("made_up", "biopsy"), ("jdm", "excision")])
def test_the_workloads_by_hand_say_what_the_compiled_ones_say(jdm, name, a_rule, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parent.parent / "benchmarks"))
    side = import_module("side_by_side")
    work = side.WORKLOADS[name]
    pack = cds_engine.LoadedPack(jdm.guideline, {}) if name == "jdm" else side.loaded(work)
    table, ours, theirs = (tmp_path / name for name in ("in.parquet", "ours.parquet", "theirs.parquet"))
    side.write_table(work, table, 1000, pack.guideline.dictionary)
    side.compiled(work, pack, table, ours)
    side.by_sql(work, table, theirs)
    rows = side.rows_of(table, 1000)
    said = side.by_python(work, rows)
    side.compare(ours, theirs, rows, said)
    if work.has_whole_answers:  # what other engines are given, with Python for one
        whole, language = import_module("whole"), import_module("by_python").PYTHON
        decider = import_module("by_expressions").Whole(language, whole.conditions_of(pack.guideline))
        side.compare_peer("Python", whole.answers(decider, rows[:300]), said[:300], rows[:300])
    said[7][a_rule] = "blocked by mistake"
    with pytest.raises(AssertionError):
        side.compare(ours, theirs, rows, said)
