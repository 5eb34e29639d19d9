"""A FHIR record becomes the patient that the pack's mapping says, and what is not used is said."""

from __future__ import annotations

import contextlib
import copy
import json
import os
import shutil
from datetime import date
from pathlib import Path

import pytest
from fhir_records import (
    ICD,
    JUNK,
    LOINC,
    PATIENT,
    RXNORM,
    SNOMED,
    UCUM,
    UNMAPPED,
    bundle,
    coded,
    condition,
    dosage,
    observation,
    request,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from scenario_patients import patient_of_case

import cds_engine
from cds_engine.diagnostics import InputError
from cds_engine.fhir.days import Days
from cds_engine.fhir.medicines import Medicines
from cds_engine.fhir.record import read_record
from cds_engine.fhir.times import time
from cds_engine.pack.dictionary import DrugsFile
from cds_engine.patient.read import read_facts

DAY = "2025-06-30"


@pytest.fixture(scope="module")
def read(jdm):
    """Return the facts and what was not used of a record of these resources."""

    def reading(*resources, as_of=DAY):
        found = jdm.read_fhir(bundle(*resources), as_of=as_of)
        return found.patient["facts"], {(u.entry, u.reason) for u in found.unused}

    return reading


@pytest.fixture(scope="module")
def answer(jdm):
    return lambda *resources, as_of=DAY: jdm.evaluate_fhir(bundle(*resources), as_of=as_of)


# Values


def test_an_observation_becomes_a_dated_value_with_its_unit(read):
    assert read(observation("8302-2", (1.28, "m")))[0] == {
        "birth_date": [{"value": "2016-03-01"}],
        "height": [{"value": 1.28, "unit": "m", "date": "2025-06-01"}],
    }


def test_the_answer_rests_on_the_record(answer):
    found = answer(observation("8302-2", (1.28, "m")), observation("29463-7", (26, "kg")))
    assert found.patient == "p"
    assert found.derived["body_surface_area"].value == pytest.approx(0.9614803)


def test_an_alias_of_a_unit_is_read_by_the_one_door(answer):
    low = {"value": 0.4, "unit": "mg/dl"}
    found = answer(observation("2160-0", valueQuantity=low), observation("33863-2", (0.9, "mcg/mL")))
    assert not [problem for problem in found.problems if problem.fact == "cystatin_c"]


def test_only_the_latest_day_counts_and_the_older_ones_are_told(read):
    old = observation("29463-7", (20, "kg"), effectiveDateTime="2024-01-01", id="old")
    facts, unused = read(old, observation("29463-7", (26, "kg")))
    assert facts["weight"] == [{"value": 26, "unit": "kg", "date": "2025-06-01"}]
    assert unused == {("1 entry", "older than 2025-06-01")}


def test_two_values_of_one_day_that_disagree_are_a_conflict(answer):
    found = answer(observation("29463-7", (26, "kg")), observation("29463-7", (62, "kg"), id="b"))
    assert [problem.code for problem in found.problems] == ["D108"]


def test_what_lies_after_the_day_of_the_answer_has_not_happened(read):
    facts, unused = read(observation("29463-7", (26, "kg")), as_of="2025-05-31")
    assert "weight" not in facts
    assert unused == {("Observation/o29463-7", "it lies after the day of the answer, 2025-05-31")}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"effectiveDateTime": None}, "Observation/o29463-7 has no date"),
        (
            {"effectiveDateTime": "2025-06"},
            "Observation/o29463-7 does not say the day, only that it was from 2025-06-01",
        ),
        ({"valueQuantity": {"value": 5, "comparator": "<", "unit": "kg"}}, "`< 5` is not a number"),
        ({"valueQuantity": {"value": 26}}, "`26` has no unit"),
        ({"valueQuantity": {"unit": "kg"}}, "its quantity holds no number"),
        ({"status": "unknown"}, "its status is `unknown`"),
        ({"modifierExtension": [{"url": "x"}]}, "it is modified in a way that is not understood"),
        ({"valueQuantity": {"value": 26, "unit": "kg/m2"}}, "kg/m2"),
        ({"valueQuantity": None, "valueBoolean": True}, "`valueBoolean` is no number"),
        ({"status": None}, "it has no status"),
        ({"subject": None}, "it does not say whom it is about"),
        ({"concept": {"coding": [{"code": "29463-7"}]}}, "its code has no terminology"),
    ],
)
def test_a_value_that_cannot_be_used_is_a_problem_and_never_passed_over(answer, changes, said):
    weighed = observation("29463-7", (26, "kg"), **changes)
    found = answer(weighed | {"code": weighed.pop("concept", weighed["code"])})
    (problem,) = [p for p in found.problems if p.fact == "weight"]
    assert said in problem.message
    assert "body_surface_area" not in found.derived


