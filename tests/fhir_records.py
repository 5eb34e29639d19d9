"""Records for the tests: a patient, and entries about them."""

from __future__ import annotations

from hypothesis import strategies as st

UCUM = "http://unitsofmeasure.org"
LOINC, SNOMED, ICD, RXNORM = (
    "http://loinc.org",
    "http://snomed.info/sct",
    "http://hl7.org/fhir/sid/icd-10-cm",
    "http://www.nlm.nih.gov/research/umls/rxnorm",
)
PATIENT = {"resourceType": "Patient", "id": "p", "birthDate": "2016-03-01"}


def coded(system, code):
    return {"coding": [{"system": system, "code": code}]}


def observation(code, value=None, **more):
    """A final observation of 2025-06-01; `value` as `(number, unit)`."""
    found = {
        "resourceType": "Observation",
        "id": f"o{code}",
        "status": "final",
        "code": coded(LOINC, code),
        "subject": {"reference": "Patient/p"},
        "effectiveDateTime": "2025-06-01T08:00:00+02:00",
        **({"valueQuantity": {"value": value[0], "code": value[1], "system": UCUM}} if value else {}),
        **more,
    }
    return {key: given for key, given in found.items() if given is not None}


def condition(system, code, clinical="active", **more):
    found = {
        "resourceType": "Condition",
        "id": f"c{code}",
        "clinicalStatus": coded("http://terminology.hl7.org/CodeSystem/condition-clinical", clinical),
        "code": coded(system, code),
        "subject": {"reference": "Patient/p"},
        "onsetDateTime": "2025-01-01",
        **more,
    }
    return {key: given for key, given in found.items() if given is not None}


def request(code, *dosages, **more):
    found = {
        "resourceType": "MedicationRequest",
        "id": f"m{code}",
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": coded(RXNORM, code),
        "subject": {"reference": "Patient/p"},
        "authoredOn": "2025-05-01",
        "dosageInstruction": list(dosages),
        **more,
    }
    return {key: given for key, given in found.items() if given}


def dosage(value, unit, **repeat):
    return {
        "timing": {"repeat": repeat},
        "doseAndRate": [{"doseQuantity": {"value": value, "unit": unit, "code": unit, "system": UCUM}}],
    }


def bundle(*resources, patient=PATIENT):
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": r} for r in (patient, *resources)]}


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
UNMAPPED = st.builds(
    lambda kind, code, more, junk: {**junk, "resourceType": kind, "code": coded(LOINC, code), **more},
    st.sampled_from(["Observation", "Condition", "Procedure", "Encounter", "Claim", "ImagingStudy", "Goal"]),
    st.sampled_from(["0-0", "99999-9", "x", ""]),
    st.sampled_from([{}, {"status": "final"}, {"subject": {"reference": "Patient/p"}}, {"status": 7}]),
    st.dictionaries(st.sampled_from(["valueQuantity", "note", "component", "effectiveDateTime", "id"]), JUNK),
)
"""Entries of which no mapping of ours asks for the code."""
