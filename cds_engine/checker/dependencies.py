"""Check what rests on what: cycles, facts that nothing reads, assumptions that would silence a warning."""

from __future__ import annotations

from collections.abc import Mapping

from cds_engine.checker.expressions import Typed
from cds_engine.checker.references import SHOWN_VALUE
from cds_engine.checker.walk import base_fact, names, pieces
from cds_engine.diagnostics import Diagnostic
from cds_engine.pack.base import PackModel
from cds_engine.pack.load import Pack
from cds_engine.pack.statements import Ask

Reads = Mapping[str, set[str]]
"""Derived fact or definition to the names it is computed from."""


def check_dependencies(pack: Pack, typed: Mapping[str, Typed], findings: list[Diagnostic]) -> None:
    """Report cycles, unused facts and dangerous assumptions."""
    reads = dependencies(pack, typed)
    _check_cycles(pack, reads, findings)
    _check_unused(pack, typed, findings)
    _check_assumptions(pack, typed, reads, findings)


def dependencies(pack: Pack, typed: Mapping[str, Typed]) -> Reads:
    """Return what each definition and derived fact reads directly."""
    reads: dict[str, set[str]] = {}
    for key, expression in typed.items():
        kind, _, rest = key.partition(" ")
        name = rest.split(" ", 1)[0]
        if kind == "formula":
            formula = pack.formulas.formulas[name]
            for given in formula.gives:
                reads.setdefault(given, set()).update(names(expression), formula.takes)
        elif kind in {"definition", "fact"}:
            reads.setdefault(name, set()).update(names(expression))
    return reads


def closure(start: set[str], reads: Reads) -> set[str]:
    """Return every name that *start* rests on, itself included."""
    found: set[str] = set()
    waiting = list(start)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(reads.get(name, ()))
    return found


def _check_cycles(pack: Pack, reads: Reads, findings: list[Diagnostic]) -> None:
    for name in sorted(reads):
        if name in closure(reads[name], reads):
            chain = " -> ".join(_cycle(name, reads))
            findings.append(
                Diagnostic(
                    "C108",
                    f"`{name}` rests on itself: {chain}",
                    _declared(pack, name).span,
                    "break the circle",
                )
            )


def _cycle(name: str, reads: Reads) -> list[str]:
    """Return the shortest way from *name* back to itself."""
    ways = [[name, step] for step in sorted(reads[name])]
    while ways:
        way = ways.pop(0)
        if way[-1] == name:
            return way
        ways.extend([*way, step] for step in sorted(reads.get(way[-1], ())) if step not in way[1:])
    return [name]


def _declared(pack: Pack, name: str) -> PackModel:
    return pack.definitions.definitions.get(name) or pack.facts.facts[name]


def _check_unused(pack: Pack, typed: Mapping[str, Typed], findings: list[Diagnostic]) -> None:
    used: set[str] = {name for expression in typed.values() for name in names(expression)}
    for formula in pack.formulas.formulas.values():
        used.update(formula.takes)
    for regimen in pack.regimens.regimens.values():
        used.update(filter(None, [regimen.dose.basis]))
    for piece in pieces(pack):
        if isinstance(piece, Ask):
            used.add(piece.fact)
        for key in ("says", "patient_says"):
            used.update(base_fact(name) for name in SHOWN_VALUE.findall(getattr(piece, key, None) or ""))
    for name, fact in pack.facts.facts.items():
        folded = fact.type == "drug_dose"
        if name not in used and not folded and fact.record_only is None:
            hint = "use it, remove it, or say why it is listed with `record_only:`"
            found = f"no rule reads the fact `{name}`"
            findings.append(Diagnostic("C109", found, fact.span_of("label"), hint, "warning"))
        if name in used and fact.record_only is not None:
            found = f"the fact `{name}` is marked as recorded only, but is read"
            findings.append(Diagnostic("C109", found, fact.span_of("record_only"), "remove the mark", "warning"))


def _check_assumptions(pack: Pack, typed: Mapping[str, Typed], reads: Reads, findings: list[Diagnostic]) -> None:
    """A fact that a contraindication reads is never presumed absent."""
    for key, expression in typed.items():
        if not key.startswith("contraindication "):
            continue
        for name in closure(names(expression), reads):
            fact = pack.facts.facts.get(name)
            if fact is not None and fact.absent_means is not None and not fact.setting:
                found = f"`{name}` may not be presumed: the {key.replace(' ', ' `', 1)}` reads it"
                findings.append(Diagnostic("C110", found, fact.span_of("absent_means"), "remove `absent_means`"))
