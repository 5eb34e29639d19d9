"""What became of a table as a page of HTML that needs nothing from outside."""

from __future__ import annotations

from cds_engine.batch.quarantine import REASONS
from cds_engine.batch.report import Report
from cds_engine.batch.tally import Counts
from cds_engine.diagnostic_codes import CODES
from cds_engine.lowering.guideline import Guideline
from cds_engine.results.templates import environment

WORDS = {"recommended": "recommended", "needs_data": "needs data", "blocked": "blocked"}
"""Statuses that are shown, in the order of the bars; the rest of the patients a rule does not apply to."""
MOST = 25
"""How many facts and problems are shown."""


def page_of(report: Report, guideline: Guideline) -> str:
    """Return the summary of a run with its charts.

    Raises:
        NotInstalledError: If Jinja2 is not installed.
    """
    template = environment("cds_engine.batch").get_template("report.html")
    labels = {name: spec.entry.label for name, spec in guideline.dictionary.facts.items()}

    def problem(written: str) -> str:
        fact, _, code = written.partition(":")
        return f"{labels.get(fact, fact)}: {CODES[code].title if code in CODES else code}"

    return template.render(
        title=guideline.pack.manifest.title,
        report=report,
        words=WORDS,
        words_of=lambda counts: [(name, counts[name]) for name in WORDS],
        missing=[(labels.get(name, name), count) for name, count in _most(report.missing)],
        problems=[(problem(name), count) for name, count in _most(report.problems)],
        reasons=[(REASONS.get(code, code), count) for code, count in report.reasons.items()],
    )


def _most(counts: Counts) -> list[tuple[str, int]]:
    return list(counts.items())[:MOST]
