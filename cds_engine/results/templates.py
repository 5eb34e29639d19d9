"""Templates to HTML: the one place that loads Jinja2; every text is escaped, a missing value is an error, no blank."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cds_engine.diagnostics import CdsError

if TYPE_CHECKING:
    import jinja2


class NotInstalledError(CdsError):
    """The pages need Jinja2, which the extras `review` and `batch` install."""


def environment(package: str) -> jinja2.Environment:
    """Return an environment for the templates in the folder `templates` of a *package*.

    Raises:
        NotInstalledError: If Jinja2 is not installed.
    """
    try:
        import jinja2  # noqa: PLC0415 - an optional extra
    except ImportError:
        raise NotInstalledError("pages need Jinja2; install it with `pip install 'cds_engine[review]'`") from None
    return jinja2.Environment(
        loader=jinja2.PackageLoader(package, "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
