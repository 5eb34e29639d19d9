"""What a mistaken unit was meant to be; works on the text alone."""

from __future__ import annotations

import re
from functools import lru_cache

from cds_engine.diagnostics import nearest
from cds_engine.units.aliases import ALIASES

USUAL = [
    "kg",
    "g",
    "mg",
    "ug",
    "ng",
    "m",
    "cm",
    "mm",
    "L",
    "dL",
    "mL",
    "uL",
    "m2",
    "%",
    "Cel",
    "K",
    "[degF]",
    "mm[Hg]",
    "cm[H2O]",
    "kPa",
    "[in_i]",
    "[ft_i]",
    "[lb_av]",
    "[oz_av]",
    "a",
    "mo",
    "wk",
    "d",
    "h",
    "min",
    "s",
    "/min",
    "g/dL",
    "mg/dL",
    "ug/dL",
    "g/L",
    "mg/L",
    "ug/L",
    "ng/mL",
    "ng/dL",
    "pg/mL",
    "mmol/L",
    "umol/L",
    "nmol/L",
    "pmol/L",
    "mmol/mol",
    "meq/L",
    "mosm/kg",
    "U/L",
    "[IU]/L",
    "[IU]/mL",
    "m[IU]/L",
    "u[IU]/mL",
    "10*9/L",
    "10*12/L",
    "10*3/uL",
    "10*6/uL",
    "/uL",
    "mL/min",
    "mL/min/{1.73_m2}",
    "mg/kg",
    "ug/kg",
    "mg/m2",
    "mg/kg/d",
    "mg/m2/wk",
    "mg/d",
    "mg/wk",
    "g/d",
    "ug/d",
    "mg/h",
    "mg/mmol",
    "mg/g",
    "kg/m2",
    "fL",
    "pg",
    "mm/h",
    "mol",
    "mmol",
    "meq",
    "[IU]",
    "kcal",
    "mL/h",
    "mL/kg",
    "L/min",
    "ug/kg/min",
]
"""Units that a clinic writes, for suggestions only."""

_WORD = re.compile(r"[A-Za-z]+")
_LITRE = re.compile(r"(?<![A-Za-z])([A-Za-z]?)l(?![A-Za-z])")


@lru_cache(maxsize=512)
def likely_unit(text: str) -> str | None:
    """Return the usual unit that *text* most likely meant.

    >>> likely_unit("MG/DL")
    'mg/dL'
    """
    folded = text.strip().casefold()
    twins = [usual for usual in USUAL if usual.casefold() == folded]
    twins += [code for spelling, code in ALIASES.items() if spelling.casefold() == folded]
    return twins[0] if twins else nearest(text.strip(), USUAL)


def case_twin(source: str, target: str) -> str | None:
    """Return the unit that *source* meant if it differs from *target*, or in a word of it, only by capitals.

    >>> case_twin("Mg/dL", "mg/dL"), case_twin("Mg/dL", "mg/L"), case_twin("mg/dL", "g/L")
    ('mg/dL', 'mg/dL', None)
    """
    start, end = _one_litre(source), _one_litre(target)
    if start.casefold() == end.casefold():
        return target if start != end else None
    spelled = {word.casefold(): word for word in _WORD.findall(end) if len(word) > 1}
    meant = _WORD.sub(lambda found: spelled.get(found[0].casefold(), found[0]), start)
    return meant if meant != start else None


def _one_litre(code: str) -> str:
    """Write litres and international units in the one of their two spellings, which mean the same."""
    return _LITRE.sub(r"\1L", code).replace("[iU]", "[IU]")


def way_out(source: str, source_kind: str, target_kind: str) -> str | None:
    """Return what to do about the unit *source* when its kind is not the one that is asked for."""
    for mistaken, advice in _MISREAD:
        if mistaken.search(source):
            return advice
    for mark, advice in _ADVICE:
        if mark.findall(source_kind) != mark.findall(target_kind):
            return advice
    return None


_MISREAD = (
    (re.compile(r"^K/"), "`K` is kelvin; thousands per microlitre are `10*3/uL`"),
    (re.compile(r"^pH$"), "`pH` is a picohenry; acidity is `[pH]`"),
)
"""UCUM that is valid and almost never meant."""

_ADVICE = (
    (
        re.compile(r"(?<![^.])(?:d|wk|mo|a)(?:_[a-z])?-\d+"),
        "an amount per day, week, month or year is never converted to another interval",
    ),
    (
        re.compile(r"(?<![^.])(?:eq|osm)\b"),
        "equivalents and osmoles become moles only by chemistry, not by units",
    ),
    (re.compile(r"\[[^]]+\]"), "an arbitrary unit belongs to its assay and becomes no other unit"),
    (
        re.compile(r"\{[^}]*\}"),
        "what stands in braces is part of the unit: write it on both sides or on neither",
    ),
    (
        re.compile(r"proportion"),
        "a percentage does not say of what: use the unit that the laboratory reports",
    ),
    (
        re.compile(r"substance"),
        "an amount of substance becomes a mass only through the fact's own molar mass",
    ),
)
"""What differs between two kinds, the weightiest first, and what that means to the author."""
