"""What changed between two versions of the JDM pack, in words, for whom, and in how many of a cohort."""

from __future__ import annotations

import json
from dataclasses import replace

import duckdb
import pytest
from typer.testing import CliRunner
from versions import GOOD, changed

from cds_engine.checker.check import check
from cds_engine.engine.packs import find
from cds_engine.lowering.lower import lower

pytest.importorskip("z3")

from cds_engine.cli import app
from cds_engine.cli.diff import sentence
from cds_engine.cli.diff_cohort import opened
from cds_engine.diagnostics import InputError
from cds_engine.proof.cohort import counted_in
from cds_engine.proof.diff import Difference
from cds_engine.proof.examples import whole_bases_of
from cds_engine.proof.graft import grafts_from
from cds_engine.proof.matters import cuts_of_facts
from cds_engine.proof.near import Near
from cds_engine.proof.replay import Replay

JDM = find("jdm_calcinosis")
PATIENTLY = 120.0
"""Processor seconds that no machine needs for what is asked here: what is found does not rest on how fast it is."""


@pytest.fixture(scope="module")
def pack():
    return lower(check(JDM)[0])


@pytest.fixture(scope="module")
def capped(tmp_path_factory):
    return changed(tmp_path_factory.mktemp("new") / "pack", "regimens.yaml", "at_most: 40 mg", "at_most: 25 mg", JDM)


@pytest.fixture(scope="module")
def changes(pack, capped):
    return list(Difference(pack, capped, PATIENTLY).run({"start-methotrexate", "induce-oral", "mycophenolate-option"}))


def test_another_cap_reads_as_the_size_from_which_the_dose_changes(changes):
    found = [sentence(change) for change in changes if change.rule == "start-methotrexate"]
    assert found == [
        "the lower end of methotrexate changes for a body surface area above 1.66667 m²",
        "the upper end of methotrexate changes for a body surface area above 1.25 m²",
    ]


def test_only_rules_with_methotrexate_change_and_each_has_an_example(changes):
    assert {change.rule for change in changes} == {"start-methotrexate", "induce-oral"}
    assert all(change.patient is not None for change in changes)


def test_a_text_changes_nothing(pack, tmp_path):
    new = changed(tmp_path / "pack", "regimens.yaml", "      says: pre-filled pen or syringe", "      says: a pen", JDM)
    assert list(Difference(pack, new, PATIENTLY).run()) == []


def test_a_threshold_and_an_alert(pack, tmp_path):
    new = changed(tmp_path / "pack", "safety/ciclosporin.yaml", "when: egfr < 60 'mL", "when: egfr < 45 'mL", JDM)
    found = {
        (change.rule, change.what): change
        for change in Difference(pack, new, PATIENTLY).run({"add-steroid-sparing-agent"})
    }

    change = found["add-steroid-sparing-agent", "blocked to recommended"]
    assert "eGFR from 45 mL/min/1.73 m² and below 60 mL/min/1.73 m²" in change.whom
    assert change.patient is not None


def test_a_shared_definition_is_told_of_every_rule_that_rests_on_it(pack, tmp_path):
    new = changed(
        tmp_path / "pack", "definitions.yaml", "jdm_onset_age < 18 'a' or (", "jdm_onset_age < 16 'a' or (", JDM
    )
    difference = Difference(pack, new, PATIENTLY)
    found = {(change.rule, change.what): change for change in difference.run({"sun-protection", "assess-damage"})}

    assert {rule for rule, _ in found} == {"sun-protection", "assess-damage"}
    assert difference.undecided == []
    assert all(change.patient is not None for change in found.values())
    change = found["sun-protection", "recommended to not_applicable"]
    assert "age at onset of JDM from 16 years and below 18 years" in change.whom


def test_another_plausible_range_affects_whom_only_one_version_reads(pack, tmp_path):
    new = changed(tmp_path / "pack", "facts.yaml", "plausible: 0.5 to 300 kg", "plausible: 2 to 200 kg", JDM)
    difference = Difference(pack, new, PATIENTLY)
    asked = {"sun-protection", "ivig-adjunct", "records"}
    found = {(change.rule, change.what): change for change in difference.run(asked)}
    assert difference.dictionary == ["weight"]
    assert difference.undecided == []
    assert {rule for rule, _ in found} == {"ivig-adjunct", "records"}
    patient = found["ivig-adjunct", "recommended to needs_data"].patient
    weight = float(str(patient["facts"]["weight"]).split(" ", 1)[0])
    assert not 2 <= weight <= 200
    assert {what for rule, what in found if rule == "records"} == {"contradictory to not contradictory"}
    contradicted = found["records", "contradictory to not contradictory"].patient
    assert set(contradicted["facts"]) == {"height", "weight"}  # which contradict each other while both are used


