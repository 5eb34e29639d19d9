"""What is different between the answer the reader had and the one they have now, in words."""

from __future__ import annotations

from collections.abc import Iterator

from cds_engine.results import wording as w
from cds_engine.results.evaluation import Evaluation
from cds_engine.results.models import Recommendation

SAID = {
    "recommended": "is recommended",
    "needs_data": "waits for data",
    "blocked": "is contraindicated",
    "not_applicable": "does not apply",
}


def changes(before: Evaluation, now: Evaluation) -> list[str]:
    """Return a sentence for each alert that came or went, and for each rule with another status or dose."""
    return list(dict.fromkeys([*_alerts(before, now), *_rules(before, now)]))


def _alerts(before: Evaluation, now: Evaluation) -> Iterator[str]:
    old, new = ({alert.rule: alert.text for alert in answer.alerts} for answer in (before, now))
    yield from (f"new alert: {text}" for rule, text in new.items() if rule not in old)
    yield from (f"no longer: {text}" for rule, text in old.items() if rule not in new)


def _rules(before: Evaluation, now: Evaluation) -> Iterator[str]:
    old = {found.rule: found for found in before.recommendations}
    for found in now.recommendations:
        was = old.get(found.rule)
        if was is None:
            continue
        if was.status != found.status:
            yield f"{_named(found)} {SAID[found.status]}; before, it {_past(was)}"
        elif _dose(was) != _dose(found):
            yield f"{_named(found)} {_dose(found)}; before, {_dose(was)}"


def _past(found: Recommendation) -> str:
    words = {"recommended": "was recommended", "needs_data": "waited for data", "blocked": "was contraindicated"}
    return words.get(found.status, "did not apply")


def _named(found: Recommendation) -> str:
    return f"{w.named_words(found).rstrip('.')}:"


def _dose(found: Recommendation) -> str:
    return f"{w.amount_words(found.dose)} {w.interval_words(found.dose)}" if found.dose else "no dose"
