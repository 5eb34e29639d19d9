"""The table that the JDM pack is measured on: that of `cohort.py`, with ranges of laboratories and pregnancies."""

from __future__ import annotations

import batch
from cohort import MISSING
from cohort import columns as cohort_columns

MORE_NUMBERS = {  # fact: low, high, unit
    "ast": (5, 120, "U/L"),
    "ggt": (5, 80, "U/L"),
    "alkaline_phosphatase": (50, 400, "U/L"),
}
UNITS = batch.UNITS | {name: unit for name, (*_, unit) in MORE_NUMBERS.items()}
RANGES = {
    "alt_range_high": ("alt", "35 + hash(i, 'alt_range_high') % 10"),
    "ast_range_high": ("ast", "35 + hash(i, 'ast_range_high') % 10"),
    "ck_range_high": ("ck", "200"),
    "ggt_range_high": ("ggt", "40"),
    "pth_range_low": ("pth", "15"),
    "pth_range_high": ("pth", "65"),
    "calcium_total_range_low": ("calcium_total", "2.15"),
    "calcium_total_range_high": ("calcium_total", "2.6"),
}
"""By column: the fact, and the limit, which many laboratories leave out."""


def draw(salt: str) -> str:
    return f"(hash(i, '{salt}') % 1000003) / 1000003.0"


def known(name: str, value: str) -> str:
    return f"CASE WHEN {draw('missing ' + name)} >= {MISSING} THEN {value} END"


def columns(dictionary) -> dict[str, str]:
    """Return each column of the table as SQL over a row number `i`; nobody contradicts himself in it."""
    found = cohort_columns(dictionary)
    for name, (low, high, _) in MORE_NUMBERS.items():
        found[name] = known(name, f"round({low} + {draw(name)} * {high - low})::DOUBLE")
    for name, (fact, limit) in RANGES.items():
        told = f"{fact} IS NOT NULL AND {draw('missing ' + fact + ' range')} < 0.6"
        found[name] = f"CASE WHEN {told} THEN ({limit})::DOUBLE END"
    steroid = found["current_systemic_corticosteroid"]
    found["current_systemic_corticosteroid"] = f"({steroid})::DOUBLE"
    woman = "hash(i, 'sex_at_birth') % 3 = 0 AND age_years >= 9"  # the first of the codes of the dictionary is female
    fertile = f"{draw('fertile')} >= 0.12"
    found["childbearing_potential"] = f"CASE WHEN {woman} THEN {known('childbearing_potential', fertile)} END"
    share = draw("pregnant")
    status = f"CASE WHEN {share} < 0.02 THEN 'pregnant' WHEN {share} < 0.06 THEN 'possible' ELSE 'not_pregnant' END"
    found["pregnancy_status"] = f"CASE WHEN {woman} AND {fertile} THEN {known('pregnancy_status', status)} END"
    return found
