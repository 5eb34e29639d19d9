"""Scenarios that a clinician can read, run against a pack: no Python of the author's is needed.

A pack says in `phrases.yaml` what its sentences about patients mean; the sentences about answers are the same for
every pack (`glossary`). `run` runs scenarios without pytest; the plugin `cds_engine.bdd.plugin`, which pytest finds by
its entry point, collects the `.feature` files of packs as tests.
"""
