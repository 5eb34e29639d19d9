"""Sentences about what an answer leaves undecided, what it does not say of a rule, and what it works out on the way."""

from __future__ import annotations

from cds_engine.bdd.phrase import Said
from cds_engine.bdd.recorded import in_words
from cds_engine.bdd.scene import Scene, UnmetError
from cds_engine.bdd.table import then
from cds_engine.results.models import Reason


@then('{what} leaves undecided whether "{text:text}"')
def leaves_undecided(scene: Scene, said: Said) -> None:
    """A contraindication or caution that says this is neither true nor false yet, and named with the rule."""
    rule = str(said["what"])
    _says(scene.recommendation(rule).undecided, said, rule, "it leaves undecided")


@then('{what} does not leave undecided whether "{text:text}"')
def does_not_leave_undecided(scene: Scene, said: Said) -> None:
    """No contraindication or caution that says this is named with the rule as undecided."""
    rule = str(said["what"])
    _says_not(scene.recommendation(rule).undecided, said, rule, "it leaves undecided")


@then('{what} comes without the caution "{text:text}"')
def comes_without_the_caution(scene: Scene, said: Said) -> None:
    """No caution shown with it says this."""
    rule = str(said["what"])
    _says_not(scene.recommendation(rule).cautions, said, rule, "its cautions are")


@then("the {label:text} is worked out as {value:text}", about="derived")
def is_worked_out_as(scene: Scene, said: Said) -> None:
    """The fact is derived, and comes to this."""
    scene.known(said["label"])
    found = {
        label: worked_out(scene.evaluation.derived[name].value)
        for name in scene.evaluation.derived
        for label in scene.labels([name])
    }
    if found.get(str(said["label"])) != said["value"]:
        raise UnmetError(
            f"worked out are: {'; '.join(f'{label} {value}' for label, value in found.items()) or 'nothing'}"
        )


def worked_out(value: object) -> str:
    """Return a derived value as the sentence above says it."""
    return in_words(value) or str(value)


def _says(reasons: list[Reason], said: Said, rule: str, what: str) -> None:
    if not any(str(said["text"]) in reason.text for reason in reasons):
        raise UnmetError(f"{what}: {_texts(reasons)}", rule)


def _says_not(reasons: list[Reason], said: Said, rule: str, what: str) -> None:
    if any(str(said["text"]) in reason.text for reason in reasons):
        raise UnmetError(f"{what}: {_texts(reasons)}", rule)


def _texts(reasons: list[Reason]) -> str:
    return "; ".join(reason.text for reason in reasons) or "nothing"
