"""The pack that `cds-engine new` writes: a whole small guideline about a medicine that does not exist."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

NAME = re.compile(r"[a-z][a-z0-9_]*")


def is_name(name: str) -> bool:
    """Say whether a pack can be called so: small letters, digits and `_`, a letter first."""
    return NAME.fullmatch(name) is not None


def write_pack(name: str, folder: Path, today: date) -> list[Path]:
    """Write the pack into *folder*, which must not exist, and return its files.

    Raises:
        FileExistsError: If something is there already.
        OSError: If it cannot be written.
    """
    folder.mkdir(parents=True)
    title = name.replace("_", " ").capitalize()
    written = []
    for path, template in _templates(files(__name__).joinpath("pack"), Path()):
        text = template.read_text(encoding="utf-8")
        for word, meant in (("MY_GUIDELINE", name), ("MY_TITLE", title), ("TODAY", today.isoformat())):
            text = text.replace(word, meant)
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        written.append(file)
    return written


def _templates(folder: Traversable, path: Path) -> Iterator[tuple[Path, Traversable]]:
    for found in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if found.is_dir():
            yield from _templates(found, path / found.name)
        elif not found.name.startswith("."):
            yield path / found.name, found
