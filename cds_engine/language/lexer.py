"""Text of the condition language to tokens."""

from __future__ import annotations

import math
import re
from enum import Enum, auto
from typing import NamedTuple

KEYWORDS = frozenset(
    {
        "and", "or", "xor", "implies", "not", "in", "contains", "any", "between", "is", "null", "true", "false",
        "if", "then", "else", "years", "months", "weeks", "days",
    }
)  # fmt: skip
MAX_LENGTH = 8000

_TOKEN = re.compile(
    r"""(?P<space>\s+)
      | (?P<date>@\d{4}-\d{2}-\d{2}(?![\dT-]))
      | (?P<number>\d+(?:\.\d+)?(?![\w.]))
      | (?P<string>'(?:[^'\\]|\\.)*')
      | (?P<word>[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)
      | (?P<symbol><=|>=|!=|[-=<>+*/^(){},])""",
    re.VERBOSE,
)
_ESCAPE = re.compile(r"\\(.)")


class Kind(Enum):
    """What a token is."""

    NUMBER = auto()
    STRING = auto()
    DATE = auto()
    NAME = auto()
    KEYWORD = auto()
    SYMBOL = auto()
    END = auto()


class Token(NamedTuple):
    """One word of the language and where it stands in the text."""

    kind: Kind
    text: str
    begin: int
    end: int


class LexicalError(ValueError):
    """A character that begins no token."""

    def __init__(self, message: str, begin: int, end: int, hint: str | None = None) -> None:
        super().__init__(message)
        self.begin, self.end, self.hint = begin, end, hint


def tokens(text: str) -> list[Token]:
    """Return the tokens of *text*, closed by one of kind END.

    >>> [t.text for t in tokens("egfr < 30 'mL/min'")]
    ['egfr', '<', '30', 'mL/min', '']
    """
    found: list[Token] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise _unreadable(text, at)
        if match.lastgroup != "space":
            found.append(_token(match))
        at = match.end()
    found.append(Token(Kind.END, "", len(text), len(text)))
    return found


def _token(match: re.Match[str]) -> Token:
    word, begin, end = match.group(), match.start(), match.end()
    match match.lastgroup:
        case "number":
            if not math.isfinite(float(word)):
                raise LexicalError(f"`{word[:20]}...` is too large a number", begin, end, "look at its digits")
            return Token(Kind.NUMBER, word, begin, end)
        case "string":
            return Token(Kind.STRING, _ESCAPE.sub(r"\1", word[1:-1]), begin, end)
        case "date":
            return Token(Kind.DATE, word[1:], begin, end)
        case "word":
            return Token(Kind.KEYWORD if word in KEYWORDS else Kind.NAME, word, begin, end)
        case _:
            return Token(Kind.SYMBOL, word, begin, end)


def _unreadable(text: str, at: int) -> LexicalError:
    char = text[at]
    if char == "'":
        hint = "close it; a quote inside is written `\\'`"
        return LexicalError("a quote is opened and never closed", at, at + 1, hint)
    if char.isdigit() or (char == "." and text[at + 1 : at + 2].isdigit()):
        word = text[at : at + _length(_NUMERAL, text, at)]
        hint = "write it as `2` or `0.5`; a unit stands in quotes after it, such as `40 'mg'`"
        return LexicalError(f"`{word}` is not a number", at, at + len(word), hint)
    if char == "@":
        length = max(1, _length(_DAY, text, at))
        word = text[at : at + length]
        return LexicalError(f"`{word}` is not a day of the calendar", at, at + length, "write it as `@2026-11-21`")
    for other, meant in _MEANT.items():
        if text.startswith(other, at):
            return LexicalError(f"`{other}` means nothing here", at, at + len(other), f"write {meant}")
    hint = "expressions use names, numbers, codes in quotes, and words such as `and`"
    return LexicalError(f"`{char}` means nothing here", at, at + 1, hint)


_NUMERAL = re.compile(r"[\w.]+")
_DAY = re.compile(r"@[\w:.-]*")
_MEANT = {
    '"': "codes and units in single quotes",
    "&&": "`and`",
    "&": "`and`",
    "||": "`or`",
    "|": "`or`",
    "!": "`not`",
    "\u2264": "`<=`",
    "\u2265": "`>=`",
    "\u2260": "`!=`",
    "\u00d7": "`*`",
    "\u00f7": "`/`",
    "\u2212": "`-`",
    "\u2013": "`-`",
    "\u2018": "codes and units in straight quotes",
    "\u2019": "codes and units in straight quotes",
    "\u201c": "codes and units in straight single quotes",
    "\u201d": "codes and units in straight single quotes",
    "\u00b2": "`^ 2`, or a unit in quotes",
    "%": "the unit in quotes: `'%'`",
    "[": "a set of values in braces",
    "]": "a set of values in braces",
}
"""What authors bring from elsewhere, and how it is written here."""


def _length(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return len(found.group()) if found else 0
