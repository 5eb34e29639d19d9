"""The tables of medicines and orders: whose each row is, and which part of an entry each column says.

Nothing of them is lost unheard: with a medicine less a list looks complete, and a dose safe.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cds_engine.batch.columns import IDS, Cell, Columns, kind_of, said
from cds_engine.batch.csv_files import SEPARATORS
from cds_engine.batch.engine import ROW, Engine, literal, quoted
from cds_engine.batch.ids import OWNER, id_of, ids_in
from cds_engine.batch.sources import Scratch, Source
from cds_engine.batch.staging import LONGEST, Bad
from cds_engine.batch.text_files import opened
from cds_engine.diagnostics import InputError, did_you_mean
from cds_engine.patient.intervals import read_interval, texts
from cds_engine.patient.medications import ENTRY_KEYS, FREQUENCY_KEYS, TOO_OFTEN

WHOLE = 1_000_000_000
"""Rows a part of a table that is read as one."""
KEYS = frozenset({*ENTRY_KEYS, *FREQUENCY_KEYS, "unit"})
"""What a column may say of an entry."""
HOW_MUCH = frozenset({"dose", "unit", "per", "times", *FREQUENCY_KEYS})
"""What must not be missed of an entry because its column is misspelt."""
SHOWN = 5
"""Lines that are named in one sentence; the others are counted."""
AGAIN = re.compile(r"[_.][0-9]+$")
"""What stands behind the name of a column that says the same once more: `dose_2`."""


@dataclass(frozen=True, slots=True)
class SecondTable:
    """A table of which every row is one medicine or one order of a patient."""

    name: str
    source: Source
    patient: Cell
    keys: Mapping[str, str]
    """What a column says of an entry, and which column says it."""
    ignored: tuple[str, ...]
    """Columns that are not understood, each once, and perhaps with what was meant."""
    owners: tuple[str, ...]
    """Whose the lines are that cannot be read; each is an entry that says nothing."""

    @property
    def rows(self) -> str:
        """The query for all entries, with the columns as they are and whose each is in `__patient`."""
        columns = [ROW, *self.source.columns]
        listed, nothing = ", ".join(map(quoted, columns)), ", ".join(f"NULL AS {quoted(c)}" for c in columns)
        own = id_of(quoted(self.patient.name), self.patient.kind)
        each = [f"SELECT {listed}, {own} AS {OWNER} FROM {part.relation} AS part" for part in self.source.parts]
        each += [f"SELECT {nothing}, {literal(owner)} AS {OWNER}" for owner in self.owners]
        return " UNION ALL ".join(each)


def open_second(scratch: Scratch, name: str, table: object, patients: Source, columns: Columns) -> SecondTable:
    """Open a second table of the *patients*.

    Raises:
        InputError: If it cannot be read, a column that says how much is taken is not understood, or a line cannot be
            read of which nobody can tell whose it is.
    """
    source = scratch.open(table, WHOLE, name)
    roles: dict[str, str] = {}
    for column in source.columns:
        role = _role(column)
        if role == OWNER:
            raise InputError(f"a column may not be called `{column}`; rename it in the table of {name}")
        if role in roles:
            raise InputError(
                f"the columns `{roles[role]}` and `{column}` of the table of {name} both say `{role}`;"
                " leave one of them out"
            )
        roles[role] = column
    own = next((roles[role] for role in IDS if role in roles), None)
    if own is None or "drug" not in roles:
        raise InputError(
            f"the table of {name} needs the columns `patient` and `drug`;"
            " `dose`, `unit`, `per`, `times` and `route` may follow"
        )
    if columns.patient is None:
        raise InputError(f"a table of {name} needs a column `patient` in both tables")
    keys = {role: column for role, column in roles.items() if role in KEYS and column != own}
    others = [column for role, column in roles.items() if role not in KEYS and column != own]
    _refuse_how_much(name, others, keys)
    _refuse_how_often(name, source, others, scratch.engine)
    return SecondTable(
        name,
        source,
        Cell(own, own, kind_of(source.columns[own])),
        keys,
        tuple(_named(column, keys) for column in others),
        tuple(_owners(name, source, own, ids_in(patients, columns.patient), scratch.engine)),
    )


def _role(column: str) -> str:
    """Return which part of an entry a column is called after, whatever number stands behind it; or else its name."""
    name = column.strip().lower()
    base = AGAIN.sub("", name)
    return base if base in KEYS or base in IDS else name


def _named(column: str, keys: Collection[str]) -> str:
    """Return the name of a column that is not understood, with what may have been meant."""
    hint = did_you_mean(column.strip().lower(), sorted(KEYS - set(keys)))
    return f"{column} ({hint})" if hint else column


def _refuse_how_much(name: str, columns: Iterable[str], keys: Collection[str]) -> None:
    """Refuse a column whose name is nearly that of a dose or interval which the table lacks."""
    for column in columns:
        hint = did_you_mean(column.strip().lower(), sorted(HOW_MUCH - set(keys)))
        if hint:
            raise InputError(
                f"the column `{column}` of the table of {name} is not understood; {hint}"
                " rename it so, or leave it out if it says nothing of what is taken"
            )


def _refuse_how_often(name: str, source: Source, columns: Iterable[str], engine: Engine) -> None:
    """Refuse a column that is not understood, but in which a cell says that something is taken daily or so."""
    for column in columns:
        if kind_of(source.columns[column]) in {"number", "truth", "day"}:
            continue
        for part in source.parts:
            for (cell,) in engine.rows(f"SELECT DISTINCT {quoted(column)} FROM {part.relation} AS part"):
                if any(isinstance(text, str) and read_interval(text).interval in TOO_OFTEN for text in texts(cell)):
                    raise InputError(
                        f"the column `{column}` of the table of {name} is not understood, but may say how often"
                        f" something is taken (`{str(cell)[:LONGEST]}`); call it `sig` if it does, or leave it out"
                    )


# Lines that cannot be read


def _owners(name: str, source: Source, patient: str, ids: str, engine: Engine) -> Iterator[str]:
    """Yield whose the lines are that cannot be read.

    Raises:
        InputError: If that cannot be told of one: anybody's list may lack it.
    """
    found = [(bad, owner_of(bad, patient, source.columns)) for bad in source.bad]
    listed = ", ".join(literal(owner) for owner in {owner for _, owner in found if owner is not None})
    query = f"SELECT DISTINCT id FROM ({ids}) AS every_one WHERE id IN ({listed})"
    known = {str(owner) for (owner,) in engine.rows(query)} if listed else set[str]()
    nobody = [bad for bad, owner in found if owner not in known]
    if nobody:
        more = f" and {len(nobody) - SHOWN:,} more" if len(nobody) > SHOWN else ""
        lines = "; ".join(f"line {bad.line} of `{bad.file}` ({bad.reason})" for bad in nobody[:SHOWN])
        raise InputError(
            f"of the table of {name} nobody can tell whose these lines are, which cannot be read: {lines}{more};"
            " mend them, or take them out if they are nobody's"
        )
    yield from sorted({owner for _, owner in found if owner is not None})


def owner_of(bad: Bad, patient: str, columns: Collection[str]) -> str | None:
    """Return whose a line is that cannot be read, as far as it says so; None where it does not.

    It does in the first cell of a line of CSV (the others may stand elsewhere than they seem to), and in a line of JSON
    that names the patient once.
    """
    if len(bad.value) >= LONGEST:
        return None
    own = _named_in_json(bad.value, patient) if bad.value.lstrip().startswith("{") else None
    for separator in SEPARATORS if own is None else ():
        names = [name.strip() for name in _cells(_head(Path(bad.file)), separator)]
        if sorted(names) == sorted(columns) and names[0] == patient:
            own = next(iter(_cells(bad.value, separator)), "").strip()
    return own if said(own) and "?" not in str(own) else None  # as which bytes are shown that are no text


def _named_in_json(line: str, patient: str) -> str | None:
    try:
        pairs = json.loads(line, object_pairs_hook=list)
    except (ValueError, RecursionError):
        return None
    found = [value for key, value in pairs if key == patient]
    return str(found[0]).strip() if len(found) == 1 and isinstance(found[0], str | int) else None


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
