"""Text of the condition language to tokens."""

from __future__ import annotations

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
        return LexicalError("a quote is opened and never closed", at, len(text))
    if char == '"':
        return LexicalError('`"` does not quote here', at, at + 1, "codes and units stand in single quotes")
    if char.isdigit():
        number = re.match(r"[\w.,]+", text[at:])
        word = number.group() if number else char
        return LexicalError(f"`{word}` is not a number", at, at + len(word), "write it as `1.5`")
    return LexicalError(f"`{char}` means nothing here", at, at + 1)
