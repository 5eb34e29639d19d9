"""What somebody filled in, as a patient of the engine, and a patient as what would be filled in.

A field that is empty is unknown. What a field cannot say in its own way, such as several dated values, it says as JSON,
so that no patient loses anything on the way through the page.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from cds_engine.patient.spec import Dictionary
from cds_engine.service.refusals import malformed

MOST_FIELDS = 2000
NONE = "none"
"""What stands in the field of a list that is known to be empty."""
_NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,15})?")
_ABOUT = {"_as_of", "_audience", "_was", "_ask", "_record", "_kept"}
_PARTS = ("unit", "date")
_ENDS = ("low", "high")
_HAVE_FIELDS = {"facts", "as_of", "audience"}
"""The keys of a patient that are filled in; any other is carried along."""


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of the page, as text."""

    fields: Mapping[str, str] = field(default_factory=dict)
    """By fact, and beside it `FACT.unit`, `FACT.date`, and the laboratory's range as `FACT.range.low` and `.high`."""
    as_of: dt.date | None = None
    audience: str = ""
    """As the pack calls it; the first that is worded for clinicians where empty."""
    was: Mapping[str, Any] | None = None
    """The patient of the answer that the reader has before them, with its day."""
    kept: Mapping[str, Any] = field(default_factory=dict)
    """What the patient came with and no field shows: orders, keys and facts that the pack does not know."""
    ask: str | None = None
    """The rule of which the reader asks what would change it."""
    record: str = ""
    """A FHIR record, or a patient, that was pasted."""


def read_form(raw: bytes) -> Form:
    """Return the form that a browser sent.

    Raises:
        Refusal: If it is no form.
    """
    try:
        pairs = parse_qsl(raw.decode("utf-8"), max_num_fields=MOST_FIELDS, errors="strict")
    except ValueError:
        raise malformed("the form cannot be read") from None
    sent = dict(pairs)
    return Form(
        fields={name: value.strip() for name, value in sent.items() if name not in _ABOUT and value.strip()},
        as_of=_day(sent.get("_as_of", "")),
        audience=sent.get("_audience", ""),
        was=was if isinstance(was := _carried(sent.get("_was", "")), dict) else None,
        kept=_kept(sent.get("_kept", "")),
        ask=sent.get("_ask") or None,
        record=sent.get("_record", "").strip(),
    )


def _day(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text.strip()) if text.strip() else None
    except ValueError:
        raise malformed("the day of the answer is no date") from None


def _carried(text: str) -> Any:
    """Return what the page carries along unseen; somebody else's writing is nothing."""
    try:
        return json.loads(text) if text else None
    except (ValueError, RecursionError):
        return None


def _kept(text: str) -> Mapping[str, Any]:
    """Return what the patient came with; to answer without it would be to answer for another patient."""
    kept = _carried(text) if text else {}
    if not isinstance(kept, dict) or not isinstance(kept.get("facts", {}), dict):
        raise malformed("what the page carries along of the patient cannot be read; load the patient again")
    return kept


def patient_of(form: Form, dictionary: Dictionary) -> dict[str, Any]:
    """Return the patient that was filled in, with what it came with and no field shows."""
    return {**form.kept, "facts": {**form.kept.get("facts", {}), **facts_of(form, dictionary)}}


def kept_of(patient: Mapping[str, Any], fields: Mapping[str, str]) -> dict[str, Any]:
    """Return what of a whole patient the *fields* do not hold."""
    beside = {key: value for key, value in patient.items() if key not in _HAVE_FIELDS}
    return {**beside, "facts": {name: value for name, value in patient["facts"].items() if name not in fields}}


def facts_of(form: Form, dictionary: Dictionary) -> dict[str, Any]:
    """Return the facts that were filled in; what cannot be read goes on as text, for the engine to complain about."""
    return {
        name: _value(spec.entry.type, form.fields[name], _beside(name, form.fields))
        for name, spec in dictionary.facts.items()
        if name in form.fields
    }


