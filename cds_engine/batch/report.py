"""What became of a table: what a run returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cds_engine.batch.tally import Counts


@dataclass(frozen=True, slots=True)
class Beside:
    """What became of a second table."""

    rows_in: int
    """Rows that were read, and lines that are none."""
    ignored: tuple[str, ...]
    """Columns that are not understood, each perhaps with what was meant."""
    reasons: Counts
    """By code: how many rows are in quarantine."""


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a table: every row that went in came out or is in quarantine."""

    rows_in: int
    """Rows that were read, and lines that are none."""
    rows_out: int
    """Rows that were answered."""
    quarantined: int
    """Rows that have no answer; with those that have one they are all that went in."""
    beside: Mapping[str, Beside]
    """By name of the table: what became of the medicines and orders."""
    checked: int
    """Rows that the evaluator answered, most of them as well as the columns and with the same result."""
    singly: int
    """Of them, records that it alone answered, because a row of a table does not say all that they hold."""
    resumed: int
    """Rows of parts that an earlier run had finished."""
    seconds: float
    """Of this run, from opening the table on."""
    ignored: tuple[str, ...]
    """Columns that are no facts and were left out."""
    statuses: Mapping[str, Counts]
    """By rule: how many patients have which status."""
    missing: Counts
    """By fact: how many patients wait for it, the most first."""
    problems: Counts
    """By `fact:code`: how many rows have it."""
    reasons: Counts
    """By code: how many rows are in quarantine."""
    held_back: Mapping[str, str]
    """Rules that are not shown, because their review state is below the one asked for: rule to state."""
    metadata: Mapping[str, str]
    """What travels with the answers: pack, version, hash, day, review state, notices."""
    quarantine: Path | None = None
    """The file with what has no answer, if there is any and an output."""

    @property
    def held_to_evaluator(self) -> bool:
        """Whether the evaluator has answered any row: with a sample of none nothing was held to it."""
        return self.checked > 0

    @property
    def rows_a_second(self) -> float:
        """How many rows were answered a second, without those that an earlier run had."""
        return max(0, self.rows_in - self.resumed) / max(self.seconds, 1e-9)

    @property
    def strays(self) -> int:
        """How many rows of second tables belong to no patient, or cannot be read; they count apart."""
        return sum(sum(table.reasons.values()) for table in self.beside.values())
