"""Mistakes made on purpose: which there are, who notices them, and that nobody could where none is said to."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import pytest
from scenario_patients import ROOT
from typer.testing import CliRunner

from cds_engine.bdd.coverage import coverage_of
from cds_engine.bdd.gherkin import read_features
from cds_engine.bdd.mutation import Mutation, Trying
from cds_engine.bdd.propose import Proposal, Proposer, Unproposed
from cds_engine.bdd.run import features_of
from cds_engine.bdd.saying import sentences_of
from cds_engine.bdd.tested import Tested as Worth
from cds_engine.bdd.tested import as_data
from cds_engine.bdd.trials import Trials
from cds_engine.bdd.vocabulary import read_vocabulary
from cds_engine.checker.check import check
from cds_engine.cli import app
from cds_engine.cli.tests_told import lines_of
from cds_engine.diagnostics import Diagnostic
from cds_engine.engine.guide import LoadedPack
from cds_engine.language.parser import parse
from cds_engine.language.printer import print_expression
from cds_engine.lowering.lower import lower
from cds_engine.proof.mutants.distinguish import Distinguished, Distinguisher, Equivalent, Undecided
from cds_engine.proof.mutants.every import KINDS, mutants_of
from cds_engine.proof.mutants.expressions import variants
from cds_engine.proof.mutants.making import Maker
from cds_engine.proof.mutants.reach import reach_of
from cds_engine.proof.replay import Replay
from cds_engine.review.tested import read_tested
from cds_engine.review.written import WrittenError
from cds_engine.starter import write_pack

RULES = ROOT / "rules"
pytest.importorskip("z3", reason="who could notice a mutant is found by Z3, the extra `prove`")


def others(unit):
    return {"a": ("mo",), "kg": ("g", "cm")}.get(unit, ())


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("age < 1 'a'", {"age < 1.1 'a'", "age < 0.9 'a'", "age < 1 'mo'", "age <= 1 'a'", "age >= 1 'a'"}),
        ("lesions >= 3", {"lesions >= 4", "lesions >= 2", "lesions > 3", "lesions < 3"}),
        ("a and b", {"a or b", "a", "b"}),
        ("a or b or c", {"(a or b) and c", "(a and b) or c", "b or c", "a or c", "a or b"}),
        ("not a", {"a"}),
        ("a implies b", {"a and b", "a", "b"}),
        ("sex in {'f', 'm'}", {"sex in {'m'}", "sex in {'f'}"}),
        ("x is not null", {"x is null"}),
        ("x between 10 and 20", {
            "x between 11 and 20", "x between 9 and 20", "x between 10 and 22", "x between 10 and 18",
        }),
        ("w * 2 + 1", {"w * 3 + 1", "w * 1 + 1", "w * 2 + 2", "w * 2 + 0", "w * 2 - 1", "w / 2 + 1"}),
        ("days between a and b > 7", {
            "days between a and b > 8", "days between a and b > 6", "days between a and b >= 7",
            "days between a and b <= 7", "weeks between a and b > 7",
        }),
        ("if a then 1 else 2", {
            "if a then 2 else 2", "if a then 0 else 2", "if a then 1 else 3", "if a then 1 else 1",
        }),
    ],
)  # fmt: skip
def test_every_small_change_of_an_expression_is_made_once(written, expected):
    found = [print_expression(variant.node) for variant in variants(parse(written), others)]
    assert sorted(found) == sorted({print_expression(parse(text)) for text in expected})


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("packs") / "toy"
    write_pack("toy", folder, date(2026, 11, 22))
    return folder


@pytest.fixture(scope="module")
def toy(folder):
    checked, _ = check(folder)
    return checked


@pytest.fixture(scope="module")
def maker(toy):
    return Maker(toy)


@pytest.fixture(scope="module")
def trials(maker):
    return Trials(LoadedPack(maker.guideline, {}))


@pytest.fixture(scope="module")
def tried(toy, maker, trials):
    return Trying(toy, maker, trials).run()


def test_mutants_of_each_sort_are_made_of_doses_and_safety(toy):
    said = {(mutant.at, mutant.says) for mutant in mutants_of(toy)}
    assert said >= {
        ("regimen examplin-daily", "`10 mg/kg` became `11 mg/kg`"),
        ("regimen examplin-daily", "`at most 500 mg` was left out"),
        ("regimen examplin-daily", "`per day` became `per week`"),
        ("regimen examplin-daily", "`10 mg/kg` became `10 g/kg`"),
        ("contraindication examplin-pregnancy", "`contraindication examplin-pregnancy for examplin` was left out"),
        ("contraindication examplin-pregnancy", "`if unknown: hold` became `if unknown: ignore`"),
        ("contraindication examplin-infants", "`age < 1 'a'` became `age <= 1 'a'`"),
    }
    assert {mutant.kind for mutant in mutants_of(toy)} <= KINDS.keys()
    assert len({mutant.id for mutant in mutants_of(toy)}) == len(mutants_of(toy))


def test_a_pack_that_is_not_loaded_is_no_success_of_the_tests(tried):
    refused = {found.mutant.says for found in tried.tried if found.fate == "refused"}
    assert "`10 mg/kg` became `10 mg/m2`" in refused
    assert tried.count("refused") + tried.count("killed") + tried.count("equivalent") + len(tried.survivors) == len(
        tried.tried
    )


def test_what_is_left_as_it_was_is_the_same_node(maker, toy):
    """Otherwise every mutant would be decided from the beginning, for everybody."""
    for mutant in mutants_of(toy):
        made = maker.make(mutant)
        if not isinstance(made, Diagnostic):
            changed = {key for key, found in made.conditions.items() if found is not maker.guideline.conditions[key]}
            assert changed <= {mutant.at}


def test_nobody_is_passed_over_whom_a_mutant_could_reach(maker, toy, trials, tried):
    """Held against every scenario and case, each mutant ends as it did with those alone whom it can reach."""
    fates = {found.mutant.id: found.fate for found in tried.tried}
    for mutant in mutants_of(toy):
        made = maker.make(mutant)
        if not isinstance(made, Diagnostic):
            pack = LoadedPack(made, {})
            is_noticed = not all(trial.expectation.holds(pack) for trial in trials)
            assert is_noticed == (fates[mutant.id] == "killed"), mutant.id


def test_the_dangerous_mistakes_are_noticed(tried):
    noticed = {found.mutant.says for found in tried.tried if found.fate == "killed"}
    assert noticed >= {
        "`at most 500 mg` was left out",
        "`per day` became `per week`",
        "`contraindication examplin-pregnancy for examplin` was left out",
        "`if unknown: hold` became `if unknown: ignore`",
    }


def test_who_would_notice_a_survivor_is_answered_otherwise(maker, tried):
    """Nobody of the toy pack is about one year old."""
    survivors = {found.mutant.says: found for found in tried.survivors}
    assert "`age < 1 'a'` became `age <= 1 'a'`" in survivors
    for found in tried.survivors:
        first, second = (Replay.of(pack, found.patient) for pack in (maker.guideline, found.guideline))
        statuses = [[decision.status for decision in replay.decisions] for replay in (first, second)]
        doses = [[part.dose for d in replay.decisions for part in d.treatments] for replay in (first, second)]
        assert statuses[0] != statuses[1] or doses[0] != doses[1], found.mutant.says


def test_a_proposed_scenario_notices_the_mutant(folder, tmp_path):
    """Written into the features, it leaves nobody of its kind over."""
    found = CliRunner().invoke(app, ["test", str(folder), "--coverage", "--mutate", "--format", "json"])
    report = json.loads(found.stdout)
    assert found.exit_code == (0 if report["mutation"]["enough"] else 1)
    survivors = {mutant["change"]: mutant for mutant in report["mutants"]}
    mutant = survivors["`age < 1 'a'` became `age <= 1 'a'`"]
    assert mutant["statements"] == ["S1"]
    assert mutant["notices"], mutant["scenario"]
    copy = tmp_path / "toy"
    write_pack("toy", copy, date(2026, 11, 22))
    feature = copy / "features" / "first.feature"
    lines = "\n".join(f"  {line}" for line in mutant["scenario"])
    feature.write_text(f"{feature.read_text(encoding='utf-8')}\n{lines}\n", encoding="utf-8")
    again = json.loads(CliRunner().invoke(app, ["test", str(copy), "--mutate", "--format", "json"]).stdout)
    assert again["scenarios"] == report["scenarios"] + 1
    assert mutant["change"] not in {other["change"] for other in again["mutants"]}


def test_a_scenario_is_proposed_only_if_it_holds_of_the_pack_and_not_of_the_changed_one(maker, tried):
    proposer = Proposer(LoadedPack(maker.guideline, {}), read_vocabulary(maker.guideline))
    assert all(isinstance(proposer.propose(found), Proposal) for found in tried.survivors if found.patient)
    survivor = next(found for found in tried.survivors if found.patient)
    unlike = {
        "no sentence says in what": replace(survivor, guideline=maker.guideline),
        "but no sentence of phrases.yaml says": replace(survivor, patient={"facts": {"nobody's": ["?"]}}),
    }
    for reason, found in unlike.items():
        proposed = proposer.propose(found)
        assert isinstance(proposed, Unproposed)
        assert reason in proposed.reason
        told = Worth("toy", "1", "sha256:0", 0, 0, 0, None, Mutation((found,)), {found.mutant.id: proposed})
        assert as_data(told)["mutants"][0]["scenario"] is None
        assert any(line.startswith("  because") and proposed.reason in line for line in lines_of(told))


class Forgetful(Proposer):
    """Words nothing of the patient."""

    def _plays(self, pack, _given, outcomes):
        return super()._plays(pack, ("a patient of whom nothing is known",), outcomes)


def test_a_scenario_that_does_not_hold_when_it_is_played_is_not_proposed(maker, tried):
    proposer = Forgetful(LoadedPack(maker.guideline, {}), read_vocabulary(maker.guideline))
    found = [proposer.propose(survivor) for survivor in tried.survivors if survivor.patient]
    assert any(isinstance(one, Unproposed) and "does not hold of the pack" in one.reason for one in found)


def test_the_report_for_people_says_the_same(folder):
    said = CliRunner().invoke(app, ["test", str(folder), "--coverage", "--mutate"]).output
    assert "statuses of rules that an expectation speaks of" in said
    assert "survived   contraindication examplin-infants: `age < 1 'a'` became `age <= 1 'a'`" in said
    assert "Given a 1-year-old child" in said
    assert "mutants that some patient can tell from the pack are noticed" in said


@pytest.mark.parametrize(
    ("when", "now", "verdict"),
    [
        ("fever and age >= 2 'a' and age >= 1 'a'", "`age >= 1 'a'` was left out", Equivalent),
        ("fever and age >= 2 'a' and age >= 1 'a'", "`age >= 1 'a'` became `age >= 1.1 'a'`", Equivalent),
        ("fever and age >= 2 'a' and age >= 1 'a'", "`age >= 2 'a'` became `age > 2 'a'`", Distinguished),
        ("fever and pregnancy is false", "`pregnancy is false` was left out", Distinguished),
    ],
)
def test_nobody_can_tell_an_equivalent_mutant(tmp_path, when, now, verdict):
    folder = tmp_path / "toy"
    write_pack("toy", folder, date(2026, 11, 22))
    file = folder / "statements" / "first.yaml"
    text = file.read_text(encoding="utf-8")
    assert "when: fever" in text
    file.write_text(text.replace("when: fever", f"when: {when}"), encoding="utf-8")
    checked, findings = check(folder)
    assert checked is not None, findings
    maker = Maker(checked)
    mutant = next(found for found in mutants_of(checked) if found.says == now)
    made = maker.make(mutant)
    found = Distinguisher(maker.guideline).distinguish(made, reach_of(maker.guideline, made))
    assert isinstance(found, verdict), found


@pytest.mark.parametrize(
    ("at", "now", "verdict"),
    [
        ("regimen methotrexate-weekly", "`combine 2` became `combine 3`", Equivalent),
        ("regimen methotrexate-weekly", "`combine 2` became `combine 1`", Distinguished),
        ("formula egfr_ckd_epi_2021 when", "`age_years >= 18 'a'` became `age_years >= 16.2 'a'`", Equivalent),
        ("order order-supplement-before-calcium-is-known", "`calcium_total is null` was left out", Equivalent),
        (
            "order order-supplement-before-calcium-is-known",
            "`calcium_total.range.high is null` was left out",
            Undecided,
        ),
    ],
)
def test_products_orders_and_formulas_are_within_what_is_proved(jdm_mutants, at, now, verdict):
    """What fits into 40 mg a week in steps of 2.5 mg is the same from two pens or three, and not from one."""
    maker, mutants, distinguisher = jdm_mutants
    mutant = next(found for found in mutants if (found.at, found.says) == (at, now))
    made = maker.make(mutant)
    assert isinstance(distinguisher.distinguish(made, reach_of(maker.guideline, made)), verdict)


@pytest.fixture(scope="module")
def jdm_mutants():
    checked, _ = check(RULES / "jdm_calcinosis")
    maker = Maker(checked)
    return maker, mutants_of(checked), Distinguisher(maker.guideline)


def test_coverage_says_what_nobody_shows(maker, trials):
    missing = {found.item.says for found in coverage_of(maker.guideline, trials) if not found.count}
    assert missing == {
        "rule examplin-in-fever: unknown",
        "contraindication examplin-infants: true",
        "contraindication examplin-infants: unknown",
        "contraindication examplin-infants, age 1 years: just below",
        "contraindication examplin-infants, age 1 years: at",
        "contraindication examplin-infants, age 1 years: just above",
    }


def test_facts_are_said_in_sentences_that_mean_the_same(jdm):
    """Every sentence about a patient in the features of the JDM pack is found again from its facts."""
    vocabulary = read_vocabulary(jdm.guideline)
    steps = {step.text for found in read_features(features_of(jdm)) for step in found.steps if step.kind == "given"}
    said = 0
    for text in sorted(steps):
        meant = vocabulary.facts_of(text)
        if len(meant) == 1 and meant[0]:
            sentences, left = sentences_of(meant[0], vocabulary)
            facts = {name: value for found in sentences for name, value in vocabulary.facts_of(found)[0].items()}
            assert facts.keys() == meant[0].keys() - left.keys(), text
            said += not left
    assert said > len(steps) / 2


def test_every_mutant_of_the_kidney_pack_is_noticed():
    checked, _ = check(RULES / "kidney_health_diabetes")
    maker = Maker(checked)
    found = Trying(checked, maker, Trials(LoadedPack(maker.guideline, {}))).run()
    assert found.is_enough
    assert [one.mutant.says for one in found.survivors] == []
    assert found.count("killed") > 30


def test_few_mutants_of_the_jdm_pack_are_noticed_by_no_case(tmp_path):
    """A sample, without the scenarios; `cds-engine test jdm_calcinosis --mutate` tries all."""
    checked, _ = check(RULES / "jdm_calcinosis")
    mutants = mutants_of(checked)
    assert len(mutants) > 300
    maker = Maker(checked)
    trying = Trying(checked, maker, Trials(LoadedPack(maker.guideline, {}), tmp_path))
    fates = [trying.try_out(mutant).fate for mutant in mutants[::250]]
    assert fates.count("killed") >= 0.8 * len(fates)


def test_the_review_pages_take_the_report_of_this_version_only(folder, toy, tmp_path):
    guideline = lower(toy)
    file = tmp_path / "tests.json"
    file.write_text(
        CliRunner().invoke(app, ["test", str(folder), "--coverage", "--mutate", "--format", "json"]).stdout,
        encoding="utf-8",
    )
    found = read_tested(file, guideline)
    assert found.worth["S1"].noticed.endswith("changed rules noticed")
    assert "statuses" in found.worth["S1"].covered[0]
    assert any("age below 1 years” became “age at most 1 years" in mutant.change for mutant in found.mutants)
    site = tmp_path / "site"
    pages = CliRunner().invoke(app, ["review", str(folder), "-o", str(site), "--tests", str(file)])
    assert pages.exit_code == 0, pages.output
    assert "accept as a scenario" in (site / "S1.html").read_text(encoding="utf-8")
    assert "changed rules noticed" in (site / "index.html").read_text(encoding="utf-8")
    data = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps({**data, "hash": "sha256:0"}), encoding="utf-8")
    with pytest.raises(WrittenError, match="another version of the pack"):
        read_tested(file, guideline)
    file.write_text("{}", encoding="utf-8")
    with pytest.raises(WrittenError, match="is no output of `cds-engine test"):
        read_tested(file, guideline)
