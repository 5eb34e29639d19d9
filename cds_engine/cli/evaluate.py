"""`evaluate`: patients in, answers out; whatever happens to one, the others are answered."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Protocol

from cds_engine.cli.exits import Exit, complain, refuse, report_fault
from cds_engine.cli.formats import Format
from cds_engine.cli.inputs import Complaint, Patient, patients_in
from cds_engine.diagnostics import BackendFault, CdsError, EngineDisagreement, InputError, StoreError, did_you_mean
from cds_engine.engine.holding import check_minimum
from cds_engine.engine.request import Request
from cds_engine.results.wording import counted

if TYPE_CHECKING:
    from cds_engine.engine.guide import LoadedPack
    from cds_engine.results.evaluation import Evaluation


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked of the command."""

    format: Format = Format.TEXT
    explain: bool = False
    everything: bool = False
    strict: bool = False
    audience: str | None = None
    as_of: date | None = None
    """None: the patient's own date, or today."""
    period: str | None = None
    """For patients from FHIR: the period that entries are held against."""
    minimum_review: str | None = None
    record: str | None = None
    """The store that keeps every answer: one that cannot be kept is not given."""
    what_would_change: tuple[str, ...] = ()
    """The rules of which is asked what would change them."""


@dataclass(slots=True)
class _Outcome:
    """What happened so far, for the exit status."""

    was_read: bool = False
    has_findings: bool = False
    has_fault: bool = False
    unread: int = field(default=0)

    def status(self) -> Exit:
        if self.has_fault:
            return Exit.FAULT
        if self.unread and not self.was_read:
            return Exit.USAGE
        return Exit.FINDINGS if self.has_findings or self.unread else Exit.DONE


@dataclass(frozen=True, slots=True)
class Failure:
    """That there is no answer for a patient, and why; standard error has said so already."""

    place: str
    reason: str


Ask = Callable[[Request], "Evaluation"]
"""Gives the answer to a request, kept in the store if there is one."""


class Writer(Protocol):
    """Writes answers in one format."""

    def fail(self, failure: Failure) -> None:
        """Write that there is no answer, in a format that has a way to say so."""

    def write(self, evaluation: Evaluation) -> None:
        """Write one answer."""

    def close(self) -> None:
        """Write what stands after the last."""


def evaluate_files(pack: LoadedPack, names: Sequence[str], wanted: Wanted) -> Exit:
    """Answer for every patient in the files, and return how it ended."""
    _check_audience(pack, wanted.audience)
    _check_minimum(wanted.minimum_review)
    _check_rules(pack, wanted)
    outcome = _Outcome()
    with _recorder(wanted.record) as record:
        writer = _writer(pack, wanted)
        for found in _answers(lambda request: record(request.ask(pack), request), names, wanted, outcome):
            if isinstance(found, Failure):
                writer.fail(found)
                continue
            outcome.has_findings |= wanted.strict and bool(found.problems)
            writer.write(found)
        writer.close()
    return outcome.status()


@contextmanager
def _recorder(place: str | None) -> Iterator[Callable[[Evaluation, Request], Evaluation]]:
    """Give what keeps an answer in the store before it is shown; without a store it is only handed on."""
    if place is None:
        yield lambda answer, _: answer
        return
    from cds_engine.record.store import Store  # noqa: PLC0415 - an extra, loaded when used

    try:
        store = Store.open(place)
    except CdsError as error:
        refuse(str(error))
    receipts = []

    def keep(answer: Evaluation, request: Request) -> Evaluation:
        receipts.append(store.append(answer, request))
        return answer

    with store:
        yield keep
    if receipts:
        kept = counted(len(receipts), "answer")
        complain(f"cds-engine: {kept} recorded in {store.shown}; the last receipt is {receipts[-1]}")


def _check_audience(pack: LoadedPack, audience: str | None) -> None:
    known = pack.guideline.pack.manifest.audiences
    if audience is not None and audience not in known:
        hint = did_you_mean(audience, known) or f"the pack knows {', '.join(f'`{name}`' for name in known)}"
        refuse(f"there is no audience `{audience}`; {hint}")


def _check_minimum(minimum: str | None) -> None:
    if minimum is not None:
        try:
            check_minimum(minimum)
        except InputError as error:
            refuse(str(error))


def _check_rules(pack: LoadedPack, wanted: Wanted) -> None:
    known = [spec.rule.id for spec in pack.guideline.rules]
    for rule in wanted.what_would_change:
        if rule not in known:
            hint = did_you_mean(rule, known) or f"the rules are {', '.join(known)}"
            refuse(f"there is no rule `{rule}`; {hint}")
    if wanted.what_would_change and wanted.format is Format.FHIR:
        refuse("FHIR has no place for what would change a status; use `--format text`, `json` or `html`")


def _answers(ask: Ask, names: Sequence[str], wanted: Wanted, outcome: _Outcome) -> Iterator[Evaluation | Failure]:
    for found in (found for name in names for found in patients_in(name)):
        match found:
            case Complaint(text, was_read):
                complain(text)
                outcome.was_read |= was_read
                outcome.has_findings |= was_read
                outcome.unread += not was_read
            case Patient():
                outcome.was_read = True
                yield _answer(ask, found, wanted, outcome)


