"""Proofs: the invariants of the JDM pack hold for every patient, and a faulty pack is refuted by one who shows it."""

from __future__ import annotations

import json
import math
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from invariant_table import TABLE, settled
from spoilt import RECORDED, slip, spoilt
from typer.testing import CliRunner

import cds_engine
from cds_engine.checker.check import check
from cds_engine.cli import app
from cds_engine.engine.packs import find
from cds_engine.engine.worlds import Worlds
from cds_engine.evaluator import doses
from cds_engine.lowering import core as c
from cds_engine.lowering.lower import lower
from cds_engine.proof.bearing import bears_on
from cds_engine.proof.gaps import Gaps
from cds_engine.proof.invariants import promises_of
from cds_engine.proof.laws import Laws
from cds_engine.proof.prove import Prover
from cds_engine.proof.replay import Replay
from cds_engine.proof.settled import Settled

z3 = pytest.importorskip("z3")

from cds_engine.backends.smt.answer import SymbolicAnswer  # noqa: E402 - once Z3 is known to be there
from cds_engine.backends.smt.doses import Doses  # noqa: E402 - once Z3 is known to be there
from cds_engine.backends.smt.logic import FALSE  # noqa: E402 - once Z3 is known to be there

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


def test_a_replay_decides_in_every_reading_also_what_an_answer_needs_in_none():
    """Coverage counts a contradiction as shown, and promises speak of readings that no warning depends on."""
    reversed_pressures = {"bp_systolic": "60 mm[Hg]", "bp_diastolic": "90 mm[Hg]"}
    replay = Replay.of(cds_engine.load("jdm_calcinosis").guideline, {"facts": reversed_pressures})
    key = "conflict blood-pressure-reversed"
    assert replay.worlds.certain.verdicts[key].truth is None
    assert [world.verdicts[key].truth for world in replay.worlds.others if key in world.verdicts] == [True]


def test_every_invariant_is_proved(proved):
    assert {name: found.outcome for name, found in proved[1].items() if found.outcome != "proved"} == {}


def test_every_proof_speaks_of_somebody(proved):
    """The patient shown with a proof meets the premise, as the evaluator sees him."""
    guideline, findings = proved
    for found in findings.values():
        assert Replay.of(guideline, found.patient).meets(found.promise), found.promise.id


def test_an_invariant_bears_on_the_statements_whose_rules_or_medicines_it_speaks_of(proved):
    guideline, findings = proved
    bearing = {name: bears_on(found.promise, guideline) for name, found in findings.items()}
    assert "S09a" in bearing["INV-04"]
    assert "S10" not in bearing["INV-04"]
    assert bearing["INV-31"] == ("O2",)
    assert set(bearing["INV-32-iga"]) == {"S11", "T11"}
    assert bearing["INV-46-vitamin-d"] == ()
    assert bearing["INV-41-outside"] == ("X1", "X2", "X3", "X4", "X8", "X14")


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
        "    says: Pregnancy is given as not",
        "    if_unknown: ignore\n    says: Pregnancy is given as not",
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
IN_CI = {
    "cap-left-off", "below-for-at-most-30", "contraindication-dropped", "unknown-pregnancy-taken-for-no",
    "per-day-for-per-week",
}  # fmt: skip
EVERYTHING = bool(os.environ.get("PROVE_EVERYTHING"))
"""Try every fault; by hand, because each takes some seconds."""


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


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(name, marks=[] if name in IN_CI or EVERYTHING else pytest.mark.skip(reason="PROVE_EVERYTHING"))
        for name in FAULTS
    ],
)
def test_faults_are_refuted_with_a_patient_who_shows_them(fault, changed, proved):
    *change, broken = FAULTS[fault]
    folder = changed(*change)
    guideline, promises = opened(folder)
    promise = next(p for p in promises if p.id == broken)

    found = Prover(guideline, [promise]).prove(promise)

    assert found.outcome == "refuted", found
    assert Replay.of(guideline, found.patient).breaks(promise)
    sound, kept = proved
    assert not Replay.of(sound, found.patient).breaks(kept[broken].promise), "the fault and nothing else"
    if fault == "cap-left-off":
        answer = cds_engine.load(folder).evaluate(found.patient)  # both engines agree on him
        doses = [rec.dose.unrounded_high for rec in answer.recommended if rec.drug == "methotrexate" and rec.dose]
        assert max(doses) > 40
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
        SymbolicAnswer, "held",
        lambda self, key, rule: self.believed(key).unknown if rule.if_unknown == "hold" else FALSE,
    )  # fmt: skip
    found = Prover(guideline, [promise]).prove(promise)

    assert found.outcome == "refuted"
    assert "pregnancy_status" in Replay.of(guideline, found.patient).worlds.withheld


def test_a_cap_left_off_one_end_is_refuted(monkeypatch):
    """The dose path forgets the cap of the upper end only, in the evaluator and in the translation alike."""
    evaluated, translated = doses._end, Doses._end  # noqa: SLF001 - the slip is made where the path stands

    def upper_end_free(plan, rate, basis, applied):
        return evaluated(replace(plan, cap=None) if rate == plan.high else plan, rate, basis, applied)

    def upper_end_free_in_z3(self, plan, rate, basis, applied):
        return translated(self, replace(plan, cap=None) if rate == plan.high else plan, rate, basis, applied)

    assert found_with(monkeypatch, upper_end_free, upper_end_free_in_z3, "INV-04") > 40


