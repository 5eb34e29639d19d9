"""Medicines in a batch: an amount counts whatever kind of column it stands in, once, and for nobody else."""

import shutil
from decimal import Decimal

import duckdb
import pyarrow as pa
import pytest
from scenario_patients import ROOT

import cds_engine

AS_OF = "2026-11-21"
TOO_MUCH = "examplin-too-much"
"""The alert of more than 50 mg of examplin a week."""


@pytest.fixture(scope="module")
def pack():
    return cds_engine.load(ROOT / "tests" / "corpus" / "packs" / "good")


def alerts(pack, tmp_path, patients, medicines=None):
    """Return the alerts of each patient and the problems of all; the sample holds every row to the evaluator."""
    out = tmp_path / "out.parquet"
    report = pack.evaluate_table(patients, out, as_of=AS_OF, medicines=medicines)
    assert report.checked == report.rows_out
    return dict(duckdb.sql(f"SELECT patient, alerts FROM '{out}'").fetchall()), report.problems


def people(*names):
    return pa.table({"patient": names, "age": [30] * len(names)})


@pytest.mark.parametrize("times", ["1", " 1.0 ", ""])
def test_how_often_is_read_from_a_cell_of_text(pack, tmp_path, times):
    file = tmp_path / "medicines.csv"
    file.write_text(f"patient,drug,dose,unit,per,times\nA,examplin,60,mg,week,{times}\n")
    assert alerts(pack, tmp_path, people("A"), file) == ({"A": TOO_MUCH}, {})
    file.write_text("patient,drug,dose,unit,per,times\nA,examplin,60,mg,week,often\n")
    assert alerts(pack, tmp_path, people("A"), file) == ({"A": None}, {"medications:D111": 1})


def test_how_often_an_order_is_given_is_read_from_a_cell_of_text(pack, tmp_path):
    file, out = tmp_path / "orders.csv", tmp_path / "out.parquet"
    file.write_text("patient,id,drug,dose,unit,per,times\nA,o1,examplin,15,mg,week,5\n")
    pack.evaluate_table(people("A"), out, as_of=AS_OF, orders=file)
    order = {"id": "o1", "drug": "examplin", "dose": "15 mg", "per": "week", "times": 5}
    [screened] = pack.evaluate({"age": 30}, orders=[order], as_of=AS_OF).screened
    found = duckdb.sql(f"SELECT finding, text FROM '{tmp_path / 'out.orders.parquet'}'").fetchall()
    assert sorted(found) == sorted((one.rule, one.text) for one in screened.findings)


def test_a_dose_of_a_database_is_a_number(pack, tmp_path):
    """PostgreSQL and Parquet keep amounts as `NUMERIC`; so may who asks about one patient."""
    entry = {"drug": "examplin", "dose": Decimal("12.5"), "unit": "mg", "per": "week", "times": Decimal(5)}
    medicines = pa.Table.from_pylist([{"patient": "A", **entry}])
    assert pa.types.is_decimal(medicines.schema.field("dose").type)
    assert alerts(pack, tmp_path, people("A"), medicines) == ({"A": TOO_MUCH}, {})


@pytest.mark.parametrize("number", ["NaN", "sNaN", "Infinity", "1e999", "-1"])
def test_a_decimal_that_is_no_amount_is_told(pack, number):
    entry = {"drug": "examplin", "per": "week"}
    for said in ({"dose": {"value": Decimal(number), "unit": "mg"}}, {"dose": "60 mg", "times": Decimal(number)}):
        answer = pack.evaluate({"medications": [entry | said]}, as_of=AS_OF)
        assert [problem.code for problem in answer.problems] == ["D111"]
        assert not answer.alerts


def test_a_dose_counts_once_whatever_another_row_leaves_open(pack, tmp_path):
    """NULL and an empty text say the same, but they are two cells: no patient takes the medicine twice for that."""
    rows = [{"patient": name, "drug": "examplin", "dose": "30", "unit": "mg", "per": "week", "route": route}
            for name, route in (("A", None), ("B", ""), ("C", "oral"))]  # fmt: skip
    medicines = pa.Table.from_pylist(rows)
    assert alerts(pack, tmp_path, people("A", "B", "C"), medicines) == (dict.fromkeys("ABC"), {})


