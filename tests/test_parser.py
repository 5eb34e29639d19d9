"""The condition language: precedence as in CQL 1.5, printing that reads back, errors with their place, bounds."""

import datetime as dt
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_engine.language import syntax as s
from cds_engine.language.lexer import KEYWORDS
from cds_engine.language.parser import ParseError, parse
from cds_engine.language.printer import print_expression

PRECEDENCE = """
a or b and c                             | a or (b and c)
a and b or c and d                       | (a and b) or (c and d)
a or b or c                              | (a or b) or c
a xor b or c                             | (a xor b) or c
a or b xor c                             | (a or b) xor c
a implies b or c                         | a implies (b or c)
a implies b implies c                    | (a implies b) implies c
not a and b                              | (not a) and b
not a = b                                | (not a) = b
not a < b                                | (not a) < b
not a is null                            | not (a is null)
not not a                                | not (not a)
not a between b and c                    | (not a) between b and c
a = b and c = d                          | (a = b) and (c = d)
a < b = c                                | (a < b) = c
a = b < c                                | a = (b < c)
a in { 'x' } = b                         | a in ({ 'x' } = b)
a = b in { true }                        | (a = b) in { true }
a contains 'x' and b                     | (a contains 'x') and b
a contains any { 'x' } or b              | (a contains any { 'x' }) or b
a between b and c and d                  | (a between b and c) and d
a between b + 1 and c * 2                | a between (b + 1) and (c * 2)
a + 1 between b and c                    | (a + 1) between b and c
a between b and c = d                    | (a between b and c) = d
a is null and b                          | (a is null) and b
a + b is null                            | (a + b) is null
a = b is null                            | a = (b is null)
a is not null is true                    | (a is not null) is true
a + b * c                                | a + (b * c)
a - b - c                                | (a - b) - c
a / b / c                                | (a / b) / c
a * b ^ c                                | a * (b ^ c)
a ^ b ^ c                                | (a ^ b) ^ c
-a ^ b                                   | (-a) ^ b
-a * b                                   | (-a) * b
a - -b                                   | a - (-b)
+a                                       | a
a + b < c - d                            | (a + b) < (c - d)
if a then b else c and d                 | if a then b else (c and d)
(if a then b else c) and d               | (if a then b else c) and d
a and if b then c else d or e            | a and (if b then c else (d or e))
if a then b else if c then d else e      | if a then b else (if c then d else e)
years between a and b < 3                | (years between a and b) < 3
years between a and b * 2                | years between a and (b * 2)
a < years between b and c                | a < (years between b and c)
3 'mg' + a                               | (3 'mg') + a
a < 3 and b.c.d > @2026-11-21            | (a < 3) and (b.c.d > (@2026-11-21))
""".strip().splitlines()


@pytest.mark.parametrize("row", PRECEDENCE)
def test_operators_bind_as_in_cql(row):
    text, bracketed = row.split("|")
    assert parse(text) == parse(bracketed)


NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,5}(\.[a-z]{1,4}){0,2}", fullmatch=True).filter(lambda n: n not in KEYWORDS)
NUMBERS = st.floats(min_value=0, allow_nan=False, allow_infinity=False)
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=8)
LEAVES = st.one_of(
    NAMES.map(s.Name),
    st.booleans().map(s.BooleanLiteral),
    st.just(s.NullLiteral()),
    NUMBERS.map(s.NumberLiteral),
    st.builds(s.QuantityLiteral, NUMBERS, TEXTS),
    TEXTS.map(s.CodeLiteral),
    st.dates(min_value=dt.date(1900, 1, 1)).map(s.DateLiteral),
)


def branches(inner):
    return st.one_of(
        st.builds(s.Not, inner),
        st.builds(s.Negative, inner),
        st.builds(s.Logic, st.sampled_from(s.Connective), inner, inner),
        st.builds(s.Comparison, st.sampled_from(s.Comparator), inner, inner),
        st.builds(s.Arithmetic, st.sampled_from(s.Operator), inner, inner),
        st.builds(s.Between, inner, inner, inner),
        st.builds(s.In, inner, inner),
        st.builds(s.Contains, inner, inner),
        st.builds(s.ContainsAny, inner, inner),
        st.builds(s.Is, inner, st.sampled_from([None, True, False]), st.booleans()),
        st.builds(s.If, inner, inner, inner),
        st.builds(s.Elapsed, st.sampled_from(["years", "months", "weeks", "days"]), inner, inner),
        st.lists(inner, max_size=4).map(lambda items: s.SetLiteral(tuple(items))),
    )


