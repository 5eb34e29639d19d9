"""A guideline as one CQL library: parameters for facts, then derived facts, conditions, doses and statuses.

The library answers one reading of a record. What contraindications and alerts come to in the others, and the facts
that were given and cannot be used, are parameters; docs/deviations.md says what else is left to the reader of records.
"""

from __future__ import annotations

from collections.abc import Iterator

from cds_engine.backends.cql import statuses
from cds_engine.backends.cql.expressions import DOUBTFUL, chosen, doubted, written
from cds_engine.backends.cql.names import literal, named, quoted, type_of
from cds_engine.lowering.guideline import Branch, Derivation, Guideline

WITHHELD = "withheld facts"
"""The parameter that names the facts that may not be used, and are not derived either."""


def library(guideline: Guideline) -> str:
    """Return the text of the library; its name and version are the pack's."""
    manifest = guideline.pack.manifest
    parts = (
        [f"library {quoted(manifest.id)} version {literal(manifest.version)}"],
        [f"// {manifest.title}. {notice.says}" for notice in manifest.notices],
        _parameters(guideline),
        _derived(guideline),
        _doubts(guideline),
        _conditions(guideline),
        statuses.safety(guideline),
        statuses.doses(guideline),
        statuses.rules(guideline),
    )
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def _parameters(guideline: Guideline) -> Iterator[str]:
    derived = {derivation.fact for derivation in guideline.derivations}
    for name in named(guideline):
        kind = type_of(name, guideline)
        yield f"parameter {quoted(given(name) if name in derived else name)} {kind}"
        if kind == "List<String>":
            yield f"parameter {quoted(f'{name} complete')} Boolean"
    for name in (DOUBTFUL, WITHHELD, statuses.TRUE_ELSEWHERE, statuses.UNKNOWN_ELSEWHERE):
        yield f"parameter {quoted(name)} List<String>"


def given(name: str) -> str:
    """Return the name of the parameter for the given value of a fact that is also derived."""
    return f"{name} as given"


# Derived facts


def _derived(guideline: Guideline) -> Iterator[str]:
    for derivation in guideline.derivations:
        own, told = _first_of(derivation.branches), quoted(given(derivation.fact))
        value = own if derivation.always else f"if {told} is not null then {told} else {own}"
        is_withheld = f"{literal(derivation.fact)} in {quoted(WITHHELD)}"
        kind = type_of(derivation.fact, guideline)
        yield f"define {quoted(derivation.fact)}: (if {is_withheld} then null else {value}) as {kind}"


def _first_of(branches: tuple[Branch, ...]) -> str:
    """Write the value of the first branch that holds; an unknown condition before it makes it unknown."""
    text = "null"
    for branch in reversed(branches):
        value = written(branch.value)
        text = value if branch.key is None else chosen(quoted(branch.key), value, text)
    return text


def _doubts(guideline: Guideline) -> Iterator[str]:
    """Say of every fact whether something given and unusable stands behind its being unknown."""
    derivations = {derivation.fact: derivation for derivation in guideline.derivations}
    for base in sorted({name.partition(".")[0] for name in named(guideline)}):
        found = f"{literal(base)} in {quoted(DOUBTFUL)}"
        derivation = derivations.get(base)
        if derivation is not None:
            asked = bool(guideline.dictionary.facts[base].entry.ask)
            found = f"({found if asked else _is_withheld(base)} or {_doubt_of_branches(derivation)})"
        yield f"define {quoted(f'doubt of {base}')}: {found}"


def _is_withheld(base: str) -> str:
    return f"{literal(base)} in {quoted(WITHHELD)}"


def _doubt_of_branches(derivation: Derivation) -> str:
    text = "false"
    for branch in reversed(derivation.branches):
        if branch.key is None:
            text = doubted(branch.value)
        else:
            key = quoted(branch.key)
            doubt, value = quoted(f"doubt {branch.key}"), doubted(branch.value)
            text = f"(if {key} is null then {doubt} else if {key} then {value} else {text})"
    return text


# Conditions


def _conditions(guideline: Guideline) -> Iterator[str]:
    needed = {branch.key for derivation in guideline.derivations for branch in derivation.branches}
    needed.update(statuses.safety_keys(guideline))
    for key, condition in guideline.conditions.items():
        yield f"define {quoted(key)}: {written(condition)}"
        if key in needed:
            yield f"define {quoted(f'doubt {key}')}: {doubted(condition)}"
