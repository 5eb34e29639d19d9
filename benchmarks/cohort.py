"""A table of made-up patients for the benchmarks: typed columns, 15 % missing, a few contradictions and wild values."""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb

MISSING = 0.15
NUMBERS = {  # fact: low, high, digits, unit
    "height": (70, 180, 1, "cm"),
    "weight": (8, 90, 1, "kg"),
    "serum_creatinine": (0.2, 1.6, 2, "mg/dL"),
    "alt": (5, 120, 0, "U/L"),
    "alt_uln": (35, 45, 0, "U/L"),
    "ck": (20, 5000, 0, "U/L"),
    "vitamin_d_25oh": (10, 120, 1, "nmol/L"),
    "pth": (5, 120, 1, "pg/mL"),
    "calcium_total": (1.9, 2.9, 2, "mmol/L"),
    "phosphate": (0.7, 2.0, 2, "mmol/L"),
    "neutrophils": (0.4, 9, 1, "10*9/L"),
    "lymphocytes": (0.3, 5, 1, "10*9/L"),
    "platelets": (60, 500, 0, "10*9/L"),
    "wbc": (2, 15, 1, "10*9/L"),
    "bp_systolic": (85, 150, 0, "mm[Hg]"),
    "bp_diastolic": (45, 84, 0, "mm[Hg]"),
    "iga": (0.05, 3, 2, "g/L"),
    "current_systemic_corticosteroid": (0, 40, 0, "mg/d"),
}
PLAIN = {
    "age_years": (0.5, 20, 1),
    "jdm_onset_age": (1, 17, 0),
    "cmas": (5, 52, 0),
    "mmt8": (20, 80, 0),
    "weeks_since_treatment_start": (0, 60, 0),
}


def columns(dictionary) -> dict[str, str]:
    """Return each column of the table as SQL over a row number `i`."""
    found = {"patient": "'p' || i"}

    def draw(salt: str) -> str:
        return f"(hash(i, '{salt}') % 1000003) / 1000003.0"

    def known(name: str, value: str) -> str:
        return f"CASE WHEN {draw('missing ' + name)} >= {MISSING} THEN {value} END"

    for name, (low, high, digits, *_) in (NUMBERS | PLAIN).items():
        value = f"round({low} + {draw(name)} * {high - low}, {digits})::DOUBLE"
        found[name] = known(name, value)
    found["weight"] = known("weight", f"round(8 + greatest(height - 70, 0) * 0.45 + {draw('weight')} * 20, 1)::DOUBLE")
    for name, spec in dictionary.facts.items():
        entry = spec.entry
        if entry.type == "boolean" and entry.derive is None:
            found[name] = known(name, f"{draw(name)} < 0.08")
        elif entry.type == "code" and entry.derive is None and not entry.setting:
            codes = ", ".join(f"'{code}'" for code in entry.allowed)
            found[name] = known(name, f"[{codes}][1 + (hash(i, '{name}') % {len(entry.allowed)})::INT]")
    found["jdm_onset_age"] = known("jdm_onset_age", f"floor(age_years * {draw('onset')})::DOUBLE")
    found["current_systemic_corticosteroid"] = known(
        "current_systemic_corticosteroid", f"CASE WHEN {draw('steroid')} < 0.5 THEN 0.0 ELSE 10.0 END"
    )
    found["pregnancy_status"] = "CAST(NULL AS VARCHAR)"
    found["diagnosis_jdm"] = f"CASE WHEN {draw('jdm')} < 0.9 THEN 'confirmed' ELSE 'probable' END"
    found["weight_date"] = f"DATE '2026-11-21' - (({draw('when')}) * 93)::INT"
    found["current_medications"] = known(
        "current_medications",
        f"(CASE WHEN {draw('steroid')} < 0.5"
        " THEN ['none', 'methotrexate', 'mycophenolate_mofetil', 'hydroxychloroquine']"
        " ELSE ['prednisolone', 'prednisolone;methotrexate', 'prednisolone;ciclosporin', 'prednisolone;ivig'] END)"
        "[1 + (hash(i, 'taken') % 4)::INT]",
    )
    found["drug_hypersensitivity"] = known(
        "drug_hypersensitivity", f"CASE WHEN {draw('allergic')} < 0.05 THEN 'methotrexate' ELSE 'none' END"
    )
    return found


def write_cohort(path: Path, rows: int, dictionary) -> None:
    """Write *rows* patients as Parquet."""
    listed = ", ".join(f"{value} AS {name}" for name, value in columns(dictionary).items())
    duckdb.connect().execute(
        f"COPY (SELECT {listed} FROM range({rows}) AS t(i)) TO '{path}' (FORMAT PARQUET, ROW_GROUP_SIZE 122880)"
    )


if __name__ == "__main__":
    import cds_engine

    write_cohort(Path(sys.argv[1]), int(sys.argv[2]), cds_engine.load("jdm_calcinosis").guideline.dictionary)
