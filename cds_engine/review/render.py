"""Pages to HTML: the only module that knows Jinja2. Every text is escaped; a missing value is an error, not a blank."""

from __future__ import annotations

from importlib.resources import files

from cds_engine.diagnostics import CdsError
from cds_engine.review.pages import GROUPS, Site, StatementPage

TEMPLATES = "cds_engine.review"


class NotInstalledError(CdsError):
    """The pages need Jinja2, which the extra `review` installs."""


class Renderer:
    """Turns pages into HTML documents that need nothing from outside.

    Raises:
        NotInstalledError: If Jinja2 is not installed.
    """

    def __init__(self, site: Site) -> None:
        try:
            import jinja2  # noqa: PLC0415 - an optional extra
        except ImportError:
            raise NotInstalledError(
                "the review pages need Jinja2; install it with `pip install 'cds_engine[review]'`"
            ) from None
        environment = jinja2.Environment(
            loader=jinja2.PackageLoader(TEMPLATES, "templates"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.filters["short"] = _short
        self._environment = environment
        self._shared = {
            "site": site,
            "style": files(TEMPLATES).joinpath("templates/style.css").read_text(encoding="utf-8"),
            "groups": GROUPS,
            "pages": {page.id: page for page in site.statements},
        }

    def index(self) -> str:
        """Return the index of all statements."""
        return self._environment.get_template("index.html").render(self._shared)

    def statement(self, page: StatementPage) -> str:
        """Return the page of one statement."""
        return self._environment.get_template("statement.html").render({**self._shared, "page": page})


def _short(value: float) -> str:
    """Return a number without zeros behind the point.

    >>> _short(2.0), _short(0.35), _short(2.6666666666)
    ('2', '0.35', '2.667')
    """
    return f"{value:.3f}".rstrip("0").rstrip(".")
