"""What every model of a pack file shares: strict keys, immutability, and the places of its values."""

from __future__ import annotations

import re
from dataclasses import dataclass
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
from cds_engine.pack.reading import Mapping, Sequence

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
"""Prose for people; never empty."""

Identifier = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_.-]*$", max_length=80)]
"""The name of something declared in a pack."""

ConditionText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=8000)]
"""An expression of the condition language."""


class PackModel(BaseModel):
    """A frozen piece of a pack that knows where each of its fields was written."""

    model_config = ConfigDict(extra="forbid", frozen=True)

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

    def span_of(self, *path: str | int) -> Span | None:
        """Return the span of a field, or of the whole piece when the field was not written."""
        found = self.place(*path)
        return found.span if found else self.span


_NUMBER = r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?"
_AMOUNT = re.compile(rf"^\s*({_NUMBER})\s*(\S.*?)?\s*$")
_RANGE = re.compile(rf"^\s*({_NUMBER})(?:\s+to\s+({_NUMBER}))?\s*(\S.*?)?\s*$")


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
        found = _AMOUNT.match(written) if isinstance(written, str) else None
        if not found:
            raise ValueError(f"`{written}` is not a number with its unit, such as `40 mg`")
        return cls(float(found[1]), found[2] or "")


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
        found = _RANGE.match(written) if isinstance(written, str) else None
        if not found:
            raise ValueError(f"`{written}` is not a range such as `15 to 20 mg/m2`")
        low = float(found[1])
        high = float(found[2]) if found[2] else low
        if high < low:
            raise ValueError(f"the range `{written}` ends below its beginning")
        return cls(low, high, found[3] or "")


AmountText = Annotated[
    Amount, BeforeValidator(Amount.parse), WithJsonSchema({"type": ["string", "number"], "examples": ["40 mg"]})
]
RangeText = Annotated[
    AmountRange,
    BeforeValidator(AmountRange.parse),
    WithJsonSchema({"type": ["string", "number"], "examples": ["15 to 20 mg/m2"]}),
]
