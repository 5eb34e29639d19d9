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

from cds_engine.backends.sql.conditions import Conditions, Missing, union
from cds_engine.backends.sql.errors import NotInColumns
from cds_engine.backends.sql.layout import SQL_TYPES, Layout, base_of
from cds_engine.backends.sql.sheet import FALSE, TRUE, ZERO, Sheet, Sql, joined, number, sql, text
from cds_engine.lowering.guideline import Derivation
from cds_engine.patient.spec import FactSpec

Doubt = Literal["none", "first", "all_settled", "worlds"]
"""Whether facts may be withheld, and which are settled: none, all that were given, or those that the row says."""


@dataclass(frozen=True, slots=True)
class Derived:
    """What became of one derived fact."""

    fact: str
    computed: Sql
    """What its inputs give, NULL when they give nothing."""
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
        self._values: dict[str, Sql] = {}
        self._missing: dict[str, Missing] = {}
        self._doubtful: dict[str, Sql] = {}
        for derivation in self._guideline.derivations:
            self._derive(derivation)

    # What conditions ask

    def value(self, name: str) -> Sql:
        """Return the value of a fact or property, NULL when it is unknown."""
        if name not in self._values:
            self._values[name] = self._found(name)
        return self._values[name]

    def _found(self, name: str) -> Sql:
        base, _, prop = name.partition(".")
        if name == "as_of":
            return Sql("as_of")
        if prop == "usable":
            doubtful = self.doubtful(base)
            return TRUE if doubtful == FALSE else sql("(CASE WHEN NOT {} THEN TRUE END)", doubtful)
        if name in self._layout.sets:
            return self._unless_withheld(base, self._layout.is_listed(name)) if base in self._layout.given else _NO_SET
        if name not in self._layout.carried:
            presumed = self._guideline.dictionary.presumed.get(name)
            return self._presumed(presumed[0]) if presumed else Sql(f"CAST(NULL AS {self._layout.type_of(name)})")
        given = self._unless_withheld(name, self._layout.column(name))
        presumed = self._guideline.dictionary.presumed.get(name)
        if presumed is None:
            return given
        kept = sql("coalesce({}, {})", given, self._presumed(presumed[0]))
        return kept if self._doubt == "none" else sql("(CASE WHEN NOT {} THEN {} END)", self._withheld(name), kept)

    def _presumed(self, value: str | bool) -> Sql:  # noqa: FBT001 - a value of a fact
        return (TRUE if value else FALSE) if isinstance(value, bool) else text(value)

    def _unless_withheld(self, owner: str, column: str) -> Sql:
        withheld = self._withheld(owner)
        if withheld == FALSE:
            return Sql(column)
        return self._sheet.column(f"u_{column}", sql("(CASE WHEN NOT {} THEN {} END)", withheld, Sql(column)))

    def _withheld(self, name: str) -> Sql:
        if self._doubt == "none" or name not in self._layout.doubtable:
            return FALSE
        return Sql(self._layout.withheld(name))

    def member(self, name: str, code: str) -> Sql:
        """Return whether a set holds a code; NULL when the list does not say."""
        if base_of(name) not in self._layout.given:
            return _NO_SET
        column = self._layout.member(name, code)
        if column not in self._values:
            self._values[column] = self._unless_withheld(base_of(name), column)
        return self._values[column]

    def missing(self, name: str) -> Missing:
        """Return what an unknown fact or property waits for."""
        base = base_of(name)
        if name == "as_of":
            return {}
        word, bit = self._layout.bit(base)
        own: Missing = {word: Sql(str(bit))}
        if base not in self._missing or name.endswith(".usable"):
            return own
        waits = self._missing[base]
        if base == name:
            return waits
        return {
            word: sql(
                "(CASE WHEN {} IS NULL THEN {} ELSE {} END)",
                self.value(base), waits.get(word, ZERO), own.get(word, ZERO),
            )
            for word in sorted({*waits, *own})
        }  # fmt: skip

    # Doubt

    def doubtful(self, name: str) -> Sql:
        """Return whether a fact was given and may not be used, or is unknown because of such a one."""
        if self._doubt == "none":
            return FALSE
        if name not in self._doubtful:
            owned = [found for found in self._layout.doubtable if base_of(found) == name]
            parts = [self._withheld(found) for found in owned]
            self._doubtful[name] = self._sheet.shared(f"d_{name}", joined(" OR ", parts, FALSE))
        return self._doubtful[name]

    # Derived facts

    def _derive(self, derivation: Derivation) -> None:
        name, spec = derivation.fact, self._facts[derivation.fact]
        given = self.value(name)
        raw, waits = self._first_branch(derivation)
        raw = self._sheet.shared(f"raw_{name}", raw)
        computed, implausible = self._plausible(spec, raw)
        if implausible != FALSE:
            doubted = self._bits(
                found
                for found in derivation.reads
                if self._facts[found].entry.ask and not self._facts[found].entry.setting
            )
            waits = {
                word: sql(
                    "(CASE WHEN {} THEN {} ELSE {} END)", implausible, doubted.get(word, ZERO), waits.get(word, ZERO)
                )
                for word in sorted({*waits, *doubted})
            }
        has_given = name in self._layout.carried
        differs = disagrees = FALSE
        if has_given:
            unlike = sql(
                "({0} IS NOT NULL AND {1} IS NOT NULL AND {2} AND {0} <> {1})", given, computed, self._unsettled(name)
            )
            unlike = self._sheet.column(f"unlike_{name}", unlike)
            agrees = self._agree(spec, given, computed)
            disagrees = self._sheet.column(f"disagrees_{name}", sql("({} AND NOT {})", unlike, agrees))
            differs = self._sheet.column(f"differs_{name}", sql("({} AND {})", unlike, agrees))
        self.derived[name] = Derived(name, computed, disagrees, differs, implausible)
        self._values[name] = self._sheet.shared(f"f_{name}", self._chosen(derivation, given, computed, disagrees))
        self._missing[name] = self._to_ask(name, waits, disagrees)
        if self._doubt != "none":
            inputs = [self.doubtful(found) for found in sorted(derivation.reads)]
            in_doubt = joined(" OR ", [found for found in inputs if found != FALSE], FALSE)
            self._doubtful[name] = self._sheet.shared(
                f"d_{name}",
                joined(
                    " OR ",
                    [self._withheld(name), disagrees, sql("({} IS NULL AND {})", self._values[name], in_doubt)],
                    FALSE,
                ),
            )

    def _first_branch(self, derivation: Derivation) -> tuple[Sql, Missing]:
        """Return the value of the first branch that holds, and what is missing where it is unknown."""
        kind = Sql(self._layout.type_of(derivation.fact))
        value = sql("CAST(NULL AS {})", kind)
        waits: Missing = {}
        for branch in reversed(derivation.branches):
            found = self.conditions.value(branch.value)
            needed = self.conditions.missing(branch.value)
            if branch.key is None:
                value, waits = found, needed
                continue
            condition = self._guideline.conditions[branch.key]
            holds = self.conditions.truth(condition)
            own = self.conditions.missing(condition)
            value = sql("(CASE WHEN {0} IS NULL THEN NULL WHEN {0} THEN {1} ELSE {2} END)", holds, found, value)
            waits = {
                word: sql(
                    "(CASE WHEN {0} IS NULL THEN {1} WHEN {0} THEN {2} ELSE {3} END)",
                    holds, own.get(word, ZERO), needed.get(word, ZERO), waits.get(word, ZERO),
                )
                for word in sorted({*own, *needed, *waits})
            }  # fmt: skip
        return sql(f"CAST({{}} AS {kind.text})", value), waits

    def _plausible(self, spec: FactSpec, raw: Sql) -> tuple[Sql, Sql]:
        if not is_judged(spec) or spec.plausible is None:
            return raw, FALSE
        low, high = (number(end) for end in spec.plausible)
        implausible = self._sheet.column(
            f"implausible_{spec.name}", sql("({0} IS NOT NULL AND NOT ({0} >= {1} AND {0} <= {2}))", raw, low, high)
        )
        return self._sheet.column(
            f"computed_{spec.name}", sql("(CASE WHEN NOT {} THEN {} END)", implausible, raw)
        ), implausible

    def _unsettled(self, name: str) -> Sql:
        match self._doubt:
            case "none" | "first":
                return TRUE
            case "all_settled":
                return FALSE
            case "worlds":
                return sql("NOT {}", Sql(self._layout.settled(name)))

    def _chosen(self, derivation: Derivation, given: Sql, computed: Sql, disagrees: Sql) -> Sql:
        """A given value wins unless the derivation is always used; a withheld or disagreeing one leaves it unknown."""
        name = derivation.fact
        if name not in self._layout.carried:
            return computed
        used = sql("coalesce({}, {})", given, computed)
        if derivation.always:
            settled = sql("NOT ({})", self._unsettled(name))
            used = sql("(CASE WHEN {} AND {} IS NOT NULL THEN {} ELSE {} END)", settled, given, given, computed)
        unusable = joined(" OR ", [part for part in (self._withheld(name), disagrees) if part != FALSE], FALSE)
        return used if self._doubt == "none" else sql("(CASE WHEN NOT {} THEN {} END)", unusable, used)

    def _to_ask(self, name: str, waits: Missing, disagrees: Sql) -> Missing:
        """An unknown derived fact asks for its unknown inputs, and for itself if it can be answered."""
        own = self._bits([name])
        word = next(iter(own))
        unusable = joined(" OR ", [part for part in (self._withheld(name), disagrees) if part != FALSE], FALSE)
        if unusable != FALSE and self._doubt != "none":
            waits = {w: sql("(CASE WHEN {} THEN 0 ELSE {} END)", unusable, bits) for w, bits in waits.items()}
        waits = {w: self._sheet.shared(f"asks_{name}_{w}", bits) for w, bits in waits.items()}
        if self._facts[name].entry.ask:
            asked = union(waits, own)
        else:
            nothing = joined(" AND ", (sql("({} = 0)", bits) for bits in waits.values()), TRUE)
            itself = sql("(CASE WHEN {} THEN {} ELSE 0 END)", nothing, own[word])
            asked = union(waits, {word: itself})
        return {w: self._sheet.shared(f"m_{name}_{w}", bits) for w, bits in asked.items()}

    def _bits(self, names: Iterable[str]) -> Missing:
        found: dict[int, int] = {}
        for name in names:
            word, bit = self._layout.bit(name)
            found[word] = found.get(word, 0) | bit
        return {word: Sql(str(bits)) for word, bits in sorted(found.items())}

    def _agree(self, spec: FactSpec, first: Sql, second: Sql) -> Sql:
        """Return whether two values are the same within the tolerance."""
        match self._layout.type_of(spec.name):
            case "DOUBLE":
                size = sql("(CASE WHEN abs({0}) >= abs({1}) THEN abs({0}) ELSE abs({1}) END)", first, second)
                allowed = sql("{} * {}", number(spec.tolerance), size if spec.tolerance_is_share else number(1.0))
                return sql("(abs({} - {}) <= {} * {})", first, second, allowed, number(1 + 1e-12))
            case "STRING":
                return sql("({} = {})", _grouped(spec, first), _grouped(spec, second))
            case "BOOLEAN" | "DATE":
                return sql("({} = {})", first, second)
            case kind:
                raise NotInColumns(f"a derived fact of type {kind}")


_NO_SET = Sql("CAST(NULL AS BOOLEAN)")


def is_judged(spec: FactSpec) -> bool:
    """Say whether a derived value can lie outside a plausible range."""
    return spec.plausible is not None and SQL_TYPES[spec.entry.type] == "DOUBLE"


def _grouped(spec: FactSpec, value: Sql) -> Sql:
    """Return a code, or the first of the group of codes that do not conflict with it."""
    if not spec.agreeing:
        return value
    cases = " ".join(f"WHEN {text(code).text} THEN {text(first).text}" for code, first in spec.agreeing.items())
    return sql(f"(CASE {{0}} {cases} ELSE {{0}} END)", value)
