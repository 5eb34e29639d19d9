"""The keys of lines of JSON, at every depth: none twice in an object, none in other capitals in another line."""

from __future__ import annotations

import json
from collections.abc import Sequence

from cds_engine.diagnostics import InputError

DEEPEST = 100
"""How many lists and objects may stand in each other; DuckDB reads some more."""


class Keys:
    """How each thing is spelled, wherever it stands in a line."""

    def __init__(self) -> None:
        self._spelled: dict[tuple[str, ...], tuple[str, str]] = {}
        """By path in small letters: the key, and in which line it was first seen."""

    def fault_of(self, line: str, where: str) -> str | None:
        """Return why a line cannot be read, and note how it spells its keys if it can.

        Raises:
            InputError: If a line before it has a key in other capitals.
        """
        try:
            found = json.loads(line, object_pairs_hook=_once)
        except (ValueError, RecursionError) as error:
            return str(error)
        if _is_deeper(found, DEEPEST):
            return f"more than {DEEPEST} lists and objects stand in each other"
        self._note(found, (), where)
        return None

    def _note(self, value: object, path: tuple[str, ...], where: str) -> None:
        for item in value if isinstance(value, list) else ():
            self._note(item, path, where)
        for key, item in value.items() if isinstance(value, dict) else ():
            own = (*path, key.lower())
            spelled, first = self._spelled.setdefault(own, (key, where))
            if spelled != key:
                raise InputError(
                    f"{first} says `{spelled}` and {where} says `{key}`, which differ in capitals only;"
                    " give them one name"
                )
            self._note(item, own, where)


def _once(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    """Return an object of which no two keys are the same, whatever their capitals."""
    found = dict(pairs)
    small: dict[str, str] = {}
    for key, _ in pairs:
        if key.lower() in small:
            raise ValueError(f"it says `{small[key.lower()]}` and again `{key}`")
        small[key.lower()] = key
    return found


def _is_deeper(value: object, most: int) -> bool:
    items = value if isinstance(value, list) else value.values() if isinstance(value, dict) else ()
    return any(most == 0 or _is_deeper(item, most - 1) for item in items)
