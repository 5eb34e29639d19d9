"""Features are written for clinicians: no names of facts, no rule ids, no codes, no snake case, no JSON."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from cds_engine.diagnostics import Diagnostic, Span
from cds_engine.lowering.guideline import Guideline

NOT_CLINICAL = (
    (re.compile(r"\b\w+_\w+\b"), "is written as a program writes it"),
    (re.compile(r"[{}\[\]`=]"), "belongs to code"),
    (re.compile(r"\b[A-Z]\d{3}\b"), "is a code of the engine"),
)
HINT = "say it as a clinician would; what a sentence means stands in phrases.yaml"


def check_wording(guideline: Guideline, folder: Path) -> list[Diagnostic]:
    """Return every place in the features of *folder* that a clinician would not understand."""
    ids = {name for name in _ids(guideline) if "-" in name}
    named = re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, sorted(ids)))})(?![\w-])") if ids else None
    found = []
    for file in sorted(folder.rglob("*.feature")):
        lines = file.read_text(encoding="utf-8-sig").splitlines()
        for number, line in enumerate(lines, 1):
            if not line.lstrip().startswith(("@", "#")):
                found += list(_in_line(file, number, line, named))
    return found


def _in_line(file: Path, number: int, line: str, named: re.Pattern[str] | None) -> Iterator[Diagnostic]:
    for pattern, says in (*NOT_CLINICAL, *([(named, "is the id of a rule")] if named else [])):
        for match in pattern.finditer(line):
            span = Span(file.as_posix(), number, match.start() + 1, match.end() + 1, line)
            yield Diagnostic("S104", f"`{match[0]}` {says}", span, HINT)


def _ids(guideline: Guideline) -> Iterator[str]:
    yield from (spec.rule.id for spec in guideline.rules)
    for file in guideline.pack.safety.values():
        safety = (file.contraindications, file.cautions, file.monitoring, file.alerts, file.order_checks)
        yield from (rule.id for rules in safety for rule in rules)