def test_a_code_without_terminology_is_a_doubt_wherever_the_mapping_may_want_it(answer):
    """By how it begins, and in a component; but an entry that counts in no terminology is no doubt."""
    begun = condition(None, "N18.3")
    del begun["code"]["coding"][0]["system"]
    found = answer(begun)
    assert [(p.fact, "has no terminology" in p.message) for p in found.problems] == [("chronic_kidney_disease", True)]
    assert not answer({**begun, "verificationStatus": coded("x", "refuted")}).problems
    assert not answer({**begun, "subject": {"reference": "Patient/q"}}).problems
    parts = [{"code": {"coding": [{"code": "8480-6"}]}, "valueQuantity": {"value": 120, "unit": "mm[Hg]"}}]
    found = answer(observation("85354-9", component=parts))
    assert [(p.fact, "has no terminology" in p.message) for p in found.problems] == [("bp_systolic", True)]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"status": "entered-in-error"}, "its status is `entered-in-error`"),
        ({"status": "preliminary"}, "its status is `preliminary`"),
        ({"subject": {"reference": "Patient/q"}}, "it is about somebody else"),
        ({"focus": [{"reference": "RelatedPerson/mother"}]}, "it is about somebody else"),
        (
            {"valueQuantity": None, "dataAbsentReason": coded("x", "not-performed")},
            "it has no value (not-performed)",
        ),
    ],
)
def test_an_entry_that_does_not_count_is_told_with_its_reason(read, changes, reason):
    facts, unused = read(observation("29463-7", (26, "kg"), **changes))
    assert "weight" not in facts
    assert unused == {("Observation/o29463-7", reason)}


@pytest.mark.parametrize(
    ("reference", "is_mine"),
    [
        ("https://here.example/fhir/Patient/p", True),
        ("https://here.example/fhir/Patient/p/_history/3", True),
        ("Patient/p", True),
        ("https://elsewhere.example/fhir/Patient/p", False),
    ],
)
def test_the_same_id_on_another_server_is_another_patient(jdm, reference, is_mine):
    entries = [
        {"fullUrl": "https://here.example/fhir/Patient/p", "resource": PATIENT},
        {"resource": observation("29463-7", (26, "kg"), subject={"reference": reference})},
    ]
    found = jdm.read_fhir({"resourceType": "Bundle", "type": "collection", "entry": entries}, as_of=DAY)
    assert ("weight" in found.patient["facts"]) is is_mine


@pytest.mark.parametrize("reference", ["Patient/p", "urn:uuid:p", "https://x.example/fhir/Patient/p/_history/2"])
def test_a_patient_is_referred_to_in_several_ways(read, reference):
    assert "weight" in read(observation("29463-7", (26, "kg"), subject={"reference": reference}))[0]


def test_a_component_gives_its_own_value(read):
    parts = [
        {"code": coded(LOINC, code), "valueQuantity": {"value": value, "unit": "mmHg"}}
        for code, value in (("8480-6", 104), ("8462-4", 61))
    ]
    facts, _ = read(observation("85354-9", component=parts))
    assert facts["bp_systolic"] == [{"value": 104, "unit": "mmHg", "date": "2025-06-01"}]
    assert facts["bp_diastolic"] == [{"value": 61, "unit": "mmHg", "date": "2025-06-01"}]


def test_a_reference_range_goes_with_the_value_if_it_is_one_for_everybody(read):
    limits = {"low": {"value": 2.1, "unit": "mmol/L"}, "high": {"value": 2.6, "unit": "mmol/L"}}
    given = observation("2000-8", valueQuantity={"value": 2.4, "unit": "mmol/L"}, referenceRange=[limits])
    assert read(given)[0]["calcium_total"][0]["range"] == {"low": 2.1, "high": 2.6}
    given["referenceRange"] = [limits, limits]
    facts, unused = read(given)
    assert "range" not in facts["calcium_total"][0]
    assert any("reference ranges were not used" in reason for _, reason in unused)


@pytest.mark.parametrize(
    ("limits", "is_used"),
    [
        ({"low": {"value": 2.1, "unit": "mmol/L"}}, True),
        ({"low": {"value": 2.1, "unit": "mmol/L"}, "type": coded("x", "normal")}, True),
        ({"low": {"value": 2.1, "unit": "mmol/L"}, "type": coded("x", "therapeutic")}, False),
        ({"low": {"value": 2.1}}, False),
        ({"low": {"value": 8.5, "unit": "mg/dL"}}, False),
    ],
)
def test_a_reference_range_is_the_normal_one_in_the_unit_of_the_value(read, limits, is_used):
    given = observation("2000-8", valueQuantity={"value": 2.4, "unit": "mmol/L"}, referenceRange=[limits])
    assert ("range" in read(given)[0]["calcium_total"][0]) == is_used


# Diagnoses

CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({}, True),
        ({"clinical": "resolved"}, None),
        ({"verificationStatus": coded("x", "refuted")}, None),
        ({"verificationStatus": coded("x", "entered-in-error")}, None),
        ({"verificationStatus": {"coding": [{"code": "X"}, {"system": "v", "code": "refuted"}]}}, None),
        ({"verificationStatus": {"text": "Refuted"}}, None),
        ({"verificationStatus": "entered-in-error"}, None),
        (
            {"clinicalStatus": {"coding": [{"system": "local", "code": "A"}, *coded(CLINICAL, "active")["coding"]]}},
            True,
        ),
        ({"modifierExtension": [{"url": "x", "valueBoolean": True}]}, "unusable"),
        ({"implicitRules": "http://x.example/rules"}, "unusable"),
        ({"subject": {"reference": "Patient?identifier=1"}}, "unusable"),
        ({"abatementDateTime": "2025-06-29"}, None),
        ({"abatementDateTime": "2025-06-30"}, True),
        ({"onsetDateTime": "2025-07-01"}, None),
        ({"onsetDateTime": None, "recordedDate": "2025-02-01"}, True),
        ({"onsetDateTime": None, "onsetPeriod": {"start": "2025-02-01"}}, True),
        ({"onsetDateTime": None, "onsetAge": {"value": 8, "code": "a"}}, True),
        ({"onsetDateTime": "2024"}, True),
        ({"onsetDateTime": None}, "unusable"),
        ({"onsetDateTime": None, "onsetString": "in spring"}, "unusable"),
        ({"abatementString": "in summer"}, "unusable"),
        ({"onsetDateTime": "2025-02-01", "abatementDateTime": "2024-02-01"}, "unusable"),
    ],
)
def test_a_condition_counts_from_onset_to_abatement(read, changes, wanted):
    changes = dict(changes)
    facts, _ = read(condition(SNOMED, "363346000", changes.pop("clinical", "active"), **changes))
    found = facts.get("malignancy")
    assert ("unusable" if isinstance(found, dict) else found) == wanted


