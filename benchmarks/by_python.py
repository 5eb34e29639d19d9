"""The conditions of a workload as one expression of Python: no peer, but what is handed to peers can be tried by it."""

from __future__ import annotations

from functools import partial

from by_expressions import Compiled, Engine, Language, Statuses, Whole
from infix import NOTHING, Infix
from whole import LIST, NUMBER, WORD


def is_installed() -> bool:
    return True


def _engine(kinds: dict[str, str]) -> Engine:
    def compiled(text: str) -> Compiled:
        decide = eval(f"lambda {', '.join(kinds)}: {text}")  # noqa: S307 - the text is ours
        return lambda told: decide(**told)

    return Engine(compiled, lambda values: values)


class _Texts(Infix):
    both, either, no, always, never = "and", "or", "not ", "True", "False"

    def compare(self, fact: str, sign: str, limit: str, _: list[str]) -> str:
        return f"{fact} {sign} {limit}"

    def lacks_number(self, fact: str) -> str:
        return f"{fact} != {fact}"

    def first_of(self, no: str, yes: str) -> str:
        return f"(0 if {no} else 1 if {yes} else 2)"


PYTHON = Language(_Texts, _engine, {NUMBER: float("nan"), WORD: NOTHING, LIST: [NOTHING]}, asks_again=False)
Peer, Decider = partial(Statuses, PYTHON), partial(Whole, PYTHON)
