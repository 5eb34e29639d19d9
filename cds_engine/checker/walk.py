"""Walks: every piece of a pack, every part of a typed expression."""

from __future__ import annotations

from collections.abc import Iterator

from cds_engine.checker.expressions import Typed
from cds_engine.checker.types import FactSymbol
from cds_engine.language.syntax import Name
from cds_engine.pack.base import PackModel
from cds_engine.pack.load import Pack


def pieces(pack: Pack) -> Iterator[PackModel]:
    """List every model of the pack, files first, then what stands in them."""
    files = [
        pack.manifest, pack.sources, pack.facts, pack.drugs, pack.formulas, pack.definitions, pack.regimens,
        *pack.topics.values(), *pack.safety.values(), pack.fhir,
    ]  # fmt: skip
    for file in files:
        yield from _inside(file)


def _inside(value: object) -> Iterator[PackModel]:
    match value:
        case PackModel():
            yield value
            for name in type(value).model_fields:
                yield from _inside(getattr(value, name))
        case dict():
            for item in value.values():
                yield from _inside(item)
        case list():
            for item in value:
                yield from _inside(item)


def parts(typed: Typed) -> Iterator[Typed]:
    """List *typed* and every part of it."""
    yield typed
    for part in typed.parts:
        yield from parts(part)


def names(typed: Typed) -> set[str]:
    """Return the names of facts and definitions that an expression reads, properties as their fact."""
    found = set()
    for part in parts(typed):
        if part.symbol is not None:
            found.add(base_fact(part.symbol.name) if isinstance(part.symbol, FactSymbol) else part.symbol.name)
    return found


def unknown_names(typed: Typed) -> set[str]:
    """Return the names in an expression that stand for nothing."""
    return {part.node.name for part in parts(typed) if isinstance(part.node, Name) and part.symbol is None}


def base_fact(name: str) -> str:
    """Return the fact that a property belongs to: `calcium_total` for `calcium_total.range.high`."""
    return name.split(".", 1)[0]
