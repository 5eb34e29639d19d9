"""A whole pack as queries: from readings to answers, for rows without doubt at once, for the others by worlds."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from cds_engine.backends.sql.asking import Words
from cds_engine.backends.sql.doses import DoseColumns
from cds_engine.backends.sql.facts import PatientColumns
from cds_engine.backends.sql.layout import Layout, layout_of
from cds_engine.backends.sql.rules import RuleColumns, Rules, Warnings
from cds_engine.backends.sql.sheet import FALSE, ZERO, Sheet, Sql, choose, every, negated, some, sql
from cds_engine.backends.sql.worlds import Step, WorldTables, warning_keys
from cds_engine.lowering.guideline import Guideline


@dataclass(frozen=True, slots=True)
class Answers:
    """A query for answers, not yet written: what is kept of them decides what is computed."""

    sheet: Sheet
    source: str
    columns: dict[str, Sql]

    def query(self, kept: Mapping[str, str] | None = None, carried: Iterable[str] = ()) -> str:
        """Return the query; *kept* is name to expression over the columns of the answers, None for all of them.

        Columns of the source that are *carried* count among those of the answers.
        """
        return self.sheet.select(self.source, self.columns | {name: Sql(name) for name in carried}, kept)


@dataclass(frozen=True)
class Program:
    """The queries of one pack for one layout of table."""

    layout: Layout
    reading_columns: Mapping[str, str]
    """What a table of readings must have: name to SQL type."""
    tables: WorldTables
    plain: Answers
    """Answers for the rows of `readings`; where `is_plain` is false something in the row is in doubt: they are void."""
    together: frozenset[str] | None
    """The rules whose missing facts are told as one set; None where each rule tells its own."""

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """The queries from `facts`, the readings of the rows that are not plain, to `certain` and its `worlds`."""
        return tuple(self.tables.steps("facts"))

    def in_doubt(self, doubted: Collection[str]) -> tuple[Step, Answers]:
        """Return what is believed of the rows of `certain`, and their answers.

        Only warnings that rest on *doubted* facts, all that are in doubt in any row, are judged in every world.
        """
        guideline, layout, tables = self.layout.guideline, self.layout, self.tables
        sheet = Sheet()
        facts = PatientColumns(sheet, layout, "first", doubted)
        keys = tables.open_keys(doubted)
        believed, certain = tables.warnings(keys), _certain_warnings(facts, layout)
        warnings = Warnings({**certain.truth, **believed.truth}, believed.asked)
        contradictions = [
            *(sql(f"CASE WHEN x_{name} THEN '{name}:D108' END") for name in facts.derived if name in layout.carried),
            *(
                sql(f"CASE WHEN broken_{i} THEN '{name}:D112' END")
                for i, key in enumerate(guideline.conflicts)
                for name in guideline.conflicts[key]
            ),
        ]
        source = _believed_source(believed)
        problems = _problems(facts, contradictions, was_derived="i_{}")
        answers = _answers(sheet, layout, facts, warnings, source, problems, self.together)
        return tables.believed(keys), answers


def compile_pack(guideline: Guideline, given: Iterable[str], together: Iterable[str] | None = None) -> Program:
    """Compile a pack for a table that says something of the facts *given*.

    What is missing is told for each rule, or for the rules *together* that are named, as one set.

    Raises:
        NotInColumns: If the pack says something that has no text of the same meaning.
    """
    layout = layout_of(guideline, given)
    columns = reading_columns(layout)
    tables = WorldTables(layout, columns)

    sheet = Sheet()
    facts = PatientColumns(sheet, layout, "none")
    as_one = None if together is None else frozenset(together)
    plain = _answers(sheet, layout, facts, _certain_warnings(facts, layout), "readings", _problems(facts), as_one)
    plain.columns["is_plain"] = negated(some(*_doubts(facts, layout)))
    return Program(layout, columns, tables, plain, as_one)


def _certain_warnings(facts: PatientColumns, layout: Layout) -> Warnings:
    """Return the warnings of a row that is read in one way."""
    conditions = {key: layout.guideline.conditions[key] for key in warning_keys(layout)}
    return Warnings({key: facts.conditions.truth(node) for key, node in conditions.items()}, {})


def _doubts(facts: PatientColumns, layout: Layout) -> Iterator[Sql]:
    """Yield everything that puts a row in doubt: a withheld fact, a contradiction, a value that differs."""
    yield from (Sql(layout.withheld(name)) for name in layout.doubtable)
    for derived in facts.derived.values():
        yield from (derived.disagrees, derived.differs)
    for key in layout.guideline.conflicts:
        yield facts.conditions.truth(layout.guideline.conditions[key]).yes


def _believed_source(warnings: Warnings) -> str:
    names = [
        column.text for key in warnings.truth for column in (*warnings.truth[key][:2], *warnings.asked[key].values())
    ]
    listed = "".join(f", believed.{name}" for name in names)
    return f"(SELECT certain.*{listed} FROM certain JOIN believed ON certain.row = believed.row) AS doubtful"


def reading_columns(layout: Layout) -> dict[str, str]:
    """Return the columns that a table of readings must have, with their types; none of them is ever NULL."""
    found = {"row": "BIGINT", "problems": "STRING"}
    for name in ("as_of", *layout.carried):
        found |= {layout.column(name): layout.type_of(name), layout.known(name): "BOOLEAN"}
    for name in layout.doubtable:
        found[layout.withheld(name)] = "BOOLEAN"
    for name in layout.given_sets:
        found |= layout.set_columns(name)
    return found


def _answers(
    sheet: Sheet,
    layout: Layout,
    facts: PatientColumns,
    warnings: Warnings,
    source: str,
    problems: Sql,
    together: Container[str] | None,
) -> Answers:
    rules = Rules(sheet, layout, facts, warnings)
    found = rules.columns()
    wanted: dict[str, Sql] = {"row": Sql("row"), "problems": problems}
    for index, rule in enumerate(found):
        wanted |= _rule_columns(f"r{index}", rule)
        if together is None:
            wanted |= _missing_columns(f"r{index}_missing", layout, rules.missing([rule]))
    if together is not None:
        asked = rules.missing([rule for rule in found if rule.spec.rule.id in together])
        wanted |= _missing_columns("missing", layout, asked)
    for index, (key, _) in enumerate(layout.guideline.alerts):
        wanted[f"alert{index}"] = warnings.truth[key].yes
    return Answers(sheet, source, wanted)


def _problems(facts: PatientColumns, contradictions: Iterable[Sql] = (), was_derived: str | None = None) -> Sql:
    """List what is wrong with the row, as `fact:code` joined by `;`.

    *was_derived* names the columns that say whether a fact was implausible before contradictions were withheld.
    """
    found = list(contradictions)
    any_found = []
    for name, derived in facts.derived.items():
        if derived.is_implausible != FALSE:
            before = FALSE if was_derived is None else Sql(was_derived.format(name))
            any_found.append(some(derived.gives_nonsense, before))
            found.append(sql(f"CASE WHEN {{}} THEN '{name}:D105' END", any_found[-1]))
    if not found:
        return Sql("problems")
    listed = sql(f"concat_ws(';', nullif(problems, ''), {', '.join('{}' for _ in found)})", *found)
    return listed if was_derived is not None else choose(some(*any_found), listed, Sql("problems"))


def _missing_columns(name: str, layout: Layout, asked: Words) -> dict[str, Sql]:
    """Return the words of a set of facts: of one type, however few facts a word can hold."""
    return {f"{name}_{word}": sql("CAST({} AS BIGINT)", asked.get(word, ZERO)) for word in layout.words}


def _rule_columns(name: str, rule: RuleColumns) -> dict[str, Sql]:
    found = {f"{name}_status": rule.standing.status, f"{name}_chosen": rule.chosen}
    applies = negated(rule.standing.excluded)
    for index, treatment in enumerate(rule.treatments):
        own, safety = f"{name}_{index}", treatment.safety
        found[f"{own}_blocked_by"] = sql("(CASE WHEN {} THEN {} END)", applies, safety.blocked_by)
        found[f"{own}_cautions"] = sql("(CASE WHEN {} THEN {} END)", applies, safety.cautions)
        if treatment.dose is not None:
            ready = every(rule.standing.ready, treatment.standing.ready)
            columns = _dose_columns(treatment.dose)
            found |= {f"{own}_{part}": sql("(CASE WHEN {} THEN {} END)", ready, v) for part, v in columns.items()}
    return found


def _dose_columns(dose: DoseColumns) -> dict[str, Sql]:
    found = {
        f"{prefix}{part}": value
        for part, end in (("low", dose.low), ("high", dose.high))
        for prefix, value in (("", end.amount), ("shown_", end.shown))
    }
    found |= {"low_capped": dose.low.capped, "high_capped": dose.high.capped}
    if dose.products is not None:
        first, last, fits = dose.products
        found["first_product"] = sql("(CASE WHEN {} THEN {} END)", fits, first)
        found["last_product"] = sql("(CASE WHEN {} THEN {} END)", fits, last)
    return found
