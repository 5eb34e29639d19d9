"""A table answered by the compiled pack, by hand-written Python, by hand-written SQL and by other engines: made_up/.

`python benchmarks/side_by_side.py [ROWS] [ROUNDS]`; needs `cds_engine[batch]`, and for the peers what
`make bench-batch` installs; each is left out with a word where it is not there. Runs are interleaved; medians of wall
and processor time are told. Answers are compared before anything is timed: every status and every displayed dose of
every row, of peers the statuses.
"""

from __future__ import annotations

import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import by_cel
import by_clips
import by_durable_host
import by_json_rules
import by_zen
import duckdb
from by_hand import answer

import cds_engine
from cds_engine.batch.columns import Wishes
from cds_engine.batch.table import Order, evaluate_table
from cds_engine.engine.guide import LoadedPack

HERE = Path(__file__).parent
UNITS = {
    "height": "cm", "weight": "kg", "creatinine": "mg/dL", "alt": "U/L", "platelets": "10*9/L",
    "neutrophils": "10*9/L", "crp": "mg/L", "ck": "U/L",
}  # fmt: skip
NUMBERS = {
    "age": (0, 90, 1), "height": (60, 200, 1), "weight": (8, 120, 1), "creatinine": (0.3, 2.5, 2), "alt": (5, 200, 0),
    "platelets": (20, 400, 0), "neutrophils": (0.2, 8, 1), "crp": (0, 200, 0), "ck": (20, 9000, 0), "score": (0, 60, 0),
}  # fmt: skip
TRUTHS = {
    "pregnant": 0.1, "infection": 0.1, "fever": 0.2, "liver_disease": 0.05, "recovering": 0.5, "smoker": 0.2,
    "allergic": 0.05, "resistant": 0.3, "ulcers": 0.3, "vaccinated": 0.7,
}  # fmt: skip
CODES = {
    "sex": ("female", "male"),
    "phase": ("new", "flare", "stable", "remission"),
    "severity": ("mild", "moderate", "severe"),
    "response": ("good", "partial", "none"),
}
MISSING = 0.15
BY_ROW = 50_000
"""Rows that are answered one by one; their time is scaled up."""
BY_PEER = 1_000
PEERS = {
    "cel-expr-python": by_cel, "zen-engine": by_zen, "durable_rules, Host": by_durable_host,
    "json-rules-engine": by_json_rules, "clipspy": by_clips,
}  # fmt: skip
AS_OF = date(2026, 11, 21)


def write_table(path: Path, rows: int) -> None:
    """Write made-up patients with typed columns, 15 % of the cells empty."""

    def draw(salt: str) -> str:
        return f"(hash(i, '{salt}') % 1000003) / 1000003.0"

    values = {n: f"round({low} + {draw(n)} * {high - low}, {d})::DOUBLE" for n, (low, high, d) in NUMBERS.items()}
    values |= {name: f"{draw(name)} < {share}" for name, share in TRUTHS.items()}
    values |= {n: f"{list(codes)}[1 + (hash(i, '{n}') % {len(codes)})::INT]" for n, codes in CODES.items()}
    listed = ", ".join(f"CASE WHEN {draw('no ' + n)} >= {MISSING} THEN {v} END AS {n}" for n, v in values.items())
    query = f"SELECT 'p' || i AS patient, {listed} FROM range({rows}) AS t(i)"
    duckdb.connect().execute(f"COPY ({query}) TO '{path}' (FORMAT PARQUET)")


def compiled(pack: LoadedPack, table: Path, out: Path) -> None:
    evaluate_table(pack.guideline, pack.evaluate, Order(table, out, AS_OF, Wishes(UNITS)))


def by_sql(table: Path, out: Path) -> None:
    connection = duckdb.connect()
    connection.execute(f"CREATE VIEW patients AS SELECT * FROM '{table}'")
    options = "FORMAT PARQUET, COMPRESSION zstd, COMPRESSION_LEVEL 1"
    connection.execute(f"COPY ({(HERE / 'by_hand.sql').read_text()}) TO '{out}' ({options})")


def by_python(rows: list[dict]) -> list[dict]:
    return [answer(row) for row in rows]


