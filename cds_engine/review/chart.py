"""A dose over body size as inline SVG: both ends, the cap, and where it begins to hold."""

from __future__ import annotations

import html
import math
from dataclasses import dataclass

from cds_engine.language.printer import number
from cds_engine.review.dosing import Curve

WIDTH, HEIGHT = 640, 300
LEFT, RIGHT, TOP, BOTTOM = 56, 16, 24, 46
TICKS = 6
NICE = (1, 2, 2.5, 5, 10)


@dataclass(frozen=True, slots=True)
class Axis:
    """What an axis measures."""

    label: str
    unit: str

    def __str__(self) -> str:
        return f"{self.label} ({self.unit})" if self.unit else self.label


@dataclass(frozen=True, slots=True)
class Point:
    """One patient: the size, and both ends of the dose."""

    size: float
    low: float
    high: float


def draw(curve: Curve, across: Axis, up: Axis, title: str, patient: Point | None = None) -> str:
    """Return the chart as an `<svg>` element with its title for those who hear it; colours come from the page."""
    return _Chart(curve, patient).svg(across, up, title)


class _Chart:
    def __init__(self, curve: Curve, patient: Point | None) -> None:
        self._curve = curve
        self._patient = patient
        sizes = [size for size, _, _ in curve.points]
        if patient is not None:
            sizes = sorted([*sizes, patient.size])
        self._from, self._to = sizes[0], sizes[-1]
        highest = max(high for _, _, high in curve.points)
        self._top = max(highest, curve.cap or 0) * 1.12 or 1.0

    def svg(self, across: Axis, up: Axis, title: str) -> str:
        curve, middle = self._curve, (LEFT + WIDTH - RIGHT) / 2
        parts = [
            f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{_text(title)}">',
            f"<title>{_text(title)}</title>",
            *self._grid(),
            f'<polygon class="band" points="{self._band()}"/>',
        ]
        if curve.cap is not None:
            parts += self._cap(curve.cap, up.unit)
        parts += [
            f'<polyline class="low" points="{self._line(1)}"/>',
            f'<polyline class="high" points="{self._line(2)}"/>',
            *(self._turn(size, across.unit) for size in curve.turns),
            *self._own(),
            f'<text class="axis" x="{middle:.0f}" y="{HEIGHT - 8}" text-anchor="middle">{_text(str(across))}</text>',
            f'<text class="axis" x="{LEFT}" y="14" text-anchor="middle">{_text(up.unit)}</text>',
            "</svg>",
        ]
        return "".join(parts)

    def _x(self, size: float) -> float:
        return LEFT + (size - self._from) / (self._to - self._from or 1) * (WIDTH - LEFT - RIGHT)

    def _y(self, amount: float) -> float:
        return HEIGHT - BOTTOM - amount / self._top * (HEIGHT - TOP - BOTTOM)

    def _line(self, which: int) -> str:
        return " ".join(f"{self._x(point[0]):.1f},{self._y(point[which]):.1f}" for point in self._curve.points)

    def _band(self) -> str:
        back = " ".join(f"{self._x(size):.1f},{self._y(low):.1f}" for size, low, _ in reversed(self._curve.points))
        return f"{self._line(2)} {back}"

    def _grid(self) -> list[str]:
        lines = []
        for tick in _ticks(0, self._top):
            y = self._y(tick)
            lines.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
            lines.append(f'<text class="tick" x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{number(tick)}</text>')
        for tick in _ticks(self._from, self._to):
            x = self._x(tick)
            lines.append(f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/>')
            lines.append(
                f'<text class="tick" x="{x:.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{number(tick)}</text>'
            )
        return lines

    def _cap(self, cap: float, unit: str) -> list[str]:
        y = self._y(cap)
        return [
            f'<line class="cap" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>',
            f'<text class="cap" x="{LEFT + 6}" y="{y - 6:.1f}">cap {number(cap)} {_text(unit)}</text>',
        ]

    def _turn(self, size: float, unit: str) -> str:
        x, y = self._x(size), self._y(self._curve.cap or 0)
        said = f"{size:.2f}".rstrip("0").rstrip(".")
        return (
            f'<circle class="turn" cx="{x:.1f}" cy="{y:.1f}" r="4"/>'
            f'<text class="turn" x="{x:.1f}" y="{y + 18:.1f}" text-anchor="middle">{said} {_text(unit)}</text>'
        )

    def _own(self) -> list[str]:
        """Return the patient: a line from end to end at their size."""
        if self._patient is None:
            return []
        x, low, high = self._x(self._patient.size), self._y(self._patient.low), self._y(self._patient.high)
        return [
            f'<line class="own" x1="{x:.1f}" x2="{x:.1f}" y1="{low:.1f}" y2="{high:.1f}"/>',
            *(f'<circle class="own" cx="{x:.1f}" cy="{y:.1f}" r="5"/>' for y in dict.fromkeys((low, high))),
        ]


def _ticks(low: float, high: float) -> list[float]:
    """Return round numbers from *low* to *high*.

    >>> _ticks(0, 44.8)
    [0.0, 10.0, 20.0, 30.0, 40.0]
    """
    rough = (high - low) / TICKS or 1
    scale = 10.0 ** math.floor(math.log10(rough))
    step = next(nice * scale for nice in NICE if nice * scale >= rough)
    first = math.ceil(low / step - 1e-9)
    return [round(count * step, 10) for count in range(first, math.floor(high / step + 1e-9) + 1)]


def _text(words: str) -> str:
    return html.escape(words)
