"""The conditions of a workload as CEL, run by `cel-expr-python`. What is not a number fulfils no comparison in it."""

from __future__ import annotations

from functools import partial
from importlib.util import find_spec

from by_expressions import Compiled, Engine, Language, Statuses, Whole
from infix import NOTHING, Infix
from whole import LIST, NUMBER, WORD


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


class _Texts(Infix):
    both, either, no = "&&", "||", "!"

    def compare(self, fact: str, sign: str, limit: str, _: list[str]) -> str:
        return f"{fact} {sign} {limit}"

    def lacks_number(self, fact: str) -> str:
        return f"{fact} != {fact}"


CEL = Language(_Texts, _engine, {NUMBER: float("nan"), WORD: NOTHING, LIST: [NOTHING]}, asks_again=True)
Peer, Decider = partial(Statuses, CEL), partial(Whole, CEL)
