"""The citations of a pack, prepared once: answers share them."""

from __future__ import annotations

from cds_engine.pack.load import Pack
from cds_engine.results.models import Citation


class Citations:
    """Turns a source and a locator into what the answer shows."""

    def __init__(self, pack: Pack) -> None:
        self._sources = pack.sources.sources
        self._made: dict[tuple[str, str | None], list[Citation]] = {}

    def cite(self, source: str | None, locator: str | None) -> list[Citation]:
        """Return the citation of a source in a list, an empty list for none; callers may not change it."""
        if source is None:
            return []
        found = self._made.get((source, locator))
        if found is None:
            found = self._made[source, locator] = [self._citation(source, locator)]
        return found

    def _citation(self, source: str, locator: str | None) -> Citation:
        written = self._sources[source]
        return Citation.made(
            source=source,
            locator=locator,
            label=written.label,
            url=written.url or (f"https://doi.org/{written.doi}" if written.doi else None),
            tag=written.tag,
            unresolved=written.kind == "unresolved",
        )
