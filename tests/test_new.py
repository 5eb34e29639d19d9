"""A pack that `cds-engine new` writes is complete: it checks without a warning, and its scenarios and cases hold."""

from __future__ import annotations

from datetime import date

import pytest
from typer.testing import CliRunner

import cds_engine
from cds_engine.bdd.cases import read_cases, run_cases
from cds_engine.bdd.run import run_features
from cds_engine.bdd.wording import check_wording
from cds_engine.checker.check import check
from cds_engine.cli import app
from cds_engine.diagnostics import PackError
from cds_engine.starter import write_pack


@pytest.fixture
def folder(tmp_path):
    write_pack("my_guideline", tmp_path / "my_guideline", date(2026, 11, 22))
    return tmp_path / "my_guideline"


def test_the_new_pack_works_as_it_is(folder):
    assert check(folder)[1] == []
    pack = cds_engine.load(folder)
    assert pack.id == "my_guideline"
    scenarios, cases = run_features(pack), run_cases(pack)
    assert len(scenarios) >= 5
    assert len(cases) >= 4
    assert all(found.passed for found in (*scenarios, *cases))
    assert check_wording(pack.guideline, folder / "features") == []


def test_what_the_new_pack_promises_is_proved(folder):
    pytest.importorskip("z3", reason="proofs need Z3, the extra `prove`")
    found = CliRunner().invoke(app, ["prove", str(folder)])
    assert found.exit_code == 0, found.output
    assert "2 proved" in found.output
    file = folder / "safety" / "examplin.yaml"
    file.write_text(
        file.read_text(encoding="utf-8").replace("when: pregnancy", "when: pregnancy and age > 20 'a'"),
        encoding="utf-8",
    )
    found = CliRunner().invoke(app, ["prove", str(folder)])
    assert found.exit_code == 1
    assert "REFUTED    never-in-pregnancy" in found.output


def test_a_changed_rule_is_noticed_by_its_scenarios_and_cases(folder):
    file = folder / "regimens.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("at_most: 500 mg", "at_most: 600 mg"), encoding="utf-8")
    pack = cds_engine.load(folder)
    assert [found.scenario.row[0] for found in run_features(pack) if not found.passed] == ["51"]
    found = CliRunner().invoke(app, ["test", str(folder)])
    assert found.exit_code == 1
    assert "the dose is 510 mg" in found.output
    assert "7 scenarios and 4 cases: 9 hold, 2 do not" in found.output


@pytest.mark.parametrize("name", ["My", "a-b", "1a", ""])
def test_a_name_that_a_pack_cannot_have_is_refused(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = CliRunner().invoke(app, ["new", name])
    assert found.exit_code == 2
    assert not list(tmp_path.iterdir())


def test_nothing_is_overwritten(folder, monkeypatch):
    monkeypatch.chdir(folder.parent)
    assert CliRunner().invoke(app, ["new", "my_guideline"]).exit_code == 2


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        ("a fever: {fever: true}", "a fever: {fevr: true}", "S103"),
        ("examplin: examplin-in-fever", "examplin: examplin-in-fevr", "S103"),
        ("{age:number}", "{age:years}", "S102"),
        ("[, weighing", ", weighing", "S102"),
        ("{age:number}-year", "{weight:number}-year", "S102"),
    ],
)
def test_mistakes_in_phrases_have_a_place(folder, before, after, code):
    file = folder / "phrases.yaml"
    text = file.read_text(encoding="utf-8")
    assert before in text
    file.write_text(text.replace(before, after), encoding="utf-8")
    with pytest.raises(PackError) as error:
        run_features(cds_engine.load(folder))
    assert error.value.diagnostics[0].code == code
    assert error.value.diagnostics[0].span.file.endswith("phrases.yaml")


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("from: child\n    with: {weight: 50", "from: chld\n    with: {weight: 50", "there is no base `chld`"),
        (
            "examplin-in-fever: {status: recommended, low: 500",
            "examplin: {status: recommended, low: 500",
            "no rule `examplin`",
        ),
        ("low: 500", "lowest: 500", "nothing called `lowest`"),
        ("without: [weight]", "without: [height]", "`height` cannot be taken away"),
        ("id: weight-missing", "id: dose-of-a-child", "stands twice"),
    ],
)
def test_mistakes_in_cases_have_a_place(folder, before, after, said):
    file = folder / "cases.yaml"
    text = file.read_text(encoding="utf-8")
    assert before in text
    file.write_text(text.replace(before, after, 1), encoding="utf-8")
    with pytest.raises(PackError) as error:
        run_cases(cds_engine.load(folder))
    (finding,) = error.value.diagnostics
    assert (finding.code, finding.span.file.endswith("cases.yaml")) == ("S105", True)
    assert said in finding.message


@pytest.mark.parametrize(
    ("expected", "said"),
    [
        ("{examplin-in-fever: {choices: {examplin: recommended}}}", "`examplin` of `choices` of `examplin-in-fever`"),
        ("{examplin-in-fever: {choices: {examplin: {}}}}", "`status` of `examplin` of `choices`"),
        ("{examplin-in-fever: {missing: weight}}", "`missing` of `examplin-in-fever` cannot be so"),
        ("{examplin-in-fever: {low: twenty}}", "`low` of `examplin-in-fever` cannot be so"),
        ("{examplin-in-fever: {loww: 2}}", "nothing called `loww` of `examplin-in-fever`"),
        ("{examplin-in-fever: recomended}", "`status` of `examplin-in-fever` cannot be so"),
        ("{examplin-in-fevre: recommended}", "there is no rule `examplin-in-fevre`"),
        ("{findings: {o1: [x]}}", "`o1` of `findings` cannot be so"),
        ("{findings: {o1: {x: bad}}}", "`x` of `o1` of `findings` cannot be so"),
        ("{questions: age}", "`questions` cannot be so"),
        ("{not_questions: [agee]}", "there is no fact `agee`"),
        ("{not_alerts: [nope]}", "there is no alert `nope`"),
        ("{derived: [a]}", "`derived` cannot be so"),
    ],
)
def test_an_expectation_that_nothing_can_meet_is_a_mistake_and_never_passed_over(folder, expected, said):
    with (folder / "cases.yaml").open("a", encoding="utf-8") as file:
        file.write(f"  - id: odd\n    from: child\n    expect: {expected}\n")
    with pytest.raises(PackError) as error:
        read_cases(cds_engine.load(folder))
    assert {found.code for found in error.value.diagnostics} == {"S105"}
    assert any(said in found.message for found in error.value.diagnostics), error.value.diagnostics
