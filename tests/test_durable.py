"""The second engine decides as the truth tables say, whatever the quirks of durable_rules."""

from __future__ import annotations

import json
import os
import random
import re
import resource
import threading
from dataclasses import dataclass, field
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cds_engine.backends.durable import DurableRules, UnsupportedConditionError, is_available
from cds_engine.backends.durable import program as durable_program
from cds_engine.backends.durable import runner as durable_runner
from cds_engine.backends.durable.names import Names, fnv
from cds_engine.diagnostics import BackendFault
from cds_engine.language.syntax import Comparator, Operator
from cds_engine.lowering.core import (
    And,
    Calculate,
    Choose,
    Compare,
    Constant,
    Defined,
    Elapsed,
    Fact,
    Holds,
    IsUnknown,
    Not,
    OneOf,
    Or,
)
from cds_engine.units.exact import exact

pytestmark = pytest.mark.skipif(not is_available(), reason="durable_rules cannot be imported here")

LESS, AT_MOST, GREATER, AT_LEAST = (
    Comparator.LESS,
    Comparator.AT_MOST,
    Comparator.GREATER,
    Comparator.AT_LEAST,
)
EQUAL, NOT_EQUAL = Comparator.EQUAL, Comparator.NOT_EQUAL
TRUE, FALSE, NULL = Constant(value=True), Constant(value=False), Constant(None)

# --- the reference: Kleene's truth tables over the core, in one page -------------------------------------


@dataclass(frozen=True)
class Codes:
    members: frozenset[str]
    is_complete: bool = True


@dataclass
class Patient:
    """A view of facts that also answers what must come ready-made, by the reference below."""

    facts: dict[str, object] = field(default_factory=dict)

    def value(self, name):
        return self.facts.get(name)

    def number(self, term):
        return term_value(term, self)

    def compares(self, node):
        return compared(node, self)


def truth(node, p):  # noqa: C901 - one case a node, as a table
    match node:
        case Constant(value):
            return value
        case Fact(name):
            return p.value(name)
        case Not(operand):
            inner = truth(operand, p)
            return None if inner is None else not inner
        case And(parts):
            found = [truth(part, p) for part in parts]
            return False if False in found else (None if None in found else True)
        case Or(parts):
            found = [truth(part, p) for part in parts]
            return True if True in found else (None if None in found else False)
        case Defined(_, condition):
            return truth(condition, p)
        case Choose(condition, yes, no):
            chosen = truth(condition, p)
            return None if chosen is None else truth(yes if chosen else no, p)
        case IsUnknown(operand):
            is_term = isinstance(operand, Constant | Fact | Calculate | Elapsed | Choose)
            return (term_value(operand, p) if is_term else truth(operand, p)) is None
        case Compare():
            return compared(node, p)
        case OneOf(term, codes):
            value = term_value(term, p)
            return None if value is None else value in codes
        case Holds(name, codes):
            found = p.value(name)
            if found is None:
                return None
            return True if found.members & set(codes) else (False if found.is_complete else None)
    raise AssertionError(node)


def term_value(node, p):
    match node:
        case Constant(value):
            return value
        case Fact(name):
            return p.value(name)
        case Choose(condition, yes, no):
            chosen = truth(condition, p)
            return None if chosen is None else term_value(yes if chosen else no, p)
        case Calculate(operator, left, right):
            a, b = term_value(left, p), term_value(right, p)
            if a is None or b is None:
                return None
            return {"+": a + b, "-": a - b, "*": a * b}[operator]
        case Elapsed(_, start, end):
            a, b = term_value(start, p), term_value(end, p)
            return None if a is None or b is None else float((b - a).days)
    return truth(node, p)


def compared(node, p):
    a, b = term_value(node.left, p), term_value(node.right, p)
    if a is None or b is None:
        return None
    if isinstance(a, float | int) and not isinstance(a, bool):
        a, b = exact(a), exact(b)
    return {
        EQUAL: lambda: a == b,
        NOT_EQUAL: lambda: a != b,
        LESS: lambda: a < b,
        AT_MOST: lambda: a <= b,
        GREATER: lambda: a > b,
        AT_LEAST: lambda: a >= b,
    }[node.comparator]()


