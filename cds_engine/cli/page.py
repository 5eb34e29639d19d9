"""Text in paragraphs on a terminal: indents, labels, colours and wrapping; knows nothing of medicine."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import IO

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.panel import Panel
from rich.text import Text

from cds_engine.results.wording import clean

WIDEST = 120
IN_A_PIPE = 100
NARROWEST = 20
Span = tuple[str, str]
"""Words and their style."""


def console_for(file: IO[str] | None = None, width: int | None = None) -> Console:
    """Return a console as wide as is readable; without colour where there is no terminal or `NO_COLOR` is set."""
    console = Console(file=file or sys.stdout, width=width, highlight=False, markup=False, emoji=False)
    if width is None:
        piped = not console.is_terminal and not os.environ.get("COLUMNS")
        console.width = IN_A_PIPE if piped else min(console.width, WIDEST)
    return console


class Page:
    """Writes the lines of a report; every word passes through `clean`."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def blank(self) -> None:
        """Leave a line free."""
        self._line(Text(""))

    def rule(self) -> None:
        """Draw a line between two patients."""
        self._line(Text("─" * self._console.width if self._is_unicode() else "-" * self._console.width, "dim"))

    def heading(self, title: str, style: str = "bold") -> None:
        """Begin a section."""
        self.blank()
        self._line(Text(clean(title), style))

    def paragraph(
        self,
        *spans: Span | str,
        label: str = "",
        label_style: str = "dim",
        indent: int = 2,
        hang: int = 0,
        bullet: str = "",
    ) -> None:
        """Write wrapped words; a *label* stands before them in a column of *hang* characters."""
        body = Text.assemble(*(self._span(span) for span in spans))
        hang = max(hang, len(label) + 1) if label else hang
        first = Text(" " * indent)
        first.append(clean(label).ljust(hang), label_style)
        first.append(bullet)
        width = max(NARROWEST, self._console.width - len(first))
        for index, line in enumerate(body.wrap(self._console, width)):
            self._line((first if index == 0 else Text(" " * len(first))) + line)

    def box(self, lines: Iterable[tuple[Span | str, ...]], style: str, indent: int = 2) -> None:
        """Frame the lines that must catch the eye."""
        body = Text("\n").join(Text.assemble(*(self._span(span) for span in line)) for line in lines)
        panel = Panel(body, box=box.HEAVY, border_style=style, padding=(0, 2), expand=False)
        self._console.print(Padding(panel, (0, 0, 0, indent), expand=False))

    def _line(self, text: Text) -> None:
        text.rstrip()
        self._console.print(text, no_wrap=True, overflow="ignore", crop=False)

    def _is_unicode(self) -> bool:
        return not self._console.options.ascii_only

    @staticmethod
    def _span(span: Span | str) -> Span:
        words, style = span if isinstance(span, tuple) else (span, "")
        return clean(words), style
