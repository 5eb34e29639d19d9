"""Read data with places to plain values: what is unquoted and looks like a number, a truth or nothing is one.

For the parts of a pack that hold a patient's facts, which an engine takes as a program would send them.
"""

from __future__ import annotations

import re

from cds_engine.pack.places import Place
from cds_engine.pack.reading import Mapping, Sequence

INTEGER = re.compile(r"[+-]?\d+")
DECIMAL = re.compile(r"[+-]?\d+\.\d+(?:[eE][+-]?\d+)?")
WORDS = {"true": True, "false": False, "null": None, "~": None, "": None}


def plain_value(data: object, place: Place | None = None) -> object:
    """Return *data* with its unquoted scalars typed; a quoted one stays text.

    >>> plain_value("8"), plain_value("7.5"), plain_value("false"), plain_value("2026-11-21"), plain_value("no")
    (8, 7.5, False, '2026-11-21', 'no')
    """
    match data:
        case Mapping():
            return {key: plain_value(value, data.values_at[key]) for key, value in data.items()}
        case Sequence():
            return [plain_value(value, where) for value, where in zip(data, data.items_at, strict=True)]
        case dict():
            return {key: plain_value(value) for key, value in data.items()}
        case list():
            return [plain_value(value) for value in data]
        case str() if place is None or not place.style:
            return _typed(data)
        case _:
            return data


def _typed(text: str) -> object:
    if text in WORDS:
        return WORDS[text]
    if INTEGER.fullmatch(text):
        return int(text)
    return float(text) if DECIMAL.fullmatch(text) else text
