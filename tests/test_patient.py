"""What somebody sends, and what becomes of it: read once, converted once, or reported and never used."""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal

import pytest
from answers import View, acts, alerts

import cds_engine
from cds_engine.patient.read import read_facts
from cds_engine.patient.values import CodeSet, Known, Reason, Withheld

AS_OF = "2026-11-21"
KG, CM, MG_DL = "kg", "cm", "mg/dL"


@pytest.fixture(scope="session")
def read(jdm):
    """Read facts as the JDM pack does."""

    def reader(facts, as_of=AS_OF):
        return read_facts(facts, jdm.guideline.dictionary, None if as_of is None else dt.date.fromisoformat(as_of))

    return reader


def problems(record, fact=None):
    return [problem.code for problem in record.problems if fact is None or problem.fact == fact]


# --- forms and units --------------------------------------------------------------------------------------

FORMS = [
    ("weight", {"value": 26, "unit": "kg"}, 26),
    ("weight", "26 kg", 26),
    ("weight", "26kg", 26),
    ("weight", "  26.0   kg ", 26),
    ("weight", "2.6e1 kg", 26),
    ("weight", {"value": "26", "unit": "kg"}, 26),
    ("weight", {"value": "26 kg"}, 26),
    ("weight", {"value": Decimal("26.5"), "unit": "kg"}, 26.5),
    ("weight", {"value": 26, "unit": "kg", "date": "2026-11-01"}, 26),
    ("weight", [{"value": 26, "unit": "kg", "date": "2026-11-01"}], 26),
    ("weight", ["26 kg"], 26),
    (
        "weight",
        [{"value": 30, "unit": "kg", "date": "2026-10-01"}, {"value": 26, "unit": "kg", "date": "2026-11-01"}],
        26,
    ),
    ("weight", {"value": 26, "unit": "kg", "date": dt.date(2026, 11, 1)}, 26),
    ("weight", "26000 g", 26),
    ("weight", {"value": 10, "unit": "[lb_av]"}, 4.5359237),
    ("height", "1.28 m", 128),
    ("height", "50 [in_i]", 127),
    ("height", {"value": 1280, "unit": "mm"}, 128),
    ("serum_creatinine", "88.4 umol/L", 1),
    ("serum_creatinine", "1 mg/dL", 1),
    ("serum_creatinine", {"value": 44.2, "unit": "umol/L"}, 0.5),
    ("calcium_total", "10.02 mg/dL", 2.5),
    ("pth", "10 pmol/L", 94.3),
    ("vitamin_d_25oh", "20 ng/mL", 49.92),
    ("age_years", 8, 8),
    ("age_years", "8", 8),
    ("age_years", {"value": 18, "unit": "mo"}, 1.5),
    ("age_years", "8 a", 8),
    ("jdm_onset_age", 7.5, 7.5),
    ("cmas", 40, 40),
    ("cmas", 40.0, 40),
    ("cmas", "40", 40),
    ("cmas", {"value": 40, "unit": "1"}, 40),
    ("cmas", {"value": 40, "unit": "{score}"}, 40),
    ("current_systemic_corticosteroid", "0 mg/d", 0),
    ("neutrophils", "0 10*9/L", 0),
]


@pytest.mark.parametrize(("fact", "raw", "expected"), FORMS)
def test_a_number_in_any_form_is_read_in_the_unit_of_its_fact(read, fact, raw, expected):
    record = read({fact: raw})
    assert record.problems == ()
    found = record.facts[fact]
    assert isinstance(found, Known)
    assert found.value == pytest.approx(expected, rel=1e-6)


EXACT = [
    ("height", "1.28 m", 128.0),
    ("height", "50 [in_i]", 127.0),
    ("serum_creatinine", "88.4 umol/L", 1.0),
    ("weight", "26000 g", 26.0),
    ("weight", "0.3 kg", None),
    ("height", "0.3 m", 30.0),
]


@pytest.mark.parametrize(("fact", "raw", "expected"), EXACT)
def test_conversion_lands_on_the_number_that_stands_on_paper(read, fact, raw, expected):
    found = read({fact: raw}).facts[fact]
    assert (found.value if isinstance(found, Known) else None) == expected


WORDS = [
    ("breastfeeding", True, True),
    ("breastfeeding", "no", False),
    ("breastfeeding", "True", True),
    ("breastfeeding", {"value": False, "date": "2026-11-01"}, False),
    ("disease_phase", "new_onset", "new_onset"),
    ("disease_phase", " New_Onset ", "new_onset"),
    ("calcinosis_status", "none", "none"),
    ("birth_date", "2018-05-01", dt.date(2018, 5, 1)),
    ("birth_date", dt.datetime(2018, 5, 1, tzinfo=dt.UTC), dt.date(2018, 5, 1)),
    ("drug_hypersensitivity", [], CodeSet(frozenset())),
    ("drug_hypersensitivity", "MTX", CodeSet(frozenset({"methotrexate"}))),
    (
        "drug_hypersensitivity",
        ["6851", {"substance": "IVIG", "reaction": "rash"}],
        CodeSet(frozenset({"methotrexate", "ivig"})),
    ),
    ("drug_hypersensitivity", {"value": ["MTX"], "date": "2026-11-01"}, CodeSet(frozenset({"methotrexate"}))),
    ("drug_hypersensitivity", ["723"], CodeSet(frozenset({"rxnorm:723"}))),
]


@pytest.mark.parametrize(("fact", "raw", "expected"), WORDS)
def test_words_dates_and_lists(read, fact, raw, expected):
    record = read({fact: raw})
    assert record.problems == ()
    assert record.facts[fact].value == expected


@pytest.mark.parametrize(
    "raw", [None, "unknown", "Unknown", " UNKNOWN ", "", {"value": None}, {"value": "unknown"}, [], [None]]
)
@pytest.mark.parametrize("fact", ["weight", "breastfeeding", "disease_phase", "cmas", "birth_date"])
def test_unknown_is_the_same_as_leaving_the_fact_out(read, fact, raw):
    assert read({fact: raw}) == read({})


