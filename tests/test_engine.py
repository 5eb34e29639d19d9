"""An answer needs agreement: a second engine that lies, is silent or fails leaves none; and evaluation is pure."""

from __future__ import annotations

import builtins
import copy
import datetime as dt
import gc
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

import pydantic
import pytest
from answers import acts, alerts, asked, parts_of
from second import SecondEngine
from strategies import READY, PatientMaker

import cds_engine
from cds_engine.backends.durable import DurableRules, is_available
from cds_engine.diagnostics import BackendFault
from cds_engine.engine import agreement
from cds_engine.engine.guide import LoadedPack
from cds_engine.evaluator import conditions
from cds_engine.results.models import Shared

MTX = "methotrexate"
ONE_OF_EACH = {
    "rule": "rule start-methotrexate",
    "contraindication": "contraindication methotrexate-pregnancy",
    "alert": "alert daily-methotrexate",
    "dose adjustment": "regimen methotrexate-weekly adjustment 1",
    "caution": "caution methotrexate-nsaid",
    "definition": "definition in_scope",
    "conflict": "conflict male-and-pregnant",
}


# --- a second engine that is wrong ---------------------------------------------------------------------------


class Honest(SecondEngine):
    """The second engine as it is, or the evaluator's verdicts where it cannot run."""

    def __init__(self, guideline):
        self.conditions = guideline.conditions
        self.engine = DurableRules(guideline.conditions) if is_available() else None

    def decide(self, supplied, _asked):
        if self.engine is not None:
            return dict(self.engine.decide(supplied))
        facts = supplied._facts  # noqa: SLF001 - there is no second engine here to ask
        return {key: agreement.decide(condition, facts).truth for key, condition in self.conditions.items()}


class Wrong(SecondEngine):
    """Changes what the second engine says about one condition."""

    def __init__(self, honest, key, change):
        self.honest, self.key, self.change = honest, key, change

    def decide(self, supplied, asked):
        truths = self.honest.decide(supplied, asked)
        self.change(truths, self.key)
        return truths


def lie(truths, key):
    truths[key] = not truths[key]


def lose_certainty(truths, key):
    truths[key] = None if truths[key] is not None else False


def omit(truths, key):
    del truths[key]


def say_one(truths, key):
    truths[key] = int(bool(truths[key]))


def fail(_truths, _key):
    raise cds_engine.BackendFault("it broke")


@pytest.fixture(scope="module")
def honest(jdm):
    return Honest(jdm.guideline)


def with_second(jdm, second):
    return LoadedPack(jdm.guideline, {"second": second})


def test_an_honest_second_engine_agrees(jdm, honest):
    answer = with_second(jdm, honest).evaluate(READY)
    assert answer.engine.agreed_by == ["evaluator", "second"]
    assert answer.recommendations == jdm.evaluate(READY).recommendations


@pytest.mark.parametrize("key", ONE_OF_EACH.values(), ids=ONE_OF_EACH.keys())
@pytest.mark.parametrize("change", [lie, lose_certainty, omit, say_one])
@pytest.mark.parametrize("facts", [READY, {}], ids=["ready", "nothing known"])
def test_any_difference_about_any_condition_leaves_no_answer(jdm, honest, key, change, facts):
    pack = with_second(jdm, Wrong(honest, key, change))
    with pytest.raises(cds_engine.EngineDisagreement) as caught:
        pack.evaluate(facts)
    assert key in str(caught.value)


def test_every_condition_of_the_pack_is_compared(jdm, honest):
    said = []

    class Recorder(SecondEngine):
        def decide(self, supplied, asked):
            said.append(honest.decide(supplied, asked))
            return said[-1]

    with_second(jdm, Recorder()).evaluate(READY)
    truths = {key: truth for found in said for key, truth in found.items()}

    class Replay:
        def decide(self, _supplied, _asked):
            return dict(truths)

    assert with_second(jdm, Wrong(Replay(), "rule start-methotrexate", lambda *_: None)).evaluate(READY).recommended
    for key in jdm.guideline.conditions:
        with pytest.raises(cds_engine.EngineDisagreement):
            with_second(jdm, Wrong(Replay(), key, lose_certainty)).evaluate(READY)


def test_a_second_engine_that_fails_leaves_no_answer(jdm, honest):
    with pytest.raises(cds_engine.BackendFault):
        with_second(jdm, Wrong(honest, "", fail)).evaluate(READY)


