"""Starts the service, and says at the start whom it answers; the only door to uvicorn."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from cds_engine.diagnostics import CdsError
from cds_engine.service.settings import Settings

if TYPE_CHECKING:
    from fastapi import FastAPI
    from uvicorn import Server

MOST_HEADER_BYTES = 16 * 1024
UNSAFE = "DEVELOPMENT: every caller is answered without a token. Not for patients."


class SettingsError(CdsError):
    """The settings contradict each other, or would leave a door open; one sentence."""


def settings_from(given: Mapping[str, Any]) -> Settings:
    """Return settings from what was given on the command line, the rest from the environment.

    Raises:
        SettingsError: If they do not go together.
    """
    said = {name: value for name, value in given.items() if value is not None and value != ()}
    if not said.get("development"):
        said.pop("development", None)  # the environment may say it
    try:
        return Settings(**said)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = "".join(f"`{step}`: " for step in first["loc"])
        raise SettingsError(place + first["msg"].removeprefix("Value error, ")) from None


def banner(settings: Settings) -> str:
    """Say where the service listens, whom it answers, and what is not as it should be for patients."""
    lines = [f"cds-engine serves {settings.base}/cds-services"]
    if settings.has_page:
        asked = "" if settings.trust is None else ", answered without a token to whoever reaches this address"
        lines.append(f"the page to try it on: {settings.base}/{asked}")
    if settings.development:
        lines.append(UNSAFE)
    else:
        lines.append(f"tokens of the issuers in {settings.trust} are accepted")
    if settings.record is not None:
        lines.append("every answer is recorded before it is given")
    if not settings.is_local and settings.certificate is None:
        lines.append("this address can be reached from elsewhere and speaks no TLS: something before it must")
    lines.append("nothing that it says was approved by a clinician unless the answer says so")
    return "\n".join(lines)


def server_of(settings: Settings) -> tuple[FastAPI, Server]:
    """Return the application and its server, which answers once it runs.

    Raises:
        CdsError: If the file of issuers cannot be used.
    """
    import uvicorn  # noqa: PLC0415 - an extra, loaded when used

    from cds_engine.service.app import create_app  # noqa: PLC0415 - as above

    app = create_app(settings)
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        ssl_certfile=settings.certificate,
        ssl_keyfile=settings.key,
        access_log=False,  # it would name whatever address was asked for
        log_level="warning",
        server_header=False,
        ws="none",
        timeout_keep_alive=30,
        h11_max_incomplete_event_size=MOST_HEADER_BYTES,
        lifespan="on",
    )
    return app, uvicorn.Server(config)


def serve(settings: Settings) -> None:
    """Answer until the process is told to end.

    Raises:
        CdsError: If a pack or the file of issuers cannot be used.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    app, server = server_of(settings)
    try:
        asyncio.run(app.state.front.open())  # what is wrong with a pack is said before anything else
        sys.stderr.write(banner(settings) + "\n")
        server.run()
    finally:
        app.state.front.workers.stop()
