"""A mutant to the guideline that it makes, or to what the checker says against it."""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from cds_engine.checker.check import Checked, check_at
from cds_engine.checker.regimens import check_regimens
from cds_engine.checker.sites import sites
from cds_engine.diagnostics import Diagnostic
from cds_engine.lowering.guideline import Guideline
from cds_engine.lowering.lower import lower
from cds_engine.lowering.share import Sharing
from cds_engine.proof.mutants.mutant import Mutant, NewExpression, NewPack


class Maker:
    """Makes the guidelines of mutants of one pack; what they have in common with it is the same nodes."""

    def __init__(self, checked: Checked) -> None:
        self._checked = checked
        self._sharing = Sharing()
        self._sites = {site.key: site for site in sites(checked.pack)}
        self.guideline = lower(checked, self._sharing)
        """The pack as it is."""

    def make(self, mutant: Mutant) -> Guideline | Diagnostic:
        """Return the changed guideline, or the first error for which no changed pack would be loaded."""
        found: list[Diagnostic] = []
        checked = self._checked
        match mutant.change:
            case NewExpression(key, node):
                typed = check_at(self._sites[key], node, checked.scope, found)
                changed = replace(checked, typed={**checked.typed, key: typed})
            case NewPack(pack):
                check_regimens(pack, found)
                changed = replace(checked, pack=pack)
            case _:
                assert_never(mutant.change)
        wrong = next((finding for finding in found if finding.severity == "error"), None)
        return lower(changed, self._sharing) if wrong is None else wrong
