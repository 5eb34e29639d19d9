"""Files of text as DuckDB can read them whole: in UTF-8, compressed or not, all lines with one ending."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from cds_engine.batch.duck import Duck
from cds_engine.batch.staging import LONGEST, Bad
from cds_engine.diagnostics import InputError

CHUNK = 1 << 24
"""Bytes that are looked through at once."""
UTF_16 = (b"\xff\xfe", b"\xfe\xff")
"""How a text of two bytes a letter begins."""


@dataclass(frozen=True, slots=True)
class TextFile:
    """A file as the user named it, and where its text is read."""

    file: Path
    path: Path


def text_file(file: Path, scratch: Path) -> TextFile:
    """Return where a text can be read: in a folder of ours if its lines end in several ways, which DuckDB refuses.

    Raises:
        InputError: If it cannot be read, or is not in UTF-8.
    """
    with opened(file) as data:
        if data.read(2) in UTF_16:
            raise InputError(f"`{file}` is in UTF-16; save it as UTF-8")
    with opened(file) as data:
        is_even = _have_one_ending(_chunks(data))
    if is_even:
        return TextFile(file, file)
    copy = scratch / f"{len([*scratch.iterdir()])}.txt"
    with opened(file) as data, copy.open("wb") as out:
        for chunk in _chunks(data):
            out.write(chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n"))
    return TextFile(file, copy)


@contextmanager
def opened(file: Path) -> Iterator[IO[bytes]]:
    """Open a file, compressed or not.

    Raises:
        InputError: If it cannot be opened, or read by who has it open.
    """
    try:
        is_compressed = file.name.lower().endswith(".gz")
        with cast("IO[bytes]", gzip.open(file, "rb") if is_compressed else file.open("rb")) as data:
            yield data
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"`{file}` cannot be read: {getattr(error, 'strerror', None) or error}") from None


def _chunks(data: IO[bytes]) -> Iterator[bytes]:
    """Yield what a file holds in pieces; no ending of a line is cut."""
    while chunk := data.read(CHUNK):
        while chunk.endswith(b"\r") and (more := data.read(1)):
            chunk += more
        yield chunk


def _have_one_ending(chunks: Iterable[bytes]) -> bool:
    """Say whether all lines end in the same way."""
    found: set[bytes] = set()
    for chunk in chunks:
        feeds = b"\n" in chunk
        if b"\r" in chunk:
            pairs = chunk.count(b"\r\n")
            found |= {b"\r\n"} if pairs else set()
            found |= {b"\r"} if chunk.count(b"\r") > pairs else set()
            feeds = chunk.count(b"\n") > pairs
        found |= {b"\n"} if feeds else set()
        if len(found) > 1:
            return False
    return True


def has_quotes(text: TextFile) -> bool:
    """Say whether there is a quote in a text: without one every line is a row."""
    with opened(text.path) as data:
        return any(b'"' in chunk for chunk in _chunks(data))


def rejected(texts: Sequence[TextFile], duck: Duck) -> list[Bad]:
    """Return the lines that the reader of CSV could not read since it was asked last, each once.

    Raises:
        InputError: If a quote is not closed: what follows it may be rows that nobody has read.
    """
    named = {str(text.path): str(text.file) for text in texts}
    found = duck.rows(
        "SELECT DISTINCT ON (file_path, line) file_path, line, trim(csv_line, chr(13) || chr(10)), error_message,"
        " error_type FROM reject_errors JOIN reject_scans USING (scan_id, file_id) ORDER BY file_path, line"
    )
    for table in ("reject_errors", "reject_scans"):
        duck.run(f"DROP TABLE {table}")
    for path, line, text, _, kind in found:
        if kind == "UNQUOTED VALUE" and len(str(text).splitlines()) > 1:
            raise InputError(
                f"the quote in line {line} of `{named[str(path)]}` is not closed there, and nobody can tell where"
                " its row ends; close it, or write it twice if it is part of the text"
            )
    return [
        Bad(named[str(path)], int(line), str(text)[:LONGEST], str(reason).splitlines()[0])
        for path, line, text, reason, _ in found
    ]
