"""Sets of names that answers hold as bits, written as text: what is missing, and which alerts are raised."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from cds_engine.backends.sql.layout import WORD, Layout
from cds_engine.batch.engine import literal

AT_ONCE = 6
"""Names that are written by one look into a list of all their subsets."""


def names_text(layout: Layout, words: Mapping[int, str]) -> str:
    """Return the text of a set of missing facts, NULL where it is empty."""
    listed = list(layout.guideline.positions)
    return _joined(part for word, bits in words.items() for part in _looked_up(listed[word * WORD :][:WORD], bits))


def alerts_text(layout: Layout) -> str:
    """Return the text of the alerts that are raised, NULL where none is."""
    return _joined(_looked_up([alert.id for _, alert in layout.guideline.alerts], "alert_bits"))


def _joined(parts: Iterable[str]) -> str:
    found = ", ".join(parts)
    return f"nullif(concat_ws(';', {found}), '')" if found else "CAST(NULL AS STRING)"


def _looked_up(names: list[str], bits: str) -> Iterator[str]:
    """Yield the texts of the names whose bits are set, a few names each; NULL where none of those is."""
    for start in range(0, len(names), AT_ONCE):
        few = names[start : start + AT_ONCE]
        mask = ((1 << len(few)) - 1) << start
        yield f"cds_item({_subsets(few)}, 1 + CAST(({bits} & {mask}) / {1 << start} AS INTEGER))"


def _subsets(names: list[str]) -> str:
    """Return the list of the texts of all subsets, in the order of their bits; that of the empty one is NULL."""
    every = range(1 << len(names))
    subsets = (";".join(name for place, name in enumerate(names) if bits >> place & 1) for bits in every)
    return f"list_value({', '.join(literal(text) if text else 'NULL' for text in subsets)})"