@pytest.mark.parametrize("key", list(ONE_OF_EACH.values())[:4], ids=list(ONE_OF_EACH)[:4])
def test_a_lie_in_one_reading_of_a_contradiction_leaves_no_answer(jdm, honest, key):
    """Also where conflicting values are tried one by one the engines must agree."""

    class Late(SecondEngine):
        calls = 0

        def decide(self, supplied, asked):
            truths = honest.decide(supplied, asked)
            self.calls += 1
            if self.calls > 1:
                lose_certainty(truths, key)
            return truths

    pack = with_second(jdm, Late())
    with pytest.raises(cds_engine.EngineDisagreement):
        pack.evaluate(READY | {"egfr": ["25 mL/min/{1.73_m2}", "90 mL/min/{1.73_m2}"], "pregnancy_status": ["pregnant",
        "not_pregnant"],
                                "current_medications": [{"drug": "MTX", "dose": "50 mg", "per": "week"},
                                "zzz"]})  # fmt: skip


def test_after_a_disagreement_the_pack_answers_again(jdm, honest):
    change = {"on": True}

    def sometimes(truths, key):
        if change["on"]:
            lie(truths, key)

    pack = with_second(jdm, Wrong(honest, ONE_OF_EACH["rule"], sometimes))
    with pytest.raises(cds_engine.EngineDisagreement):
        pack.evaluate(READY)
    change["on"] = False
    assert pack.evaluate(READY).recommendation("start-methotrexate").status == "recommended"


@pytest.mark.skipif(not is_available(), reason="durable_rules cannot be imported here")
def test_durable_rules_is_the_second_engine(jdm):
    answer = jdm.evaluate(READY)
    assert answer.engine.agreed_by == ["evaluator", "durable_rules"]
    assert answer.engine.note is None


def test_without_durable_rules_the_evaluator_answers_alone_and_says_so(jdm, monkeypatch):
    monkeypatch.setattr(agreement, "is_available", lambda: False)
    monkeypatch.setattr(agreement, "WITHOUT_SECOND_ENGINE", (3, 0))
    alone = cds_engine.load("jdm_calcinosis").evaluate(READY)
    assert alone.engine.agreed_by == ["evaluator"]
    assert "durable_rules cannot run here" in alone.engine.note
    assert alone.recommendations == jdm.evaluate(READY).recommendations


def test_a_broken_build_of_durable_rules_switches_no_check_off(monkeypatch):
    """Where durable_rules should be there, its absence is a fault and not an answer by one engine."""
    monkeypatch.setattr(agreement, "is_available", lambda: False)
    monkeypatch.setattr(agreement, "WITHOUT_SECOND_ENGINE", (99, 0))
    with pytest.raises(BackendFault, match="cannot be loaded"):
        cds_engine.load("jdm_calcinosis")


# --- contradictions -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [1, -1])
def test_of_two_values_the_one_that_forbids_is_believed(jdm, order):
    values = ["25 mL/min/{1.73_m2}", "90 mL/min/{1.73_m2}"][::order]
    answer = jdm.evaluate(READY | {"egfr": values})
    rec = answer.recommendation("start-methotrexate")
    assert rec.status == "blocked"
    assert [reason.rule for reason in rec.blocked_by] == ["severe-renal-impairment"]
    assert {question.fact: question.why for question in answer.questions}["egfr"] == "conflicting"


def test_male_and_pregnant_blocks_and_asks(jdm):
    answer = jdm.evaluate(READY | {"age_years": 15, "sex_at_birth": "male", "pregnancy_status": "pregnant"})
    assert not acts(answer, MTX)
    assert not acts(answer, "mycophenolate_mofetil")
    for _, part in parts_of(answer, MTX):
        assert "methotrexate-pregnancy" in {reason.rule for reason in part.blocked_by}
    assert {"sex_at_birth", "pregnancy_status"} <= asked(answer)
    assert "D112" in {problem.code for problem in answer.problems}
    assert "pregnancy_status" not in answer.derived


@pytest.mark.parametrize(
    "facts",
    [
        {"sex_at_birth": ["male", "female"], "age_years": 15},
        {"pregnancy_status": ["pregnant", "not_pregnant"], "age_years": 15},
        {"pregnancy_status": ["possible", "not_applicable"], "sex_at_birth": "male"},
        {"sex_at_birth": "male", "childbearing_potential": True, "age_years": 15},
        {"age_years": [8, 15]},
    ],
)
def test_a_contradiction_never_falls_back_to_a_derived_default(jdm, facts):
    """Sex and pregnancy that contradict each other once fell back to "not applicable", with a dose."""
    answer = jdm.evaluate(READY | facts)
    assert not acts(answer, MTX)
    assert not acts(answer, "mycophenolate_mofetil")
    assert answer.derived.get("pregnancy_status") is None
    assert asked(answer) & set(facts)


