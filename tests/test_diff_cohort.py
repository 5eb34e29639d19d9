"""Whatever `diff` tells of a rule or alert is counted in a cohort, and of nobody else."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from versions import GOOD, changed

from cds_engine.checker.check import check
from cds_engine.lowering.guideline import Treatment
from cds_engine.lowering.lower import lower

pytest.importorskip("z3")

from cds_engine.proof.cohort import SAYS_NOTHING, counted_in
from cds_engine.proof.diff import RECORDS

RULES = frozenset({"give-examplin", "rest", "examplin-too-much", RECORDS})


def taking(amount):
    """Return what is said of somebody who takes an amount of examplin a week."""
    return {"medications": [{"drug": "examplin", "dose": f"{amount} mg", "per": "week"}]}


READY = {
    "age": "40 a", "lesions": 5, "gout": False, "pregnancy": "not_pregnant", "allergies": [], "medications": [],
    "ulcer": False, "height": "120 cm", "weight": "40 kg",
    "egfr": "90 mL/min/{1.73_m2}", "creatinine": "1 mg/dL",
}  # fmt: skip
COHORT = [{"facts": facts} for facts in (READY, {**READY, "gout": True}, taking(60), taking(40), {})]
DOSED = "give-examplin", "recommended"
CHANGES = {
    "strength": (
        "statements/treatment.yaml", "modality: option", "modality: consider", 2, ("rest", "option", "consider"),
    ),
    "alert": (
        "safety/examplin.yaml", "> 50 'mg/wk'", "> 30 'mg/wk'", 1, ("examplin-too-much", "not shown", "shown"),
    ),
    "severity": (
        "safety/examplin.yaml", "severity: critical", "severity: info", 1, ("examplin-too-much", "critical", "info"),
    ),
    "dose": ("regimens.yaml", "10 to 15 mg/m2", "10 to 16 mg/m2", 1, (*DOSED, "another dose")),
    "schedule": ("regimens.yaml", "per: week\n", "per: course\n", 1, (*DOSED, "another schedule")),
    "route": ("regimens.yaml", "prefer: oral", "prefer: subcutaneous", 1, (*DOSED, "another schedule")),
    "products": ("regimens.yaml", "step: 2.5 mg", "step: 5 mg", 1, (*DOSED, "other products")),
    "records": (
        "definitions.yaml", "weight > 200 'kg' and height < 100 'cm'", "weight > 30 'kg' and height < 130 'cm'", 2,
        (RECORDS, "not contradictory", "contradictory"),
    ),
}  # fmt: skip
"""File, what is written, what is written instead, how many of the cohort are affected, and by what."""


@pytest.fixture(scope="module")
def good():
    return lower(check(GOOD)[0])


@pytest.mark.parametrize("name", CHANGES)
def test_whatever_is_told_is_counted(name, good, tmp_path):
    file, before, after, affected, change = CHANGES[name]
    counts = counted_in(COHORT, good, changed(tmp_path / "pack", file, before, after), RULES)
    assert (counts.patients, counts.affected) == (len(COHORT), affected)
    assert counts.by_change[change] == affected
    if name != "records":  # whose facts are then not used, so that rules wait for them
        assert list(counts.by_change) == [change]


def offering(good, *treatments):
    """Return the pack with other things to do in place of rest."""
    rules = (replace(spec, treatments=treatments) if spec.rule.id == "rest" else spec for spec in good.rules)
    nothing_against = {treatment.target: () for treatment in treatments}
    return replace(good, rules=tuple(rules), contraindications={**good.contraindications, **nothing_against})


def test_other_treatments_without_a_dose_and_another_order_are_counted(good):
    walking, rest = Treatment(None, "walking", None), Treatment(None, "bed_rest", None)
    one, other = offering(good, walking, rest), offering(good, rest, walking)
    assert counted_in(COHORT, one, other, RULES).by_change == {("rest", "recommended", "another treatment first"): 2}
    found = counted_in(COHORT, offering(good, rest), offering(good, walking), RULES).by_change
    assert found["rest", "recommended", "other treatments"] == 2


def test_of_what_is_in_one_version_only_those_are_counted_to_whom_it_says_something(good):
    without = replace(good, rules=(), alerts=())
    counts = counted_in(COHORT, good, without, RULES)
    assert counts.affected == len(COHORT)  # with nothing on record both rules wait
    assert not any(SAYS_NOTHING.issuperset(change[1:]) for change in counts.by_change)
    assert counts.by_change["give-examplin", "needs_data", "-"] == 3
    assert counts.by_change["examplin-too-much", "shown", "-"] == 1
    assert counted_in(COHORT, without, good, RULES).by_change == Counter(
        {(name, after, before): count for (name, before, after), count in counts.by_change.items()}
    )