def test_an_empty_list_is_known_and_empty_and_an_absent_one_unknown(read):
    assert read({"current_medications": []}).facts["current_medications"].value == CodeSet(frozenset())
    assert read({"current_medications": "none"}).facts["current_medications"].value == CodeSet(frozenset())
    for unknown in (
        {},
        {"current_medications": None},
        {"current_medications": "unknown"},
        {"current_medications": {"value": None}},
    ):
        assert "current_medications" not in read(unknown).facts
    for nothing in (["unknown"], [None], [""]):
        found = read({"current_medications": nothing})
        assert not found.facts["current_medications"].value.is_complete, nothing
        assert "D111" in problems(found)


def test_reference_ranges_come_in_the_unit_of_the_value(read):
    raw = {"value": 10.02, "unit": "mg/dL", "range": {"low": 8.016, "high": 10.42}}
    facts = read({"calcium_total": raw}).facts
    assert facts["calcium_total.range.low"].value == 2.0
    assert facts["calcium_total.range.high"].value == pytest.approx(2.6, abs=0.001)
    assert facts["calcium_total.reported.unit"].value == "mg/dL"


def test_a_mistyped_key_of_a_reference_range_is_heard(read):
    record = read({"ck": {"value": 300, "unit": "U/L", "range": {"high": 190, "lwo": 30}}})
    (problem,) = record.problems
    assert "no `lwo` in a reference range; did you mean `low`?" in problem.message
    assert record.facts["ck.range.high"].value == 190


@pytest.mark.parametrize("unit", ["{x10}", "{percent}", "%", "points"])
def test_a_count_takes_no_other_unit(read, unit):
    record = read({"cmas": {"value": 4, "unit": unit}})
    assert isinstance(record.facts["cmas"], Withheld)


@pytest.mark.parametrize(
    "bad",
    [
        5,
        "high",
        [],
        [1, 2],
        {"low": 3, "high": 1},
        {"low": "x"},
        {},
        {"low": math.nan},
        {"low": "1 mmol/L"},
        {"high": True},
    ],
)
def test_a_bad_reference_range_is_reported_and_costs_only_the_range(read, bad):
    record = read({"ggt": {"value": 20, "unit": "U/L", "range": bad}})
    assert record.facts["ggt"].value == 20
    assert "ggt.range.high" not in record.facts
    assert problems(record) == ["D115"]


# --- what is rejected -------------------------------------------------------------------------------------

NESTED = [[[[{"a": [1, {"b": {}}]}]]]]
DEEP = []
for _ in range(5000):
    DEEP = [DEEP]


class Unspeakable:
    """An object that cannot even say what it is."""

    def __repr__(self):
        raise RuntimeError

    __str__ = __repr__


REJECTED = [
    ("weight", 26, "D103"),
    ("weight", "26", "D103"),
    ("weight", {"value": 26}, "D103"),
    ("weight", {"value": 26, "unit": ""}, "D103"),
    ("weight", "26 bananas", "D104"),
    ("weight", "26 cm", "D104"),
    ("weight", "26 KG", "D104"),
    ("weight", {"value": 26, "unit": 5}, "D104"),
    ("weight", {"value": "26 kg", "unit": "g"}, "D104"),
    ("weight", {"value": 26, "unit": ["kg"]}, "D104"),
    ("egfr", "90 mL/min", "D104"),
    ("serum_creatinine", "1 mmol", "D104"),
    ("current_systemic_corticosteroid", "5 mg", "D104"),
    ("weight", "0.49 kg", "D105"),
    ("weight", "300.1 kg", "D105"),
    ("height", "29.9 cm", "D105"),
    ("height", "12.8 m", "D105"),
    ("height", "0 cm", "D105"),
    ("weight", "0 kg", "D105"),
    ("weight", "-26 kg", "D105"),
    ("serum_creatinine", "0 mg/dL", "D105"),
    ("serum_creatinine", "1800 umol/L", "D105"),
    ("egfr", "501 mL/min/{1.73_m2}", "D105"),
    ("age_years", -1, "D105"),
    ("age_years", 121, "D105"),
    ("cmas", 53, "D105"),
    ("cmas", -1, "D105"),
    ("weight", "1e300 kg", "D105"),
    ("weight", {"value": 10**30, "unit": "kg"}, "D105"),
    ("weight", math.nan, "D106"),
    ("weight", {"value": math.inf, "unit": "kg"}, "D106"),
    ("weight", "-inf", "D106"),
    ("weight", "NaN", "D106"),
    ("weight", 10**400, "D106"),
    ("weight", {"value": 10**5000, "unit": "kg"}, "D106"),
    ("weight", "1e400 kg", "D106"),
    ("weight", Decimal("sNaN"), "D106"),
    ("age_years", -math.inf, "D106"),
    ("cmas", math.nan, "D106"),
    ("weight", "1,5 kg", "D102"),
    ("weight", "1,5", "D102"),
    ("weight", "1.5.2 kg", "D102"),
    ("weight", "1 500 g", "D102"),
    ("weight", True, "D102"),
    ("weight", {"value": False, "unit": "kg"}, "D102"),
    ("age_years", True, "D102"),
    ("cmas", False, "D102"),
    ("weight", "kg", "D102"),
    ("weight", "about 26 kg", "D102"),
    ("weight", {}, "D102"),
    ("weight", {"unit": "kg"}, "D102"),
    ("weight", {"value": {}, "unit": "kg"}, "D102"),
    ("weight", NESTED, "D102"),
    ("weight", DEEP, "D102"),
    ("weight", Unspeakable(), "D102"),
    ("weight", {"value": {"value": 26, "unit": "kg"}}, "D102"),
    ("weight", b"26 kg", "D102"),
    ("weight", {26}, "D102"),
    ("weight", "9" * 1_000_000, "D102"),
    ("weight", {"value": 26, "unit": "k" * 1_000_000}, "D102"),
    ("weight", "\ud800", "D102"),
    ("cmas", 14.5, "D102"),
    ("cmas", "fourteen", "D102"),
    ("breastfeeding", "perhaps", "D102"),
    ("breastfeeding", 1, "D102"),
    ("breastfeeding", [[]], "D102"),
    ("birth_date", "01.05.2018", "D102"),
    ("birth_date", "2018-02-30", "D102"),
    ("birth_date", 2018, "D102"),
    ("drug_hypersensitivity", 5, "D102"),
    ("drug_hypersensitivity", {"substance": "MTX"}, "D102"),
    ("disease_phase", "new onset", "D107"),
    ("disease_phase", 5, "D107"),
    ("disease_phase", True, "D107"),
    ("disease_phase", 10**5000, "D107"),
    ("disease_phase", DEEP, "D107"),
    ("pregnancy_status", "no", "D107"),
    ("weight", {"value": 26, "unit": "kg", "date": "yesterday"}, "D110"),
    ("weight", {"value": 26, "unit": "kg", "date": "2026-13-01"}, "D110"),
    ("weight", {"value": 26, "unit": "kg", "date": 20261101}, "D110"),
    ("weight", {"value": 26, "unit": "kg", "date": "2026-11-22"}, "D110"),
    ("birth_date", "2026-11-22", "D110"),
]


