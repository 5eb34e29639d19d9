"""Safety, doses and the status of each rule, by the table of meaning (DESIGN of the statuses: docs/semantics.md)."""

from __future__ import annotations

from collections.abc import Iterator

from cds_engine.backends.cql.names import literal, quoted
from cds_engine.lowering.guideline import DosePlan, Guideline, RuleSpec, Treatment
from cds_engine.pack.statements import Caution, Contraindication

TRUE_ELSEWHERE = "true in another reading"
UNKNOWN_ELSEWHERE = "held open by another reading"
"""Parameters: keys of conditions that another reading of the record makes true, or leaves open and must be known."""


def believed(key: str) -> str:
    """Return the name of what is believed of a warning over all readings."""
    return f"believed {key}"


def safety(guideline: Guideline) -> Iterator[str]:
    """Define what is believed of every warning, and whether each drug or action is blocked."""
    for key in (*safety_keys(guideline), *(key for key, _ in guideline.alerts)):
        own, named = quoted(key), literal(key)
        yield (
            f"define {quoted(believed(key))}: if {named} in {quoted(TRUE_ELSEWHERE)} or {own} is true then true "
            f"else if {named} in {quoted(UNKNOWN_ELSEWHERE)} then null else {own}"
        )
    for target in sorted({t.target for spec in guideline.rules for t in spec.treatments}):
        parts = [_held(key, rule) for key, rule in guideline.contraindications.get(target, ())]
        parts += [
            f"(if {_held(key, rule)} is null then null else false)" for key, rule in guideline.cautions.get(target, ())
        ]
        yield f"define {quoted(f'blocked {target}')}: {' or '.join(parts) or 'false'}"


def safety_keys(guideline: Guideline) -> list[str]:
    """Return the keys of all contraindications and cautions, each once."""
    found = (*guideline.contraindications.values(), *guideline.cautions.values())
    return list(dict.fromkeys(key for rules in found for key, _ in rules))


def _held(key: str, rule: Contraindication | Caution) -> str:
    """Write a warning as it counts: one that may be ignored when unknown is held only by a doubt."""
    name = quoted(believed(key))
    if rule.if_unknown == "hold":
        return name
    open_ = f"{quoted(f'doubt {key}')} or {literal(key)} in {quoted(UNKNOWN_ELSEWHERE)}"
    return f"(if {name} is null and not ({open_}) then false else {name})"


# Doses


def doses(guideline: Guideline) -> Iterator[str]:
    """Define both ends of every regimen, unrounded; null where anything they rest on is."""
    for plan in guideline.doses.values():
        factors = [_factor(adjustment.key, adjustment.multiply) for adjustment in plan.adjustments]
        for end, rate in (("low", plan.low), ("high", plan.high)):
            yield f"define {quoted(f'{plan.regimen} {end} before the cap')}: {_raw(plan, rate)}"
            yield f"define {quoted(f'{plan.regimen} {end}')}: {' * '.join([_capped(plan, end), *factors])}"


def _raw(plan: DosePlan, rate: float) -> str:
    if plan.basis is None:
        return literal(rate)
    scale = "" if plan.basis_scale == 1 else f" * {literal(plan.basis_scale)}"
    return f"{literal(rate)} * ({quoted(plan.basis)}{scale})"


def _capped(plan: DosePlan, end: str) -> str:
    raw = quoted(f"{plan.regimen} {end} before the cap")
    if plan.cap is None:
        return raw
    cap = literal(plan.cap)
    return f"(if {raw} is null then null else if {raw} >= {cap} then {cap} else {raw})"


def _factor(key: str, multiply: float) -> str:
    name = quoted(key)
    is_open = f"{name} is null or {literal(key)} in {quoted(UNKNOWN_ELSEWHERE)}"
    return f"(if {is_open} then null else if {name} then {literal(multiply)} else 1.0)"


# Rules


def rules(guideline: Guideline) -> Iterator[str]:
    """Define the status of every rule, and of every treatment of it."""
    for spec in guideline.rules:
        when = quoted(spec.key)
        for index, treatment in enumerate(spec.treatments, 1):
            yield f"define {quoted(_treatment(spec, index))}: {_treatment_status(when, treatment)}"
        ready = [f"{quoted(_treatment(spec, index))} = 'recommended'" for index, _ in enumerate(spec.treatments, 1)]
        blocked = [quoted(f"blocked {treatment.target}") for treatment in spec.treatments]
        any_blocks, enough = ("and", "or") if spec.mode == "one_of" else ("or", "and")
        yield (
            f"define {quoted(f'status {spec.rule.id}')}: case when {when} is false then 'not_applicable' "
            f"when ({f' {any_blocks} '.join(blocked)}) is true then 'blocked' "
            f"when {when} is true and ({f' {enough} '.join(ready)}) then 'recommended' else 'needs_data' end"
        )


def _treatment(spec: RuleSpec, index: int) -> str:
    return f"status {spec.rule.id} treatment {index}"


def _treatment_status(when: str, treatment: Treatment) -> str:
    blocked = quoted(f"blocked {treatment.target}")
    dosed = "" if treatment.dose is None else f" and {quoted(f'{treatment.dose.regimen} high')} is not null"
    return (
        f"case when {blocked} is true then 'blocked' "
        f"when {when} is true and {blocked} is false{dosed} then 'recommended' else 'needs_data' end"
    )
