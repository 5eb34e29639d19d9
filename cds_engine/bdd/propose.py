"""A surviving mutant as a scenario that would notice it, in the words of the pack: for a clinician to decide on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cds_engine.bdd.left_open import worked_out
from cds_engine.bdd.mutation import Tried
from cds_engine.bdd.recorded import said_as_recorded
from cds_engine.bdd.report import value_words
from cds_engine.bdd.run import Runner
from cds_engine.bdd.saying import sentences_of
from cds_engine.bdd.scene import MeaninglessError, UnmetError
from cds_engine.bdd.vocabulary import Vocabulary
from cds_engine.bdd.words import GRAVITIES, INTERVALS, SCHEDULES, STRENGTHS
from cds_engine.diagnostics import CdsError
from cds_engine.engine.guide import LoadedPack
from cds_engine.language.printer import number
from cds_engine.results.evaluation import Evaluation
from cds_engine.results.models import Dose, Finding, Recommendation
from cds_engine.results.wording import spoken


@dataclass(frozen=True, slots=True)
class Proposal:
    """A scenario that was played: it holds of the pack, and not of the changed pack."""

    given: tuple[str, ...]
    then: tuple[str, ...]
    """What the pack answers as it is, where the changed pack answers otherwise."""

    def lines(self, title: str) -> Iterator[str]:
        """List the scenario as it is written in a feature."""
        yield f"Scenario: {title}"
        for index, sentence in enumerate(self.given):
            yield f"  {'Given' if index == 0 else 'And'} {sentence}"
        yield "  When the guideline is applied"
        for index, sentence in enumerate(self.then):
            yield f"  {'Then' if index == 0 else 'And'} {sentence}"


@dataclass(frozen=True, slots=True)
class Unproposed:
    """Why no scenario is proposed for a survivor with a patient."""

    reason: str


class Proposer:
    """Words survivors of one pack."""

    def __init__(self, pack: LoadedPack, vocabulary: Vocabulary) -> None:
        self._pack = pack
        self._vocabulary = vocabulary
        self._runner = Runner(pack, vocabulary)
        self._words = {rule: words for words, rule in self._runner.rules.items()}

    def propose(self, survivor: Tried) -> Proposal | Unproposed | None:
        """Return a scenario that notices a survivor, or why there is none; None of a survivor without a patient."""
        if survivor.patient is None or survivor.guideline is None:
            return None
        facts = survivor.patient["facts"]
        assert isinstance(facts, Mapping)  # noqa: S101 - a patient has facts
        sentences, rest = sentences_of(facts, self._vocabulary)
        recorded = {name: said_as_recorded(name, value, self._pack.guideline) for name, value in rest.items()}
        sentences += [sentence for sentence in recorded.values() if sentence is not None]
        left = {name: value for name, value in rest.items() if recorded[name] is None}
        orders = survivor.patient.get("orders")
        listed = [order for order in orders if isinstance(order, Mapping)] if isinstance(orders, list) else []
        sentences += [_order(order) for order in listed]
        changed = LoadedPack(survivor.guideline, {})
        today = survivor.patient.get("as_of") or self._vocabulary.today
        answers = [pack.evaluate(facts, orders=listed, as_of=today) for pack in (self._pack, changed)]  # type: ignore[arg-type] # a day
        outcomes = tuple(self._outcomes(*answers))
        given = tuple(sentences) or ("a patient of whom nothing is known",)
        if left:
            facts_left = ", ".join(self._fact(name, value) for name, value in left.items())
            return Unproposed(f"somebody is answered otherwise, but no sentence of phrases.yaml says {facts_left}")
        if not outcomes:
            return Unproposed("somebody is answered otherwise, but no sentence says in what")
        if not self._plays(self._pack, given, outcomes):
            return Unproposed("a scenario was worded, but played it does not hold of the pack")
        if self._plays(changed, given, outcomes):
            return Unproposed("a scenario was worded, but played it holds of the changed pack as well")
        return Proposal(given, outcomes)

    def _fact(self, name: str, value: object) -> str:
        entry = self._pack.guideline.pack.facts.facts.get(name)
        return f"{entry.label if entry is not None else spoken(name)}: {value_words(value)}"

    def _plays(self, pack: LoadedPack, given: tuple[str, ...], outcomes: tuple[str, ...]) -> bool:
        """Say whether a scenario holds of a pack."""
        runner = Runner(pack, self._vocabulary)
        scene = runner.scene()
        try:
            for sentence in given:
                runner.say(scene, "given", sentence)
            runner.say(scene, "when", "the guideline is applied")
            for sentence in outcomes:
                runner.say(scene, "then", sentence)
        except (UnmetError, MeaninglessError, CdsError):
            return False
        return True

    def _outcomes(self, answer: Evaluation, changed: Evaluation) -> Iterator[str]:
        others = {found.rule: found for found in changed.recommendations}
        for found in answer.recommendations:
            other = others[found.rule]
            what = self._words.get(found.rule)
            if what is not None and _shown(found) != _shown(other):
                yield from self._of_rule(what, found, other)
                yield from _of_reasons(what, found, other)
        told = [{alert.rule: alert.text for alert in one.alerts} for one in (answer, changed)]
        yield from (f'an alert says "{text}"' for rule, text in told[0].items() if rule not in told[1])
        if not told[0] and told[1]:
            yield "no alert is given"
        yield from self._of_questions(answer, changed)
        screened = [
            [f for one in found.screened if not one.is_taken for f in one.findings] for found in (answer, changed)
        ]
        others_say = {(finding.severity, finding.text) for finding in screened[1]}
        for finding in screened[0]:
            if (finding.severity, finding.text) not in others_say:
                gravity = next(word for word, severity in GRAVITIES.items() if severity == finding.severity)
                yield f'the order meets the {gravity} "{finding.text}"'

    def _of_questions(self, answer: Evaluation, changed: Evaluation) -> Iterator[str]:
        """List what is asked for, or worked out, by one of the two only."""
        facts = self._pack.guideline.pack.facts.facts
        asked, others = ({question.fact for question in one.questions} for one in (answer, changed))
        yield from (f"the answer asks for the {facts[name].label}" for name in sorted(asked - others) if name in facts)
        yield from (
            f"the answer does not ask for the {facts[name].label}" for name in sorted(others - asked) if name in facts
        )
        put, others_put = ({question.ask for question in one.questions} for one in (answer, changed))
        yield from (f'the question "{ask}" is put' for ask in sorted(put - others_put))
        yield from (f'the question "{ask}" is not put' for ask in sorted(others_put - put))
        for name, found in answer.derived.items():
            if name not in changed.derived or changed.derived[name].value != found.value:
                yield f"the {facts[name].label} is worked out as {worked_out(found.value)}"
        told = {problem.message for problem in changed.problems}
        yield from (f'the problem "{p.message}" is reported' for p in answer.problems if p.message not in told)

    def _of_rule(self, what: str, found: Recommendation, other: Recommendation) -> Iterator[str]:
        match found.status:
            case "recommended":
                how = next(words for words, modality in STRENGTHS.items() if modality == found.modality)
                yield f"{what} {how}{_dosed(found.dose)}"
                known = {caution.rule for caution in other.cautions}
                texts = [caution.text for caution in found.cautions if caution.rule not in known]
                yield from (f'{what} comes with the caution "{text}"' for text in texts)
            case "not_applicable":
                yield f"{what} does not apply"
            case "blocked":
                known = {reason.rule for reason in other.blocked_by}
                texts = [r.text for r in found.blocked_by if r.rule not in known] or [found.blocked_by[0].text]
                yield from (f'{what} is withheld because "{text}"' for text in texts)
                yield f"{len(found.blocked_by)} reasons against {what} are listed"
            case "needs_data":
                facts = self._pack.guideline.pack.facts.facts
                names = [name for name in found.missing if name not in other.missing] or found.missing[:1]
                yield from (f"{what} waits for the {facts[name].label}" for name in names if name in facts)
            case _:
                return


def _of_reasons(what: str, found: Recommendation, other: Recommendation) -> Iterator[str]:
    """List the cautions and undecided reasons of one of two answers only."""
    undecided, others = ({reason.text for reason in one.undecided} for one in (found, other))
    yield from (f'{what} leaves undecided whether "{text}"' for text in sorted(undecided - others))
    yield from (f'{what} does not leave undecided whether "{text}"' for text in sorted(others - undecided))
    cautions = {reason.text for reason in found.cautions}
    more = sorted({reason.text for reason in other.cautions} - cautions)
    yield from (f'{what} comes without the caution "{text}"' for text in more)


def _findings(answer: Evaluation) -> list[Finding]:
    return [finding for one in answer.screened if not one.is_taken for finding in one.findings]


def _order(order: Mapping[str, object]) -> str:
    """Return the sentence of an order."""
    interval = next((words for words, means in INTERVALS.items() if means == {"per": order.get("per")}), None)
    parts = (order["drug"], order.get("dose"), interval)
    return "an order for " + ", ".join(str(part) for part in parts if part is not None)


def _shown(found: Recommendation) -> tuple[object, ...]:
    reasons = tuple(tuple(one.rule for one in some) for some in (found.blocked_by, found.cautions, found.undecided))
    dose = found.dose
    numbers = (dose.low, dose.high, dose.unit, dose.per, tuple(dose.product_options)) if dose is not None else None
    return found.status, found.drug, tuple(found.missing), reasons, numbers


def _dosed(dose: Dose | None) -> str:
    if dose is None:
        return ""
    shown = (dose.per, dose.times_per_day, tuple(dose.days) if dose.days else None)
    schedule = next((words for words, means in SCHEDULES.items() if means == shown), None)
    ends = number(dose.low) if dose.low == dose.high else f"{number(dose.low)} to {number(dose.high)}"
    return f" at {ends} {dose.unit} {schedule}" if schedule is not None else ""
