"""Prescriptions: every finding names its order, its rule, how it came about and its source; screening never raises."""

from __future__ import annotations

import math
from random import Random

import pytest
from second import SecondEngine
from strategies import READY
from test_engine import fail, lie, lose_certainty, omit, say_one

import cds_engine
from cds_engine.backends.durable import DurableRules, is_available
from cds_engine.engine import agreement
from cds_engine.engine.guide import LoadedPack

BIG = {
    "age_years": 16,
    "jdm_onset_age": 15,
    "sex_at_birth": "male",
    "height": "180 cm",
    "weight": "80 kg",
}
TABLETS = "the order does not say amount, unit and interval in full"
ANY = READY | {"current_medications": [], "tmp_smx_use": "none"}


def order(drug="methotrexate", dose=None, per=None, **more):
    said = {"drug": drug, "dose": dose, "per": per, **more}
    return {key: value for key, value in said.items() if value is not None}


def findings(answer, index=0):
    """Return what was found about one order, by rule."""
    return {finding.rule: finding for finding in answer.screened[index].findings}


# --- both sides of each limit: the order, what must be found, what must not ---------------------------------------

LIMITS = [
    # the weekly maximum of methotrexate, 15 to 20 mg/m2 of exactly 2 m2
    (BIG, order(dose="40 mg", per="week"), {}, {"above-cap", "above-range", "below-range", "interval"}),
    (BIG, order(dose="40.0001 mg", per="week"), {"above-cap": "critical", "above-range": "warning"}, set()),
    (BIG, order(dose="0.04 g", per="week"), {}, {"above-cap", "above-range"}),
    (BIG, order(dose="40000 ug", per="week"), {}, {"above-cap", "above-range"}),
    (BIG, order(dose="30 mg", per="week"), {}, {"below-range"}),
    (BIG, order(dose="29.99 mg", per="week"), {"below-range": "info"}, {"above-range"}),
    (BIG, order(dose="40.1 mg", per="day"), {"interval": "critical"}, {"above-cap", "dose-undetermined"}),
    # the range of a child of 0.96 m2, and half of it
    ({}, order(dose="19.23 mg", per="week"), {}, {"above-range", "below-range", "above-cap"}),
    ({}, order(dose="19.24 mg", per="week"), {"above-range": "warning"}, {"above-cap"}),
    ({}, order(dose="14.42 mg", per="week"), {}, {"below-range"}),
    ({}, order(dose="14.41 mg", per="week"), {"below-range": "info"}, set()),
    ({"egfr": "60 mL/min/{1.73_m2}"}, order(dose="19.23 mg", per="week"), {}, {"above-range"}),
    ({"egfr": "45 mL/min/{1.73_m2}"}, order(dose="9.61 mg", per="week"), {}, {"above-range"}),
    ({"egfr": "45 mL/min/{1.73_m2}"}, order(dose="9.62 mg", per="week"), {"above-range": "warning"}, set()),
    ({"egfr": "45 mL/min/{1.73_m2}"}, order(dose="14.42 mg", per="week"), {"above-range": "warning"}, {"below-range"}),
    # two caps, of a dose and of a day
    (BIG, order("mycophenolate", "1 g", "twice daily"), {}, {"above-cap", "above-range", "times-per-day"}),
    (BIG, order("mycophenolate", "1000.1 mg", "twice daily"), {"above-cap": "critical"}, {"times-per-day"}),
    (BIG, order("mycophenolate", "1 g", "tid"), {"above-cap": "critical", "times-per-day": "warning"}, {"above-range"}),
    (BIG, order("mycophenolate", "500 mg", "qid"), {"below-range": "info"}, {"above-cap"}),
    (BIG, order("mycophenolate", "500.1 mg", "four times a day"), {"above-cap": "critical"}, set()),
    (BIG, order("methylprednisolone", "1 g", "day"), {}, {"above-cap", "above-range", "times-per-day"}),
    (BIG, order("methylprednisolone", "500 mg", "bid"), {"times-per-day": "warning"}, {"above-cap"}),
    (BIG, order("methylprednisolone", "501 mg", "bid"), {"above-cap": "critical"}, {"above-range"}),
    (BIG, order("prednisolone", "20 mg", "tid"), {}, {"above-cap", "above-range", "times-per-day"}),
    (BIG, order("prednisolone", "20.1 mg", "tid"), {"above-cap": "critical"}, set()),
    # an amount a day in two doses, and one of a course
    ({}, order("ciclosporin", "65 mg", "twice daily"), {}, {"above-range", "below-range", "times-per-day"}),
    ({}, order("ciclosporin", "65.1 mg", "twice daily"), {"above-range": "warning"}, set()),
    ({}, order("ciclosporin", "130 mg", "day"), {"times-per-day": "warning"}, {"above-range"}),
    ({}, order("IVIG", "52 g", "course"), {}, {"above-range", "below-range", "dose-undetermined"}),
    ({}, order("IVIG", "13 g", "course", times=4), {}, {"above-range", "below-range"}),
    ({}, order("IVIG", "52.1 g", "once"), {"above-range": "warning"}, set()),
    ({}, order("IVIG", "26 g", "month", times=2), {"dose-undetermined": "warning"}, {"below-range"}),
]  # fmt: skip


