"""What is asked for patients: one by one, by the table, and made-up ones to try it on."""

# ruff: noqa: FBT002 - typer reads the options of a verb from defaults

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from cds_engine.cli.app import app
from cds_engine.cli.formats import EngineName, Format, ListFormat
from cds_engine.cli.options import PackOption, PeriodOption, ValueSetsOption, day_of


@app.command("evaluate")
def _evaluate(  # noqa: PLR0913, PLR0917 - one parameter an option
    patients: Annotated[list[str], typer.Argument(metavar="PATIENT", help="Files of patients; `-` is standard input.")],
    pack: PackOption = None,
    as_of: Annotated[
        str | None,
        typer.Option("--as-of", metavar="DATE", help="The day of the answer; today unless the patient names one."),
    ] = None,
    audience: Annotated[
        str | None,
        typer.Option("--audience", metavar="NAME", help="For whom it is worded; the medicine stays the same."),
    ] = None,
    explain: Annotated[bool, typer.Option("--explain", help="Show the whole tree of reasons of every rule.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="Show the rules that do not apply, too.")] = False,
    format: Annotated[Format, typer.Option("--format", help="For people, programs or a browser.")] = Format.TEXT,  # noqa: A002
    strict: Annotated[
        bool, typer.Option("--strict", help="End with status 1 if a patient's data have problems.")
    ] = False,
    value_sets: ValueSetsOption = None,
    period: PeriodOption = None,
    minimum_review: Annotated[
        str | None,
        typer.Option("--minimum-review", metavar="STATE", help="Hold back recommendations below this review state."),
    ] = None,
    record: Annotated[
        str | None,
        typer.Option(
            "--record", metavar="STORE", help="Keep every answer in this file or `postgresql://...` database."
        ),
    ] = None,
    what_would_change: Annotated[
        list[str] | None,
        typer.Option(
            "--what-would-change",
            metavar="RULE",
            help="Say which other facts would change what became of this rule; may be repeated.",
        ),
    ] = None,
) -> None:
    """Say what a pack recommends for each patient, and why.

    A file holds one patient, a list of them, or one a line; a patient may be a FHIR Bundle, and the folder of a FHIR
    bulk export (`*.ndjson`) holds many.

    Exit status: 0 done, 1 something is wrong with a file
    (or, with --strict, with a patient's data), 2 wrong use, 3 no answer because the engines disagree or fail.
    """
    day = day_of(as_of)
    from cds_engine.cli.evaluate import Wanted, evaluate_files  # noqa: PLC0415 - start-up stays quick
    from cds_engine.cli.packs import open_pack  # noqa: PLC0415 - start-up stays quick

    asked = tuple(what_would_change or ())
    wanted = Wanted(format, explain, everything, strict, audience, day, period, minimum_review, record, asked)
    raise typer.Exit(evaluate_files(open_pack(pack, value_sets), patients, wanted))


@app.command("batch")
def _batch(  # noqa: PLR0913, PLR0917 - one parameter an option
    tables: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="TABLE",
            help="CSV, NDJSON or Parquet files, or folders of them; `postgresql://HOST/DB#TABLE`; a FHIR export.",
        ),
    ] = None,
    out: Annotated[
        str | None,
        typer.Option(
            "--out", "-o", metavar="FILE", help="Ends in .parquet, .csv, .ndjson; or `postgresql://HOST/DB#NEW_TABLE`."
        ),
    ] = None,
    pack: PackOption = None,
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="DATE", help="The day of the answers; today unless a column says.")
    ] = None,
    units: Annotated[
        list[str] | None, typer.Option("--units", metavar="COLUMN=UNIT", help="The unit of a whole column.")
    ] = None,
    mapping: Annotated[
        Path | None, typer.Option("--mapping", metavar="FILE", help="JSON: `columns` (column to fact) and `units`.")
    ] = None,
    medicines: Annotated[
        str | None, typer.Option("--medicines", metavar="TABLE", help="A second table, one medicine a row.")
    ] = None,
    orders: Annotated[
        str | None, typer.Option("--orders", metavar="TABLE", help="A second table, one order to be screened a row.")
    ] = None,
    long: Annotated[bool, typer.Option("--long", help="One row a patient and rule that applies.")] = False,
    keep: Annotated[bool, typer.Option("--keep", help="Keep columns that are no facts.")] = False,
    sample: Annotated[int, typer.Option("--sample", min=0, help="Rows that the evaluator answers as well.")] = 200,
    part_rows: Annotated[int | None, typer.Option("--part-rows", min=1000, help="Rows in memory at once.")] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the finished parts of a run that ended.")
    ] = False,
    minimum_review: Annotated[
        str | None,
        typer.Option("--minimum-review", metavar="STATE", help="Hold back rules below this review state."),
    ] = None,
    report: Annotated[
        Path | None, typer.Option("--report", metavar="FILE", help="Write the summary as a page with charts, too.")
    ] = None,
    value_sets: ValueSetsOption = None,
    period: PeriodOption = None,
    engine: Annotated[
        EngineName, typer.Option("--engine", help="`duckdb-on-spark` is for a cluster, `spark` for a second opinion.")
    ] = EngineName.DUCKDB,
    template: Annotated[
        str | None,
        typer.Option("--template", metavar="PACK", help="Write an empty table for a pack, with its mapping, and end."),
    ] = None,
    format: Annotated[ListFormat, typer.Option("--format", help="For people or programs.")] = ListFormat.TEXT,  # noqa: A002
) -> None:
    """Answer for every row of a table of patients: statuses, doses, alerts and what is missing, in columns.

    A column is a fact; `<fact>_unit`, `<fact>_date` and `<fact>_range_low` stand beside it. Exit status: 0 done,
    1 rows are in quarantine, 2 wrong use or a table that cannot be understood, 3 it was stopped, failed on the way or a
    sampled row differs from the evaluator.
    """
    from cds_engine.cli.batch import Wanted, evaluate_tables, write_template  # noqa: PLC0415 - start-up stays quick
    from cds_engine.cli.exits import refuse  # noqa: PLC0415 - as above
    from cds_engine.cli.packs import open_pack  # noqa: PLC0415 - as above

    if template is not None:
        loaded = open_pack(template)
        into = Path(out or f"{loaded.id}.csv")
        if into.suffix != ".csv":
            refuse("a template is a CSV file; let its name end in .csv")
        raise typer.Exit(write_template(loaded, into))
    if out is None:
        refuse("where to? say `-o answers.parquet`")
    if not tables:
        refuse("which table? name a CSV, NDJSON or Parquet file")
    wanted = Wanted(
        tuple(tables), out, day_of(as_of) or date.today(), tuple(units or ()), mapping, medicines, orders,  # noqa: DTZ011 - the day on the wall
        long, keep, sample, part_rows, resume, minimum_review, report, period, engine, Format(format.value),
    )  # fmt: skip
    raise typer.Exit(evaluate_tables(open_pack(pack, value_sets), wanted))


@app.command("cohort")
def _cohort(
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="Ends in .parquet, .csv or .ndjson.")],
    patients: Annotated[int, typer.Option("--patients", min=0, help="How many.")] = 1000,
    seed: Annotated[int, typer.Option("--seed", help="The same seed gives the same patients.")] = 1,
    pack: PackOption = None,
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="DATE", help="The day that dates are counted back from; today.")
    ] = None,
) -> None:
    """Make up patients to try a pack on, as its `cohort.yaml` says: with gaps, odd units, contradictions and slips.

    Exit status: 0 done, 2 wrong use or a pack that says nothing of its patients, 3 the table cannot be written.
    """
    from cds_engine.cli.cohort import write_cohort  # noqa: PLC0415 - start-up stays quick
    from cds_engine.cli.packs import open_pack  # noqa: PLC0415 - as above

    day = day_of(as_of) or date.today()  # noqa: DTZ011 - the day on the wall
    raise typer.Exit(write_cohort(open_pack(pack), patients, seed, day, out))
