"""`diff`: what changed in meaning between two versions of a pack, for whom, and in how many of a cohort."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import typer

from cds_engine.cli.diff_cohort import opened
from cds_engine.cli.exits import Exit, complain
from cds_engine.cli.formats import ListFormat
from cds_engine.cli.packs import checked_pack
from cds_engine.cli.prove import need_z3
from cds_engine.diagnostics import InputError
from cds_engine.lowering.guideline import Guideline
from cds_engine.lowering.lower import lower
from cds_engine.lowering.share import Sharing
from cds_engine.proof.cohort import Counts, counted_in
from cds_engine.proof.diff import SECONDS, Change, Difference
from cds_engine.proof.words import ASSUMED, example_words, sentence
from cds_engine.results.wording import clean, counted


def diff_packs(
    old: str,
    new: str,
    cohort: Path | None,
    mapping: Path | None,
    format: ListFormat,  # noqa: A002 - the option's name
    seconds: float | None,
) -> Exit:
    """Write what changed, and return how it ended.

    0 whether something changed or not, 1 if something is undecided, 2 if the cohort cannot be read.
    """
    need_z3()
    sharing = Sharing()
    before, after = (lower(checked_pack(name), sharing) for name in (old, new))
    try:
        patients = opened(cohort, mapping, before, after)
    except InputError as error:
        for line in str(error).splitlines():
            complain(f"cds-engine: {line}")
        return Exit.USAGE
    difference = Difference(before, after, seconds or SECONDS)
    changes = list(difference.run())
    counts, is_counted = None, True
    if patients is not None:
        try:
            counts = counted_in(patients, before, after, difference.compared)
        except InputError as error:  # what was compared is told all the same
            complain(f"cds-engine: the cohort is not counted: {error}")
            is_counted = False
    if format is ListFormat.JSON:
        typer.echo(json.dumps(_as_data(before, after, changes, counts, difference), ensure_ascii=False, indent=2))
    else:
        _write(changes, before, after, is_settled=not difference.undecided)
        if counts is not None:
            _write_counts(counts)
        if difference.dictionary:
            typer.echo(f"\nread in another way: {', '.join(difference.dictionary)}")
        for reason in dict.fromkeys(difference.undecided):
            typer.echo(f"undecided: {reason}")
        if difference.undecided:
            typer.echo(f"asked for {seconds or SECONDS:g} processor seconds; `--seconds` gives more time")
        typer.echo(f"\n{ASSUMED}")
    if not is_counted:
        return Exit.USAGE
    return Exit.FINDINGS if difference.undecided else Exit.DONE


def _write(changes: list[Change], before: Guideline, after: Guideline, *, is_settled: bool) -> None:
    if not changes and is_settled:
        typer.echo("no patient is affected: every rule has the same status and the same doses for every patient")
    for rule in dict.fromkeys(change.rule for change in changes):
        typer.echo(f"\n{rule}")
        for change in changes:
            if change.rule == rule:
                typer.echo(f"  {clean(sentence(change))}")
                if change.patient is not None:
                    side = before if change.after == "-" else after
                    typer.echo(f"    for example {example_words(change.patient, side)}")
                    typer.echo(f"    was {_said(change.before)}, is {_said(change.after)}")
                else:
                    typer.echo("    no example was confirmed by the evaluator in the time")


def _said(answer: str) -> str:
    """Return a status, treatment or amount as people read it."""
    return answer.replace("_", " ")


def _write_counts(counts: Counts) -> None:
    typer.echo(f"\nof {counted(counts.patients, 'patient')} in the cohort {counts.affected} are affected")
    for (rule, before, after), count in sorted(counts.by_change.items(), key=lambda item: -item[1]):
        typer.echo(f"  {count:>7}  {rule}: {before} to {after}".replace("_", " "))


def _as_data(
    before: Guideline, after: Guideline, changes: list[Change], counts: Counts | None, difference: Difference
) -> dict[str, object]:
    return {
        "old": _version(before),
        "new": _version(after),
        "changes": [
            {
                "rule": change.rule,
                "what": change.what,
                "text": sentence(change),
                "whom": None if change.whom is None else list(change.whom),
                "before": change.before,
                "after": change.after,
                "patient": change.patient,
            }
            for change in changes
        ],
        "cohort": None
        if counts is None
        else {
            "patients": counts.patients,
            "affected": counts.affected,
            "changes": [
                {"rule": rule, "before": before, "after": after, "patients": count}
                for (rule, before, after), count in Counter(counts.by_change).most_common()
            ],
        },
        "read_in_another_way": difference.dictionary,
        "undecided": list(dict.fromkeys(difference.undecided)),
        "assumed": ASSUMED,
    }


def _version(guideline: Guideline) -> dict[str, str]:
    return {"version": guideline.pack.manifest.version, "hash": guideline.pack.hash}