@pytest.mark.parametrize(("facts", "said", "found", "never"), LIMITS)
def test_both_sides_of_each_limit(jdm, facts, said, found, never):
    got = findings(jdm.evaluate(ANY | facts, orders=[said]))
    assert {rule: finding.severity for rule, finding in got.items()}.items() >= found.items()
    assert not got.keys() & never


INTERVALS = {
    "day": 105,
    "bid": 210,
    "tid": 315,
    "several times a week": None,
    "fortnightly": 7.5,
    "month": None,
    "prn": None,
    "once": None,
}


@pytest.mark.parametrize(("per", "weekly"), INTERVALS.items())
def test_methotrexate_more_or_less_often_than_once_a_week_is_critical(jdm, per, weekly):
    found = findings(jdm.evaluate(ANY, orders=[order(dose="15 mg", per=per)]))["interval"]
    assert found.severity == "critical"
    assert ("that is" in found.text) is (weekly is not None)
    assert weekly is None or f"that is {weekly:g} mg a week" in found.text


@pytest.mark.parametrize(
    "dose", ["15 mg/d", "15 mg daily", {"value": 15, "unit": "mg/d"}, {"value": 15, "unit": "mg daily"}]
)
def test_a_daily_amount_hidden_in_the_dose_is_seen(jdm, dose):
    for per in (None, "week"):
        assert findings(jdm.evaluate(ANY, orders=[order(dose=dose, per=per)]))["interval"].severity == "critical"


def test_twice_a_week_is_not_once_a_week(jdm):
    assert "interval" in findings(jdm.evaluate(ANY, orders=[order(dose="7.5 mg", per="week", times=2)]))


# --- what cannot be determined is said --------------------------------------------------------------------------------

UNDETERMINED = [
    order(), order(per="week"), order(dose="15 mg"), order(dose=15, per="week"), order(dose="15", per="week"),
    order(dose="2 tablets", per="week"), order(dose={"value": 2, "unit": "[drp]"}, per="week"),
    order(dose="15 mL", per="week"),
    order(dose="0.5 mg/kg", per="week"), order(dose="-15 mg", per="week"), order(dose="15,5 mg", per="week"),
    order(dose={"value": math.nan, "unit": "mg"}, per="week"), order(dose="15 mg", per="sometimes"),
    order(dose="15 mg", per="week", times=0),
    order(dose="15 mg", per="week", times="two"), order(dose=True, per="week"), order(dose=["15 mg"], per="week"),
]  # fmt: skip


