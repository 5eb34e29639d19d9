"""What the conditions of a pack ask of its sets and medicines: the formula holds no more of them."""

from __future__ import annotations

from collections.abc import Iterable

from cds_engine.lowering import core as c
from cds_engine.lowering.guideline import Guideline
from cds_engine.lowering.walk import nodes


def amounts_asked(guideline: Guideline, beside: Iterable[c.Condition]) -> tuple[str, ...]:
    """Return the properties of medicines that hold an amount a week and are asked for."""
    named = {
        _fact(n.name) for x in [*guideline.conditions.values(), *beside] for n in nodes(x) if isinstance(n, c.Fact)
    }
    return tuple(sorted(name for name in named if name.endswith(".weekly_amount")))


def codes_asked(guideline: Guideline, beside: Iterable[c.Condition]) -> dict[str, tuple[str, ...]]:
    """Return for each set the codes that any condition asks for, and the drugs of which properties are asked."""
    found: dict[str, dict[str, None]] = {}
    values = [branch.value for derivation in guideline.derivations for branch in derivation.branches]
    for condition in [*guideline.conditions.values(), *values, *beside]:
        for node in nodes(condition):
            if not isinstance(node, c.Holds | c.Fact):
                continue
            name = _fact(node.name)
            if isinstance(node, c.Holds):
                found.setdefault(name, {}).update(dict.fromkeys(node.codes))
            if name.count(".") == 2:  # noqa: PLR2004 - list, drug, property
                base, drug = name.split(".")[:2]
                if base == guideline.dictionary.medications:
                    found.setdefault(base, {})[drug] = None
    return {name: tuple(codes) for name, codes in found.items()}


def _fact(name: str) -> str:
    """Return the fact or property itself, where an invariant speaks of it in any reading."""
    return name.removeprefix("perhaps.")
