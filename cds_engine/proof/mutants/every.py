"""Every mutant of a pack: of its expressions, its doses and its safety rules.

Left as they are: the dictionary of facts (plausible ranges, ages of values, codes), texts, citations and audiences.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace

from cds_engine.checker.check import Checked
from cds_engine.checker.sites import sites
from cds_engine.diagnostics import Span
from cds_engine.language.printer import number
from cds_engine.pack.load import Pack
from cds_engine.proof.mutants.doses import dose_variants
from cds_engine.proof.mutants.expressions import shifted, variants
from cds_engine.proof.mutants.mutant import Change, Kind, Mutant, NewExpression, NewPack
from cds_engine.proof.mutants.safety import safety_variants
from cds_engine.proof.mutants.units import other_units

Found = tuple[Kind, str, str, str, Span | None, Change]


def mutants_of(checked: Checked) -> list[Mutant]:
    """Return every mutant of a pack without errors, in the order of its files."""
    seen: Counter[tuple[str, str]] = Counter()
    found = []
    for kind, at, was, now, place, change in _all(checked):
        seen[at, kind] += 1
        found.append(Mutant(f"{at}: {kind} {seen[at, kind]}", kind, at, was, now, place, change))
    return found


def _all(checked: Checked) -> Iterator[Found]:
    units = other_units(checked.pack)
    for site in sites(checked.pack):
        for variant in variants(checked.typed[site.key].node, units):
            is_computed = variant.kind == "threshold" and site.key.startswith("formula") and " value" in site.key
            kind: Kind = "number" if is_computed else variant.kind
            yield kind, site.key, variant.was, variant.now, variant.span, NewExpression(site.key, variant.node)
    regimens = checked.pack.regimens
    for name, regimen in regimens.regimens.items():
        for dose in dose_variants(regimen):
            changed = regimens.model_copy(update={"regimens": {**regimens.regimens, name: dose.regimen}})
            pack = replace(checked.pack, regimens=changed)
            yield dose.kind, f"regimen {name}", dose.was, dose.now, dose.span, NewPack(pack)
    for kind, key, was, now, pack, span in safety_variants(checked.pack):
        yield kind, key, was, now, span, NewPack(pack)
    yield from _orders(checked.pack)


def _orders(pack: Pack) -> Iterator[Found]:
    """List other measures of how far above its range an order is critical."""
    orders = pack.manifest.orders
    for factor in shifted(orders.critical_above) if orders is not None else ():
        assert orders is not None  # noqa: S101 - seen above
        manifest = pack.manifest.model_copy(update={"orders": orders.model_copy(update={"critical_above": factor})})
        was, now = (f"critical above {number(times)} times" for times in (orders.critical_above, factor))
        yield "threshold", "orders", was, now, orders.span, NewPack(replace(pack, manifest=manifest))


KINDS: Mapping[Kind, str] = {
    "threshold": "numbers that are compared",
    "operator": "comparisons and arithmetic",
    "connective": "and, or, not",
    "condition": "parts of a condition left out",
    "code": "codes of a list left out, truths turned round",
    "unit": "units",
    "number": "numbers that are computed with",
    "dose": "amounts of a dose",
    "cap": "caps",
    "interval": "intervals, times and days",
    "adjustment": "factors of an adjustment",
    "product": "products",
    "contraindication": "contraindications left out",
    "caution": "cautions left out",
    "warning": "alerts, order checks, exclusions, contradictions left out",
    "unknown": "what follows while something is unknown",
}
"""Each kind of mutant in words."""
