"""What would change a status: the smallest changes of facts, each answered again, and never advice."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from random import Random

import pytest
from strategies import AS_OF, READY, PatientMaker
from typer.testing import CliRunner

from cds_engine.cli import app
from cds_engine.engine.guide import LoadedPack
from cds_engine.engine.what_if import lines
from cds_engine.results.evaluation import Evaluation, UnknownRuleError

DAY = "2026-11-21"
START = "start-methotrexate"


def asked(jdm, facts, rule=START):
    answer = jdm.evaluate(facts, as_of=DAY)
    return answer.what_would_change(rule)


def of(found, status):
    """Return the suppositions for a status, each as fact to values in words."""
    return [{f.fact: f.values for f in one.facts} for one in found.suppositions if one.status == status]


def holds_for(jdm, facts, found):
    """Answer every supposition of *found* again, by the library, with each of its values."""
    whole = facts.get("facts", facts)
    for one in found.suppositions:
        ways = [{f.fact: f.sent[0] for f in one.facts}]
        if len(one.facts) == 1:
            ways = [{one.facts[0].fact: sent} for sent in one.facts[0].sent]
        for way in ways:
            status = jdm.evaluate({**whole, **way}, as_of=DAY).recommendation(found.rule).status
            assert status == one.status != found.status, (found.rule, way)


def test_a_blocked_rule_says_what_a_repeat_test_would_have_to_show(jdm):
    """The value is the nearest one, in the unit in which the laboratory reported."""
    facts = {**READY, "serum_creatinine": "190 umol/L", "egfr": None}
    found = asked(jdm, facts)

    assert found.status == "blocked"
    assert "would apply if serum creatinine were 155 µmol/L (now 190 µmol/L)" in found.text
    at = jdm.evaluate({**facts, "serum_creatinine": "155 umol/L"}, as_of=DAY).derived["egfr"].value
    beyond = jdm.evaluate({**facts, "serum_creatinine": "156 umol/L"}, as_of=DAY).derived["egfr"].value
    assert beyond < 30 <= at


def test_a_threshold_is_met_exactly_from_the_side_that_includes_it(jdm):
    assert {"egfr": ["30 mL/min/1.73 m²"]} in of(asked(jdm, READY | {"egfr": "20 mL/min/{1.73_m2}"}), "recommended")
    below = of(asked(jdm, READY | {"egfr": "35 mL/min/{1.73_m2}"}), "blocked")
    assert {"egfr": ["29.9 mL/min/1.73 m²"]} in below


def test_a_missing_answer_is_supposed_and_not_called_a_change(jdm):
    found = asked(jdm, {**READY, "breastfeeding": None})

    assert found.status == "needs_data"
    assert found.text.splitlines()[1] == "- would apply if breastfeeding were known to be no"
    assert found.suppositions[0].facts[0].kind == "missing"


def test_from_nothing_known_every_answer_that_a_recommendation_needs(jdm):
    found = asked(jdm, {})

    smallest = of(found, "recommended")[0]
    assert len(smallest) == 18
    assert smallest["diagnosis_jdm"] == ["confirmed"]
    assert found.is_complete


def test_facts_that_do_not_change_stand_apart(jdm):
    """A known age is fixed, given or from the date of birth; an unknown one is a missing answer."""
    words = "Only for another patient, because these facts do not change:"
    for age in ({"age_years": 8}, {"age_years": None, "birth_date": "2018-05-01"}):
        found = asked(jdm, {**READY, **age})
        kinds = {f.fact: f.kind for one in found.of_another for f in one.facts}
        assert kinds
        assert set(kinds.values()) == {"fixed"}
        assert {*kinds} <= {"age_years", "birth_date", "sex_at_birth", "jdm_onset_age"}
        assert words in found.text
        own = {f.fact for one in found.of_this_patient for f in one.facts}
        assert not own & {"age_years", "birth_date", "sex_at_birth", "jdm_onset_age"}
    unknown = asked(jdm, {**READY, "age_years": None, "jdm_onset_age": None})
    assert {f.kind for one in unknown.suppositions for f in one.facts if f.fact == "age_years"} == {"missing"}


def test_where_only_a_fixed_fact_would_do_with_so_few_the_larger_change_is_shown_beside_it(jdm):
    """An adult who is dated back to childhood alone, or a diagnosis that does not apply to him."""
    facts = {**READY, "jdm_onset_age": 19, "age_years": 20, "pregnancy_status": "not_pregnant"}
    found = asked(jdm, facts)

    assert found.status == "not_applicable"
    assert {"jdm_onset_age": ["17.9 years"]} in of(found, "recommended")
    assert all(one.is_fixed for one in found.suppositions if one.status == "recommended")


def test_of_two_values_that_disagree_either_may_be_right(jdm):
    found = asked(jdm, {**READY, "weight": [{"value": 31, "unit": "kg"}, {"value": 38, "unit": "kg"}]})

    assert {"weight": ["31 kg", "38 kg"]} in of(found, "recommended")
    assert "what was given cannot be used" in found.text


def test_a_value_that_is_too_old_may_be_found_again(jdm):
    old = {"value": 26, "unit": "kg", "date": "2026-01-01"}
    assert {"weight": ["26 kg"]} in of(asked(jdm, {**READY, "weight": old}), "recommended")


def test_medicines_are_put_on_and_taken_off_the_list(jdm):
    listed = [{"drug": "folic acid", "per": "week"}, {"drug": "methotrexate", "per": "week"}]
    found = asked(jdm, {**READY, "current_medications": listed})

    assert found.status == "not_applicable"
    assert of(found, "recommended") == [{"current_medications": ["as listed, without methotrexate"]}]
    assert [entry["drug"] for entry in found.suppositions[0].facts[0].sent[0]] == ["folic acid"]


def test_a_laboratory_range_that_is_missing_is_supposed_with_the_value(jdm):
    facts = {**READY, "vitamin_d_25oh": "20 nmol/L", "vitamin_d_status": None}
    found = asked(jdm, facts, "treat-low-vitamin-d")
    assert "within the laboratory's own range" in found.text
    holds_for(jdm, facts, found)


def test_a_choice_is_ready_by_any_of_its_drugs_and_blocked_by_all(jdm):
    found = asked(jdm, READY | {"alcohol_misuse": True, "malignancy": True}, "add-steroid-sparing-agent")
    assert found.status == "blocked"
    assert {frozenset(one) for one in of(found, "recommended")} == {
        frozenset({"alcohol_misuse"}),
        frozenset({"malignancy"}),
    }


@pytest.mark.parametrize("rule", [START, "add-steroid-sparing-agent"])
def test_no_smaller_change_of_an_answer_or_code_was_overlooked(jdm, rule):
    """Every other value of every single yes-or-no or code fact is tried by brute force."""
    facts = {**READY, "alcohol_misuse": True, "disease_phase": "remission"}
    found = asked(jdm, facts, rule)
    reached = {(one.status, one.facts[0].fact) for one in found.suppositions if len(one.facts) == 1}
    smallest = {}
    for one in found.suppositions:
        smallest.setdefault(one.status, len(one.facts))
    for name, spec in jdm.guideline.dictionary.facts.items():
        values = {"boolean": [True, False], "code": spec.entry.allowed}.get(spec.entry.type, [])
        for value in values if not spec.entry.setting else ():
            answer = jdm.evaluate({**facts, name: value}, as_of=DAY)
            status = answer.recommendation(rule).status
            if status == found.status or answer.problems:
                continue
            if status in smallest:
                assert (status, name) in reached, (status, name, value)


def test_whatever_is_sent_each_supposition_is_true_and_nothing_breaks(jdm):
    """Ready, sparse and malformed patients."""
    random = Random(5)  # noqa: S311 - patients, not secrets
    maker = PatientMaker(jdm.guideline)
    rules = [spec.rule.id for spec in jdm.guideline.rules]
    for _ in range(8):
        patient = maker.patient(random)
        facts = patient["facts"] if isinstance(patient.get("facts"), dict) else {}
        answer = jdm.evaluate(facts, as_of=AS_OF)
        found = answer.what_would_change(random.choice(rules))
        holds_for(jdm, facts, found)


def test_it_is_worded_as_a_reading_and_never_as_advice(jdm):
    text = asked(jdm, READY).text
    assert "no advice to change a value" in text
    body = [line for line in text.splitlines() if line.startswith("- ")]
    assert body
    assert all(line.startswith("- would ") and " if " in line for line in body)


def test_it_is_asked_of_the_patient_who_was_answered(jdm):
    facts = {**READY, "current_medications": []}
    answer = jdm.evaluate(facts, as_of=AS_OF)
    before = answer.what_would_change(START)
    facts["current_medications"].append("methotrexate")
    facts.clear()
    assert answer.what_would_change(START) == before
    assert copy.deepcopy(answer) == answer


def test_a_search_that_stopped_says_so(jdm):
    found = asked(jdm, {}, "add-cyclophosphamide")
    assert not found.is_complete


def test_no_name_of_an_audience_is_taken_for_granted(jdm):
    audiences = jdm.guideline.pack.manifest.audiences
    manifest = jdm.guideline.pack.manifest.model_copy(update={"audiences": {"doctor": audiences["clinician"]}})
    pack = replace(jdm.guideline, pack=replace(jdm.guideline.pack, manifest=manifest))
    answer = LoadedPack(pack, {}).evaluate(READY, as_of=AS_OF, audience="doctor")
    assert answer.what_would_change(START).status == "recommended"


def test_it_needs_the_patient_and_a_rule_of_the_pack(jdm):
    answer = jdm.evaluate(READY, as_of=DAY)
    with pytest.raises(UnknownRuleError, match="did you mean `start-methotrexate`"):
        answer.what_would_change("start-methotrexat")
    read = Evaluation.model_validate_json(answer.model_dump_json())
    with pytest.raises(UnknownRuleError, match="read from a file"):
        read.what_would_change(START)
    kept = jdm.evaluate(READY, as_of=DAY, minimum_review="approved")
    with pytest.raises(UnknownRuleError, match="held back"):
        kept.what_would_change(START)


def test_the_command_line_shows_it_in_every_format(tmp_path):
    file = tmp_path / "patient.json"
    file.write_text(json.dumps({**READY, "egfr": "20 mL/min/{1.73_m2}"}), encoding="utf-8")

    def run(*options):
        return CliRunner().invoke(app, ["evaluate", str(file), "--as-of", DAY, "--what-would-change", *options])

    text = run(START)
    assert "WHAT WOULD CHANGE start-methotrexate" in text.stdout
    assert "would apply if eGFR were 30 mL/min/1.73 m² (now 20 mL/min/1.73 m²)" in text.stdout
    found = json.loads(run(START, "--format", "json").stdout)["what_would_change"]
    assert [one["rule"] for one in found] == [START]
    assert "<h3>What would change start-methotrexate</h3>" in run(START, "--format", "html").stdout
    wrong = run("start-methotrexat")
    assert wrong.exit_code == 2
    assert "did you mean `start-methotrexate`" in wrong.stderr
    assert run(START, "--format", "fhir").exit_code == 2


@pytest.mark.parametrize(
    ("now", "holds", "found"),
    [
        (20.0, lambda value: value >= 30, [30.0]),
        (45.0, lambda value: value < 30, [29.9]),
        (50.0, lambda value: not 49 < value < 52, [49.0, 52.0]),
        (50.0, lambda _: False, []),
    ],
)
def test_the_nearest_number_lies_on_its_side_of_the_edge(now, holds, found):
    points = lines.looked_at(0.0, 100.0, [30.0])
    assert lines.nearest(now, points, holds) == pytest.approx(found, rel=1e-3)
    assert all(holds(value) for value in lines.nearest(now, points, holds))
