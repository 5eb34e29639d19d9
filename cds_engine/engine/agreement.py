"""Every condition decided by every engine; where two differ there is no answer."""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping
from typing import Protocol

from cds_engine.backends.durable import DurableRules, is_available
from cds_engine.diagnostics import BackendFault, EngineDisagreement
from cds_engine.evaluator.conditions import decide, value_of
from cds_engine.evaluator.facts import Facts
from cds_engine.evaluator.verdict import Verdict
from cds_engine.lowering import core as c

Conditions = Mapping[str, c.Condition]
"""Conditions by the key that all engines know them by."""

WITHOUT_SECOND_ENGINE = (3, 13)
"""The first Python on which durable_rules cannot be imported."""

WORDS = {True: "true", False: "false", None: "unknown"}


class Supplied:
    """What another engine is given: checked values, and ready-made what it cannot compute itself.

    Ready-made are only the values of arithmetic and the truth of comparisons between two facts or with dates.
    """

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self.value = facts.value

    def number(self, term: c.Term) -> float | None:
        """Return the value of an arithmetic term, None when it is unknown."""
        found = value_of(term, self._facts)
        return found if isinstance(found, float) else None

    def compares(self, node: c.Compare) -> bool | None:
        """Return the truth of a comparison between two facts or two dates, None when it is unknown."""
        return decide(node, self._facts).truth


class PatientDecider(Protocol):
    """An engine beside the evaluator, for the readings of one patient's record."""

    def decide(self, facts: Supplied, asked: Collection[str]) -> Mapping[str, bool | None]:
        """Return the truth of every condition that is *asked* for, by its key."""


class Decider(Protocol):
    """An engine beside the evaluator, that knows all conditions of a pack."""

    def about_one_patient(self) -> PatientDecider:
        """Return the engine for one patient; what it has found may serve for the other readings of his record."""


Deciders = Mapping[str, Decider]
"""Engines by name."""

PatientDeciders = Mapping[str, PatientDecider]


def about_one_patient(deciders: Deciders) -> PatientDeciders:
    """Return every engine for one patient."""
    return {name: decider.about_one_patient() for name, decider in deciders.items()}


def second_engines(conditions: Conditions) -> dict[str, Decider]:
    """Return the engines that decide the *conditions* of a pack here; none on Python 3.13 and newer.

    Raises:
        BackendFault: If durable_rules cannot be loaded where it should be: a broken build switches no check off.
    """
    if not is_available():
        if sys.version_info < WITHOUT_SECOND_ENGINE:
            raise BackendFault("durable_rules cannot be loaded; install it again: no answer is given without it")
        return {}
    return {"durable_rules": DurableRules(conditions)} if conditions else {}


def decide_all(conditions: Conditions, facts: Facts, deciders: PatientDeciders) -> dict[str, Verdict]:
    """Return the evaluator's verdict on every condition, once every other engine has given the same.

    Raises:
        EngineDisagreement: If an engine gives another truth, or none, for any condition.
        BackendFault: If an engine fails to answer.
    """
    if not conditions:
        return {}
    verdicts = {key: decide(condition, facts) for key, condition in conditions.items()}
    supplied = Supplied(facts)
    for name, decider in deciders.items():
        truths = decider.decide(supplied, conditions.keys())
        for key, verdict in verdicts.items():
            if key not in truths or truths[key] is not verdict.truth:
                said = WORDS[truths[key]] if key in truths else "nothing"
                raise EngineDisagreement(key, {"evaluator": WORDS[verdict.truth], name: said})
    return verdicts