def check(conditions, *patients):
    """Every verdict of durable_rules is the reference's; returns those of the last patient."""
    engine = DurableRules(conditions)
    found = {}
    for facts in patients:
        p = Patient(facts)
        found = engine.decide(p)
        assert found == {name: truth(node, p) for name, node in conditions.items()}, facts
    return found


# --- any condition, any patient --------------------------------------------------------------------------

NUMBERS, FLAGS, WORDS, SETS, DATES = (
    ("egfr", "weight", "calcium.range.high"),
    ("pregnant", "adult", "costarring", "liquid"),
    ("severity", "sex"),
    ("drugs", "allergies"),
    ("born", "seen"),
)
AMOUNTS = (
    0.0,
    -0.0,
    30.0,
    0.1 + 0.2,
    0.3,
    1e-05,
    1e16,
    1e22,
    -2.5,
    5,
    40 / 3,
    8 / 3 * 15,
    40.0,
    1e-320,
    -1e300,
)
CODES = ("mild", "5", "true", "é漢", 'a"b', "it's", "", "null", "a\\b", "x" * 80, "\u0000", "{")
DAYS = (date(2020, 2, 29), date(2026, 1, 1), date(2026, 1, 2))


def number_term(r, depth):
    choice = r.randrange(8) if depth > 0 else r.randrange(2)
    if choice == 0:
        return Constant(r.choice(AMOUNTS))
    if choice < 5:
        return Fact(r.choice(NUMBERS))
    if choice == 5:
        operator = r.choice((Operator.ADD, Operator.SUBTRACT, Operator.MULTIPLY))
        return Calculate(operator, Fact(r.choice(NUMBERS)), Constant(r.choice((0.5, 3.0, -1.0))))
    if choice == 6:
        return Elapsed("days", Fact(r.choice(DATES)), Fact(r.choice(DATES)))
    return Choose(condition(r, depth - 1), number_term(r, depth - 1), r.choice((NULL, number_term(r, depth - 1))))


def code_term(r, depth):
    choice = r.randrange(6)
    if choice == 0:
        return Constant(r.choice(CODES))
    if choice == 1 and depth > 0:
        return Choose(condition(r, depth - 1), code_term(r, depth - 1), code_term(r, depth - 1))
    return Fact(r.choice(WORDS))


def comparison(r, depth):
    kind = r.randrange(6)
    comparator = r.choice(tuple(Comparator))
    if kind < 3:
        sides = [number_term(r, depth), Constant(r.choice((*AMOUNTS, None)))]
    elif kind == 3:
        comparator = r.choice((EQUAL, NOT_EQUAL))
        sides = [code_term(r, depth), Constant(r.choice(CODES))]
    elif kind == 4:
        sides = [Fact(r.choice(DATES)), r.choice((Constant(r.choice(DAYS)), Fact(r.choice(DATES))))]
    else:
        sides = [number_term(r, depth), number_term(r, depth)]
    r.shuffle(sides)
    return Compare(comparator, *sides)


def leaf(r, depth):
    choice = r.randrange(9)
    if choice < 4:
        return comparison(r, depth)
    if choice == 4:
        return OneOf(code_term(r, depth), tuple(r.sample(CODES, r.randrange(5))))
    if choice == 5:
        return Holds(r.choice(SETS), tuple(r.sample(CODES, r.randrange(4))))
    if choice == 6:
        return IsUnknown(Fact(r.choice(NUMBERS + FLAGS + WORDS + SETS + DATES)))
    if choice == 7:
        return r.choice((TRUE, FALSE, NULL))
    return Fact(r.choice(FLAGS))


def condition(r, depth):
    choice = r.randrange(10) if depth > 0 else 0
    if choice < 2:
        return leaf(r, depth)
    if choice == 2:
        return Not(condition(r, depth - 1))
    if choice == 3:
        return Choose(*(condition(r, depth - 1) for _ in range(3)))
    if choice == 4:
        inner = r.choice((condition, condition, number_term, code_term))
        return IsUnknown(inner(r, depth - 1))
    if choice == 5:
        return Defined("shared", condition(r, depth - 1))
    return r.choice((And, Or))(tuple(condition(r, depth - 1) for _ in range(r.randrange(5))))


