"""What systems and DuckDB say when something fails, as one sentence of ours: which file, why, and a way out."""

from __future__ import annotations

import errno
import os
import re

NAMED = re.compile(r"""\bfile:? \\?["'](.+?)\\?["']""", re.IGNORECASE)
"""The file in what DuckDB says, which is quoted in JSON sometimes."""
NUMBER = re.compile(r'"errno":"(\d+)"')
TORN = ("magic bytes", "too small to be a Parquet file", "Failed to read file", "don't match Parquet")
"""Of what DuckDB says of a Parquet file that is not whole."""
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
CLOSED = {errno.EACCES, errno.EPERM, errno.EROFS}


def in_our_words(error: Exception) -> str:
    """Return what an error says."""
    if isinstance(error, OSError):
        return _of_system(None if error.filename is None else str(error.filename), error.errno, str(error))
    first = (str(error) or type(error).__name__).splitlines()[0]
    named, number = NAMED.search(first), NUMBER.search(first)
    path = None if named is None else named[1]
    if path is not None and any(words in first for words in TORN):
        return torn(path)
    if number is not None:
        return _of_system(path, int(number[1]), first)
    for code in sorted({*FULL, *CLOSED, errno.ENOENT}):
        if first.endswith(os.strerror(code)):
            return _of_system(path, code, first)
    return first


def torn(path: str) -> str:
    """Return what is said of a Parquet file that cannot be read."""
    return f"`{path}` is torn, or no Parquet file; restore it, or leave it out"


def _of_system(path: str | None, code: int | None, said: str) -> str:
    """Return what a system refuses, where it is one of those things that happen to files."""
    if code is None:
        return said
    why = os.strerror(code)
    why = why[:1].lower() + why[1:]
    way_out = "see that it is there and can be read and written"
    if code in FULL:
        way_out = "make room there, or name an output elsewhere"
    elif code in CLOSED:
        way_out = "ask for the right to it, or name another place"
    return f"{f'`{path}`' if path is not None else 'a file'} cannot be used: {why}; {way_out}"
