"""Patients from a seed: partial, in odd units, at thresholds, malformed and contradictory, for any pack."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Mapping, Sequence

from cds_engine.language.syntax import Comparator
from cds_engine.lowering import core as c
from cds_engine.lowering.guideline import Guideline
from cds_engine.lowering.walk import nodes
from cds_engine.patient.spec import FactSpec

AS_OF = "2026-11-21"
RUBBISH = [
    "1,5", "NaN", "inf", -1, 0, 10**400, "", " ", "12 parsecs", [], {}, {"value": None}, [[]], True, "x" * 500,
    "\u202e7 kg",     {"value": 7}, {"value": "7", "unit": 7},
    {"value": 1e308, "unit": "kg"}, {"unit": "kg"}, {"valeu": 3},
    "\uff15 kg", [None, 3],
]  # fmt: skip
DATES = [None, "2026-11-21", "2026-11-20", "2026-10-22", "2026-10-21", "2026-08-23", "2026-08-22", "2027-01-01", "soon"]
INTERVALS = [
    "day",
    "week",
    "weekly",
    "daily",
    "BID",
    "twice weekly",
    "month",
    "prn",
    "every 2 weeks",
    None,
    "sometimes",
    3,
]
DOSES = [
    None,
    "15 mg",
    {"value": 15, "unit": "mg"},
    "2.5 mg",
    "15 mg/d",
    "15",
    {"value": "x"},
    {"value": 0.02, "unit": "g"},
]
ROUTES = [None, "sc", "oral", "IV", "by ear"]


class Patients:
    """A source of patients for one pack: the same seed gives the same patient."""

    def __init__(self, guideline: Guideline) -> None:
        computed = {d.fact for d in guideline.derivations if any(branch.formula for branch in d.branches)}
        concluded = {d.fact for d in guideline.derivations if d.fact not in computed}
        rarity = dict.fromkeys(concluded, 3.0) | dict.fromkeys(computed, 20.0)
        rarity |= {name: 20.0 for name, spec in guideline.dictionary.facts.items() if spec.entry.type == "date"}
        rarity |= {name: 1.0 for name in concluded if guideline.dictionary.facts[name].entry.type == "decimal"}
        self._specs = [(spec, rarity.get(name, 1.0)) for name, spec in guideline.dictionary.facts.items()]
        self._drugs = [*guideline.pack.drugs.drugs, "paracetamol", "161"]
        self._thresholds = thresholds(guideline)

    def patient(self, seed: int) -> dict[str, object]:
        """Return one patient; some are nearly complete, some nearly empty."""
        rng = random.Random(seed)  # noqa: S311 - reproducible, not secret
        share = rng.choice([0.05, 0.5, 0.95, 1.0, 1.0, 1.0, 1.0])
        mess = rng.choice([0.0, 0.0, 0.02, 0.3])
        danger = rng.choice([0.0, 0.0, 0.02, 0.3])
        facts: dict[str, object] = {}
        for spec, rarity in self._specs:
            if rng.random() * rarity < share:
                facts[spec.name] = self._value(rng, spec, mess, danger)
        if rng.random() < mess:
            facts["wieght"] = 3
        found: dict[str, object] = {"id": f"s{seed}", "facts": facts}
        if rng.random() < 0.2:
            found["orders"] = [self._medicine(rng) for _ in range(rng.randint(1, 3))]
        if rng.random() < 0.1:
            found["audience"] = "patient_or_caregiver"
        return found

    def _value(self, rng: random.Random, spec: FactSpec, mess: float, danger: float) -> object:
        if rng.random() < mess:
            return rng.choice(RUBBISH)
        if spec.entry.type == "medications":
            return [self._medicine(rng) for _ in range(rng.choice([0, 0, 0, 1, 2, 4]))]
        if spec.entry.type == "codes" and rng.random() > danger:
            return []
        values = [self._one(rng, spec, danger) for _ in range(2 if rng.random() < mess / 10 else 1)]
        if spec.entry.type == "codes":
            return values[0]
        dated = [self._dated(rng, value) if rng.random() < 0.3 * (mess > 0) else value for value in values]
        return dated if len(dated) > 1 else dated[0]

    def _dated(self, rng: random.Random, value: object) -> object:
        day = rng.choice(DATES[:5]) if rng.random() < 0.9 else rng.choice(DATES)
        return {**value, "date": day} if isinstance(value, dict) else {"value": value, "date": day}

    def _one(self, rng: random.Random, spec: FactSpec, danger: float) -> object:
        entry = spec.entry
        match entry.type:
            case "boolean":
                return rng.random() < max(danger, 0.02)
            case "code":
                return rng.choice([*entry.allowed, *entry.allowed[:1] * 6, "unknown"])
            case "codes":
                return rng.sample(entry.allowed or self._drugs[:-2], rng.choice([0, 0, 0, 1, 2]))
            case "date":
                return f"{rng.randint(1950, 2026)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"
            case "integer":
                return rng.randint(*(int(end) for end in spec.plausible or (0, 100)))
            case _:
                return self._number(rng, spec)

    def _number(self, rng: random.Random, spec: FactSpec) -> object:
        low, high = spec.plausible or (0.0, 100.0)
        edges = self._thresholds.get(spec.name, [])
        if edges and rng.random() < 0.5:
            value = rng.choice(edges) * rng.choice([1, 1, 1 - 1e-9, 1 + 1e-9, 0.97, 1.03])
        else:
            value = round(
                rng.uniform(low, high if rng.random() < 0.3 else low + (high - low) / 4), rng.choice([0, 1, 2, 6])
            )
        if spec.unit is None or (spec.entry.type == "decimal" and rng.random() < 0.7):
            return value
        unit, change = rng.choice(list(spec.changes.items())) if rng.random() < 0.3 else (spec.unit, None)
        amount = (value - change.offset) / change.factor if change else value
        sent: dict[str, object] = {"value": amount, "unit": unit}
        if rng.random() < 0.5:
            sent["range"] = {"low": amount * rng.choice([0.5, 1.0]), "high": amount * rng.choice([0.45, 1.0, 1.5])}
        return sent

    def _medicine(self, rng: random.Random) -> object:
        drug = rng.choice(self._drugs)
        if rng.random() < 0.1:
            return rng.choice([drug, 3, None, {"dose": "3 mg"}])
        said = {"drug": drug, "per": rng.choice(INTERVALS[:2] * 4 + INTERVALS), "dose": rng.choice(DOSES)}
        return {
            **said,
            "route": rng.choice(ROUTES),
            **({"times": rng.choice([1, 2, 0, "x"])} if rng.random() < 0.2 else {}),
        }


def thresholds(guideline: Guideline) -> Mapping[str, Sequence[float]]:
    """Return the numbers that each fact is compared with, and the ends of its plausible range."""
    found: dict[str, set[float]] = defaultdict(set)
    for condition in guideline.conditions.values():
        for node in nodes(condition):
            match node:
                case c.Compare(Comparator(), c.Fact(name), c.Constant(float(value))):
                    found[name].add(value)
    for name, spec in guideline.dictionary.facts.items():
        found[name].update(spec.plausible or ())
    return {name: sorted(values) for name, values in found.items()}
