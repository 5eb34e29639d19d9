"""The dose of a regimen in sentences, and for a range of patients, computed by the evaluator itself.

The rows cover the plausible range of what the dose is multiplied with, and stand where something changes: at the size
at which each end reaches its cap.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cds_engine.evaluator.doses import ComputedDose, compute_dose, displayed
from cds_engine.evaluator.facts import Facts
from cds_engine.evaluator.verdict import Verdict
from cds_engine.language.printer import number
from cds_engine.lowering.core import Constant
from cds_engine.lowering.guideline import DosePlan, Guideline
from cds_engine.patient.values import Known
from cds_engine.results.wording import counted
from cds_engine.review.english import English
from cds_engine.units import display, exact

STEPS = (0.05, 0.1, 0.2, 0.25, 0.5, 1, 2, 2.5, 5, 10, 20, 25, 50, 100)
"""Distances between the rows of a grid, in the unit of the basis; the first that gives few enough rows is taken."""
MOST_ROWS = 16
ALL_SIZES = 61
"""So many points of a chart."""


@dataclass(frozen=True, slots=True)
class Cell:
    """The dose at one size, as an answer would show it."""

    low: float
    high: float
    low_capped: bool
    high_capped: bool
    products: tuple[float, ...]
    no_product_fits: bool


@dataclass(frozen=True, slots=True)
class Column:
    """One way the dose is adjusted: the note of the adjustment, None for none."""

    note: str | None


@dataclass(frozen=True, slots=True)
class Row:
    """One size with a cell for each column; `turns` says what changes exactly there."""

    basis: float
    cells: tuple[Cell, ...]
    turns: str | None = None


@dataclass(frozen=True, slots=True)
class Curve:
    """Both ends over the sizes, unadjusted, and the cap."""

    points: tuple[tuple[float, float, float], ...]
    """Size, lower end, upper end."""
    cap: float | None
    turns: tuple[float, ...]
    """Sizes at which an end reaches the cap."""


@dataclass(frozen=True, slots=True)
class Grid:
    """The doses of one regimen."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    curve: Curve | None


def in_sentences(guideline: Guideline, english: English, plan: DosePlan) -> Iterator[str]:
    """List the sentences of a dose: range, limits, adjustments."""
    facts, unit = guideline.dictionary.facts, display(plan.unit)
    ends = number(plan.low) if plan.low == plan.high else f"{number(plan.low)} to {number(plan.high)}"
    times = f" × {facts[plan.basis].entry.label}" if plan.basis else ""  # noqa: RUF001 - a multiplication sign
    often = f", {counted(plan.times_per_day, 'time')} a day" if plan.times_per_day and plan.per == "dose" else ""
    parts = f", in {plan.times_per_day} parts" if plan.times_per_day and plan.per == "day" else ""
    days = " to ".join(dict.fromkeys(number(day) for day in plan.days or ()))
    over = f", over {days} {'day' if days == '1' else 'days'}" if days else ""
    yield f"{ends} {display(plan.rate_unit)}{times}, per {plan.per.upper()}{often}{parts}{over}."
    yield from (f"Never more than {number(amount)} {unit} per {per}." for amount, per in plan.caps)
    if not plan.caps:
        yield "The pack knows no maximum."
    for adjustment in plan.adjustments:
        condition = english.sentence(guideline.conditions[adjustment.key])
        source = guideline.pack.sources.sources[adjustment.source].label
        place = f"{source}, {adjustment.locator}" if adjustment.locator else source
        yield (
            f"Then × {number(adjustment.multiply)} when {condition} ({adjustment.note}; {place}). "  # noqa: RUF001
            "While that is not known, no dose is shown."
        )


def grid_of(guideline: Guideline, plan: DosePlan) -> Grid:
    """Return the grid of a regimen; one row and no curve for a dose that does not depend on size."""
    columns = (None, *range(len(plan.adjustments)))
    heads = tuple(Column(None if index is None else plan.adjustments[index].note) for index in columns)
    if plan.basis is None:
        return Grid(heads, (Row(0.0, tuple(_cell(plan, None, index) for index in columns)),), None)
    plausible = guideline.dictionary.facts[plan.basis].plausible
    if plausible is None:
        return Grid(heads, (), None)
    turns = _turns(plan, plausible)
    shown = _reach(plausible, turns)
    rows = [
        Row(basis, tuple(_cell(plan, basis, index) for index in columns), turns.get(basis))
        for basis in sorted({*_steps(shown), *turns})
    ]
    return Grid(heads, tuple(rows), _curve(plan, shown, sorted(turns)))


def _turns(plan: DosePlan, plausible: tuple[float, float]) -> dict[float, str]:
    """Return the sizes at which an end reaches the cap, and what is said of each."""
    if plan.cap is None:
        return {}
    found: dict[float, str] = {}
    for rate, words in ((plan.high, "the upper end reaches the cap"), (plan.low, "both ends are at the cap")):
        size = exact(plan.cap / (rate * plan.basis_scale)) if rate else None
        if size is not None and plausible[0] <= size <= plausible[1]:
            found[size] = words
    return found


def _reach(plausible: tuple[float, float], turns: dict[float, str]) -> tuple[float, float]:
    """Return the sizes worth showing: all plausible ones, or half as far again as the last change."""
    last = max(turns, default=None)
    return plausible if last is None else (plausible[0], min(plausible[1], last * 1.5))


def _steps(shown: tuple[float, float]) -> Sequence[float]:
    low, high = shown
    step = next((step for step in STEPS if (high - low) / step < MOST_ROWS), STEPS[-1])
    first = int(low / step) + 1
    return [low, *(exact(count * step) for count in range(first, int(high / step) + 1)), exact(high)]


def _curve(plan: DosePlan, shown: tuple[float, float], turns: list[float]) -> Curve:
    low, high = shown
    sizes = sorted({*(low + (high - low) * index / (ALL_SIZES - 1) for index in range(ALL_SIZES)), *turns})
    points = []
    for size in sizes:
        dose = _dose(plan, size, None)
        points.append((size, dose.low.final, dose.high.final))
    return Curve(tuple(points), plan.cap, tuple(turns))


def _cell(plan: DosePlan, basis: float | None, adjusted: int | None) -> Cell:
    dose = _dose(plan, basis, adjusted)
    options = dose.product_options
    return Cell(
        low=displayed(dose.low.final, plan.cap),
        high=displayed(dose.high.final, plan.cap),
        low_capped=dose.low_capped,
        high_capped=dose.high_capped,
        products=options,
        no_product_fits=plan.product is not None and not options,
    )


def _dose(plan: DosePlan, basis: float | None, adjusted: int | None) -> ComputedDose:
    known = {} if plan.basis is None or basis is None else {plan.basis: Known(basis)}
    verdicts = {
        adjustment.key: Verdict(index == adjusted, Constant(index == adjusted))
        for index, adjustment in enumerate(plan.adjustments)
    }
    dose = compute_dose(plan, Facts(known, {}, None), verdicts)
    assert isinstance(dose, ComputedDose)  # noqa: S101 - nothing of it is unknown here
    return dose
