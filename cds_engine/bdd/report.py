"""A scenario that does not hold, as its author needs it: the patient, the expectation, the answer and its reasons."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cds_engine.bdd.run import Failure, Outcome
from cds_engine.results.evaluation import Evaluation

INDENT = "  "


def place(outcome: Outcome) -> str:
    """Return where a scenario stands: file and line."""
    return f"{outcome.scenario.file.as_posix()}:{outcome.scenario.line}"


def report(outcome: Outcome) -> str:
    """Return the report of a scenario that does not hold; several lines, no traceback."""
    return "\n".join(_lines(outcome))


def _lines(outcome: Outcome) -> Iterator[str]:
    scenario = outcome.scenario
    yield f"{place(outcome)}: {scenario.title}"
    facts = ", ".join(f"{name} {value_words(value)}" for name, value in outcome.facts.items())
    yield f"{INDENT}patient:  {facts or 'nothing is known'}"
    if outcome.as_of is not None:
        yield f"{INDENT}on:       {outcome.as_of.isoformat()}"
    for failure in outcome.failures:
        yield f"{INDENT}line {failure.step.line}:  {failure.step.keyword} {failure.step.text}"
        yield f"{INDENT}{'found:   ' if failure.is_understood else 'mistake: '} {failure.found}"
        yield from _reasons(failure, outcome.answer)
    if outcome.answer is not None and outcome.answer.problems:
        yield f"{INDENT}problems: " + "; ".join(problem.message for problem in outcome.answer.problems)


def _reasons(failure: Failure, answer: Evaluation | None) -> Iterator[str]:
    if failure.rule is None or answer is None:
        return
    for index, line in enumerate(answer.why(failure.rule).splitlines()):
        yield f"{INDENT}{'reasons:  ' if index == 0 else '          '}{line}"


def value_words(value: object) -> str:
    """Return a fact's value in words: yes, no, `8 a`, a list."""
    match value:
        case bool():
            return "yes" if value else "no"
        case Mapping():
            return " ".join(value_words(part) for part in value.values())
        case list():
            return ", ".join(value_words(part) for part in value) if value else "none"
        case _:
            return str(value)
