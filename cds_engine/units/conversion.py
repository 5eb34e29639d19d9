"""The door: read a unit, and convert between two of one kind."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, lru_cache
from threading import RLock
from typing import TYPE_CHECKING

from cds_engine.units.aliases import without_alias
from cds_engine.units.errors import letter_case, not_a_unit, not_comparable
from cds_engine.units.known import MOST, Entry, keep, known_units_file, recall
from cds_engine.units.suggest import case_twin, likely_unit, way_out

if TYPE_CHECKING:
    from pathlib import Path

_LOCK = RLock()


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit that may be used: its UCUM text, and the kind that says what it compares with."""

    code: str
    kind: str


@dataclass(frozen=True, slots=True)
class Conversion:
    """The straight line from one unit to another of its kind."""

    factor: float
    offset: float

    def apply(self, value: float) -> float:
        """Return *value* in the target unit, unrounded."""
        return value * self.factor + self.offset


class _Readings:
    """The units read so far: in memory, in the user's cache folder, or else by asking the libraries."""

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._units: dict[str, Entry] = recall(file)

    def __getitem__(self, code: str) -> Entry | None:
        if code not in self._units:
            from cds_engine.units.reading import read  # noqa: PLC0415 - loaded when a unit is new

            reading = read(code)
            if reading is None:
                return None
            entry = (reading.kind, reading.scale, reading.zero)
            if len(self._units) >= MOST:
                return entry
            self._units[code] = entry
            keep(self._file, self._units)
        return self._units[code]


@cache
def _readings() -> _Readings:
    return _Readings(known_units_file())


@lru_cache(maxsize=4096)
def _look_up(text: str) -> tuple[str, Entry]:
    """Return UCUM text, kind, size and zero of a unit, aliases included."""
    code = without_alias(text)
    with _LOCK:
        entry = _readings()[code] if code else None
    if entry is None:
        raise not_a_unit(text, likely_unit(text))
    return code, entry


def parse_unit(text: str) -> Unit:
    """Read a unit, accepting the aliases of `ALIASES`.

    >>> parse_unit("mcg/d")
    Unit(code='ug/d', kind='d-1.mass')

    Raises:
        UnitError: If it is no UCUM unit (U101).
    """
    code, (kind, _, _) = _look_up(text)
    return Unit(code, kind)


@lru_cache(maxsize=4096)
def conversion(source: str, target: str) -> Conversion:
    """Return how values in *source* become values in *target*.

    >>> conversion("[in_i]", "cm").apply(2.0)
    5.08

    Raises:
        UnitError: If either is no unit (U101), or the kinds differ (U102).
    """
    source_code, (source_kind, source_scale, source_zero) = _look_up(source)
    target_code, (target_kind, target_scale, target_zero) = _look_up(target)
    if source_scale != target_scale and (meant := case_twin(source_code, target_code)):
        raise letter_case(source, target, meant)
    if source_kind != target_kind:
        raise not_comparable(source, target, way_out(source_code, source_kind, target_kind))
    line = _line(source_scale / target_scale, (source_zero - target_zero) / target_scale)
    if line is None:
        raise not_comparable(source, target, "their sizes are too far apart")
    return line


def _line(factor: Fraction, offset: Fraction) -> Conversion | None:
    """Round the exact factor once; None when no float can hold it."""
    try:
        line = Conversion(float(factor), float(offset))
    except OverflowError:
        return None
    return line if line.factor > 0 and math.isfinite(line.factor) else None


def ucum_conversion(value: float, source: str, target: str) -> float:
    """Convert as UCUM alone would, without the kinds: for comparison with other UCUM software only.

    Raises:
        UnitError: If either is no UCUM unit (U101), or the dimensions differ (U102).
    """
    from cds_engine.units.reading import read_physics  # noqa: PLC0415 - loaded when used

    with _LOCK:
        start, end = read_physics(source), read_physics(target)
    if start is None or end is None:
        raise not_a_unit(source if start is None else target, None)
    if start.kind != end.kind:
        raise not_comparable(source, target, None)
    return float((Fraction(value) * start.scale + start.zero - end.zero) / end.scale)
