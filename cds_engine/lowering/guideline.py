"""A pack made ready to run: what the evaluator and every backend read instead of YAML.

Everything is resolved: conditions are core nodes, doses are numbers in one unit, facts know their units.
Immutable, and safe to share between threads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from cds_engine.lowering.core import Condition, IsUnknown, Term
from cds_engine.pack.load import Pack
from cds_engine.pack.statements import (
    Alert,
    Caution,
    Contraindication,
    Exclusion,
    Interval,
    Modality,
    Monitoring,
    OrderCheck,
    Product,
    Regimen,
    Rule,
    Statement,
)
from cds_engine.patient.spec import Dictionary

ALERT = "alert "
"""How the keys of alerts begin."""


@dataclass(frozen=True, slots=True)
class Branch:
    """One way to a derived value: when it holds, and what it gives."""

    key: str | None
    """The key of its condition in `Guideline.conditions`; None for a branch that always holds."""
    value: Term | Condition
    formula: str | None = None


@dataclass(frozen=True, slots=True)
class Derivation:
    """How a fact is derived: the first branch that holds gives its value."""

    fact: str
    branches: tuple[Branch, ...]
    always: bool
    reads: frozenset[str]
    """The facts it is computed from, derived ones included."""


@dataclass(frozen=True, slots=True)
class Adjustment:
    """A factor for some patients."""

    key: str
    multiply: float
    note: str
    source: str
    locator: str | None


@dataclass(frozen=True, slots=True)
class DosePlan:
    """A dose in one unit: low and high per unit of the basis, the cap for the same interval."""

    regimen: str
    drug: str
    unit: str
    low: float
    high: float
    rate_unit: str
    basis: str | None
    basis_scale: float
    """What the basis in its canonical unit is multiplied with to stand in the rate's unit."""
    per: Interval
    times_per_day: int | None
    days: tuple[float, float] | None
    cap: float | None
    caps: tuple[tuple[float, str], ...]
    """Every cap as written, amount in `unit` and its interval, for the working."""
    adjustments: tuple[Adjustment, ...]
    product: Product | None
    product_sizes: tuple[float, float, float] | None
    """Smallest, largest (of all units together) and step, in `unit`."""
    written: Regimen
    source: str | None


def times_a_day(plan: DosePlan) -> int | None:
    """Return how many of its doses make a day, None where that is not said."""
    return 1 if plan.per == "day" else plan.times_per_day if plan.per == "dose" else None


@dataclass(frozen=True, slots=True)
class Treatment:
    """One drug or action that a rule recommends."""

    drug: str | None
    action: str | None
    dose: DosePlan | None

    @property
    def target(self) -> str:
        """The drug or action by name."""
        return self.drug or self.action or ""


@dataclass(frozen=True, slots=True)
class RuleSpec:
    """A rule with its statement and treatments."""

    key: str
    rule: Rule
    statement: Statement
    statements: tuple[str, ...]
    """Every statement it speaks for, its own first."""
    modality: Modality
    mode: Literal["one", "one_of", "all_of"]
    treatments: tuple[Treatment, ...]
    order: int
    ask_keys: tuple[str | None, ...]
    exclusions: tuple[tuple[str, Exclusion], ...] = ()
    """Key and exclusion: whom the topic and the statement leave out."""


@dataclass(frozen=True, slots=True)
class Guideline:
    """The whole pack, ready to run."""

    pack: Pack
    dictionary: Dictionary
    positions: Mapping[str, int]
    """Facts in the order of the dictionary."""
    statements: Mapping[str, Statement]
    derivations: tuple[Derivation, ...]
    """In an order in which each rests only on those before it."""
    conflicts: Mapping[str, tuple[str, ...]]
    """Key of the condition to the facts that it makes unknown."""
    conditions: Mapping[str, Condition]
    """Every condition of the pack by the key that all engines know it by."""
    reads: Mapping[str, frozenset[str]]
    """For each condition the facts it rests on, derived ones and their inputs included."""
    names: Mapping[int, tuple[str, ...]]
    """For each node of the conditions, by its `id`, the facts that it names: prepared for explanations."""
    asks_null: Mapping[str, tuple[IsUnknown, ...]]
    """For each condition that asks whether something is unknown, where it asks: it rests on what nobody said."""
    rules: tuple[RuleSpec, ...]
    contraindications: Mapping[str, tuple[tuple[str, Contraindication], ...]]
    """By drug or action: the key and the contraindication."""
    cautions: Mapping[str, tuple[tuple[str, Caution], ...]]
    monitoring: Mapping[str, tuple[tuple[str | None, Monitoring], ...]]
    alerts: tuple[tuple[str, Alert], ...]
    alert_ask_keys: Mapping[str, tuple[str | None, ...]]
    doses: Mapping[str, DosePlan]
    regimens_of: Mapping[str, tuple[DosePlan, ...]]
    """By drug."""
    order_checks: tuple[tuple[str, OrderCheck], ...]
    order_conditions: Mapping[str, Condition]
    """Conditions that are asked once per order, by the key that all engines know them by."""
    order_reads: tuple[frozenset[str], ...]
    """The facts that each of those conditions rests on, derived ones and their inputs included."""
    orders_name: frozenset[str]
    """The facts and properties that those conditions name themselves."""
    in_every_reading: frozenset[str]
    """Keys of the conditions that are decided in every reading of a record: warnings, questions, dose adjustments."""
