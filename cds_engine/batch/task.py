"""What is asked of every part of a table."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

from cds_engine.backends.sql.sheet import Sql
from cds_engine.batch.cells import day_of
from cds_engine.batch.columns import Columns
from cds_engine.lowering.guideline import Guideline


@dataclass(frozen=True, slots=True)
class Task:
    """What is asked of every part."""

    guideline: Guideline
    columns: Columns
    as_of: date | None
    """The day of the answers, where no column says one."""
    medicines: Mapping[str, str] | None = None
    """What columns of the second table say of an entry, and which ones say it; it stands in `medicines_in`."""
    together: Collection[str] | None = None
    """The rules whose missing facts are told as one set; None where each rule tells its own."""

    @property
    def day(self) -> Sql:
        """The day of a row's answer, NULL where nobody says one."""
        cell = self.columns.as_of
        own = Sql("CAST(NULL AS DATE)" if self.as_of is None else f"DATE '{self.as_of.isoformat()}'")
        return own if cell is None else Sql(f"coalesce({day_of(cell).text}, {own.text})")

    @property
    def has_medicines(self) -> bool:
        """Whether anything says which medicines are taken."""
        kinds = {source.spec.entry.type for source in self.columns.sources}
        said = bool(kinds & {"medications", "drug_dose"}) or self.medicines is not None
        return said and self.guideline.dictionary.medications is not None
