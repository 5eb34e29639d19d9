"""What CDS Hooks is answered with, as models; what is empty is left out, never null."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

Indicator = Literal["info", "warning", "critical"]
INDICATORS: tuple[Indicator, ...] = ("critical", "warning", "info")
"""In the order of the cards of an answer."""
MOST_CHARACTERS = 139
"""Of a summary: it stays under 140."""
Summary = Annotated[str, Field(min_length=1, max_length=MOST_CHARACTERS)]


class Part(BaseModel):
    """A part of a response."""

    model_config = ConfigDict(
        frozen=True, alias_generator=to_camel, serialize_by_alias=True, validate_by_alias=True, validate_by_name=True
    )


class Coding(Part):
    """A code with what it means."""

    code: str
    system: str | None = None
    display: str | None = None


class Source(Part):
    """What a card rests on."""

    label: str = Field(min_length=1)
    url: str | None = None
    icon: str | None = None
    topic: Coding | None = None


class Action(Part):
    """What accepting a suggestion does."""

    type: Literal["create", "update", "delete"]
    description: str
    resource: dict[str, Any] | None = None
    resource_id: str | None = None


class Suggestion(Part):
    """Something the reader can accept with one click."""

    label: str
    uuid: str
    is_recommended: bool | None = None
    actions: list[Action] = Field(default_factory=list)


class Link(Part):
    """Where more can be read."""

    label: str
    url: str
    type: Literal["absolute", "smart"]
    app_context: str | None = None


class Card(Part):
    """One card."""

    uuid: str
    summary: Summary
    detail: str | None = None
    indicator: Indicator
    source: Source
    suggestions: list[Suggestion] = Field(default_factory=list)
    selection_behavior: Literal["at-most-one", "any"] | None = None
    override_reasons: list[Coding] = Field(default_factory=list)
    links: list[Link] = Field(default_factory=list)


class Cards(Part):
    """The answer to a hook; `cards` is always there."""

    cards: list[Card]


class Service(Part):
    """One service of the discovery."""

    hook: str
    title: str
    description: str
    id: str
    prefetch: dict[str, str] = Field(default_factory=dict)
    usage_requirements: str | None = None


class Services(Part):
    """The discovery; `services` is always there."""

    services: list[Service]


def plain(part: Part, keep: str) -> dict[str, Any]:
    """Return a response as JSON has it, without null and without what is empty, but for the list called *keep*."""
    found = part.model_dump(mode="json", by_alias=True)
    return {keep: [], **_pruned(found)}


def _pruned(value: Any) -> Any:
    match value:
        case dict():
            pruned = {key: _pruned(inner) for key, inner in value.items()}
            return {key: inner for key, inner in pruned.items() if inner not in ("", [], {}, None)}
        case list():
            return [_pruned(inner) for inner in value]
        case _:
            return value
