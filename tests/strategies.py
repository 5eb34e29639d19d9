"""Generated patients of a pack, drawn from its own dictionary and biased to its thresholds.

One generator serves Hypothesis (which hands it a `Random` that it can shrink) and plain seeded loops.
"""

from __future__ import annotations

import datetime as dt
import math
from random import Random

from hypothesis import strategies as st

from cds_engine.evaluator.facts import Facts
from cds_engine.lowering import core as c

AS_OF = dt.date(2026, 11, 21)

RUBBISH = (
    None, "", "unknown", "Unknown", "none", True, False, 0, -1, 1, 7.5, 10**400, -(10**400), 10**5000, math.nan,
    math.inf,
    -math.inf, "nan", "inf", "1,5", "1,5 kg", "1.5", "12 bananas", "kg", "-3 kg", "0 kg", "0 cm", "1e400 kg", "9" * 500,
    "pregnant", "ok", "\ud800", "\x00", "é漢", [], {}, (), [[]], [{}], [[[1]]], {"value": None}, {"value": {}},
    {"unit": "kg"},
    {"value": 26}, {"value": 26, "unit": None}, {"value": 26, "unit": "kg", "date": "yesterday"}, {"value": math.nan,
    "unit": "kg"},
    {"value": 26, "unit": "kg", "dat": "2026-01-01"}, {"value": [], "unit": []}, {5: 6}, {"value": "26", "unit": 7},
    {"value": 1, "unit": "U/L", "range": "high"}, {"value": 26, "unit": "kg", "date": "2030-01-01"}, b"kg", {1, 2},
    object,
    dt.date(2026, 1, 1), dt.datetime(2026, 1, 1, tzinfo=dt.UTC), 3 + 4j,
)  # fmt: skip

READY = {
    "age_years": 8, "sex_at_birth": "female", "height": "128 cm", "weight": "26 kg", "diagnosis_jdm": "confirmed",
    "jdm_onset_age": 8, "disease_phase": "new_onset", "current_medications": [], "egfr": "110 mL/min/{1.73_m2}",
    "breastfeeding": False, "alcohol_misuse": False, "chronic_liver_disease": False, "immunodeficiency": False,
    "blood_dyscrasia": False, "active_serious_infection": False, "peptic_or_oral_ulcer_active": False,
    "drug_hypersensitivity": [], "tmp_smx_use": "none", "nitrous_oxide_planned": False,
    "live_vaccine_planned_or_recent": False, "muscle_disease_active": True, "disease_resistant": True,
    "selective_iga_deficiency": False, "anti_iga_antibodies": False, "calcinosis_status": "developing",
    "hypertension_uncontrolled": False, "malignancy": False,
}  # fmt: skip
"""A girl of eight for whom methotrexate, mycophenolate and IVIG are ready in the JDM pack."""


def thresholds(conditions) -> dict[str, set[float]]:
    """Return for each fact the numbers that conditions compare it with."""
    found: dict[str, set[float]] = {}

    def walk(node) -> None:
        match node:
            case c.Compare(_, c.Fact(name), c.Constant(float() as value)):
                found.setdefault(name, set()).add(value)
        if isinstance(node, tuple):
            for part in node:
                walk(part)
        elif isinstance(node, c.CoreNode):
            for field in node.__match_args__:
                if field != "span":
                    walk(getattr(node, field))

    for condition in conditions.values():
        walk(condition)
    return found


