"""A pack as a CQL library, so that the reference engine of HL7 can be asked what it means."""

from cds_engine.backends.cql.library import library

__all__ = ["library"]
