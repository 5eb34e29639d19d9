"""Generated packs and generated patients: both engines agree on every condition, and the table of statuses holds."""

from __future__ import annotations

import json
import os
import random
import tempfile
from pathlib import Path

import pytest
import yaml
from answers import View, check_statuses
from expressions import CODES, DRUGS, PATIENTS, conditions, terms
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from rows import check_columns
from second import SecondEngine
from strategies import PatientMaker

import cds_engine
from cds_engine.backends.durable import is_available
from cds_engine.backends.sql.errors import NotInColumns
from cds_engine.checker.check import check
from cds_engine.engine.guide import LoadedPack
from cds_engine.language.parser import parse
from cds_engine.language.printer import print_expression
from cds_engine.lowering.lower import lower
from cds_engine.results.evaluation import Evaluation

# --- a pack as YAML -----------------------------------------------------------------------------------------

MANIFEST = {
    "id": "toy", "version": "0.0.1", "title": "Toy", "scope": "Nobody.", "knowledge_date": "2026-01-01",
    "review": "submitted", "notices": [{"says": "For tests.", "patient_says": "For tests."}],
    "audiences": {"clinician": {"label": "Clinician", "wording": "clinician"},
                  "patient": {"label": "Patient", "wording": "patient"}},
}  # fmt: skip
SOURCE = {"label": "S", "citation": "S, in full", "kind": "policy", "tag": "P"}
FACTS = {
    "pregnant": {"type": "boolean", "ask": "Pregnant?"},
    "adult": {"type": "boolean", "ask": "Adult?"},
    "score": {"type": "integer", "ask": "Score?"},
    "count": {"type": "integer", "ask": "Count?"},
    "weight": {"type": "quantity", "unit": "kg", "accepts": ["g", "[lb_av]"], "ask": "Weight?", "max_age": "90 d",
    "tolerance": "10 %"},
    "dose": {"type": "quantity", "unit": "g", "ask": "Dose?"},
    "height": {"type": "quantity", "unit": "cm", "accepts": ["m"], "ask": "Height?", "tolerance": "5 cm"},
    "age": {"type": "decimal", "unit": "a", "ask": "Age?", "tolerance": "1 a"},
    "severity": {"type": "code", "allowed": list(CODES), "ask": "Severity?", "agreeing": [["mild", "none"]]},
    "drugs": {"type": "codes", "allowed": list(DRUGS), "ask": "Drugs?"},
    "born": {"type": "date", "ask": "Born?"},
    "size": {"type": "quantity", "unit": "m2", "always": True, "tolerance": "5 %"},
    "medications": {"type": "medications", "ask": "Medicines?"},
}  # fmt: skip
SAYS = {"says": "Something.", "patient_says": "Something."}
GENERATED = st.fixed_dictionaries(
    {
        "heavy": conditions(2).filter(lambda node: "heavy" not in print_expression(node)),
        "rules": st.lists(conditions(3), min_size=1, max_size=3),
        "contraindications": st.lists(st.tuples(conditions(2), st.sampled_from(("hold", "ignore"))), max_size=4),
        "cautions": st.lists(st.tuples(conditions(1), st.sampled_from(("hold", "ignore"))), max_size=2),
        "alerts": st.lists(conditions(2), max_size=2),
        "adjustments": st.lists(st.tuples(conditions(1), st.sampled_from((0.5, 0.1, 1.0))), max_size=2),
        "applies_to": st.none() | conditions(1),
        "conflict": st.none() | conditions(1),
        "adult": st.none() | conditions(1),
        "age": st.none() | st.tuples(conditions(1), terms("a", 1), terms("a", 1)),
        "presumed": st.booleans(),
        "mode": st.sampled_from(("one", "one_of", "all_of")),
        "range": st.sampled_from(("15 to 20 mg/m2", "600 mg/m2", "5 mg/m2")),
        "at_most": st.sampled_from((None, "40 mg", "1 g")),
    }
)


def uses(node, name):
    """Say whether an expression names a fact, so that no fact is derived from itself."""
    text = print_expression(node)
    return name in text or "heavy" in text


