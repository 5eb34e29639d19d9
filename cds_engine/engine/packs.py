"""Where packs are found: by path, in the wheel, or in the checkout that an editable install points at."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from cds_engine.checker.check import check
from cds_engine.diagnostics import PackError, UnknownPackError, did_you_mean
from cds_engine.engine.approvals import standings_of
from cds_engine.engine.guide import LoadedPack
from cds_engine.fhir.value_sets import read_value_sets
from cds_engine.lowering.lower import lower
from cds_engine.pack.load import is_default

PACKAGE = Path(__file__).resolve().parent.parent
HOMES = (PACKAGE / "packs", PACKAGE.parent / "rules")
"""The wheel carries the packs inside the package; a checkout keeps them beside it."""


def installed() -> dict[str, Path]:
    """Return the packs that can be loaded by name."""
    found: dict[str, Path] = {}
    for home in HOMES:
        for manifest in sorted(home.glob("*/pack.yaml")):
            found.setdefault(manifest.parent.name, manifest.parent)
    return found


def defaults(known: Mapping[str, Path]) -> list[Path]:
    """Return those of the *known* packs that declare themselves the default."""
    return [folder for folder in known.values() if is_default(folder)]


def find(name: str | Path) -> Path:
    """Return the folder of a pack, given by name or path.

    Raises:
        UnknownPackError: If there is no such pack; the message lists those there are.
    """
    path = Path(name)
    known = installed()
    if str(name) in known:
        return known[str(name)]
    if path.is_dir():
        return path
    if path.name == "pack.yaml" and path.is_file():
        return path.parent
    hint = did_you_mean(str(name), known) or "installed are " + (", ".join(f"`{k}`" for k in known) or "none")
    raise UnknownPackError(f"there is no pack `{name}`; {hint}")


def load(name: str | Path, *, value_sets: str | Path | None = None) -> LoadedPack:
    """Load a pack by name or path, checked and ready to answer.

    *value_sets* is a folder with the value sets that the pack names without listing their codes; only FHIR records
    need them.

    Raises:
        UnknownPackError: If there is no such pack.
        PackError: If the pack or its approvals have errors; the exception carries every finding.
        InputError: If *value_sets* is no folder of value sets.
    """
    supplied = None if value_sets is None else read_value_sets(Path(value_sets))
    checked, findings = check(find(name))
    if checked is None:
        raise PackError([finding for finding in findings if finding.severity == "error"])
    guideline = lower(checked)
    return LoadedPack(guideline, value_sets=supplied, standings=standings_of(guideline))
