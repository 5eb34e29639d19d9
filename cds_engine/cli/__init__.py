"""The command line `cds-engine`: the verbs and their options; what each does stands in a module of its own."""

# ruff: noqa: FBT002 - typer reads the options of a verb from defaults

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

from cds_engine.cli.exits import DEBUG, report_fault
from cds_engine.cli.formats import EngineName, Format, ListFormat, Target
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

PackOption = Annotated[
    str | None,
    typer.Option(
        "--pack", metavar="ID|PATH", help="The pack; may be left out while only one is installed or one is the default."
    ),
]
PackArgument = Annotated[
    str | None,
    typer.Argument(
        metavar="PACK", help="Id or path; may be left out while only one is installed or one is the default."
    ),
]

ValueSetsOption = Annotated[
    str | None,
    typer.Option("--value-sets", metavar="DIR", help="Value sets that the pack names, for patients from FHIR."),
]
PeriodOption = Annotated[
    str | None,
    typer.Option(
        "--period", metavar="PERIOD", help="The period that FHIR entries are held against: `2025`, `2025-03`."
    ),
]


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


def _day(written: str | None) -> date | None:
    if written is None:
        return None
    try:
        return datetime.strptime(written, "%Y-%m-%d").date()  # noqa: DTZ007 - a day, not a moment
    except ValueError:
        raise typer.BadParameter(f"`{written}` is not a date such as `2026-11-21`") from None


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
    day = _day(as_of)
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
        tuple(tables), out, _day(as_of) or date.today(), tuple(units or ()), mapping, medicines, orders,  # noqa: DTZ011 - the day on the wall
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

    day = _day(as_of) or date.today()  # noqa: DTZ011 - the day on the wall
    raise typer.Exit(write_cohort(open_pack(pack), patients, seed, day, out))


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


@app.command("review")
def _review(
    pack: PackArgument = None,
    output: Annotated[
        str, typer.Option("-o", "--output", metavar="FOLDER", help="Where the pages are written.")
    ] = "site",
    proofs: Annotated[
        str | None, typer.Option("--proofs", metavar="FILE", help="What `prove --format json` wrote of this version.")
    ] = None,
    changes: Annotated[
        str | None,
        typer.Option("--changes", metavar="FILE", help="What `diff OLD PACK --format json` wrote of this version."),
    ] = None,
    tests: Annotated[
        str | None,
        typer.Option("--tests", metavar="FILE", help="What `test --coverage --mutate --format json` wrote of it."),
    ] = None,
) -> None:
    """Write the pages on which a clinician reads a pack statement by statement, and signs it.

    Exit status: 0 done, 1 a scenario does not hold, 2 wrong use.
    """
    from cds_engine.cli.review import Found, write_review  # noqa: PLC0415 - start-up stays quick

    raise typer.Exit(write_review(pack, output, Found(proofs, changes, tests), date.today()))  # noqa: DTZ011 - a day


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


@app.command("approve")
def _approve(
    pack: Annotated[str, typer.Argument(metavar="PACK", help="Id or path of the pack.")],
    statement: Annotated[str, typer.Argument(metavar="STATEMENT", help="Id of the statement.")],
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="The clinician who approves it.")],
    due: Annotated[str | None, typer.Option("--due", metavar="DATE", help="When it is to be reviewed again.")] = None,
    on: Annotated[
        str | None, typer.Option("--on", metavar="DATE", help="The day of the approval; today if left out.")
    ] = None,
) -> None:
    """Record that a clinician approved a statement as it is now.

    The approval lapses when a condition, a dose, a fact, a safety rule, the source or a scenario of it changes.
    Exit status: 0 done, 1 a scenario of it does not hold, 2 wrong use.
    """
    day, again = _day(on), _day(due)
    from cds_engine.cli.approve import approve_statement  # noqa: PLC0415 - start-up stays quick

    raise typer.Exit(approve_statement(pack, statement, by, day or date.today(), again))  # noqa: DTZ011 - a day


@app.command("new")
def _new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The folder of the new pack; its last part is the id.")],
) -> None:
    """Write a small working pack to start a guideline from.

    Exit status: 0 done, 2 wrong use.
    """
    from cds_engine.cli.new import new_pack  # noqa: PLC0415 - start-up stays quick

    raise typer.Exit(new_pack(name, date.today()))  # noqa: DTZ011 - a day


