"""A loaded pack to the pages of its review site."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from cds_engine.engine.guide import LoadedPack
from cds_engine.language.printer import number
from cds_engine.lowering.guideline import DosePlan, Guideline, RuleSpec, Treatment
from cds_engine.pack.statements import Caution, Contraindication, Monitoring, Source, Statement
from cds_engine.results import wording as w
from cds_engine.review.chart import Axis, draw
from cds_engine.review.dosing import grid_of, in_sentences
from cds_engine.review.english import English
from cds_engine.review.pages import (
    DoseSection,
    Group,
    Proved,
    RuleSection,
    SafetyLine,
    Site,
    SourceLine,
    Standing,
    StatementPage,
    Topic,
    TreatmentSection,
    Vignette,
)
from cds_engine.units import display

UNKNOWN = {
    "hold": "while this is not known, the recommendation waits",
    "ignore": "while this is not known, it is taken not to apply, and the answer says so",
}
CHOICE = {
    "one": None,
    "one_of": "One of these, the preferred first:",
    "all_of": "All of these together:",
}
ORIGINS = {
    "seed": "the text that this pack starts from",
    "guideline": "a guideline",
    "label": "the label of a medicine",
    "policy": "policy of this pack",
    "outside_seed": "outside the text that this pack starts from",
}
Became = Literal["encoded", "carried", "advice", "not encoded"]


class Collector:
    """Collects what stands on the pages of one pack."""

    def __init__(
        self,
        pack: LoadedPack,
        vignettes: Mapping[str, Mapping[Group, tuple[Vignette, ...]]] | None = None,
        standings: Mapping[str, Standing] | None = None,
        rest: Mapping[str, tuple[str, ...]] | None = None,
        proved: Proved | None = None,
    ) -> None:
        self._guideline: Guideline = pack.guideline
        self._english = English(pack.guideline)
        self._rules: dict[str, list[RuleSpec]] = {}
        for spec in pack.guideline.rules:
            self._rules.setdefault(spec.statement.id, []).append(spec)
        self._vignettes = vignettes or {}
        self._standings = standings or {}
        self._rest = rest or {}
        self._proved = proved
        self._doses: dict[str, DoseSection] = {}

    def site(self, elsewhere: Sequence[Vignette] = ()) -> Site:
        """Return the whole site."""
        pack = self._guideline.pack
        manifest = pack.manifest
        return Site(
            title=manifest.title,
            id=manifest.id,
            version=manifest.version,
            hash=pack.hash,
            scope=manifest.scope,
            review=w.review_words(manifest.review),
            knowledge_date=manifest.knowledge_date.isoformat(),
            notices=tuple(notice.says for notice in manifest.notices),
            tags=w.TAGS,
            topics=tuple(
                Topic(topic.topic, tuple(self._page(topic.topic, found) for found in topic.statements))
                for topic in pack.topics.values()
            ),
            labels={
                **{name: entry.label for name, entry in pack.facts.facts.items()},
                **{name: source.label for name, source in pack.sources.sources.items()},
            },
            elsewhere=tuple(elsewhere),
            bounds=self._proved.bounds if self._proved else (),
        )

    def _page(self, topic: str, statement: Statement) -> StatementPage:
        became, words = _became(statement)
        return StatementPage(
            id=statement.id,
            file=f"{statement.id}.html",
            topic=topic,
            says=statement.says,
            patient_says=statement.patient_says,
            source=self._source(statement.source, statement.locator, statement.tag),
            is_uncited=statement.uncited,
            modality=w.MODALITY_WORDS[statement.modality],
            evidence=_graded(statement),
            verified=w.tag_words(statement.tag),
            origin=ORIGINS[statement.origin],
            restates=tuple(statement.restates),
            became=became,
            became_words=words,
            carried_by=statement.encoded_in,
            interpretation=tuple(statement.interpretation),
            note=statement.note,
            rules=tuple(self._rule(spec) for spec in self._rules.get(statement.id, ())),
            standing=self._standings.get(statement.id, Standing(statement.review, w.review_words(statement.review))),
            rest=self._rest_of(self._vignettes.get(statement.id, {})),
            vignettes=self._vignettes.get(statement.id, {}),
            promises=None
            if self._proved is None
            else tuple(p for p in self._proved.promises if not p.statements or statement.id in p.statements),
            mutants=None
            if self._proved is None or self._proved.mutants is None
            else tuple(m for m in self._proved.mutants if m.statement == statement.id),
        )

    def _rest_of(self, vignettes: Mapping[Group, tuple[Vignette, ...]]) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Return what is taken for unremarkable in these vignettes."""
        lines = {line for found in vignettes.values() for vignette in found for _, line in vignette.lines}
        said = "everything else that {} needs is known and unremarkable"
        return tuple((drug, facts) for drug, facts in self._rest.items() if said.format(drug) in lines)

    def _source(self, name: str, locator: str | None, tag: str | None = None) -> SourceLine:
        source: Source = self._guideline.pack.sources.sources[name]
        return SourceLine(
            label=source.label,
            citation=source.citation,
            locator=locator,
            url=source.url or (f"https://doi.org/{source.doi}" if source.doi else None),
            verified=w.tag_words(tag or source.tag),
            is_verified=w.is_verified(tag or source.tag),
            is_unresolved=source.kind == "unresolved",
        )

    # Rules

    def _rule(self, spec: RuleSpec) -> RuleSection:
        recommend = spec.rule.recommend
        return RuleSection(
            id=spec.rule.id,
            strength=w.MODALITY_WORDS[spec.modality],
            says=recommend.says,
            patient_says=recommend.patient_says,
            when=self._english.say(self._guideline.conditions[spec.key]),
            choice=CHOICE[spec.mode],
            preference=recommend.preference,
            treatments=tuple(self._treatment(treatment) for treatment in spec.treatments),
            measure=tuple(recommend.measure),
            asks=tuple(self._ask(spec, index) for index in range(len(spec.rule.ask))),
        )

    def _ask(self, spec: RuleSpec, index: int) -> str:
        key, ask = spec.ask_keys[index], spec.rule.ask[index]
        if key is None:
            return ask.says
        return f"{ask.says} (asked when {self._english.sentence(self._guideline.conditions[key])})"

    def _treatment(self, treatment: Treatment) -> TreatmentSection:
        guideline, target = self._guideline, treatment.target
        return TreatmentSection(
            name=self._name(treatment),
            dose=self._dose(treatment.dose) if treatment.dose else None,
            contraindications=tuple(self._safety(*found) for found in guideline.contraindications.get(target, ())),
            cautions=tuple(self._safety(*found) for found in guideline.cautions.get(target, ())),
            monitoring=tuple(self._safety(*found) for found in guideline.monitoring.get(target, ())),
        )

    def _name(self, treatment: Treatment) -> str:
        drug = self._guideline.pack.drugs.drugs.get(treatment.drug or "")
        return drug.label if drug is not None else w.spoken(treatment.target)

    def _safety(self, key: str | None, rule: Contraindication | Caution | Monitoring) -> SafetyLine:
        return SafetyLine(
            says=rule.says,
            when=self._english.say(self._guideline.conditions[key]) if key else None,
            source=self._source(rule.source, rule.locator, rule.tag),
            unknown=None if isinstance(rule, Monitoring) else UNKNOWN[rule.if_unknown],
            note=rule.note,
        )

    # Doses

    def _dose(self, plan: DosePlan) -> DoseSection:
        if plan.regimen not in self._doses:
            self._doses[plan.regimen] = self._dose_section(plan)
        return self._doses[plan.regimen]

    def _dose_section(self, plan: DosePlan) -> DoseSection:
        guideline, written = self._guideline, plan.written
        grid = grid_of(guideline, plan)
        label = guideline.dictionary.facts[plan.basis].entry.label if plan.basis else None
        basis_unit = display(guideline.dictionary.facts[plan.basis].unit or "") if plan.basis else ""
        unit = display(plan.unit)
        chart = None
        if grid.curve is not None and label is not None:
            title = f"{w.spoken(plan.drug)} per {plan.per} over {label}"
            chart = draw(grid.curve, Axis(label, basis_unit), Axis("dose", f"{unit} per {plan.per}"), title)
        return DoseSection(
            words=tuple(in_sentences(guideline, self._english, plan)),
            grid=grid,
            basis=label,
            basis_unit=basis_unit,
            unit=unit,
            per=plan.per,
            cap=None if plan.cap is None else f"{number(plan.cap)} {unit} per {plan.per}",
            chart=chart,
            product=self._product(plan),
            off_label=written.off_label,
            source=self._source(plan.source, written.dose.locator, written.dose.tag) if plan.source else None,
            note=written.dose.note,
        )

    @staticmethod
    def _product(plan: DosePlan) -> str | None:
        if plan.product is None or plan.product_sizes is None:
            return None
        low, high, step = (number(size) for size in plan.product_sizes)
        unit = display(plan.unit)
        return f"{plan.product.says}, {low} to {high} {unit} in steps of {step} {unit}"


def _graded(statement: Statement) -> str:
    found = statement.evidence
    parts = {"level": found.level, "strength": found.strength, "agreement": found.agreement}
    if len(set(parts.values())) == 1:
        return "no grading given" if found.level == "none given" else f"grading {found.level}"
    return ", ".join(f"{name} {value}" for name, value in parts.items())


def _became(statement: Statement) -> tuple[Became, str]:
    if statement.rules:
        return "encoded", f"Encoded in {w.counted(len(statement.rules), 'rule')}."
    if statement.encoded_in:
        return "carried", f"Carried by the rule of {statement.encoded_in}."
    if statement.advice:
        return "advice", "Shown as it is; there is nothing to compute."
    return "not encoded", f"Not encoded: {statement.not_encoded}"
