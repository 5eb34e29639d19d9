"""How often a medicine of a record is taken, in the words of the engine's own list of medicines.

Of what a timing may mean the most frequent reading counts. Two statements that differ both stand, so that neither hides
the other; what is rarer than once a week and no interval of the list stays unknown and is said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cds_engine.fhir.elements import Resource, codings
from cds_engine.patient.intervals import plain, read_interval

Often = dict[str, Any]
"""`per` and `times` of an entry of the list; empty where nothing can be read."""
UNDETERMINED = "dose could not be determined: "
_UNREADABLE = f"{UNDETERMINED}how often it is taken cannot be read"
_HOURS = {"s": 1 / 3600, "min": 1 / 60, "h": 1, "d": 24, "wk": 168, "mo": 672, "a": 8760}
"""A month has at least 28 days."""
_DAY, _WEEK = _HOURS["d"], _HOURS["wk"]
_LISTED: dict[tuple[float, str], str] = {
    (24, "d"): "day",
    (24, "h"): "day",
    (168, "wk"): "week",
    (168, "d"): "week",
    (168, "h"): "week",
}
_LISTED |= {(336, "wk"): "two_weeks", (336, "d"): "two_weeks", (672, "mo"): "month"}
_CODES: Mapping[str, Often] = {
    "am": {"per": "day", "times": 1},
    "pm": {"per": "day", "times": 1},
    "bed": {"per": "day", "times": 1},
    "qod": {"per": "week", "times": 3.5},
}
"""Codes of FHIR's own list that the engine's words do not hold."""
_TOO_OFTEN = frozenset({"day", "several_times_a_week"})


def often(dosage: Resource, remarks: list[str]) -> Often:
    """Return how often a dosage instruction says that it is taken, and add to the *remarks* what is not plain."""
    timing = dosage.get("timing")
    timing = timing if isinstance(timing, Mapping) else {}
    repeat = timing.get("repeat")
    repeated = _repeated(repeat, remarks) if isinstance(repeat, Mapping) else {}
    if "per" in repeated:
        return _with_code(repeated, timing, remarks)
    if repeated.get("unreadable"):
        return {}
    words = next(_words(timing.get("code")), None)
    if words is not None:
        return _CODES.get(words, {"per": words})
    for text in (dosage.get("text"), dosage.get("patientInstruction")):
        if isinstance(text, str) and read_interval(text).interval in _TOO_OFTEN:
            return {"per": text}  # in words: what they say too often is heard, but they never stand for once a week
    remarks.append(_UNREADABLE)
    return {}


def _words(concept: object) -> Iterator[str]:
    for coding in codings(concept):
        if isinstance(coding.get("code"), str):
            yield coding["code"].lower()
    text = concept.get("text") if isinstance(concept, Mapping) else None
    if isinstance(text, str) and text.strip():
        yield text.lower()


def _with_code(repeated: Often, timing: Resource, remarks: list[str]) -> Often:
    """Return what `repeat` says, beside what a code says that is not the same."""
    for words in _words(timing.get("code")):
        coded = _CODES.get(words)
        if coded is None:
            said = plain(words)
            interval = "week" if said.interval == "several_times_a_week" else said.interval
            coded = {"per": interval, "times": said.times or 1}
        if coded["per"] is None or coded == repeated:
            continue
        remarks.append(f"its code, `{words}`, says otherwise than its timing: both are heard")
        if coded["per"] == repeated["per"]:
            return {**repeated, "times": max(coded["times"], repeated["times"])}
        return {"per": [repeated["per"], coded["per"]]}
    return repeated


def _repeated(repeat: Resource, remarks: list[str]) -> Often:
    """Read `Timing.repeat`: times in a period, on days of the week, at hours of the day."""
    counts = [repeat[name] for name in ("frequency", "frequencyMax") if name in repeat]
    times = max(counts, default=1) if all(map(_is_count, counts)) else None
    period, unit = repeat.get("period", repeat.get("periodMax")), repeat.get("periodUnit")
    weekdays, hours = _listed(repeat.get("dayOfWeek")), _listed(repeat.get("timeOfDay", repeat.get("when")))
    if times is None or not (period is None or (_is_count(period) and unit in _HOURS)):
        remarks.append(_UNREADABLE)
        return {"unreadable": True}
    times = max(times, len(hours))
    if weekdays:
        return _on_weekdays(len(set(map(str, weekdays))), times, period, str(unit), remarks)
    if period is None:
        return {"per": "day", "times": times} if hours else {}
    return _every(times, period, str(unit), remarks)


def _on_weekdays(days: int, times: float, period: float | None, unit: str, remarks: list[str]) -> Often:
    """Read what is taken on some days of the week: so often on each of them, or so often in all."""
    if period is None:
        return {"per": "week", "times": days * times}
    hours = period * _HOURS[unit]
    if hours < _WEEK:
        return {"per": "week", "times": days * max(1, times * _DAY / hours)}
    return _every(max(days, times), period, unit, remarks)


def _every(times: float, period: float, unit: str, remarks: list[str]) -> Often:
    hours = period * _HOURS[unit]
    a_week = times * _WEEK / hours
    listed = _LISTED.get((hours, unit))
    if listed in {"day", "week"} or (listed is not None and a_week <= 1):
        return {"per": listed, "times": times}
    if a_week >= _WEEK / _DAY:
        return {"per": "day", "times": times * _DAY / hours}
    if a_week > 1:
        return {"per": "week", "times": a_week}
    said = f"{times:g} times every {period:g} {unit}"
    remarks.append(f"{UNDETERMINED}{said} is no interval of the list")
    return {"per": said}


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _is_count(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0
