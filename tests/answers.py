"""What tests ask of an answer: what acts for a drug, what a status must be, a patient as conditions see him."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property

from cds_engine.engine.worlds import worlds_of
from cds_engine.patient.read import read_facts
from cds_engine.patient.values import Withheld

TRUTH = {"true": True, "false": False, "unknown": None}


def kleene_any(truths):
    return True if True in truths else (None if None in truths else False)


def kleene_all(truths):
    return False if False in truths else (None if None in truths else True)


def expected_status(when, blocked, *, ready):
    """The table of the design, section 3.2; a rule whose dose cannot be computed waits."""
    if when is False:
        return "not_applicable"
    if blocked is True:
        return "blocked"
    return "recommended" if when is True and blocked is False and ready else "needs_data"


def check_statuses(pack, answer, view):
    """Hold every status against the table, from the verdicts that it was made from."""

    def is_dosed(treatment):
        """Say whether everything that the dose rests on is settled."""
        plan, certain = treatment.dose, view.worlds.certain
        return plan is None or (
            (plan.basis is None or view[plan.basis] is not None)
            and all(certain.verdicts[adjustment.key].truth is not None for adjustment in plan.adjustments)
        )

    specs = {spec.rule.id: spec for spec in pack.guideline.rules}
    for rec in answer.recommendations:
        when = view.worlds.certain.verdicts[f"rule {rec.rule}"].truth
        assert rec.because is None or TRUTH[rec.because.truth] is when, rec.rule
        if rec.choices:
            each = [
                True if c.blocked_by else None if c.status == "needs_data" and when is True else False
                for c in rec.choices
            ]
            statuses = [c.status for c in rec.choices]
            for choice, treatment in zip(rec.choices, specs[rec.rule].treatments, strict=True):
                assert choice.status != "recommended" or is_dosed(treatment), (rec.rule, choice.drug)
            if specs[rec.rule].mode == "one_of":
                blocked = False if "recommended" in statuses else kleene_all(each)
                ready = "recommended" in statuses
            else:
                blocked, ready = kleene_any(each), set(statuses) == {"recommended"}
        else:
            blocked = True if rec.blocked_by else None if rec.undecided else False
            ready = is_dosed(specs[rec.rule].treatments[0])
        assert rec.status == expected_status(when, blocked, ready=ready), (rec.rule, rec.status, when, blocked, ready)
        assert rec.dose is None or rec.status == "recommended", rec.rule
        assert not rec.missing or rec.status == "needs_data", rec.rule
        assert not rec.blocked_by or rec.status != "not_applicable", rec.rule


def parts_of(answer, drug):
    """Yield the recommendations and choices of a drug that apply, each with its rule."""
    for rec in answer.recommendations:
        if rec.status == "not_applicable":
            continue
        if rec.choices:
            yield from ((rec, choice) for choice in rec.choices if choice.drug == drug)
        elif rec.drug == drug:
            yield rec, rec


def acts(answer, drug):
    """Return what is recommended of a drug: the invariants' Act of that drug."""
    return [
        part for rec, part in parts_of(answer, drug) if rec.status == "recommended" and part.status == "recommended"
    ]


def asked(answer):
    return {question.fact for question in answer.questions}


def alerts(answer):
    return {alert.rule for alert in answer.alerts}


@dataclass
class View:
    """A patient as the conditions of the pack see him."""

    pack: object
    patient: dict

    @cached_property
    def record(self):
        day = self.patient.get("as_of")
        as_of = None if day is None else dt.date.fromisoformat(day)
        return read_facts(self.patient["facts"], self.pack.guideline.dictionary, as_of)

    @cached_property
    def worlds(self):
        day = self.patient.get("as_of")
        as_of = None if day is None else dt.date.fromisoformat(day)
        return worlds_of(self.pack.guideline, self.record, as_of, {})

    def __getitem__(self, name):
        """Return the value that is certain, None when there is none."""
        return self.worlds.certain.facts.value(name)

    def perhaps(self, name):
        """Return every value that the record speaks of: the certain one, or those that conflict."""
        found = self.worlds.withheld.get(name)
        known = [] if self[name] is None else [self[name]]
        return {*known, *(found.alternatives if isinstance(found, Withheld) else ())}

    def is_withheld(self, name):
        return name in self.worlds.withheld
