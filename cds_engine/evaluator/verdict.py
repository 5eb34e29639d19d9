"""What a condition comes to for one patient: true, false or unknown, and the way there."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from cds_engine.lowering.core import Condition
from cds_engine.patient.values import Value

NOTHING: frozenset[str] = frozenset()


class Unknown(NamedTuple):
    """A value that is not known, with the facts that would settle it."""

    missing: frozenset[str] = NOTHING


class Verdict(NamedTuple):
    """The truth of a condition by Kleene's strong logic, its parts, and what is missing where it is unknown.

    `missing` is empty unless `truth` is None.
    """

    truth: bool | None
    node: Condition
    missing: frozenset[str] = NOTHING
    parts: tuple[Verdict, ...] = ()
    values: tuple[Value | Unknown, ...] = ()
    """The operands of a comparison, as compared."""


def negate(truth: bool | None) -> bool | None:  # noqa: FBT001 - a truth value
    """Kleene `not`."""
    return None if truth is None else not truth


def conjunction(truths: Collection[bool | None]) -> bool | None:
    """Kleene `and`: one false decides, whatever else is missing.

    >>> conjunction((None, False)), conjunction((None, True)), conjunction(())
    (False, None, True)
    """
    if False in truths:
        return False
    return None if None in truths else True


def disjunction(truths: Collection[bool | None]) -> bool | None:
    """Kleene `or`: one true decides.

    >>> disjunction((None, True)), disjunction((None, False)), disjunction(())
    (True, None, False)
    """
    if True in truths:
        return True
    return None if None in truths else False
