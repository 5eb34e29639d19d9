"""The scenarios of `features/jdm_calcinosis`: one small vocabulary of steps onto the public API."""

from __future__ import annotations

import re

import pytest
from pytest_bdd import given, parsers, scenarios, then, when
from scenario_patients import ROOT
from scenario_steps import STRENGTH, TODAY, TREATMENTS, UNREMARKABLE, facts_of

FEATURES = ROOT / "features" / "jdm_calcinosis"
WHAT = "(?P<what>" + "|".join(sorted(TREATMENTS, key=len, reverse=True)) + ")"
HOW = "(?P<how>" + "|".join(STRENGTH) + ")"

scenarios(str(FEATURES))


@pytest.fixture
def patient():
    """What the scenario has said so far; `needs` names the drugs for which the rest is unremarkable."""
    return {"facts": {}, "needs": [], "audience": "clinician"}


@given(parsers.re(r"everything else that (?P<drug>\w+) needs is known and unremarkable"))
def the_rest_is_unremarkable(patient, drug):
    patient["needs"].append(drug)


@given(parsers.re(r"(?!everything else )(?P<sentence>.+)"))
def the_patient(patient, sentence):
    patient["facts"].update(facts_of(sentence))


@when("the guideline is applied", target_fixture="answer")
def applied(jdm, patient):
    rest = {name: value for drug in patient["needs"] for name, value in UNREMARKABLE[drug].items()}
    if patient["facts"].get("sex_at_birth") == "male":
        rest.pop("pregnancy_status", None)
    if "egfr" in patient["facts"]:
        rest.pop("serum_creatinine", None)
    return jdm.evaluate({**rest, **patient["facts"]}, as_of=TODAY, audience=patient["audience"])


@when("the guideline is applied for the family", target_fixture="answer")
def applied_for_the_family(jdm, patient):
    patient["audience"] = "patient_or_caregiver"
    return applied(jdm, patient)


# What becomes of a treatment


@then(parsers.re(f"{WHAT} {HOW}"))
def is_recommended(answer, what, how):
    found = answer.recommendation(TREATMENTS[what])
    assert (found.status, found.modality) == ("recommended", STRENGTH[how]), answer.why(found.rule)


@then(
    parsers.re(
        rf"{WHAT} {HOW} at (?P<low>[\d.]+)( to (?P<high>[\d.]+))? (?P<unit>mg|g) "
        r"(?P<often>once a week|a dose, twice a day|a course, over 2 to 5 days)"
    )
)
def is_recommended_at(answer, what, how, low, high, unit, often):
    is_recommended(answer, what, how)
    dose = answer.recommendation(TREATMENTS[what]).dose
    assert (dose.low, dose.high, dose.unit) == (float(low), float(high or low), unit), dose.working
    per = {"once a week": "week", "a dose, twice a day": "dose", "a course, over 2 to 5 days": "course"}
    assert dose.per == per[often]
    assert dose.times_per_day == (2 if often.endswith("twice a day") else None)


@then(parsers.re(f"{WHAT} does not apply"))
def does_not_apply(answer, what):
    assert answer.recommendation(TREATMENTS[what]).status == "not_applicable", answer.why(TREATMENTS[what])


@then(parsers.re(rf'{WHAT} is withheld because "(?P<reason>.+)"'))
def is_withheld(answer, what, reason):
    found = answer.recommendation(TREATMENTS[what])
    assert found.status == "blocked", answer.why(found.rule)
    assert any(reason in blocked.text for blocked in found.blocked_by), answer.why(found.rule)
    assert found.dose is None


@then(parsers.re(f"{WHAT} waits for the (?P<label>.+)"))
def waits_for(jdm, answer, what, label):
    found = answer.recommendation(TREATMENTS[what])
    assert found.status == "needs_data", answer.why(found.rule)
    assert label in _labels(jdm, found.missing)
    assert found.dose is None


@then(parsers.re(f"(?P<count>\\d+) reasons against {WHAT} are listed"))
def reasons_are_listed(answer, count, what):
    assert len(answer.recommendation(TREATMENTS[what]).blocked_by) == int(count)


@then(parsers.re(f"{WHAT} is given as (?P<drug>methotrexate|ciclosporin)"))
def is_given_as(answer, what, drug):
    assert answer.recommendation(TREATMENTS[what]).drug == drug


@then(parsers.re(f'{WHAT} comes with the caution "(?P<text>.+)"'))
def comes_with_the_caution(answer, what, text):
    cautions = [caution.text for caution in answer.recommendation(TREATMENTS[what]).cautions]
    assert any(text in caution for caution in cautions), cautions


@then(parsers.re(rf"{WHAT} cites (?P<label>.+), evidence level (?P<level>.+), strength (?P<strength>\w)"))
def cites(answer, what, label, level, strength):
    found = answer.recommendation(TREATMENTS[what])
    assert label in [citation.label for citation in found.citations]
    assert (found.evidence.level, found.evidence.strength) == (level, strength)


