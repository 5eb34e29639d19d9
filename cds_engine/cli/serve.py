"""`serve`: the CDS Hooks and REST service with its page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cds_engine.cli.exits import Exit, refuse
from cds_engine.diagnostics import CdsError


def serve_packs(given: Mapping[str, Any]) -> Exit:
    """Answer requests until the process is told to end; *given* are the settings of the service."""
    try:
        from cds_engine.service.run import serve, settings_from  # noqa: PLC0415 - an extra
    except ImportError:
        refuse("the service needs more; install it with `pip install 'cds_engine[service]'`")
    try:
        serve(settings_from(given))
    except CdsError as error:
        refuse(str(error))
    except ImportError:
        refuse("the service needs more; install it with `pip install 'cds_engine[service]'`")
    return Exit.DONE
