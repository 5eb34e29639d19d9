"""The second engine: the conditions of a pack compiled to durable_rules and decided there, three-valued.

It may not know the evaluator that it checks. Reading order: values, formula, certainty, layout, program,
runner, rules.
"""

from cds_engine.backends.durable.errors import UnsupportedConditionError
from cds_engine.backends.durable.rules import DurableRules
from cds_engine.backends.durable.runner import is_available
from cds_engine.backends.durable.values import CodeSet, FactView

__all__ = ["CodeSet", "DurableRules", "FactView", "UnsupportedConditionError", "is_available"]
