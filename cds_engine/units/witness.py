"""The second opinion on every definition: the one place that meets pint, which is loaded when asked."""

from __future__ import annotations

import logging
import math
from functools import cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from cds_engine.units.known import cache_folder

if TYPE_CHECKING:
    from collections.abc import Mapping
    from fractions import Fraction

_TOLERANCE = 1e-4
"""Wide enough for constants that were measured anew, far narrower than a wrong definition."""

_IN_PINT = {
    "length": {"[length]": 1},
    "time": {"[time]": 1},
    "mass": {"[mass]": 1},
    "angle": {},
    "temperature": {"[temperature]": 1},
    "charge": {"[current]": 1, "[time]": 1},
    "luminosity": {"[luminosity]": 1},
    "substance": {"[substance]": 1},
}

_ONE_QUESTION_AT_A_TIME = Lock()


def pint_agrees(code: str, scale: Fraction, physical: Mapping[str, int]) -> bool:
    """Return whether pint too gives the UCUM unit *code* this size in base units and these dimensions."""
    with _ONE_QUESTION_AT_A_TIME:
        try:
            root = _transformer().simple_unit([code]).to_root_units()
        except Exception:  # noqa: BLE001 - whatever ails the witness, it does not agree
            return False
    expected: dict[str, int] = {}
    for name, power in physical.items():
        for pint_name, exponent in _IN_PINT.get(name, {name: 1}).items():
            expected[pint_name] = expected.get(pint_name, 0) + exponent * power
    same = {n: e for n, e in expected.items() if e} == dict(root.dimensionality)
    return same and math.isclose(root.magnitude, scale, rel_tol=_TOLERANCE)


@cache
def _transformer() -> Any:
    from ucumvert import UcumToPintTransformer  # noqa: PLC0415 - loaded when used

    return UcumToPintTransformer(ureg=_registry())


def _registry() -> Any:
    """Build pint's registry with ucumvert's units, from its own cache folder when that can be used.

    `PintUcumRegistry` is not used: it builds the application registry besides, and answers from that one.
    """
    folder = cache_folder()
    if folder is not None:
        try:
            return _build(str(folder / "pint"))
        except Exception:
            logging.getLogger(__name__).debug("the unit registry is built without its cache", exc_info=True)
    return _build(None)


def _build(folder: str | None) -> Any:
    import pint  # noqa: PLC0415 - loaded when used
    import ucumvert  # noqa: PLC0415 - loaded when used

    registry: Any = pint.UnitRegistry(cache_folder=folder)
    registry.load_definitions(Path(ucumvert.__file__).parent / "pint_ucum_defs.txt")
    return registry
