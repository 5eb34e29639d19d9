"""The service as an ASGI application: the endpoints behind the gate, and every refusal said as an OperationOutcome."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.cors import CORSMiddleware
from starlette.exceptions import HTTPException
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import JSONResponse

from cds_engine.diagnostics import StoreError
from cds_engine.service.endpoints import hook_router, rest_router
from cds_engine.service.front import Front
from cds_engine.service.gate import Gate
from cds_engine.service.metrics import CONTENT_TYPE_LATEST
from cds_engine.service.openapi import described
from cds_engine.service.pages import page_router
from cds_engine.service.refusals import Refusal, malformed, outcome, unrecorded
from cds_engine.service.settings import Settings
from cds_engine.version import VERSION

DESCRIPTION = "Guideline packs as CDS Hooks services and over REST. Nothing that it says was approved by a clinician."


def create_app(settings: Settings) -> FastAPI:
    """Return the application; the packs are loaded when it starts.

    Raises:
        TrustError: If the file of issuers and keys cannot be used.
        StoreError: If the record cannot be opened.
    """
    front = Front(settings)

    @asynccontextmanager
    async def open_to_close(_: FastAPI) -> AsyncIterator[None]:
        await front.open()
        yield
        front.workers.stop()

    app = FastAPI(
        title="cds_engine", version=VERSION, lifespan=open_to_close, docs_url=None, redoc_url=None,
        openapi_url=None, redirect_slashes=False,
    )  # fmt: skip
    app.state.front = front
    app.include_router(hook_router(front))
    app.include_router(rest_router(front))
    app.include_router(_watching(app, front))
    if settings.has_page:
        app.include_router(page_router(front.workers, front.metrics, development=settings.development))
    _speak_outcomes(app, front)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=list(settings.known_hosts), www_redirect=False)
    app.add_middleware(Gate, settings=settings, metrics=front.metrics)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=list(settings.origins),
        allow_methods=["GET", "POST", "OPTIONS"],
        allow_headers=["Authorization", "Content-Type"],
        max_age=600,
    )
    return app


def _watching(app: FastAPI, front: Front) -> APIRouter:
    """Return the endpoints that need no token: they hold nothing of a patient."""
    router = APIRouter(tags=["watching"])
    description: list[dict[str, Any]] = []

    @router.get("/openapi.json")
    async def openapi() -> JSONResponse:
        """Describe the service."""
        if not description:
            description.append(described(app, "cds_engine", VERSION, DESCRIPTION))
        return JSONResponse(description[0])

    @router.get("/health")
    async def health() -> JSONResponse:
        """Say that the service answers, and whether it asks for tokens."""
        return JSONResponse({"status": "ok", "version": VERSION, "development": front.settings.development})

    @router.get("/metrics")
    async def metrics() -> Response:
        """Return the counters for Prometheus."""
        return Response(front.metrics.text(), media_type=CONTENT_TYPE_LATEST)

    return router


def _speak_outcomes(app: FastAPI, front: Front) -> None:
    """Say every refusal as an OperationOutcome."""

    def said(refusal: Refusal) -> JSONResponse:
        front.metrics.refused(refusal.code)
        return JSONResponse(refusal.outcome(), refusal.status, refusal.headers)

    @app.exception_handler(Refusal)
    async def refused(_: Request, refusal: Refusal) -> JSONResponse:
        return said(refusal)

    @app.exception_handler(StoreError)
    async def not_recorded(_: Request, __: StoreError) -> JSONResponse:
        return said(unrecorded())

    @app.exception_handler(RequestValidationError)
    async def misfit(_: Request, __: RequestValidationError) -> JSONResponse:
        return said(malformed("the address of the request does not fit"))

    @app.exception_handler(HTTPException)
    async def unknown(_: Request, error: HTTPException) -> JSONResponse:
        code, sentence = _HTTP.get(error.status_code, ("refused", "the request cannot be answered"))
        front.metrics.refused(code)
        return JSONResponse(outcome(error.status_code, code, sentence), error.status_code, error.headers)


_HTTP = {
    404: ("no-endpoint", "there is nothing at this address; see `/openapi.json`"),
    405: ("no-method", "this address does not take this method; see `/openapi.json`"),
}
