"""Units that stand for another by mistake: one of the same kind, and one that the checker must refuse."""

from __future__ import annotations

from collections.abc import Iterable

from cds_engine.pack.load import Pack
from cds_engine.proof.mutants.expressions import UnitsLike
from cds_engine.units import UnitError, conversion, parse_unit


def other_units(pack: Pack) -> UnitsLike:
    """Return which units of the pack may be mistaken for another: the first of its kind and the first of any other."""
    known = list(dict.fromkeys(_units_of(pack)))

    def others(unit: str) -> tuple[str, ...]:
        kind = parse_unit(unit).kind
        of_its_kind = (name for name in known if parse_unit(name).kind == kind and _differs(name, unit))
        of_another = (name for name in known if parse_unit(name).kind != kind)
        return tuple(found for found in (next(of_its_kind, None), next(of_another, None)) if found is not None)

    return others


def _units_of(pack: Pack) -> Iterable[str]:
    for fact in pack.facts.facts.values():
        for unit in (fact.unit, *fact.accepts, *(change.unit for change in fact.conversions)):
            if unit and unit != "1" and _is_unit(unit):
                yield unit


def _is_unit(written: str) -> bool:
    try:
        parse_unit(written)
    except UnitError:
        return False
    return True


def _differs(first: str, second: str) -> bool:
    """Say whether a number means another amount in the other unit."""
    try:
        change = conversion(first, second)
    except UnitError:
        return False
    return change.factor != 1 or change.offset != 0
