"""The scenarios of `features/jdm_calcinosis`: one small vocabulary of steps onto the public API."""

from __future__ import annotations

import re

import pytest
from pytest_bdd import given, parsers, scenarios, then, when
from scenario_patients import ROOT
from scenario_steps import STRENGTH, TODAY, TREATMENTS, UNREMARKABLE, facts_of, order_of

FEATURES = ROOT / "features" / "jdm_calcinosis"
WHAT = "(?P<what>" + "|".join(sorted(TREATMENTS, key=len, reverse=True)) + ")"
HOW = "(?P<how>" + "|".join(STRENGTH) + ")"

OFTEN = {
    "once a week": ("week", None, None),
    "a dose, twice a day": ("dose", 2, None),
    "a dose, once a day on 3 days": ("dose", 1, [3, 3]),
    "a day in two doses": ("day", 2, None),
    "a day": ("day", None, None),
    "a course, over 2 to 5 days": ("course", None, [2, 5]),
    "an infusion": ("course", None, [1, 1]),
}
AMOUNT = rf"(?P<low>[\d.]+)( to (?P<high>[\d.]+))? (?P<unit>mg|g) (?P<often>{'|'.join(OFTEN)})"
GRAVITY = {"critical finding": "critical", "warning": "warning", "note": "info"}
GRAVE = "(?P<gravity>" + "|".join(GRAVITY) + ")"
WHICH = "the (?P<which>order|first order|second order|medicine taken)"

scenarios(str(FEATURES))


@pytest.fixture
def patient():
    """What the scenario has said so far; `needs` names the drugs for which the rest is unremarkable."""
    return {"facts": {}, "needs": [], "orders": [], "audience": "clinician"}


@given(parsers.re(r"everything else that (?P<drug>\w+) needs is known and unremarkable"))
def the_rest_is_unremarkable(patient, drug):
    patient["needs"].append(drug)


@given(parsers.re(r"an order for (?P<order>.+)"))
def an_order(patient, order):
    patient["orders"].append(order_of(order))


@given("an order that is only a word")
def an_order_of_a_word(patient):
    patient["orders"].append("methotrexate")


@given("an order that is only a number")
def an_order_of_a_number(patient):
    patient["orders"].append(15)


@given("orders that are a sentence and no list")
def orders_in_words(patient):
    patient["orders"] = "methotrexate once a week"


@given(parsers.re(r"(?!everything else |an order |orders )(?P<sentence>.+)"))
def the_patient(patient, sentence):
    patient["facts"].update(facts_of(sentence))


@when("the guideline is applied", target_fixture="answer")
def applied(jdm, patient):
    rest = {name: value for drug in patient["needs"] for name, value in UNREMARKABLE[drug].items()}
    if patient["facts"].get("sex_at_birth") == "male":
        rest.pop("pregnancy_status", None)
    if "egfr" in patient["facts"]:
        rest.pop("serum_creatinine", None)
    facts = {**rest, **patient["facts"]}
    return jdm.evaluate(facts, orders=patient["orders"], as_of=TODAY, audience=patient["audience"])


@when("the guideline is applied for the family", target_fixture="answer")
def applied_for_the_family(jdm, patient):
    patient["audience"] = "patient_or_caregiver"
    return applied(jdm, patient)


# What becomes of a treatment


@then(parsers.re(f"{WHAT} {HOW}"))
def is_recommended(answer, what, how):
    found = answer.recommendation(TREATMENTS[what])
    assert (found.status, found.modality) == ("recommended", STRENGTH[how]), answer.why(found.rule)


@then(parsers.re(f"{WHAT} {HOW} at {AMOUNT}"))
def is_recommended_at(answer, what, how, low, high, unit, often):
    is_recommended(answer, what, how)
    check_dose(answer.recommendation(TREATMENTS[what]).dose, (low, high, unit), often)


@then(parsers.re(rf"{WHAT} includes (?P<drug>\w+) at {AMOUNT}"))
def includes(answer, what, drug, low, high, unit, often):
    (choice,) = (choice for choice in answer.recommendation(TREATMENTS[what]).choices if choice.drug == drug)
    check_dose(choice.dose, (low, high, unit), often)