class PatientMaker:
    """Makes patients for one pack."""

    def __init__(self, guideline) -> None:
        self.dictionary = guideline.dictionary
        self.facts = dict(guideline.dictionary.facts)
        self.edges = thresholds(guideline.conditions)
        self.drugs = sorted(set(guideline.dictionary.drugs.values()))

    def patient(self, r: Random) -> dict[str, object]:
        """Return a whole patient: nearly ready, sparse, or mostly rubbish; sometimes with an `as_of`."""
        kind = r.random()
        if kind < 0.7 and set(READY) <= self.facts.keys():
            facts = dict(READY)
            self._vary_size(r, facts)
            for name in r.sample(sorted(self.facts), r.choice((0, 1, 1, 2, 2, 3, 5, 12))):
                facts[name] = self.value(r, name, rubbish=0.1)
            for name in r.sample(sorted(READY), r.choice((0, 0, 0, 1, 1, 2, 4))):
                facts.pop(name, None)
        else:
            rubbish = 0.08 if kind < 0.9 else 0.5
            names = r.sample(sorted(self.facts), r.randint(0, min(len(self.facts), 40)))
            facts = {name: self.value(r, name, rubbish=rubbish) for name in names}
        if r.random() < 0.05:
            facts[r.choice(("wieght", "heigth", "", "x" * 300, "pregnant", "\ud800"))] = self.rubbish(r)
        if r.random() < 0.02:
            facts[r.choice((5, None, (1,), b"weight"))] = 1
        patient: dict[str, object] = {"facts": facts}
        if r.random() < 0.6:
            patient["as_of"] = AS_OF.isoformat()
        return patient

    def value(self, r: Random, name: str, rubbish: float = 0.0) -> object:
        """Return a value of one fact in any of its forms."""
        if r.random() < rubbish:
            return self.rubbish(r)
        spec = self.facts[name]
        kind = spec.entry.type
        if kind == "medications":
            return self.medications(r, rubbish)
        one = self._one(r, spec)
        if r.random() < 0.25:
            dated = [self._dated(r, spec, one)]
            while r.random() < 0.4:
                dated.append(self._dated(r, spec, self._one(r, spec)))
            return dated if len(dated) > 1 or r.random() < 0.5 else dated[0]
        return one

    def rubbish(self, r: Random) -> object:
        return r.choice(RUBBISH)

    def _vary_size(self, r: Random, facts: dict[str, object]) -> None:
        if r.random() < 0.3:
            height, weight = r.choice(((180, 80), (160, 160), (180, 79.99), (180, 80.01), (176, 100), (70, 8)))
            facts |= {"height": f"{height} cm", "weight": f"{weight} kg"}
        if r.random() < 0.3:
            egfr = r.choice((29.99, 30, 30.01, 45, 59.99, 60, 60.01, 24.9, 25, 250, 250.1))
            facts["egfr"] = f"{egfr} mL/min/{{1.73_m2}}"
        if r.random() < 0.25:
            facts["age_years"] = r.choice((0.5, 1, 1.9, 2, 3, 8.9, 9, 14, 17.9, 18))
        if r.random() < 0.15:
            facts.pop("egfr")
            facts["serum_creatinine"] = r.choice(("0.4 mg/dL", "1.0 mg/dL", "88.4 umol/L", "0.9 mg/dL", "2.2 mg/dL"))
        if r.random() < 0.2:
            facts["disease_phase"] = r.choice(("established_active", "flare", "remission"))

    def _one(self, r: Random, spec) -> object:
        match spec.entry.type:
            case "quantity" | "decimal" | "drug_dose":
                return self._quantity(r, spec)
            case "integer":
                low, high = (int(x) for x in spec.plausible) if spec.plausible else (0, 20)
                return r.choice((low, high, low - 1, high + 1, r.randint(low, high), *self._near(r, spec)))
            case "boolean":
                return r.choice((True, False, True, False, "yes", "no", "true", "unknown", None))
            case "code":
                return r.choice((*spec.entry.allowed, *spec.entry.allowed, "unknown", None))
            case "codes":
                codes = list(spec.entry.allowed) or self.drugs
                return r.sample(codes, r.choice((0, 0, 1, 1, 2)))
            case "date":
                return (AS_OF - dt.timedelta(days=r.choice((0, 1, 7, 8, 90, 400, 3000, 4000, 7000, -1)))).isoformat()
        raise AssertionError(spec)

    def _near(self, r: Random, spec) -> list[float]:
        edges = sorted(self.edges.get(spec.name, ()))
        return [round(edge + r.choice((0, 0, -0.01, 0.01, -1, 1)), 6) for edge in edges]

    def _quantity(self, r: Random, spec) -> object:
        low, high = spec.plausible or (0.0, 100.0)
        usual = low + (high - low) * r.choice((0.05, 0.2, 0.5)) * r.random()
        value = r.choice(
            (low, high, low * 0.99 - 0.001, high * 1.01 + 0.001, usual, usual, usual, *self._near(r, spec))
        )
        unit = r.choice(sorted(spec.changes)) if spec.changes else spec.unit
        if unit in spec.changes:
            change = spec.changes[unit]
            value = (value - change.offset) / change.factor
        value = float(f"{value:.6g}")
        form = r.random()
        if spec.entry.type == "decimal" and form < 0.3:
            return value
        if form < 0.65:
            return f"{value!r} {unit}" if "e" not in repr(value) else {"value": value, "unit": unit}
        found: dict[str, object] = {"value": value, "unit": unit}
        if r.random() < 0.5 and spec.entry.type == "quantity":
            ends = sorted((value * r.choice((0.4, 0.9, 1.0)), value * r.choice((0.95, 1.0, 1.3, 3))))
            found["range"] = dict(zip(("low", "high"), ends, strict=True))
            if r.random() < 0.2:
                found["range"].pop(r.choice(("low", "high")))
        return found

    def _dated(self, r: Random, spec, one: object) -> object:
        found = dict(one) if isinstance(one, dict) else {"value": one}
        limit = int(spec.max_age_days or 30)
        days = r.choice((0, 0, 1, limit, limit + 1, limit - 1, 500, -1))
        if r.random() < 0.85:
            found["date"] = (AS_OF - dt.timedelta(days=days)).isoformat()
        return found

    def medications(self, r: Random, rubbish: float = 0.0) -> object:
        """Return a list of medicines."""
        entries = [self._entry(r) for _ in range(r.choice((0, 0, 1, 1, 2, 3, 5)))]
        if r.random() < rubbish:
            entries.insert(r.randint(0, len(entries)), self.rubbish(r))
        return entries

    def _entry(self, r: Random) -> object:
        common = [
            d for d in ("methotrexate", "prednisolone", "co_trimoxazole", "ciclosporin", "ivig") if d in self.drugs
        ]
        drug = r.choice((*common, *common, *self.drugs, "6851", "MTX", "12345", "unheard-of"))
        if r.random() < 0.15:
            return drug
        entry: dict[str, object] = {"drug": drug}
        if r.random() < 0.7:
            entry["dose"] = r.choice((
                {"value": 15, "unit": "mg"}, {"value": 40, "unit": "mg"}, {"value": 40.0001, "unit": "mg"},
                "2.5 mg", "0.02 g", "15 mg/wk", "2 mg/d", "3", "1,5 mg", {"value": "x"}, "30 mg/m2",
            ))  # fmt: skip
        if r.random() < 0.75:
            entry["per"] = r.choice((
                "week", "week", "week", "day", "daily", "BID", "weekly", "two_weeks", "month", "as_needed", "once",
                "twice weekly", "fortnight", "moon", 7,
            ))  # fmt: skip
        if r.random() < 0.2:
            entry["times"] = r.choice((1, 2, 3, 0.5, 0, "2", True))
        if r.random() < 0.4:
            entry["route"] = r.choice(("SC", "oral", "po", "iv", "nose"))
        return entry


def patients(maker: PatientMaker):
    """Return the strategy of whole patients."""
    return st.randoms(use_true_random=False).map(maker.patient)


def facts_of(known: dict, as_of=None) -> Facts:
    """Return the evaluator's view of plain known values."""
    return Facts(known, {}, as_of)
