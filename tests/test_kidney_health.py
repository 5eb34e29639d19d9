"""The second pack: its cases and scenarios, its example records, and the published cases of the measure."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path

import hypothesis
import pytest
import yaml
from fhir_records import UNMAPPED
from hypothesis import strategies as st
from pytest_bdd import given, parsers, scenarios, then, when
from typer.testing import CliRunner

import cds_engine
from cds_engine.cli import app, main
from cds_engine.diagnostics import InputError

ROOT = Path(__file__).resolve().parent.parent
NAME = "kidney_health_diabetes"
RULE = "evaluate-kidney-health"
RECORDS = ROOT / "fixtures" / NAME / "records"
VALUE_SETS = ROOT / "fixtures" / NAME / "value_sets"
WRITTEN = yaml.safe_load((ROOT / "rules" / NAME / "cases.yaml").read_text(encoding="utf-8"))
SUITES = os.environ.get("CDS_SUITES")
MEASURE = Path(SUITES or "", "ecqm", "kidney_health_evaluation")
PUBLISHED = json.loads((MEASURE / "expected.json").read_bytes()) if SUITES and MEASURE.is_dir() else []

scenarios(str(ROOT / "features" / NAME))


@pytest.fixture(scope="module")
def pack():
    return cds_engine.load(NAME, value_sets=VALUE_SETS)


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """Return the pack with the published value sets."""
    folder = tmp_path_factory.mktemp("value_sets")
    shutil.copy(MEASURE / "value_sets.json", folder)
    return cds_engine.load(NAME, value_sets=folder)


# Cases and scenarios


@pytest.mark.parametrize("case", WRITTEN["cases"], ids=lambda case: case["id"])
def test_case(pack, case):
    base = WRITTEN["bases"][case["from"]]
    facts = {**base["with"], **case.get("with", {})}
    facts = {name: value for name, value in facts.items() if name not in case.get("without", [])}
    wanted = case["expect"]
    answer = pack.evaluate(facts, as_of=str(case.get("as_of", base["as_of"])))
    found = answer.recommendation(RULE)
    assert [problem.code for problem in answer.problems] == wanted.get("problems", [])
    assert {name: answer.derived[name].value for name in wanted.get("derived", {})} == wanted.get("derived", {})
    expected = wanted.get(RULE, {"status": found.status, "excluded_by": [r.rule for r in found.excluded_by]})
    expected = {"status": expected} if isinstance(expected, str) else expected
    assert found.status == expected["status"]
    assert [reason.rule for reason in found.excluded_by] == expected.get("excluded_by", [])
    assert set(found.missing) >= set(expected.get("missing", []))


PHRASES = yaml.safe_load((ROOT / "rules" / NAME / "phrases.yaml").read_text(encoding="utf-8"))["sentences"]


@given(parsers.re(r"a patient born on (?P<day>\S+) with diabetes who was seen in the year"), target_fixture="facts")
def patient(day):
    meant = PHRASES["a patient born on {day:text} with diabetes who was seen in the year"]
    return meant | {"birth_date": day}


@given(parsers.re("(?P<sentence>" + "|".join(name for name in PHRASES if "{" not in name) + ")"))
def said(facts, sentence):
    facts.update(PHRASES[sentence])


@when("the guideline is applied", target_fixture="answer")
def applied(pack, facts):
    return pack.evaluate(facts, as_of="2025-12-31")


@then(parsers.re("a kidney health evaluation (?P<status>is recommended|does not apply)"))
def became(answer, status):
    wanted = {"is recommended": "recommended", "does not apply": "not_applicable"}[status]
    assert answer.recommendation(RULE).status == wanted


@then(parsers.parse("a kidney health evaluation waits for the {label}"))
def waits(pack, answer, label):
    found = answer.recommendation(RULE)
    assert found.status == "needs_data"
    assert [pack.guideline.dictionary.facts[name].entry.label for name in found.missing] == [label]


# Records

EXPECTED = {
    "due": "recommended",
    "done": "not_applicable",
    "test-of-last-year": "recommended",
    "discharged-to-hospice": "not_applicable",
    "kidney-failure": "not_applicable",
    "not-seen": "not_applicable",
    "too-young": "not_applicable",
    "diagnosis-without-date": "needs_data",
    "birth-date-missing": "needs_data",
}


def record(name):
    return json.loads((RECORDS / f"{name}.json").read_bytes())


def test_every_record_is_tested():
    assert {path.stem for path in RECORDS.glob("*.json")} == set(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_an_example_record(pack, name):
    assert pack.evaluate_fhir(record(name), as_of="2025-12-31").recommendation(RULE).status == EXPECTED[name]


def test_an_exclusion_of_a_record_is_named_and_cited(pack):
    (reason,) = pack.evaluate_fhir(record("discharged-to-hospice"), as_of="2025-12-31").recommendation(RULE).excluded_by
    assert reason.rule == "hospice"
    assert [citation.source for citation in reason.citations] == ["cms951-2025"]


def test_an_entry_without_date_leaves_the_fact_unknown_and_is_told(pack):
    answer = pack.evaluate_fhir(record("diagnosis-without-date"), as_of="2025-12-31")
    assert [problem.code for problem in answer.problems] == ["D117"]
    assert "Condition/kidneys: it has no date" in answer.problems[0].message
    assert answer.recommendation(RULE).missing == ["kidney_failure"]


def test_the_closed_record_and_the_period_are_told_as_assumptions(pack):
    texts = [found.text for found in pack.evaluate_fhir(record("due"), as_of="2025-12-31").assumptions]
    assert texts[0].startswith("not in the record and taken for absent: chronic kidney disease of stage 5 or ")
    assert "urine albumin-creatinine ratio measured in the period" in texts[0]
    assert "diabetes" not in texts[0]
    assert "period: 2025-01-01 to 2025-12-31" in texts


@pytest.mark.parametrize(
    ("as_of", "period", "status"),
    [
        ("2025-12-31", None, "not_applicable"),
        ("2026-03-31", None, "not_applicable"),  # not seen this year
        ("2026-03-31", "2025", "not_applicable"),
        ("2025-04-02", None, "recommended"),  # the tests are a day later
        ("2025-12-31", "2024-05-01/2025-04-30", "not_applicable"),
        ("2025-12-31", "2024-05-01/2025-04-02", "recommended"),
    ],
)
def test_the_period_is_an_input(pack, as_of, period, status):
    assert pack.evaluate_fhir(record("done"), as_of=as_of, period=period).recommendation(RULE).status == status


def test_a_period_that_has_not_begun_decides_nothing(pack):
    answer = pack.evaluate_fhir(record("done"), as_of="2025-12-31", period="2026")
    assert answer.recommendation(RULE).status == "needs_data"


def test_without_value_sets_nothing_is_taken_for_absent():
    answer = cds_engine.load(NAME).evaluate_fhir(record("done"), as_of="2025-12-31")
    assert answer.recommendation(RULE).status == "needs_data"
    (problem,) = answer.problems
    assert problem.code == "D118"
    assert "Diabetes (2.16.840.1.113883.3.464.1003.103.12.1001)" in problem.message
    assert "`--value-sets DIR`" in problem.message


def test_one_page_of_a_record_leaves_the_rest_unknown(pack):
    page = record("due") | {"link": [{"relation": "next", "url": "https://x.example/fhir?page=2"}]}
    answer = pack.evaluate_fhir(page, as_of="2025-12-31")
    assert [problem.code for problem in answer.problems] == ["D119"]
    assert answer.recommendation(RULE).status == "needs_data"


def test_a_bundle_is_not_taken_for_facts(pack):
    with pytest.raises(InputError, match="evaluate_fhir"):
        pack.evaluate(record("due"))


def test_why_names_the_exclusion(pack):
    answer = pack.evaluate_fhir(record("discharged-to-hospice"), as_of="2025-12-31")
    assert "excluded: Hospice services in the period." in answer.why(RULE)


def test_the_report_shows_exclusions_and_what_was_not_used(capsys):
    for name, said in (
        ("discharged-to-hospice", "EXCLUDED (1)"),
        ("test-of-last-year", "its time, 2024-12-31, is not within 2025-01-01 to 2025-12-31"),
    ):
        with pytest.raises(SystemExit):
            main(
                [
                    *("evaluate", str(RECORDS / f"{name}.json"), "--pack", NAME),
                    *("--value-sets", str(VALUE_SETS), "--as-of", "2025-12-31"),
                ]
            )
        assert said in " ".join(capsys.readouterr().out.split())


def test_from_the_command_line(capsys):
    with pytest.raises(SystemExit) as ended:
        main(
            [
                *("evaluate", str(RECORDS / "due.json"), str(RECORDS / "done.json"), "--pack", NAME),
                *("--value-sets", str(VALUE_SETS), "--as-of", "2026-11-22", "--period", "2025", "--format", "json"),
            ]
        )
    assert ended.value.code == 0
    answers = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [answer["recommendations"][0]["status"] for answer in answers] == ["recommended", "not_applicable"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--value-sets", "nowhere"], "there is no folder `nowhere` with value sets"),
        (["--period", "next year"], "`next year` is no period; write `2025`"),
        (["--period", "2025-12/2025-01"], "ends before it begins"),
    ],
)
def test_a_wrong_option_is_one_sentence(capsys, options, said):
    with pytest.raises(SystemExit) as ended:
        main(["evaluate", str(RECORDS / "due.json"), "--pack", NAME, *options])
    assert ended.value.code in {1, 2}
    assert said in capsys.readouterr().err


def test_a_period_is_for_records_only(tmp_path, capsys):
    (tmp_path / "facts.json").write_text('{"diabetes": true}', encoding="utf-8")
    with pytest.raises(SystemExit) as ended:
        main(["evaluate", str(tmp_path / "facts.json"), "--pack", NAME, "--period", "2025"])
    assert ended.value.code == 1
    assert "`period` is for patients from FHIR" in capsys.readouterr().err


def test_a_bulk_export_is_one_answer_a_patient(tmp_path, capsys):
    lines = {}
    for name in ("due", "done"):
        for entry in record(name)["entry"]:
            text = json.dumps(entry["resource"]).replace("Patient/example", f"Patient/{name}")
            text = text.replace('"Patient", "id": "example"', f'"Patient", "id": "{name}"')
            lines.setdefault(entry["resource"]["resourceType"], []).append(text)
    lines["Practitioner"] = ['{"resourceType": "Practitioner", "id": "d"}']
    lines["Claim"] = ['{"resourceType": "Claim", "patient": {"reference": "Patient/nobody"}}']
    lines["Observation"] += ["{", '{"resourceType": "Observation", "subject": {"reference": "Patient/nobody"}}']
    for kind, listed in lines.items():
        (tmp_path / f"{kind}.ndjson").write_text("\n".join(listed) + "\n")
    with pytest.raises(SystemExit) as ended:
        main(
            [
                *("evaluate", str(tmp_path), "--pack", NAME, "--value-sets", str(VALUE_SETS)),
                *("--as-of", "2025-12-31", "--format", "json"),
            ]
        )
    said = capsys.readouterr()
    answers = {answer["patient"]: answer for answer in map(json.loads, said.out.splitlines())}
    assert {name: answer["recommendations"][0]["status"] for name, answer in answers.items()} == {
        "due": "recommended",
        "done": "not_applicable",
    }
    assert ended.value.code == 1
    assert "this line is not JSON" in said.err
    assert "has no patient `Patient/nobody`" in said.err
    assert len(said.err.splitlines()) == 2


@hypothesis.given(st.sampled_from(sorted(EXPECTED)), st.lists(UNMAPPED, min_size=1, max_size=4))
@hypothesis.settings(max_examples=25)
def test_entries_that_no_fact_maps_never_change_an_answer(pack, name, others):
    plain = record(name)
    more = {**plain, "entry": [*({"resource": other} for other in others), *plain["entry"]]}
    answers = [pack.evaluate_fhir(bundle, as_of="2025-12-31") for bundle in (plain, more)]
    assert answers[0].model_dump(exclude={"unused"}) == answers[1].model_dump(exclude={"unused"})


# The published cases


@pytest.mark.skipif(not PUBLISHED, reason="CDS_SUITES does not name a folder with `ecqm`")
@pytest.mark.parametrize("case", PUBLISHED, ids=lambda case: case["case"][:8])
def test_a_published_case_has_its_published_answer(measured, case):
    """All 23 agreed the first time the finished pack ran."""
    bundle = json.loads((MEASURE / "cases" / f"{case['case']}.json").read_bytes())
    answer = measured.evaluate_fhir(bundle, as_of=case["period"]["end"][:10])
    counted = {
        "initial-population": "in_population",
        "denominator": "in_population",
        "denominator-exclusion": "is_excluded",
        "numerator": "meets_measure",
    }
    assert {name: int(answer.derived[fact].value) for name, fact in counted.items()} == case["expected"]
    wanted = case["expected"]
    is_due = wanted["denominator"] and not wanted["denominator-exclusion"] and not wanted["numerator"]
    assert answer.recommendation(RULE).status == ("recommended" if is_due else "not_applicable")


# Every verb works on it


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_check_test_and_prove_find_nothing():
    said = {verb: run(verb, NAME, *more) for verb, *more in (["check", "--strict"], ["test"], ["prove"])}
    assert {verb: found.exit_code for verb, found in said.items()} == dict.fromkeys(said, 0)
    assert said["check"].stdout.startswith("no findings")
    assert said["test"].stdout == f"11 scenarios and {len(WRITTEN['cases'])} cases: {11 + len(WRITTEN['cases'])} hold\n"
    promised = yaml.safe_load((ROOT / "rules" / NAME / "invariants.yaml").read_text(encoding="utf-8"))["invariants"]
    assert promised
    proved = json.loads(run("prove", NAME, "--format", "json").stdout)
    assert {found["outcome"] for found in proved["invariants"]} == {"proved"}
    assert len(proved["invariants"]) >= len(promised)


def test_its_review_pages_show_every_statement(tmp_path, pack):
    assert run("review", NAME, "-o", tmp_path).exit_code == 0
    written = " ".join(page.read_text(encoding="utf-8") for page in tmp_path.rglob("*.html"))
    assert all(statement in written for statement in pack.guideline.statements)


def test_a_table_is_answered_as_each_patient_is(tmp_path, pack):
    """The cases of the pack as one table; every row of it is held to the evaluator as well."""
    rows, wanted = [], {}
    for case in WRITTEN["cases"]:
        base = WRITTEN["bases"][case["from"]]
        facts = {**base["with"], **case.get("with", {})}
        facts = {name: value for name, value in facts.items() if name not in case.get("without", [])}
        day = str(case.get("as_of", base["as_of"]))
        rows.append({"patient": case["id"], "as_of": day, **facts})
        wanted[case["id"]] = pack.evaluate(facts, as_of=day).recommendation(RULE).status
    table = tmp_path / "patients.ndjson"
    table.write_text("\n".join(json.dumps(row, default=str) for row in rows), encoding="utf-8")
    found = run("batch", table, "-o", tmp_path / "answers.ndjson", "--pack", NAME, "--sample", 100)
    assert found.exit_code == 0, found.stderr
    answers = map(json.loads, (tmp_path / "answers.ndjson").read_text(encoding="utf-8").splitlines())
    assert {answer["patient"]: answer["evaluate_kidney_health"] for answer in answers} == wanted
    assert set(wanted.values()) == {"recommended", "not_applicable", "needs_data"}


def test_a_recorded_answer_to_a_record_can_be_asked_again(tmp_path):
    sets = ("--value-sets", VALUE_SETS)
    files = (RECORDS / "due.json", RECORDS / "done.json")
    asked = ("--period", "2025", "--as-of", "2026-11-22", "--record", tmp_path / "decisions.db")
    assert run("evaluate", *files, "--pack", NAME, *sets, *asked).exit_code == 0
    assert run("replay", tmp_path / "decisions.db", *sets).exit_code == 0
    without = run("replay", tmp_path / "decisions.db")
    assert without.exit_code == 1
    assert "value sets are others than then" in without.stdout


# One mechanism for both packs

OF_A_GUIDELINE = re.compile(
    r"diabet|kidney|nephro|\brenal|hospice|palliat|dermatomyositis|\bjdm\b|calcinosis|juvenile|uacr", re.IGNORECASE
)


def test_no_python_knows_a_guideline():
    """Names of packs, diseases and drugs stand in `rules/`; not even an example names one."""
    said = {
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in (ROOT / "cds_engine").rglob("*.py")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if OF_A_GUIDELINE.search(line)
    }
    assert said == set()
