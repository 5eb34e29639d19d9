"""Statuses of the rules alone, of peers that are told beforehand what they cannot say themselves.

All of them are told the same, and that time is not counted: derived facts, and as booleans whether a list holds
something, whether something is unknown, and comparisons of two facts.
"""

from __future__ import annotations

from collections.abc import Collection

from by_hand import status
from sides import Words, side

from cds_engine.batch.columns import Columns
from cds_engine.batch.sample import facts_of
from cds_engine.evaluator.conditions import decide
from cds_engine.evaluator.derive import derive
from cds_engine.evaluator.facts import Facts
from cds_engine.lowering import core as c
from cds_engine.lowering.guideline import Guideline, RuleSpec, Treatment
from cds_engine.patient.read import read_facts

Row = dict[str, object]
"""What a peer is told of a patient: the value of each fact, derived ones too, and what was computed beforehand."""
Truths = dict[str, bool | None]
Against = list[tuple[str, bool]]


class Prepared:
    """The conditions of a pack that its statuses rest on, and what of them is a boolean computed beforehand."""

    def __init__(self, guideline: Guideline, columns: Columns, beyond: Collection[str] = ()) -> None:
        self.guideline = guideline
        self._beyond = beyond
        """Definitions that the peer cannot hold."""
        self._columns = columns
        self._names: dict[c.CoreNode, str] = {}
        keys: dict[str, None] = {}
        for spec in guideline.rules:
            keys[spec.key] = None
            for treatment in spec.treatments:
                keys |= {key: None for key, _ in guideline.contraindications.get(treatment.target, ())}
                keys |= {a.key: None for a in (treatment.dose.adjustments if treatment.dose else ())}
        self.conditions = {key: guideline.conditions[key] for key in keys}
        self.rules = {spec.rule.id.replace("-", "_"): spec for spec in guideline.rules}
        self.against: dict[str, Against] = {
            target: [(key, rule.if_unknown == "hold") for key, rule in rules]
            for target, rules in guideline.contraindications.items()
        }
        """By drug or action, the conditions that speak against it, and whether an unknown one holds it back."""

    def told(self, node: c.CoreNode) -> str | None:
        """Return the name of the boolean that stands for a condition, if it is computed for the peers."""
        return self._names.setdefault(node, f"told_{len(self._names)}") if self._is_beforehand(node) else None

    def _is_beforehand(self, node: c.CoreNode) -> bool:
        match node:
            case c.Compare(_, c.Fact(name), c.Constant()) | c.Fact(name):
                return "." in name
            case c.Compare() | c.Holds() | c.IsUnknown():
                return True
            case _:
                return isinstance(node, c.Defined) and node.name in self._beyond

    @property
    def types(self) -> dict[str, str]:
        """By name, everything that a peer is told: `boolean`, `code` or a kind of number."""
        facts = {name: spec.entry.type for name, spec in self.guideline.dictionary.facts.items()}
        return facts | dict.fromkeys(self._names.values(), "boolean")

    def row(self, row: dict, as_of: object) -> Row:
        """Return what a peer is told of the patient in a row of the table."""
        given = facts_of(row, self._columns, (), self.guideline.dictionary.medications)
        record = read_facts(given, self.guideline.dictionary, as_of)
        facts = derive(self.guideline, record.facts, as_of).facts
        told = {node_name: decide(node, facts).truth for node, node_name in self._names.items()}
        return {name: _value(name, facts) for name in self.guideline.dictionary.facts} | told


def _value(name: str, facts: Facts) -> object:
    value = facts.value(name)
    return value if isinstance(value, bool | float | str) else None


def sides(prepared: Prepared, words: Words) -> dict[str, object]:
    """Return both sides of every condition, by names that are identifiers: `yes_3`, `no_3`."""
    return {
        f"{name}_{index}": side(node, wanted, words, prepared.told)
        for index, node in enumerate(prepared.conditions.values())
        for name, wanted in (("yes", True), ("no", False))
    }


def statuses(prepared: Prepared, row: Row, holds: set[str]) -> dict[str, str]:
    """Return the status of each rule from the sides that hold."""
    return statuses_by(
        prepared,
        row,
        {
            key: True if f"yes_{index}" in holds else False if f"no_{index}" in holds else None
            for index, key in enumerate(prepared.conditions)
        },
    )


def statuses_by(prepared: Prepared, row: Row, truths: Truths) -> dict[str, str]:
    """Return the status of each rule from the truth of every condition; the row says whether a dose can be computed."""
    found = {}
    for rule, spec in prepared.rules.items():
        when = truths[spec.key]
        each = [] if when is False else [_status_of(prepared, one, when, row, truths) for one in spec.treatments]
        found[rule] = "not_applicable" if when is False else each[0] if len(each) == 1 else _together(spec, each)
    return found


def _status_of(prepared: Prepared, treatment: Treatment, when: bool | None, row: Row, truths: Truths) -> str:
    blocked, dose = _blocked(prepared.against.get(treatment.target, ()), truths), treatment.dose
    known = dose is None or (
        (dose.basis is None or row[dose.basis] is not None)
        and all(truths[adjustment.key] is not None for adjustment in dose.adjustments)
    )
    return status(when, blocked, known)


def _blocked(against: Against, truths: Truths) -> bool | None:
    blocked: bool | None = False
    for key, holds_back in against:
        if truths[key]:
            return True
        if holds_back and truths[key] is None:
            blocked = None
    return blocked


def _together(spec: RuleSpec, each: list[str]) -> str:
    """Return the status of a rule that applies: of a choice the best of its treatments, else the worst."""
    best_first = ("recommended", "needs_data", "blocked")
    return (min if spec.mode == "one_of" else max)(each, key=best_first.index)
