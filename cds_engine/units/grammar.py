"""The words of a UCUM expression; the one place that meets lark and ucumvert's grammar, loaded when used."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from threading import Lock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_LONGEST = 200
_LARGEST_POWER = 99
_ONE_PARSE_AT_A_TIME = Lock()


@dataclass(frozen=True, slots=True)
class Part:
    """One factor of a unit, such as the `dL` of `mg/dL`."""

    atom: str
    """A UCUM unit without its prefix, or "" for a number or for an annotation that stands alone."""
    power: int
    prefix: str = ""
    number: int = 1
    note: str = ""
    """The annotation, with its braces."""


@cache
def _grammar() -> Any:
    from ucumvert import get_ucum_parser  # noqa: PLC0415 - loaded when used

    return get_ucum_parser()


@lru_cache(maxsize=512)
def _tree(text: str) -> Any | None:
    from lark.exceptions import LarkError  # noqa: PLC0415 - loaded when used

    if len(text) > _LONGEST:
        return None
    try:
        with _ONE_PARSE_AT_A_TIME:
            tree = _grammar().parse(text)
    except LarkError:
        return None
    return None if any(_is_power_of_a_number(node) for node in tree.find_data("annotatable")) else tree


def _is_power_of_a_number(node: Any) -> bool:
    """Return whether *node* is like `10+3`, which ucumvert's grammar admits and UCUM does not."""
    return bool(node.children[0].children[0].type == "FACTOR")


def is_ucum(text: str) -> bool:
    """Return whether *text* is valid UCUM as it stands, without any alias.

    >>> is_ucum("mg/dL"), is_ucum("mcg")
    (True, False)
    """
    return _tree(text) is not None


def parts(text: str) -> tuple[Part, ...] | None:
    """Return the factors of *text* from left to right, or None when it is no UCUM."""
    tree = _tree(text)
    return None if tree is None else tuple(_walk(tree, 1))


def is_too_large(found: tuple[Part, ...]) -> bool:
    """Return whether a power is beyond anything that is measured, and would cost hours to compute."""
    return any(abs(part.power) > _LARGEST_POWER for part in found)


def _walk(node: Any, sign: int) -> Iterator[Part]:
    kind = getattr(node, "type", None) or str(node.data)
    if kind == "ANNOTATION":
        yield Part("", sign, note=str(node))
        return
    words = [str(child) for child in node.children]
    match kind, node.children:
        case "simple_unit", [_]:
            yield _simple(words[0], node.children[0].type, sign)
        case "simple_unit", [_, _]:
            yield Part(words[1], sign, prefix=words[0])
        case "annotatable", [base, _]:
            (part,) = _walk(base, sign)
            yield Part(part.atom, part.power * int(words[1]), part.prefix, part.number)
        case "component", [base, _]:
            yield from _annotated(tuple(_walk(base, sign)), words[1], sign)
        case "main_term", [_, divisor]:
            yield from _walk(divisor, -sign)
        case "main_term", [only]:
            yield from _walk(only, sign)
        case "term", [left, operator, right]:
            yield from _walk(left, sign)
            yield from _walk(right, -sign if str(operator) == "/" else sign)
        case _:
            raise AssertionError(f"the grammar of UCUM has a node {kind} that is not read")


def _simple(word: str, kind: str, sign: int) -> Part:
    return Part("", sign, number=int(word)) if kind == "FACTOR" else Part(word, sign)


def _annotated(found: tuple[Part, ...], note: str, sign: int) -> Iterator[Part]:
    """Hang the note on a single unit; beside a bracket or another note it stands alone."""
    match found:
        case [Part(note="") as part] if part.atom:
            yield Part(part.atom, part.power, part.prefix, part.number, note)
        case _:
            yield from found
            yield Part("", sign, note=note)
