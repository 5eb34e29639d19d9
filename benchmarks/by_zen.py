"""The conditions of a workload as one expression of `zen-engine`; a decision with a node of expressions costs it more."""

from __future__ import annotations

from functools import partial
from importlib.util import find_spec

from expressions import Engine, Language, Statuses, Whole


def is_installed() -> bool:
    return find_spec("zen") is not None


def _engine(_: dict[str, str]) -> Engine:
    import zen

    return Engine(lambda text: zen.compile_expression(text).evaluate, lambda values: values)


def _compare(fact: str, sign: str, limit: str, of: list[str]) -> str:
    known = "".join(f"{name} != null and " for name in of)
    return f"({known}{fact} {sign} {limit})"


ZEN = Language("and", "or", "not ", None, False, _engine, _compare, "{} == null".format)
Peer, Decider = partial(Statuses, ZEN), partial(Whole, ZEN)
