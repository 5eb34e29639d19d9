"""Check a pack: everything that can be known before a patient comes, all findings at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cds_engine.checker import mistakes
from cds_engine.checker.dependencies import check_dependencies
from cds_engine.checker.expressions import Typed, check_condition, check_expression, join, result_codes
from cds_engine.checker.facts import check_facts
from cds_engine.checker.formulas import check_formulas
from cds_engine.checker.invariants import check_invariants
from cds_engine.checker.mapping import check_mapping
from cds_engine.checker.references import check_references
from cds_engine.checker.regimens import check_regimens
from cds_engine.checker.scope import scope_of
from cds_engine.checker.sites import Site, sites
from cds_engine.checker.types import CodeType, NullType, Scope
from cds_engine.diagnostics import Diagnostic
from cds_engine.language import syntax as s
from cds_engine.language.parser import ParseError, parse
from cds_engine.pack.invariants import read_invariants
from cds_engine.pack.load import Pack, read_pack


@dataclass(frozen=True, slots=True)
class Checked:
    """A pack with a typed tree for each of its expressions, by the key of its site."""

    pack: Pack
    typed: Mapping[str, Typed]
    scope: Scope


def check(path: Path) -> tuple[Checked | None, list[Diagnostic]]:
    """Read and check the pack in *path*.

    Returns the checked pack, or None if any finding is an error; and every finding, by file and line.
    """
    pack, findings = read_pack(path)
    checked = check_pack(pack, findings)
    findings = in_order(findings)
    return (None if any(f.severity == "error" for f in findings) else checked), findings


def check_everything(path: Path) -> tuple[Checked | None, list[Diagnostic]]:
    """Check the pack in *path* as `check` does, and what takes no part in an evaluation: its invariants.

    What these say of rules and facts is looked at once everything else is right.
    """
    checked, findings = check(path)
    _, wrong = read_invariants(path) if checked is None else check_invariants(path, checked.pack)
    return checked, in_order([*findings, *wrong])


def check_pack(pack: Pack, findings: list[Diagnostic]) -> Checked:
    """Check a pack that could be read; adds to *findings*."""
    check_facts(pack, findings)
    scope = scope_of(pack)
    found: list[Diagnostic] = []
    typed = {site.key: done for site in sites(pack) if (done := _check_site(site, scope, found))}
    findings += [mistakes.in_a_pack(finding) for finding in found]
    check_references(pack, findings)
    check_formulas(pack, typed, findings)
    check_regimens(pack, findings)
    check_mapping(pack, typed, findings)
    check_dependencies(pack, typed, findings)
    return Checked(pack, typed, scope)


def in_order(findings: list[Diagnostic]) -> list[Diagnostic]:
    """Return the findings by file and line, each once."""
    unique = {(f.code, f.message, str(f.span)): f for f in findings}
    return sorted(
        unique.values(),
        key=lambda f: (f.span.file, f.span.line, f.span.column) if f.span else ("", 0, 0),
    )


def _check_site(site: Site, scope: Scope, findings: list[Diagnostic]) -> Typed | None:
    place = site.model.place(*site.path)
    try:
        node = parse(site.text, place.locator(site.text) if place else None)
    except ParseError as error:
        findings.append(error.diagnostic)
        return None
    return check_at(site, node, scope, findings)


def check_at(site: Site, node: s.Expression, scope: Scope, findings: list[Diagnostic]) -> Typed:
    """Return *node* with types, as if it were written at *site*; adds to *findings*."""
    local = scope.with_facts(site.local) if site.local else scope
    if site.wanted is None:
        return check_condition(node, local, findings)
    typed = check_expression(node, local, findings)
    if not isinstance(typed.type, NullType) and join(typed.type, site.wanted) is None:
        findings.append(mistakes.wrong_type(node, site.wanted, typed.type))
    elif isinstance(site.wanted, CodeType) and site.wanted.codes is not None:
        for code in result_codes(typed):
            if isinstance(code.node, s.CodeLiteral) and code.node.code not in site.wanted.codes:
                fact = site.key.split(" ")[1]
                findings.append(mistakes.unknown_code(code.node.span, code.node.code, fact, site.wanted.codes))
    return typed
