"""The call of a hook as a question to a pack: whose record, which orders, for whom it is worded."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from cds_engine.engine.guide import LoadedPack
from cds_engine.engine.request import Request
from cds_engine.service.audiences import audience_of
from cds_engine.service.draft_names import is_selected, named
from cds_engine.service.prefetch import Sent
from cds_engine.service.refusals import needs
from cds_engine.service.requests import HookRequest, OrderContext, SelectContext

INFORM = "cds-engine.inform"
"""The key of a request's `extension` by which a client asks for what is only to be known."""
MEDICATION = "MedicationRequest"
Orders = list[Mapping[str, Any]]
"""Draft orders, of whatever type, each with an id."""


def asked_of(
    pack: LoadedPack, request: HookRequest, sent: Sent, orders: Orders, day: date, minimum_review: str | None
) -> Request:
    """Return what the call asks of the pack.

    Raises:
        Refusal: If the Patient is missing where it is needed, or is another than the context names.
    """
    patient = request.context.patient
    found = sent.patients
    if any(str(one.get("id", patient)) != patient for one in found):
        raise needs("the Patient that was sent is another than `context.patientId`")
    if not found and not isinstance(request.context, OrderContext):
        raise needs("the Patient cannot be had: prefetch `patient` was not sent, is null or an error")
    whose = [] if found else [{"resourceType": "Patient", "id": patient}]
    medicines = [order for order in orders if order.get("resourceType") == MEDICATION]
    others = [order for order in orders if order.get("resourceType") == "Medication"]
    return Request(
        sent.bundle(*whose, *others),
        as_of=day,
        audience=audience_of(pack, "patient" if request.context.is_read_by_patient else "clinician"),
        minimum_review=minimum_review,
        orders=medicines,
    )


def orders_of(request: HookRequest) -> Orders:
    """Return the draft orders, each with an id to find it by."""
    context = request.context
    if not isinstance(context, OrderContext):
        return []
    return named(entry.resource for entry in context.draft_orders.entry)


def focus_of(request: HookRequest, orders: Orders) -> tuple[str, ...]:
    """Return the references of the medication orders that the cards are about.

    A selection that names no draft, or none at all, leaves open what was meant: then all of them are looked at.
    """
    context = request.context
    focus = orders
    if isinstance(context, SelectContext):
        meant = [[order for order in orders if is_selected(order, selection)] for selection in context.selections]
        chosen = [order for order in orders if any(order in found for found in meant)]
        focus = chosen if meant and all(meant) else orders
    listed = (f"{MEDICATION}/{order.get('id')}" for order in focus if order.get("resourceType") == MEDICATION)
    return tuple(dict.fromkeys(listed))


def wants_inform(request: HookRequest) -> bool:
    """Say whether the client asks for what is only to be known, too."""
    return bool((request.extension or {}).get(INFORM))
