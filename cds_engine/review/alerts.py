"""Alerts and checks of prescriptions, by the medicine that they are about, with the scenarios that show them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from cds_engine.lowering import core as c
from cds_engine.lowering.guideline import Guideline
from cds_engine.lowering.walk import nodes
from cds_engine.pack.statements import Alert, OrderCheck
from cds_engine.results.terms import Terms, filled
from cds_engine.results.wording import either
from cds_engine.review.english import English
from cds_engine.review.pages import ALERTS_FILE
from cds_engine.review.sections import AlertLine, Link
from cds_engine.review.sources import source_line

NO_ONE_MEDICINE = "No single medicine"
ORDERED = "order.drug"
SEVERITIES = ("critical", "warning", "info")
"""The gravest first: in this order they are read."""


class Alerts:
    """The alerts and checks of one pack; *shown_in* names the scenarios in whose answer each stands."""

    def __init__(self, guideline: Guideline, shown_in: Mapping[str, tuple[Link, ...]]) -> None:
        self._guideline = guideline
        self._english = English(guideline)
        self._terms = Terms(guideline)
        self._shown_in = shown_in
        self._alerts = [(alert.drug, self._alert(key, alert)) for key, alert in sorted(guideline.alerts, key=_gravity)]
        self._checks = [
            (frozenset(_drugs_named(guideline.order_conditions[key])), self._check(key, check))
            for key, check in sorted(guideline.order_checks, key=_gravity)
        ]

    def of(self, drug: str) -> tuple[AlertLine, ...]:
        """Return the alerts about a drug."""
        return tuple(line for about, line in self._alerts if about == drug)

    def checks_of(self, drug: str) -> tuple[AlertLine, ...]:
        """Return the checks of prescriptions that name a drug, as what is ordered or as what is taken."""
        return tuple(line for drugs, line in self._checks if drug in drugs)

    def alerts(self) -> dict[str, tuple[AlertLine, ...]]:
        """Return all alerts by medicine."""
        return _by_medicine(line for _, line in self._alerts)

    def checks(self) -> dict[str, tuple[AlertLine, ...]]:
        """Return all checks by the medicines ordered."""
        return _by_medicine(line for _, line in self._checks)

    def _alert(self, key: str, alert: Alert) -> AlertLine:
        keys = self._guideline.alert_ask_keys[alert.id]
        asks = (self._english.question(ask, asked) for ask, asked in zip(alert.ask, keys, strict=True))
        about = None if alert.drug is None else self._terms.code(alert.drug)
        return self._line(alert, self._guideline.conditions[key], about, tuple(asks))

    def _check(self, key: str, check: OrderCheck) -> AlertLine:
        condition = self._guideline.order_conditions[key]
        ordered = [self._terms.code(code) for code in dict.fromkeys(_codes_of(condition, ORDERED))]
        return self._line(check, condition, either(ordered) if ordered else None, ())

    def _line(self, rule: Alert | OrderCheck, when: c.Condition, about: str | None, asks: tuple[str, ...]) -> AlertLine:
        def blank(name: str) -> str:
            return f"[{self._terms.label(name)}]"

        return AlertLine(
            link=Link(filled(rule.says, blank), ALERTS_FILE, rule.id),
            severity=rule.severity,
            patient_says=filled(rule.patient_says, blank) if rule.patient_says else None,
            about=about,
            when=self._english.say(when),
            source=source_line(self._guideline, rule.source, rule.locator, rule.tag),
            asks=asks,
            note=rule.note,
            shown_in=self._shown_in.get(rule.id, ()),
        )


def _gravity(keyed: tuple[str, Alert | OrderCheck]) -> int:
    return SEVERITIES.index(keyed[1].severity)


def _by_medicine(lines: Iterable[AlertLine]) -> dict[str, tuple[AlertLine, ...]]:
    found: dict[str, tuple[AlertLine, ...]] = {}
    for line in lines:
        name = line.about or NO_ONE_MEDICINE
        found[name] = (*found.get(name, ()), line)
    return found


def _codes_of(condition: c.Condition, fact: str) -> Iterator[str]:
    """List the codes that a condition compares a fact with."""
    for node in nodes(condition):
        match node:
            case c.OneOf(c.Fact(name), codes) if name == fact:
                yield from codes
            case c.Compare(_, c.Fact(name), c.Constant(str() as code)) if name == fact:
                yield code


def _drugs_named(condition: c.Condition) -> Iterator[str]:
    """List the drugs that are ordered or, by the condition, taken."""
    yield from _codes_of(condition, ORDERED)
    for node in nodes(condition):
        if isinstance(node, c.Holds) and "." not in node.name:
            yield from node.codes
