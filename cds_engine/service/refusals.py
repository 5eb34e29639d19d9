"""Why a request is refused: a status, a stable code and one sentence that never repeats what was sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

ISSUE_TYPES = {
    400: "invalid",
    401: "login",
    403: "forbidden",
    404: "not-found",
    405: "not-supported",
    408: "timeout",
    411: "required",
    412: "required",
    413: "too-costly",
    415: "not-supported",
    422: "invalid",
    431: "too-long",
    503: "transient",
}
"""The codes that FHIR has for the kinds of failure."""


class Refusal(Exception):  # noqa: N818 - a word of its own
    """A request that is not answered.

    The sentence speaks of the request's shape only: a value of it may be a patient's.
    """

    def __init__(self, status: int, code: str, sentence: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, code, sentence, headers)
        self.status = status
        self.code = code
        self.sentence = sentence
        self.headers = dict(headers or {})

    def outcome(self) -> dict[str, Any]:
        """Return it as a FHIR OperationOutcome."""
        return outcome(self.status, self.code, self.sentence)


def outcome(status: int, code: str, sentence: str) -> dict[str, Any]:
    """Return an OperationOutcome with one issue."""
    issue = {
        "severity": "error",
        "code": ISSUE_TYPES.get(status, "exception"),
        "details": {"text": code},
        "diagnostics": sentence,
    }
    return {"resourceType": "OperationOutcome", "issue": [issue]}


def needs(sentence: str) -> Refusal:
    """Say that data which the answer needs cannot be had."""
    return Refusal(412, "data-required", sentence)


def malformed(sentence: str) -> Refusal:
    """Say that a body is not what the endpoint takes."""
    return Refusal(400, "malformed", sentence)


def too_large(sentence: str) -> Refusal:
    """Say that a body is larger than this service takes."""
    return Refusal(413, "too-large", sentence)


def busy() -> Refusal:
    """Say that too many requests wait."""
    return Refusal(503, "busy", "too many requests are waiting; come again in a moment", {"Retry-After": "1"})


def unrecorded() -> Refusal:
    """Say that something could not be kept, and was therefore not done."""
    return Refusal(503, "not-recorded", "it could not be recorded, and was therefore not done", {"Retry-After": "5"})


def partly_unrecorded() -> Refusal:
    """Say that not all of several reports could be kept; a repeat replaces, so that it does no harm."""
    sentence = "some of the reports could not be recorded; send all of them again"
    return Refusal(503, "not-recorded", sentence, {"Retry-After": "5"})
