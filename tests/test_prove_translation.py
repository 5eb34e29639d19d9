"""The formula says of concrete patients what the evaluator says: statuses, alerts, reasons and doses.

Each generated patient is put in place of the free record; then Z3 must find no way for any status to differ.
`TRANSLATED_PATIENTS` sets how many; thousands are tried by hand.
"""

from __future__ import annotations

import os
from datetime import date
from random import Random

import pytest
from strategies import READY, PatientMaker

import cds_engine
from cds_engine.engine.questions import questions_of
from cds_engine.evaluator.doses import displayed
from cds_engine.evaluator.verdict import Unknown
from cds_engine.patient.read import read_facts
from cds_engine.patient.values import Known, Withheld
from cds_engine.proof.replay import Replay

z3 = pytest.importorskip("z3")

from cds_engine.backends.smt.answer import SymbolicAnswer  # noqa: E402 - once Z3 is known to be there
from cds_engine.backends.smt.logic import both, constant, every, opposite  # noqa: E402
from cds_engine.backends.smt.questions import Questions  # noqa: E402
from cds_engine.backends.smt.search import has  # noqa: E402
from cds_engine.backends.smt.spoken import Spoken  # noqa: E402

GUIDELINE = cds_engine.load("jdm_calcinosis").guideline
MAKER = PatientMaker(GUIDELINE)
ASKED = (
    "pregnancy_status",
    "egfr",
    "serum_creatinine",
    "height",
    "weight",
    "age_years",
    "current_medications",
    "cystatin_c",
)
"""Facts of which it is compared whether they are asked for: derived, inputs of derived ones, of a dose, declared."""
SPOKEN = (
    "dose.methotrexate.high", "dose.methotrexate.adjusted", "dose.methotrexate.per",
    "dose.mycophenolate_mofetil.high_per_day", "formula.egfr", "formula.body_surface_area", "given.egfr",
    "strongest.seed", "strongest.guideline", "strongest.outside_seed", "chosen.add_steroid_sparing_agent",
)  # fmt: skip
"""Names that only invariants use, of which the value is compared."""
COUNT = int(os.environ.get("TRANSLATED_PATIENTS", "40"))


FOCUS = tuple(
    {"facts": READY | focus}
    for focus in (
        {"current_medications": ["unheard-of"]}, {"current_medications": ["unheard-of", "prednisolone"]},
        {"current_medications": [{"drug": "methotrexate"}]}, {"drug_hypersensitivity": ["unheard-of"]},
        {"current_medications": [{"drug": "methotrexate", "per": "day", "dose": "15 mg"}]}, {"weight": "26"},
        {"pregnancy_status": "perhaps"}, {"tb_active_or_untreated_latent": "perhaps"}, {"egfr": "45 mL/min/{1.73_m2}"},
        {"sex_at_birth": "male", "pregnancy_status": "pregnant"}, {"height": "180 cm", "weight": "80.1 kg"},
        {"egfr": None, "serum_creatinine": "0.4 mg/dL"}, {"egfr": None}, {"age_years": None}, {"alt": "200"},
    )
)  # fmt: skip
"""What must be reached whatever is generated: lists in part, facts that cannot be used, edges."""