def seeded(seed):
    return random.Random(seed)  # noqa: S311 - repeatable, and no secret


def near(r, number):
    """The number itself, as rounding may have left it, or one that differs."""
    return r.choice((number, number * (1 + 2e-16), number * (1 - 2e-16), number * (1 + 1e-13)))


def patient(r):
    facts = {name: near(r, r.choice(AMOUNTS)) for name in NUMBERS}
    facts |= {name: r.random() < 0.5 for name in FLAGS}
    facts |= {name: r.choice(CODES) for name in WORDS}
    facts |= {n: Codes(frozenset(r.sample(CODES, r.randrange(5))), r.random() < 0.5) for n in SETS}
    facts |= {name: r.choice(DAYS) for name in DATES}
    known = r.choice((1.0, 0.8, 0.5, 0.2))
    return {name: value for name, value in facts.items() if r.random() < known}


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.randoms(use_true_random=False))
def test_any_condition_has_the_verdict_of_the_truth_tables(r):
    conditions = {f"c{i}": condition(r, r.randrange(6)) for i in range(4)}
    check(conditions, *(patient(r) for _ in range(6)))


def test_seeded_conditions_have_the_verdicts_of_the_truth_tables():
    """Set DURABLE_EVALUATIONS to run as many as wanted."""
    wanted = int(os.environ.get("DURABLE_EVALUATIONS", "6000"))
    done = seed = 0
    while done < wanted:
        r = seeded(f"durable {seed}")
        conditions = {f"c{i}": condition(r, r.randrange(7)) for i in range(r.choice((1, 20, 60)))}
        patients = [patient(r) for _ in range(50)]
        check(conditions, *patients)
        done += len(conditions) * len(patients)
        seed += 1


# --- one test for each thing that durable_rules is known to get wrong ------------------------------------


def number_is(name, comparator, constant):
    return Compare(comparator, Fact(name), Constant(constant))


def test_unknown_is_neither_zero_nor_false():
    conditions = {
        "below": number_is("x", LESS, 1.0),
        "zero": number_is("x", EQUAL, 0.0),
        "not zero": number_is("x", NOT_EQUAL, 0.0),
        "flag": Fact("f"),
        "no flag": Not(Fact("f")),
        "asked": IsUnknown(Fact("x")),
        "set": Holds("s", ("a",)),
    }
    answers = check(conditions, {"x": 0.0, "f": False, "s": Codes(frozenset())}, {})
    assert answers.pop("asked") is True
    assert set(answers.values()) == {None}


@pytest.mark.parametrize("number", [1e-05, 1e16, 1e22, 5e-324, 1.7e308, 0.1, 123456789.123456, 0.0])
@pytest.mark.parametrize("sign", [1, -1])
def test_numbers_of_any_size_stand_where_they_should(number, sign):
    number *= sign
    conditions = {c.name: number_is("x", c, number) for c in Comparator}
    facts = [{"x": x} for x in (number, number * (1 + 1e-12), number * (1 - 1e-12), -number, 0, -0.0)]
    check(conditions, *facts)
    assert check(conditions, {"x": number})["EQUAL"] is True


def test_a_threshold_reached_through_rounding_is_reached():
    conditions = {"at": number_is("x", EQUAL, 0.3), "below": number_is("x", LESS, 40.0)}
    assert check(conditions, {"x": 0.1 + 0.2}) == {"at": True, "below": True}
    assert check(conditions, {"x": 8 / 3 * 15}) == {"at": False, "below": False}


def test_whole_numbers_and_decimals_compare():
    assert check({"c": number_is("x", AT_LEAST, 5)}, {"x": 4.5}, {"x": 5.0}, {"x": 5}) == {"c": True}


def test_a_boolean_is_no_number_and_a_number_no_code():
    for node, value in (
        (number_is("x", EQUAL, 1.0), True),
        (Fact("x"), 1.0),
        (Compare(EQUAL, Fact("x"), Constant("5")), 5.0),
        (number_is("x", EQUAL, 5.0), "5"),
        (Holds("x", ("a",)), "a"),
        (number_is("x", LESS, 5.0), float("nan")),
        (number_is("x", LESS, 5.0), float("inf")),
    ):
        engine = DurableRules({"c": node})
        with pytest.raises(BackendFault):
            engine.decide(Patient({"x": value}))
        assert engine.decide(Patient()) == {"c": None}