@pytest.mark.parametrize(
    ("fact", "raw", "code"), REJECTED, ids=[f"{code}-{fact}-{n}" for n, (fact, _, code) in enumerate(REJECTED)]
)
def test_what_makes_no_sense_is_reported_and_never_used(jdm, read, fact, raw, code):
    record = read({fact: raw})
    found = record.facts[fact]
    assert isinstance(found, Withheld)
    assert found.reason is Reason.REJECTED
    assert code in problems(record, fact)
    for problem in record.problems:
        assert len(problem.message) < 400, "short enough for a line"
        assert "Traceback" not in problem.message
        assert "object at 0x" not in problem.message
        problem.message.encode()
    answer = jdm.evaluate({fact: raw}, as_of=AS_OF)
    assert {q.fact: q.why for q in answer.questions}[fact] == "rejected", "it is asked for again"
    assert cds_engine.Evaluation.model_validate_json(answer.model_dump_json()).problems == answer.problems


def test_every_plausible_range_includes_its_ends_and_nothing_beyond(read, jdm):
    """Reject, never clamp: all quantities of the dictionary, at both ends and just beyond."""
    seen = 0
    for name, spec in jdm.guideline.dictionary.facts.items():
        if spec.plausible is None or spec.entry.type == "drug_dose":
            continue
        low, high = spec.plausible
        step = 1 if spec.entry.type == "integer" else max(abs(low), abs(high)) * 1e-6
        unit = {"unit": spec.unit} if spec.unit else {}
        for value, is_used in ((low, True), (high, True), (low - step, False), (high + step, False)):
            found = read({name: {"value": value, **unit}}).facts[name]
            assert isinstance(found, Known) is is_used, (name, value)
            assert not isinstance(found, Known) or found.value == value
        seen += 1
    assert seen > 30


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("wieght", "`weight`"),
        ("Weight", "`weight`"),
        ("egrf", "`egfr`"),
        ("", ""),
        ("x" * 1_000_000, ""),
        ("\ud800", ""),
        ("current_medication", "`current_medications`"),
    ],
)
def test_a_misspelt_fact_is_a_problem_with_the_nearest_name(read, name, hint):
    record = read({name: 1})
    assert problems(record) == ["D101"]
    assert hint in record.problems[0].message
    assert len(record.problems[0].message) < 200


@pytest.mark.parametrize("key", [5, None, (1, 2), b"weight", 10**5000, frozenset()], ids=range(6))
def test_a_name_that_is_no_text_is_a_problem(jdm, key):
    answer = jdm.evaluate({key: 1})
    assert [problem.code for problem in answer.problems] == ["D101"]
    answer.model_dump_json()


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        ("1,5 kg", "weight: `1,5 kg` is not a number; write a decimal point"),
        (26, "weight: `26` has no unit; write for example `26 kg`"),
        ("12.8 m", "weight: `m` cannot be converted to `kg`"),
        ("500 kg", "weight: `500 kg` lies outside the plausible range of 0.5 to 300 kg; it is not used"),
        (
            {"value": 26, "unit": "kg", "dat": "2026-01-01"},
            "there is no key `dat` in a value of `weight`; did you mean `date`?",
        ),
    ],
)
def test_a_problem_is_a_clear_sentence(read, raw, sentence):
    assert read({"weight": raw}).problems[0].message == sentence


def test_an_unknown_code_offers_the_nearest(read):
    assert "did you mean `pregnant`?" in read({"pregnancy_status": "pregnent"}).problems[0].message


# --- conflicts --------------------------------------------------------------------------------------------

CONFLICTS = [
    ("weight", ["26 kg", "28.6 kg"], "26 kg"),  # 10 % of the larger
    ("weight", ["26 kg", "28.9 kg"], None),
    ("weight", ["26 kg", "28600 g"], "26 kg"),
    ("height", ["128 cm", "133 cm"], "128 cm"),  # 5 cm
    ("height", ["1.33 m", "128 cm"], "128 cm"),
    ("height", ["128 cm", "133.01 cm"], None),
    ("age_years", [8, 9], "8 a"),
    ("age_years", [8, 9.1], None),
    ("sex_at_birth", ["male", "female"], None),
    ("sex_at_birth", ["male", "male"], "male"),
    ("breastfeeding", [True, False], None),
    ("breastfeeding", ["yes", True], "True"),
    ("pregnancy_status", ["not_pregnant", "not_applicable"], "agree"),
    ("pregnancy_status", ["not_pregnant", "possible"], None),
    ("egfr", ["29 mL/min/{1.73_m2}", "32 mL/min/{1.73_m2}"], "29"),
    ("egfr", ["25 mL/min/{1.73_m2}", "90 mL/min/{1.73_m2}"], None),
    ("drug_hypersensitivity", [{"value": ["MTX"]}, {"value": []}], None),
]