def test_halving_before_the_cap_is_refuted(monkeypatch):
    """Half of an uncapped dose is held to the whole cap: more than half of the capped dose."""
    evaluated, translated = doses._end, Doses._end  # noqa: SLF001 - the slip is made where the path stands

    def halved_first(plan, rate, basis, applied):
        return evaluated(plan, rate * math.prod(a.multiply for a in applied), basis, ())

    def halved_first_in_z3(self, plan, rate, basis, applied):
        whole, share = translated(self, plan, rate, basis, [])
        for condition, factor in applied:
            half, its_share = translated(self, plan, rate * factor, basis, [])
            whole, share = z3.If(condition, half, whole), z3.If(condition, its_share, share)
        return whole, share

    assert found_with(monkeypatch, halved_first, halved_first_in_z3, "INV-08") > 20


def found_with(monkeypatch, evaluated, translated, broken):
    """Return the dose of the patient who shows that *broken* does not hold with these dose paths."""
    guideline, promises = opened(JDM)
    promise = next(p for p in promises if p.id == broken)
    monkeypatch.setattr(doses, "_end", evaluated)
    monkeypatch.setattr(Doses, "_end", translated)
    found = Prover(guideline, [promise]).prove(promise)
    assert found.outcome == "refuted"
    dose = Replay.of(guideline, found.patient).said(promise)["dose.methotrexate.high"]
    monkeypatch.undo()
    assert not Replay.of(guideline, found.patient).breaks(promise), "the slip and nothing else"
    return dose


@pytest.mark.parametrize("name", [promise.id for promise in opened(JDM)[1]])
def test_every_invariant_is_refuted_by_some_spoilt_pack(name, recorded, proved):
    """By the recorded patient, as the evaluator sees him; the sound pack keeps its promise to him."""
    sound, kept = proved
    assert name in recorded, "run `python tests/spoilt.py`"
    how, patient = recorded[name]["pack"], recorded[name]["patient"]
    promise = kept[name].promise
    with slip(how):
        assert Replay.of(spoilt(sound, how), patient).breaks(promise)
    assert not Replay.of(sound, patient).breaks(promise), "the fault and nothing else"


@pytest.fixture(scope="module")
def recorded():
    return json.loads(RECORDED.read_text(encoding="utf-8"))


def test_what_nobody_meets_is_no_promise():
    guideline, promises = opened(JDM)
    impossible = replace(promises[0], premise=c.And((c.Constant(value=False), promises[0].premise)))

    assert Prover(guideline, [impossible]).prove(impossible).outcome == "vacuous"


def test_the_laws_of_every_pack_are_proved_of_this_one():
    guideline, _ = opened(JDM)
    found = list(Laws(guideline).run())

    assert [law for law in found if law.outcome != "proved"] == []
    assert {law.law for law in found} == {"forbids", "displayed", "unknown-is-not-safe", "settled"}
    assert {law.of for law in found if law.law == "displayed"} == guideline.doses.keys()
    own = [law for law in found if law.law == "settled"]
    assert len(own) == len(guideline.rules) + len(guideline.alerts)
    written = TABLE.read_text(encoding="utf-8")
    assert written.endswith(settled(own)), "run `python tests/invariant_table.py`"


def test_a_display_above_the_cap_breaks_the_law(monkeypatch):
    guideline, _ = opened(JDM)
    monkeypatch.setattr(Doses, "shown", lambda _, end, __: end + 1)
    found = {law.of for law in Laws(guideline).run({"methotrexate"}) if law.outcome != "proved"}
    assert "methotrexate-weekly" in found


def test_what_is_settled_may_change_where_a_condition_asks_whether_a_fact_is_known(monkeypatch):
    """Without the exceptions the law does not hold: it is no law that nothing could break."""
    guideline, _ = opened(JDM)
    monkeypatch.setattr(Settled, "_asked", lambda _, __: frozenset())
    found = {law.of: law.outcome for law in Laws(guideline).run({"sun-protection", "physiotherapy"})}
    assert found == {"sun-protection": "not proved", "physiotherapy": "proved"}


def test_a_rule_that_fires_only_for_want_of_knowledge_breaks_the_law(changed):
    """Ready while tuberculosis is unknown, and not when it is known to be absent."""
    folder = changed(
        "statements/methotrexate.yaml", "disease_phase = 'new_onset'\n          and not",
        "disease_phase = 'new_onset'\n          and tb_active_or_untreated_latent is null\n          and not",
    )  # fmt: skip
    guideline, _ = opened(folder)
    broken = {law.of for law in Laws(guideline).run({"methotrexate"}) if law.outcome == "not proved"}
    assert broken == {"methotrexate"}


