"""Sign-off means something: prose keeps an approval, a changed meaning voids it, and answers say where they stand."""

from __future__ import annotations

import shutil
from datetime import date, timedelta

import pytest
import yaml
from scenario_patients import FIXTURES, PACK, ROOT, fixture

import cds_engine
from cds_engine.checker.check import check
from cds_engine.cli import main
from cds_engine.diagnostics import InputError, PackError
from cds_engine.engine.approvals import check_approvals, standings_of
from cds_engine.engine.meaning import meaning_of
from cds_engine.lowering.lower import lower
from cds_engine.review.signoff import NotApprovableError, approve, page_standings

DAY, DUE = date(2026, 11, 22), date(2027, 11, 22)
GIRL = fixture(FIXTURES[0])


@pytest.fixture
def copy(tmp_path):
    """Return a copy of the JDM pack that a test may approve and change."""
    folder = tmp_path / "rules" / "jdm_calcinosis"
    shutil.copytree(PACK, folder)
    return folder


def guideline(folder):
    checked, findings = check(folder)
    assert checked is not None, findings
    return lower(checked)


def edit(file, before, after):
    text = file.read_text(encoding="utf-8")
    assert before in text
    file.write_text(text.replace(before, after), encoding="utf-8")


@pytest.fixture(scope="module")
def approved(tmp_path_factory):
    """Return a pack in which S09a and S09b, which one rule carries, are approved without scenarios."""
    folder = tmp_path_factory.mktemp("approved") / "rules" / "jdm_calcinosis"
    shutil.copytree(PACK, folder)
    pack = cds_engine.load(folder)
    for statement in ("S09a", "S09b"):
        approve(pack, statement, "Dr. Example", DAY, DUE, [])
    return folder


@pytest.fixture
def signed(approved, tmp_path):
    folder = tmp_path / "rules" / "jdm_calcinosis"
    shutil.copytree(approved, folder)
    return folder


def test_nothing_in_this_repository_is_approved():
    assert not list((ROOT / "rules").rglob("approvals.yaml"))
    states = {standing.state(DAY) for standing in standings_of(cds_engine.load("jdm_calcinosis").guideline).values()}
    assert states == {"submitted"}


PROSE = [
    ("statements/methotrexate.yaml", "Start methotrexate at disease onset, once", "Begin methotrexate at onset, once"),
    ("statements/methotrexate.yaml", "topic: Methotrexate", "topic: Weekly methotrexate"),
    (
        "statements/methotrexate.yaml",
        "Start methotrexate once a week, preferably",
        "Give methotrexate weekly, preferably",
    ),
    ("safety/methotrexate.yaml", "Methotrexate is contraindicated while breastfeeding.", "Not while breastfeeding."),
    ("facts.yaml", "label: body surface area", "label: surface of the body"),
    ("definitions.yaml", "says: the eGFR is below 30", "says: the eGFR lies below 30"),
]


def test_prose_keeps_an_approval(signed):
    for file, before, after in PROSE:
        edit(signed / file, before, after)
    changed = guideline(signed)
    assert standings_of(changed)["S09a"].state(DAY) == "approved"
    assert check_approvals(changed, DAY) == []


@pytest.mark.parametrize(
    ("file", "before", "after", "why"),
    [
        ("regimens.yaml", "at_most: 40 mg", "at_most: 45 mg", "the dose methotrexate-weekly changed"),
        ("regimens.yaml", "range: 15 to 20 mg/m2", "range: 10 to 20 mg/m2", "the dose methotrexate-weekly changed"),
        ("regimens.yaml", "multiply: 0.5", "multiply: 0.6", "the dose methotrexate-weekly changed"),
        ("regimens.yaml", "combine: 2", "combine: 3", "the dose methotrexate-weekly changed"),
        ("definitions.yaml", "egfr < 30", "egfr < 31", "severe-renal-impairment of methotrexate changed"),
        ("definitions.yaml", "jdm_onset_age < 18 'a'", "jdm_onset_age < 17 'a'", "the rule start-methotrexate changed"),
        ("statements/methotrexate.yaml", "locator: Table 3, treatment row 9", "locator: Table 9", "the source changed"),
        (
            "facts.yaml",
            "plausible: 0.10 to 3.50 m2",
            "plausible: 0.10 to 3.40 m2",
            "the fact body_surface_area changed",
        ),
        ("formulas.yaml", "/ 3600", "/ 3601", "the fact body_surface_area changed"),
        ("sources.yaml", "10.1136/annrheumdis-2016-209247", "10.1136/another", "the source changed"),
    ],
)
def test_a_changed_meaning_voids_it_and_check_says_why(signed, file, before, after, why):
    edit(signed / file, before, after)
    changed = guideline(signed)
    (message,) = (found.message for found in check_approvals(changed, DAY) if "`S09a`" in found.message)
    assert message.startswith("`S09a` lost its approval by Dr. Example of 2026-11-22: ")
    assert why in message
    assert standings_of(changed)["S09a"].state(DAY) == "submitted"


