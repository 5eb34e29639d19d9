"""The tables of medicines and orders: nothing that they say is lost unheard, and no list looks complete that is not."""

import json
import math
import shutil

import duckdb
import pandas as pd
import pyarrow as pa
import pytest
from scenario_patients import ROOT
from typer.testing import CliRunner

import cds_engine
from cds_engine.cli import app
from cds_engine.diagnostics import InputError

AS_OF = "2026-11-21"
HEAD = "patient,drug,dose,unit,per\n"
TOO_MUCH = "examplin-too-much"


@pytest.fixture(scope="module")
def pack():
    return cds_engine.load(ROOT / "tests" / "corpus" / "packs" / "good")


@pytest.fixture
def answered(pack, tmp_path):
    """Return a call that answers patients with medicines; the sample holds every row to the evaluator."""

    def answer(medicines, patients=None, **wish):
        if isinstance(medicines, str | bytes):
            (tmp_path / "M.csv").write_bytes(medicines.encode() if isinstance(medicines, str) else medicines)
            medicines = tmp_path / "M.csv"
        table = pa.table({"patient": ["a", "b"], "age": [30, 40]}) if patients is None else patients
        report = pack.evaluate_table(table, tmp_path / "out.parquet", as_of=AS_OF, medicines=medicines, **wish)
        read = f"SELECT CAST(patient AS VARCHAR), alerts, problems FROM '{tmp_path / 'out.parquet'}'"
        return report, {patient: (alerts, wrong) for patient, alerts, wrong in duckdb.sql(read).fetchall()}

    return answer


# Lines that cannot be read


@pytest.mark.parametrize(
    "line",
    ["a,examplin,60,mg,week,with food", "a,examplin", "a,examplin,60,mg,w\xe4\xe4k", " a ,examplin,60,mg,week,x"],
)
def test_a_line_that_cannot_be_read_leaves_the_list_of_its_patient_incomplete(pack, answered, line):
    lines = f"{HEAD}a,samplin,10,mg,day\n{line}\nb,samplin,10,mg,day\n"
    report, told = answered(lines.encode("latin-1"))
    assert told == {"a": (None, "medications:D111"), "b": (None, None)}
    incomplete = pack.evaluate({"medications": [{"drug": "samplin", "dose": "10 mg", "per": "day"}, {}]}, as_of=AS_OF)
    assert [problem.code for problem in incomplete.problems] == ["D111"]
    assert (report.checked, report.strays, report.beside["medicines"].reasons) == (2, 1, {"not_a_row": 1})
    [listed] = [json.loads(line) for line in report.quarantine.read_text().splitlines()]
    assert (listed["table"], listed["line"], listed["code"]) == ("medicines", 3, "not_a_row")


@pytest.mark.parametrize("line", ["q,examplin,60,mg,week,x", ",examplin,60,mg,week,x", "\xe4,examplin,60,mg,week"])
def test_a_line_that_may_be_anybodys_refuses_the_run(answered, tmp_path, line):
    with pytest.raises(InputError, match=r"nobody can tell whose these lines are.*line 2 of .*; mend them"):
        answered(f"{HEAD}{line}\na,examplin,10,mg,week\n".encode("latin-1"))
    assert not list(tmp_path.glob("out*"))


@pytest.mark.parametrize(
    ("line", "is_told"),
    [('{"patient": "a", "drug": "samplin", "drug": "examplin"}', True), ('{"patient": "a", "drug": "exam', False),
     ('{"patient": "a", "patient": "b", "drug": "examplin"}', False),
     ('{"patient": "a", "PATIENT": "b", "drug": "examplin"}', False)],
)  # fmt: skip
def test_a_line_of_json_that_cannot_be_read_may_tell_whose_it_is(answered, tmp_path, line, is_told):
    (tmp_path / "M.ndjson").write_text(f'{{"patient": "a", "drug": "samplin", "per": "day"}}\n{line}\n')
    if is_told:
        assert answered(tmp_path / "M.ndjson")[1]["a"] == (None, "medications:D111")
    else:
        with pytest.raises(InputError, match="nobody can tell"):
            answered(tmp_path / "M.ndjson")


