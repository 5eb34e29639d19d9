"""Tables of NDJSON: a line is an object, a key a column; lines that are none are put aside."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory

from cds_engine.batch.columns import IDS
from cds_engine.batch.duck import Duck
from cds_engine.batch.engine import ALONE, literal, path_literal, quoted
from cds_engine.batch.json_keys import Keys
from cds_engine.batch.staging import LONGEST, Bad, write_table
from cds_engine.batch.text_files import TextFile, rejected, text_file
from cds_engine.diagnostics import InputError

GUESSED = re.compile(r"\b(?:DATE|TIME(?:STAMP(?:_\w+)?)?(?: WITH TIME ZONE)?|UUID)(?=[\[,)]|$)")
"""Types that JSON does not have: where a column gets one, texts would be rewritten (`03-04-10` as a day of 2003)."""
ROUNDED = frozenset({"DOUBLE", "HUGEINT", "UHUGEINT", "UBIGINT"})
"""Types in which the id of a patient may become another, here or when it is written."""
RENAMED = re.compile(r"_\d+$")
"""What DuckDB appends to a name that differs from another in capitals only."""
AS_LINES = (
    "header=false, delim='\x01', quote='', escape='', auto_detect=false, store_rejects=true, hive_partitioning=false"
)
NO_OBJECT = "coalesce(json_type(try_cast(line AS JSON)), '') <> 'OBJECT'"


def write_ndjson(files: Sequence[Path], into: Path, duck: Duck) -> tuple[Bad, ...]:
    """Write the lines that are JSON objects; a column of which the lines disagree on the type is one of texts.

    A text stays the text that it is, also where it looks like a day or like an id of another kind.

    Raises:
        InputError: If a file cannot be read, no line is an object, or keys of several lines differ in capitals only.
    """
    with TemporaryDirectory(dir=into.parent) as scratch:
        lines = _Lines([text_file(file, Path(scratch)) for file in files], duck)
        lines.keep_objects()
        objects = Path(scratch, "objects.ndjson")
        if not _is_written(objects, into, duck):
            lines.keep_readable()
            _write(_columns(objects, duck), objects, into, duck)
        return tuple(sorted(lines.bad, key=lambda found: (found.file, found.line)))


def _is_written(objects: Path, into: Path, duck: Duck) -> bool:
    """Write the rows, and say whether that could be done without a look at every key: DuckDB takes `A` for `a`."""
    try:
        columns = _columns(objects, duck)
        if {RENAMED.sub("", name).lower() for name in columns if RENAMED.search(name)} & {*map(str.lower, columns)}:
            return False
        _write(columns, objects, into, duck)
    except duck.errors:
        return False
    return True


def _columns(objects: Path, duck: Duck) -> Mapping[str, str]:
    """Copy the lines to a file, and return the columns that all of them come to, with their types."""
    duck.run(
        f"COPY (SELECT line FROM lines ORDER BY file, number) TO {literal(str(objects))}"
        " (FORMAT CSV, HEADER false, QUOTE '', ESCAPE '', DELIMITER '\x01')"
    )
    found = duck.columns(f"read_ndjson({path_literal(objects)}, sample_size=-1, map_inference_threshold=-1{ALONE})")
    # texts in one line and objects in another: each stays as it was sent
    kinds = {name: "JSON" if "JSON" in kind else GUESSED.sub("VARCHAR", kind) for name, kind in found.items()}
    ids = [name for name, kind in kinds.items() if kind in ROUNDED and name.strip().lower() in IDS]
    return kinds | dict.fromkeys(ids, "VARCHAR")


def _write(columns: Mapping[str, str], objects: Path, into: Path, duck: Duck) -> None:
    typed = ", ".join(f"{literal(name)}: {literal(kind)}" for name, kind in columns.items())
    as_text = ", ".join(f"{quoted(c)} ->> '$' AS {quoted(c)}" for c, kind in columns.items() if kind == "JSON")
    read = f"read_ndjson({path_literal(objects)}, columns={{{typed}}}{ALONE})"
    write_table(f"(SELECT *{f' REPLACE ({as_text})' if as_text else ''} FROM {read})", into, duck)


class _Lines:
    """The lines of several files: in the table `lines` those that may be rows, by file and place among the readable."""

    def __init__(self, texts: Sequence[TextFile], duck: Duck) -> None:
        self._texts = texts
        self._duck = duck
        duck.fill("lines", {"file": "INTEGER", "number": "BIGINT", "line": "VARCHAR"}, [])
        for place, text in enumerate(texts):
            read = f"read_csv({path_literal(text.path)}, columns={{'line': 'VARCHAR'}}, {AS_LINES})"
            duck.add("lines", f"SELECT {place}, row_number() OVER (), line FROM {read}")
        self.bad = rejected(texts, duck)
        by_file = groupby(self.bad, key=lambda bad: bad.file)
        self._gaps = {file: [bad.line - n for n, bad in enumerate(bads)] for file, bads in by_file}
        """By file: before which of the readable lines each unreadable one stands."""

    def keep_objects(self) -> None:
        """Put lines aside that are no objects, and leave out empty ones.

        Raises:
            InputError: If there is no object.
        """
        found = self._duck.rows(f"SELECT file, number, line FROM lines WHERE trim(line) <> '' AND {NO_OBJECT}")
        self.bad += [self._bad(file, number, line, "the line is no JSON object") for file, number, line in found]
        self._duck.run(f"DELETE FROM lines WHERE {NO_OBJECT}")
        self._check_any_left()

    def keep_readable(self) -> None:
        """Put lines aside that name something twice, or nest too deeply to be read.

        Raises:
            InputError: If keys of several lines differ in capitals only, or no line is left.
        """
        keys, unread = Keys(), list[tuple[int, int]]()
        for batch in self._duck.batches("SELECT file, number, line FROM lines ORDER BY file, number"):
            for file, number, line in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                where = f"line {self._line(file, number)} of `{self._texts[file].file}`"
                reason = keys.fault_of(line, where)
                if reason is not None:
                    self.bad.append(self._bad(file, number, line, reason))
                    unread.append((file, number))
        self._duck.fill("unread", {"file": "INTEGER", "number": "BIGINT"}, unread)
        self._duck.run("DELETE FROM lines WHERE (file, number) IN (SELECT (file, number) FROM unread)")
        self._check_any_left()

    def _check_any_left(self) -> None:
        if not self._duck.rows("SELECT 1 FROM lines LIMIT 1"):
            why = "no line of it is a JSON object" if self.bad else "it is empty"
            raise InputError(f"`{self._texts[0].file}` is no table: {why}; write each patient as an object on one line")

    def _bad(self, file: int, number: int, line: str, reason: str) -> Bad:
        return Bad(str(self._texts[file].file), self._line(file, number), line[:LONGEST], reason)

    def _line(self, file: int, number: int) -> int:
        """Return which line of its file a readable one is."""
        return number + bisect_right(self._gaps.get(str(self._texts[file].file), []), number)
