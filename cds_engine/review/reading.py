"""Rules, read aloud: what stands on a page of each rule, its treatments, their doses, and what stands against them."""

from __future__ import annotations

from cds_engine.language.printer import number
from cds_engine.lowering.guideline import DosePlan, Guideline, RuleSpec
from cds_engine.pack.statements import Caution, Contraindication, Exclusion, Monitoring
from cds_engine.results import wording as w
from cds_engine.results.terms import Terms
from cds_engine.review.alerts import Alerts
from cds_engine.review.chart import Axis, draw
from cds_engine.review.dosing import grid_of, in_sentences
from cds_engine.review.english import English
from cds_engine.review.sections import DoseSection, RuleSection, SafetyLine, SourceLine, TreatmentSection
from cds_engine.review.sources import source_line
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


class Reader:
    """Reads the rules of one pack."""

    def __init__(self, guideline: Guideline, alerts: Alerts) -> None:
        self._guideline = guideline
        self._english = English(guideline)
        self._terms = Terms(guideline)
        self._alerts = alerts
        self._doses: dict[str, DoseSection] = {}

    def rule(self, spec: RuleSpec) -> RuleSection:
        """Return a rule, read aloud."""
        recommend = spec.rule.recommend
        return RuleSection(
            id=spec.rule.id,
            strength=w.MODALITY_WORDS[spec.modality],
            says=recommend.says,
            patient_says=recommend.patient_says,
            when=self._english.say(self._guideline.conditions[spec.key]),
            left_out=tuple(self._safety(key, exclusion) for key, exclusion in spec.exclusions),
            choice=CHOICE[spec.mode],
            preference=recommend.preference,
            treatments=tuple(self._target(treatment.target, treatment.dose) for treatment in spec.treatments),
            measure=tuple(recommend.measure),
            asks=tuple(self._english.question(*ask) for ask in zip(spec.rule.ask, spec.ask_keys, strict=True)),
        )

    def unoffered(self) -> tuple[TreatmentSection, ...]:
        """Return drugs and actions that no rule offers and that safety rules speak of all the same."""
        guideline = self._guideline
        offered = {treatment.target for spec in guideline.rules for treatment in spec.treatments}
        named = dict.fromkeys((*guideline.contraindications, *guideline.cautions, *guideline.monitoring))
        return tuple(self._target(name, None) for name in named if name not in offered)

    def _target(self, name: str, dose: DosePlan | None) -> TreatmentSection:
        guideline = self._guideline
        return TreatmentSection(
            name=self._terms.code(name),
            is_drug=name in guideline.pack.drugs.drugs,
            dose=self._dose(dose) if dose else None,
            contraindications=tuple(self._safety(*found) for found in guideline.contraindications.get(name, ())),
            cautions=tuple(self._safety(*found) for found in guideline.cautions.get(name, ())),
            monitoring=tuple(self._safety(*found) for found in guideline.monitoring.get(name, ())),
            alerts=self._alerts.of(name),
            checks=self._alerts.checks_of(name),
        )

    def _safety(self, key: str | None, rule: Contraindication | Caution | Monitoring | Exclusion) -> SafetyLine:
        return SafetyLine(
            says=rule.says,
            when=self._english.say(self._guideline.conditions[key]) if key else None,
            source=self._source(rule.source, rule.locator, rule.tag),
            unknown=UNKNOWN[rule.if_unknown] if isinstance(rule, Contraindication | Caution) else None,
            note=rule.note,
        )

    def _source(self, name: str, locator: str | None, tag: str | None) -> SourceLine:
        return source_line(self._guideline, name, locator, tag)

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
            title = f"{self._terms.code(plan.drug)} per {plan.per} over {label}"
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
            product_source=self._source(written.product.source, None, written.product.tag) if written.product else None,
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
