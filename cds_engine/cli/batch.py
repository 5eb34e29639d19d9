"""`batch`: a table of patients in, a table of answers out, and a summary of what became of the rows."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from cds_engine.batch.complaints import two_units
from cds_engine.cli.exits import Exit, complain
from cds_engine.cli.formats import EngineName, Format
from cds_engine.cli.progress import progress_of
from cds_engine.cli.tables import as_json, tell
from cds_engine.diagnostics import BackendFault, CdsError, EngineDisagreement, InputError

if TYPE_CHECKING:
    from cds_engine.batch.report import Report
    from cds_engine.engine.guide import LoadedPack


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked of the command."""

    tables: tuple[str, ...]
    into: str
    as_of: date
    units: tuple[str, ...] = ()
    mapping: Path | None = None
    medicines: str | None = None
    orders: str | None = None
    long: bool = False
    keep: bool = False
    sample: int = 200
    part_rows: int | None = None
    resume: bool = False
    minimum_review: str | None = None
    report: Path | None = None
    period: str | None = None
    engine: EngineName = EngineName.DUCKDB
    format: Format = Format.TEXT


def evaluate_tables(pack: LoadedPack, wanted: Wanted) -> Exit:
    """Answer every row of a table, and return how it ended."""
    try:
        report = _evaluated(pack, wanted)
    except InputError as error:
        for line in str(error).splitlines():
            complain(f"cds-engine: {line}")
        return Exit.USAGE
    except EngineDisagreement as error:
        complain(f"cds-engine: nothing was written: {error}")
        return Exit.FAULT
    except KeyboardInterrupt:
        complain(f"cds-engine: stopped; {_kept(wanted)}")
        return Exit.FAULT
    except (BackendFault, OSError) as error:
        complain(f"cds-engine: {error}; {_kept(wanted)}")
        return Exit.FAULT
    if wanted.format is Format.JSON:
        sys.stdout.write(json.dumps(as_json(report)) + "\n")
    else:
        sys.stdout.write("\n".join(tell(report)) + "\n")
    if wanted.report is not None and not _write_page(pack, report, wanted.report):
        return Exit.FAULT
    return Exit.FINDINGS if report.quarantined or report.strays else Exit.DONE


def _evaluated(pack: LoadedPack, wanted: Wanted) -> Report:
    names, units = read_mapping(wanted.mapping)
    if wanted.report is not None and not wanted.report.parent.is_dir():
        raise InputError(f"there is no folder `{wanted.report.parent}` to write the report into; make it first")
    if wanted.report is not None and wanted.report.resolve() in _taken(wanted):
        raise InputError(f"the report `{wanted.report}` would take the place of a table; choose another name")
    with progress_of(sys.stderr, is_wanted=wanted.format is Format.TEXT) as progress:
        return pack.evaluate_table(
            wanted.tables[0] if len(wanted.tables) == 1 else list(wanted.tables),
            wanted.into,
            as_of=wanted.as_of,
            units=_together(units, _pairs(wanted.units)),
            columns=names,
            medicines=wanted.medicines,
            orders=wanted.orders,
            form="long" if wanted.long else "wide",
            keep=wanted.keep,
            sample=wanted.sample,
            minimum_review=wanted.minimum_review,
            resume=wanted.resume,
            part_rows=wanted.part_rows,
            period=wanted.period,
            engine=wanted.engine.value,
            progress=progress,
        )


def _taken(wanted: Wanted) -> set[Path]:
    """Return the files that are read, and that of the answers."""
    from cds_engine.batch.sources import files_of, is_files  # noqa: PLC0415 - an extra, loaded when a table comes

    tables = [table for table in (*wanted.tables, wanted.medicines, wanted.orders) if table and is_files(table)]
    return {Path(wanted.into).resolve(), *(file.resolve() for table in tables for file in files_of(table))}


def _kept(wanted: Wanted) -> str:
    """Return what there is to go on with."""
    from cds_engine.batch.output import output_folder  # noqa: PLC0415 - an extra, loaded when a table comes

    folder = output_folder(wanted.into)
    if folder.is_dir():
        return f"the finished parts are in `{folder}`, `--resume` goes on with them"
    return "nothing was written"


def _write_page(pack: LoadedPack, report: Report, into: Path) -> bool:
    from cds_engine.batch.page import page_of  # noqa: PLC0415 - an extra, loaded when a table comes

    try:
        into.write_text(page_of(report, pack.guideline), encoding="utf-8")
    except (CdsError, OSError) as error:
        complain(f"cds-engine: the answers are written, the report is not: {error}")
        return False
    return True


def read_mapping(path: Path | None) -> tuple[dict[str, str], dict[str, str]]:
    """Return from a mapping file what each column says, and the units of columns.

    Raises:
        InputError: If there is no such file, or it is not of the form `{"columns": {...}, "units": {...}}`.
    """
    if path is None:
        return {}, {}
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"the mapping `{path}` cannot be read: {error}") from None
    parts = [found.get(key, {}) for key in ("columns", "units")] if isinstance(found, dict) else []
    strange = set(found) - {"columns", "units"} if isinstance(found, dict) else {"it is no mapping"}
    if strange or any(
        not isinstance(part, dict) or not all(isinstance(v, str) for v in part.values()) for part in parts
    ):
        raise InputError(
            f"the mapping `{path}` needs `columns` (column to fact) and `units` (column to unit), nothing else"
        )
    return {k: v for k, v in parts[0].items() if v}, {k: v for k, v in parts[1].items() if v}


def _pairs(written: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for pair in written:
        name, sign, unit = pair.partition("=")
        if not sign or not name or not unit:
            raise InputError(f"`--units {pair}` is no unit of a column; write `--units height=cm`")
        found = _together(found, {name: unit})
    return found


def _together(units: Mapping[str, str], more: Mapping[str, str]) -> dict[str, str]:
    """Return units of columns from two places.

    Raises:
        InputError: If the two say different units of one column.
    """
    for name in units.keys() & more.keys():
        if units[name] != more[name]:
            raise InputError(two_units(name, [f"{name}={units[name]}", f"{name}={more[name]}"]))
    return {**units, **more}


def write_template(pack: LoadedPack, into: Path) -> Exit:
    """Write an empty table with a column a fact, and the mapping that goes with it."""
    columns: list[str] = ["patient", "as_of"]
    units: dict[str, str] = {}
    for name, spec in pack.guideline.dictionary.facts.items():
        columns.append(name)
        if spec.entry.type in {"quantity", "drug_dose"} and spec.unit is not None:
            units[name] = spec.unit
        if spec.max_age_days is not None:
            columns.append(f"{name}_date")
    mapping = into.with_suffix(".mapping.json")
    text = json.dumps({"columns": {name: name for name in columns}, "units": units}, indent=1, ensure_ascii=False)
    try:
        into.write_text(",".join(columns) + "\n", encoding="utf-8")
        mapping.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        complain(f"cds-engine: the template cannot be written: {error}")
        return Exit.USAGE
    sys.stdout.write(f"{into}: {len(columns)} columns; {mapping}: what they say, and their units\n")
    return Exit.DONE
