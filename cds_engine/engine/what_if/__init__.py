"""What would change a status: the smallest changes of one patient's facts, each answered before it is shown.

A search over the values at which the conditions of one rule turn; no solver is needed. What is found is a reading of
the rule, never advice to change a value.
"""
