"""Units that were read before, kept in the user's cache folder so that a fresh process needs no library.

A cache that is missing, damaged, foreign or read-only is silently the same as none.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
from contextlib import suppress
from fractions import Fraction
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

Entry = tuple[str, Fraction, Fraction]
"""Kind, scale and zero of a unit."""

MOST = 4096
"""Entries beyond this are not kept: the file serves the units of a clinic, not every text ever seen."""
_LONGEST = 1000
_FRACTION = re.compile(r"[0-9]+(/[0-9]+)?")


def cache_folder() -> Path | None:
    """Return the user's cache folder for this package, or None where there is none."""
    try:
        from platformdirs import user_cache_dir  # noqa: PLC0415 - loaded when used

        return Path(user_cache_dir("cds_engine"))
    except (ImportError, OSError, RuntimeError):
        return None


@cache
def edition() -> str:
    """Return a word that changes with this package, its source here, pint and ucumvert."""
    seal = hashlib.sha256()
    for name in ("cds_engine", "pint", "ucumvert"):
        with suppress(PackageNotFoundError):
            seal.update(f"{name} {version(name)}\n".encode())
    with suppress(OSError):
        for source in sorted(Path(__file__).parent.glob("*.py")):
            seal.update(source.read_bytes())
    return seal.hexdigest()[:16]


def known_units_file() -> Path | None:
    """Return where the units of this edition are kept."""
    folder = cache_folder()
    return None if folder is None else folder / f"units-{edition()}.json"


def recall(file: Path | None) -> dict[str, Entry]:
    """Return the units kept in *file*; nothing at all unless the whole file is sound."""
    if file is None:
        return {}
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
        units = document["units"]
        if document["seal"] != _seal(units) or len(units) > MOST:
            return {}
        return {code: _entry(code, row) for code, row in units.items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError, ArithmeticError, RecursionError):
        return {}


def keep(file: Path | None, units: Mapping[str, Entry]) -> None:
    """Add *units* to *file* in one step; other processes see the old file or the new one."""
    if file is None:
        return
    rows = _rows({**recall(file), **units})
    if len(rows) > MOST:
        return
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(dir=file.parent, prefix=".units-", suffix=".json")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                json.dump({"seal": _seal(rows), "units": rows}, stream, ensure_ascii=True)
            Path(draft).replace(file)
        except OSError:
            Path(draft).unlink(missing_ok=True)
            raise


def _rows(units: Mapping[str, Entry]) -> dict[str, list[str]]:
    """Write units as text; those with numbers too long to be read again are left out."""
    rows: dict[str, list[str]] = {}
    for code, (kind, scale, zero) in units.items():
        with suppress(ValueError):
            row = [kind, str(scale), str(zero)]
            _entry(code, row)
            rows[code] = row
    return rows


def _seal(units: Any) -> str:
    return hashlib.sha256(json.dumps(units, sort_keys=True).encode()).hexdigest()


def _entry(code: str, row: Any) -> Entry:
    """Check one row of the file."""
    kind, scale, zero = row
    if not all(isinstance(word, str) and len(word) <= _LONGEST for word in (code, kind, scale, zero)):
        raise ValueError(code)
    if not (_FRACTION.fullmatch(scale) and _FRACTION.fullmatch(zero)):
        raise ValueError(code)
    size, origin = Fraction(scale), Fraction(zero)
    if not kind or size <= 0 or origin < 0:
        raise ValueError(code)
    return kind, size, origin
