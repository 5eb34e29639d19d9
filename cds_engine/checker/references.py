"""Check that every name leads somewhere: citations, statements, drugs, actions, facts in texts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class _References:
    """Reports names that lead nowhere, except into what could not be read."""

    pack: Pack
    findings: list[Diagnostic]

    def to_source(self, name: str, model: PackModel, *path: str | int) -> None:
        self._look_up("C101", "source", name, self.pack.sources.sources, model, path)

    def to_statement(self, name: str, known: Iterable[str], model: PackModel, *path: str | int) -> None:
        self._look_up("C103", "statement", name, known, model, path)

    def to_drug(self, name: str, model: PackModel, *path: str | int) -> None:
        self._look_up("C105", "drug", name, self.pack.drugs.drugs, model, path)

    def to_regimen(self, name: str, model: PackModel, *path: str | int) -> None:
        self._look_up("C107", "regimen", name, self.pack.regimens.regimens, model, path)

    def to_fact(self, name: str, model: PackModel, *path: str | int) -> None:
        self._look_up("N101", "fact", name, self.pack.facts.facts, model, path)

    def _look_up(
        self, code: str, what: str, name: str, known: Iterable[str], model: PackModel, path: tuple[str | int, ...]
    ) -> None:
        if name in known or self.pack.unread.may_declare(name, DECLARED_IN[what]):
            return
        hint = did_you_mean(name, known) or f"{what}s stand in {DECLARED_IN[what]}"
        self.findings.append(Diagnostic(code, f"there is no {what} `{name}`", model.span_of(*path), hint))


DECLARED_IN = {
    "source": "sources.yaml",
    "statement": "statements/",
    "drug": "drugs.yaml",
    "regimen": "regimens.yaml",
    "fact": "facts.yaml",
}


def _check_citations(pack: Pack, findings: list[Diagnostic]) -> None:
    references = _References(pack, findings)
    for piece in pieces(pack):
        for key in ("source", "superseded_by"):
            cited = getattr(piece, key, None)
            if isinstance(cited, str):
                references.to_source(cited, piece, key)


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
    references = _References(pack, findings)
    known: dict[str, Statement] = {}
    for statement in statements(pack):
        known.setdefault(statement.id, statement)
    for statement in statements(pack):
        for index, other in enumerate(statement.restates):
            references.to_statement(other, known, statement, "restates", index)
        if statement.encoded_in is not None:
            references.to_statement(statement.encoded_in, known, statement, "encoded_in")
            carrier = known.get(statement.encoded_in)
            if carrier is not None and not carrier.rules:
                found = f"the statement `{carrier.id}` has no rules that could carry this one"
                hint = "name the statement that the rules stand under"
                findings.append(Diagnostic("C103", found, statement.span_of("encoded_in"), hint))
        for rule in statement.rules:
            _check_modality(statement, rule, findings)
    for piece in pieces(pack):
        match piece:
            case Rule():
                for index, other in enumerate(piece.carries):
                    references.to_statement(other, known, piece, "carries", index)
            case Route() if piece.statement is not None:
                references.to_statement(piece.statement, known, piece, "statement")


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
    actions = {
        treatment.action
        for statement in statements(pack)
        for rule in statement.rules
        for treatment in treatments(rule.recommend)
        if treatment.action
    }
    references = _References(pack, findings)
    for piece in pieces(pack):
        drug = getattr(piece, "drug", None)
        if isinstance(drug, str):
            references.to_drug(drug, piece, "drug")
        regimen = getattr(piece, "regimen", None)
        if isinstance(regimen, str):
            references.to_regimen(regimen, piece, "regimen")
            _check_regimen(pack, piece, regimen, drug, findings)
        if isinstance(piece, SafetyRule):
            for index, name in enumerate(piece.drugs):
                references.to_drug(name, piece, "drugs", index)
            for index, name in enumerate(piece.actions):
                if name not in actions and not pack.unread.has_part("statements/"):
                    found = f"no statement's rule recommends the action `{name}`"
                    hint = did_you_mean(name, actions) or "add a statement with such a rule, or remove the action"
                    findings.append(Diagnostic("C106", found, piece.span_of("actions", index), hint))
    for members in pack.drugs.classes.values():
        for index, member in enumerate(members.members):
            references.to_drug(member, members, "members", index)


def _check_regimen(pack: Pack, piece: PackModel, name: str, drug: object, findings: list[Diagnostic]) -> None:
    regimen: Regimen | None = pack.regimens.regimens.get(name)
    is_known = drug is None or drug in pack.drugs.drugs
    if regimen is not None and regimen.drug != drug and is_known:
        found, hint = f"the regimen `{name}` is for `{regimen.drug}`", f"name a regimen of `{drug}`"
        findings.append(Diagnostic("C107", found, piece.span_of("regimen"), hint))


def _check_texts(pack: Pack, findings: list[Diagnostic]) -> None:
    references = _References(pack, findings)
    scope = scope_of(pack)
    facts = {name for name, symbol in scope.symbols.items() if isinstance(symbol, FactSymbol)}
    for piece in pieces(pack):
        for key in ("says", "patient_says"):
            text = getattr(piece, key, None) or ""
            for shown in SHOWN_VALUE.finditer(text):
                if shown[1] not in facts and not scope.may_hold(shown[1]):
                    span = piece.span_in(text, shown.start(), shown.end(), key)
                    hint = did_you_mean(shown[1], facts) or "write the name of a fact between the braces"
                    findings.append(Diagnostic("N101", f"there is no fact `{shown[1]}`", span, hint))
        if isinstance(piece, Ask):
            references.to_fact(piece.fact, piece, "fact")
        if isinstance(piece, Conflict):
            for index, name in enumerate(piece.facts):
                references.to_fact(name, piece, "facts", index)
