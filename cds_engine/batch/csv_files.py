"""Tables of CSV: the first line is read by us, since it says what all others mean; the others by DuckDB."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from cds_engine.batch.duck import Duck
from cds_engine.batch.engine import ALONE, check_columns, literal, path_literal, quoted
from cds_engine.batch.staging import LONGEST, Bad, compare, write_table
from cds_engine.batch.text_files import TextFile, has_quotes, opened, rejected, text_file
from cds_engine.diagnostics import InputError

SEPARATORS = (",", ";", "\t", "|")
QUOTED = re.compile(r'"[^"]*"?')


@dataclass(frozen=True, slots=True)
class CsvFile:
    """A file of CSV with what its first line says."""

    text: TextFile
    names: Sequence[str]
    separator: str
    skip: int
    """Empty lines before that of the names."""

    @property
    def columns(self) -> Mapping[str, str]:
        """The columns with their types: every cell is text, so that nothing is a number before its unit is known."""
        return dict.fromkeys(self.names, "VARCHAR")

    @property
    def relation(self) -> str:
        """How DuckDB reads it; nothing about it is left to be guessed from its first lines."""
        columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in self.names)
        return (
            f"read_csv({path_literal(self.text.path)}, columns={{{columns}}}, delim={literal(self.separator)},"
            f" skip={self.skip}, header=true, quote='\"', escape='\"', auto_detect=false, store_rejects=true,"
            " strict_mode=true, hive_partitioning=false)"
        )


def write_csv(files: Sequence[Path], into: Path, duck: Duck) -> tuple[Bad, ...]:
    """Write every cell as text; a file without a line has no rows.

    Raises:
        InputError: If a file cannot be read, its columns are not those of the others, or a cell may hold whole rows.
    """
    with TemporaryDirectory(dir=into.parent) as scratch:
        found = (_csv_file(text_file(file, Path(scratch))) for file in files)
        tables = [table for table in found if table is not None]
        if not tables:
            raise InputError(f"`{files[0]}` is empty; the first line of a table names its columns")
        columns: Mapping[str, str] = {}
        for table in tables:
            compare(columns, table.columns, table.text.file)
            columns = table.columns
        listed = ", ".join(map(quoted, columns))
        each = (f"SELECT {listed} FROM {table.relation}" for table in tables)
        write_table(f"({' UNION ALL '.join(each)})", into, duck)
        for table in tables:
            if has_quotes(table.text):
                _refuse_swallowed(table, into, duck)
        return tuple(rejected([table.text for table in tables], duck))


def _refuse_swallowed(table: CsvFile, staged: Path, duck: Duck) -> None:
    """See to it that no cell holds what may be whole rows: two stray quotes make one cell of all that is between them.

    Raises:
        InputError: If one has several lines, and as many separators as a row.
    """
    cells = [*map(quoted, table.names)]
    broken = " OR ".join(f"contains({cell}, chr(10)) OR contains({cell}, chr(13))" for cell in cells)
    rows = (
        f"SELECT list_value({', '.join(cells)}) AS row FROM read_parquet({path_literal(staged)}{ALONE}) WHERE {broken}"
    )
    separators = f"length(cell) - length(replace(cell, {literal(table.separator)}, ''))"
    found = duck.rows(
        f"SELECT cell FROM (SELECT unnest(row) AS cell FROM ({rows}) AS rows) AS cells"
        f" WHERE regexp_matches(cell, '[\\r\\n]') AND {separators} >= {max(1, len(cells) - 1)} LIMIT 1"
    )
    for (cell,) in found:
        raise InputError(
            f"a cell of `{table.text.file}` has several lines, which may be rows: `{str(cell)[:LONGEST]}`;"
            " take out the quotes around them, or the line breaks"
        )


def _csv_file(text: TextFile) -> CsvFile | None:
    """Return what the first line of a file says; None where it has none.

    Raises:
        InputError: If it cannot be read, or names a column twice.
    """
    try:
        with (
            opened(text.path) as data,
            io.TextIOWrapper(data, encoding="utf-8-sig", errors="surrogateescape", newline="") as lines,
        ):
            skip = 0
            for first in lines:
                if first.strip():
                    break
                skip += 1
            else:
                return None
            separator = _separator(first, "\t" if text.file.name.lower().endswith(".tsv") else ",")
            cells = next(csv.reader(_again(first, lines), delimiter=separator, strict=True))
            "".join(cells).encode()
    except UnicodeEncodeError:
        raise InputError(f"the first line of `{text.file}` is not in UTF-8; save the file so") from None
    except csv.Error as error:
        raise InputError(f"the first line of `{text.file}` cannot be read as names of columns: {error}") from None
    names = [cell.strip() or f"column{place}" for place, cell in enumerate(cells)]
    check_columns(names, f"`{text.file}`")
    return CsvFile(text, names, separator, skip)


def _again(first: str, others: Iterable[str]) -> Iterator[str]:
    """Yield a line that was read before those that follow it."""
    yield first
    yield from others


def _separator(line: str, usual: str) -> str:
    """Return what stands between names: the most frequent of the separators outside quotes, or else the usual one.

    >>> _separator('patient;"height, standing";weight', ",")
    ';'
    """
    bare = QUOTED.sub("", line)
    return max(SEPARATORS, key=lambda sign: (bare.count(sign), sign == usual))
