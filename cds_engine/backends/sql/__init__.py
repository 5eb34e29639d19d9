"""The pack as SQL: one text over the core nodes, for millions of patients at a time.

The compiled conditions, derived facts, statuses and doses use nothing that Spark SQL lacks but the three functions of
`numbers.PRELUDE_DUCKDB`. No column is NULL on the way: a truth is a pair of plain booleans (certainly true, certainly
false), a value has a boolean beside it that says whether it is known. What a table has no column for folds away.
"""

from __future__ import annotations

from cds_engine.backends.sql.errors import NotInColumns
from cds_engine.backends.sql.layout import Layout
from cds_engine.backends.sql.program import Program, compile_pack

__all__ = ["Layout", "NotInColumns", "Program", "compile_pack"]