def files_of(g):
    """Return the files of the pack that *g* describes, or nothing if its facts would rest on themselves."""
    facts = {name: {"label": name, **entry, "record_only": "used by chance"} for name, entry in FACTS.items()}
    if g["adult"] is not None and not uses(g["adult"], "adult") and not uses(g["adult"], "age"):
        facts["adult"]["derive"] = print_expression(g["adult"])
    if g["age"] is not None and not any(uses(node, name) for node in g["age"] for name in ("age", "adult")):
        when, yes, no = (print_expression(node) for node in g["age"])
        facts["age"]["derive"] = [{"when": when, "value": yes}, {"value": no}]
    if g["presumed"] and not any("severity" in print_expression(when) for when, _ in g["contraindications"]):
        facts["severity"]["absent_means"] = "mild"
    treatments = [{"drug": "alpha", "regimen": "alpha-weekly"}, {"drug": "beta"}]
    named = {"one": treatments[0]}.get(g["mode"], {g["mode"]: treatments})
    rules = [
        {"id": f"rule-{n}", "when": print_expression(when), "recommend": {**named, **SAYS}}
        for n, when in enumerate(g["rules"])
    ]
    rules.append({"id": "rule-last", "when": "medications contains 'alpha'", "recommend": {"action": "rest", **SAYS}})
    statement = {
        "id": "T1",
        **SAYS,
        "source": "s",
        "modality": "recommend",
        "tag": "P",
        "origin": "policy",
        "rules": rules,
    }
    if g["applies_to"] is not None:
        statement["applies_to"] = print_expression(g["applies_to"])
    targets = ({"drugs": ["alpha"]}, {"drugs": ["alpha", "beta"]}, {"drugs": ["beta"]}, {"actions": ["rest"]})
    about = {"says": "No.", "source": "s", "tag": "P"}

    def safety(kind, found):
        return [
            {"id": f"{kind}-{n}", "when": print_expression(when), "if_unknown": hold, **targets[n % 4], **about}
            for n, (when, hold) in enumerate(found)
        ]

    dose = {"range": g["range"], "basis": "size", "per": "week", "source": "s"}
    if g["at_most"]:
        dose["at_most"] = g["at_most"]
    dose["adjust"] = [
        {"when": print_expression(when), "multiply": by, "source": "s", "note": "less"} for when, by in g["adjustments"]
    ]
    conflict = [] if g["conflict"] is None else [
        {"id": "c", "when": print_expression(g["conflict"]), "facts": ["weight", "pregnant"], "says": "No.",
        "ask": "Which?"}
    ]  # fmt: skip
    return {
        "pack.yaml": MANIFEST,
        "sources.yaml": {"sources": {"s": SOURCE}},
        "facts.yaml": {"facts": facts},
        "drugs.yaml": {"drugs": {"alpha": {"label": "alpha"}, "beta": {"label": "beta"}}},
        "formulas.yaml": {"formulas": {"bsa": {
            "label": "M", "gives": {"size": "m2"}, "takes": {"height": "cm", "weight": "kg"},
            "value": "(height * weight / 3600) ^ 0.5", "source": "s", "tag": "P"}}},
        "definitions.yaml": {"definitions": {"heavy": {"says": "it is heavy", "when": print_expression(g["heavy"])}},
                             "conflicts": conflict},
        "regimens.yaml": {"regimens": {"alpha-weekly": {"drug": "alpha", "dose": dose}}},
        "statements/t.yaml": {"topic": "T", "statements": [statement]},
        "safety/t.yaml": {
            "contraindications": safety("forbid", g["contraindications"]),
            "cautions": safety("mind", g["cautions"]),
            "alerts": [{"id": f"alert-{n}", "severity": "warning", "when": print_expression(when), **SAYS,
            "source": "s", "tag": "P"}
                       for n, when in enumerate(g["alerts"])],
        },
    }  # fmt: skip


