"""The rules of a workload by durable_rules as its own documentation runs it: rules and actions through `Host`.

The engine's second opinion uses the core of the same library without `Host` and is many times faster.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec

from sides import Leaf
from statuses import Prepared, sides, statuses

SIGNS = {"!=": "$neq", "<": "$lt", "<=": "$lte", ">": "$gt", ">=": "$gte"}
BEYOND = ("transaminases_raised",)
"""Definitions of the packs with more alternatives than the engine takes; their truth is computed beforehand."""
AT_ONCE = 20
"""Rules a ruleset: more than 64 matches waiting are not delivered."""


def is_installed() -> bool:
    return find_spec("durable") is not None


class _Words:
    def leaf(self, leaf: Leaf) -> dict:
        match leaf.sign:
            case "==":
                return {leaf.fact: leaf.value}
            case "in":
                return self.some([{leaf.fact: code} for code in leaf.value])
            case "not in":
                return self.every([{"$neq": {leaf.fact: code}} for code in leaf.value])
            case sign:
                return {SIGNS[sign]: {leaf.fact: leaf.value}}

    def every(self, parts: list) -> dict:
        return parts[0] if len(parts) == 1 else {"$and": parts}

    def some(self, parts: list) -> dict:
        return parts[0] if len(parts) == 1 else {"$or": parts}


class Peer:
    """Answers rows as statuses."""

    def __init__(self, prepared: Prepared) -> None:
        from durable import engine

        self._prepared = prepared
        self._holds: set[str] = set()
        engine.Host._run = lambda _: None  # noqa: SLF001 - its two timer threads would never end
        self._host = engine.Host()
        self._rulesets = []
        listed = list(sides(prepared, _Words()).items())
        for start in range(0, len(listed), AT_ONCE):
            name, some = f"rules{start}", listed[start : start + AT_ONCE]
            rules = {key: {"all": [{"m": {"$and": [{"k": 1}, one]}}], "run": self._note(key)} for key, one in some}
            rules["seen"] = {"all": [{"m": {"k": 1}}], "run": self._note("seen")}  # a row that no rule matches raises
            self._host.register_rulesets({name: rules})
            self._rulesets.append(name)

    def _note(self, key: str) -> Callable[[object], None]:
        def note(_: object) -> None:
            self._holds.add(key)

        return note

    def statuses_of(self, rows: list[dict]) -> list[dict]:
        return [self._statuses(row) for row in rows]

    def _statuses(self, row: dict) -> dict:
        self._holds.clear()
        sent = {"k": 1, **{name: value for name, value in row.items() if value is not None}}
        for name in self._rulesets:
            self._host.assert_fact(name, sent)
            self._host.retract_fact(name, sent)
        return statuses(self._prepared, row, self._holds)