def test_another_formula_is_told_with_an_example_and_rules_that_do_not_read_it_are_not_asked(pack, tmp_path):
    new = changed(
        tmp_path / "pack",
        "formulas.yaml",
        "value: (height * weight / 3600) ^ 0.5",
        "value: (height * weight / 3300) ^ 0.5",
        pack=JDM,
    )
    difference = Difference(pack, new, PATIENTLY)
    found = {(change.rule, change.what): change for change in difference.run({"induce-intravenous", "sun-protection"})}

    assert {rule for rule, _ in found} == {"induce-intravenous"}
    assert {what for _, what in found} == {
        "the lower end of methotrexate", "the upper end of methotrexate",
        "recommended to needs_data", "needs_data to recommended",
    }  # fmt: skip
    assert difference.undecided == []
    change = found["induce-intravenous", "the upper end of methotrexate"]
    assert change.patient is not None
    assert change.before != change.after


def test_a_value_that_only_one_formula_finds_plausible_changes_an_alert(pack, tmp_path):
    new = changed(tmp_path / "pack", "formulas.yaml", "value: 0.413 * height", "value: 0.45 * height", JDM)
    difference = Difference(pack, new, PATIENTLY)
    found = {change.what for change in difference.run({"severe-renal-impairment-while-taking-methotrexate"})}
    assert found == {"alert shown to not shown", "alert not shown to shown"}
    assert difference.undecided == []


def test_a_changed_fact_is_found_on_both_sides_of_each_threshold_and_known_to_one_version_only(pack, tmp_path):
    new = changed(tmp_path / "pack", "formulas.yaml", "value: 0.413 * height", "value: 0.45 * height", JDM)
    near = Near((pack, new), {"egfr"}, cuts_of_facts(pack, {"egfr"}))
    grafts = grafts_from(near, {"egfr"}, whole_bases_of(JDM))
    found = list(grafts.on({"facts": {"sex_at_birth": "female"}}, grafts.instead_of[0]))
    pairs = [[Replay.of(version, one).worlds.certain.facts.value("egfr") for version in (pack, new)] for one in found]

    for threshold in (30.0, 60.0):
        assert any(old is not None and new is not None and old < threshold < new for old, new in pairs)
    assert any(old is None and new is not None and new < 30 for old, new in pairs)  # below what is plausible
    assert any(old is not None and new is None for old, new in pairs)  # given besides, and contradicted by one
    assert all(one["facts"]["sex_at_birth"] == "female" for one in found)


def test_a_formula_written_in_other_words_affects_nobody(pack, tmp_path):
    new = changed(
        tmp_path / "pack",
        "formulas.yaml",
        "value: current_systemic_corticosteroid / weight",
        "value: 1 * current_systemic_corticosteroid / weight",
        pack=JDM,
    )
    difference = Difference(pack, new, PATIENTLY)
    assert list(difference.run()) == []
    assert difference.undecided == []


def test_what_is_not_settled_in_the_time_is_undecided_and_never_nobody(pack, tmp_path):
    new = changed(tmp_path / "pack", "formulas.yaml", "value: 0.413 * height", "value: 0.41301 * height", JDM)
    difference = Difference(pack, new, 0.001)
    told = {change.rule for change in difference.run({"start-methotrexate"})}
    assert told or any(reason.startswith("start-methotrexate: may differ") for reason in difference.undecided)


def sized(height, weight):
    """Return a boy for whom methotrexate is ready."""
    return {
        "age_years": 8, "diagnosis_jdm": "confirmed", "disease_phase": "new_onset", "current_medications": [],
        "egfr": "110 mL/min/{1.73_m2}", "sex_at_birth": "male", "breastfeeding": False, "alcohol_misuse": False,
        "chronic_liver_disease": False, "immunodeficiency": False, "blood_dyscrasia": False,
        "active_serious_infection": False, "peptic_or_oral_ulcer_active": False, "drug_hypersensitivity": [],
        "tmp_smx_use": "none", "nitrous_oxide_planned": False, "live_vaccine_planned_or_recent": False,
        "height": f"{height} cm", "weight": f"{weight} kg",
    }  # fmt: skip


def test_a_cohort_is_counted(pack, capped):
    patients = [{"facts": facts} for facts in (sized(128, 26), sized(180, 80), {})]
    counts = counted_in(patients, pack, capped, {"start-methotrexate", "sun-protection"})
    assert (counts.patients, counts.affected) == (3, 1)
    assert counts.by_change["start-methotrexate", "recommended", "another dose"] == 1


@pytest.mark.parametrize("ending", [".csv", ".parquet", ".ndjson"])
def test_a_cohort_may_be_any_table_that_batch_reads(ending, pack, capped, tmp_path):
    """The same patients give the same counts, whatever file they stand in."""
    patients = [sized(128, 26), sized(180, 80)]
    file = tmp_path / f"cohort{ending}"
    if ending == ".ndjson":
        file.write_text("".join(json.dumps(patient) + "\n" for patient in patients), encoding="utf-8")
    else:
        words = {str([]): "none", "True": "yes", "False": "no"}
        cells = [{name: words.get(str(value), str(value)) for name, value in p.items()} for p in patients]
        rows = ", ".join("(" + ", ".join(f"'{cell}'" for cell in row.values()) + ")" for row in cells)
        options = "FORMAT parquet" if ending == ".parquet" else "HEADER"
        names = ", ".join(cells[0])
        duckdb.sql(f"COPY (SELECT * FROM (VALUES {rows}) AS t({names})) TO '{file}' ({options})")
    counts = counted_in(opened(file, None, pack, capped), pack, capped, {"start-methotrexate"})
    assert (counts.patients, counts.affected) == (2, 1)
    assert counts.by_change["start-methotrexate", "recommended", "another dose"] == 1


