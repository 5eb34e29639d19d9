"""A pack as a formula: one Z3 model of every possible patient and of what the pack answers him.

The only door to Z3; it is imported when something is to be proved, never before.
"""
