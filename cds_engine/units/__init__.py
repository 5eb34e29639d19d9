"""The only door to pint, ucumvert and lark: UCUM units, their kinds and their conversion.

It knows nothing of facts or patients. The libraries load when a unit is met that no process has read before.
"""

from __future__ import annotations

from cds_engine.units.aliases import alias_note
from cds_engine.units.conversion import Conversion, Unit, conversion, parse_unit, ucum_conversion
from cds_engine.units.display import display
from cds_engine.units.errors import UnitError
from cds_engine.units.exact import exact
from cds_engine.units.grammar import is_ucum

__all__ = [
    "Conversion",
    "Unit",
    "UnitError",
    "alias_note",
    "conversion",
    "display",
    "exact",
    "is_ucum",
    "parse_unit",
    "ucum_conversion",
]
