"""Answers over a network, and answers on record asked again."""

# ruff: noqa: FBT002 - typer reads the options of a verb from defaults

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cds_engine.cli.app import app
from cds_engine.cli.formats import ListFormat
from cds_engine.cli.options import ValueSetsOption


@app.command("serve")
def _serve(  # noqa: PLR0913, PLR0917 - one parameter an option
    packs: Annotated[
        list[str] | None, typer.Argument(metavar="PACK", help="Ids or paths; all that are installed if left out.")
    ] = None,
    host: Annotated[str | None, typer.Option("--host", metavar="ADDRESS", help="Where to listen; 127.0.0.1.")] = None,
    port: Annotated[int | None, typer.Option("--port", help="The port; 8350.")] = None,
    public_url: Annotated[
        str | None,
        typer.Option("--public-url", metavar="URL", help="How clients address it, as tokens name it; https://..."),
    ] = None,
    trust: Annotated[
        Path | None, typer.Option("--trust", metavar="FILE", help="JSON: issuers of tokens with their public keys.")
    ] = None,
    development: Annotated[
        bool, typer.Option("--development", help="Answer without tokens: to try it, never for patients.")
    ] = False,
    origin: Annotated[
        list[str] | None, typer.Option("--origin", metavar="URL", help="A web origin that may call; may be repeated.")
    ] = None,
    certificate: Annotated[
        Path | None, typer.Option("--certificate", metavar="FILE", help="Of TLS, PEM; needs --key.")
    ] = None,
    key: Annotated[Path | None, typer.Option("--key", metavar="FILE", help="Of the certificate.")] = None,
    workers: Annotated[int | None, typer.Option("--workers", min=0, help="Processes that answer; 2.")] = None,
    page: Annotated[
        bool | None, typer.Option("--page/--no-page", help="The page to try it on; on this machine only if left out.")
    ] = None,
    record: Annotated[
        str | None,
        typer.Option("--record", metavar="STORE", help="Keep every answer there before it is given; see `replay`."),
    ] = None,
    value_sets: ValueSetsOption = None,
    minimum_review: Annotated[
        str | None,
        typer.Option("--minimum-review", metavar="STATE", help="Hold back recommendations below this review state."),
    ] = None,
) -> None:
    """Serve packs as CDS Hooks and over REST, with a page to try them on; on this machine only unless told otherwise.

    Every setting can also stand in the environment, as CDS_ENGINE_PORT. Exit status: 0 ended, 2 wrong use.
    """
    from cds_engine.cli.serve import serve_packs  # noqa: PLC0415 - start-up stays quick

    given = {
        "packs": tuple(packs or ()), "host": host, "port": port, "public_url": public_url, "trust": trust,
        "development": development, "origins": tuple(origin or ()), "certificate": certificate, "key": key,
        "workers": workers, "page": page, "record": record, "value_sets": value_sets, "minimum_review": minimum_review,
    }  # fmt: skip
    raise typer.Exit(serve_packs(given))


@app.command("replay")
def _replay(
    store: Annotated[str, typer.Argument(metavar="STORE", help="A file, or a database such as `postgresql://...`.")],
    numbers: Annotated[
        list[int] | None, typer.Argument(metavar="NUMBER", help="Only these decisions; all if left out.")
    ] = None,
    pack: Annotated[
        str | None,
        typer.Option("--pack", metavar="ID|PATH", help="The pack to ask; the one that answered if left out."),
    ] = None,
    value_sets: ValueSetsOption = None,
    verify: Annotated[bool, typer.Option("--verify", help="Ask nothing; say whether the store was changed.")] = False,
    kept: Annotated[
        str | None,
        typer.Option("--kept", metavar="RECEIPT", help="With --verify: a receipt such as `17:sha256:...`."),
    ] = None,
    format: Annotated[ListFormat, typer.Option("--format", help="For people or programs.")] = ListFormat.TEXT,  # noqa: A002
) -> None:
    """Put recorded decisions to a pack again, and say what it would answer otherwise.

    Exit status: 0 the same (or, with --verify, unchanged), 1 not, 2 wrong use.
    """
    from cds_engine.cli.exits import refuse  # noqa: PLC0415 - start-up stays quick
    from cds_engine.cli.replay import replay_store, verify_store  # noqa: PLC0415 - start-up stays quick

    if kept is not None and not verify:
        refuse("`--kept` goes with `--verify`")
    if verify:
        raise typer.Exit(verify_store(store, format, kept))
    raise typer.Exit(replay_store(store, numbers or [], pack, value_sets, format))
