"""A FHIR record becomes the patient that the pack's mapping says, and what is not used is said."""

from __future__ import annotations

import pytest

from cds_engine.diagnostics import InputError

PATIENT = {"resourceType": "Patient", "id": "p", "birthDate": "2016-03-01"}


def observation(code, value=None, **more):
    found = {
        "resourceType": "Observation",
        "id": f"o{code}",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
        "subject": {"reference": "Patient/p"},
        "effectiveDateTime": "2025-06-01T08:00:00+02:00",
    }
    return {**found, **({"valueQuantity": value} if value else {}), **more}


def quantity(value, code):
    return {"value": value, "code": code, "system": "http://unitsofmeasure.org"}


def bundle(*resources, patient=PATIENT):
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": r} for r in (patient, *resources)]}


def facts_of(pack, *resources, as_of="2025-06-30"):
    return pack.read_fhir(bundle(*resources), as_of=as_of).patient["facts"]


def test_an_observation_becomes_a_dated_value_with_its_unit(jdm):
    assert facts_of(jdm, observation("8302-2", quantity(1.28, "m"))) == {
        "birth_date": [{"value": "2016-03-01"}],
        "height": [{"value": 1.28, "unit": "m", "date": "2025-06-01"}],
    }


def test_the_answer_rests_on_the_record(jdm):
    answer = jdm.evaluate_fhir(
        bundle(observation("8302-2", quantity(1.28, "m")), observation("29463-7", quantity(26, "kg"))),
        as_of="2025-06-30",
    )
    assert answer.patient == "p"
    assert answer.derived["body_surface_area"].value == pytest.approx(0.9614803)


def test_a_record_of_two_patients_is_refused(jdm):
    with pytest.raises(InputError, match="the record holds 2 Patients"):
        jdm.read_fhir(bundle({"resourceType": "Patient", "id": "q"}))
