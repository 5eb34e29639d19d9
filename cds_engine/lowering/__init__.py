"""Typed expressions and packs to the core that every engine runs."""
