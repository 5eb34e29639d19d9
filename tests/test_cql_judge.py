"""The reference engine of HL7 gives every generated patient the statuses, alerts and doses of the evaluator.

`make test-cql` installs the translator and the engine (Node.js is needed) and runs this; without them it is skipped.
"""

from __future__ import annotations

import json
import os
import subprocess
from datetime import date
from pathlib import Path
from random import Random

import pytest
from answers import View
from strategies import READY, PatientMaker

import cds_engine
from cds_engine.backends.cql import library
from cds_engine.backends.cql.names import named
from cds_engine.evaluator.conditions import decide
from cds_engine.patient.values import CodeSet, Origin

FOLDER = Path(__file__).parent / "cql"
COUNT = int(os.environ.get("CQL_PATIENTS", "2000"))
needs_node = pytest.mark.skipif(
    not (FOLDER / "node_modules").exists(), reason="the CQL engine is not installed: `make test-cql` does it"
)

PACK = cds_engine.load("jdm_calcinosis")
GUIDELINE = PACK.guideline
NAMED = set(named(GUIDELINE))
DERIVED = {derivation.fact for derivation in GUIDELINE.derivations}
WARNINGS = {
    **{key: rule for rules in GUIDELINE.contraindications.values() for key, rule in rules},
    **{key: rule for rules in GUIDELINE.cautions.values() for key, rule in rules},
    **dict.fromkeys(key for key, _ in GUIDELINE.alerts),
}
ADJUSTMENTS = {adjustment.key for plan in GUIDELINE.doses.values() for adjustment in plan.adjustments}


def parameters(view):
    """Return what the library is told of a patient: what was given, in one reading, and what the others come to."""
    certain = view.worlds.certain
    found = {"as_of": None if certain.facts.as_of is None else certain.facts.as_of.isoformat()}
    for name, known in certain.facts.known.items():
        if name not in NAMED or known.origin not in {Origin.GIVEN, Origin.ASSUMED}:
            continue
        value = known.value
        if isinstance(value, CodeSet):
            found[f"{name} complete"] = value.is_complete
            value = sorted(value.members)
        told = f"{name} as given" if name in DERIVED else name
        found[told] = value.isoformat() if isinstance(value, date) else value
    return found | {
        "doubtful facts": sorted(certain.facts.doubtful),
        "withheld facts": sorted(view.worlds.withheld),
        "true in another reading": sorted(true_elsewhere(view)),
        "held open by another reading": sorted({*open_elsewhere(view), *differing(view)}),
    }


def true_elsewhere(view):
    """Return the warnings that another reading makes true."""
    return {
        key
        for world in view.worlds.others
        for key, verdict in world.verdicts.items()
        if key in WARNINGS and verdict.truth is True
    }


def open_elsewhere(view):
    """Return the warnings that another reading leaves open, where this one says no and the pack would know."""
    for world in view.worlds.others:
        for key, verdict in world.verdicts.items():
            says_no = key in WARNINGS and view.worlds.certain.verdicts[key].truth is False
            if says_no and verdict.truth is None:
                rule = WARNINGS[key]
                if rule is None or view.worlds.must_hold(rule, verdict):
                    yield key


def differing(view):
    """Return the dose adjustments on which the readings differ."""
    truths = {key: decide(GUIDELINE.conditions[key], view.worlds.certain.facts).truth for key in ADJUSTMENTS}
    return {
        key
        for world in view.worlds.others
        for key, verdict in world.verdicts.items()
        if key in ADJUSTMENTS and verdict.truth is not truths[key]
    }


def expected(answer):
    """Return what the library must say, by the names of its definitions."""
    alerts = {alert.rule for alert in answer.alerts}
    return {
        **{f"status {rec.rule}": rec.status for rec in answer.recommendations},
        **{f"believed alert {alert.id}": alert.id in alerts for _, alert in GUIDELINE.alerts},
        **{
            f"{part.dose.regimen} {end}": getattr(part.dose, f"unrounded_{end}")
            for rec in answer.recommendations
            for part in (rec, *rec.choices)
            if part.dose
            for end in ("low", "high")
        },
    }


def judged(patients, names, tmp_path):
    """Return what the reference engine says of each patient."""
    text = tmp_path / "library.cql"
    text.write_text(library(GUIDELINE), encoding="utf-8")
    lines = [json.dumps(names), *(json.dumps(patient) for patient in patients)]
    command = ["node", str(FOLDER / "judge.mjs"), str(text)]
    done = subprocess.run(command, input="\n".join(lines), capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stderr[-3000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


def agrees(said, wanted):
    if isinstance(wanted, float):
        return said is not None and abs(said - wanted) < 1e-6 * max(1, abs(wanted))
    return (said is True) is wanted if isinstance(wanted, bool) else said == wanted


@needs_node
def test_the_reference_engine_agrees(tmp_path):
    maker, r = PatientMaker(GUIDELINE), Random(2026)  # noqa: S311 - repeatable, not secret
    patients = [{"facts": READY, "as_of": "2026-11-21"}, {"facts": {}}]
    patients += [maker.patient(r) for _ in range(COUNT - len(patients))]
    views = [View(PACK, patient) for patient in patients]
    wanted = [expected(PACK.evaluate(patient)) for patient in patients]
    names = sorted({name for each in wanted for name in each})
    answers = judged([parameters(view) for view in views], names, tmp_path)
    assert len(answers) == len(patients)
    wrong = [
        (name, answer[name], value, patient)
        for patient, each, answer in zip(patients, wanted, answers, strict=True)
        for name, value in each.items()
        if not agrees(answer[name], value)
    ]
    assert wrong == [], f"{len(wrong)} differ, the first: {wrong[0]}"
    assert sum("methotrexate-weekly high" in each for each in wanted) >= COUNT // 100
