"""The endpoints of the page: answered to whoever reaches it, without tokens, and nothing is kept."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import HTMLResponse, Response

from cds_engine.service.metrics import Metrics
from cds_engine.service.page.render import STATIC, render, static
from cds_engine.service.refusals import Refusal
from cds_engine.service.workers import Workers

PackId = Annotated[str, Path(max_length=200)]
FORM = "application/x-www-form-urlencoded"


def page_router(workers: Workers, metrics: Metrics, *, development: bool) -> APIRouter:
    """Return the endpoints of the page; they are no part of the description for programs."""
    router = APIRouter(include_in_schema=False)

    async def page(task: str, *arguments: object) -> Response:
        """Return a page of a desk; what is refused is said on a page as well."""
        try:
            return HTMLResponse(await workers.ask(task, *arguments))
        except Refusal as refusal:
            metrics.refused(refusal.code)
            said = render("refused.html", sentence=refusal.sentence, development=development)
            return HTMLResponse(said, refusal.status, refusal.headers)

    @router.get("/")
    async def index() -> Response:
        """Choose a pack."""
        return await page("page_index")

    @router.get("/packs/{pack_id}")
    async def begin(pack_id: PackId, fixture: Annotated[str | None, Query(max_length=200)] = None) -> Response:
        """Begin with an empty form or with a fixture."""
        day = date.today()  # noqa: DTZ011 - the day on the wall
        return await page("page_begin", pack_id, fixture, day)

    @router.post("/packs/{pack_id}")
    async def answer(request: Request, pack_id: PackId) -> Response:
        """Answer a form."""
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
            raise Refusal(415, "not-form", f"send the form as `{FORM}`")
        day = date.today()  # noqa: DTZ011 - the day on the wall
        return await page("page_answer", pack_id, await request.body(), day)

    @router.get("/static/{name}")
    async def file(name: str) -> Response:
        """Return a file that the page refers to."""
        if name not in STATIC:
            raise Refusal(404, "no-file", "there is no such file")
        return Response(static(name), media_type=STATIC[name])

    return router