@pytest.mark.parametrize("said", UNDETERMINED, ids=range(len(UNDETERMINED)))
def test_a_dose_that_cannot_be_determined_is_said_and_never_guessed(jdm, said):
    got = findings(jdm.evaluate(ANY, orders=[said]))
    assert got["dose-undetermined"].severity == "warning"
    assert TABLETS in got["dose-undetermined"].text
    assert not got.keys() & {"above-cap", "above-range", "below-range", "interval"}


@pytest.mark.parametrize(
    ("said", "interval"),
    [
        (order("prednisolone", "40 mg", "week"), "ordered per week, but known here as an amount a day"),
        (order("IVIG", "10 g", "day"), "ordered per day, but known here as an amount a course"),
        (order("cyclophosphamide", "500 mg", "week"), "ordered per week, but known here as an amount a course"),
        (order("mycophenolate", "500 mg", "prn"), "ordered as needed, but known here as an amount a dose"),
    ],
)
def test_an_interval_that_the_dose_is_not_known_for_is_said(jdm, said, interval):
    assert interval in findings(jdm.evaluate(ANY, orders=[said]))["dose-undetermined"].text


@pytest.mark.parametrize(
    ("said", "rule", "severity"),
    [
        (order("methotrexat-forte"), "dose-undetermined", "warning"),
        ({"dose": "15 mg"}, "dose-undetermined", "warning"),
        (order(5), "dose-undetermined", "warning"),
        (order("colchicine", "1 mg", "day"), "not-covered", "info"),
        ({"rxnorm": "161"}, "not-covered", "info"),
    ],
)
def test_a_medicine_without_knowledge_is_never_passed_over(jdm, said, rule, severity):
    assert findings(jdm.evaluate(ANY, orders=[said]))[rule].severity == severity


@pytest.mark.parametrize(("without", "named"), [("weight", "weight"), ("height", "height")])
def test_without_a_size_the_cap_still_holds_and_the_range_is_said_to_be_unknown(jdm, without, named):
    facts = {name: value for name, value in ANY.items() if name != without}
    got = findings(jdm.evaluate(facts, orders=[order(dose="41 mg", per="week")]))
    assert got["above-cap"].severity == "critical"
    assert named in got["range-undetermined"].text


@pytest.mark.parametrize("egfr", [None, ["45 mL/min/{1.73_m2}", "90 mL/min/{1.73_m2}"]])
def test_kidneys_that_are_not_known_leave_the_range_unknown(jdm, egfr):
    got = findings(jdm.evaluate(ANY | {"egfr": egfr}, orders=[order(dose="15 mg", per="week")]))
    assert "eGFR" in got["range-undetermined"].text
    assert "contraindications-undecided" in got


# --- safety -----------------------------------------------------------------------------------------------------------


def test_every_contraindication_of_an_order_is_listed(jdm):
    facts = ANY | {
        "pregnancy_status": "pregnant",
        "alcohol_misuse": True,
        "egfr": "20 mL/min/{1.73_m2}",
        "age_years": 15,
    }
    got = jdm.evaluate(facts, orders=[order(dose="15 mg", per="week")]).screened[0].findings
    blocked = [finding for finding in got if finding.text.startswith("contraindicated: ")]
    assert {f.rule for f in blocked} >= {"methotrexate-pregnancy", "methotrexate-alcohol", "severe-renal-impairment"}
    assert {f.severity for f in blocked} == {"critical"}
    assert got[: len(blocked)] == blocked


def test_of_two_readings_the_dangerous_one_counts(jdm):
    facts = ANY | {"pregnancy_status": ["pregnant", "not_pregnant"], "age_years": 15}
    assert "methotrexate-pregnancy" in findings(jdm.evaluate(facts, orders=[order(dose="15 mg", per="week")]))