def _beside(name: str, fields: Mapping[str, str]) -> dict[str, Any]:
    """Return what was filled in beside the value: unit, date, range."""
    ends = {end: _number(fields[key]) for end in _ENDS if (key := f"{name}.range.{end}") in fields}
    found: dict[str, Any] = {part: fields[key] for part in _PARTS if (key := f"{name}.{part}") in fields}
    return found | ({"range": ends} if ends else {})


def _value(kind: str, text: str, beside: dict[str, Any]) -> Any:
    if text[0] in "[{":
        return _json(text)
    match kind:
        case "boolean":
            return _with({"true": True, "false": False}.get(text, text), beside)
        case "codes":
            return _with([] if text == NONE else [item.strip() for item in text.split(",") if item.strip()], beside)
        case "medications":
            return [] if text == NONE else [_medicine(line) for line in text.splitlines() if line.strip()]
        case "quantity" | "decimal" | "integer":
            return _with(_number(text), beside)
        case _:
            return _with(text, beside)


def _with(value: Any, beside: dict[str, Any]) -> Any:
    return {"value": value, **beside} if beside else value


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _number(text: str) -> Any:
    if not _NUMBER.fullmatch(text):
        return text
    return float(text) if "." in text else int(text)


def _medicine(line: str) -> Any:
    """Read `methotrexate; 15 mg; week; subcutaneous`, or the name alone."""
    if line.strip().startswith("{"):
        return _json(line.strip())
    parts = [part.strip() for part in line.split(";")]
    named = dict(zip(("drug", "dose", "per", "route"), parts, strict=False))
    return {name: value for name, value in named.items() if value}


def fields_of(facts: Mapping[str, Any], dictionary: Dictionary) -> dict[str, str]:
    """Return what would be filled in for *facts*: the form from which `facts_of` makes the same.

    Facts that are unknown, not known to the pack or blank have no field.
    """
    found: dict[str, str] = {}
    for name, value in facts.items():
        spec = dictionary.facts.get(name)
        if spec is not None and "." not in name and value not in (None, "unknown"):
            filled = _filled(name, spec.entry.type, value)
            found |= filled if filled[name].strip() else {}
    return found


def _filled(name: str, kind: str, value: Any) -> dict[str, str]:
    single = value[0] if isinstance(value, list) and len(value) == 1 and kind not in {"codes", "medications"} else value
    if kind == "medications" and isinstance(value, list):
        return {name: "\n".join(_line(item) for item in value) or NONE}
    if kind == "codes" and isinstance(value, list) and all(isinstance(item, str) for item in value):
        return {name: ", ".join(value) or NONE}
    if isinstance(single, Mapping) and _is_plain(single):
        parts = {f"{name}.{part}": str(single[part]) for part in _PARTS if single.get(part)}
        ends = {f"{name}.range.{end}": _shown(value) for end, value in single.get("range", {}).items()}
        return {name: _shown(single.get("value")), **parts, **ends}
    if kind == "quantity" and isinstance(value, str) and (amount := re.fullmatch(r"(-?[\d.]+)\s+(\S+)", value)):
        return {name: amount[1], f"{name}.unit": amount[2]}
    return {name: _shown(value)}


def _is_plain(given: Mapping[str, Any]) -> bool:
    """Say whether a dated value fits into the fields beside a value."""
    spread = given.get("range", {})
    return (
        set(given) <= {"value", "range", *_PARTS}
        and isinstance(given.get("value"), str | bool | int | float)
        and isinstance(spread, Mapping)
        and set(spread) <= set(_ENDS)
    )


def _line(item: Any) -> str:
    """Return one medicine on a line, as JSON where it says more than the line can."""
    if isinstance(item, str):
        return item
    dose = item.get("dose") if isinstance(item, Mapping) else None
    amount = f"{dose.get('value')} {dose.get('unit')}" if isinstance(dose, Mapping) else dose
    plain = isinstance(item, Mapping) and set(item) <= {"drug", "dose", "per", "route"} and item.get("drug")
    if not plain or any(isinstance(item.get(key), list | dict) for key in ("drug", "per", "route")):
        return json.dumps(item)
    return "; ".join(str(part or "") for part in (item["drug"], amount, item.get("per"), item.get("route"))).rstrip(
        "; "
    )


def _shown(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case str():
            return value
        case _:
            return json.dumps(value)
