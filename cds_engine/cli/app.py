"""The command line as a whole: its name, what all verbs share, and how it ends."""

# ruff: noqa: FBT002 - typer reads the options of a verb from defaults

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from cds_engine.cli.exits import DEBUG, report_fault
from cds_engine.version import VERSION

app = typer.Typer(
    name="cds-engine",
    help="Guideline packs: what they recommend for a patient, with dose, source and reasons.",
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and end the process with the exit status of the verb."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    DEBUG.set("--debug" in given)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        app([word for word in given if word != "--debug"], prog_name="cds-engine")
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as error:  # noqa: BLE001 - the last door: no traceback reaches a reader
        report_fault(error)
        sys.exit(3)


def _version(wanted: bool) -> None:  # noqa: FBT001 - typer calls it so
    if wanted:
        typer.echo(f"cds-engine {VERSION}")
        raise typer.Exit


@app.callback()
def _common(
    version: Annotated[  # noqa: ARG001 - its callback answers
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and end.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an internal fault.")] = False,
) -> None:
    """Guideline packs: what they recommend for a patient, with dose, source and reasons."""
    if debug:
        DEBUG.set(True)
