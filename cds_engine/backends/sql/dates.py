"""The time from one date to another, in whole years, months, weeks or days."""

from __future__ import annotations

from cds_engine.backends.sql.sheet import Sql, sql


def elapsed(unit: str, start: Sql, end: Sql) -> Sql:
    """Return whole years, months, weeks or days from one date to another; backwards they are below zero."""
    ahead, back = _forward(unit, start, end), _forward(unit, end, start)
    return sql("(CASE WHEN {} < {} THEN -{} ELSE {} END)", end, start, back, ahead)


def _forward(unit: str, start: Sql, end: Sql) -> Sql:
    if unit in {"weeks", "days"}:
        days = sql("cds_days({}, {})", start, end)
        return sql(_FLOORED if unit == "weeks" else "CAST({} AS DOUBLE)", days)
    months = sql(
        "((year({1}) - year({0})) * 12 + month({1}) - month({0}) - CASE WHEN day({1}) < day({0}) THEN 1 ELSE 0 END)",
        start,
        end,
    )
    return sql("floor(CAST({} AS DOUBLE) / 12.0)" if unit == "years" else "CAST({} AS DOUBLE)", months)


_FLOORED = "floor(CAST({} AS DOUBLE) / 7.0)"
