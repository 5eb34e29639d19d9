"""The meaning of conditions: an independent interpreter of the syntax, the evaluator and durable_rules agree."""

from __future__ import annotations

import itertools
from datetime import date
from fractions import Fraction

import pytest
from expressions import CODES, DRUGS, FACT_UNITS, PATIENTS, TRUTHS, UNITS, VALUES, conditions
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cds_engine.backends.durable import DurableRules, is_available
from cds_engine.checker.expressions import check_condition
from cds_engine.checker.types import (
    BooleanType,
    CodeType,
    DateType,
    DefinitionSymbol,
    FactSymbol,
    NumberType,
    QuantityType,
    Scope,
    SetType,
)
from cds_engine.engine.agreement import Supplied
from cds_engine.evaluator.conditions import decide
from cds_engine.evaluator.facts import Facts
from cds_engine.evaluator.verdict import conjunction, disjunction, negate
from cds_engine.language import syntax as s
from cds_engine.language.parser import parse
from cds_engine.language.printer import print_expression
from cds_engine.lowering import core as c
from cds_engine.lowering.expressions import lower_condition
from cds_engine.patient.values import CodeSet, Known

# --- the language as these tests use it ---------------------------------------------------------------------

DEFINITION = parse("weight > 30 'kg' or pregnant")
SCOPE = Scope(
    {
        "pregnant": FactSymbol("pregnant", BooleanType()),
        "adult": FactSymbol("adult", BooleanType()),
        "score": FactSymbol("score", NumberType()),
        "count": FactSymbol("count", NumberType()),
        "weight": FactSymbol("weight", QuantityType("kg")),
        "dose": FactSymbol("dose", QuantityType("g")),
        "height": FactSymbol("height", QuantityType("cm")),
        "age": FactSymbol("age", QuantityType("a")),
        "severity": FactSymbol("severity", CodeType(CODES)),
        "drugs": FactSymbol("drugs", SetType(DRUGS)),
        "born": FactSymbol("born", DateType()),
        "as_of": FactSymbol("as_of", DateType()),
        "heavy": DefinitionSymbol("heavy"),
    }
)


# --- the reference: Kleene over what was written, in exact fractions ------------------------------------------


def meaning(node, p):  # noqa: C901, PLR0912 - the whole language, a line or two a node
    """Return True, False or None for a condition, and the value or None for anything else."""
    match node:
        case s.BooleanLiteral(value) | s.DateLiteral(value) | s.CodeLiteral(value):
            return value
        case s.NullLiteral():
            return None
        case s.NumberLiteral(value):
            return Fraction(repr(value))
        case s.QuantityLiteral(value, unit):
            return Fraction(repr(value)) * UNITS[unit]
        case s.SetLiteral(items):
            return [meaning(item, p) for item in items]
        case s.Name("heavy"):
            return meaning(DEFINITION, p)
        case s.Name(name):
            return p.get(name)
        case s.Not(operand):
            found = meaning(operand, p)
            return None if found is None else not found
        case s.Logic(connective, left, right):
            return logic(connective, meaning(left, p), meaning(right, p))
        case s.Comparison(comparator, left, right):
            return compare(comparator, meaning(left, p), meaning(right, p))
        case s.Between(operand, low, high):
            value = meaning(operand, p)
            ends = compare(">=", value, meaning(low, p)), compare("<=", value, meaning(high, p))
            return logic("and", *ends)
        case s.Contains(collection, element):
            return member(meaning(element, p), meaning(collection, p))
        case s.In(element, s.SetLiteral(items)):
            value = meaning(element, p)
            return None if value is None else value in [meaning(item, p) for item in items]
        case s.In(element, collection):
            return member(meaning(element, p), meaning(collection, p))
        case s.ContainsAny(collection, s.SetLiteral(items)):
            found = [member(meaning(item, p), meaning(collection, p)) for item in items]
            return True if True in found else (None if None in found else False)
        case s.Is(operand, value, negated):
            return (meaning(operand, p) is value) is not negated
        case s.Arithmetic(operator, left, right):
            return calculate(operator, meaning(left, p), meaning(right, p))
        case s.Negative(operand):
            found = meaning(operand, p)
            return None if found is None else -found
        case s.If(condition, yes, no):
            chosen = meaning(condition, p)
            return None if chosen is None else meaning(yes if chosen else no, p)
        case s.Elapsed(unit, start, end):
            return elapsed(unit, meaning(start, p), meaning(end, p))
    raise AssertionError(node)


def logic(connective, a, b):
    """Look the answer up: what every completion of the unknown sides agrees on."""
    sides = [(True, False) if x is None else (x,) for x in (a, b)]
    table = {"and": lambda x, y: x and y, "or": lambda x, y: x or y, "xor": lambda x, y: x != y,
             "implies": lambda x, y: not x or y}  # fmt: skip
    found = {table[connective](x, y) for x, y in itertools.product(*sides)}
    return found.pop() if len(found) == 1 else None


