"""A checked pack to a `Guideline`: a pure pass that reports nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Literal, TypeVar

from cds_engine.checker.check import Checked
from cds_engine.checker.dependencies import closure, dependencies
from cds_engine.checker.references import statements, treatments
from cds_engine.checker.scope import type_of
from cds_engine.checker.sites import formula_unit
from cds_engine.checker.types import NumberType
from cds_engine.checker.walk import base_fact, names
from cds_engine.language.syntax import Operator
from cds_engine.lowering import core as c
from cds_engine.lowering.doses import lower_regimen
from cds_engine.lowering.expressions import lower_condition, lower_value
from cds_engine.lowering.guideline import (
    ALERT,
    Branch,
    Derivation,
    DosePlan,
    Guideline,
    RuleSpec,
    Treatment,
)
from cds_engine.lowering.share import Sharing
from cds_engine.pack.dictionary import FactEntry
from cds_engine.pack.statements import Ask, Recommend, Rule, SafetyRule, Statement
from cds_engine.patient.spec import dictionary_of
from cds_engine.units import conversion

K = TypeVar("K")
S = TypeVar("S", bound=SafetyRule)


ORDER = "order "
"""How the keys of conditions about an order begin."""
REREAD = ("contraindication ", "caution ", ALERT, "regimen ")
"""How the keys of warnings and dose adjustments begin, which are decided in every reading of a record."""
ASKS = " ask "
"""What stands in the keys of conditions on which a question is put."""


def lower(checked: Checked, sharing: Sharing | None = None) -> Guideline:
    """Return the guideline of a pack without errors.

    Two packs that are lowered with one *sharing* have one node for every condition that they have in common.
    """
    pack = checked.pack
    sharing = Sharing() if sharing is None else sharing
    every = {key: sharing.share(found) for key, found in _conditions(checked, sharing).items()}
    conditions = {key: found for key, found in every.items() if not key.startswith(ORDER)}
    about_orders = {key: found for key, found in every.items() if key.startswith(ORDER)}
    derivations = _in_order(_derivations(checked, conditions, dependencies(pack, checked.typed), sharing))
    conditions |= _conditions_in_values(derivations, conditions, sharing)
    reads = dependencies(pack, checked.typed)
    doses = {name: lower_regimen(name, written, pack) for name, written in pack.regimens.regimens.items()}
    safety = list(pack.safety.values())
    rests_on = {key: _rests_on(found, reads, sharing) for key, found in (conditions | about_orders).items()}
    return Guideline(
        pack=pack,
        dictionary=dictionary_of(pack),
        positions={name: index for index, name in enumerate(pack.facts.facts)},
        statements={statement.id: statement for statement in statements(pack)},
        derivations=derivations,
        conflicts={f"conflict {found.id}": tuple(found.facts) for found in pack.definitions.conflicts},
        conditions=conditions,
        reads={key: rests_on[key] for key in conditions},
        names=sharing.names(conditions.values()),
        asks_null={
            key: asked for key, found in conditions.items() if (asked := _asked_whether_unknown(found, sharing))
        },
        rules=_rules(checked, doses),
        contraindications=_by_target(
            (f"contraindication {found.id}", found) for topic in safety for found in topic.contraindications
        ),
        cautions=_by_target((f"caution {found.id}", found) for topic in safety for found in topic.cautions),
        monitoring=_by_target(
            (f"monitoring {found.id}" if found.when else None, found) for topic in safety for found in topic.monitoring
        ),
        alerts=tuple((f"alert {alert.id}", alert) for topic in safety for alert in topic.alerts),
        alert_ask_keys={
            alert.id: _ask_keys(f"alert {alert.id}", alert.ask) for topic in safety for alert in topic.alerts
        },
        doses=doses,
        regimens_of={
            drug: tuple(plan for plan in doses.values() if plan.drug == drug)
            for drug in {plan.drug for plan in doses.values()}
        },
        order_checks=tuple((f"order {check.id}", check) for topic in safety for check in topic.order_checks),
        order_conditions=about_orders,
        order_reads=tuple(dict.fromkeys(rests_on[key] for key in about_orders)),
        orders_name=frozenset().union(*(_named(found, sharing) for found in about_orders.values())),
        in_every_reading=frozenset(key for key in conditions if key.startswith(REREAD) or ASKS in key),
    )


def _asked_whether_unknown(condition: c.Condition, sharing: Sharing) -> tuple[c.IsUnknown, ...]:
    return tuple({id(node): node for node in sharing.nodes(condition) if isinstance(node, c.IsUnknown)}.values())


def _conditions(checked: Checked, sharing: Sharing) -> dict[str, c.Condition]:
    """Lower every condition, definitions first; a rule's is joined with what its topic and statement apply to."""
    definitions: dict[str, c.Condition] = {}

    def lowered(key: str) -> c.Condition:
        typed = checked.typed[key]
        return sharing.once(typed, tuple(definitions.values()), lambda: lower_condition(typed, definitions))

    for name in _definition_order(checked):
        definitions[name] = lowered(f"definition {name}")
    found: dict[str, c.Condition] = {f"definition {name}": body for name, body in definitions.items()}
    for key in checked.typed:
        kind = key.split(" ", 1)[0]
        is_value = kind in {"fact", "formula"} and " value" in key
        if kind not in {"definition", "topic", "statement"} and not is_value:
            found[key] = lowered(key)
    for file, topic in checked.pack.topics.items():
        for statement in topic.statements:
            outer = [lowered(key) for key in (f"topic {file}", f"statement {statement.id}") if key in checked.typed]
            outer += [c.Not(found[f"exclusion {e.id}"]) for e in (*topic.exclusions, *statement.exclusions)]
            for rule in statement.rules:
                key = f"rule {rule.id}"
                if outer:
                    found[key] = c.And((*outer, *_parts(found[key])), span=found[key].span)
    return found


