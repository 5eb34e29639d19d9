"""Check what rests on what: cycles, facts that nothing reads, assumptions that would silence a warning."""

from __future__ import annotations

from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter

from cds_engine.checker.expressions import Typed
from cds_engine.checker.references import SHOWN_VALUE
from cds_engine.checker.sizes import MAX_DEPTH, MAX_PARTS, Size, size
from cds_engine.checker.types import DefinitionSymbol
from cds_engine.checker.walk import base_fact, names, parts, pieces, unknown_names
from cds_engine.diagnostics import Diagnostic, Span, nearest
from cds_engine.pack.load import Pack
from cds_engine.pack.statements import Ask

Reads = Mapping[str, set[str]]
"""Derived fact or definition to the names it is computed from."""

_MOST_CIRCLES = 20


def check_dependencies(pack: Pack, typed: Mapping[str, Typed], findings: list[Diagnostic]) -> None:
    """Report cycles, unused facts and dangerous assumptions."""
    reads = dependencies(pack, typed)
    if not _check_cycles(pack, reads, findings):
        _check_sizes(typed, findings)
    if not any(found.code[0] in "YPL" for found in findings):  # what cannot be read may use any fact
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


def _check_cycles(pack: Pack, reads: Reads, findings: list[Diagnostic]) -> bool:
    """Report each circle once; say whether there is one."""
    left = dict(reads)
    found = 0
    while found < _MOST_CIRCLES and (circle := _circle(left)):
        found += 1
        chain = " -> ".join(f"`{name}`" for name in [*circle, circle[0]])
        message = f"`{circle[0]}` rests on itself" + (f": {chain}" if len(circle) > 1 else "")
        hint = "let one of them rest on facts that are asked for" if len(circle) > 1 else "let it rest on other facts"
        findings.append(Diagnostic("C108", message, _declared(pack, circle[0]), hint))
        left = {name: names_read for name, names_read in left.items() if name not in circle}
    return found > 0


def _circle(reads: Reads) -> list[str]:
    """Return names of which each reads the next, and the last the first; empty when there are none."""
    try:
        TopologicalSorter(reads).prepare()
    except CycleError as error:
        circle = list(reversed(error.args[1]))[1:]
        first = circle.index(min(circle))
        return circle[first:] + circle[:first]
    return []


def _check_sizes(typed: Mapping[str, Typed], findings: list[Diagnostic]) -> None:
    """Report what grows too large for the engines when its definitions are written out."""
    sizes: dict[str, Size] = {}

    def measure(key: str) -> Size:
        expression = typed.get(key)
        if expression is None:
            return Size(0, 0)
        if key not in sizes:
            used = {name: measure(f"definition {name}") for name in sorted(_definitions_in(expression))}
            sizes[key] = size(expression, used)
            if not sizes[key].is_bearable and all(one.is_bearable for one in used.values()):
                found = "this grows too large when its definitions are written out"
                hint = f"at most {MAX_PARTS} parts, {MAX_DEPTH} deep: simplify the definitions, or derive a fact"
                findings.append(Diagnostic("C111", found, expression.node.span, hint))
        return sizes[key]

    for key in _definitions_first(typed):
        measure(key)


def _definitions_first(typed: Mapping[str, Typed]) -> list[str]:
    """Return the keys of expressions in an order in which each definition stands after those it uses."""
    uses = {key: {f"definition {name}" for name in _definitions_in(found)} for key, found in typed.items()}
    return [key for key in TopologicalSorter(uses).static_order() if key in typed]


def _definitions_in(expression: Typed) -> set[str]:
    return {part.symbol.name for part in parts(expression) if isinstance(part.symbol, DefinitionSymbol)}


def _declared(pack: Pack, name: str) -> Span | None:
    if name in pack.definitions.definitions:
        return pack.definitions.span_of_key("definitions", name)
    return pack.facts.span_of_key("facts", name)


def _check_unused(pack: Pack, typed: Mapping[str, Typed], findings: list[Diagnostic]) -> None:
    used: set[str] = {name for expression in typed.values() for name in names(expression)}
    used.update(base_fact(name) for expression in typed.values() for name in unknown_names(expression))
    known = pack.facts.facts.keys() | pack.definitions.definitions.keys() | pack.drugs.classes.keys() | {"as_of"}
    for formula in pack.formulas.formulas.values():
        used.update(formula.takes)
    for regimen in pack.regimens.regimens.values():
        used.update(filter(None, [regimen.dose.basis]))
    for piece in pieces(pack):
        if isinstance(piece, Ask):
            used.add(piece.fact)
        for key in ("says", "patient_says"):
            used.update(base_fact(name) for name in SHOWN_VALUE.findall(getattr(piece, key, None) or ""))
    used.update(filter(None, [nearest(name, pack.facts.facts) for name in used - known]))
    for name, fact in pack.facts.facts.items():
        folded = fact.type == "drug_dose"
        if name not in used and not folded and fact.record_only is None:
            hint = "use it, remove it, or say why it is listed with `record_only:`"
            found = f"no rule reads the fact `{name}`"
            findings.append(Diagnostic("C109", found, pack.facts.span_of_key("facts", name), hint, "warning"))
        if name in used and fact.record_only is not None:
            found = f"the fact `{name}` is marked as recorded only, but is read"
            findings.append(Diagnostic("C109", found, fact.span_of("record_only"), "remove the mark", "warning"))


def _check_assumptions(pack: Pack, typed: Mapping[str, Typed], reads: Reads, findings: list[Diagnostic]) -> None:
    """A fact that a contraindication reads is never presumed absent."""
    readers: dict[str, list[str]] = {}
    for key, expression in typed.items():
        if key.startswith("contraindication "):
            for name in closure(names(expression), reads):
                readers.setdefault(name, []).append(key)
    for name, fact in pack.facts.facts.items():
        if name in readers and fact.absent_means is not None and not _only_chooses(pack, typed, name):
            first = readers[name][0]
            ways = _way(names(typed[first]), name, reads)
            by_way = f", by way of {' -> '.join(f'`{step}`' for step in ways)}" if ways else ""
            others = len(readers[name]) - 1
            reader = first.replace(" ", " `", 1) + "`" + (f" and {others} more read it" if others else " reads it")
            found = f"`{name}` may not be presumed: the {reader}{by_way}"
            hint = "remove `absent_means`: what could forbid a treatment is asked, never assumed"
            findings.append(Diagnostic("C110", found, fact.span_of("absent_means"), hint))


def _way(start: set[str], goal: str, reads: Reads) -> list[str]:
    """Return the shortest chain of definitions and derived facts from *start* to what reads *goal*."""
    came_from: dict[str, str | None] = dict.fromkeys(sorted(start))
    waiting = list(came_from)
    for name in waiting:  # grows on the way
        for step in sorted(reads.get(name, ())):
            if step not in came_from:
                came_from[step] = name
                waiting.append(step)
    way: list[str] = []
    step_back = came_from.get(goal)
    while step_back is not None:
        way.insert(0, step_back)
        step_back = came_from[step_back]
    return way


def _only_chooses(pack: Pack, typed: Mapping[str, Typed], name: str) -> bool:
    """Say whether a fact is a setting that does nothing but choose among formulas."""
    readers = [key for key, expression in typed.items() if name in names(expression)]
    chooses = all(key.startswith("formula ") and key.endswith(" when") for key in readers)
    return pack.facts.facts[name].setting and chooses
