"""`prove`: each invariant of a pack proved, refuted with a patient, or undecided."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import typer

from cds_engine.backends.smt import is_available
from cds_engine.checker.check import check
from cds_engine.cli.exits import Exit, complain, refuse
from cds_engine.cli.formats import ListFormat
from cds_engine.cli.packs import pack_folder
from cds_engine.diagnostics import Diagnostic
from cds_engine.lowering.guideline import Guideline
from cds_engine.lowering.lower import lower
from cds_engine.proof.bearing import bears_on
from cds_engine.proof.gaps import SCOPE, Gap, Gaps
from cds_engine.proof.invariants import Promise, promises_of
from cds_engine.proof.laws import Law, Laws
from cds_engine.proof.limits import ABOUT, OUTSIDE
from cds_engine.proof.prove import Finding, Prover
from cds_engine.proof.replay import Replay
from cds_engine.proof.words import example_words, patient_words, said
from cds_engine.results.wording import clean, counted


def prove_pack(name: str | None, format: ListFormat, save: Path | None, only: list[str], *, gaps: bool) -> Exit:  # noqa: A002 - the option's name
    """Prove a pack's invariants, write what became of each, and return how it ended."""
    need_z3()
    guideline, promises = open_promises(name, only)
    prover = Prover(guideline, promises)
    found = []
    for finding in prover.run():
        found.append(finding)
        if format is ListFormat.TEXT:
            _write(finding, guideline)
    laws = [] if only else list(Laws(guideline).run())
    noticed = _gaps(guideline) if gaps else []
    if format is ListFormat.JSON:
        typer.echo(json.dumps(_as_data(guideline, found, laws, prover, noticed), ensure_ascii=False, indent=2))
    else:
        _write_laws(laws)
        if gaps:
            _write_gaps(noticed, guideline)
        _write_end(found, prover)
    if save is not None:
        for file in _save(found, save):
            complain(f"saved {file}")
    holds = found and all(finding.outcome == "proved" for finding in found)
    return Exit.DONE if holds and all(law.outcome == "proved" for law in laws) else Exit.FINDINGS


def need_z3() -> None:
    """End the command with a way out if Z3 is not installed."""
    if not is_available():
        refuse("Z3 is not installed; `pip install cds_engine[prove]` brings it")


def open_promises(name: str | None, only: list[str]) -> tuple[Guideline, list[Promise]]:
    """Return a pack with its invariants; mistakes in either end the command with all of them."""
    folder = pack_folder(name)
    checked, findings = check(folder)
    if checked is None:
        wrong = [finding for finding in findings if finding.severity == "error"]
        for finding in wrong:
            complain(_line(finding))
        refuse(f"the pack in {folder} has {counted(len(wrong), 'error')}; see `cds-engine check`", Exit.FINDINGS)
    guideline = lower(checked)
    promises, findings = promises_of(folder, checked, guideline)
    wrong = [finding for finding in findings if finding.severity == "error"]
    if wrong:
        for finding in wrong:
            complain(_line(finding))
        refuse(f"the invariants in {folder} have {counted(len(wrong), 'error')}", Exit.FINDINGS)
    if not promises:
        complain(f"cds-engine: the pack in {folder} has no invariants; state them in `invariants.yaml`")
    unknown = set(only) - {promise.id for promise in promises}
    if unknown:
        refuse("there is no invariant " + ", ".join(f"`{name}`" for name in sorted(unknown)))
    return guideline, [promise for promise in promises if not only or promise.id in only]


def _line(finding: Diagnostic) -> str:
    return finding.render().split("\n", 1)[0] + (f"; {finding.help}" if finding.help else "")


def _gaps(guideline: Guideline) -> list[Gap]:
    return list(Gaps(guideline).run())


WORDS = {"proved": "proved", "refuted": "REFUTED", "undecided": "UNDECIDED", "vacuous": "VACUOUS"}


def _write(finding: Finding, guideline: Guideline) -> None:
    note = " (records in which no fact has two readings)" if finding.single else ""
    typer.echo(f"{WORDS[finding.outcome]:<10} {finding.promise.id}  {clean(finding.promise.says)}{note}")
    if finding.outcome == "refuted" and finding.patient is not None:
        for line in patient_words(finding.patient, guideline):
            typer.echo(f"             {line}")
        for name, value in answered(finding, guideline).items():
            typer.echo(f"           > {name} = {clean(said(value))}")
    if finding.outcome == "undecided":
        typer.echo("           neither a proof nor a patient whom the evaluator confirms was found in the time")
    if finding.outcome == "vacuous":
        typer.echo("           no patient meets the premise: it promises nothing")


