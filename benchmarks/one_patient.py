"""How long one patient takes, side by side: the evaluator alone, both engines, and a fresh process.

Every patient of `fixtures/patients` is read from its JSON text and answered with the whole pack, traced. The
two ways are interleaved in one run, so that noise of the machine meets both; look at the ratio first.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cds_engine

ROOT = Path(__file__).resolve().parent.parent
AS_OF = "2026-11-21"
ROUNDS = 15


def milliseconds(pack: cds_engine.LoadedPack, text: str) -> float:
    start = time.perf_counter()
    pack.evaluate(json.loads(text), as_of=AS_OF)
    return (time.perf_counter() - start) * 1000


def one_patient() -> None:
    texts = [path.read_text() for path in sorted((ROOT / "fixtures" / "patients").glob("*.json"))]
    both = cds_engine.load("jdm_calcinosis")
    ways = {"evaluator": cds_engine.LoadedPack(both.guideline, {}), "both engines": both}
    times: dict[str, list[float]] = {name: [] for name in ways}
    for round_ in range(ROUNDS + 2):
        for text in texts:
            for name, pack in ways.items():
                taken = milliseconds(pack, text)
                if round_ >= 2:  # the first rounds warm up
                    times[name].append(taken)
    print(f"one patient of {len(texts)}, whole pack, from JSON text, traced ({ROUNDS} rounds, interleaved)")
    for name, found in times.items():
        found.sort()
        median, slow = statistics.median(found), found[int(len(found) * 0.99)]
        print(f"  {name:<14} median {median:6.2f} ms   99th percentile {slow:6.2f} ms")
    ratio = statistics.median(times["both engines"]) / statistics.median(times["evaluator"])
    print(f"  both engines take {ratio:.2f} times the evaluator alone")


def fresh_process() -> None:
    program = (
        "import time; start = time.perf_counter(); import cds_engine;"
        f"cds_engine.load('jdm_calcinosis').evaluate({{'weight': '26 kg'}}, as_of='{AS_OF}');"
        "print(time.perf_counter() - start)"
    )
    print("a fresh process until its first answer")
    with tempfile.TemporaryDirectory() as cache:
        environment = {**os.environ, "XDG_CACHE_HOME": cache}
        for name in ("nothing cached", *["units cached"] * 5):
            run = subprocess.run(  # noqa: S603 - our own program
                [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
            )
            print(f"  {name:<16} {float(run.stdout):5.2f} s")


if __name__ == "__main__":
    one_patient()
    fresh_process()
