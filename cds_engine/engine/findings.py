"""What a finding about an order is made of: how grave it is, and how other orders are named in it."""

from __future__ import annotations

from typing import Literal

from cds_engine.patient.orders import Order
from cds_engine.results.models import Citation, Finding

Severity = Literal["critical", "warning", "info"]
SEVERITIES: tuple[Severity, ...] = ("critical", "warning", "info")
MAX_NAMED = 5
"""How many other orders of one drug are named."""


def finding(
    order: Order,
    rule: str,
    severity: Severity,
    text: str,
    steps: list[str] | None = None,
    citations: list[Citation] | None = None,
) -> Finding:
    """Return a finding about an order; *rule* is the id of a rule of the pack, or of a check that every pack has."""
    return Finding.made(
        rule=rule, order=order.name, severity=severity, text=text, working=steps or [], citations=citations or []
    )


def named(orders: list[Order]) -> str:
    """Return the names of orders, the first few of many."""
    more = f" and {len(orders) - MAX_NAMED} more" if len(orders) > MAX_NAMED else ""
    return ", ".join(order.name for order in orders[:MAX_NAMED]) + more
