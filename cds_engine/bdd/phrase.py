"""Sentences with places in them: `a[n] {age:number}-year-old {who}`.

What stands in square brackets may be left out. A place holds a `number`, a `word`, a `text`, or one of a list of words,
each with what it means; `{who}` is short for `{who:who}`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

Words = Mapping[str, Mapping[str, object]]
"""Lists of words by name."""

KINDS = {"number": r"\d+(?:\.\d+)?", "word": r"[A-Za-z0-9][A-Za-z0-9-]*", "text": r".+"}
PLACE = re.compile(r"\{(?P<name>[a-z_]+)(?::(?P<kind>[a-z_]+))?\}")
TOKEN = re.compile(r"\{[^{}]*\}|\[|\]|[^\[\]{}]+")
FILLED = re.compile(r"\{(?P<name>[a-z_]+)(?:\.(?P<key>[a-z_]+))?\}")

Said = dict[str, object]
"""What stands in the places of a sentence; a place that was left out is missing."""


class PhraseError(ValueError):
    """A sentence is no phrase: a bracket is open, or a place holds what nobody has declared."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """A sentence with places."""

    says: str
    pattern: re.Pattern[str]
    kinds: Mapping[str, str]
    words: Words

    @classmethod
    def parse(cls, says: str, words: Words) -> Phrase:
        """Return the phrase that *says* writes.

        Raises:
            PhraseError: If a bracket is open or a place is of no known kind.
        """
        kinds: dict[str, str] = {}
        pieces = []
        depth = 0
        for piece in TOKEN.findall(says):
            if piece == "[":
                depth += 1
                pieces.append("(?:")
            elif piece == "]":
                depth -= 1
                pieces.append(")?")
            elif piece.startswith("{"):
                pieces.append(_place(piece, says, words, kinds))
            else:
                pieces.append(re.escape(piece))
            if depth < 0:
                break
        if depth:
            raise PhraseError(f"a square bracket of `{says}` has no partner; write them in pairs")
        return cls(says, re.compile("".join(pieces)), kinds, words)

    def match(self, sentence: str) -> Said | None:
        """Return what stands in the places of *sentence*, None if it is another sentence.

        >>> words = {"who": {"boy": "male"}}
        >>> Phrase.parse("a[n] {age:number}-year-old {who}", words).match("an 8-year-old boy")
        {'age': 8, 'who': 'male'}
        """
        found = self.pattern.fullmatch(sentence)
        if found is None:
            return None
        return {name: self._meaning(name, text) for name, text in found.groupdict().items() if text is not None}

    def _meaning(self, name: str, text: str) -> object:
        kind = self.kinds[name]
        if kind == "number":
            return float(text) if "." in text else int(text)
        return text if kind in KINDS else self.words[kind][text]


def _place(token: str, says: str, words: Words, kinds: dict[str, str]) -> str:
    found = PLACE.fullmatch(token)
    if found is None:
        raise PhraseError(f"`{token}` in `{says}` is no place; write it as `{{value:number}}`")
    name, kind = found["name"], found["kind"] or found["name"]
    if name in kinds:
        raise PhraseError(f"`{says}` has two places called `{name}`; call one of them otherwise")
    if kind not in KINDS and kind not in words:
        known = ", ".join(f"`{known}`" for known in (*KINDS, *words))
        raise PhraseError(f"a place of `{says}` holds `{kind}`, which nobody has declared; known are {known}")
    kinds[name] = kind
    if kind in KINDS:
        return f"(?P<{name}>{KINDS[kind]})"
    choices = sorted(words[kind], key=len, reverse=True)
    return f"(?P<{name}>{'|'.join(map(re.escape, choices))})"


LEFT_OUT = object()


def filled(template: object, said: Said) -> object:
    """Put what was said into a template; an entry whose place was left out is left out as well.

    >>> filled({"height": "{height} cm", "weight": "{weight} kg", "age": "{age}"}, {"height": 128, "age": 8})
    {'height': '128 cm', 'age': 8}
    """
    found = _filled(template, said)
    return None if found is LEFT_OUT else found


def _filled(template: object, said: Said) -> object:
    match template:
        case str():
            return _text(template, said)
        case Mapping():
            entries = {key: _filled(value, said) for key, value in template.items()}
            kept = {key: value for key, value in entries.items() if value is not LEFT_OUT}
            return kept if kept or not entries else LEFT_OUT
        case list():
            items = [value for value in (_filled(item, said) for item in template) if value is not LEFT_OUT]
            return items if items or not template else LEFT_OUT
        case _:
            return template


def _text(template: str, said: Said) -> object:
    whole = FILLED.fullmatch(template)
    if whole is not None:
        return _value(whole, said)
    values = [_value(place, said) for place in FILLED.finditer(template)]
    if LEFT_OUT in values:
        return LEFT_OUT
    found: Iterator[object] = iter(values)
    return FILLED.sub(lambda _: str(next(found)), template)


def _value(place: re.Match[str], said: Said) -> object:
    value = said.get(place["name"], LEFT_OUT)
    if place["key"] is None or value is LEFT_OUT:
        return value
    return value.get(place["key"], LEFT_OUT) if isinstance(value, Mapping) else LEFT_OUT
