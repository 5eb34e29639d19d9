"""What a caller holds: a loaded pack that answers for patients."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from cds_engine.diagnostics import InputError, did_you_mean
from cds_engine.engine.agreement import Deciders, about_one_patient, second_engines
from cds_engine.engine.answer import Answer, Asked
from cds_engine.engine.approvals import Standing, is_below
from cds_engine.engine.citations import Citations
from cds_engine.engine.decisions import decide_rules
from cds_engine.engine.holding import check_minimum, held_back
from cds_engine.engine.screening import Screening
from cds_engine.engine.sent import as_sent, day_of, patient_of, unknown_keys
from cds_engine.engine.standing import Standings
from cds_engine.engine.worlds import Worlds, worlds_of
from cds_engine.fhir.periods import read_period
from cds_engine.fhir.read import FhirPatient, FhirReader
from cds_engine.fhir.value_sets import Supplied, in_words
from cds_engine.lowering.guideline import Guideline
from cds_engine.patient import values
from cds_engine.patient.complaints import shown, text_of
from cds_engine.patient.medications import Entry
from cds_engine.patient.orders import read_orders, taken_as_orders
from cds_engine.patient.read import read_facts
from cds_engine.results.evaluation import Evaluation
from cds_engine.results.models import Assumption, Problem, Screened, Status, Unused
from cds_engine.results.terms import Terms, Wording
from cds_engine.results.what_if import WhatWouldChange

FhirRecord = Mapping[str, Any] | Iterable[Mapping[str, Any]]
"""A Bundle, or the resources of one patient."""

if TYPE_CHECKING:
    from cds_engine.batch.report import Report
    from cds_engine.fhir.table import ExportedRecords

UNDATED = "no date was given for this answer: approvals count whatever the date of their next review"


class LoadedPack:
    """A checked guideline, ready to answer; immutable and safe to share between threads."""

    def __init__(
        self,
        guideline: Guideline,
        deciders: Deciders | None = None,
        value_sets: Supplied | None = None,
        standings: Mapping[str, Standing] | None = None,
    ) -> None:
        """Make *guideline* ready; *standings* say where its statements stand in review, as written where left out."""
        self._made_of = (guideline, deciders, value_sets, standings)
        self.guideline = guideline
        mapping = guideline.pack.fhir
        self._records = None if mapping is None else FhirReader(guideline.pack, mapping, value_sets or {})
        self._citations = Citations(guideline)
        self._standings = Standings(self._citations, standings or {})
        self._undated = (Assumption.made(fact=None, text=UNDATED),) if self._standings.may_lapse else ()
        self._terms = {
            audience: Terms(guideline, reader.wording) for audience, reader in guideline.pack.manifest.audiences.items()
        }
        self._deciders = second_engines(guideline.conditions) if deciders is None else deciders
        self._order_deciders = second_engines(guideline.order_conditions) if deciders is None else {}

    def __deepcopy__(self, _: object) -> LoadedPack:
        """A copy of what never changes is the thing itself; an answer, which holds its pack, can be copied."""
        return self

    def __reduce__(self) -> tuple[type[LoadedPack], tuple[object, ...]]:
        """It travels to another process as what it was made of, and is made ready there."""
        return LoadedPack, self._made_of

    @property
    def id(self) -> str:
        """The id of the pack."""
        return self.guideline.pack.manifest.id

    @property
    def version(self) -> str:
        """The version of the pack."""
        return self.guideline.pack.manifest.version

    @property
    def reads_records(self) -> bool:
        """Whether it reads FHIR records, with every value set that its mapping names supplied."""
        return self._records is not None and not self._records.missing

    def evaluate(
        self,
        facts: Mapping[str, object],
        *,
        id: str | None = None,  # noqa: A002 - the word of the contract
        orders: Iterable[Mapping[str, object]] = (),
        as_of: date | str | None = None,
        audience: str = "clinician",
        minimum_review: str | None = None,
    ) -> Evaluation:
        """Return everything the pack has to say about one patient.

        *facts* is a mapping of fact names to values, or a whole patient: a mapping with the key `facts`. A
        fact that is left out, `None` or `"unknown"` is unknown; what cannot be used becomes a problem and a
        question, never a guess. Nothing outside the arguments is read, the clock included: without *as_of* no
        value is too old, and the assumptions say so. *audience* changes wording, never medicine. Recommendations
        whose review state is below *minimum_review* (`approved`, `under_review`, `submitted`) are held back, and
        the answer says which.

        Raises:
            InputError: If *facts* is no mapping, *as_of* no date, *audience* or *minimum_review* not known.
            EngineDisagreement: If the engines differ: then there is no answer.
        """
        minimum = None if minimum_review is None else check_minimum(minimum_review)
        patient = patient_of(facts, id, orders, as_of, audience)
        day = day_of(patient.as_of)
        audience_name = text_of(patient.audience)
        terms = self._terms.get(audience_name)
        if terms is None:
            known = ", ".join(f"`{name}`" for name in self._terms)
            hint = did_you_mean(audience_name, self._terms) or f"the pack knows {known}"
            raise InputError(f"there is no audience {shown(patient.audience)}; {hint}")
        if "resourceType" in patient.facts:
            raise InputError("this is a FHIR resource and no patient; `evaluate_fhir` reads records")
        record = read_facts(patient.facts, self.guideline.dictionary, day)
        worlds = worlds_of(self.guideline, record, day, about_one_patient(self._deciders))
        decisions = decide_rules(self.guideline, worlds)
        order_problems: list[values.Problem] = []
        screened = self._screened(patient.orders, record.medicines, worlds, terms, order_problems)
        asked = Asked(
            patient=None if patient.id is None else text_of(patient.id),
            as_of=day,
            audience=audience_name,
            terms=terms,
            engines=("evaluator", *self._deciders),
            citations=self._citations,
            standing=self._standings.on(day),
            problems=(*unknown_keys(facts), *(_problem(p) for p in (*order_problems, *record.problems))),
            screened=tuple(screened),
            assumptions=self._undated if day is None else (),
        )
        answer = Answer(self.guideline, worlds, decisions, asked).build()
        answer._suppose = partial(self._what_would_change, as_sent(patient.facts), day, audience_name, terms.wording)  # noqa: SLF001 - ours to fill
        return answer if minimum is None else held_back(answer, minimum)

    def _what_would_change(
        self, facts: Mapping[str, object], day: date | None, audience: str, wording: Wording, rule: str
    ) -> WhatWouldChange:
        from cds_engine.engine.what_if.answer import what_would_change  # noqa: PLC0415 - loaded when asked

        def replay(changed: Mapping[str, object]) -> Status:
            return self.evaluate({"facts": changed}, as_of=day, audience=audience).recommendation(rule).status

        return what_would_change(self.guideline, rule, facts, day, wording, replay)

    def read_fhir(
        self,
        record: FhirRecord,
        *,
        as_of: date | str | None = None,
        period: str | None = None,
        orders: Iterable[Mapping[str, Any]] = (),
    ) -> FhirPatient:
        """Return the patient of a FHIR R4 Bundle or list of resources, by the mapping of the pack.

        *period* is the period that the entries are held against, such as `2025` or `2025-04-01/2026-03-31`; without
        it the pack's calendar year or month of *as_of*. What no entry says stays unknown. *orders* are
        MedicationRequests that somebody is about to sign, screened whatever they say of their status.

        Raises:
            InputError: If the pack has no mapping, the record is no FHIR or not of exactly one patient, or a date is
                none.
        """
        if self._records is None:
            raise InputError(f"the pack `{self.id}` has no `fhir.yaml`; it says nothing of FHIR records")
        return self._records.read(record, day_of(as_of), None if period is None else read_period(period), orders)

    def evaluate_fhir(
        self,
        record: FhirRecord,
        *,
        as_of: date | str | None = None,
        period: str | None = None,
        orders: Iterable[Mapping[str, Any]] = (),
        audience: str = "clinician",
        minimum_review: str | None = None,
    ) -> Evaluation:
        """Return everything the pack has to say about the patient of a FHIR record; see `read_fhir` and `evaluate`."""
        found = self.read_fhir(record, as_of=as_of, period=period, orders=orders)
        assert self._records is not None  # noqa: S101 - read_fhir has seen to it
        answer = self.evaluate(found.patient, as_of=as_of, audience=audience, minimum_review=minimum_review)
        problems = [Problem.made(fact=None, code="D118", message=in_words(found.missing))] if found.missing else []
        if found.is_page:
            words = "the Bundle is one page of several; what it does not hold counts as unknown, fetch the other pages"
            problems.append(Problem.made(fact=None, code="D119", message=words))
        return answer.model_copy(
            update={
                "pack": answer.pack.but(value_sets=self._records.value_sets),
                "problems": [*problems, *answer.problems],
                "assumptions": [
                    *(Assumption.made(fact=None, text=text) for text in found.remarks),
                    *answer.assumptions,
                ],
                "unused": [Unused.made(entry=u.entry, fact=u.fact, reason=u.reason) for u in found.unused],
            }
        )

    def to_fhir(self, answer: Evaluation | None = None) -> dict[str, Any]:
        """Return an answer of this pack, or the pack itself, as a FHIR R4 Bundle.

        An answer gives a GuidanceResponse first, then RequestGroup, proposals, DetectedIssues and OperationOutcome; the
        pack gives PlanDefinitions, a Library and ValueSets, computable at most.
        """
        from cds_engine.fhir.answer import answer_bundle  # noqa: PLC0415 - loaded when used
        from cds_engine.fhir.export import pack_bundle  # noqa: PLC0415 - loaded when used

        if answer is None:
            return pack_bundle(self.guideline, self._citations)
        return answer_bundle(answer, self.guideline)

    def failure_as_fhir(self, patient: str | None, reason: str) -> dict[str, Any]:
        """Return, as a FHIR R4 Bundle, that there is no answer for a patient and why."""
        from cds_engine.fhir.answer import failure_bundle  # noqa: PLC0415 - loaded when used

        return failure_bundle(self.guideline, patient, reason)

    def evaluate_table(  # noqa: PLR0913 - one parameter a wish
        self,
        table: object,
        into: str | Path | None = None,
        *,
        as_of: date | str | None = None,
        units: Mapping[str, str] | None = None,
        columns: Mapping[str, str] | None = None,
        medicines: object = None,
        orders: object = None,
        form: Literal["wide", "long"] = "wide",
        keep: bool = False,
        sample: int = 200,
        minimum_review: str | None = None,
        resume: bool = False,
        part_rows: int | None = None,
        period: str | None = None,
        engine: Literal["duckdb", "spark", "duckdb-on-spark"] = "duckdb",
        session: object = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> Report:
        """Answer for every row of a table, in columns, and return what became of the rows.

        *table* is a path (CSV, NDJSON, Parquet; a folder or pattern of them), the address of a table or query in
        PostgreSQL (`postgresql://host/clinic#patients`) or a table of Arrow, pandas or Polars: one row a patient, a
        column a fact, `<fact>_unit`, `<fact>_date`, `<fact>_range_low` and `_high` beside it. *columns* renames columns
        to what they say, *units* gives whole columns their unit, *medicines* and *orders* are second tables with one
        medicine or order a row; orders are screened one patient at a time. The folder of a FHIR bulk export is a table,
        too, read with *period*: records that a row cannot say are answered one at a time, as `evaluate_fhir` does.

        *into* is an address as well, or a path that ends in `.parquet`, `.csv` or `.ndjson`. Every row is answered or
        in quarantine; what cannot be used in a row is unknown there and listed under `problems`. A *sample* of rows is
        answered by the evaluator as well.

        Rules whose review state on the day *as_of*, whatever day a row names, is below *minimum_review* are held back,
        and the report says which. After an error the finished parts, of *part_rows* rows each, stay beside the output
        and *resume* goes on from them. The *engine* runs on this machine, unless a *session* of Spark says otherwise;
        a DataFrame of Spark is answered in its own session: by Spark SQL, or by DuckDB on executors. *progress* is told
        the rows done and the rows there are, before the first part and after each.

        Raises:
            InputError: If the table cannot be read, a column cannot be understood (all of them are named), the answers
                would take the place of what is read, or another run writes into the same output.
            BackendFault: If the engine or a database fails on the way, or a file cannot be written.
            EngineDisagreement: If a sampled row differs from the evaluator's answer: then nothing is written.
        """
        from cds_engine.batch.columns import Wishes  # noqa: PLC0415 - an extra, loaded when a table comes
        from cds_engine.batch.table import Order, evaluate_table  # noqa: PLC0415 - as above

        day = day_of(as_of)
        order = Order(
            table,
            into,
            day,
            Wishes(units or {}, columns or {}, keep),
            medicines,
            form,
            part_rows,
            sample,
            progress=progress,
            orders=orders,
            resume=resume,
            engine=engine,
            session=session,
            held_back={} if minimum_review is None else self.below(check_minimum(minimum_review), day),
            records=self._exported(table, day, period),
        )
        return evaluate_table(self.guideline, self.evaluate, order)

    def _exported(self, table: object, day: date | None, period: str | None) -> ExportedRecords | None:
        """Return the records of a table if it is a FHIR export.

        Raises:
            InputError: If it is one and the pack says nothing of FHIR records, or *period* is none.
        """
        from cds_engine.fhir.rows import Rows  # noqa: PLC0415 - as below
        from cds_engine.fhir.table import ExportedRecords, is_export  # noqa: PLC0415 - loaded when a table comes

        if not is_export(table):
            if period is not None:
                raise InputError(
                    "a period is for a FHIR export; this table has facts of its own, give the days as facts"
                )
            return None
        if self._records is None:
            raise InputError(f"the pack `{self.id}` has no `fhir.yaml`; it says nothing of FHIR records")
        if period is not None:
            read_period(period)
        read = partial(self.read_fhir, as_of=day, period=period)
        answer = partial(self.evaluate_fhir, as_of=day, period=period)
        rows = Rows(self._records.mapping, self.guideline.pack.facts.facts)
        return ExportedRecords(Path(str(table)), read, rows, answer, f"{period} {self._records.value_sets}")

    def below(self, minimum: str, day: date | None) -> dict[str, str]:
        """Return the rules whose review state is below *minimum* on a day, with their state."""
        standing = self._standings.on(day)
        states = {spec.rule.id: standing.passed_over(spec, "clinician").review for spec in self.guideline.rules}
        return {rule: state for rule, state in states.items() if is_below(state, minimum)}

    def _screened(
        self,
        orders: object,
        medicines: Iterable[Entry],
        worlds: Worlds,
        terms: Terms,
        problems: list[values.Problem],
    ) -> list[Screened]:
        """Hold the orders, and the medicines that are taken, against the pack."""
        dictionary = self.guideline.dictionary
        listed = [*read_orders(orders, dictionary, problems), *taken_as_orders(medicines)]
        deciders = about_one_patient(self._order_deciders)
        screening = Screening(self.guideline, worlds, self._citations, terms, deciders)
        return screening.screen(listed)


def _problem(found: values.Problem) -> Problem:
    return Problem.made(fact=found.fact, code=found.code, message=found.message)