def check_dose(dose, amount, often):
    low, high, unit = amount
    assert (dose.low, dose.high, dose.unit) == (float(low), float(high or low), unit), dose.working
    assert (dose.per, dose.times_per_day, dose.days) == OFTEN[often]


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


@then(parsers.re(rf"{WHAT} is given as (?P<drug>\w+)"))
def is_given_as(answer, what, drug):
    assert answer.recommendation(TREATMENTS[what]).drug == {"mycophenolate": "mycophenolate_mofetil"}.get(drug, drug)


@then(parsers.re(f"{WHAT} is labelled as outside the guideline"))
def is_labelled_as_outside(answer, what):
    found = answer.recommendation(TREATMENTS[what])
    assert found.origin == "outside_seed"
    assert found.text.startswith("Outside the seed page and SHARE")


@then("nothing from outside the guideline is more than an option")
def no_more_than_an_option(answer):
    outside = [found for found in answer.recommendations if found.origin == "outside_seed"]
    assert outside
    assert {found.modality for found in outside} <= {"option", "inform"}


@then(parsers.re(r"(?P<drug>\w+) is never offered"))
def is_never_offered(answer, drug):
    offered = {offer.drug for found in answer.recommendations for offer in (found, *found.choices)}
    assert drug not in offered


@then(parsers.re(f'{WHAT} comes with the caution "(?P<text>.+)"'))
def comes_with_the_caution(answer, what, text):
    cautions = [caution.text for caution in answer.recommendation(TREATMENTS[what]).cautions]
    assert any(text in caution for caution in cautions), cautions


@then(parsers.re(rf"{WHAT} cites (?P<label>.+), evidence level (?P<level>.+), strength (?P<strength>.+)"))
def cites(answer, what, label, level, strength):
    found = answer.recommendation(TREATMENTS[what])
    assert label in [citation.label for citation in found.citations]
    assert (found.evidence.level, found.evidence.strength) == (level, strength)


@then(parsers.re(f"{WHAT} is marked as uncited"))
def is_uncited(answer, what):
    assert answer.recommendation(TREATMENTS[what]).uncited


# Doses


@then(parsers.re("no dose of (?P<drug>any drug|[a-z]+) is offered"))
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


# Orders


def screened(answer, which):
    proposed = [found for found in answer.screened if not found.is_taken]
    taken = [found for found in answer.screened if found.is_taken]
    return {"medicine taken": taken, "second order": proposed[1:]}.get(which, proposed)[0]


@then(parsers.re(f'{WHICH} meets the {GRAVE} "(?P<text>.+)"'))
def meets(answer, which, gravity, text):
    findings = [(f.severity, f.text) for f in screened(answer, which).findings]
    assert any(severity == GRAVITY[gravity] and text in said for severity, said in findings), findings


@then(parsers.re(f"{WHICH} meets no (?P<text>warning|critical finding)"))
def meets_no(answer, which, text):
    serious = {"critical"} if text == "critical finding" else {"critical", "warning"}
    assert not [found for found in screened(answer, which).findings if found.severity in serious]


@then(parsers.re(f'{WHICH} does not meet "(?P<text>.+)"'))
def does_not_meet(answer, which, text):
    assert not [found for found in screened(answer, which).findings if text in found.text]


@then(parsers.re(f'the working of the finding on {WHICH} says "(?P<text>.+)"'))
def finding_is_worked_out(answer, which, text):
    working = [line for found in screened(answer, which).findings for line in found.working]
    assert any(text in line for line in working), working


@then(parsers.re(f"the finding on {WHICH} cites (?P<label>.+)"))
def finding_cites(answer, which, label):
    cited = {citation.label for found in screened(answer, which).findings for citation in found.citations}
    assert label in cited


@then("no order is screened")
def no_order(answer):
    assert answer.screened == []


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


def test_each_encoded_statement_has_a_scenario_for_and_against(jdm):
    """Each statement has a scenario in which it acts and one in which it does not."""
    assert {spec.statement.id for spec in jdm.guideline.rules} <= STATEMENTS
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
    *(
        "S13",
        "S14",
        "S15a",
        "S15b",
        "S20",
        "O1",
        "O2",
        "O5",
        "O6",
        "T4",
        "T5",
        "T6",
        "T10",
        "T13",
        "T14",
        "T15",
        "T16",
        "T17",
    ),
    *("X1", "X2", "X3", "X4", "X8", "X14"),
}
