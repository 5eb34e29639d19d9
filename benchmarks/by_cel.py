"""The conditions of `made_up/` as CEL, run row by row by `cel-expr-python`: of the peers the fastest.

A variable that is not given is an error in CEL, and `&&` and `||` pass over errors where one side decides: Kleene's
logic. Expressions are compiled once. Statuses come of their answers in Python; the peer computes no dose.
"""

from __future__ import annotations

from importlib.util import find_spec

from sides import SIGNS, statuses_by

from cds_engine.lowering import core as c
from cds_engine.lowering.guideline import Guideline


def is_installed() -> bool:
    return find_spec("cel_expr_python") is not None


def cel_of(node: c.CoreNode) -> str:
    match node:
        case c.Constant(bool() as value):
            return "true" if value else "false"
        case c.Constant(float() as value):
            return repr(value)
        case c.Constant(value):
            return f"'{value}'"
        case c.Fact(name):
            return name
        case c.Compare(comparator, left, right):
            return f"{cel_of(left)} {SIGNS.get(comparator, comparator.value)} {cel_of(right)}"
        case c.OneOf(term, codes):
            return f"{cel_of(term)} in {list(codes)}"
        case c.Not(operand):
            return f"!({cel_of(operand)})"
        case c.And(parts):
            return "(" + " && ".join(map(cel_of, parts)) + ")"
        case c.Or(parts):
            return "(" + " || ".join(map(cel_of, parts)) + ")"
        case c.Defined(_, condition):
            return f"({cel_of(condition)})"
        case _:
            raise NotImplementedError(f"the workload has no {type(node).__name__}")


class Peer:
    """Answers rows as statuses."""

    def __init__(self, guideline: Guideline) -> None:
        from cel_expr_python import cel

        types = {"boolean": cel.Type.BOOL, "code": cel.Type.STRING}
        facts = guideline.dictionary.facts.items()
        self._guideline = guideline
        self._env = cel.NewEnv(variables={name: types.get(s.entry.type, cel.Type.DOUBLE) for name, s in facts})
        self._conditions = {key: self._env.compile(cel_of(node)) for key, node in guideline.conditions.items()}
        self._error = cel.Type.ERROR

    def statuses_of(self, rows: list[dict]) -> list[dict]:
        return [self._statuses(row) for row in rows]

    def _statuses(self, row: dict) -> dict:
        given = self._env.Activation({name: value for name, value in row.items() if value is not None})
        truths = {}
        for key, condition in self._conditions.items():
            said = condition.eval(given)
            truths[key] = None if said.type() == self._error else said.value()
        return statuses_by(self._guideline, row, truths)
