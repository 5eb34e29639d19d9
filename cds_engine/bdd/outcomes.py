"""Sentences about what became of a treatment, and about its dose."""

from __future__ import annotations

import re
from collections.abc import Iterable

from cds_engine.bdd.phrase import Said
from cds_engine.bdd.scene import Scene, UnmetError
from cds_engine.bdd.table import then
from cds_engine.language.printer import number
from cds_engine.results import wording as w
from cds_engine.results.models import Dose, Recommendation

OUTSIDE = frozenset({"option", "inform"})
LAST = re.compile(r", | and | or ")


def _found(scene: Scene, said: Said) -> Recommendation:
    return scene.recommendation(str(said["what"]))


def _must(truth: bool, instead: str, rule: str | None = None) -> None:  # noqa: FBT001 - a truth value
    if not truth:
        raise UnmetError(instead, rule)


def _status(found: Recommendation, *, wanted: str) -> None:
    status = found.status.replace("_", " ")
    dose = f", {w.amount_words(found.dose)} {w.interval_words(found.dose)}" if found.dose else ""
    _must(found.status == wanted, f"it is {status}{dose}", found.rule)


@then("{what} {how}")
def is_recommended(scene: Scene, said: Said) -> None:
    """The rule is recommended, with this strength."""
    found = _found(scene, said)
    _status(found, wanted="recommended")
    _must(found.modality == said["how"], f"its strength is {w.MODALITY_WORDS[found.modality]}", found.rule)


@then("{what} {how} at {low:number}[ to {high:number}] {unit:word} {schedule}")
def is_recommended_at(scene: Scene, said: Said) -> None:
    """As above, and the dose shown is exactly this, in this interval."""
    is_recommended(scene, said)
    found = _found(scene, said)
    _dose(found.dose, said, found.rule)


@then("{what} includes {drug:word} at {low:number}[ to {high:number}] {unit:word} {schedule}")
def includes(scene: Scene, said: Said) -> None:
    """Of a treatment with several drugs: this one is shown with exactly this dose."""
    found, drug = _found(scene, said), scene.drug(str(said["drug"]))
    dose = next((choice.dose for choice in found.choices if choice.drug == drug), None)
    _dose(dose, said, found.rule)


def _dose(dose: Dose | None, said: Said, rule: str) -> None:
    if dose is None:
        raise UnmetError("no dose is shown", rule)
    low = float(str(said["low"]))
    wanted = (low, float(str(said.get("high", low))), said["unit"])
    _must((dose.low, dose.high, dose.unit) == wanted, f"the dose is {w.amount_words(dose)}", rule)
    shown = (dose.per, dose.times_per_day, tuple(dose.days) if dose.days else None)
    _must(shown == said["schedule"], f"the dose is {w.amount_words(dose)} {w.interval_words(dose)}", rule)


@then("{what} does not apply")
def does_not_apply(scene: Scene, said: Said) -> None:
    """The condition of the rule is false."""
    _status(_found(scene, said), wanted="not_applicable")


@then('{what} is withheld because "{reason:text}"')
def is_withheld(scene: Scene, said: Said) -> None:
    """The rule is blocked, a reason says this, and no dose is shown."""
    found = _found(scene, said)
    _status(found, wanted="blocked")
    reasons = [reason.text for reason in found.blocked_by]
    _must(any(str(said["reason"]) in text for text in reasons), f"the reasons are: {_lines(reasons)}", found.rule)
    _must(found.dose is None, "a dose is shown all the same", found.rule)


@then("{what} waits for the {label:text}")
def waits_for(scene: Scene, said: Said) -> None:
    """The rule cannot be decided before this fact is known, and no dose is shown."""
    found = _found(scene, said)
    _status(found, wanted="needs_data")
    labels = scene.labels(found.missing)
    _must(scene.known(said["label"]) in labels, f"it waits for: {_lines(labels)}", found.rule)
    _must(found.dose is None, "a dose is shown all the same", found.rule)


@then("{count:number} reasons against {what} are listed")
def reasons_are_listed(scene: Scene, said: Said) -> None:
    """So many contraindications block it."""
    found = _found(scene, said)
    reasons = [reason.text for reason in found.blocked_by]
    _must(len(reasons) == said["count"], f"there are {len(reasons)}: {_lines(reasons)}", found.rule)


@then("{what} is given as {drug:word}")
def is_given_as(scene: Scene, said: Said) -> None:
    """The drug that speaks for the rule is this one."""
    found = _found(scene, said)
    _must(
        found.drug == scene.drug(str(said["drug"])), f"it is given as {w.spoken(found.drug or 'nothing')}", found.rule
    )


