"""The conditions of a workload as one function of CLIPS, run by `clipspy`; a rule for each of them costs it more."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from importlib.util import find_spec

from by_expressions import Compiled, Engine, Language, Statuses, Texts, Whole, named
from sides import Leaf, Limit
from whole import LIST, NUMBER, WORD

NOTHING = "nil"
"""What stands for a value that is missing; of a list that is missing it is the one member."""


def is_installed() -> bool:
    return find_spec("clips") is not None


def _engine(kinds: dict[str, str]) -> Engine:
    import clips

    environment = clips.Environment()
    nothing, yes, no = clips.Symbol(NOTHING), clips.Symbol("yes"), clips.Symbol("no")
    parameters = " ".join(f"?{name}" for name in kinds)
    symbols: dict[str, clips.Symbol] = {}

    def symbol(text: str) -> clips.Symbol:
        return symbols.get(text) or symbols.setdefault(text, clips.Symbol(text))

    def argument(value: object) -> object:
        match value:
            case float():
                return value
            case None:
                return nothing
            case bool():
                return yes if value else no
            case str():
                return symbol(value)
            case _:
                return tuple(map(symbol, value))

    def compiled(text: str) -> Compiled:
        environment.build(f"(deffunction decide ({parameters}) {text})")
        decide = environment.find_function("decide")
        return lambda told: decide(*told)

    return Engine(compiled, lambda values: list(map(argument, values.values())))


class _Texts(Texts):
    both, either, always, never = "and", "or", "TRUE", "FALSE"

    def leaf(self, leaf: Leaf) -> str:
        fact, value = f"?{named(leaf.fact)}", leaf.value
        match leaf.sign:
            case "holds":
                return self.some([f"(member$ {code} {fact})" for code in value])
            case "lacks":
                return self.negated(self.some([f"(member$ {code} {fact})" for code in (NOTHING, *value)]))
            case "in":
                return f"(or {' '.join(f'(eq {fact} {code})' for code in value)} FALSE)"
            case "not in":
                return f"(neq {fact} {NOTHING} {' '.join(value)})"
            case "==" if isinstance(value, str | bool):
                return f"(eq {fact} {_word(value)})"
            case "!=" if isinstance(value, str):
                return f"(neq {fact} {NOTHING} {value})"
            case sign if isinstance(value, Limit):
                other = f"?{named(value.fact)}"
                limit = other if value.times == 1 else f"(* {value.times} {other})"
                return f"(and (neq {fact} {NOTHING}) (neq {other} {NOTHING}) ({_sign(sign)} {fact} {limit}))"
            case sign:
                return f"(and (neq {fact} {NOTHING}) ({_sign(sign)} {fact} {value!r}))"

    def negated(self, part: str) -> str:
        return {self.always: self.never, self.never: self.always}.get(part) or f"(not {part})"

    def unknown(self, fact: str) -> str:
        name = f"?{named(fact)}"
        return f"(member$ {NOTHING} {name})" if self.kinds[fact] == LIST else f"(eq {name} {NOTHING})"

    def joined(self, sign: str, parts: list[str]) -> str:
        return f"({sign} {' '.join(parts)})"

    def first_of(self, no: str, yes: str) -> str:
        return f"(if {no} then 0 else (if {yes} then 1 else 2))"

    def listed(self, texts: Iterable[str]) -> str:
        return f"(create$ {' '.join(texts)})"


def _word(value: str | bool) -> str:
    return "yes" if value is True else "no" if value is False else value


def _sign(sign: str) -> str:
    return {"==": "=", "!=": "<>"}.get(sign, sign)


CLIPS = Language(_Texts, _engine, {NUMBER: None, WORD: None, LIST: [NOTHING]}, asks_again=False)
Peer, Decider = partial(Statuses, CLIPS), partial(Whole, CLIPS)
