"""The common text as Spark 3 reads it: how literals and names are spelled, and the functions of our own.

DuckDB knows those functions as macros (`numbers.PRELUDE_DUCKDB`); Spark 3 has none, so they are put in as text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

WORD = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|[A-Za-z_][A-Za-z_0-9]*\(|[(),]""")
"""A literal, a quoted name, a function with its bracket, a bracket or comma."""


def _exact(x: str) -> str:
    """Return `units.exact` of a number.

    Java rounds the decimal that it would print, not the number itself. They part where that decimal has a 16th figure,
    5, and no 17th: then a product that is not rounded says on which side of the half the number lies (from 1e-7 on).
    """
    sixteen, fifteen = (f"format_string('%.{figures}e', {x})" for figures in (15, 14))
    figures = f"CAST(regexp_replace(substring_index({sixteen}, 'e', 1), '[-.]', '') AS BIGINT)"
    scale = f"2E0 * power(1E1, 14 - CAST(substring_index({sixteen}, 'e', -1) AS INT))"
    beyond = (
        f"CAST(java_method('java.lang.Math', 'fma', abs({x}), {scale}, CAST(-({figures} DIV 5) AS DOUBLE)) AS DOUBLE)"
    )
    up = f"{beyond} > 0E0 OR ({beyond} = 0E0 AND {sixteen} RLIKE '[13579]5e')"
    return (
        f"(CASE WHEN abs({x}) < 1E10 AND floor({x} * 10000E0 + 5E-1) / 10000E0 = {x} THEN {x}"
        f" WHEN contains({sixteen}, '5e') AND CAST({sixteen} AS DOUBLE) = {x}"
        f" THEN CAST(CASE WHEN {up} THEN {fifteen} ELSE replace({sixteen}, '5e', '0e') END AS DOUBLE)"
        f" ELSE CAST({fifteen} AS DOUBLE) END)"
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