def _answer(ask: Ask, patient: Patient, wanted: Wanted, outcome: _Outcome) -> Evaluation | Failure:
    """Return the answer for one patient, or that there is none after a sentence has said why."""
    try:
        return _with_what_would_change(ask(_request(patient.data, wanted)), wanted.what_would_change)
    except InputError as error:
        complain(f"{patient.place}: {error}")
        outcome.has_findings = True
        return Failure(patient.place, str(error))
    except (EngineDisagreement, BackendFault, StoreError) as error:
        complain(f"{patient.place}: no answer for this patient: {error}")
        outcome.has_fault = True
        return Failure(patient.place, f"no answer for this patient: {error}")
    except Exception as error:  # noqa: BLE001 - one patient never stops the others
        report_fault(error, patient.place)
        outcome.has_fault = True
        return Failure(patient.place, f"internal fault ({type(error).__name__})")


def _request(data: Mapping[str, object], wanted: Wanted) -> Request:
    """Return what is asked of the pack: as of the day that was asked for, else the patient's own, else today."""
    day = wanted.as_of or (None if _own_date(data) else _today())
    return Request(
        data, as_of=day, audience=wanted.audience, period=wanted.period, minimum_review=wanted.minimum_review
    )


def _with_what_would_change(evaluation: Evaluation, rules: Sequence[str]) -> Evaluation:
    """Return the answer with what would change the rules that were asked for; those held back stay so."""
    held = {found.rule for found in evaluation.held_back}
    found = [evaluation.what_would_change(rule) for rule in dict.fromkeys(rules) if rule not in held]
    return evaluation.model_copy(update={"would_change": found}) if found else evaluation


def _own_date(data: Mapping[str, object]) -> str | None:
    written = data.get("as_of") if "facts" in data else None
    return None if written is None else str(written)


def _today() -> date:
    return date.today()  # noqa: DTZ011 - the day on the wall of whoever asks


def _writer(pack: LoadedPack, wanted: Wanted) -> Writer:
    match wanted.format:
        case Format.JSON:
            return _JsonLines(explain=wanted.explain)
        case Format.HTML:
            return _HtmlPage(wanted)
        case Format.FHIR:
            return _FhirLines(pack)
        case Format.TEXT:
            labels = {name: spec.entry.label for name, spec in pack.guideline.dictionary.facts.items()}
            return _TextReports(wanted, labels)


def _as_utf8() -> None:
    """Programs get UTF-8, whatever the locale."""
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(encoding="utf-8")


class _Silent:
    """A format without a way to say that there is no answer; standard error says it."""

    def fail(self, failure: Failure) -> None:
        """Write nothing."""
        del failure


class _JsonLines(_Silent):
    """The contract's JSON, one answer a line."""

    def __init__(self, *, explain: bool) -> None:
        self._explain = explain
        _as_utf8()

    def write(self, evaluation: Evaluation) -> None:
        answer = _with_every_trace(evaluation) if self._explain else evaluation
        sys.stdout.write(answer.model_dump_json(by_alias=True) + "\n")

    def close(self) -> None:
        return


def _with_every_trace(evaluation: Evaluation) -> Evaluation:
    """Return the answer with the traces of rules that do not apply, too."""
    found = [
        r if r.because is not None else r.model_copy(update={"because": evaluation.trace(r.rule)})
        for r in evaluation.recommendations
    ]
    return evaluation.model_copy(update={"recommendations": found})


class _FhirLines:
    """FHIR, one Bundle a line."""

    def __init__(self, pack: LoadedPack) -> None:
        self._pack = pack
        _as_utf8()

    def write(self, evaluation: Evaluation) -> None:
        self._line(self._pack.to_fhir(evaluation))

    def fail(self, failure: Failure) -> None:
        self._line(self._pack.failure_as_fhir(None, f"{failure.place}: {failure.reason}"))

    def _line(self, bundle: Mapping[str, object]) -> None:
        sys.stdout.write(json.dumps(bundle, ensure_ascii=False) + "\n")

    def close(self) -> None:
        return


class _HtmlPage(_Silent):
    """All answers in one page."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self._answers: list[Evaluation] = []
        _as_utf8()

    def write(self, evaluation: Evaluation) -> None:
        self._answers.append(evaluation)

    def close(self) -> None:
        from cds_engine.results.html import to_page  # noqa: PLC0415 - loaded when used

        if self._answers:
            page = to_page(self._answers, explain=self._wanted.explain, everything=self._wanted.everything)
            sys.stdout.write(page + "\n")


class _TextReports(_Silent):
    """Reports for people, with a line between two patients."""

    def __init__(self, wanted: Wanted, labels: Mapping[str, str]) -> None:
        from cds_engine.cli.page import Page, console_for  # noqa: PLC0415 - loaded when used

        self._wanted = wanted
        self._labels = labels
        self._page = Page(console_for())
        self._is_first = True

    def write(self, evaluation: Evaluation) -> None:
        from cds_engine.cli.report import write_report  # noqa: PLC0415 - loaded when used

        if not self._is_first:
            self._page.blank()
            self._page.rule()
            self._page.blank()
        self._is_first = False
        write_report(
            self._page,
            evaluation,
            explain=self._wanted.explain,
            everything=self._wanted.everything,
            labels=self._labels,
        )

    def close(self) -> None:
        return
