"""The reference pages, made from the code: `python docs/reference_pages.py` writes them, a test holds them to it."""

from __future__ import annotations

import ast
import inspect
import json
import re
from collections.abc import Iterator
from pathlib import Path

import click
import typer

import cds_engine
from cds_engine.batch.report import Beside, Report
from cds_engine.bdd.glossary import glossary
from cds_engine.bdd.run import Runner
from cds_engine.cli import app
from cds_engine.diagnostic_codes import CODES
from cds_engine.engine.guide import LoadedPack
from cds_engine.language.operators import BINARY
from cds_engine.pack.dictionary import INTERVALS, FactEntry
from cds_engine.pack.schema import schemas
from cds_engine.patient.schema import patient_schema
from cds_engine.results.evaluation import Evaluation

DOCS = Path(__file__).resolve().parent
FOLDER, SCHEMAS = DOCS / "reference", DOCS / "schema"

FACT_TYPES = {
    "quantity": ("a number with a UCUM unit", "`26 kg`", "compared, computed with; never across kinds of unit"),
    "decimal": ("a number, with or without unit", "`7.5`", "ages may be given as plain years"),
    "integer": ("a whole number", "`52`", "counts and scores"),
    "boolean": ("yes or no", "`true`", "itself a condition"),
    "code": ("one word of a list", "`'confirmed'`", "`=`, `!=`, `in {...}`; codes have no order"),
    "codes": ("a set of words", "`['nuts']`", "`contains`, `contains any {...}`; an empty list is known and empty"),
    "date": ("a day", "`2026-11-21`", "`years between a and b`"),
    "medications": (
        "the medicines taken",
        "`[{drug, dose, per, route}]`",
        "`contains 'drug'`, `.DRUG.per`, `.DRUG.route`",
    ),
    "drug_dose": ("the dose of one drug", "`20 mg/d`", "joined with the medications"),
}
OPERATORS = {
    "implies": ("`a implies b`", "not a, or b"),
    "or": ("`a or b`", "true if either is, else unknown if either is"),
    "xor": ("`a xor b`", "exactly one; unknown if either is"),
    "and": ("`a and b`", "false if either is, else unknown if either is"),
    "in": ("`x in {'p', 'q'}`", "the code is one of these; unknown if x is"),
    "contains": ("`s contains 'p'`, `s contains any {'p', 'q'}`", "the set holds it, or one of them"),
    "=": ("`x = 'p'`", "equal, numbers at 15 significant digits"),
    "!=": ("`x != 'p'`", "not equal"),
    "<": ("`x < 30 'kg'`", "below; exactly 30 is not below 30"),
    "<=": ("`x <= 30 'kg'`", "at most"),
    ">": ("`x > 30 'kg'`", "above"),
    ">=": ("`x >= 30 'kg'`", "at least"),
    "between": ("`x between 15 and 20`", "both ends included"),
    "is": (
        "`x is null`, `x is not true`",
        "looks at whether something is known: itself never unknown, unless what was given cannot be used",
    ),
    "+": ("`x + y`", "a sum; unknown if either is"),
    "-": ("`x - y`", "a difference"),
    "*": ("`x * y`", "a product"),
    "/": ("`x / y`", "a quotient; unknown by zero"),
    "^": ("`x ^ 0.5`", "a power; unknown where it leaves the real numbers"),
}
TABLES = {
    "table": "a path, several, or a pattern; the address of a table or query in PostgreSQL; a table of Arrow, pandas or"
    " Polars; a DataFrame of Spark; the folder of a FHIR export",
    "into": "a path that ends in `.parquet`, `.csv` or `.ndjson`, or an address; without it only the report is made",
    "as_of": "the day of the answers, where no column `as_of` says one",
    "units": "column to unit, for columns that do not say it themselves",
    "columns": "column to what it says, where it is called otherwise",
    "medicines": "a second table, one medicine a row",
    "orders": "a second table, one order to be screened a row",
    "form": "`wide`, a row a patient, or `long`, a row a patient and rule that applies",
    "keep": "whether columns that are no facts go into the output",
    "sample": "how many rows the evaluator answers as well; with 0 nothing is held to it",
    "minimum_review": "the review state below which rules are held back",
    "resume": "whether the finished parts of a run that ended early are used",
    "part_rows": "rows in memory at once",
    "period": "for a FHIR export: the period that the answers are about",
    "engine": "`duckdb`, `duckdb-on-spark` or `spark`",
    "session": "the session of Spark to run in",
    "progress": "is called with the rows done and the rows there are, first with those that an earlier run had done, then"
    " after each part; if it has a method `watch`, that is handed what tells, to any thread, about how many rows of the"
    " present part are answered",
}
FILES = {
    "patient-jdm_calcinosis.json": "a patient, for the JDM pack: what `evaluate` takes",
    "answer.json": "an answer: what `evaluate --format json` and `model_dump_json()` give",
}
MADE = "<!-- Made from the code by `python docs/reference_pages.py`. -->\n\n"


