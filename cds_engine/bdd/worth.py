"""What the tests of a pack are worth: its scenarios and cases run, covered, and tried on mutants."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from cds_engine.backends.smt import is_available
from cds_engine.bdd.coverage import Covered, coverage_of
from cds_engine.bdd.mutation import Progress, Trying
from cds_engine.bdd.propose import Proposer
from cds_engine.bdd.tested import Tested
from cds_engine.bdd.trials import Trials
from cds_engine.bdd.vocabulary import read_vocabulary
from cds_engine.checker.check import Checked
from cds_engine.engine.guide import LoadedPack
from cds_engine.proof.mutants.making import Maker


def worth_of(
    checked: Checked,
    features: Path | None = None,
    *,
    coverage: bool = True,
    mutate: bool = True,
    sample: int = 1,
    progress: Progress | None = None,
) -> Tested:
    """Return what the tests of a pack without errors are worth; of the mutants every *sample*-th is tried.

    Raises:
        NotInstalledError: If the Gherkin parser is not installed.
        PackError: If features, phrases or cases have mistakes.
    """
    maker = Maker(checked)
    pack = LoadedPack(maker.guideline, {})
    trials = Trials(pack, features)
    covered = coverage_of(maker.guideline, trials) if coverage else None
    mutation = Trying(checked, maker, trials).run(sample, progress) if mutate else None
    proposer = Proposer(pack, read_vocabulary(maker.guideline))
    proposed = {tried.mutant.id: proposer.propose(tried) for tried in (mutation.survivors if mutation else ())}
    return Tested(
        pack=pack.id,
        version=pack.version,
        hash=maker.guideline.pack.hash,
        scenarios=len(trials.scenarios),
        cases=len(trials.cases),
        failing=trials.failing,
        coverage=None if covered is None else tuple(_possible(covered, maker)),
        mutation=mutation,
        proposed={name: found for name, found in proposed.items() if found is not None},
    )


def _possible(covered: Iterable[Covered], maker: Maker) -> Iterable[Covered]:
    """Return what is covered, with a mark at what no patient can show, where Z3 is installed to prove it."""
    if not is_available():
        return covered
    from cds_engine.bdd.possible import Possible  # noqa: PLC0415 - Z3, loaded when something is to be proved

    possible = Possible(maker.guideline)
    return [one if one.count else replace(one, impossible=possible.is_impossible(one.item)) for one in covered]
