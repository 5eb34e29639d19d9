"""What the endpoints take, as models; the sentences about what does not fit name places, never values."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal, TypeVar
from uuid import UUID

from pydantic import AnyHttpUrl, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.alias_generators import to_camel

from cds_engine.service.refusals import Refusal, malformed

Resource = dict[str, Any]
"""A FHIR resource, as sent."""


class Request(BaseModel):
    """A part of a request; keys that we do not know are left alone, as CDS Hooks asks."""

    model_config = ConfigDict(frozen=True, alias_generator=to_camel, validate_by_alias=True, validate_by_name=False)


class Entry(Request):
    """An entry of a Bundle."""

    resource: Resource


class DraftOrders(Request):
    """The orders that are being written."""

    resource_type: Literal["Bundle"]
    entry: list[Entry] = []


class PatientContext(Request):
    """Whose record is open, and before whom."""

    user_id: str = Field(min_length=1)
    patient_id: str = Field(min_length=1)
    encounter_id: str | None = None

    @property
    def patient(self) -> str:
        """The id of the patient; `Patient/x` is `x`."""
        return self.patient_id.removeprefix("Patient/")

    @property
    def is_read_by_patient(self) -> bool:
        """Whether a patient or a relative looks at it."""
        return self.user_id.startswith(("Patient/", "RelatedPerson/"))


class OrderContext(PatientContext):
    """Orders that are about to be signed."""

    draft_orders: DraftOrders


class SelectContext(OrderContext):
    """Orders that are being written; those selected are the focus."""

    selections: list[str]


class FhirAuthorization(Request):
    """The access that a client grants; this service asks no FHIR server and forgets it."""

    access_token: str = Field(alias="access_token")
    token_type: str = Field(alias="token_type")
    expires_in: int = Field(alias="expires_in")
    scope: str
    subject: str


class HookRequest(Request):
    """What every hook sends."""

    hook: str
    hook_instance: UUID
    fhir_server: AnyHttpUrl | None = None
    fhir_authorization: FhirAuthorization | None = None
    prefetch: dict[str, Resource | None] = Field(default_factory=dict)
    extension: dict[str, Any] | None = None
    context: PatientContext

    @model_validator(mode="before")
    @classmethod
    def _may_send_nothing(cls, data: Any) -> Any:
        """Read a prefetch of null as none; a client may send no prefetch at all."""
        return {**data, "prefetch": {}} if isinstance(data, dict) and data.get("prefetch", {}) is None else data

    @model_validator(mode="after")
    def _names_its_server(self) -> HookRequest:
        if self.fhir_authorization is not None and self.fhir_server is None:
            raise ValueError("`fhirAuthorization` needs its `fhirServer`")
        return self


class OrderRequest(HookRequest):
    """order-sign."""

    context: OrderContext


class SelectRequest(HookRequest):
    """order-select."""

    context: SelectContext


class EvaluateRequest(BaseModel):
    """One patient for one pack: facts in the engine's own words, or a FHIR record."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pack: str | None = None
    """May be left out while the service has only one."""
    patient: dict[str, Any] | None = None
    """Facts by name, or a mapping with the keys `id`, `facts` and `orders`."""
    record: Resource | None = None
    """A FHIR R4 Bundle with the resources of one patient."""
    as_of: dt.date | None = None
    """The day of the answer; today where left out."""
    audience: str | None = None

    @model_validator(mode="after")
    def _has_one(self) -> EvaluateRequest:
        if (self.patient is None) == (self.record is None):
            raise ValueError("send `patient` or `record`, and not both")
        return self


class Accepted(Request):
    """A suggestion that was taken."""

    id: str


class OverrideReason(Request):
    """Why a card was overridden."""

    reason: dict[str, Any] | None = None
    user_comment: str | None = None


class Feedback(Request):
    """What became of one card."""

    card: str = Field(min_length=1, max_length=200)
    outcome: Literal["accepted", "overridden"]
    accepted_suggestions: list[Accepted] | None = None
    override_reason: OverrideReason | None = None
    outcome_timestamp: dt.datetime


class FeedbackRequest(Request):
    """What became of the cards of a service."""

    feedback: list[Feedback] = Field(min_length=1, max_length=1000)


Model = TypeVar("Model", bound=BaseModel)


def read_request(model: type[Model], data: dict[str, Any]) -> Model:
    """Return *data* as *model*.

    Raises:
        Refusal: If it does not fit; the sentence names the first place that is known to the model, and no value.
    """
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise _misfit(error) from None


def _misfit(error: ValidationError) -> Refusal:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    if first["type"] == "value_error":  # our own sentences
        return malformed(first["msg"].removeprefix("Value error, "))
    place = ".".join(str(step) for step in first["loc"] if str(step) in _KNOWN or isinstance(step, int))
    return malformed(f"`{place or 'body'}` does not fit: {_SENTENCES.get(first['type'], 'it has another form')}")


_SENTENCES = {
    "missing": "it is missing",
    "literal_error": "it is none of the words allowed",
    "string_type": "it must be a text",
    "string_too_short": "it is empty",
    "string_too_long": "it is too long",
    "dict_type": "it must be a mapping",
    "model_type": "it must be a mapping",
    "list_type": "it must be a list",
    "too_short": "it is empty",
    "too_long": "it is too long",
    "extra_forbidden": "the body has a key that is not known here",
    "url_parsing": "it must be an http address",
    "uuid_parsing": "it must be a UUID",
    "uuid_type": "it must be a UUID",
}


def _names(*models: type[BaseModel]) -> frozenset[str]:
    return frozenset(field.alias or name for model in models for name, field in model.model_fields.items())


_KNOWN = _names(
    SelectRequest, SelectContext, DraftOrders, Entry, FhirAuthorization, EvaluateRequest, FeedbackRequest, Feedback,
    Accepted, OverrideReason,
)  # fmt: skip
