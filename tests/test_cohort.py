"""Made-up patients: the same for a seed, gaps and mistakes at the rates stated, and every one of them answered."""

import datetime as dt
import shutil

import duckdb
import pytest
from scenario_patients import ROOT
from typer.testing import CliRunner

import cds_engine
from cds_engine.batch.cohort import Cohort
from cds_engine.batch.duck import Duck
from cds_engine.cli import app
from cds_engine.diagnostics import InputError, PackError
from cds_engine.pack.cohort import CohortFile, read_cohort

JDM = ROOT / "rules" / "jdm_calcinosis"
AS_OF = dt.date(2026, 11, 21)
MANY = 20_000


@pytest.fixture(scope="module")
def cohort(jdm, tmp_path_factory):
    """Return many patients of the JDM pack, where they are written."""
    duck = Duck(threads=1)
    into = tmp_path_factory.mktemp("cohort") / "cohort.parquet"
    yield Cohort(read_cohort(JDM), jdm.guideline.dictionary, 1, AS_OF).write(MANY, into, duck).table
    duck.close()


def ask(cohort, query):
    return duckdb.sql(f"SELECT {query} FROM '{cohort}'").fetchall()[0]


def rows(path):
    return duckdb.sql(f"SELECT * FROM '{path}' ORDER BY patient").fetchall()


def test_the_same_seed_gives_the_same_patients(jdm, tmp_path):
    file = read_cohort(JDM)
    found = []
    for number, (seed, count) in enumerate(((1, 300), (1, 300), (1, 200), (2, 300))):
        duck = Duck()
        written = Cohort(file, jdm.guideline.dictionary, seed, AS_OF).write(count, tmp_path / f"{number}.csv", duck)
        duck.close()
        found.append(written.table.read_text().splitlines())
    assert found[0] == found[1]
    assert found[0][:201] == found[2]
    assert found[0][1:] != found[3][1:]
    assert len(set(found[0])) == 301


def test_gaps_and_mistakes_come_at_the_rates_stated(cohort):
    file = read_cohort(JDM)
    gaps = ", ".join(
        f"count(*) FILTER ({name} IS NULL) / count(*)" for name in ("alt", "ggt", "diagnosis_jdm", "height")
    )
    stated = [file.missing, *(file.facts[name].missing for name in ("ggt", "diagnosis_jdm", "height"))]
    assert ask(cohort, gaps) == pytest.approx(stated, abs=0.01)
    [inches] = ask(cohort, "count(*) FILTER (height_unit = '[in_i]') / count(height)")
    assert inches == pytest.approx(0.02, abs=0.005)
    # a height of 4 m or more is one whose decimal point slipped
    [slips] = ask(cohort, "count(*) FILTER (height > 400 AND height_unit = 'cm') / count(*)")
    assert slips == pytest.approx(file.slips * 0.91, abs=0.0007)
    [reversed_] = ask(cohort, "count(*) FILTER (bp_systolic = 60 AND bp_diastolic = 80) / count(*)")
    assert reversed_ == pytest.approx(0.001 * 0.88**2, abs=0.0007)
    [men] = ask(cohort, "count(*) FILTER (sex_at_birth = 'male' AND pregnancy_status = 'pregnant') / count(*)")
    assert men == pytest.approx(0.001 * 0.88, abs=0.0007)
    [young] = ask(cohort, "count(*) FILTER (age_years < 9 AND age_years <> 6 AND childbearing_potential)")
    assert young == 0


def test_values_that_belong_together_do(cohort):
    usual = "FILTER (height_unit = 'cm' AND weight_unit = 'kg' AND height < 250 AND weight < 200 AND age_years < 30)"
    tall, heavy, apart = ask(
        cohort, f"corr(age_years, height) {usual}, corr(height, weight) {usual}, corr(alt, ck) {usual}"
    )
    assert tall > 0.9
    assert heavy > 0.8
    assert abs(apart) < 0.05
    [oldest, newest] = ask(cohort, "max(DATE '2026-11-21' - weight_date), min(DATE '2026-11-21' - weight_date)")
    assert (oldest, newest) == (95, 0)


def test_every_patient_is_answered_and_every_rule_has_something_to_say(tmp_path):
    table, out = tmp_path / "cohort.parquet", tmp_path / "out.parquet"
    said = CliRunner().invoke(app, ["cohort", "--patients", "3000", "-o", str(table), "--as-of", str(AS_OF)])
    assert said.exit_code == 0, said.output
    assert "missing 12.0% of each value" in said.output
    assert "rest on no register" in said.output
    pack = cds_engine.LoadedPack(cds_engine.load("jdm_calcinosis").guideline, {})
    mapping = Cohort(read_cohort(JDM), pack.guideline.dictionary, 1, AS_OF)
    report = pack.evaluate_table(table, out, as_of=AS_OF, units=mapping.units(), sample=40)
    assert (report.rows_out, report.quarantined, report.ignored) == (3000, 0, ())
    total = {rule: sum(counts.values()) for rule, counts in report.statuses.items()}
    assert set(total.values()) == {3000}
    silent = {rule for rule, counts in report.statuses.items() if counts["not_applicable"] == 3000}
    assert silent <= {"myofascial-pain-relief", "induce-intravenous", "minocycline-option"}
    kinds = {code.split(":")[1] for code in report.problems}
    assert {"D105", "D108", "D109", "D111", "D112"} <= kinds


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"facts": {"hieght": {"between": [1, 2]}}}, "names `hieght`, which is no fact; did you mean `height`"),
        ({"facts": {"height": {"along": "age_years", "points": {0: 1}}}}, "`age_years`, which must stand above it"),
        ({"facts": {"sex_at_birth": {"codes": {"femal": 1}}}}, "did you mean `female`"),
        ({"facts": {"height": {"between": [1, 2], "units": {"kg": 1}}}}, "a unit that it does not have"),
        ({"contradictions": [{"share": "1 %", "values": {"height": "1"}}]}, "contradicts `height`, of which it says"),
    ],
)
def test_a_cohort_that_does_not_go_with_the_facts_is_refused(jdm, tmp_path, change, said):
    file = CohortFile.model_validate({"about": "x", "missing": "1 %", "slips": "0 %", "facts": {}} | change)
    with pytest.raises(InputError, match=said):
        Cohort(file, jdm.guideline.dictionary, 1, AS_OF).write(1, tmp_path / "x.csv", Duck())
    assert list(tmp_path.iterdir()) == []


def test_mistakes_in_the_file_have_their_place(tmp_path):
    shutil.copy(JDM / "cohort.yaml", tmp_path / "cohort.yaml")
    text = (tmp_path / "cohort.yaml").read_text().replace("{chance: 14 %}", "{chance: 140 %}")
    (tmp_path / "cohort.yaml").write_text(text)
    with pytest.raises(PackError, match=r"cohort.yaml:\d+:\d+"):
        read_cohort(tmp_path)
    pack = ROOT / "tests" / "corpus" / "packs" / "good"
    said = CliRunner().invoke(app, ["cohort", "-o", str(tmp_path / "x.csv"), "--pack", str(pack)])
    assert said.exit_code == 2
    assert "write a `cohort.yaml`" in said.output
