"""Any fact of any pack as a sentence, and back."""

from __future__ import annotations

import pytest

import cds_engine
from cds_engine.bdd.recorded import said_as_recorded
from cds_engine.bdd.run import Runner


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("breastfeeding", False),
        ("age_years", 8.0),
        ("height", "128 cm"),
        ("egfr", "29.99 mL/min/{1.73_m2}"),
        ("alt", {"value": 2400.0, "unit": "U/L", "range": {"high": 1200.0}}),
        ("drug_hypersensitivity", []),
        ("current_medications", [{"drug": "sulfamethoxazole", "per": "week"}]),
        ("pregnancy_test_date", "2026-01-09"),
    ],
)
def test_a_fact_is_said_and_understood_again(name, value):
    pack = cds_engine.load("jdm_calcinosis")
    runner = Runner(pack)
    scene = runner.scene()
    sentence = said_as_recorded(name, value, pack.guideline)
    assert sentence is not None
    runner.say(scene, "given", sentence)
    assert scene.facts == {name: value}


def test_what_cannot_be_given_back_is_not_said():
    pack = cds_engine.load("jdm_calcinosis")
    assert said_as_recorded("height", ["128 cm", "130 cm"], pack.guideline) is None
