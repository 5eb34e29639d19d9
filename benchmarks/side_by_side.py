"""A table answered by the compiled pack, by hand-written Python, by hand-written SQL and by other engines.

`python benchmarks/side_by_side.py [jdm|made_up] [ROWS] [ROUNDS]`; needs `cds_engine[batch]`, and for the peers what
`make bench-batch` installs; each is left out with a word where it is not there. Runs are interleaved; medians of wall
and processor time are told. Answers are compared before anything is timed: every row with SQL, and every column that it
gives; with the peers `BY_PEER` rows.

Peers are measured by two tasks. *Whole* (the JDM pack): the same dicts as Python by hand, and every column that it
gives (`whole.py`). *Statuses*: those of the rules alone, what they rest on computed beforehand and not counted
(`statuses.py`).
"""

from __future__ import annotations

import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import by_cel
import by_clips
import by_durable_host
import by_json_rules
import by_zen
import duckdb
import whole
from statuses import Prepared
from workloads import AS_OF, WORKLOADS, Workload, write_table

import cds_engine
from cds_engine.batch.columns import Wishes, understand
from cds_engine.batch.table import Order, evaluate_table
from cds_engine.engine.guide import LoadedPack

BY_ROW = 50_000
"""Rows that are answered one by one; their time is scaled up."""
BY_PEER = 1_000
PEERS = {
    "cel-expr-python": by_cel, "zen-engine": by_zen, "durable_rules, Host": by_durable_host,
    "json-rules-engine": by_json_rules, "clipspy": by_clips,
}  # fmt: skip
Run = Callable[[], tuple[float, float]]
"""It answers all its rows, and returns wall and processor time."""
Measured = tuple[str, Run]
OPTIONS = "FORMAT PARQUET, COMPRESSION zstd, COMPRESSION_LEVEL 1"
ALL = "*"
WITHOUT_MISSING = "* EXCLUDE (missing)"
"""What a query by hand need not say, and an analyst may do without."""


def loaded(workload: Workload) -> LoadedPack:
    return LoadedPack(cds_engine.load(workload.pack).guideline, {})


def compiled(workload: Workload, pack: LoadedPack, table: Path, out: Path) -> None:
    evaluate_table(pack.guideline, pack.evaluate, Order(table, out, AS_OF, Wishes(workload.units)))


def by_sql(workload: Workload, table: Path, out: Path, columns: str = ALL) -> None:
    connection = duckdb.connect()
    connection.execute(f"CREATE VIEW patients AS SELECT * FROM '{table}'")
    connection.execute(workload.prelude)
    connection.execute(f"COPY (SELECT {columns} FROM ({workload.query}) AS answers) TO '{out}' ({OPTIONS})")


def by_python(workload: Workload, rows: list[dict]) -> list[dict]:
    return [workload.answer(row) for row in rows]


def prepared(workload: Workload, pack: LoadedPack, table: Path, peer: ModuleType) -> Prepared:
    """Return what a peer is given of the pack."""
    found = duckdb.connect().execute(f"DESCRIBE SELECT * FROM '{table}'").fetchall()
    columns = understand({name: kind for name, kind, *_ in found}, pack.guideline.dictionary, Wishes(workload.units))
    return Prepared(pack.guideline, columns, getattr(peer, "BEYOND", ()))


def rows_of(table: Path, count: int) -> list[dict]:
    found = duckdb.connect().execute(f"SELECT * FROM '{table}' LIMIT {count}")
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def compare(ours: Path, theirs: Path, rows: list[dict], said: list[dict]) -> None:
    """Raise if any row or column that SQL by hand gives differs, or a row is there on one side only."""
    connection = duckdb.connect()
    columns = connection.execute(f"SELECT * FROM '{theirs}' LIMIT 0").description
    found = [column[0] for column in connection.execute(f"SELECT * FROM '{ours}' LIMIT 0").description]
    own = {name.split("_mg_per_")[0]: name for name in found} | {name: name for name in found}
    names = [column[0] for column in columns if column[0] != "patient"]
    differs = " OR ".join(
        ["mine.patient IS NULL", "other.patient IS NULL"]
        + [f"mine.{own[name]}::VARCHAR IS DISTINCT FROM other.{name}::VARCHAR" for name in names]
    )
    pairs = f"'{ours}' AS mine FULL JOIN '{theirs}' AS other USING (patient)"
    total, wrong = connection.execute(f"SELECT count(*), count(*) FILTER (WHERE {differs}) FROM {pairs}").fetchone()
    assert not wrong, f"{wrong} of {total} rows differ from SQL by hand"
    listed = ", ".join(f"{own[name]} AS {name}" for name in names)
    found = connection.execute(f"SELECT patient, {listed} FROM '{ours}'").fetchall()
    mine = {row[0]: row[1:] for row in found}
    for row, other in zip(rows, said, strict=True):
        wanted = tuple(other[name] for name in names)
        assert mine[row["patient"]] == wanted, (row, dict(zip(names, mine[row["patient"]], strict=True)), other)
    print(f"{total:,} rows equal to SQL by hand, {len(rows):,} to Python by hand: {len(names)} columns each")