def test_what_was_given_and_cannot_be_used_is_not_taken_for_no_danger(jdm):
    """Tuberculosis acts only when known; two statements about it that disagree must be settled all the same."""
    said = [order(dose="15 mg", per="week")]
    unknown = findings(jdm.evaluate(ANY, orders=said))
    doubtful = findings(jdm.evaluate(ANY | {"tb_active_or_untreated_latent": "perhaps"}, orders=said))
    assert "contraindications-undecided" not in unknown
    assert "tuberculosis" in doubtful["contraindications-undecided"].text


def test_an_order_check_fires_if_any_of_two_readings_asks_for_it(jdm):
    facts = ANY | {"tmp_smx_use": ["none", "treatment"], "current_medications": [order(dose="15 mg", per="week")]}
    got = findings(jdm.evaluate(facts, orders=[order("co-trimoxazole")]))
    assert got["order-cotrimoxazole-as-treatment"].severity == "critical"


def test_the_gravest_finding_stands_first(jdm):
    facts = ANY | {"alcohol_misuse": True}
    for said in (order(dose="50 mg", per="week", route="oral"), order(dose="50 mg", per="day", route="oral")):
        severities = [finding.severity for finding in jdm.evaluate(facts, orders=[said]).screened[0].findings]
        assert severities == sorted(severities, key=["critical", "warning", "info"].index)
        assert severities[0] == "critical"


# --- what every finding carries ---------------------------------------------------------------------------------------

BY_ITSELF = {"duplicate", "not-covered", "contraindications-undecided", "checks-undecided", "D111"}
"""Findings about the order or the record and nothing else: there is no source to cite."""
WORKED_OUT = {"above-cap", "above-range", "below-range", "interval", "times-per-day"}


def test_each_finding_names_its_order_its_rule_its_working_and_its_source(jdm):
    safety = jdm.guideline.pack.safety.values()
    of_the_pack = {r.id for file in safety for r in (*file.contraindications, *file.cautions, *file.order_checks)}
    facts = ANY | {"egfr": "45 mL/min/{1.73_m2}", "alcohol_misuse": True, "nsaid_use": True, "tmp_smx_use": "treatment",
                   "calcinosis_status": "established",
                   "current_medications": [order(dose="15 mg", per="week"), order("ibuprofen")]}  # fmt: skip
    del facts["breastfeeding"]
    said = [
        {"id": f"n{index}", **given}
        for index, given in enumerate(
            [s for _, s, _, _ in LIMITS] + UNDETERMINED + [order("warfarin"), order("co-trimoxazole")]
        )
    ]
    seen = set()
    for screened, name in zip(jdm.evaluate(facts, orders=said).screened, [each["id"] for each in said], strict=False):
        assert screened.order["id"] == name
        for finding in screened.findings:
            seen.add(finding.rule)
            assert finding.order == name
            assert finding.text
            assert finding.citations or finding.rule in BY_ITSELF or screened.order.get("drug") is None, finding
            assert finding.working or finding.rule not in of_the_pack | WORKED_OUT, finding
            assert not any(citation.unresolved for citation in finding.citations)
    assert seen >= WORKED_OUT | BY_ITSELF - {"not-covered", "checks-undecided"}
    assert len(seen & of_the_pack) > 4


def test_the_working_of_a_range_is_that_of_the_dose(jdm):
    answer = jdm.evaluate(ANY, orders=[order(dose="25 mg", per="week")])
    dose = answer.recommendation("start-methotrexate").dose
    assert findings(answer)["above-range"].working == dose.working
    assert f"{dose.low:g} to {dose.high:g} mg a week" in findings(answer)["above-range"].text


def test_a_family_reads_its_own_words(jdm):
    facts = ANY | {"current_medications": [order(dose="15 mg", per="week")], "tmp_smx_use": "treatment"}
    texts = [
        findings(jdm.evaluate(facts, orders=[order("co-trimoxazole")], audience=who))[
            "order-cotrimoxazole-as-treatment"
        ].text
        for who in ("clinician", "patient_or_caregiver")
    ]
    assert texts[1] == "This antibiotic and methotrexate are dangerous together. Call your care team now."
    assert texts[0] != texts[1]


