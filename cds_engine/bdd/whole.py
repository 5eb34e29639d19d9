"""Sentences about the whole answer: orders screened, alerts, questions, problems, notices."""

from __future__ import annotations

from collections.abc import Iterable

from cds_engine.bdd.phrase import Said
from cds_engine.bdd.scene import Scene, UnmetError
from cds_engine.bdd.table import then
from cds_engine.results.models import Finding, Screened


def _screened(scene: Scene, which: object) -> Screened:
    taken = [found for found in scene.evaluation.screened if found.is_taken]
    proposed = [found for found in scene.evaluation.screened if not found.is_taken]
    found = {"taken": taken, "second": proposed[1:]}.get(str(which), proposed)
    if not found:
        raise UnmetError("no such order was screened")
    return found[0]


def _findings(found: Iterable[Finding]) -> str:
    return "; ".join(f"{finding.severity}: {finding.text}" for finding in found) or "none"


def _says(texts: list[str], said: Said, what: str) -> None:
    if not any(str(said["text"]) in text for text in texts):
        raise UnmetError(f"{what}: {'; '.join(texts) or 'none'}")


@then('the {which} meets the {gravity} "{text:text}"', about="orders")
def meets(scene: Scene, said: Said) -> None:
    """Screening the order finds this, as grave as this."""
    findings = _screened(scene, said["which"]).findings
    if not any(found.severity == said["gravity"] and str(said["text"]) in found.text for found in findings):
        raise UnmetError(f"the findings are: {_findings(findings)}")


@then("the {which} meets no {serious}", about="orders")
def meets_no(scene: Scene, said: Said) -> None:
    """Screening the order finds nothing as grave as this, or graver."""
    serious = said["serious"]
    assert isinstance(serious, frozenset)  # noqa: S101 - the table of words says so
    found = [finding for finding in _screened(scene, said["which"]).findings if finding.severity in serious]
    if found:
        raise UnmetError(f"the findings are: {_findings(found)}")


@then('the {which} does not meet "{text:text}"', about="orders")
def does_not_meet(scene: Scene, said: Said) -> None:
    """No finding about the order says this."""
    found = [f for f in _screened(scene, said["which"]).findings if str(said["text"]) in f.text]
    if found:
        raise UnmetError(f"the findings are: {_findings(found)}")


@then('the working of the finding on the {which} says "{text:text}"', about="orders")
def finding_is_worked_out(scene: Scene, said: Said) -> None:
    """The calculation behind a finding holds these words."""
    working = [line for found in _screened(scene, said["which"]).findings for line in found.working]
    _says(working, said, "the working is")


@then("the finding on the {which} cites {text:text}", about="orders")
def finding_cites(scene: Scene, said: Said) -> None:
    """A finding about the order cites this source."""
    cited = [c.label for found in _screened(scene, said["which"]).findings for c in found.citations]
    if said["text"] not in cited:
        raise UnmetError(f"cited are: {'; '.join(dict.fromkeys(cited)) or 'none'}")


@then("no order is screened", about="orders")
def no_order(scene: Scene, _: Said) -> None:
    """Nothing was held against the pack."""
    if scene.evaluation.screened:
        raise UnmetError(f"{len(scene.evaluation.screened)} were screened")


@then('the first thing said is the critical alert "{text:text}"', about="alerts")
def first_alert(scene: Scene, said: Said) -> None:
    """The first alert is critical and holds these words."""
    first = scene.evaluation.alerts[:1]
    _says([alert.text for alert in first if alert.severity == "critical"], said, "the first critical alert is")


@then('an alert says "{text:text}"', about="alerts")
def an_alert_says(scene: Scene, said: Said) -> None:
    """An alert holds these words."""
    _says([alert.text for alert in scene.evaluation.alerts], said, "the alerts are")


@then("no alert is given", about="alerts")
def no_alert(scene: Scene, _: Said) -> None:
    """There is no alert."""
    if scene.evaluation.alerts:
        raise UnmetError(f"the alerts are: {'; '.join(alert.text for alert in scene.evaluation.alerts)}")


@then("the answer asks for the {label:text}", about="questions")
def asks_for(scene: Scene, said: Said) -> None:
    """A question asks for this fact."""
    labels = scene.labels(question.fact for question in scene.evaluation.questions)
    if scene.known(said["label"]) not in labels:
        raise UnmetError(f"it asks for: {'; '.join(sorted(labels)) or 'nothing'}")


@then("the answer does not ask for the {label:text}", about="questions")
def does_not_ask_for(scene: Scene, said: Said) -> None:
    """No question asks for this fact."""
    if scene.known(said["label"]) in scene.labels(question.fact for question in scene.evaluation.questions):
        raise UnmetError("it asks for it")


@then('the question "{text:text}" is put', about="questions")
def question_is_put(scene: Scene, said: Said) -> None:
    """A question has exactly these words."""
    asked = [question.ask for question in scene.evaluation.questions]
    if said["text"] not in asked:
        raise UnmetError(f"the questions are: {'; '.join(asked) or 'none'}")


@then('the question "{text:text}" is not put', about="questions")
def question_is_not_put(scene: Scene, said: Said) -> None:
    """No question has exactly these words."""
    if any(question.ask == said["text"] for question in scene.evaluation.questions):
        raise UnmetError("it is put")


@then('the problem "{text:text}" is reported', about="problems")
def problem_is_reported(scene: Scene, said: Said) -> None:
    """A problem with the input holds these words."""
    _says([problem.message for problem in scene.evaluation.problems], said, "the problems are")


@then("nothing is recommended", about="rules")
def nothing_is_recommended(scene: Scene, _: Said) -> None:
    """No rule is recommended."""
    found = [r.rule for r in scene.evaluation.recommended]
    if found:
        raise UnmetError(f"recommended are: {'; '.join(found)}", found[0])


@then('a notice says "{text:text}"')
def a_notice_says(scene: Scene, said: Said) -> None:
    """A notice of the pack holds these words."""
    _says(scene.evaluation.notices, said, "the notices are")
