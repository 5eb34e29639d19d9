"""What a mapping can say, on the smallest pack: every type of resource, every relation in time, value sets."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from fhir_records import LOINC, SNOMED, bundle, coded

import cds_engine
from cds_engine.diagnostics import InputError

GOOD = Path(__file__).parent / "corpus" / "packs" / "good"
SUBJECT = {"reference": "Patient/p"}
DAY = "2025-06-30"


@pytest.fixture
def pack_with(tmp_path):
    """Return the good pack with another mapping of `gout`, which may be absent."""

    def make(selection, sets=None, extra=""):
        folder = tmp_path / "pack"
        shutil.copytree(GOOD, folder)
        text = (GOOD / "fhir.yaml").read_text(encoding="utf-8")
        text = re.sub(r"(  gout:\n    from: \[).*\]\n", rf"\g<1>{selection}]\n", text) + extra
        (folder / "fhir.yaml").write_text(text, encoding="utf-8")
        if sets is None:
            return cds_engine.load(folder)
        (tmp_path / "sets").mkdir()
        for name, content in sets.items():
            written = content if isinstance(content, str) else json.dumps(content)
            (tmp_path / "sets" / name).write_text(written, encoding="utf-8")
        return cds_engine.load(folder, value_sets=tmp_path / "sets")

    return make


def gout(pack, *resources, as_of=DAY, period="2025"):
    return pack.read_fhir(bundle(*resources), as_of=as_of, period=period).patient["facts"].get("gout")


CODES = 'codes: [{system: SNOMED CT, code: "90560007"}]'
GOUT = coded(SNOMED, "90560007")
ENTRIES = {
    "Procedure": {"status": "completed", "code": GOUT, "performedDateTime": "2025-06-01"},
    "Immunization": {
        "status": "completed",
        "vaccineCode": GOUT,
        "occurrenceDateTime": "2025-06-01",
        "patient": SUBJECT,
    },
    "MedicationAdministration": {
        "status": "completed",
        "medicationCodeableConcept": GOUT,
        "effectivePeriod": {"start": "2025-06-01", "end": "2025-06-01"},
    },
    "MedicationStatement": {
        "status": "completed",
        "medicationCodeableConcept": GOUT,
        "effectiveDateTime": "2025-06-01",
    },
    "MedicationRequest": {"status": "completed", "medicationCodeableConcept": GOUT, "authoredOn": "2025-06-01"},
    "ServiceRequest": {"status": "completed", "code": GOUT, "authoredOn": "2025-06-01"},
    "Encounter": {"status": "completed", "type": [GOUT], "period": {"start": "2025-06-01", "end": "2025-06-01"}},
    "AllergyIntolerance": {
        "clinicalStatus": coded("x", "completed"),
        "code": GOUT,
        "patient": SUBJECT,
        "onsetDateTime": "2025-06-01",
        "recordedDate": "2025-06-02",
    },
}


@pytest.mark.parametrize("kind", ENTRIES)
def test_every_type_is_read_by_code_status_subject_and_time(pack_with, kind):
    pack = pack_with(f"{{resource: {kind}, {CODES}, statuses: [completed], when: {{within: 90 d}}}}")
    entry = {"resourceType": kind, "id": "e", "subject": SUBJECT, **ENTRIES[kind]}
    if kind == "AllergyIntolerance":
        entry["abatementDateTime"] = "2025-06-02"
    other = {**entry, "status": "cancelled", "clinicalStatus": coded("x", "resolved")}
    elsewhere = {**entry, "subject": {"reference": "Patient/q"}, "patient": {"reference": "Patient/q"}}
    assert gout(pack, entry) is True
    assert gout(pack, other) is False
    assert gout(pack, elsewhere) is False
    assert gout(pack, entry, as_of="2025-12-31") is False
    assert gout(pack, entry, as_of="2025-05-31") is False


@pytest.mark.parametrize(
    ("relation", "start", "end", "wanted"),
    [
        ("during", "2025-01-01", "2025-06-30", True),
        ("during", "2024-12-31", "2025-06-30", False),
        ("during", "2025-06-30", "2026-01-01", False),
        ("during", "2024", "2024", False),
        ("during", "2024-12", "2025-01-01", False),
        ("during", "2025", "2025", True),
        ("during", "2025-06-01", None, "unusable"),
        ("overlaps", "2024-01-01", "2025-01-01", True),
        ("overlaps", "2024-01-01", "2024-12-31", False),
        ("overlaps", "2024-01-01", None, "unusable"),
        ("overlaps", "2025-02-01", None, True),
        ("overlaps", None, "2025-02-01", True),
        ("overlaps", None, "2024-02-01", False),
        ("overlaps", "2024-03", "2025", True),
        ("ends_during", "2024-01-01", "2025-01-01", True),
        ("ends_during", "2024-01-01", "2024-12-31", False),
        ("ends_during", "2024-01-01", "2026-01-01", False),
        ("ends_during", "2025-01-01", None, "unusable"),
    ],
)
def test_how_a_finished_encounter_lies_to_a_period(pack_with, relation, start, end, wanted):
    pack = pack_with(f"{{resource: Encounter, {CODES}, statuses: [finished], when: {{{relation}: this_year}}}}")
    period = {name: day for name, day in (("start", start), ("end", end)) if day}
    visit = {"resourceType": "Encounter", "status": "finished", "type": [GOUT], "subject": SUBJECT, "period": period}
    found = gout(pack, visit)
    assert ("unusable" if isinstance(found, dict) else found) == wanted


def test_an_interpretation_can_be_asked_for(pack_with):
    where = "where: [{path: interpretation, values: [H, HH]}]"
    pack = pack_with(f"{{resource: Observation, codes: [{{system: LOINC, code: 3084-1}}], has_value: true, {where}}}")
    urate = {
        "resourceType": "Observation",
        "status": "final",
        "code": coded(LOINC, "3084-1"),
        "subject": SUBJECT,
        "effectiveDateTime": "2025-06-01",
        "valueQuantity": {"value": 9, "unit": "mg/dL"},
    }
    assert gout(pack, {**urate, "interpretation": [coded("x", "H")]}) is True
    assert gout(pack, {**urate, "interpretation": [coded("x", "N")]}) is False
    assert gout(pack, urate) is False  # a closed record that does not say so


def test_a_missing_element_is_a_doubt_where_the_record_is_open(pack_with):
    extra = (
        "  ulcer:\n    from:\n      - resource: Condition\n        codes: [{system: ICD-10, code: L98.4}]\n"
        "        where: [{path: severity, values: [severe]}]\n"
    )
    text = (GOOD / "fhir.yaml").read_text(encoding="utf-8")
    pack = pack_with("{resource: Condition, value_sets: [gouts]}")
    folder = pack.guideline.pack.path
    (folder / "fhir.yaml").write_text(text.replace("orders:", extra + "orders:"), encoding="utf-8")
    wound = {
        "resourceType": "Condition",
        "clinicalStatus": coded("x", "active"),
        "code": coded("http://hl7.org/fhir/sid/icd-10", "L98.4"),
        "subject": SUBJECT,
    }
    facts = cds_engine.load(folder).read_fhir(bundle(wound), as_of=DAY).patient["facts"]
    assert "it has no `severity`" in facts["ulcer"]["unusable"]


PAIRS = {"1.2.3": {"name": "Gouts", "codes": [[SNOMED, "90560007"]]}}
EXPANDED = {
    "resourceType": "ValueSet",
    "url": "urn:oid:1.2.3",
    "expansion": {"contains": [{"system": SNOMED, "code": "90560007"}]},
}
LISTED = {
    "resourceType": "ValueSet",
    "identifier": [{"value": "urn:oid:1.2.3"}],
    "compose": {"include": [{"system": SNOMED, "concept": [{"code": "90560007"}]}]},
}


@pytest.mark.parametrize(
    "content", [PAIRS, EXPANDED, LISTED, {"resourceType": "Bundle", "entry": [{"resource": EXPANDED}]}]
)
def test_a_value_set_is_supplied_in_several_forms(pack_with, content):
    pack = pack_with("{resource: Condition, value_sets: [gouts]}", {"a.json": content})
    condition = {
        "resourceType": "Condition",
        "clinicalStatus": coded("x", "active"),
        "code": GOUT,
        "subject": SUBJECT,
    }
    assert gout(pack, condition) is True
    assert gout(pack) is False


def test_without_its_value_set_nothing_is_absent(pack_with):
    pack = pack_with("{resource: Condition, value_sets: [gouts]}")
    assert gout(pack) is None
    assert [missing.label for missing in pack.read_fhir(bundle(), as_of=DAY).missing] == ["Gouts"]


@pytest.mark.parametrize(
    ("sets", "said"),
    [
        ({}, "holds no value sets"),
        ({"a.json": "{"}, "`a.json` is no JSON"),
        ({"a.json": []}, "`a.json` holds no value set"),
        ({"a.json": {"1.2.3": {"codes": ["90560007"]}}}, "does not list the codes of `1.2.3`"),
        (
            {"a.json": {"resourceType": "ValueSet", "url": "x", "compose": {"include": [{"system": SNOMED}]}}},
            "defines its value set by a rule",
        ),
        (
            {"a.json": {"resourceType": "ValueSet", "url": "x", "compose": {"include": [{"concept": [1]}]}}},
            "`a.json` lists something that is no code",
        ),
        (
            {"a.json": {**EXPANDED, "expansion": {"total": 2, **EXPANDED["expansion"]}}},
            "holds 1 of 2 codes",
        ),
    ],
)
def test_a_folder_that_holds_no_value_sets_is_one_sentence(pack_with, sets, said):
    with pytest.raises(InputError, match=re.escape(said)):
        pack_with("{resource: Condition, value_sets: [gouts]}", sets)


def test_an_exclusion_stands_beside_the_condition(pack_with):
    pack = pack_with("{resource: Condition, value_sets: [gouts]}")
    facts = {"birth_date": "1920-01-01", "lesions": 4, "gout": False}
    found = pack.evaluate(facts, as_of=DAY).recommendation("give-examplin")
    assert found.status == "not_applicable"
    assert [reason.rule for reason in found.excluded_by] == ["too-old"]
    young = pack.evaluate({**facts, "birth_date": "1990-01-01"}, as_of=DAY).recommendation("give-examplin")
    assert young.status == "needs_data"
    assert young.excluded_by == []


@pytest.mark.parametrize("mistake", ["entered-in-error", "refuted"])
@pytest.mark.parametrize("statuses", ["any_status: true", "statuses: [active, entered-in-error, refuted]"])
def test_a_mistake_never_counts_whatever_the_pack_says(pack_with, mistake, statuses):
    pack = pack_with(f"{{resource: Condition, {CODES}, {statuses}}}")
    entry = {
        "resourceType": "Condition",
        "clinicalStatus": coded("x", "active"),
        "code": GOUT,
        "subject": SUBJECT,
    }
    assert gout(pack, entry) is True
    assert gout(pack, {**entry, "verificationStatus": coded("x", mistake)}) is False


@pytest.mark.parametrize(("fact", "listed"), [("allergies", []), ("allergies", ["examplin"]), ("medications", [])])
@pytest.mark.parametrize(("complete", "status"), [(True, "recommended"), (False, "needs_data")])
def test_a_list_that_is_not_complete_is_known_in_part(fact, listed, complete, status):
    known = {"birth_date": "1990-01-01", "lesions": 4, "gout": False, "pregnancy": "not_pregnant", "ulcer": False}
    known |= {"height": "170 cm", "weight": "60 kg", "egfr": "90 mL/min/{1.73_m2}", "creatinine": "1 mg/dL"}
    known |= {"allergies": [], "medications": [], fact: {"value": listed, "complete": complete}}
    answer = cds_engine.load(GOOD).evaluate(known, as_of=DAY)
    found = answer.recommendation("give-examplin")
    assert answer.problems == []
    assert (found.status, found.missing) == (status, [] if complete else [fact])