def answered(finding: Finding, guideline: Guideline) -> Mapping[str, object]:
    """Return what the pack answers of the names that an invariant speaks of."""
    if finding.patient is None:
        return {}
    return Replay.of(guideline, finding.patient).said(finding.promise)


LAWS = {
    "forbids": "a contraindication that is true lets its drug or action act for nobody",
    "displayed": "of every regimen what is displayed is never above the cap, and within half a cent of the dose",
    "unknown-is-not-safe": "who is ready while a contraindication is unknown is ready where it is known to be false",
    "settled": "what is settled stays so when facts are added, of every rule and alert",
}


def _write_laws(laws: list[Law]) -> None:
    """Write how many drugs, actions or rules each law was proved for, and those of which it was not."""
    for name, says in LAWS.items():
        own = [law for law in laws if law.law == name]
        open_ = [f"{law.of} ({law.outcome})" for law in own if law.outcome != "proved"]
        if own:
            word = "proved" if not open_ else "NOT PROVED"
            typer.echo(
                f"{word:<10} {says}: {len(own) - len(open_)} of {len(own)}"
                + "".join(f"\n             {o}" for o in open_)
            )
        if any(law.unless for law in own):
            typer.echo(
                "             but for the addition of these facts, of which a condition asks whether they are known:"
            )
        for law in own:
            if law.unless:
                typer.echo(f"             - {law.of}: {', '.join(law.unless)}")


def _write_gaps(noticed: list[Gap], guideline: Guideline) -> None:
    for gap in noticed:
        typer.echo(f"noticed    {clean(gap.text)}")
        if gap.patient is not None:
            typer.echo(f"             for example {example_words(gap.patient, guideline)}")
    if not noticed:
        typer.echo("noticed    nothing: all rules and contraindications have an effect, no rule gives another dose")
    if f"definition {SCOPE}" not in guideline.conditions:
        typer.echo(f"not asked  whether something is said to everybody in scope: no definition `{SCOPE}` says who is")


def _write_end(found: list[Finding], prover: Prover) -> None:
    counts: dict[str, int] = {}
    for finding in found:
        counts[finding.outcome] = counts.get(finding.outcome, 0) + 1
    seconds = sum(finding.seconds for finding in found)
    typer.echo("")
    if found:
        typer.echo(", ".join(f"{count} {word}" for word, count in counts.items()) + f" in {seconds:.1f} s")
    for title, sentences in (("what is proved", ABOUT), ("outside the proof", OUTSIDE), ("bounds", prover.loose)):
        if sentences:
            typer.echo(f"\n{title}:")
        for sentence in sentences:
            typer.echo(f"- {clean(sentence)}")


def _as_data(
    guideline: Guideline, found: list[Finding], laws: list[Law], prover: Prover, noticed: list[Gap]
) -> dict[str, object]:
    return {
        "hash": guideline.pack.hash,
        "invariants": [
            {
                "id": finding.promise.id,
                "says": finding.promise.says,
                "statements": list(bears_on(finding.promise, guideline)),
                "outcome": finding.outcome,
                "only_one_reading": finding.single,
                "patient": finding.patient,
                "seconds": round(finding.seconds, 3),
            }
            for finding in found
        ],
        "laws": [
            {
                "law": law.law,
                "of": law.of,
                "outcome": law.outcome,
                "unless": list(law.unless),
                "seconds": round(law.seconds, 3),
            }
            for law in laws
        ],
        "noticed": [{"check": gap.check, "text": gap.text, "patient": gap.patient} for gap in noticed],
        "proved_of": list(ABOUT),
        "outside": list(OUTSIDE),
        "bounds": prover.loose,
    }


def _save(found: list[Finding], folder: Path) -> Iterator[Path]:
    """Write each refuting patient as a fixture, and list the files."""
    folder.mkdir(parents=True, exist_ok=True)
    for finding in found:
        if finding.outcome == "refuted" and finding.patient is not None:
            patient = {"id": f"refutes-{finding.promise.id}", **finding.patient}
            text = json.dumps(patient, ensure_ascii=False, indent=2) + "\n"
            file = folder / f"{finding.promise.id}.json"
            file.write_text(text, encoding="utf-8")
            yield file
