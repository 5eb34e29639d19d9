"""What every request passes: limits on its body, headers that keep a browser safe, one log line, and no traceback.

A log line names the endpoint, never the address that was asked for: that may hold anything.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
import traceback
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from cds_engine.service.metrics import Metrics
from cds_engine.service.refusals import Refusal, outcome, too_large
from cds_engine.service.settings import Settings

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

LOG = logging.getLogger("cds_engine.service")
NOWHERE = "no endpoint"
SAFETY = {
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
OVER_TLS = {"strict-transport-security": "max-age=31536000"}


class Gate:
    """Stands before the application, as ASGI has it."""

    def __init__(self, app: App, settings: Settings, metrics: Metrics) -> None:
        self._app = app
        self._settings = settings
        self._metrics = metrics
        safety = SAFETY | (OVER_TLS if settings.base.startswith("https://") else {})
        self._safety = [(name.encode(), value.encode()) for name, value in safety.items()]

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Let one request through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, statuses = time.perf_counter(), [500]

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                statuses[:] = [message["status"]]
                given = {name for name, _ in message.get("headers", ())}
                added = [pair for pair in self._safety if pair[0] not in given]
                message = {**message, "headers": [*message.get("headers", ()), *added]}
            await send(message)

        try:
            await self._app(scope, await self._body(scope, receive), send_safely)
        except Refusal as refusal:
            self._metrics.refused(refusal.code)
            await _say(send_safely, refusal.status, refusal.outcome(), refusal.headers)
        except Exception as error:  # noqa: BLE001 - the last door: no traceback reaches a client, no value a log
            LOG.error("fault: %s", _without_values(error))  # noqa: TRY400 - the words of an error may be a patient's
            await _say(send_safely, 500, outcome(500, "fault", "the service made a mistake; nothing was answered"), {})
        endpoint = _endpoint(scope)
        seconds = time.perf_counter() - started
        self._metrics.answered(endpoint, statuses[0], seconds)
        LOG.info("%s %s %d %.0f ms", _method(scope), endpoint, statuses[0], seconds * 1000)

    async def _body(self, scope: MutableMapping[str, Any], receive: Receive) -> Receive:
        """Return the body, read to its end within the limits, as the application may receive it again.

        Raises:
            Refusal: If it is too large, or does not arrive in time.
        """
        most = self._settings.most_bytes
        said = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        if said.isdigit() and int(said) > most:
            raise _larger(most)
        parts, size = [], 0
        try:
            async with asyncio.timeout(self._settings.most_seconds):
                while True:
                    message = await receive()
                    parts.append(message.get("body", b""))
                    size += len(parts[-1])
                    if size > most:
                        raise _larger(most)
                    if not message.get("more_body"):
                        break
        except TimeoutError:
            raise Refusal(408, "too-slow", "the body did not arrive in time", {"Connection": "close"}) from None
        pending = [{"type": "http.request", "body": b"".join(parts), "more_body": False}]

        async def again() -> Message:
            return pending.pop() if pending else await receive()

        return again


def _larger(most: int) -> Refusal:
    refusal = too_large(f"the body is larger than {most} bytes")
    refusal.headers["Connection"] = "close"
    return refusal


async def _say(send: Send, status: int, said: dict[str, Any], headers: MutableMapping[str, str]) -> None:
    body = json.dumps(said).encode()
    listed = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    listed += [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": listed})
    await send({"type": "http.response.body", "body": body})


def _endpoint(scope: MutableMapping[str, Any]) -> str:
    """Return the endpoint as it was declared, with the id of a service that exists."""
    route = scope.get("route")
    return str(getattr(route, "path", NOWHERE))


def _method(scope: MutableMapping[str, Any]) -> str:
    known = {"GET", "HEAD", "POST", "OPTIONS"}
    return scope["method"] if scope["method"] in known else "other method"


def _without_values(error: Exception) -> str:
    """Return where an error happened: its type and the lines it came through, not its words."""
    frames = traceback.extract_tb(error.__traceback__)[-6:]
    return f"{type(error).__name__} at " + ", ".join(f"{frame.name}:{frame.lineno}" for frame in frames)
