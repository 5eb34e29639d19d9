"""Rule-based clinical decision support: guideline packs in, cited and explained recommendations out."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from cds_engine.diagnostics import (
    BackendFault,
    CdsError,
    Diagnostic,
    EngineDisagreement,
    InputError,
    PackError,
    UnknownPackError,
)
from cds_engine.version import VERSION

if TYPE_CHECKING:
    from cds_engine.engine.guide import LoadedPack
    from cds_engine.engine.packs import load
    from cds_engine.results.evaluation import Evaluation

__version__ = VERSION

__all__ = [
    "BackendFault",
    "CdsError",
    "Diagnostic",
    "EngineDisagreement",
    "Evaluation",
    "InputError",
    "LoadedPack",
    "PackError",
    "UnknownPackError",
    "__version__",
    "load",
]

_LOADED_WHEN_USED = {
    "Evaluation": "cds_engine.results.evaluation",
    "LoadedPack": "cds_engine.engine.guide",
    "load": "cds_engine.engine.packs",
}
"""Names whose modules take half a second to import, which `cds-engine --help` need not wait for."""


def __getattr__(name: str) -> object:
    if name not in _LOADED_WHEN_USED:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_LOADED_WHEN_USED[name]), name)
