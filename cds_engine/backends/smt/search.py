"""Questions to Z3: is there a patient of whom this is true?"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date

import z3

from cds_engine.backends.smt.answer import SymbolicAnswer
from cds_engine.backends.smt.decode import patient_of
from cds_engine.backends.smt.logic import FALSE, both, constant, opposite
from cds_engine.backends.smt.record import Slot, rational
from cds_engine.backends.smt.values import Code, Day, Flag, Members, Number, Payload
from cds_engine.patient.values import CodeSet, Known, Value

DIGITS = (3, 5, 15)
"""Significant digits of a patient's numbers, the roundest first."""
ROUNDS = 40
"""How often facts of an example patient are given up before he is given up himself."""
STEPS_A_SECOND = 3_000_000
"""How much Z3 does in a second of one core, in its own count: a question is given up after as much work on every
machine, however busy it is, and after `PATIENCE` times as many seconds in any case."""
PATIENCE = 10
Example = Mapping[str, Known]
"""A patient to stay near to, as he was read."""


class Search:
    """Looks for patients of one answer; remembers what it has told Z3 already.

    The products and roots of facts are left out at first. What no patient shows without them none shows with them.
    """

    def __init__(
        self, answer: SymbolicAnswer, seconds: float, examples: Sequence[Example] = (), *beside: SymbolicAnswer
    ) -> None:
        self._answer = answer
        self._answers = (answer, *beside)
        """Several answers to one patient, or to several; candidates are read from the first, and of the others what
        they alone know."""
        self._seconds = seconds
        self.left: Callable[[], float] = lambda: math.inf
        """How many seconds are left for all questions together; none is begun without any."""
        self._examples = (*examples, {})
        self._solver = z3.Solver()
        self._curved = z3.Solver()
        self._told: dict[int, int] = {}
        self._told_curved: dict[int, int] = {}
        self._flags: dict[int, tuple[z3.BoolRef, z3.BoolRef]] = {}
        """Each goal that is remembered, by its id, under a name."""

    def none(self, goal: z3.BoolRef, *beside: z3.BoolRef, curved: bool = False) -> bool | None:
        """Say whether there is no patient with *goal* and what stands *beside* it; None when undecided.

        With *curved* the products and roots of facts are looked at as well before a patient is said to exist.
        """
        self._tell()
        found = self._checked(self._solver, goal, *beside)
        if curved and found != z3.unsat:
            self._tell_curved()
            found = self._checked(self._curved, goal, *beside)
        return True if found == z3.unsat else False if found == z3.sat else None

    @contextmanager
    def together(self) -> Iterator[None]:
        """Remember the goals of `some` from question to question, until this ends: what was learned is used again."""
        self._tell()
        told = dict(self._told)
        self._solver.push()
        self._flags = {}
        yield
        self._solver.pop()
        self._told, self._flags = told, {}

    def some(self, *goals: z3.BoolRef) -> tuple[bool | None, z3.ModelRef | None]:
        """Say whether there may be a patient with all goals, products and roots left out, and show one; or None.

        Asked within `together`.
        """
        self._tell()
        for goal in goals:
            if goal.get_id() not in self._flags:
                flag = z3.Bool(f"goal {len(self._flags)}")
                self._flags[goal.get_id()] = flag, goal  # kept, so that no other takes its id
                self._solver.add(z3.Implies(flag, goal))
        self._limit(self._solver)
        found = self._solver.check(*(self._flags[goal.get_id()][0] for goal in goals))
        model = self._solver.model() if found == z3.sat else None
        return True if found == z3.sat else False if found == z3.unsat else None, model

    def read(self, model: z3.ModelRef) -> Iterator[dict[str, object]]:
        """List whom Z3 found as patients, with the roundest numbers first; each is still to be replayed."""
        seen: list[dict[str, object]] = []
        for digits in DIGITS:
            patient = patient_of(self._answers, model, digits)
            if patient not in seen:
                seen.append(patient)
                yield patient

    def none_unless(
        self, goal: z3.BoolRef, *beside: z3.BoolRef, unless: Mapping[str, z3.BoolRef]
    ) -> tuple[bool | None, tuple[str, ...]]:
        """Say whether there is no patient with *goal* of whom all of *unless* holds, and which of it that takes.

        Each that is named is needed: without it, but with the others, there is such a patient, or Z3 cannot tell.
        """
        self._tell()
        found, needed = self._needed(self._solver, [goal, *beside], unless)
        if found != z3.unsat:
            self._tell_curved()
            found, needed = self._needed(self._curved, [goal, *beside], unless)
        return True if found == z3.unsat else False if found == z3.sat else None, needed

    def _needed(
        self, solver: z3.Solver, goals: list[z3.BoolRef], unless: Mapping[str, z3.BoolRef]
    ) -> tuple[z3.CheckSatResult, tuple[str, ...]]:
        self._begin(solver)
        solver.add(*goals)
        flags = {name: z3.Bool(f"unless: {name}") for name in unless}
        solver.add(*(z3.Implies(flags[name], holds) for name, holds in unless.items()))
        found = solver.check(*flags.values())
        needed = {part.decl().name() for part in solver.unsat_core()} if found == z3.unsat else set()
        names = [name for name, flag in flags.items() if flag.decl().name() in needed]
        for name in tuple(names):
            others = [flags[other] for other in names if other != name]
            if solver.check(*others) == z3.unsat:
                names.remove(name)
        solver.pop()
        return found, tuple(names)

    def _checked(self, solver: z3.Solver, *goals: z3.BoolRef) -> z3.CheckSatResult:
        self._begin(solver)
        solver.add(*goals)
        found = solver.check()
        solver.pop()
        return found

    def _begin(self, solver: z3.Solver) -> None:
        """Begin a question that ends after a bounded effort."""
        solver.push()
        self._limit(solver)

    def _limit(self, solver: z3.Solver) -> None:
        seconds = min(self._seconds, max(self.left(), 0.0))
        solver.set("rlimit", int(seconds * STEPS_A_SECOND) or 1)  # none would be no limit
        solver.set("timeout", int(seconds * PATIENCE * 1000) or 1)

    def patients(self, goal: z3.BoolRef, *beside: z3.BoolRef) -> Iterator[dict[str, object]]:
        """Return candidates for patients with *goal*, the simplest first; each is still to be replayed."""
        self._tell()
        self._tell_curved()
        exact = self._answer.arithmetic.ideal
        seen: list[dict[str, object]] = []
        for assumed in ([exact, self.plain()], [exact, self.undated()], [exact], []):
            for example in self._examples:
                for solver in (self._solver, self._curved):
                    model = self._nearest(solver, [goal, *beside, *assumed], example)
                    for digits in DIGITS if model is not None else ():
                        patient = patient_of(self._answers, model, digits)
                        if patient not in seen:
                            seen.append(patient)
                            yield patient

    def _nearest(self, solver: z3.Solver, wanted: list[z3.BoolRef], example: Example) -> z3.ModelRef | None:
        """Return a model that keeps as much of an example as Z3 lets it, None when there is none."""
        self._begin(solver)
        solver.add(*wanted)
        kept: dict[str, z3.BoolRef] = {}
        for name, slot in self._answer.record.slots.items():
            known = example.get(name)
            wish = both(opposite(slot.known), opposite(slot.withheld)) if known is None else _is(slot, known.value)
            kept[name] = z3.Bool(f"as in the example: {name}")
            solver.add(z3.Implies(kept[name], wish))
        model = None
        for _ in range(ROUNDS):
            if self.left() <= 0:
                break
            self._limit(solver)
            found = solver.check(*kept.values())
            if found == z3.sat:
                model = solver.model()
                break
            core = {part.decl().name() for part in solver.unsat_core()} if found == z3.unsat else set()
            blamed = [name for name, flag in kept.items() if flag.decl().name() in core]
            if not blamed:
                break
            for name in _least(blamed, example):
                del kept[name]
        solver.pop()
        return model

    def plain(self) -> z3.BoolRef:
        """Return that nothing on record is odd: nothing that cannot be used or is read twice, no dates, no settings."""
        record, guideline = self._answer.record, self._answer.guideline
        unusual = {d.fact for d in guideline.derivations if d.always} | guideline.dictionary.presumed.keys()
        odd = [record.slots[name].known for name in sorted(unusual) if name in record.slots]
        withheld = [slot.withheld for slot in record.slots.values()]
        wrong = map(opposite, [*withheld, record.another_amount, *odd])
        return both(self._answer.is_single, self.undated(), *wrong)

    def undated(self) -> z3.BoolRef:
        """Return that no date is on record: what is counted between two days is known within bounds only."""
        record = self._answer.record
        dates = (name for name in record.slots if name in record.facts and record.facts[name].entry.type == "date")
        return both(*(opposite(record.slots[name].known) for name in dates))

    def _tell(self) -> None:
        """Tell Z3 what has been made since."""
        for answer in self._answers:
            _tell(self._solver, self._told, answer.record.constraints, answer.arithmetic.linear)

    def _tell_curved(self) -> None:
        for answer in self._answers:
            arithmetic = answer.arithmetic
            _tell(self._curved, self._told_curved, answer.record.constraints, arithmetic.linear, arithmetic.curved)


