"""The patients that tests share: the fixtures, and the cases of the pack put together from their bases."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
PACK = ROOT / "rules" / "jdm_calcinosis"
FEATURES = ROOT / "features" / "jdm_calcinosis"
FIXTURES = sorted((ROOT / "fixtures" / "patients").glob("*.json"))
CASE_FILE = yaml.safe_load((PACK / "cases.yaml").read_text(encoding="utf-8"))
BASES, CASES = CASE_FILE["bases"], CASE_FILE["cases"]


def fixture(path: Path) -> dict[str, object]:
    """Return one patient of `fixtures/patients`."""
    patient: dict[str, object] = json.loads(path.read_text(encoding="utf-8"))
    return patient


def patient_of_case(case: Mapping[str, object]) -> dict[str, object]:
    """Return the patient of a case: its base, with the facts it changes and without those it takes away."""
    day, facts = _base(str(case["from"]))
    day = case.get("as_of", day)
    return {
        "id": case["id"],
        "as_of": None if day is None else str(day),
        "facts": _changed(facts, case),
        "orders": case.get("orders", []),
    }


def _base(name: str) -> tuple[object, dict[str, object]]:
    base = BASES[name]
    day, facts = _base(base["from"]) if "from" in base else (None, {})
    return base.get("as_of", day), _changed(facts, base)


def _changed(facts: Mapping[str, object], change: Mapping[str, object]) -> dict[str, object]:
    taken = change.get("without", [])
    unknown = [name for name in taken if name not in facts]
    assert not unknown, f"{change.get('id')}: {unknown} cannot be taken away"
    return {k: v for k, v in {**facts, **change.get("with", {})}.items() if k not in taken}
