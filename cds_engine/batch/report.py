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
    ignored: tuple[str, ...]
    """Columns that are not understood, each perhaps with what was meant."""
    reasons: Counts
    """By code: how many rows are in quarantine."""


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a table: every row that went in came out or is in quarantine."""

    rows_in: int
    rows_out: int
    quarantined: int
    beside: Mapping[str, Beside]
    """By name of the table: what became of the medicines and orders."""
    checked: int
    """Rows that the evaluator answered, most of them as well as the columns and with the same result."""
    singly: int
    """Of them, records that it alone answered, because a row of a table does not say all that they hold."""
    resumed: int
    """Rows of parts that an earlier run had finished."""
    seconds: float
    ignored: tuple[str, ...]
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

    @property
    def is_held(self) -> bool:
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