def rows_of(table: Path, count: int) -> list[dict]:
    found = duckdb.connect().execute(f"SELECT * FROM '{table}' LIMIT {count}")
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def compare(ours: Path, theirs: Path, rows: list[dict], said: list[dict]) -> None:
    """Raise if any status or displayed dose differs."""
    connection = duckdb.connect()
    columns = connection.execute(f"SELECT * FROM '{theirs}' LIMIT 0").description
    own = {c[0].split("_mg_per_")[0]: c[0] for c in connection.execute(f"SELECT * FROM '{ours}' LIMIT 0").description}
    names = [column[0] for column in columns if column[0] != "patient"]
    differs = " OR ".join(f"mine.{own[name]}::VARCHAR IS DISTINCT FROM other.{name}::VARCHAR" for name in names)
    pairs = f"'{ours}' AS mine JOIN '{theirs}' AS other USING (patient)"
    total, wrong = connection.execute(f"SELECT count(*), count(*) FILTER (WHERE {differs}) FROM {pairs}").fetchone()
    assert not wrong, f"{wrong} of {total} rows differ from SQL by hand"
    listed = ", ".join(f"{own[name]} AS {name}" for name in names)
    found = connection.execute(f"SELECT patient, {listed} FROM '{ours}'").fetchall()
    mine = {row[0]: row[1:] for row in found}
    for row, other in zip(rows, said, strict=True):
        wanted = tuple(other[name] for name in names)
        assert mine[row["patient"]] == wanted, (row, dict(zip(names, mine[row["patient"]], strict=True)), other)
    print(f"{total:,} rows equal to SQL by hand, {len(rows):,} to Python by hand: {len(names)} columns each")


def compare_peer(name: str, found: list[dict], said: list[dict], rows: list[dict]) -> None:
    """Raise if any status differs from that of Python by hand."""
    for row, mine, wanted in zip(rows, found, said, strict=False):
        assert mine == {rule: wanted[rule] for rule in mine}, row
    print(f"{len(found):,} rows equal by {name}: {len(found[0])} statuses each")


def timed(run: Callable[[], object]) -> tuple[float, float]:
    used, wall = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    run()
    after = resource.getrusage(resource.RUSAGE_SELF)
    return time.perf_counter() - wall, after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime


def timed_peer(peer: object, rows: list[dict]) -> tuple[float, float]:
    """Return the times of a peer; one that is a process of its own says what it has needed."""
    wall, processor = timed(lambda: peer.statuses_of(rows))
    own = getattr(peer, "seconds", None)
    return (wall, processor) if own is None else (own, own)


def main(rows: int, rounds: int) -> None:
    pack = LoadedPack(cds_engine.load(str(HERE / "made_up")).guideline, {})
    with tempfile.TemporaryDirectory() as folder:
        table, ours, theirs = (Path(folder, name) for name in ("in.parquet", "ours.parquet", "theirs.parquet"))
        write_table(table, rows)
        singles = rows_of(table, min(rows, BY_ROW))
        few = singles[:BY_PEER]
        compiled(pack, table, ours)
        by_sql(table, theirs)
        said = by_python(singles)
        compare(ours, theirs, singles, said)
        runs: dict[str, tuple[Callable[[], tuple[float, float]], float]] = {
            "the compiled pack": (lambda: timed(lambda: compiled(pack, table, ours)), 1),
            "SQL by hand": (lambda: timed(lambda: by_sql(table, theirs)), 1),
            "Python by hand": (lambda: timed(lambda: by_python(singles)), rows / len(singles)),
        }
        for name, module in PEERS.items():
            if not module.is_installed():
                print(f"{name} is not installed and not measured")
                continue
            peer = module.Peer(pack.guideline)
            compare_peer(name, peer.statuses_of(few), said, few)
            runs[name] = (lambda peer=peer: timed_peer(peer, few), rows / len(few))
        found: dict[str, list[tuple[float, float]]] = {name: [] for name in runs}
        for _ in range(rounds):
            for name, (run, scale) in runs.items():
                wall, processor = run()
                found[name].append((wall * scale, processor * scale))
        table_of(
            rows,
            {name: [statistics.median(part) for part in zip(*pairs, strict=True)] for name, pairs in found.items()},
        )


def table_of(rows: int, medians: dict[str, list[float]]) -> None:
    own_wall, own_processor = medians["the compiled pack"]
    print(f"{'':20}{'wall':>9}{'processor':>11}{'rows/s':>11}{'wall/ours':>11}{'proc./ours':>11}")
    for name, (wall, processor) in medians.items():
        ratios = f"{wall / own_wall:11.2f}{processor / own_processor:11.2f}"
        print(f"{name:20}{wall:8.2f}s{processor:10.2f}s{rows / wall:11,.0f}{ratios}")


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    main(*[*given, *(1_000_000, 5)[len(given) :]])
