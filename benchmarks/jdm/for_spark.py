"""The SQL by hand, written for DuckDB, as Spark reads it: translated by `sqlglot`, with what that does not know.

Macros are put in as they stand, facts become the numbers that they are, and `* REPLACE` becomes the list of columns.
Each step of the query is a view, as an analyst would write it down.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import sqlglot
from sqlglot import exp

MACRO = re.compile(r"CREATE OR REPLACE TEMP MACRO (\w+)\(([^)]*)\) AS\s+(.*?);\n", re.DOTALL)
Macros = dict[str, tuple[list[tuple[str, exp.Expression | None]], exp.Expression]]
"""By name: the parameters with what they are where nothing is said, and the body."""


def steps(text: str) -> Iterator[tuple[str, exp.Select]]:
    """Yield the steps of the query: name, and what it selects, with the macros put in; the last is `by_hand`."""
    macros = dict(_macros(text))
    [view] = sqlglot.parse(text[text.index("CREATE OR REPLACE TEMP VIEW") :], dialect="duckdb")
    select = view.expression
    for step in select.args["with_"].expressions:
        yield step.alias, _expanded(step.this, macros)
    select.set("with_", None)
    yield view.this.name, _expanded(select, macros)


def run(session, text: str):
    """Make every step of the query a view, and return the last as a DataFrame."""
    for name, select in steps(text):
        source = select.args["from_"].this.name
        found = session.sql(_spelled(_listed(select, session.table(source).columns)))
        found.createOrReplaceTempView(name)
    return found


def _macros(text: str) -> Iterator[tuple[str, tuple]]:
    for name, parameters, body in MACRO.findall(text):
        listed = []
        for parameter in parameters.split(","):
            own, _, otherwise = parameter.partition(":=")
            listed.append((own.strip(), sqlglot.parse_one(otherwise, dialect="duckdb") if otherwise else None))
        yield name, (listed, sqlglot.parse_one(body, dialect="duckdb"))


def _expanded(node: exp.Expression, macros: Macros) -> exp.Expression:
    def put_in(found: exp.Expression) -> exp.Expression:
        if not isinstance(found, exp.Anonymous) or found.name.lower() not in macros:
            return found
        parameters, body = macros[found.name.lower()]
        given = [exp.paren(_expanded(argument, macros)) for argument in found.expressions]
        values = dict(zip([name for name, _ in parameters], given, strict=False))
        values |= {name: otherwise for name, otherwise in parameters if name not in values}
        filled = body.copy().transform(
            lambda part: values[part.name].copy() if isinstance(part, exp.Column) and part.name in values else part
        )
        return exp.paren(_number(_expanded(filled, macros)))

    return node.transform(put_in)


def _number(node: exp.Expression) -> exp.Expression:
    """Return the bit of a fact as a number: nobody works it out for every row."""
    if isinstance(node, exp.BitwiseLeftShift):
        listed, name = (part.unnest() for part in node.expression.expressions)
        place = [item.name for item in listed.expressions].index(name.name) + 1
        return exp.cast(exp.Literal.number(1 << place), "bigint")
    return node


def _listed(select: exp.Select, columns: list[str]) -> exp.Select:
    """Write out `*`, with what is replaced in it."""
    found: list[exp.Expression] = []
    for item in select.expressions:
        if isinstance(item, exp.Star):
            replaced = {other.alias: other for other in item.args.get("replace") or ()}
            found += [replaced.get(name, exp.column(name)) for name in columns]
        else:
            found.append(item)
    return select.select(*found, append=False)


def _spelled(select: exp.Select) -> str:
    def spark(node: exp.Expression) -> exp.Expression:
        match node:
            case exp.Sub(this=exp.Cast(to=exp.DataType(this=exp.DataType.Type.DATE))):
                return exp.func("datediff", node.this, node.expression)
            case exp.ArrayOverlaps():
                return exp.Anonymous(this="arrays_overlap", expressions=[node.this, node.expression])
            case exp.Split():
                return exp.Anonymous(this="split", expressions=[node.this, node.expression])
            case exp.Bracket(expressions=[exp.Anonymous(expressions=given)]):  # nothing where the list lacks it
                place = exp.Anonymous(this="array_position", expressions=given)
                place = exp.cast(exp.func("nullif", place, exp.Literal.number(0)), "int")
                return exp.Anonymous(this="element_at", expressions=[node.this, place])
            case _:
                return node

    return select.transform(spark).sql(dialect="spark")