def _rests_on(condition: c.Condition, reads: Mapping[str, set[str]], sharing: Sharing) -> frozenset[str]:
    """Return the facts that a condition rests on, derived ones and their inputs included."""
    return frozenset(closure({base_fact(name) for name in _named(condition, sharing)}, reads))


def _named(condition: c.Condition, sharing: Sharing) -> set[str]:
    return {node.name for node in sharing.nodes(condition) if isinstance(node, c.Fact | c.Holds)}


def _parts(condition: c.Condition) -> tuple[c.Condition, ...]:
    return condition.parts if isinstance(condition, c.And) else (condition,)


def _definition_order(checked: Checked) -> list[str]:
    """Return the definitions, each after those it uses."""
    order: list[str] = []

    def visit(name: str) -> None:
        if name not in order:
            for used in sorted(names(checked.typed[f"definition {name}"])):
                if used in checked.pack.definitions.definitions:
                    visit(used)
            order.append(name)

    for name in checked.pack.definitions.definitions:
        visit(name)
    return order


def _conditions_in_values(
    derivations: tuple[Derivation, ...], conditions: Mapping[str, c.Condition], sharing: Sharing
) -> dict[str, c.Condition]:
    """Return the conditions that only a value rests on, so that every engine decides them as well.

    Those are the `if` of derived values and of terms, and derived truths: another engine is given values, and a
    verdict inside one would escape it.
    """
    found: dict[str, c.Condition] = {}
    for derivation in derivations:
        for index, branch in enumerate(derivation.branches, 1):
            key = f"value {derivation.fact} {index}"
            if not isinstance(branch.value, c.Constant | c.Fact | c.Calculate | c.Elapsed | c.Choose):
                found[key] = branch.value
            found |= _choices_in(key, branch.value, sharing)
    for key, condition in conditions.items():
        for node in sharing.nodes(condition):
            if isinstance(node, c.Compare | c.OneOf | c.IsUnknown):
                found |= _choices_in(f"term {key}", node, sharing)
    return found


def _choices_in(key: str, value: c.CoreNode, sharing: Sharing) -> dict[str, c.Condition]:
    choices = [node.condition for node in sharing.nodes(value) if isinstance(node, c.Choose)]
    return {f"{key} if {index}": condition for index, condition in enumerate(choices, 1)}


# Derived facts


def _derivations(
    checked: Checked, conditions: Mapping[str, c.Condition], reads: Mapping[str, set[str]], sharing: Sharing
) -> list[Derivation]:
    definitions = {name: conditions[f"definition {name}"] for name in checked.pack.definitions.definitions}
    drugs = tuple(checked.pack.drugs.drugs)
    found = []
    for name, entry in checked.pack.facts.facts.items():
        written = (
            *_formula_branches(name, checked, definitions),
            *_cases(name, entry, checked, definitions, drugs),
        )
        branches = [replace(branch, value=sharing.share(branch.value)) for branch in written]
        if branches:
            inputs = closure(reads[name], reads) - {name}
            facts = frozenset(inputs & checked.pack.facts.facts.keys())
            found.append(Derivation(name, tuple(branches), entry.always, facts))
    return found


