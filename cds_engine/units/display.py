"""How a clinician reads a unit; works on the text alone."""

from __future__ import annotations

import re
from functools import lru_cache

_WHOLE = {
    "1": "",
    "a": "years",
    "mo": "months",
    "wk": "weeks",
    "d": "days",
    "h": "hours",
    "min": "minutes",
}
_WORDS = {
    "Cel": "°C",
    "deg": "°",
    "wk": "week",
    "d": "day",
    "mo": "month",
    "a": "year",
    "eq": "Eq",
    "osm": "Osm",
    "[in_i]": "in",
    "[ft_i]": "ft",
    "[lb_av]": "lb",
    "[oz_av]": "oz",
    "[degF]": "°F",
    "[iU]": "IU",
    "[Hg]": "Hg",
    "[H2O]": "H₂O",
}
_SUPERSCRIPT = str.maketrans("0123456789-+", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺")
_PIECE = re.compile(
    r"(?P<note>\{[^}]*\})|(?P<ten>10[*^])|(?P<sign>[./()])|(?P<power>(?<=[A-Za-z\]*^'])[-+]?\d+)"
    r"|(?P<number>\d+)|(?P<word>[A-Za-z%_']*\[[^\]]*\]|[A-Za-z%_']+)|(?P<other>.)"
)
_MICRO = re.compile(r"^u(?=(g|mol|L|l|m|s|U|eq|osm|kat|Ci|Gy|Sv|\[))")
_MILLI = re.compile(r"^([munpkd]?)(eq|osm)$")


@lru_cache(maxsize=1024)
def display(code: str) -> str:
    """Return the unit as it reads on paper, or "" when it only names a count.

    >>> display("mL/min/{1.73_m2}"), display("10*9/L"), display("mg/wk")
    ('mL/min/1.73 m²', '10⁹/L', 'mg/week')
    """
    if code in _WHOLE:
        return _WHOLE[code]
    if re.fullmatch(r"\{[^}]*\}", code):
        return ""
    written = ""
    for piece in _PIECE.finditer(code):
        written += _piece(piece, written)
    return re.sub(r"\((\d+ \w+)\)", r"\1", written)


def _piece(piece: re.Match[str], before: str) -> str:
    text = piece[0]
    match piece.lastgroup:
        case "note":
            return _note(text, attached=bool(before) and before[-1] not in "/(·")
        case "ten":
            return "10"
        case "power":
            return text.removeprefix("+").translate(_SUPERSCRIPT)
        case "sign" if text == ".":
            return " " if before[-1:].isdigit() else "·"
        case "word":
            return _word(text)
        case _:
            return text


def _note(text: str, *, attached: bool) -> str:
    inside = re.sub(r"(?<=m)2\b", "²", text.strip("{}").replace("_", " "))
    return f" {inside}" if attached and inside else inside


def _word(text: str) -> str:
    """Write one unit with its prefix."""
    if text in _WORDS:
        return _WORDS[text]
    if named := _MILLI.match(text):
        return (named[1].replace("u", "µ")) + _WORDS[named[2]]
    prefix, bracket, rest = text.partition("[")
    prefix = _MICRO.sub("µ", prefix + bracket).removesuffix("[")
    if not bracket:
        return prefix
    inside = f"[{rest}"
    return prefix + _WORDS.get(inside, inside.strip("[]").replace("'", " ").split("_")[0])
