"""The review site on disk: pages that need nothing from outside, and hold no patient's data."""

from __future__ import annotations

from pathlib import Path

from cds_engine.review.pages import OF_THE_PACK, Site
from cds_engine.review.render import Renderer


def write_site(site: Site, folder: Path) -> list[Path]:
    """Write every page into *folder* and return the files, the index first.

    Raises:
        NotInstalledError: If Jinja2 is not installed.
        OSError: If the folder cannot be written.
    """
    renderer = Renderer(site)
    folder.mkdir(parents=True, exist_ok=True)
    written = [_write(folder / file, renderer.page(file)) for file in OF_THE_PACK]
    written += [_write(folder / page.file, renderer.statement(page)) for page in site.statements]
    return written


def _write(file: Path, text: str) -> Path:
    file.write_text(text, encoding="utf-8")
    return file
