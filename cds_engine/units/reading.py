"""From UCUM text to a size and a kind: two units may be compared if and only if their kinds are equal.

A kind is the dimension of the unit plus everything that physics would throw away: what is counted,
what an annotation says, the interval of a dose, and which quantities cancelled in a ratio.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from cds_engine.units.atoms import Dimensions, atom, size, times, worth
from cds_engine.units.errors import not_usable
from cds_engine.units.grammar import Part, is_too_large, parts

CALENDAR = {
    "d": "d",
    "wk": "wk",
    "mo": "mo",
    "mo_j": "mo",
    "mo_s": "mo_s",
    "mo_g": "mo_g",
    "a": "a",
    "a_j": "a",
    "a_t": "a_t",
    "a_g": "a_g",
}
"""Units of time that state an interval when something is given or counted per one of them."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A unit in base units: `value * scale + zero`, and its kind."""

    kind: str
    scale: Fraction
    zero: Fraction = Fraction(0)


def read(code: str) -> Reading | None:
    """Read a unit with all that keeps it apart from others, or return None when it is no UCUM.

    Raises:
        UnitError: If it is UCUM that cannot be used (U101).
    """
    found = parts(code)
    if found is None:
        return None
    _refuse_giants(code, found)
    scale = Fraction(1)
    for part in found:
        if not _is_interval(part):
            scale *= size(part)

    return Reading(kind_of(found), scale, _zero(found))


def read_physics(code: str) -> Reading | None:
    """Read a unit as UCUM alone would: annotations, intervals and natures mean nothing."""
    found = parts(code)
    if found is None:
        return None
    _refuse_giants(code, found)
    scale, physical = worth(found)
    return Reading(_text(physical), scale, _zero(found))


def kind_of(found: tuple[Part, ...]) -> str:
    """Return the kind of a product of units.

    >>> from cds_engine.units.grammar import parts
    >>> kind_of(parts("mg/kg/wk"))
    'wk-1; mass per mass'
    >>> kind_of(parts("mL/min/{1.73_m2}"))
    'length3.time-1.{1.73_m2}-1'
    """
    whole: Dimensions = {}
    above, below = list[Dimensions](), list[Dimensions]()
    for part in found:
        meaning = _meaning(part)
        whole = times(times(whole, meaning, part.power), _note(part))
        if meaning:
            (above if part.power > 0 else below).append(times({}, meaning, abs(part.power)))
    ratios = _ratios(sorted(above, key=_text), sorted(below, key=_text))
    return "; ".join(([_text(whole)] if whole or not ratios else []) + ratios)


def _ratios(above: list[Dimensions], below: list[Dimensions]) -> list[str]:
    """Name what cancels between numerator and denominator: a millilitre per square metre is no length."""
    left = list(below)
    named = list[str]()
    for upper in above:
        same = [lower for lower in left if lower == upper]
        akin = [lower for lower in left if len(upper) == 1 and upper.keys() == lower.keys()]
        for lower in (same or akin)[:1]:
            left.remove(lower)
            named.append(f"{_text(upper)} per {_text(lower)}")
    return sorted(named)


def _meaning(part: Part) -> Dimensions:
    """Return what one factor measures, before its power and without its annotation."""
    if not part.atom:
        return {}
    if _is_interval(part):
        return {CALENDAR[part.atom]: 1}
    one = atom(part.atom)
    return times(one.physical, {one.nature: 1}) if one.nature else one.physical


def _note(part: Part) -> Dimensions:
    """Return an annotation as a dimension of its own; an empty one says nothing."""
    return {part.note: 1 if part.power > 0 else -1} if part.note.strip("{}") else {}


def _is_interval(part: Part) -> bool:
    return part.power < 0 and part.atom in CALENDAR


def _zero(found: tuple[Part, ...]) -> Fraction:
    """Return where zero lies on the scale of a temperature; in a product, a degree is a difference."""
    match found:
        case [Part(power=1) as only] if only.atom:
            return atom(only.atom).zero
        case _:
            return Fraction(0)


def _text(dimensions: Dimensions) -> str:
    """Write dimensions in one fixed order; a plain number is `1`."""
    ordered = sorted(dimensions.items())
    return ".".join(name if power == 1 else f"{name}{power}" for name, power in ordered) or "1"


def _refuse_giants(code: str, found: tuple[Part, ...]) -> None:
    if is_too_large(found):
        raise not_usable(code, "its power is too large")
