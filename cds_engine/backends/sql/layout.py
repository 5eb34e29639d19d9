"""What stands in which column: a value a fact and whether it is known, bits for the codes of a set and missing facts.

No column of a fact is NULL. Codes are numbers: comparing texts costs ten times as much.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cds_engine.backends.sql.errors import NotInColumns
from cds_engine.lowering import core as c
from cds_engine.lowering.guideline import Guideline
from cds_engine.lowering.walk import nodes

WORD = 60
"""Facts a word of a set of missing facts, and codes a word of a set of codes."""

MOST_ALERTS = 62
"""Bits of a whole number that has a sign."""

SQL_TYPES = {
    "quantity": "DOUBLE",
    "decimal": "DOUBLE",
    "integer": "DOUBLE",
    "drug_dose": "DOUBLE",
    "boolean": "BOOLEAN",
    "code": "SMALLINT",
    "date": "DATE",
}
NOTHING = {"DOUBLE": "0E0", "BOOLEAN": "FALSE", "SMALLINT": "0", "DATE": "DATE '1970-01-01'"}
"""What stands in the column of a value that is not known, by type; nobody may read it."""
OTHER_CODE = -1
"""The number of a word that no condition asks for."""
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
    codes: Mapping[str, int]
    """The numbers of the codes that the pack names."""

    def column(self, name: str) -> str:
        """Return the column of a fact's value."""
        return "v_" + name.replace(".", "__")

    def known(self, name: str) -> str:
        """Return the column that says whether a fact has a value."""
        return "k_" + name.replace(".", "__")

    def withheld(self, name: str) -> str:
        """Return the column that says whether a fact was given and may not be used."""
        return "w_" + name.replace(".", "__")

    def settled(self, name: str) -> str:
        """Return the column that says whether a fact is taken as given, held against nothing."""
        return "s_" + name.replace(".", "__")

    def second(self, name: str) -> str:
        """Return the column of another value that a fact may have."""
        return "a_" + name.replace(".", "__")

    def has_second(self, name: str) -> str:
        """Return the column that says whether there is another value."""
        return "ak_" + name.replace(".", "__")

    def held(self, name: str, word: int) -> str:
        """Return the column with the bits of the codes that a set certainly holds."""
        return f"h_{name.replace('.', '__')}_{word}"

    def not_held(self, name: str, word: int) -> str:
        """Return the column with the bits of the codes that a set certainly does not hold."""
        return f"l_{name.replace('.', '__')}_{word}"

    def code_bits(self, name: str, codes: Iterable[str]) -> dict[int, int]:
        """Return by word the bits that stand for codes of a set."""
        found: dict[int, int] = {}
        for code in codes:
            place = self.sets[name].index(code)
            found[place // WORD] = found.get(place // WORD, 0) | 1 << place % WORD
        return found

    def code_words(self, name: str) -> range:
        """Return the words of a set of codes."""
        return range(-(-len(self.sets[name]) // WORD))

    def type_of(self, name: str) -> str:
        """Return the SQL type of a fact's or property's value."""
        spec = self.guideline.dictionary.facts.get(name)
        if spec is not None:
            return SQL_TYPES[spec.entry.type]
        if name == "as_of":
            return "DATE"
        return "SMALLINT" if name.endswith("reported.unit") else "DOUBLE"

    def set_columns(self, name: str) -> dict[str, str]:
        """Return the columns that say something of a set, with their types."""
        words = self.code_words(name)
        bits = [column(name, word) for word in words for column in (self.held, self.not_held)]
        return {self.known(name): "BOOLEAN", **dict.fromkeys(bits, "BIGINT")}

    @property
    def given_sets(self) -> tuple[str, ...]:
        """The sets of which the table says something."""
        return tuple(name for name in self.sets if base_of(name) in self.given)

    @property
    def doubtable(self) -> tuple[str, ...]:
        """What can be given and not be usable: every fact and property with a column, and every list."""
        lists = {base_of(name) for name in self.sets if base_of(name) in self.given}
        amounts = {f"{name}{OTHER_AMOUNTS}" for name in lists if name == self.guideline.dictionary.medications}
        return tuple(sorted({*self.carried, *lists, *amounts}))

    def has_value(self, name: str) -> str:
        """Return the column that says whether a doubtable thing has any value at all."""
        return "TRUE" if name.endswith(OTHER_AMOUNTS) else self.known(name)

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
    alike: dict[str, str] = {}
    for name in facts:
        if (other := alike.setdefault(name.lower(), name)) != name:
            raise NotInColumns(f"`{name}` beside `{other}`, whose columns would have one name,")
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
    numbered = {code: number for number, code in enumerate(_codes_named(guideline), start=1)}
    return Layout(guideline, known, tuple(carried), {name: tuple(codes) for name, codes in sets.items()}, numbered)


def _codes_named(guideline: Guideline) -> Iterable[str]:
    """List every code that the dictionary allows or a condition names, once each."""
    found: dict[str, None] = {}
    for spec in guideline.dictionary.facts.values():
        if spec.entry.type == "code":
            found |= dict.fromkeys((*spec.entry.allowed, *spec.agreeing, *spec.agreeing.values()))
    for node in _every_node(guideline):
        match node:
            case c.Constant(str() as code):
                found[code] = None
            case c.OneOf(_, codes):
                found |= dict.fromkeys(codes)
    return found


def _every_node(guideline: Guideline) -> Iterable[c.CoreNode]:
    seen: set[int] = set()
    values = [branch.value for derivation in guideline.derivations for branch in derivation.branches]
    for root in (*guideline.conditions.values(), *values):
        if id(root) not in seen:
            seen.add(id(root))
            yield from nodes(root)
