"""The conditions of a workload as CEL, run by `cel-expr-python`. What is not a number fulfils no comparison in it."""

from __future__ import annotations

from functools import partial
from importlib.util import find_spec

from expressions import Compiled, Engine, Language, Statuses, Whole
from whole import LIST, NUMBER


def is_installed() -> bool:
    return find_spec("cel_expr_python") is not None


def _engine(kinds: dict[str, str]) -> Engine:
    from cel_expr_python import cel

    types = {NUMBER: cel.Type.DOUBLE, LIST: cel.Type.List(cel.Type.STRING)}
    env = cel.NewEnv(variables={name: types.get(kind, cel.Type.DYN) for name, kind in kinds.items()})

    def compiled(text: str) -> Compiled:
        run = env.compile(text).eval
        return lambda told: run(told).plain_value()

    return Engine(compiled, env.Activation)


def _compare(fact: str, sign: str, limit: str, _: list[str]) -> str:
    return f"{fact} {sign} {limit}"


CEL = Language("&&", "||", "!", float("nan"), True, _engine, _compare, "{0} != {0}".format)
Peer, Decider = partial(Statuses, CEL), partial(Whole, CEL)