def test_cells_with_a_bar_are_not_taken_for_two(pack, tmp_path):
    rows = [{"patient": "A", "drug": "examplin", "dose": "60 mg", "per": "week|x", "route": None},
            {"patient": "B", "drug": "examplin", "dose": "60 mg", "per": "week", "route": "x|"}]  # fmt: skip
    found, problems = alerts(pack, tmp_path, people("A", "B"), pa.Table.from_pylist(rows))
    assert (found, problems) == ({"A": None, "B": TOO_MUCH}, {"medications:D111": 2})


@pytest.mark.parametrize("nothing", ["\t", "\u00a0", " unknown\t", "\n", ""])
def test_a_cell_of_blanks_is_no_empty_list(pack, tmp_path, nothing):
    out = tmp_path / "out.parquet"
    patients = pa.table({"patient": ["A", "B"], "age": [30, 30], "medications": [nothing, "none"]})
    pack.evaluate_table(patients, out, as_of=AS_OF)
    missing = dict(duckdb.sql(f"SELECT patient, missing FROM '{out}'").fetchall())
    assert "medications" in missing["A"].split(";")
    assert "medications" not in missing["B"].split(";")


def test_a_day_of_blanks_is_no_bad_day(pack, tmp_path):
    patients = pa.table({"patient": ["A"], "age": [30], "as_of": ["\t"]})
    assert pack.evaluate_table(patients, tmp_path / "out.parquet", as_of=AS_OF).quarantined == 0


def with_rule(tmp_path, was, now):
    """Return the pack with other words in the rule that gives examplin."""
    folder = shutil.copytree(ROOT / "tests" / "corpus" / "packs" / "good", tmp_path / "good")
    (file,) = (path for path in (folder / "statements").iterdir() if "give-examplin" in path.read_text())
    text = file.read_text()
    assert was in text
    file.write_text(text.replace(was, now))
    return cds_engine.load(folder)


def test_a_list_that_is_not_all_may_be_written_as_a_patient_has_it(tmp_path):
    """What it does not hold stays unknown; the sample holds every row to the evaluator."""
    pack = with_rule(
        tmp_path, "and not gout", "and not (medications contains 'samplin' or allergies contains 'examplin')"
    )
    lists = ['{"value": ["examplin"], "complete": false}', '{"value": [], "complete": false}', "examplin", "{x", "none"]
    lists += ['{"value": ["examplin"], "complete": true}', '{"value": ["examplin"]}']
    table = pa.table({
        "patient": [f"p{n}" for n in range(len(lists))], "age": [30] * len(lists), "lesions": [5] * len(lists),
        "medications": lists, "allergies": [text.replace("examplin", "nuts") for text in lists[2:] + lists[:2]],
    })  # fmt: skip
    report = pack.evaluate_table(table, tmp_path / "out.parquet", as_of=AS_OF)
    assert report.checked == len(lists)
    assert report.missing["medications"] == report.missing["allergies"] == 3
    assert report.problems == {"allergies:D107": 1, "medications:D111": 1}


def test_of_a_choice_the_chosen_treatment_speaks(tmp_path):
    one = "drug: examplin\n          regimen: examplin-weekly"
    other = "one_of: [{drug: examplin, regimen: examplin-weekly}, {drug: samplin, regimen: samplin-daily}]"
    pack, out = with_rule(tmp_path, one, other), tmp_path / "out.parquet"
    both = {
        "age": 30, "lesions": 5, "gout": False, "allergies": "nuts", "medications": "none", "body_surface_area": "2 m2",
        "egfr": "90 mL/min/{1.73_m2}", "creatinine": "1 mg/dL",
    }  # fmt: skip
    told = {"A": "pregnant", "B": "not_pregnant"}
    table = pa.Table.from_pylist([{"patient": name, "pregnancy": word, **both} for name, word in told.items()])
    pack.evaluate_table(table, out, as_of=AS_OF, form="long")
    found = duckdb.sql(
        f"SELECT treatment, cautions FROM '{out}' WHERE rule = 'give-examplin' ORDER BY patient"
    ).fetchall()
    single = [
        pack.evaluate({**both, "pregnancy": word}, as_of=AS_OF).recommendation("give-examplin")
        for word in told.values()
    ]
    assert found == [(each.drug, ";".join(c.rule for c in each.cautions) or None) for each in single]
    assert found == [("samplin", None), ("examplin", "examplin-allergy")]
