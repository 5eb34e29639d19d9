"""The invariants of the JDM pack that speak of edges, signs and mistyped numbers, one at a time."""

from __future__ import annotations

import math
from random import Random

import pytest
from answers import acts, alerts, asked
from strategies import READY

import cds_engine

PACK = cds_engine.load("jdm_calcinosis")
FACTS = PACK.guideline.dictionary.facts
MTX = "methotrexate"


def answer(**changes):
    return PACK.evaluate({name: value for name, value in (READY | changes).items() if value is not None})


def weekly(found):
    """Return the one dose of methotrexate of an answer."""
    (dose,) = {(part.dose.unrounded_low, part.dose.unrounded_high) for part in acts(found, MTX)}
    return dose


SIGNS = {
    "age_years": ([0.5], [1, 8]), "cmas": ([0, 14], [15, 52]), "mmt8": ([0, 29], [30, 80]),
    **dict.fromkeys(
        ("unable_to_get_off_bed", "dysphagia_or_aspiration", "gi_vasculitis", "myocarditis",
         "parenchymal_lung_disease", "cns_disease", "skin_ulceration", "intensive_care_needed"), ([True], [False]),
    ),
}  # fmt: skip
"""Each sign of high risk: the values that are one, and those that are none."""


@pytest.mark.parametrize("fact", SIGNS)
def test_inv_31_high_risk_leads_to_urgent_referral(fact):
    """Any one sign of high risk: urgent referral; the nearest harmless value: none."""
    high, harmless = SIGNS[fact]
    born = {"jdm_onset_age": 0.5} if fact == "age_years" else {}
    for value in high:
        assert answer(**{fact: value}, **born).recommendation("urgent-referral").status == "recommended"
    for value in harmless:
        assert answer(**{fact: value}, **born).recommendation("urgent-referral").status != "recommended"


def test_inv_31_speaks_of_every_sign_that_the_pack_names():
    condition = PACK.guideline.conditions["definition high_risk_presentation"]
    assert {part.name if hasattr(part, "name") else part.left.name for part in condition.parts} == SIGNS.keys()


NO_NUMBERS = (math.nan, math.inf, -math.inf, "nan", "inf", -1, "-3", "1,5", "1e400", 10**400, "twelve", {}, True)
NUMBERS = sorted(name for name, spec in FACTS.items() if spec.entry.type in {"quantity", "decimal", "integer"})


@pytest.mark.parametrize("fact", NUMBERS)
def test_inv_43_what_is_no_number_is_rejected_and_asked_for(fact):
    """NaN, infinite, negative, `1,5`, unit-less: a problem and a question; no value, and no dose that rests on it."""
    spec = FACTS[fact]
    low = spec.plausible[0] if spec.plausible else 0
    bad = [value for value in NO_NUMBERS if low > -1 or value not in (-1, "-3")]
    if spec.unit is not None:
        bad += [{"value": value, "unit": spec.unit} for value in bad if value != {}]
    if spec.entry.type == "quantity":
        bad += [26, "26", {"value": 26}]
    for value in bad:
        found = answer(**{fact: value})
        assert fact in {problem.fact for problem in found.problems}, value
        assert fact in asked(found), value
        if fact in {"height", "weight"}:
            assert not [part for part in acts(found, MTX) if part.dose], value


@pytest.mark.parametrize("fact", ["height", "weight", "serum_creatinine"])
def test_inv_43_zero_is_no_size(fact):
    found = answer(**{fact: {"value": 0, "unit": FACTS[fact].unit}})
    assert fact in {problem.fact for problem in found.problems}
    assert fact in asked(found)
    assert fact == "serum_creatinine" or not acts(found, MTX)


def test_inv_46_both_sides_of_the_renal_edges():
    """Below 30 none, from 30 half, from 60 the full dose."""
    full = weekly(answer(egfr="60 mL/min/{1.73_m2}"))
    assert full == weekly(answer(egfr="110 mL/min/{1.73_m2}"))
    half = weekly(answer(egfr="30 mL/min/{1.73_m2}"))
    assert half == weekly(answer(egfr="59.99 mL/min/{1.73_m2}"))
    assert half == pytest.approx([end / 2 for end in full])
    assert not acts(answer(egfr="29.99 mL/min/{1.73_m2}"), MTX)


@pytest.mark.parametrize(
    ("height", "high"), [("179.9 cm", 39.99), ("180 cm", 40.0), ("180.001 cm", 40.0), ("178 cm", 39.78)]
)
def test_inv_46_body_surface_of_two_square_metres_reaches_the_cap(height, high):
    """180 cm and 80 kg are 2 m2 by Mosteller: 20 mg/m2 comes to 40 mg, and no more above it."""
    assert weekly(answer(age_years=16, sex_at_birth="male", height=height, weight="80 kg"))[1] == pytest.approx(
        high, abs=0.005
    )


@pytest.mark.parametrize(("amount", "is_above"), [("40 mg", False), ("40.0001 mg", True), ("39.9 mg", False)])
def test_inv_46_an_order_of_exactly_the_cap_is_allowed(amount, is_above):
    facts = READY | {"age_years": 16, "height": "180 cm", "weight": "80 kg"}
    found = PACK.evaluate(facts, orders=[{"drug": MTX, "dose": amount, "per": "week", "route": "subcutaneous"}])
    graver = {f.rule for s in found.screened for f in s.findings if f.severity != "info"}
    assert any("cap" in rule or "above" in rule for rule in graver) is is_above, graver


@pytest.mark.parametrize(
    ("level", "status"),
    [("29.99 nmol/L", "deficient"), ("30 nmol/L", "insufficient"), ("50 nmol/L", "insufficient"),
     ("50.01 nmol/L", "sufficient"), ("11.99 ng/mL", "deficient"), ("12 ng/mL", "insufficient"),
     ("19.99 ng/mL", "insufficient"), ("20 ng/mL", "sufficient")],
)  # fmt: skip
def test_inv_46_vitamin_d_by_the_bands_of_the_reported_unit(level, status):
    assert answer(vitamin_d_25oh=level).derived["vitamin_d_status"].value == status


def test_inv_48_liver_enzymes_in_muscle_disease_put_a_question():
    """ALT or AST raised with CK raised and GGT normal or unknown: asked about, neither blocked nor let through."""
    r = Random(48)  # noqa: S311 - repeatable, not secret
    for _ in range(200):
        limit, upper = r.uniform(20, 60), r.uniform(100, 300)
        enzymes = {
            name: f"{limit * r.uniform(2.01, 20):.3f} U/L" for name in r.choice([("alt",), ("ast",), ("alt", "ast")])
        }
        muscle = {"value": round(upper * r.uniform(1.01, 50), 3), "unit": "U/L", "range": {"high": round(upper, 3)}}
        gut = r.choice([None, {"value": 14, "unit": "U/L", "range": {"high": 25}}, "14 U/L"])
        found = answer(**enzymes, alt_uln=f"{limit:.3f} U/L", ck=muscle, ggt=gut)
        assert "transaminase_rise_is_hepatic" in asked(found)
        assert "transaminases-raised-muscle-likely" in alerts(found)
        start = found.recommendation("start-methotrexate")
        assert start.status == "needs_data"
        assert not start.blocked_by
        for hepatic, status in ((True, "blocked"), (False, "recommended")):
            told = answer(
                **enzymes, alt_uln=f"{limit:.3f} U/L", ck=muscle, ggt=gut, transaminase_rise_is_hepatic=hepatic
            )
            assert told.recommendation("start-methotrexate").status == status