# --- medicines that are taken, and several orders -----------------------------------------------------------------

DAILY = order(dose="15 mg", per="day")
LISTS = [
    [DAILY], [order("ibuprofen"), DAILY], {"value": [DAILY], "date": "2026-11-01"},
    [{"value": [DAILY], "date": "2026-11-01"}],
    [{"value": [order("ibuprofen")], "date": "2026-01-01"}, {"value": [DAILY], "date": "2026-11-01"}], DAILY,
]  # fmt: skip


@pytest.mark.parametrize("taken", LISTS, ids=range(len(LISTS)))
def test_every_form_of_a_list_of_medicines_is_screened(jdm, taken):
    answer = jdm.evaluate(ANY | {"current_medications": taken}, as_of="2026-11-21")
    assert all(screened.is_taken for screened in answer.screened)
    critical = {f.rule for screened in answer.screened for f in screened.findings if f.severity == "critical"}
    assert critical >= {"interval", "methotrexate-daily-dosing"}
    assert answer.alerts[0].rule == "daily-methotrexate"


def test_a_list_of_former_times_is_not_screened(jdm):
    taken = [{"value": [DAILY], "date": "2026-01-01"}, {"value": [order("ibuprofen")], "date": "2026-11-01"}]
    answer = jdm.evaluate(ANY | {"current_medications": taken}, as_of="2026-11-21")
    assert [screened.order["drug"] for screened in answer.screened] == ["ibuprofen"]


@pytest.mark.parametrize(
    "taken", [["warfarin"], "warfarin", {"value": ["warfarin"], "date": "2026-11-01"}, [{"drug": "warfarin"}]]
)
def test_a_bare_name_on_the_list_is_screened(jdm, taken):
    answer = jdm.evaluate(ANY | {"current_medications": taken, "calcinosis_status": "established"}, as_of="2026-11-21")
    assert "order-warfarin-in-calcinosis" in findings(answer)


def test_duplicates_are_seen_from_both_sides_and_named(jdm):
    taken = [order(dose="15 mg", per="week", id="home")]
    said = [order(dose="15 mg", per="week", id="a"), order("MTX", "10 mg", "week", id="b"), order("ibuprofen", id="c")]
    answer = jdm.evaluate(ANY | {"current_medications": taken}, orders=said)
    texts = {s.order["id"]: [f.text for f in s.findings if f.rule == "duplicate"] for s in answer.screened}
    assert texts == {
        "a": ["methotrexate is taken already", "methotrexate is also ordered in b"],
        "b": ["methotrexate is taken already", "methotrexate is also ordered in a"],
        "c": [],
        "home": ["methotrexate is also ordered in a, b"],
    }


def taken_findings(jdm, facts):
    answer = jdm.evaluate(ANY | facts, as_of="2026-11-21")
    return [{f.rule: f for f in s.findings} for s in answer.screened if s.is_taken]


@pytest.mark.parametrize(
    ("dose", "rule"),
    [
        ("15 mg/d", "interval"),
        ("41 mg/wk", "above-cap"),
        ("25 mg/wk", "above-range"),
        ("-5 mg/wk", "dose-undetermined"),
    ],
)
def test_a_medicine_taken_by_its_dose_alone_is_screened(jdm, dose, rule):
    for more in ({}, {"current_medications": [order("ibuprofen")]}):
        got = taken_findings(jdm, more | {"current_methotrexate_dose": dose})[-1]
        assert rule in got
        assert "duplicate" not in got


def test_a_dose_said_twice_is_screened_once(jdm):
    said = {"current_medications": [order(dose="15 mg", per="week")], "current_methotrexate_dose": "15 mg/wk"}
    assert len(taken_findings(jdm, said)) == 1
    assert len(taken_findings(jdm, said | {"current_methotrexate_dose": "41 mg/wk"})) == 2
    assert all("duplicate" not in got for got in taken_findings(jdm, said | {"current_methotrexate_dose": "41 mg/wk"}))


