"""The drugs of a pack in the text that somebody wrote: `Methotrexate 2.5 MG Oral Tablet` is methotrexate."""

from __future__ import annotations

import difflib
import re
from functools import lru_cache
from typing import NamedTuple

from cds_engine.patient.complaints import text_of
from cds_engine.patient.intervals import MAX_TEXT, is_one_weekday, normal, plain

LIKE = 0.8
"""How much a word has to look like a drug of the pack to count as mistyped."""
MAX_WORD, MAX_WORDS = 60, 12
_STRENGTH = re.compile(
    r"[+-]?\d+(?:[.,]\d+)?\s*(?:mg|ug|mcg|µg|g|iu|units?|ml|%)?(?:\s*(?:/|per)\s*(?:\d+(?:\.\d+)?\s*)?(?:m2|kg|ml|g|dose))*"
    r"(?![a-z0-9])"
)
_FILLERS = frozenset(
    [
        "oral",
        "orally",
        "po",
        "sc",
        "subcut",
        "subcutaneous",
        "subcutaneously",
        "im",
        "intramuscular",
        "iv",
        "intravenous",
        "by",
        "mouth",
        "tab",
        "tabs",
        "tablet",
        "tablets",
        "cap",
        "caps",
        "capsule",
        "capsules",
        "pill",
        "pills",
        "film",
        "coated",
        "injection",
        "injectable",
        "solution",
        "suspension",
        "syrup",
        "pen",
        "pens",
        "syringe",
        "prefilled",
        "pre",
        "filled",
        "autoinjector",
        "auto",
        "injector",
        "vial",
        "ampoule",
        "amp",
        "prefilled",
        "dose",
        "take",
        "one",
        "on",
    ]
)


class Named(NamedTuple):
    """The drugs that a text names, and the rest of it, without strength, form and route."""

    drugs: tuple[str, ...]
    rest: str


@lru_cache(maxsize=32)
def _pattern(names: tuple[str, ...]) -> re.Pattern[str]:
    longest = sorted((name for name in names if not name.isdigit()), key=lambda name: (-len(name), name))
    listed = "|".join(re.escape(name) for name in longest) or r"(?!)"
    return re.compile(rf"(?<![^\W_])(?:{listed})(?![^\W\d_])")


def drugs_in(text: object, names: dict[str, str]) -> Named:
    """Return the drugs that stand as a word in a text, by any of their names."""
    words = " ".join(text_of(text)[:MAX_TEXT].lower().replace("_", " ").split())
    pattern = _pattern(tuple(names))
    found = tuple(dict.fromkeys(names[match[0]] for match in pattern.finditer(words)))
    rest = _STRENGTH.sub(" ", normal(_STRENGTH.sub(" ", pattern.sub(" ", words))))
    rest = " ".join(word for word in rest.split() if word not in _FILLERS)
    without = " ".join(word for word in rest.split() if not is_one_weekday(word))
    return Named(
        found, without if plain(without).interval == "week" and len(rest.split()) - len(without.split()) == 1 else rest
    )


def like(text: object, names: dict[str, str]) -> str | None:
    """Return the name that a word of the text is nearly, or None."""
    whole = text_of(text)[:MAX_TEXT].lower()
    words = [whole.strip()[:MAX_WORD], *re.findall(r"[^\W\d_]{5,}", whole)[:MAX_WORDS]]
    known = [name for name in names if not name.isdigit()]
    found = (difflib.get_close_matches(word, known, n=1, cutoff=LIKE) for word in words)
    return next((match[0] for match in found if match), None)
