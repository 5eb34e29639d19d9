"""The rules of a workload by CLIPS through `clipspy`: one defrule for each side of each condition."""

from __future__ import annotations

import re
from importlib.util import find_spec

from sides import Leaf, Prepared, sides, statuses

NAME = re.compile(r"\?(\w+)")


def is_installed() -> bool:
    return find_spec("clips") is not None


def _literal(value: object) -> str:
    return "yes" if value is True else "no" if value is False else str(value)


class _Words:
    def leaf(self, leaf: Leaf) -> str:
        fact = f"?{leaf.fact}"
        match leaf.sign:
            case "in":
                return f"(or {' '.join(f'(eq {fact} {code})' for code in leaf.value)} FALSE)"
            case "not in":
                return f"(and (neq {fact} nil) {' '.join(f'(neq {fact} {code})' for code in leaf.value)})"
            case "==" if not isinstance(leaf.value, float):
                return f"(eq {fact} {_literal(leaf.value)})"
            case sign:
                known = f"(neq {fact} nil)"
                same = {"==": "=", "!=": "<>"}.get(sign, sign)
                if isinstance(leaf.value, float):
                    return f"(and {known} ({same} {fact} {leaf.value!r}))"
                return f"(and {known} (neq {fact} {_literal(leaf.value)}))"

    def every(self, parts: list[str]) -> str:
        return f"(and {' '.join(parts)})"

    def some(self, parts: list[str]) -> str:
        return f"(or {' '.join(parts)})"


class Peer:
    """Answers rows as statuses."""

    def __init__(self, prepared: Prepared) -> None:
        import clips

        self._prepared = prepared
        self._symbol = clips.Symbol
        self._clips = clips.Environment()
        self._clips.build("(defglobal ?*holds* = (create$))")
        written = sides(prepared, _Words())
        facts = " ".join(f"(slot {name} (default nil))" for name in prepared.types)
        self._clips.build(f"(deftemplate patient {facts})")
        for key, text in written.items():
            bound = " ".join(f"({name} ?{name})" for name in dict.fromkeys(NAME.findall(text)))
            self._clips.build(
                f"(defrule {key} (patient {bound}) (test {text}) => (bind ?*holds* (create$ ?*holds* {key})))"
            )
        self._patient = self._clips.find_template("patient")

    def statuses_of(self, rows: list[dict]) -> list[dict]:
        return [self._statuses(row) for row in rows]

    def _statuses(self, row: dict) -> dict:
        self._clips.reset()
        self._patient.assert_fact(
            **{
                name: value if isinstance(value, float) else self._symbol(_literal(value))
                for name, value in row.items()
                if value is not None
            }
        )
        self._clips.run()
        return statuses(self._prepared, row, set(map(str, self._clips.eval("?*holds*"))))
