"""The scenarios and cases of a pack, read and answered once, to be held against changed packs again and again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal, Protocol

from cds_engine.bdd.cases import Ready, read_cases, run_case
from cds_engine.bdd.expected import OF_ANSWER
from cds_engine.bdd.gherkin import Scenario, read_features
from cds_engine.bdd.run import Act, Runner, features_of
from cds_engine.bdd.scene import MeaninglessError, Scene, UnmetError
from cds_engine.bdd.table import About
from cds_engine.bdd.vocabulary import Vocabulary
from cds_engine.diagnostics import CdsError
from cds_engine.engine.guide import LoadedPack
from cds_engine.patient.orders import Order, read_orders, taken_as_orders
from cds_engine.patient.read import read_facts
from cds_engine.proof.mutants.reach import Known
from cds_engine.proof.mutants.seen import ALERTS, DERIVED, ORDERS, PROBLEMS, QUESTIONS, RULES

ABOUT: Mapping[About, str] = {
    "alerts": ALERTS,
    "questions": QUESTIONS,
    "orders": ORDERS,
    "rules": RULES,
    "problems": PROBLEMS,
    "derived": DERIVED,
}
"""What the sentences that speak of no single rule speak of."""


class Expectation(Protocol):
    """A patient and what is expected of the answer to him."""

    def holds(self, pack: LoadedPack) -> bool:
        """Say whether a pack answers as expected."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One scenario or case as the pack answers it."""

    sort: Literal["scenario", "case"]
    name: str
    place: str
    names: frozenset[str]
    """What its expectation names: rules, alerts, facts, ..., or all of a sort."""
    known: Known
    expectation: Expectation


@dataclass(frozen=True, slots=True)
class OfCase:
    """What a case expects."""

    case: Ready

    def holds(self, pack: LoadedPack) -> bool:
        """Say whether a pack answers as expected."""
        return run_case(pack, self.case).passed


@dataclass(frozen=True, slots=True)
class OfScenario:
    """What a scenario expects."""

    script: tuple[Act, ...]
    vocabulary: Vocabulary

    def holds(self, pack: LoadedPack) -> bool:
        """Say whether a pack answers as expected."""
        try:
            self.play(pack)
        except (UnmetError, MeaninglessError, CdsError):
            return False
        return True

    def play(self, pack: LoadedPack) -> Scene:
        """Let every sentence be said.

        Raises:
            UnmetError: If the answer is not as a sentence expects.
        """
        scene = Scene(pack, self.vocabulary)
        for act in self.script:
            act.does(scene, act.said)
        return scene


class Trials:
    """Every scenario and case of a pack; those that do not hold as it is are counted and not used.

    Raises:
        NotInstalledError: If the Gherkin parser is not installed.
        PackError: If features, phrases or cases have mistakes.
    """

    def __init__(self, pack: LoadedPack, features: Path | None = None) -> None:
        self._pack = pack
        folder = features if features is not None else features_of(pack)
        scenarios = [] if folder is None else read_features(folder)
        self.failing = 0
        self.cases = [trial for case in read_cases(pack) if (trial := self._of_case(case))]
        runner = Runner(pack)
        self.scenarios = [trial for found in scenarios if (trial := self._of_scenario(found, runner))]

    def __iter__(self) -> Iterator[Trial]:
        """List the cases, then the scenarios."""
        return iter((*self.cases, *self.scenarios))

    def _of_case(self, case: Ready) -> Trial | None:
        expectation = OfCase(case)
        if not expectation.holds(self._pack):
            self.failing += 1
            return None
        named = {*case.rules, *_named(case.expected), PROBLEMS}
        known = self._known(case.patient["facts"], case.patient["orders"], case.as_of)
        return Trial("case", case.id, case.place, frozenset(named), known, expectation)

    def _of_scenario(self, scenario: Scenario, runner: Runner) -> Trial | None:
        try:
            expectation = OfScenario(tuple(runner.script(scenario)), runner.vocabulary)
            scene = expectation.play(self._pack)
        except (UnmetError, MeaninglessError, CdsError):
            self.failing += 1
            return None
        named = frozenset(name for act in expectation.script for name in (*act.rules, *_about(act.about)))
        known = self._known(scene.patient(), scene.orders, runner.vocabulary.today)
        place = f"{scenario.file.as_posix()}:{scenario.line}"
        return Trial("scenario", scenario.title, place, named, known, expectation)

    def _known(self, facts: object, orders: object, as_of: date | None) -> Known:
        guideline = self._pack.guideline
        given = facts if isinstance(facts, Mapping) else {}
        listed: list[Order] = read_orders(orders, guideline.dictionary, [])
        record = read_facts(given, guideline.dictionary, as_of)
        return Known.of(guideline, record, as_of, [*listed, *taken_as_orders(record.medicines)])


def _about(about: About | None) -> tuple[str, ...]:
    return () if about is None else (ABOUT[about],)


def _named(expected: Mapping[str, object]) -> Iterable[str]:
    """List the alerts, contraindications, cautions and order checks that a case names."""
    for key, value in expected.items():
        if key in OF_ANSWER:
            yield from (*([ORDERS] if "findings" in key else []), *_words(value))
        elif isinstance(value, Mapping):
            for part in value.values():
                yield from _words(part)


def _words(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
        case list():
            for item in value:
                yield from _words(item)
        case dict():
            for name, item in value.items():
                yield from (name, *_words(item))