def test_the_hash_does_not_mind_order_or_names_of_definitions(copy):
    before = meaning_of(guideline(copy), "S09a").hash
    edit(
        copy / "statements" / "methotrexate.yaml",
        "disease_phase = 'new_onset'\n          and not (current_medications contains 'methotrexate')",
        "not (current_medications contains 'methotrexate')\n          and disease_phase = 'new_onset'",
    )
    edit(copy / "definitions.yaml", "severe_renal_impairment:", "kidney_failure:")
    for file in copy.rglob("*.yaml"):
        text = file.read_text(encoding="utf-8")
        if file.name != "definitions.yaml" and "severe_renal_impairment" in text:
            file.write_text(text.replace("severe_renal_impairment", "kidney_failure"), encoding="utf-8")
    assert meaning_of(guideline(copy), "S09a").hash == before


def test_numbers_in_sentences_that_are_shown_are_no_prose(copy):
    before = meaning_of(guideline(copy), "S09a").hash
    edit(copy / "safety" / "methotrexate.yaml", "Folic acid 1 mg a day", "Folic acid 10 mg a day")
    assert meaning_of(guideline(copy), "S09a").hash != before


# Answers


def test_answers_carry_the_state_and_hold_back_what_is_below(signed):
    pack = cds_engine.load(signed)
    answer = pack.evaluate(GIRL, as_of=DAY)
    assert answer.recommendation("start-methotrexate").review == "approved"
    assert answer.recommendation("physiotherapy").review == "submitted"
    assert answer.held_back == []
    strict = pack.evaluate(GIRL, as_of=DAY, minimum_review="approved")
    assert [found.rule for found in strict.recommendations] == ["start-methotrexate"]
    assert "physiotherapy" in {kept.rule for kept in strict.held_back}
    assert "held back, because the review state is below `approved`" in strict.notices[0]
    assert {rule for question in strict.questions for rule in question.settles} <= {"start-methotrexate"}
    with pytest.raises(KeyError, match="`physiotherapy` is held back: its statement `S04a` is submitted"):
        strict.recommendation("physiotherapy")


def test_a_rule_is_as_approved_as_the_least_of_its_statements(signed):
    file = signed / "approvals.yaml"
    data = yaml.safe_load(file.read_text(encoding="utf-8"))
    del data["approvals"]["S09b"]
    file.write_text(yaml.safe_dump(data), encoding="utf-8")
    answer = cds_engine.load(signed).evaluate(GIRL, as_of=DAY)
    assert answer.recommendation("start-methotrexate").review == "submitted"


def test_alerts_are_never_held_back(jdm):
    patient = fixture(next(path for path in FIXTURES if "daily-methotrexate" in path.name))
    answer = jdm.evaluate(patient, as_of=DAY, minimum_review="approved")
    assert answer.recommendations == []
    assert answer.alerts == jdm.evaluate(patient, as_of=DAY).alerts
    assert answer.alerts[0].severity == "critical"


def test_an_unknown_state_is_refused(jdm):
    with pytest.raises(InputError, match="did you mean `approved`"):
        jdm.evaluate({}, minimum_review="aproved")


def test_broken_approvals_are_an_error_and_not_an_approval(signed):
    (signed / "approvals.yaml").write_text("approvals: {S09a: {by: Nobody}}\n", encoding="utf-8")
    with pytest.raises(PackError):
        cds_engine.load(signed)
    assert [f.severity for f in check_approvals(guideline(signed), DAY)] == ["error"] * 4


def test_an_approval_of_nothing_is_found(signed):
    edit(signed / "approvals.yaml", "  S09b:", "  S09c:")
    assert [f.code for f in check_approvals(guideline(signed), DAY)] == ["A102"]


# Giving it


def test_approval_is_refused_where_a_scenario_fails(copy, jdm):
    from test_scenarios import CHILD  # noqa: PLC0415 - the patient of the kit's own tests

    from cds_engine.bdd.gherkin import read_feature  # noqa: PLC0415 - only here
    from cds_engine.bdd.run import Runner  # noqa: PLC0415 - only here

    file = copy.parent / "a.feature"
    file.write_text(f"Feature: A\n  @S09a\n  Scenario: B\n{CHILD}    Then nothing is recommended\n", encoding="utf-8")
    outcomes = Runner(jdm).run_all(read_feature(file))
    with pytest.raises(NotApprovableError, match="1 scenario of `S09a` does not hold"):
        approve(cds_engine.load(copy), "S09a", "Dr. Example", DAY, None, outcomes)
    with pytest.raises(NotApprovableError, match="needs the name"):
        approve(cds_engine.load(copy), "S09a", "  ", DAY, None, [])
    with pytest.raises(NotApprovableError, match="name a later day"):
        approve(cds_engine.load(copy), "S09a", "Dr. Example", DAY, DAY, [])
    assert not (copy / "approvals.yaml").exists()


