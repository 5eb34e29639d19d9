"""JSON as strictly as a patient deserves: what the standard library lets pass silently is a mistake here."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

MAX_DEPTH = 40
CONSTANTS = frozenset({"NaN", "Infinity", "-Infinity"})
TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\],:]|[^\s{}\[\],:"]+', re.DOTALL)
COLON = re.compile(r"\s*:")

WORDS = {
    "Expecting value": "a value is missing or misspelt here",
    "Expecting property name": "a key in double quotes must stand here",
    "Expecting ':' delimiter": "`:` is missing between key and value",
    "Expecting ',' delimiter": "`,` or a closing bracket is missing",
    "Unterminated string": "this text has no closing quote",
    "Invalid control character": "a line break or control character stands inside this text",
    "Invalid \\": "this backslash begins no known character",
    "Extra data": "something stands after the end of the patient; write a list, or one patient a line",
    "Illegal trailing comma": "a comma stands before a closing bracket",
}
"""How the standard library's complaints begin, and what they mean to the writer of a file."""


class JsonMistake(Exception):  # noqa: N818 - a mistake of the file
    """A text that is no JSON we accept, with its line and column; counted from 1."""

    def __init__(self, sentence: str, line: int, column: int) -> None:
        self.line = line
        self.column = column
        super().__init__(sentence)


def parse(text: str) -> object:
    """Return the data of a JSON text.

    Raises:
        JsonMistake: If it is no JSON, names a key twice, is nested too deeply, or holds NaN or half a character.
    """
    try:
        data: object = json.loads(text)
    except json.JSONDecodeError as error:
        raise JsonMistake(f"this is not JSON: {_words(error.msg)}", error.lineno, error.colno) from None
    except RecursionError:
        raise _too_deep(text, _first_too_deep(text)) from None
    except ValueError:  # the interpreter refuses to read numbers of thousands of digits
        raise JsonMistake("a number here has thousands of digits", 1, 1) from None
    _refuse_what_slips_through(text)
    return data


def _words(message: str) -> str:
    return next((said for start, said in WORDS.items() if message.startswith(start)), message.lower())


def _refuse_what_slips_through(text: str) -> None:
    """Walk the pieces of a valid JSON text."""
    open_keys: list[set[str] | None] = []
    for piece, offset in _tokens(text):
        if piece in {"{", "["}:
            open_keys.append(None if piece == "[" else set())
            if len(open_keys) > MAX_DEPTH:
                raise _too_deep(text, offset)
        elif piece in {"}", "]"}:
            open_keys.pop()
        elif piece in CONSTANTS:
            raise _at(text, offset, f"`{piece}` is no number; leave the fact out when it is not known")
        elif piece.startswith('"'):
            _refuse_text(text, piece, offset, open_keys[-1] if open_keys else None)


def _refuse_text(text: str, piece: str, offset: int, keys: set[str] | None) -> None:
    word = json.loads(piece)
    if not word.isprintable() and any("\ud800" <= char <= "\udfff" for char in word):
        raise _at(text, offset, "this text holds half a character (a lone `\\ud800` to `\\udfff`)")
    if keys is None or not COLON.match(text, offset + len(piece)):
        return
    if word in keys:
        raise _at(text, offset, f"the key `{word}` stands twice in one mapping; keep one of them")
    keys.add(word)


def _tokens(text: str) -> Iterator[tuple[str, int]]:
    return ((found[0], found.start()) for found in TOKEN.finditer(text))


def _first_too_deep(text: str) -> int:
    depth = 0
    for piece, offset in _tokens(text):
        depth += (piece in {"{", "["}) - (piece in {"}", "]"})
        if depth > MAX_DEPTH:
            return offset
    return 0


def _too_deep(text: str, offset: int) -> JsonMistake:
    return _at(text, offset, f"this is nested more than {MAX_DEPTH} deep; no patient is")


def _at(text: str, offset: int, sentence: str) -> JsonMistake:
    line = text.count("\n", 0, offset) + 1
    return JsonMistake(sentence, line, offset - text.rfind("\n", 0, offset))
