"""The hooks that are served: what each is for, and the request it takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cds_engine.service.requests import HookRequest, OrderRequest, SelectRequest

Focus = Literal["patient", "signed", "selected"]
"""What the cards of a hook are about: the patient as a whole, the orders to be signed, or those selected."""


@dataclass(frozen=True, slots=True)
class Hook:
    """One hook of the specification."""

    name: str
    focus: Focus
    request: type[HookRequest]
    says: str
    """What its cards say, for the discovery."""


_PATIENT = (
    "alerts, treatments with dose and source, what is contraindicated and why, and what has to be known to say more"
)
_ORDERS = "each medication order held against the guideline: interval, dose, contraindications, interactions"

HOOKS = {
    hook.name: hook
    for hook in (
        Hook("patient-view", "patient", HookRequest, f"When a record is opened: {_PATIENT}."),
        Hook("encounter-start", "patient", HookRequest, f"When an encounter begins: {_PATIENT}."),
        Hook("order-select", "selected", SelectRequest, f"While orders are written: {_ORDERS}; those selected only."),
        Hook("order-sign", "signed", OrderRequest, f"Before orders are signed: {_ORDERS}."),
    )
}
