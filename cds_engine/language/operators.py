"""The one operator table: how tightly each operator binds, as in the grammar of CQL 1.5.

The printer and the parser both read it. A larger number binds tighter.
"""

from __future__ import annotations

from typing import Final

IMPLIES: Final = 10
OR: Final = 20
AND: Final = 30
MEMBERSHIP: Final = 40
EQUALITY: Final = 50
INEQUALITY: Final = 60
BETWEEN: Final = 70
NOT: Final = 80
IS: Final = 90
ADDITION: Final = 110
MULTIPLICATION: Final = 120
POWER: Final = 130
SIGN: Final = 140
PRIMARY: Final = 150

BINARY: Final[dict[str, int]] = {
    "implies": IMPLIES,
    "or": OR,
    "xor": OR,
    "and": AND,
    "in": MEMBERSHIP,
    "contains": MEMBERSHIP,
    "=": EQUALITY,
    "!=": EQUALITY,
    "<": INEQUALITY,
    "<=": INEQUALITY,
    ">": INEQUALITY,
    ">=": INEQUALITY,
    "between": BETWEEN,
    "is": IS,
    "+": ADDITION,
    "-": ADDITION,
    "*": MULTIPLICATION,
    "/": MULTIPLICATION,
    "^": POWER,
}
"""Operators that follow their first operand; all of them associate to the left."""
