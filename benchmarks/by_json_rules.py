"""The rules of a workload by `json-rules-engine` in node: one rule for each side of each condition.

Needs node, and the package where node finds it: `NODE_PATH`, or `node_modules` beside this file. The rows go to node
once as JSON; what is timed is node's own processor time for running the engine.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from shutil import which

from sides import Leaf
from statuses import Prepared, sides, statuses

HERE = Path(__file__).parent
OPERATORS = {
    "==": "equal", "!=": "notEqual", "<": "lessThan", "<=": "lessThanInclusive", ">": "greaterThan",
    ">=": "greaterThanInclusive", "in": "in", "not in": "notIn",
}  # fmt: skip


def is_installed() -> bool:
    node = which("node")
    tried = [node or "", "-e", "require('json-rules-engine')"]
    return node is not None and subprocess.run(tried, cwd=HERE, capture_output=True, check=False).returncode == 0  # noqa: S603


class _Words:
    def leaf(self, leaf: Leaf) -> dict:
        own = {"fact": leaf.fact, "operator": OPERATORS[leaf.sign], "value": leaf.value}
        if leaf.sign in {"!=", "not in"}:  # those would hold of a missing fact
            return {"all": [{"fact": leaf.fact, "operator": "notEqual", "value": None}, own]}
        return own

    def every(self, parts: list) -> dict:
        return {"all": parts}

    def some(self, parts: list) -> dict:
        return {"any": parts}


class Peer:
    """Answers rows as statuses."""

    def __init__(self, prepared: Prepared) -> None:
        self._prepared = prepared
        self._rules = [
            {"conditions": one if {"all", "any"} & one.keys() else {"all": [one]}, "event": {"type": key}}
            for key, one in sides(prepared, _Words()).items()
        ]
        self.seconds = 0.0
        """Processor time that node has needed for the last rows, without starting and reading."""

    def statuses_of(self, rows: list[dict]) -> list[dict]:
        sent = json.dumps({"rules": self._rules, "rows": rows})
        node = [which("node") or "node", str(HERE / "by_json_rules.js")]
        done = subprocess.run(node, cwd=HERE, input=sent, capture_output=True, text=True, check=True)  # noqa: S603
        answer = json.loads(done.stdout)
        self.seconds = answer["seconds"]
        return [statuses(self._prepared, row, set(holds)) for row, holds in zip(rows, answer["holds"], strict=True)]