def test_two_lines_of_one_medicine_are_duplicates_and_summed(jdm):
    lines = [order(dose="25 mg", per="week", id="a"), order("MTX", "20 mg", "week", id="b")]
    for got in taken_findings(jdm, BIG | {"current_medications": lines}):
        assert "listed more than once" in got["duplicate"].text
        assert "45 mg a week is above the limit of 40 mg a week" in got["above-cap"].text
        assert "45 mg a week is above the range" in got["above-range"].text
    lines = [order("prednisolone", "31 mg", "day"), order("prednisolone", "30 mg", "day")]
    for got in taken_findings(jdm, BIG | {"current_medications": lines}):
        assert got["above-cap"].text.endswith("61 mg a day is above the limit of 60 mg a day")
    lines = [order("prednisolone", "30 mg", "day"), order("prednisolone", "30 mg", "day")]
    for got in taken_findings(jdm, BIG | {"current_medications": lines}):
        assert "above-cap" not in got


def test_medicines_taken_are_never_said_to_be_ordered(jdm):
    lines = [
        order(dose="15 mg", per="day", route="oral"),
        order("mycophenolate", "700 mg", "tid"),
        order("IVIG", "1 g", "day"),
    ]
    for got in taken_findings(jdm, {"current_medications": lines}):
        assert not any("order" in text for f in got.values() for text in (f.text, *f.working) if f.rule in WORKED_OUT)
    assert (
        "listed per day, but it is given once a week, in no other interval"
        in taken_findings(jdm, {"current_medications": lines})[0]["interval"].text
    )


def test_a_check_that_cannot_be_decided_is_said(jdm):
    facts = {name: value for name, value in ANY.items() if name != "current_medications"}
    got = findings(jdm.evaluate(facts, orders=[order("nitrous oxide")]))["checks-undecided"]
    assert (got.severity, got.text) == ("warning", "could not be checked: current medications not known")
    assert "checks-undecided" not in findings(jdm.evaluate(ANY, orders=[order("nitrous oxide")]))
    got = findings(jdm.evaluate(ANY, orders=[order("cyclophosphamide", "500 mg")]))["checks-undecided"]
    assert got.text == "could not be checked: how often it is given not known"


def test_a_fact_that_was_given_and_cannot_be_used_is_not_ignored(jdm):
    unsaid = {name: value for name, value in ANY.items() if name != "drug_hypersensitivity"}
    got = findings(jdm.evaluate(unsaid, orders=[order("rituximab")]))
    assert "drug hypersensitivity" not in "".join(finding.text for finding in got.values())
    got = findings(jdm.evaluate(ANY | {"drug_hypersensitivity": 5}, orders=[order("rituximab")]))
    assert "drug hypersensitivity" in got["contraindications-undecided"].text


def test_orders_that_are_passed_and_those_of_the_file_are_joined(jdm):
    patient = {"facts": ANY, "orders": [DAILY | {"id": "file"}]}
    answer = jdm.evaluate(patient, orders=[order(dose="15 mg", per="week", id="passed")])
    assert {s.order["id"] for s in answer.screened} == {"file", "passed"}
    assert [s.order["id"] for s in jdm.evaluate(patient).screened] == ["file"]
    answer = jdm.evaluate(patient | {"orders": "methotrexate"}, orders=[DAILY])
    assert [problem.code for problem in answer.problems] == ["D114"]
    assert len(answer.screened) == 1


def test_of_many_duplicates_a_few_are_named(jdm):
    answer = jdm.evaluate(ANY, orders=[order(dose="15 mg", per="week")] * 40)
    assert findings(answer)["duplicate"].text.endswith("order 2, order 3, order 4, order 5, order 6 and 34 more")


