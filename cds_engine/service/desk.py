"""Where requests are answered: the packs of one process, and what each endpoint makes of a body. Knows no HTTP server.

Everything here may run in a process of its own; what it takes and gives is bytes and plain values.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any
from uuid import uuid4

from cds_engine.diagnostics import BackendFault, EngineDisagreement, InputError, StoreError
from cds_engine.engine.guide import LoadedPack
from cds_engine.engine.packs import installed, load
from cds_engine.engine.request import Request as Asked
from cds_engine.record.store import Store
from cds_engine.results.evaluation import Evaluation
from cds_engine.service.audiences import audience_of
from cds_engine.service.calls import asked_of, focus_of, orders_of, wants_inform
from cds_engine.service.cards import Call, cards_of
from cds_engine.service.hooks import HOOKS, Hook
from cds_engine.service.json_in import read_json
from cds_engine.service.page.show import Page
from cds_engine.service.prefetch import gathered, templates
from cds_engine.service.refusals import Refusal, malformed, needs, too_large, unrecorded
from cds_engine.service.requests import EvaluateRequest, read_request
from cds_engine.service.responses import Cards, Service, Services, plain
from cds_engine.service.settings import Settings


@dataclass(frozen=True, slots=True)
class Reply:
    """What is sent back, and what may be counted of it."""

    body: bytes
    counts: Mapping[str, int] = field(default_factory=dict)
    """Cards by indicator."""
    rules: Mapping[str, list[str]] = field(default_factory=dict)
    """By card: the rules that it speaks for."""


class Desk:
    """The packs of a service, ready to answer.

    Raises:
        CdsError: If a pack cannot be loaded.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        names = settings.packs or tuple(installed())
        packs = [load(name, value_sets=settings.value_sets) for name in names]
        self.packs: dict[str, LoadedPack] = {pack.id: pack for pack in packs}
        self._templates = {pack.id: templates(pack.guideline.pack) for pack in packs}
        self._store = None if settings.record is None else Store.open(settings.record)
        self._page = Page(self.packs, settings.most_depth, development=settings.development)

    @cached_property
    def services(self) -> dict[str, tuple[LoadedPack, Hook]]:
        """The services by id: each hook for each pack that can read a record."""
        readable = [pack for pack in self.packs.values() if self._templates[pack.id] and pack.reads_records]
        return {
            f"{pack.id.replace('_', '-')}-{hook.name}": (pack, hook) for pack in readable for hook in HOOKS.values()
        }

    def open(self) -> tuple[bytes, frozenset[str]]:
        """Return the discovery of CDS Hooks, and the ids of its services."""
        listed = [
            Service(
                hook=hook.name,
                title=f"{pack.guideline.pack.manifest.title}: {hook.name}",
                description=hook.says,
                id=name,
                prefetch=self._templates[pack.id],
                usage_requirements="Each card names its source and review state; it supplements clinical judgement.",
            )
            for name, (pack, hook) in self.services.items()
        ]
        return _dumped(plain(Services(services=listed), "services")), frozenset(self.services)

    # Hooks

    def hook(self, name: str, raw: bytes, day: date) -> Reply:
        """Return the cards of one call.

        Raises:
            Refusal: If the body is not what the hook takes, or data that the answer needs cannot be had.
        """
        pack, hook = self.services[name]
        request = read_request(hook.request, read_json(raw, self._settings.most_depth))
        if request.hook != hook.name:
            raise malformed(f"this service answers `{hook.name}`; the `hook` of the body is another")
        sent = gathered(self._templates[pack.id], request.prefetch)
        orders = orders_of(request)
        self._refuse_many(len(sent.resources) + len(orders))
        asked = asked_of(pack, request, sent, orders, day, self._settings.minimum_review)
        answer = self._answer(pack, asked, needs("the resources that were sent are not the record of one patient"))
        call = Call(pack, hook.focus, uuid4(), sent, focus_of(request, orders), wants_inform(request))
        said = cards_of(answer, call)
        self._record(answer, asked, said.rules)
        body = _dumped(plain(Cards(cards=said.cards), "cards"))
        return Reply(body, Counter(card.indicator for card in said.cards), said.rules)

    def _answer(self, pack: LoadedPack, asked: Asked, misfit: Refusal) -> Evaluation:
        """Return the answer.

        Raises:
            Refusal: If the patient is none, which *misfit* says, or there is no answer.
        """
        try:
            return asked.ask(pack)
        except InputError:
            raise misfit from None
        except (EngineDisagreement, BackendFault):
            raise _no_answer() from None

    def _record(self, answer: Evaluation, asked: Asked, cards: Iterable[str] = ()) -> None:
        """Keep an answer, which its *cards* then go by, before it is given.

        Raises:
            Refusal: If it cannot be kept.
        """
        if self._store is None:
            return
        try:
            self._store.append(answer, asked, names=cards)
        except InputError:
            raise malformed("the patient holds something that cannot be recorded, such as an endless number") from None
        except StoreError:
            raise unrecorded() from None

    def _refuse_many(self, entries: int) -> None:
        most = self._settings.most_entries
        if entries > most:
            raise too_large(f"the request holds {entries} resources; this service takes {most}")

    # REST

    def evaluate(self, raw: bytes, day: date) -> Reply:
        """Return everything a pack has to say about one patient: the JSON contract.

        The wishes of the request count first, then those that the patient names, then today and clinicians.

        Raises:
            Refusal: If the body is not what the endpoint takes.
        """
        request = read_request(EvaluateRequest, read_json(raw, self._settings.most_depth))
        pack = self._pack(request.pack)
        if request.audience is not None and request.audience not in pack.guideline.pack.manifest.audiences:
            raise malformed("there is no such `audience` in the pack")
        if request.record is not None:
            self._refuse_many(_count(request.record))
        asked = Asked(
            request.record if request.record is not None else request.patient or {},
            as_of=request.as_of or (None if _names(request.patient, "as_of") else day),
            audience=request.audience or (None if _names(request.patient, "audience") else audience_of(pack)),
            minimum_review=self._settings.minimum_review,
        )
        misfit = malformed(
            "`patient` is no mapping of facts, or names a day or an audience that cannot be used; "
            "or `record` is no Bundle with exactly one Patient"
        )
        if asked.is_fhir != (request.record is not None):
            raise misfit
        answer = self._answer(pack, asked, misfit)
        self._record(answer, asked)
        return Reply(answer.model_dump_json().encode())

    def _pack(self, name: str | None) -> LoadedPack:
        if name is None and len(self.packs) == 1:
            return next(iter(self.packs.values()))
        found = self.packs.get(name or "")
        if found is None:
            raise malformed(f"say which `pack`: {', '.join(f'`{known}`' for known in self.packs)}")
        return found

    # The page

    def page_index(self) -> bytes:
        """Return the choice of packs."""
        return self._page.index()

    def page_begin(self, name: str, fixture: str | None, day: date) -> bytes:
        """Return the page of a pack, empty or filled with a fixture."""
        return self._page.begin(name, fixture, day)

    def page_answer(self, name: str, raw: bytes, day: date) -> bytes:
        """Return the page with the answer to a form."""
        return self._page.answer(name, raw, day)


def _no_answer() -> Refusal:
    return Refusal(503, "no-answer", "the engines that must agree do not; there is no answer to this request")


def _names(patient: Mapping[str, Any] | None, wish: str) -> bool:
    """Say whether a whole patient names a wish; among bare facts the word would be a fact."""
    return patient is not None and "facts" in patient and patient.get(wish) is not None


def _count(record: Mapping[str, Any]) -> int:
    entries = record.get("entry")
    return len(entries) if isinstance(entries, list) else 1


def _dumped(data: object) -> bytes:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
