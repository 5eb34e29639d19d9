"""One corpus of conditions and patients, and every engine: what the evaluator decides, each of the others decides.

The conditions are all those of a small pack that uses the whole language; the patients are generated, partial and on
thresholds, each with one reading of his record. Records with several readings are the engine's affair and not that of
a condition: there the columns (`test_spark`, `test_batch`), the formula (`test_prove_translation`) and CQL
(`test_cql_judge`) are held to the evaluator's answers. `make test-spark` and `make test-cql` install what is missing.
"""

from __future__ import annotations

import json
from collections import Counter
from importlib.util import find_spec
from random import Random
from shutil import which
from types import SimpleNamespace

import duckdb
import pyarrow as pa
import pytest
import test_cql_judge as judge
from answers import View
from rows import as_cells
from scenario_patients import ROOT
from strategies import PatientMaker

import cds_engine
from cds_engine.backends.cql.names import named
from cds_engine.backends.durable import DurableRules, is_available
from cds_engine.backends.sql.facts import PatientColumns
from cds_engine.backends.sql.sheet import Sheet
from cds_engine.batch.columns import Wishes, understand
from cds_engine.batch.duck import Duck
from cds_engine.batch.part import PartRunner, Task
from cds_engine.batch.spark import Spark
from cds_engine.engine.agreement import Supplied
from cds_engine.evaluator.conditions import decide