def pages() -> dict[str, str]:
    """Return every reference page by name."""
    jdm = cds_engine.load("jdm_calcinosis")
    return {
        "facts.md": MADE + "\n".join(_facts()),
        "operators.md": MADE + "\n".join(_operators()),
        "diagnostics.md": MADE + "\n".join(_diagnostics()),
        "commands.md": MADE + "\n".join(_commands()),
        "tables.md": MADE + "\n".join(_tables()),
        "schemas.md": MADE + "\n".join(_schemas()),
        "scenario-sentences.md": MADE + glossary(),
        "scenario-sentences-jdm.md": MADE + glossary(Runner(jdm).vocabulary, "Sentences of the JDM scenarios"),
    }


def answer_schemas() -> dict[str, str]:
    """Return the schemas of what goes in and what comes out."""
    jdm = cds_engine.load("jdm_calcinosis")
    patient = patient_schema(jdm.guideline.dictionary, "A patient of the pack jdm_calcinosis")
    answer = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Evaluation.model_json_schema(mode="serialization"),
    }
    found = {"patient-jdm_calcinosis.json": patient, "answer.json": answer}
    return {name: json.dumps(schema, indent=1, ensure_ascii=False) + "\n" for name, schema in found.items()}


def _facts() -> Iterator[str]:
    yield "# Types of facts\n"
    yield "| type | is | for example | in conditions |\n| --- | --- | --- | --- |"
    for name in FactEntry.model_json_schema()["properties"]["type"]["enum"]:
        is_, example, used = FACT_TYPES[name]
        yield f"| `{name}` | {is_} | {example} | {used} |"
    yield "\nIntervals of medicines: " + ", ".join(f"`{interval}`" for interval in INTERVALS) + "."
    yield "\n## Keys of a fact\n"
    yield "| key | must be given |\n| --- | --- |"
    schema = FactEntry.model_json_schema()
    for key in schema["properties"]:
        yield f"| `{key}` | {'yes' if key in schema.get('required', []) else 'no'} |"
    yield ""


def _operators() -> Iterator[str]:
    yield "# Operators of conditions\n"
    yield "A larger number binds tighter; `not` and signs bind as in CQL 1.5.\n"
    yield "| operator | written | means | binds |\n| --- | --- | --- | --- |"
    for name, binds in BINARY.items():
        written, means = OPERATORS[name]
        yield f"| `{name}` | {written} | {means} | {binds} |"
    yield "\nAn unknown operand makes arithmetic and comparisons unknown. `if a then b else c` is unknown if `a` is."
    yield ""


def _diagnostics() -> Iterator[str]:
    yield "# Diagnostics\n"
    yield "Every finding has a code; `cds-engine explain CODE` says the same on a terminal.\n"
    for code, meaning in CODES.items():
        yield f"## {code}: {meaning.title}\n"
        yield f"{meaning.means}\n\nFor example: {meaning.example}\n\n{meaning.remedy}\n"


