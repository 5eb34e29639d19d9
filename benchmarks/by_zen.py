"""The rules of a workload by `zen-engine`: one decision with an expression for each side of each condition."""

from __future__ import annotations

import json
from importlib.util import find_spec

from sides import Leaf, Prepared, sides, statuses


def is_installed() -> bool:
    return find_spec("zen") is not None


class _Words:
    def leaf(self, leaf: Leaf) -> str:
        return f"({leaf.fact} != null and {leaf.fact} {leaf.sign} {json.dumps(leaf.value)})"

    def every(self, parts: list[str]) -> str:
        return f"({' and '.join(parts)})"

    def some(self, parts: list[str]) -> str:
        return f"({' or '.join(parts)})"


class Peer:
    """Answers rows as statuses."""

    def __init__(self, prepared: Prepared) -> None:
        import zen

        self._prepared = prepared
        expressions = [{"id": key, "key": key, "value": text} for key, text in sides(prepared, _Words()).items()]
        nodes = [
            {"id": "in", "type": "inputNode", "name": "in"},
            {"id": "all", "type": "expressionNode", "name": "all", "content": {"expressions": expressions}},
            {"id": "out", "type": "outputNode", "name": "out"},
        ]
        edges = [
            {"id": "1", "type": "edge", "sourceId": "in", "targetId": "all"},
            {"id": "2", "type": "edge", "sourceId": "all", "targetId": "out"},
        ]
        self._decision = zen.ZenEngine().create_decision(json.dumps({"nodes": nodes, "edges": edges}))

    def statuses_of(self, rows: list[dict]) -> list[dict]:
        return [self._statuses(row) for row in rows]

    def _statuses(self, row: dict) -> dict:
        found = self._decision.evaluate(row)["result"]
        return statuses(self._prepared, row, {key for key, holds in found.items() if holds is True})