pytestmark = [  # the sockets between Python and Java are closed by whoever collects what is left
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
COUNT = 300
PACK = cds_engine.load(str(ROOT / "tests" / "corpus" / "packs" / "good"))
GUIDELINE = PACK.guideline
CONDITIONS = GUIDELINE.conditions


def corpus():
    """Return patients with one reading and no problem, as rows and as single patients see them."""
    maker, r = PatientMaker(GUIDELINE), Random(5)  # noqa: S311 - a seeded test
    found = []
    while len(found) < COUNT:
        row = as_cells(maker.patient(r), GUIDELINE.dictionary.facts)
        if not row.keys() & GUIDELINE.dictionary.facts.keys():
            continue
        patient = {"facts": facts_of(row), "as_of": row.get("as_of")}
        try:
            view = View(PACK, patient)
        except ValueError:
            continue  # a day that is none
        if not (view.record.problems or view.worlds.others or view.worlds.withheld):
            found.append((row, view))
    return found


def facts_of(row):
    from cds_engine.batch.sample import facts_of as read  # noqa: PLC0415 - the name is taken

    columns = understand(dict.fromkeys(row, "VARCHAR"), GUIDELINE.dictionary, Wishes())
    return read(row, columns, (), GUIDELINE.dictionary.medications)


def by_evaluator(patients):
    return [{key: decide(c, view.worlds.certain.facts).truth for key, c in CONDITIONS.items()} for _, view in patients]


def by_durable(patients):
    rules = DurableRules(CONDITIONS)
    return [rules.decide(Supplied(view.worlds.certain.facts)) for _, view in patients]


def by_columns(engine, patients, folder):
    """Return the truths that the text of the columns gives, run by an engine."""
    rows = [row for row, _ in patients]
    names = list(dict.fromkeys(name for row in rows for name in row))
    table = pa.table({name: pa.array([row.get(name) for row in rows], pa.string()) for name in names})
    duckdb.from_arrow(table).write_parquet(str(folder / "patients.parquet"))
    columns, [part] = engine.parts([folder / "patients.parquet"], 10**9, "input")
    runner = PartRunner(Task(GUIDELINE, understand(columns, GUIDELINE.dictionary, Wishes()), None), engine)
    runner.answer(part.relation, {"row": "row"})
    sheet = Sheet()
    facts = PatientColumns(sheet, runner.layout, "none")
    truths = [facts.conditions.truth(condition) for condition in CONDITIONS.values()]
    wanted = {f"yes{n}": truth.yes for n, truth in enumerate(truths)}
    wanted |= {f"no{n}": truth.no for n, truth in enumerate(truths)}
    found = engine.records(
        f"SELECT * FROM ({sheet.select('readings', {'row': sheet_row(), **wanted})}) AS t ORDER BY row"
    )
    said = []
    for row in found:
        each = ((row[f"yes{n}"], row[f"no{n}"]) for n in range(len(truths)))
        said.append(dict(zip(CONDITIONS, (True if yes else False if no else None for yes, no in each), strict=True)))
    return said


def sheet_row():
    from cds_engine.backends.sql.sheet import Sql  # noqa: PLC0415 - for one word

    return Sql("row")


def by_duckdb(patients, folder):
    duck = Duck(threads=1)
    said = by_columns(duck, patients, folder)
    duck.close()
    return said


def by_spark(patients, folder):
    spark = Spark(None, folder, memory="1g")
    try:
        with spark.about(len(patients)):
            return by_columns(spark, patients, folder)
    finally:
        spark.close()


def by_z3(patients):
    """Return of each condition what the formula says of a record with every fact in its place."""
    import z3  # noqa: PLC0415 - an extra
    from test_prove_translation import Formula  # noqa: PLC0415 - it needs Z3

    from cds_engine.backends.smt.answer import SymbolicAnswer  # noqa: PLC0415 - as above

    answer = SymbolicAnswer(GUIDELINE)
    truths = {key: answer.certain.truth(condition) for key, condition in CONDITIONS.items()}
    solver = z3.Solver()
    solver.add(*answer.constraints(), *answer.curved, answer.arithmetic.ideal, answer.is_single)
    said = []
    for _, view in patients:
        solver.push()
        solver.add(Formula.record(SimpleNamespace(answer=answer), view.record.facts, view.worlds.certain.facts.as_of))
        assert solver.check() == z3.sat
        model = solver.model()
        each = {
            key: tuple(z3.is_true(model.eval(side, model_completion=True)) for side in (truth.yes, truth.no))
            for key, truth in truths.items()
        }
        said.append({key: True if yes else False if no else None for key, (yes, no) in each.items()})
        solver.pop()
    return said


def by_cql(patients, folder, monkeypatch):
    warnings = {
        **{key: rule for rules in GUIDELINE.contraindications.values() for key, rule in rules},
        **{key: rule for rules in GUIDELINE.cautions.values() for key, rule in rules},
        **dict.fromkeys(key for key, _ in GUIDELINE.alerts),
    }
    own = {"PACK": PACK, "GUIDELINE": GUIDELINE, "NAMED": set(named(GUIDELINE)), "WARNINGS": warnings}
    own["DERIVED"] = {derivation.fact for derivation in GUIDELINE.derivations}
    own["ADJUSTMENTS"] = {adjustment.key for plan in GUIDELINE.doses.values() for adjustment in plan.adjustments}
    for name, value in own.items():
        monkeypatch.setattr(judge, name, value)
    return judge.judged([judge.parameters(view) for _, view in patients], list(CONDITIONS), folder)


MISSING = {
    "durable_rules": None if is_available() else "durable_rules cannot be imported here",
    "Z3": None if find_spec("z3") else "z3-solver is not installed",
    "CQL": None if (judge.FOLDER / "node_modules").exists() else "`make test-cql` installs it",
    "Spark": None if find_spec("pyspark") and which("java") else "`make test-spark` installs it; Java is needed",
}
GAPS: dict[tuple[str, str], str] = {}
"""What an engine cannot be asked: engine and condition to the reason."""


@pytest.fixture(scope="module")
def patients():
    return corpus()


@pytest.fixture(scope="module")
def wanted(patients):
    found = by_evaluator(patients)
    reached = Counter(truth for each in found for truth in each.values())
    assert min(reached[truth] for truth in (True, False, None)) > 200, reached
    return found


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.skipif(bool(MISSING.get(name)), reason=f"{name}: {MISSING.get(name)}"))
        for name in ("durable_rules", "DuckDB", "Z3", "CQL", "Spark")
    ],
)
def test_every_engine_decides_as_the_evaluator(name, patients, wanted, tmp_path, monkeypatch):
    run = {
        "durable_rules": lambda: by_durable(patients),
        "DuckDB": lambda: by_duckdb(patients, tmp_path),
        "Z3": lambda: by_z3(patients),
        "CQL": lambda: by_cql(patients, tmp_path, monkeypatch),
        "Spark": lambda: by_spark(patients, tmp_path),
    }
    said = run[name]()
    assert len(said) == len(patients)
    wrong = [
        (key, found[key], truth, view.patient)
        for found, each, (_, view) in zip(said, wanted, patients, strict=True)
        for key, truth in each.items()
        if (name, key) not in GAPS and found[key] is not truth
    ]
    assert wrong == [], f"{len(wrong)} differ, the first: {json.dumps(wrong[0], default=str)}"
