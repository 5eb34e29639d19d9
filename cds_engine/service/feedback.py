"""What became of cards, by service and card; a repeat replaces what was said before. Ends with the process."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

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

    def add(self, service: str, reports: Iterable[Mapping[str, Any]]) -> None:
        """Keep what a client reports of cards."""
        for report in reports:
            self._reports[service, report["card"]] = dict(report)
        _shorten(self._reports)

    def read(self, service: str) -> list[dict[str, Any]]:
        """Return what was reported to a service, each with the rules of its card where they are known."""
        return [
            {**report, "rules": self._rules.get(card, [])}
            for (name, card), report in self._reports.items()
            if name == service
        ]


def _shorten(kept: OrderedDict[Any, Any]) -> None:
    while len(kept) > MOST_KEPT:
        kept.popitem(last=False)
