"""The page, through the real server: what a form says comes back as facts, and nothing that was written as markup."""

from __future__ import annotations

import datetime as dt
import html
import json
import re
import shutil
from pathlib import Path

import pytest
from hospital import running
from scenario_patients import FIXTURES

from cds_engine.patient.read import read_facts
from cds_engine.service.audiences import audience_of
from cds_engine.service.desk import Desk
from cds_engine.service.page.changes import changes
from cds_engine.service.page.form import Form, facts_of, fields_of, kept_of, patient_of, read_form
from cds_engine.service.settings import Settings

JDM = "/packs/jdm_calcinosis"
GOOD = Path(__file__).parent / "corpus" / "packs" / "good"
PATIENTS = [path for path in FIXTURES if isinstance(json.loads(path.read_text()), dict)]


@pytest.fixture(scope="module")
def client():
    with running(Settings(development=True, workers=0)) as found:
        yield found


@pytest.mark.parametrize("path", PATIENTS, ids=lambda path: path.stem)
def test_a_patient_goes_through_the_form_unharmed(jdm, path):
    """The answer to what the form says is the answer to the patient."""
    patient = json.loads(path.read_text())
    if not isinstance(patient.get("facts"), dict):
        pytest.skip("not a patient of the engine")
    dictionary = jdm.guideline.dictionary
    known = {name: value for name, value in patient["facts"].items() if name in dictionary.facts}
    back = facts_of(Form(fields_of(known, dictionary)), dictionary)
    before, after = (jdm.evaluate(facts, as_of="2026-11-21") for facts in (known, back))
    assert changes(before, after) == []
    assert {(p.fact, p.code) for p in after.problems} == {(p.fact, p.code) for p in before.problems}


def test_an_empty_field_is_unknown_and_none_is_known_to_be_empty(jdm):
    form = read_form(b"weight=&current_medications=none&drug_hypersensitivity=none&breastfeeding=false&height=")
    facts = facts_of(form, jdm.guideline.dictionary)
    assert facts == {"current_medications": [], "drug_hypersensitivity": [], "breastfeeding": False}


def test_medicines_are_read_a_line_each(jdm):
    form = read_form(b"current_medications=methotrexate;+15+mg;+week;+SC%0Aprednisolone")
    [first, second] = facts_of(form, jdm.guideline.dictionary)["current_medications"]
    assert first == {"drug": "methotrexate", "dose": "15 mg", "per": "week", "route": "SC"}
    assert second == {"drug": "prednisolone"}


def test_each_pack_can_be_chosen(client):
    page = client.get("/").text
    assert JDM in page
    assert "/packs/kidney_health_diabetes" in page


@pytest.mark.parametrize("path", ["/packs/nowhere", f"{JDM}?fixture=nobody", "/static/nothing", "/static/..%2fpage.py"])
def test_what_is_not_there_is_told(client, path):
    answer = client.get(path)
    assert answer.status_code == 404
    assert path.startswith("/static") or "<h1>This cannot be shown</h1>" in answer.text


def test_every_fixture_has_its_page(client):
    names = re.findall(r'<option value="(v\d\d[^"]*)"', client.get(JDM).text)
    assert len(names) > 30
    for name in names:
        page = client.get(f"{JDM}?fixture={name}")
        assert page.status_code == 200
        assert page.text.count("<h1>") == 1
        ids = re.findall(r' id="([^"]+)"', page.text)
        assert len(ids) == len(set(ids))


def test_what_somebody_writes_is_never_markup(client):
    evil = '"><script>alert(1)</script>'
    page = client.post(JDM, data={"weight": evil, "current_medications": evil, "_audience": evil, "_was": evil}).text
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page


def test_a_record_fills_the_form(client):
    record = {"resourceType": "Patient", "id": "p", "birthDate": "2018-03-01"}
    page = client.post(JDM, data={"_record": json.dumps(record)}).text
    assert 'value="2018-03-01"' in page
    assert "is not JSON" in client.post(JDM, data={"_record": "{"}).text


