"""`new`: a small working pack to start from."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import typer

from cds_engine.cli.exits import Exit, refuse
from cds_engine.starter import is_name, write_pack


def new_pack(name: str, today: date) -> Exit:
    """Write a pack into a folder of its name, and return how it ended."""
    folder = Path(name)
    if not is_name(folder.name):
        refuse(f"`{folder.name}` is no name for a pack; take small letters, digits and `_`, such as `my_guideline`")
    try:
        written = write_pack(folder.name, folder, today)
    except FileExistsError:
        refuse(f"`{name}` exists already; take another name, or remove it")
    except OSError as error:
        refuse(f"`{name}` cannot be written: {error.strerror}")
    for file in written:
        typer.echo(file.as_posix())
    typer.echo(f"next: cds-engine check {name}; cds-engine test {name}; cds-engine review {name} -o site")
    return Exit.DONE
