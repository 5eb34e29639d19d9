"""Records of patients that are no rows, such as those of a FHIR export: the evaluator answers them one at a time.

They come out as rows all the same: with the columns, the parts, the quarantine and the summary of a table.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from cds_engine.backends.sql.layout import Layout, layout_of
from cds_engine.batch.columns import Cell, Columns
from cds_engine.batch.duck import Duck
from cds_engine.batch.engine import ROW
from cds_engine.batch.orders import FOUND, rows_of
from cds_engine.batch.staging import Bad, Told, keep_rows
from cds_engine.batch.told import answer_row, column_types
from cds_engine.diagnostics import CdsError, InputError
from cds_engine.lowering.guideline import Guideline
from cds_engine.results.evaluation import Evaluation

_PATIENT = Cell("patient", "c0", "text")
OF_RECORDS = Columns((), _PATIENT, None, (), (_PATIENT,))
"""The columns of a table of records: who it is; what else they say is for the evaluator."""


class Records(Protocol):
    """Where records come from, and who answers them."""

    @property
    def read_with(self) -> str:
        """What the answers depend on beside the records, for a run that goes on."""

    def listed(self) -> Iterator[Told | Bad]:
        """Yield the records, and what belongs to none of them."""

    def answer(self, record: str) -> Evaluation:
        """Return the answer to a record.

        Raises:
            InputError: If it is no record of a patient.
        """


@dataclass(frozen=True, slots=True)
class RecordRunner:
    """Answers one part after the other into `answers`, `refused` and `order_findings`."""

    guideline: Guideline
    records: Records
    hidden: Collection[str]
    duck: Duck
    scratch: Path

    @property
    def layout(self) -> Layout:
        """The columns that a table with every fact would have."""
        return layout_of(self.guideline, self.guideline.dictionary.facts)

    def answer(self, relation: str, kept: Mapping[str, str]) -> None:
        """Answer the records of *relation*; one that is no patient is in `refused`, with the reason."""
        layout, answers, refused, findings = self.layout, list[dict[str, object]](), [], list[dict[str, object]]()
        for row, patient, record in self.duck.rows(f"SELECT {ROW}, patient, record FROM {relation}"):
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
            cells = answer_row(layout, row, answer, self.hidden)
            answers.append({name: cells[name] for name in kept})
            if any(not screened.is_taken for screened in answer.screened):
                findings += [found for one in answer.screened for found in rows_of(row, patient, one)]
        keep_rows(self.duck, "answers", column_types(kept), answers, self.scratch)
        keep_rows(self.duck, "refused", {"row": "BIGINT", "reason": "VARCHAR"}, refused, self.scratch)
        keep_rows(self.duck, "order_findings", FOUND, findings, self.scratch)
