"""Pages to HTML: filters for what the templates show, and the documents that come of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from difflib import SequenceMatcher
from importlib.resources import files

from cds_engine.results.templates import environment
from cds_engine.review.pages import Site, StatementPage
from cds_engine.review.sections import GROUPS

TEMPLATES = "cds_engine.review"
NAME = re.compile(r"\b[a-z0-9]+(?:[_-][a-z0-9]+)+\b")
"""A word as a program writes it: `pregnancy_status`, `mtx-label-2023`."""


class Renderer:
    """Turns pages into HTML documents that need nothing from outside.

    Raises:
        NotInstalledError: If Jinja2 is not installed.
    """

    def __init__(self, site: Site) -> None:
        self._environment = environment(TEMPLATES)
        self._environment.filters["short"] = _short
        self._environment.filters["linked"] = _linker(site)
        self._environment.filters["differing"] = _differing
        self._shared = {
            "site": site,
            "style": files(TEMPLATES).joinpath("templates/style.css").read_text(encoding="utf-8"),
            "groups": GROUPS,
            "pages": {page.id: page for page in site.statements},
        }

    def page(self, file: str) -> str:
        """Return a page of the whole pack; its template is called as its file."""
        return self._environment.get_template(file).render(self._shared)

    def statement(self, page: StatementPage) -> str:
        """Return the page of one statement."""
        return self._environment.get_template("statement.html").render({**self._shared, "page": page})


def _linker(site: Site) -> Callable[[str], str]:
    """Return the filter for notes: ids of statements become links, names of facts and sources what people call them."""
    from markupsafe import Markup, escape  # noqa: PLC0415 - comes with Jinja2

    pages = {page.id: page for page in site.statements}
    ids = re.compile(rf"\b(?:{'|'.join(map(re.escape, sorted(pages, key=len, reverse=True)))})\b")

    def linked(text: str) -> str:
        text = NAME.sub(lambda name: site.labels.get(name[0], name[0].replace("_", " ")), text)
        pieces, end = [], 0
        for found in ids.finditer(text):
            page = pages[found[0]]
            pieces += [escape(text[end : found.start()])]
            pieces += [Markup('<a href="{}" title="{}">{}</a>').format(page.file, page.says, page.id)]
            end = found.end()
        return Markup("").join([*pieces, escape(text[end:])])

    return linked


def _differing(texts: tuple[str, str]) -> tuple[str, str]:
    """Return two texts, escaped, with the words marked that only one of them has."""
    from markupsafe import Markup, escape  # noqa: PLC0415 - comes with Jinja2

    before, now = (text.split() for text in texts)
    gone, came = [], []
    for what, first, last, begin, end in SequenceMatcher(None, before, now, autojunk=False).get_opcodes():
        old, new = escape(" ".join(before[first:last])), escape(" ".join(now[begin:end]))
        gone.append(old if what == "equal" or not old else Markup("<del>{}</del>").format(old))
        came.append(new if what == "equal" or not new else Markup("<ins>{}</ins>").format(new))
    return Markup(" ").join(gone), Markup(" ").join(came)


def _short(value: float) -> str:
    """Return a number without zeros behind the point.

    >>> _short(2.0), _short(0.35), _short(2.6666666666)
    ('2', '0.35', '2.667')
    """
    return f"{value:.3f}".rstrip("0").rstrip(".")