def test_gaps_are_found(changed):
    folder = changed(
        "safety/methotrexate.yaml", "    when: immunodeficiency\n", "    when: immunodeficiency and alcohol_misuse\n"
    )
    guideline, _ = opened(folder)
    gaps = list(Gaps(guideline).run())
    found = {(gap.check, gap.text.split("`")[1]) for gap in gaps if "`" in gap.text}

    assert ("never-matters", "methotrexate-immunodeficiency") in found, "alcohol misuse alone blocks already"
    assert ("never-matters", "methotrexate-alcohol") not in found
    assert [gap.text for gap in gaps if gap.patient is None] == [], "each with somebody to look at"


GOOD = Path(__file__).parent / "corpus" / "packs" / "good"
TOO_MUCH = """
      - id: never
        when: lesions > 5 and lesions < 4
        recommend: {drug: examplin, regimen: examplin-weekly, says: Never., patient_says: Never.}
      - id: give-more
        when: lesions > 3
        recommend: {drug: examplin, regimen: examplin-more, says: More., patient_says: More.}
      - id: give-again
        when: lesions > 3 and lesions < 90 and not gout
        recommend: {drug: examplin, regimen: examplin-weekly, says: Again., patient_says: Again.}
"""
MORE = """
  examplin-more:
    drug: examplin
    dose: {range: 20 mg/m2, basis: body_surface_area, per: week, at_most: 30 mg, source: label-2026}
"""


@pytest.fixture(scope="module")
def noticed(tmp_path_factory):
    """Everything that is noticed in a pack with one gap of each kind."""
    folder = tmp_path_factory.mktemp("gaps") / "pack"
    shutil.copytree(GOOD, folder)
    statements = folder / "statements" / "treatment.yaml"
    text = statements.read_text(encoding="utf-8")
    statements.write_text(text.replace("    rules:\n", f"    rules:{TOO_MUCH}", 1), encoding="utf-8")
    for file, more in (
        ("regimens.yaml", MORE),
        ("safety/examplin.yaml", ""),
    ):
        with (folder / file).open("a", encoding="utf-8") as out:
            out.write(more)
    definitions = folder / "definitions.yaml"
    text = definitions.read_text(encoding="utf-8")
    scope = "definitions:\n  in_scope: {says: there is a weight, when: weight > 1 'kg'}\n"
    definitions.write_text(text.replace("definitions:\n", scope, 1), encoding="utf-8")
    guideline, _ = opened(folder)
    return guideline, list(Gaps(guideline).run())


@pytest.mark.parametrize("kind", ["never-fires", "doses-apart", "implied", "nothing-said"])
def test_every_kind_of_gap_is_shown_with_a_patient(kind, noticed):
    guideline, found = noticed
    own = [gap for gap in found if gap.check == kind]
    assert own, [gap.text for gap in found]
    assert all(gap.patient is not None for gap in own), own
    statuses = [{d.spec.rule.id: d.status for d in Replay.of(guideline, gap.patient).decisions} for gap in own]
    match kind:
        case "never-fires":
            assert [gap.text.split("`")[1] for gap in own] == ["never"]
            assert statuses[0]["never"] != "recommended"
        case "doses-apart":
            assert statuses[0]["give-more"] == "recommended"
        case "implied":
            assert {status["give-again"] for status in statuses} == {"recommended"}
        case _:
            assert set(statuses[0].values()) == {"not_applicable"}
            replay = Replay.of(guideline, own[0].patient)
            assert replay.worlds.certain.verdicts["definition in_scope"].truth is True


def test_the_command_shows_saves_and_ends_with_findings(changed, tmp_path):
    folder = changed(*FAULTS["cap-left-off"][:-1])
    run = CliRunner().invoke(app, ["prove", str(folder), "--only", "INV-04", "--save", str(tmp_path / "found")])

    assert run.exit_code == 1
    assert run.stdout.startswith("REFUTED    INV-04")
    assert "dose.methotrexate.high = " in run.stdout
    assert "outside the proof" in run.stdout
    patient = json.loads((tmp_path / "found" / "INV-04.json").read_text(encoding="utf-8"))
    assert patient["id"] == "refutes-INV-04"
    assert str(tmp_path / "found" / "INV-04.json") in run.stderr


def test_the_command_in_json_and_for_an_unknown_invariant():
    run = CliRunner().invoke(app, ["prove", str(JDM), "--only", "INV-04", "--format", "json"])
    assert run.exit_code == 0
    assert json.loads(run.stdout)["invariants"][0]["outcome"] == "proved"

    run = CliRunner().invoke(app, ["prove", str(JDM), "--only", "INV-99"])
    assert run.exit_code == 2
    assert "there is no invariant `INV-99`" in run.stderr


def test_mistakes_in_invariants_are_findings_with_their_place(changed):
    folder = changed(
        "invariants.yaml", "    claim: dose.methotrexate.per = 'week'\n", "    claim: dose.methotrexat.per = 'week'\n"
    )
    run = CliRunner().invoke(app, ["prove", str(folder)])

    assert run.exit_code == 1
    assert "invariants.yaml" in run.stderr
    assert "`dose.methotrexat.per`" in run.stderr
