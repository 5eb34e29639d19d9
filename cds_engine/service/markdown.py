"""Words as GitHub Markdown, in which nothing that a record says can become a link, a picture or markup."""

from __future__ import annotations

import re
from collections.abc import Iterable

from cds_engine.results.wording import clean
from cds_engine.service.responses import MOST_CHARACTERS

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|!~&@])")
_ADDRESS = re.compile(r"(?i)\b(https?|www|ftp|mailto)([:.])")


def escaped(words: str) -> str:
    r"""Return *words* so that they read as they stand.

    >>> escaped("[a](javascript:b) <b>1 * 2</b>")
    '\\[a\\](javascript:b) \\<b\\>1 \\* 2\\</b\\>'
    """
    return _ADDRESS.sub(r"\1\\\2", _SPECIAL.sub(r"\\\1", clean(words)))


def bold(words: str) -> str:
    """Return *words* in bold."""
    return f"**{escaped(words)}**"


def bullets(items: Iterable[str]) -> str:
    """Return a list of items that are Markdown already."""
    return "\n".join(f"- {item}" for item in items)


def paragraphs(*parts: str) -> str:
    """Join what is not empty."""
    return "\n\n".join(part for part in parts if part)


def shortened(words: str, most: int = MOST_CHARACTERS) -> str:
    """Return *words* on one line of at most *most* characters, cut after a whole word.

    >>> shortened("Start methotrexate once a week.", 20)
    'Start methotrexate …'
    """
    words = " ".join(clean(words).split())
    if len(words) <= most:
        return words
    cut = words[: most - 1]
    end = cut.rfind(" ")
    return cut[: end if end > most // 2 else None].rstrip(" ,;:(") + " …" if end > most // 2 else cut + "…"
