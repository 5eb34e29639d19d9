"""The tables of medicines and orders, opened: whose each row is, also of those that cannot be read.

Nothing of them is lost unheard: with a medicine less a list looks complete, and a dose safe.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from cds_engine.batch.columns import Cell, Columns, kind_of
from cds_engine.batch.engine import ROW, Engine, literal, quoted
from cds_engine.batch.entry_columns import KEYS, named, owner_column, refuse_how_much, roles_of
from cds_engine.batch.ids import OWNER, check_exact, id_of, ids_in, loosely
from cds_engine.batch.sources import Scratch, Source, files_of, is_files, kind_of_name
from cds_engine.batch.staging import LONGEST
from cds_engine.batch.unread_lines import whose
from cds_engine.diagnostics import InputError
from cds_engine.patient.intervals import read_interval, texts
from cds_engine.patient.medications import TOO_OFTEN

WHOLE = 1_000_000_000
"""Rows a part of a table that is read as one."""
SHOWN = 5
"""Lines that are named in one sentence; the others are counted."""


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
    roles = roles_of(name, source.columns)
    own = owner_column(name, roles)
    if columns.patient is None:
        raise InputError(f"a table of {name} needs a column `patient` in both tables")
    patient = Cell(own, own, kind_of(source.columns[own]))
    check_exact("the table of patients", patients, columns.patient, scratch.engine)
    check_exact(f"the table of {name}", source, patient, scratch.engine)
    if is_files(table) and kind_of_name(files_of(table)[0]) == "csv":
        _refuse_broken_cells(name, source, scratch.engine)
    keys = {role: column for role, column in roles.items() if role in KEYS}
    others = [column for role, column in roles.items() if role not in KEYS and column != own]
    refuse_how_much(name, others, keys)
    _refuse_how_often(name, source, others, scratch.engine)
    ids = ids_in(patients, columns.patient)
    return SecondTable(
        name,
        source,
        patient,
        keys,
        tuple(named(column, keys) for column in others),
        tuple(_owners(name, source, own, ids, scratch.engine)),
    )


def _refuse_broken_cells(name: str, source: Source, engine: Engine) -> None:
    """Refuse a cell of CSV with an end of line in it: between two stray quotes stands somebody else's entry."""
    is_broken = " OR ".join(f"contains({quoted(c)}, chr({sign}))" for c in source.columns for sign in (10, 13))
    for part in source.parts:
        for (row,) in engine.rows(f"SELECT min({ROW}) FROM {part.relation} AS part WHERE {is_broken}"):
            if row is not None:
                raise InputError(
                    f"a cell of row {row} (from 0) of the table of {name} has an end of line in it, and may have"
                    " swallowed the entry after it; mend its quotes, or write each entry on one line"
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
    found = [(bad, whose(bad, patient, source.columns)) for bad in source.bad]
    lines = [told for _, told in found if told is not None]
    owners = ", ".join(literal(owner) for owner in sorted({line.owner for line in lines}))
    ends = ", ".join(literal(end) for end in sorted({end for line in lines for end in line.ends})) or "NULL"
    query = (
        f"SELECT DISTINCT id, lower(id), {loosely('id')} FROM ({ids}) AS every_one"
        f" WHERE id IN ({owners}) OR lower(id) IN ({ends}) OR {loosely('id')} IN ({ends})"
    )
    known = {str(own): {str(word) for word in words} for own, *words in engine.rows(query)} if lines else {}
    nobody = [bad for bad, told in found if told is None or not told.is_of_one_in(known)]
    if nobody:
        more = f" and {len(nobody) - SHOWN:,} more" if len(nobody) > SHOWN else ""
        listed = "; ".join(f"line {bad.line} of `{bad.file}` ({bad.reason})" for bad in nobody[:SHOWN])
        raise InputError(
            f"of the table of {name} nobody can tell whose these lines are, which cannot be read: {listed}{more};"
            " mend them, or take them out if they are nobody's"
        )
    yield from sorted({line.owner for line in lines})
