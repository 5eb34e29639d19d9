"""Scenarios that ran, as vignettes on the page of the statement they name.

A vignette is grouped by what the answer says of the rules it speaks of, not by how it is worded: blocked and not
applicable must not happen, waiting is missing data, a dose at its cap or one of several rows is borderline. A tag
(`@typical`, `@boundary`, `@must_not`, `@missing_data`) decides otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from cds_engine.bdd.report import value_words
from cds_engine.bdd.run import Outcome
from cds_engine.bdd.vocabulary import Vocabulary
from cds_engine.lowering.guideline import Guideline
from cds_engine.results.evaluation import Evaluation
from cds_engine.results.models import Recommendation
from cds_engine.results.wording import spoken
from cds_engine.review.pages import SCENARIOS_FILE, file_of
from cds_engine.review.sections import GROUPS, Example, Group, Link, Vignette

TAGS: Mapping[str, Group] = {group.replace(" ", "_"): group for group in GROUPS}


@dataclass(frozen=True, slots=True)
class Shown:
    """Where the scenarios of a pack stand on its pages."""

    by_statement: Mapping[str, Mapping[Group, tuple[Vignette, ...]]]
    elsewhere: tuple[Vignette, ...]
    """Those that name no statement of the pack."""
    of_alerts: Mapping[str, tuple[Link, ...]]
    """By alert or check of prescriptions: the scenarios in whose answer it stands."""


def show(guideline: Guideline, outcomes: Iterable[Outcome]) -> Shown:
    """Return the scenarios as vignettes, where they stand, and which alert is shown by which."""
    found: dict[str, list[Vignette]] = {}
    elsewhere: list[Vignette] = []
    of_alerts: dict[str, dict[Link, None]] = {}
    for outcome in outcomes:
        named = [tag for tag in sorted(outcome.scenario.tags) if tag in guideline.statements]
        vignettes = [_vignette(outcome, _rules_of(guideline, statement)) for statement in named]
        for statement, vignette in zip(named, vignettes, strict=True):
            _add(found.setdefault(statement, []), vignette)
        if not named:
            vignettes = [_vignette(outcome, frozenset())]
            _add(elsewhere, vignettes[0])
        file = file_of(named[0]) if named else SCENARIOS_FILE
        for alert in _alerts_in(outcome.answer):
            of_alerts.setdefault(alert, {})[Link(vignettes[0].title, file, vignettes[0].anchor)] = None
    return Shown(
        by_statement={name: _grouped(vignettes) for name, vignettes in found.items()},
        elsewhere=tuple(elsewhere),
        of_alerts={alert: tuple(links) for alert, links in of_alerts.items()},
    )


def _alerts_in(answer: Evaluation | None) -> Iterator[str]:
    if answer is not None:
        yield from (alert.rule for alert in answer.alerts)
        yield from (finding.rule for screened in answer.screened for finding in screened.findings)


def _grouped(vignettes: Iterable[Vignette]) -> dict[Group, tuple[Vignette, ...]]:
    groups: dict[Group, tuple[Vignette, ...]] = {}
    for vignette in vignettes:
        groups[vignette.group] = (*groups.get(vignette.group, ()), vignette)
    return groups


def _add(vignettes: list[Vignette], more: Vignette) -> None:
    """Add a vignette; a further row of an outline goes to those before it in its group."""
    for index, one in enumerate(vignettes):
        if more.heads and replace(one, examples=()) == replace(more, examples=()):
            vignettes[index] = replace(one, examples=(*one.examples, *more.examples))
            return
    vignettes.append(more)


def unremarkable(guideline: Guideline, vocabulary: Vocabulary) -> dict[str, tuple[str, ...]]:
    """Return for each drug, in words, what is known and unremarkable of everything else that it needs."""
    facts = guideline.pack.facts.facts
    return {
        drug: tuple(f"{facts[name].label}: {value_words(value)}" for name, value in rest.facts.items())
        for drug, rest in vocabulary.rest.items()
    }


def _rules_of(guideline: Guideline, statement: str) -> frozenset[str]:
    """Return the rules that speak for a statement, those of the statement that carries it included."""
    return frozenset(spec.rule.id for spec in guideline.rules if statement in spec.statements)


def _vignette(outcome: Outcome, rules: frozenset[str]) -> Vignette:
    scenario = outcome.scenario
    spoken_of = [rule for rule in outcome.rules if not rules or rule in rules] or list(outcome.rules)
    if not spoken_of:
        spoken_of = sorted(rules)
    example = Example(
        cells=scenario.row,
        passed=outcome.passed,
        failure="\n".join(f"{failure.step.text}: {failure.found}" for failure in outcome.failures) or None,
        because=tuple(_explained(outcome.answer, spoken_of)) if outcome.answer else (),
    )
    return Vignette(
        title=scenario.name,
        feature=scenario.feature,
        lines=tuple((step.keyword, step.text) for step in scenario.outline or scenario.steps),
        heads=scenario.heads,
        examples=(example,),
        group=_group(outcome, spoken_of),
    )


def _explained(answer: Evaluation, rules: Iterable[str]) -> Iterable[str]:
    for rule in rules:
        found = answer.recommendation(rule)
        _, _, reasons = answer.why(rule).partition("\n")
        yield f"{found.text}\nIt is {spoken(found.status)}.\n{reasons}".rstrip()
    for screened in answer.screened:
        for finding in screened.findings:
            yield "\n".join([f"{finding.severity.capitalize()}: {finding.text}", *finding.working])


def _group(outcome: Outcome, rules: Iterable[str]) -> Group:
    tagged = next((group for tag, group in TAGS.items() if tag in outcome.scenario.tags), None)
    if tagged is not None:
        return tagged
    answer = outcome.answer
    found = [answer.recommendation(rule) for rule in rules] if answer else []
    statuses = {recommendation.status for recommendation in found}
    if "blocked" in statuses or any(
        f.severity == "critical" for s in (answer.screened if answer else []) for f in s.findings
    ):
        return "must not"
    if "needs_data" in statuses:
        return "missing data"
    if statuses == {"not_applicable"}:
        return "must not"
    if outcome.scenario.rows > 1 or any(_is_at_a_limit(recommendation) for recommendation in found):
        return "boundary"
    return "typical"


def _is_at_a_limit(found: Recommendation) -> bool:
    doses = [found.dose, *(choice.dose for choice in found.choices)]
    return any(dose is not None and (dose.high_capped or dose.no_product_fits) for dose in doses)
