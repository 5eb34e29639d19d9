"""What is written: parts put together as the last step, the metadata, and the rows that have no answer."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple

from cds_engine.batch.duck import Duck, literal
from cds_engine.batch.sources import Source
from cds_engine.lowering.guideline import Guideline

REASONS = {
    "as_of": "the day of the answer is no date such as `2026-11-21`",
    "too_many_readings": "what contradicts in the row can be read in more than 64 ways",
}
"""Why a row has no answer, by code."""


class Refused(NamedTuple):
    """A row that was read and has no answer."""

    row: int
    code: str


def options(kind: str, metadata: Mapping[str, str]) -> str:
    """Return how a kind of file is written."""
    listed = ", ".join(f"{key}: {literal(value)}" for key, value in metadata.items())
    parquet = f", COMPRESSION zstd, COMPRESSION_LEVEL 1, KV_METADATA {{{listed}}}"
    return {"PARQUET": parquet, "CSV": ", HEADER", "JSON": ""}[kind]


def metadata_of(guideline: Guideline, as_of: date | None) -> dict[str, str]:
    """Return what travels with the answers: which pack, of which day, reviewed how far."""
    manifest = guideline.pack.manifest
    return {
        "pack": manifest.id,
        "version": manifest.version,
        "hash": guideline.pack.hash,
        "as_of": "" if as_of is None else as_of.isoformat(),
        "review": str(manifest.review),
        "notices": "\n".join(notice.says for notice in manifest.notices),
    }


def finish(parts: Sequence[Path], into: Path, kind: str, duck: Duck, metadata: Mapping[str, str]) -> None:
    """Put the parts together under the name that was asked for, as the last thing that happens."""
    whole = into.with_name(into.name + ".tmp")
    if kind == "PARQUET":
        files = ", ".join(literal(str(part)) for part in parts)
        if len(parts) == 1:
            parts[0].replace(whole)
        else:
            duck.run(
                f"COPY (SELECT * FROM read_parquet([{files}])) TO {literal(str(whole))}"
                f" (FORMAT PARQUET{options(kind, metadata)})"
            )
    else:
        _join(parts, whole, skip_first_line=kind == "CSV")
        beside = into.with_name(into.name + ".metadata.json")
        beside.write_text(json.dumps(metadata, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    whole.replace(into)
    remove(parts)


def _join(parts: Sequence[Path], whole: Path, *, skip_first_line: bool) -> None:
    with whole.open("wb") as out:
        for number, part in enumerate(parts):
            with part.open("rb") as one:
                if number and skip_first_line:
                    one.readline()
                while chunk := one.read(1 << 20):
                    out.write(chunk)


def remove(parts: Sequence[Path]) -> None:
    """Remove files that are no longer needed, or not whole."""
    for part in parts:
        part.unlink(missing_ok=True)


def write_quarantine(into: Path | None, source: Source, refused: Sequence[Refused]) -> Path | None:
    """Write the lines that are no rows and the rows that have no answer, each with its reason; None if all is well."""
    lines: list[dict[str, object]] = [
        {"line": bad.line, "value": bad.value, "code": "not_a_row", "reason": bad.reason} for bad in source.bad
    ]
    lines += [{"row": row, "code": code, "reason": REASONS[code]} for row, code in refused]
    if into is None:
        return None
    path = into.with_name(into.name + ".quarantine.ndjson")
    path.unlink(missing_ok=True)  # of an earlier run
    if not lines:
        return None
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
    return path
