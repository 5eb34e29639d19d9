"""Small mistakes made in a pack on purpose, to see whether its scenarios and cases would notice them.

This package makes the changed packs and finds patients whom a change affects; who tries the changes on scenarios and
cases stands in `cds_engine.bdd`.
"""
