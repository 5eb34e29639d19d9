"""The one rounding rule of comparisons, which every engine follows: thresholds behave as written."""

from __future__ import annotations

from functools import lru_cache


@lru_cache(maxsize=8192)  # one patient's few numbers meet many thresholds
def exact(number: float) -> float:
    """Round half-even to 15 significant digits: what a comparison sees of *number*.

    Every input and derived value passes here before it is compared or sent to another engine, so that a
    creatinine converted from umol/L lands on the threshold that it equals on paper. Doses are computed
    from unrounded values and pass here only where they meet a cap.

    >>> exact(0.1 + 0.2) == 0.3
    True
    """
    return float(f"{number:.14e}")
