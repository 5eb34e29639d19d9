"""Prescriptions to be screened: read like the medicines of a list, each kept with what was wrong with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cds_engine.patient import complaints
from cds_engine.patient.medications import Entry, read_medications
from cds_engine.patient.spec import Dictionary
from cds_engine.patient.values import CodeSet, Known, Problem

MAX_DEPTH = 8
JSON_SAFE = 2.0**53
NOT_ACTIVE = frozenset({"stopped", "completed", "cancelled", "entered-in-error"})


@dataclass(frozen=True, slots=True)
class Order:
    """One prescription: as sent, and as read."""

    name: str
    """Its id, or what stands for one."""
    sent: Mapping[str, object]
    entry: Entry
    problems: tuple[Problem, ...]
    is_taken: bool = False
    """True for a medicine of the patient's list, False for a proposal."""


def read_orders(raw: object, dictionary: Dictionary, problems: list[Problem]) -> list[Order]:
    """Read the orders of a patient; one that is no mapping is reported and left out."""
    if not isinstance(raw, Iterable) or isinstance(raw, str | Mapping):
        problems.append(complaints.bad_order("`orders` must be a list of orders"))
        return []
    found = []
    for index, item in enumerate(raw, 1):
        if not isinstance(item, Mapping):
            problems.append(
                complaints.bad_order(f"order {index}, {complaints.shown(item)}, has no `drug` and was not screened")
            )
            continue
        if complaints.text_of(item.get("status")).strip().lower() not in NOT_ACTIVE:
            found += _orders(complaints.text_of(item.get("id") or f"order {index}"), item, dictionary)
    return found


def taken_as_orders(medicines: Iterable[Entry]) -> list[Order]:
    """Return the medicines that a patient takes as orders, those that a fact of its own names as well.

    A dose that a fact states as all of a drug is left out where a line of the list says the same.
    """
    taken = [entry for entry in medicines if entry.sent is not None]
    listed = [entry for entry in taken if not entry.is_total]
    said = {(entry.drug, entry.intervals, entry.weekly_mg) for entry in listed}
    stated = [e for e in taken if e.is_total and (e.drug, e.intervals, e.weekly_mg) not in said]
    found = []
    for index, entry in enumerate([*listed, *stated], 1):
        sent = entry.sent or {}
        name = complaints.text_of(sent.get("id") or f"taken {index}")
        found.append(Order(name, _sent(sent), entry, entry.problems, is_taken=True))
    return found


def _orders(name: str, item: Mapping[str, object], dictionary: Dictionary) -> list[Order]:
    """Read one prescription; one that names several medicines is screened for each."""
    problems: list[Problem] = []
    entries = read_medications("orders", [item], dictionary, problems)
    return [Order(name, _sent(item), entry, tuple(problems)) for entry in entries]


def _sent(item: Mapping[str, object]) -> dict[str, object]:
    return {complaints.text_of(key): _echo(value) for key, value in item.items()}


def _echo(value: object, depth: int = MAX_DEPTH) -> object:
    """Return what somebody sent as JSON can carry it; what it cannot carry becomes text."""
    match value:
        case None | bool():
            return value
        case int() | float() if abs(value) < JSON_SAFE:  # not NaN, not infinite, not rounded by a reader
            return value
        case Mapping() if depth:
            return {complaints.text_of(key): _echo(inner, depth - 1) for key, inner in value.items()}
        case list() | tuple() if depth:
            return [_echo(inner, depth - 1) for inner in value]
        case _:
            return complaints.text_of(value)


def facts_of(order: Order) -> dict[str, Known]:
    """Return what conditions about an order read; what the order does not say is unknown."""
    entry = order.entry
    found = {"order.per": Known(CodeSet(frozenset(entry.intervals), is_complete=bool(entry.intervals)))}
    said = {
        "order.drug": entry.drug,
        "order.dose": entry.dose_mg,
        "order.route": entry.route,
        "order.weekly_amount": entry.weekly_mg,
    }
    return found | {name: Known(value) for name, value in said.items() if value is not None}
