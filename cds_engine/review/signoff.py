"""Sign-off: recording an approval, and what became of the approvals given, scenarios included."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from cds_engine.bdd.run import Outcome
from cds_engine.diagnostics import CdsError, Diagnostic
from cds_engine.engine.approvals import changed_parts, lost_approval, read_approvals, standings_of
from cds_engine.engine.guide import LoadedPack
from cds_engine.engine.meaning import digest, meaning_of
from cds_engine.lowering.guideline import Guideline
from cds_engine.pack.approvals import APPROVALS_FILE, Approval, ApprovedPart
from cds_engine.pack.writing import write_yaml
from cds_engine.results import wording as w
from cds_engine.review.dosing import in_sentences
from cds_engine.review.english import English
from cds_engine.review.findings import Change, ShownStanding

HEAD = """Who approved which statement, at which meaning. Written by `cds-engine approve`; do not edit by hand.
An approval holds while conditions, doses, facts, safety rules, source and scenarios are those that were approved."""


class NotApprovableError(CdsError):
    """The statement cannot be approved now; one sentence says why."""


@dataclass(frozen=True, slots=True)
class Signed:
    """The scenarios of one statement as an approval covers them."""

    hash: str
    answers: Mapping[str, str]
    failed: int


def signed_scenarios(guideline: Guideline, statement: str, outcomes: Iterable[Outcome]) -> Signed:
    """Return patients and expectations of the scenarios that name *statement*; their titles do not count."""
    rules = [spec.rule.id for spec in guideline.rules if statement in spec.statements]
    meanings, answers, failed = [], dict[str, str](), 0
    for outcome in outcomes:
        if statement not in outcome.scenario.tags:
            continue
        expected = sorted(step.text for step in outcome.scenario.steps if step.kind == "then")
        meanings.append(json.dumps([outcome.facts, outcome.orders, str(outcome.as_of), expected], sort_keys=True))
        answers[_title(outcome, answers)] = _answered(outcome, rules)
        failed += not outcome.passed
    return Signed(digest("\n".join(sorted(meanings))), answers, failed)


def _title(outcome: Outcome, taken: Mapping[str, str]) -> str:
    title = f"{outcome.scenario.feature}: {outcome.scenario.title}"
    count = sum(name == title or name.startswith(f"{title} #") for name in taken)
    return f"{title} #{count + 1}" if count else title


def _answered(outcome: Outcome, rules: Iterable[str]) -> str:
    if outcome.answer is None:
        return "no answer"
    said = []
    for rule in rules:
        found = outcome.answer.recommendation(rule)
        dose = f", {w.amount_words(found.dose)} {w.interval_words(found.dose)}" if found.dose else ""
        said.append(f"{w.spoken(found.status)}{dose}")
    return "; ".join(said) or "no rule"


def approve(
    pack: LoadedPack, statement: str, by: str, on: date, due: date | None, outcomes: Iterable[Outcome]
) -> Approval:
    """Record that *by* approved *statement* as it is now, in `approvals.yaml` of the pack.

    Raises:
        NotApprovableError: If a scenario of it does not hold, nobody is named, or the review is due before it.
        PackError: If the approvals that are there cannot be read.
        OSError: If the file cannot be written.
    """
    guideline = pack.guideline
    signed = signed_scenarios(guideline, statement, outcomes)
    if not by.strip():
        raise NotApprovableError("an approval needs the name of a person; write `--by NAME`")
    if due is not None and due <= on:
        raise NotApprovableError(
            f"the review would be due on {due}, before or on the day of approval; name a later day"
        )
    if signed.failed:
        count = w.counted(signed.failed, "scenario")
        raise NotApprovableError(f"{count} of `{statement}` does not hold; see `cds-engine test`")
    meaning = meaning_of(guideline, statement)
    words = _words(guideline, statement)
    approval = Approval(
        by=by.strip(),
        on=on,
        due=due,
        pack=guideline.pack.hash,
        meaning=meaning.hash,
        scenarios=signed.hash,
        says=guideline.statements[statement].says,
        parts={
            name: ApprovedPart(hash=found, words=words.get(name) or meaning.parts[name])
            for name, found in meaning.hashes.items()
        },
        answers=dict(signed.answers),
    )
    folder = guideline.pack.path
    approvals = {**read_approvals(folder).approvals, statement: approval}
    data = {name: _as_data(found) for name, found in sorted(approvals.items())}
    write_yaml(folder / APPROVALS_FILE, {"approvals": data}, HEAD)
    return approval


def _as_data(approval: Approval) -> dict[str, object]:
    found = approval.model_dump(mode="json", exclude_none=True)
    return {str(name): value for name, value in found.items() if value not in ({}, [])}


def _words(guideline: Guideline, statement: str) -> dict[str, str]:
    """Return conditions of rules and safety rules in English, for the comparison a reviewer reads later."""
    english = English(guideline)
    found = {}
    for spec in guideline.rules:
        if statement in {spec.statement.id, *spec.rule.carries}:
            found[f"the rule {spec.rule.id}"] = english.sentence(guideline.conditions[spec.key])
            for treatment in spec.treatments:
                if treatment.dose:
                    found[f"the dose {treatment.dose.regimen}"] = " ".join(
                        in_sentences(guideline, english, treatment.dose)
                    )
                for key, rule in guideline.contraindications.get(treatment.target, ()):
                    name = f"the contraindication {rule.id} of {treatment.target}"
                    found[name] = english.sentence(guideline.conditions[key])
    return found


# What became of approvals


def page_standings(guideline: Guideline, outcomes: Iterable[Outcome], today: date) -> dict[str, ShownStanding]:
    """Return where each statement stands, for its page: its approval, what voided it, and what changed since."""
    ran = list(outcomes)
    found = {}
    for name, standing in standings_of(guideline).items():
        approval = standing.approval
        if approval is None:
            found[name] = ShownStanding(standing.written, w.review_words(standing.written))
            continue
        signed = signed_scenarios(guideline, name, ran)
        lost = (*standing.lost, *_lost_scenarios(approval, signed))
        overdue = (f"it was to be reviewed by {approval.due}",) if standing.is_overdue(today) else ()
        state = standing.written if lost else standing.state(today)
        said = "approval lost, " if lost else "approval overdue, " if overdue else ""
        found[name] = ShownStanding(
            state=state,
            words=f"{said}{w.review_words(state)}",
            by=approval.by,
            on=approval.on.isoformat(),
            due=approval.due.isoformat() if approval.due else None,
            is_lost=bool(lost or overdue),
            why=tuple(
                f"Since the approval by {approval.by} of {approval.on}: {reason}." for reason in (*lost, *overdue)
            ),
            change=_change(guideline, name, approval, signed),
        )
    return found


def check_scenarios(guideline: Guideline, outcomes: Iterable[Outcome]) -> list[Diagnostic]:
    """Return a finding for every approval that the scenarios alone have voided."""
    ran = list(outcomes)
    findings = []
    for name, standing in standings_of(guideline).items():
        if standing.approval is not None and not standing.lost:
            lost = tuple(_lost_scenarios(standing.approval, signed_scenarios(guideline, name, ran)))
            if lost:
                findings.append(lost_approval(name, standing.approval, lost))
    return findings


def _lost_scenarios(approval: Approval, signed: Signed) -> Iterator[str]:
    if signed.hash != approval.scenarios:
        yield "its scenarios changed"
    if signed.failed:
        yield f"{w.counted(signed.failed, 'scenario')} does not hold any more"


def _change(guideline: Guideline, name: str, approval: Approval, signed: Signed) -> Change | None:
    statement = guideline.statements[name]
    meaning = meaning_of(guideline, name)
    words = _words(guideline, name)
    parts = []
    for said in changed_parts(meaning, approval):
        part = said.removesuffix(" changed").removesuffix(" is new").removesuffix(" is gone")
        before = approval.parts[part].words if part in approval.parts else "not there"
        parts.append((part, before, words.get(part) or meaning.parts.get(part) or "not there"))
    says = [] if statement.says == approval.says else [("the sentence", approval.says, statement.says)]
    patients = tuple(_affected(approval.answers, signed.answers))
    change = Change(says=tuple(says), meaning=tuple(parts), patients=patients)
    return change if says or parts or patients else None


def _affected(before: Mapping[str, str], now: Mapping[str, str]) -> Iterator[str]:
    for title, answer in now.items():
        if title not in before:
            yield f"{title}: new, {answer}"
        elif before[title] != answer:
            yield f"{title}: was {before[title]}, is {answer}"
    yield from (f"{title}: gone, was {answer}" for title, answer in before.items() if title not in now)


def approvals_file(pack: LoadedPack) -> Path:
    """Return where the approvals of a pack stand."""
    return pack.guideline.pack.path / APPROVALS_FILE
