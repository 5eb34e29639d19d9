"""Whose a row is: the ids of patients as texts, in which what a person calls the same id is the same."""

from __future__ import annotations

from cds_engine.batch.cells import UNSAID, trimmed
from cds_engine.batch.columns import Cell, Kind
from cds_engine.batch.engine import ROW, Engine, quoted
from cds_engine.batch.sources import Source
from cds_engine.diagnostics import InputError

OWNER = "__patient"
"""Whose a row is, among columns that may have any other name; NULL where it says nobody."""
INEXACT = {"FLOAT": 2**11, "DOUBLE": 2**53}
"""From here on numbers with decimals do not tell whole numbers apart, by type; numbers of 16 bits are read as FLOAT."""


def id_of(cell: str, kind: Kind) -> str:
    """Return the id that a cell says, NULL where it says none: without blanks around it, 1.0 as 1."""
    if kind == "number":
        whole = f"{cell} = floor({cell}) AND abs({cell}) < {INEXACT['DOUBLE']}"
        text = f"(CASE WHEN {whole} THEN CAST(CAST({cell} AS BIGINT) AS STRING) ELSE CAST({cell} AS STRING) END)"
        return f"(CASE WHEN lower({text}) <> 'nan' THEN {text} END)"
    text = trimmed(f"CAST({cell} AS STRING)")
    return f"(CASE WHEN lower({text}) NOT IN {UNSAID} THEN {text} END)"


def loosely(found: str) -> str:
    """Return an id as it may have been written elsewhere: in other capitals, without leading zeros or `.0`."""
    return f"regexp_extract(lower({found}), '^0*(.*?)([.]0+)?$', 1)"


def ids_in(source: Source, patient: Cell) -> str:
    """Return the query for the ids of all patients of a table."""
    own = id_of(quoted(patient.name), patient.kind)
    return " UNION ALL ".join(f"SELECT {own} AS id FROM {part.relation} AS part" for part in source.parts)


def check_exact(table: str, source: Source, patient: Cell, engine: Engine) -> None:
    """Refuse ids that may be those of two patients in one, since a number with decimals cannot say them.

    Raises:
        InputError: If there is one.
    """
    limit, own = INEXACT.get(source.columns[patient.name]), quoted(patient.name)
    if limit is None:
        return
    is_far = f"abs({own}) >= {limit} AND lower(CAST({own} AS STRING)) <> 'nan'"
    for part in source.parts:
        for (row,) in engine.rows(f"SELECT min({ROW}) FROM {part.relation} AS part WHERE {is_far}"):
            if row is not None:
                raise InputError(
                    f"the id in row {row} (from 0) of {table} is a number with decimals so large that several ids are"
                    f" the same (`{patient.name}`, from {limit:,} on); write ids as text"
                )
