"""What was given and cannot be used is never safer than the worst it may have said."""

from __future__ import annotations

import pytest
from strategies import READY

import cds_engine

PACK = cds_engine.load("jdm_calcinosis")
SPECS = PACK.guideline.dictionary.facts
AS_OF = "2026-11-21"


def values_of(name):
    """List values that cover what the fact can say: every code, both truths, numbers over the whole range."""
    spec = SPECS[name]
    match spec.entry.type:
        case "boolean":
            return [True, False]
        case "code":
            return list(spec.entry.allowed)
        case "quantity":
            low, high = spec.plausible or (0, 100)
            return [f"{low + (high - low) * share / 20} {spec.unit}" for share in range(21)]
        case _:
            return []


def status(facts, rule="start-methotrexate"):
    return PACK.evaluate(facts, as_of=AS_OF).recommendation(rule).status


ASKED = [name for name in SPECS if values_of(name)]


@pytest.mark.parametrize("name", ASKED)
@pytest.mark.parametrize("broken", ["rejected", "future", "conflicting"])
def test_an_unusable_fact_lets_nothing_through_that_one_of_its_values_blocks(name, broken):
    values = values_of(name)
    blocking = [value for value in values if status(READY | {name: value}) == "blocked"]
    if not blocking:
        return
    bad = {
        "rejected": "?!",
        "future": {"value": blocking[0], "date": "2027-01-01"},
        "conflicting": [blocking[0], next(value for value in values if value not in blocking)],
    }[broken]
    found = PACK.evaluate(READY | {name: bad}, as_of=AS_OF)
    assert found.recommendation("start-methotrexate").status != "recommended"
    assert found.recommendation("start-methotrexate").dose is None
    assert any(question.fact == name and question.why != "missing" for question in found.questions)


def test_the_law_speaks_of_something():
    assert sum(any(status(READY | {n: v}) == "blocked" for v in values_of(n)) for n in ASKED) >= 12


@pytest.mark.parametrize("name", ["alt", "ast"])
@pytest.mark.parametrize("bad", ["6000 U/L", 900, "1,400 U/L", ["20 U/L", "900 U/L"]])
def test_is_true_of_something_unusable_is_unknown(name, bad):
    """A condition that asks `is true` does not take a rejected or conflicting value for one that nobody gave."""
    assert status(READY | {name: bad, "alt_uln": "35 U/L"}) == "needs_data"


def test_a_stale_pregnancy_is_still_believed():
    old = {"value": "pregnant", "date": "2026-10-01"}
    girl = READY | {"age_years": 16, "sex_at_birth": "female", "childbearing_potential": True, "pregnancy_status": old}
    assert status(girl) == "blocked"


def test_values_that_agree_but_straddle_a_threshold_are_both_tried():
    creatinine = {"serum_creatinine": "1.85 mg/dL"}  # 28.6 by Schwartz at 128 cm
    assert status(READY | creatinine | {"egfr": "31 mL/min/{1.73_m2}"}) == "blocked"


def test_a_reading_that_cannot_be_used_does_not_erase_the_one_before():
    values = [{"value": "treatment", "date": "2026-11-20"}, {"value": "none?", "date": AS_OF}]
    assert status(READY | {"tmp_smx_use": values}) == "blocked"
