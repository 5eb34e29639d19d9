"""What every model of a pack file shares: strict keys, immutability, and the places of its values."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    ModelWrapValidatorHandler,
    PrivateAttr,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)

from cds_engine.diagnostics import Span
from cds_engine.pack.places import Place
from cds_engine.pack.reading import Mapping, Sequence, at

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
"""Prose for people; never empty."""

Identifier = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_.-]*$", max_length=80)]
"""The name of something declared in a pack."""

ConditionText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=8000)]
"""An expression of the condition language."""


def _day(written: object) -> object:
    if isinstance(written, str) and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", written.strip()):
        raise ValueError(f"`{_shown(written)}` is not a day of the calendar\nwrite it as `2026-11-21`")
    return written


Day = Annotated[date, BeforeValidator(_day)]
"""A day of the calendar; never a number of seconds."""


class PackModel(BaseModel):
    """A frozen piece of a pack that knows where each of its fields was written."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    _data: Mapping | None = PrivateAttr(default=None)

    @model_validator(mode="wrap")
    @classmethod
    def _keep_places(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        model = handler(data)
        if isinstance(data, Mapping):
            model._data = data  # noqa: SLF001 - a private attribute of our own
        return model

    @property
    def span(self) -> Span | None:
        """Where this piece begins."""
        return self._data.place.span if self._data is not None else None

    def place(self, *path: str | int) -> Place | None:
        """Return the place of a field, or of an item in it: `rule.place("drugs", 0)`."""
        data: object = self._data
        found = None
        for step in path:
            if isinstance(data, Mapping) and isinstance(step, str) and step in data:
                found, data = data.values_at[step], data[step]
            elif isinstance(data, Sequence) and isinstance(step, int) and step < len(data):
                found, data = data.items_at[step], data[step]
            else:
                return None
        return found

    def span_of_key(self, *path: str) -> Span | None:
        """Return the span of the key itself: `file.span_of_key("facts", "weight")`."""
        key_span, _ = at(self._data, path)
        return key_span

    def span_in(self, text: str, begin: int, end: int, *path: str | int) -> Span | None:
        """Return the span of `text[begin:end]`, a stretch of the text that stands at *path*."""
        found = self.place(*path)
        return found.locator(text)(begin, end) if found else self.span

    def span_of(self, *path: str | int) -> Span | None:
        """Return the span of a field, or of the whole piece when the field was not written."""
        found = self.place(*path)
        return found.span if found else self.span


_NUMBER = r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?"
_AMOUNT = re.compile(rf"^\s*({_NUMBER})\s*(\S.*?)?\s*$")
_RANGE = re.compile(rf"^\s*({_NUMBER})(?:\s+to\s+({_NUMBER}))?\s*(\S.*?)?\s*$")
_AGAIN = re.compile(r"[-\u2013,.]|to\b|\d+(?:\.\d+)?(?:\s|[A-Za-z%]|$)")
_LONGEST = 80


def _match(pattern: re.Pattern[str], written: object) -> re.Match[str] | None:
    return pattern.match(written) if isinstance(written, str) and len(written) <= _LONGEST else None


def _is_number_again(unit: str | None) -> bool:
    """Say whether what follows the number is rather a part of it: `15-20 mg`, `1,5 mg`, `15 20 mg`."""
    return bool(unit and _AGAIN.match(unit))


def _meant_range(written: object) -> str:
    """Return the range that was probably meant, by a dash for `to` and a comma for a point."""
    text = re.sub(r"(?<=\d)\s*[-\u2013]\s*(?=\d)", " to ", _shown(written)).replace(",", ".")
    return text if _match(_RANGE, text) and text != written else "15 to 20 mg/m2"


def _finite(number: str) -> float:
    value = float(number)
    if not math.isfinite(value):
        raise ValueError(f"`{_shown(number)}` is too large a number\nlook at its digits and its exponent")
    return value


def _shown(written: object) -> str:
    text = " ".join(str(written).split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."


@dataclass(frozen=True, slots=True)
class Amount:
    """A number with its unit as written: `40 mg`, `10 %`, `90 d`; `unit` is empty for a plain number."""

    value: float
    unit: str

    @classmethod
    def parse(cls, written: object) -> Amount:
        """Read `40 mg`.

        >>> Amount.parse("2.5 mg")
        Amount(value=2.5, unit='mg')
        """
        if isinstance(written, Amount):
            return written
        found = _match(_AMOUNT, written)
        if not found or _is_number_again(found[2]):
            raise ValueError(f"`{_shown(written)}` is not a number with its unit\nwrite it as `2.5 mg`")
        return cls(_finite(found[1]), found[2] or "")


@dataclass(frozen=True, slots=True)
class AmountRange:
    """Two ends and their unit: `15 to 20 mg/m2`, or `600 mg/m2` where both ends are equal."""

    low: float
    high: float
    unit: str

    @classmethod
    def parse(cls, written: object) -> AmountRange:
        """Read `15 to 20 mg/m2`.

        >>> AmountRange.parse("15 to 20 mg/m2")
        AmountRange(low=15.0, high=20.0, unit='mg/m2')
        """
        if isinstance(written, AmountRange):
            return written
        found = _match(_RANGE, written)
        if not found or _is_number_again(found[3]):
            raise ValueError(f"`{_shown(written)}` is not a range\nwrite it as `{_meant_range(written)}`")
        low = _finite(found[1])
        high = _finite(found[2]) if found[2] else low
        if high < low:
            raise ValueError(f"the range `{_shown(written)}` ends below its beginning\nthe lower end stands first")
        return cls(low, high, found[3] or "")


AmountText = Annotated[
    Amount, BeforeValidator(Amount.parse), WithJsonSchema({"type": ["string", "number"], "examples": ["40 mg"]})
]
RangeText = Annotated[
    AmountRange,
    BeforeValidator(AmountRange.parse),
    WithJsonSchema({"type": ["string", "number"], "examples": ["15 to 20 mg/m2"]}),
]
