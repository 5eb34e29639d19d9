"""Whether an invariant can be proved with one other reading of the record, or only for records with none.

The formula knows one of the other readings. In truth there may be several, and each of them can only block more:
what acts in truth acts in the formula, and what is blocked, reasoned or alerted in the formula is so in truth. An
invariant that leans the other way (whenever ..., the drug *is* recommended) is proved for records in which no fact
has two readings.
"""

from __future__ import annotations

from collections.abc import Iterator

from cds_engine.checker.spoken import STATUSES
from cds_engine.language.syntax import Comparator
from cds_engine.lowering import core as c
from cds_engine.lowering.guideline import Guideline
from cds_engine.lowering.walk import nodes
from cds_engine.proof.invariants import Promise

MORE, LESS, FREE = 1, -1, 0
"""What the formula's truth of a name is against the real one: true more often, less often, or the same."""


def needs_one_reading(promise: Promise, guideline: Guideline) -> bool:
    """Say whether the invariant is to be proved for records with one reading only."""
    parts = promise.premise.parts if isinstance(promise.premise, c.And) else (promise.premise,)
    acting = frozenset(
        p.name.removeprefix("acts.") for p in parts if isinstance(p, c.Fact) and p.name.startswith("acts.")
    )
    unusable = frozenset(
        p.name.removeprefix("withheld.") for p in parts if isinstance(p, c.Fact) and p.name.startswith("withheld.")
    )
    claims = promise.claim.parts if isinstance(promise.claim, c.And) else (promise.claim,)
    open_ = [part for part in claims if not _is_asked_for_being_unusable(part, unusable)]
    leans = list(_leans(promise.premise, 1, guideline, None))
    leans += [lean for part in open_ for lean in _leans(part, -1, guideline, acting)]
    return any(lean not in {MORE, FREE} for lean in leans)


def _is_asked_for_being_unusable(part: c.Condition, unusable: frozenset[str]) -> bool:
    """Say whether a part of a claim is that a fact is asked for which the premise says cannot be used: it always is."""
    return isinstance(part, c.Fact) and part.name.startswith("asks.") and part.name.removeprefix("asks.") in unusable


def _leans(node: c.CoreNode, sign: int, guideline: Guideline, guarded: frozenset[str] | None) -> Iterator[int | None]:
    """List how each spoken name in a condition leans; None where it leans both ways.

    A claim about a dose is *guarded* where the premise says that the drug acts or where it stands beside `not acts`:
    then it is not asked for when no dose acts. In a premise, where *guarded* is None, no dose needs to act.
    """
    match node:
        case c.Not(operand):
            yield from _leans(operand, -sign, guideline, guarded)
        case c.And(parts) | c.Or(parts):
            beside = _guards(parts) if isinstance(node, c.Or) else frozenset()
            inner = None if guarded is None else guarded | beside
            for part in parts:
                yield from _leans(part, sign, guideline, inner)
        case c.Defined(_, condition):
            yield from _leans(condition, sign, guideline, guarded)
        case c.Fact(name):
            lean = None if _may_be_unknown(name, guarded) else _of_name(name, guideline)
            yield None if lean is None else lean * sign
        case c.OneOf(c.Fact(name), codes) if name.startswith("status."):
            lean = _of_statuses(frozenset(codes))
            yield None if lean is None else lean * sign
        case c.Compare(Comparator.EQUAL | Comparator.NOT_EQUAL as how, c.Fact(name), c.Constant(code)) if (
            name.startswith("status.")
        ):
            lean = _of_statuses(frozenset({str(code)}))
            turned = sign if how is Comparator.EQUAL else -sign
            yield None if lean is None else lean * turned
        case _:
            named = [n.name for n in nodes(node) if isinstance(n, c.Fact | c.Holds)]
            for name in named:
                is_open = _may_be_unknown(name, guarded)
                yield FREE if _of_name(name, guideline) == FREE and not is_open else None


def _may_be_unknown(name: str, guarded: frozenset[str] | None) -> bool:
    """Say whether a name in a claim speaks of a dose that may act in the formula and not in truth."""
    return guarded is not None and name.startswith("dose.") and name.split(".")[1] not in guarded


def _guards(parts: tuple[c.Condition, ...]) -> frozenset[str]:
    """Return the drugs of which one of the alternatives says that they do not act."""
    names = {p.operand.name for p in parts if isinstance(p, c.Not) and isinstance(p.operand, c.Fact)}
    conjunctions = [p.operand.parts for p in parts if isinstance(p, c.Not) and isinstance(p.operand, c.And)]
    names |= {q.name for found in conjunctions for q in found if isinstance(q, c.Fact)}
    return frozenset(name.removeprefix("acts.") for name in names if name.startswith("acts."))


def _of_name(name: str, guideline: Guideline) -> int | None:
    kind, _, rest = name.partition(".")
    match kind:
        case "acts":
            return MORE if guideline.contraindications.get(rest) or _is_dosed(rest, guideline) else FREE
        case "ready":
            return MORE
        case "reason" | "alert":
            return LESS
        case "dose":
            plans = guideline.regimens_of.get(rest.rpartition(".")[0], ())
            return FREE if len(plans) < 2 else None  # noqa: PLR2004
        case "status" | "chosen" | "waits" | "asks" | "strongest":
            return None
        case _:
            return FREE


def _is_dosed(target: str, guideline: Guideline) -> bool:
    return any(t.dose for spec in guideline.rules for t in spec.treatments if t.target == target)


def _of_statuses(codes: frozenset[str]) -> int | None:
    """A rule is recommended more often in the formula, blocked less often, and equally often not applicable."""
    others = codes - {"not_applicable"}
    rest = frozenset(STATUSES) - codes - {"not_applicable"}
    if not others or not rest:
        return FREE
    if "recommended" in others and "blocked" not in others:
        return MORE
    if "blocked" in others and "recommended" not in others:
        return LESS
    return None
