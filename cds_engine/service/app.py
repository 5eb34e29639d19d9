"""The service as an ASGI application: discovery, hooks, feedback, REST, health, metrics and the page."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Path, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.cors import CORSMiddleware
from starlette.exceptions import HTTPException
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import JSONResponse

from cds_engine.diagnostics import StoreError
from cds_engine.record.store import Store
from cds_engine.results.evaluation import Evaluation
from cds_engine.service.desk import Reply
from cds_engine.service.feedback import FeedbackBook, InMemory, OnRecord
from cds_engine.service.gate import Gate
from cds_engine.service.json_in import read_json
from cds_engine.service.metrics import CONTENT_TYPE_LATEST, Metrics
from cds_engine.service.openapi import body_of, described, refusals
from cds_engine.service.pages import page_router
from cds_engine.service.refusals import Refusal, malformed, outcome, unrecorded
from cds_engine.service.requests import (
    EvaluateRequest,
    FeedbackRequest,
    HookRequest,
    OrderRequest,
    SelectRequest,
    read_request,
)
from cds_engine.service.responses import Cards, Services
from cds_engine.service.settings import Settings
from cds_engine.service.trust import Trust
from cds_engine.service.workers import Workers
from cds_engine.version import VERSION

JSON = "application/json"
DESCRIPTION = "Guideline packs as CDS Hooks services and over REST. Nothing that it says was approved by a clinician."
HOOKS = "CDS Hooks"


class Service:
    """What the endpoints share."""

    def __init__(self, settings: Settings, book: FeedbackBook) -> None:
        self.settings = settings
        self.trust = Trust(settings.trust, settings.most_token_seconds) if settings.trust else None
        self.workers = Workers(settings)
        self.metrics = Metrics(lambda: self.workers.waiting)
        self.book = book
        self.discovery = b""
        self.ids: frozenset[str] = frozenset()

    async def open(self) -> None:
        """Load the packs, unless they are loaded; until then nothing is answered.

        Raises:
            CdsError: If a pack or the record cannot be used.
        """
        if not self.discovery:
            self.discovery, self.ids = await self.workers.ask("open")

    def caller(self, request: Request) -> str | None:
        """Return who calls, None where no token is asked for.

        Raises:
            Refusal: If the token is missing or not accepted.
        """
        if self.trust is None:
            return None
        return self.trust.check(request.headers.get("authorization"), f"{self.settings.base}{request.url.path}")


def create_app(settings: Settings, book: FeedbackBook | None = None) -> FastAPI:
    """Return the application; the packs are loaded when it starts.

    Raises:
        TrustError: If the file of issuers and keys cannot be used.
        StoreError: If the record cannot be opened.
    """
    service = Service(settings, book or _book(settings))

    @asynccontextmanager
    async def open_to_close(_: FastAPI) -> AsyncIterator[None]:
        await service.open()
        yield
        service.workers.stop()

    app = FastAPI(
        title="cds_engine", version=VERSION, lifespan=open_to_close, docs_url=None, redoc_url=None,
        openapi_url=None, redirect_slashes=False,
    )  # fmt: skip
    app.state.service = service
    _add_hooks(app, service)
    _add_rest(app, service)
    _add_watching(app, service)
    if settings.has_page:
        app.include_router(page_router(service.workers, service.metrics, development=settings.development))
    _speak_outcomes(app, service)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=list(settings.known_hosts), www_redirect=False)
    app.add_middleware(Gate, settings=settings, metrics=service.metrics)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=list(settings.origins),
        allow_methods=["GET", "POST", "OPTIONS"],
        allow_headers=["Authorization", "Content-Type"],
        max_age=600,
    )
    return app


def _book(settings: Settings) -> FeedbackBook:
    return InMemory() if settings.record is None else OnRecord(Store.open(settings.record))


async def _json_body(request: Request) -> bytes:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in {JSON, "application/fhir+json"}:
        raise Refusal(415, "not-json", f"send the body as `{JSON}`")
    return await request.body()


Body = Annotated[bytes, Depends(_json_body)]
ServiceId = Annotated[str, Path(max_length=200, description="An id of the discovery.")]


def _as_json(body: bytes) -> Response:
    return Response(body, media_type=JSON)


def _add_hooks(app: FastAPI, service: Service) -> None:
    secured: dict[str, Any] = {} if service.trust is None else {"security": [{"token": []}]}

    def known(name: str) -> str:
        if name not in service.ids:
            raise Refusal(404, "no-service", "there is no such service; see the discovery")
        return name

    @app.get("/cds-services", tags=[HOOKS], response_model=Services, responses=refusals(401), openapi_extra=secured)
    async def discover(request: Request) -> Response:
        """List the services with the prefetch that each asks for."""
        service.caller(request)
        return _as_json(service.discovery)

    @app.post(
        "/cds-services/{service_id}",
        tags=[HOOKS],
        response_model=Cards,
        responses=refusals(400, 401, 404, 408, 412, 413, 415, 503),
        openapi_extra=secured | body_of(SelectRequest, OrderRequest, HookRequest),
    )
    async def call(request: Request, service_id: ServiceId, body: Body) -> Response:
        """Answer a hook with cards."""
        service.caller(request)
        name = known(service_id)
        reply: Reply = await service.workers.ask("hook", name, body, date.today())  # noqa: DTZ011 - the day on the wall
        service.metrics.cards(name, reply.counts)
        service.book.shown(name, reply.rules)
        return _as_json(reply.body)

    @app.post(
        "/cds-services/{service_id}/feedback",
        tags=[HOOKS],
        responses=refusals(400, 401, 404, 408, 413, 415),
        openapi_extra=secured | body_of(FeedbackRequest),
    )
    async def report(request: Request, service_id: ServiceId, body: Body) -> Response:
        """Take what became of cards; the same may be reported again."""
        service.caller(request)
        name = known(service_id)
        given = read_request(FeedbackRequest, read_json(body, service.settings.most_depth))
        reports = [one.model_dump(mode="json", by_alias=True, exclude_none=True) for one in given.feedback]
        await asyncio.to_thread(service.book.add, name, reports)
        for one in given.feedback:
            service.metrics.feedback(name, one.outcome)
        return _as_json(b"{}")

    @app.get("/cds-services/{service_id}/feedback", tags=[HOOKS], responses=refusals(401, 404), openapi_extra=secured)
    async def reported(request: Request, service_id: ServiceId) -> Response:
        """Return what became of the cards of a service, each with the rules that it spoke for."""
        service.caller(request)
        return JSONResponse({"feedback": await asyncio.to_thread(service.book.read, known(service_id))})


def _add_rest(app: FastAPI, service: Service) -> None:
    secured: dict[str, Any] = {} if service.trust is None else {"security": [{"token": []}]}

    @app.post(
        "/evaluate",
        tags=["REST"],
        response_model=Evaluation,
        responses=refusals(400, 401, 408, 413, 415, 503),
        openapi_extra=secured | body_of(EvaluateRequest),
    )
    async def evaluate(request: Request, body: Body) -> Response:
        """Return everything a pack has to say about one patient."""
        service.caller(request)
        reply: Reply = await service.workers.ask("evaluate", body, date.today())  # noqa: DTZ011 - the day on the wall
        return _as_json(reply.body)


def _add_watching(app: FastAPI, service: Service) -> None:
    description: list[dict[str, Any]] = []

    @app.get("/openapi.json", tags=["watching"])
    async def openapi() -> JSONResponse:
        """Describe the service."""
        if not description:
            description.append(described(app, "cds_engine", VERSION, DESCRIPTION))
        return JSONResponse(description[0])

    @app.get("/health", tags=["watching"])
    async def health() -> JSONResponse:
        """Say that the service answers, and whether it asks for tokens."""
        return JSONResponse({"status": "ok", "version": VERSION, "development": service.settings.development})

    @app.get("/metrics", tags=["watching"])
    async def metrics() -> Response:
        """Return the counters for Prometheus."""
        return Response(service.metrics.text(), media_type=CONTENT_TYPE_LATEST)


def _speak_outcomes(app: FastAPI, service: Service) -> None:
    """Say every refusal as an OperationOutcome."""

    @app.exception_handler(Refusal)
    async def refused(_: Request, refusal: Refusal) -> JSONResponse:
        service.metrics.refused(refusal.code)
        return JSONResponse(refusal.outcome(), refusal.status, refusal.headers)

    @app.exception_handler(StoreError)
    async def not_recorded(_: Request, __: StoreError) -> JSONResponse:
        refusal = unrecorded()
        service.metrics.refused(refusal.code)
        return JSONResponse(refusal.outcome(), refusal.status, refusal.headers)

    @app.exception_handler(HTTPException)
    async def unknown(_: Request, error: HTTPException) -> JSONResponse:
        code, sentence = _HTTP.get(error.status_code, ("refused", "the request cannot be answered"))
        service.metrics.refused(code)
        return JSONResponse(outcome(error.status_code, code, sentence), error.status_code, error.headers)

    @app.exception_handler(RequestValidationError)
    async def misfit(_: Request, __: RequestValidationError) -> JSONResponse:
        refusal = malformed("the address of the request does not fit")
        return JSONResponse(refusal.outcome(), refusal.status)


_HTTP = {
    404: ("no-endpoint", "there is nothing at this address; see `/openapi.json`"),
    405: ("no-method", "this address does not take this method; see `/openapi.json`"),
}
