"""The only door to orjson, which reads a large Bundle much faster than the standard library; it may be missing."""

from __future__ import annotations

import json


def parse(raw: bytes) -> object:
    """Return the data of a JSON text.

    Raises:
        ValueError: If it is no JSON.
    """
    try:
        import orjson  # noqa: PLC0415 - an extra, loaded when used
    except ImportError:
        return json.loads(raw)
    return orjson.loads(raw)
