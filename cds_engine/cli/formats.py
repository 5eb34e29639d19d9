"""How a command may write what it found."""

from __future__ import annotations

from enum import StrEnum


class Format(StrEnum):
    """How answers are written."""

    TEXT = "text"
    JSON = "json"
    HTML = "html"
    FHIR = "fhir"


class ListFormat(StrEnum):
    """How findings and facts are written."""

    TEXT = "text"
    JSON = "json"


class Target(StrEnum):
    """For which tools a pack is written."""

    FHIR = "fhir"
    CQL = "cql"


class EngineName(StrEnum):
    """Who answers a table."""

    DUCKDB = "duckdb"
    SPARK = "spark"
    DUCKDB_ON_SPARK = "duckdb-on-spark"
