"""Groups of patients in words: what is true of every one of them and not of all the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from cds_engine.backends.smt.answer import SymbolicAnswer
from cds_engine.backends.smt.logic import Formula, Model, both, holds, opposite, some
from cds_engine.backends.smt.record import rational
from cds_engine.backends.smt.values import Code, Flag, Number
from cds_engine.language.printer import number
from cds_engine.lowering import core as c
from cds_engine.lowering.guideline import DosePlan
from cds_engine.lowering.walk import nodes
from cds_engine.patient.values import Value
from cds_engine.proof.twice import Twice
from cds_engine.proof.way import Way
from cds_engine.units import display

Finds = Callable[..., tuple[bool | None, Model | None]]
"""Says whether a patient may show all of the goals it is given, with one who does."""
Claim = tuple[str, str, object]
"""A fact, what is said of it (`known`, `above`, `never`, ...), and the number or code of which it is said."""
LOWER, UPPER = ("above", "from"), ("below", "up to")
"""What is said of numbers, the stricter first."""


@dataclass(slots=True)
class Cuts:
    """The facts that matter to a change, each with the numbers at which something changes."""

    at: dict[str, set[float]] = field(default_factory=dict)

    def add(self, name: str, *numbers: float) -> None:
        """Note a fact and numbers of it."""
        self.at.setdefault(name, set()).update(numbers)


def cuts_of(
    conditions: Iterable[c.Term | c.Condition], plans: Iterable[DosePlan], named: Mapping[str, c.Condition]
) -> Cuts:
    """Return the facts of the changed conditions and doses, with their thresholds; adjustments are *named*."""
    found = Cuts()
    for condition in conditions:
        for node in nodes(condition):
            match node:
                case c.Compare(_, c.Fact(name), c.Constant(float() as value)):
                    found.add(name, value)
                case c.Compare(_, c.Constant(float() as value), c.Fact(name)):
                    found.add(name, value)
                case c.Fact(name) if "." not in name and name != "as_of":
                    found.add(name)
    for plan in plans:
        if plan.basis is not None:
            rates = [rate * plan.basis_scale for rate in (plan.low, plan.high) if rate]
            found.add(plan.basis, *([plan.cap / rate for rate in rates] if plan.cap is not None else []))
        for adjustment in plan.adjustments:
            for name, numbers in cuts_of([named[adjustment.key]], (), named).at.items():
                found.add(name, *numbers)
    return found


class Describer:
    """Finds what a group of patients has in common.

    Everything that may be said is tried at once: whoever shows that some of it is not true of all strikes that out,
    until nobody shows any more.
    """

    def __init__(self, answer: SymbolicAnswer, cuts: Cuts, finds: Finds) -> None:
        self._guideline = answer.guideline
        self._finds = finds
        names = sorted(cuts.at.keys() & answer.record.facts.keys(), key=lambda n: self._guideline.positions.get(n, 0))
        self._numbers = {name: sorted(cuts.at[name]) for name in names}
        self._claims = {
            (name, *claim): truth for name in names for claim, truth in _claims(answer, name, self._numbers[name])
        }
        self._of_everybody: dict[int, set[Claim]] = {}
        """Of each group that others were told from, what is true of all of it."""

    def whom(self, way: Way, known: Sequence[Twice], met: Model | None = None) -> tuple[str, ...] | None:
        """Return what is true of everybody who is answered otherwise, but not of everybody among whom he is.

        None where it was not found out. What is not true of somebody *known*, or of one whom Z3 *met* before, is not
        asked.
        """
        claims = self._possible(filter(way.shows, known))
        if met is not None:
            claims = {claim for claim in claims if holds(met, self._claims[claim]) is not False}
        own = self._true_of_all(way.goal, claims)
        if own is None:
            return None
        group = way.among.get_id()
        if group not in self._of_everybody:
            usual = self._true_of_all(way.among, self._possible(filter(way.is_among, known)))
            if usual is None:
                return None
            self._of_everybody[group] = usual
        new = own - self._of_everybody[group]
        return tuple(words for name in self._numbers if (words := self._words(name, own, new)))

    def _possible(self, known: Iterable[Twice]) -> set[Claim]:
        """Return the claims that are true of all of these patients, as the old version reads them."""
        claims = set(self._claims)
        for met in known:
            facts = met.before.worlds.certain.facts
            claims = {(name, kind, at) for name, kind, at in claims if _is_true(kind, at, facts.value(name))}
        return claims

    def _true_of_all(self, group: Formula, claims: set[Claim]) -> set[Claim] | None:
        """Return those of *claims* that are true of a whole group, None where it was not found out."""
        while claims:
            found, model = self._finds(group, some(opposite(self._claims[claim]) for claim in sorted(claims, key=str)))
            if found is False:
                return claims
            left = claims if model is None else {one for one in claims if holds(model, self._claims[one]) is True}
            if left == claims:
                return None
            claims = left
        return claims

    def _words(self, name: str, own: set[Claim], new: set[Claim]) -> str:
        label = self._guideline.dictionary.facts[name].entry.label
        said = {(kind, value) for fact, kind, value in new if fact == name}
        for kind, words in (("unknown", "not known"), ("yes", "yes"), ("no", "no")):
            if (kind, None) in said:
                return f"{label} {words}"
        ruled_out = {value for fact, kind, value in own if fact == name and kind == "never"}
        if any(kind == "never" for kind, _ in said):
            codes = [value for fact, kind, value in self._claims if fact == name and kind == "never"]
            return f"{label} {' or '.join(str(code) for code in codes if code not in ruled_out)}"
        limits = [
            next((f"{kind} {self._shown(name, at)}" for at in numbers for kind in kinds if (kind, at) in said), "")
            for kinds, numbers in ((LOWER, reversed(self._numbers[name])), (UPPER, self._numbers[name]))
        ]
        if any(limits):
            return f"{label} {' and '.join(filter(None, limits))}"
        return f"{label} known" if ("known", None) in said else ""

    def _shown(self, name: str, at: float) -> str:
        unit = self._guideline.dictionary.facts[name].unit
        return f"{number(float(f'{at:.6g}'))} {display(unit) if unit else ''}".rstrip()


def _is_true(kind: str, at: object, value: Value | None) -> bool:
    """Say whether a claim is true of a value, None where it is not known."""
    if value is None or kind in {"unknown", "known"}:
        return (value is None) is (kind == "unknown")
    if isinstance(value, float) and isinstance(at, float):
        return {"above": value > at, "from": value >= at, "below": value < at, "up to": value <= at}[kind]
    return value != at if kind == "never" else value is (kind == "yes")


def _claims(
    answer: SymbolicAnswer, name: str, numbers: Iterable[float]
) -> Iterator[tuple[tuple[str, object], Formula]]:
    """List what may be said of one fact, each with its formula."""
    value = answer.certain.value(name)
    yield ("unknown", None), opposite(value.known)
    yield ("known", None), value.known
    match value.payload:
        case Number(amount):
            for at in numbers:
                end = rational(at)
                yield ("above", at), both(value.known, amount > end)
                yield ("from", at), both(value.known, amount >= end)
                yield ("below", at), both(value.known, amount < end)
                yield ("up to", at), both(value.known, amount <= end)
        case Flag(flag):
            yield ("yes", None), both(value.known, flag)
            yield ("no", None), both(value.known, opposite(flag))
        case Code(each):
            for code, truth in each.items():
                yield ("never", code), both(value.known, opposite(truth))
        case _:
            return
