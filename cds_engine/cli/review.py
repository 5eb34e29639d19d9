"""`review`: the pages for a clinician, written into a folder."""

from __future__ import annotations

from pathlib import Path

import typer

from cds_engine.cli.exits import Exit, refuse
from cds_engine.cli.packs import open_pack
from cds_engine.results.wording import counted
from cds_engine.review.collect import Collector
from cds_engine.review.render import NotInstalledError
from cds_engine.review.site import write_site


def write_review(name: str | None, output: str) -> Exit:
    """Write the review site of a pack, and return how it ended."""
    site = Collector(open_pack(name)).site()
    folder = Path(output)
    try:
        files = write_site(site, folder)
    except NotInstalledError as error:
        refuse(str(error))
    except OSError as error:
        refuse(f"`{output}` cannot be written: {error.strerror}")
    typer.echo(f"{counted(len(files), 'page')} in {folder}; begin with {files[0]}")
    return Exit.DONE
