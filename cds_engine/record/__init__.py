"""Decisions on record: what was asked and answered, in a chain that shows every later change; asked again at will."""
