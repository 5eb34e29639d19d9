"""The conditions of a workload as CEL, run row by row by `cel-expr-python`: of the peers the fastest.

A variable that is not given is an error in CEL, and `&&` and `||` pass over errors where one side decides: Kleene's
logic. Expressions are compiled once. Statuses come of their answers in Python; the peer computes no dose.
"""

from __future__ import annotations

from importlib.util import find_spec

from sides import SIGNS, Prepared, statuses_by

from cds_engine.lowering import core as c


def is_installed() -> bool:
    return find_spec("cel_expr_python") is not None


def cel_of(node: c.CoreNode, prepared: Prepared) -> str:
    match node:
        case c.Constant(bool() as value):
            return "true" if value else "false"
        case c.Constant(float() as value):
            return repr(value)
        case c.Constant(value):
            return f"'{value}'"
        case _ if prepared.is_beforehand(node):
            return prepared.name(node)
        case c.Fact(name):
            return name
        case c.Compare(comparator, c.Fact(name), c.Constant() as value):
            return f"{name} {SIGNS.get(comparator, comparator.value)} {cel_of(value, prepared)}"
        case c.OneOf(c.Fact(name), codes):
            return f"{name} in {list(codes)}"
        case c.Not(operand):
            return f"!({cel_of(operand, prepared)})"
        case c.And(parts):
            return "(" + " && ".join(cel_of(part, prepared) for part in parts) + ")"
        case c.Or(parts):
            return "(" + " || ".join(cel_of(part, prepared) for part in parts) + ")"
        case c.Defined(_, condition):
            return f"({cel_of(condition, prepared)})"
        case _:
            raise NotImplementedError(f"the workloads have no {type(node).__name__}")


class Peer:
    """Answers rows as statuses."""

    def __init__(self, prepared: Prepared) -> None:
        from cel_expr_python import cel

        types = {"boolean": cel.Type.BOOL, "code": cel.Type.STRING}
        written = {key: cel_of(node, prepared) for key, node in prepared.conditions.items()}
        self._prepared = prepared
        told = prepared.types.items()
        self._env = cel.NewEnv(variables={name: types.get(kind, cel.Type.DOUBLE) for name, kind in told})
        self._conditions = {key: self._env.compile(text) for key, text in written.items()}
        self._error = cel.Type.ERROR

    def statuses_of(self, rows: list[dict]) -> list[dict]:
        return [self._statuses(row) for row in rows]

    def _statuses(self, row: dict) -> dict:
        given = self._env.Activation({name: value for name, value in row.items() if value is not None})
        truths = {}
        for key, condition in self._conditions.items():
            said = condition.eval(given)
            truths[key] = None if said.type() == self._error else said.value()
        return statuses_by(self._prepared, row, truths)
