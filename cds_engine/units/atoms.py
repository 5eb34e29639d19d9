"""What each UCUM unit is worth: UCUM's own definition, exact, with pint as the witness that must agree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from typing import Any

from cds_engine.units.errors import not_usable
from cds_engine.units.grammar import Part, parts
from cds_engine.units.witness import pint_agrees

BASES = {
    "m": "length",
    "s": "time",
    "g": "mass",
    "rad": "angle",
    "K": "temperature",
    "C": "charge",
    "cd": "luminosity",
    "mol": "substance",
}
"""The units on which the others rest; UCUM has a mole be a number, which would make it a percentage."""

NATURES = {
    "%": "proportion",
    "[ppth]": "proportion",
    "[ppm]": "proportion",
    "[ppb]": "proportion",
    "[pptr]": "proportion",
    "Bq": "decay",
    "Ci": "decay",
    "Sv": "dose equivalent",
    "REM": "dose equivalent",
    "[iU]": "[IU]",
    "By": "bit",
}
"""Units of one nature compare among themselves and with nothing else, whatever their dimension says."""

OF_THEIR_OWN = frozenset({"eq", "osm", "bit", "[HPF]", "[LPF]", "[hnsf'U]", "[NTU]", "[FNU]", "[car_Au]", "Bd"})
"""Units that UCUM defines as plain numbers, moles or rates though they count something of their own."""

ZERO_POINTS = {
    "Cel": (Fraction(1), Fraction("273.15")),
    "[degF]": (Fraction(5, 9), Fraction("459.67") * Fraction(5, 9)),
    "[degRe]": (Fraction(5, 4), Fraction("273.15")),
}
"""Degrees: the size of one in kelvin, and where their zero lies."""

PREFIXES = {
    **{
        name: Fraction(10) ** power
        for name, power in zip(
            "YZEPTGMkhdcmunpfazy",
            (24, 21, 18, 15, 12, 9, 6, 3, 2, -1, -2, -3, -6, -9, -12, -15, -18, -21, -24),
            strict=True,
        )
    },
    "da": Fraction(10),
    **{name: Fraction(1024) ** power for power, name in enumerate(("Ki", "Mi", "Gi", "Ti"), start=1)},
}

DISPUTED = {
    "'": "read as a minute of time",
    "''": "read as a second of time",
    "Mx": "given the dimension of another system",
    "G": "given the dimension of another system",
    "Oe": "given the dimension of another system",
    "Gb": "given the dimension of another system",
    "[cft_i]": "a cubic foot, read as a hundredth of a foot",
    "[cyd_i]": "a cubic yard, read as a hundredth of a yard",
    "[rd_br]": "a rod of 16.5 feet, read as 16.5 inches",
    "[ch_br]": "rests on the rod",
    "[lk_br]": "rests on the rod",
    "[Cal]": "the kilocalorie of food, read as a calorie",
    "[Btu]": "taken at another temperature",
    "[in_i'H2O]": "taken at another temperature",
    "[in_i'Hg]": "taken at another temperature",
    "g%": "grams per decilitre, read as a hundredth of a gram",
    "[LPF]": "a hundred, read as one",
}
"""Units that pint or ucumvert understand otherwise, and how; for these UCUM alone decides."""

Dimensions = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Atom:
    """One unit in base units: `value * scale + zero`, and what it measures."""

    scale: Fraction
    physical: Dimensions
    """Dimensions as physics and UCUM see them."""
    nature: str | None = None
    """What physics does not see, and what keeps the unit apart from others of its dimension."""
    zero: Fraction = field(default=Fraction(0))


def times(left: Dimensions, right: Dimensions, power: int = 1) -> dict[str, int]:
    """Return the dimensions of `left * right ** power`, without those that cancel."""
    product = dict(left)
    for name, exponent in right.items():
        product[name] = product.get(name, 0) + exponent * power
    return {name: exponent for name, exponent in product.items() if exponent}


@cache
def atom(code: str) -> Atom:
    """Return what the unit *code*, without prefix, is worth.

    Raises:
        UnitError: If pint and UCUM define it differently and nobody has looked into it (U101).
    """
    if code in BASES:
        return Atom(Fraction(1), {BASES[code]: 1})
    if code in ZERO_POINTS:
        scale, zero = ZERO_POINTS[code]
        return Atom(scale, {"temperature": 1}, zero=zero)
    definition = definitions()[code]
    if definition.is_arbitrary or definition.is_special:
        return Atom(Fraction(1), {NATURES.get(code, code): 1})
    scale, physical = worth(parts(definition.defining_unit) or ())
    scale *= Fraction(str(definition.conversion_factor))
    if code not in DISPUTED and not pint_agrees(code, scale, physical):
        raise not_usable(code, "UCUM and pint define it differently")
    return Atom(scale, physical, code if code in OF_THEIR_OWN else NATURES.get(code))


def worth(found: tuple[Part, ...]) -> tuple[Fraction, dict[str, int]]:
    """Return the size of a product of units in base units, and its physical dimensions."""
    scale, physical = Fraction(1), dict[str, int]()
    for part in found:
        scale *= size(part)
        if part.atom:
            physical = times(physical, atom(part.atom).physical, part.power)
    return scale, physical


def size(part: Part) -> Fraction:
    """Return the size of one factor in base units, prefix and power included."""
    one = atom(part.atom).scale if part.atom else Fraction(part.number)
    return (PREFIXES.get(part.prefix, Fraction(1)) * one) ** part.power


@cache
def definitions() -> dict[str, Any]:
    """Return UCUM's own table, as ucumvert ships it."""
    from ucumvert.xml_util import get_units_with_full_definition  # noqa: PLC0415 - loaded when used

    return {unit.code_cs: unit for unit in get_units_with_full_definition()}
