"""The pytest plugin: `.feature` files of a pack become tests, one a scenario, without any Python of the author's.

pytest finds it by its entry point. A feature belongs to a pack if it lies in the folder `features` of the pack, or in
`features/<id>` where a pack of that id can be loaded; feature files of anybody else are left alone.
A scenario that does not hold is shown as patient, expectation, answer and reasons.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from cds_engine.bdd.gherkin import Scenario
    from cds_engine.bdd.run import Runner

RUNNERS = pytest.StashKey[dict[Path, Any]]()


class ScenarioError(Exception):
    """A scenario does not hold; the message is the whole report."""


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect a feature that belongs to a pack."""
    if file_path.suffix != ".feature":
        return None
    pack = pack_of(file_path)
    return None if pack is None else FeatureFile.from_parent(parent, path=file_path, pack=pack)


def pack_of(feature: Path) -> Path | None:
    """Return the folder of the pack that a feature belongs to, None if it belongs to none."""
    for folder in feature.parents:
        if folder.name == "features" and (folder.parent / "pack.yaml").is_file():
            return folder.parent
        if folder.parent.name == "features":
            beside = folder.parent.parent / "rules" / folder.name
            if (beside / "pack.yaml").is_file():
                return beside
    return None


class FeatureFile(pytest.File):
    """One feature file."""

    def __init__(self, *, pack: Path, **rest: Any) -> None:
        super().__init__(**rest)
        self._pack = pack

    def collect(self) -> Iterator[pytest.Item]:
        """List its scenarios."""
        from cds_engine.bdd.gherkin import read_feature  # noqa: PLC0415 - pytest starts without it

        names: dict[str, int] = {}
        for scenario in read_feature(self.path):
            count = names[scenario.title] = names.get(scenario.title, 0) + 1
            name = scenario.title if count == 1 else f"{scenario.title} #{count}"
            yield ScenarioItem.from_parent(self, name=name, scenario=scenario)

    def runner(self) -> Runner:
        """Return what runs the scenarios of the pack, made once a session."""
        from cds_engine.bdd.run import Runner  # noqa: PLC0415 - as above
        from cds_engine.engine.packs import load  # noqa: PLC0415 - as above

        runners = self.config.stash.setdefault(RUNNERS, {})
        if self._pack not in runners:
            runners[self._pack] = Runner(load(self._pack))
        found: Runner = runners[self._pack]
        return found


class ScenarioItem(pytest.Item):
    """One scenario."""

    def __init__(self, *, scenario: Scenario, **rest: Any) -> None:
        super().__init__(**rest)
        self.scenario = scenario

    def runtest(self) -> None:
        """Run the scenario."""
        from cds_engine.bdd.report import report  # noqa: PLC0415 - as above

        assert isinstance(self.parent, FeatureFile)  # noqa: S101 - our own invariant
        outcome = self.parent.runner().run(self.scenario)
        if not outcome.passed:
            raise ScenarioError(report(outcome))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Show the report instead of a traceback."""
        if isinstance(excinfo.value, ScenarioError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Say where it stands."""
        return self.path, self.scenario.line - 1, f"{self.scenario.feature}: {self.scenario.title}"
