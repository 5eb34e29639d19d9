"""What the page shows: a form and the answer to it, for one pack."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from cds_engine.diagnostics import BackendFault, EngineDisagreement, InputError
from cds_engine.engine.guide import LoadedPack
from cds_engine.fhir.record import is_fhir
from cds_engine.results.evaluation import Evaluation, UnknownRuleError
from cds_engine.service.audiences import audience_of
from cds_engine.service.json_in import read_json
from cds_engine.service.page.changes import changes
from cds_engine.service.page.charts import charts_of
from cds_engine.service.page.fields import fields_for
from cds_engine.service.page.fixtures import fixtures_for
from cds_engine.service.page.form import Form, fields_of, kept_of, patient_of, read_form
from cds_engine.service.page.render import render
from cds_engine.service.refusals import Refusal, malformed

HEADINGS = {
    "clinician": {
        "alerts": "Alerts", "ready": "Recommended treatment", "advice": "Care, tests and information",
        "blocked": "Contraindicated", "open": "Waits for data", "asked": "Ask next", "screened": "Medicines screened",
        "problems": "Problems with the input", "none": "No treatment is ready.",
    },
    "patient": {
        "alerts": "Please read this first", "ready": "What the guideline advises", "advice": "Care and tests",
        "blocked": "What should not be given, and why", "open": "Not clear yet", "asked": "What we need to know",
        "screened": "Your medicines", "problems": "What we could not use", "none": "Nothing is advised yet.",
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shown:
    """One state of the page of a pack."""

    form: Form
    patient: Mapping[str, Any]
    """The whole patient, with the key `facts`."""
    name: str | None = None
    """Of the fixture or record that it began with."""
    record: Mapping[str, Any] | None = None
    """The FHIR record that was just read: then the answer says what of it was not used."""


class Page:
    """Shows the packs of a service."""

    def __init__(self, packs: Mapping[str, LoadedPack], most_depth: int, *, development: bool) -> None:
        self._packs = packs
        self._most_depth = most_depth
        self._development = development

    def index(self) -> bytes:
        """Return the choice of packs."""
        return self._render("packs.html", packs=list(self._packs.values()))

    def begin(self, name: str, fixture: str | None, day: dt.date) -> bytes:
        """Return the page of a pack, empty or filled with a fixture.

        Raises:
            Refusal: If there is no such pack or fixture.
        """
        pack = self._pack(name)
        if not fixture:
            return self._show(pack, Shown(Form(as_of=day), {"facts": {}}))
        found = fixtures_for(pack).get(fixture)
        if found is None:
            raise Refusal(404, "no-fixture", "there is no such patient to begin with")
        return self._show(pack, self._loaded(pack, found, Form(as_of=day), fixture))

    def answer(self, name: str, raw: bytes, day: dt.date) -> bytes:
        """Return the page with the answer to a form.

        Raises:
            Refusal: If there is no such pack, the body is no form, or what it holds is no patient.
        """
        pack, form = self._pack(name), read_form(raw)
        form = form if form.as_of else replace(form, as_of=day)
        if form.record:
            data = read_json(form.record.encode(), self._most_depth)
            return self._show(pack, self._loaded(pack, data, form, "the record"))
        return self._show(pack, Shown(form, patient_of(form, pack.guideline.dictionary)))

    def _loaded(self, pack: LoadedPack, data: Mapping[str, Any], form: Form, name: str) -> Shown:
        """Return the page filled with a patient: a FHIR record, a patient of the engine, or facts alone."""
        record = data if is_fhir(data) else None
        if record is not None:
            try:
                data = pack.read_fhir(data, as_of=form.as_of).patient
            except InputError as error:
                raise malformed(str(error)) from None
        patient = data if "facts" in data else {"facts": data}
        if not isinstance(patient["facts"], Mapping):
            raise malformed("`facts` of a patient must be a mapping of fact names to values")
        fields = fields_of(patient["facts"], pack.guideline.dictionary)
        return Shown(replace(form, fields=fields, was=None, kept=kept_of(patient, fields)), patient, name, record)

    def _show(self, pack: LoadedPack, shown: Shown) -> bytes:
        form, audiences = shown.form, pack.guideline.pack.manifest.audiences
        answer = _answered(pack, shown)
        wording = audiences[answer.audience].wording
        return self._render(
            "patient.html",
            pack=pack,
            audience=answer.audience,
            audiences=audiences,
            head=HEADINGS[wording],
            answer=answer,
            charts=charts_of(answer, pack.guideline),
            fields=fields_for(pack.guideline, form, answer, for_patient=wording == "patient"),
            changed=None if form.was is None else changes(_before(pack, form.was, answer.audience), answer),
            supposed=_supposed(answer, form.ask),
            traces={found.rule: answer.trace(found.rule) for found in answer.recommendations},
            fixtures=list(fixtures_for(pack)),
            name=shown.name,
            was=json.dumps({**shown.patient, "as_of": answer.as_of and str(answer.as_of)}),
            kept=json.dumps(form.kept),
            reads_records=pack.guideline.pack.fhir is not None,
        )

    def _pack(self, name: str) -> LoadedPack:
        found = self._packs.get(name)
        if found is None:
            raise Refusal(404, "no-pack", "there is no such pack here")
        return found

    def _render(self, template: str, **view: Any) -> bytes:
        return render(template, development=self._development, **view)


def _answered(pack: LoadedPack, shown: Shown) -> Evaluation:
    """Return the answer; a day and an audience that the patient names count before those of the form.

    Raises:
        Refusal: If the library refuses the patient, or there is no answer.
    """
    form = shown.form
    wished = form.audience if form.audience in pack.guideline.pack.manifest.audiences else audience_of(pack)
    with _refusing():
        if shown.record is not None:
            return pack.evaluate_fhir(shown.record, as_of=form.as_of, audience=wished)
        day = form.as_of if shown.patient.get("as_of") is None else None
        return pack.evaluate({**shown.patient, "audience": shown.patient.get("audience") or wished}, as_of=day)


def _before(pack: LoadedPack, was: Mapping[str, Any], audience: str) -> Evaluation:
    """Return the answer that the reader had, of its own day, in the words of the new one.

    Raises:
        Refusal: If the library refuses the patient, or there is no answer.
    """
    with _refusing():
        return pack.evaluate({**(was if "facts" in was else {"facts": was}), "audience": audience})


@contextmanager
def _refusing() -> Iterator[None]:
    """Say what the library refuses, or cannot answer, as a refusal."""
    try:
        yield
    except InputError as error:
        raise malformed(str(error)) from None
    except (EngineDisagreement, BackendFault):
        raise Refusal(503, "no-answer", "the engines that must agree do not; there is no answer") from None


def _supposed(answer: Evaluation, rule: str | None) -> tuple[str, list[str]] | None:
    """Return what would change the status of a rule, line by line, if the reader asked for it."""
    if rule is None:
        return None
    try:
        return rule, answer.what_would_change(rule).text.splitlines()
    except UnknownRuleError:
        return None
