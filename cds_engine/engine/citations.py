"""The citations of a pack, prepared once: answers share them."""

from __future__ import annotations

from collections.abc import Iterable

from cds_engine.lowering.guideline import Guideline
from cds_engine.results.models import Citation, Shared


class Citations:
    """Turns sources and statements into what the answer shows; what it returns may not be changed."""

    def __init__(self, guideline: Guideline) -> None:
        self._sources = guideline.pack.sources.sources
        self._statements = guideline.statements
        self._made: dict[tuple[str, str | None], list[Citation]] = {}

    def cite(self, source: str | None, locator: str | None) -> list[Citation]:
        """Return the citation of a source in a list, an empty list for none."""
        if source is None:
            return Shared()
        found = self._made.get((source, locator))
        if found is None:
            found = self._made[source, locator] = Shared([self._citation(source, locator)])
        return found

    def of_statements(self, names: Iterable[str], more: Iterable[Citation] = ()) -> list[Citation]:
        """Return the citations of statements and *more*, each source and place once."""
        found: dict[tuple[str, str | None], Citation] = {}
        for name in names:
            statement = self._statements[name]
            for citation in self.cite(statement.source, statement.locator):
                found.setdefault((citation.source, citation.locator), citation)
        for citation in more:
            found.setdefault((citation.source, citation.locator), citation)
        return Shared(found.values())

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
