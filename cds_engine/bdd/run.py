"""Scenarios against a pack: each runs from its patient to its outcomes; every outcome that does not hold is kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from cds_engine.bdd import left_open, outcomes, patients, recorded, whole
from cds_engine.bdd.gherkin import Kind, Scenario, Step, read_features
from cds_engine.bdd.phrase import Phrase, Said, Words
from cds_engine.bdd.scene import MeaninglessError, Scene, UnmetError
from cds_engine.bdd.table import TABLE, About, Does, Sentence
from cds_engine.bdd.vocabulary import Vocabulary, read_vocabulary
from cds_engine.bdd.words import LISTS
from cds_engine.diagnostics import CdsError, nearest
from cds_engine.engine.guide import LoadedPack
from cds_engine.results.evaluation import Evaluation

STEPS = (patients, recorded, outcomes, left_open, whole)
"""The modules that fill the table of sentences."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One sentence that does not hold, or that nobody understands."""

    step: Step
    found: str
    rule: str | None = None
    is_understood: bool = True


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one scenario."""

    scenario: Scenario
    facts: Mapping[str, object]
    orders: object
    as_of: date | None
    answer: Evaluation | None
    failures: tuple[Failure, ...]
    rules: tuple[str, ...]
    """The rules that its outcomes speak of."""

    @property
    def passed(self) -> bool:
        """Whether every sentence holds."""
        return not self.failures


@dataclass(frozen=True, slots=True)
class Act:
    """What one sentence does, and what stands in its places."""

    does: Does
    said: Said
    about: About | None = None
    """Of an outcome that speaks of no single rule: what of the answer it speaks of."""

    @property
    def rules(self) -> tuple[str, ...]:
        """The rule that the sentence speaks of, if it speaks of one."""
        return (str(self.said["what"]),) if self.does is not _has_facts and "what" in self.said else ()


def _has_facts(scene: Scene, facts: Said) -> None:
    scene.facts.update(facts)


class Runner:
    """Runs the scenarios of one pack.

    Raises:
        PackError: If its phrases have mistakes.
    """

    def __init__(self, pack: LoadedPack, vocabulary: Vocabulary | None = None) -> None:
        self._pack = pack
        self.vocabulary = read_vocabulary(pack.guideline) if vocabulary is None else vocabulary
        words = self._words()
        self._table = [(sentence, Phrase.parse(sentence.says, words)) for sentence in TABLE]

    def _words(self) -> Words:
        return {**LISTS, **self.vocabulary.words, "what": self.rules}

    @property
    def rules(self) -> dict[str, str]:
        """What each rule is called: as phrases.yaml says, or `the rule ID` where it says nothing."""
        named = self.vocabulary.treatments
        others = (spec.rule.id for spec in self._pack.guideline.rules if spec.rule.id not in named.values())
        return {**named, **{f"the rule {rule}": rule for rule in others}}

    def run_all(self, scenarios: Iterable[Scenario]) -> list[Outcome]:
        """Run scenarios one after the other; none stops the others."""
        return [self.run(scenario) for scenario in scenarios]

    def scene(self) -> Scene:
        """Return a scenario of which nothing has been said yet."""
        return Scene(self._pack, self.vocabulary)

    def say(self, scene: Scene, kind: Kind, text: str) -> None:
        """Let one sentence be said: for runners of scenarios other than this one.

        Raises:
            UnmetError: If the answer is not as the sentence expects.
            MeaninglessError: If nobody has said what it means.
        """
        self._do(scene, kind, text, [])

    def run(self, scenario: Scenario) -> Outcome:
        """Run one scenario."""
        scene = self.scene()
        failures: list[Failure] = []
        rules: list[str] = []
        for step in scenario.steps:
            try:
                self._do(scene, step.kind, step.text, rules)
            except UnmetError as error:
                failures.append(Failure(step, error.found, error.rule))
            except (MeaninglessError, CdsError) as error:
                failures.append(Failure(step, str(error), is_understood=False))
                break
        if not any(step.kind == "then" for step in scenario.steps):
            last = scenario.steps[-1] if scenario.steps else Step("", "then", scenario.name, scenario.line)
            failures.append(Failure(last, "the scenario expects nothing; write what must follow", is_understood=False))
        return Outcome(
            scenario=scenario,
            facts=scene.patient(),
            orders=scene.orders,
            as_of=self.vocabulary.today,
            answer=scene.answer,
            failures=tuple(failures),
            rules=tuple(dict.fromkeys(rules)),
        )

    def script(self, scenario: Scenario) -> list[Act]:
        """Return what the sentences of a scenario do, so that it can be played again without reading it again.

        Raises:
            MeaninglessError: If nobody has said what one of them means.
        """
        return [act for step in scenario.steps for act in self.acts(step.kind, step.text)]

    def _do(self, scene: Scene, kind: Kind, text: str, rules: list[str]) -> None:
        for act in self.acts(kind, text):
            rules.extend(act.rules)
            act.does(scene, act.said)

    def acts(self, kind: Kind, text: str) -> Iterator[Act]:
        """List what one sentence does.

        Raises:
            MeaninglessError: If nobody has said what it means.
        """
        found = [
            (sentence, said)
            for sentence, phrase in self._table
            if sentence.kind == kind and (said := phrase.match(text)) is not None
        ]
        if not found and kind == "given":
            yield Act(_has_facts, dict(self._facts(text)))
            return
        meant = self.vocabulary.outcomes_of(text) if kind == "then" else ()
        if found and meant:
            raise MeaninglessError(f"this is a sentence of every pack, and one of phrases.yaml: {found[0][0].says}")
        for sentence in meant:
            yield from self.acts(kind, sentence)
        if not meant:
            sentence_of_all, said = self._only(found, kind, text)
            yield Act(sentence_of_all.does, said, sentence_of_all.about)

    def _facts(self, text: str) -> Mapping[str, object]:
        found = self.vocabulary.facts_of(text)
        if len(found) != 1:
            raise MeaninglessError(self._unknown("given", text) if not found else "more than one phrase says this")
        return found[0]

    def _only(self, found: list[tuple[Sentence, Said]], kind: Kind, text: str) -> tuple[Sentence, Said]:
        if len(found) == 1:
            return found[0]
        if found:
            both = " and ".join(f"`{sentence.says}`" for sentence, _ in found)
            raise MeaninglessError(f"this can be read as {both}; put it in other words")
        raise MeaninglessError(self._unknown(kind, text))

    def _unknown(self, kind: Kind, text: str) -> str:
        known = [sentence.says for sentence in TABLE if sentence.kind == kind]
        if kind == "given":
            known += [phrase.says for phrase, _ in self.vocabulary.sentences]
        if kind == "then":
            known += [phrase.says for phrase, _ in self.vocabulary.outcomes]
        close = nearest(text, known)
        hint = f"did you mean `{close}`?" if close else "phrases.yaml and the glossary list what can be said"
        return f"nobody has said what this means; {hint}"


def features_of(pack: LoadedPack) -> Path | None:
    """Return the folder of a pack's features: inside the pack, or `features/<id>` beside the packs; None for none."""
    folder = pack.guideline.pack.path
    inside, beside = folder / "features", folder.resolve().parent.parent / "features" / pack.id
    return next((found for found in (inside, beside) if found.is_dir()), None)


def run_features(pack: LoadedPack, folder: Path | None = None) -> list[Outcome]:
    """Run every scenario of a pack, or of the features in *folder*.

    Raises:
        NotInstalledError: If the Gherkin parser is not installed.
        PackError: If a feature is no Gherkin, or phrases.yaml has mistakes.
    """
    found = folder if folder is not None else features_of(pack)
    return [] if found is None else Runner(pack).run_all(read_features(found))
