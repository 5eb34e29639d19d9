"""Proofs: the invariants of the JDM pack hold for every patient, and a faulty pack is refuted by one who shows it."""

from __future__ import annotations

import shutil

import pytest

import cds_engine
from cds_engine.checker.check import check
from cds_engine.engine.packs import find
from cds_engine.lowering.lower import lower
from cds_engine.proof.invariants import promises_of
from cds_engine.proof.prove import Prover
from cds_engine.proof.replay import Replay

pytest.importorskip("z3")
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


FAULTS = {
    "cap-left-off": ("regimens.yaml", "      at_most: 40 mg\n", "", "INV-04"),
    "pregnancy-contraindication-dropped": (
        "safety/methotrexate.yaml", "when: pregnancy_status in {'pregnant', 'possible'}\n    says: Methotrexate",
        "when: pregnancy_status = 'pregnant'\n    says: Methotrexate", "INV-01-methotrexate",
    ),
}  # fmt: skip


@pytest.fixture
def changed(tmp_path):
    def change(file, old, new):
        folder = tmp_path / "pack"
        shutil.copytree(JDM, folder)
        text = (folder / file).read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{text.count(old)} places"
        (folder / file).write_text(text.replace(old, new), encoding="utf-8")
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
    sound, _ = opened(JDM)
    assert not Replay.of(sound, found.patient).breaks(promise), "the fault and nothing else"
    cds_engine.load(folder).evaluate(found.patient)  # both engines agree on him