@then(parsers.re(f"{WHAT} is marked as uncited"))
def is_uncited(answer, what):
    assert answer.recommendation(TREATMENTS[what]).uncited


# Doses


@then(parsers.re("no dose of (?P<drug>any drug|methotrexate|mycophenolate|immunoglobulin) is offered"))
def no_dose(answer, drug):
    named = {"mycophenolate": "mycophenolate_mofetil", "immunoglobulin": "ivig"}.get(drug, drug)
    for found in answer.recommendations:
        for offer in (found, *found.choices):
            assert offer.dose is None or named not in {offer.drug, "any drug"}, found.rule


@then(parsers.re(f"the working of {WHAT} says (?P<text>.+)"))
def working_says(answer, what, text):
    working = answer.recommendation(TREATMENTS[what]).dose.working
    assert any(text in line for line in working), working


@then(parsers.re(r"ready-made syringes? of (?P<sizes>.+) mg fit"))
def syringes_fit(answer, sizes):
    fitting = [float(size) for size in re.split(", | and ", sizes)]
    assert answer.recommendation("start-methotrexate").dose.product_options == fitting


@then("no ready-made syringe fits")
def no_syringe_fits(answer):
    assert answer.recommendation("start-methotrexate").dose.no_product_fits


@then("methotrexate is preferably given under the skin")
def under_the_skin(answer):
    assert answer.recommendation("start-methotrexate").route == "subcutaneous"


# Alerts, questions, problems


@then(parsers.re('the first thing said is the critical alert "(?P<text>.+)"'))
def first_alert(answer, text):
    assert answer.alerts[0].severity == "critical"
    assert text in answer.alerts[0].text


@then(parsers.re('an alert says "(?P<text>.+)"'))
def an_alert_says(answer, text):
    assert any(text in alert.text for alert in answer.alerts), [alert.text for alert in answer.alerts]


@then("no alert is given")
def no_alert(answer):
    assert answer.alerts == []


@then(parsers.re("the answer asks for the (?P<label>.+)"))
def asks_for(jdm, answer, label):
    assert label in _labels(jdm, [question.fact for question in answer.questions])


@then(parsers.re("the answer does not ask for the (?P<label>.+)"))
def does_not_ask_for(jdm, answer, label):
    assert label not in _labels(jdm, [question.fact for question in answer.questions])


@then(parsers.re('the question "(?P<text>.+)" is put'))
def question_is_put(answer, text):
    assert text in [question.ask for question in answer.questions]


@then(parsers.re('the problem "(?P<text>.+)" is reported'))
def problem_is_reported(answer, text):
    assert any(text in problem.message for problem in answer.problems), answer.problems


@then("nothing is recommended")
def nothing_is_recommended(answer):
    assert answer.recommended == []


@then("the notices say that this is for education only and was not approved by a clinician")
def notices(answer):
    text = " ".join(answer.notices)
    assert "For education only" in text
    assert "Not reviewed or approved by a clinician" in text


@then(parsers.re(f'the text of {WHAT} says "(?P<text>.+)"'))
def text_says(answer, what, text):
    assert text in answer.recommendation(TREATMENTS[what]).text


def _labels(jdm, names):
    facts = jdm.guideline.pack.facts.facts
    found = {facts[name].label for name in names}
    return found | {label.split(",")[0] for label in found}


# The language of the scenarios


def test_scenarios_are_in_clinical_words(jdm):
    """No names of facts, no rule ids, no codes, no snake case, no JSON: a clinician signs these pages."""
    ids = {spec.rule.id for spec in jdm.guideline.rules}
    ids |= {rule.id for file in jdm.guideline.pack.safety.values() for rule in (*file.contraindications, *file.alerts)}
    ids = {name for name in ids if "-" in name}
    for path in FEATURES.glob("*.feature"):
        text = path.read_text(encoding="utf-8")
        assert not re.findall(r"\b\w+_\w+\b", text), path.name
        assert not re.findall(r"[{}\[\]`=]", text), path.name
        assert not re.findall(r"\b[DMRPU]\d{3}\b", text), path.name
        assert not [name for name in ids if re.search(rf"\b{re.escape(name)}\b", text)], path.name


def test_each_encoded_statement_has_a_scenario_for_and_against():
    """Each statement has a scenario in which it acts and one in which it does not."""
    acts, rests = set(), set()
    for path in FEATURES.glob("*.feature"):
        for scenario in re.split(r"\n\s*\n", path.read_text(encoding="utf-8")):
            named = set(re.findall(r"@(\w+)", scenario))
            acts |= named if re.search("|".join(STRENGTH), scenario) else set()
            rests |= named if re.search("does not apply|is withheld|waits for", scenario) else set()
    assert acts >= STATEMENTS
    assert rests >= STATEMENTS


STATEMENTS = {
    *("S01a", "S01b", "S03", "S04a", "S04b", "S05", "S06a", "S06b", "S07", "S08", "S09a", "S09b", "S10", "S11", "S12"),
    *("S13", "S14", "S15a", "S15b", "S20", "O2"),
}
