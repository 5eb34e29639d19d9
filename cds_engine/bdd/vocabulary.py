"""The phrases of one pack, ready to match: sentences to facts, names of treatments to rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from cds_engine.bdd.phrase import Phrase, PhraseError, Words, filled
from cds_engine.diagnostics import Diagnostic, PackError, did_you_mean
from cds_engine.lowering.guideline import Guideline
from cds_engine.pack.beside import read_beside
from cds_engine.pack.phrases import PHRASES_FILE, PhrasesFile
from cds_engine.pack.plain import plain_value

Facts = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Rest:
    """What is known and unremarkable of everything else that a drug needs."""

    facts: Facts
    without: Mapping[str, Mapping[str, str]]

    def beside(self, said: Facts) -> dict[str, object]:
        """Return the facts that *said* has not spoken of, without those that it makes needless."""
        return {
            name: value for name, value in self.facts.items() if name not in said and not self._needless(name, said)
        }

    def _needless(self, name: str, said: Facts) -> bool:
        return any(
            other in said and (value == "given" or said[other] == value)
            for other, value in self.without.get(name, {}).items()
        )


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Everything a pack's scenarios may say that is the pack's own."""

    today: date | None
    words: Words
    sentences: tuple[tuple[Phrase, object], ...]
    rest: Mapping[str, Rest]
    treatments: Mapping[str, str]
    outcomes: tuple[tuple[Phrase, tuple[str, ...]], ...]

    def facts_of(self, sentence: str) -> list[Facts]:
        """Return the facts of every phrase that *sentence* matches; more than one is a mistake of the pack's."""
        found = [(said, facts) for phrase, facts in self.sentences if (said := phrase.match(sentence)) is not None]
        meant = [filled(facts, said) for said, facts in found]
        return [facts if isinstance(facts, Mapping) else {} for facts in meant]

    def outcomes_of(self, sentence: str) -> tuple[str, ...]:
        """Return the sentences that the pack's own *sentence* stands for; nothing if it is none."""
        for phrase, means in self.outcomes:
            said = phrase.match(sentence)
            if said is not None:
                return tuple(str(filled(text, said)) for text in means)
        return ()


EMPTY = Vocabulary(None, {}, (), {}, {}, ())


def read_vocabulary(guideline: Guideline) -> Vocabulary:
    """Return the phrases of a pack; none where it has no `phrases.yaml`.

    Raises:
        PackError: If the file has mistakes: a place that nobody declared, a fact or rule that does not exist.
    """
    file, findings = read_beside(guideline.pack.path, PHRASES_FILE, PhrasesFile)
    if findings:
        raise PackError(findings)
    if file is None:
        return EMPTY
    found = _Reader(guideline, file).vocabulary(findings)
    if findings:
        raise PackError(findings)
    return found


class _Reader:
    def __init__(self, guideline: Guideline, file: PhrasesFile) -> None:
        self._guideline = guideline
        self._file = file
        words = {name: plain_value(listed) for name, listed in file.words.items()}
        self._words: Words = {name: listed for name, listed in words.items() if isinstance(listed, dict)}

    def vocabulary(self, findings: list[Diagnostic]) -> Vocabulary:
        file = self._file
        self._check_names(findings)
        return Vocabulary(
            today=file.today,
            words=self._words,
            sentences=tuple(
                (phrase, plain_value(facts))
                for says, facts in file.sentences.items()
                if (phrase := self._phrase(says, "sentences", findings))
            ),
            rest={name: Rest(_facts(rest.facts), rest.without) for name, rest in file.rest.items()},
            treatments=dict(file.treatments),
            outcomes=tuple(
                (phrase, (means,) if isinstance(means, str) else tuple(means))
                for says, means in file.outcomes.items()
                if (phrase := self._phrase(says, "outcomes", findings))
            ),
        )

    def _phrase(self, says: str, section: str, findings: list[Diagnostic]) -> Phrase | None:
        try:
            return Phrase.parse(says, self._words)
        except PhraseError as error:
            found, _, hint = str(error).partition("; ")
            findings.append(Diagnostic("S102", found, self._file.span_of_key(section, says), hint))
            return None

    def _check_names(self, findings: list[Diagnostic]) -> None:
        """Every fact and rule that a phrase names must exist."""
        facts, file = self._guideline.pack.facts.facts, self._file
        named = [(("sentences", says), name) for says, found in file.sentences.items() for name in found]
        named += [(("rest", drug), name) for drug, rest in file.rest.items() for name in rest.facts]
        for (section, key), name in named:
            if name not in facts:
                hint = did_you_mean(name, facts) or "facts stand in facts.yaml"
                span = file.span_of_key(section, key)
                findings.append(Diagnostic("S103", f"there is no fact `{name}`", span, hint))
        rules = {spec.rule.id for spec in self._guideline.rules}
        for words, rule in file.treatments.items():
            if rule not in rules:
                hint = did_you_mean(rule, rules) or "rules stand under their statements"
                span = file.span_of("treatments", words)
                findings.append(Diagnostic("S103", f"there is no rule `{rule}`", span, hint))


def _facts(written: object) -> dict[str, object]:
    found = plain_value(written)
    return found if isinstance(found, dict) else {}