@pytest.mark.parametrize(("fact", "raw", "used"), CONFLICTS)
def test_current_values_agree_within_the_tolerance_or_none_is_used(read, fact, raw, used):
    for order in (raw, raw[::-1]):
        record = read({fact: order})
        found = record.facts[fact]
        if used is None:
            assert isinstance(found, Withheld)
            assert found.reason is Reason.CONFLICTING
            assert len(found.alternatives) == 2
            assert problems(record) == ["D108"]
        else:
            assert isinstance(found, Known)
            assert record.problems == ()
    assert read({fact: raw}) == read({fact: raw[::-1]}), "the order does not matter"


def test_one_rejected_value_among_current_ones_leaves_the_fact_unknown(read):
    found = read({"weight": ["26 kg", "26 bananas"]}).facts["weight"]
    assert (found.reason, found.alternatives) == (Reason.REJECTED, (26.0,))


def test_equal_values_with_different_units_or_ranges_do_not_depend_on_their_order(read):
    one = {"value": 49.92, "unit": "nmol/L"}
    other = {"value": 20, "unit": "ng/mL", "range": {"low": 12, "high": 60}}
    assert read({"vitamin_d_25oh": [one, other]}) == read({"vitamin_d_25oh": [other, one]})


def test_a_long_list_of_contradictions_is_one_short_sentence(read):
    record = read({"weight": [f"{n} kg" for n in range(1, 200)]})
    assert len(record.problems) == 1
    assert len(record.problems[0].message) < 200


# --- dates -------------------------------------------------------------------------------------------------


def kg(value, date=None):
    return {"value": value, "unit": "kg", **({"date": date} if date else {})}


DATED = [
    ([kg(20, "2026-10-01"), kg(26, "2026-11-01")], 26),
    ([kg(26, "2026-11-01"), kg(20, "2026-10-01")], 26),
    ([kg(20, "2026-11-20"), kg(26)], 26),  # undated counts as of the day
    ([kg(20, "2026-11-21"), kg(26)], None),  # the same day: a conflict
    ([kg(26, "2026-11-21"), kg(26.5)], 26),
    ([kg(20, "2026-11-01"), kg(30, "2026-11-01")], None),
    ([kg(20, "2026-11-22"), kg(26, "2026-11-01")], None),  # a date in the future is no older value's friend
    ([kg(20, "2026-08-23")], 20),  # 90 days: the exact day of the limit
    ([kg(20, "2026-08-22")], None),  # one day past
    ([kg(20, "2020-01-01"), kg(26, "2026-08-23")], 26),
    ([{"value": None, "date": "2026-11-21"}, kg(26, "2026-11-01")], 26),
]


@pytest.mark.parametrize(("raw", "used"), DATED)
def test_the_latest_date_wins_unless_it_is_too_old(read, raw, used):
    found = read({"weight": raw}).facts["weight"]
    assert (found.value if isinstance(found, Known) else None) == used


AGES = [("weight", "26 kg", 90), ("serum_creatinine", "0.4 mg/dL", 30), ("pregnancy_status", "not_pregnant", 7)]


@pytest.mark.parametrize(("fact", "raw", "limit"), AGES)
def test_a_value_ages_on_the_day_after_its_limit(read, fact, raw, limit):
    day = dt.date.fromisoformat(AS_OF)
    form = dict(zip(("value", "unit"), raw.split(" "), strict=False))
    for age, reason in ((limit, None), (limit + 1, Reason.STALE)):
        record = read({fact: {**form, "date": (day - dt.timedelta(days=age)).isoformat()}})
        found = record.facts[fact]
        assert (found.reason if isinstance(found, Withheld) else None) is reason
        assert problems(record) == (["D109"] if reason else [])


def test_without_a_day_nothing_is_aged_and_the_assumptions_say_so(jdm, read):
    assert read({"weight": kg(26, "1999-01-01")}, as_of=None).facts["weight"].value == 26
    assert read({"weight": kg(26, "2999-01-01")}, as_of=None).facts["weight"].value == 26
    said = [a.text for a in jdm.evaluate({"weight": kg(26, "1999-01-01")}).assumptions]
    assert any("no date was given" in text for text in said)
    assert not any("no date was given" in a.text for a in jdm.evaluate({}, as_of=AS_OF).assumptions)


def test_a_moment_counts_as_its_day(jdm):
    moment = dt.datetime(2026, 11, 21, 23, 59, tzinfo=dt.UTC)
    facts = {"weight": kg(26, "2026-08-23")}
    assert jdm.evaluate(facts, as_of=moment).model_dump() == jdm.evaluate(facts, as_of=AS_OF).model_dump()


@pytest.mark.parametrize("as_of", ["soon", "2026-13-01", 5, [], "21.11.2026", True])
def test_a_day_that_is_none_is_one_clear_error(jdm, as_of):
    with pytest.raises(cds_engine.InputError, match="as_of"):
        jdm.evaluate({}, as_of=as_of)


@pytest.mark.parametrize(
    "facts", [None, 5, "weight", [], [("weight", 1)], {"facts": None}, {"facts": []}, {"facts": "x"}]
)
def test_a_patient_that_is_no_mapping_is_one_clear_error(jdm, facts):
    with pytest.raises(cds_engine.InputError):
        jdm.evaluate(facts)


# --- never derived, defaulted or presumed ------------------------------------------------------------------

