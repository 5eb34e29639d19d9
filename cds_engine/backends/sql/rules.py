"""What becomes of each rule, as columns: the table of statuses, the blocks, the doses, what is missing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cds_engine.backends.sql.asking import Asking, Words
from cds_engine.backends.sql.doses import DoseColumns, dose_columns
from cds_engine.backends.sql.facts import PatientColumns
from cds_engine.backends.sql.layout import Layout
from cds_engine.backends.sql.sheet import FALSE, ZERO, Sheet, Sql, choose, every, joined, negated, some, sql, text
from cds_engine.backends.sql.truths import Truth
from cds_engine.lowering import core as c
from cds_engine.lowering.guideline import DosePlan, RuleSpec, Treatment
from cds_engine.pack.statements import Caution, Contraindication


@dataclass(frozen=True, slots=True)
class Warnings:
    """The verdicts that are believed of contraindications, cautions, alerts and dose adjustments, by key."""

    truth: Mapping[str, Truth]
    asked: Mapping[str, Words]
    """What those wait for that were judged apart; the others wait for what their conditions do."""


@dataclass(frozen=True, slots=True)
class SafetyColumns:
    """The safety rules of one drug or action."""

    blocked: Sql
    undecided: Sql
    open_rules: tuple[tuple[str, Sql], ...]
    """The keys of the safety rules that may be undecided, and where they are and must be known."""
    blocked_by: Sql
    """The ids of the contraindications that hold, joined by `;`."""
    cautions: Sql


@dataclass(frozen=True, slots=True)
class Standing:
    """What became of a rule or treatment: one of four, each a boolean that is never NULL."""

    excluded: Sql
    blocked: Sql
    ready: Sql

    @property
    def waits(self) -> Sql:
        """Whether something must be known first."""
        return negated(some(self.excluded, self.blocked, self.ready))

    @property
    def status(self) -> Sql:
        """The status in words."""
        return sql(
            "(CASE WHEN {} THEN cds_status('not_applicable') WHEN {} THEN cds_status('blocked')"
            " WHEN {} THEN cds_status('recommended') ELSE cds_status('needs_data') END)",
            self.excluded, self.blocked, self.ready,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class TreatmentColumns:
    """One drug or action of a rule."""

    treatment: Treatment
    standing: Standing
    safety: SafetyColumns
    dose: DoseColumns | None


@dataclass(frozen=True, slots=True)
class RuleColumns:
    """One rule."""

    spec: RuleSpec
    standing: Standing
    chosen: Sql
    """The drug or action that the answer speaks of."""
    treatments: tuple[TreatmentColumns, ...]
    waits: Sql
    """Whether something must be known first."""


class Rules:
    """Puts the rules onto a sheet."""

    def __init__(self, sheet: Sheet, layout: Layout, facts: PatientColumns, warnings: Warnings) -> None:
        self._sheet = sheet
        self._layout = layout
        self._guideline = layout.guideline
        self._facts = facts
        self._conditions = facts.conditions
        self._warnings = warnings
        self._safety: dict[str, SafetyColumns] = {}
        self._doses: dict[str, DoseColumns] = {}
        self._doubted = self._doubted_words()

    def columns(self) -> list[RuleColumns]:
        """Return what becomes of every rule, in the pack's order."""
        return [self._rule(index, spec) for index, spec in enumerate(self._guideline.rules)]

    def _doubted_words(self) -> Mapping[int, Sql]:
        """Return the facts in doubt as a set, for safety rules that are ignored only where nobody gave the fact."""
        words: dict[int, list[Sql]] = {}
        for name in self._guideline.positions:
            doubtful = self._facts.doubtful(name)
            if doubtful != FALSE:
                word, bit = self._layout.bit(name)
                words.setdefault(word, []).append(choose(doubtful, Sql(str(bit)), ZERO))
        return {word: self._sheet.column(f"doubted_{word}", joined(" | ", bits, ZERO)) for word, bits in words.items()}

    # Safety

    def _safety_of(self, target: str) -> SafetyColumns:
        if target not in self._safety:
            self._safety[target] = self._sorted(f"t{len(self._safety)}", target)
        return self._safety[target]

    def _sorted(self, prefix: str, target: str) -> SafetyColumns:
        against = self._guideline.contraindications.get(target, ())
        beside = self._guideline.cautions.get(target, ())
        rules: tuple[tuple[str, Contraindication | Caution], ...] = (*against, *beside)
        open_rules = tuple((key, self._holds_back(key, rule)) for key, rule in rules)
        truths = [(rule.id, self._warnings.truth[key].yes) for key, rule in against]
        cautions = [(rule.id, self._warnings.truth[key].yes) for key, rule in beside]
        return SafetyColumns(
            blocked=self._sheet.shared(f"{prefix}_blocked", some(*(truth for _, truth in truths))),
            undecided=self._sheet.shared(f"{prefix}_undecided", some(*(held for _, held in open_rules))),
            open_rules=open_rules,
            blocked_by=_listed(truths),
            cautions=_listed(cautions),
        )

    def _holds_back(self, key: str, rule: Contraindication | Caution) -> Sql:
        """Return whether a safety rule is undecided and must be known."""
        unknown = self._warnings.truth[key].unknown
        if rule.if_unknown == "hold":
            return unknown
        asked = self._warnings.asked.get(key, {})  # one that is not judged apart rests on nothing in doubt
        common = (
            sql("(({} & {}) <> 0)", bits, self._doubted[word]) for word, bits in asked.items() if word in self._doubted
        )
        return every(unknown, some(*common))

    # Rules

    def _dose(self, plan: DosePlan) -> DoseColumns:
        if plan.regimen not in self._doses:
            prefix = f"dose{len(self._doses)}"
            self._doses[plan.regimen] = dose_columns(self._sheet, prefix, plan, self._facts, self._warnings.truth)
        return self._doses[plan.regimen]

    def _treatment(self, name: str, treatment: Treatment, when: Truth) -> TreatmentColumns:
        safety = self._safety_of(treatment.target)
        dose = self._dose(treatment.dose) if treatment.dose else None
        computed = [dose.known] if dose else []
        ready = every(when.yes, negated(safety.blocked), negated(safety.undecided), *computed)
        standing = Standing(when.no, safety.blocked, self._sheet.shared(f"{name}_ready", ready))
        return TreatmentColumns(treatment, standing, safety, dose)

    def _rule(self, index: int, spec: RuleSpec) -> RuleColumns:
        condition = self._guideline.conditions[spec.key]
        when = self._conditions.truth(condition)
        treatments = tuple(self._treatment(f"r{index}_{i}", t, when) for i, t in enumerate(spec.treatments))
        all_ready, any_ready = (combine(*(t.standing.ready for t in treatments)) for combine in (every, some))
        all_blocked, any_blocked = (combine(*(t.safety.blocked for t in treatments)) for combine in (every, some))
        blocked, ready = (all_blocked, any_ready) if spec.mode == "one_of" else (any_blocked, all_ready)
        standing = Standing(
            when.no, self._sheet.shared(f"r{index}_blocked", blocked), self._sheet.shared(f"r{index}_ready", ready)
        )
        waits = self._sheet.shared(f"r{index}_waits", standing.waits)
        return RuleColumns(spec, standing, self._chosen(treatments, standing, waits), treatments, waits)

    # What is missing

    def missing(self, rules: Iterable[RuleColumns]) -> Words:
        """Return the facts that some of *rules* wait for."""
        asking = Asking(self._layout, self._facts)
        targets: dict[str, list[Sql]] = {}
        regimens: dict[str, list[Sql]] = {}
        for rule in rules:
            asking.want(self._guideline.conditions[rule.spec.key], rule.waits)
            for found in rule.treatments:
                where = self._conditions.column(every(rule.waits, _not_blocked(found)))
                targets.setdefault(found.treatment.target, []).append(where)
                if found.treatment.dose is not None:
                    regimens.setdefault(found.treatment.dose.regimen, []).append(where)
        for target, places in targets.items():
            where = self._conditions.column(some(*places))
            for key, undecided in self._safety[target].open_rules:
                self._want(asking, key, every(where, undecided))
        for regimen, places in regimens.items():
            plan = self._guideline.doses[regimen]
            where = self._conditions.column(every(some(*places), negated(self._doses[regimen].known)))
            for adjustment in plan.adjustments:
                self._want(asking, adjustment.key, where)
            if plan.basis is not None:
                asking.want(c.Fact(plan.basis), where)
        return asking.words()

    def _want(self, asking: Asking, key: str, where: Sql) -> None:
        if key in self._warnings.asked:
            asking.want_set(self._warnings.asked[key], where)
        else:
            asking.want(self._guideline.conditions[key], where)

    def _chosen(self, treatments: tuple[TreatmentColumns, ...], standing: Standing, waits: Sql) -> Sql:
        """Return the first that is ready, or of a waiting rule the first that waits; else the first."""
        found = text(treatments[0].treatment.target)
        for held, passes in ((waits, _not_blocked), (standing.ready, _is_ready)):
            for treatment in reversed(treatments):
                found = choose(every(held, passes(treatment)), text(treatment.treatment.target), found)
        return found


def _is_ready(treatment: TreatmentColumns) -> Sql:
    return treatment.standing.ready


def _not_blocked(treatment: TreatmentColumns) -> Sql:
    return negated(treatment.safety.blocked)


def _listed(truths: list[tuple[str, Sql]]) -> Sql:
    """Return the names whose truth holds, joined by `;`."""
    parts = [sql("CASE WHEN {} THEN {} END", truth, text(name)) for name, truth in truths if truth != FALSE]
    return sql(f"concat_ws(';', {', '.join('{}' for _ in parts)})", *parts) if parts else text("")
