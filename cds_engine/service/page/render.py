"""Views to HTML; every text is escaped, a missing value is an error. A door to Jinja2."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

from cds_engine.results import wording
from cds_engine.service.drafts import is_web

HERE = "cds_engine.service.page"
STATIC = {
    "style.css": "text/css; charset=utf-8",
    "page.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}


def render(template: str, **view: Any) -> bytes:
    """Return a page."""
    page: str = _environment().get_template(template).render(view)
    return page.encode("utf-8")


def static(name: str) -> bytes:
    """Return a file that the pages refer to."""
    return files(HERE).joinpath("static", name).read_bytes()


@cache
def _environment() -> Any:
    import jinja2  # noqa: PLC0415 - an extra
    from markupsafe import Markup  # noqa: PLC0415 - comes with Jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader(HERE, "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["w"] = wording
    environment.filters["clean"] = wording.clean
    environment.filters["is_web"] = is_web
    environment.filters["drawn"] = Markup  # our own SVG, whose texts are escaped
    return environment
