"""Conditions as CEL and `zen-engine` write them: they differ in the signs between parts, and in missing numbers."""

from __future__ import annotations

from collections.abc import Iterable

from by_expressions import Texts, named
from sides import Leaf, Limit
from whole import LIST, NUMBER

NOTHING = ""
"""What stands for a code or truth that is missing; of a list that is missing it is the one member."""


class Infix(Texts):
    """Texts with the signs that a language sets."""

    always, never = "true", "false"
    no: str

    def compare(self, fact: str, sign: str, limit: str, of: list[str]) -> str:
        """Write a comparison of a number that is false where one *of* the facts that it names is missing."""
        raise NotImplementedError

    def lacks_number(self, fact: str) -> str:
        raise NotImplementedError

    def leaf(self, leaf: Leaf) -> str:
        fact, value = named(leaf.fact), leaf.value
        match leaf.sign:
            case "holds":
                return self.some([f"'{code}' in {fact}" for code in value])
            case "lacks":
                return self.negated(self.some([f"'{code}' in {fact}" for code in (NOTHING, *value)]))
            case "in":
                return f"{fact} in {value}"
            case "not in":
                return self.negated(f"{fact} in {[NOTHING, *value]}")
            case "!=" if isinstance(value, str):
                return self.negated(f"{fact} in {[NOTHING, value]}")
            case "==" if isinstance(value, bool):
                return f"{fact} == {self.always if value else self.never}"
            case "==" if isinstance(value, str):
                return f"{fact} == '{value}'"
            case sign if isinstance(value, Limit):
                other = named(value.fact)
                limit = other if value.times == 1 else f"{value.times} * {other}"
                return self.compare(fact, sign, limit, [fact, other])
            case sign:
                return self.compare(fact, sign, repr(value), [fact])

    def negated(self, part: str) -> str:
        return {self.always: self.never, self.never: self.always}.get(part) or f"{self.no}({part})"

    def unknown(self, fact: str) -> str:
        kind, name = self.kinds[fact], named(fact)
        if kind == NUMBER:
            return self.lacks_number(name)
        return f"'{NOTHING}' in {name}" if kind == LIST else f"{name} == '{NOTHING}'"

    def joined(self, sign: str, parts: list[str]) -> str:
        return f"({f' {sign} '.join(parts)})"

    def first_of(self, no: str, yes: str) -> str:
        return f"({no} ? 0 : {yes} ? 1 : 2)"

    def listed(self, texts: Iterable[str]) -> str:
        return f"[{', '.join(texts)}]"
