"""What is asked of a patient: where an answer waits for a condition, the facts that make it unknown.

Worked out from the answer down. Each condition is wanted somewhere, and wants its parts where they matter there; so
each step is one boolean, and sets of facts become bits of a word only in the end.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias, assert_never

from cds_engine.backends.sql.facts import Derived, PatientColumns
from cds_engine.backends.sql.layout import Layout, base_of
from cds_engine.backends.sql.sheet import FALSE, TRUE, ZERO, Sql, choose, every, joined, negated, some
from cds_engine.lowering import core as c

Words = Mapping[int, Sql]
"""A set of facts: its bits by word, whole numbers that are never NULL; a word that is always empty is left out."""
Node: TypeAlias = "c.Term | c.Condition"
Wanted: TypeAlias = "tuple[Node, Sql]"
"""A condition or term, and where what it waits for is asked."""


class Asking:
    """Gathers what an answer waits for, and says which facts those are."""

    def __init__(self, layout: Layout, facts: PatientColumns) -> None:
        self._layout = layout
        self._facts = facts
        self._conditions = facts.conditions
        self._wanted: list[Wanted] = []
        self._unknown: dict[str, list[Sql]] = {}
        """By fact or property: where it is asked if it is unknown."""
        self._asked: dict[str, list[Sql]] = {}
        """By fact: where it is asked."""
        self._sets: dict[int, list[Sql]] = {}
        self._ask_something: dict[int, Sql] = {}

    def want(self, node: Node, where: Sql = TRUE) -> None:
        """Ask, *where* that holds, for what a condition or term waits for; for nothing where it is known."""
        if where != FALSE:
            self._wanted.append((node, where))

    def want_set(self, words: Words, where: Sql) -> None:
        """Ask, *where* that holds, for a set of facts that stands in columns."""
        for word, bits in words.items():
            self._sets.setdefault(word, []).append(choose(where, bits, ZERO))

    def words(self) -> Words:
        """Return the facts that are asked; once, since what is wanted is passed on and forgotten."""
        self._spread(self._wanted)
        for derived in reversed(self._facts.derived.values()):
            self._spread(self._of_derived(derived))
        bits = {word: list(sets) for word, sets in self._sets.items()}
        for name, places in self._unknown.items():
            known = self._facts.value(name).known
            self._asked.setdefault(base_of(name), []).append(every(some(*places), negated(known)))
        for name in sorted(self._asked, key=self._layout.guideline.positions.__getitem__):
            word, bit = self._layout.bit(name)
            bits.setdefault(word, []).append(choose(some(*self._asked[name]), Sql(str(bit)), ZERO))
        found = {word: joined(" | ", (bit for bit in bits[word] if bit != ZERO), ZERO) for word in sorted(bits)}
        return {word: self._conditions.column(value) for word, value in found.items() if value != ZERO}

    # From conditions to their parts

    def _spread(self, wanted: Iterable[Wanted]) -> None:
        """Pass on what is wanted, from each node to its parts, until facts are reached."""
        places: dict[int, list[Sql]] = {}
        listed = [(node, where) for node, where in wanted if where != FALSE]
        for node, where in listed:
            places.setdefault(id(node), []).append(where)
        for node in self._parents_first(node for node, _ in listed):
            where = self._conditions.column(some(*places.get(id(node), ())))
            if where == FALSE:
                continue
            match node:
                case c.Fact("as_of"):
                    pass
                case c.Fact(name):
                    self._unknown.setdefault(name, []).append(where)
                case c.Holds(name):
                    unknown = every(where, self._conditions.truth(node).unknown)
                    self._asked.setdefault(base_of(name), []).append(unknown)
                case _:
                    for part, matters in self._parts(node):
                        there = self._conditions.once(every(where, matters))
                        places.setdefault(id(part), []).append(there)

    def _parents_first(self, nodes: Iterable[Node]) -> list[Node]:
        """Return *nodes* and all their parts, each once and before its own parts."""
        seen: set[int] = set()
        found: list[Node] = []

        def visit(node: Node) -> None:
            if id(node) not in seen:
                seen.add(id(node))
                for part, _ in self._parts(node):
                    visit(part)
                found.append(node)

        for node in nodes:
            visit(node)
        return found[::-1]

    def _parts(self, node: Node) -> Iterator[Wanted]:
        """Yield the parts of a condition or term, each with where it is asked if the whole is.

        What is known asks for nothing by itself: only where another part settles the whole must it be said.
        """
        match node:
            case c.Constant() | c.IsUnknown() | c.Fact() | c.Holds():
                pass
            case c.Calculate(_, left, right) | c.Elapsed(_, left, right) | c.Compare(_, left, right):
                yield from ((left, TRUE), (right, TRUE))
            case c.OneOf(operand) | c.Not(operand) | c.Defined(_, operand):
                yield operand, TRUE
            case c.And() | c.Or():
                unknown = self._conditions.truth(node).unknown
                yield from ((part, unknown) for part in self._conditions.asking_parts(node))
            case c.Choose(condition, yes, no):
                decides = self._conditions.truth(condition)
                yield from ((condition, TRUE), (yes, decides.yes), (no, decides.no))
            case _:
                assert_never(node)

    # Derived facts

    def _of_derived(self, derived: Derived) -> Iterator[Wanted]:
        """Yield what a derived fact wants where it is asked and unknown, once all that rests on it is spread."""
        places = [where for name in self._own_names(derived.fact) for where in self._places(name)]
        where = self._conditions.column(every(some(*places), self._facts.value(derived.fact).unknown))
        if where == FALSE:
            return
        own, doubted = where, every(where, derived.gives_nonsense)
        for name in sorted(derived.askable if doubted != FALSE else ()):
            self._asked.setdefault(name, []).append(doubted)
        if not derived.is_asked:
            inputs = (every(matters, self._asks_something(node)) for node, matters in self._branches(derived))
            nonsense = derived.gives_nonsense if derived.askable else FALSE
            own = every(where, negated(some(*inputs, nonsense)))
        self._asked.setdefault(derived.fact, []).append(own)
        yield from ((node, every(where, matters)) for node, matters in self._branches(derived))

    def _own_names(self, fact: str) -> list[str]:
        return [name for name in self._unknown if base_of(name) == fact and not name.endswith(".usable")]

    def _places(self, name: str) -> list[Sql]:
        """Return where a derived fact is asked because of itself or of one of its properties."""
        if name == base_of(name):
            return self._unknown.pop(name)
        unknown = negated(self._facts.value(name).known)
        own = every(self._facts.value(base_of(name)).known, unknown)
        places = self._unknown.pop(name)
        self._asked.setdefault(base_of(name), []).append(every(some(*places), own))
        return [every(where, unknown) for where in places]

    def _branches(self, derived: Derived) -> Iterator[Wanted]:
        """Yield the conditions and values of a derivation, each with where it is asked if the fact is."""
        remains = every(negated(derived.unusable), negated(derived.is_implausible))
        for branch in derived.derivation.branches:
            if branch.key is None:
                yield branch.value, remains
                return
            condition = self._layout.guideline.conditions[branch.key]
            holds = self._conditions.truth(condition)
            yield condition, remains
            yield branch.value, every(remains, holds.yes)
            remains = self._conditions.once(every(remains, holds.no))

    def _asks_something(self, node: Node) -> Sql:
        """Return whether a condition or term waits for any fact."""
        if id(node) not in self._ask_something:
            self._ask_something[id(node)] = self._conditions.column(self._found_to_ask(node))
        return self._ask_something[id(node)]

    def _found_to_ask(self, node: Node) -> Sql:
        match node:
            case c.Fact("as_of"):
                return FALSE
            case c.Fact(name):
                return self._facts.value(name).unknown
            case c.Holds():
                return self._conditions.truth(node).unknown
            case _:
                return some(*(every(matters, self._asks_something(part)) for part, matters in self._parts(node)))


def asked_by(node: Node, layout: Layout, facts: PatientColumns) -> Words:
    """Return the facts that a condition or term waits for."""
    asking = Asking(layout, facts)
    asking.want(node)
    return asking.words()
