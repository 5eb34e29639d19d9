"""How far the part is that is being answered, for who watches a run; between two parts it is known exactly."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol, runtime_checkable

from cds_engine.batch.duck import WRITTEN, Duck
from cds_engine.batch.order import Form


@runtime_checkable
class Watching(Protocol):
    """A `progress` that asks between two parts, too."""

    def watch(self, rows_under_way: Callable[[], int]) -> None:
        """Be handed what tells, to any thread and at any time, about how many rows of the present part are answered."""


ANSWERED = "answered"
"""The table that every row of a part goes into, as it is read."""
PASSES: Mapping[Form, Mapping[str, tuple[float, float]]] = {
    "wide": {ANSWERED: (0.0, 0.6), "believed": (0.6, 0.85), WRITTEN: (0.85, 1.0)},
    "long": {ANSWERED: (0.0, 0.25), "believed": (0.25, 0.4), WRITTEN: (0.4, 1.0)},
}
"""From which share of a part's time to which its long queries take, as measured."""


class UnderWay:
    """Tells about how many rows of a part are answered, from the rows it reads and the query that runs."""

    def __init__(self, duck: Duck, form: Form) -> None:
        self._duck, self._passes = duck, PASSES[form]
        self._rows, self._most = 0, 0.0
        duck.watch()

    def begin(self, rows: int) -> None:
        """Go on to a part of so many rows."""
        self._rows, self._most, self._duck.rows_read = rows, 0.0, 0

    def __call__(self) -> int:
        """Return the rows; never fewer than before in the same part."""
        runs, share = self._duck.running()
        if runs == ANSWERED:
            share = self._duck.rows_read / max(1, self._rows)
        low, high = self._passes.get(runs, (0.0, 0.0))
        self._most = max(self._most, low + (high - low) * min(share, 1.0))
        return int(self._most * self._rows)
