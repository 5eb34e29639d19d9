"""The smallest sets of facts of which other values give a rule another status.

To meet a need, one of the facts that bear on it must change; needs on which no fact bears in common need as many
facts as they are. So the search goes down only as deep as it must, one fact more each time it finds nothing.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import dataclass, field

from cds_engine.engine.what_if.case import Case, Supposed
from cds_engine.engine.what_if.needs import Need, Way
from cds_engine.engine.what_if.values import Alternatives

MOST_TRIES = 4000
"""How many suppositions are answered for one status; some seconds at most."""
FURTHER = 3
"""How many facts more than the least possible number are tried."""
MOST_FOUND = 40


@dataclass(slots=True)
class Found:
    """The smallest sets of changes, and whether the search could look at all of that size."""

    supposed: list[Supposed] = field(default_factory=list)
    is_complete: bool = True

    @property
    def size(self) -> int | None:
        """How many facts change, None where nothing was found."""
        return len(self.supposed[0].changes) if self.supposed else None


class Search:
    """Looks for the smallest changes, of the facts that may change."""

    def __init__(self, case: Case, fixed: Container[str] = ()) -> None:
        self._case = case
        self._fixed = fixed
        self._end = 0
        self._seen: set[tuple[int, frozenset[tuple[str, str]]]] = set()

    def smallest(self, ways: list[Way], most: int | None = None) -> Found:
        """Return the smallest sets of changes, of at most so many facts, by which any of the *ways* is gone."""
        self._end = self._case.tries + MOST_TRIES
        least = min((self._least(self._unmet(way, self._case.now), self._case.now) for way in ways), default=0)
        end = least + FURTHER if most is None else min(most, least + FURTHER)
        for size in range(max(1, least), end + 1):
            self._seen.clear()
            found = Found()
            for index, way in enumerate(ways):
                for supposed in self._down(index, way, self._case.now, size):
                    if supposed.changes.keys() not in [other.changes.keys() for other in found.supposed] or size == 1:
                        found.supposed.append(supposed)
                    if len(found.supposed) >= MOST_FOUND:
                        found.is_complete = False
                        return found
            found.is_complete = not self._is_out_of_tries()
            if found.supposed or not found.is_complete:
                return found
        return Found(is_complete=end == most)

    def _down(self, index: int, way: Way, supposed: Supposed, left: int) -> Iterator[Supposed]:
        """List those who meet every need with at most *left* further facts changed."""
        unmet = self._unmet(way, supposed)
        if not unmet:
            if supposed.changes and not self._case.contradicts_itself(supposed):
                yield supposed
            return
        if self._least(unmet, supposed) > left or self._is_out_of_tries() or self._was_seen(index, supposed):
            return
        need = min(unmet, key=lambda need: len(self._open(need, supposed)))
        for name in self._open(need, supposed):
            is_last = left == 1 or need is way[-1]
            for value in Alternatives(self._case, name, need, supposed.changes).found(alone=is_last):
                further = self._case.suppose({**supposed.changes, name: value})
                found = False
                for reached in self._down(index, way, further, left - 1):
                    found = True
                    yield reached
                if found and left > 1:
                    break  # another value of the same fact changes the same facts

    def _unmet(self, way: Way, supposed: Supposed) -> list[Need]:
        """Return the needs that are not met; the last only where it alone is left."""
        unmet = [need for need in way[:-1] if not need.is_met(supposed)]
        return unmet or ([] if way[-1].is_met(supposed) else [way[-1]])

    def _open(self, need: Need, supposed: Supposed) -> tuple[str, ...]:
        """Return the facts that may still change and bear on a need."""
        bearing = self._case.bearing_on(need.names, supposed)
        return tuple(name for name in bearing if name not in supposed.changes and name not in self._fixed)

    def _least(self, unmet: list[Need], supposed: Supposed) -> int:
        """Return how many facts must change at least: as many as there are needs with no fact in common."""
        taken: set[str] = set()
        count = 0
        for names in sorted((self._open(need, supposed) for need in unmet), key=len):
            if taken.isdisjoint(names):
                taken.update(names)
                count += 1
        return count

    def _is_out_of_tries(self) -> bool:
        return self._case.tries >= self._end

    def _was_seen(self, index: int, supposed: Supposed) -> bool:
        key = index, frozenset((name, value.said) for name, value in supposed.changes.items())
        if key in self._seen:
            return True
        self._seen.add(key)
        return False
