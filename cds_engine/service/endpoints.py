"""The endpoints for programs: discovery, hooks, feedback, REST."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Path, Response
from starlette.responses import JSONResponse

from cds_engine.diagnostics import StoreError
from cds_engine.results.evaluation import Evaluation
from cds_engine.service.front import Body, Caller, Front, as_json
from cds_engine.service.json_in import read_json
from cds_engine.service.openapi import body_of, refusals
from cds_engine.service.refusals import Refusal, partly_unrecorded
from cds_engine.service.requests import (
    EvaluateRequest,
    FeedbackRequest,
    HookRequest,
    OrderRequest,
    SelectRequest,
    read_request,
)
from cds_engine.service.responses import Cards, Services

ServiceId = Annotated[str, Path(max_length=200, description="An id of the discovery.")]


def hook_router(front: Front) -> APIRouter:
    """Return the endpoints of CDS Hooks."""
    router = front.guarded("CDS Hooks")

    @router.get("/cds-services", response_model=Services, responses=refusals(401), openapi_extra=front.secured)
    async def discover() -> Response:
        """List the services with the prefetch that each asks for."""
        return as_json(front.discovery)

    @router.post(
        "/cds-services/{service_id}",
        response_model=Cards,
        responses=refusals(400, 401, 404, 408, 412, 413, 415, 503),
        openapi_extra=front.secured | body_of(SelectRequest, OrderRequest, HookRequest),
    )
    async def call(service_id: ServiceId, caller: Caller, body: Body) -> Response:
        """Answer a hook with cards."""
        name = _known(front, service_id)
        reply = await front.answer("hook", name, body)
        front.metrics.cards(name, reply.counts)
        front.book.shown(caller, reply.rules)
        return as_json(reply.body)

    @router.post(
        "/cds-services/{service_id}/feedback",
        responses=refusals(400, 401, 404, 408, 413, 415, 503),
        openapi_extra=front.secured | body_of(FeedbackRequest),
    )
    async def report(service_id: ServiceId, caller: Caller, body: Body) -> Response:
        """Take what became of cards; the same may be reported again."""
        name = _known(front, service_id)
        given = read_request(FeedbackRequest, read_json(body, front.settings.most_depth))
        reports = [one.model_dump(mode="json", by_alias=True, exclude_none=True) for one in given.feedback]
        try:
            await asyncio.to_thread(front.book.add, caller, name, reports)
        except StoreError:
            raise partly_unrecorded() from None
        for one in given.feedback:
            front.metrics.feedback(name, one.outcome)
        return as_json(b"{}")

    @router.get("/cds-services/{service_id}/feedback", responses=refusals(401, 404, 503), openapi_extra=front.secured)
    async def reported(service_id: ServiceId, caller: Caller) -> Response:
        """Return what the caller reported of the cards of a service, each with the rules that it spoke for."""
        return JSONResponse({"feedback": await asyncio.to_thread(front.book.read, caller, _known(front, service_id))})

    return router


def _known(front: Front, name: str) -> str:
    if name not in front.ids:
        raise Refusal(404, "no-service", "there is no such service; see the discovery")
    return name


def rest_router(front: Front) -> APIRouter:
    """Return the endpoint that gives the answer of the library."""
    router = front.guarded("REST")

    @router.post(
        "/evaluate",
        response_model=Evaluation,
        responses=refusals(400, 401, 408, 413, 415, 503),
        openapi_extra=front.secured | body_of(EvaluateRequest),
    )
    async def evaluate(body: Body) -> Response:
        """Return everything a pack has to say about one patient."""
        return as_json((await front.answer("evaluate", body)).body)

    return router
