"""Numbers and days: the nearest value, as round as it can be, at which something becomes true."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby

Holds = Callable[[float], bool]
DIGITS = range(3, 7)
"""How many significant digits are tried, the fewest first."""
CLOSE = 1e-4
"""Two values that differ by a smaller share are not told apart further."""
STEPS = 12
"""Into how many parts a range is cut where nothing else says where to look."""


def looked_at(low: float, high: float, thresholds: Iterable[float], *, whole: bool = False) -> list[float]:
    """Return the values of a range that are tried: its ends, its thresholds with both sides, and some between.

    >>> looked_at(0.0, 12.0, [5.0], whole=True)
    [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0]
    """
    found = {low, high, *(_between(low, high, share / STEPS) for share in range(1, STEPS))}
    for threshold in thresholds:
        found |= {threshold, *(threshold + side * _step(threshold, whole=whole) for side in (-1, 1))}
    return sorted({round(value) * 1.0 if whole else value for value in found if low <= value <= high})


def nearest(now: float, points: Sequence[float], holds: Holds, *, whole: bool = False) -> list[float]:
    """Return the nearest value below and the nearest above *now* for which it holds, the nearer first."""
    found = []
    for side in (sorted((p for p in points if p < now), reverse=True), sorted(p for p in points if p > now)):
        fails = now
        for point in side:
            if holds(point):
                found.append(_closest(fails, point, holds, whole=whole))
                break
            fails = point
    return sorted(found, key=lambda value: abs(value - now))


def typical(points: Sequence[float], holds: Holds, cuts: Iterable[float] = (), *, whole: bool = False) -> list[float]:
    """Return a round value of each stretch of points for which it holds, the widest stretch first.

    Stretches are divided at the *cuts*: on the two sides of one a value may mean something else.
    """
    sides = [(is_so, sum(point >= cut for cut in cuts)) for point in points for is_so in (holds(point),)]
    stretches = [
        [point for _, point in group]
        for (is_so, _), group in groupby(zip(sides, points, strict=True), lambda pair: pair[0])
        if is_so
    ]
    by_factors = _is_wide(points[0], points[-1])
    wide = sorted(stretches, key=lambda s: s[0] / s[-1] if by_factors else s[0] - s[-1])
    return [_middle(stretch, holds, by_factors=by_factors, whole=whole) for stretch in wide]


def _middle(stretch: list[float], holds: Holds, *, by_factors: bool, whole: bool) -> float:
    low, high = stretch[0], stretch[-1]
    middle = math.sqrt(low * high) if by_factors else (low + high) / 2
    rounded = [float(round(middle))] if whole else [_rounded(middle, digits, math.floor) for digits in (2, *DIGITS)]
    fitting = (r for r in rounded if low <= r <= high and holds(r))
    return next(fitting, stretch[len(stretch) // 2])


def _closest(fails: float, holding: float, holds: Holds, *, whole: bool) -> float:
    """Return the value closest to *fails* for which it still holds, with as few digits as keep it on its side."""
    outer = holding
    while abs(holding - fails) > (1 if whole else CLOSE * max(abs(holding), abs(fails))):
        middle = float(round((fails + holding) / 2)) if whole else (fails + holding) / 2
        if middle in {fails, holding}:
            break
        if holds(middle):
            holding = middle
        else:
            fails = middle
    low, high = sorted((fails, outer))
    towards = (math.floor, math.ceil) if fails < outer else (math.ceil, math.floor)
    rounded = (_rounded(holding, digits, how) for digits in DIGITS for how in towards)
    return next((r for r in rounded if low <= r <= high and r != fails and holds(r)), holding)


def _rounded(value: float, digits: int, how: Callable[[float], int]) -> float:
    """Round to significant digits, down or up.

    >>> _rounded(0.04562, 2, math.floor), _rounded(1234.0, 2, math.ceil)
    (0.045, 1300.0)
    """
    if value == 0:
        return 0.0
    places = digits - 1 - math.floor(math.log10(abs(value)))
    return float(how(round(value * 10.0**places, 9)) / 10.0**places)


def _between(low: float, high: float, share: float) -> float:
    value = low * (high / low) ** share if _is_wide(low, high) else low + (high - low) * share
    return float(f"{value:.3g}")


def _is_wide(low: float, high: float) -> bool:
    """Say whether a range of positive numbers is so wide that its parts are told apart by factors."""
    return low > 0 and high / low > STEPS


def _step(threshold: float, *, whole: bool) -> float:
    """Return how far beside a threshold its other side is looked at: one unit of its third digit."""
    if whole or threshold == 0:
        return 1.0
    return float(10.0 ** (math.floor(math.log10(abs(threshold))) - 2))
