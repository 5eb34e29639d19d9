"""Spark SQL as an engine: Parquet in, the same text run, answers out as a folder of Parquet files.

What a query makes is written to the folder of the run before anything is read from it: a task that is tried again, or
an executor that is lost, changes nothing that has been read, and what is written is committed once, by the driver.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlparse

from cds_engine.batch.duck import Duck
from cds_engine.batch.engine import ROW, Metadata, Part, check_columns
from cds_engine.batch.readings import EMPTY
from cds_engine.batch.spark_session import spark_errors, started, uri_of
from cds_engine.batch.spark_text import spelled
from cds_engine.diagnostics import InputError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

NOT_WORTHWHILE = ", ".join(
    f"org.apache.spark.sql.{rule}"
    for rule in (
        "catalyst.optimizer.FoldablePropagation",
        "catalyst.optimizer.SimplifyConditionals",
        "catalyst.optimizer.ConstantFolding",
        "catalyst.optimizer.RemoveRedundantAliases",
        "catalyst.optimizer.NestedColumnAliasing",
        "catalyst.optimizer.PushFoldableIntoBranches",
        "catalyst.optimizer.UnwrapCastInBinaryComparison",
        "catalyst.optimizer.InferFiltersFromConstraints",
        "catalyst.optimizer.LikeSimplification",
        "execution.datasources.PruneFileSourcePartitions",
        "execution.datasources.SchemaPruning",
    )
)
"""The optimizers that are left out: on thousands of expressions they take longer than the rows."""
SETTINGS = {
    "spark.sql.optimizer.excludedRules": NOT_WORTHWHILE,
    "spark.sql.optimizer.nestedSchemaPruning.enabled": "false",
    "spark.sql.ansi.enabled": "false",  # a cell that is no number must be unknown, not the end of the run
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.caseSensitive": "true",
    "spark.sql.parser.escapedStringLiterals": "false",
    "spark.sql.parquet.filterPushdown": "true",
    "spark.sql.parquet.compression.codec": "zstd",
    "parquet.compression.codec.zstd.level": "1",
    "mapreduce.fileoutputcommitter.algorithm.version": "1",  # what a task has written counts when the job is done
    "spark.sql.sources.commitProtocolClass": (
        "org.apache.spark.sql.execution.datasources.SQLHadoopMapReduceCommitProtocol"
    ),
    "spark.sql.subexpressionElimination.enabled": "false",  # the layers of the text have done that
}
"""What is set for the queries of a run, in a session of its own beside the one that is handed in."""
INTERPRETED = {"spark.sql.codegen.wholeStage": "false", "spark.sql.codegen.factoryMode": "NO_CODEGEN"}
"""For a few rows, which are answered long before Java has compiled the text."""
FEW = 50_000
"""So many rows are answered sooner than the text for them is compiled."""
TYPES = {
    "string": "VARCHAR", "boolean": "BOOLEAN", "date": "DATE", "timestamp": "TIMESTAMP", "timestamp_ntz": "TIMESTAMP",
    "tinyint": "TINYINT", "smallint": "SMALLINT", "int": "INTEGER", "bigint": "BIGINT", "float": "FLOAT",
    "double": "DOUBLE",
}  # fmt: skip
"""Types of Spark, as DuckDB calls them."""


class Spark:
    """The queries of one run, in a session of their own."""

    looks_up = False

    def __init__(self, session: object, folder: Path, *, threads: int | None = None, memory: str | None = None) -> None:
        self._folder = folder
        self._kept = 0
        given: Any
        given, self._is_ours = (session, False) if session is not None else started(threads or 2, memory or "2g")
        self._session: SparkSession = given.newSession()
        if given.conf.get("spark.sql.shuffle.partitions") == "200":  # nobody has chosen it: as many as run at once
            self._session.conf.set("spark.sql.shuffle.partitions", str(given.sparkContext.defaultParallelism))
        for name, value in SETTINGS.items():
            self._session.conf.set(name, value)

    @property
    def errors(self) -> tuple[type[Exception], ...]:
        """What Spark raises, and what comes through from Java."""
        return spark_errors()

    def view(self, name: str, query: str) -> None:
        """Give a query a name; what it names is looked up now, and stays that."""
        self._run(query).createOrReplaceTempView(name)

    def keep(self, table: str, query: str) -> None:
        """Keep the rows of a query in files: what is read of them later is what was written once."""
        self._written(table, query).createOrReplaceTempView(table)

    def add(self, table: str, query: str) -> None:
        """Put the rows of a query into a table that was kept."""
        self._session.table(table).union(self._written(table, query)).createOrReplaceTempView(table)

    def _written(self, table: str, query: str) -> DataFrame:
        self._kept += 1
        into = uri_of(self._folder / "kept" / f"{self._kept:04d}-{table}")
        frame = self._run(query)
        frame.write.mode("overwrite").parquet(into)
        return self._session.read.schema(frame.schema).parquet(into)

    def stage(self, name: str, query: str, never_null: Mapping[str, str] | None = None) -> None:
        """Keep the rows of a query: two texts of this size are not planned as one.

        What stands in a file may be NULL for all that Spark knows, and it would ask so at every use: it is told once.
        """
        written = self._written(name, query)
        some = {
            column: f"coalesce({column}, CAST({EMPTY[kind]} AS {kind}))" for column, kind in (never_null or {}).items()
        }
        listed = [f"{some.get(column, column)} AS {column}" for column in written.columns]
        written.selectExpr(*listed).createOrReplaceTempView(name)

    def counted(self, row: str) -> str:
        """Return it as it is: nobody watches."""
        return row

    def fill(self, table: str, columns: Mapping[str, str], rows: Sequence[Sequence[object]]) -> None:
        """Make a table of a few rows."""
        names = {theirs: own for own, theirs in TYPES.items() if own != "timestamp_ntz"}
        schema = ", ".join(f"`{name}` {_type(kind, names)}" for name, kind in columns.items())
        self._session.createDataFrame([tuple(row) for row in rows], schema).createOrReplaceTempView(table)

    def has(self, table: str) -> bool:
        """Say whether there is a table of this name."""
        return bool(self._session.catalog.tableExists(table))

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        return [tuple(row) for row in self._run(query).collect()]

    def records(self, query: str) -> list[dict[str, Any]]:
        """Return the rows of a query by column."""
        frame = self._run(query)
        return [dict(zip(frame.columns, row, strict=True)) for row in frame.collect()]

    def one(self, query: str) -> Any:
        """Return the only value of a query."""
        return self.rows(query)[0][0]

    def columns(self, relation: str) -> dict[str, str]:
        """Return the columns of a table or query with their types, as DuckDB calls them."""
        return {name: _named(kind) for name, kind in self._run(f"SELECT * FROM {relation}").dtypes}

    def parts(
        self,
        files: Sequence[Path],
        part_rows: int,
        name: str,
        *,
        in_folders: bool = False,  # noqa: ARG002 - of files by name Spark takes nothing from folders
    ) -> tuple[dict[str, str], tuple[Part, ...]]:
        """Return the columns of a table of Parquet files, and its rows in parts, numbered through all files.

        The number of a row is that of its file and its place there, whoever reads it and however often.

        Raises:
            InputError: If the files have columns that differ, or one that is called as the number of a row.
        """
        first = self._session.read.parquet(uri_of(files[0])).dtypes
        check_columns([column for column, _ in first], f"`{files[0]}`")
        for file in files[1:]:
            if sorted(self._session.read.parquet(uri_of(file)).dtypes) != sorted(first):
                raise InputError(f"the columns of `{file}` are not those of the files before it")
        table = self._session.read.parquet(*map(uri_of, files))
        counted = table.groupBy("_metadata.file_path").count().collect()
        order = {str(file.resolve()): place for place, file in enumerate(files)}
        by_file = sorted(((order[_path(uri)], uri, rows) for uri, rows in counted))
        starts, total = [], 0
        for _, uri, rows in by_file:
            starts.append((uri, total))
            total += rows
        self._session.createDataFrame(starts, "path string, start bigint").createOrReplaceTempView(f"{name}_files")
        listed = ", ".join(f"`{column.replace('`', '``')}`" for column, _ in first)
        table.selectExpr(
            "_metadata.file_path AS __path", "_metadata.row_index AS __index", "*"
        ).createOrReplaceTempView(f"{name}_cells")
        self._session.sql(
            f"SELECT /*+ BROADCAST({name}_files) */ start + __index AS {ROW}, {listed} FROM {name}_cells"
            f" JOIN {name}_files ON path = __path"
        ).createOrReplaceTempView(f"{name}_rows")
        relation = f"(SELECT * FROM {name}_rows"
        parts = [
            Part(
                f"{relation})"
                if total <= part_rows
                else f"{relation} WHERE {ROW} >= {low} AND {ROW} < {low + part_rows})",
                min(part_rows, total - low),
            )
            for low in range(0, total, part_rows)
        ] or [Part(f"{relation} WHERE FALSE)", 0)]
        return {column: _named(kind) for column, kind in first}, tuple(parts)

    def write(self, query: str, path: Path, kind: str, metadata: Metadata) -> int:  # noqa: ARG002 - always Parquet
        """Write the rows of a query as a folder of Parquet files, there when it is whole, and return how many."""
        begun = path.with_suffix(".tmp")
        self._run(query).write.mode("overwrite").parquet(uri_of(begun))
        shutil.rmtree(path, ignore_errors=True)
        begun.replace(path)
        with closing(Duck(threads=1)) as duck:
            return duck.rows_in(path.glob("*.parquet"))

    @contextmanager
    def about(self, rows: int) -> Iterator[None]:
        """Answer few rows without compiling the text."""
        before = {name: self._session.conf.get(name) for name in (INTERPRETED if rows <= FEW else ())}
        for name in before:
            self._session.conf.set(name, INTERPRETED[name])
        try:
            yield
        finally:
            for name, value in before.items():
                self._session.conf.set(name, str(value))

    def close(self) -> None:
        """End the run; a session that was handed in lives on."""
        if self._is_ours:
            self._session.stop()

    def _run(self, query: str) -> DataFrame:
        return self._session.sql(spelled(query))


def _path(uri: str) -> str:
    return unquote(urlparse(uri).path)


def _named(kind: str) -> str:
    """Return a type of Spark as DuckDB calls it."""
    if kind.startswith("array<"):
        return f"{_named(kind[6:-1])}[]"
    return "DECIMAL" if kind.startswith("decimal") else TYPES.get(kind, kind.upper())


def _type(kind: str, names: Mapping[str, str]) -> str:
    """Return a type of DuckDB as Spark calls it."""
    return f"array<{_type(kind[:-2], names)}>" if kind.endswith("[]") else names.get(kind, kind)
