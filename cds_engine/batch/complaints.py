"""What is wrong with the columns of a table, said with a way out."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from cds_engine.diagnostics import did_you_mean

SHOWN = 6
"""Columns that are named of those that a table has."""


def of_names(names: Mapping[str, str], table: Collection[str], roles: Collection[str], *, keep: bool) -> list[str]:
    """Return what is wrong with names that columns should have had; a column that is kept may have any."""
    wrong = [
        f"there is no column `{name}` to rename; {did_you_mean(name, table) or 'look at the first line of the table'}"
        for name in names
        if name not in table
    ]
    for name, role in names.items():
        meant = did_you_mean(role, roles)
        if name in table and role not in {name, *roles} and (meant or not keep):
            wrong.append(
                f"`{name}` should say `{role}`, which is nothing that a column can say;"
                f" {meant or '`cds-engine facts` lists the facts'}"
            )
    return wrong


def two_units(column: str, said: Sequence[str]) -> str:
    """Return the complaint about a column of which two units are said, each as `height=cm`."""
    both = " and ".join(f"`{one}`" for one in said)
    return f"the column `{column}` has two units, {both}; say one of them"


def no_single_value(column: str, fact: str) -> str:
    """Return the complaint about a column of objects for a fact of which a cell holds one value."""
    return (
        f"the column `{column}` holds no single values; give the value as `{fact}`, its unit as `{fact}_unit` and its"
        f" date as `{fact}_date`, each in a column of its own"
    )


def no_fact(columns: Sequence[str], roles: Collection[str]) -> str:
    """Return the complaint about a table without any fact, with what may be the cause."""
    shown = ", ".join(f"`{name}`" for name in columns[:SHOWN])
    more = f" and {len(columns) - SHOWN} more" if len(columns) > SHOWN else ""
    cause = next(_causes(columns, roles), "the first line of CSV must name the columns")
    return (
        "no column of the table is a fact of the pack (`cds-engine facts` lists them, a mapping renames columns);"
        f" it has {shown or 'none'}{more}; {cause}"
    )


def _causes(columns: Sequence[str], roles: Collection[str]) -> Iterator[str]:
    """Yield what is often behind columns of which none is known."""
    if any(name.startswith("sep=") for name in columns[:1]):
        yield "leave out the line `sep=`, since the first line must name the columns"
    if "facts" in columns:
        yield "a patient with `facts` is for `cds-engine evaluate`; in a table every fact has a column of its own"
    for name in columns:
        if name not in roles and (meant := did_you_mean(name, roles)):
            yield f"for `{name}`, {meant}"
