"""An old decision again: the recorded question put to a pack of today, and what it now says otherwise."""

from __future__ import annotations

from dataclasses import dataclass

from cds_engine.diagnostics import CdsError
from cds_engine.engine.guide import LoadedPack
from cds_engine.record.compare import Difference, differences
from cds_engine.record.entries import Decision
from cds_engine.version import VERSION


@dataclass(frozen=True, slots=True)
class Replayed:
    """What became of one decision."""

    decision: Decision
    differences: tuple[Difference, ...]
    other_pack: str | None
    """How the pack differs from the one that answered, in words; None if it is the same, by its hash."""
    other_value_sets: bool
    """Whether other codes were supplied for the value sets that the pack names."""
    other_engine: str | None
    """How the engine differs, in words; None if it is the same version with the same engines agreeing."""
    failure: str | None = None
    """Why there is no answer any more."""

    @property
    def is_same(self) -> bool:
        """Whether the same is said as then."""
        return self.failure is None and not self.differences


def replay(decision: Decision, pack: LoadedPack) -> Replayed:
    """Put the recorded question to *pack* again; whatever goes wrong is told, not raised."""
    other_pack = _other_pack(decision, pack)
    try:
        answer = decision.request.ask(pack).model_dump(mode="json", by_alias=True)
    except CdsError as error:
        return Replayed(
            decision,
            (),
            other_pack,
            other_value_sets=False,
            other_engine=_other_engine(decision, None),
            failure=str(error),
        )
    return Replayed(
        decision,
        differences=tuple(differences(decision.answer, answer)),
        other_pack=other_pack,
        other_value_sets=decision.pack["value_sets"] != answer["pack"]["value_sets"],
        other_engine=_other_engine(decision, answer["engine"]["agreed_by"]),
    )


def _other_pack(decision: Decision, pack: LoadedPack) -> str | None:
    before, now = decision.pack, pack.guideline.pack
    if before["hash"] == now.hash:
        return None
    was, is_now = f"{before['id']} {before['version']}", f"{pack.id} {pack.version}"
    return f"was {was} ({before['hash'][:19]}), is {is_now} ({now.hash[:19]})"


def _other_engine(decision: Decision, agreed: list[str] | None) -> str | None:
    before = decision.engine
    if before["version"] != VERSION:
        return f"was {before['version']}, is {VERSION}"
    if agreed is not None and before["agreed_by"] != agreed:
        return f"was agreed by {' and '.join(before['agreed_by'])}, is by {' and '.join(agreed)}"
    return None
