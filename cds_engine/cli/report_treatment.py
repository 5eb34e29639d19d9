"""What is ready, on a terminal: the number of a treatment in a frame, advice in short entries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cds_engine.cli.page import Page, Span
from cds_engine.results import wording as w
from cds_engine.results.models import Dose, Reason, Recommendation, Trace

FIELD = 11
"""The column of labels: `Monitoring`."""
OFF_LABEL = "off-label"
CHOICE_STYLE = {"recommended": "bold", "blocked": "magenta"}


@dataclass(frozen=True, slots=True)
class Reader:
    """What the reader asked for, and the labels of facts."""

    labels: Mapping[str, str]
    explain: bool

    def because(self, page: Page, trace: Trace, indent: int) -> None:
        """Write why: one sentence, or the whole tree of reasons."""
        if not self.explain:
            page.paragraph(f"because {w.because_text(trace)}", indent=indent)
            return
        page.paragraph("because", indent=indent)
        for depth, text in w.reasons_tree(trace):
            page.paragraph(text, label="·", indent=indent + 2 + 2 * depth)


def write_treatments(page: Page, found: Sequence[Recommendation], reader: Reader) -> None:
    """Write the treatments; a dose that stands already is not repeated, nor what was said of its drug."""
    page.heading(f"READY: TREATMENT ({len(found)})", "bold green")
    said: set[tuple[str, str]] = set()
    doses: dict[tuple[str | None, str], str] = {}
    for index, treatment in enumerate(found):
        if index:
            page.blank()
        _treatment(page, treatment, doses)
        _fields(page, treatment, reader, said)
        said |= {(reason.rule, reason.target) for reason in (*treatment.cautions, *treatment.monitoring)}
        if treatment.dose:
            said.add((treatment.dose.regimen, OFF_LABEL))


def _treatment(page: Page, found: Recommendation, doses: dict[tuple[str | None, str], str]) -> None:
    word = w.MODALITY_WORDS[found.modality].upper()
    page.paragraph((found.text, "bold"), label=word, label_style="bold green", hang=len(word) + 2)
    if found.dose is None:
        name = w.spoken(found.drug or found.action or "")
        page.paragraph((name, "bold"), " · this pack computes no dose of it")
        return
    key = (found.drug, str(found.dose))
    if key in doses and found.choices:
        return
    if key in doses:
        page.paragraph((_headline(found, found.dose), "bold"), f" · the dose above ({doses[key]})")
        return
    doses[key] = found.rule
    page.box(_dose_lines(found, found.dose), "green")
    for line in found.dose.working:
        page.paragraph(line, label="Working" if line is found.dose.working[0] else "", hang=FIELD)


def _headline(found: Recommendation, dose: Dose) -> str:
    return f"{w.spoken(found.drug or '')}  {w.amount_words(dose)} {w.interval_words(dose)}"


def _dose_lines(found: Recommendation, dose: Dose) -> list[tuple[Span | str, ...]]:
    lines: list[tuple[Span | str, ...]] = [
        ((f"{w.spoken(found.drug or '')}   ", "bold"), (_number(dose), "bold reverse"))
    ]
    more = [w.spoken(found.route) if found.route else None, w.product_words(dose)]
    details = " · ".join(filter(None, more))
    if details:
        lines.append((details,))
    if limit := w.limit_words(dose):
        lines.append(((limit, "bold yellow"),))
    return lines


def _number(dose: Dose) -> str:
    return f" {w.amount_words(dose)} {w.interval_words(dose)} "


def _fields(page: Page, found: Recommendation, reader: Reader, said: set[tuple[str, str]]) -> None:
    for index, choice in enumerate(found.choices):
        label = "Choices" if index == 0 else ""
        page.paragraph((w.choice_words(choice), CHOICE_STYLE.get(choice.status, "")), label=label, hang=FIELD)
    if found.preference:
        page.paragraph(found.preference, label="Preferred", hang=FIELD)
    if found.because:
        _field_because(page, found.because, reader)
    if found.dose and found.dose.off_label and (found.dose.regimen, OFF_LABEL) not in said:
        page.paragraph(found.dose.off_label, label="Off-label", label_style="yellow", hang=FIELD)
    _reasons(page, "Caution", "yellow", [r for r in found.cautions if (r.rule, r.target) not in said])
    _reasons(page, "Monitoring", "dim", [r for r in found.monitoring if (r.rule, r.target) not in said])
    if found.measure:
        page.paragraph(", ".join(found.measure), label="Measure", hang=FIELD)
    style = "" if w.is_verified(found.tag) else "yellow"
    page.paragraph((w.standing_words(found), style), label="Evidence", hang=FIELD)
    page.paragraph(w.source_words(found.citations, uncited=found.uncited), label="Source", hang=FIELD)
    page.paragraph(f"{w.review_words(found.review)} · {w.identity_words(found)}", label="Review", hang=FIELD)


def _field_because(page: Page, trace: Trace, reader: Reader) -> None:
    if not reader.explain:
        page.paragraph(w.because_text(trace), label="Because", hang=FIELD)
        return
    page.paragraph("", label="Because", hang=FIELD)
    for depth, text in w.reasons_tree(trace):
        page.paragraph(text, label="·", indent=4 + 2 * depth)


def _reasons(page: Page, label: str, style: str, reasons: Iterable[Reason]) -> None:
    for index, reason in enumerate(reasons):
        tag = "" if w.is_verified(reason.tag) else f" [{reason.tag}]"
        shown = label if index == 0 else ""
        page.paragraph(w.reason_words(reason), (tag, "yellow"), label=shown, label_style=style, hang=FIELD, bullet="- ")


def write_advice(page: Page, found: Sequence[Recommendation], reader: Reader, review: str) -> None:
    """Write what names no drug, two lines each, by strength; what they share to monitor stands once below."""
    for modality, word in w.MODALITY_WORDS.items():
        group = [r for r in found if r.modality == modality]
        if not group:
            continue
        page.heading(
            f"READY: {'CARE AND TESTS' if modality != 'inform' else 'TO KNOW'}, {word} ({len(group)})", "bold green"
        )
        for entry in group:
            _advice(page, entry, reader, review)
        _shared(page, group)


def _advice(page: Page, found: Recommendation, reader: Reader, review: str) -> None:
    page.paragraph(found.text, label="•", label_style="green")
    standing = [w.source_words(found.citations, uncited=found.uncited), w.evidence_words(found.evidence)]
    style = "dim"
    if not w.is_verified(found.tag):
        standing.append(w.tag_words(found.tag))
        style = "yellow"
    if found.review != review:
        standing.append(w.review_words(found.review))
    page.paragraph((f"{'; '.join(standing)} · {found.rule}", style), indent=4)
    if found.measure:
        page.paragraph(f"measure {', '.join(found.measure)}", indent=4)
    for reason in found.cautions:
        page.paragraph((f"caution: {w.reason_words(reason)}", "yellow"), indent=4)
    if reader.explain and found.because:
        reader.because(page, found.because, indent=4)


def _shared(page: Page, group: Sequence[Recommendation]) -> None:
    """Write each sentence on monitoring once, with all that it is about."""
    targets: dict[str, list[str]] = {}
    tags: dict[str, str] = {}
    for reason in (reason for entry in group for reason in entry.monitoring):
        about = targets.setdefault(reason.text, [])
        tags[reason.text] = reason.tag
        if w.spoken(reason.target) not in about:
            about.append(w.spoken(reason.target))
    for text, about in targets.items():
        tag = "" if w.is_verified(tags[text]) else f" [{tags[text]}]"
        page.paragraph(f"{w.listed(about)}: {text}", (tag, "yellow"), label="Monitoring", indent=4, hang=FIELD)
