"""Proofs: the invariants of the JDM pack hold for every patient, and a faulty pack is refuted by one who shows it."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest

import cds_engine
from cds_engine.checker.check import check
from cds_engine.engine.packs import find
from cds_engine.engine.worlds import Worlds
from cds_engine.lowering import core as c
from cds_engine.lowering.lower import lower
from cds_engine.proof.gaps import Gaps
from cds_engine.proof.invariants import promises_of
from cds_engine.proof.laws import Laws
from cds_engine.proof.prove import Prover
from cds_engine.proof.replay import Replay

pytest.importorskip("z3")

from cds_engine.backends.smt.answer import SymbolicAnswer
from cds_engine.backends.smt.logic import FALSE

JDM = find("jdm_calcinosis")


def opened(folder):
    checked, findings = check(folder)
    assert checked is not None, [finding.render() for finding in findings]
    guideline = lower(checked)
    promises, wrong = promises_of(folder, checked, guideline)
    assert not wrong, [finding.render() for finding in wrong]
    return guideline, promises


@pytest.fixture(scope="module")
def proved():
    guideline, promises = opened(JDM)
    return guideline, {found.promise.id: found for found in Prover(guideline, promises).run()}


def test_every_invariant_is_proved(proved):
    assert {name: found.outcome for name, found in proved[1].items() if found.outcome != "proved"} == {}


def test_every_proof_speaks_of_somebody(proved):
    """The patient shown with a proof meets the premise, as the evaluator sees him."""
    guideline, findings = proved
    for found in findings.values():
        assert Replay.of(guideline, found.patient).meets(found.promise), found.promise.id


MTX = "safety/methotrexate.yaml"
FAULTS = {
    "cap-left-off": ("regimens.yaml", "      at_most: 40 mg\n", "", "INV-04"),
    "cap-too-high": ("regimens.yaml", "      at_most: 40 mg\n", "      at_most: 45 mg\n", "INV-04"),
    "half-dose-left-off": ("regimens.yaml", "          multiply: 0.5\n", "          multiply: 1\n", "INV-08"),
    "per-day-for-per-week": (
        "regimens.yaml", "      per: week\n      at_most: 40 mg\n", "      per: day\n      at_most: 40 mg\n", "INV-05",
    ),
    "below-for-at-most-30": (
        "definitions.yaml", "    when: egfr < 30 'mL/min/{1.73_m2}'", "    when: egfr <= 30 'mL/min/{1.73_m2}'",
        "INV-46-thirty",
    ),
    "possible-pregnancy-forgotten": (
        MTX, "when: pregnancy_status in {'pregnant', 'possible'}\n    says: Methotrexate",
        "when: pregnancy_status = 'pregnant'\n    says: Methotrexate", "INV-01-methotrexate",
    ),
    "unknown-pregnancy-taken-for-no": (
        MTX, "when: pregnancy_status in {'pregnant', 'possible'}\n    says: Methotrexate",
        "when: pregnancy_status in {'pregnant', 'possible'}\n    if_unknown: ignore\n    says: Methotrexate",
        "    says: Pregnancy is given as not applicable", "    if_unknown: ignore\n    says: Pregnancy is given as not applicable",
        "INV-02",
    ),
    "halved-before-the-cap": ("regimens.yaml", "      at_most: 40 mg\n", "      at_most: 70 mg\n", "INV-08"),
    "contraindication-dropped": (
        MTX, "    when: alcohol_misuse\n", "    when: alcohol_misuse and age_years >= 100 'a'\n", "INV-10-alcohol",
    ),
    "infants-given-a-formula": (
        "formulas.yaml", "when: age_years >= 1 'a' and age_years < 18 'a'", "when: age_years < 18 'a'", "INV-30-infant",
    ),
    "onset-in-adult-life": (
        "definitions.yaml", "jdm_onset_age < 18 'a' or (", "jdm_onset_age < 19 'a' or (", "INV-21-onset",
    ),
}  # fmt: skip
"""File, what is written, what is written instead, and the invariant that must be refuted."""


@pytest.fixture
def changed(tmp_path):
    def change(file, *texts):
        folder = tmp_path / "pack"
        shutil.copytree(JDM, folder)
        text = (folder / file).read_text(encoding="utf-8")
        for old, new in zip(texts[::2], texts[1::2], strict=True):
            assert text.count(old) == 1, f"{text.count(old)} places"
            text = text.replace(old, new)
        (folder / file).write_text(text, encoding="utf-8")
        return folder

    return change


@pytest.mark.parametrize("fault", FAULTS)
def test_faults_are_refuted_with_a_patient_who_shows_them(fault, changed):
    *change, broken = FAULTS[fault]
    folder = changed(*change)
    guideline, promises = opened(folder)
    promise = next(p for p in promises if p.id == broken)

    found = Prover(guideline, [promise]).prove(promise)

    assert found.outcome == "refuted", found
    assert Replay.of(guideline, found.patient).breaks(promise)
    sound, kept = opened(JDM)
    promise = next(p for p in kept if p.id == broken)
    assert not Replay.of(sound, found.patient).breaks(promise), "the fault and nothing else"


def test_a_refuting_patient_is_one_that_both_engines_agree_on(changed):
    folder = changed(*FAULTS["cap-left-off"][:-1])
    guideline, promises = opened(folder)
    found = Prover(guideline, [p for p in promises if p.id == "INV-04"]).prove(promises[5])

    answer = cds_engine.load(folder).evaluate(found.patient)

    assert max(rec.dose.unrounded_high for rec in answer.recommended if rec.drug == "methotrexate" and rec.dose) > 40
    size = [found.patient["facts"][name].split()[0] for name in ("height", "weight")]
    assert all(len(number.replace(".", "")) <= 4 for number in size), "as a person would write them"


def test_a_conflict_that_falls_back_to_a_default_is_refuted(changed, monkeypatch):
    """The engine holds what was given and cannot be used even where a rule is ignored when unknown; without that:"""
    folder = changed(*FAULTS["unknown-pregnancy-taken-for-no"][:-1])
    guideline, promises = opened(folder)
    promise = next(p for p in promises if p.id == "INV-28-pregnancy")
    assert Prover(guideline, [promise]).prove(promise).outcome == "proved"

    monkeypatch.setattr(Worlds, "must_hold", lambda _, rule, __: rule.if_unknown == "hold")
    monkeypatch.setattr(
        SymbolicAnswer, "_held",
        lambda self, key, rule: self.believed(key).unknown if rule.if_unknown == "hold" else FALSE,
    )  # fmt: skip
    found = Prover(guideline, [promise]).prove(promise)

    assert found.outcome == "refuted"
    assert "pregnancy_status" in Replay.of(guideline, found.patient).worlds.withheld


def test_what_nobody_meets_is_no_promise():
    guideline, promises = opened(JDM)
    impossible = replace(promises[0], premise=c.And((c.Constant(value=False), promises[0].premise)))

    assert Prover(guideline, [impossible]).prove(impossible).outcome == "vacuous"


def test_the_laws_of_every_pack_are_proved_of_this_one():
    guideline, _ = opened(JDM)
    found = list(Laws(guideline).run())

    assert [law for law in found if law.outcome != "proved"] == []
    assert {law.law for law in found} == {"forbids", "unknown-is-not-safe", "settled"}
    assert len(found) > 50


def test_a_rule_that_fires_only_for_want_of_knowledge_breaks_the_law(changed):
    """Ready while tuberculosis is unknown, and not when it is known to be absent."""
    folder = changed(
        "statements/methotrexate.yaml", "disease_phase = 'new_onset'",
        "disease_phase = 'new_onset' and tb_active_or_untreated_latent is null",
    )  # fmt: skip
    guideline, _ = opened(folder)
    broken = {law.of for law in Laws(guideline).run() if law.outcome == "not proved"}
    assert "methotrexate" in broken


def test_gaps_are_found(changed):
    folder = changed(
        "safety/methotrexate.yaml", "    when: immunodeficiency\n", "    when: immunodeficiency and alcohol_misuse\n"
    )
    guideline, _ = opened(folder)
    found = {(gap.check, gap.text.split("`")[1]) for gap in Gaps(guideline).run() if "`" in gap.text}

    assert ("never-matters", "methotrexate-immunodeficiency") in found, "alcohol misuse alone blocks already"
    assert ("never-matters", "methotrexate-alcohol") not in found
