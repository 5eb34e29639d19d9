"""A FHIR bulk export as the input of a batch: one row or record a patient, in the order of the export."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cds_engine.batch.staging import LONGEST, Bad, Told
from cds_engine.fhir.bulk import Exported, files_of, read_bulk
from cds_engine.fhir.out import Json
from cds_engine.fhir.read import FhirPatient
from cds_engine.fhir.rows import Row, Rows
from cds_engine.results.evaluation import Evaluation


def is_export(table: object) -> bool:
    """Say whether a table is named by the folder of an export: its files hold resources, one a line."""
    if not isinstance(table, str | Path) or not Path(table).is_dir():
        return False
    for file in files_of(Path(table)):
        with file.open(encoding="utf-8", errors="replace") as lines:
            first = next((line for line in lines if line.strip()), "")
        try:
            found = json.loads(first)
        except ValueError:
            continue
        return isinstance(found, dict) and "resourceType" in found
    return False


MANY = 500
"""From how many patients on an export is answered in columns: below, compiling the pack takes longer."""


@dataclass(frozen=True, slots=True)
class ExportedRecords:
    """The patients of an export, and who reads and answers them."""

    folder: Path
    read: Callable[[Any], FhirPatient]
    rows: Rows
    evaluate: Callable[[Any], Evaluation]
    read_with: str
    """The period and the value sets."""

    @property
    def columns(self) -> Mapping[str, str]:
        """What a row may hold: name to SQL type."""
        return self.rows.columns

    def listed(self) -> Iterator[Told | Bad]:
        """Yield the patients, as rows or else as Bundles, and the lines that belong to none of them."""
        exported = list(read_bulk(self.folder))
        is_small = sum(isinstance(found, Exported) for found in exported) < MANY
        for found in exported:
            if isinstance(found, Exported):
                row = None if is_small else self._row(found.bundle)
                record = json.dumps(found.bundle) if row is None else None
                yield Told(found.place.rpartition("Patient/")[2], record, row or {})
            else:
                file, _, line = found.place.rpartition(":")
                yield Bad(file, int(line), "", found.reason[:LONGEST])

    def _row(self, bundle: Json) -> Row | None:
        try:
            return self.rows.row_of(self.read(bundle))
        except Exception:  # noqa: BLE001 - what is wrong with the record is said where it is answered by itself
            return None

    def answer(self, record: str) -> Evaluation:
        """Return the answer to a Bundle.

        Raises:
            InputError: If it is not of exactly one patient.
        """
        return self.evaluate(json.loads(record))
