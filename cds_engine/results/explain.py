"""Verdicts in words a clinician reads: "because eGFR is 28 mL/min/1.73 m² (below 30)"."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Literal, assert_never

from cds_engine.evaluator.conditions import decide, value_of
from cds_engine.evaluator.facts import Facts
from cds_engine.evaluator.verdict import Unknown, Verdict
from cds_engine.language.syntax import Comparator
from cds_engine.lowering import core as c
from cds_engine.lowering.guideline import Guideline
from cds_engine.lowering.walk import names_in
from cds_engine.patient.values import CodeSet, Known, Value
from cds_engine.results.models import FactUsed, ShownValue, Trace
from cds_engine.results.terms import OF_ORDER, RELATION, SIGN, Terms, amount, filled, said
from cds_engine.results.wording import either, listed
from cds_engine.units import exact


class Explainer:
    """Puts the verdicts on one patient into words."""

    def __init__(self, guideline: Guideline, facts: Facts, terms: Terms) -> None:
        self._guideline = guideline
        self._facts = facts
        self._terms = terms
        self._traces: dict[int, tuple[Verdict, Trace]] = {}
        """By the `id` of a verdict, which stands beside its explanation to stay alive."""
        self._resting_on: dict[int, tuple[Trace, dict[str, FactUsed]]] = {}
        self._used: dict[str, FactUsed] = {}

    def because(self, verdict: Verdict) -> Trace:
        """Return the tree of reasons; its top lists every fact that it rests on."""
        trace = self.trace(verdict)
        return trace.with_facts(list(self._facts_in(trace).values()))

    def _facts_in(self, trace: Trace) -> dict[str, FactUsed]:
        """Return the facts of a tree of reasons by name; of parts that stand in several trees once."""
        found = self._resting_on.get(id(trace))
        if found is None:
            used = {fact.name: fact for fact in trace.facts}
            for part in trace.parts:
                used |= self._facts_in(part)
            found = self._resting_on[id(trace)] = trace, used
        return found[1]

    def trace(self, verdict: Verdict) -> Trace:
        """Return one node of the tree with the parts that decided it; a verdict that rules share is put once."""
        found = self._traces.get(id(verdict))
        if found is None:
            found = self._traces[id(verdict)] = verdict, self._trace(verdict)
        return found[1]

    def _trace(self, verdict: Verdict) -> Trace:
        node = verdict.node
        match node:
            case c.Not():
                return self._part(node.operand).with_truth(_truth(verdict.truth))
            case c.And() | c.Or():
                return self._joined(verdict.truth, node)
            case c.Defined():
                return self._defined(verdict.truth, node)
            case c.Choose():
                chosen = self._part(node.condition)
                return Trace.made(text=chosen.text, truth=_truth(verdict.truth), parts=[chosen])
            case c.Constant():
                return Trace.made(text="always" if verdict.truth else "never", truth=_truth(verdict.truth))
            case c.Compare() | c.Fact() | c.OneOf() | c.Holds() | c.IsUnknown():
                facts = [self.used(name) for name in self._names(node) if not name.endswith(".usable")]
                value = facts[0].value if facts else None
                return Trace.made(text=self._leaf(verdict), truth=_truth(verdict.truth), value=value, facts=facts)
            case _:
                assert_never(node)

    def _part(self, node: c.Condition) -> Trace:
        return self.trace(decide(node, self._facts))

    def _joined(self, truth: bool | None, node: c.And | c.Or) -> Trace:  # noqa: FBT001 - a truth value
        """Say the parts that decided: of a false `and` the false ones, of a true `or` the true ones."""
        verdicts = [decide(part, self._facts) for part in node.parts]
        decisive = [part for part in verdicts if part.truth is truth] or verdicts
        parts = [self.trace(part) for part in decisive if not _is_said_by_another(part, decisive)]
        texts = list(dict.fromkeys(part.text for part in parts))
        join = " or " if isinstance(node, c.Or) and truth is not True else " and "
        return Trace.made(text=join.join(texts), truth=_truth(truth), parts=parts)

    def _defined(self, truth: bool | None, node: c.Defined) -> Trace:  # noqa: FBT001 - a truth value
        says = self._guideline.pack.definitions.definitions[node.name].says
        inner = self._part(node.condition)
        match truth:
            case True:
                text = says
            case False:
                text = f"it does not hold that {says} ({inner.text})"
            case _:
                text = f"it is not known whether {says} ({inner.text})"
        return Trace.made(text=text, truth=_truth(truth), parts=[inner])

    # Leaves

    def _leaf(self, verdict: Verdict) -> str:
        node = verdict.node
        match node:
            case c.Compare():
                return self._comparison(verdict.truth, node)
            case c.Fact(name) if name.endswith(".usable"):
                return self.label(name)
            case c.Fact(name):
                return f"{self.label(name)}: {_answer(verdict.truth)}"
            case c.OneOf(term, codes):
                label = self._term(term)
                value = value_of(term, self._facts)
                if isinstance(value, Unknown):
                    return f"{label} is not known"
                word = self._terms.code if isinstance(term, c.Fact) and term.name in OF_ORDER else said
                extra = "" if verdict.truth else f" (not {either([word(code) for code in codes])})"
                return f"{label} is {word(str(value))}{extra}"
            case c.Holds(name, codes):
                label = self.label(name)
                members = either([self._terms.code(code) for code in self._found(name, codes)])
                is_in = f"{label} is taken {members}" if "." in name else f"{members} is among {label}"
                match verdict.truth:
                    case True:
                        return is_in
                    case False:
                        return is_in.replace(" is ", " is not ", 1)
                    case _:
                        return f"it is not known whether {is_in}"
            case c.IsUnknown(operand):
                label = self._operand(operand)
                return f"{label} is not known" if verdict.truth else f"{label} is known"
            case _:
                return ""

    def _found(self, name: str, codes: tuple[str, ...]) -> Iterable[str]:
        """Return those of *codes* that a set holds; all of them if it holds none."""
        value = self._facts.look_up(name)
        members = value.members if isinstance(value, CodeSet) else frozenset()
        return [code for code in codes if code in members] or codes

    def _comparison(self, truth: bool | None, node: c.Compare) -> str:  # noqa: FBT001 - a truth value
        left, right = value_of(node.left, self._facts), value_of(node.right, self._facts)
        label = self._term(node.left)
        bound = self._term(node.right)
        if not isinstance(node.right, c.Constant) and not isinstance(right, Unknown):
            bound = f"{bound}, {self._value(node.right, right)}"
        relation = f"{RELATION[node.comparator]} {bound}"
        if truth is None:
            return self._not_known(node)
        if isinstance(left, Unknown):
            return f"{label} is not known"
        if node.comparator in {Comparator.EQUAL, Comparator.NOT_EQUAL} and not isinstance(left, float):
            same = (node.comparator is Comparator.EQUAL) == truth
            return f"{label} is {said(left)}" + ("" if same else f" (not {said(right)})")
        return f"{label} is {self._value(node.left, left)} ({'' if truth else 'not '}{relation})"

    def _not_known(self, node: c.Compare) -> str:
        labels = [self.label(name) for name in self._names(node) if isinstance(self._facts.look_up(name), Unknown)]
        return f"{listed(labels) or 'a value'} {'are' if len(labels) > 1 else 'is'} not known"

    # Words

    def _names(self, node: c.CoreNode) -> tuple[str, ...]:
        """Return the facts that a node names, in the order written."""
        found = self._guideline.names.get(id(node))
        return names_in(node) if found is None else found

    def label(self, name: str) -> str:
        """Return a fact as a person says it, properties included."""
        return self._terms.label(name)

    def described(self, name: str, value: Value) -> str:
        """Return a fact with a value, in words: `body surface area 0.9615 m²`."""
        return f"{self.label(name)} {amount(value, self.unit(name)) if isinstance(value, float) else said(value)}"

    def used(self, name: str) -> FactUsed:
        """Return a fact with its value, date and origin."""
        found = self._used.get(name)
        if found is None:
            found = self._used[name] = self._as_used(name)
        return found

    def _as_used(self, name: str) -> FactUsed:
        known = self._facts.known.get(name)
        value = self._facts.look_up(name)
        return FactUsed.made(
            name=name,
            label=self.label(name),
            value=None if isinstance(value, Unknown) else shown(value),
            unit=self.unit(name),
            date=known.date if isinstance(known, Known) else None,
            origin="unknown" if isinstance(value, Unknown) or known is None else known.origin.value,
        )

    def unit(self, name: str) -> str | None:
        """Return the UCUM unit of a fact or property, None for one without."""
        return self._terms.unit(name)

    def filled(self, text: str) -> str:
        """Put the values of facts into a text: `{current_medications.methotrexate.weekly_amount}`."""
        return filled(text, self._filling)

    def _filling(self, name: str) -> str:
        value = self._facts.look_up(name)
        if not isinstance(value, Unknown):
            return self._value(c.Fact(name), value)
        return "an amount that cannot be computed" if name.endswith("_amount") else "a value that is not known"

    def _term(self, term: c.Term | c.Condition) -> str:
        match term:
            case c.Fact(name):
                return self.label(name)
            case c.Constant(value, unit):
                return amount(value, unit) if isinstance(value, float) else said(value)
            case c.Calculate(operator, left, right):
                return f"{self._term(left)} {SIGN[operator]} {self._term(right)}"
            case c.Elapsed(unit, start, end):
                return f"{unit} from {self._term(start)} to {self._term(end)}"
            case c.Choose(_, yes, no):
                return f"{self._term(yes)} or {self._term(no)}"
            case _:
                return self._operand(term)

    def _operand(self, operand: c.Condition | c.Term) -> str:
        names = list(dict.fromkeys(self._names(operand)))
        return listed([self.label(name) for name in names]) or "this"

    def _value(self, term: c.Term | c.Condition, value: Value | Unknown) -> str:
        if isinstance(value, float):
            units = [self.unit(name) for name in self._names(term)]
            return amount(value, next((u for u in units if u), None))
        return said(value)


def shown(value: Value) -> ShownValue:
    """Return a value as JSON holds it."""
    match value:
        case CodeSet(members):
            return sorted(members)
        case bool() | str():
            return value
        case float():
            return exact(value)
        case date():
            return value.isoformat()


def _truth(truth: bool | None) -> Literal["true", "false", "unknown"]:  # noqa: FBT001 - a truth value
    return "unknown" if truth is None else "true" if truth else "false"


def _answer(truth: bool | None) -> str:  # noqa: FBT001 - a truth value
    return "not known" if truth is None else "yes" if truth else "no"


def _is_said_by_another(part: Verdict, parts: list[Verdict]) -> bool:
    """Say whether *part* adds nothing: that a fact is usable, or "it is known" of what another part states."""
    match part.node:
        case c.Fact(name) if name.endswith(".usable"):
            return part.truth is True
        case c.Not(c.And((c.IsUnknown(operand), *_))):
            stated = [other.node.operand if isinstance(other.node, c.Not) else other.node for other in parts]
            return any(node is operand for node in stated)
        case _:
            return False
