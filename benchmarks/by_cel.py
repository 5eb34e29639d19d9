"""The conditions of a pack as CEL expressions, run by `cel-expr-python` row by row: the fastest of the peers.

A variable that is not given is an error in CEL, and `&&` and `||` pass over errors where one side decides: Kleene.
Statuses come of the answers by the table of DESIGN section 3, in Python. Doses are not computed.
"""

from __future__ import annotations

from importlib.util import find_spec


def is_installed() -> bool:
    return find_spec("cel_expr_python") is not None
