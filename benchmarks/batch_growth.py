"""How the time of a table grows with its rows and with the rules of the pack, as two plots for the documentation.

`python benchmarks/batch_growth.py [FOLDER] [MOST_ROWS]` writes `rows.svg` and `rules.svg` into `docs/plots` unless
told otherwise, and prints the figures. Each run is a process of its own, so that its memory is its own. The plots show
seconds of processor time, which other programs on the machine disturb less than the time on the wall.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path

import duckdb
from batch import UNITS, processor_seconds
from cohort import write_cohort
from many_rules import FACTS, write_pack

import cds_engine
from cds_engine.batch.columns import Wishes
from cds_engine.batch.table import Order, evaluate_table
from cds_engine.engine.guide import LoadedPack

AS_OF = date(2026, 11, 21)
ROWS = (100_000, 300_000, 1_000_000, 3_000_000, 10_000_000)
RULES = (10, 50, 100, 200, 350, 500)
ROWS_OF_RULES = 200_000
MEMORY = "1200MB"
"""What DuckDB is allowed for its own tables; Python and the text of the pack come on top."""

Point = tuple[float, float]


def one_run(pack: str, table: str, units: dict[str, str]) -> dict[str, float]:
    """Answer a table in this process; called in a process of its own."""
    loaded = LoadedPack(cds_engine.load(pack).guideline, {})
    before = processor_seconds()
    out = Path(table).with_suffix(".answers.parquet")
    report = evaluate_table(loaded.guideline, loaded.evaluate, Order(table, out, AS_OF, Wishes(units), memory=MEMORY))
    out.unlink()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    return {"rows": report.rows_out, "processor": processor_seconds() - before, "memory": memory}


def measured(pack: str, table: Path, units: dict[str, str]) -> dict[str, float]:
    given = json.dumps([pack, str(table), units])
    done = subprocess.run([sys.executable, __file__, "--one", given], check=True, capture_output=True, text=True)  # noqa: S603 - ourselves
    return json.loads(done.stdout.splitlines()[-1])


def by_rows(folder: Path, most: int) -> list[Point]:
    dictionary = cds_engine.load("jdm_calcinosis").guideline.dictionary
    points = []
    for rows in (count for count in ROWS if count <= most):
        table = folder / f"{rows}.parquet"
        write_cohort(table, rows, dictionary)
        found = measured("jdm_calcinosis", table, UNITS)
        table.unlink()
        points.append((rows / 1e6, found["processor"]))
        print(
            f"{rows:>10,} rows {found['processor']:8.1f} s of processor {found['memory']:6.2f} GB at most", flush=True
        )
    return points


def by_rules(folder: Path) -> list[Point]:
    numbers = (f"round((hash(i, {n}) % 1000) / 10.0, 1)::DOUBLE AS f{n}" for n in range(0, FACTS, 2))
    flags = (f"hash(i, {n}) % 10 = 0 AS f{n}" for n in range(1, FACTS, 2))
    table = folder / "generated.parquet"
    query = f"SELECT 'p' || i AS patient, {', '.join([*numbers, *flags])} FROM range({ROWS_OF_RULES}) AS t(i)"
    duckdb.connect().execute(f"COPY ({query}) TO '{table}' (FORMAT PARQUET)")
    points = []
    for rules in RULES:
        pack = folder / f"pack-{rules}"
        pack.mkdir()
        write_pack(pack, rules)
        found = measured(str(pack), table, {f"f{n}": "mg/dL" for n in range(0, FACTS, 2)})
        points.append((float(rules), found["processor"]))
        print(
            f"{rules:>5} rules {found['processor']:8.1f} s of processor {found['memory']:6.2f} GB at most", flush=True
        )
    return points


WIDE, HIGH, LEFT, BELOW = 520, 300, 60, 46


def plot(points: list[Point], title: str, across: str) -> str:
    """Return a plot of lines between points as SVG, both axes from zero."""
    most_x, most_y = max(x for x, _ in points), max(y for _, y in points)

    def at(x: float, y: float) -> tuple[float, float]:
        return LEFT + x / most_x * (WIDE - LEFT - 20), HIGH - BELOW - y / most_y * (HIGH - BELOW - 40)

    marks = [at(x, y) for x, y in points]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in marks)
    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5"/>' for x, y in marks)
    below = HIGH - BELOW
    named_x = "".join(
        f'<text x="{at(x, 0)[0]:.1f}" y="{below + 16}" text-anchor="middle">{x:g}</text>' for x, _ in points[-4:]
    )
    named_y = "".join(
        f'<text x="{LEFT - 6}" y="{at(0, y)[1] + 4:.1f}" text-anchor="end">{y:.3g}</text>'
        for y in (0, most_y / 2, most_y)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDE} {HIGH}"'
        ' font-family="sans-serif" font-size="11">\n'
        f'<title>{title}</title><rect width="{WIDE}" height="{HIGH}" fill="white"/>\n'
        f'<text x="{LEFT}" y="20" font-size="13">{title}</text>\n'
        f'<path d="M{LEFT},40 V{below} H{WIDE - 20}" fill="none" stroke="#666"/>\n'
        f'<polyline points="{line}" fill="none" stroke="#1f5fa8" stroke-width="2"/><g fill="#1f5fa8">{dots}</g>\n'
        f"{named_x}{named_y}\n"
        f'<text x="{(WIDE + LEFT) / 2}" y="{HIGH - 10}" text-anchor="middle">{across}</text></svg>\n'
    )


def main(into: Path, most: int) -> None:
    into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rules = plot(by_rules(folder), f"Seconds of processor for {ROWS_OF_RULES:,} rows", "rules of a generated pack")
        (into / "rules.svg").write_text(rules)
        rows = plot(by_rows(folder, most), "Seconds of processor, whole JDM pack", "million rows")
        (into / "rows.svg").write_text(rows)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        print(json.dumps(one_run(*json.loads(sys.argv[2]))))
    else:
        given = sys.argv[1:]
        main(Path(given[0] if given else "docs/plots"), int(given[1]) if len(given) > 1 else ROWS[-1])