@pytest.mark.parametrize(
    "line",
    [
        "a,samplin,10,mg,dayq,examplin,60,mg,week",
        "a,samplin,10,mgb,examplin,60,mg,week",
        "a,samplin,10,mg,B,examplin,60",
    ],
)
def test_two_lines_run_together_are_nobodys(answered, line):
    with pytest.raises(InputError, match="nobody can tell"):
        answered(f"{HEAD}{line}\n")


def test_two_lines_run_together_are_nobodys_however_ids_are_written(answered):
    with pytest.raises(InputError, match="nobody can tell"):
        answered(f"{HEAD}a,samplin,10,mg,day\xe4,examplin,60,mg\n".encode("latin-1"))


def test_an_end_of_line_between_stray_quotes_refuses_the_run(answered):
    with pytest.raises(InputError, match=r"a cell of row 1 \(from 0\) .* medicines has an end of line in it.*; mend"):
        answered(f'{HEAD}a,samplin,10,mg,day\na,"samplin\nb,examplin",10,mg,day\n')


def test_a_line_whose_patient_does_not_stand_first_refuses_the_run(answered):
    with pytest.raises(InputError, match="nobody can tell"):
        answered("drug,patient,dose\nexamplin,a,60 mg,x\n")


def test_an_order_that_cannot_be_read_is_screened_as_unknown(pack, tmp_path):
    (tmp_path / "O.csv").write_text("patient,id,drug,ward\na,o1,examplin,7,x\n")
    table = pa.table({"patient": ["a"], "age": [30]})
    report = pack.evaluate_table(table, tmp_path / "out.ndjson", as_of=AS_OF, orders=tmp_path / "O.csv")
    found = [json.loads(line)["finding"] for line in (tmp_path / "out.orders.ndjson").read_text().splitlines()]
    assert found == [one.rule for one in pack.evaluate({"age": 30}, orders=[{}], as_of=AS_OF).screened[0].findings]
    assert (report.beside["orders"].reasons, report.beside["orders"].ignored) == ({"not_a_row": 1}, ("ward",))


# Whose a row is


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [(["a"], ["\u00a0a\t"]), ([" a"], ["a "]), ([1], [1.0]), ([1.0], ["1"]), ([7], [None, 7.0]), (["1.5"], [1.5])],
)
def test_ids_that_a_person_calls_the_same_are(answered, ours, theirs):
    """A column of whole numbers with a gap becomes one of decimals in pandas."""
    patients = pd.DataFrame({"patient": ours, "age": [30] * len(ours)})
    medicines = pd.DataFrame({"patient": theirs, "drug": "examplin", "dose": 60, "unit": "mg", "per": "week"})
    report, told = answered(medicines[medicines["patient"].notna()], patients)
    assert [alerts for alerts, _ in told.values()] == [TOO_MUCH]
    assert report.strays == 0


@pytest.mark.parametrize(("ours", "theirs"), [("a1", "A1"), ("7", "007"), ("7", "7.0"), ("07", "7")])
def test_ids_that_are_nearly_the_same_refuse_the_run(answered, ours, theirs):
    patients = pa.table({"patient": [ours], "age": [30]})
    with pytest.raises(InputError, match=f"row 0 .* patient `{theirs}`, .* `{ours}`; write ids alike"):
        answered(f"{HEAD}{theirs},examplin,60,mg,week\n", patients)


@pytest.mark.parametrize(
    ("kind", "number"), [(pa.float64(), 2.0**53), (pa.float64(), -(2.0**60)), (pa.float32(), 2048.0)]
)
@pytest.mark.parametrize("is_ours", [True, False])
def test_ids_that_may_be_two_in_one_refuse_the_run(answered, kind, number, is_ours):
    far, text = pa.array([None, number, math.nan], kind), ["a", "b", "c"]
    patients = pa.table({"patient": far if is_ours else text, "age": [30, 40, 50]})
    medicines = pa.table({"patient": text if is_ours else far, "drug": ["examplin"] * 3})
    which = "patients" if is_ours else "medicines"
    with pytest.raises(InputError, match=rf"id in row 1 \(from 0\) of the table of {which} .*; write ids as text"):
        answered(medicines, patients)


