"""What FHIR records cost: bundles read and answered a second, and mapping beside parsing.

`CDS_SUITES` names the folder with the published records (`ecqm`, `synthea`). All is done in one thread, and every
figure is a median of processor times that were taken in turns, so that a busy machine slows down all that is compared.
"""

from __future__ import annotations

import copy
import gc
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import orjson

import cds_engine
from cds_engine import LoadedPack

ROUNDS = 15
DAY = "2020-06-01"


def medians(*works: Callable[[], object]) -> list[float]:
    """Return the median processor time of each, one after the other in every round."""
    taken: list[list[float]] = [[] for _ in works]
    for _ in range(ROUNDS):
        for work, times in zip(works, taken, strict=True):
            started = time.process_time()
            work()
            times.append(time.process_time() - started)
    return [median(times) for times in taken]


@contextmanager
def collecting(is_on: bool) -> Iterator[None]:
    """Have the garbage collector run as Python sets it, or not at all."""
    gc.collect()
    (gc.enable if is_on else gc.disable)()
    try:
        yield
    finally:
        gc.enable()


def with_value_sets(suites: Path) -> LoadedPack:
    """Return the kidney pack with the value sets of the published cases."""
    with tempfile.TemporaryDirectory() as sets:
        shutil.copy(suites / "ecqm" / "kidney_health_evaluation" / "value_sets.json", sets)
        return cds_engine.load("kidney_health_diabetes", value_sets=sets)


def answered(pack: LoadedPack, suites: Path) -> None:
    """Print how many of the published bundles are read, and read and answered, a second."""
    cases = suites / "ecqm" / "kidney_health_evaluation" / "cases"
    bundles = [json.loads(path.read_bytes()) for path in sorted(cases.glob("*.json"))]
    reading, both = medians(
        lambda: [pack.read_fhir(bundle, as_of="2025-12-31") for bundle in bundles],
        lambda: [pack.evaluate_fhir(bundle, as_of="2025-12-31") for bundle in bundles],
    )
    print(f"published bundles from parsed JSON: {len(bundles) / reading:,.0f} a second read,", end=" ")
    print(f"{len(bundles) / both:,.0f} a second read and answered")


def larger(text: bytes, times: int) -> bytes:
    """Return a Bundle with all entries but the patient several times, each time under other ids."""
    bundle = orjson.loads(text)
    entries = list(bundle["entry"])
    for number in range(1, times):
        for entry in entries:
            if entry["resource"]["resourceType"] != "Patient":
                more = copy.deepcopy(entry)
                more["resource"]["id"] += f"-{number}"
                more["fullUrl"] += f"-{number}"
                bundle["entry"].append(more)
    return orjson.dumps(bundle)


def mapped(name: str, pack: LoadedPack, texts: list[bytes]) -> None:
    """Print what parsing and mapping take beside parsing alone, all records in memory and each forgotten at once."""

    def parse_all() -> list[object]:
        return [orjson.loads(text) for text in texts]

    def read_all() -> None:
        for record in parse_all():
            pack.read_fhir(record, as_of=DAY)

    def parse_each() -> None:
        for text in texts:
            orjson.loads(text)

    def read_each() -> None:
        for text in texts:
            pack.read_fhir(orjson.loads(text), as_of=DAY)

    for is_on in (True, False):
        with collecting(is_on):
            alone, both, alone_each, both_each = medians(parse_all, read_all, parse_each, read_each)
        print(f"{name}, {len(texts)} bundles of {sum(map(len, texts)) / len(texts) / 1000:,.0f} kB,", end=" ")
        print(f"garbage collector {'on' if is_on else 'off'}: parsing and mapping take", end=" ")
        print(f"{both / alone:.2f} times orjson alone with all in memory, {both_each / alone_each:.2f} one by one")


if __name__ == "__main__":
    folder = os.environ.get("CDS_SUITES")
    if folder is None:
        raise SystemExit("CDS_SUITES is not set: the published records are not here")
    kidney = with_value_sets(Path(folder))
    answered(kidney, Path(folder))
    texts = [path.read_bytes() for path in sorted(Path(folder, "synthea").rglob("*.json"))]
    for pack in (cds_engine.load("jdm_calcinosis"), kidney):
        mapped(pack.id, pack, texts)
        mapped(pack.id, pack, [larger(text, 10) for text in texts[:4]])
