"""How the time of one patient grows with the rules of a pack: generated packs of 10 to 400 rules, side by side."""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

import cds_engine

SIZES = (10, 50, 100, 200, 400)
FACTS = 40
ROUNDS = 40

MANIFEST = """
id: generated
version: "1"
title: A generated pack
scope: none
knowledge_date: 2026-01-01
review: submitted
notices: [{says: Generated., patient_says: Generated.}]
audiences: {clinician: {label: clinician, wording: clinician}}
"""
SOURCES = "sources: {made-up: {label: Made up, citation: Made up., kind: policy, tag: P}}\n"


def fact(index: int) -> str:
    if index % 2:
        return f"  f{index}: {{label: fact {index}, type: boolean, ask: Fact {index}?}}"
    unit = "unit: mg/dL, plausible: 0 to 100 mg/dL"
    return f"  f{index}: {{label: fact {index}, type: quantity, {unit}, ask: Fact {index}?}}"


def condition(index: int) -> str:
    number, flag = 2 * (index % (FACTS // 2)), 2 * ((index * 7) % (FACTS // 2)) + 1
    other = 2 * ((index * 3 + 1) % (FACTS // 2))
    return f"(f{number} > {index % 90 + 1} 'mg/dL' or f{flag}) and not (f{other} between 3 'mg/dL' and 40 'mg/dL')"


def write_pack(folder: Path, rules: int) -> None:
    (folder / "statements").mkdir()
    (folder / "safety").mkdir()
    (folder / "pack.yaml").write_text(MANIFEST)
    (folder / "sources.yaml").write_text(SOURCES)
    (folder / "facts.yaml").write_text("facts:\n" + "\n".join(fact(i) for i in range(FACTS)) + "\n")
    statements = "".join(
        f"""  - id: S{i}
    says: Do {i}.
    patient_says: Do {i}.
    source: made-up
    modality: option
    tag: P
    origin: policy
    rules:
      - id: rule-{i}
        when: {condition(i)}
        recommend: {{action: action_{i}, says: Do {i}., patient_says: Do {i}.}}
"""
        for i in range(rules)
    )
    (folder / "statements" / "all.yaml").write_text(f"topic: all\nstatements:\n{statements}")
    safety = "".join(
        f"  - {{id: c{i}, actions: [action_{i}], when: f{2 * (i % (FACTS // 2)) + 1}, "
        "says: No., source: made-up, tag: P}\n"
        for i in range(rules)
    )
    (folder / "safety" / "all.yaml").write_text(f"contraindications:\n{safety}")


def median_ms(pack: cds_engine.LoadedPack, patient: dict[str, object]) -> float:
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        pack.evaluate(patient, as_of="2026-11-21")
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times[5:])


def main() -> None:
    patient: dict[str, object] = {f"f{i}": f"{i * 2} mg/dL" if i % 2 == 0 else i % 3 == 0 for i in range(FACTS - 3)}
    print("rules  evaluator      both  load    ms a rule (both)")
    for size in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            write_pack(Path(folder), size)
            start = time.perf_counter()
            both = cds_engine.load(folder)
            loaded = time.perf_counter() - start
        alone = median_ms(cds_engine.LoadedPack(both.guideline, {}), patient)
        time_of_both = median_ms(both, patient)
        print(f"{size:5}  {alone:6.2f} ms  {time_of_both:6.2f} ms  {loaded:4.2f} s  {time_of_both / size:6.4f}")


if __name__ == "__main__":
    main()
