"""What a rule, statement or safety rule of a pack says, where it is from, and what reaches it."""

from __future__ import annotations

from collections.abc import Iterator

from cds_engine.cli.page import Page
from cds_engine.language.printer import number
from cds_engine.lowering.guideline import DosePlan, Guideline, RuleSpec, Treatment
from cds_engine.pack.dictionary import Definition
from cds_engine.pack.statements import Alert, Caution, Contraindication, Monitoring, Statement
from cds_engine.results import wording as w
from cds_engine.units import display

HANG = 13
Safety = Contraindication | Caution | Monitoring | Alert


class Ledger:
    """Everything of a pack that can be looked up by its id."""

    def __init__(self, guideline: Guideline) -> None:
        self._guideline = guideline
        self._rules = {spec.rule.id: spec for spec in guideline.rules}
        self._safety = {rule.id: rule for rule in _safety_rules(guideline)}
        self._definitions = guideline.pack.definitions.definitions

    def words(self) -> list[str]:
        """Return every id that `write` knows."""
        return [*self._rules, *self._safety, *self._guideline.statements, *self._definitions]

    def write(self, page: Page, word: str) -> bool:
        """Write what *word* stands for; False when nothing has that id."""
        if word in self._rules:
            self._write_rule(page, self._rules[word])
        elif word in self._safety:
            self._write_safety(page, self._safety[word])
        elif word in self._guideline.statements:
            self._write_statement(page, self._guideline.statements[word])
        elif word in self._definitions:
            _write_definition(page, word, self._definitions[word])
        else:
            return False
        return True

    # Rules and statements

    def _write_rule(self, page: Page, spec: RuleSpec) -> None:
        page.paragraph((spec.rule.id, "bold"), f" · {w.MODALITY_WORDS[spec.modality]}", indent=0)
        page.paragraph(spec.rule.recommend.says)
        self._write_standing(page, spec.statement)
        if len(spec.statements) > 1:
            page.paragraph(", ".join(spec.statements[1:]), label="carries", hang=HANG)
        self._write_condition(page, spec.statement, spec.rule.when)
        for treatment in spec.treatments:
            self._write_treatment(page, treatment)

    def _write_statement(self, page: Page, statement: Statement) -> None:
        page.paragraph((statement.id, "bold"), f" · {w.MODALITY_WORDS[statement.modality]}", indent=0)
        self._write_standing(page, statement)
        if statement.restates:
            page.paragraph(", ".join(statement.restates), label="restates", hang=HANG)
        for reading in statement.interpretation:
            page.paragraph(reading, label="our reading", hang=HANG)
        if statement.note:
            page.paragraph(statement.note, label="note", hang=HANG)
        page.paragraph(_what_became(statement), label="in the pack", hang=HANG)

    def _write_standing(self, page: Page, statement: Statement) -> None:
        page.paragraph(statement.says, label="statement", hang=HANG)
        uncited = "uncited in the source text; it stands in " if statement.uncited else ""
        page.paragraph(uncited + self._source(statement.source, statement.locator), label="source", hang=HANG)
        evidence = statement.evidence
        grading = f"level {evidence.level}, strength {evidence.strength}, agreement {evidence.agreement}"
        page.paragraph(f"{grading}; {w.tag_words(statement.tag)}", label="evidence", hang=HANG)
        page.paragraph(
            f"{w.review_words(statement.review)}; from {w.spoken(statement.origin)}", label="review", hang=HANG
        )

    def _write_condition(self, page: Page, statement: Statement, when: str) -> None:
        topic = next((t for t in self._guideline.pack.topics.values() if statement in t.statements), None)
        scopes = [topic.applies_to if topic else None, statement.applies_to]
        for scope in filter(None, scopes):
            page.paragraph(scope, label="applies to", hang=HANG)
        page.paragraph(when, label="when", hang=HANG)
        for exclusion in (*(topic.exclusions if topic else ()), *statement.exclusions):
            words = ((exclusion.id, "bold"), f": {exclusion.says} ", (f"when {exclusion.when}", "dim"))
            page.paragraph(*words, label="excluded", hang=HANG)

    def _source(self, name: str, locator: str | None) -> str:
        source = self._guideline.pack.sources.sources[name]
        place = f"{locator}. " if locator else ""
        link = source.url or (f"https://doi.org/{source.doi}" if source.doi else "")
        return f"{source.label}: {place}{source.citation} {link}".rstrip()

    # Treatments and what reaches them

    def _write_treatment(self, page: Page, treatment: Treatment) -> None:
        page.heading(w.spoken(treatment.target))
        if treatment.dose is not None:
            _write_dose(page, treatment.dose)
        elif treatment.drug:
            page.paragraph("the pack computes no dose", label="dose", hang=HANG)
        self._reached_by(page, treatment.target)

    def _reached_by(self, page: Page, target: str) -> None:
        found = [rule for _, rule in self._guideline.contraindications.get(target, ())]
        for rule in found:
            held = "" if rule.if_unknown == "hold" else " (acts only when known)"
            label = "forbidden by" if rule is found[0] else ""
            page.paragraph(
                (rule.id, "bold"),
                f"{held}: {rule.says} ",
                (f"when {rule.when}", "dim"),
                label=label,
                hang=HANG,
                bullet="- ",
            )
        cautions = [rule.id for _, rule in self._guideline.cautions.get(target, ())]
        if cautions:
            page.paragraph(", ".join(cautions), label="cautions", hang=HANG)
        monitoring = [rule.id for _, rule in self._guideline.monitoring.get(target, ())]
        if monitoring:
            page.paragraph(", ".join(monitoring), label="monitoring", hang=HANG)

    def _write_safety(self, page: Page, rule: Safety) -> None:
        kind = f"{rule.severity} alert" if isinstance(rule, Alert) else type(rule).__name__.lower()
        page.paragraph((rule.id, "bold"), f" · {kind}", indent=0)
        page.paragraph(rule.says)
        if not isinstance(rule, Alert):
            page.paragraph(", ".join(map(w.spoken, (*rule.drugs, *rule.actions))), label="about", hang=HANG)
        if rule.when:
            page.paragraph(rule.when, label="when", hang=HANG)
        if isinstance(rule, Contraindication | Caution):
            page.paragraph(UNKNOWN_WORDS[rule.if_unknown], label="if unknown", hang=HANG)
        page.paragraph(self._source(rule.source, rule.locator), label="source", hang=HANG)
        page.paragraph(w.tag_words(rule.tag), label="verified", hang=HANG)
        if rule.note:
            page.paragraph(rule.note, label="note", hang=HANG)


