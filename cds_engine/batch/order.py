"""What is to be done with a table, as the caller says it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Literal, get_args

from cds_engine.batch.columns import Wishes
from cds_engine.batch.records import Records
from cds_engine.batch.spark_session import is_dataframe
from cds_engine.diagnostics import InputError, did_you_mean

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

    @property
    def is_for_spark(self) -> bool:
        """Whether Spark has a part in the run."""
        return self.engine != "duckdb" or self.session is not None or is_dataframe(self.table)

    def check(self) -> None:
        """Refuse what does not go together.

        Raises:
            InputError: If something does not.
        """
        _check_word("form", self.form, get_args(Form))
        _check_word("engine", self.engine, get_args(EngineName))
        for name, number, least in (("sample", self.sample, 0), ("part_rows", self.part_rows, 1)):
            if number is not None and (not isinstance(number, int) or number < least):
                raise InputError(f"`{number}` is no {name}; give a whole number from {least} on")
        is_export = self.records is not None
        if is_export and (self.medicines, self.orders, self.wishes) != (None, None, Wishes()):
            raise InputError(
                "a FHIR export holds its own medicines, orders and units; leave second tables, units and columns out"
            )
        if self.engine == "duckdb-on-spark":
            if is_export:
                raise InputError(
                    "a FHIR export is read and answered on one machine; leave `--engine duckdb-on-spark` out"
                )
            if self.into is None:
                raise InputError("executors write what they finish beside the answers; say where these go")
        elif self.is_for_spark and self.has_findings:
            what, way_out = "orders are", "take `duckdb-on-spark`"
            if is_export:
                what, way_out = "a FHIR export is", "leave `--engine spark` out"
            raise InputError(f"{what} answered patient by patient, which Spark SQL does not do; {way_out}")


def _check_word(name: str, word: object, known: tuple[str, ...]) -> None:
    """Refuse a word that an option does not know."""
    if word not in known:
        way_out = did_you_mean(str(word), known) or "there are " + ", ".join(f"`{one}`" for one in known)
        raise InputError(f"there is no {name} `{word}`; {way_out}")
