"""What became of cards, by service and card; a repeat replaces what was said before."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from cds_engine.record.entries import Feedback
from cds_engine.record.store import Store, UnknownDecisionError

MOST_KEPT = 50_000
"""Cards shown and reports kept in memory; the oldest go first."""


class FeedbackBook(Protocol):
    """Where feedback is kept and read."""

    def shown(self, service: str, rules: Mapping[str, list[str]]) -> None:
        """Remember which cards a service gave, and the rules that each speaks for."""

    def add(self, service: str, reports: Iterable[Mapping[str, Any]]) -> None:
        """Keep what a client reports of cards."""

    def read(self, service: str) -> list[dict[str, Any]]:
        """Return what was reported to a service, each with the rules of its card where they are known."""


@dataclass(slots=True)
class InMemory:
    """A book that ends with the process."""

    _rules: OrderedDict[str, list[str]] = field(default_factory=OrderedDict)
    _reports: OrderedDict[tuple[str, str], dict[str, Any]] = field(default_factory=OrderedDict)

    def shown(self, service: str, rules: Mapping[str, list[str]]) -> None:
        """Remember which cards a service gave, and the rules that each speaks for."""
        del service  # the ids of cards are unique
        self._rules.update(rules)
        _shorten(self._rules)

    def rules(self, card: str) -> list[str]:
        """Return the rules that a card speaks for; none where the card is not known any more."""
        return self._rules.get(card, [])

    def add(self, service: str, reports: Iterable[Mapping[str, Any]]) -> None:
        """Keep what a client reports of cards."""
        for report in reports:
            self._reports[service, report["card"]] = dict(report)
        _shorten(self._reports)

    def read(self, service: str) -> list[dict[str, Any]]:
        """Return what was reported to a service, each with the rules of its card where they are known."""
        return [
            {**report, "rules": self.rules(card)} for (name, card), report in self._reports.items() if name == service
        ]


def _shorten(kept: OrderedDict[Any, Any]) -> None:
    while len(kept) > MOST_KEPT:
        kept.popitem(last=False)


class OnRecord:
    """A book that stands in the record of decisions; of a card that no decision there knows it is kept in memory."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._memory = InMemory()

    def shown(self, service: str, rules: Mapping[str, list[str]]) -> None:
        """Remember which cards a service gave, and the rules that each speaks for."""
        self._memory.shown(service, rules)

    def add(self, service: str, reports: Iterable[Mapping[str, Any]]) -> None:
        """Keep what a client reports of cards.

        Raises:
            StoreError: If it could not be stored.
        """
        for report in reports:
            try:
                rules = self._memory.rules(report["card"])
                self._store.feedback(report["card"], {**report, "service": service, "rules": rules})
            except UnknownDecisionError:
                self._memory.add(service, [report])

    def read(self, service: str) -> list[dict[str, Any]]:
        """Return what was reported to a service, the last that was said of each card.

        Raises:
            StoreError: If the record cannot be read.
        """
        said = (dict(entry.said) for entry in self._store.read() if isinstance(entry, Feedback))
        latest = {one["card"]: one for one in said if one.pop("service", None) == service}
        return [*latest.values(), *self._memory.read(service)]