def _tell(solver: z3.Solver, told: dict[int, int], *lists: list[z3.BoolRef]) -> None:
    """Add what was appended to the lists, which only ever grow."""
    for constraints in lists:
        solver.add(*constraints[told.get(id(constraints), 0) :])
        told[id(constraints)] = len(constraints)


def _least(names: list[str], example: Example) -> list[str]:
    """Return the facts to give up first: half of those that the example does not have, or else one."""
    absent = [name for name in names if name not in example]
    return absent[len(absent) // 2 :] if absent else names[-1:]


def _is(slot: Slot, value: Value) -> z3.BoolRef:
    """Return the truth that a fact is known with a value."""
    return both(slot.known, has(slot.payload, value))


def has(payload: Payload | None, value: Value) -> z3.BoolRef:
    """Return the truth that a payload is a concrete value."""
    same: z3.BoolRef
    match payload, value:
        case Flag(), bool():
            return payload.value if value else opposite(payload.value)
        case Number(), float():
            same = payload.value == rational(value)
            return same
        case Code(), str():
            return payload.is_one_of(value)
        case Day(), date():
            same = payload.value == value.toordinal()
            return same
        case Members(), CodeSet(members, is_complete):
            each = (has_it if code in members else opposite(has_it) for code, has_it in payload.each.items())
            return both(payload.complete == constant(is_complete), *each)
    return FALSE