def test_the_page_shows_what_changed_since(signed):
    edit(signed / "regimens.yaml", "at_most: 40 mg", "at_most: 45 mg")
    edit(signed / "statements" / "methotrexate.yaml", "Start methotrexate at disease onset, once", "Begin early, once")
    standing = page_standings(guideline(signed), [], DAY)["S09a"]
    assert (standing.is_lost, standing.by, standing.due) == (True, "Dr. Example", "2027-11-22")
    (dose,) = standing.change.meaning
    assert dose[0] == "the dose methotrexate-weekly"
    assert "Never more than 40 mg per week." in dose[1]
    assert "Never more than 45 mg per week." in dose[2]
    assert standing.change.says[0][1].startswith("Start methotrexate at disease onset")
    assert standing.change.says[0][2].startswith("Begin early")


def test_changed_scenarios_void_an_approval_too(signed, jdm):
    from test_scenarios import CHILD  # noqa: PLC0415 - the patient of the kit's own tests

    from cds_engine.bdd.gherkin import read_feature  # noqa: PLC0415 - only here
    from cds_engine.bdd.run import Runner  # noqa: PLC0415 - only here

    file = signed.parent / "a.feature"
    file.write_text(f"Feature: A\n  @S09a\n  Scenario: B\n{CHILD}    Then no alert is given\n", encoding="utf-8")
    standing = page_standings(guideline(signed), Runner(jdm).run_all(read_feature(file)), DAY)["S09a"]
    assert standing.is_lost
    assert "its scenarios changed" in standing.why[0]
    assert standing.change.patients == ("A: B: new, recommended, 14.42 to 19.23 mg per WEEK",)


def test_the_command_says_what_it_recorded_and_check_what_was_lost(copy, capsys):
    with pytest.raises(SystemExit) as done:
        main(["approve", str(copy), "S09b", "--by", "Dr. Example", "--on", "2026-11-22", "--due", "2027-11-22"])
    assert done.value.code == 0
    assert "S09b approved by Dr. Example on 2026-11-22, review due 2027-11-22" in capsys.readouterr().out
    edit(copy / "regimens.yaml", "at_most: 40 mg", "at_most: 45 mg")
    with pytest.raises(SystemExit):
        main(["check", str(copy)])
    assert "A101: `S09b` lost its approval by Dr. Example" in capsys.readouterr().out
    with pytest.raises(SystemExit) as unknown:
        main(["approve", str(copy), "S9b", "--by", "X"])
    assert unknown.value.code == 2
    assert "did you mean `S09b`?" in capsys.readouterr().err


def test_the_command_line_holds_back(capsys):
    with pytest.raises(SystemExit) as done:
        main(["evaluate", str(FIXTURES[0]), "--minimum-review", "approved"])
    assert done.value.code == 0
    out = capsys.readouterr().out
    assert "held back, because the review state is below `approved`" in " ".join(out.split())
    assert "14.42" not in out
    with pytest.raises(SystemExit) as wrong:
        main(["evaluate", str(FIXTURES[0]), "--minimum-review", "aproved"])
    assert wrong.value.code == 2


def test_an_approval_counts_until_the_day_on_which_its_review_is_due(approved):
    found = guideline(approved)
    after = DUE + timedelta(days=1)
    standing = standings_of(found)["S09a"]
    assert [standing.state(day) for day in (None, DAY, DUE, after)] == ["approved"] * 3 + ["submitted"]
    assert check_approvals(found, DUE) == []
    overdue = check_approvals(found, after)
    assert [(f.code, f.severity) for f in overdue] == [("A103", "warning")] * 2
    assert "was to be reviewed by 2027-11-22" in overdue[0].message
    page = page_standings(found, [], after)["S09a"]
    assert (page.state, page.words) == ("submitted", "approval overdue, submitted, not approved by a clinician")
    assert page.why == ("Since the approval by Dr. Example of 2026-11-22: it was to be reviewed by 2027-11-22.",)


def test_an_answer_of_a_later_day_counts_an_overdue_approval_for_nothing(approved):
    pack = cds_engine.load(approved)
    states = {
        day: pack.evaluate(GIRL, as_of=day).recommendation("start-methotrexate").review
        for day in (DAY, DUE, DUE + timedelta(days=1))
    }
    assert list(states.values()) == ["approved", "approved", "submitted"]
    undated = pack.evaluate(GIRL["facts"])
    assert "approvals count whatever the date of their next review" in undated.assumptions[0].text
    later = pack.evaluate(GIRL, as_of=DUE + timedelta(days=1), minimum_review="approved")
    assert "start-methotrexate" in {held.rule for held in later.held_back}


def test_an_approval_covers_the_alerts_about_the_medicine_and_who_is_left_out(signed):
    edit(
        signed / "safety" / "methotrexate.yaml",
        "pregnancy_status in {'pregnant', 'possible'} and current",
        "pregnancy_status in {'pregnant'} and current",
    )
    (reason,) = standings_of(guideline(signed))["S09a"].lost
    assert reason == "the alert pregnancy-while-taking-methotrexate of methotrexate changed"
