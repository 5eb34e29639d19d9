"""What a scenario has said so far, and what the pack answered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from cds_engine.bdd.vocabulary import Vocabulary
from cds_engine.diagnostics import did_you_mean
from cds_engine.engine.guide import LoadedPack
from cds_engine.results.evaluation import Evaluation
from cds_engine.results.models import Recommendation


class UnmetError(Exception):
    """The answer is not as a sentence expects; the message says what it is instead."""

    def __init__(self, found: str, rule: str | None = None) -> None:
        self.found = found
        self.rule = rule
        super().__init__(found)


class MeaninglessError(Exception):
    """Nobody has said what a sentence means; the message names the nearest that is known."""


@dataclass(slots=True)
class Scene:
    """One scenario on its way."""

    pack: LoadedPack
    vocabulary: Vocabulary
    facts: dict[str, object] = field(default_factory=dict)
    """What was said of the patient; a later sentence wins over an earlier one."""
    needs: list[str] = field(default_factory=list)
    """Drugs for which everything else is known and unremarkable."""
    orders: object = field(default_factory=list)
    answer: Evaluation | None = None

    def order(self, order: object) -> None:
        """Add an order."""
        if isinstance(self.orders, list):
            self.orders.append(order)

    def patient(self) -> dict[str, object]:
        """Return every fact of the patient, what is known and unremarkable included."""
        rest: dict[str, object] = {}
        for name in self.needs:
            rest |= self.vocabulary.rest[name].beside(self.facts)
        return {**self.facts, **rest}

    def apply(self, audience: str) -> None:
        """Ask the pack."""
        self.answer = self.pack.evaluate(
            {"facts": self.patient(), "orders": self.orders}, as_of=self.vocabulary.today, audience=audience
        )

    @property
    def evaluation(self) -> Evaluation:
        """The answer.

        Raises:
            MeaninglessError: If the scenario has not asked for one.
        """
        if self.answer is None:
            raise MeaninglessError("the guideline was not applied before this; write `When the guideline is applied`")
        return self.answer

    def recommendation(self, rule: str) -> Recommendation:
        """Return what became of a rule."""
        return self.evaluation.recommendation(rule)

    def drug(self, said: str) -> str:
        """Return the drug that a word stands for; any alias of the pack will do.

        Raises:
            MeaninglessError: If the pack does not know it.
        """
        found = self.pack.guideline.dictionary.drugs.get(said.lower())
        if found is None:
            raise MeaninglessError(f"the pack knows no medicine `{said}`; its drugs stand in drugs.yaml")
        return found

    def labels(self, facts: Iterable[str]) -> set[str]:
        """Return how a clinician may call the facts: by their labels, and without what follows a comma."""
        entries = self.pack.guideline.pack.facts.facts
        found = {entries[name].label for name in facts if name in entries}
        return found | {label.split(",")[0] for label in found}

    def known(self, label: object) -> object:
        """Return *label* if some fact of the pack is called so.

        Raises:
            MeaninglessError: If none is.
        """
        labels = self.labels(self.pack.guideline.pack.facts.facts)
        if label not in labels:
            hint = did_you_mean(str(label), labels) or "labels stand in facts.yaml"
            raise MeaninglessError(f"the pack knows nothing called `{label}`; {hint}")
        return label


def mapping(value: object) -> Mapping[str, object]:
    """Return *value* where it is a mapping, an empty one elsewhere."""
    return value if isinstance(value, Mapping) else {}