def compare_peer(name: str, found: list[dict], wanted: list[dict], rows: list[dict]) -> None:
    """Raise if a peer gives any column otherwise, more of them or fewer."""
    for row, mine, theirs in zip(rows, found, wanted, strict=True):
        assert mine == theirs, (row, mine, theirs)
    print(f"{len(found):,} rows equal by {name}: {len(found[0])} columns each")


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


def peers(workload: Workload, pack: LoadedPack, table: Path, rows: list[dict], said: list[dict]) -> Iterator[Measured]:
    """Yield each peer by each task that it can do, its answers compared."""
    few, wanted = rows[:BY_PEER], said[:BY_PEER]
    rules = [spec.rule.id.replace("-", "_") for spec in pack.guideline.rules]
    statuses = [{rule: answer[rule] for rule in rules} for answer in wanted]
    for name, module in PEERS.items():
        if not module.is_installed():
            print(f"{name} is not installed and not measured")
            continue
        if workload.has_whole_answers and hasattr(module, "Decider"):
            decider = module.Decider(whole.conditions_of(pack.guideline))
            compare_peer(f"{name}, whole", whole.answers(decider, few), wanted, few)
            yield f"{name}, whole", lambda decider=decider: timed(lambda: whole.answers(decider, few))
        given = prepared(workload, pack, table, module)
        peer = module.Peer(given)
        told = [given.row(row, AS_OF) for row in few]
        compare_peer(f"{name}, statuses", peer.statuses_of(told), statuses, few)
        yield f"{name}, statuses", lambda peer=peer, told=told: timed_peer(peer, told)


def main(workload: Workload, rows: int, rounds: int) -> None:
    pack = loaded(workload)
    with tempfile.TemporaryDirectory() as folder:
        table, ours, theirs = (Path(folder, name) for name in ("in.parquet", "ours.parquet", "theirs.parquet"))
        write_table(workload, table, rows, pack.guideline.dictionary)
        singles = rows_of(table, min(rows, BY_ROW))
        compiled(workload, pack, table, ours)
        by_sql(workload, table, theirs)
        said = by_python(workload, singles)
        compare(ours, theirs, singles, said)
        runs: dict[str, tuple[Run, float]] = {
            "the compiled pack": (lambda: timed(lambda: compiled(workload, pack, table, ours)), 1),
            "SQL by hand": (lambda: timed(lambda: by_sql(workload, table, theirs)), 1),
            "Python by hand": (lambda: timed(lambda: by_python(workload, singles)), rows / len(singles)),
        }
        if workload.has_whole_answers:
            runs["SQL, nothing missing"] = (
                lambda: timed(lambda: by_sql(workload, table, theirs, WITHOUT_MISSING)), 1,
            )  # fmt: skip
        for name, run in peers(workload, pack, table, singles, said):
            runs[name] = (run, rows / min(BY_PEER, len(singles)))
        found: dict[str, list[tuple[float, float]]] = {name: [] for name in runs}
        for _ in range(rounds):
            for name, (run, scale) in runs.items():
                wall, processor = run()
                found[name].append((wall * scale, processor * scale))
            medians = {
                name: [statistics.median(part) for part in zip(*pairs, strict=True)] for name, pairs in found.items()
            }
            table_of(rows, medians)


def table_of(rows: int, medians: dict[str, list[float]]) -> None:
    own_wall, own_processor = medians["the compiled pack"]
    print(f"{'':32}{'wall':>9}{'processor':>11}{'rows/s':>11}{'wall/ours':>11}{'proc./ours':>11}")
    for name, (wall, processor) in medians.items():
        ratios = f"{wall / own_wall:11.2f}{processor / own_processor:11.2f}"
        print(f"{name:32}{wall:8.2f}s{processor:10.2f}s{rows / wall:11,.0f}{ratios}", flush=True)


if __name__ == "__main__":
    words = sys.argv[1:]
    chosen = words.pop(0) if words[:1] and words[0] in WORKLOADS else "jdm"
    numbers = [int(word) for word in words]
    main(WORKLOADS[chosen], *[*numbers, *(1_000_000, 5)[len(numbers) :]])
