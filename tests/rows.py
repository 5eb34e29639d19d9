"""Generated patients as rows of a table, answered in columns and by the evaluator."""

import datetime as dt

import pyarrow as pa

from cds_engine.batch.check import differences
from cds_engine.batch.columns import Wishes, understand
from cds_engine.batch.duck import Duck
from cds_engine.batch.engine import ROW
from cds_engine.batch.part import PartRunner, Task
from cds_engine.batch.sample import facts_of
from cds_engine.batch.told import answer_row
from cds_engine.patient.read import read_facts

MANY = 100
"""So many generated patients cannot all be plain."""


def text(value):
    match value:
        case None:
            return None
        case bool():
            return "true" if value else "false"
        case str():
            return value.encode("utf-8", "replace").decode().replace("\x00", "?")
    try:
        return str(value)[:1000]
    except ValueError:
        return "9" * 500


def as_cells(patient, facts):
    """Return a generated patient as a row of text: one value a fact, its unit, date and range beside it."""
    row = {"as_of": patient.get("as_of")}
    for name, sent in patient["facts"].items():
        if name not in facts:
            continue
        value = sent
        kind = facts[name].entry.type
        if kind == "medications":
            items = [
                f"{e.get('drug')} {text(e.get('per', ''))}" if isinstance(e, dict) and "drug" in e else text(e)
                for e in (value if isinstance(value, list) else [value])
            ]
            row[name] = ";".join(item for item in items if item) or "none"
            continue
        if isinstance(value, list | tuple) and kind != "codes":
            value = value[0] if value else None
        if isinstance(value, dict):
            row |= {f"{name}_unit": text(value.get("unit")), f"{name}_date": text(value.get("date"))}
            if isinstance(value.get("range"), dict):
                row |= {f"{name}_range_{end}": text(value["range"].get(end)) for end in ("low", "high")}
            value = value.get("value")
        if isinstance(value, list | tuple):
            value = ";".join(text(item) or "" for item in value) or "none"
        row[name] = text(value)
    return {name: cell for name, cell in row.items() if cell is not None}


def answers_of(pack, rows, types=None, wishes=Wishes(), as_of=None, answered=None, as_one=None):  # noqa: B008 - frozen
    """Return the answers in columns, each with the same patient's answer by the evaluator.

    Where *answered* knows the answer to a row, by its number and facts, it is not asked for again. What rules wait for
    is worked out *as one* set, as for the wide form, or by each of them, as for the long one; both if nobody says.
    """
    names = list(dict.fromkeys(name for row in rows for name in row))
    cells = {name: pa.array([row.get(name) for row in rows], (types or {}).get(name, pa.string())) for name in names}
    duck = Duck(threads=1)
    duck.register("src", pa.table({ROW: pa.array(range(len(rows)), pa.int64()), **cells}))
    table = {name: kind for name, kind in duck.columns("src").items() if name != ROW}
    columns = understand(table, pack.guideline.dictionary, wishes)
    rules = [spec.rule.id for spec in pack.guideline.rules]
    runner = PartRunner(Task(pack.guideline, columns, as_of, together=rules if as_one else None), duck)
    together = as_one_set(pack, columns, as_of, duck) if as_one is None else {}
    runner.answer("src")
    refused = duck.rows("SELECT row, reason FROM refused")
    found = [answer | together.get(answer["row"], {}) for answer in duck.records("SELECT * FROM answers ORDER BY row")]
    doubtful = duck.one("SELECT count(*) FROM facts")
    assert sorted([row["row"] for row in found] + [row for row, _ in refused]) == list(range(len(rows)))
    medications = pack.guideline.dictionary.medications
    for answer in found:
        row = {name: rows[answer["row"]].get(name) for name in names}
        facts = facts_of(row, columns, (), medications)
        single = None if answered is None else answered(answer["row"], facts)
        single = single or pack.evaluate({"facts": facts}, as_of=row.get("as_of") or as_of)
        yield runner.layout, answer, single, facts
    assert doubtful or len(rows) < MANY, "some rows must have been in doubt"
    duck.close()


def as_one_set(pack, columns, as_of, duck):
    """Return by row what the rules together wait for, as it is worked out where no rule tells its own."""
    rules = [spec.rule.id for spec in pack.guideline.rules]
    runner = PartRunner(Task(pack.guideline, columns, as_of, together=rules), duck)
    runner.answer("src", {name: name for name in ("row", *(f"missing_{word}" for word in runner.layout.words))})
    return {answer["row"]: answer for answer in duck.records("SELECT * FROM answers")}


def check_columns(pack, patients, answers=None, as_one=None):
    """Hold the answers in columns to the evaluator's, for generated patients; return how many were answered anew.

    An answer that the evaluator has given to a whole patient is that to his row where both are read as the same facts:
    a row has one value a fact.
    """
    dictionary, anew = pack.guideline.dictionary, []

    def read(facts, day):
        record = read_facts(facts, dictionary, None if day is None else dt.date.fromisoformat(day))
        return record.facts, {(found.fact, found.code) for found in record.problems}

    def answered(number, facts):
        patient = patients[number]
        if answers is not None and read(facts, patient.get("as_of")) == read(patient["facts"], patient.get("as_of")):
            return answers[number]
        anew.append(number)
        return None

    rows = [as_cells(patient, dictionary.facts) for patient in patients]
    for layout, answer, single, facts in answers_of(pack, rows, answered=answered, as_one=as_one):
        assert not (found := differences_of(layout, answer, single)), (found, facts)
    return len(anew)


def differences_of(layout, answer, single):
    """Return in what a row of answers differs from the evaluator's answer for the same patient."""
    return differences(layout, answer, answer_row(layout, answer["row"], single, ()))
