"""An answer as HTML: a fragment that needs nothing from outside, with every text escaped."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence

from cds_engine.results import wording as w
from cds_engine.results.evaluation import Evaluation
from cds_engine.results.models import Alert, Citation, Dose, Reason, Recommendation, Screened, Trace

STYLE = """
.cds{font:15px/1.45 system-ui,sans-serif;max-width:60rem;margin:0 auto 2rem}
.cds h2{font-size:1.25rem;margin:.2rem 0}.cds h3{font-size:1rem;margin:1.4rem 0 .4rem;border-bottom:1px solid #8886}
.cds p{margin:.2rem 0}.cds ul,.cds ol{margin:.2rem 0;padding-left:1.3rem}.cds .small{font-size:.85em;opacity:.75}
.cds .alert,.cds .treatment,.cds .blocked{border:1px solid #8886;border-left-width:6px}
.cds .alert,.cds .treatment,.cds .blocked{padding:.5rem .8rem;margin:.5rem 0}
.cds .critical{border-color:#c00;border-width:2px 2px 2px 8px}.cds .critical b.word{color:#c00}
.cds .warning{border-left-color:#c80}.cds .treatment{border-left-color:#283}.cds .blocked{border-left-color:#939}
.cds .dose{font-size:1.6rem;font-weight:700}
.cds .tag{border:1px solid #c80;border-radius:3px;padding:0 .3em;font-size:.85em}
.cds dl{display:grid;grid-template-columns:7rem 1fr;gap:.15rem .6rem;margin:.4rem 0}.cds dt{opacity:.7}.cds dd{margin:0}
""".replace("\n", "")
SAFE_LINKS = ("https://", "http://")


def to_html(evaluation: Evaluation, *, explain: bool = False, everything: bool = False) -> str:
    """Return the answer as one `<section>`; *explain* adds the reasons, *everything* what does not apply."""
    return _Fragment(evaluation, explain=explain, everything=everything).build()


def to_page(evaluations: Sequence[Evaluation], *, explain: bool = False, everything: bool = False) -> str:
    """Return a whole page of answers."""
    body = "\n".join(to_html(found, explain=explain, everything=everything) for found in evaluations)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{_text('Recommendations')}</title></head>\n<body>\n{body}\n</body></html>"
    )


def _text(words: object) -> str:
    return html.escape(w.clean(str(words)))


def _tag(name: str, inner: str, css: str = "") -> str:
    return f'<{name} class="{css}">{inner}</{name}>' if css else f"<{name}>{inner}</{name}>"


def _list(items: Iterable[str], name: str = "ul") -> str:
    found = [_tag("li", item) for item in items]
    return _tag(name, "".join(found)) if found else ""


def _lines(text: str) -> str:
    """Return lines of text after the first: those that begin with a dash are items."""
    items = (
        _list([_text(line[2:])]) if line.startswith("- ") else _tag("p", _text(line)) for line in text.splitlines()[1:]
    )
    return "".join(items)


def _section(title: str, inner: str) -> str:
    return _tag("h3", _text(title)) + inner if inner else ""


class _Fragment:
    """The sections of one answer, in the order in which they matter."""

    def __init__(self, evaluation: Evaluation, *, explain: bool, everything: bool) -> None:
        self._answer = evaluation
        self._explain = explain
        self._everything = everything
        self._labels: Mapping[str, str] = w.labels_of(evaluation)

    def build(self) -> str:
        answer = self._answer
        ready = answer.recommended
        treatments = w.treatments(ready)
        parts = [
            _tag("style", STYLE),
            self._header(),
            _section("Alerts", "".join(map(self._alert, answer.alerts))),
            _section("Orders and medicines screened", "".join(map(_order, answer.screened))),
            _section("Ready: treatment", "".join(map(self._treatment, treatments)) or "<p>No treatment is ready.</p>"),
            _section("Ready: care, tests and information", _list(map(self._advice, w.advice(ready)))),
            _section("Blocked", "".join(map(self._blocked, answer.blocked))),
            _section("Excluded", _list(self._excluded(r) for r in answer.recommendations if r.excluded_by)),
            _section("Needs data", _list(map(self._open, answer.needs_data))),
            _section("Ask next", _list((_text(w.question_words(q)) for q in answer.questions), "ol")),
            *(_section(f"What would change {found.rule}", _lines(found.text)) for found in answer.would_change),
            _section("Problems with the input", _list(_text(f"{p.code}: {p.message}") for p in answer.problems)),
            _folded(f"Not used of the record ({len(answer.unused)})", self._unused()),
            _folded(f"Assumed ({len(answer.assumptions)})", [_text(found.text) for found in answer.assumptions]),
            _folded(f"Computed ({len(answer.derived)})", self._derived()),
            self._not_applicable(),
            _section("Notices", _tag("div", _list(map(_text, answer.notices)), "small")),
        ]
        return _tag("section", "".join(parts), "cds")

    def _header(self) -> str:
        answer = self._answer
        who = f"Patient {answer.patient}" if answer.patient else "Patient without an id"
        pack = f"{answer.pack.title or answer.pack.id} {answer.pack.version}, as of {answer.as_of or 'no date'}"
        state = f"{w.agreement_words(answer)}; {w.review_words(answer.pack.review)}"
        return _tag("h2", _text(who)) + _tag("p", _text(pack)) + _tag("p", _text(state), "small")

    def _alert(self, alert: Alert) -> str:
        word = _tag("b", _text(alert.severity.upper()), "word")
        parts = [_tag("p", f"{word} <b>{_text(alert.text)}</b>"), self._because(alert.because)]
        parts.append(_cited(alert.citations, alert.tag))
        return _tag("div", "".join(parts), f"alert {alert.severity}")

    def _treatment(self, found: Recommendation) -> str:
        word = w.MODALITY_WORDS[found.modality].upper()
        parts = [_tag("p", f"{_text(word)}: <b>{_text(found.text)}</b>")]
        parts.append(_dose(found, found.dose) if found.dose else _tag("p", _text(_without_dose(found))))
        parts += [_list(_text(w.choice_words(choice)) for choice in found.choices)]
        parts.append(self._fields(found))
        return _tag("div", "".join(parts), "treatment")

    def _fields(self, found: Recommendation) -> str:
        dose = found.dose
        fields = {
            "Working": "<br>".join(map(_text, dose.working)) if dose else "",
            "Preferred": _text(found.preference or ""),
            "Because": self._reasons(found.because),
            "Off-label": _text(dose.off_label or "") if dose else "",
            "Caution": _list(map(_reason, found.cautions)),
            "Monitoring": _list(map(_reason, found.monitoring)),
            "Measure": _text(", ".join(found.measure)),
            "Evidence": _text(w.evidence_words(found.evidence)) + _mark(found.tag),
            "Source": _links(found.citations, uncited=found.uncited),
            "Review": _text(f"{w.review_words(found.review)}; {w.identity_words(found)}"),
        }
        return _tag("dl", "".join(_tag("dt", name) + _tag("dd", inner) for name, inner in fields.items() if inner))

    def _advice(self, found: Recommendation) -> str:
        word = _text(w.MODALITY_WORDS[found.modality])
        standing = (
            f"{word}; {_links(found.citations, uncited=found.uncited)}; {_text(w.evidence_words(found.evidence))}"
        )
        parts = [_text(found.text), _tag("div", f"{standing}{_mark(found.tag)}; {_text(found.rule)}", "small")]
        parts += [_tag("div", _text(f"measure {', '.join(found.measure)}"))] if found.measure else []
        parts += [_tag("div", f"caution: {_reason(reason)}") for reason in found.cautions]
        parts += [_tag("div", f"monitoring: {_reason(reason)}", "small") for reason in found.monitoring]
        if self._explain:
            parts.append(self._reasons(found.because))
        return "".join(parts)

    def _blocked(self, found: Recommendation) -> str:
        reasons = (f"{_reason(reason)}{_cited(reason.citations, reason.tag)}" for reason in found.blocked_by)
        parts = [_tag("p", _tag("b", _text(w.named_words(found)))), _list(reasons)]
        return _tag("div", "".join(parts) + _tag("p", _text(w.identity_words(found)), "small"), "blocked")

    def _excluded(self, found: Recommendation) -> str:
        return _text(found.text) + _list(map(_reason, found.excluded_by))

    def _unused(self) -> list[str]:
        named = ((one, self._labels.get(one.fact or "", one.fact or "no fact")) for one in self._answer.unused)
        return [_text(f"{one.entry}: {one.reason} ({label})") for one, label in named]

    def _open(self, found: Recommendation) -> str:
        missing = w.missing_words(found.missing, self._labels)
        parts = [_text(w.named_words(found)), _tag("div", _text(f"missing: {missing}; {found.rule}"), "small")]
        parts += [_list(_text(w.choice_words(choice)) for choice in found.choices)]
        if self._explain:
            parts += [self._reasons(found.because), _list(map(_reason, found.undecided))]
        return "".join(parts)

    def _derived(self) -> list[str]:
        return [
            _text(value.text or w.spoken(name)) + (f" ({_links(value.citations)})" if value.citations else "")
            for name, value in self._answer.derived.items()
        ]

    def _not_applicable(self) -> str:
        found = [r for r in self._answer.recommendations if r.status == "not_applicable"]
        if self._everything:
            return _folded(f"Not applicable ({len(found)})", [_text(f"{r.text} {w.identity_words(r)}") for r in found])
        return _tag("p", _text(f"{w.counted(len(found), 'rule')} not applicable"), "small") if found else ""

    def _because(self, trace: Trace | None) -> str:
        return _tag("p", f"because {self._reasons(trace)}") if trace else ""

    def _reasons(self, trace: Trace | None) -> str:
        if trace is None:
            return ""
        if not self._explain:
            return _text(w.because_text(trace))
        return "".join(
            f'<div style="margin-left:{depth * 1.2:g}em">{_text(text)}</div>' for depth, text in w.reasons_tree(trace)
        )


def _without_dose(found: Recommendation) -> str:
    return f"{w.spoken(found.drug or found.action or '')}: this pack computes no dose of it"


def _dose(found: Recommendation, dose: Dose) -> str:
    number = f"{w.spoken(found.drug or '')} {w.amount_words(dose)} {w.interval_words(dose)}"
    details = filter(None, [w.spoken(found.route or ""), w.product_words(dose), w.limit_words(dose)])
    return _tag("p", _text(number), "dose") + _tag("p", _text(" · ".join(details)))


def _reason(reason: Reason) -> str:
    return _text(w.reason_words(reason)) + ("" if w.is_verified(reason.tag) else f" [{_text(reason.tag)}]")


def _mark(tag: str) -> str:
    return "" if w.is_verified(tag) else f" {_tag('span', _text(w.tag_words(tag)), 'tag')}"


def _links(citations: Iterable[Citation], *, uncited: bool = False) -> str:
    links = "; ".join(dict.fromkeys(map(_link, citations)))
    if uncited:
        return f"uncited in the source text ({links})" if links else "uncited in the source text"
    return links or "no source"


def _link(citation: Citation) -> str:
    words = _text(w.citation_words(citation))
    if citation.url is None or not citation.url.startswith(SAFE_LINKS):
        return words
    return f'<a href="{_text(citation.url)}" rel="noopener noreferrer">{words}</a>'


def _cited(citations: Iterable[Citation], tag: str) -> str:
    return _tag("p", f"{_links(citations)}{_mark(tag)}", "small")


def _folded(title: str, items: Sequence[str]) -> str:
    return f"<details><summary>{_text(title)}</summary>{_list(items)}</details>" if items else ""


def _order(screened: Screened) -> str:
    findings = (
        f"<b>{_text(found.severity.upper())}</b> {_text(found.text)} {'; '.join(map(_text, found.working))} "
        f"({_links(found.citations)})"
        for found in screened.findings
    )
    said = _list(findings) or _tag("p", "nothing was found")
    css = f"alert {w.worst_severity([screened])}"
    return _tag("div", _tag("p", _tag("b", _text(w.order_words(screened)))) + said, css)
