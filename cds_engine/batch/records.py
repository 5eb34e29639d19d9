"""Records of patients, such as those of a FHIR export: answered in columns where a row says all that they say.

The evaluator answers the others one at a time. They come out as rows all the same: with the columns, the parts, the
quarantine and the summary of a table.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from cds_engine.backends.sql.layout import Layout, layout_of
from cds_engine.batch.columns import Cell, Columns, Wishes, understand
from cds_engine.batch.duck import Duck
from cds_engine.batch.engine import ROW
from cds_engine.batch.orders import FOUND, rows_of
from cds_engine.batch.part import PartRunner
from cds_engine.batch.sources import Source
from cds_engine.batch.staging import RECORD, Bad, Told, keep_rows
from cds_engine.batch.told import answer_row, column_types
from cds_engine.diagnostics import CdsError, InputError
from cds_engine.lowering.guideline import Guideline
from cds_engine.patient.spec import Dictionary
from cds_engine.results.evaluation import Evaluation

_PATIENT = Cell("patient", "c0", "text")
OF_RECORDS = Columns((), _PATIENT, None, (), (_PATIENT,))
"""The columns of a table of records of which none is a row: who it is; what else they say is for the evaluator."""
IN_COLUMNS = f"{RECORD} IS NULL"


class Records(Protocol):
    """Where records come from, and who answers them."""

    @property
    def read_with(self) -> str:
        """What the answers depend on beside the records, for a run that goes on."""

    @property
    def columns(self) -> Mapping[str, str]:
        """The columns of those that are rows: name to SQL type."""

    def listed(self) -> Iterator[Told | Bad]:
        """Yield the records, and what belongs to none of them."""

    def answer(self, record: str) -> Evaluation:
        """Return the answer to a record.

        Raises:
            InputError: If it is no record of a patient.
        """


def columns_of(source: Source, dictionary: Dictionary, *, any_row: bool) -> Columns:
    """Return what the columns of a table of records say; nothing where none of them is a row."""
    if not any_row:
        return OF_RECORDS
    known = understand({name: kind for name, kind in source.columns.items() if name != RECORD}, dictionary, Wishes())
    return replace(known, ignored=())


def numbers_in_columns(source: Source, duck: Duck) -> list[int]:
    """Return the numbers, among all records, of those that are rows."""
    if not source.parts:
        return []
    each = (f"SELECT {ROW} AS row FROM {rows_of_part(part.relation)} AS part" for part in source.parts)
    return [int(row) for (row,) in duck.rows(f"{' UNION ALL '.join(each)} ORDER BY row")]


def rows_of_part(relation: str) -> str:
    """Return those records of a part that are rows."""
    return f"(SELECT * FROM {relation} AS part WHERE {IN_COLUMNS})"


@dataclass(frozen=True, slots=True)
class RecordRunner:
    """Answers one part after the other into `answers`, `refused` and `order_findings`."""

    guideline: Guideline
    records: Records
    hidden: Collection[str]
    duck: Duck
    scratch: Path
    patient: str
    """The alias of the cell with the patient's id."""
    rows: PartRunner | None
    """Who answers the records that are rows; None where none is."""

    @property
    def layout(self) -> Layout:
        """The columns that the records are read into; without rows those that a table with every fact would have."""
        return layout_of(self.guideline, self.guideline.dictionary.facts) if self.rows is None else self.rows.layout

    def answer(
        self,
        relation: str,
        kept: Mapping[str, str],
        drawn: str | None = None,
        meanwhile: Callable[[str], None] | None = None,
    ) -> None:
        """Answer the records of *relation*; one that is no patient is in `refused`, with the reason.

        *drawn* and *meanwhile* are those of `PartRunner.answer`.
        """
        self._answer_singly(relation, kept)
        answers, refused = "SELECT * FROM answered_singly", "SELECT * FROM refused_singly"
        if self.rows is not None:
            self.rows.answer(rows_of_part(relation), kept, drawn, meanwhile)
            self.duck.keep("answered_in_columns", "SELECT * FROM answers")
            answers += " UNION ALL BY NAME SELECT * FROM answered_in_columns"
            refused += " UNION ALL BY NAME SELECT * FROM refused"
        self.duck.keep("refused", refused)
        self.duck.run(f"CREATE OR REPLACE TEMP VIEW answers AS {answers}")

    def _answer_singly(self, relation: str, kept: Mapping[str, str]) -> None:
        """Have the evaluator answer the records that are no rows."""
        layout, answers, refused, findings = self.layout, list[dict[str, object]](), [], list[dict[str, object]]()
        records = f"SELECT {ROW}, patient, {RECORD} FROM {relation} AS part WHERE NOT ({IN_COLUMNS})"
        for row, patient, record in self.duck.rows(records):
            try:
                answer = self.records.answer(record)
            except InputError as error:
                refused.append({"row": row, "reason": f"no_answer: {error}"})
                continue
            except (CdsError, MemoryError):
                raise  # no fault of this record: the run must not go on as if it were
            except Exception as error:  # noqa: BLE001 - one record that nobody foresaw must not cost all the others
                reason = f"the record cannot be read, for a reason that is not foreseen (`{type(error).__name__}`)"
                refused.append({"row": row, "reason": f"no_answer: {reason}"})
                continue
            cells = {self.patient: patient, **answer_row(layout, row, answer, self.hidden)}
            answers.append({name: cells[name] for name in kept})
            if any(not screened.is_taken for screened in answer.screened):
                findings += [found for one in answer.screened for found in rows_of(row, patient, one)]
        keep_rows(self.duck, "answered_singly", column_types(kept), answers, self.scratch)
        keep_rows(self.duck, "refused_singly", {"row": "BIGINT", "reason": "VARCHAR"}, refused, self.scratch)
        keep_rows(self.duck, "order_findings", FOUND, findings, self.scratch)
