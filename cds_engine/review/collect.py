"""A loaded pack to the pages of its review site."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Literal

from cds_engine.bdd.run import Outcome
from cds_engine.bdd.vocabulary import read_vocabulary
from cds_engine.engine.approvals import read_approvals
from cds_engine.engine.guide import LoadedPack
from cds_engine.engine.standing import evidence_of
from cds_engine.lowering.guideline import Guideline, RuleSpec
from cds_engine.pack.statements import Statement
from cds_engine.results import wording as w
from cds_engine.results.terms import Terms, filled
from cds_engine.review.alerts import Alerts
from cds_engine.review.changes import Changes, affected_by
from cds_engine.review.findings import Exercised, Proved
from cds_engine.review.pages import AlertsPage, Site, StatementPage, Topic
from cds_engine.review.reading import Reader
from cds_engine.review.sections import Group, Vignette
from cds_engine.review.signoff import page_standings
from cds_engine.review.sources import source_line
from cds_engine.review.vignettes import show, unremarkable

ORIGINS = {
    "seed": "the text that this pack starts from (its seed)",
    "guideline": "a guideline",
    "label": "the label of a medicine",
    "policy": "policy of this pack",
    "outside_seed": "outside the text that this pack starts from",
}
Became = Literal["encoded", "carried", "advice", "not encoded"]


def collect(
    pack: LoadedPack,
    outcomes: Iterable[Outcome],
    today: date,
    proved: Proved | None = None,
    changes: Changes | None = None,
    tested: Exercised | None = None,
) -> Site:
    """Return what stands on the pages of a pack whose scenarios became *outcomes*.

    *proved*, *changes* and *tested* are what was found out elsewhere; without them the pages say so.

    Raises:
        PackError: If the approvals or phrases of the pack have mistakes.
    """
    return _Collector(pack, list(outcomes), today, proved, changes, tested).site()


class _Collector:
    def __init__(
        self,
        pack: LoadedPack,
        outcomes: list[Outcome],
        today: date,
        proved: Proved | None,
        changes: Changes | None,
        tested: Exercised | None,
    ) -> None:
        self._guideline: Guideline = pack.guideline
        self._shown = show(pack.guideline, outcomes)
        self._alerts = Alerts(pack.guideline, self._shown.of_alerts)
        self._reader = Reader(pack.guideline, self._alerts)
        self._rules: dict[str, list[RuleSpec]] = {}
        for spec in pack.guideline.rules:
            self._rules.setdefault(spec.statement.id, []).append(spec)
        self._standings = page_standings(pack.guideline, outcomes, today)
        self._rest = unremarkable(pack.guideline, read_vocabulary(pack.guideline))
        self._proved = proved
        self._tested = tested
        approvals = read_approvals(pack.guideline.pack.path).approvals
        self._affected = affected_by(changes, pack.guideline, approvals) if changes else {}

    def site(self) -> Site:
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
            alerts=AlertsPage(self._alerts.alerts(), self._alerts.checks(), self._reader.unoffered()),
            sources=tuple(source_line(self._guideline, name, None) for name in pack.sources.sources),
            labels=_labels(self._guideline),
            elsewhere=self._shown.elsewhere,
            bounds=self._proved.bounds if self._proved else (),
        )

    def _page(self, topic: str, statement: Statement) -> StatementPage:
        became, words = _became(statement)
        vignettes = self._shown.by_statement.get(statement.id, {})
        return StatementPage(
            id=statement.id,
            topic=topic,
            says=statement.says,
            patient_says=statement.patient_says,
            source=source_line(self._guideline, statement.source, statement.locator, statement.tag),
            is_uncited=statement.uncited,
            modality=w.MODALITY_WORDS[statement.modality],
            evidence=w.evidence_words(evidence_of(statement)),
            verified=w.tag_words(statement.tag),
            origin=ORIGINS[statement.origin],
            restates=tuple(statement.restates),
            became=became,
            became_words=words,
            carried_by=statement.encoded_in,
            interpretation=tuple(statement.interpretation),
            note=statement.note,
            rules=tuple(self._reader.rule(spec) for spec in self._rules.get(statement.id, ())),
            standing=self._standings[statement.id],
            rest=self._rest_of(vignettes),
            vignettes=vignettes,
            affected=self._affected.get(statement.id),
            promises=None
            if self._proved is None
            else tuple(p for p in self._proved.promises if not p.statements or statement.id in p.statements),
            worth=self._tested.worth.get(statement.id) if self._tested else None,
            mutants=None
            if self._tested is None or self._tested.mutants is None
            else tuple(m for m in self._tested.mutants if statement.id in m.statements),
        )

    def _rest_of(self, vignettes: Mapping[Group, tuple[Vignette, ...]]) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Return what is taken for unremarkable in these vignettes."""
        lines = {line for found in vignettes.values() for vignette in found for _, line in vignette.lines}
        said = "everything else that {} needs is known and unremarkable"
        return tuple((drug, facts) for drug, facts in self._rest.items() if said.format(drug) in lines)


def _labels(guideline: Guideline) -> dict[str, str]:
    """Return what people call everything that a note, or the list of what changed, calls by its id."""
    pack, terms = guideline.pack, Terms(guideline)
    safety = (guideline.contraindications, guideline.cautions, guideline.monitoring)
    said = [(rule.id, rule.says) for found in safety for keyed in found.values() for _, rule in keyed]
    said += [(alert.id, filled(alert.says, lambda name: f"[{terms.label(name)}]")) for _, alert in guideline.alerts]
    said += [(spec.rule.id, spec.rule.recommend.says) for spec in guideline.rules]
    return {
        **{name: f"“{says}”" for name, says in said},
        **{name: f"of {terms.code(plan.drug)} per {plan.per}" for name, plan in guideline.doses.items()},
        **{name: entry.label for name, entry in pack.facts.facts.items()},
        **{name: source.label for name, source in pack.sources.sources.items()},
    }


def _became(statement: Statement) -> tuple[Became, str]:
    if statement.rules:
        return "encoded", f"Encoded in {w.counted(len(statement.rules), 'rule')}."
    if statement.encoded_in:
        return "carried", f"Carried by the rule of {statement.encoded_in}."
    if statement.advice:
        return "advice", "Shown as it is; there is nothing to compute."
    return "not encoded", f"Not encoded: {statement.not_encoded}"
