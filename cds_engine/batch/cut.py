"""Files of Parquet cut into parts: small ones are read together, large ones by ranges of their rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from pathlib import Path

from cds_engine.batch.engine import ALONE, ROW, ROW_OF_FILE, Part, literal, path_literal, quoted
from cds_engine.diagnostics import InputError

FILE = "filename"
"""Which of several files a row is from, as DuckDB tells it where no column of the table has that name."""
Group = list[tuple[Path, int]]
"""Files that are read together, each with the number of its rows."""


def check_folders(file: Path, columns: Sequence[str]) -> None:
    """See to it that no folder around a file says a column that the file has itself: DuckDB would take the folder's.

    Raises:
        InputError: If one does.
    """
    taken = {name.lower() for name in columns}
    for folder in file.absolute().parts[:-1]:
        name, is_said, _ = folder.partition("=")
        if is_said and name.lower() in taken:
            raise InputError(f"the folder `{folder}` and `{file}` in it both say `{name}`; rename the folder")


def cut(
    sizes: Sequence[tuple[Path, int]], columns: Sequence[str], part_rows: int, *, in_folders: bool = False
) -> tuple[Part, ...]:
    """Return the rows of files, each with how many it has, in parts with their *columns*, numbered through all."""
    listed = ", ".join(quoted(column) for column in columns)
    options = "" if in_folders else ALONE
    together = 0 if FILE in map(str.lower, columns) else part_rows
    parts = tuple(_parts_of(_groups(sizes, together), listed, part_rows, options))
    if not parts:  # an empty table has an empty answer
        read = f"read_parquet({path_literal(sizes[-1][0])}{options})"
        parts = (Part(f"(SELECT CAST(0 AS BIGINT) AS {ROW}, {listed} FROM {read} WHERE FALSE)", 0),)
    return parts


def _groups(sizes: Iterable[tuple[Path, int]], at_most: int) -> list[Group]:
    """Return files with their rows, those that follow each other together as long as they have *at_most* so many."""
    groups: list[Group] = []
    room = 0
    for file, rows in sizes:
        if groups and rows <= room:
            groups[-1].append((file, rows))
        else:
            groups.append([(file, rows)])
            room = at_most
        room -= rows
    return groups


def _parts_of(groups: Iterable[Group], listed: str, part_rows: int, options: str) -> Iterator[Part]:
    """Yield the parts of groups of files, with the columns *listed*, their rows numbered through all."""
    start = 0
    for group in groups:
        rows = sum(size for _, size in group)
        starts = ", ".join(str(first) for first in accumulate([start, *(size for _, size in group[:-1])]))
        names = ", ".join(literal(str(file)) for file, _ in group)
        files = ", ".join(path_literal(file) for file, _ in group)
        # by name: a place among the files would not count those that a filter on their paths has left out
        before = starts if len(group) == 1 else f"[{starts}][list_position([{names}], {FILE})]"
        read = f"read_parquet([{files}], {ROW_OF_FILE}=true{options})"
        read = f"SELECT {ROW_OF_FILE} + {before} AS {ROW}, {listed} FROM {read}"
        for low in range(0, rows, part_rows):
            high = min(low + part_rows, rows)
            where = "" if high - low == rows else f" WHERE {ROW_OF_FILE} >= {low} AND {ROW_OF_FILE} < {high}"
            yield Part(f"({read}{where})", high - low)
        start += rows