UNKNOWN_WORDS = {
    "hold": "the recommendation waits for an answer",
    "ignore": "taken not to apply, and listed as assumed",
}


def _safety_rules(guideline: Guideline) -> Iterator[Safety]:
    for file in guideline.pack.safety.values():
        yield from file.contraindications
        yield from file.cautions
        yield from file.monitoring
        yield from file.alerts


def _what_became(statement: Statement) -> str:
    if statement.rules:
        return f"encoded in {w.listed([f'`{rule.id}`' for rule in statement.rules])}"
    if statement.encoded_in:
        return f"carried by the rules of {statement.encoded_in}"
    return (
        "shown as it is; there is nothing to compute" if statement.advice else f"not encoded: {statement.not_encoded}"
    )


def _write_definition(page: Page, name: str, definition: Definition) -> None:
    page.paragraph((name, "bold"), " · shared condition", indent=0)
    page.paragraph(definition.says, label="holds when", hang=HANG)
    page.paragraph(definition.when, label="when", hang=HANG)


def _write_dose(page: Page, plan: DosePlan) -> None:
    ends = number(plan.low) if plan.low == plan.high else f"{number(plan.low)} to {number(plan.high)}"
    basis = f" × {w.spoken(plan.basis)}" if plan.basis else ""  # noqa: RUF001 - a multiplication sign
    page.paragraph(f"{ends} {display(plan.rate_unit)}{basis} per {plan.per}", label="dose", hang=HANG)
    for amount, per in plan.caps:
        page.paragraph(f"{number(amount)} {display(plan.unit)} per {per}", label="at most", hang=HANG)
    for adjustment, written in zip(plan.adjustments, plan.written.dose.adjust, strict=True):
        words = f"× {number(adjustment.multiply)} when {written.when} ({adjustment.note})"  # noqa: RUF001
        page.paragraph(words, label="adjusted", hang=HANG)
    if plan.product and plan.product_sizes:
        low, high, step = (number(size) for size in plan.product_sizes)
        unit = display(plan.unit)
        page.paragraph(
            f"{plan.product.says}, {low} to {high} {unit} in steps of {step} {unit}", label="product", hang=HANG
        )
    if plan.written.off_label:
        page.paragraph(plan.written.off_label, label="off-label", hang=HANG)
