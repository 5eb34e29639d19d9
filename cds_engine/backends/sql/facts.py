"""The facts of a patient as columns: what was given, what is presumed, what is derived, and what is in doubt.

Two forms of one text. In the *plain* one nothing that was given is in doubt: nearly every row of a table. In the
other one a fact may be withheld, and is then unknown and never derived; where the world says that a fact is settled,
it is taken as given.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from cds_engine.backends.sql.conditions import Conditions
from cds_engine.backends.sql.errors import NotInColumns
from cds_engine.backends.sql.layout import SQL_TYPES, Layout, base_of
from cds_engine.backends.sql.sheet import (
    FALSE,
    TRUE,
    Sheet,
    Sql,
    every,
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

    derivation: Derivation
    computed: Value
    """What its inputs give."""
    disagrees: Sql
    """Whether a given value differs beyond the tolerance."""
    differs: Sql
    """Whether a given value differs at all, within the tolerance."""
    is_implausible: Sql
    unusable: Sql
    """Whether a value was given that may not be used."""
    askable: frozenset[str]
    """The inputs that are asked again where they give an implausible value."""
    is_asked: bool
    """Whether it is asked itself, and not only where none of its inputs is."""

    @property
    def gives_nonsense(self) -> Sql:
        """Whether nothing was given that stands in the way, and the inputs give an implausible value."""
        return every(negated(self.unusable), self.is_implausible)

    @property
    def fact(self) -> str:
        """The fact by name."""
        return self.derivation.fact


class PatientColumns:
    """Puts the facts of one patient, derived ones included, onto a sheet."""

    def __init__(self, sheet: Sheet, layout: Layout, doubt: Doubt, doubted: Collection[str] | None = None) -> None:
        """Only what belongs to *doubted* facts may be in doubt; None stands for all facts."""
        self.conditions = Conditions(sheet, layout, self)
        self.derived: dict[str, Derived] = {}
        self._sheet = sheet
        self._layout = layout
        self._guideline = layout.guideline
        self._facts = layout.guideline.dictionary.facts
        self._doubt = doubt
        self._doubted = doubted
        self._values: dict[str, Value] = {}
        self._doubtful: dict[str, Sql] = {}
        for derivation in self._guideline.derivations:
            self._derive(derivation)

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
        if self._is_certain(name) or name not in self._layout.doubtable:
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

    # Doubt

    def _is_certain(self, name: str) -> bool:
        """Say whether a fact or property is in doubt in no row."""
        return self._doubt == "none" or (self._doubted is not None and base_of(name) not in self._doubted)

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
        raw = self._first_branch(derivation)
        raw = Value(self._sheet.shared(f"raw_{name}", raw.value), self._sheet.shared(f"rawk_{name}", raw.known))
        implausible = self._implausible(spec, raw)
        computed = Value(raw.value, self._sheet.shared(f"computed_{name}", every(raw.known, negated(implausible))))
        differs = disagrees = FALSE
        if name in self._layout.carried and (self._doubted is None or name in self._doubted):
            unlike = every(given.known, computed.known, sql("({} <> {})", given.value, computed.value))
            unlike = self._sheet.shared(f"unlike_{name}", every(unlike, self._unsettled(name)))
            agrees = self._agree(spec, given.value, computed.value)
            disagrees = self._sheet.shared(f"disagrees_{name}", every(unlike, negated(agrees)))
            differs = self._sheet.shared(f"differs_{name}", every(unlike, agrees))
        unusable = FALSE if self._doubt == "none" else some(self._withheld(name), disagrees)
        self.derived[name] = Derived(
            derivation,
            computed,
            disagrees,
            differs,
            implausible,
            unusable,
            self._askable(derivation),
            bool(spec.entry.ask),
        )
        found = self._chosen(derivation, given, computed, unusable)
        found = Value(self._sheet.shared(f"f_{name}", found.value), self._sheet.shared(f"fk_{name}", found.known))
        self._values[name] = found
        if self._doubt != "none":
            inputs = some(*(self.doubtful(read) for read in sorted(derivation.reads)))
            in_doubt = some(unusable, every(found.unknown, inputs))
            self._doubtful[name] = self._sheet.shared(f"d_{name}", in_doubt)

    def _askable(self, derivation: Derivation) -> frozenset[str]:
        entries = {name: self._facts[name].entry for name in derivation.reads}
        return frozenset(name for name, entry in entries.items() if entry.ask and not entry.setting)

    def _first_branch(self, derivation: Derivation) -> Value:
        """Return the value of the first branch that holds."""
        is_truth = self._layout.type_of(derivation.fact) == "BOOLEAN"
        value = NO_VALUE
        for branch in reversed(derivation.branches):
            found = self.conditions.value(branch.value)
            if branch.key is None:
                value = found
                continue
            condition = self._guideline.conditions[branch.key]
            holds = self.conditions.truth(condition)
            if is_truth:
                truth = chosen_truth(holds, truth_of(found), truth_of(value))
                value = Value(truth.yes, truth.known)
            else:
                value = chosen_value(holds, found, value)
        kind = self._layout.type_of(derivation.fact)
        return Value(sql(f"CAST({{}} AS {kind})", value.value), value.known)

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

    def _chosen(self, derivation: Derivation, given: Value, computed: Value, unusable: Sql) -> Value:
        """A given value wins unless the derivation is always used; an unusable one leaves it unknown."""
        name = derivation.fact
        if name not in self._layout.carried:
            return computed
        used = first_known(given, computed)
        if derivation.always:
            used = first_known(where(negated(self._unsettled(name)), given), computed)
        return where(negated(unusable), used)

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
