"""What stands in which column: a value a fact, a truth a code that is asked of a set, a bit a missing fact."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cds_engine.backends.sql.errors import NotInColumns
from cds_engine.lowering import core as c
from cds_engine.lowering.guideline import Guideline
from cds_engine.lowering.walk import nodes

WORD = 60
"""Facts a word of a set of missing facts."""

MOST_ALERTS = 62
"""Bits of a whole number that has a sign."""

SQL_TYPES = {
    "quantity": "DOUBLE",
    "decimal": "DOUBLE",
    "integer": "DOUBLE",
    "drug_dose": "DOUBLE",
    "boolean": "BOOLEAN",
    "code": "STRING",
    "date": "DATE",
}
OTHER_AMOUNTS = ".other_amounts"
"""Stands for the amounts of medicines that no condition reads: one that cannot be used puts the list in doubt."""
SETS = frozenset({"codes", "medications"})


def base_of(name: str) -> str:
    """Return the fact that a property belongs to."""
    return name.split(".", 1)[0]


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns that a table of patients is read into, before anything is derived."""

    guideline: Guideline
    given: frozenset[str]
    """The facts of which the table says something."""
    carried: tuple[str, ...]
    """Facts and properties that have a column, sets apart: those given, and those that a conflict can withdraw."""
    sets: Mapping[str, tuple[str, ...]]
    """For each set, and each set among the properties of medicines, the codes that somebody asks for."""

    def column(self, name: str) -> str:
        """Return the column of a fact's value."""
        return "v_" + name.replace(".", "__")

    def withheld(self, name: str) -> str:
        """Return the column that says whether a fact was given and may not be used."""
        return "w_" + name.replace(".", "__")

    def settled(self, name: str) -> str:
        """Return the column that says whether a fact is taken as given, held against nothing."""
        return "s_" + name.replace(".", "__")

    def second(self, name: str) -> str:
        """Return the column of another value that a fact may have."""
        return "a_" + name.replace(".", "__")

    def member(self, name: str, code: str) -> str:
        """Return the column that says whether a set holds a code."""
        return f"h_{name.replace('.', '__')}__{self.sets[name].index(code)}"

    def is_listed(self, name: str) -> str:
        """Return the column that is true where a set is known, perhaps in part."""
        return f"k_{name.replace('.', '__')}"

    def type_of(self, name: str) -> str:
        """Return the SQL type of a fact's or property's value."""
        spec = self.guideline.dictionary.facts.get(name)
        if spec is not None:
            return SQL_TYPES[spec.entry.type]
        return "STRING" if name.endswith("reported.unit") else "DOUBLE"

    def set_columns(self) -> dict[str, str]:
        """Return every column that says something of a set, with the set it is of."""
        found: dict[str, str] = {}
        for name, codes in self.sets.items():
            if base_of(name) in self.given:
                found[self.is_listed(name)] = name
                found |= {self.member(name, code): name for code in codes}
        return found

    @property
    def doubtable(self) -> tuple[str, ...]:
        """What can be given and not be usable: every fact and property with a column, and every list."""
        lists = {base_of(name) for name in self.sets if base_of(name) in self.given}
        amounts = {f"{name}{OTHER_AMOUNTS}" for name in lists if name == self.guideline.dictionary.medications}
        return tuple(sorted({*self.carried, *lists, *amounts}))

    def first_column(self, name: str) -> str:
        """Return the column that is NULL where a doubtable thing has no value at all."""
        if name.endswith(OTHER_AMOUNTS):
            return "TRUE"
        return self.is_listed(name) if name in self.sets else self.column(name)

    def is_own(self, name: str) -> bool:
        """Say whether a doubtable thing is read by itself, and not as a property that comes and goes with its fact."""
        return "." not in name or name.endswith((".weekly_amount", OTHER_AMOUNTS))

    def bit(self, name: str) -> tuple[int, int]:
        """Return the word and the bit that stand for a fact in a set of missing facts."""
        position = self.guideline.positions[name]
        return position // WORD, 1 << position % WORD

    @property
    def words(self) -> range:
        """The words of a set of missing facts."""
        return range(-(-len(self.guideline.positions) // WORD))

    def names_of(self, words: Iterable[int]) -> list[str]:
        """Return the facts of a set of missing facts, in the order of the dictionary."""
        listed = list(self.guideline.positions)
        return [listed[w * WORD + i] for w, word in enumerate(words) for i in range(WORD) if word >> i & 1]


def layout_of(guideline: Guideline, given: Iterable[str]) -> Layout:
    """Return the columns for a table that says something of the facts *given*."""
    facts = guideline.dictionary.facts
    known = frozenset(given) & facts.keys()
    used: dict[str, None] = {}
    sets: dict[str, dict[str, None]] = {name: {} for name, spec in facts.items() if spec.entry.type in SETS}
    for node in _every_node(guideline):
        match node:
            case c.Holds(name, codes):
                if not codes:
                    raise NotInColumns(f"a question whether `{name}` holds any of no codes")
                sets.setdefault(name, {}).update(dict.fromkeys(codes))
            case c.Fact(name) if "." in name and not name.endswith(".usable"):
                used[name] = None
    withdrawn = {name for names in guideline.conflicts.values() for name in names}
    if bad := sorted(name for name in withdrawn if facts[name].entry.type in SETS):
        raise NotInColumns(f"a contradiction that withdraws the list `{bad[0]}`")
    if both := sorted({d.fact for d in guideline.derivations} & guideline.dictionary.presumed.keys()):
        raise NotInColumns(f"`{both[0]}`, which is presumed and derived as well,")
    if len(guideline.alerts) > MOST_ALERTS:
        raise NotInColumns(f"a pack with more than {MOST_ALERTS} alerts")
    carried = [
        name
        for name in facts
        if facts[name].entry.type in SQL_TYPES
        and facts[name].entry.type != "drug_dose"
        and (name in known or name in withdrawn)
    ]
    carried += [name for name in used if base_of(name) in known and name not in sets]
    return Layout(guideline, known, tuple(carried), {name: tuple(codes) for name, codes in sets.items()})


def _every_node(guideline: Guideline) -> Iterable[c.CoreNode]:
    seen: set[int] = set()
    values = [branch.value for derivation in guideline.derivations for branch in derivation.branches]
    for root in (*guideline.conditions.values(), *values):
        if id(root) not in seen:
            seen.add(id(root))
            yield from nodes(root)