def test_units_of_a_cohort_may_stand_in_a_mapping(pack, tmp_path):
    file, mapping = tmp_path / "cohort.csv", tmp_path / "mapping.json"
    file.write_text("tall,weight\n180,80 kg\n", encoding="utf-8")
    mapping.write_text('{"columns": {"tall": "height"}, "units": {"height": "cm"}}', encoding="utf-8")
    patient = next(opened(file, mapping, pack))
    assert Replay.of(pack, patient).worlds.certain.facts.value("body_surface_area") == 2.0


def test_a_unit_of_what_only_one_version_knows_is_no_fault_and_one_that_none_knows_is(pack, tmp_path):
    facts = {name: spec for name, spec in pack.dictionary.facts.items() if name != "height"}
    without = replace(pack, dictionary=replace(pack.dictionary, facts=facts))
    file, mapping = tmp_path / "cohort.csv", tmp_path / "mapping.json"
    file.write_text("tall,weight\n180,80 kg\n", encoding="utf-8")
    mapping.write_text('{"columns": {"tall": "height"}, "units": {"tall": "cm"}}', encoding="utf-8")
    for versions in ((pack, without), (without, pack)):
        (patient,) = opened(file, mapping, *versions)
        assert patient["facts"]["height"] == {"value": "180", "unit": "cm"}

    mapping.write_text('{"columns": {"tall": "height"}, "units": {"tail": "cm"}}', encoding="utf-8")
    with pytest.raises(InputError, match="`tail` has a unit but no column"):
        opened(file, mapping, pack, without)


def test_a_mapping_without_a_table_is_refused(pack, tmp_path):
    for cohort in (None, tmp_path / "cohort.ndjson"):
        with pytest.raises(InputError, match="`--mapping` says what the columns of a table are"):
            opened(cohort, tmp_path / "mapping.json", pack)


def test_a_cohort_that_is_no_table_is_refused_with_a_way_out(pack, tmp_path):
    file = tmp_path / "cohort.csv"
    file.write_text("colour\nred\n", encoding="utf-8")
    with pytest.raises(InputError, match="`cds-engine facts` lists them"):
        opened(file, None, pack)


def test_what_is_no_patient_in_a_cohort_of_json_is_complained_of_with_its_line(pack, tmp_path, capsys):
    file = tmp_path / "cohort.ndjson"
    lines = [
        {"facts": {}, "as_of": "yesterday"}, {"facts": 5}, {"resourceType": "Patient"}, {"weight": "80 kg"},
    ]  # fmt: skip
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    assert list(opened(file, None, pack)) == [{"facts": {"weight": "80 kg"}}]

    told = capsys.readouterr().err.splitlines()
    for line, (sentence_, reason) in enumerate(zip(told, ("date", "mapping", "FHIR"), strict=True), 1):
        assert sentence_.startswith(f"{file}:{line}: the patient counts for nobody: ")
        assert reason in sentence_


def test_a_cohort_is_opened_before_anything_is_proved(tmp_path, monkeypatch):
    monkeypatch.setattr(Difference, "run", lambda *_: pytest.fail("it is proved already"))
    for name in ("missing.csv", "missing.ndjson"):
        done = CliRunner().invoke(app, ["diff", str(GOOD), str(GOOD), "--cohort", str(tmp_path / name)])
        assert done.exit_code == 2, done.output
        assert name in done.output


def test_what_is_wrong_with_a_cohort_stands_in_a_line_each(tmp_path):
    file = tmp_path / "cohort.parquet"
    duckdb.sql(f"COPY (SELECT 180.0 AS height, 80.0 AS weight) TO '{file}' (FORMAT parquet)")
    done = CliRunner().invoke(app, ["diff", str(GOOD), str(GOOD), "--cohort", str(file)])
    assert done.exit_code == 2
    told = [line.split(" has no unit", 1)[0] for line in done.output.splitlines()]
    assert told == ["cds-engine: the column `height`", "cds-engine: the column `weight`"]


def test_a_cohort_that_breaks_off_leaves_what_was_compared(tmp_path):
    file = tmp_path / "cohort.csv"
    file.write_text("lesions,as_of\n3,2026-01-31\n3,yesterday\n", encoding="utf-8")
    done = CliRunner().invoke(app, ["diff", str(GOOD), str(GOOD), "--cohort", str(file)])
    assert done.exit_code == 2
    assert "the cohort is not counted: a cell of `as_of` is no date" in done.output
    assert "no patient is affected" in done.output