@pytest.mark.parametrize("status", ["stopped", "Stopped", " completed ", "cancelled", "entered-in-error"])
def test_orders_that_ended_are_left_out_and_hide_nothing(jdm, status):
    answer = jdm.evaluate(
        ANY, orders=[order(dose="15 mg", per="day", status=status), order(dose="15 mg", per="week", id="x")]
    )
    assert [screened.order["id"] for screened in answer.screened] == ["x"]
    assert not findings(answer).keys() & {"duplicate", "interval"}


@pytest.mark.parametrize("status", ["draft", "active", "on-hold", "proposed", "", None, 5, "nonsense", ["stopped"]])
def test_any_other_status_is_screened(jdm, status):
    assert "interval" in findings(jdm.evaluate(ANY, orders=[{**DAILY, "status": status}]))


# --- orders change nothing else, and nothing makes screening raise ----------------------------------------------------


def test_orders_change_no_recommendation(jdm):
    plain, ordered = jdm.evaluate(ANY), jdm.evaluate(ANY, orders=[DAILY, order("warfarin"), "x"])
    assert ordered.recommendations == plain.recommendations
    assert ordered.alerts == plain.alerts
    assert ordered.questions == plain.questions


def test_orders_that_are_no_orders_are_problems_and_hide_none(jdm):
    answer = jdm.evaluate(ANY, orders=["methotrexate", 15, None, True, [DAILY], DAILY])
    assert [problem.code for problem in answer.problems] == ["D114"] * 5
    assert findings(answer)["interval"].severity == "critical"


@pytest.mark.parametrize("orders", ["methotrexate daily", 15, True, DAILY, {"orders": [DAILY]}])
def test_orders_that_are_no_list_are_one_problem(jdm, orders):
    answer = jdm.evaluate(ANY, orders=orders)
    assert [problem.code for problem in answer.problems] == ["D114"]
    assert answer.screened == []


def test_screening_never_raises(jdm):
    """Eight hundred orders of every shape, and the same as medicines taken."""
    r = Random(11)  # noqa: S311 - repeatable, not secret
    drugs = [*jdm.guideline.pack.drugs.drugs, "MTX", "zzz", "", None, 5, math.inf, [], {}, "\ud800", "161"]
    doses = [None, 0, -1, 15, math.nan, math.inf, 10**400, "15 mg", "1e308 g", "15 mg/d", "x" * 500,
             {"value": 1}, {"unit": "mg"}, {"value": "15", "unit": "mg"}, {"value": 1e308, "unit": "kg"},
             {"value": 1e-320, "unit": "ng"}, [], True, "5 tablets"]  # fmt: skip
    pers = [None, "", "day", "week", "bid", "month", "course", "once", "prn", "q2w", "\ud800", 7, [], {"per": "day"}]
    others = {"times": [None, 0, 1, 2, 99, 1e-9, -1, "2", math.nan, 10**400, []],
              "route": [None, "oral", "IV", "nose", 5, []],
              "id": [None, "a", 5, "\ud800", [], {"x": object()}],
              "status": [None, "draft", "stopped", 5], "rxnorm": [None, "6851", 6851, "0"],
              5: [None, 1], "note": [None, [[[[[[[[[[1]]]]]]]]]], object()]}  # fmt: skip
    for _ in range(40):
        made = [
            {
                "drug": r.choice(drugs), "dose": r.choice(doses), "per": r.choice(pers),
                **{key: r.choice(values) for key, values in others.items() if r.random() < 0.3},
            }
            for _ in range(20)
        ]  # fmt: skip
        answer = jdm.evaluate(ANY, orders=made)
        assert cds_engine.Evaluation.model_validate_json(answer.model_dump_json()).screened is not None
        active = [each for each in made if str(each.get("status")) != "stopped"]
        assert len(answer.screened) >= len(active)
        assert all(screened.findings or screened.order.get("drug") for screened in answer.screened)
        jdm.evaluate(ANY | {"current_medications": made}).model_dump_json()