def test_booleans_compare_with_true_and_false():
    node = Compare(NOT_EQUAL, Constant(value=True), Fact("x"))
    assert check({"c": node}, {"x": True}, {"x": False}) == {"c": True}


@pytest.mark.parametrize("code", CODES)
def test_codes_are_compared_as_they_are_written(code):
    conditions = {
        "is": Compare(EQUAL, Fact("x"), Constant(code)),
        "is not": Compare(NOT_EQUAL, Fact("x"), Constant(code)),
        "one of": OneOf(Fact("x"), (code, "other")),
        "held": Holds("s", (code,)),
    }
    check(conditions, *({"x": c, "s": Codes(frozenset({c}), c < "c")} for c in (*CODES, code + "5", "other")))


def test_names_with_the_same_hash_are_two_names():
    assert fnv("costarring") == fnv("liquid")
    check({"a": Fact("costarring"), "b": Fact("liquid")}, {"costarring": True}, {"liquid": False}, {})


@pytest.mark.parametrize("name", ["sid", "id", "k", "n", "$and", "$forward", "a.b", "é", 'a"b', "x?", "x"])
def test_a_fact_may_have_any_name(name):
    conditions = {"a": Fact(name), "b": IsUnknown(Fact(name)), "c": And((Fact("x"), Not(Fact(name))))}
    check(conditions, {name: True}, {name: False, "x": True}, {})


def test_names_stay_apart():
    names = Names()
    given_out = [names.unused(wish) for wish in ("a", "a", "a~2", "a", "costarring", "liquid", "sid")]
    assert len({fnv(n[1:-1]) for n in given_out}) == len(given_out)


def flags(start, count):
    return [Fact(f"f{i}") for i in range(start, start + count)]


def all_flags(value, count=400):
    return {f"f{i}": value for i in range(count)}


def test_many_disjunctions_in_one_conjunction():
    pairs = And(tuple(Or(tuple(flags(2 * i, 2))) for i in range(40)))
    wide = And(tuple(Or(tuple(flags(3 * i, 3))) for i in range(16)))
    patients = [all_flags(value=True), all_flags(value=False), {}, {"f0": True, "f3": True}]
    check({"pairs": pairs, "not": Not(pairs), "wide": wide, "is": IsUnknown(pairs)}, *patients)


def test_alternatives_that_hold_together_may_fire_often():
    known = [Not(IsUnknown(Fact(name))) for name in ("x", "y", "z")]
    values = [number_is("x", NOT_EQUAL, 1.0), number_is("y", GREATER, 1.0), number_is("z", AT_LEAST, 1.0)]
    node = And(tuple(Or((k, v, w)) for k, v in zip(known, values, strict=True) for w in values))
    check({"c": node}, {"x": 2.0, "y": 2.0, "z": 2.0}, {"x": 1.0, "z": 1.0}, {})


def test_wide_conjunctions_and_disjunctions():
    conditions = {"or": Or(tuple(flags(0, 400))), "and": And(tuple(flags(0, 400)))}
    patients = [all_flags(value=True), all_flags(value=False), {}, all_flags(value=True, count=399)]
    check(conditions, *patients, {**all_flags(value=False), "f399": True})


@pytest.mark.parametrize("count", [1, 200, 511, 513, 1000])
def test_a_wide_choice_of_codes(count):
    codes = tuple(f"code {i}" for i in range(count))
    conditions = {
        "one": OneOf(Fact("x"), codes),
        "none": Not(OneOf(Fact("x"), codes)),
        "held": Holds("s", codes),
        "unknown": IsUnknown(OneOf(Fact("x"), codes)),
    }
    held = [
        Codes(frozenset(codes)),
        Codes(frozenset({codes[-1], "z"}), is_complete=False),
        Codes(frozenset()),
    ]
    check(conditions, *({"x": x, "s": s} for x in (codes[0], codes[-1], "z") for s in held), {})


