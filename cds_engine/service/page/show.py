"""What the page shows: a form and the answer to it, for one pack."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from cds_engine.diagnostics import BackendFault, EngineDisagreement, InputError
from cds_engine.engine.guide import LoadedPack
from cds_engine.fhir.record import is_fhir
from cds_engine.results.evaluation import Evaluation, UnknownRuleError
from cds_engine.service.json_in import read_json
from cds_engine.service.page.changes import changes
from cds_engine.service.page.charts import charts_of
from cds_engine.service.page.fields import fields_for
from cds_engine.service.page.fixtures import fixtures_for
from cds_engine.service.page.form import Form, facts_of, fields_of, read_form
from cds_engine.service.page.render import render
from cds_engine.service.refusals import Refusal

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
    facts: Mapping[str, Any]
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
            return self._show(pack, Shown(Form(as_of=day), {}))
        found = fixtures_for(pack).get(fixture)
        if found is None:
            raise Refusal(404, "no-fixture", "there is no such patient to begin with")
        return self._show(pack, self._loaded(pack, found, Form(as_of=day), fixture))

    def answer(self, name: str, raw: bytes, day: dt.date) -> bytes:
        """Return the page with the answer to a form.

        Raises:
            Refusal: If there is no such pack, or the body is no form.
        """
        pack, form = self._pack(name), read_form(raw)
        form = form if form.as_of else replace(form, as_of=day)
        if form.record:
            try:
                data = read_json(form.record.encode(), self._most_depth)
                return self._show(pack, self._loaded(pack, data, form, "the record"))
            except Refusal as refusal:
                return self._show(pack, Shown(form, {}), mistake=refusal.sentence)
        return self._show(pack, Shown(form, facts_of(form, pack.guideline.dictionary)))

    def _loaded(self, pack: LoadedPack, data: Mapping[str, Any], form: Form, name: str) -> Shown:
        """Return the page filled with a patient: a FHIR record, a patient of the engine, or facts alone."""
        record = data if is_fhir(data) else None
        if record is not None:
            try:
                data = pack.read_fhir(data, as_of=form.as_of).patient
            except InputError as error:
                raise Refusal(400, "malformed", str(error)) from None
        facts = data.get("facts", data)
        facts = facts if isinstance(facts, dict) else {}
        fields = fields_of(facts, pack.guideline.dictionary)
        written = data.get("as_of")
        day = dt.date.fromisoformat(written) if isinstance(written, str) and len(written) == len("2026-11-21") else None
        orders = data.get("orders")
        listed = tuple(orders) if isinstance(orders, list) else ()
        return Shown(
            replace(form, fields=fields, as_of=day or form.as_of, was=None, orders=listed), facts, name, record
        )

    def _show(self, pack: LoadedPack, shown: Shown, mistake: str | None = None) -> bytes:
        form = shown.form
        audiences = pack.guideline.pack.manifest.audiences
        audience = form.audience if form.audience in audiences else next(iter(audiences))
        evaluate = partial(pack.evaluate, orders=form.orders, as_of=form.as_of, audience=audience)
        try:
            answer = (
                evaluate({"facts": shown.facts})
                if shown.record is None
                else pack.evaluate_fhir(shown.record, as_of=form.as_of, audience=audience)
            )
            before = None if form.was is None else evaluate({"facts": form.was})
        except (EngineDisagreement, BackendFault):
            raise Refusal(503, "no-answer", "the engines that must agree do not; there is no answer") from None
        wording = audiences[audience].wording
        return self._render(
            "patient.html",
            pack=pack,
            form=form,
            audience=audience,
            audiences=audiences,
            head=HEADINGS[wording],
            answer=answer,
            charts=charts_of(answer, pack.guideline),
            fields=fields_for(pack.guideline, form, answer, for_patient=wording == "patient"),
            changed=None if before is None else changes(before, answer),
            supposed=_supposed(answer, form.ask),
            traces={found.rule: answer.trace(found.rule) for found in answer.recommendations},
            fixtures=list(fixtures_for(pack)),
            name=shown.name,
            was=json.dumps(shown.facts),
            orders=json.dumps(form.orders),
            mistake=mistake,
            reads_records=pack.guideline.pack.fhir is not None,
        )

    def _pack(self, name: str) -> LoadedPack:
        found = self._packs.get(name)
        if found is None:
            raise Refusal(404, "no-pack", "there is no such pack here")
        return found

    def _render(self, template: str, **view: Any) -> bytes:
        return render(template, development=self._development, **view)


def _supposed(answer: Evaluation, rule: str | None) -> tuple[str, list[str]] | None:
    """Return what would change the status of a rule, line by line, if the reader asked for it."""
    if rule is None:
        return None
    try:
        return rule, answer.what_would_change(rule).text.splitlines()
    except UnknownRuleError:
        return None