# --- the engines must agree on orders as well -----------------------------------------------------------------------


class Second(SecondEngine):
    """The second engine for the conditions about orders, with one of its truths changed."""

    def __init__(self, guideline, key="", change=lambda *_: None, after=0):
        self.conditions = guideline.order_conditions
        self.engine = DurableRules(self.conditions) if is_available() else None
        self.key, self.change, self.after = key, change, after

    def decide(self, supplied, _asked):
        if self.engine is not None:
            truths = dict(self.engine.decide(supplied))
        else:
            facts = supplied._facts  # noqa: SLF001 - there is no second engine here to ask
            truths = {key: agreement.decide(condition, facts).truth for key, condition in self.conditions.items()}
        self.after -= 1
        if self.after < 0:
            self.change(truths, self.key)
        return truths


def watched(jdm, second):
    pack = LoadedPack(jdm.guideline, {})
    pack._order_deciders = {"second": second}  # noqa: SLF001 - the only way to break one on purpose
    return pack


@pytest.mark.parametrize("change", [lie, lose_certainty, omit, say_one])
@pytest.mark.parametrize("key", ["order order-warfarin-in-calcinosis", "order order-cotrimoxazole-as-treatment"])
def test_an_engine_that_lies_about_an_order_leaves_no_answer(jdm, key, change):
    for orders in ([order("warfarin")], [DAILY], [{}]):
        with pytest.raises(cds_engine.EngineDisagreement) as caught:
            watched(jdm, Second(jdm.guideline, key, change)).evaluate(ANY, orders=orders)
        assert key in str(caught.value)


def test_every_condition_about_an_order_is_compared(jdm):
    for key in jdm.guideline.order_conditions:
        with pytest.raises(cds_engine.EngineDisagreement):
            watched(jdm, Second(jdm.guideline, key, lose_certainty)).evaluate(ANY, orders=[DAILY])


def test_a_lie_about_the_last_of_several_orders_is_caught(jdm):
    pack = watched(jdm, Second(jdm.guideline, "order order-warfarin-in-calcinosis", lie, after=2))
    with pytest.raises(cds_engine.EngineDisagreement):
        pack.evaluate(ANY, orders=[order("ibuprofen"), order("omeprazole"), order("warfarin")])


def test_a_lie_about_a_medicine_taken_is_caught(jdm):
    pack = watched(jdm, Second(jdm.guideline, "order order-warfarin-in-calcinosis", lie))
    with pytest.raises(cds_engine.EngineDisagreement):
        pack.evaluate(ANY | {"current_medications": ["warfarin"]})


def test_an_engine_that_fails_on_an_order_leaves_no_answer(jdm):
    with pytest.raises(cds_engine.BackendFault):
        watched(jdm, Second(jdm.guideline, "", fail)).evaluate(ANY, orders=[DAILY])


def test_an_honest_engine_agrees_and_is_not_asked_without_orders(jdm):
    second = Second(jdm.guideline, "", fail, after=1)
    pack = watched(jdm, second)
    assert pack.evaluate(ANY).screened == []
    assert pack.evaluate(ANY, orders=[DAILY]).screened == jdm.evaluate(ANY, orders=[DAILY]).screened
    assert second.after == 0


def test_a_check_that_asks_for_the_absent_is_not_silenced_by_what_cannot_be_used():
    """The steroid dose a kilogram was given and is no number: the check for an unknown dose still speaks."""
    facts = {
        "current_medications": [{"drug": "methotrexate", "dose": "10 mg", "per": "week"}],
        "current_systemic_corticosteroid": "10 mg/d",
        "corticosteroid_dose_per_kg": "x",
    }
    answer = cds_engine.load("jdm_calcinosis").evaluate(facts, orders=[order("varicella_vaccine")])
    assert "order-live-vaccine-on-corticosteroid-of-unknown-dose" in findings(answer)
