"""A patient made small: facts left out and numbers rounded, as long as he still shows what he is to show."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations, product

from cds_engine.language.printer import number
from cds_engine.proof.replay import Patient, facts_of

FEW, MANY = 6, 16
"""How many usual values of a fact are tried alone, and how many beside those of another."""


def smaller(
    patient: Patient, shows: Callable[[Patient], bool], usual: Mapping[str, Sequence[object]] | None = None
) -> Patient:
    """Return a patient with fewer facts and rounder numbers of whom *shows* is still true.

    Values are exchanged for *usual* ones of the same fact, alone or two at a time, where these show it as well.
    """
    found = dict(patient)
    if "as_of" in found and shows(without := {"facts": found["facts"]}):
        found = dict(without)
    kept = dict(facts_of(found))

    def still(changed: Mapping[str, object]) -> bool:
        return shows({**found, "facts": changed})

    for name in list(kept):
        less = {key: value for key, value in kept.items() if key != name}
        if still(less):
            kept = less
    known = usual or {}
    for name in list(kept):
        if kept[name] not in known.get(name, ())[:1]:
            others = (*known.get(name, ())[:FEW], *_rounder(kept[name]))
            kept[name] = next((other for other in others if still({**kept, name: other})), kept[name])
    strange = [name for name, value in kept.items() if known.get(name) and value not in known[name]]
    for first, second in combinations(strange, 2):
        pairs = product(known[first][:MANY], known[second][:MANY])
        better = next(({first: a, second: b} for a, b in pairs if still({**kept, first: a, second: b})), {})
        kept |= better
        if better:
            break
    return {**found, "facts": kept}


def _rounder(value: object) -> Iterator[object]:
    """List simpler ways to say nearly the same."""
    match value:
        case str() if " " in value and _is_number(value.split(" ", 1)[0]):
            amount, unit = value.split(" ", 1)
            yield from (f"{number(rounded)} {unit}" for rounded in _rounded(float(amount)))
        case float():
            yield from _rounded(value)
        case list() if len(value) > 1 and "?" in value:
            yield "?"


def _rounded(value: float) -> Iterator[float]:
    """List rounder numbers, the nearest of each kind; then both beside it, since the nearest may lie on a threshold.

    >>> list(_rounded(8.999999999999))
    [9.0, 8.9]
    """
    if float(f"{value:.2g}") == value:
        return
    step = 10.0 ** (math.floor(math.log10(abs(value))) - 1)
    beside = (float(f"{side(value / step) * step:.2g}") for side in (math.floor, math.ceil))
    rounded = [*(float(f"{value:.{digits}g}") for digits in (2, 3, 4, 6)), *beside]
    yield from dict.fromkeys(found for found in rounded if found != value)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