def test_an_alert_fires_if_any_of_the_values_asks_for_it(jdm):
    answer = jdm.evaluate(READY | {"tmp_smx_use": ["none", "treatment"]})
    assert "cotrimoxazole-treatment" in alerts(answer)
    assert not acts(answer, MTX)


def test_two_weights_give_no_dose_by_weight_or_surface(jdm):
    answer = jdm.evaluate(READY | {"weight": ["26 kg", "40 kg"]})
    assert all(rec.dose is None for rec in answer.recommendations)
    assert "weight" in asked(answer)


# --- many patients, many threads ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def some_patients(jdm):
    maker, r = PatientMaker(jdm.guideline), Random(8)  # noqa: S311 - repeatable, not secret
    return [READY | {"weight": f"{kilos} kg"} for kilos in range(20, 70)] + [maker.patient(r) for _ in range(50)]


def test_eight_threads_get_the_answers_of_one(jdm, some_patients):
    expected = [jdm.evaluate(patient).model_dump() for patient in some_patients]
    start = threading.Barrier(8)

    def run(seed):
        order = list(range(100))
        Random(seed).shuffle(order)  # noqa: S311 - repeatable, not secret
        start.wait()
        return all(jdm.evaluate(some_patients[i]).model_dump() == expected[i] for i in order)

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(run, range(8)))


def resident():
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is read from /proc")
def test_memory_stays_flat_and_no_thread_is_left(jdm, some_patients):
    threads = threading.enumerate()
    tasks = len(os.listdir("/proc/self/task"))  # noqa: PTH208 - as the kernel lists them
    for patient in some_patients * 2:
        jdm.evaluate(patient)
    gc.collect()
    before = resident()
    for patient in some_patients[:60] * 25:
        jdm.evaluate(patient)
    gc.collect()
    assert resident() - before < 10, "MB after 1,500 evaluations"
    assert threading.enumerate() == threads
    assert len(os.listdir("/proc/self/task")) <= tasks  # noqa: PTH208 - as above


# --- pure, frozen, and nothing that looks like yes or no -----------------------------------------------------------


class Forbidden(dt.date):
    """A calendar without a today."""

    @classmethod
    def today(cls):
        pytest.fail("an evaluation reads the clock")


def test_evaluation_reads_no_clock_no_file_and_no_environment(jdm, monkeypatch):
    jdm.evaluate(READY)
    reads = []
    monkeypatch.setattr(dt, "date", Forbidden)
    monkeypatch.setattr(os, "getenv", lambda *_: reads.append("getenv"))
    monkeypatch.setattr(builtins, "open", lambda *args, **_: reads.append(args))
    monkeypatch.setattr("time.time", lambda: reads.append("time"))
    monkeypatch.setattr("socket.socket", lambda *_: reads.append("socket"))
    answer = jdm.evaluate(READY | {"weight": {"value": 26, "unit": "kg", "date": "2026-11-01"}}, as_of="2026-11-21")
    monkeypatch.undo()
    assert answer.recommended
    assert not reads


def test_no_module_of_an_evaluation_names_the_clock():
    """Only the command line takes today."""
    package = Path(cds_engine.__file__).parent
    for folder in ("evaluator", "engine", "patient", "results", "backends", "lowering", "units", "language"):
        for file in (package / folder).rglob("*.py"):
            text = file.read_text(encoding="utf-8")
            assert ".today(" not in text, file
            assert ".now(" not in text, file
            assert "os.environ" not in text, file


def test_the_same_question_has_the_same_answer(jdm):
    one, other = (jdm.evaluate(READY, as_of="2026-11-21").model_dump_json() for _ in range(2))
    assert one == other


def test_the_input_is_left_as_it_was(jdm):
    facts = {"weight": [{"value": 26, "unit": "kg"}], "current_medications": [{"drug": "MTX", "per": "day"}]}
    text = repr(facts)
    jdm.evaluate(facts)
    assert repr(facts) == text


