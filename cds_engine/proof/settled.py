"""When an answer is settled, and which facts its conditions ask after: what may change it is only that one is known.

Settled are a rule that is recommended or not applicable, with the treatments that are ready and their doses, and an
alert that is shown. A blocked rule never comes to be recommended or to wait; it may turn out not to apply, where that
was still open.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from cds_engine.backends.smt.answer import SymbolicAnswer
from cds_engine.backends.smt.logic import Formula, both, either, opposite, some
from cds_engine.backends.smt.record import base_of
from cds_engine.lowering import core as c
from cds_engine.lowering.guideline import RuleSpec
from cds_engine.lowering.walk import names_in, nodes


@dataclass(frozen=True, slots=True)
class Subject:
    """One rule or alert."""

    name: str
    differs: Formula
    """It is settled with less known, rests on no assumption there, and is another with more known."""
    asked: frozenset[str]
    """The facts of which some condition that it rests on asks whether they are known."""


class Settled:
    """The settled answers of one patient of whom *less* is known against those of whom *more* is known."""

    def __init__(self, less: SymbolicAnswer, more: SymbolicAnswer) -> None:
        self._less = less
        self._more = more
        self._guideline = less.guideline

    @property
    def subjects(self) -> Iterator[Subject]:
        """List every rule, then every alert."""
        for spec in self._guideline.rules:
            differs = both(self._differs(spec), *self._nothing_assumed(spec))
            yield Subject(spec.rule.id, differs, self._asked(self._keys(spec)))
        for key, alert in self._guideline.alerts:
            yield Subject(alert.id, both(self._less.shows(key), opposite(self._more.shows(key))), self._asked([key]))

    def _differs(self, spec: RuleSpec) -> Formula:
        (less, parts), (more, others) = self._less.rule(spec), self._more.rule(spec)
        return either(
            both(less.recommended, opposite(more.recommended)),
            both(less.not_applicable, opposite(more.not_applicable)),
            both(less.blocked, either(more.recommended, more.needs_data)),
            some(both(part.recommended, opposite(others[target].recommended)) for target, part in parts.items()),
            some(self._doses_apart(spec)),
        )

    def _doses_apart(self, spec: RuleSpec) -> Iterator[Formula]:
        whole, parts = self._less.rule(spec)
        for treatment in spec.treatments:
            if treatment.dose is not None:
                less, more = self._less.dose(treatment.dose), self._more.dose(treatment.dose)
                apart = either(less.low != more.low, less.high != more.high)
                yield both(whole.recommended, parts[treatment.target].recommended, apart)

    def _nothing_assumed(self, spec: RuleSpec) -> Iterator[Formula]:
        for treatment in spec.treatments:
            for key, rule in self._guideline.contraindications.get(treatment.target, ()):
                if rule.if_unknown == "ignore":
                    yield opposite(self._less.believed(key).unknown)

    def _keys(self, spec: RuleSpec) -> Iterator[str]:
        """List the conditions that a rule rests on."""
        yield spec.key
        for treatment in spec.treatments:
            for found in (self._guideline.contraindications, self._guideline.cautions):
                yield from (key for key, _ in found.get(treatment.target, ()))
            yield from (adjustment.key for adjustment in (treatment.dose.adjustments if treatment.dose else ()))

    def _asked(self, keys: Iterable[str]) -> frozenset[str]:
        """Return the facts of which these conditions, or those that derive facts, ask whether they are known."""
        keys = list(keys)
        reads = frozenset().union(*(self._guideline.reads[key] for key in keys))
        conditions: list[c.CoreNode] = [self._guideline.conditions[key] for key in keys]
        for derivation in self._guideline.derivations:
            for branch in derivation.branches if derivation.fact in reads else ():
                conditions += [branch.value, *([self._guideline.conditions[branch.key]] if branch.key else [])]
        asking = [node for condition in conditions for node in nodes(condition) if isinstance(node, c.IsUnknown)]
        return self._with_inputs({base_of(name) for name in names_in(tuple(asking))})

    def _with_inputs(self, names: set[str]) -> frozenset[str]:
        """Return facts with those that they are derived from."""
        for derivation in reversed(self._guideline.derivations):
            if derivation.fact in names:
                names |= derivation.reads
        return frozenset(names)
