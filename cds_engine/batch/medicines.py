"""The entries of medicines of each patient folded into sets: the text of `patient.medications.fold`.

Two entries never cancel each other; an entry without interval leaves the interval unknown; an entry that cannot be
understood leaves the list incomplete.
"""

from __future__ import annotations

from collections.abc import Iterator

from cds_engine.backends.sql.layout import OTHER_AMOUNTS, WORD, Layout, base_of
from cds_engine.backends.sql.sheet import text
from cds_engine.backends.sql.worlds import Step
from cds_engine.batch.readings import EMPTY, medicine_columns
from cds_engine.pack.dictionary import INTERVALS

LISTS = """SELECT row,
  bool_or(is_list) AS is_listed,
  bool_or(is_entry) AS has_entries,
  bool_and(NOT is_entry OR (drug IS NOT NULL AND is_sure)) AS is_named,
  bool_or(is_list AND is_withheld) AS is_withheld,
  nullif(concat_ws(';', array_sort(array_agg(DISTINCT fact || ':' || problem))), '') AS medicine_problems
FROM entries GROUP BY row"""
"""What each patient's entries come to as a list."""

TAKEN = """SELECT row, drug,
  bit_or(intervals) AS intervals,
  bool_and(intervals <> 0) AS all_timed,
  bool_and(route IS NOT NULL) AS all_routed,
  ';' || concat_ws(';', array_agg(DISTINCT route)) || ';' AS routes,
  bool_or(is_total) AS any_total,
  bool_or(weekly IS NULL AND NOT is_total) AS any_open,
  max(CASE WHEN is_total THEN weekly END) AS stated,
  coalesce(cds_sum(CASE WHEN NOT is_total THEN weekly END), 0E0) AS listed
FROM entries WHERE is_entry AND drug IS NOT NULL GROUP BY row, drug"""
"""What each patient takes of each drug."""

DRUGS = """SELECT lists.row, is_listed, has_entries, is_named, is_withheld, medicine_problems,
  drug, intervals, all_timed, all_routed, routes, certain,
  is_listed AND NOT is_withheld AND is_named AS is_complete,
  (is_listed AND NOT is_withheld AND is_named) OR (is_named AND any_total) AS is_whole,
  stated IS NOT NULL OR (is_listed AND NOT is_withheld AND is_named AND NOT any_open) AS is_known
FROM lists LEFT JOIN
  (SELECT row, drug, intervals, all_timed, all_routed, routes, any_total, any_open, stated,
    cds_exact(CASE WHEN coalesce(stated, 0E0) > listed THEN stated ELSE listed END) AS certain
   FROM taken) AS taken
  ON lists.row = taken.row"""


def fold_steps(layout: Layout, keys: list[str]) -> Iterator[Step]:
    """Yield the queries from `entries` (a row an entry or remark) to `medicines`, a row for each of `takings`.

    *keys* are the columns of `takings` that say whose row it is.
    """
    yield Step("lists", LISTS)
    yield Step("taken", TAKEN)
    yield Step("drugs", DRUGS)
    yield Step("medicines", _medicines(layout, keys))


def _medicines(layout: Layout, keys: list[str]) -> str:
    name = layout.guideline.dictionary.medications or ""
    known = "(bool_or(has_entries) OR bool_or(is_listed AND NOT is_withheld))"
    complete = "bool_or(is_listed AND NOT is_withheld AND is_named)"
    wanted = {
        "row": "row",
        "medicine_problems": "any_value(medicine_problems)",
        layout.withheld(name): "bool_or(is_listed AND is_withheld AND NOT has_entries)",
    }
    for found, codes in layout.sets.items():
        if base_of(found) != name:
            continue
        wanted[layout.known(found)] = known
        for word in layout.code_words(found):
            held, lacked = [], []
            for code in codes[word * WORD : (word + 1) * WORD]:
                bit = layout.code_bits(found, [code])[word]
                holds, lacks = _of_list(code, complete) if found == name else _of_drug(found, name, code, complete)
                held.append(f"CASE WHEN {known} AND {holds} THEN {bit} ELSE 0 END")
                lacked.append(f"CASE WHEN {known} AND NOT {holds} AND {lacks} THEN {bit} ELSE 0 END")
            wanted |= {layout.held(found, word): " | ".join(held), layout.not_held(found, word): " | ".join(lacked)}
    amounts = {
        f.removeprefix(f"{name}.").removesuffix(".weekly_amount"): f for f in layout.carried if _is_amount(f, name)
    }
    for drug, amount in amounts.items():
        own = f"FILTER (WHERE drug = {text(drug).text})"
        certain = f"max(CASE WHEN is_known OR certain > 0.0 THEN certain END) {own}"
        wanted[layout.column(amount)] = f"coalesce({certain}, 0.0)"
        wanted[layout.known(amount)] = f"CASE WHEN count(*) {own} = 0 THEN {complete} ELSE {certain} IS NOT NULL END"
        wanted[layout.withheld(amount)] = f"bool_or(NOT is_known AND certain > 0.0) {own}"
    others = ", ".join(text(drug).text for drug in amounts) or "''"
    wanted[layout.withheld(name + OTHER_AMOUNTS)] = (
        f"bool_or(NOT is_known AND certain > 0.0) FILTER (WHERE drug NOT IN ({others}))"
    )
    folded = ", ".join(f"{value} AS {column}" for column, value in wanted.items())
    kept = [f"takings.{column}" for column in ("row", *keys)] + ["medicine_problems"]
    kept += [f"coalesce({c}, {EMPTY[kind]}) AS m_{c}" for c, kind in medicine_columns(layout).items()]
    return (
        f"SELECT {', '.join(kept)} FROM takings"
        f" LEFT JOIN (SELECT {folded} FROM drugs GROUP BY row) AS folded ON folded.row = takings.row"
    )


def _of_list(code: str, complete: str) -> tuple[str, str]:
    """Return whether the list holds a drug, and whether what it does not hold is certainly not in it."""
    return f"bool_or(coalesce(drug = {text(code).text}, FALSE))", complete


def _is_amount(found: str, name: str) -> bool:
    return found.startswith(f"{name}.") and found.endswith(".weekly_amount")


def _of_drug(found: str, name: str, code: str, complete: str) -> tuple[str, str]:
    """Return whether a set of one drug holds a code, and whether what it does not hold is certainly not in it."""
    drug, part = found.removeprefix(f"{name}.").rsplit(".", 1)
    own = f"drug = {text(drug).text}"
    if part == "per":
        held, said = f"{own} AND (intervals & {1 << INTERVALS.index(code)}) <> 0", f"{own} AND is_whole AND all_timed"
    else:
        held, said = f"{own} AND contains(routes, {text(f';{code};').text})", f"{own} AND is_complete AND all_routed"
    lacks = f"(bool_or(coalesce({said}, FALSE)) OR ({complete} AND count(*) FILTER (WHERE {own}) = 0))"
    return f"bool_or(coalesce({held}, FALSE))", lacks
