"""The facts of a patient as columns: what was given, what is presumed, what is derived, and what is in doubt.

Two forms of one text. In the *plain* one nothing that was given is in doubt: nearly every row of a table. In the
other one a fact may be withheld, and is then unknown and never derived; where the world says that a fact is settled,
it is taken as given.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from cds_engine.backends.sql.asked import Bits, Missing, of_columns, union, unknown_column
from cds_engine.backends.sql.conditions import Conditions
from cds_engine.backends.sql.errors import NotInColumns
from cds_engine.backends.sql.layout import SQL_TYPES, Layout, base_of
from cds_engine.backends.sql.sheet import (
    FALSE,
    TRUE,
    ZERO,
    Sheet,
    Sql,
    choose,
    every,
    joined,
    negated,
    number,
    some,
    sql,
)
from cds_engine.backends.sql.truths import (
    NO_VALUE,
    UNKNOWN,
    Truth,
    Value,
    chosen_truth,
    chosen_value,
    first_known,
    truth_of,
    where,
)
from cds_engine.lowering.guideline import Derivation
from cds_engine.patient.spec import FactSpec

Doubt = Literal["none", "first", "all_settled", "worlds"]
"""Whether facts may be withheld, and which are settled: none, all that were given, or those that the row says."""


@dataclass(frozen=True, slots=True)
class Derived:
    """What became of one derived fact."""

    fact: str
    computed: Value
    """What its inputs give."""
    disagrees: Sql
    """Whether a given value differs beyond the tolerance."""
    differs: Sql
    """Whether a given value differs at all, within the tolerance."""
    is_implausible: Sql


class PatientColumns:
    """Puts the facts of one patient, derived ones included, onto a sheet."""

    def __init__(self, sheet: Sheet, layout: Layout, uses: Counter[int], doubt: Doubt) -> None:
        self.conditions = Conditions(sheet, layout, self, uses)
        self.derived: dict[str, Derived] = {}
        self._sheet = sheet
        self._layout = layout
        self._guideline = layout.guideline
        self._facts = layout.guideline.dictionary.facts
        self._doubt = doubt
        self._values: dict[str, Value] = {}
        self._missing: dict[str, Missing] = {}
        """What derived facts wait for, where they are unknown."""
        self._doubtful: dict[str, Sql] = {}
        self.unknown_layer = self._put_unknown()
        for derivation in self._guideline.derivations:
            self._derive(derivation)

    def _put_unknown(self) -> int:
        """Put a word a row onto the sheet with the bits of all facts that are unknown, derived ones apart."""
        derived = {derivation.fact for derivation in self._guideline.derivations}
        words: dict[int, list[Sql]] = {word: [] for word in self._layout.words}
        for name in self._guideline.positions:
            if name not in derived:
                word, bit = self._layout.bit(name)
                words[word].append(choose(self.value(name).known, ZERO, Sql(str(bit))))
        columns = [
            self._sheet.column(unknown_column(word), joined(" | ", _constants_first(bits), ZERO))
            for word, bits in words.items()
        ]
        return max((column.layer for column in columns), default=0)

    # What conditions ask

    def value(self, name: str) -> Value:
        """Return the value of a fact or property."""
        if name not in self._values:
            self._values[name] = self._found(name)
        return self._values[name]

    def _found(self, name: str) -> Value:
        base, _, prop = name.partition(".")
        if name == "as_of":
            return Value(Sql(self._layout.column(name)), Sql(self._layout.known(name)))
        if prop == "usable":
            return Value(TRUE, negated(self.doubtful(base)))
        if name in self._layout.sets:
            known = Sql(self._layout.known(name)) if base in self._layout.given else FALSE
            return Value(TRUE, self._unless_withheld(base, known))
        presumed = self._guideline.dictionary.presumed.get(name)
        given = NO_VALUE
        is_carried = base in self._layout.given if self._doubt == "none" else name in self._layout.carried
        if is_carried and name in self._layout.carried:
            known = self._unless_withheld(name, Sql(self._layout.known(name)))
            given = Value(Sql(self._layout.column(name)), known)
        if presumed is None:
            return given
        kept = first_known(given, self._presumed(presumed[0]))
        kept = where(negated(self._withheld(name)), kept)
        return Value(self._sheet.shared(f"f_{name}", kept.value), self._sheet.shared(f"fk_{name}", kept.known))

    def _presumed(self, value: str | bool) -> Value:  # noqa: FBT001 - a value of a fact
        if isinstance(value, bool):
            return Value(TRUE if value else FALSE, TRUE)
        return Value(Sql(str(self._layout.codes[value])), TRUE)

    def _unless_withheld(self, owner: str, known: Sql) -> Sql:
        return self._sheet.shared(f"u_{known.text}", every(known, negated(self._withheld(owner))))

    def _withheld(self, name: str) -> Sql:
        if self._doubt == "none" or name not in self._layout.doubtable:
            return FALSE
        return Sql(self._layout.withheld(name))

    def holds(self, name: str, codes: tuple[str, ...]) -> Truth:
        """Return whether a set holds one of several codes; unknown when the list does not say."""
        layout, base = self._layout, base_of(name)
        if base not in layout.given:
            return UNKNOWN
        usable = negated(self._withheld(base))
        words = layout.code_bits(name, codes).items()
        held = (sql(f"(({{}} & {bits}) <> 0)", Sql(layout.held(name, word))) for word, bits in words)
        not_held = (sql(f"(({{}} & {bits}) = {bits})", Sql(layout.not_held(name, word))) for word, bits in words)
        return Truth.of(every(usable, some(*held)), every(usable, *not_held))

    def asks(self, name: str) -> Missing:
        """Return what a fact or property waits for where it is unknown."""
        base, known = base_of(name), self.value(name).known
        if name == "as_of" or known == TRUE:
            return {}
        word, bit = self._layout.bit(base)
        if base not in self._missing:
            if name == base:
                return {word: Bits(unknown=bit)}
            return self.conditions.where(negated(known), {word: Bits(0, (Sql(str(bit)),))})
        if name == base:
            return self._missing[base]
        own: Missing = {word: Bits(0, (Sql(str(bit)),))}
        if name.endswith(".usable"):
            return self.conditions.where(negated(known), own)
        waits = union(self._missing[base], self.conditions.where(self.value(base).known, own))
        return self.conditions.where(negated(known), waits)

    # Doubt

    def doubtful(self, name: str) -> Sql:
        """Return whether a fact was given and may not be used, or is unknown because of such a one."""
        if self._doubt == "none":
            return FALSE
        if name not in self._doubtful:
            owned = [found for found in self._layout.doubtable if base_of(found) == name]
            parts = (self._withheld(found) for found in owned)
            self._doubtful[name] = self._sheet.shared(f"d_{name}", some(*parts))
        return self._doubtful[name]

    # Derived facts

    def _derive(self, derivation: Derivation) -> None:
        name, spec = derivation.fact, self._facts[derivation.fact]
        given = self.value(name)
        raw, waits = self._first_branch(derivation)
        raw = Value(self._sheet.shared(f"raw_{name}", raw.value), self._sheet.shared(f"rawk_{name}", raw.known))
        implausible = self._implausible(spec, raw)
        computed = Value(raw.value, self._sheet.shared(f"computed_{name}", every(raw.known, negated(implausible))))
        if implausible != FALSE:
            doubted = self._bits(
                found
                for found in derivation.reads
                if self._facts[found].entry.ask and not self._facts[found].entry.setting
            )
            plausible = negated(implausible)
            waits = union(self.conditions.where(plausible, waits), self.conditions.where(implausible, doubted))
        differs = disagrees = FALSE
        if name in self._layout.carried:
            unlike = every(given.known, computed.known, sql("({} <> {})", given.value, computed.value))
            unlike = self._sheet.shared(f"unlike_{name}", every(unlike, self._unsettled(name)))
            agrees = self._agree(spec, given.value, computed.value)
            disagrees = self._sheet.shared(f"disagrees_{name}", every(unlike, negated(agrees)))
            differs = self._sheet.shared(f"differs_{name}", every(unlike, agrees))
        self.derived[name] = Derived(name, computed, disagrees, differs, implausible)
        found = self._chosen(derivation, given, computed, disagrees)
        found = Value(self._sheet.shared(f"f_{name}", found.value), self._sheet.shared(f"fk_{name}", found.known))
        self._values[name] = found
        self._missing[name] = self._to_ask(derivation, waits, disagrees)
        if self._doubt != "none":
            inputs = some(*(self.doubtful(read) for read in sorted(derivation.reads)))
            in_doubt = some(self._withheld(name), disagrees, every(found.unknown, inputs))
            self._doubtful[name] = self._sheet.shared(f"d_{name}", in_doubt)

    def _first_branch(self, derivation: Derivation) -> tuple[Value, Missing]:
        """Return the value of the first branch that holds, and what is missing where it is unknown."""
        is_truth = self._layout.type_of(derivation.fact) == "BOOLEAN"
        value = NO_VALUE
        waits: Missing = {}
        for branch in reversed(derivation.branches):
            found, needed = self.conditions.value(branch.value), self.conditions.missing(branch.value)
            if branch.key is None:
                value, waits = found, needed
                continue
            condition = self._guideline.conditions[branch.key]
            holds = self.conditions.truth(condition)
            if is_truth:
                truth = chosen_truth(holds, truth_of(found), truth_of(value))
                value = Value(truth.yes, truth.known)
            else:
                value = chosen_value(holds, found, value)
            waits = union(
                self.conditions.where(holds.unknown, self.conditions.missing(condition)),
                self.conditions.where(holds.yes, needed),
                self.conditions.where(holds.no, waits),
            )
        kind = self._layout.type_of(derivation.fact)
        return Value(sql(f"CAST({{}} AS {kind})", value.value), value.known), waits

    def _implausible(self, spec: FactSpec, raw: Value) -> Sql:
        if not is_judged(spec) or spec.plausible is None:
            return FALSE
        low, high = (number(end) for end in spec.plausible)
        beyond = sql("(NOT ({0} >= {1} AND {0} <= {2}))", raw.value, low, high)
        return self._sheet.shared(f"implausible_{spec.name}", every(raw.known, beyond))

    def _unsettled(self, name: str) -> Sql:
        match self._doubt:
            case "none" | "first":
                return TRUE
            case "all_settled":
                return FALSE
            case "worlds":
                return negated(Sql(self._layout.settled(name)))

    def _chosen(self, derivation: Derivation, given: Value, computed: Value, disagrees: Sql) -> Value:
        """A given value wins unless the derivation is always used; a withheld or disagreeing one leaves it unknown."""
        name = derivation.fact
        if name not in self._layout.carried:
            return computed
        used = first_known(given, computed)
        if derivation.always:
            used = first_known(where(negated(self._unsettled(name)), given), computed)
        return where(negated(self._unusable(name, disagrees)), used)

    def _unusable(self, name: str, disagrees: Sql) -> Sql:
        return FALSE if self._doubt == "none" else some(self._withheld(name), disagrees)

    def _to_ask(self, derivation: Derivation, waits: Missing, disagrees: Sql) -> Missing:
        """An unknown derived fact asks for its unknown inputs, and for itself if it can be answered."""
        name = derivation.fact
        unknown = self._values[name].unknown
        waits = self.conditions.where(negated(self._unusable(name, disagrees)), waits)
        own = self._bits([name])
        if not self._facts[name].entry.ask:
            words = (sql("({} = 0)", self.conditions.word(word, bits)) for word, bits in waits.items())
            own = self.conditions.where(every(*words), own)
        return self.conditions.where(unknown, union(waits, own))

    def _bits(self, names: Iterable[str]) -> Missing:
        found: dict[int, int] = {}
        for name in names:
            word, bit = self._layout.bit(name)
            found[word] = found.get(word, 0) | bit
        return of_columns((word, Sql(str(bits))) for word, bits in sorted(found.items()))

    def _agree(self, spec: FactSpec, first: Sql, second: Sql) -> Sql:
        """Return whether two values are the same within the tolerance."""
        match self._layout.type_of(spec.name):
            case "DOUBLE":
                size = sql("(CASE WHEN abs({0}) >= abs({1}) THEN abs({0}) ELSE abs({1}) END)", first, second)
                allowed = sql("{} * {}", number(spec.tolerance), size if spec.tolerance_is_share else number(1.0))
                return sql("(abs({} - {}) <= {} * {})", first, second, allowed, number(1 + 1e-12))
            case "SMALLINT":
                return sql("({} = {})", self._grouped(spec, first), self._grouped(spec, second))
            case "BOOLEAN" | "DATE":
                return sql("({} = {})", first, second)
            case kind:
                raise NotInColumns(f"a derived fact of type {kind}")

    def _grouped(self, spec: FactSpec, value: Sql) -> Sql:
        """Return a code, or the first of the group of codes that do not conflict with it."""
        if not spec.agreeing:
            return value
        number_of = self._layout.codes
        cases = " ".join(f"WHEN {number_of[code]} THEN {number_of[first]}" for code, first in spec.agreeing.items())
        return sql(f"(CASE {{0}} {cases} ELSE {{0}} END)", value)


def is_judged(spec: FactSpec) -> bool:
    """Say whether a derived value can lie outside a plausible range."""
    return spec.plausible is not None and SQL_TYPES[spec.entry.type] == "DOUBLE"


def _constants_first(bits: list[Sql]) -> list[Sql]:
    """Add up the bits that are the same in every row."""
    always = sum(int(part.text) for part in bits if part.text.isdigit())
    varying = [part for part in bits if not part.text.isdigit()]
    return [Sql(str(always)), *varying] if always else varying
