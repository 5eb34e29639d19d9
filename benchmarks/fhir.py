"""What FHIR records cost: bundles read and answered a second, and mapping beside parsing.

`CDS_SUITES` names the folder with the published records (`ecqm`, `synthea`).
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import orjson

import cds_engine

ROUNDS = 7


def seconds(work: Callable[[], object]) -> float:
    """Return the least processor time of several rounds."""

    def once() -> float:
        started = time.process_time()
        work()
        return time.process_time() - started

    return min(once() for _ in range(ROUNDS))


def answered(suites: Path) -> None:
    folder = suites / "ecqm" / "kidney_health_evaluation"
    with tempfile.TemporaryDirectory() as sets:
        shutil.copy(folder / "value_sets.json", sets)
        pack = cds_engine.load("kidney_health_diabetes", value_sets=sets)
    bundles = [json.loads(path.read_bytes()) for path in sorted((folder / "cases").glob("*.json"))]
    taken = seconds(lambda: [pack.evaluate_fhir(bundle, as_of="2025-12-31") for bundle in bundles])
    print(f"published bundles read and answered: {len(bundles) / taken:,.0f} a second")


def mapped(suites: Path) -> None:
    pack = cds_engine.load("jdm_calcinosis")
    texts = [path.read_bytes() for path in sorted((suites / "synthea").rglob("*.json"))]
    records = [orjson.loads(text) for text in texts]
    parsing = seconds(lambda: [orjson.loads(text) for text in texts])
    mapping = seconds(lambda: [pack.read_fhir(record, as_of="2020-06-01") for record in records])
    print(f"{len(texts)} large bundles: parsing and mapping take {1 + mapping / parsing:.2f} times orjson alone")

    def one_by_one(work: Callable[[object], object]) -> float:
        return seconds(lambda: [work(orjson.loads(text)) is None for text in texts])

    alone, both = one_by_one(lambda record: record), one_by_one(lambda r: pack.read_fhir(r, as_of="2020-06-01"))
    print(f"the same, each bundle forgotten before the next: {both / alone:.2f} times orjson alone")


if __name__ == "__main__":
    folder = os.environ.get("CDS_SUITES")
    if folder is None:
        raise SystemExit("CDS_SUITES is not set: the published records are not here")
    answered(Path(folder))
    mapped(Path(folder))
