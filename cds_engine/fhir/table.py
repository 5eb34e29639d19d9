"""A FHIR bulk export as the input of a batch: one record a patient, in the order in which the export names them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cds_engine.batch.staging import LONGEST, Bad, Told
from cds_engine.fhir.bulk import Exported, files_of, read_bulk
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


@dataclass(frozen=True, slots=True)
class ExportedRecords:
    """The patients of an export, and who answers them."""

    folder: Path
    evaluate: Callable[[Any], Evaluation]
    read_with: str
    """The period and the value sets."""

    def listed(self) -> Iterator[Told | Bad]:
        """Yield the patients as Bundles, and the lines that belong to none of them."""
        for found in read_bulk(self.folder):
            if isinstance(found, Exported):
                yield Told(found.place.rpartition("Patient/")[2], json.dumps(found.bundle))
            else:
                file, _, line = found.place.rpartition(":")
                yield Bad(file, int(line), "", found.reason[:LONGEST])

    def answer(self, record: str) -> Evaluation:
        """Return the answer to a Bundle.

        Raises:
            InputError: If it is not of exactly one patient.
        """
        return self.evaluate(json.loads(record))
