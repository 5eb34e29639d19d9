"""What conditions about an order read of it: any drug, amount, route and intervals that an order may say."""

from __future__ import annotations

import z3

from cds_engine.backends.smt.logic import either
from cds_engine.backends.smt.values import Code, Members, Number
from cds_engine.language.syntax import Comparator
from cds_engine.lowering import core as c
from cds_engine.lowering.guideline import Guideline
from cds_engine.lowering.walk import nodes
from cds_engine.pack.dictionary import INTERVALS

ORDER = "order"
"""What the names of these facts begin with."""
OTHER = "(another)"
"""Stands for every code that no condition names."""


def ordered(name: str, guideline: Guideline, label: str) -> tuple[Code | Members | Number, list[z3.BoolRef]]:
    """Return a free value of what an order says, and what holds of it."""
    match name.partition(".")[2]:
        case "per":
            each = {code: z3.Bool(f"{label} has {code}") for code in INTERVALS}
            return Members(each, z3.Bool(f"{label} complete")), []
        case "dose" | "weekly_amount":
            amount = z3.Real(label)
            return Number(amount), [amount >= 0]
        case _:
            each = {code: z3.Bool(f"{label} = {code}") for code in (*_codes_named(name, guideline), OTHER)}
            return Code(each), [z3.AtMost(*each.values(), 1), either(*each.values())]


def _codes_named(name: str, guideline: Guideline) -> dict[str, None]:
    """Return the codes that any condition about an order compares this with."""
    found: dict[str, None] = {}
    for condition in guideline.order_conditions.values():
        for node in nodes(condition):
            match node:
                case c.OneOf(c.Fact(other), codes) if other == name:
                    found |= dict.fromkeys(codes)
                case c.Compare(Comparator.EQUAL | Comparator.NOT_EQUAL, c.Fact(other), c.Constant(str() as code)) if (
                    other == name
                ):
                    found[code] = None
    return found
