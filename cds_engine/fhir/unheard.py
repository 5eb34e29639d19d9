"""What a dosage instruction says that no dose and no interval is read from, and why: it is told, never passed over."""

from __future__ import annotations

from collections.abc import Iterator

from cds_engine.fhir.elements import Resource, elements

_BY_STATUS = "was not used: its status says whether it is taken now"
_NO_DOSE = "was not used: it is no dose of one time"
_LIMIT = "is a limit, and was not taken for a dose"
_REASONS = {
    "timing.event": "a list of days (`event`) was not used: it is no interval",
    "timing.repeat.boundsPeriod": f"how long it is taken (`boundsPeriod`) {_BY_STATUS}",
    "timing.repeat.boundsDuration": f"how long it is taken (`boundsDuration`) {_BY_STATUS}",
    "timing.repeat.boundsRange": f"how long it is taken (`boundsRange`) {_BY_STATUS}",
    "timing.repeat.count": f"how many times it is taken in all (`count`) {_BY_STATUS}",
    "timing.repeat.countMax": f"how many times it is taken in all (`countMax`) {_BY_STATUS}",
    "doseAndRate.rateQuantity": f"how fast it is given (`rateQuantity`) {_NO_DOSE}",
    "doseAndRate.rateRange": f"how fast it is given (`rateRange`) {_NO_DOSE}",
    "doseAndRate.rateRatio": f"how fast it is given (`rateRatio`) {_NO_DOSE}",
    "rateQuantity": f"how fast it is given (`rateQuantity`) {_NO_DOSE}",
    "rateRatio": f"how fast it is given (`rateRatio`) {_NO_DOSE}",
    "maxDosePerPeriod": f"the most that may be taken in a period {_LIMIT}",
    "maxDosePerAdministration": f"the most that may be taken at one time {_LIMIT}",
    "maxDosePerLifetime": f"the most that may be taken in a lifetime {_LIMIT}",
}
"""By where it stands in the instruction."""


def unheard(dosage: Resource) -> Iterator[str]:
    """Yield the remarks on what of a dosage instruction is not used."""
    for path, reason in _REASONS.items():
        if elements(dosage, path):
            yield reason
