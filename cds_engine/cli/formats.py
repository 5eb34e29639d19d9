"""How a command may write what it found."""

from __future__ import annotations

from enum import StrEnum


class Format(StrEnum):
    """How answers are written."""

    TEXT = "text"
    JSON = "json"
    HTML = "html"


class ListFormat(StrEnum):
    """How findings and facts are written."""

    TEXT = "text"
    JSON = "json"
