"""The conditions of a pack, decided by durable_rules: what the rest of the package holds of this engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cds_engine.backends.durable.errors import both_ways, no_answer
from cds_engine.backends.durable.program import compile_program
from cds_engine.backends.durable.runner import Engine
from cds_engine.diagnostics import BackendFault

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cds_engine.backends.durable.values import FactView
    from cds_engine.lowering.core import Condition


class DurableRules:
    """Decides conditions, given by id, in durable_rules; one object serves many patients and threads.

    Raises:
        UnsupportedConditionError: a condition is beyond durable_rules.
        BackendFault: durable_rules is not there (see `is_available`), or refuses what was compiled.
    """

    def __init__(self, conditions: Mapping[str, Condition]) -> None:
        self._conditions = tuple(conditions)
        self._program = compile_program(conditions)
        self._engine = self._load()

    def decide(self, facts: FactView) -> dict[str, bool | None]:
        """Return for every id whether its condition is true, false or, as None, unknown.

        Raises:
            BackendFault: something went wrong on the way; there is no answer, and the next call is clean.
        """
        engine = self._engine
        try:
            fired = engine.fire(self._program.read(facts))
        except BackendFault:
            raise
        except Exception as error:
            raise no_answer(f"{type(error).__name__}: {error}") from error
        finally:
            if engine.is_worn and engine is self._engine:
                self._engine = self._load()
        return self._verdicts(fired)

    def _load(self) -> Engine:
        try:
            return Engine(self._program)
        except BackendFault:
            raise
        except Exception as error:
            raise no_answer(f"it refuses the rules: {error}") from error

    def _verdicts(self, fired: set[str]) -> dict[str, bool | None]:
        """Read the answer off the rules that fired; a condition of which none did is unknown."""
        answers: dict[str, bool | None] = dict.fromkeys(self._conditions)
        for name in fired:
            goal = self._program.goals[name]
            if goal.condition is None:
                continue
            if answers[goal.condition] is (not goal.truth):
                raise both_ways(goal.condition)
            answers[goal.condition] = goal.truth
        return answers