def test_an_age_lasts_until_the_eve_of_the_next_birthday():
    born = Days(date(2010, 5, 30), date(2010, 5, 30))
    found = time("Condition", {"onsetAge": {"value": 5, "code": "a"}}, born)
    assert found is not None
    assert found.begin.first <= date(2015, 5, 30)
    assert found.begin.last >= date(2016, 5, 29)


def test_absence_is_unknown_in_an_open_record(read, answer):
    assert "malignancy" not in read()[0]
    assert answer().recommendation("start-methotrexate").status in {"needs_data", "not_applicable"}


def test_a_category_of_icd_holds_the_codes_below_it(read):
    assert read(condition(ICD, "N18.6"))[0]["chronic_kidney_disease"] is True
    assert "chronic_kidney_disease" not in read(condition(ICD, "N19"))[0]


@pytest.mark.parametrize(
    ("verified", "wanted"), [("confirmed", "confirmed"), ("provisional", "suspected"), (None, None)]
)
def test_a_diagnosis_is_as_sure_as_its_verification(answer, verified, wanted):
    status = {"verificationStatus": coded("x", verified)} if verified else {}
    found = answer(condition(ICD, "M33.02", **status))
    used = {f.value for r in found.recommendations if r.because for f in r.because.facts if f.name == "diagnosis_jdm"}
    assert used == {wanted}


# Medicines


@pytest.mark.parametrize(
    ("repeat", "weekly"),
    [
        ({"frequency": 1, "period": 1, "periodUnit": "wk"}, 15),
        ({"frequency": 1, "period": 7, "periodUnit": "d"}, 15),
        ({"period": 1, "periodUnit": "d"}, 105),
        ({"frequency": 2, "period": 1, "periodUnit": "d"}, 210),
        ({"frequency": 1, "frequencyMax": 2, "period": 1, "periodUnit": "d"}, 210),
        ({"frequency": 2, "frequencyMax": 1, "period": 1, "periodUnit": "d"}, 210),
        ({"frequency": 1, "period": 12, "periodUnit": "h"}, 210),
        ({"dayOfWeek": ["mon"]}, 15),
        ({"dayOfWeek": ["mon", "thu"]}, 30),
        ({"frequency": 1, "period": 2, "periodUnit": "wk"}, 7.5),
        ({"timeOfDay": ["08:00:00", "20:00:00"]}, 210),
        ({"frequency": 2, "period": 1, "periodUnit": "d", "dayOfWeek": ["mon"]}, 30),
        ({"frequency": 1, "period": 1, "periodUnit": "d", "dayOfWeek": ["mon", "mon", "thu"]}, 30),
        ({"frequency": 1, "period": 12, "periodUnit": "h", "dayOfWeek": ["mon"]}, 30),
        ({"frequency": 3, "period": 1, "periodUnit": "wk", "dayOfWeek": ["mon"]}, 45),
        ({"frequency": 1, "period": 2, "periodUnit": "wk", "dayOfWeek": ["mon"]}, 7.5),
        ({"frequency": 2, "dayOfWeek": ["mon", "thu"]}, 60),
        ({"period": 2, "periodUnit": "d"}, 52.5),
        ({"period": 36, "periodUnit": "h"}, 70),
        ({"frequency": 3, "period": 10, "periodUnit": "d"}, 31.5),
        ({"frequency": 30, "period": 1, "periodUnit": "mo"}, 112.5),
        ({"period": 30, "periodUnit": "min"}, 15 * 48 * 7),
        ({"frequency": 3, "period": 2, "periodUnit": "wk"}, 22.5),
        ({}, None),
        ({"frequency": 1, "period": 10, "periodUnit": "d"}, None),
        ({"frequency": 1, "period": 1, "periodUnit": "mo"}, None),
        ({"frequency": 0, "period": 1, "periodUnit": "wk"}, None),
        ({"frequency": 1, "period": 1, "periodUnit": "fortnight"}, None),
        ({"frequency": 1, "period": "1", "periodUnit": "d"}, None),
        ({"frequency": 1, "period": 1, "periodUnit": ["wk"]}, None),
        ({"frequency": 10**400, "period": 1, "periodUnit": "wk"}, None),
        ({"frequency": 1, "period": 10**400, "periodUnit": "wk"}, None),
        ({"frequency": float("nan"), "period": 1, "periodUnit": "wk"}, None),
        ({"frequency": 1, "period": float("inf"), "periodUnit": "wk"}, None),
    ],
)
def test_the_dose_of_an_order_a_week(jdm, repeat, weekly):
    facts = jdm.read_fhir(bundle(request("6851", dosage(15, "mg", **repeat))), as_of=DAY).patient["facts"]
    (entry,) = read_facts(facts, jdm.guideline.dictionary, None).medicines
    assert entry.drug == "methotrexate"
    assert entry.weekly_mg == weekly


