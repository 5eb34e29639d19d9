"""Packs on disk: models of the files, reading with positions."""