GIVEN_BUT_UNUSABLE = [
    ("age_years", ["x", "y"], {"birth_date": "2018-01-01"}),
    ("egfr", "90 mL/min", {"height": "128 cm", "serum_creatinine": "0.4 mg/dL", "age_years": 8}),
    (
        "egfr",
        ["25 mL/min/{1.73_m2}", "90 mL/min/{1.73_m2}"],
        {"height": "128 cm", "serum_creatinine": "0.4 mg/dL", "age_years": 8},
    ),
    ("pregnancy_status", "perhaps", {"sex_at_birth": "male"}),
    ("pregnancy_status", {"value": "not_pregnant", "date": "2020-01-01"}, {"sex_at_birth": "male"}),
    ("childbearing_potential", "maybe", {"sex_at_birth": "male"}),
    ("body_surface_area", "x", {"height": "128 cm", "weight": "26 kg"}),
    ("vitamin_d_status", "low", {"vitamin_d_25oh": "20 ng/mL"}),
    (
        "hyperparathyroidism",
        5,
        {
            "pth": {"value": 20, "unit": "pg/mL", "range": {"low": 10, "high": 60}},
            "calcium_total": {"value": 2.4, "unit": "mmol/L", "range": {"low": 2, "high": 2.6}},
        },
    ),
    ("bsa_formula", "guess", {"height": "128 cm", "weight": "26 kg"}),
]


@pytest.mark.parametrize(("fact", "raw", "inputs"), GIVEN_BUT_UNUSABLE)
def test_what_was_given_but_cannot_be_used_is_never_derived_or_presumed(jdm, fact, raw, inputs):
    without = View(jdm, {"facts": inputs, "as_of": AS_OF})
    assert without[fact] is not None, "left out, it is derived or presumed"
    view = View(jdm, {"facts": inputs | {fact: raw}, "as_of": AS_OF})
    assert view[fact] is None
    answer = jdm.evaluate(inputs | {fact: raw}, as_of=AS_OF)
    assert fact not in answer.derived


# --- medicines ---------------------------------------------------------------------------------------------

DAILY = {"drug": "methotrexate", "dose": "2.5 mg", "per": "day"}
WEEKLY = {"drug": "methotrexate", "dose": "15 mg", "per": "week", "route": "SC"}

ALARMS = {
    "by name": [DAILY],
    "by alias": [{"drug": "MTX", "per": "daily"}],
    "by RxNorm code": [{"drug": "6851", "per": "day"}],
    "by RxNorm number": [{"drug": 6851, "per": "day"}],
    "by key rxnorm": [{"rxnorm": "6851", "per": "day"}],
    "a name that is not known, with its code": [
        {"drug": "Methotrexate 2.5 mg tablets", "rxnorm": "6851", "per": "day"}
    ],
    "two names in one entry": [{"drug": "folic acid", "rxnorm": "6851", "per": "day"}],
    "capital letters": [{"drug": "METHOTREXATE", "per": "Daily"}],
    "BID": [{"drug": "methotrexate", "per": "BID"}],
    "three times a day": [{"drug": "methotrexate", "per": "three times a day"}],
    "TDS": [{"drug": "methotrexate", "per": "tds"}],
    "once a day": [{"drug": "methotrexate", "per": "once a day"}],
    "seven times a week": [{"drug": "methotrexate", "per": "week", "times": 7}],
    "twice weekly": [{"drug": "methotrexate", "per": "twice weekly"}],
    "every other week": [{"drug": "methotrexate", "per": "fortnight"}],
    "as needed": [{"drug": "methotrexate", "per": "prn"}],
    "interval in the dose": [{"drug": "methotrexate", "dose": "2.5 mg/d"}],
    "interval in the unit": [{"drug": "methotrexate", "dose": {"value": 2.5, "unit": "mg/day"}}],
    "interval in words": [{"drug": "methotrexate", "dose": "2.5 mg daily"}],
    "per day in words": [{"drug": "methotrexate", "dose": "2.5 mg per day"}],
    "the other way of writing it": [{"drug": "methotrexate", "dose": "2.5 mg.d-1"}],
    "per surface": [{"drug": "methotrexate", "dose": "10 mg/m2/d"}],
    "per weight": [{"drug": "methotrexate", "dose": {"value": 0.3, "unit": "mg/kg/d"}}],
    "the dose contradicts the interval": [{"drug": "methotrexate", "dose": "2.5 mg/d", "per": "week"}],
    "the interval contradicts the dose": [{"drug": "methotrexate", "dose": "15 mg/wk", "per": "day"}],
    "an amount that is none": [{"drug": "methotrexate", "dose": "2,5 mg/d"}],
    "an amount that is none, beside its unit": [{"drug": "methotrexate", "dose": {"value": "2,5", "unit": "mg/d"}}],
    "a negative amount": [{"drug": "methotrexate", "dose": "-5 mg/d"}],
    "no unit": [{"drug": "methotrexate", "dose": 5, "per": "day"}],
    "a count that is none": [{**DAILY, "times": "x"}],
    "a count of nothing": [{**DAILY, "times": 0}],
    "a route that is none": [{**DAILY, "route": "ear"}],
    "unknown keys": [{**DAILY, "strength": 5, 7: 8}],
    "among weekly entries": [WEEKLY, WEEKLY, DAILY, WEEKLY],
    "after an entry without interval": ["methotrexate", DAILY],
    "in a broken list": [None, 5, {"x": 1}, "zzz", [], {"drug": None}, WEEKLY, DAILY, {"drug": "MTX", "per": "moon"}],
    "in a tuple": (DAILY,),
    "alone": DAILY,
    "as a value": {"value": [DAILY]},
    "as a dated value": {"value": [DAILY], "date": "2026-11-01"},
    "with a date that is none": {"value": [DAILY], "date": "soon"},
    "with a date to come": {"value": [DAILY], "date": "2027-01-01"},
    "in the latest of two lists": [{"value": [WEEKLY], "date": "2026-01-01"}, {"value": [DAILY], "date": "2026-11-01"}],
    "in one of two lists of a day": [{"value": [], "date": "2026-11-01"}, {"value": [DAILY], "date": "2026-11-01"}],
    "a dated list among entries": [WEEKLY, {"value": [DAILY], "date": "2026-11-01"}],
}