CLOSE = []
"""Comparisons of the last patient whose sides are as good as equal."""


def compare(comparator, a, b):
    if a is None or b is None:
        return None
    if isinstance(a, Fraction) and abs(a - b) <= Fraction(1, 10**9):
        CLOSE.append((a, b))
    return {"=": a == b, "!=": a != b}[comparator] if comparator in {"=", "!="} else ordered(comparator, a, b)


def ordered(comparator, a, b):
    return {"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[comparator]


def calculate(operator, a, b):
    if a is None or b is None or (operator == "/" and b == 0):
        return None
    return {"+": lambda: a + b, "-": lambda: a - b, "*": lambda: a * b, "/": lambda: a / b}[operator]()


def member(element, collection):
    if element is None or collection is None:
        return None
    members, is_complete = collection
    return True if element in members else (False if is_complete else None)


def elapsed(unit, start, end):
    if start is None or end is None:
        return None
    if end < start:
        found = elapsed(unit, end, start)
        return -found
    days = (end - start).days
    months = sum(1 for n in range(1, 12 * 130) if anniversary(start, n) <= (end.year, end.month, end.day))
    return Fraction({"days": days, "weeks": days // 7, "months": months, "years": months // 12}[unit])


def anniversary(start, months):
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return (year, month + 1, start.day)


# --- from what was drawn to what is evaluated ----------------------------------------------------------------------


def as_facts(patient):
    known = {
        name: Known(CodeSet(*value) if name == "drugs" else value) for name, value in patient.items() if name != "as_of"
    }
    return Facts(known, {}, patient.get("as_of"))


def as_written(patient):
    """Return the patient for the reference: exact fractions in the base unit."""
    return {
        name: Fraction(repr(value)) * UNITS[FACT_UNITS.get(name, "kg")] if isinstance(value, float) else value
        for name, value in patient.items()
    }


def compiled(node):
    """Return the core of a condition, None for what an author cannot write: `= null`, a `between` that is empty."""
    findings = []
    definition = lower_condition(check_condition(DEFINITION, SCOPE, findings), {})
    typed = check_condition(node, SCOPE, findings)
    return None if findings else lower_condition(typed, {"heavy": definition})


def lowered(node):
    core = compiled(node)
    assume(core is not None)
    return core


def subtracts(node):
    """Say whether a node takes sums or differences, in which doubles lose digits that no rounding brings back."""
    if isinstance(node, s.Arithmetic) and node.operator in {"+", "-"}:
        return True
    return any(subtracts(getattr(node, f)) for f in node.__match_args__ if isinstance(getattr(node, f), s.Node))


# --- the laws --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("a", TRUTHS)
@pytest.mark.parametrize("b", TRUTHS)
def test_the_tables_of_kleene(a, b):
    rank = {False: 0, None: 1, True: 2}
    both = (a, b)
    assert conjunction(both) is min(both, key=rank.get)
    assert disjunction(both) is max(both, key=rank.get)
    assert negate(a) is {True: False, False: True, None: None}[a]


@pytest.mark.parametrize("connective", list(s.Connective))
@pytest.mark.parametrize("a", TRUTHS)
@pytest.mark.parametrize("b", TRUTHS)
def test_every_connective_by_its_table_in_both_engines(connective, a, b):
    node = compiled(s.Logic(connective, s.Name("pregnant"), s.Name("adult")))
    facts = as_facts({name: value for name, value in (("pregnant", a), ("adult", b)) if value is not None})
    assert decide(node, facts).truth is logic(connective, a, b)
    if is_available():
        assert DurableRules({"x": node}).decide(Supplied(facts))["x"] is logic(connective, a, b)


EDGES = [f"weight {sign} 30 'kg'" for sign in s.Comparator] + [f"30000 'g' {sign} weight" for sign in s.Comparator]
EDGES += [
    "weight between 30 'kg' and 31 'kg'",
    "weight between 29000 'g' and 30 'kg'",
    "not (weight between 30 'kg' and 30 'kg')",
]
EDGES += [f"severity {sign} 'mild'" for sign in ("=", "!=")] + [
    "severity in {'mild', 'none'}",
    "drugs contains any {'ivig'}",
]
EDGES += [f"born {sign} @2018-11-21" for sign in s.Comparator] + [
    f"years between born and as_of {sign} 8" for sign in s.Comparator
]


@pytest.mark.parametrize("text", EDGES)
def test_edges_belong_to_the_side_that_is_written(text):
    """One below, on, and one above each threshold, and unknown; by the reference, the evaluator and durable_rules."""
    node = parse(text)
    core = compiled(node)
    engine = DurableRules({"x": core}) if is_available() else None
    kilos, days = (
        (29.0, 29.99, 30.0, 30.01, 31.0, None),
        (date(2018, 11, 20), date(2018, 11, 21), date(2018, 11, 22), None),
    )
    for weight, born, severity in itertools.product(kilos, days, ("mild", "severe", None)):
        for drugs in ((frozenset({"ivig"}), False), (frozenset(), True), (frozenset(), False)):
            sent = {"weight": weight, "born": born, "severity": severity, "drugs": drugs, "as_of": date(2026, 11, 21)}
            patient = {name: value for name, value in sent.items() if value is not None}
            expected = meaning(node, as_written(patient))
            assert decide(core, as_facts(patient)).truth is expected, patient
            if engine is not None:
                assert engine.decide(Supplied(as_facts(patient)))["x"] is expected, patient


@given(conditions(), PATIENTS)
def test_evaluating_the_core_is_the_meaning_of_what_was_written(node, patient):
    CLOSE.clear()
    expected = meaning(node, as_written(patient))
    assume(not (CLOSE and subtracts(node)))
    verdict = decide(lowered(node), as_facts(patient))
    assert verdict.truth is expected, print_expression(node)
    assert not (verdict.missing and verdict.truth is not None), "a settled verdict misses nothing"


@given(conditions(), PATIENTS)
def test_printing_and_parsing_gives_the_same_condition(node, patient):
    again = parse(print_expression(node))
    assert again == node
    assert decide(lowered(again), as_facts(patient)).truth is decide(lowered(node), as_facts(patient)).truth


@pytest.mark.skipif(not is_available(), reason="durable_rules cannot be imported here")
@settings(max_examples=max(30, settings().max_examples // 3))
@given(st.lists(conditions(), min_size=1, max_size=6), st.lists(PATIENTS, min_size=1, max_size=4))
def test_durable_rules_decides_as_the_evaluator(nodes, patients):
    cores = {f"c{index}": lowered(node) for index, node in enumerate(nodes)}
    engine = DurableRules(cores)
    for patient in patients:
        facts = as_facts(patient)
        assert engine.decide(Supplied(facts)) == {key: decide(core, facts).truth for key, core in cores.items()}


def asks_what_is_unknown(node):
    if isinstance(node, s.Is):
        return True
    return any(
        asks_what_is_unknown(getattr(node, f)) for f in node.__match_args__ if isinstance(getattr(node, f), s.Node)
    )


@given(conditions(), PATIENTS, st.sets(st.sampled_from(sorted(VALUES))))
def test_one_more_fact_never_changes_a_settled_verdict(node, patient, dropped):
    """What is settled stays settled, unless the condition asks whether something is known."""
    assume(not asks_what_is_unknown(node))
    core = lowered(node)
    less = {name: value for name, value in patient.items() if name not in dropped}
    if "drugs" in less:
        less["drugs"] = (less["drugs"][0], False)
    before, after = decide(core, as_facts(less)).truth, decide(core, as_facts(patient)).truth
    assert before is None or after is before


@given(conditions(), PATIENTS)
def test_what_is_missing_is_not_given(node, patient):
    """An unknown verdict names only facts that nobody gave, or lists that are known in part."""
    missing = decide(lowered(node), as_facts(patient)).missing
    in_part = {"drugs"} if not patient.get("drugs", (None, True))[1] else set()
    assert missing <= (set(VALUES) - set(patient)) | in_part


@given(conditions(2), conditions(2), PATIENTS)
def test_de_morgan_in_both_engines(left, right, patient):
    a, b = lowered(left), lowered(right)
    pairs = {
        "and": (c.Not(c.And((a, b))), c.Or((c.Not(a), c.Not(b)))),
        "or": (c.Not(c.Or((a, b))), c.And((c.Not(a), c.Not(b)))),
        "twice": (c.Not(c.Not(a)), a),
    }
    facts = as_facts(patient)
    for one, other in pairs.values():
        assert decide(one, facts).truth is decide(other, facts).truth
    if is_available():
        conditions_ = {f"{name} {n}": core for name, pair in pairs.items() for n, core in enumerate(pair)}
        truths = DurableRules(conditions_).decide(Supplied(facts))
        assert all(truths[f"{name} 0"] is truths[f"{name} 1"] for name in pairs)


@settings(max_examples=max(30, settings().max_examples // 3))
@given(st.permutations(range(5)), st.lists(conditions(1), min_size=5, max_size=5), PATIENTS)
def test_the_order_of_parts_does_not_matter(order, nodes, patient):
    parts = [lowered(node) for node in nodes]
    facts = as_facts(patient)
    for group in (c.And, c.Or):
        one, other = decide(group(tuple(parts)), facts), decide(group(tuple(parts[i] for i in order)), facts)
        assert (one.truth, one.missing) == (other.truth, other.missing)
