"""Which pack a command is about: the one named, the only one installed, or the one that declares itself the default."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cds_engine.cli.exits import Exit, complain, refuse

if TYPE_CHECKING:
    from cds_engine.checker.check import Checked
    from cds_engine.engine.guide import LoadedPack


def pack_folder(name: str | None) -> Path:
    """Return the folder of a pack; a missing one ends the command."""
    from cds_engine.diagnostics import UnknownPackError  # noqa: PLC0415 - start-up stays quick
    from cds_engine.engine.packs import defaults, find, installed  # noqa: PLC0415 - start-up stays quick

    if name is not None:
        try:
            return find(name)
        except UnknownPackError as error:
            refuse(str(error))
    known = installed()
    meant = list(known.values()) if len(known) == 1 else defaults(known)
    if len(meant) == 1:
        return meant[0]
    listed = ", ".join(f"`{pack}`" for pack in known)
    hint = f"name one of those installed: {listed}" if known else "none is installed; give the path of one"
    return refuse(f"which pack? {hint}")


def checked_pack(name: str | None) -> Checked:
    """Return a pack with its typed expressions; one with errors ends the command with how many."""
    from cds_engine.checker.check import check  # noqa: PLC0415 - start-up stays quick
    from cds_engine.results.wording import counted  # noqa: PLC0415 - start-up stays quick

    folder = pack_folder(name)
    checked, findings = check(folder)
    if checked is None:
        errors = sum(finding.severity == "error" for finding in findings)
        refuse(f"the pack in {folder} has {counted(errors, 'error')}; see `cds-engine check`", Exit.FINDINGS)
    return checked


def open_pack(name: str | None, value_sets: str | None = None) -> LoadedPack:
    """Return a pack ready to answer; one with errors ends the command with its findings."""
    from cds_engine.diagnostics import InputError, PackError  # noqa: PLC0415 - start-up stays quick
    from cds_engine.engine.packs import load  # noqa: PLC0415 - start-up stays quick

    folder = pack_folder(name)
    try:
        return load(folder) if value_sets is None else load(folder, value_sets=value_sets)
    except InputError as error:
        refuse(str(error))
    except PackError as error:
        shown = error.diagnostics[0]
        complain(f"cds-engine: {shown.span or folder}: {shown.code}: {shown.message}")
        count = len(error.diagnostics)
        refuse(
            f"the pack in {folder} has {count} error{'s' if count > 1 else ''}; see `cds-engine check`", Exit.FINDINGS
        )