@pytest.mark.parametrize("listed", ALARMS.values(), ids=ALARMS.keys())
@pytest.mark.parametrize("dose", [None, "15 mg/wk", "nonsense"])
def test_nothing_silences_the_alarm_of_daily_methotrexate(jdm, listed, dose):
    facts = {"current_medications": listed}
    if dose:
        facts["current_methotrexate_dose"] = dose
    answer = jdm.evaluate(facts, as_of=AS_OF)
    assert answer.alerts[0].rule == "daily-methotrexate"
    assert answer.alerts[0].severity == "critical"
    assert not acts(answer, "methotrexate")


@pytest.mark.parametrize(
    "dose",
    [
        "15 mg/d",
        {"value": 15, "unit": "mg/d"},
        "15 mg/day",
        "15 mg daily",
        "500 ug/d",
        "2,5 mg/d",
        "15 mg.d-1",
        "-3 mg/d",
        "1e9 mg/d",
        ["15 mg/wk", "2 mg/d"],
        {"value": 15, "unit": "mg/d", "date": "2026-11-01"},
        [{"value": 15, "unit": "mg/wk", "date": "2026-01-01"}, {"value": 2, "unit": "mg/d", "date": "2026-11-01"}],
    ],
)
@pytest.mark.parametrize("listed", ["absent", [], [WEEKLY], "broken"])
def test_a_daily_methotrexate_dose_is_the_same_alarm(jdm, dose, listed):
    facts = {"current_methotrexate_dose": dose}
    if listed != "absent":
        facts["current_medications"] = listed
    answer = jdm.evaluate(facts, as_of=AS_OF)
    assert answer.alerts[0].rule == "daily-methotrexate"
    assert not acts(answer, "methotrexate")


@pytest.mark.parametrize(
    "listed",
    [[], [WEEKLY], ["folic acid"], [{"drug": "folic acid", "per": "day"}], [{"drug": "MTX", "dose": "15 mg/wk"}]],
)
def test_weekly_methotrexate_does_not_alarm(jdm, listed):
    assert "daily-methotrexate" not in alerts(jdm.evaluate({"current_medications": listed}))


def test_a_list_of_the_past_does_not_alarm(jdm):
    past = [{"value": [DAILY], "date": "2020-01-01"}, {"value": [WEEKLY], "date": "2026-11-01"}]
    assert "daily-methotrexate" not in alerts(jdm.evaluate({"current_medications": past}, as_of=AS_OF))


PER, TAKEN = "current_medications.methotrexate.per", "current_medications"


@pytest.mark.parametrize(
    ("listed", "intervals", "is_complete"),
    [
        ([WEEKLY], {"week"}, True),
        ([WEEKLY, DAILY], {"week", "day"}, True),
        ([WEEKLY, "methotrexate"], {"week"}, False),
        ([{"drug": "methotrexate", "per": "moon"}], set(), False),
        ([WEEKLY, "unheard-of"], {"week"}, False),
        (["folic acid"], set(), True),
        (["unheard-of"], set(), False),
        ([{"drug": "methotrexate", "per": "week", "times": 1}], {"week"}, True),
        ([{"drug": "methotrexate", "per": "week", "times": 2}], {"several_times_a_week"}, True),
        ([{"drug": "methotrexate", "per": "week", "times": "x"}], set(), False),
    ],
)
def test_two_entries_never_cancel_and_an_unclear_one_leaves_the_interval_open(read, listed, intervals, is_complete):
    assert read({TAKEN: listed}).facts[PER].value == CodeSet(frozenset(intervals), is_complete)


@pytest.mark.parametrize(
    ("listed", "drugs", "is_complete"),
    [
        (["MTX", {"drug": "CsA"}], {"methotrexate", "ciclosporin"}, True),
        (["methotrexate", "unheard-of"], {"methotrexate"}, False),
        (["723"], {"rxnorm:723"}, True),
        ([{"drug": "Metoject"}, {"code": 68149}], {"methotrexate", "mycophenolate_mofetil"}, True),
        ([{"drug": None}], set(), False),
        ([5], set(), False),
        ([True], set(), False),
        ([10**5000], set(), False),
    ],
    ids=range(8),
)
def test_drugs_go_by_every_name_and_an_unknown_one_leaves_the_list_incomplete(read, listed, drugs, is_complete):
    record = read({TAKEN: listed})
    assert record.facts[TAKEN].value == CodeSet(frozenset(drugs), is_complete)
    assert ("D111" in problems(record)) is not is_complete


@pytest.mark.parametrize("raw", [5, True, 2.5, object])
def test_a_list_that_is_none_is_withheld(read, raw):
    record = read({TAKEN: raw})
    assert record.facts[TAKEN] == Withheld(Reason.REJECTED)
    assert "D102" in problems(record)


AMOUNT = "current_medications.methotrexate.weekly_amount"


@pytest.mark.parametrize(
    ("listed", "dose", "amount"),
    [
        ([WEEKLY], None, 15),
        ([WEEKLY, {**WEEKLY, "dose": "0.01 g"}], None, 25),
        ([DAILY], None, 17.5),
        ([{"drug": "methotrexate", "dose": "2.5 mg", "per": "BID"}], None, 35),
        ([{"drug": "methotrexate", "dose": "2.5 mg", "per": "week", "times": 3}], None, 7.5),
        ([{"drug": "methotrexate", "dose": "15 mg", "per": "two_weeks"}], None, 7.5),
        ([{"drug": "methotrexate", "dose": "15 mg/wk"}], None, 15),
        ([{"drug": "methotrexate", "dose": "15 mg", "per": "month"}], None, None),
        ([{"drug": "methotrexate", "dose": "15 mg"}], None, None),
        ([WEEKLY, "methotrexate"], None, None),
        ([WEEKLY, "unheard-of"], None, None),
        ([{"drug": "methotrexate", "dose": "15 mg/m2", "per": "week"}], None, None),
        ([{"drug": "methotrexate", "dose": "15 mg", "per": "week", "times": "x"}], None, None),
        (None, "15 mg/wk", 15),
        ([WEEKLY], "15 mg/wk", 15),  # said twice, taken once
        ([WEEKLY], "25 mg/wk", 25),  # of two statements the larger
        ([WEEKLY], "10 mg/wk", 15),
        ([WEEKLY], "0 mg/wk", 15),
        (
            None,
            [
                {"value": 30, "unit": "mg/wk", "date": "2026-01-01"},
                {"value": 15, "unit": "mg/wk", "date": "2026-11-01"},
            ],
            15,
        ),
    ],
)
def test_weekly_amounts(read, listed, dose, amount):
    facts = {k: v for k, v in {TAKEN: listed, "current_methotrexate_dose": dose}.items() if v is not None}
    found = read(facts).facts.get(AMOUNT)
    assert (found.value if isinstance(found, Known) else None) == amount


