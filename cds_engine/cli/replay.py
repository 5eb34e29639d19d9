"""`replay`: the decisions of a store put to a pack again, and the chain of the store verified."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import cache

import typer

from cds_engine.cli.exits import Exit, refuse
from cds_engine.cli.formats import ListFormat
from cds_engine.cli.packs import open_pack
from cds_engine.diagnostics import CdsError
from cds_engine.engine.packs import installed
from cds_engine.record.chain import Break, read_receipt
from cds_engine.record.entries import Decision, Feedback
from cds_engine.record.replay import Replayed, replay
from cds_engine.record.store import Store, Verified
from cds_engine.results.wording import clean, counted


def verify_store(place: str, format: ListFormat, kept: str | None) -> Exit:  # noqa: A002 - the option's name
    """Write whether a store is as it was written, and return how it ended."""
    try:
        receipt = None if kept is None else read_receipt(kept)
        with Store.open(place, create=False) as store:
            found = store.verify(receipt)
    except CdsError as error:
        refuse(str(error))
    if format is ListFormat.JSON:
        typer.echo(json.dumps(_verified_as_data(found), indent=2))
    else:
        for broken in found.breaks:
            typer.echo(f"entry {broken.number}: {broken.reason}")
        last = "" if found.last is None else f"; the last receipt is {found.last}"
        typer.echo(f"{'whole' if found.is_whole else 'broken'}: entries {found.entries}{last}")
    return Exit.DONE if found.is_whole else Exit.FINDINGS


def replay_store(
    place: str,
    numbers: Sequence[int],
    pack: str | None,
    value_sets: str | None,
    format: ListFormat,  # noqa: A002 - the option's name
) -> Exit:
    """Write what each decision of a store would be today, and return how it ended."""
    opened = cache(lambda name: open_pack(name, value_sets))
    count = different = 0
    try:
        with Store.open(place, create=False) as store:
            for entry in _decisions(store, numbers):
                found = entry if isinstance(entry, Break) else replay(entry, opened(_pack_of(entry, pack)))
                count += 1
                different += not (isinstance(found, Replayed) and found.is_same)
                _write(found, format)
    except CdsError as error:
        refuse(str(error))
    if format is ListFormat.TEXT:
        typer.echo(f"{counted(count, 'decision')} asked again, {different} with another answer")
    return Exit.FINDINGS if different else Exit.DONE


def _decisions(store: Store, numbers: Sequence[int]) -> Iterator[Decision | Break]:
    if numbers:
        yield from (store.decision(number) for number in numbers)
        return
    for entry in store.read():
        if not isinstance(entry, Feedback):
            yield entry


def _pack_of(decision: Decision, pack: str | None) -> str:
    """Return the pack to ask: the one named, else the installed one that answered then."""
    wanted = str(decision.pack["id"]) if pack is None else pack
    if pack is None and wanted not in installed():
        refuse(
            f"decision {decision.number} is of the pack `{wanted}`, which is not installed; name one with `--pack PATH`"
        )
    return wanted


def _write(found: Replayed | Break, format: ListFormat) -> None:  # noqa: A002 - the option's name
    if format is ListFormat.JSON:
        typer.echo(json.dumps(_as_data(found), ensure_ascii=False))
        return
    if isinstance(found, Break):
        typer.echo(f"{found.number}  not asked: {found.reason}")
        return
    decision = found.decision
    day = f", as of {decision.request.as_of}" if decision.request.as_of else ""
    typer.echo(clean(f"{decision.number}  {decision.pack['id']} {decision.pack['version']}{day}: {_outcome(found)}"))
    sets = "are others than then; see `--value-sets`" if found.other_value_sets else None
    for what, words in (("pack", found.other_pack), ("value sets", sets), ("engine", found.other_engine)):
        if words is not None:
            typer.echo(clean(f"   {what} {words}"))
    for difference in found.differences:
        typer.echo(clean(f"   {difference}"))


def _outcome(found: Replayed) -> str:
    if found.failure is not None:
        return f"no answer: {found.failure}"
    return "the same answer" if found.is_same else counted(len(found.differences), "difference")


def _as_data(found: Replayed | Break) -> dict[str, object]:
    if isinstance(found, Break):
        return {"number": found.number, "outcome": "broken", "reason": found.reason}
    outcome = "no_answer" if found.failure is not None else "same" if found.is_same else "different"
    return {
        "number": found.decision.number,
        "outcome": outcome,
        "reason": found.failure,
        "pack": found.other_pack,
        "other_value_sets": found.other_value_sets,
        "engine": found.other_engine,
        "differences": [{"part": d.part, "of": d.of, "before": d.before, "now": d.now} for d in found.differences],
    }


def _verified_as_data(found: Verified) -> dict[str, object]:
    return {
        "is_whole": found.is_whole,
        "entries": found.entries,
        "last": None if found.last is None else str(found.last),
        "breaks": [{"number": broken.number, "reason": broken.reason} for broken in found.breaks],
    }