@then("{what} is preferably given {route}")
def is_preferably_given(scene: Scene, said: Said) -> None:
    """The preferred route is this one."""
    found = _found(scene, said)
    _must(found.route == said["route"], f"the preferred route is {found.route or 'not said'}", found.rule)


@then("{what} is labelled as outside the guideline")
def is_labelled_as_outside(scene: Scene, said: Said) -> None:
    """The statement is from outside the texts that the pack was made from."""
    found = _found(scene, said)
    _must(found.origin == "outside_seed", f"it is from {w.spoken(found.origin)}", found.rule)


@then("nothing from outside the guideline is more than an option", about="rules")
def no_more_than_an_option(scene: Scene, _: Said) -> None:
    """Every rule from outside is an option or only mentioned, and there is one."""
    outside = [found for found in scene.evaluation.recommendations if found.origin == "outside_seed"]
    _must(bool(outside), "nothing is from outside the guideline")
    stronger = [found.rule for found in outside if found.modality not in OUTSIDE]
    _must(not stronger, f"stronger are: {_lines(stronger)}")


@then("{drug:word} is never offered", about="rules")
def is_never_offered(scene: Scene, said: Said) -> None:
    """No rule, of whatever status, names this drug."""
    drug = scene.drug(str(said["drug"]))
    offering = [
        found.rule
        for found in scene.evaluation.recommendations
        if drug in {found.drug, *(choice.drug for choice in found.choices)}
    ]
    _must(not offering, f"it is offered by: {_lines(offering)}")


@then('{what} comes with the caution "{text:text}"')
def comes_with_the_caution(scene: Scene, said: Said) -> None:
    """A caution shown with it says this."""
    found = _found(scene, said)
    cautions = [caution.text for caution in found.cautions]
    _must(any(str(said["text"]) in text for text in cautions), f"the cautions are: {_lines(cautions)}", found.rule)


@then("{what} cites {label:text}, evidence level {level:text}, strength {strength:text}")
def cites(scene: Scene, said: Said) -> None:
    """It cites this source, with the grading of the source."""
    found = _found(scene, said)
    labels = [citation.label for citation in found.citations]
    _must(said["label"] in labels, f"it cites: {_lines(labels)}", found.rule)
    graded = (found.evidence.level, found.evidence.strength)
    _must(graded == (said["level"], said["strength"]), f"it is graded {w.evidence_words(found.evidence)}", found.rule)


@then("{what} is marked as uncited")
def is_uncited(scene: Scene, said: Said) -> None:
    """The text it was taken from gives no source for it, and the answer says so."""
    found = _found(scene, said)
    _must(found.uncited, f"it cites: {w.source_words(found.citations)}", found.rule)


@then('the text of {what} says "{text:text}"')
def text_says(scene: Scene, said: Said) -> None:
    """The sentence shown holds these words."""
    found = _found(scene, said)
    _must(str(said["text"]) in found.text, f"it says: {found.text}", found.rule)


@then("no dose of {drug:text} is offered", about="rules")
def no_dose(scene: Scene, said: Said) -> None:
    """No number is shown for this drug anywhere; `any drug` means all of them."""
    named = None if said["drug"] == "any drug" else scene.drug(str(said["drug"]))
    for found in scene.evaluation.recommendations:
        offers = [(found.drug, found.dose), *((choice.drug, choice.dose) for choice in found.choices)]
        for drug, dose in offers:
            if dose is not None and named in {None, drug}:
                raise UnmetError(f"{found.rule} offers {w.amount_words(dose)}", found.rule)


@then("the working of {what} says {text:text}")
def working_says(scene: Scene, said: Said) -> None:
    """A line of the calculation holds these words."""
    found = _found(scene, said)
    working = found.dose.working if found.dose else []
    _must(any(str(said["text"]) in line for line in working), f"the working is: {_lines(working)}", found.rule)


@then("{what} can be dispensed as {sizes:text} {unit:word}")
def can_be_dispensed_as(scene: Scene, said: Said) -> None:
    """Exactly these sizes of the product fit the dose: `10 and 12.5 mg`."""
    found = _found(scene, said)
    options = found.dose.product_options if found.dose else []
    wanted = [float(size) for size in LAST.split(str(said["sizes"]))]
    _must(options == wanted, f"what fits is: {_lines(number(size) for size in options)}", found.rule)


@then("no product fits {what}")
def no_product_fits(scene: Scene, said: Said) -> None:
    """The pack knows a product, and no size of it lies within the dose."""
    found = _found(scene, said)
    _must(found.dose is not None and found.dose.no_product_fits, "a product fits, or no dose is shown", found.rule)


def _lines(found: Iterable[str]) -> str:
    return "; ".join(sorted(found) if isinstance(found, set) else found) or "none"
