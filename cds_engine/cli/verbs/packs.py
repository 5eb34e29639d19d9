"""What an author asks of a pack, and a new one to start from."""

# ruff: noqa: FBT002 - typer reads the options of a verb from defaults

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer

from cds_engine.cli.app import app
from cds_engine.cli.formats import ListFormat, Target
from cds_engine.cli.options import PackArgument, PackOption


@app.command("check")
def _check(
    pack: PackArgument = None,
    format: Annotated[ListFormat, typer.Option("--format", help="For people or programs.")] = ListFormat.TEXT,  # noqa: A002
    strict: Annotated[bool, typer.Option("--strict", help="End with status 1 on warnings, too.")] = False,
) -> None:
    """Find every mistake in a pack before a patient comes.

    Exit status: 0 no error, 1 errors, 2 wrong use.
    """
    from cds_engine.cli.check import check_pack  # noqa: PLC0415 - start-up stays quick

    raise typer.Exit(check_pack(pack, format, date.today(), strict=strict))  # noqa: DTZ011 - a day


@app.command("facts")
def _facts(
    pack: PackArgument = None,
    format: Annotated[ListFormat, typer.Option("--format", help="For people or programs.")] = ListFormat.TEXT,  # noqa: A002
) -> None:
    """List the facts that a pack knows, with unit, range and question."""
    from cds_engine.cli.facts import list_facts  # noqa: PLC0415 - start-up stays quick

    list_facts(pack, format)


@app.command("explain")
def _explain(
    word: Annotated[
        str, typer.Argument(metavar="CODE|RULE", help="A code such as U201, or the id of a rule or statement.")
    ],
    pack: PackOption = None,
) -> None:
    """Say what a code means, or what a rule says and rests on."""
    from cds_engine.cli.explain import explain_word  # noqa: PLC0415 - start-up stays quick

    raise typer.Exit(explain_word(word, pack))


@app.command("export")
def _export(
    pack: PackArgument = None,
    to: Annotated[Target, typer.Option("--to", help="For which tools.")] = Target.FHIR,
    output: Annotated[
        str | None, typer.Option("-o", "--output", metavar="FILE", help="Where to write; standard output if left out.")
    ] = None,
) -> None:
    """Write a pack for other tools: as FHIR PlanDefinitions, Library and ValueSets, or as a CQL library.

    Exit status: 0 done, 1 the pack has errors, 2 wrong use.
    """
    from cds_engine.cli.export import export_pack  # noqa: PLC0415 - start-up stays quick

    raise typer.Exit(export_pack(pack, to, output))


@app.command("new")
def _new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The folder of the new pack; its last part is the id.")],
) -> None:
    """Write a small working pack to start a guideline from.

    Exit status: 0 done, 2 wrong use.
    """
    from cds_engine.cli.new import new_pack  # noqa: PLC0415 - start-up stays quick

    raise typer.Exit(new_pack(name, date.today()))  # noqa: DTZ011 - a day
