"""What callers send, brought into one form: a patient, the orders beside him, the day of the answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from cds_engine.diagnostics import InputError, did_you_mean
from cds_engine.patient.complaints import shown, text_of
from cds_engine.results.models import Problem

DEEPEST = 16
"""How deep the lists and mappings of a patient may lie in each other and still be copied."""
PATIENT_KEYS = ("id", "facts", "orders", "audience", "as_of")


@dataclass(frozen=True, slots=True)
class Sent:
    """One patient as a caller sent him, with what was asked; only that the facts are a mapping is certain."""

    id: object
    facts: Mapping[str, object]
    orders: object
    as_of: object
    audience: object


def patient_of(
    facts: Mapping[str, object], identifier: str | None, orders: object, as_of: object, audience: str
) -> Sent:
    """Return the patient of a mapping of facts, or of a whole patient with the key `facts`.

    What is passed beside a whole patient counts before what he says himself; orders count from both places.

    Raises:
        InputError: If there is no mapping of facts.
    """
    if not isinstance(facts, Mapping):
        raise InputError("a patient is a mapping of fact names to values")
    if "facts" not in facts:
        return Sent(identifier, facts, orders, as_of, audience)
    inner = facts["facts"]
    if not isinstance(inner, Mapping):
        raise InputError("`facts` of a patient must be a mapping of fact names to values")
    return Sent(
        id=identifier if identifier is not None else facts.get("id"),
        facts=inner,
        orders=_joined(orders, facts.get("orders")),
        as_of=as_of if as_of is not None else facts.get("as_of"),
        audience=facts.get("audience") or audience if audience == "clinician" else audience,
    )


def _joined(passed: object, written: object) -> object:
    """Return the orders that were passed and those of the patient's file; neither hides the other."""
    given = [orders for orders in (passed, written) if orders is not None and orders not in ((), [])]
    if len(given) < 2:  # noqa: PLR2004
        return given[0] if given else ()
    lists = [orders for orders in given if isinstance(orders, Iterable) and not isinstance(orders, str | Mapping)]
    others = [orders for orders in given if not any(orders is listed for listed in lists)]
    return [*others, *(order for orders in lists for order in orders)]


def unknown_keys(facts: Mapping[str, object]) -> list[Problem]:
    """Return a problem for each key of a whole patient that means nothing: a mistyped one must be heard."""
    if "facts" not in facts:
        return []
    return [
        Problem(fact=None, code="D101", message=f"there is no key {shown(key)} in a patient" + _hint(text_of(key)))
        for key in facts
        if key not in PATIENT_KEYS
    ]


def _hint(key: str) -> str:
    hint = did_you_mean(key, PATIENT_KEYS)
    return f"; {hint}" if hint else "; clinical facts stand under `facts`"


def day_of(as_of: object) -> date | None:
    """Return the day of an answer; of a time its day counts.

    Raises:
        InputError: If *as_of* is no date.
    """
    if isinstance(as_of, datetime):
        return as_of.date()
    if as_of is None or isinstance(as_of, date):
        return as_of
    try:
        return date.fromisoformat(text_of(as_of))
    except ValueError:
        raise InputError(f"`as_of` must be a date such as `2026-11-21`, not {shown(as_of)}") from None


def as_sent(value: Any, depth: int = DEEPEST) -> Any:
    """Return a copy of what a caller sent, so that a later change of it changes nothing here.

    What lies deeper than any patient does is no copy: nothing is read there.
    """
    match value:
        case Mapping() if depth:
            return {key: as_sent(item, depth - 1) for key, item in value.items()}
        case list() | tuple() if depth:
            return [as_sent(item, depth - 1) for item in value]
        case _:
            return value
