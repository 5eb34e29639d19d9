"""One row's answer in columns beside the evaluator's answer for the same patient."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from cds_engine.backends.sql.layout import Layout
from cds_engine.batch.told import Cells


class Difference(NamedTuple):
    """Something that the two say differently."""

    what: str
    columns: object
    evaluator: object


CLOSE = 1e-9
"""Relative, for unrounded doses; everything else is equal or wrong."""


def differences(layout: Layout, row: Mapping[str, object], said: Cells) -> list[Difference]:
    """Return everything in which a row of answers differs from what the evaluator *said* of the patient, in columns.

    Of what the row does not tell nothing is asked.
    """
    return [
        Difference(_name(layout, column), _shown(layout, column, mine), _shown(layout, column, said[column]))
        for column, mine in row.items()
        if column in said and not _same(column, mine, said[column])
    ]


def _same(column: str, mine: object, said: object) -> bool:
    match mine, said:
        case float(), int() | float():
            return abs(mine - said) <= CLOSE * abs(said)
        case _, None if column.endswith("_cautions"):  # of a treatment that the evaluator does not speak of
            return True
        case _ if column == "problems":  # in whatever order they were found
            return set(str(mine or "").split(";")) == set(str(said or "").split(";"))
        case _:
            return (mine or None) == (said or None)  # nothing is said by an empty text or by none


def _name(layout: Layout, column: str) -> str:
    """Return what a column is about, such as `status of start_methotrexate`."""
    own, _, part = column.partition("_")
    if own[0] != "r" or not own[1:].isdigit():
        return column
    spec = layout.guideline.rules[int(own[1:])]
    place, _, rest = part.partition("_")
    if not place.isdigit():
        return f"{part} of {spec.rule.id}"
    return f"{rest} of {spec.treatments[int(place)].target} by {spec.rule.id}"


def _shown(layout: Layout, column: str, value: object) -> object:
    """Return a set that is kept as bits by its names."""
    if column == "alert_bits":
        return [alert.id for place, (_, alert) in enumerate(layout.guideline.alerts) if int(str(value)) >> place & 1]
    before, _, word = column.rpartition("missing_")
    if before or word != column:
        bits = int(str(value))
        return layout.names_of(bits if str(each) == word else 0 for each in layout.words)
    return value
