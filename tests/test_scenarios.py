"""What the scenarios of a pack must be like, and what the kit says when one does not hold."""

from __future__ import annotations

import pytest
from scenario_patients import FEATURES, ROOT

from cds_engine.bdd.cases import read_cases, run_case
from cds_engine.bdd.gherkin import read_feature, read_features
from cds_engine.bdd.glossary import glossary
from cds_engine.bdd.report import report
from cds_engine.bdd.run import Runner
from cds_engine.bdd.wording import check_wording
from cds_engine.bdd.words import STRENGTHS
from cds_engine.diagnostics import PackError

pytest_plugins = ["pytester"]

CHILD = """    Given an 8-year-old boy, 128 cm tall, weighing 26 kg
    And newly diagnosed juvenile dermatomyositis
    And everything else that methotrexate needs is known and unremarkable
    When the guideline is applied
"""


@pytest.fixture(scope="module")
def runner(jdm):
    return Runner(jdm)


@pytest.fixture
def outcome_of(runner, tmp_path):
    """Run one scenario written here."""

    def run(text):
        file = tmp_path / "a.feature"
        file.write_text(f"Feature: Made here\n\n  Scenario: One\n{text}", encoding="utf-8")
        (scenario,) = read_feature(file)
        return runner.run(scenario)

    return run


def test_scenarios_are_in_clinical_words(jdm):
    assert check_wording(jdm.guideline, FEATURES) == []


@pytest.mark.parametrize(
    "sentence",
    [
        "serum_creatinine of 1",
        "an eGFR = 30",
        "{egfr}",
        "start-methotrexate is recommended",
        "problem D101 is reported",
    ],
)
def test_names_and_code_in_a_feature_are_refused(jdm, tmp_path, sentence):
    (tmp_path / "a.feature").write_text(f"Feature: A\n  Scenario: B\n    Given {sentence}\n", encoding="utf-8")
    findings = check_wording(jdm.guideline, tmp_path)
    assert [finding.code for finding in findings][:1] == ["S104"]
    assert findings[0].span.line == 3


def test_each_encoded_statement_has_a_scenario_for_and_against(jdm):
    """Each statement has a scenario in which it acts and one in which it does not."""
    acts, rests = set(), set()
    for scenario in read_features(FEATURES):
        outcomes = " ".join(step.text for step in scenario.steps if step.kind == "then")
        acts |= scenario.tags if any(word in outcomes for word in STRENGTHS) else set()
        rests |= scenario.tags if any(w in outcomes for w in ("does not apply", "is withheld", "waits for")) else set()
    named = {spec.statement.id for spec in jdm.guideline.rules}
    assert acts >= named
    assert rests >= named


def test_what_is_labelled_as_outside_says_so_first(jdm):
    """The label that scenarios speak of is the first thing the reader sees."""
    outside = [spec for spec in jdm.guideline.rules if spec.statement.origin == "outside_seed"]
    assert outside
    assert all(spec.rule.recommend.says.startswith("Outside the seed page and SHARE") for spec in outside)


# What a broken scenario says


def test_a_scenario_that_does_not_hold_shows_patient_expectation_answer_and_reasons(outcome_of):
    outcome = outcome_of(CHILD + "    Then methotrexate is recommended at 10 to 15 mg once a week\n")
    text = report(outcome)
    assert not outcome.passed
    assert "age_years 8 a" in text
    assert "height 128 cm" in text
    assert "Then methotrexate is recommended at 10 to 15 mg once a week" in text
    assert "the dose is 14.42 to 19.23 mg" in text
    assert "because the diagnosis is confirmed juvenile dermatomyositis" in text
    assert "Traceback" not in text


@pytest.mark.parametrize(
    ("expectation", "found"),
    [
        ("methotrexate is an option", "its strength is recommended"),
        ("methotrexate does not apply", "it is recommended, 14.42 to 19.23 mg per WEEK"),
        ('methotrexate is withheld because "x"', "it is recommended"),
        ("methotrexate waits for the height", "it is recommended"),
        ("methotrexate is recommended at 14.42 to 19.23 mg a day", "per WEEK"),
        ("2 reasons against methotrexate are listed", "there are 0"),
        ("nothing is recommended", "recommended are: "),
        ("no dose of methotrexate is offered", "start-methotrexate offers 14.42 to 19.23 mg"),
        ("the answer asks for the serum creatinine", "it asks for: "),
        ('an alert says "x"', "the alerts are: none"),
        ('the problem "x" is reported', "the problems are: none"),
        ("the order meets no warning", "no such order was screened"),
        ("ready-made syringes of 10 mg fit", "what fits is: 15; 17.5"),
        ("no ready-made syringe fits", "a product fits"),
        ("methotrexate is preferably given by mouth", "the preferred route is subcutaneous"),
        ("methotrexate is marked as uncited", "it cites: "),
        ('a notice says "xyz"', "the notices are: "),
    ],
)
def test_each_expectation_can_fail(outcome_of, expectation, found):
    (failure,) = outcome_of(f"{CHILD}    Then {expectation}\n").failures
    assert failure.is_understood
    assert found in failure.found


