"""The command line `cds-engine`."""

from cds_engine.cli import verbs
from cds_engine.cli.app import app, main

__all__ = ["app", "main", "verbs"]