def _commands() -> Iterator[str]:
    yield "# Commands\n"
    group = typer.main.get_command(app)
    for name, command in group.commands.items():
        yield f"## cds-engine {name}\n"
        yield f"{(command.help or '').strip()}\n"
        yield "| argument or option | means |\n| --- | --- |"
        for parameter in command.params:
            written = _written(parameter).replace("|", "\\|")
            yield f"| `{written}` | {getattr(parameter, 'help', '') or ''} |"
        yield ""


def _tables() -> Iterator[str]:
    yield "# A table from Python\n"
    yield "`pack.evaluate_table(table, into)` answers for every row of a table; {doc}`../batch` tells what goes in and out.\n"
    yield "| parameter | if left out | means |\n| --- | --- | --- |"
    for name, parameter in inspect.signature(LoadedPack.evaluate_table).parameters.items():
        if name != "self":
            default = "" if parameter.default is parameter.empty else f"`{parameter.default!r}`"
            yield f"| `{name}` | {default} | {TABLES[name]} |"
    yield "\n## What it returns\n"
    yield "A report; `batch --format json` prints the same.\n"
    yield "| attribute | holds |\n| --- | --- |"
    for name, says in _attributes(Report):
        yield f"| `{name}` | {says} |"
    yield "\nOf each second table `beside` holds, by its name:\n"
    yield "| attribute | holds |\n| --- | --- |"
    for name, says in _attributes(Beside):
        yield f"| `{name}` | {says} |"
    yield "\n## What it raises\n"
    yield "| error | when |\n| --- | --- |"
    raised = (inspect.getdoc(LoadedPack.evaluate_table) or "").partition("Raises:")[2]
    for line in re.sub(r"\n {6,}", " ", raised).strip().splitlines():
        name, _, when = line.strip().partition(": ")
        yield f"| `{name}` | {when} |"
    yield ""


def _attributes(of: type) -> Iterator[tuple[str, str]]:
    """Yield the attributes and properties of a class, each with the sentence that stands below it."""
    written = next(node for node in ast.parse(inspect.getsource(of)).body if isinstance(node, ast.ClassDef))
    for one, below in zip(written.body, [*written.body[1:], None], strict=True):
        match one, below:
            case ast.AnnAssign(target=ast.Name(name)), ast.Expr(ast.Constant(str(says))):
                yield name, inspect.cleandoc(says)
            case ast.AnnAssign(target=ast.Name(name)), _:
                raise KeyError(name)
            case ast.FunctionDef(name), _:
                yield name, (ast.get_docstring(one) or "").removeprefix("Return ")


def _written(parameter: click.Parameter) -> str:
    names = ", ".join(name for name in (*parameter.opts, *parameter.secondary_opts))
    if parameter.param_type_name == "argument":
        return parameter.metavar or names
    return f"{names} {parameter.metavar}" if parameter.metavar else names


def _schemas() -> Iterator[str]:
    yield "# JSON Schemas\n"
    yield "They lie in `docs/schema/` of the repository and are made from the models that read the files.\n"
    yield "| file | of |\n| --- | --- |"
    for name, says in FILES.items():
        yield f"| `{name}` | {says} |"
    for name, _ in schemas():
        yield f"| `{name}` | `{_pack_file(name)}` of a pack |"
    yield "\nAn editor that speaks the YAML language server completes and checks a pack with settings such as\n"
    yield "```json"
    yield '{"yaml.schemas": {"docs/schema/statements.json": "rules/*/statements/*.yaml"}}'
    yield "```\n"


def _pack_file(name: str) -> str:
    stem = name.removesuffix(".json")
    return f"{stem}/*.yaml" if stem in {"statements", "safety"} else f"{stem}.yaml"


def write() -> None:
    """Write every page and schema."""
    FOLDER.mkdir(exist_ok=True)
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
    for name, text in {**dict(schemas()), **answer_schemas()}.items():
        (SCHEMAS / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write()
