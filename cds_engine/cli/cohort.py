"""`cohort`: a table of made-up patients, and what they are made up of."""

from __future__ import annotations

import sys
import time
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from cds_engine.cli.exits import Exit, complain
from cds_engine.diagnostics import InputError, PackError
from cds_engine.pack.cohort import CohortFile, read_cohort

if TYPE_CHECKING:
    from cds_engine.batch.cohort import Written
    from cds_engine.engine.guide import LoadedPack


def write_cohort(pack: LoadedPack, patients: int, seed: int, as_of: date, into: Path) -> Exit:
    """Write made-up patients of a pack, and return how it ended."""
    from cds_engine.batch.cohort import Cohort  # noqa: PLC0415 - an extra, loaded when a table comes
    from cds_engine.batch.duck import Duck  # noqa: PLC0415 - as above

    started = time.monotonic()
    try:
        file = read_cohort(pack.guideline.pack.path)
    except PackError as error:
        complain(str(error))
        return Exit.USAGE
    if file is None:
        complain(f"cds-engine: the pack `{pack.id}` says nothing of its patients; write a `cohort.yaml`")
        return Exit.USAGE
    try:
        duck = Duck()
        try:
            written = Cohort(file, pack.guideline.dictionary, seed, as_of).write(patients, into, duck)
        except duck.errors as error:
            complain(f"cds-engine: nothing was written: {str(error).splitlines()[0]}")
            return Exit.FAULT
        finally:
            duck.close()
    except InputError as error:
        complain(f"cds-engine: {error}")
        return Exit.USAGE
    except OSError as error:
        complain(f"cds-engine: {error}")
        return Exit.FAULT
    sys.stdout.write(_summary(pack, file, patients, seed, written, time.monotonic() - started))
    return Exit.DONE


def _summary(pack: LoadedPack, file: CohortFile, patients: int, seed: int, written: Written, seconds: float) -> str:
    contradicted = sum(found.share for found in file.contradictions)
    return (
        f"{written.table}: {patients:,} patients of seed {seed} in {seconds:.1f} s; {written.mapping}: their units\n"
        f"missing {file.missing:.1%} of each value unless it says otherwise, ten times too large {file.slips:.1%} of"
        f" each number, contradictory {contradicted:.1%} of the patients\n{file.about}\n"
        f"try: cds-engine batch {written.table} -o answers.parquet --pack {pack.id} --mapping {written.mapping}\n"
    )