@app.command("replay")
def _replay(
    store: Annotated[str, typer.Argument(metavar="STORE", help="A file, or a database such as `postgresql://...`.")],
    numbers: Annotated[
        list[int] | None, typer.Argument(metavar="NUMBER", help="Only these decisions; all if left out.")
    ] = None,
    pack: Annotated[
        str | None,
        typer.Option("--pack", metavar="ID|PATH", help="The pack to ask; the one that answered if left out."),
    ] = None,
    value_sets: ValueSetsOption = None,
    verify: Annotated[bool, typer.Option("--verify", help="Ask nothing; say whether the store was changed.")] = False,
    kept: Annotated[
        str | None,
        typer.Option("--kept", metavar="RECEIPT", help="With --verify: a receipt such as `17:sha256:...`."),
    ] = None,
    format: Annotated[ListFormat, typer.Option("--format", help="For people or programs.")] = ListFormat.TEXT,  # noqa: A002
) -> None:
    """Put recorded decisions to a pack again, and say what it would answer otherwise.

    Exit status: 0 the same (or, with --verify, unchanged), 1 not, 2 wrong use.
    """
    from cds_engine.cli.exits import refuse  # noqa: PLC0415 - start-up stays quick
    from cds_engine.cli.replay import replay_store, verify_store  # noqa: PLC0415 - start-up stays quick

    if kept is not None and not verify:
        refuse("`--kept` goes with `--verify`")
    if verify:
        raise typer.Exit(verify_store(store, format, kept))
    raise typer.Exit(replay_store(store, numbers or [], pack, value_sets, format))


@app.command("serve")
def _serve(  # noqa: PLR0913, PLR0917 - one parameter an option
    packs: Annotated[
        list[str] | None, typer.Argument(metavar="PACK", help="Ids or paths; all that are installed if left out.")
    ] = None,
    host: Annotated[str | None, typer.Option("--host", metavar="ADDRESS", help="Where to listen; 127.0.0.1.")] = None,
    port: Annotated[int | None, typer.Option("--port", help="The port; 8350.")] = None,
    public_url: Annotated[
        str | None,
        typer.Option("--public-url", metavar="URL", help="How clients address it, as tokens name it; https://..."),
    ] = None,
    trust: Annotated[
        Path | None, typer.Option("--trust", metavar="FILE", help="JSON: issuers of tokens with their public keys.")
    ] = None,
    development: Annotated[
        bool, typer.Option("--development", help="Answer without tokens: to try it, never for patients.")
    ] = False,
    origin: Annotated[
        list[str] | None, typer.Option("--origin", metavar="URL", help="A web origin that may call; may be repeated.")
    ] = None,
    certificate: Annotated[
        Path | None, typer.Option("--certificate", metavar="FILE", help="Of TLS, PEM; needs --key.")
    ] = None,
    key: Annotated[Path | None, typer.Option("--key", metavar="FILE", help="Of the certificate.")] = None,
    workers: Annotated[int | None, typer.Option("--workers", min=0, help="Processes that answer; 2.")] = None,
    page: Annotated[
        bool | None, typer.Option("--page/--no-page", help="The page to try it on; on this machine only if left out.")
    ] = None,
    record: Annotated[
        str | None,
        typer.Option("--record", metavar="STORE", help="Keep every answer there before it is given; see `replay`."),
    ] = None,
    value_sets: ValueSetsOption = None,
    minimum_review: Annotated[
        str | None,
        typer.Option("--minimum-review", metavar="STATE", help="Hold back recommendations below this review state."),
    ] = None,
) -> None:
    """Serve packs as CDS Hooks and over REST, with a page to try them on; on this machine only unless told otherwise.

    Every setting can also stand in the environment, as CDS_ENGINE_PORT. Exit status: 0 ended, 2 wrong use.
    """
    from cds_engine.cli.serve import serve_packs  # noqa: PLC0415 - start-up stays quick

    given = {
        "packs": tuple(packs or ()), "host": host, "port": port, "public_url": public_url, "trust": trust,
        "development": development, "origins": tuple(origin or ()), "certificate": certificate, "key": key,
        "workers": workers, "page": page, "record": record, "value_sets": value_sets, "minimum_review": minimum_review,
    }  # fmt: skip
    raise typer.Exit(serve_packs(given))
