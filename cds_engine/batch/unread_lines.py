"""Whose a line of a second table is that cannot be read: told only where it can be of nobody else."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cds_engine.batch.columns import said
from cds_engine.batch.csv_files import SEPARATORS
from cds_engine.batch.staging import LONGEST, Bad
from cds_engine.batch.text_files import opened

UNSHOWN = "?"
"""As what bytes are shown that are no text, and separators and letters after them."""
BESIDE = " \t\"'"
"""What may stand beside an id in a cell of a line that cannot be read."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line that cannot be read, but says whose it is."""

    owner: str
    ends: frozenset[str] = frozenset()
    """How its other cells end, in small letters: where it is two lines run together, one ends as another id does."""

    def is_of_one_in(self, known: Mapping[str, Collection[str]]) -> bool:
        """Say whether it is of one patient alone; *known* are ids of the table, and how else each may be written."""
        return self.owner in known and all(
            own == self.owner or self.ends.isdisjoint(words) for own, words in known.items()
        )


def whose(bad: Bad, patient: str, columns: Collection[str]) -> Line | None:
    """Return whose a line is that cannot be read, as far as it says so; None where it does not.

    It does in the first cell of a line of CSV (the others may stand elsewhere than they seem to) that has fewer cells
    than two lines run together, and in a line of JSON that names the patient once.
    """
    if len(bad.value) >= LONGEST:
        return None
    if bad.value.lstrip().startswith("{"):
        cells = _named_in_json(bad.value, patient)
    else:
        cells = _cells_under(_head(Path(bad.file)), bad.value, patient, columns)
    if not cells or not said(cells[0]) or UNSHOWN in cells[0]:
        return None
    return Line(cells[0], frozenset(end for cell in cells[1:] for end in _ends_of(cell)))


def _ends_of(cell: str) -> Iterator[str]:
    word = re.sub(r"[.]0+$", "", cell.strip(BESIDE).lower())
    return (word[place:] for place in range(len(word)))


def _named_in_json(line: str, patient: str) -> Sequence[str]:
    """Return the only patient that a line of JSON names, in any capitals; none if it is not one."""
    try:
        pairs = json.loads(line, object_pairs_hook=list)
    except (ValueError, RecursionError):
        return []
    found = [value for key, value in pairs if key.strip().lower() == patient.strip().lower()]
    return [str(own).strip() for own in found if isinstance(own, str | int)] if len(found) == 1 else []


def _cells_under(head: str, line: str, patient: str, columns: Collection[str]) -> Sequence[str]:
    """Return the cells of a line under the names in *head*; none if the patient does not stand first, or may twice."""
    for separator in SEPARATORS:
        names = [name.strip() for name in _cells(head, separator)]
        if sorted(names) == sorted(columns) and names[0] == patient:
            cells = [cell.strip() for cell in _cells(line, separator)]
            is_one = len(cells) == len(names) if UNSHOWN in line else len(cells) < 2 * len(names) - 1
            return cells if is_one else []
    return []


def _head(file: Path) -> str:
    """Return the first line of a file."""
    with opened(file) as data, io.TextIOWrapper(data, encoding="utf-8-sig", errors="replace", newline="") as lines:
        return next((line for line in lines if line.strip()), "")


def _cells(line: str, separator: str) -> Sequence[str]:
    """Return the cells of a line; none if it is not one record."""
    try:
        rows = list(csv.reader([line], delimiter=separator, strict=True))
    except csv.Error:
        return []
    return rows[0] if len(rows) == 1 and "\n" not in line.strip("\r\n") else []
