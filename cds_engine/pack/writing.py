"""Data to YAML, as `cds-engine approve` and `cds-engine new` write it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import yaml

WIDTH = 118


def write_yaml(file: Path, data: Mapping[str, object], head: str = "") -> None:
    """Write *data* into *file* below the comment *head*; the file is replaced as a whole or not at all.

    Raises:
        OSError: If the file cannot be written.
    """
    text = yaml.safe_dump(dict(data), sort_keys=False, allow_unicode=True, width=WIDTH)
    comment = "".join(f"# {line}\n" for line in head.splitlines())
    draft = file.with_name(file.name + ".new")
    draft.write_text(f"{comment}\n{text}" if head else text, encoding="utf-8")
    draft.replace(file)
