"""Check that every name leads somewhere: citations, statements, drugs, actions, facts in texts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from cds_engine.checker.scope import scope_of
from cds_engine.checker.types import FactSymbol
from cds_engine.checker.walk import pieces
from cds_engine.diagnostics import Diagnostic, did_you_mean
from cds_engine.pack.base import PackModel
from cds_engine.pack.dictionary import Conflict
from cds_engine.pack.load import Pack
from cds_engine.pack.statements import (
    MODALITIES,
    Ask,
    Recommend,
    Regimen,
    Route,
    Rule,
    SafetyRule,
    Statement,
    Treatment,
)

SHOWN_VALUE = re.compile(r"\{([^{}]*)\}")
"""A fact's value inside a text: `{current_medications.methotrexate.weekly_amount}`."""


def check_references(pack: Pack, findings: list[Diagnostic]) -> None:
    """Report every reference that leads nowhere, every id used twice, every modality above its statement's."""
    _check_citations(pack, findings)
    _check_unique(pack, findings)
    _check_statements(pack, findings)
    _check_drugs(pack, findings)
    _check_texts(pack, findings)


def statements(pack: Pack) -> Iterator[Statement]:
    """List the statements of all topics."""
    for topic in pack.topics.values():
        yield from topic.statements


def treatments(recommend: Recommend) -> list[Treatment]:
    """List the drugs and actions of a recommendation, in order of preference."""
    if recommend.one_of or recommend.all_of:
        return recommend.one_of or recommend.all_of
    return [Treatment(drug=recommend.drug, action=recommend.action, regimen=recommend.regimen)]


def _missing(
    code: str, what: str, name: str, known: Iterable[str], model: PackModel, path: tuple[str | int, ...]
) -> Diagnostic:
    return Diagnostic(code, f"there is no {what} `{name}`", model.span_of(*path), did_you_mean(name, known))


def _check_citations(pack: Pack, findings: list[Diagnostic]) -> None:
    known = pack.sources.sources
    for piece in pieces(pack):
        for key in ("source", "superseded_by"):
            cited = getattr(piece, key, None)
            if isinstance(cited, str) and cited not in known:
                findings.append(_missing("C101", "source", cited, known, piece, (key,)))


def _check_unique(pack: Pack, findings: list[Diagnostic]) -> None:
    seen: dict[tuple[str, str], PackModel] = {}
    for piece in pieces(pack):
        identifier = getattr(piece, "id", None)
        if not isinstance(identifier, str):
            continue
        kind = "statement" if isinstance(piece, Statement) else "rule"
        first = seen.setdefault((kind, identifier), piece)
        if first is not piece:
            findings.append(
                Diagnostic(
                    "C102",
                    f"the id `{identifier}` is used twice",
                    piece.span_of("id"),
                    f"it was first used at {first.span_of('id')}",
                )
            )


def _check_statements(pack: Pack, findings: list[Diagnostic]) -> None:
    known = {statement.id for statement in statements(pack)}
    for statement in statements(pack):
        for index, other in enumerate(statement.restates):
            if other not in known:
                findings.append(_missing("C103", "statement", other, known, statement, ("restates", index)))
        if statement.encoded_in is not None and statement.encoded_in not in known:
            findings.append(_missing("C103", "statement", statement.encoded_in, known, statement, ("encoded_in",)))
        for rule in statement.rules:
            _check_modality(statement, rule, findings)
    for piece in pieces(pack):
        match piece:
            case Rule():
                for index, other in enumerate(piece.carries):
                    if other not in known:
                        findings.append(_missing("C103", "statement", other, known, piece, ("carries", index)))
            case Route() if piece.statement is not None and piece.statement not in known:
                findings.append(_missing("C103", "statement", piece.statement, known, piece, ("statement",)))


def _check_modality(statement: Statement, rule: Rule, findings: list[Diagnostic]) -> None:
    modality = rule.recommend.modality
    if modality is None or MODALITIES.index(modality) >= MODALITIES.index(statement.modality):
        return
    findings.append(
        Diagnostic(
            "C104",
            f"the rule says `{modality}`, but its statement `{statement.id}` only `{statement.modality}`",
            rule.recommend.span_of("modality"),
            f"write `{statement.modality}` or weaker",
        )
    )


def _check_drugs(pack: Pack, findings: list[Diagnostic]) -> None:
    drugs = pack.drugs.drugs
    actions = {
        treatment.action
        for statement in statements(pack)
        for rule in statement.rules
        for treatment in treatments(rule.recommend)
        if treatment.action
    }
    for piece in pieces(pack):
        drug = getattr(piece, "drug", None)
        if isinstance(drug, str) and drug not in drugs:
            findings.append(_missing("C105", "drug", drug, drugs, piece, ("drug",)))
        regimen = getattr(piece, "regimen", None)
        if isinstance(regimen, str):
            _check_regimen(pack, piece, regimen, drug, findings)
        if isinstance(piece, SafetyRule):
            for index, name in enumerate(piece.drugs):
                if name not in drugs:
                    findings.append(_missing("C105", "drug", name, drugs, piece, ("drugs", index)))
            for index, name in enumerate(piece.actions):
                if name not in actions:
                    found = f"no statement's rule recommends the action `{name}`"
                    hint = did_you_mean(name, actions)
                    findings.append(Diagnostic("C106", found, piece.span_of("actions", index), hint))
    for name, members in pack.drugs.classes.items():
        for index, member in enumerate(members.members):
            if member not in drugs:
                findings.append(_missing("C105", "drug", member, drugs, members, ("members", index)))
        if name in drugs or name in pack.facts.facts:
            findings.append(Diagnostic("C102", f"the name `{name}` is used twice", members.span))


def _check_regimen(pack: Pack, piece: PackModel, name: str, drug: object, findings: list[Diagnostic]) -> None:
    regimen: Regimen | None = pack.regimens.regimens.get(name)
    if regimen is None:
        findings.append(_missing("C107", "regimen", name, pack.regimens.regimens, piece, ("regimen",)))
    elif regimen.drug != drug:
        findings.append(Diagnostic("C107", f"the regimen `{name}` is for `{regimen.drug}`", piece.span_of("regimen")))


def _check_texts(pack: Pack, findings: list[Diagnostic]) -> None:
    facts = {name for name, symbol in scope_of(pack).symbols.items() if isinstance(symbol, FactSymbol)}
    for piece in pieces(pack):
        for key in ("says", "patient_says"):
            for name in SHOWN_VALUE.findall(getattr(piece, key, None) or ""):
                if name not in facts:
                    findings.append(_missing("N101", "fact", name, facts, piece, (key,)))
        if isinstance(piece, Ask) and piece.fact not in pack.facts.facts:
            findings.append(_missing("N101", "fact", piece.fact, pack.facts.facts, piece, ("fact",)))
        if isinstance(piece, Conflict):
            for index, name in enumerate(piece.facts):
                if name not in pack.facts.facts:
                    findings.append(_missing("N101", "fact", name, pack.facts.facts, piece, ("facts", index)))
