"""Example patients of a pack, to which a found patient is kept near: those that its cases start from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from cds_engine.diagnostics import Diagnostic
from cds_engine.lowering.guideline import Guideline
from cds_engine.pack import reading
from cds_engine.patient.read import read_facts
from cds_engine.patient.values import Known

MOST = 3


def examples_of(guideline: Guideline) -> list[Mapping[str, Known]]:
    """Return the first patients under `bases` in the pack's cases, as far as they can be read; often there are none."""
    return [found for base in bases_of(guideline.pack.path)[:MOST] if (found := _known(base, guideline))]


def bases_of(folder: Path) -> list[Mapping[str, object]]:
    """Return the facts of each patient under `bases` in cases.yaml that starts from no other."""
    bases = _cases(folder).get("bases")
    found = bases.values() if isinstance(bases, Mapping) else []
    facts = [base.get("with") for base in found if isinstance(base, Mapping) and "from" not in base]
    return [_typed(written) for written in facts if isinstance(written, Mapping)]


def whole_bases_of(folder: Path) -> list[dict[str, object]]:
    """Return the facts of every patient under `bases` in cases.yaml, with those of the one he starts from."""
    bases = _cases(folder).get("bases")
    whole: dict[str, dict[str, object]] = {}
    for name, base in bases.items() if isinstance(bases, Mapping) else ():
        written = base.get("with", {}) if isinstance(base, Mapping) else None
        if isinstance(written, Mapping):
            facts = {**whole.get(str(base.get("from")), {}), **_typed(written)}
            gone = base.get("without")
            whole[name] = {key: facts[key] for key in facts if not isinstance(gone, list) or key not in gone}
    return list(whole.values())


def usual_values(folder: Path) -> dict[str, list[object]]:
    """Return for each fact the plain values and lists that the patients in cases.yaml have, the first first."""
    data = _cases(folder)
    bases, cases = data.get("bases"), data.get("cases")
    patients = [*(bases.values() if isinstance(bases, Mapping) else []), *(cases if isinstance(cases, list) else [])]
    found: dict[str, list[object]] = {}
    for patient in patients:
        written = patient.get("with") if isinstance(patient, Mapping) else None
        for name, value in _typed(written).items() if isinstance(written, Mapping) else ():
            if isinstance(value, str | float | bool | list) and value not in found.setdefault(name, []):
                found[name].append(value)
    return found


def _cases(folder: Path) -> Mapping[str, object]:
    file = folder / "cases.yaml"
    findings: list[Diagnostic] = []
    return (reading.read_yaml(file.read_bytes(), file.as_posix(), findings) if file.is_file() else None) or {}


def _typed(written: Mapping[str, object]) -> dict[str, object]:
    """Give plain numbers and truths back their type; a pack file holds every scalar as text."""
    return {name: _scalar(value) for name, value in written.items()}


def _scalar(value: object) -> object:
    if isinstance(value, str) and value in {"true", "false"}:
        return value == "true"
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value


def _known(facts: Mapping[str, object], guideline: Guideline) -> dict[str, Known]:
    record = read_facts(facts, guideline.dictionary, None)
    return {name: value for name, value in record.facts.items() if isinstance(value, Known)}
