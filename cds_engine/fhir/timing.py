"""How often a medicine of a record is taken, in the words of the engine's own list of medicines.

Of what a timing may mean the most frequent reading counts. Two statements that differ both stand, so that neither hides
the other; what is rarer than once a week and no interval of the list stays unknown and is said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cds_engine.fhir.elements import Resource, codings
from cds_engine.fhir.values import is_amount
from cds_engine.patient.intervals import plain, read_interval

Often = dict[str, Any]
"""`per` and `times` of an entry of the list; empty where nothing can be read."""
UNDETERMINED = "dose could not be determined: "
_UNREADABLE = f"{UNDETERMINED}how often it is taken cannot be read"
_NO_TIMING = "an unreadable rhythm"
"""Stands beside what codes say, so that a weekly code is not taken for all that was said."""
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
    "every other day": {"per": "week", "times": 3.5},
}
"""Codes of FHIR's own list, and the words of one, that the engine's words do not hold."""
_IN_A_WEEK = {"day": 7.0, "several_times_a_week": 1.0, "week": 1.0, "two_weeks": 0.5, "month": 0.25}
"""How many of an interval of the list, or of its counted parts, a week holds at most."""
_TOO_OFTEN = frozenset({"day", "several_times_a_week"})


def often(dosage: Resource, remarks: list[str]) -> Often:
    """Return how often a dosage instruction says that it is taken, and add to the *remarks* what is not plain."""
    timing = dosage.get("timing")
    timing = timing if isinstance(timing, Mapping) else {}
    repeat = timing.get("repeat")
    repeated = _repeated(repeat, remarks) if isinstance(repeat, Mapping) else {}
    codes = list(dict.fromkeys(_words(timing.get("code"))))
    if "per" in repeated:
        return _with_code(repeated, codes, remarks)
    words = _in_words(dosage, codes)
    if repeated.get("unreadable"):
        return {"per": [*words, _NO_TIMING]} if words else {}
    if not words:
        remarks.append(_UNREADABLE)
    return _in_code(words, remarks)


def times_a_week(said: Often) -> float | None:
    """Return how many times a week a statement comes to, None where it has no one interval that can be counted."""
    per = said.get("per")
    listed = [plain(words) for words in (per if isinstance(per, list) else [per])]
    intervals = {read.interval for read in listed}
    if len(intervals) != 1:
        return None
    (interval,) = intervals
    count = max(read.times or 0 for read in listed) * said.get("times", 1)
    if interval == "several_times_a_week" and count <= 1:
        return None
    weeks = _IN_A_WEEK.get(str(interval))
    return None if weeks is None else count * weeks


def _words(concept: object) -> Iterator[str]:
    for coding in codings(concept):
        if isinstance(coding.get("code"), str):
            yield coding["code"].lower()
    text = concept.get("text") if isinstance(concept, Mapping) else None
    if isinstance(text, str) and text.strip():
        yield text.lower()


def _in_words(dosage: Resource, codes: list[str]) -> list[str]:
    """Return the *codes*; where none of them can be read, also what a text of the instruction says too often.

    A text is never heard as once a week: it says much else.
    """
    if any(words in _CODES or read_interval(words).interval is not None for words in codes):
        return codes
    texts = (text for key in ("text", "patientInstruction") if isinstance(text := dosage.get(key), str))
    too_often = next((text for text in texts if read_interval(text).interval in _TOO_OFTEN), None)
    return codes if too_often is None else [*codes, too_often]


def _in_code(codes: list[str], remarks: list[str]) -> Often:
    """Return what all the codes say. One that cannot be read goes on, so that it is told and stands for nothing."""
    heard: list[Often] = []
    for words in codes:
        said = _CODES.get(words, {"per": words})
        if said not in heard:
            heard.append(said)
    if len({read_interval(_listed_word(said)).interval for said in heard}) > 1:
        remarks.append("its codes say different things of how often: all of them are heard")
    return _together(heard)


def _with_code(repeated: Often, codes: list[str], remarks: list[str]) -> Often:
    """Return what `repeat` says, beside what codes say that is not the same."""
    heard = [repeated]
    for words in codes:
        coded = _coded(words)
        if coded is not None and coded not in heard:
            remarks.append(f"its code, `{words}`, says otherwise than its timing: both are heard")
            heard.append(coded)
    return _together(heard)


def _coded(words: str) -> Often | None:
    """Return what a code plainly says."""
    if words in _CODES:
        return _CODES[words]
    said = plain(words)
    if said.interval is None:
        return None
    if said.interval == "several_times_a_week" and said.times is not None and said.times > 1:
        return {"per": "week", "times": said.times}
    return {"per": said.interval, "times": said.times or 1}


def _together(heard: list[Often]) -> Often:
    """Return several statements as one entry: the most times of one interval, else every interval."""
    if not heard:
        return {}
    if len({said["per"] for said in heard}) == 1:
        return {**heard[0], **({"times": max(said.get("times", 1) for said in heard)} if len(heard) > 1 else {})}
    return {"per": [_listed_word(said) for said in heard]}


def _listed_word(said: Often) -> str:
    """Return how a statement stands among others, where it has no count of its own."""
    return "several times a week" if said["per"] == "week" and said.get("times", 1) > 1 else str(said["per"])


def _repeated(repeat: Resource, remarks: list[str]) -> Often:
    """Read `Timing.repeat`: times in a period, on days of the week, at hours of the day."""
    counts = [repeat[name] for name in ("frequency", "frequencyMax") if name in repeat]
    times = max(counts, default=1) if all(map(is_amount, counts)) else None
    period, unit = repeat.get("period", repeat.get("periodMax")), repeat.get("periodUnit")
    weekdays, hours = _listed(repeat.get("dayOfWeek")), _listed(repeat.get("timeOfDay", repeat.get("when")))
    if times is None or not (period is None or (is_amount(period) and isinstance(unit, str) and unit in _HOURS)):
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
