"""What the endpoints share: who may call, who answers, what is counted and what is kept."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from cds_engine.record.store import Store
from cds_engine.service.desk import Reply
from cds_engine.service.feedback import FeedbackBook, InMemory, OnRecord
from cds_engine.service.metrics import Metrics
from cds_engine.service.refusals import Refusal
from cds_engine.service.settings import Settings
from cds_engine.service.trust import Trust
from cds_engine.service.workers import Workers

JSON = "application/json"
ANYBODY = ""
"""Who calls a service that asks for no token."""


class Front:
    """One service, before its desks.

    Raises:
        TrustError: If the file of issuers and keys cannot be used.
        StoreError: If the record cannot be opened.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.trust = Trust(settings.trust, settings.most_token_seconds) if settings.trust else None
        self.workers = Workers(settings)
        self.metrics = Metrics(lambda: self.workers.waiting)
        self.book: FeedbackBook = InMemory() if settings.record is None else OnRecord(Store.open(settings.record))
        self.discovery = b""
        self.ids: frozenset[str] = frozenset()

    async def open(self) -> None:
        """Load the packs, unless they are loaded; until then nothing is answered.

        Raises:
            CdsError: If a pack or the record cannot be used.
        """
        if not self.discovery:
            self.discovery, self.ids = await self.workers.ask("open")

    async def answer(self, task: str, *arguments: Any) -> Reply:
        """Return what the desk makes of a request, as of the day on the wall."""
        reply: Reply = await self.workers.ask(task, *arguments, date.today())  # noqa: DTZ011 - as said
        return reply

    def guarded(self, tag: str) -> APIRouter:
        """Return a router none of whose endpoints answers without a token, unless the service asks for none."""
        return APIRouter(tags=[tag], dependencies=[Depends(self._check)])

    @property
    def secured(self) -> dict[str, Any]:
        """How the description of the service says that an endpoint needs a token."""
        return {} if self.trust is None else {"security": [{"token": []}]}

    async def _check(self, request: Request) -> None:
        """Refuse whoever may not call, and note who it is that may.

        Raises:
            Refusal: If the token is missing or not accepted.
        """
        address = f"{self.settings.base}{request.url.path}"
        header = request.headers.get("authorization")
        request.state.caller = ANYBODY if self.trust is None else self.trust.check(header, address)


async def _caller(request: Request) -> str:
    caller: str = request.state.caller
    return caller


Caller = Annotated[str, Depends(_caller)]
"""Who calls a guarded endpoint, as the token says."""


async def _json_body(request: Request) -> bytes:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in {JSON, "application/fhir+json"}:
        raise Refusal(415, "not-json", f"send the body as `{JSON}`")
    return await request.body()


Body = Annotated[bytes, Depends(_json_body)]
"""A body that says that it is JSON, as it came."""


def as_json(body: bytes) -> Response:
    """Return a response that is JSON already."""
    return Response(body, media_type=JSON)
