"""What draft orders are called: by the id that the client gave, or by one of ours that no client can have given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

OURS = "draft:"
"""How an id of ours begins; no FHIR id holds a colon."""


def named(resources: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the resources, each with an id to find it by; what is no id counts as none."""
    return [one if _has_id(one) else {**one, "id": f"{OURS}{index}"} for index, one in enumerate(resources, 1)]


def is_ours(reference: str) -> bool:
    """Say whether the client knows no such order: then nothing can be done to it."""
    return reference.rpartition("/")[2].startswith(OURS)


def is_selected(order: Mapping[str, Any], selection: str) -> bool:
    """Say whether a selection names an order: by its id, by type and id, or by a full address, of any version."""
    kind, _, name = selection.split("/_history/", 1)[0].rpartition("/")
    return name == order.get("id") and kind.rpartition("/")[2] in ("", order.get("resourceType"))


def _has_id(resource: Mapping[str, Any]) -> bool:
    given = resource.get("id")
    return isinstance(given, str) and bool(given.strip()) and not given.startswith(OURS)
