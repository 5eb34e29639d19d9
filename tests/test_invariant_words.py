"""What the invariants of the JDM pack say in words is what their premises and claims say, where a program can tell."""

from __future__ import annotations

import re

import pytest

from cds_engine.checker.check import check
from cds_engine.checker.spoken import word
from cds_engine.engine.packs import find
from cds_engine.lowering.lower import lower
from cds_engine.lowering.walk import names_in
from cds_engine.pack.invariants import read_invariants
from cds_engine.proof.invariants import promises_of
from cds_engine.proof.replay import Replay

JDM = find("jdm_calcinosis")
WRITTEN = {invariant.id: invariant for invariant in read_invariants(JDM)[0].invariants}


@pytest.fixture(scope="module")
def pack():
    checked, _ = check(JDM)
    assert checked is not None
    guideline = lower(checked)
    promises, wrong = promises_of(JDM, checked, guideline)
    assert not wrong
    return guideline, {promise.id: promise for promise in promises}


@pytest.mark.parametrize("name", [name for name, found in WRITTEN.items() if "reason." in found.claim])
def test_a_claim_about_reasons_says_so(name):
    assert re.search(r"\b(is|are|both) named\b|\breason\b|blocked for", WRITTEN[name].says), WRITTEN[name].says


def test_every_contraindication_of_methotrexate_is_claimed_to_be_named(pack):
    guideline, _ = pack
    claimed = {
        reason
        for found in WRITTEN.values()
        for denied, reason in re.findall(r"(not \()?reason\.(\w+)", found.claim)
        if not denied
    }
    assert {word(rule.id) for _, rule in guideline.contraindications["methotrexate"]} <= claimed


def test_the_scope_gate_names_the_statements_of_share_that_it_closes(pack):
    """No rule of a statement that it names is left open, and it closes no rule of a statement that it does not name."""
    guideline, promises = pack
    gate = promises["INV-21-diagnosis"]
    closed = {name.removeprefix("status.") for name in names_in((gate.claim,)) if name.startswith("status.")}
    named = re.search(r"SHARE \((.*)\)", gate.says)
    assert named is not None
    statements = {row for part in named[1].split(", ") for row in numbered(*part.split(" to "))}
    assert statements <= {row(name) for name in guideline.statements}
    for spec in guideline.rules:
        if word(spec.rule.id) in closed:
            assert row(spec.statement.id) in statements
        else:
            assert not statements & {row(name) for name in spec.statements}


def numbered(first, last=None):
    """Return the rows from the first to the last: `S10 to S12` are S10, S11 and S12."""
    end = int((last or first)[1:])
    return [f"{first[0]}{number:0{len(first) - 1}}" for number in range(int(first[1:]), end + 1)]


def row(statement):
    """Return the row of the evidence that a statement is of: S09a and S09b are of S09."""
    return statement.rstrip("ab")


AST_ALONE = {
    "ast": {"value": 90, "unit": "U/L", "range": {"high": 40}},
    "ck": {"value": 900, "unit": "U/L", "range": {"high": 200}},
}
SKIN_ALONE = {
    "diagnosis_jdm": "confirmed", "jdm_onset_age": 7, "skin_disease_active": True, "skin_features_prominent": True,
    "muscle_disease_active": False, "current_medications": [], "drug_hypersensitivity": [],
}  # fmt: skip
"""Whom hydroxychloroquine is an option for, and no other drug from outside the seed."""


@pytest.mark.parametrize(
    ("name", "facts"),
    [
        ("INV-41-outside", SKIN_ALONE),
        ("INV-44-listed-cotrimoxazole", {"current_medications": ["trimethoprim"], "tmp_smx_use": "none"}),
        ("INV-44-listed-nitrous-oxide", {"current_medications": ["nitrous_oxide"], "nitrous_oxide_planned": False}),
        ("INV-44-listed-live-vaccine", {"current_medications": ["mmr_vaccine"]}),
        ("INV-44-liver", AST_ALONE | {"transaminase_rise_is_hepatic": True}),
        ("INV-48-asked", AST_ALONE),
    ],
)
def test_an_invariant_speaks_of_whoever_meets_one_of_its_conditions_alone(name, facts, pack):
    guideline, promises = pack
    assert Replay.of(guideline, {"facts": facts}).meets(promises[name])