def test_results_are_frozen(jdm):
    answer = jdm.evaluate(READY)
    rec = answer.recommended[0]
    for thing, name in ((answer, "alerts"), (rec, "status"), (answer.questions[0], "ask"), (answer.pack, "id")):
        with pytest.raises(pydantic.ValidationError, match="frozen"):
            setattr(thing, name, None)
    dose = answer.recommendation("start-methotrexate").dose
    with pytest.raises(pydantic.ValidationError, match="frozen"):
        dose.high = 400


def test_a_recommendation_is_neither_true_nor_false(jdm):
    for rec in jdm.evaluate(READY).recommendations:
        with pytest.raises(TypeError, match="no truth value"):
            bool(rec)
        with pytest.raises(TypeError, match="no truth value"):
            assert not rec


@pytest.mark.parametrize("audience", ["surgeon", "", "Clinician ", 5])
def test_an_unknown_audience_is_one_clear_error(jdm, audience):
    with pytest.raises(cds_engine.InputError, match="audience"):
        jdm.evaluate(READY, audience=audience)


ORDERS = [
    [], None, "x", 5, {}, [5], [None], [{}], [{"id": object()}], [{"drug": {1, 2}}], [{"dose": float("nan")}],
    [{"\ud800": "\ud800"}],
    [{"drug": "methotrexate", "dose": 10**5000, "per": "day"}], [{"drug": "methotrexate",
    "nested": [[[[[[[[[[[1]]]]]]]]]]]}],
]  # fmt: skip


@pytest.mark.parametrize("orders", ORDERS, ids=range(len(ORDERS)))
@pytest.mark.parametrize("identifier", ["v01", "\ud800", 5, None, ["x"]])
def test_any_orders_and_any_name_give_an_answer_that_serialises(jdm, orders, identifier):
    answer = jdm.evaluate({"id": identifier, "facts": READY, "orders": orders})
    again = cds_engine.Evaluation.model_validate_json(answer.model_dump_json())
    assert again.patient == answer.patient


@pytest.mark.parametrize("key", ["fact", "weight", 5, "\ud800"])
def test_an_unknown_key_of_a_patient_is_a_problem(jdm, key):
    answer = jdm.evaluate({"facts": {}, key: 1})
    assert [problem.code for problem in answer.problems] == ["D101"]
    answer.model_dump_json()


def test_an_alert_fires_in_one_reading_although_another_fact_cannot_be_used(jdm):
    """A rejected age at onset leaves the scope open; of the two answers on the vaccine the dangerous one counts."""
    facts = {"live_vaccine_planned_or_recent": [True, False], "jdm_onset_age": "x"}
    assert "live-vaccine-and-immunosuppression" in alerts(jdm.evaluate(facts))


# --- what is prepared once and shared ------------------------------------------------------------------------


def lists_of(part):
    """Yield every list in an answer."""
    if isinstance(part, list):
        yield part
        for item in part:
            yield from lists_of(item)
    elif isinstance(part, pydantic.BaseModel):
        for value in part.__dict__.values():
            yield from lists_of(value)


def test_no_answer_can_change_another(jdm):
    """A list of one answer is changed where that is allowed at all; the next answer is what it was before."""
    before = jdm.evaluate({}).model_dump_json()
    changed = 0
    for found in list(lists_of(jdm.evaluate({}))):
        if isinstance(found, Shared):
            with pytest.raises(TypeError, match="copy the list first"):
                found.append("changed")
        else:
            found.append("changed")
            changed += 1
    assert changed
    assert jdm.evaluate({}).model_dump_json() == before


def test_an_answer_can_be_copied_and_compared(jdm):
    answer = jdm.evaluate(READY)
    assert answer == jdm.evaluate(READY) == cds_engine.Evaluation.model_validate_json(answer.model_dump_json())
    assert answer != jdm.evaluate(READY | {"weight": "27 kg"})
    mine = copy.deepcopy(answer.recommendations[0])
    mine.citations.clear()
    assert answer.recommendations[0].citations


def test_what_was_decided_once_is_what_would_be_decided_again(jdm, monkeypatch):
    """The verdicts that are kept for one patient are the ones that nothing kept would give."""
    maker, r = PatientMaker(jdm.guideline), Random(7)  # noqa: S311 - repeatable, not secret
    alone = LoadedPack(jdm.guideline, {})
    patients = [maker.patient(r) for _ in range(60)]
    kept = [alone.evaluate(patient) for patient in patients]
    monkeypatch.setattr(conditions, "decide", lambda node, facts: conditions.MEANING[type(node)](node, facts))
    assert [alone.evaluate(patient) for patient in patients] == kept
