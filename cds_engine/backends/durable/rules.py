"""The conditions of a pack, decided by durable_rules: what the rest of the package holds of this engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cds_engine.backends.durable.errors import both_ways, no_answer
from cds_engine.backends.durable.program import Sheet, compile_program
from cds_engine.backends.durable.runner import Engine, Said
from cds_engine.diagnostics import BackendFault

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from cds_engine.backends.durable.values import FactView
    from cds_engine.lowering.core import Condition

NO_RULESET: frozenset[int] = frozenset()


class DurableRules:
    """Decides conditions, given by id, in durable_rules; one object serves many patients and threads.

    Raises:
        UnsupportedConditionError: a condition is beyond durable_rules.
        BackendFault: durable_rules is not there (see `is_available`), or refuses what was compiled.
    """

    def __init__(self, conditions: Mapping[str, Condition]) -> None:
        self._conditions = frozenset(conditions)
        self._program = compile_program(conditions)
        self._engine = self._load()

    def about_one_patient(self) -> OnePatient:
        """Return this engine for the readings of one record: it is asked once what two of them have in common."""
        return OnePatient(self._decide)

    def decide(self, facts: FactView) -> dict[str, bool | None]:
        """Return for every id whether its condition is true, false or, as None, unknown.

        Raises:
            BackendFault: something went wrong on the way; there is no answer, and the next call is clean.
        """
        return self._decide(facts, self._conditions, {})

    def _decide(self, facts: FactView, asked: Collection[str], said: Said) -> dict[str, bool | None]:
        engine, needed = self._engine, self._program.needed
        numbers = sorted(NO_RULESET.union(*[needed.get(condition, NO_RULESET) for condition in asked]))
        try:
            fired = engine.fire(Sheet(self._program, facts), numbers, said)
        except BackendFault:
            raise
        except Exception as error:
            raise no_answer(f"{type(error).__name__}: {error}") from error
        finally:
            if engine.is_worn and engine is self._engine:
                self._engine = self._load()
        return self._verdicts(asked, fired)

    def _load(self) -> Engine:
        try:
            return Engine(self._program)
        except BackendFault:
            raise
        except Exception as error:
            raise no_answer(f"it refuses the rules: {error}") from error

    def _verdicts(self, asked: Collection[str], fired: set[str]) -> dict[str, bool | None]:
        """Read the answer off the rules that fired; a condition of which none did is unknown.

        One that was never compiled has no answer at all.
        """
        answers: dict[str, bool | None] = {condition: None for condition in asked if condition in self._conditions}
        for name in fired:
            goal = self._program.goals[name]
            if goal.condition is None or goal.condition not in answers:
                continue
            if answers[goal.condition] is (not goal.truth):
                raise both_ways(goal.condition)
            answers[goal.condition] = goal.truth
        return answers


class OnePatient:
    """An engine that is asked about several readings of one record, each time for some conditions."""

    def __init__(self, decide: Callable[[FactView, Collection[str], Said], dict[str, bool | None]]) -> None:
        self._decide = decide
        self._said: Said = {}

    def decide(self, facts: FactView, asked: Collection[str]) -> dict[str, bool | None]:
        """Return for every id in *asked* whether its condition is true, false or, as None, unknown.

        Raises:
            BackendFault: as `DurableRules.decide`.
        """
        return self._decide(facts, asked, self._said)
