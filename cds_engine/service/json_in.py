"""The body of a request as data: strict JSON, within the limits, nothing passed over in silence."""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

from cds_engine.service.refusals import malformed, too_large

_MAY_BE_HALF = re.compile(rb"\\u[dD][89a-fA-F]")


class _TwiceError(ValueError):
    """A key stands twice in one mapping."""


def read_json(raw: bytes, most_depth: int) -> dict[str, Any]:
    """Return the mapping that a body holds.

    Raises:
        Refusal: If it is no JSON mapping, names a key twice, is nested too deeply, or holds what is no number or no
            character.
    """
    if not raw.strip():
        raise malformed("the body is empty; send a JSON mapping")
    try:
        data = json.loads(raw.decode("utf-8"), object_pairs_hook=_mapping, parse_constant=_no_number)
    except UnicodeDecodeError:
        raise malformed("the body is not UTF-8 text") from None
    except RecursionError:
        raise too_large(f"the body is nested more than {most_depth} deep") from None
    except json.JSONDecodeError as error:
        raise malformed(f"the body is not JSON: see line {error.lineno}, column {error.colno}") from None
    except _TwiceError:
        raise malformed("a key stands twice in one mapping of the body; keep one of them") from None
    except ValueError:  # a number that the interpreter refuses to read, or `NaN`
        raise malformed("a number of the body is none: thousands of digits, `NaN` or infinite") from None
    if not isinstance(data, dict):
        raise malformed("the body must be a JSON mapping")
    _refuse_depth(data, most_depth)
    if _MAY_BE_HALF.search(raw):
        _refuse_half_characters(data)
    return data


def _mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _TwiceError
    return found


def _no_number(_: str) -> NoReturn:
    raise ValueError


def _refuse_depth(data: object, most: int) -> None:
    """Go through the data level by level."""
    level: list[object] = [data]
    for _ in range(most):
        level = [
            child
            for one in level
            if isinstance(one, dict | list)
            for child in (one.values() if isinstance(one, dict) else one)
        ]
        if not level:
            return
    raise too_large(f"the body is nested more than {most} deep")


def _refuse_half_characters(data: object) -> None:
    try:
        json.dumps(data, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise malformed("a text of the body holds half a character (a lone `\\ud800` to `\\udfff`)") from None
