"""Facts to the sentences of a pack's phrases: what `vocabulary` reads, the other way round.

Law: of every sentence returned `Vocabulary.facts_of` gives back the facts that it was made of.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from cds_engine.bdd.phrase import FILLED, KINDS, PLACE, TOKEN, Phrase
from cds_engine.bdd.vocabulary import Vocabulary
from cds_engine.language.printer import number

AMOUNT = re.compile(r"(?P<value>-?\d+(?:\.\d+)?) (?P<unit>\S+)")
VOWEL = re.compile(r"\b([Aa]) (?=8|11\b|18\b)")
"""An article before a number that is spoken with a vowel."""

YEARS = "a"
"""The unit that a bare number stands in, where the fact has one."""
Facts = Mapping[str, object]


def sentences_of(facts: Facts, vocabulary: Vocabulary) -> tuple[list[str], dict[str, object]]:
    """Return sentences that say the facts, those that say most first, and the facts that no phrase says."""
    left = dict(facts)
    found: list[str] = []
    while left:
        ways = [way for phrase, template in vocabulary.sentences for way in _ways(phrase, template, left, vocabulary)]
        if not ways:
            break
        sentence, said = max(ways, key=lambda way: len(way[1]))
        found.append(sentence)
        left = {name: value for name, value in left.items() if name not in said}
    return found, left


def _ways(phrase: Phrase, template: object, facts: Facts, vocabulary: Vocabulary) -> Iterator[tuple[str, set[str]]]:
    """Return the sentence that a phrase makes of some of the facts, if it makes one that means nothing else."""
    if not isinstance(template, Mapping):
        return
    said: dict[str, object] = {}
    names = set()
    for name, wanted in template.items():
        if name in facts and _unfill(wanted, facts[name], said):
            names.add(name)
    sentence = _spoken(phrase, said) if names else None
    if sentence is not None:
        meant = vocabulary.facts_of(sentence)
        if len(meant) == 1 and meant[0].keys() == names and all(_same(meant[0][n], facts[n]) for n in names):
            yield sentence, names


def _unfill(template: object, value: object, said: dict[str, object]) -> bool:
    """Note what stands in the places of a template so that it comes to a value; say whether it can."""
    if isinstance(template, str):
        whole = FILLED.fullmatch(template)
        if whole is not None:
            if whole["key"] is not None:
                return False
            said[whole["name"]] = value
            return True
        return _unfill_text(template, value, said)
    if isinstance(template, Mapping):
        given = _parted(value)
        if given is None:
            return False
        return all(
            name in given and _unfill(part, given[name], said) for name, part in template.items() if name != "range"
        )
    return _same(template, value)


def _unfill_text(template: str, value: object, said: dict[str, object]) -> bool:
    if not FILLED.search(template):
        return _same(template, value)
    pieces = re.split(r"(\{[^{}]*\})", template)
    pattern = "".join(f"(?P<{p[1:-1]}>.+?)" if PLACE.fullmatch(p) else re.escape(p) for p in pieces)
    found = re.fullmatch(pattern, str(value)) if isinstance(value, str) else None
    if found is None:
        return False
    said.update({name: _plain(text) for name, text in found.groupdict().items()})
    return True


def _parted(value: object) -> Facts | None:
    """Return a quantity as value and unit: `26 kg`, and a bare number as one in years."""
    if isinstance(value, Mapping):
        return value
    if isinstance(value, float | int) and not isinstance(value, bool):
        return {"value": value, "unit": YEARS}
    found = AMOUNT.fullmatch(value) if isinstance(value, str) else None
    return {"value": _plain(found["value"]), "unit": found["unit"]} if found else None


def _plain(text: str) -> object:
    try:
        return float(text)
    except ValueError:
        return text


def _same(first: object, second: object) -> bool:
    if isinstance(first, Mapping) or isinstance(second, Mapping):
        one, other = _parted(first), _parted(second)
        return one is not None and other is not None and dict(one) == dict(other)
    if first == second:
        return isinstance(first, bool) == isinstance(second, bool)
    parts = [_parted(value) for value in (first, second)]
    return parts[0] is not None and parts[0] == parts[1]


def _spoken(phrase: Phrase, said: Mapping[str, object]) -> str | None:
    """Return the sentence of a phrase with its places filled; what cannot be said in brackets is left out.

    A place that bears on no fact, such as `child` beside an age, takes the first of its words.
    """
    text, depth, group, fits = "", 0, "", True
    for piece in TOKEN.findall(phrase.says):
        if piece == "[":
            depth, group, fits = depth + 1, "", True
        elif piece == "]":
            depth -= 1
            text += group if fits and group.strip("n") else ""
        else:
            word = _word(piece, phrase, said, is_needed=not depth) if piece.startswith("{") else piece
            if word is None and not depth:
                return None
            fits = fits and word is not None
            if depth:
                group += word or ""
            else:
                text += word or ""
    return VOWEL.sub(r"\1n ", text)


def _word(token: str, phrase: Phrase, said: Mapping[str, object], *, is_needed: bool) -> str | None:
    place = PLACE.fullmatch(token)
    if place is None:
        return None
    kind = phrase.kinds[place["name"]]
    if place["name"] not in said:
        return next(iter(phrase.words[kind]), None) if is_needed and kind not in KINDS else None
    value = said[place["name"]]
    if kind in KINDS:
        return _number(value) if kind == "number" else str(value)
    return next((word for word, meaning in phrase.words[kind].items() if meaning == value), None)


def _number(value: object) -> str | None:
    """Return a bare number as it is said; an age in years is one."""
    if isinstance(value, str):
        parts = _parted(value)
        value = parts["value"] if parts is not None and parts["unit"] == YEARS else None
    is_number = isinstance(value, float | int) and not isinstance(value, bool)
    return number(float(value)) if is_number else None  # type: ignore[arg-type] # a number
