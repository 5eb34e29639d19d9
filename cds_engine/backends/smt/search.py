"""Questions to Z3: is there a patient of whom this is true?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import z3

from cds_engine.backends.smt.answer import SymbolicAnswer
from cds_engine.backends.smt.decode import Decoder
from cds_engine.backends.smt.logic import both, opposite
from cds_engine.backends.smt.record import base_of

DIGITS = (3, 5, 9, 15)
"""Significant digits of a patient's numbers, the roundest first."""


class Search:
    """Looks for patients of one answer; remembers what it has told Z3 already.

    The products and roots of facts are left out at first. What no patient shows without them none shows with them.
    """

    def __init__(self, answer: SymbolicAnswer, seconds: float) -> None:
        self._answer = answer
        self._timeout = int(seconds * 1000)
        self._solver = z3.Solver()
        self._curved = z3.Solver()
        self._told = (0, 0)
        self._told_curved = 0

    def none(self, goal: z3.BoolRef, single: bool = False) -> bool | None:  # noqa: FBT001, FBT002 - a way to ask
        """Say whether there is no patient with *goal*, among all or those with one reading; None when undecided."""
        self._tell()
        assumed = [self._answer.is_single] if single else []
        return _said(self._ask(self._solver, goal, assumed))

    def patients(self, goal: z3.BoolRef, single: bool = False) -> Iterator[dict[str, object]]:  # noqa: FBT001, FBT002 - a way to ask
        """Return candidates for patients with *goal*, the simplest first; each is still to be replayed."""
        self._tell()
        self._tell_curved()
        one = [self._answer.is_single] if single else []
        exact = self._answer.arithmetic.ideal
        plain = [*one, self._answer.is_single, exact, *self._nothing_odd()]
        for solver in (self._curved, self._solver):
            for assumed in (plain, [*one, exact, *self._no_dates()], [*one, exact], one):
                if self._ask(solver, goal, assumed, leave=True) == z3.sat:
                    model = solver.model()
                    solver.pop()
                    for digits in DIGITS:
                        yield Decoder(self._answer, model, digits).patient()
                else:
                    solver.pop()

    def _ask(
        self, solver: z3.Solver, goal: z3.BoolRef, assumed: Sequence[z3.BoolRef], *, leave: bool = False
    ) -> z3.CheckSatResult:
        solver.push()
        solver.set("timeout", self._timeout)
        solver.add(goal, *assumed)
        found = solver.check()
        if not leave:
            solver.pop()
        return found

    def _nothing_odd(self) -> list[z3.BoolRef]:
        """Return that nothing was given that cannot be used, and no dates."""
        slots = self._answer.record.slots
        withheld = [opposite(slot.withheld) for slot in slots.values()]
        return [both(*withheld), opposite(z3.Bool(f"{self._answer.tag}another amount in doubt")), *self._no_dates()]

    def _no_dates(self) -> list[z3.BoolRef]:
        record = self._answer.record
        dates = [name for name in record.slots if name in record.facts and record.facts[name].entry.type == "date"]
        return [opposite(record.slots[name].known) for name in dates if name == base_of(name)]

    def _tell(self) -> None:
        """Tell Z3 what has been made since; both lists only ever grow."""
        record, linear = self._answer.record.constraints, self._answer.arithmetic.linear
        self._solver.add(*record[self._told[0] :], *linear[self._told[1] :])
        self._told = len(record), len(linear)

    def _tell_curved(self) -> None:
        total = len(self._answer.constraints()) + len(self._answer.curved)
        if total != self._told_curved:
            self._curved = z3.Solver()
            self._curved.add(*self._answer.constraints(), *self._answer.curved)
            self._told_curved = total


def _said(found: z3.CheckSatResult) -> bool | None:
    return True if found == z3.unsat else False if found == z3.sat else None