@pytest.mark.parametrize(
    ("facts", "fires"),
    [
        ({"current_methotrexate_dose": "40 mg/wk"}, False),
        ({"current_methotrexate_dose": "40.0001 mg/wk"}, True),
        ({"current_methotrexate_dose": "1000 mg/wk"}, True),
        ({TAKEN: [{**WEEKLY, "dose": "40 mg"}]}, False),
        ({TAKEN: [{**WEEKLY, "dose": "40.0001 mg"}]}, True),
        ({TAKEN: [WEEKLY, {**WEEKLY, "dose": "25.5 mg"}]}, True),
        ({TAKEN: [{**WEEKLY, "dose": "50 mg"}, "unheard-of"]}, True),  # incomplete, but that much is certain
        ({TAKEN: [{**WEEKLY, "dose": "50 mg"}, "methotrexate"]}, True),
        ({TAKEN: [WEEKLY], "current_methotrexate_dose": "25 mg/wk"}, False),
    ],
)
def test_more_than_the_weekly_maximum_is_a_critical_alert(jdm, facts, fires):
    answer = jdm.evaluate(facts)
    assert ("methotrexate-above-weekly-maximum" in alerts(answer)) is fires


NAMED = {
    "a clinical drug with its own code": {"drug": "Methotrexate 2.5 MG Oral Tablet", "rxnorm": "105585", "per": "day"},
    "under the key name": {"name": "methotrexate sodium 2.5mg tab", "code": 105585, "per": "OD"},
    "a line of text": "methotrexate 15 mg daily",
    "a line with an alias": "MTX 2.5 mg tabs daily",
    "a line as drug": {"drug": "methotrexate 15 mg daily"},
    "a line, and another interval": {"drug": "methotrexate 15 mg daily", "per": "week"},
    "OD": {"drug": "MTX", "per": "OD"},
    "q24h": {"drug": "MTX", "per": "q24h"},
    "every morning": {"drug": "MTX", "per": "every morning"},
    "nocte": {"drug": "MTX", "dose": "2.5 mg nocte"},
    "QD in the dose": {"drug": "MTX", "dose": "2.5 mg QD"},
    "BID in the unit": {"drug": "MTX", "dose": {"value": 2.5, "unit": "mg BID"}},
    "capitals in the dose": {"drug": "MTX", "dose": "2.5 MG Daily"},
    "twice weekly in the dose": {"drug": "MTX", "dose": "15 mg twice weekly"},
    "three times a week in the dose": {"drug": "MTX", "dose": "15 mg three times a week"},
    "days of a week in the dose": {"drug": "MTX", "dose": "2.5 mg 6 days per week"},
    "every day of the week": {"drug": "MTX", "dose": "15 mg every day of the week"},
    "daily for a week": {"drug": "MTX", "dose": "15 mg daily for 1 week"},
    "a day for a week": {"drug": "MTX", "dose": "15 mg/day x 1 week"},
    "twice weekly in the unit": {"drug": "MTX", "dose": {"value": 15, "unit": "mg twice weekly"}},
    "a part of the dose": {"drug": "MTX", "dose": {"value": 2.5, "unit": "mg", "per": "day"}},
    "frequency": {"drug": "MTX", "dose": "2.5 mg", "frequency": "daily"},
    "sig against per": {"drug": "MTX", "per": "week", "sig": "take one tablet daily"},
    "timing": {"drug": "MTX", "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}}},
    "any other key": {"drug": "MTX", "per": "week", "note": "2.5 mg daily"},
    "times in words": {"drug": "MTX", "per": "week", "times": "daily"},
    "a list of intervals": {"drug": "MTX", "per": ["week", "day"]},
    "weekdays": {"drug": "MTX", "per": "Mon/Wed/Fri"},
    "a nested list": [[{"drug": "MTX", "per": "day"}]],
}  # fmt: skip


@pytest.mark.parametrize("entry", NAMED.values(), ids=NAMED.keys())
def test_however_daily_methotrexate_is_written_it_alarms(jdm, entry):
    for listed in ([entry], [WEEKLY, entry]):
        answer = jdm.evaluate({"current_medications": listed}, as_of=AS_OF)
        assert answer.alerts[0].rule == "daily-methotrexate", listed
        assert not acts(answer, "methotrexate")


@pytest.mark.parametrize(
    ("entry", "intervals", "is_complete"),
    [
        ("methotrexate 15 mg weekly", {"week"}, True),
        ("Methotrexate 15 mg s.c. once weekly on Monday", {"week"}, True),
        ("Methotrexate 2.5 MG Oral Tablet", set(), False),
        ({"drug": "MTX", "dose": "15 mg once a week"}, {"week"}, True),
        ({"drug": "MTX", "frequency": "once weekly"}, {"week"}, True),
        ({"drug": "MTX", "per": "week", "schedule": "every Monday"}, {"week"}, True),
        ({"drug": "MTX", "per": "week", "frequency": 3}, set(), False),
        ({"drug": "MTX", "per": "week", "sig": "as told"}, set(), False),
        ({"drug": "MTX", "per": ["week", "moon"]}, set(), False),
        ({"drug": "MTX", "per": "every Monday"}, set(), False),
        ({"drug": "MTX", "per": "biweekly"}, set(), False),
        ({"drug": "MTX", "dose": "15 mg for 1 week"}, set(), False),
        ({"drug": "MTX", "dose": "15 mg twice weekly"}, {"several_times_a_week"}, True),
    ],
)
def test_once_a_week_is_believed_only_where_it_is_plain(read, entry, intervals, is_complete):
    assert read({TAKEN: [entry]}).facts[PER].value == CodeSet(frozenset(intervals), is_complete)


@pytest.mark.parametrize("per", ["every Monday", "biweekly", "weakly", "dayly"])
def test_no_interval_is_ever_suggested(read, per):
    said = read({TAKEN: [{"drug": "MTX", "per": per}]}).problems[0].message
    assert "did you mean" not in said
    assert "`week`" in said


@pytest.mark.parametrize(
    ("entry", "drugs", "is_complete"),
    [
        ({"drug": "paracetamol", "rxnorm": "161"}, {"rxnorm:161"}, True),
        ({"rxnorm": 161}, {"rxnorm:161"}, True),
        ({"drug": "161"}, {"rxnorm:161"}, True),
        ({"drug": "metotrexate", "rxnorm": "105585"}, set(), False),
        ({"drug": "Methotrexate 2.5 mg tablet", "rxnorm": "105585"}, {"methotrexate"}, True),
        ("methotrexate and something else", {"methotrexate"}, False),
        ("methotrexate with folic acid", {"methotrexate", "folic_acid"}, False),
        ("methylprednisolone pulse", {"methylprednisolone"}, False),
        ([], set(), False),
    ],
)
def test_a_code_is_another_medicine_only_where_no_name_says_otherwise(read, entry, drugs, is_complete):
    assert read({TAKEN: [entry]}).facts[TAKEN].value == CodeSet(frozenset(drugs), is_complete)


def test_how_a_text_was_read_is_said(read):
    said = [p.message for p in read({TAKEN: ["MTX 2.5 mg tabs, every other day"]}).problems]
    assert any("it was read as methotrexate" in text for text in said)
    assert any("how often it is given was read as per day" in text for text in said)


@pytest.mark.parametrize("form", [list, tuple])
def test_lists_in_lists_are_opened_but_not_forever(read, form):
    deep = [WEEKLY]
    for _ in range(1000):
        deep = form([deep])
    assert not read({TAKEN: deep}).facts[TAKEN].value.is_complete
    assert read({TAKEN: [form([WEEKLY, form([DAILY])])]}).facts[PER].value == CodeSet(frozenset({"week", "day"}))


@pytest.mark.parametrize(
    ("dose", "code"),
    [
        ("-5 mg/wk", "D105"),
        ("10 mL/wk", "D104"),
        ("5000 mg/wk", "D105"),
        ({"value": 15, "unit": "mg/wk", "date": "soon"}, "D110"),
        ({"value": 15, "unit": "mg/wk", "date": "2027-01-01"}, "D110"),
        ("15 mg for 1 week", "D104"),
        ("nonsense", "D102"),
    ],
)
def test_a_dose_that_cannot_be_used_is_a_problem_and_the_drug_taken_in_an_unknown_interval(jdm, read, dose, code):
    for more in ({}, {TAKEN: [WEEKLY]}, {TAKEN: []}):
        record = read({"current_methotrexate_dose": dose} | more)
        assert problems(record, "current_methotrexate_dose") == [code]
        assert not record.facts[PER].value.is_complete
        assert record.facts[TAKEN].value == CodeSet(frozenset({"methotrexate"}), is_complete=False)
        assert not isinstance(record.facts.get(AMOUNT), Known)
    assert not acts(jdm.evaluate({"current_methotrexate_dose": dose}, as_of=AS_OF), "methotrexate")


@pytest.mark.parametrize(
    ("dose", "codes"),
    [
        ("15 mg/d", []),
        ({"value": 15, "unit": "mg/d", "date": "soon"}, ["D110"]),
        ({"value": 15, "unit": "mg/d", "date": "2027-01-01"}, ["D104"]),
        ("2,5 mg/d", ["D102"]),
    ],
)
def test_of_a_daily_dose_only_the_complaint_about_its_unit_is_dropped(read, dose, codes):
    record = read({"current_methotrexate_dose": dose})
    assert "day" in record.facts[PER].value.members
    if codes != ["D104"]:
        assert problems(record, "current_methotrexate_dose") == codes


def test_an_allergy_that_is_known_counts_although_another_is_not_understood(jdm, read):
    record = read({"drug_hypersensitivity": ["ciclosporin", "metotrexate"]})
    assert record.facts["drug_hypersensitivity"].value == CodeSet(frozenset({"ciclosporin"}), is_complete=False)
    assert problems(record) == ["D107"]
    assert "did you mean `methotrexate`" in record.problems[0].message
    assert View(jdm, {"facts": {"drug_hypersensitivity": ["ciclosporin", "metotrexate"]}}).worlds


@pytest.mark.parametrize("said", ["none", "NKDA", "no known drug allergies", "No known allergies."])
def test_no_allergy_in_words_is_an_empty_list(read, said):
    for raw in (said, [said], {"value": said}):
        record = read({"drug_hypersensitivity": raw})
        assert record.facts["drug_hypersensitivity"].value == CodeSet(frozenset())
        assert record.problems == ()
    both = read({"drug_hypersensitivity": ["MTX", said]}).facts["drug_hypersensitivity"].value
    assert both == CodeSet(frozenset({"methotrexate"}), is_complete=False)


def test_an_allergy_in_words_is_that_of_the_drug_it_names_with_a_note(read):
    record = read({"drug_hypersensitivity": ["rash with methotrexate tablets"]})
    assert record.facts["drug_hypersensitivity"].value == CodeSet(frozenset({"methotrexate"}))
    assert record.problems == ()
    assert "was read as methotrexate" in record.notes[0].text


def test_a_substance_of_which_the_pack_does_not_speak_leaves_the_list_incomplete(read):
    record = read({"drug_hypersensitivity": ["latex"]})
    assert record.facts["drug_hypersensitivity"].value == CodeSet(frozenset(), is_complete=False)
    assert problems(record) == ["D107"]