def test_ids_of_twenty_figures_stay_what_they_are_in_lines_of_json(answered, tmp_path):
    one, two = 12345678901234567891, 123456789012345678921
    patients, medicines = tmp_path / "P.ndjson", tmp_path / "M.ndjson"
    patients.write_text("".join(f'{{"patient": {own}, "age": 30}}\n' for own in (one, one + 1, two, two + 1)))
    rows = [{"patient": own, "drug": "examplin", "dose": "60 mg", "per": "week"} for own in (one, two)]
    medicines.write_text("".join(json.dumps(row) + "\n" for row in rows))
    _, told = answered(medicines, patients)
    alerts = {str(one): TOO_MUCH, str(one + 1): None, str(two): TOO_MUCH, str(two + 1): None}
    assert {own: alert for own, (alert, _) in told.items()} == alerts


def test_the_id_of_an_entry_is_nobodys(answered):
    with pytest.raises(
        InputError, match="needs the columns `patient` and `drug`; `id` is taken for the id of the entry"
    ):
        answered("id,mrn,drug\na,b,examplin\n")


def test_a_pack_without_a_list_refuses_medicines():
    pack = cds_engine.load("kidney_health_diabetes", value_sets=ROOT / "fixtures/kidney_health_diabetes/value_sets")
    medicines = pa.table({"patient": ["a"], "drug": ["examplin"]})
    with pytest.raises(InputError, match=r"`kidney_health_diabetes` has no list of medications.*; leave it out"):
        pack.evaluate_table(pa.table({"patient": ["a"], "diabetes": [True]}), medicines=medicines)


@pytest.mark.parametrize("nobody", ["", "  ", "unknown"])
def test_a_medicine_of_nobody_refuses_the_run(answered, nobody):
    with pytest.raises(InputError, match=r"name no patient, .*: 1 \(from 0\); say whose they are"):
        answered(f"{HEAD}a,examplin,10,mg,week\n{nobody},examplin,60,mg,week\n")


def test_a_medicine_of_another_patient_is_listed(answered):
    report, told = answered(f"{HEAD}a,examplin,10,mg,week\nc,examplin,60,mg,week\n")
    assert told == {"a": (None, None), "b": (None, None)}
    assert (report.strays, report.quarantined, report.beside["medicines"].reasons) == (1, 0, {"no_patient": 1})
    [listed] = [json.loads(line) for line in report.quarantine.read_text().splitlines()]
    assert (listed["table"], listed["row"], listed["value"], listed["code"]) == ("medicines", 1, "c", "no_patient")


@pytest.mark.parametrize(("line", "code"), [("c,examplin,60 mg,week", "no_patient"), ("a,examplin,60 mg", "not_a_row")])
def test_the_command_tells_what_is_listed_and_ends_with_findings(tmp_path, line, code):
    (tmp_path / "P.csv").write_text("patient,age\na,30\n")
    (tmp_path / "M.csv").write_text(
        f"patient,drug,dose,per,ward\na,samplin,1 mg,day,7\n{line}{',' * (code == 'no_patient')}\n"
    )
    words = ["batch", tmp_path / "P.csv", "--medicines", tmp_path / "M.csv", "-o", tmp_path / "o.csv", "--as-of", AS_OF]
    words += ["--pack", ROOT / "tests" / "corpus" / "packs" / "good"]
    told = CliRunner().invoke(app, [str(word) for word in words])
    assert told.exit_code == 1
    assert "columns of the table of medicines that are not understood were left out: ward" in told.stdout
    assert {"no_patient": "belong to no patient: 1", "not_a_row": "cannot be read: 1; the lists"}[code] in told.stdout
    told = CliRunner().invoke(app, [*map(str, words), "--format", "json"])
    found = json.loads(told.stdout)
    assert (told.exit_code, found["strays"]) == (1, 1)
    assert found["beside"]["medicines"] == {"rows_in": 2, "ignored": ["ward"], "reasons": {code: 1}}


