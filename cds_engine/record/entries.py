"""What a store holds: decisions and what was said of them afterwards, and their text in the store."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, assert_never

from cds_engine.diagnostics import CdsError, InputError
from cds_engine.engine.request import Request
from cds_engine.record.chain import Break, Row, hash_of, is_as_stored
from cds_engine.results.evaluation import Evaluation

FORM = 1
"""The form of the texts below; a later one would have to be read beside it."""


class BrokenEntryError(CdsError):
    """An entry of a store cannot be read as what it was; `Store.verify` says what became of the chain."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What was asked, and what was answered."""

    number: int
    recorded: datetime
    request: Request
    """With the day and the audience that the answer rests on, so that asking again asks the same."""
    input_hash: str
    """Over the patient and orders as sent; the same have the same hash, in whatever order their keys stand."""
    names: tuple[str, ...]
    """What else the decision goes by, such as the cards that were made of it."""
    answer: Mapping[str, Any]
    """The contract's JSON, as it was given; `pack` and `engine` say who answered."""

    @property
    def pack(self) -> Mapping[str, Any]:
        """Which pack answered: `id`, `version`, `hash`."""
        found: Mapping[str, Any] = self.answer["pack"]
        return found

    @property
    def engine(self) -> Mapping[str, Any]:
        """Which engine answered: `version`, `agreed_by`."""
        found: Mapping[str, Any] = self.answer["engine"]
        return found


@dataclass(frozen=True, slots=True)
class Feedback:
    """What somebody said of a decision afterwards."""

    number: int
    recorded: datetime
    about: int
    said: Mapping[str, Any]


Entry = Decision | Feedback


def decision_text(answer: Evaluation, request: Request, names: Iterable[str], recorded: datetime) -> str:
    """Return a decision as the store keeps it.

    Raises:
        InputError: If the patient holds something that JSON has no word for.
    """
    patient = _as_json(request.patient, "the patient")
    orders = _as_json(request.orders, "an order")
    asked = {
        "patient": patient,
        **({"orders": orders} if orders else {}),
        "as_of": answer.as_of,
        "audience": answer.audience,
        "period": request.period,
        "minimum_review": request.minimum_review,
    }
    return _text(
        {
            "form": FORM,
            "kind": "decision",
            "recorded": recorded.isoformat(),
            "names": list(names),
            "input_hash": _input_hash(patient, orders),
            "request": asked,
            "answer": answer.model_dump(mode="json", by_alias=True),
        }
    )


def feedback_text(about: int, said: Mapping[str, Any], recorded: datetime) -> str:
    """Return a feedback as the store keeps it.

    Raises:
        InputError: If it holds something that JSON has no word for.
    """
    plain = _as_json(said, "the feedback")
    return _text({"form": FORM, "kind": "feedback", "recorded": recorded.isoformat(), "about": about, "said": plain})


def read_entry(row: Row) -> Entry | Break:
    """Return the entry of a row, or that it is not what was stored: a changed text is never shown as a decision."""
    if not is_as_stored(row):
        return Break(row.number, "it is not what was stored: its text or its hash was changed")
    try:
        return _entry(row.number, json.loads(row.body))
    except (ValueError, KeyError, TypeError):
        return Break(row.number, "its text is not one that a store writes")


def _entry(number: int, data: Mapping[str, Any]) -> Entry:
    recorded = datetime.fromisoformat(data["recorded"])
    match data["kind"]:
        case "decision":
            request, names, answer = _request(data["request"]), tuple(data["names"]), data["answer"]
            return Decision(number, recorded, request, data["input_hash"], names, answer)
        case "feedback":
            return Feedback(number, recorded, data["about"], data["said"])
        case kind:
            raise ValueError(kind)


def contradictions(row: Row, names: Iterable[str]) -> list[Break]:
    """Return what is wrong with an entry by itself, and what stands beside its text and does not agree with it.

    The columns beside the text only find entries quickly; the chain speaks of the text alone.
    """
    entry = read_entry(row)
    about: int | None = None
    known_as: tuple[str, ...] = ()
    reasons = []
    match entry:
        case Break():
            return [entry]
        case Feedback():
            about = entry.about
        case Decision():
            known_as = entry.names
            if entry.input_hash != _input_hash(entry.request.patient, entry.request.orders):
                reasons.append("its input hash is not that of its input")
        case _:
            assert_never(entry)
    if row.about != about:
        reasons.append("it is filed under another decision than its text says")
    if set(names) != set(known_as):
        reasons.append("it is filed under other names than its text says")
    return [Break(row.number, reason) for reason in reasons]


def _request(data: Mapping[str, Any]) -> Request:
    day = data["as_of"]
    return Request(
        patient=data["patient"],
        as_of=None if day is None else date.fromisoformat(day),
        audience=data["audience"],
        period=data["period"],
        minimum_review=data["minimum_review"],
        orders=tuple(data.get("orders", ())),
    )


def _input_hash(patient: object, orders: Sequence[object]) -> str:
    """Return the hash of a patient, with the orders where there are any beside it."""
    sent = {"patient": patient, "orders": list(orders)} if orders else patient
    return hash_of(json.dumps(sent, sort_keys=True, separators=(",", ":")))


def _text(data: Mapping[str, Any]) -> str:
    """Return JSON in the order given and in ASCII, which no database changes."""
    return json.dumps(data, separators=(",", ":"), default=_day)


def _day(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(type(value).__name__)


def _as_json(value: object, what: str) -> Any:
    """Return data as JSON would give them back: days as texts, tuples as lists."""
    try:
        return _plain(value, what)
    except RecursionError:
        raise InputError(f"{what} cannot be recorded: it is nested too deeply") from None


def _plain(value: object, what: str) -> Any:
    match value:
        case None | bool() | int() | str():
            return value
        case float() if value - value == 0:  # neither NaN nor infinite
            return value
        case date():
            return value.isoformat()
        case Mapping() if all(isinstance(key, str) for key in value):
            return {key: _plain(item, f"`{key}` of {what}") for key, item in value.items()}
        case list() | tuple():
            return [_plain(item, what) for item in value]
    kind = type(value).__name__
    raise InputError(
        f"{what} cannot be recorded: a `{kind}` like this is no JSON; send texts, numbers, lists, mappings"
    )
