"""The common text as Spark 3 reads it: how literals and names are spelled, and the functions of our own.

DuckDB knows those functions as macros (`numbers.PRELUDE_DUCKDB`); Spark 3 has none, so they are put in as text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

WORD = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|[A-Za-z_][A-Za-z_0-9]*\(|[(),]""")
"""A literal, a quoted name, a function with its bracket, a bracket or comma."""


FIFTEEN = "'0.00000000000000E0'"
"""How Java is told to write a number with 15 significant figures, halves to the even one."""


def _exact(x: str) -> str:
    """Return `units.exact` of a number.

    Java rounds the number itself, not the decimal that it would print, but for whole numbers of 64 bits: those are
    handed over as decimals. What it cannot write as a number, infinity, stays what it is.
    """
    whole = f"CAST(CAST({x} AS BIGINT) AS DECIMAL(20, 0))"
    return (
        f"(CASE WHEN abs({x}) < 1E10 AND floor({x} * 10000E0 + 5E-1) / 10000E0 = {x} THEN {x}"
        f" WHEN abs({x}) >= 1E15 AND abs({x}) < 9.223372036854775808E18"
        f" THEN CAST(format_number({whole}, {FIFTEEN}) AS DOUBLE)"
        f" ELSE coalesce(CAST(format_number({x}, {FIFTEEN}) AS DOUBLE), {x}) END)"
    )


PRELUDE: Mapping[str, Callable[..., str]] = {
    "cds_exact": _exact,
    "cds_days": lambda first, last: f"datediff({last}, {first})",
    "cds_status": lambda word: word,
    "cds_place": lambda items, item: f"nullif(array_position({items}, {item}), 0L)",
    "cds_item": lambda items, place: f"element_at({items}, CAST({place} AS INT))",
    "cds_sum": lambda x: (
        f"aggregate(array_sort(collect_list({x})), CAST(NULL AS DOUBLE), (sum, one) -> coalesce(sum, 0E0) + one)"
    ),
    "cds_distinct": lambda x: f"collect_set({x})",
    "list_value": lambda *items: f"array({', '.join(items)})",
}
"""What a dialect must bring, as `numbers.PRELUDE_DUCKDB` says it for DuckDB."""


def spelled(text: str) -> str:
    """Return the text as Spark reads it.

    >>> spelled("SELECT cds_days(born, today)")
    'SELECT datediff(today, born)'
    """
    done: list[str] = []
    calls: list[tuple[str | None, list[str]]] = []
    """The brackets that are open: of which function of ours, and what stands before its arguments."""
    place = 0

    def cut() -> str:
        """Take what was written since the bracket opened."""
        return done.pop()

    done.append("")
    for found in WORD.finditer(text):
        done[-1] += text[place : found.start()]
        place = found.end()
        word = found[0]
        if word[0] == "'":
            done[-1] += "'" + word[1:-1].replace("''", "'").replace("\\", "\\\\").replace("'", "\\'") + "'"
        elif word[0] == '"':
            done[-1] += "`" + word[1:-1].replace('""', '"').replace("`", "``") + "`"
        elif word.endswith("("):
            name = word[:-1]
            if name in PRELUDE:
                calls.append((name, []))
                done.append("")
            else:
                calls.append((None, []))
                done[-1] += word
        elif word == ")":
            name_, arguments = calls.pop()
            if name_ is None:
                done[-1] += ")"
            else:
                arguments.append(cut().strip())
                done[-1] += PRELUDE[name_](*arguments)
        elif calls and calls[-1][0] is not None:
            calls[-1][1].append(cut().strip())
            done.append("")
        else:
            done[-1] += word
    return done[-1] + text[place:]
