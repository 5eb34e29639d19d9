"""`export`: a pack in a form that other tools read."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from cds_engine.cli.exits import Exit, refuse
from cds_engine.cli.formats import Target
from cds_engine.cli.packs import open_pack


def export_pack(name: str | None, target: Target, output: str | None) -> Exit:
    """Write a pack for other tools, to a file or standard output."""
    pack = open_pack(name)
    match target:
        case Target.CQL:
            from cds_engine.backends.cql import library  # noqa: PLC0415 - loaded when used

            text = library(pack.guideline)
        case Target.FHIR:
            text = json.dumps(pack.to_fhir(), ensure_ascii=False, indent=2) + "\n"
    if output is None:
        reconfigure = getattr(sys.stdout, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8")
        sys.stdout.write(text)
        return Exit.DONE
    try:
        Path(output).write_text(text, encoding="utf-8")
    except OSError as error:
        refuse(f"`{output}` cannot be written ({(error.strerror or str(error)).lower()}); name another file")
    return Exit.DONE
