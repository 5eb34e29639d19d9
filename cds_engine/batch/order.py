"""What is to be done with a table, as the caller says it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Literal

from cds_engine.batch.columns import Wishes
from cds_engine.batch.records import Records

Form = Literal["wide", "long"]
EngineName = Literal["duckdb", "spark", "duckdb-on-spark"]
SAMPLE = 200


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be done: read what, as what, and write it where."""

    table: object
    into: str | Path | None = None
    as_of: date | None = None
    wishes: Wishes = field(default_factory=Wishes)
    medicines: object = None
    form: Form = "wide"
    part_rows: int | None = None
    """Rows in memory at once; Spark SQL sees to that itself, and takes the table as one part."""
    sample: int = SAMPLE
    seed: int = 1
    threads: int | None = None
    memory: str | None = None
    progress: Callable[[int, int], None] | None = None
    """Called before the first and after each part with the rows done and the rows there are."""
    orders: object = None
    resume: bool = False
    """Whether the finished parts of a run that ended early are used."""
    engine: EngineName = "duckdb"
    session: object = None
    """The SparkSession to run in; without one that of the table, if it is a DataFrame, or a new one on this machine."""
    held_back: Mapping[str, str] = field(default_factory=dict)
    """Rules that are not shown, with the review state that is too low."""
    records: Records | None = None
    """What the table holds if its patients are no rows, and who answers for them."""

    @property
    def has_findings(self) -> bool:
        """Whether orders are screened."""
        return self.orders is not None or self.records is not None