def test_three_hundred_conditions():
    r = seeded("three hundred")
    check({f"c{i}": condition(r, 3) for i in range(300)}, *(patient(r) for _ in range(30)))


def test_many_rules_that_share_one_alternative():
    shared = Fact("f0")
    conditions = {f"c{i}": And((Or((shared, Fact(f"f{i + 1}"))), Fact("f0"))) for i in range(300)}
    check(conditions, all_flags(value=True), all_flags(value=False), {}, {"f0": True})


def test_deep_nesting():
    node = Fact("f0")
    for i in range(60):
        step = (And((node, Fact(f"f{i % 9}"))), Or((node, Fact(f"f{i % 7}"))), Not(node), IsUnknown(node))[i % 4]
        node = Choose(Fact(f"f{i % 5}"), step, node)
    r = seeded("deep")
    patients = [{f"f{i}": r.random() < 0.5 for i in range(9) if r.random() < 0.7} for _ in range(40)]
    check({"deep": node, "not": Not(node)}, *patients)


def test_a_condition_nested_beyond_reason_is_refused_by_name():
    node = Fact("x")
    for _ in range(100_000):
        node = Not(node)
    with pytest.raises(UnsupportedConditionError, match="`abyss`: it is nested too deeply"):
        DurableRules({"abyss": node})


@pytest.mark.parametrize(
    "node",
    [
        Constant(1.0),
        Compare(LESS, Fact("x"), Constant("a")),
        Compare(LESS, Constant("a"), Constant(1.0)),
        Compare(LESS, Fact("x"), Constant(float("nan"))),
        OneOf(Constant(1.0), ("a",)),
    ],
)
def test_what_means_nothing_is_refused_at_load(node):
    with pytest.raises(UnsupportedConditionError, match="cannot decide `c`"):
        DurableRules({"c": node})


def test_no_conditions_at_all():
    assert DurableRules({}).decide(Patient()) == {}


# --- it runs for long, in many threads, and fails closed --------------------------------------------------


def mixed(seed="mixed", count=12, depth=3):
    r = seeded(seed)
    conditions = {f"c{i}": condition(r, depth) for i in range(count)}
    patients = [Patient(patient(r)) for _ in range(40)]
    return conditions, patients, [{n: truth(c, p) for n, c in conditions.items()} for p in patients]


def test_many_threads():
    conditions, patients, expected = mixed()
    engine = DurableRules(conditions)
    wrong = []

    def work(start):
        mine = range(start, start + 500)
        wrong.extend(i for i in mine if engine.decide(patients[i % 40]) != expected[i % 40])

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert engine._engine._made <= 4  # noqa: SLF001 - sessions are few, whatever the threads


def memory():
    with open("/proc/self/statm") as file:  # noqa: PTH123 - a line of the system's
        return int(file.read().split()[1]) * resource.getpagesize() / 2**20


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="reads Linux's own count")  # noqa: PTH110
def test_twenty_thousand_patients_leave_nothing_behind():
    conditions, patients, expected = mixed(count=4)
    engine = DurableRules(conditions)
    before = 0.0
    for i in range(20_000):
        assert engine.decide(patients[i % 40]) == expected[i % 40]
        if i == 2_000:
            before = memory()
    assert memory() - before < 2


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="reads Linux's own count")  # noqa: PTH110
def test_engines_that_are_no_longer_used_leave_nothing_behind():
    conditions, patients, expected = mixed(count=4)
    before = 0.0
    for i in range(150):
        assert DurableRules(conditions).decide(patients[0]) == expected[0]
        if i == 50:
            before = memory()
    assert memory() - before < 4


class Faulty:
    """The C module, failing at one call of one function."""

    def __init__(self, module, name, at, failure):
        self._module, self._name, self._left, self._failure = module, name, at, failure

    def __getattr__(self, name):
        function = getattr(self._module, name)
        if name != self._name:
            return function

        def failing(*arguments):
            self._left -= 1
            if self._left:
                return function(*arguments)
            if isinstance(self._failure, BaseException):
                raise self._failure
            return self._failure

        return failing


