"""Spellings seen in records that are not UCUM, and what they stand for; needs no third-party library."""

from __future__ import annotations

import re
from functools import lru_cache

# INVARIANT: no key is itself valid UCUM, so an alias never changes what a UCUM unit means (`ft` is a
# femtotonne and therefore absent). A test holds the table to it.
ALIASES = {
    "mcg": "ug",
    "gm": "g",
    "kgs": "kg",
    "cc": "mL",
    "mmHg": "mm[Hg]",
    "cmH2O": "cm[H2O]",
    "IU": "[IU]",
    "mIU": "m[IU]",
    "uIU": "u[IU]",
    "kIU": "k[IU]",
    "mEq": "meq",
    "mOsm": "mosm",
    "°C": "Cel",
    "degC": "Cel",
    "°F": "[degF]",
    "degF": "[degF]",
    "lb": "[lb_av]",
    "lbs": "[lb_av]",
    "oz": "[oz_av]",
    "in": "[in_i]",
    "inch": "[in_i]",
    "inches": "[in_i]",
    "feet": "[ft_i]",
    "sec": "s",
    "hr": "h",
    "hrs": "h",
    "hour": "h",
    "hours": "h",
    "minute": "min",
    "minutes": "min",
    "day": "d",
    "days": "d",
    "week": "wk",
    "weeks": "wk",
    "month": "mo",
    "months": "mo",
    "year": "a",
    "years": "a",
    "yr": "a",
    "yrs": "a",
}
"""A spelling in the wild, alone or between the strokes of a ratio, and the UCUM unit it stands for."""

_LETTERS = str.maketrans({"µ": "u", "μ": "u", "²": "2", "³": "3", "º": "°"})
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_POWER_OF_TEN = re.compile(r"^[x×]?\s?10(?:[*^]|(?=[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]))([-0-9⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)")  # noqa: RUF001 - as written
_BODY_SURFACE = re.compile(r"^\{?1\.73[ _.]?m\^?[2²]\}?$")
_CARET = re.compile(r"^([A-Za-z]+)\^([0-9]+)$")
_STROKE = re.compile(r"\s*/\s*(?![^{]*\})")


@lru_cache(maxsize=1024)
def without_alias(text: str) -> str:
    """Return the UCUM spelling of *text*; what is no alias stays as it is.

    >>> without_alias("mcg/kg"), without_alias("x10^9/L"), without_alias("mL/min/1.73 m2")
    ('ug/kg', '10*9/L', 'mL/min/{1.73_m2}')
    """
    return "/".join(_word(word) for word in _STROKE.split(text.strip()))


def _word(word: str) -> str:
    if _BODY_SURFACE.match(word):
        return "{1.73_m2}"
    if "{" in word:
        return word
    if power := _POWER_OF_TEN.match(word):
        return f"10*{power[1].translate(_SUPERSCRIPTS)}{word[power.end() :]}"
    plain = word.translate(_LETTERS)
    if raised := _CARET.match(plain):
        return f"{ALIASES.get(raised[1], raised[1])}{raised[2]}"
    return ALIASES.get(plain, plain)


def alias_note(text: str) -> str | None:
    """Return the sentence that tells how *text* was read, or None when it was read as written.

    >>> alias_note("mcg")
    '`mcg` was read as `ug`'
    """
    code = without_alias(text)
    return None if code == text.strip() else f"`{text.strip()}` was read as `{code}`"
