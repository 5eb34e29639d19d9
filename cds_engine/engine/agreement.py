"""Every condition decided by every engine; where two differ there is no answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from cds_engine.backends.durable import DurableRules, is_available
from cds_engine.diagnostics import EngineDisagreement
from cds_engine.evaluator.conditions import decide
from cds_engine.evaluator.facts import Facts
from cds_engine.evaluator.verdict import Verdict
from cds_engine.lowering.guideline import Guideline

WORDS = {True: "true", False: "false", None: "unknown"}


class Decider(Protocol):
    """An engine beside the evaluator: decides all conditions of a pack for one patient."""

    def decide(self, facts: Facts) -> Mapping[str, bool | None]:
        """Return the truth of every condition by its key."""


Deciders = Mapping[str, Decider]
"""Engines by name."""


def second_engines(guideline: Guideline) -> dict[str, Decider]:
    """Return the engines that check the evaluator here; none on Python 3.13 and newer."""
    return {"durable_rules": DurableRules(guideline.conditions)} if is_available() else {}


def decide_all(guideline: Guideline, facts: Facts, deciders: Deciders) -> dict[str, Verdict]:
    """Return the evaluator's verdict on every condition, once every other engine has given the same.

    Raises:
        EngineDisagreement: If an engine gives another truth, or none, for any condition.
        BackendFault: If an engine fails to answer.
    """
    verdicts = {key: decide(condition, facts) for key, condition in guideline.conditions.items()}
    for name, decider in deciders.items():
        truths = decider.decide(facts)
        for key, verdict in verdicts.items():
            if key not in truths or truths[key] is not verdict.truth:
                said = WORDS[truths[key]] if key in truths else "nothing"
                raise EngineDisagreement(key, {"evaluator": WORDS[verdict.truth], name: said})
    return verdicts
