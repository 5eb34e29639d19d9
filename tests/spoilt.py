"""Packs spoilt on purpose, and for each invariant of the JDM pack one that breaks it, with a patient.

`python tests/spoilt.py` looks for the patients with Z3, a minute or two, and writes them; the tests replay them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

from cds_engine.checker.check import check
from cds_engine.engine.packs import find
from cds_engine.engine.questions import questions_of
from cds_engine.lowering import core as c
from cds_engine.lowering.guideline import Guideline
from cds_engine.lowering.lower import lower
from cds_engine.proof import said
from cds_engine.proof.invariants import promises_of

RECORDED = Path(__file__).parent / "spoilt.json"
WAYS = (
    "nothing forbids", "every rule fires", "everything at once", "no dose rests on anything", "no dose is right",
    "every formula applies", "no rule fires", "no alert", "eGFR thresholds moved", "first choice last",
    "warfarin is offered", "the last formula applies", "everything speaks strongly",
    "what cannot be used is not asked for",
)  # fmt: skip
"""The last is no fault of a pack: an engine that forgets what was withheld, in the evaluator and in the translation."""


def spoilt(guideline: Guideline, how: str) -> Guideline:
    """Return the pack with every contraindication, condition of a rule, dose or formula spoilt."""
    conditions = dict(guideline.conditions)

    def wrong(dose):
        return dose and replace(
            dose, low=-1.0, high=dose.high * 9, cap=None, per="once", adjustments=(), basis_scale=1.0
        )

    match how:
        case "nothing forbids" | "no alert" | "every rule fires" | "no rule fires":
            kind = {"nothing forbids": "contraindication ", "no alert": "alert "}.get(how, "rule ")
            value = how == "every rule fires"
            conditions |= {key: c.Constant(value=value) for key in conditions if key.startswith(kind)}
            return replace(guideline, conditions=conditions)
        case "no dose is right":
            rules = tuple(
                replace(spec, treatments=tuple(replace(t, dose=wrong(t.dose)) for t in spec.treatments))
                for spec in guideline.rules
            )
            return replace(guideline, rules=rules)
        case "no dose rests on anything":
            rules = tuple(
                replace(spec, treatments=tuple(
                    replace(t, dose=t.dose and replace(t.dose, basis=None, adjustments=())) for t in spec.treatments
                ))
                for spec in guideline.rules
            )  # fmt: skip
            return spoilt(replace(guideline, rules=rules), "everything at once")
        case "everything at once":
            known = {
                key: c.Constant(value=key.startswith("rule "))
                for key in conditions
                if key.startswith(("rule ", "contra"))
            }
            return replace(guideline, conditions=conditions | known, conflicts={})
        case "every formula applies" | "the last formula applies":
            order = -1 if how.startswith("the last") else 1
            derivations = tuple(
                replace(d, branches=tuple(replace(b, key=None) for b in d.branches[::order]))
                for d in guideline.derivations
            )
            return replace(guideline, derivations=derivations)
        case "eGFR thresholds moved":
            conditions["contraindication severe-renal-impairment"] = c.Constant(value=True)
            conditions["regimen methotrexate-weekly adjustment 1"] = c.Constant(value=True)
            return replace(guideline, conditions=conditions)
        case "first choice last":
            turned = tuple(replace(spec, treatments=spec.treatments[::-1]) for spec in guideline.rules)
            return replace(guideline, rules=turned)
        case "warfarin is offered" | "everything speaks strongly":
            strong = tuple(replace(spec, modality="recommend") for spec in guideline.rules)
            offering = tuple(
                replace(spec, treatments=tuple(replace(t, drug="warfarin", dose=None) for t in spec.treatments))
                for spec in guideline.rules
            )
            return spoilt(
                replace(guideline, rules=strong if how.endswith("strongly") else offering), "everything at once"
            )
        case "what cannot be used is not asked for":
            return guideline
    raise AssertionError(how)


@contextmanager
def slip(how: str) -> Iterator[None]:
    """Let the engine make the mistake that no pack can make."""
    if how != WAYS[-1]:
        yield
        return
    from cds_engine.backends.smt.logic import either, some  # noqa: PLC0415 - needs Z3, the tests that replay do not
    from cds_engine.backends.smt.questions import Questions, _Waiting  # noqa: PLC0415 - as above

    def forgetful(guideline, worlds, decisions, *, patient):
        return questions_of(guideline, replace(worlds, withheld={}), decisions, patient=patient)

    def asks(self, fact):
        waiting = _Waiting(self._answer, fact)
        return either(some(waiting.waits(spec) for spec in self._guideline.rules), some(self._declared(fact)))

    with patch.object(said, "questions_of", forgetful), patch.object(Questions, "asks", asks):
        yield


def refuting() -> dict[str, dict[str, object]]:
    """Return for each invariant the first spoilt pack that breaks it, with a patient."""
    from cds_engine.proof.prove import Prover  # noqa: PLC0415 - needs Z3

    folder = find("jdm_calcinosis")
    checked, _ = check(folder)
    assert checked is not None
    guideline = lower(checked)
    waiting, _ = promises_of(folder, checked, guideline)
    order = [promise.id for promise in waiting]
    found: dict[str, dict[str, object]] = {}
    for how in WAYS:
        with slip(how):
            prover = Prover(spoilt(guideline, how), waiting)
            for promise in tuple(waiting):
                finding = prover.prove(promise)
                if finding.outcome == "refuted":
                    found[promise.id] = {"pack": how, "patient": finding.patient}
                    waiting.remove(promise)
    return {name: found[name] for name in order if name in found}


if __name__ == "__main__":
    RECORDED.write_text(json.dumps(refuting(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
