"""The pack as SQL: one text over the core nodes, for millions of patients at a time.

The compiled conditions, derived facts, statuses and doses use nothing that Spark SQL lacks but the two functions of
`prelude`. Unknown is NULL; `AND`, `OR`, `NOT` and `IN` are Kleene's in SQL, and everything that is not (`CASE`, the
smaller of two numbers, rounding) is written out with its NULLs.
"""

from __future__ import annotations

from cds_engine.backends.sql.errors import NotInColumns
from cds_engine.backends.sql.layout import Layout
from cds_engine.backends.sql.program import Program, compile_pack

__all__ = ["Layout", "NotInColumns", "Program", "compile_pack"]
