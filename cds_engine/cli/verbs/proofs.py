"""What holds for every patient, what a new version changes, and whether the tests would notice."""

# ruff: noqa: FBT002 - typer reads the options of a verb from defaults

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cds_engine.cli.app import app
from cds_engine.cli.formats import ListFormat
from cds_engine.cli.options import PackArgument


@app.command("prove")
def _prove(
    pack: PackArgument = None,
    format: Annotated[ListFormat, typer.Option("--format", help="For people or programs.")] = ListFormat.TEXT,  # noqa: A002
    save: Annotated[
        Path | None, typer.Option("--save", metavar="DIR", help="Write each refuting patient there as a fixture.")
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="ID", help="Prove only this invariant; may be repeated.")
    ] = None,
    gaps: Annotated[
        bool, typer.Option("--gaps", help="Look for rules that never fire and what else was hardly meant.")
    ] = False,
) -> None:
    """Prove the invariants of a pack for every possible patient, or show one who breaks them.

    Exit status: 0 all proved, 1 refuted, undecided or no invariant, 2 wrong use.
    """
    from cds_engine.cli.prove import prove_pack  # noqa: PLC0415 - start-up stays quick

    raise typer.Exit(prove_pack(pack, format, save, only or [], gaps=gaps))


@app.command("diff")
def _diff(
    old: Annotated[str, typer.Argument(metavar="OLD", help="Id or path of the version before.")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="Id or path of the version after.")],
    cohort: Annotated[
        Path | None,
        typer.Option(
            "--cohort",
            metavar="TABLE",
            help="Patients (CSV, Parquet, or one a line in JSON): how many are affected.",
        ),
    ] = None,
    mapping: Annotated[
        Path | None,
        typer.Option(
            "--mapping", metavar="FILE", help="JSON, as for `batch`: what the columns of TABLE are, their units."
        ),
    ] = None,
    seconds: Annotated[
        float | None,
        typer.Option(
            "--seconds",
            metavar="NUMBER",
            min=1,
            help="Processor seconds for what is asked of Z3; 8 unless told otherwise.",
        ),
    ] = None,
    format: Annotated[ListFormat, typer.Option("--format", help="For people or programs.")] = ListFormat.TEXT,  # noqa: A002
) -> None:
    """Say what changed in meaning between two versions of a pack, and for which patients.

    Exit status: 0 done, 1 something is undecided or a pack has errors, 2 wrong use.
    """
    from cds_engine.cli.diff import diff_packs  # noqa: PLC0415 - start-up stays quick

    raise typer.Exit(diff_packs(old, new, cohort, mapping, format, seconds))


@app.command("test")
def _test(
    pack: PackArgument = None,
    features: Annotated[
        str | None,
        typer.Option("--features", metavar="FOLDER", help="The scenarios, where they do not lie with the pack."),
    ] = None,
    glossary: Annotated[
        bool, typer.Option("--glossary", help="List the sentences a scenario may use, and end.")
    ] = False,
    coverage: Annotated[
        bool, typer.Option("--coverage", help="Say what of the pack the scenarios and cases exercise.")
    ] = False,
    mutate: Annotated[
        bool, typer.Option("--mutate", help="Make small mistakes in the pack and see whether they are noticed.")
    ] = False,
    sample: Annotated[int, typer.Option("--sample", min=1, help="Try every N-th mutant only.", metavar="N")] = 1,
    format: Annotated[ListFormat, typer.Option("--format", help="For people or programs.")] = ListFormat.TEXT,  # noqa: A002
) -> None:
    """Run the scenarios and cases of a pack; with --coverage and --mutate find out what they are worth.

    Exit status: 0 all hold, and at least 95 % of the mutants that a patient can tell from the pack are noticed,
    1 not so, 2 wrong use.
    """
    from cds_engine.cli.test import show_glossary, test_pack  # noqa: PLC0415 - start-up stays quick

    if coverage or mutate:
        from cds_engine.cli.mutate import Wanted, test_worth  # noqa: PLC0415 - start-up stays quick

        raise typer.Exit(test_worth(pack, features, Wanted(coverage, mutate, sample, format)))
    raise typer.Exit(show_glossary(pack) if glossary else test_pack(pack, features))
