"""Where things stand in a file: offsets to lines and columns, words of a value to their place in the raw text."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass

from cds_engine.diagnostics import Span

_PROPERTIES = re.compile(r"(?:[&!]\S*\s+)+")
"""The anchor and the tag before a YAML value."""


class Source:
    """The text of one file, able to turn offsets into spans."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text
        self.lines = text.splitlines()
        self._starts = [0]
        for line in text.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))

    def span(self, start: int, end: int) -> Span:
        """Return the span from offset *start* to *end*, cut at the end of the first line."""
        line = max(0, min(bisect_right(self._starts, start) - 1, len(self.lines) - 1))
        text = self.lines[line] if self.lines else ""
        column = min(start - self._starts[line], len(text)) + 1
        stop = min(max(end - self._starts[line] + 1, column + 1), len(text) + 1)
        return Span(self.name, line + 1, column, stop, text)


@dataclass(frozen=True, slots=True)
class Place:
    """Where one YAML value stands, and for a scalar the raw text it was read from."""

    source: Source
    start: int
    end: int
    style: str = ""
    """How a scalar is written: `'` or `"` quoted, `|` or `>` as a block, plain where empty."""

    @property
    def span(self) -> Span:
        """The first line of the value."""
        return self.source.span(self.start, self.end)

    def locator(self, value: str) -> Callable[[int, int], Span]:
        """Return the function that finds `value[begin:end]`, a stretch of this scalar's text, in the file.

        Folding, quoting and indentation change only white space and quotes, so the characters of
        *value* stand in the raw text in the same order.
        """
        offsets: list[int] = []
        offset = self._content()
        for char in value:
            found = offset if char.isspace() else self.source.text.find(char, offset, self.end)
            if found < 0:
                return lambda _begin, _end: self.span
            offsets.append(found)
            offset = found if char.isspace() else found + 1
        offsets.append(offset)

        def locate(begin: int, end: int) -> Span:
            last = offsets[max(begin, end - 1)] if end <= len(value) else offsets[-1]
            return self.source.span(offsets[min(begin, len(value))], last + 1)

        return locate

    def _content(self) -> int:
        """Return the offset at which the text itself begins."""
        if self.style in {"|", ">"}:
            return self.source.text.find("\n", self.start) + 1  # the header line holds no content
        properties = _PROPERTIES.match(self.source.text, self.start, self.end)
        return (properties.end() if properties else self.start) + len(self.style)
