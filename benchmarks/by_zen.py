"""The conditions of a workload as one expression of `zen-engine`; a decision with a node of them costs it more."""

from __future__ import annotations

from functools import partial
from importlib.util import find_spec

from by_expressions import Engine, Language, Statuses, Whole
from infix import NOTHING, Infix
from whole import LIST, NUMBER, WORD


def is_installed() -> bool:
    return find_spec("zen") is not None


def _engine(_: dict[str, str]) -> Engine:
    import zen

    return Engine(lambda text: zen.compile_expression(text).evaluate, lambda values: values)


class _Texts(Infix):
    both, either, no = "and", "or", "not "

    def compare(self, fact: str, sign: str, limit: str, of: list[str]) -> str:
        known = "".join(f"{name} != null and " for name in of)
        return f"({known}{fact} {sign} {limit})"

    def lacks_number(self, fact: str) -> str:
        return f"{fact} == null"


ZEN = Language(_Texts, _engine, {NUMBER: None, WORD: NOTHING, LIST: [NOTHING]}, asks_again=False)
Peer, Decider = partial(Statuses, ZEN), partial(Whole, ZEN)