@given(st.recursive(LEAVES, branches, max_leaves=12))
def test_what_is_printed_reads_back(expression):
    text = print_expression(expression)
    if len(text) <= 8000:
        assert parse(text) == expression


ERRORS = """
                             |  1- 1 | the expression ends too early
a and                        |  6- 6 | the expression ends too early
a b                          |  3- 3 | `b` is not expected here
a = = b                      |  5- 5 | `=` is not expected here
(a or b                      |  8- 8 | `)` is missing to close the bracket
a or b)                      |  7- 7 | `)` is not expected here
{ 'x' 'y' }                  |  7- 9 | `,` is missing between the members of a set
{ 'x',                       |  7- 7 | the expression ends too early
a in                         |  5- 5 | the expression ends too early
a between 1 or 2             | 13-14 | `and` is missing after the lower end of `between`
a is 3                       |  6- 6 | `is` is followed by `null`, `true` or `false`
if a else b                  |  6- 9 | `then` is missing after the condition of `if`
if a then b                  | 12-12 | `else` is missing after the first branch of `if`
years a and b                |  7- 7 | `between` is missing after `years`
days between a               | 15-15 | `and` is missing between the two dates
a = 'open                    |  5- 5 | a quote is opened and never closed
a = "x"                      |  5- 5 | `"` means nothing here
a = 3mg                      |  5- 7 | `3mg` is not a number
a = .5                       |  5- 6 | `.5` is not a number
a = 1.                       |  5- 6 | `1.` is not a number
a = 1e5                      |  5- 7 | `1e5` is not a number
a = @2026-13-01              |  5-15 | `@2026-13-01` is not a day of the calendar
a = @2026-11-21T10:00        |  5-21 | `@2026-11-21T10:00` is not a day of the calendar
a = 5 'mg' 'x'               | 12-14 | `'x'` is not expected here
a # b                        |  3- 3 | `#` means nothing here
a. b                         |  2- 2 | `.` means nothing here
and                          |  1- 3 | `and` is not expected here
not                          |  4- 4 | the expression ends too early
contains any                 |  1- 8 | `contains` is not expected here
a contains any               | 15-15 | the expression ends too early
""".strip("\n").splitlines()


@pytest.mark.parametrize("row", ERRORS)
def test_an_error_stands_under_the_first_word_that_does_not_fit(row):
    text, place, message = (column.strip() for column in row.split("|"))
    with pytest.raises(ParseError) as raised:
        parse(text)
    found = raised.value.diagnostic
    assert (f"{found.span.column:2}-{found.span.end - 1:2}".strip(), found.message) == (place, message)
    assert found.help


TOO_LARGE = {
    "10,000 brackets": "(" * 10_000 + "a" + ")" * 10_000,
    "3,000 brackets": "(" * 3_000,
    "2,000 negations": "not " * 2_000 + "a",
    "7,000 signs": "-" * 7_000 + "a",
    "1 MB of text": "a and " * 170_000 + "a",
    "1 MB of quotes": "'" * 1_000_000,
    "1 MB of digits": "9" * 1_000_000,
    "7,000 digits": "9" * 7_000,
    "1,500 operators": "a" + "+a" * 1_500,
    "150 conditions in a row": " and ".join("a" * 150),
    "100 choices": "if a then b else " * 100 + "c",
    "3,000 members": "a in {" + ",".join("1" * 3_000) + "}",
    "2,000 braces": "{" * 2_000,
}


HANGS = 30
"""Seconds; a guard, not a measurement."""


@pytest.mark.parametrize("text", TOO_LARGE.values(), ids=TOO_LARGE)
def test_size_and_depth_are_bounded(text):
    started = time.process_time()
    with pytest.raises(ParseError):
        parse(text)
    assert time.process_time() - started < HANGS


def test_what_is_large_and_bearable_is_read():
    assert parse("a in {" + ", ".join(f"'code{number}'" for number in range(600)) + "}")
    assert parse(" and ".join(f"fact{number}" for number in range(90)))
    assert parse("(" * 50 + "a" + ")" * 50) == s.Name("a")