# What columns say


@pytest.mark.parametrize(
    ("column", "beside"),
    [("interval", {}), (" Frequency", {"times": 2}), ("SIG", {"per": "week"}), ("Per", {"name": "samplin"}),
     ("schedule", {"rxnorm": 6851})],
)  # fmt: skip
def test_every_column_that_an_entry_may_have_is_heard(pack, answered, column, beside):
    """With two that say how often both count, as for one patient; the sample holds it to the evaluator, too."""
    said = {"drug": "examplin", **beside}
    rows = [{"patient": "a", **said, "dose": 10, "unit": "mg", column: "day"}]
    _, told = answered(pa.Table.from_pylist(rows))
    entry = {**said, "dose": "10 mg", column.strip().lower(): "day"}
    single = pack.evaluate({"age": 30, "medications": [entry]}, as_of=AS_OF)
    assert told["a"][0] == (";".join(alert.rule for alert in single.alerts) or None)
    assert bool(told["a"][1]) == bool(single.problems)


def test_a_unit_says_how_often_also_without_an_amount(pack, answered):
    rows = [{"patient": "a", "drug": "examplin", "dose": None, "unit": "mg/day"}]
    report, _ = answered(pa.Table.from_pylist(rows))
    entry = {"drug": "examplin", "dose": {"value": None, "unit": "mg/day"}}
    single = pack.evaluate({"age": 30, "medications": [entry]}, as_of=AS_OF)
    assert report.problems == {"medications:D111": len(single.problems)}


@pytest.mark.parametrize(
    ("columns", "cells", "reason"),
    [
        ("dosis,unit,per", "60,mg,week", "the column `dosis` .* did you mean `dose`. rename it so"),
        ("dose,unit,intervall", "60,mg,day", "the column `intervall` .* did you mean `interval`"),
        ("dose,unit,per,remark", "60,mg,week,every morning", r"`remark` .* \(`every morning`\); call it `sig`"),
        ("dose,unit,dose_2", "60,mg,70", "the columns `dose` and `dose_2` .* both say `dose`"),
        ("dose_1,unit,per", "60,mg,week", "the column `dose_1` .* is one of several by its name; call it `dose`"),
        ("dose,per,daily_dose", "60 mg,week,8", "`daily_dose` .* did you mean `dose` with `day` in `per`"),
        ("dose,dose_units", "60,mg", "`dose_units` .* did you mean `unit`"),
        ("dose,tiems", "60 mg,3", "`tiems` .* did you mean `times`"),
        ("dose,__patient", "60 mg,b", "may not be called `__patient`"),
    ],
)
@pytest.mark.parametrize("table", ["medicines", "orders"])
def test_a_column_that_may_say_how_much_refuses_the_run(pack, tmp_path, table, columns, cells, reason):
    second = tmp_path / "second.csv"
    second.write_text(f"patient,drug,{columns}\na,examplin,{cells}\n")
    with pytest.raises(InputError, match=reason):
        pack.evaluate_table(pa.table({"patient": ["a"], "age": [30]}), as_of=AS_OF, **{table: second})


def test_other_columns_are_named_once(answered):
    report, told = answered("patient,drug,dose,per,ward,note,id,status\na,examplin,60 mg,week,7,x,m1,active\n")
    assert report.beside["medicines"].ignored == ("ward", "note")
    assert (told["a"], report.strays) == ((TOO_MUCH, None), 0)


def test_columns_that_are_called_otherwise_refuse_no_run(pack):
    columns = ["notes", "timestamp", "person", "period", "quantity", "amount", "sign", "qty"]
    medicines = pa.table({"patient": ["a"], "drug": ["examplin"]} | {key: ["7"] for key in columns})
    report = pack.evaluate_table(pa.table({"patient": ["a"], "age": [30]}), as_of=AS_OF, medicines=medicines)
    assert report.beside["medicines"].ignored == tuple(columns)


