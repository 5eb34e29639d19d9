"""The cohort of `diff`: the patients of a file that both versions answer, and what of the file is no patient."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from cds_engine.batch.columns import Wishes
from cds_engine.batch.patients import Unread, is_table, patients_of
from cds_engine.cli.batch import read_mapping
from cds_engine.cli.exits import complain
from cds_engine.cli.inputs import Complaint, patients_in
from cds_engine.diagnostics import InputError
from cds_engine.engine.sent import day_of, patient_of
from cds_engine.lowering.guideline import Guideline
from cds_engine.proof.replay import Patient


def opened(cohort: Path | None, mapping: Path | None, *versions: Guideline) -> Iterator[Patient] | None:
    """Return the patients of a file, None without one: a table as `batch` reads it, or patients as `evaluate` does.

    The file is opened and its columns are understood at once, so that nothing long is done for a cohort that cannot
    be read. What is no patient is complained of with its line, and counts for nobody.

    Raises:
        InputError: If the file or the mapping cannot be read or understood, or there is no table to map. While the
            patients are read: if a cell of `as_of` is no date.
    """
    if mapping is not None and (cohort is None or not is_table(cohort)):
        raise InputError("`--mapping` says what the columns of a table are; name a CSV or Parquet file by `--cohort`")
    if cohort is None:
        return None
    patients = _rows(cohort, mapping, *versions) if is_table(cohort) else _sent(cohort)
    first = next(patients, None)
    return patients if first is None else chain([first], patients)


def _rows(table: Path, mapping: Path | None, *versions: Guideline) -> Iterator[Patient]:
    names, units = read_mapping(mapping)
    for found in patients_of(table, *(version.dictionary for version in versions), wishes=Wishes(units, names)):
        if isinstance(found, Unread):
            complain(f"{table}:{found.line}: the line is no row and counts for nobody: {found.reason}")
        else:
            yield found


def _sent(file: Path) -> Iterator[Patient]:
    for found in patients_in(str(file)):
        if isinstance(found, Complaint):
            if not found.was_read:
                raise InputError(found.text)
            complain(found.text)
            continue
        try:
            yield _patient(found.data)
        except InputError as error:
            complain(f"{found.place}: the patient counts for nobody: {error}")


def _patient(data: Patient) -> Patient:
    """Return a patient as both versions are asked about him.

    Raises:
        InputError: If his facts are no mapping, his day is no date, or he is a FHIR resource.
    """
    sent = patient_of(data, None, (), None, "clinician")
    if "resourceType" in sent.facts:
        raise InputError("this is a FHIR resource and no patient")
    day = day_of(sent.as_of)
    return {"facts": sent.facts} if day is None else {"facts": sent.facts, "as_of": day.isoformat()}
