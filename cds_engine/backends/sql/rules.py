"""What becomes of each rule, as columns: the table of statuses, the blocks, the doses, what is missing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cds_engine.backends.sql.conditions import Missing, union
from cds_engine.backends.sql.doses import Adjustments, DoseColumns, dose_columns
from cds_engine.backends.sql.facts import PatientColumns
from cds_engine.backends.sql.layout import Layout
from cds_engine.backends.sql.sheet import FALSE, TRUE, ZERO, Sheet, Sql, joined, sql, text
from cds_engine.lowering.guideline import DosePlan, RuleSpec, Treatment
from cds_engine.pack.statements import Caution, Contraindication


@dataclass(frozen=True, slots=True)
class Warnings:
    """The verdicts that are believed of contraindications, cautions, alerts and dose adjustments, by key."""

    truth: Mapping[str, Sql]
    missing: Mapping[str, Missing]


@dataclass(frozen=True, slots=True)
class SafetyColumns:
    """The safety rules of one drug or action."""

    blocked: Sql
    undecided: Sql
    missing: Missing
    blocked_by: Sql
    """The ids of the contraindications that hold, joined by `;`."""
    cautions: Sql


@dataclass(frozen=True, slots=True)
class TreatmentColumns:
    """One drug or action of a rule."""

    treatment: Treatment
    status: Sql
    safety: SafetyColumns
    dose: DoseColumns | None
    missing: Missing


@dataclass(frozen=True, slots=True)
class RuleColumns:
    """One rule."""

    spec: RuleSpec
    status: Sql
    chosen: Sql
    """The drug or action that the answer speaks of."""
    treatments: tuple[TreatmentColumns, ...]
    missing: Missing


class Rules:
    """Puts the rules onto a sheet."""

    def __init__(self, sheet: Sheet, layout: Layout, facts: PatientColumns, warnings: Warnings) -> None:
        self._sheet = sheet
        self._layout = layout
        self._guideline = layout.guideline
        self._facts = facts
        self._warnings = warnings
        self._safety: dict[str, SafetyColumns] = {}
        self._doses: dict[str, DoseColumns] = {}
        self._doubted = self._doubted_words()

    def columns(self) -> list[RuleColumns]:
        """Return what becomes of every rule, in the pack's order."""
        return [self._rule(index, spec) for index, spec in enumerate(self._guideline.rules)]

    @property
    def doses(self) -> Mapping[str, DoseColumns]:
        """The doses by regimen, as far as a rule has asked for them."""
        return self._doses

    def _doubted_words(self) -> Missing:
        """Return the facts in doubt as a set, for safety rules that are ignored only where nobody gave the fact."""
        words: dict[int, list[Sql]] = {}
        for name in self._guideline.positions:
            doubtful = self._facts.doubtful(name)
            if doubtful != FALSE:
                word, bit = self._layout.bit(name)
                words.setdefault(word, []).append(sql(f"(CASE WHEN {{}} THEN {bit} ELSE 0 END)", doubtful))
        return {word: self._sheet.column(f"doubted_{word}", joined(" | ", bits, ZERO)) for word, bits in words.items()}

    # Safety

    def _safety_of(self, target: str) -> SafetyColumns:
        if target not in self._safety:
            self._safety[target] = self._sorted(f"t{len(self._safety)}", target)
        return self._safety[target]

    def _sorted(self, prefix: str, target: str) -> SafetyColumns:
        against = self._guideline.contraindications.get(target, ())
        beside = self._guideline.cautions.get(target, ())
        undecided: list[Sql] = []
        waits: list[Missing] = []
        rules: tuple[tuple[str, Contraindication | Caution], ...] = (*against, *beside)
        for key, rule in rules:
            holds = self._holds_back(key, rule)
            if holds != FALSE:
                undecided.append(holds)
                waits.append(
                    {
                        w: sql("(CASE WHEN {} THEN {} ELSE 0 END)", holds, b)
                        for w, b in self._warnings.missing[key].items()
                    }
                )
        truths = [(rule.id, self._warnings.truth[key]) for key, rule in against]
        cautions = [(rule.id, self._warnings.truth[key]) for key, rule in beside]
        return SafetyColumns(
            blocked=self._sheet.shared(f"{prefix}_blocked", _any(truth for _, truth in truths)),
            undecided=self._sheet.shared(f"{prefix}_undecided", joined(" OR ", undecided, FALSE)),
            missing={w: self._sheet.shared(f"{prefix}_missing_{w}", b) for w, b in union(*waits).items()},
            blocked_by=_listed(truths),
            cautions=_listed(cautions),
        )

    def _holds_back(self, key: str, rule: Contraindication | Caution) -> Sql:
        """Return whether a safety rule is undecided and must be known."""
        unknown = sql("({} IS NULL)", self._warnings.truth[key])
        if rule.if_unknown == "hold":
            return self._sheet.column(f"{_identifier(key)}_{len(self._safety)}_holds", unknown)
        missing = self._warnings.missing[key]
        common = [sql("({} & {}) <> 0", bits, self._doubted[w]) for w, bits in missing.items() if w in self._doubted]
        if not common:
            return FALSE
        doubted = joined(" OR ", common, FALSE)
        return self._sheet.column(
            f"{_identifier(key)}_{len(self._safety)}_holds", sql("({} AND ({}))", unknown, doubted)
        )

    # Rules

    def _dose(self, plan: DosePlan) -> DoseColumns:
        if plan.regimen not in self._doses:
            adjustments: Adjustments = {
                a.key: (self._warnings.truth[a.key], self._warnings.missing[a.key]) for a in plan.adjustments
            }
            prefix = f"dose{len(self._doses)}"
            self._doses[plan.regimen] = dose_columns(self._sheet, prefix, plan, self._facts, adjustments)
        return self._doses[plan.regimen]

    def _treatment(self, name: str, treatment: Treatment, when: Sql) -> TreatmentColumns:
        safety = self._safety_of(treatment.target)
        dose = self._dose(treatment.dose) if treatment.dose else None
        parts = [when, sql("NOT {}", safety.undecided), *([dose.is_known] if dose else [])]
        status = sql(
            "(CASE WHEN {} IS FALSE THEN 'not_applicable' WHEN {} THEN 'blocked' WHEN {} THEN 'recommended'"
            " ELSE 'needs_data' END)",
            when, safety.blocked, joined(" AND ", parts, TRUE),
        )  # fmt: skip
        waits = [safety.missing, dose.missing] if dose else [safety.missing]
        return TreatmentColumns(treatment, self._sheet.column(f"{name}_status", status), safety, dose, union(*waits))

    def _rule(self, index: int, spec: RuleSpec) -> RuleColumns:
        condition = self._guideline.conditions[spec.key]
        when = self._sheet.shared(f"r{index}_when", self._facts.conditions.truth(condition))
        treatments = tuple(self._treatment(f"r{index}_{i}", t, when) for i, t in enumerate(spec.treatments))
        blocking, enough = (" AND ", " OR ") if spec.mode == "one_of" else (" OR ", " AND ")
        blocked = joined(blocking, (t.safety.blocked for t in treatments), FALSE)
        ready = joined(enough, (sql("({} = 'recommended')", t.status) for t in treatments), FALSE)
        status = sql(
            "(CASE WHEN {0} IS FALSE THEN 'not_applicable' WHEN {1} THEN 'blocked' WHEN {2} THEN 'recommended'"
            " ELSE 'needs_data' END)",
            when, blocked, ready,
        )  # fmt: skip
        status = self._sheet.column(f"r{index}_status", status)
        own = self._facts.conditions.missing(condition)
        waiting = [
            {w: sql("(CASE WHEN {} THEN 0 ELSE {} END)", t.safety.blocked, bits) for w, bits in t.missing.items()}
            for t in treatments
        ]
        missing = {
            w: self._sheet.column(
                f"r{index}_missing_{w}", sql("(CASE WHEN {} = 'needs_data' THEN {} ELSE 0 END)", status, bits)
            )
            for w, bits in union(own, *waiting).items()
        }
        return RuleColumns(spec, status, self._chosen(treatments, status), treatments, missing)

    def _chosen(self, treatments: tuple[TreatmentColumns, ...], status: Sql) -> Sql:
        """Return the first that is ready, or of a waiting rule the first that waits; else the first."""
        first = text(treatments[0].treatment.target)
        if len(treatments) == 1:
            return first
        ready = [
            sql("WHEN {} = 'recommended' AND {} = 'recommended' THEN {}", status, t.status, text(t.treatment.target))
            for t in treatments
        ]
        waits = [
            sql("WHEN {} = 'needs_data' AND NOT {} THEN {}", status, t.safety.blocked, text(t.treatment.target))
            for t in treatments
        ]
        cases = (*ready, *waits)
        listed = " ".join(found.text for found in cases)
        return Sql(f"(CASE {listed} ELSE {first.text} END)", max(found.layer for found in cases))


def _any(truths: Iterable[Sql]) -> Sql:
    """Return whether one is certainly true; unknown ones are weighed elsewhere."""
    listed = list(truths)
    return FALSE if not listed else sql("coalesce({}, FALSE)", joined(" OR ", listed, FALSE))


def _listed(truths: list[tuple[str, Sql]]) -> Sql:
    if not truths:
        return Sql("CAST(NULL AS STRING)")
    parts = [sql("CASE WHEN {} THEN {} END", truth, text(name)) for name, truth in truths]
    return Sql(f"concat_ws(';', {', '.join(part.text for part in parts)})", max(part.layer for part in parts))


def _identifier(key: str) -> str:
    return "".join(letter if letter.isalnum() else "_" for letter in key)
