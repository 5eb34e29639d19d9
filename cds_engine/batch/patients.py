"""The rows of a table as single patients, one after the other, for whoever answers them one by one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from cds_engine.batch.columns import Roles, Wishes, understand
from cds_engine.batch.duck import Duck
from cds_engine.batch.engine import ROW
from cds_engine.batch.sample import Single, Singles
from cds_engine.batch.sources import Scratch, kind_of_name, tables_in
from cds_engine.diagnostics import InputError
from cds_engine.patient.spec import Dictionary

PART_ROWS = 10_000
"""Rows in memory at once."""
AS_NAMED = Wishes()
"""Nothing beyond what the names of the columns say."""


@dataclass(frozen=True, slots=True)
class Unread:
    """A line that is no row, and why."""

    line: int
    reason: str


def is_table(path: Path) -> bool:
    """Say whether a file, or a folder of them, is a table by its name; lines of JSON may be whole patients instead."""
    kinds = {kind_of_name(file) for file in (tables_in(path) if path.is_dir() else [path])}
    return bool(kinds & {"parquet", "csv"}) and "ndjson" not in kinds


def patients_of(
    table: Path, *dictionaries: Dictionary, wishes: Wishes = AS_NAMED
) -> Iterator[Mapping[str, object] | Unread]:
    """Return each row as a patient, with the columns that are facts of any of the *dictionaries*; then what is no row.

    What the columns say beyond their names stands in *wishes*; each dictionary is told of the units of its own facts.

    Raises:
        InputError: If the table cannot be read, or a column not be understood (all of them are named).
    """
    with TemporaryDirectory() as folder, closing(Duck()) as duck:
        source = Scratch(Path(folder), duck, duck).open(str(table), PART_ROWS)
        own = _wishes_of(wishes, source.columns, dictionaries)
        readers = [
            Singles(understand(source.columns, dictionary, wish), dictionary.medications, None, duck)
            for dictionary, wish in zip(dictionaries, own, strict=True)
        ]
        for part in source.parts:
            in_order = f"{part.relation} AS part ORDER BY {ROW}"
            for row in zip(*(_read(reader, in_order) for reader in readers), strict=True):
                facts = {name: value for single in row for name, value in single.facts.items()}
                day = row[0].day
                yield {"facts": facts} if day is None else {"facts": facts, "as_of": day.isoformat()}
        yield from (Unread(bad.line, bad.reason) for bad in source.bad)


def _wishes_of(wishes: Wishes, columns: Iterable[str], dictionaries: Iterable[Dictionary]) -> list[Wishes]:
    """Return what each dictionary is told: the wishes for what it knows, and those that none knows, to be refused."""
    known = []
    for dictionary in dictionaries:
        roles = Roles.of(dictionary)
        said = {column: roles.of_column(column, wishes.names) for column in columns}
        known.append({name for column, role in said.items() if role in roles.every for name in (column, role)})
    by_any = set[str]().union(*known)

    def of(wished: Mapping[str, str], own: set[str]) -> dict[str, str]:
        return {name: wish for name, wish in wished.items() if name in own or name not in by_any}

    return [replace(wishes, units=of(wishes.units, own), names=of(wishes.names, own)) for own in known]


def _read(reader: Singles, relation: str) -> Iterator[Single]:
    """Return the rows of a part as patients.

    Raises:
        InputError: If a day of `as_of` is none.
    """
    try:
        yield from reader.of(relation)
    except ValueError as error:
        raise InputError(f"a cell of `as_of` is no date such as `2026-11-21` ({error})") from None
