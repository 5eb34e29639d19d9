"""A pack as a formula: one Z3 model of every possible patient and of what the pack answers him.

The only door to Z3; it is imported when something is to be proved, never before.
"""

from __future__ import annotations

from importlib.util import find_spec


def is_available() -> bool:
    """Say whether Z3 is installed: the extra `prove` brings it."""
    return find_spec("z3") is not None
