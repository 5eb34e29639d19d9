"""When an entry of a record happened or held, by the elements in which its type says so."""

from __future__ import annotations

from collections.abc import Mapping

from cds_engine.fhir.days import ONGOING, Days, Stretch, days, moment, stretch
from cds_engine.fhir.elements import CLINICAL, OBJECT, Resource, status

_ACTIVE = frozenset({"active", "recurrence", "relapse"})
_MOMENTS = {
    kind: (f"{name}DateTime", f"{name}Instant", f"{name}Period")
    for kind, name in {
        "Observation": "effective",
        "Procedure": "performed",
        "Immunization": "occurrence",
        "MedicationStatement": "effective",
        "MedicationAdministration": "effective",
    }.items()
}
_AUTHORED = frozenset({"ServiceRequest", "MedicationRequest"})


def time(kind: str, resource: Resource, born: Days | None = None) -> Stretch | None:
    """Return when an entry happened or held, None if it does not say; *born* places what is told by age."""
    if kind in _MOMENTS:
        day, instant, period = _MOMENTS[kind]
        found = moment(resource.get(day)) or moment(resource.get(instant))
        return found or _period(resource.get(period), is_over=True)
    if kind in CLINICAL:
        return _prevalence(kind, resource, born)
    if kind in _AUTHORED:
        return moment(resource.get("authoredOn"))
    if kind == "Encounter":
        return _period(resource.get("period"), is_over=resource.get("status") == "finished")
    return None


def _period(value: object, *, is_over: bool) -> Stretch | None:
    """Read a Period; one without end is going on, unless the entry says that it is over."""
    if not isinstance(value, OBJECT):
        return None
    begin, end = days(value.get("start")), days(value.get("end"))
    if begin is None and end is None:
        return None
    if end is None and "end" not in value and not is_over:
        end = ONGOING
    return stretch(begin, end)


def _prevalence(kind: str, resource: Resource, born: Days | None) -> Stretch | None:
    """Return onset to abatement; without an onset the day of recording stands for it."""
    begin = _edge(resource, "onset", "start", born)
    if begin is None and not any(key.startswith("onset") for key in resource):
        begin = days(resource.get("recordedDate"))
    end = _edge(resource, "abatement", "end", born)
    if end is None and not any(key.startswith("abatement") for key in resource) and status(kind, resource) in _ACTIVE:
        end = ONGOING
    return None if begin is None and end in {None, ONGOING} else stretch(begin, end)


def _edge(resource: Resource, name: str, side: str, born: Days | None) -> Days | None:
    day = days(resource.get(f"{name}DateTime"))
    if day is not None:
        return day
    period = resource.get(f"{name}Period")
    if isinstance(period, Mapping):
        return days(period.get(side))
    age = resource.get(f"{name}Age")
    return _at_age(born, age) if born is not None and isinstance(age, Mapping) else None


def _at_age(born: Days, age: Resource) -> Days | None:
    """Return the days on which somebody was that many years old."""
    value, unit = age.get("value"), age.get("code", age.get("unit"))
    if unit != "a" or isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 150:  # noqa: PLR2004
        return None
    first, last = (
        days(f"{day.year + int(value) + years:04}-{day.month:02}") for day, years in ((born.first, 0), (born.last, 1))
    )
    return None if first is None or last is None else Days(first.first, last.last)