FAILURES = [
    ("assert_fact", ValueError("broken")),
    ("assert_fact", (1, 0)),
    ("assert_fact", (2, 1)),
    ("start_action_for_state", None),
    ("start_action_for_state", MemoryError()),
    ("complete_and_start_action", ValueError("broken")),
    ("complete_and_start_action", '{"unheard of":{}}'),
    ("complete_and_start_action", "nonsense"),
    ("complete_and_start_action", None),
    ("retract_fact", (1, 1)),
    ("retract_fact", ValueError("broken")),
]


@pytest.mark.parametrize(("name", "failure"), FAILURES)
@pytest.mark.parametrize("at", [1, 2, 3])
def test_a_fault_gives_no_answer_and_leaves_the_next_call_clean(monkeypatch, name, failure, at):
    conditions, patients, expected = mixed(count=60)
    engine = DurableRules(conditions)
    assert engine.decide(patients[0]) == expected[0]
    inner = engine._engine  # noqa: SLF001 - only a broken library can show it
    with monkeypatch.context() as patch:
        patch.setattr(inner, "_module", Faulty(inner._module, name, at, failure))  # noqa: SLF001
        with pytest.raises(BackendFault):
            engine.decide(patients[1])
    for p, wanted in zip(patients, expected, strict=True):
        assert engine.decide(p) == wanted


def test_readings_of_one_record_get_the_answers_of_strangers():
    """Parts of conditions, asked in any selection, with what an earlier reading said in memory."""
    conditions, patients, expected = mixed(count=60, depth=6)
    engine = DurableRules(conditions)
    assert engine._program.parts  # noqa: SLF001 - what is decided on the way must be asked for as well
    one, choose = engine.about_one_patient(), seeded("asked")
    for p, wanted in zip(patients, expected, strict=True):
        asked = choose.sample(sorted(conditions), choose.randint(0, len(conditions)))
        assert one.decide(p, asked) == {key: wanted[key] for key in asked}
        assert one.decide(p, conditions.keys()) == wanted


def test_what_two_readings_have_in_common_is_asked_once(monkeypatch):
    engine = DurableRules({f"c{i}": number_is(f"x{i}", GREATER, float(i)) for i in range(200)})
    inner, told = engine._engine, []  # noqa: SLF001 - only there the messages are seen
    ask = inner._ask  # noqa: SLF001 - as above
    monkeypatch.setattr(inner, "_ask", lambda *a: told.append(a[-1]) or ask(*a))
    one, all_of_them = engine.about_one_patient(), [f"c{i}" for i in range(200)]
    one.decide(Patient({"x3": 9.0}), all_of_them)
    rulesets = len(told)
    assert rulesets > 3
    one.decide(Patient({"x3": 1.0}), all_of_them)
    assert len(told) == rulesets + 1
    one.decide(Patient({"x3": 5.0, "x4": 9.0}), ["c150"])
    assert len(told) == rulesets + 1
    engine.decide(Patient({"x3": 9.0}))
    assert len(told) == 2 * rulesets + 1


def test_numbers_read_by_another_locale_give_no_answer(monkeypatch):
    """Where the decimal point is a comma, C reads 1.5 as 1."""
    engine = DurableRules({"c": number_is("x", GREATER, 2.25)})
    inner = engine._engine  # noqa: SLF001 - as above

    class Cutting(Faulty):
        def __getattr__(self, name):
            function = getattr(self._module, name)
            return lambda *a: function(
                *(re.sub(r"(\d)\.\d+(e[-+]\d+)?", r"\1.0", x) if isinstance(x, str) else x for x in a)
            )

    monkeypatch.setattr(inner, "_module", Cutting(inner._module, "", 0, None))  # noqa: SLF001
    with pytest.raises(BackendFault, match="stopped early"):
        engine.decide(Patient({"x": 2.5}))


def test_an_interrupt_leaves_the_next_call_clean(monkeypatch):
    conditions, patients, expected = mixed()
    engine = DurableRules(conditions)
    inner = engine._engine  # noqa: SLF001 - as above
    with monkeypatch.context() as patch:
        broken = Faulty(inner._module, "complete_and_start_action", 2, KeyboardInterrupt())  # noqa: SLF001
        patch.setattr(inner, "_module", broken)
        with pytest.raises(KeyboardInterrupt):
            engine.decide(patients[1])
    assert engine.decide(patients[2]) == expected[2]


