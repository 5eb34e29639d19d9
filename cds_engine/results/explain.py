"""Verdicts in words a clinician reads: "because eGFR is 28 mL/min/1.73 m² (below 30)"."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Literal, assert_never

from cds_engine.evaluator.facts import Facts
from cds_engine.evaluator.verdict import Unknown, Verdict
from cds_engine.language.printer import number
from cds_engine.language.syntax import Comparator, Operator
from cds_engine.lowering import core as c
from cds_engine.lowering.guideline import Guideline
from cds_engine.lowering.walk import names_in
from cds_engine.patient.values import CodeSet, Known, Value
from cds_engine.results.models import FactUsed, ShownValue, Trace
from cds_engine.units import display, exact

Wording = Literal["clinician", "patient"]

RELATION = {
    Comparator.EQUAL: "equal to",
    Comparator.NOT_EQUAL: "different from",
    Comparator.LESS: "below",
    Comparator.AT_MOST: "at most",
    Comparator.GREATER: "above",
    Comparator.AT_LEAST: "at least",
}
SIGN = {
    Operator.ADD: "+",
    Operator.SUBTRACT: "−",  # noqa: RUF001 - a minus sign
    Operator.MULTIPLY: "×",  # noqa: RUF001 - a multiplication sign
    Operator.DIVIDE: "/",
    Operator.POWER: "^",
}
SHOWN_DIGITS = 4
LONGEST = 12
INTERVAL_WORDS = {
    "day": "daily",
    "several_times_a_week": "several times a week",
    "week": "once a week",
    "two_weeks": "every two weeks",
    "month": "monthly",
    "as_needed": "as needed",
}


OF_ORDER = {
    "order": "how often it is given",
    "order.per": "how often it is given",
    "order.dose": "its dose",
    "order.route": "its route",
    "order.weekly_amount": "its amount a week",
    "order.drug": "the medicine ordered",
}
"""What an order says, in words."""


class Explainer:
    """Puts the verdicts on one patient into words."""

    def __init__(self, guideline: Guideline, facts: Facts, wording: Wording = "clinician") -> None:
        self._guideline = guideline
        self._facts = facts
        self._wording = wording
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
                return self.trace(verdict.parts[0]).with_truth(_word(verdict.truth))
            case c.And() | c.Or():
                return self._joined(verdict, " and " if isinstance(node, c.And) else " or ")
            case c.Defined(name):
                return self._defined(verdict, name)
            case c.Choose():
                parts = [self.trace(part) for part in verdict.parts]
                text = "; ".join(part.text for part in parts)
                return Trace.made(text=text, truth=_word(verdict.truth), value=None, facts=[], parts=parts)
            case c.Constant():
                return Trace.made(
                    text="always" if verdict.truth else "never",
                    truth=_word(verdict.truth),
                    value=None,
                    facts=[],
                    parts=[],
                )
            case c.Compare() | c.Fact() | c.OneOf() | c.Holds() | c.IsUnknown():
                facts = [self.used(name) for name in self._names(node) if not name.endswith(".usable")]
                return Trace.made(
                    text=self._leaf(verdict),
                    truth=_word(verdict.truth),
                    value=facts[0].value if facts else None,
                    facts=facts,
                    parts=[],
                )
            case _:
                assert_never(node)

    def _joined(self, verdict: Verdict, word: str) -> Trace:
        """Say the parts that decided: of a false `and` the false ones, of a true `or` the true ones."""
        decisive = [part for part in verdict.parts if part.truth == verdict.truth] or list(verdict.parts)
        decisive = [part for part in decisive if not _is_said_by_another(part, decisive)]
        parts = [self.trace(part) for part in decisive]
        texts = list(dict.fromkeys(part.text for part in parts))
        join = word if (verdict.truth is True) == isinstance(verdict.node, c.And) else " and "
        if verdict.truth is True and isinstance(verdict.node, c.Or):
            join = " and "
        return Trace.made(text=join.join(texts), truth=_word(verdict.truth), value=None, facts=[], parts=parts)

    def _defined(self, verdict: Verdict, name: str) -> Trace:
        says = self._guideline.pack.definitions.definitions[name].says
        inner = self.trace(verdict.parts[0])
        match verdict.truth:
            case True:
                text = says
            case False:
                text = f"it does not hold that {says} ({inner.text})"
            case _:
                text = f"it is not known whether {says} ({inner.text})"
        return Trace.made(text=text, truth=_word(verdict.truth), value=None, facts=[], parts=[inner])

    # Leaves

    def _leaf(self, verdict: Verdict) -> str:
        node = verdict.node
        match node:
            case c.Compare():
                return self._comparison(verdict, node)
            case c.Fact(name) if name.endswith(".usable"):
                return self.label(name)
            case c.Fact(name):
                return f"{self.label(name)}: {_said(verdict.truth)}"
            case c.OneOf(term, codes):
                label = self._term(term)
                value = verdict.values[0]
                if isinstance(value, Unknown):
                    return f"{label} is not known"
                said = self._code if isinstance(term, c.Fact) and term.name in OF_ORDER else _words
                extra = "" if verdict.truth else f" (not {_either([said(code) for code in codes])})"
                return f"{label} is {said(str(value))}{extra}"
            case c.Holds(name, codes):
                label = self.label(name)
                listed = _either([self._code(code) for code in self._found(verdict, codes)])
                is_in = f"{label} is taken {listed}" if "." in name else f"{listed} is among {label}"
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

    def _found(self, verdict: Verdict, codes: tuple[str, ...]) -> Iterable[str]:
        value = verdict.values[0]
        if verdict.truth and isinstance(value, CodeSet):
            return [code for code in codes if code in value.members]
        return codes

    def _comparison(self, verdict: Verdict, node: c.Compare) -> str:
        left, right = verdict.values
        label = self._term(node.left)
        bound = self._term(node.right)
        if not isinstance(node.right, c.Constant) and not isinstance(right, Unknown):
            bound = f"{bound}, {self._value(node.right, right)}"
        relation = f"{RELATION[node.comparator]} {bound}"
        if verdict.truth is None:
            return self._not_known(node)
        if isinstance(left, Unknown):
            return f"{label} is not known"
        if node.comparator in {Comparator.EQUAL, Comparator.NOT_EQUAL} and not isinstance(left, float):
            same = (node.comparator is Comparator.EQUAL) == verdict.truth
            return f"{label} is {_words(left)}" + ("" if same else f" (not {_words(right)})")
        return f"{label} is {self._value(node.left, left)} ({'' if verdict.truth else 'not '}{relation})"

    def _not_known(self, node: c.Compare) -> str:
        labels = [self.label(name) for name in self._names(node) if isinstance(self._facts.look_up(name), Unknown)]
        return f"{_listed(labels) or 'a value'} {'are' if len(labels) > 1 else 'is'} not known"

    # Words

    def _names(self, node: c.CoreNode) -> tuple[str, ...]:
        """Return the facts that a node names, in the order written."""
        found = self._guideline.names.get(id(node))
        return names_in(node) if found is None else found

    def label(self, name: str) -> str:
        """Return a fact as a person says it, properties included."""
        base, _, prop = name.partition(".")
        spec = self._guideline.dictionary.facts.get(base)
        if spec is not None and not prop:
            return (spec.entry.patient_label if self._wording == "patient" else None) or spec.entry.label
        if spec is None:
            return "the date of this answer" if base == "as_of" else OF_ORDER.get(name, name)
        patient = spec.entry.patient_label if self._wording == "patient" else None
        label = patient or spec.entry.label
        match prop.split("."):
            case ["usable"]:
                return f"{label} was given but cannot be used"
            case ["range", end]:
                return f"{'upper' if end == 'high' else 'lower'} limit of the laboratory for {label}"
            case ["reported", "unit"]:
                return f"the unit that {label} was reported in"
            case ["reported", "value"]:
                return f"{label} as reported"
            case [drug, "weekly_amount"]:
                return f"{self._code(drug)} a week"
            case [drug, "per"]:
                return f"the listed {self._code(drug)}"
            case [drug, "route"]:
                return f"the route of {self._code(drug)}"
            case _:
                return name

    def described(self, name: str, value: Value) -> str:
        """Return a fact with a value, in words: `body surface area 0.9615 m²`."""
        unit = self.unit(name)
        return f"{self.label(name)} {self._amount(value, unit) if isinstance(value, float) else _words(value)}"

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
        base, _, prop = name.partition(".")
        if prop.endswith("weekly_amount"):
            return "mg/wk"
        spec = self._guideline.dictionary.facts.get(base)
        return spec.unit if spec is not None and prop in {"", "range.low", "range.high"} else None

    def filled(self, text: str) -> str:
        """Put the values of facts into a text: `{current_medications.methotrexate.weekly_amount}`."""
        if "{" not in text:
            return text
        pieces = text.split("{")
        found = [pieces[0]]
        for piece in pieces[1:]:
            name, _, rest = piece.partition("}")
            value = self._facts.look_up(name)
            words = "an amount that cannot be computed" if name.endswith("_amount") else "a value that is not known"
            found.append((words if isinstance(value, Unknown) else self._value(c.Fact(name), value)) + rest)
        return "".join(found)

    def _code(self, code: str) -> str:
        drug = self._guideline.pack.drugs.drugs.get(code)
        return drug.label if drug is not None else INTERVAL_WORDS.get(code, _words(code))

    def _term(self, term: c.Term | c.Condition) -> str:
        match term:
            case c.Fact(name):
                return self.label(name)
            case c.Constant(value, unit):
                return self._amount(value, unit) if isinstance(value, float) else _words(value)
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
        return _listed([self.label(name) for name in names]) or "this"

    def _value(self, term: c.Term | c.Condition, value: Value | Unknown) -> str:
        if isinstance(value, float):
            units = [self.unit(name) for name in self._names(term)]
            return self._amount(value, next((u for u in units if u), None))
        return _words(value)

    def _amount(self, value: float, unit: str | None) -> str:
        return f"{brief(value)} {display(unit) if unit else ''}".rstrip()


def brief(value: float) -> str:
    """Return a number for people: exact when short, else rounded, but never onto a whole number that it is not.

    >>> brief(0.9614803), brief(132.16), brief(30.0), brief(29.999999), brief(146.0368), brief(12345.678)
    ('0.9615', '132.16', '30', '29.999999', '146.04', '12345.68')
    """
    whole = exact(value)
    text = number(whole)
    if len(text.replace(".", "").lstrip("0")) <= SHOWN_DIGITS + 1:
        return text
    for short in (float(f"{whole:.{SHOWN_DIGITS}g}"), round(whole, 2)):
        if not short.is_integer() and abs(short - whole) < 1:
            return number(short)
    return text[:LONGEST].rstrip("0").rstrip(".") if "." in text else text


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


def _word(truth: bool | None) -> Literal["true", "false", "unknown"]:  # noqa: FBT001 - a truth value
    return "unknown" if truth is None else "true" if truth else "false"


def _said(truth: bool | None) -> str:  # noqa: FBT001 - a truth value
    return "not known" if truth is None else "yes" if truth else "no"


def _words(value: object) -> str:
    """Return a code in words: `new_onset` as `new onset`."""
    match value:
        case bool():
            return "yes" if value else "no"
        case float():
            return brief(value)
        case str():
            return value.replace("_", " ")
        case _:
            return str(value)


def _either(codes: Iterable[str]) -> str:
    words = [_words(code) for code in codes]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}" if words else "anything"


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else ""


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
