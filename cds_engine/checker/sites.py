"""Every expression of a pack, with the key that both engines know it by."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from cds_engine.checker.scope import order_scope, type_of
from cds_engine.checker.types import BooleanType, CodeType, FactSymbol, NullType, NumberType, QuantityType, Type
from cds_engine.pack.base import PackModel
from cds_engine.pack.dictionary import FactEntry, Formula
from cds_engine.pack.load import Pack
from cds_engine.pack.statements import Exclusion
from cds_engine.units import UnitError, parse_unit

WITHOUT_UNIT = frozenset({"code", "boolean"})
"""What formulas write in place of a unit; no unit, and found out without loading the grammar of units."""


@dataclass(frozen=True, slots=True)
class Site:
    """One expression: where it was written, and the type that is wanted there (None: a condition)."""

    key: str
    model: PackModel
    path: tuple[str | int, ...]
    text: str
    wanted: Type | None = None
    local: dict[str, FactSymbol] = field(default_factory=dict)
    """Facts that have another type here: the bare numbers of a formula, and nothing that it does not take."""


def sites(pack: Pack) -> Iterator[Site]:
    """List every expression of the pack, in the order of its files."""
    for name, definition in pack.definitions.definitions.items():
        yield Site(f"definition {name}", definition, ("when",), definition.when)
    for conflict in pack.definitions.conflicts:
        yield Site(f"conflict {conflict.id}", conflict, ("when",), conflict.when)
    drugs = tuple(pack.drugs.drugs)
    for name, fact in pack.facts.facts.items():
        yield from _derivations(name, fact, drugs)
    for name, formula in pack.formulas.formulas.items():
        yield from _formula(name, formula, pack)
    for name, regimen in pack.regimens.regimens.items():
        for index, adjust in enumerate(regimen.dose.adjust):
            yield Site(f"regimen {name} adjustment {index + 1}", adjust, ("when",), adjust.when)
    yield from _statements(pack)
    yield from _safety(pack)


def _derivations(name: str, fact: FactEntry, drugs: tuple[str, ...]) -> Iterator[Site]:
    wanted = None if fact.type in {"codes", "medications"} else type_of(fact, drugs)
    wanted = wanted or NullType()  # a fact that cannot be derived has a finding of its own
    if isinstance(fact.derive, str):
        yield Site(f"fact {name} value 1", fact, ("derive",), fact.derive, wanted)
    elif fact.derive:
        for index, case in enumerate(fact.derive, 1):
            if case.when:
                yield Site(f"fact {name} case {index}", case, ("when",), case.when)
            yield Site(f"fact {name} value {index}", case, ("value",), case.value, wanted)


def _formula(name: str, formula: Formula, pack: Pack) -> Iterator[Site]:
    if formula.when:
        yield Site(f"formula {name} when", formula, ("when",), formula.when)
    local = {other: FactSymbol(other, NullType()) for other in pack.facts.facts if other not in formula.takes}
    for taken, unit in formula.takes.items():
        fact = pack.facts.facts.get(taken)
        if fact and unit == "code":
            local[taken] = FactSymbol(taken, CodeType(tuple(fact.allowed)))
        elif fact and unit == "boolean":
            local[taken] = FactSymbol(taken, BooleanType())
        elif fact:
            local[taken] = FactSymbol(taken, NumberType())
    yield Site(f"formula {name} value", formula, ("value",), formula.value, NumberType(), local)


def _statements(pack: Pack) -> Iterator[Site]:
    for file, topic in pack.topics.items():
        if topic.applies_to:
            yield Site(f"topic {file}", topic, ("applies_to",), topic.applies_to)
        yield from _exclusions(topic.exclusions)
        for statement in topic.statements:
            if statement.applies_to:
                yield Site(f"statement {statement.id}", statement, ("applies_to",), statement.applies_to)
            yield from _exclusions(statement.exclusions)
            for rule in statement.rules:
                yield Site(f"rule {rule.id}", rule, ("when",), rule.when)
                for index, ask in enumerate(rule.ask, 1):
                    if ask.when:
                        yield Site(f"rule {rule.id} ask {index}", ask, ("when",), ask.when)


def _exclusions(exclusions: Iterable[Exclusion]) -> Iterator[Site]:
    for exclusion in exclusions:
        yield Site(f"exclusion {exclusion.id}", exclusion, ("when",), exclusion.when)


def _safety(pack: Pack) -> Iterator[Site]:
    for topic in pack.safety.values():
        for contraindication in topic.contraindications:
            key = f"contraindication {contraindication.id}"
            yield Site(key, contraindication, ("when",), contraindication.when)
        for caution in topic.cautions:
            yield Site(f"caution {caution.id}", caution, ("when",), caution.when)
        for monitoring in topic.monitoring:
            if monitoring.when:
                yield Site(f"monitoring {monitoring.id}", monitoring, ("when",), monitoring.when)
        for alert in topic.alerts:
            yield Site(f"alert {alert.id}", alert, ("when",), alert.when)
            for index, ask in enumerate(alert.ask, 1):
                if ask.when:
                    yield Site(f"alert {alert.id} ask {index}", ask, ("when",), ask.when)
        for check in topic.order_checks:
            yield Site(f"order {check.id}", check, ("when",), check.when, None, order_scope(pack))


def formula_unit(unit: str) -> QuantityType | None:
    """Return the type of a unit that a formula names, None for `code`, `boolean` and nonsense."""
    if unit in WITHOUT_UNIT:
        return None
    try:
        return QuantityType(parse_unit(unit).code)
    except UnitError:
        return None