def load_files(files):
    """Return the pack, or the findings that make it no pack."""
    with tempfile.TemporaryDirectory() as folder:
        for name, content in files.items():
            path = Path(folder, "toy", name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
        checked, findings = check(Path(folder, "toy"))
    return (None if checked is None else LoadedPack(lower(checked))), findings


def as_sent(patient):
    """Return a patient of the language's tests in the input form of a record."""
    forms = {"weight": "{} kg", "dose": "{} g", "height": "{} cm"}
    sent = {}
    for name, value in patient.items():
        if name in forms:
            sent[name] = forms[name].format(value)
        elif name == "drugs":
            sent[name] = sorted(value[0])
        elif name in {"score", "count"}:
            sent[name] = int(value)
        elif name != "as_of":
            sent[name] = value.isoformat() if name == "born" else value
    return {"facts": sent, "as_of": patient["as_of"].isoformat() if "as_of" in patient else None}


def check_answer(pack, patient):
    answer = pack.evaluate(patient)
    assert answer.engine.agreed_by == ["evaluator", *(["durable_rules"] if is_available() else [])]
    check_statuses(pack, answer, View(pack, patient))
    text = answer.model_dump_json()
    assert json.loads(Evaluation.model_validate_json(text).model_dump_json()) == json.loads(text)
    asked = {question.fact: question.settles for question in answer.questions}
    for rec in answer.recommendations:
        for fact in rec.missing:
            assert fact not in FACTS or rec.rule in asked[fact], "what is missing is asked for"
    return answer


# --- the laws ----------------------------------------------------------------------------------------------


def loaded(described):
    pack, findings = load_files(files_of(described))
    unexpected = [f for f in findings if f.code[0] in "PF"]
    assert not unexpected, [f.render() for f in unexpected]
    assume(pack is not None)
    return pack


@settings(max_examples=1000 if os.environ.get("HYPOTHESIS_PROFILE") == "ci" else 50)
@given(GENERATED, st.lists(PATIENTS, min_size=1, max_size=3), st.integers(0, 2**32))
def test_both_engines_agree_on_generated_packs_and_patients(described, patients, seed):
    """A few patients a pack: some plain, some with every form of input, rubbish and conflicts included."""
    pack = loaded(described)
    for patient in patients:
        check_answer(pack, as_sent(patient))
    maker, r = PatientMaker(pack.guideline), random.Random(seed)  # noqa: S311 - repeatable, not secret
    for _ in range(2):
        check_answer(pack, maker.patient(r))


@settings(max_examples=max(4, settings().max_examples // 10))
@given(GENERATED, st.lists(PATIENTS, min_size=1, max_size=3), st.integers(0, 2**32))
def test_a_generated_pack_answers_a_table_as_it_answers_each_patient(described, patients, seed):
    pack = loaded(described)
    alone = LoadedPack(pack.guideline, {})
    maker, r = PatientMaker(pack.guideline), random.Random(seed)  # noqa: S311 - repeatable, not secret
    try:
        check_columns(alone, [*map(as_sent, patients), *(maker.patient(r) for _ in range(40))])
    except NotInColumns as refused:
        assert "use `evaluate` for the patients one by one" in str(refused)  # noqa: PT017 - packs may say what columns cannot


@settings(max_examples=max(10, settings().max_examples // 20))
@given(GENERATED, st.lists(PATIENTS, min_size=1, max_size=3), st.randoms(use_true_random=False))
def test_the_order_in_which_a_pack_is_written_does_not_matter(described, patients, r):
    shuffled = {name: list(value) if isinstance(value, list) else value for name, value in described.items()}
    files = files_of(shuffled)
    for key in ("contraindications", "cautions", "alerts"):
        r.shuffle(files["safety/t.yaml"][key])
    r.shuffle(files["statements/t.yaml"]["statements"][0]["rules"])
    items = list(files["facts.yaml"]["facts"].items())
    r.shuffle(items)
    files["facts.yaml"] = {"facts": dict(items)}
    other, _ = load_files(files)
    pack = loaded(described)
    for patient in patients:
        first, second = pack.evaluate(as_sent(patient)), other.evaluate(as_sent(patient))
        for rec in first.recommendations:
            again = second.recommendation(rec.rule)
            assert (rec.status, set(rec.missing), rec.dose and rec.dose.unrounded_high) == (
                again.status,
                set(again.missing),
                again.dose and again.dose.unrounded_high,
            )
            assert {reason.rule for reason in rec.blocked_by} == {reason.rule for reason in again.blocked_by}
        assert {alert.rule for alert in first.alerts} == {alert.rule for alert in second.alerts}


TOY = {
    "heavy": parse("pregnant"), "rules": [parse("adult")], "contraindications": [], "cautions": [], "alerts": [],
    "adjustments": [], "applies_to": None, "conflict": None, "adult": None, "age": None, "presumed": False,
    "mode": "one",
    "range": "5 mg/m2", "at_most": None,
}  # fmt: skip


@pytest.mark.parametrize(
    ("facts", "status", "missing", "high"),
    [
        ({}, "recommended", [], 5.0),
        ({"pregnant": True}, "recommended", [], 2.5),
        ({"pregnant": None}, "needs_data", ["pregnant"], None),
        ({"weight": None}, "needs_data", ["weight"], None),
        ({"weight": None, "height": "no", "pregnant": None}, "needs_data", ["pregnant", "weight", "height"], None),
        ({"adult": None, "weight": None}, "needs_data", ["adult", "weight"], None),
        ({"adult": False, "weight": None}, "not_applicable", [], None),
    ],
)
def test_a_dose_waits_for_its_basis_and_for_every_adjustment(facts, status, missing, high):
    pack, _ = load_files(files_of(TOY | {"adjustments": [(parse("pregnant"), 0.5)]}))
    known = {"adult": True, "pregnant": False, "height": "100 cm", "weight": "36 kg"}
    rec = pack.evaluate(known | facts).recommendation("rule-0")
    assert (rec.status, rec.missing) == (status, missing)
    assert (rec.dose and rec.dose.high) == high


def test_a_lie_of_the_second_engine_is_found_on_a_generated_pack():
    """The law above can fail: flip one verdict, and there is no answer."""
    pack, _ = load_files(files_of(TOY))

    class Liar(SecondEngine):
        def decide(self, supplied, _asked):
            return dict.fromkeys(pack.guideline.conditions, supplied.value("adult"))

    with pytest.raises(cds_engine.EngineDisagreement):
        LoadedPack(pack.guideline, {"liar": Liar()}).evaluate({"adult": True})
