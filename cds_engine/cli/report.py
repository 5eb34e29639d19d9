"""An answer as a doctor reads it at night: alerts, what is ready, what is blocked, what is missing."""

from __future__ import annotations

from collections.abc import Mapping

from cds_engine.cli.page import Page
from cds_engine.cli.report_treatment import FIELD, Reader, write_advice, write_treatments
from cds_engine.results import wording as w
from cds_engine.results.evaluation import Evaluation
from cds_engine.results.models import Alert, Recommendation, Screened

FIRST = 5
"""How many questions are shown; the rest is counted."""
FEW = 3
MANY = 12
"""How many missing facts of one rule are named."""
SEVERITY_STYLE = {"critical": "bold red", "warning": "bold yellow", "info": "bold"}


def write_report(
    page: Page,
    evaluation: Evaluation,
    *,
    explain: bool = False,
    everything: bool = False,
    labels: Mapping[str, str] | None = None,
) -> None:
    """Write the whole report; *labels* name the facts where the explanations do not."""
    known = {**w.labels_of(evaluation), **(labels or {})}
    _Report(page, evaluation, Reader(known, explain=explain), everything=everything).write()


class _Report:
    """The sections of one report, in the order in which they matter."""

    def __init__(self, page: Page, evaluation: Evaluation, reader: Reader, *, everything: bool) -> None:
        self._page = page
        self._answer = evaluation
        self._reader = reader
        self._everything = everything

    def write(self) -> None:
        self._header()
        self._alerts()
        self._orders()
        self._ready()
        self._blocked()
        self._excluded()
        self._needs_data()
        self._questions()
        self._would_change()
        self._problems()
        self._unused()
        self._assumptions()
        self._derived()
        self._not_applicable()
        self._notices()

    def _header(self) -> None:
        answer = self._answer
        who = f"Patient {answer.patient}" if answer.patient else "Patient without an id"
        self._page.paragraph(
            (who, "bold"),
            f" · {answer.pack.title or answer.pack.id} {answer.pack.version}",
            f" · as of {answer.as_of or 'no date'}",
            indent=0,
        )
        knowledge = f"knowledge of {answer.pack.knowledge_date}; " if answer.pack.knowledge_date else ""
        self._page.paragraph(
            (f"{w.agreement_words(answer)}; {knowledge}{w.review_words(answer.pack.review)}", "dim"), indent=0
        )

    def _alerts(self) -> None:
        if not self._answer.alerts:
            return
        self._page.heading(f"ALERTS ({len(self._answer.alerts)})", "bold red")
        for alert in self._answer.alerts:
            self._alert(alert)

    def _alert(self, alert: Alert) -> None:
        style = SEVERITY_STYLE[alert.severity]
        word = alert.severity.upper()
        self._page.paragraph((alert.text, style), label=word, label_style=style, hang=FIELD)
        if alert.because:
            self._reader.because(self._page, alert.because, indent=2 + FIELD)
        standing = w.cited_words(alert.citations, alert.tag)
        self._page.paragraph((f"{standing} · {alert.rule}", "dim"), indent=2 + FIELD)

    def _orders(self) -> None:
        found = self._answer.screened
        if not found:
            return
        worst = w.worst_severity(found)
        self._page.heading(f"ORDERS AND MEDICINES SCREENED ({len(found)})", SEVERITY_STYLE[worst])
        for order in found:
            self._order(order)

    def _order(self, screened: Screened) -> None:
        nothing = "" if screened.findings else ": nothing was found"
        self._page.paragraph((w.order_words(screened), "bold"), nothing)
        for finding in screened.findings:
            style = SEVERITY_STYLE.get(finding.severity, "bold")
            self._page.paragraph((finding.text, style), label=finding.severity.upper(), label_style=style, hang=FIELD)
            for line in finding.working:
                self._page.paragraph(line, indent=2 + FIELD)
            cited = f"{w.source_words(finding.citations)} · " if finding.citations else ""
            self._page.paragraph((f"{cited}{finding.rule}", "dim"), indent=2 + FIELD)

    def _ready(self) -> None:
        ready = self._answer.recommended
        treatments = w.treatments(ready)
        if treatments:
            write_treatments(self._page, treatments, self._reader)
        else:
            self._page.heading("READY: no treatment")
        write_advice(self._page, w.advice(ready), self._reader, self._answer.pack.review)

    def _blocked(self) -> None:
        found = self._answer.blocked
        if not found:
            return
        self._page.heading(f"BLOCKED ({len(found)}), with every reason", "bold magenta")
        for blocked in found:
            self._page.paragraph((w.named_words(blocked), "bold"), label="✗", label_style="bold magenta")
            self._reasons(blocked)

    def _reasons(self, blocked: Recommendation) -> None:
        several = len({reason.target for reason in blocked.blocked_by}) > 1
        for reason in blocked.blocked_by:
            target = f"{w.spoken(reason.target)}: " if several else ""
            self._page.paragraph(f"{target}{reason.text}", label="-", indent=4)
            if reason.because:
                self._reader.because(self._page, reason.because, indent=6)
            self._page.paragraph((w.cited_words(reason.citations, reason.tag), "dim"), indent=6)
        self._page.paragraph((w.identity_words(blocked), "dim"), indent=4)

    def _needs_data(self) -> None:
        found = self._answer.needs_data
        if not found:
            return
        self._page.heading(f"NEEDS DATA ({len(found)})", "bold yellow")
        for open_rule in [*w.treatments(found), *w.advice(found)]:
            self._open(open_rule)

    def _open(self, found: Recommendation) -> None:
        self._page.paragraph(w.named_words(found), label="?", label_style="yellow")
        for choice in found.choices:
            self._page.paragraph(w.choice_words(choice), label="-", indent=4)
        missing = w.missing_words(found.missing, self._reader.labels, None if self._reader.explain else MANY)
        self._page.paragraph(
            (f"missing ({len(found.missing)}): ", "yellow"), missing, (f" · {found.rule}", "dim"), indent=4
        )
        if self._reader.explain and found.because:
            self._reader.because(self._page, found.because, indent=4)
            for reason in found.undecided:
                self._page.paragraph(w.reason_words(reason), label="undecided:", indent=4)

    def _questions(self) -> None:
        found = self._answer.questions
        if not found:
            return
        self._page.heading("ASK NEXT", "bold cyan")
        shown = found if self._reader.explain else found[:FIRST]
        for index, question in enumerate(shown, 1):
            self._page.paragraph(w.question_words(question), label=f"{index}.", hang=3)
        self._rest(len(found) - len(shown), "question")

    def _would_change(self) -> None:
        for found in self._answer.would_change:
            self._page.heading(f"WHAT WOULD CHANGE {found.rule}", "bold cyan")
            for line in found.text.splitlines()[1:]:
                is_item = line.startswith("- ")
                self._page.paragraph(line.removeprefix("- "), label="-" if is_item else "")

    def _problems(self) -> None:
        found = self._answer.problems
        if not found:
            return
        self._page.heading(f"PROBLEMS WITH THE INPUT ({len(found)})", "bold yellow")
        for problem in found:
            self._page.paragraph(problem.message, label=problem.code, label_style="yellow")

    def _unused(self) -> None:
        found = self._answer.unused
        if not found:
            return
        self._page.heading(f"NOT USED OF THE RECORD ({len(found)})")
        shown = found if self._reader.explain else found[:FEW]
        for one in shown:
            label = self._reader.labels.get(one.fact, one.fact) if one.fact else "no fact"
            self._page.paragraph(f"{one.entry}: {one.reason}", (f" ({label})", "dim"), label="-")
        self._rest(len(found) - len(shown), "entry")

    def _excluded(self) -> None:
        """Show who is left out although the guideline otherwise speaks of them, and why."""
        found = [rule for rule in self._answer.recommendations if rule.excluded_by]
        if not found:
            return
        self._page.heading(f"EXCLUDED ({len(found)})")
        for rule in found:
            self._page.paragraph(rule.text, (f" · {w.identity_words(rule)}", "dim"), label="-")
            for reason in rule.excluded_by:
                self._page.paragraph(w.reason_words(reason), label="excluded:", indent=4)

    def _assumptions(self) -> None:
        found = self._answer.assumptions
        if not found:
            return
        self._page.heading(f"ASSUMED ({len(found)})")
        shown = found if self._reader.explain else found[:FEW]
        for assumption in shown:
            rules = f" ({w.counted(len(assumption.rules), 'rule')})" if assumption.rules else ""
            self._page.paragraph(assumption.text, (rules, "dim"), label="-")
        self._rest(len(found) - len(shown), "assumption")

    def _rest(self, count: int, word: str) -> None:
        if count > 0:
            self._page.paragraph((f"and {w.counted(count, f'more {word}')}; `--explain` lists all", "dim"))

    def _derived(self) -> None:
        if not self._answer.derived:
            return
        self._page.heading("COMPUTED")
        for name, value in self._answer.derived.items():
            cited = f" ({w.source_words(value.citations)})" if value.citations else ""
            self._page.paragraph(value.text or w.spoken(name), (cited, "dim"), label="-")

    def _not_applicable(self) -> None:
        found = [r for r in self._answer.recommendations if r.status == "not_applicable"]
        if not found:
            return
        if not self._everything:
            self._page.blank()
            words = "rule does not apply" if len(found) == 1 else "rules do not apply"
            self._page.paragraph((f"{len(found)} {words}; `--all` shows them", "dim"), indent=0)
            return
        self._page.heading(f"NOT APPLICABLE ({len(found)})")
        for rule in found:
            self._page.paragraph(rule.text, (f" · {w.identity_words(rule)}", "dim"), label="-")
            if self._reader.explain:
                self._reader.because(self._page, self._answer.trace(rule.rule), indent=4)

    def _notices(self) -> None:
        self._page.heading("NOTICES", "dim bold")
        for notice in self._answer.notices:
            self._page.paragraph((notice, "dim"), label="-")
