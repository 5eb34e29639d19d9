"""Patients to begin with: those that a checkout keeps beside the package, where there is one."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from cds_engine.engine.guide import LoadedPack
from cds_engine.engine.packs import PACKAGE

FOLDER = PACKAGE.parent / "fixtures"


def fixtures_for(pack: LoadedPack) -> dict[str, dict[str, Any]]:
    """Return by name the patients whose facts the pack knows, and the FHIR records kept for it."""
    known = pack.guideline.dictionary.facts
    patients = {name: data for name, data in _read("patients").items() if _fits(data, frozenset(known))}
    return patients | (_read(f"{pack.id}/records") if pack.guideline.pack.fhir else {})


@cache
def _read(folder: str) -> dict[str, dict[str, Any]]:
    found = {
        path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted((FOLDER / folder).glob("*.json"))
    }
    return {name: data for name, data in found.items() if isinstance(data, dict)}


def _fits(data: dict[str, Any], known: frozenset[str]) -> bool:
    facts = data.get("facts")
    return isinstance(facts, dict) and set(facts) <= known