def test_what_of_a_record_was_not_used_is_told(client):
    page = client.get("/packs/kidney_health_diabetes?fixture=due").text
    assert "value set" in page, "nobody supplied them"
    weight = {"resourceType": "Observation", "id": "o1", "status": "preliminary", "subject": {"reference": "Patient/p"},
              "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]}}  # fmt: skip
    entries = [{"resource": {"resourceType": "Patient", "id": "p"}}, {"resource": weight}]
    record = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    page = client.post(JDM, data={"_record": json.dumps(record)}).text
    assert "Observation/o1: its status is `preliminary`" in html.unescape(page)


def test_what_would_change_a_status_can_be_asked(client, jdm):
    path = next(path for path in PATIENTS if "v16" in path.stem)
    patient = json.loads(path.read_text())
    fields = fields_of(patient["facts"], jdm.guideline.dictionary)
    page = client.post(JDM, data={**fields, "_as_of": "2026-11-21", "_ask": "start-methotrexate"}).text
    said = html.unescape(page.partition('id="supposed"')[2].partition("</div>")[0])
    assert "would apply if breastfeeding were no" in said
    assert "no advice" in said
    assert 'id="supposed"' not in client.post(JDM, data={"_ask": "no-such-rule"}).text


def test_orders_of_a_patient_stay_with_the_form(client):
    page = client.get(f"{JDM}?fixture=v42-boy-9-orders").text
    again = client.post(JDM, data={"_kept": hidden(page, "_kept"), "weight": "29", "weight.unit": "kg"}).text
    assert "ordered per day" in page
    assert "ordered per day" in again


def hidden(page, name):
    """Return what a page carries along in a hidden field."""
    [carried] = re.findall(rf'name="{name}" value="([^"]*)"', page)
    return html.unescape(carried)


@pytest.mark.parametrize(
    ("patient", "said"),
    [
        ({"facts": {}, "orders": {"drug": "methotrexate", "dose": "15 mg", "per": "day"}}, "`orders` must be a list"),
        ({"facts": {}, "ordres": [{"drug": "methotrexate"}]}, "there is no key `ordres` in a patient"),
        ({"facts": {"wieght": "26 kg"}}, "wieght"),
        ({"wieght": "26 kg"}, "wieght"),
    ],
)
def test_what_a_patient_came_with_and_no_field_shows_is_not_lost(client, patient, said):
    """Neither when it is loaded nor by the next answer."""
    page = client.post(JDM, data={"_record": json.dumps(patient)}).text
    again = client.post(JDM, data={"_kept": hidden(page, "_kept"), "weight": "29", "weight.unit": "kg"}).text
    for shown in (page, again):
        assert said in html.unescape(shown.partition('id="problems"')[2])


def test_what_the_page_carried_along_and_cannot_read_is_no_empty_patient(client):
    for kept in ("{", "[]", '{"facts": 3}'):
        answer = client.post(JDM, data={"_kept": kept})
        assert (answer.status_code, "load the patient again" in answer.text) == (400, True)


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"_record": {"facts": {}, "as_of": "21.11.2026"}}, "must be a date"),
        ({"_record": {"facts": {}, "as_of": "2026-13-45"}}, "must be a date"),
        ({"_record": {"facts": {}, "as_of": "soon"}}, "must be a date"),
        ({"_record": {"facts": {}, "audience": "nobody"}}, "there is no audience `nobody`"),
        ({"_record": {"facts": {"resourceType": "x"}}}, "FHIR resource and no patient"),
        ({"_record": {"facts": ["weight 26 kg"]}}, "must be a mapping"),
        ({"_was": {"resourceType": "x"}}, "FHIR resource and no patient"),
        ({"_was": {"facts": 3}}, "must be a mapping"),
    ],
)
def test_what_the_library_refuses_the_page_refuses(client, sent, said):
    answer = client.post(JDM, data={name: json.dumps(value) for name, value in sent.items()})
    assert answer.status_code == 400
    assert said in html.unescape(answer.text)


def test_a_loaded_patient_is_answered_for_its_own_day_and_reader(client):
    patient = {"facts": {}, "as_of": "2020-02-03", "audience": "patient_or_caregiver"}
    page = client.post(JDM, data={"_record": json.dumps(patient), "_audience": "clinician"}).text
    assert 'type="date" value="2020-02-03"' in page
    assert '<option value="patient_or_caregiver" selected>' in page


@pytest.mark.parametrize(
    "fact",
    [
        {"clinical_improvement": {"value": True, "date": "2020-01-01"}},
        {"clinical_improvement": [{"value": False, "date": "2020-01-01"}]},
        {"drug_hypersensitivity": {"value": "methotrexate", "date": "2020-01-01"}},
        {"drug_hypersensitivity": {"value": ["methotrexate"], "date": "2020-01-01"}},
        {"drug_hypersensitivity": [{"value": "methotrexate", "date": "2020-01-01"}]},
        {"clinical_improvement": {"value": None, "date": "2020-01-01"}},
        {"clinical_improvement": ""},
    ],
)
def test_a_fact_keeps_its_date_in_the_form(jdm, fact):
    dictionary = jdm.guideline.dictionary
    fields = fields_of(fact, dictionary)
    back = patient_of(Form(fields, kept=kept_of({"facts": fact}, fields)), dictionary)["facts"]
    assert read_facts(back, dictionary, None) == read_facts(fact, dictionary, None)


def test_what_another_day_changed_is_said(client, jdm):
    """The answer before was of the day before; three years later its measurements are too old."""
    patient = json.loads(next(path for path in PATIENTS if "v01" in path.stem).read_text())
    fields = fields_of(patient["facts"], jdm.guideline.dictionary)
    page = client.post(JDM, data={**fields, "_as_of": "2026-11-21"}).text
    later = client.post(JDM, data={**fields, "_as_of": "2029-11-21", "_was": hidden(page, "_was")}).text
    assert "waits for data; before, it was recommended" in later


def test_a_pack_calls_its_audiences_as_it_likes(tmp_path):
    """The first that is worded for clinicians is taken where nobody is named, on the page and over REST."""
    folder = tmp_path / "pack"
    shutil.copytree(GOOD, folder)
    manifest = (folder / "pack.yaml").read_text()
    named = "  clinician: {label: Clinician, wording: clinician}"
    assert named in manifest
    family, doctor = "  family: {label: Family, wording: patient}", "  doctor: {label: Doctor, wording: clinician}"
    (folder / "pack.yaml").write_text(manifest.replace(named, f"{family}\n{doctor}"))
    day = dt.date(2026, 11, 21)
    desk = Desk(Settings(development=True, workers=0, packs=(str(folder),)))
    [(name, pack)] = desk.packs.items()
    assert (audience_of(pack), audience_of(pack, "patient")) == ("doctor", "family")
    assert json.loads(desk.evaluate(b'{"patient": {"facts": {}}}', day).body)["audience"] == "doctor"
    assert '<option value="doctor" selected>' in desk.page_begin(name, None, day).decode()


def test_the_page_is_for_this_machine_only():
    assert Settings(development=True).has_page
    assert not Settings(development=True, host="0.0.0.0").has_page  # noqa: S104 - said, not done
    with running(Settings(development=True, workers=0, packs=("jdm_calcinosis",), page=False)) as found:
        assert found.get("/").status_code == 404
