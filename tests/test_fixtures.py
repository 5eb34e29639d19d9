"""The patients that README, demo and scenarios share: each reads cleanly or shows exactly what it is there to show."""

from __future__ import annotations

import json
import re

import pytest
from scenario_patients import FIXTURES, fixture

import cds_engine

NAMES = [path.stem for path in FIXTURES]
FAULTY = {
    "v20-boy-10-two-weights": {"D108"},
    "v21-male-and-pregnant": {"D108", "D112"},
    "v22-girl-7-weight-half-a-year-old": {"D109"},
    "v36-malformed": {"D101", "D102", "D103", "D105", "D106", "D107", "D111"},
}
"""Fixtures that are there for what is wrong with them, and the codes that say so."""

DOSES = {
    "v01-new-onset-girl-8": (14.42, 19.23),
    "v02-toddler-28-months": (8.29, 11.06),
    "v04-tall-heavy-boy-17": (40, 40),
    "v05-boy-16-two-square-metres": (30, 40),
    "v06-girl-17-eight-thirds-square-metres": (40, 40),
    "v07-boy-12-half-kidney-function": (9.68, 12.91),
    "v08-boy-12-egfr-exactly-30": (9.68, 12.91),
    "v09-boy-12-egfr-exactly-60": (19.36, 25.82),
    "v19-boy-8-inches-and-pounds": (14.40, 19.20),
    "v40-family-of-girl-8": (14.42, 19.23),
    "v41-boy-7-unable-to-swallow": (13.24, 17.66),
}
"""Methotrexate at onset, in mg a week; no other fixture is offered it."""


@pytest.mark.parametrize("path", FIXTURES, ids=NAMES)
def test_fixture_is_a_whole_patient(path):
    patient = fixture(path)
    assert patient.keys() <= {"id", "as_of", "facts", "orders", "audience"}
    assert re.fullmatch(rf"{patient['id']}-[a-z0-9-]+", path.stem)


@pytest.mark.parametrize("name", NAMES)
def test_only_faulty_fixtures_have_problems(answer_to, name):
    assert {problem.code for problem in answer_to(name).problems} == FAULTY.get(name, set())


@pytest.mark.parametrize("name", NAMES)
def test_methotrexate_at_onset_has_its_dose_or_none(answer_to, name):
    dose = answer_to(name).recommendation("start-methotrexate").dose
    assert (None if dose is None else (dose.low, dose.high)) == DOSES.get(name)


@pytest.mark.parametrize("name", NAMES)
def test_an_answer_survives_its_json(answer_to, name):
    answer = answer_to(name)
    again = cds_engine.Evaluation.model_validate(json.loads(answer.model_dump_json(by_alias=True)))
    assert again.model_dump() == answer.model_dump()


def test_the_orders_of_a_fixture_are_screened(answer_to):
    found = {
        screened.order["id"]: {(finding.rule, finding.severity) for finding in screened.findings}
        for screened in answer_to("v42-boy-9-orders").screened
    }
    assert found.keys() == {"o1", "o2", "o3", "m1"}
    assert ("interval", "critical") in found["o1"]
    assert ("order-cotrimoxazole-as-treatment", "critical") in found["o2"]
    assert ("dose-undetermined", "warning") in found["o3"]
    assert {severity for _, severity in found["m1"]} >= {"critical", "warning"}


def test_ids_are_unique_and_there_are_enough():
    ids = [fixture(path)["id"] for path in FIXTURES]
    assert len(ids) == len(set(ids)) >= 35


@pytest.mark.parametrize("name", ["v01-new-onset-girl-8", "v35-nothing-known", "v36-malformed"])
def test_the_order_of_facts_never_matters(jdm, answer_to, name):
    path = next(path for path in FIXTURES if path.stem == name)
    patient = fixture(path)
    turned = {**patient, "facts": dict(reversed(patient["facts"].items()))}
    ours, theirs = answer_to(name).model_dump(), jdm.evaluate(turned).model_dump()
    for answer in (ours, theirs):
        answer["problems"].sort(key=str)
    assert theirs == ours


def test_the_audience_changes_words_and_never_medicine(answer_to, jdm):
    path = next(path for path in FIXTURES if path.stem == "v40-family-of-girl-8")
    family, clinician = answer_to(path.stem), jdm.evaluate({**fixture(path), "audience": "clinician"})
    told = [
        [(r.rule, r.status, r.dose and r.dose.low, r.missing) for r in a.recommendations] for a in (family, clinician)
    ]
    assert told[0] == told[1]
    assert family.recommended[0].text != clinician.recommended[0].text
