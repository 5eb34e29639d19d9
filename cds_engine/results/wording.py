"""The words that every report of an answer shares, on a terminal and in a page; knows no layout."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence

from cds_engine.language.printer import brief, number
from cds_engine.results.evaluation import Evaluation
from cds_engine.results.models import (
    Choice,
    Citation,
    Dose,
    Evidence,
    FactUsed,
    Question,
    Reason,
    Recommendation,
    Screened,
    Trace,
)
from cds_engine.units import display

TAGS = {
    "V": "read in the source",
    "V2": "read in a secondary source only",
    "M": "unverified, general knowledge",
    "P": "policy of the pack, not from a source",
}
"""What the verification tags mean to a reader."""

MODALITY_WORDS = {"recommend": "recommended", "consider": "consider", "option": "option", "inform": "to know"}
WHY_ASKED = {
    "rejected": "a value was given but cannot be used",
    "conflicting": "the values given disagree",
    "stale": "the value given is too old",
    "doubtful": "please confirm",
}


def clean(text: str) -> str:
    r"""Return *text* on one line with every character visible, so that no input can steer a terminal.

    >>> clean("a\x1b[31m\nb\u202e")
    'a\\x1b[31m b\\u202e'
    """
    return text if text.isprintable() else "".join(_visible(char) for char in text)


def _visible(char: str) -> str:
    if char.isprintable():
        return char
    if char in "\n\r\t" or unicodedata.category(char) == "Zs":
        return " "
    return char.encode("unicode_escape").decode("ascii")


VOWELS = "aeiou"


def counted(count: int, word: str) -> str:
    """Return a number with its word.

    >>> counted(1, "rule"), counted(3, "day"), counted(0, "entry")
    ('1 rule', '3 days', '0 entries')
    """
    if count == 1:
        return f"1 {word}"
    many = f"{word[:-1]}ies" if word.endswith("y") and word[-2] not in VOWELS else f"{word}s"
    return f"{count} {many}"


def listed(words: Sequence[str]) -> str:
    """Join words as in a sentence.

    >>> listed(["a", "b", "c"])
    'a, b and c'
    """
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else "".join(words)


def either(words: Sequence[str]) -> str:
    """Join words of which one will do.

    >>> either(["a", "b", "c"])
    'a, b or c'
    """
    return f"{', '.join(words[:-1])} or {words[-1]}" if len(words) > 1 else "".join(words) or "anything"


def spoken(name: str) -> str:
    """Return a code as words: `mycophenolate_mofetil` as `mycophenolate mofetil`."""
    return name.replace("_", " ")


# The answer as a whole


def agreement_words(evaluation: Evaluation) -> str:
    """Say which engines gave this answer."""
    engines = evaluation.engine.agreed_by
    said = f"agreed by {listed(engines)}" if len(engines) > 1 else f"answered by {listed(engines)} alone"
    return f"{said} ({evaluation.engine.note})" if evaluation.engine.note else said


def review_words(review: str) -> str:
    """Say how far a clinician has looked at it."""
    return "approved" if review == "approved" else f"{spoken(review)}, not approved by a clinician"


def treatments(found: Iterable[Recommendation]) -> list[Recommendation]:
    """Return those that name a drug, computed doses first."""
    return sorted((r for r in found if r.drug or r.choices), key=lambda r: r.dose is None)


def advice(found: Iterable[Recommendation]) -> list[Recommendation]:
    """Return those that name no drug."""
    return [r for r in found if not (r.drug or r.choices)]


def labels_of(evaluation: Evaluation) -> dict[str, str]:
    """Return the labels of the facts that the explanations of an answer name."""
    return {fact.name: fact.label for fact in _facts(evaluation)}


def _facts(evaluation: Evaluation) -> Iterator[FactUsed]:
    for found in evaluation.recommendations:
        reasons = (*found.undecided, *found.blocked_by, *found.cautions)
        for trace in (found.because, *(reason.because for reason in reasons)):
            yield from trace.facts if trace else ()


def missing_words(names: Sequence[str], labels: Mapping[str, str], most: int | None = None) -> str:
    """Return the missing facts as a clinician says them, at most so many by name."""
    shown = names[:most]
    words = ", ".join(labels.get(name, spoken(name)) for name in shown)
    rest = len(names) - len(shown)
    return f"{words} and {rest} more" if rest else words


# Doses


def amount_words(dose: Dose) -> str:
    """Return the number with its unit.

    >>> from cds_engine.results.models import Dose
    >>> amount_words(Dose.model_construct(low=14.42, high=19.23, unit="mg"))
    '14.42 to 19.23 mg'
    """
    ends = number(dose.low) if dose.low == dose.high else f"{number(dose.low)} to {number(dose.high)}"
    return f"{ends} {display(dose.unit)}"


def interval_words(dose: Dose) -> str:
    """Return the interval, in capitals because mistaking it kills."""
    words = f"per {dose.per.upper()}"
    if dose.times_per_day:
        words += f", {dose.times_per_day} a day" if dose.per == "dose" else f" in {dose.times_per_day} parts"
    if dose.days:
        ends = " to ".join(dict.fromkeys(number(day) for day in dose.days))
        words += f", over {ends} day{'' if ends == '1' else 's'}"
    return words


def product_words(dose: Dose) -> str | None:
    """Say what can be dispensed, None when the pack names no product."""
    if dose.no_product_fits:
        return f"no {dose.product} fits: send the exact dose to the pharmacy"
    if not dose.product_options:
        return None
    options = " or ".join(number(option) for option in dose.product_options)
    return f"{dose.product}: {options} {display(dose.unit)}"


def limit_words(dose: Dose) -> str | None:
    """Say that the cap was reached, None when it was not."""
    if not (dose.low_capped or dose.high_capped):
        return None
    return "LIMITED BY THE CAP" if dose.low_capped else "UPPER END LIMITED BY THE CAP"


# Sources and grading


def tag_words(tag: str | None) -> str:
    """Explain a verification tag: `read in the source [V]`."""
    return f"{TAGS.get(tag, 'verification unknown')} [{tag}]" if tag else "verification unknown"


def is_verified(tag: str | None) -> bool:
    """Say whether it was read in the source itself."""
    return tag == "V"


def evidence_words(evidence: Evidence) -> str:
    """Return the grading that the source gives, or that it gives none."""
    parts = {"level": evidence.level, "strength": evidence.strength, "agreement": evidence.agreement}
    if len(set(parts.values())) == 1 and evidence.level in {"none given", "not read"}:
        return "no grading given" if evidence.level == "none given" else "grading not read"
    return ", ".join(f"{name} {value}" for name, value in parts.items())


def citation_words(citation: Citation, tag: str | None = "V") -> str:
    """Return the short label with the place in it, and its verification tag where that is not *tag*."""
    words = citation.label + (f", {citation.locator}" if citation.locator else "")
    if citation.unresolved and "unresolved" not in words:
        words += " (unresolved reference)"
    return words if citation.tag in {tag, None} else f"{words} [{citation.tag}]"


def source_words(citations: Iterable[Citation], *, uncited: bool = False) -> str:
    """Return all citations on one line; what its text gave no source for says so."""
    words = "; ".join(dict.fromkeys(citation_words(citation) for citation in citations))
    if uncited:
        return f"uncited in the source text ({words})" if words else "uncited in the source text"
    return words or "no source"


def cited_words(citations: Iterable[Citation], tag: str) -> str:
    """Return the citations of a safety rule and how far it was verified."""
    words = "; ".join(dict.fromkeys(citation_words(citation, tag) for citation in citations))
    return f"{words or 'no source'}; {tag_words(tag)}"


def reason_words(reason: Reason) -> str:
    """Return a reason with the facts that it rests on."""
    return reason.text + because_words(reason.because)


def because_words(trace: Trace | None) -> str:
    """Return ` (because ...)`, nothing where there is no explanation."""
    return f" (because {because_text(trace)})" if trace else ""


def because_text(trace: Trace) -> str:
    """Return the reason in a sentence, with the numbers that its words leave out."""
    numbers = [
        f"{fact.label} {brief(fact.value)} {display(fact.unit) if fact.unit else ''}".rstrip()
        for fact in trace.facts
        if isinstance(fact.value, float) and f"{fact.label} is {brief(fact.value)}" not in trace.text
    ]
    return f"{trace.text} ({', '.join(numbers)})" if numbers else trace.text


def why_words(found: Recommendation, because: Trace | None, questions: Iterable[Question]) -> str:
    """Say in words why a rule has the status it has: its condition, what blocks it, what it waits for."""
    lines = [f"{identity_words(found)}: {found.status.replace('_', ' ')}"]
    if because is not None:
        lines.append(f"because {because_text(because)}")
    lines += [f"blocked: {reason_words(reason)}" for reason in found.blocked_by]
    lines += [f"excluded: {reason_words(reason)}" for reason in found.excluded_by]
    lines += [f"undecided: {reason_words(reason)}" for reason in found.undecided]
    asked = [question.ask for question in questions if question.fact in found.missing]
    if found.missing:
        lines.append("to ask: " + " ".join(asked or list(found.missing)))
    return "\n".join([*lines, *(found.dose.working if found.dose else ())])


def standing_words(found: Recommendation) -> str:
    """Return grading and verification of a recommendation."""
    return f"{evidence_words(found.evidence)}; {tag_words(found.tag)}"


def identity_words(found: Recommendation) -> str:
    """Return the rule and the statements that it carries."""
    return f"{found.rule} ({', '.join(found.statements)})"


def named_words(found: Recommendation) -> str:
    """Return the text of a recommendation with the drug before it, where it names one drug."""
    named = found.drug is not None and not found.choices
    return f"{spoken(found.drug or '')}: {found.text}" if named else found.text


def choice_words(choice: Choice) -> str:
    """Say what became of one of several drugs."""
    name = spoken(choice.drug or choice.action or "")
    match choice.status:
        case "recommended" if choice.dose:
            return f"{name}: ready, {amount_words(choice.dose)} {interval_words(choice.dose)}"
        case "recommended":
            return f"{name}: nothing stands against it; a dose is shown only when the whole recommendation is ready"
        case "blocked":
            return f"{name}: BLOCKED. " + " ".join(reason_words(reason) for reason in choice.blocked_by)
        case _:
            waits = counted(len(choice.missing), "fact") if choice.missing else "the condition of the rule"
            return f"{name}: waits for {waits}"


def question_words(question: Question) -> str:
    """Return a question with what it settles."""
    notes = [WHY_ASKED[question.why]] if question.why in WHY_ASKED else []
    if question.settles:
        notes.append(f"settles {counted(len(question.settles), 'rule')}")
    return f"{question.ask} [{'; '.join(notes)}]" if notes else question.ask


def worst_severity(found: Iterable[Screened]) -> str:
    """Return the worst severity of any finding, `info` when there is none."""
    severities = {finding.severity for screened in found for finding in screened.findings}
    return next((worst for worst in ("critical", "warning") if worst in severities), "info")


def order_words(screened: Screened) -> str:
    """Return an order as one line."""
    order = screened.order
    dose = order.get("dose")
    amount = f"{dose.get('value')} {dose.get('unit')}" if isinstance(dose, Mapping) else dose
    parts = [order.get("drug"), amount, order.get("per") and f"per {order['per']}", order.get("route")]
    words = " ".join(str(part) for part in parts if part)
    named = f"{words} (order {order['id']})" if order.get("id") else words or "an order"
    return f"taken now: {named}" if screened.is_taken else f"ordered: {named}"


# Explanations


def reasons_tree(trace: Trace) -> list[tuple[int, str]]:
    """Return the reasons as indented lines; what only joins its parts is left out."""
    return list(dict.fromkeys(_branches(trace, 0)))


def _branches(trace: Trace, depth: int) -> Iterator[tuple[int, str]]:
    texts = list(dict.fromkeys(part.text for part in trace.parts))
    only_joins = bool(texts) and any(trace.text == word.join(texts) for word in (" and ", " or ", "; "))
    if not only_joins:
        yield depth, trace.text
        depth += 1
    for part in trace.parts:
        yield from _branches(part, depth)