@pytest.mark.parametrize("status", ["draft", "active", "completed", "stopped", "cancelled", "entered-in-error", None])
def test_what_is_about_to_be_signed_is_screened_whatever_its_status(jdm, status):
    daily = {**request("6851", dosage(15, "mg", frequency=1, period=1, periodUnit="d")), "status": status}
    answer = jdm.evaluate_fhir(bundle(), as_of=DAY, orders=[daily])
    assert "critical" in {finding.severity for screened in answer.screened for finding in screened.findings}


DAILY = {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}}
WEEKLY = {"repeat": {"frequency": 1, "period": 1, "periodUnit": "wk"}}
DOSE = [{"doseQuantity": {"value": 15, "unit": "mg", "code": "mg", "system": UCUM}}]


@pytest.mark.parametrize(
    "instruction",
    [
        {"timing": DAILY},
        {"timing": {"code": coded("x", "QD")}},
        {"timing": {"code": coded("x", "AM")}},
        {"timing": {"code": coded("x", "BED")}},
        {"timing": {"code": coded("x", "QOD")}},
        {"timing": {"code": {"text": "once daily"}}},
        {"timing": {"code": {**coded("x", "LOCAL12"), "text": "once daily"}}},
        {"timing": {"code": {**coded("x", "WK"), "text": "once daily"}}},
        {"timing": {"code": coded("x", "LOCAL12")}, "text": "2.5 mg once daily"},
        {"timing": {"repeat": {"frequency": "1", "period": 1, "periodUnit": "d"}, "code": coded("x", "QD")}},
        {"timing": {"repeat": WEEKLY["repeat"], "code": {**coded("x", "3 times a week"), "text": "once daily"}}},
        {"timing": {"repeat": WEEKLY["repeat"], "code": {"text": "several times a week"}}},
        {"timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "wk"}, "code": coded("x", "QD")}},
        {"timing": {"repeat": {"frequency": 1, "period": 2, "periodUnit": "d"}}},
        {"timing": {"repeat": {"frequency": 30, "period": 1, "periodUnit": "mo"}}},
        {"timing": {"repeat": {"frequency": 2, "period": 1, "periodUnit": "d", "dayOfWeek": ["mon"]}}},
        {"text": "15 mg by mouth once daily"},
        {"text": "6 tablets", "patientInstruction": "Take them every evening"},
    ],
)
def test_methotrexate_too_often_is_the_alarm_however_it_is_written(answer, instruction):
    found = answer(request("6851", {**instruction, "doseAndRate": DOSE}))
    assert any(alert.severity == "critical" and alert.drug == "methotrexate" for alert in found.alerts)


@pytest.mark.parametrize(
    ("concept", "drugs"),
    [
        ([(RXNORM, "99999999"), (RXNORM, "6851")], ["methotrexate"]),
        ([(RXNORM, "6851"), (RXNORM, "8640")], ["methotrexate", "prednisone"]),
        ([(RXNORM, "99999999")], ["rxnorm:99999999"]),
    ],
)
def test_no_code_of_a_medicine_hides_another(jdm, concept, drugs):
    product = {"coding": [{"system": system, "code": code} for system, code in concept]}
    order = request("6851", {"timing": DAILY, "doseAndRate": DOSE}, medicationCodeableConcept=product)
    facts = jdm.read_fhir(bundle(order), as_of=DAY).patient["facts"]
    entries = read_facts(facts, jdm.guideline.dictionary, None).medicines
    assert [(entry.drug, entry.intervals) for entry in entries] == [(drug, ("day",)) for drug in drugs]


ATC = {"system": "ATC", "code": "L04AX03", "tag": "M"}


@pytest.mark.parametrize(
    "system",
    ["urn:oid:2.16.840.1.113883.6.96", "https://snomed.info/sct", "http://snomed.info/sct/731000124108"],
)
def test_a_terminology_goes_by_several_names(read, system):
    assert read(condition(system, "363346000"))[0]["malignancy"] is True


def test_a_medicine_may_be_contained_in_its_order(jdm):
    order = request(
        "",
        {"timing": DAILY, "doseAndRate": DOSE},
        medicationCodeableConcept=None,
        contained=[
            {"resourceType": "Medication", "id": "m", "code": coded("urn:oid:2.16.840.1.113883.6.88", "6851")},
            {"resourceType": "Medication", "id": "n", "code": coded(RXNORM, "8640")},
        ],
        medicationReference={"reference": "#m"},
    )
    facts = jdm.read_fhir(bundle(order), as_of=DAY).patient["facts"]
    (entry,) = read_facts(facts, jdm.guideline.dictionary, None).medicines
    assert (entry.drug, entry.weekly_mg) == ("methotrexate", 105)


def test_a_medicine_is_known_by_any_terminology_of_the_pack():
    known = Medicines(DrugsFile.model_validate({"drugs": {"m": {"label": "m", "codes": [ATC]}}}))
    order = request("", medicationCodeableConcept=coded("http://www.whocc.no/atc", "L04AX03"))
    (entry,), _ = known.entries(order, read_record(bundle(order), ()))
    assert entry["drug"] == "m"


@pytest.mark.parametrize(
    ("dosages", "said"),
    [
        ((), "there are no dosage instructions"),
        (({"text": "as told"},), "no dose is given"),
        ((dosage(1, "{tbl}", frequency=1, period=1, periodUnit="wk"),), "it counts units whose strength is not given"),
    ],
)
def test_a_dose_that_cannot_be_determined_is_said(read, dosages, said):
    facts, unused = read(request("6851", *dosages))
    assert facts["current_medications"]["value"][0]["rxnorm"] == "6851"
    assert "dose" not in facts["current_medications"]["value"][0]
    assert ("MedicationRequest/m6851", f"dose could not be determined: {said}") in unused


MG = {"unit": "mg", "code": "mg", "system": "http://unitsofmeasure.org"}


def rate(value, kind=None):
    typed = {"type": coded("http://terminology.hl7.org/CodeSystem/dose-rate-type", kind)} if kind else {}
    return {**typed, "doseQuantity": {"value": value, **MG}}


@pytest.mark.parametrize(
    ("dosages", "weekly", "said"),
    [
        (
            [
                {
                    "timing": WEEKLY,
                    "doseAndRate": [{"doseRange": {"low": {"value": 10, **MG}, "high": {"value": 15, **MG}}}],
                }
            ],
            15,
            "the dose is a range; its upper end was taken",
        ),
        (
            [{"timing": WEEKLY, "asNeededBoolean": True, "doseAndRate": [rate(15)]}],
            15,
            "it is taken as needed; the dose is the most that may be taken",
        ),
        ([{"timing": WEEKLY, "doseAndRate": [rate(10)]}] * 2, 20, "2 dosage instructions were added up"),
        ([{"timing": WEEKLY, "doseAndRate": [rate(20, "calculated"), rate(15, "ordered")]}], 15, None),
        (
            [{"timing": WEEKLY, "doseAndRate": [rate(20), rate(15)]}],
            None,
            "dose could not be determined: several doses are given",
        ),
        ([{"timing": {"code": coded("x", "BID")}, "doseAndRate": [rate(15)]}], 210, None),
        ([{"timing": WEEKLY, "maxDosePerPeriod": {"numerator": {"value": 15, **MG}}}], None, "no dose is given"),
        (
            [{"timing": WEEKLY, "doseAndRate": [rate(15)], "maxDosePerPeriod": {"numerator": {"value": 5, **MG}}}],
            15,
            "is a limit, and was not taken for a dose",
        ),
        (
            [{"timing": WEEKLY, "doseAndRate": [{"doseQuantity": {"value": 15, "comparator": ">", **MG}}]}],
            None,
            "the dose is no number",
        ),
        ([{"timing": WEEKLY, "doseAndRate": [rate(10**400)]}], None, "the dose is no possible amount"),
        ([{"timing": WEEKLY, "doseAndRate": [rate(float("nan"))]}], None, "the dose is no possible amount"),
        ([{"timing": WEEKLY, "doseAndRate": [rate(15)], "modifierExtension": [{"url": "x"}]}], None, "is modified"),
        ([{"timing": WEEKLY, "doseAndRate": [{"doseQuantity": {"value": 15}}]}], None, "the dose has no unit"),
        ([{"timing": {"code": coded("x", "CUSTOM")}, "doseAndRate": [rate(15)]}], None, None),
        ([{"timing": {"code": {**coded("x", "BID"), "text": "twice daily"}}, "doseAndRate": [rate(15)]}], 210, None),
        (
            [{"timing": {"code": {**coded("x", "QOD"), "text": "every other day"}}, "doseAndRate": [rate(15)]}],
            52.5,
            None,
        ),
        (
            [{"timing": {"code": {**coded("x", "WK"), "text": "once daily"}}, "doseAndRate": [rate(15)]}],
            None,
            "its codes say different things of how often: all of them are heard",
        ),
        (
            [{"timing": {**WEEKLY, "code": coded("x", "BID")}, "doseAndRate": [rate(15)]}],
            None,
            "its code, `bid`, says otherwise than its timing",
        ),
        ([{"timing": {**WEEKLY, "code": {"text": "3 times a week"}}, "doseAndRate": [rate(15)]}], 45, "says otherwise"),
        ([{"timing": {**WEEKLY, "code": coded("x", "WK")}, "doseAndRate": [rate(15)]}], 15, None),
    ],
)
def test_what_dosage_instructions_come_to(jdm, dosages, weekly, said):
    found = jdm.read_fhir(bundle(request("6851", *dosages)), as_of=DAY)
    amounts = [
        entry.weekly_mg for entry in read_facts(found.patient["facts"], jdm.guideline.dictionary, None).medicines
    ]
    assert (None if None in amounts else sum(amounts)) == weekly
    assert said is None or any(said in one.reason for one in found.unused)


@pytest.mark.parametrize(
    ("element", "content"),
    [
        ("boundsPeriod", {"start": "2019-01-01", "end": "2019-12-31"}),
        ("boundsDuration", {"value": 3, "unit": "mo"}),
        ("boundsRange", {"low": {"value": 1}, "high": {"value": 3}}),
        ("count", 4),
        ("countMax", 6),
        ("event", ["2020-06-01", "2020-06-02"]),
        ("rateQuantity", {"value": 1, "unit": "mg/h"}),
        ("rateRange", {"low": {"value": 1, "unit": "mg/h"}}),
        ("rateRatio", {"numerator": {"value": 1, **MG}, "denominator": {"value": 1, "unit": "h"}}),
        ("maxDosePerAdministration", {"value": 5, **MG}),
        ("maxDosePerLifetime", {"value": 5, **MG}),
    ],
)
def test_what_no_dose_is_read_from_is_told_and_changes_nothing(jdm, element, content):
    """An order whose time is over still counts by its status: that it is taken is never guessed away."""
    written = {"timing": copy.deepcopy(WEEKLY), "doseAndRate": [rate(15)]}
    place = written
    if element.startswith(("bounds", "count")):
        place = written["timing"]["repeat"]
    elif element == "event":
        place = written["timing"]
    elif element.startswith("rate"):
        place = written["doseAndRate"][0]
    plain = jdm.read_fhir(bundle(request("6851", copy.deepcopy(written))), as_of=DAY)
    place[element] = content
    told = jdm.read_fhir(bundle(request("6851", written)), as_of=DAY)
    assert told.patient == plain.patient
    (said,) = set(told.unused) - set(plain.unused)
    assert said.entry == "MedicationRequest/m6851"
    assert ("`" + element + "`" in said.reason and "was not used" in said.reason) or "is a limit" in said.reason


def test_instructions_that_follow_one_another_are_not_added_up(jdm, answer):
    """Nobody says which of them holds today: the largest is certain, how much it is stays open."""
    phases = [{"timing": WEEKLY, "doseAndRate": [rate(n)], "sequence": i} for i, n in enumerate((10, 15, 5), 1)]
    found = jdm.read_fhir(bundle(request("6851", *phases)), as_of=DAY)
    amounts = [
        entry.weekly_mg for entry in read_facts(found.patient["facts"], jdm.guideline.dictionary, None).medicines
    ]
    assert amounts == [None, 15, None]
    assert any("follow one another" in one.reason for one in found.unused)
    daily = {"timing": DAILY, "doseAndRate": [rate(5)], "sequence": 4}
    assert any(a.severity == "critical" for a in answer(request("6851", *phases, daily)).alerts)
    together = [{**phase, "sequence": 1} for phase in phases]
    found = jdm.read_fhir(bundle(request("6851", *together)), as_of=DAY)
    assert any("3 dosage instructions were added up" in one.reason for one in found.unused)


@pytest.mark.parametrize(
    ("first", "second", "amounts", "is_raised"),
    [
        ((20, WEEKLY), (15, {"repeat": {"frequency": 3, "period": 1, "periodUnit": "wk"}}), [None, 45], True),
        ((20, WEEKLY), (15, {"code": {"text": "3 times a week"}}), [None, 45], True),
        ((20, WEEKLY), (15, {"repeat": {"frequency": 1, "period": 2, "periodUnit": "wk"}}), [20, None], False),
        ((20, WEEKLY), (15, {"code": coded("x", "CUSTOM")}), [None, None], False),
        ((20, WEEKLY), (15, {"code": {**coded("x", "BID"), "text": "twice daily"}}), [None, 210], True),
        ((20, WEEKLY), (45, {"code": {**coded("x", "WK"), "text": "once daily"}}), [None, None], False),
    ],
)
def test_of_instructions_that_follow_one_another_the_most_a_week_counts(jdm, answer, first, second, amounts, is_raised):
    phases = [
        {"timing": timing, "doseAndRate": [rate(value)], "sequence": number}
        for number, (value, timing) in enumerate((first, second), 1)
    ]
    facts = jdm.read_fhir(bundle(request("6851", *phases)), as_of=DAY).patient["facts"]
    assert [entry.weekly_mg for entry in read_facts(facts, jdm.guideline.dictionary, None).medicines] == amounts
    alerts = {alert.rule for alert in answer(request("6851", *phases)).alerts}
    assert ("methotrexate-above-weekly-maximum" in alerts) == is_raised


@pytest.mark.parametrize(
    ("below", "pieces", "weekly"),
    [
        ({"value": 1}, 6, 15),
        ({"value": 1, "unit": "TAB"}, 6, 15),
        ({"value": 1, "unit": "h"}, 6, None),
        ({"value": 10**400}, 6, None),
        ({"value": 10**400, "unit": "TAB"}, 6, None),
        ({"value": -1}, 6, None),
        ({"value": 1}, 10**400, None),
    ],
)
def test_a_strength_is_that_of_one_piece(jdm, below, pieces, weekly):
    product = {
        "resourceType": "Medication",
        "id": "t",
        "code": coded(RXNORM, "6851"),
        "ingredient": [{"strength": {"numerator": {"value": 2.5, "unit": "mg"}, "denominator": below}}],
    }
    order = request(
        "6851",
        dosage(pieces, "Tablets", frequency=1, period=1, periodUnit="wk"),
        medicationCodeableConcept=None,
        medicationReference={"reference": "Medication/t"},
    )
    facts = jdm.read_fhir(bundle(product, order), as_of=DAY).patient["facts"]
    assert [e.weekly_mg for e in read_facts(facts, jdm.guideline.dictionary, None).medicines] == [weekly]


def test_tablets_count_by_the_strength_of_their_medication(read):
    tablet = {
        "resourceType": "Medication",
        "id": "t",
        "code": coded(RXNORM, "6851"),
        "ingredient": [{"strength": {"numerator": {"value": 2.5, "unit": "mg"}, "denominator": {"value": 1}}}],
    }
    order = request(
        "6851",
        dosage(6, "{tbl}", frequency=1, period=1, periodUnit="wk"),
        medicationCodeableConcept=None,
        medicationReference={"reference": "Medication/t"},
    )
    entry = read(tablet, order)[0]["current_medications"]["value"][0]
    assert entry["dose"] == {"value": 15, "unit": "mg"}


def test_a_list_of_medicines_is_never_taken_for_all_of_them(answer):
    found = answer(
        condition(ICD, "M33.02", verificationStatus=coded("x", "confirmed")),
        request("8640", dosage(5, "mg", frequency=1, period=1, periodUnit="d")),
    )
    assert "current_medications" in {f for r in found.needs_data for f in r.missing}


def test_a_product_is_read_by_its_name_where_its_code_is_not_known(read, answer):
    product = {"coding": [{"system": RXNORM, "code": "105585", "display": "Methotrexate 2.5 MG Oral Tablet"}]}
    given = request("6851", dosage(15, "mg", frequency=1, period=1, periodUnit="d"), medicationCodeableConcept=product)
    assert read(given)[0]["current_medications"]["value"][0]["name"] == "Methotrexate 2.5 MG Oral Tablet"
    assert any(alert.severity == "critical" and alert.drug == "methotrexate" for alert in answer(given).alerts)


def test_a_record_completed_by_a_clinician_comes_to_a_dose_and_to_a_valid_order(jdm):
    """What no record says (phase, complete lists, what was ruled out) is added to the patient that was read."""
    found = jdm.read_fhir(bundle(*FULL[:4], patient={**PATIENT, "birthDate": "2017-06-01"}), as_of=DAY)
    ready = patient_of_case({"id": "ready", "from": "child"})
    asked = {k: v for k, v in ready["facts"].items() if k not in found.patient["facts"] and k != "age_years"}
    answer = jdm.evaluate({**found.patient, "facts": {**asked, **found.patient["facts"]}}, as_of=DAY)
    dose = answer.recommendation("start-methotrexate").dose
    assert (dose.low, dose.high) == (14.42, 19.23)
    order = next(
        entry["resource"]
        for entry in jdm.to_fhir(answer)["entry"]
        if entry["resource"].get("medicationCodeableConcept", {}).get("text") == "methotrexate"
    )
    (instruction,) = order["dosageInstruction"]
    assert instruction["timing"] == {"repeat": {"frequency": 1, "period": 1, "periodUnit": "wk"}}
    (rate,) = instruction["doseAndRate"]
    assert (rate["doseRange"]["low"]["value"], rate["doseRange"]["high"]["value"]) == (14.42, 19.23)
    assert order["medicationCodeableConcept"]["coding"] == [{"system": RXNORM, "code": "6851"}]


def test_a_draft_is_screened_and_not_taken(jdm):
    draft = request("6851", dosage(15, "mg", frequency=1, period=1, periodUnit="d"), status="draft")
    found = jdm.read_fhir(bundle(draft), as_of=DAY).patient
    assert "current_medications" not in found["facts"]
    assert [order["per"] for order in found["orders"]] == ["day"]
    assert any(f.severity == "critical" for s in jdm.evaluate(found, as_of=DAY).screened for f in s.findings)


def test_what_shall_not_be_done_is_not_taken(read):
    facts, unused = read(request("6851", doNotPerform=True))
    assert "current_medications" not in facts
    assert ("MedicationRequest/m6851", "it says what shall not be done") in unused


def test_an_allergy_to_food_is_no_allergy_to_a_drug(read):
    allergy = {
        "resourceType": "AllergyIntolerance",
        "id": "a",
        "clinicalStatus": coded("x", "active"),
        "category": ["food"],
        "code": {"text": "peanut"},
        "patient": {"reference": "Patient/p"},
    }
    facts, unused = read(allergy)
    assert "drug_hypersensitivity" not in facts
    assert unused == {("AllergyIntolerance/a", "its `category` is another")}
    assert read(allergy | {"category": ["food", "medication"]})[0]["drug_hypersensitivity"]["value"] == ["peanut"]


def test_an_allergy_to_a_drug_of_the_pack_forbids_it(read):
    allergy = {
        "resourceType": "AllergyIntolerance",
        "id": "a",
        "clinicalStatus": coded("x", "active"),
        "code": coded(RXNORM, "6851"),
        "patient": {"reference": "Patient/p"},
    }
    assert read(allergy)[0]["drug_hypersensitivity"] == {"value": ["6851"], "complete": False}
    behind = {"coding": [{"system": RXNORM, "code": "105585"}, *coded(RXNORM, "6851")["coding"]]}
    assert read(allergy | {"code": behind})[0]["drug_hypersensitivity"]["value"] == ["6851"]


def test_an_allergy_to_what_cannot_be_named_leaves_the_list_open(answer):
    allergy = {
        "resourceType": "AllergyIntolerance",
        "id": "methotrexate",
        "clinicalStatus": coded("x", "active"),
        "code": coded(SNOMED, "91936005"),
        "patient": {"reference": "Patient/p"},
    }
    found = answer(allergy)
    (problem,) = found.problems
    assert "`an entry without a code or name` is not known" in problem.message
    assert [one.entry for one in found.unused] == ["AllergyIntolerance/methotrexate"]
    assert not found.blocked


def test_the_id_of_an_entry_in_doubt_names_no_medicine(jdm):
    order = request("8640", {"timing": DAILY, "doseAndRate": DOSE}, id="methotrexate-7", status=None)
    facts = jdm.read_fhir(bundle(order), as_of=DAY).patient["facts"]
    (entry,) = read_facts(facts, jdm.guideline.dictionary, None).medicines
    assert entry.drug is None


def test_one_doubt_is_told_once(answer):
    problems = answer(condition(ICD, "M33.02")).problems
    assert [problem.code for problem in problems] == ["D117"]


# Whole records


def test_an_entry_in_words_only_is_told(read):
    weighed = {**observation("29463-7", (26, "kg"), id="w"), "code": {"text": "weight"}}
    assert read(weighed)[1] == {("Observation/w", "it has no code")}


def test_the_same_entry_twice_counts_once_and_the_newer_version_counts(read):
    order = request("6851", dosage(15, "mg", frequency=1, period=1, periodUnit="wk"))
    twice = read(order, copy.deepcopy(order))[0]["current_medications"]["value"]
    assert len(twice) == 1
    old = {**order, "meta": {"lastUpdated": "2025-01-01T00:00:00Z"}}
    new = {**order, "status": "stopped", "meta": {"lastUpdated": "2025-02-01T00:00:00Z"}}
    assert "current_medications" not in read(old, new)[0]
    assert "current_medications" not in read(new, old)[0]
    first, ninth, tenth = ({**order, "meta": {"versionId": version}} for version in ("1", "9", "10"))
    assert "current_medications" in read(ninth, {**first, "status": "stopped"})[0]
    assert "current_medications" not in read({**tenth, "status": "entered-in-error"}, ninth)[0]
    unknown = [{**order, "meta": {}}, {**order, "status": "stopped"}]
    assert len(read(*unknown)[0]["current_medications"]["value"]) == 1


def test_a_record_of_two_patients_is_refused(jdm):
    with pytest.raises(InputError, match="the record holds 2 Patients"):
        jdm.read_fhir(bundle({"resourceType": "Patient", "id": "q"}))


@pytest.mark.parametrize("data", [{}, {"resourceType": "Bundle"}, [], [1], "x", 7, {"resourceType": "Observation"}])
def test_what_is_no_record_is_one_sentence(jdm, data):
    with pytest.raises(InputError):
        jdm.read_fhir(data)


FULL = [
    observation("8302-2", (128, "cm")),
    observation("29463-7", (26, "kg")),
    observation("2160-0", (0.4, "mg/dL")),
    condition(ICD, "M33.02", verificationStatus=coded("x", "confirmed")),
    request("8640", dosage(5, "mg", frequency=1, period=1, periodUnit="d")),
]


@given(st.lists(UNMAPPED, max_size=4), st.randoms(use_true_random=False))
@settings(max_examples=25)
def test_entries_that_no_fact_maps_never_change_an_answer(jdm, others, dice):
    plain = jdm.evaluate_fhir(bundle(*FULL), as_of=DAY)
    mixed = [*FULL, *others]
    dice.shuffle(mixed)
    answer = jdm.evaluate_fhir(bundle(*mixed), as_of=DAY)
    assert answer.model_dump(exclude={"unused"}) == plain.model_dump(exclude={"unused"})
    assert {one.reason for one in answer.unused} - {one.reason for one in plain.unused} <= {"it has no code"}


@given(st.sampled_from(FULL), st.data())
@settings(max_examples=80)
def test_a_damaged_entry_gives_an_answer_or_one_sentence(jdm, entry, data):
    broken = copy.deepcopy(entry)
    place = broken
    for _ in range(data.draw(st.integers(0, 3))):
        inner = [v for v in (place.values() if isinstance(place, dict) else place) if isinstance(v, dict | list) and v]
        if not inner:
            break
        place = data.draw(st.sampled_from(inner))
    key = data.draw(st.sampled_from(sorted(place) if isinstance(place, dict) else list(range(len(place)))))
    place[key] = data.draw(JUNK)
    with contextlib.suppress(InputError):
        jdm.evaluate_fhir(bundle(broken), as_of=DAY)


SUITES = os.environ.get("CDS_SUITES")
SYNTHEA = sorted(Path(SUITES, "synthea").glob("*.json")) if SUITES else []
needs_suites = pytest.mark.skipif(not SYNTHEA, reason="CDS_SUITES does not name a folder with `synthea`")


@needs_suites
@pytest.mark.parametrize("file", SYNTHEA, ids=lambda file: file.stem[:12])
def test_a_synthea_bundle_goes_through(jdm, file):
    record = json.loads(file.read_bytes())
    found = jdm.evaluate_fhir(record, as_of="2020-06-01")
    facts = jdm.read_fhir(record, as_of="2020-06-01").patient["facts"]
    assert {"birth_date", "sex_at_birth", "height", "weight", "haemoglobin", "bp_systolic"} <= facts.keys()
    assert {problem.code for problem in found.problems} <= {"D109", "D111"}
    assert jdm.to_fhir(found)["entry"]


def test_a_pack_without_mapping_says_so(tmp_path, jdm):
    shutil.copytree(jdm.guideline.pack.path, tmp_path / "jdm")
    (tmp_path / "jdm" / "fhir.yaml").unlink()
    with pytest.raises(InputError, match=r"has no `fhir.yaml`"):
        cds_engine.load(tmp_path / "jdm").read_fhir(PATIENT)
