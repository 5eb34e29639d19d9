"""Sources as a reviewer needs them to look something up."""

from __future__ import annotations

from cds_engine.lowering.guideline import Guideline
from cds_engine.results import wording as w
from cds_engine.review.sections import SourceLine


def source_line(guideline: Guideline, name: str, locator: str | None, tag: str | None = None) -> SourceLine:
    """Return a citation; its verification is *tag* where the citing sentence has one of its own."""
    source = guideline.pack.sources.sources[name]
    return SourceLine(
        id=name,
        label=source.label,
        citation=source.citation,
        locator=locator,
        url=source.url or (f"https://doi.org/{source.doi}" if source.doi else None),
        verified=w.tag_words(tag or source.tag),
        is_verified=w.is_verified(tag or source.tag),
        is_unresolved=source.kind == "unresolved",
    )
