"""Generated conditions of the language, and values for the facts that they name."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from hypothesis import strategies as st

from cds_engine.language import syntax as s

TRUTHS = (True, False, None)
UNITS = {"kg": Fraction(1), "g": Fraction(1, 1000), "cm": Fraction(1), "m": Fraction(100), "a": Fraction(1)}
KINDS = {"kg": ("kg", "g"), "cm": ("cm", "m"), "a": ("a",)}
CODES = ("mild", "severe", "none")
DRUGS = ("methotrexate", "ivig", "folic_acid")
FACT_UNITS = {"weight": "kg", "dose": "g", "height": "cm", "age": "a"}

INTEGERS = st.integers(-3, 60).map(float)
DECIMALS = st.sampled_from(
    (0.1, 0.2, 0.3, 0.7, 1.1, 2.5, 29.99, 30.0, 30.01, 59.99, 60.0, 1.73, 88.4, 2.675, 12.0, 0.0)
)
NUMBERS = INTEGERS | DECIMALS
DAYS = st.sampled_from(
    (
        date(2008, 2, 29),
        date(2018, 11, 20),
        date(2018, 11, 21),
        date(2018, 11, 22),
        date(2026, 11, 21),
        date(2026, 2, 28),
    )
)


@st.composite
def terms(draw, kind, depth=2):
    """Draw an expression of one kind: number, kg, cm, a, code or date."""
    names = {
        "number": ("score", "count"), "kg": ("weight", "dose"), "cm": ("height",), "a": ("age",),
        "code": ("severity",), "date": ("born", "as_of"),
    }[kind]  # fmt: skip
    choice = draw(st.integers(0, 11))
    if choice == 0 and depth > 0:
        return s.If(draw(conditions(depth - 1)), draw(terms(kind, depth - 1)), s.NullLiteral())
    if choice <= 4 or depth == 0:
        return s.Name(draw(st.sampled_from(names)))
    if choice == 5:
        return s.If(draw(conditions(depth - 1)), draw(terms(kind, depth - 1)), draw(terms(kind, depth - 1)))
    if kind == "code":
        return s.CodeLiteral(draw(st.sampled_from(CODES)))
    if kind == "date":
        return s.DateLiteral(draw(DAYS))
    if choice <= 8:
        return draw(literals(kind))
    if choice == 9 and kind == "number":
        unit = draw(st.sampled_from(("years", "months", "weeks", "days")))
        return s.Elapsed(unit, draw(terms("date", 0)), draw(terms("date", 0)))
    if choice == 10:
        return s.Negative(draw(terms(kind, depth - 1)))
    return draw(arithmetic(kind, depth))


@st.composite
def literals(draw, kind, numbers=NUMBERS):
    value = abs(draw(numbers))
    return s.NumberLiteral(value) if kind == "number" else s.QuantityLiteral(value, draw(st.sampled_from(KINDS[kind])))


@st.composite
def arithmetic(draw, kind, depth):
    operator = draw(st.sampled_from(("+", "*", "/", "-")))
    left = draw(terms(kind, depth - 1))
    if operator in {"+", "-"}:
        return s.Arithmetic(s.Operator(operator), left, draw(terms(kind, depth - 1)))
    if kind == "number" and operator == "/" and draw(st.booleans()):
        other = draw(st.sampled_from(("kg", "cm")))
        return s.Arithmetic(s.Operator.DIVIDE, draw(terms(other, 0)), draw(terms(other, 0)))
    return s.Arithmetic(s.Operator(operator), left, draw(terms("number", depth - 1)))


@st.composite
def conditions(draw, depth=3):
    """Draw a condition that the checker accepts."""
    choice = draw(st.integers(0, 17))
    if depth == 0 or choice <= 1:
        return draw(st.sampled_from((s.Name("pregnant"), s.Name("adult"), s.Name("heavy"), s.BooleanLiteral(value=True),
                                     s.BooleanLiteral(value=False), s.NullLiteral())))  # fmt: skip
    inner = conditions(depth - 1)
    if choice <= 5:
        return s.Logic(draw(st.sampled_from(s.Connective)), draw(inner), draw(inner))
    if choice == 6:
        return s.Not(draw(inner))
    if choice == 7:
        return s.If(draw(inner), draw(inner), draw(inner))
    if choice == 8:
        return s.Is(draw(inner), draw(st.sampled_from(TRUTHS)), draw(st.booleans()))
    if choice == 9:
        kind = draw(st.sampled_from(("number", "kg", "cm", "code", "date")))
        return s.Is(draw(terms(kind, 1)), None, draw(st.booleans()))
    if choice == 10:
        return s.Comparison(
            draw(st.sampled_from((s.Comparator.EQUAL, s.Comparator.NOT_EQUAL))), draw(inner), draw(inner)
        )
    if choice == 11:
        return draw(memberships())
    kind = draw(st.sampled_from(("number", "kg", "kg", "cm", "a", "code", "date")))
    if choice == 12 and kind != "code":
        return s.Between(draw(terms(kind, 1)), draw(terms(kind, 1)), draw(terms(kind, 1)))
    comparators = [s.Comparator.EQUAL, s.Comparator.NOT_EQUAL] if kind == "code" else list(s.Comparator)
    return s.Comparison(draw(st.sampled_from(comparators)), draw(terms(kind, 2)), draw(terms(kind, 1)))


@st.composite
def memberships(draw):
    codes = draw(st.lists(st.sampled_from(DRUGS), min_size=1, max_size=3))
    listed = s.SetLiteral(tuple(s.CodeLiteral(code) for code in codes))
    match draw(st.integers(0, 3)):
        case 0:
            return s.Contains(s.Name("drugs"), s.CodeLiteral(codes[0]))
        case 1:
            return s.ContainsAny(s.Name("drugs"), listed)
        case 2:
            return s.In(s.CodeLiteral(codes[0]), s.Name("drugs"))
    own = draw(st.lists(st.sampled_from(CODES), min_size=1, max_size=3))
    return s.In(draw(terms("code", 1)), s.SetLiteral(tuple(s.CodeLiteral(code) for code in own)))


VALUES = {
    "pregnant": st.booleans(), "adult": st.booleans(), "score": NUMBERS, "count": INTEGERS, "weight": NUMBERS,
    "dose": NUMBERS, "height": NUMBERS, "age": NUMBERS, "severity": st.sampled_from(CODES), "born": DAYS, "as_of": DAYS,
    "drugs": st.tuples(st.frozensets(st.sampled_from(DRUGS)), st.booleans()),
}  # fmt: skip
PATIENTS = st.fixed_dictionaries({}, optional=VALUES)