def test_every_expectation_that_does_not_hold_is_listed(outcome_of):
    outcome = outcome_of(CHILD + '    Then nothing is recommended\n    And an alert says "x"\n')
    assert [failure.step.text for failure in outcome.failures] == ["nothing is recommended", 'an alert says "x"']


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "    Given newly diagnosed juvenile dermatomyositiss\n    Then nothing is recommended\n",
            "did you mean `newly",
        ),
        ("    Given no calcinosis\n    Then nothing is recommended\n", "the guideline was not applied before this"),
        ("    Given no calcinosis\n    When the guideline is applied\n", "expects nothing"),
        (CHILD + "    Then methotrexat is recommended\n", "nobody has said what this means"),
        (CHILD + "    Then no dose of remedium is offered\n", "the pack knows no medicine `remedium`"),
        (CHILD + "    Then remedium is never offered\n", "the pack knows no medicine `remedium`"),
        (CHILD + "    Then the answer does not ask for the wait\n", "the pack knows nothing called `wait`"),
        ("    Given everything else that x needs is known and unremarkable\n", "phrases.yaml does not say"),
        ("    Given an order for methotrexate, 15 mg, sometimes\n", "`sometimes` of an order is neither an amount nor"),
    ],
)
def test_what_nobody_understands_is_no_result(outcome_of, text, said):
    (*_, failure) = outcome_of(text).failures
    assert not failure.is_understood or "expects nothing" in failure.found
    assert any(said in failure.found for failure in outcome_of(text).failures)


def test_what_is_no_gherkin_has_a_place(tmp_path):
    (tmp_path / "a.feature").write_text("Feature: A\n  Scenario: B\n    Given x\n    Perhaps\n", encoding="utf-8")
    with pytest.raises(PackError) as error:
        read_features(tmp_path)
    assert [(found.code, found.span.line) for found in error.value.diagnostics] == [("S101", 4)]


def test_rules_backgrounds_and_tags_of_examples_are_kept(tmp_path):
    file = tmp_path / "a.feature"
    file.write_text(
        "@all\nFeature: A\n  Background:\n    Given x\n  @rule\n  Rule: R\n    Background:\n      Given y\n"
        "    @one\n    Scenario Outline: B\n      Then <z>\n      @rows\n      Examples:\n        | z |\n"
        "        | 1 |\n        | 2 |\n",
        encoding="utf-8",
    )
    first, second = read_feature(file)
    assert first.tags == {"all", "rule", "one", "rows"}
    assert (first.rule, first.title, second.row, second.rows) == ("R", "B (1)", ("2",), 2)
    assert [(step.kind, step.text) for step in second.steps] == [("given", "x"), ("given", "y"), ("then", "2")]


# Cases


def test_a_case_that_does_not_hold_says_what_differs(jdm):
    case = next(case for case in read_cases(jdm) if case.id == "dose-bsa-exactly-2")
    wrong = {"start-methotrexate": {"status": "recommended", "low": 31, "high_capped": False, "products": [40]}}
    (low, capped, products) = run_case(
        jdm, type(case)(case.id, case.place, case.patient, case.as_of, wrong, ())
    ).differences
    assert low == "start-methotrexate: expected low 31, found 30.0"
    assert capped == "start-methotrexate: expected high_capped False, found True"
    assert "expected products [40], found [30.0, 32.5" in products


# The plugin and the glossary


def test_an_author_writes_only_features(pytester):
    """The features of a pack are tests, a failing one is shown without a traceback, other people's are left alone."""
    pack = pytester.path / "rules" / "jdm_calcinosis"
    pack.parent.mkdir()
    pack.symlink_to(ROOT / "rules" / "jdm_calcinosis")
    mine = pytester.path / "features" / "jdm_calcinosis"
    mine.mkdir(parents=True)
    text = f"Feature: A\n  Scenario: Holds\n{CHILD}    Then no alert is given\n"
    text += f"  Scenario: Does not\n{CHILD}    Then nothing is recommended\n"
    (mine / "mine.feature").write_text(text, encoding="utf-8")
    (pytester.path / "other.feature").write_text(
        "Feature: Of somebody else\n  Scenario: X\n    Given y\n", encoding="utf-8"
    )
    found = pytester.runpytest_inprocess("-p", "cds_engine.bdd.plugin", "-p", "no:cacheprovider")
    found.assert_outcomes(passed=1, failed=1)
    found.stdout.fnmatch_lines(
        ["*patient:  age_years 8 a*", "*Then nothing is recommended", "*found:*recommended are*"]
    )
    found.stdout.no_fnmatch_line("*Traceback*")


def test_the_glossary_lists_every_sentence(runner):
    text = glossary(runner.vocabulary)
    assert "| `{what} does not apply` | The condition of the rule is false. |" in text
    assert "`newly diagnosed juvenile dermatomyositis`" in text
    assert "`phrases.yaml`" not in text
    assert all(line.count("|") >= 3 for line in text.splitlines() if line.startswith("|"))
