"""Changes between two versions that hide: each affects somebody, and never is it said that nobody is."""

from __future__ import annotations

from dataclasses import replace

import pytest
from versions import GOOD, changed

from cds_engine.checker.check import check
from cds_engine.lowering.guideline import Treatment
from cds_engine.lowering.lower import lower

pytest.importorskip("z3")

from cds_engine.proof.diff import Difference
from cds_engine.proof.replay import Replay

PATIENTLY = 120.0

HALVED = "        - {when: kidneys_fail, multiply: 0.5, source: label-2026, note: half dose}\n"
PUBLISHED = "      - {unit: umol/L, divide_by: 88.4, source: label-2026}\n"
CHANGES = {
    "interval": ("regimens.yaml", "per: week\n", "per: course\n", "give-examplin", "the schedule of examplin"),
    "times-a-day": ("regimens.yaml", "times_per_day: 2", "times_per_day: 3", None, None),
    "product-step": (
        "regimens.yaml", "step: 2.5 mg", "step: 5 mg", "give-examplin", "the choice of products of examplin",
    ),
    "route": ("regimens.yaml", "prefer: oral", "prefer: subcutaneous", "give-examplin", "the schedule of examplin"),
    "adjustment": ("regimens.yaml", "multiply: 0.5", "multiply: 0.25", "give-examplin", "the upper end of examplin"),
    "plausible-range": (
        "facts.yaml", "plausible: 0.5 to 300 kg", "plausible: 0.5 to 250 kg", "give-examplin",
        "recommended to needs_data",
    ),
    "wider-range": (
        "facts.yaml", "plausible: 30 to 250 cm", "plausible: 30 to 280 cm", "give-examplin",
        "needs_data to recommended",
    ),
    "max-age": ("facts.yaml", "max_age: 90 d", "max_age: 30 d", "give-examplin", "recommended to needs_data"),
    "tolerance": (
        "facts.yaml", "plausible: 0 to 100}", "plausible: 0 to 100, tolerance: 2}", "rest", "needs_data to recommended",
    ),
    "code": (
        "facts.yaml", "possible, not_pregnant]", "possible, not_pregnant, never]", "give-examplin",
        "needs_data to recommended",
    ),
    "presumed": ("facts.yaml", ', absent_means: "false"', "", "give-examplin", "recommended to needs_data"),
    "contradiction": (
        "definitions.yaml", "weight > 200 'kg'", "weight > 150 'kg'", "give-examplin", "recommended to needs_data",
    ),
    "severity": (
        "safety/examplin.yaml", "severity: critical", "severity: info", "examplin-too-much", "alert critical to info",
    ),
    "second-adjustment": (
        "regimens.yaml", HALVED, HALVED + HALVED.replace("kidneys_fail", "ulcer"), "give-examplin",
        "the upper end of examplin",
    ),
    "published-factor": (
        "facts.yaml", "divide_by: 88.4", "divide_by: 80", "give-examplin", "the upper end of examplin",
    ),
    "range-of-what-has-a-published-unit": (
        "facts.yaml", "plausible: 0.1 to 30 mg/dL", "plausible: 0.1 to 25 mg/dL", "give-examplin",
        "recommended to needs_data",
    ),
    "modality": (
        "statements/treatment.yaml", "modality: option", "modality: consider", "rest", "option to consider",
    ),
}  # fmt: skip
"""File, what is written, what is written instead, and what changes for somebody."""


@pytest.fixture(scope="module")
def good():
    return lower(check(GOOD)[0])


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_that_hides_is_told_with_somebody_whom_it_affects(name, good, tmp_path):
    file, before, after, rule, what = CHANGES[name]
    new = changed(tmp_path / "pack", file, before, after)
    difference = Difference(good, new, PATIENTLY)
    found = {(change.rule, change.what): change for change in difference.run()}

    assert difference.undecided == []
    if rule is None:
        assert found == {}
        return
    assert (rule, what) in found, list(found)
    patient = found[rule, what].patient
    assert patient is not None
    answers = [Replay.of(pack, patient) for pack in (good, new)]
    assert answers[0].decisions != answers[1].decisions or what.startswith("alert")


@pytest.mark.parametrize("publisher", ["old", "new"])
def test_a_unit_that_one_version_publishes_and_the_other_knows_by_physics_is_told(publisher, tmp_path):
    """Only amounts in a narrow band are answered otherwise, and only where they are sent in that unit."""
    whole, band = "creatinine > 4 'mg/dL'", "(creatinine > 4 'mg/dL' and creatinine < 4.1 'mg/dL')"
    banded = changed(tmp_path / "banded", "definitions.yaml", whole, band).pack.path
    conversions = "    conversions:\n" + PUBLISHED
    grams = "    conversions:\n      - {unit: g/L, multiply_by: 90, source: label-2026}\n"
    by_physics = changed(tmp_path / "physics", "facts.yaml", conversions, "", banded)
    published = changed(tmp_path / "published", "facts.yaml", conversions, grams, banded)
    versions = (published, by_physics) if publisher == "old" else (by_physics, published)

    difference = Difference(*versions, PATIENTLY)
    found = {(change.rule, change.what): change for change in difference.run({"give-examplin"})}
    assert difference.undecided == []
    patient = found["give-examplin", "the upper end of examplin"].patient
    assert str(patient["facts"]["creatinine"]).endswith("g/L")


def test_another_unit_that_is_accepted_affects_nobody(good, tmp_path):
    new = changed(tmp_path / "pack", "facts.yaml", "plausible: 30 to 250 cm}", "plausible: 30 to 250 cm, accepts: [m]}")
    difference = Difference(good, new, PATIENTLY)
    assert list(difference.run()) == []
    assert difference.undecided == []


def test_a_rule_that_is_left_out_is_told(good):
    new = replace(good, rules=tuple(spec for spec in good.rules if spec.rule.id != "rest"))
    (change,) = Difference(good, new, PATIENTLY).run()
    assert (change.rule, change.what, change.before, change.after) == ("rest", "no longer there", "recommended", "-")
    assert change.patient is not None


def test_another_treatment_under_the_same_name_is_told(good):
    """The rule has the same status for everybody, and what it offers is another thing."""
    walking = Treatment(None, "walking", None)
    rules = (replace(spec, treatments=(walking,)) if spec.rule.id == "rest" else spec for spec in good.rules)
    safety = {**good.contraindications, "walking": good.contraindications["bed_rest"]}
    new = replace(good, rules=tuple(rules), contraindications=safety)
    found = {change.what for change in Difference(good, new, PATIENTLY).run()}
    assert found == {"offers walking as well", "offers bed_rest no longer"}
