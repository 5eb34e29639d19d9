"""Which records of an export are rows of a table, and that such a row says neither more nor less than the record."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from fhir_records import ICD, LOINC, SNOMED, bundle, coded, condition, observation, request
from hypothesis import given, settings
from hypothesis import strategies as st

import cds_engine
from cds_engine.batch.columns import Wishes, understand
from cds_engine.batch.sample import facts_of
from cds_engine.fhir.rows import Rows
from cds_engine.patient.read import read_facts

DAY = dt.date(2025, 6, 30)
BORN = {"birth_date": "2016-03-01"}
CONFIRMED = condition(ICD, "M33.02", verificationStatus=coded("http://x", "confirmed"))
RANGE = [{"low": {"value": 10, "code": "U/L"}, "high": {"value": 35, "code": "U/L"}}]
PREGNANT = observation("82810-3", valueCodeableConcept=coded(SNOMED, "77386006"))


@pytest.fixture(scope="module")
def jdm():
    return cds_engine.load("jdm_calcinosis")


@pytest.fixture(scope="module")
def rows(jdm):
    return Rows(jdm.guideline.pack.fhir, jdm.guideline.pack.facts.facts)


@pytest.fixture(scope="module")
def row_of(jdm, rows):
    return lambda *resources: rows.row_of(jdm.read_fhir(bundle(*resources), as_of=DAY))


@pytest.mark.parametrize(
    ("resources", "row"),
    [
        ([], {}),
        (
            [observation("29463-7", (26, "kg"))],
            {"weight": 26, "weight_unit": "kg", "weight_date": "2025-06-01"},
        ),
        ([condition(ICD, "N18.3")], {"chronic_kidney_disease": "true"}),
        ([CONFIRMED], {"diagnosis_jdm": "confirmed"}),
        ([PREGNANT], {"pregnancy_status": "pregnant", "pregnancy_status_date": "2025-06-01"}),
        (
            [observation("1742-6", (20, "U/L"), referenceRange=RANGE)],
            {"alt": 20, "alt_unit": "U/L", "alt_date": "2025-06-01", "alt_range_low": 10, "alt_range_high": 35},
        ),
    ],
)
def test_one_value_a_fact_is_a_row(row_of, resources, row):
    assert row_of(*resources) == BORN | row


@pytest.mark.parametrize(
    "resources",
    [
        [observation("29463-7", (26, "kg")), observation("29463-7", (62, "kg"), id="b")],
        [observation("29463-7", (26, "kg"), effectiveDateTime=None)],
        [observation("29463-7", (26, "kg"), status="unknown")],
        [observation("29463-7", valueQuantity={"value": 5, "comparator": "<", "unit": "kg"})],
        [observation("29463-7", valueQuantity={"value": 2**53 + 1, "unit": "kg"})],
        [observation("29463-7", valueQuantity={"value": float("nan"), "unit": "kg"})],
        [observation("29463-7", valueQuantity={"value": 26, "unit": "unknown"})],
        [observation("29463-7", valueQuantity={"value": 26, "unit": "k\ud800g"})],
        [observation("29463-7", valueQuantity={"value": True, "unit": "kg"})],
        [observation("82810-3", valueCodeableConcept=coded(LOINC, "another"))],
        [request("6851", intent="plan")],
    ],
)
def test_what_a_row_cannot_say_is_no_row(row_of, resources):
    assert row_of(*resources) is None


def test_a_list_goes_into_its_cell_as_a_patient_has_it(row_of):
    """With what it says of being whole or not; two orders of one medicine are two entries."""
    told = json.loads(row_of(request("6851"), request("6851", id="again"))["current_medications"])
    assert [entry["id"] for entry in told["value"]] == ["m6851", "again"]
    assert told["complete"] is False


def test_a_page_and_a_record_without_its_value_sets_are_no_rows(jdm, rows):
    page = {**bundle(CONFIRMED), "link": [{"relation": "next", "url": "http://x"}]}
    assert rows.row_of(jdm.read_fhir(page, as_of=DAY)) is None
    kidneys = cds_engine.load("kidney_health_diabetes")
    own = Rows(kidneys.guideline.pack.fhir, kidneys.guideline.pack.facts.facts)
    assert own.row_of(kidneys.read_fhir(bundle(), as_of=DAY)) is None


def test_a_name_that_could_mean_two_things_is_no_column(jdm):
    facts = jdm.guideline.pack.facts.facts
    plain = Rows(jdm.guideline.pack.fhir, facts).columns
    assert {"weight", "weight_unit", "diagnosis_jdm"} < plain.keys()
    assert {"current_medications", "drug_hypersensitivity"} < plain.keys()
    assert "weight" not in Rows(jdm.guideline.pack.fhir, {**facts, "weight_unit": facts["weight"]}).columns


ENTRIES = st.lists(
    st.one_of(
        st.builds(
            lambda code, value, unit, day, limits: observation(
                code,
                valueQuantity={key: part for key, part in (("value", value), ("code", unit)) if part is not None},
                effectiveDateTime=day,
                referenceRange=limits,
            ),
            st.sampled_from(["29463-7", "8302-2", "2160-0", "1742-6", "98979-8", "8480-6"]),
            st.sampled_from([26, 26.5, 0, -1, 1e300, 10**400, "26", None, True, 1 / 3]),
            st.sampled_from(["kg", "cm", "mg/dL", "umol/L", "U/L", "mL/min/{1.73_m2}", "mm[Hg]", "x", "", None]),
            st.sampled_from(["2025-06-01", "2020-01-01", "2025-06", None]),
            st.sampled_from([None, RANGE, [{"low": {"value": "x", "code": "U/L"}}]]),
        ),
        st.builds(
            condition,
            st.just(ICD),
            st.sampled_from(["M33.0", "N18.3", "D80.1", "Z99"]),
            st.sampled_from(["active", "resolved"]),
            verificationStatus=st.sampled_from(
                [None, coded("http://x", "confirmed"), coded("http://x", "provisional")]
            ),
        ),
        st.just(PREGNANT),
        st.builds(
            lambda code, status, text: request(code, status=status, dosageInstruction=[{"text": text}]),
            st.sampled_from(["6851", "8640", "99"]),
            st.sampled_from(["active", "stopped", "unknown"]),
            st.sampled_from(["once daily", "as told"]),
        ),
    ),
    max_size=4,
)


@settings(max_examples=150, deadline=None)
@given(ENTRIES)
def test_a_row_says_what_its_record_says(jdm, rows, resources):
    """Read by the reader of tables, it comes to the same facts, and the same is wrong with it."""
    found = jdm.read_fhir(bundle(*resources), as_of=DAY)
    row = rows.row_of(found)
    if row is None:
        return
    columns = understand(rows.columns, jdm.guideline.dictionary, Wishes())
    cells = dict.fromkeys(rows.columns) | row
    by_row, by_record = (
        read_facts(facts, jdm.guideline.dictionary, DAY)
        for facts in (facts_of(cells, columns, (), None), found.patient["facts"])
    )
    assert by_row.facts == by_record.facts
    assert [(p.fact, p.code) for p in by_row.problems] == [(p.fact, p.code) for p in by_record.problems]
