"""Rule-based clinical decision support: guideline packs in, cited and explained recommendations out."""

from cds_engine.diagnostics import (
    BackendFault,
    CdsError,
    Diagnostic,
    EngineDisagreement,
    InputError,
    PackError,
    UnknownPackError,
)
from cds_engine.engine.guide import LoadedPack
from cds_engine.engine.packs import load
from cds_engine.results.evaluation import Evaluation
from cds_engine.version import VERSION

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
