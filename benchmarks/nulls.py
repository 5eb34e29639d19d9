"""What NULL costs: one operation on two million rows, on columns with and without it, in nanoseconds a row.

`python benchmarks/nulls.py`; needs `cds_engine[batch]`. This is why the compiled text keeps unknown in columns
of its own.
"""

from __future__ import annotations

import duckdb
from batch import processor_seconds

ROWS = 2_000_000
ROUNDS = 5
OPERATIONS = {
    "AND of two booleans": ("a AND b", "pa AND pb"),
    "a number compared": ("x > 30", "px > 30"),
    "a code compared: text, number": ("code = 'confirmed'", "number = 1"),
}


def nanoseconds(connection: duckdb.DuckDBPyConnection, expression: str) -> float:
    times = []
    for _ in range(ROUNDS):
        started = processor_seconds()
        connection.execute(f"SELECT max({expression}) FROM cells").fetchall()
        times.append(processor_seconds() - started)
    return min(times) / ROWS * 1e9


def main() -> None:
    connection = duckdb.connect(config={"threads": 1})
    connection.execute(f"""CREATE TABLE cells AS SELECT *, coalesce(a, FALSE) AS pa, coalesce(b, FALSE) AS pb,
        coalesce(x, 0) AS px, coalesce(list_position(['confirmed', 'probable'], code), 0)::SMALLINT AS number
        FROM (SELECT CASE WHEN hash(i, 1) % 7 > 0 THEN hash(i, 2) % 2 = 0 END AS a,
          CASE WHEN hash(i, 3) % 7 > 0 THEN hash(i, 4) % 2 = 0 END AS b,
          CASE WHEN hash(i, 5) % 7 > 0 THEN (hash(i, 6) % 1000) / 10.0::DOUBLE END AS x,
          CASE WHEN hash(i, 7) % 7 > 0 THEN ['confirmed', 'probable'][1 + (hash(i, 8) % 2)::INT] END AS code
          FROM range({ROWS}) AS t(i))""")
    print(f"{'':32}{'with NULL':>12}{'plain':>12}")
    for name, (nullable, plain) in OPERATIONS.items():
        print(f"{name:32}{nanoseconds(connection, nullable):9.1f} ns{nanoseconds(connection, plain):9.1f} ns")


if __name__ == "__main__":
    main()
