"""For whom an answer is worded where nobody says: a pack may call its audiences as it likes."""

from __future__ import annotations

from typing import Literal

from cds_engine.engine.guide import LoadedPack


def audience_of(pack: LoadedPack, wording: Literal["clinician", "patient"] = "clinician") -> str:
    """Return the first audience of a pack with a wording, or its first where none has it."""
    audiences = pack.guideline.pack.manifest.audiences
    return next((name for name, audience in audiences.items() if audience.wording == wording), next(iter(audiences)))