class Formula:
    """The answer to any patient, with everything in it made, and one solver that holds it."""

    def __init__(self):
        self.answer = answer = SymbolicAnswer(GUIDELINE)
        for spec in GUIDELINE.rules:
            answer.rule(spec)
        for key, _ in GUIDELINE.alerts:
            answer.shows(key)
        self.asks = {name: Questions(answer).asks(name) for name in ASKED}
        for spec in GUIDELINE.rules:
            for treatment in spec.treatments:
                if treatment.dose:
                    ends = answer.dose(treatment.dose)
                    answer.shown(ends.low, treatment.dose), answer.shown(ends.high, treatment.dose)
        self.spoken = {name: Spoken(answer).value(name) for name in SPOKEN}
        for condition in GUIDELINE.conditions.values():
            answer.certain.truth(condition)
        self.solver = z3.Solver()
        self.solver.add(*answer.constraints(), *answer.curved, answer.arithmetic.ideal)

    def record(self, facts, as_of):
        """Return the formula that the record is this one."""
        parts = []
        for name, slot in self.answer.record.slots.items():
            found = facts.get(name)
            if name == "as_of":
                found = Known(as_of) if as_of else None
            known = isinstance(found, Known)
            parts += [slot.known == constant(known), slot.withheld == constant(isinstance(found, Withheld))]
            if known:
                parts.append(has(slot.payload, found.value))
        other = [n for n, f in facts.items() if n.endswith("weekly_amount") and n not in self.answer.record.slots
                 and isinstance(f, Withheld)]  # fmt: skip
        return every([*parts, z3.Bool("another amount in doubt") == constant(bool(other))])

    def says(self, replay):
        """Return the formula that the answer is this one."""
        parts = []
        for decision in replay.decisions:
            whole, each = self.answer.rule(decision.spec)
            parts.append(getattr(whole, decision.status))
            parts += [getattr(each[part.treatment.target], part.status) for part in decision.treatments
                      if decision.status != "not_applicable"]  # fmt: skip
            for part in decision.treatments:
                if part.dose is not None:
                    ends = self.answer.dose(part.treatment.dose)
                    parts += [ends.known, near(ends.low, part.dose.low.final), near(ends.high, part.dose.high.final)]
                    plan = part.treatment.dose
                    parts += [near(self.answer.shown(end, plan), displayed(shown.final, plan.cap))
                              for end, shown in ((ends.low, part.dose.low), (ends.high, part.dose.high))]  # fmt: skip
        for key, _ in GUIDELINE.alerts:
            parts.append(self.answer.shows(key) == constant(replay.worlds.believed(key)[0].truth is True))
        for name, value in self.spoken.items():
            said = replay.spoken(name)
            parts.append(value.known == constant(said is not None))
            if isinstance(said, float):
                parts.append(near(value.payload.value, said))
            elif said is not None:
                parts.append(has(value.payload, said))
        if not replay.worlds.others:  # what is asked is modelled for records with one reading
            asked = {question.fact for question in questions_of(
                GUIDELINE, replay.worlds, replay.decisions, patient=False)}  # fmt: skip
            parts += [truth == constant(name in asked) for name, truth in self.asks.items()]
        for key, condition in GUIDELINE.conditions.items():
            truth, verdict = self.answer.certain.truth(condition), replay.worlds.certain.verdicts[key].truth
            if not key.startswith("regimen "):  # steadied over the readings
                parts += [truth.yes == constant(verdict is True), truth.no == constant(verdict is False)]
        return every(parts)

    def other_is(self, world):
        """Return the formula that the other reading is this world."""
        parts = []
        for name, slot in self.answer.reread.items():
            if name in {d.fact for d in GUIDELINE.derivations} | GUIDELINE.dictionary.presumed.keys():
                continue
            value = world.facts.look_up(name)
            parts.append(slot.known == constant(not isinstance(value, Unknown)))
            if not isinstance(value, Unknown):
                parts.append(has(slot.payload, value))
        return every(parts)


def near(term, value):
    return both(term - z3.RealVal(repr(value)) <= 1e-9, z3.RealVal(repr(value)) - term <= 1e-9)


@pytest.fixture(scope="module")
def formula():
    return Formula()


def replayed(patient):
    written = patient.get("as_of")
    as_of = date.fromisoformat(written) if written else None
    record = read_facts(patient["facts"], GUIDELINE.dictionary, as_of)
    return record, as_of, Replay.of_record(GUIDELINE, record, as_of)


def is_computed_by_powers(replay):
    """Say whether a value rests on a power that the formula only bounds."""
    known = replay.worlds.certain.facts.known
    return any(k.formula in {"bsa_du_bois", "bsa_haycock", "egfr_ckd_epi_2021"} for k in known.values())


def test_the_formula_says_what_the_evaluator_says(formula):
    r = Random(20261122)  # noqa: S311 - repeatable, not secret
    reached = {"one reading": 0, "several": 0, "recommended": 0}
    for patient in (*FOCUS, *(MAKER.patient(r) for _ in range(COUNT))):
        record, as_of, replay = replayed(patient)
        given = formula.record(record.facts, as_of)
        says = formula.says(replay)
        exact = not is_computed_by_powers(replay) and "birth_date" not in record.facts
        if not replay.worlds.others:
            reached["one reading"] += 1
            reached["recommended"] += any(d.status == "recommended" for d in replay.decisions)
            assert check(formula, given, formula.answer.is_single, says) == z3.sat, patient
            if exact:
                assert check(formula, given, formula.answer.is_single, opposite(says)) == z3.unsat, patient
        else:
            reached["several"] += 1
            acting = [formula.answer.rule(d.spec)[0].recommended for d in replay.decisions if d.status == "recommended"]
            for world in replay.worlds.others[:3]:
                if world.facts.known is not replay.worlds.certain.facts.known and len(world.verdicts) > len(
                    GUIDELINE.alerts
                ):
                    found = check(formula, given, formula.other_is(world), every(acting))
                    assert found == z3.sat, patient
    assert min(reached.values()) > COUNT // 20, reached


def check(formula, *goals):
    formula.solver.push()
    formula.solver.add(*goals)
    found = formula.solver.check()
    formula.solver.pop()
    return found
