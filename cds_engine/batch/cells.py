"""What cells say, by the kind of column they stand in: whether they say anything, words, truths, days."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from cds_engine.backends.sql.sheet import FALSE, Sheet, Sql, some, sql
from cds_engine.backends.sql.truths import Value
from cds_engine.batch.columns import Cell

NUMBER = r"[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?"
BLANK = r"\s\x0b\x1c-\x1f\pZ" + "\x85"
"""Blanks of every script within the brackets of a pattern, those of `str.isspace`: `26 kg` often has one that does not
break."""
TRIMMED = rf"[^{BLANK}](?s:.*[^{BLANK}])?"
"""A text without the blanks around it; `trim` looks for so many of them one by one, and takes five times as long."""
QUANTITY = rf"^[{BLANK}]*({NUMBER})[{BLANK}]*([^{BLANK}][^\n]*?)?[{BLANK}]*\z"
DAY = rf"^[{BLANK}]*[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9][{BLANK}]*\z"
DAYS = "BETWEEN DATE '0001-01-01' AND DATE '9999-12-31'"
"""The days that a calendar of four figures a year has; others are none, in text and in typed columns."""
LONGEST = 400
UNSAID = "('', 'unknown')"
NO_TEXT = Sql("CAST(NULL AS STRING)")
SOME_DAY = "DATE '1970-01-01'"


class Check(NamedTuple):
    """Something that may be wrong with a cell that says something, and its code."""

    fails: Sql
    code: str


class Finding(NamedTuple):
    """That something is wrong, and as SQL text its code: written only for the few rows that list it."""

    holds: Sql
    code: Sql


NOTHING_WRONG = Finding(FALSE, NO_TEXT)


@dataclass(frozen=True, slots=True)
class Read:
    """One fact, read; everything but `said` means something only where it is said."""

    value: Sql
    said: Sql
    problem: Finding
    """Why the value is of no use."""
    properties: Mapping[str, Value] = field(default_factory=dict)
    remark: Finding = NOTHING_WRONG
    """What is wrong beside the value, such as with its reference range."""


def first_of(checks: Sequence[Check]) -> Finding:
    """Return the first thing that is wrong."""
    real = [check for check in checks if check.fails != FALSE]
    if not real:
        return NOTHING_WRONG
    cases = " ".join(f"WHEN {{}} THEN '{check.code}'" for check in real)
    return Finding(some(*(check.fails for check in real)), sql(f"(CASE {cases} END)", *(check.fails for check in real)))


class Cells:
    """Reads cells onto a sheet, each once."""

    def __init__(self, sheet: Sheet) -> None:
        self._sheet = sheet
        self._words: dict[str, Sql] = {}
        self._said: dict[str, Sql] = {}

    def word(self, cell: Cell) -> Sql:
        """Return a text without the space around it, in lower case."""
        if cell.alias not in self._words:
            self._words[cell.alias] = self._sheet.column(f"word_{cell.alias}", word_of(Sql(cell.alias)))
        return self._words[cell.alias]

    def is_said(self, cell: Cell) -> Sql:
        """Return whether a cell says anything: empty, `unknown` and NULL are the same as no cell."""
        if cell.alias not in self._said:
            said = sql("({} IS NOT NULL)", Sql(cell.alias))
            if cell.kind == "text":
                said = says_anything(self.word(cell))
            self._said[cell.alias] = self._sheet.column(f"said_{cell.alias}", said)
        return self._said[cell.alias]

    def truth(self, cell: Cell) -> Value:
        """Return the boolean that a cell says."""
        if cell.kind == "truth":
            return Value(sql("({} IS TRUE)", Sql(cell.alias)), self.is_said(cell))
        if cell.kind != "text":
            return Value(FALSE, FALSE)
        yes, no = (
            sql(f"coalesce({{}} IN {words}, FALSE)", self.word(cell))
            for words in ("('true', 'yes')", "('false', 'no')")
        )
        yes = self._sheet.column(f"yes_{cell.alias}", yes)
        return Value(yes, self._sheet.column(f"truth_{cell.alias}", sql("({} OR {})", yes, no)))

    def day(self, cell: Cell) -> Value:
        """Return the date that a cell names."""
        found = self._sheet.shared(f"named_day_{cell.alias}", day_of(cell))
        is_day = self._sheet.column(f"is_day_{cell.alias}", sql("({} IS NOT NULL)", found))
        return Value(self._sheet.column(f"day_{cell.alias}", sql(f"coalesce({{}}, {SOME_DAY})", found)), is_day)


def word_of(cell: Sql) -> Sql:
    """Return what a cell says as text, without the space around it, in lower case."""
    return sql(f"lower({trimmed('CAST({} AS STRING)')})", cell)


def trimmed(cell: str) -> str:
    """Return a text without the blanks around it."""
    return f"regexp_extract({cell}, '{TRIMMED}', 0)"


def says_anything(word: Sql) -> Sql:
    """Return whether the word of a cell says anything: not where it is empty, `unknown` or NULL."""
    return sql(f"coalesce({{}} NOT IN {UNSAID}, FALSE)", word)


def is_said(alias: str) -> str:
    """Return whether a cell says anything, as text that stands by itself."""
    return says_anything(word_of(Sql(alias))).text


def day_of(cell: Cell) -> Sql:
    """Return the date that a cell names, NULL when it names none."""
    if cell.kind == "day":
        return sql(f"(CASE WHEN CAST({{0}} AS DATE) {DAYS} THEN CAST({{0}} AS DATE) END)", Sql(cell.alias))
    if cell.kind != "text":
        return Sql("CAST(NULL AS DATE)")
    named = f"TRY_CAST({trimmed('{0}')} AS DATE)"
    is_day = f"regexp_extract({{0}}, '{DAY}', 0) <> '' AND left({trimmed('{0}')}, 4) <> '0000'"
    return sql(f"(CASE WHEN {is_day} THEN {named} END)", Sql(cell.alias))