def test_the_memory_of_all_rulesets_is_given_back_although_some_were_never_asked():
    """durable_rules raises where a session is to be forgotten that a ruleset never met."""
    engine = DurableRules({f"c{i}": number_is(f"x{i}", GREATER, float(i)) for i in range(200)})
    engine.about_one_patient().decide(Patient({"x3": 9.0}), ["c3"])
    inner = engine._engine  # noqa: SLF001 - what is given back is seen only there
    module, given_back = inner._module, []  # noqa: SLF001 - as above

    class Watched:
        def delete_state(self, handle, session):
            module.delete_state(handle, session)

        def delete_ruleset(self, handle):
            given_back.append(handle)

    durable_runner._delete(Watched(), inner._handles, inner._met, inner._idle)  # noqa: SLF001 - as above
    assert given_back == inner._handles  # noqa: SLF001 - as above
    assert len(given_back) > 3
    inner._idle.clear()  # noqa: SLF001 - its states are gone


def test_a_condition_that_was_never_compiled_has_no_answer():
    assert DurableRules({"c": TRUE}).about_one_patient().decide(Patient(), ["c", "stranger"]) == {"c": True}


def test_hundreds_of_faults_do_not_use_the_engine_up(monkeypatch):
    conditions, patients, expected = mixed(count=3)
    engine = DurableRules(conditions)
    for _ in range(300):
        inner = engine._engine  # noqa: SLF001 - as above
        with monkeypatch.context() as patch:
            patch.setattr(inner, "_module", Faulty(inner._module, "retract_fact", 1, (1, 1)))  # noqa: SLF001
            with pytest.raises(BackendFault):
                engine.decide(patients[1])
    assert engine.decide(patients[2]) == expected[2]


def test_a_patient_that_cannot_be_read_gives_no_answer():
    class Broken(Patient):
        def value(self, name):
            raise KeyError(name)

    engine = DurableRules({"c": Fact("x")})
    with pytest.raises(BackendFault):
        engine.decide(Broken())
    assert engine.decide(Patient({"x": True})) == {"c": True}


def test_true_and_false_at_once_is_a_fault(monkeypatch):
    monkeypatch.setitem(durable_program._OPERATORS, AT_LEAST, "$lte")  # noqa: SLF001 - a broken compiler
    engine = DurableRules({"c": number_is("x", LESS, 30.0)})
    with pytest.raises(BackendFault, match="both true and false"):
        engine.decide(Patient({"x": 29.0}))


def test_the_engine_can_disagree(monkeypatch):
    conditions, p = {"c": number_is("x", LESS, 30.0)}, Patient({"x": 30.0})
    assert DurableRules(conditions).decide(p) == {"c": False}
    monkeypatch.setitem(durable_program._OPERATORS, LESS, "$lte")  # noqa: SLF001 - a broken compiler
    monkeypatch.setitem(durable_program._OPERATORS, AT_LEAST, "$gt")  # noqa: SLF001
    assert DurableRules(conditions).decide(p) == {"c": True}


def test_no_timers_are_started():
    before = threading.active_count()
    conditions, patients, expected = mixed()
    assert DurableRules(conditions).decide(patients[0]) == expected[0]
    assert threading.active_count() == before


def test_every_ruleset_stays_inside_the_limits():
    r = seeded("limits")
    conditions = {f"c{i}": condition(r, 6) for i in range(150)}
    for ruleset in durable_program.compile_program(conditions).rulesets:
        rules = json.loads(ruleset.definition)
        groups = [json.dumps(rule).count('"$and"') + json.dumps(rule).count('"$or"') for rule in rules.values()]
        assert len(ruleset.wanted) <= 240
        assert len(rules) <= 41
        assert max(groups) <= 14
        assert ruleset.definition.count('"$or"') <= 100


def test_without_the_library_there_is_a_clear_fault(monkeypatch):
    monkeypatch.setattr(durable_runner, "is_available", lambda: False)
    with pytest.raises(BackendFault, match="cannot be imported"):
        DurableRules({"c": TRUE})
