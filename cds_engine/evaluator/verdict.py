"""What a condition comes to for one patient: true, false or unknown, and the way there."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import NamedTuple

from cds_engine.lowering.core import Condition

NOTHING: frozenset[str] = frozenset()


class Unknown(NamedTuple):
    """A value that is not known, with the facts that would settle it."""

    missing: frozenset[str] = NOTHING


@dataclass(slots=True, eq=False)
class Verdict:
    """The truth of a condition by Kleene's strong logic, and what is missing where it is unknown.

    `missing` is empty unless `truth` is None. Never changed once made.
    """

    truth: bool | None
    node: Condition
    missing: frozenset[str] = NOTHING


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