# Lines of JSON that say one thing in several ways


@pytest.mark.parametrize(
    "lists",
    [
        [["samplin"], [{"drug": "examplin", "dose": "60 mg", "per": "week"}]],
        [[{"drug": "examplin", "dose": "60 mg", "per": "week"}],
         [{"drug": "examplin", "dose": {"value": 60, "unit": "mg"}, "per": "week"}]],
        ["examplin weekly", {"drug": "examplin", "dose": "60 mg", "per": "week"}, ["samplin", {"drug": "examplin"}]],
        [{"value": ["samplin"], "complete": False}, ["samplin"], []],
        [[{"drug": "samplin", "sig": "weekly"}], [{"drug": "samplin"}]],
        [[{"value": ["samplin"], "date": "2026-11-01"}], {"value": ["examplin"], "date": "2030-01-01"}, "none"],
    ],
)  # fmt: skip
def test_lines_that_say_a_list_in_several_ways_say_what_each_says(pack, tmp_path, lists):
    source, out = tmp_path / "in.ndjson", tmp_path / "out.parquet"
    rows = [{"patient": f"p{n}", "age": 30, "medications": found} for n, found in enumerate(lists)]
    source.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert pack.evaluate_table(source, out, as_of=AS_OF).checked == len(rows)
    read = f"SELECT patient, alerts, problems, missing FROM '{out}'"
    told = {patient: rest for patient, *rest in duckdb.sql(read).fetchall()}
    for row in rows:
        single = pack.evaluate({"age": 30, "medications": row["medications"]}, as_of=AS_OF)
        alerts, problems, missing = told[row["patient"]]
        assert alerts == (";".join(alert.rule for alert in single.alerts) or None)
        assert bool(problems) == bool(single.problems)
        waits = {name for found in single.recommendations for name in found.missing}
        assert ("medications" in (missing or "")) == ("medications" in waits)


def test_a_dose_in_lines_of_json_is_an_object_or_a_text(answered, tmp_path):
    rows = [{"patient": "a", "drug": "examplin", "per": "week", "dose": {"value": 60, "unit": "mg"}},
            {"patient": "b", "drug": "examplin", "per": "week", "dose": "60 mg"}]  # fmt: skip
    (tmp_path / "M.ndjson").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert answered(tmp_path / "M.ndjson")[1] == {"a": (TOO_MUCH, None), "b": (TOO_MUCH, None)}


def test_a_weekly_dose_of_one_drug_is_an_object_or_a_text(tmp_path):
    folder = shutil.copytree(ROOT / "tests" / "corpus" / "packs" / "good", tmp_path / "good")
    facts = "  weekly: {label: examplin, type: drug_dose, drug: examplin, unit: mg/wk, plausible: 0 to 99 mg/wk}\n"
    with (folder / "facts.yaml").open("a", encoding="utf-8") as file:
        file.write(facts)
    pack = cds_engine.load(folder)
    doses = [
        "60 mg/wk",
        {"value": 60, "unit": "mg/wk"},
        {"value": 60, "unit": "mg/wk", "date": "2030-01-01"},
        "60 mg/d",
    ]
    rows = [{"patient": f"p{n}", "age": 30, "weekly": dose} for n, dose in enumerate(doses)]
    source, out = tmp_path / "in.ndjson", tmp_path / "out.parquet"
    source.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert pack.evaluate_table(source, out, as_of=AS_OF).checked == len(rows)
    told = duckdb.sql(f"SELECT alerts, problems FROM '{out}' ORDER BY patient").fetchall()
    for dose, (alerts, problems) in zip(doses, told, strict=True):
        single = pack.evaluate({"age": 30, "weekly": dose}, as_of=AS_OF)
        assert alerts == (";".join(alert.rule for alert in single.alerts) or None)
        assert bool(problems) == bool(single.problems)
