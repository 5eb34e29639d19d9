"""What is counted, for Prometheus; names of endpoints, hooks and codes, never anything of a patient."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

__all__ = ["CONTENT_TYPE_LATEST", "Metrics"]


class Metrics:
    """The counters of one service."""

    def __init__(self, waiting: Callable[[], int]) -> None:
        self._registry = CollectorRegistry()
        registry = self._registry
        self._requests = Counter(
            "cds_engine_requests", "Requests by endpoint and status.", ("endpoint", "status"), registry=registry
        )
        self._seconds = Histogram(
            "cds_engine_request_seconds", "Time to an answer.", ("endpoint",), buckets=BUCKETS, registry=registry
        )
        self._cards = Counter("cds_engine_cards", "Cards given.", ("service", "indicator"), registry=registry)
        self._refusals = Counter("cds_engine_refusals", "Requests refused, by code.", ("code",), registry=registry)
        self._feedback = Counter(
            "cds_engine_feedback", "Feedback by outcome.", ("service", "outcome"), registry=registry
        )
        gauge = Gauge("cds_engine_waiting_requests", "Requests that wait or are worked on.", registry=registry)
        gauge.set_function(waiting)

    def answered(self, endpoint: str, status: int, seconds: float) -> None:
        """Count a request."""
        self._requests.labels(endpoint, status).inc()
        self._seconds.labels(endpoint).observe(seconds)

    def cards(self, service: str, counts: Mapping[str, int]) -> None:
        """Count the cards of an answer."""
        for indicator, count in counts.items():
            self._cards.labels(service, indicator).inc(count)

    def refused(self, code: str) -> None:
        """Count a refusal."""
        self._refusals.labels(code).inc()

    def feedback(self, service: str, outcome: str) -> None:
        """Count what became of a card."""
        self._feedback.labels(service, outcome).inc()

    def text(self) -> bytes:
        """Return all counters as Prometheus reads them."""
        return generate_latest(self._registry)
