"""The entries of medicines of each patient folded into sets: the text of `patient.medications.fold`.

Two entries never cancel each other; an entry without interval leaves the interval unknown; an entry that cannot be
understood leaves the list incomplete.
"""

from __future__ import annotations

from collections.abc import Iterator

from cds_engine.backends.sql.layout import OTHER_AMOUNTS, Layout
from cds_engine.backends.sql.sheet import text
from cds_engine.backends.sql.worlds import Step
from cds_engine.pack.dictionary import INTERVALS

LISTS = """SELECT row,
  bool_or(is_list) AS is_listed,
  bool_or(is_entry) AS has_entries,
  bool_and(NOT is_entry OR (drug IS NOT NULL AND is_sure)) AS is_named,
  bool_or(is_list AND is_withheld) AS is_withheld,
  string_agg(DISTINCT fact || ':' || problem, ';' ORDER BY fact || ':' || problem) AS medicine_problems
FROM entries GROUP BY row"""
"""What each patient's entries come to as a list."""

TAKEN = """SELECT row, drug,
  bit_or(intervals) AS intervals,
  bool_and(intervals <> 0) AS all_timed,
  bool_and(route IS NOT NULL) AS all_routed,
  list(DISTINCT route) AS routes,
  bool_or(is_total) AS any_total,
  bool_or(weekly IS NULL AND NOT is_total) AS any_open,
  max(CASE WHEN is_total THEN weekly END) AS stated,
  coalesce(fsum(CASE WHEN NOT is_total THEN weekly END), 0.0) AS listed
FROM entries WHERE is_entry AND drug IS NOT NULL GROUP BY row, drug"""
"""What each patient takes of each drug."""

DRUGS = """SELECT lists.*, drug, intervals, all_timed, all_routed, routes, certain,
  is_listed AND NOT is_withheld AND is_named AS is_complete,
  (is_listed AND NOT is_withheld AND is_named) OR (is_named AND any_total) AS is_whole,
  stated IS NOT NULL OR (is_listed AND NOT is_withheld AND is_named AND NOT any_open) AS is_known
FROM lists LEFT JOIN
  (SELECT *, cds_exact(CASE WHEN coalesce(stated, 0.0) > listed THEN stated ELSE listed END) AS certain
   FROM taken) AS taken
  ON lists.row = taken.row"""


def fold_steps(layout: Layout) -> Iterator[Step]:
    """Yield the queries from `entries` (a row an entry or remark) to `medicines`, one row a patient."""
    yield Step("lists", LISTS)
    yield Step("taken", TAKEN)
    yield Step("drugs", DRUGS)
    yield Step("medicines", _medicines(layout))


def _medicines(layout: Layout) -> str:
    name = layout.guideline.dictionary.medications or ""
    known = "(bool_or(has_entries) OR bool_or(is_listed AND NOT is_withheld))"
    complete = "bool_or(is_listed AND NOT is_withheld AND is_named)"
    wanted = {
        "row": "row",
        "medicine_problems": "any_value(medicine_problems)",
        f"m_{layout.withheld(name)}": "bool_or(is_listed AND is_withheld AND NOT has_entries)",
    }
    for found, codes in layout.sets.items():
        if found == name or found.startswith(f"{name}."):
            wanted[f"m_{layout.is_listed(found)}"] = f"CASE WHEN {known} THEN TRUE END"
            for code in codes:
                held, said = (
                    (f"drug = {text(code).text}", complete) if found == name else _of_drug(found, name, code, complete)
                )
                wanted[f"m_{layout.member(found, code)}"] = (
                    f"CASE WHEN NOT {known} THEN NULL WHEN bool_or({held}) THEN TRUE WHEN {said} THEN FALSE END"
                )
    amounts = {
        f.removeprefix(f"{name}.").removesuffix(".weekly_amount"): f for f in layout.carried if _is_amount(f, name)
    }
    for drug, amount in amounts.items():
        own = f"FILTER (WHERE drug = {text(drug).text})"
        wanted[f"m_{layout.column(amount)}"] = (
            f"CASE WHEN count(*) {own} = 0 THEN CASE WHEN {complete} THEN 0.0 END"
            f" ELSE max(CASE WHEN is_known OR certain > 0.0 THEN certain END) {own} END"
        )
        wanted[f"m_{layout.withheld(amount)}"] = f"coalesce(bool_or(NOT is_known AND certain > 0.0) {own}, FALSE)"
    others = ", ".join(text(drug).text for drug in amounts) or "''"
    wanted[f"m_{layout.withheld(name + OTHER_AMOUNTS)}"] = (
        f"coalesce(bool_or(NOT is_known AND certain > 0.0) FILTER (WHERE drug NOT IN ({others})), FALSE)"
    )
    return (
        "SELECT " + ", ".join(f"{value} AS {column}" for column, value in wanted.items()) + " FROM drugs GROUP BY row"
    )


def _is_amount(found: str, name: str) -> bool:
    return found.startswith(f"{name}.") and found.endswith(".weekly_amount")


def _of_drug(found: str, name: str, code: str, complete: str) -> tuple[str, str]:
    """Return whether a set of one drug holds a code, and whether what it does not hold is certainly not in it."""
    drug, part = found.removeprefix(f"{name}.").rsplit(".", 1)
    own = f"drug = {text(drug).text}"
    if part == "per":
        held, said = f"{own} AND (intervals & {1 << INTERVALS.index(code)}) <> 0", f"({own} AND is_whole AND all_timed)"
    else:
        held, said = f"{own} AND list_contains(routes, {text(code).text})", f"({own} AND is_complete AND all_routed)"
    return held, f"(bool_or({said}) OR ({complete} AND count(*) FILTER (WHERE {own}) = 0))"
