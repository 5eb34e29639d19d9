"""What became of cards, by caller, service and card; a repeat replaces what was said before."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from cds_engine.record.entries import BrokenEntryError, Feedback
from cds_engine.record.store import Store, UnknownDecisionError

MOST_KEPT = 50_000
"""Cards shown and reports kept in memory; the oldest go first."""


class FeedbackBook(Protocol):
    """Where feedback is kept and read; each caller replaces and reads its own, and nobody else's."""

    def shown(self, caller: str, rules: Mapping[str, list[str]]) -> None:
        """Remember which cards a caller was given, and the rules that each speaks for."""

    def add(self, caller: str, service: str, reports: Iterable[Mapping[str, Any]]) -> None:
        """Keep what a caller reports of cards."""

    def read(self, caller: str, service: str) -> list[dict[str, Any]]:
        """Return what a caller reported to a service, each with the rules of its card where they are known."""


@dataclass(slots=True)
class InMemory:
    """A book that ends with the process; safe to share between threads."""

    _rules: OrderedDict[tuple[str, str], list[str]] = field(default_factory=OrderedDict)
    """By caller and card."""
    _reports: OrderedDict[tuple[str, str, str], dict[str, Any]] = field(default_factory=OrderedDict)
    """By caller, service and card."""
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def shown(self, caller: str, rules: Mapping[str, list[str]]) -> None:
        """Remember which cards a caller was given, and the rules that each speaks for."""
        with self._turn:
            self._rules.update({(caller, card): listed for card, listed in rules.items()})
            _shorten(self._rules)

    def rules(self, caller: str, card: str) -> list[str]:
        """Return the rules that a card speaks for; none where the caller was not given it, or it is long ago."""
        with self._turn:
            return self._rules.get((caller, card), [])

    def add(self, caller: str, service: str, reports: Iterable[Mapping[str, Any]]) -> None:
        """Keep what a caller reports of cards."""
        with self._turn:
            self._reports.update({(caller, service, report["card"]): dict(report) for report in reports})
            _shorten(self._reports)

    def read(self, caller: str, service: str) -> list[dict[str, Any]]:
        """Return what a caller reported to a service, each with the rules of its card where they are known."""
        with self._turn:
            return [
                {**report, "rules": self._rules.get((caller, card), [])}
                for (who, name, card), report in self._reports.items()
                if who == caller and name == service
            ]


def _shorten(kept: OrderedDict[Any, Any]) -> None:
    while len(kept) > MOST_KEPT:
        kept.popitem(last=False)


class OnRecord:
    """A book that stands in the record of decisions.

    Of a card whose decision is not there, or cannot be read any more, it is kept in memory.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._memory = InMemory()

    def shown(self, caller: str, rules: Mapping[str, list[str]]) -> None:
        """Remember which cards a caller was given, and the rules that each speaks for."""
        self._memory.shown(caller, rules)

    def add(self, caller: str, service: str, reports: Iterable[Mapping[str, Any]]) -> None:
        """Keep what a caller reports of cards, one after the other.

        Raises:
            StoreError: If one could not be stored; those before it are.
        """
        for report in reports:
            said = {**report, "service": service, "rules": self._memory.rules(caller, report["card"])}
            try:
                self._store.feedback(report["card"], {**said, "caller": caller} if caller else said)
            except (UnknownDecisionError, BrokenEntryError):
                self._memory.add(caller, service, [report])

    def read(self, caller: str, service: str) -> list[dict[str, Any]]:
        """Return what a caller reported to a service, the last that was said of each card.

        Raises:
            StoreError: If the record cannot be read.
        """
        said = (dict(entry.said) for entry in self._store.read() if isinstance(entry, Feedback))
        own = [one for one in said if (one.pop("caller", ""), one.pop("service", None)) == (caller, service)]
        return [*{one["card"]: one for one in own}.values(), *self._memory.read(caller, service)]