def _cases(
    name: str,
    entry: FactEntry,
    checked: Checked,
    definitions: Mapping[str, c.Condition],
    drugs: tuple[str, ...],
) -> Iterable[Branch]:
    wanted = type_of(entry, drugs)
    count = 1 if isinstance(entry.derive, str) else len(entry.derive or ())
    for index in range(1, count + 1):
        typed = checked.typed.get(f"fact {name} value {index}")
        if typed is not None and wanted is not None:
            key = f"fact {name} case {index}"
            yield Branch(key if key in checked.typed else None, lower_value(typed, wanted, definitions))


def _formula_branches(name: str, checked: Checked, definitions: Mapping[str, c.Condition]) -> Iterable[Branch]:
    for formula_id, formula in checked.pack.formulas.formulas.items():
        if name not in formula.gives:
            continue
        scales = {}
        for fact, unit in formula.takes.items():
            taken, canonical = formula_unit(unit), checked.pack.facts.facts[fact].unit
            if taken is not None and canonical is not None:
                scales[fact] = conversion(canonical, taken.unit).factor
        value = lower_value(checked.typed[f"formula {formula_id} value"], NumberType(), definitions, scales)
        entry = checked.pack.facts.facts[name]
        given = formula_unit(formula.gives[name])
        if given is not None and entry.unit is not None and given.unit != entry.unit:
            factor = conversion(given.unit, entry.unit).factor
            value = c.Calculate(Operator.MULTIPLY, value, c.Constant(factor))  # type: ignore[arg-type] # a number
        key = f"formula {formula_id} when"
        yield Branch(key if key in checked.typed else None, value, formula_id)


def _in_order(found: list[Derivation]) -> tuple[Derivation, ...]:
    """Return the derivations, each after those it rests on."""
    waiting = {derivation.fact: derivation for derivation in found}
    order: list[Derivation] = []
    while waiting:
        ready = [d for d in waiting.values() if not d.reads & (waiting.keys() - {d.fact})]
        order += [waiting.pop(derivation.fact) for derivation in ready]
    return tuple(order)


# Rules and safety


def _rules(checked: Checked, doses: Mapping[str, DosePlan]) -> tuple[RuleSpec, ...]:
    found: list[RuleSpec] = []
    left_out = {
        s.id: (*topic.exclusions, *s.exclusions) for topic in checked.pack.topics.values() for s in topic.statements
    }
    for statement in statements(checked.pack):
        for rule in statement.rules:
            recommend = rule.recommend
            found.append(
                RuleSpec(
                    key=f"rule {rule.id}",
                    rule=rule,
                    statement=statement,
                    statements=_spoken_for(statement, rule, checked),
                    modality=recommend.modality or statement.modality,
                    mode=_mode(recommend),
                    treatments=tuple(
                        Treatment(t.drug, t.action, doses[t.regimen] if t.regimen else None)
                        for t in treatments(recommend)
                    ),
                    order=len(found),
                    ask_keys=_ask_keys(f"rule {rule.id}", rule.ask),
                    exclusions=tuple((f"exclusion {e.id}", e) for e in left_out[statement.id]),
                )
            )
    return tuple(found)


def _mode(recommend: Recommend) -> Literal["one", "one_of", "all_of"]:
    if recommend.one_of:
        return "one_of"
    return "all_of" if recommend.all_of else "one"


def _spoken_for(statement: Statement, rule: Rule, checked: Checked) -> tuple[str, ...]:
    """List the statements of a rule: its own, those it carries, and what each of them restates."""
    by_id = {found.id: found for found in statements(checked.pack)}
    own = [statement.id, *rule.carries]
    restated = [other for name in own for other in by_id[name].restates]
    return tuple(dict.fromkeys([*own, *restated]))


def _ask_keys(key: str, asks: list[Ask]) -> tuple[str | None, ...]:
    return tuple(f"{key}{ASKS}{index}" if ask.when else None for index, ask in enumerate(asks, 1))


def _by_target(rules: Iterable[tuple[K, S]]) -> dict[str, tuple[tuple[K, S], ...]]:
    found: dict[str, tuple[tuple[K, S], ...]] = {}
    for key, rule in rules:
        for target in (*rule.drugs, *rule.actions):
            found[target] = (*found.get(target, ()), (key, rule))
    return found
