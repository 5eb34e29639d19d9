"""`batch`: a table of patients in, a table of answers out, and a summary of what became of the rows."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from cds_engine.cli.exits import Exit, complain, refuse
from cds_engine.cli.formats import Format
from cds_engine.diagnostics import BackendFault, EngineDisagreement, InputError

if TYPE_CHECKING:
    from cds_engine.batch.table import Report
    from cds_engine.engine.guide import LoadedPack

TOP = 5


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked of the command."""

    tables: tuple[str, ...]
    into: Path | None
    as_of: date
    units: tuple[str, ...] = ()
    mapping: Path | None = None
    medicines: str | None = None
    long: bool = False
    keep: bool = False
    sample: int = 200
    part_rows: int = 250_000
    format: Format = Format.TEXT


def evaluate_tables(pack: LoadedPack, wanted: Wanted) -> Exit:
    """Answer every row of a table, and return how it ended."""
    from cds_engine.batch.columns import Wishes  # noqa: PLC0415 - an extra, loaded when a table comes
    from cds_engine.batch.table import Order, evaluate_table  # noqa: PLC0415 - as above

    try:
        names, units = read_mapping(wanted.mapping)
        order = Order(
            list(wanted.tables),
            wanted.into,
            wanted.as_of,
            Wishes({**units, **_pairs(wanted.units)}, names, wanted.keep),
            wanted.medicines,
            "long" if wanted.long else "wide",
            wanted.part_rows,
            wanted.sample,
            progress=_Progress().tell if wanted.format is Format.TEXT else None,
        )
        report = evaluate_table(pack.guideline, pack.evaluate, order)
    except InputError as error:
        for line in str(error).splitlines():
            complain(f"cds-engine: {line}")
        return Exit.USAGE
    except (EngineDisagreement, BackendFault) as error:
        complain(f"cds-engine: nothing was written: {error}")
        return Exit.FAULT
    except KeyboardInterrupt:
        complain("cds-engine: stopped; nothing was written")
        return Exit.FAULT
    except OSError as error:
        complain(f"cds-engine: nothing was written: {error}")
        return Exit.FAULT
    if wanted.format is Format.JSON:
        sys.stdout.write(json.dumps(as_json(pack, wanted, report)) + "\n")
    else:
        _tell(pack, wanted, report)
    return Exit.FINDINGS if report.quarantined else Exit.DONE


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
    found = {}
    for pair in written:
        name, sign, unit = pair.partition("=")
        if not sign or not name or not unit:
            raise InputError(f"`--units {pair}` is no unit of a column; write `--units height=cm`")
        found[name] = unit
    return found


class _Progress:
    """Says how far it is: a line that changes on a terminal, plain lines elsewhere."""

    def __init__(self) -> None:
        self._started = time.monotonic()

    def tell(self, done: int, rows: int) -> None:
        """Say that *done* of *rows* are answered."""
        rate = done / max(time.monotonic() - self._started, 1e-9)
        line = f"{done:,} of {rows:,} rows, {rate:,.0f} a second, {(rows - done) / max(rate, 1e-9):.0f} s left"
        end = "\n" if done >= rows or not sys.stderr.isatty() else "\r"
        sys.stderr.write(line + end)
        sys.stderr.flush()


def as_json(pack: LoadedPack, wanted: Wanted, report: Report) -> dict[str, object]:
    """Return the summary for programs."""
    return {
        "pack": {"id": pack.id, "version": pack.version, "hash": pack.guideline.pack.hash},
        "as_of": wanted.as_of.isoformat(),
        "rows_in": report.rows_in,
        "rows_out": report.rows_out,
        "quarantined": report.quarantined,
        "quarantine": None if report.quarantine is None else str(report.quarantine),
        "checked": report.checked,
        "seconds": round(report.seconds, 3),
        "ignored_columns": list(report.ignored),
        "statuses": {rule: dict(of) for rule, of in report.statuses.items()},
        "missing": dict(report.missing),
        "problems": dict(report.problems),
    }


def _tell(pack: LoadedPack, wanted: Wanted, report: Report) -> None:
    """Say in words what became of the rows."""
    lines = [
        f"{pack.id} {pack.version} as of {wanted.as_of}",
        f"in {report.rows_in:,} = out {report.rows_out:,} + quarantined {report.quarantined:,}; {report.seconds:.1f} s",
        f"{report.checked:,} sampled rows were answered by the evaluator as well: no difference",
    ]
    if report.ignored:
        lines.append(f"columns that are no facts were left out: {', '.join(report.ignored)}")
    if report.quarantine is not None:
        lines.append(f"rows that could not be answered: {report.quarantine}")
    lines += ["", f"{'rule':44}{'recommended':>12}{'blocked':>12}{'needs data':>12}"]
    lines += [
        f"{rule:44}{of['recommended']:>12,}{of['blocked']:>12,}{of['needs_data']:>12,}"
        for rule, of in report.statuses.items()
        if any(of[status] for status in ("recommended", "blocked", "needs_data"))
    ]
    lines += _top("most awaited facts", report.missing) + _top("most frequent problems", report.problems)
    sys.stdout.write("\n".join(lines) + "\n")


def _top(title: str, counted: Mapping[str, int]) -> list[str]:
    most = list(counted.items())[:TOP]
    return ["", f"{title}: " + ", ".join(f"{name} {count:,}" for name, count in most)] if most else []


def write_template(pack: LoadedPack, into: Path) -> Exit:
    """Write an empty table with a column a fact, and the mapping that goes with it."""
    if into.suffix != ".csv":
        refuse("a template is a CSV file; let its name end in .csv")
    columns: list[str] = ["patient", "as_of"]
    units: dict[str, str] = {}
    for name, spec in pack.guideline.dictionary.facts.items():
        columns.append(name)
        if spec.entry.type in {"quantity", "drug_dose"} and spec.unit is not None:
            units[name] = spec.unit
        if spec.max_age_days is not None:
            columns.append(f"{name}_date")
    mapping = into.with_suffix(".mapping.json")
    into.write_text(",".join(columns) + "\n", encoding="utf-8")
    text = json.dumps({"columns": {name: name for name in columns}, "units": units}, indent=1, ensure_ascii=False)
    mapping.write_text(text + "\n", encoding="utf-8")
    sys.stdout.write(f"{into}: {len(columns)} columns; {mapping}: what they say, and their units\n")
    return Exit.DONE
