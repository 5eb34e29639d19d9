"""The verbs and their options, by what they are for; what each does stands in a module of `cds_engine.cli`."""

from cds_engine.cli.verbs import answers, packs, proofs, records, reviews

__all__ = ["answers", "packs", "proofs", "records", "reviews"]
