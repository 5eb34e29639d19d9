"""The published CQL tests: answered as published, or in the table of deviations, or outside the subset."""

import fnmatch
import os
import re
from datetime import date
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from cds_engine.checker.expressions import check_expression
from cds_engine.checker.types import Scope
from cds_engine.diagnostics import CdsError
from cds_engine.evaluator.conditions import value_of
from cds_engine.evaluator.facts import Facts
from cds_engine.evaluator.verdict import Unknown
from cds_engine.language.parser import ParseError, parse
from cds_engine.lowering.expressions import lower_value

SUITES = os.environ.get("CDS_SUITES")
DEVIATIONS = Path(__file__).resolve().parent.parent / "docs" / "deviations.md"
pytestmark = pytest.mark.skipif(SUITES is None, reason="CDS_SUITES is not set: the published CQL tests are skipped")

OUTSIDE = re.compile(
    r"[A-Za-z]\w*\s*\(|\b(?:mod|div|as|is\s+[A-Z]|minimum|maximum|predecessor|successor|Interval|Tuple|case|convert|xor=|"
    r"same|(?:year|month|week|day|hour|minute|second|millisecond)s?)\b|\d+L\b|@T|@\d{4}(?:-\d{2})?(?:T|$|\s)|T\d\d:|:|~|&|\{\s*\w+\s*:|\\"
)
"""What is not in our subset: functions, other types, other operators, times of day, string escapes."""


def cases():
    """List (name, expression, output, is meant to be an error)."""
    for path in sorted(Path(SUITES or "", "cql").glob("*.xml")) if SUITES else []:
        root = ET.parse(path).getroot()  # noqa: S314 - a published test file
        for test in root.iter():
            if test.tag.endswith("}test"):
                parts = {child.tag.split("}")[-1]: child for child in test}
                expression, output = parts["expression"], parts.get("output")
                name = f"{path.stem.removeprefix('Cql').removesuffix('Test')}/{test.get('name')}"
                yield name, expression.text or "", None if output is None else output.text, expression.get("invalid")


def deviations() -> list[str]:
    rows = re.findall(r"^\| [\w-]+ \| (.*?) \|", DEVIATIONS.read_text(), re.MULTILINE)
    return [pattern for row in rows for pattern in re.findall(r"`([^`]+)`", row)]


def answer(expression: str):
    findings = []
    typed = check_expression(parse(expression), Scope(), findings)
    errors = [finding for finding in findings if finding.severity == "error"]
    if errors:
        raise ParseError(errors[0])
    return value_of(lower_value(typed, typed.type, {}), Facts({}, {}, date(2026, 11, 21)))


def agrees(value, published: str | None) -> bool:
    if published is None:
        return False
    if isinstance(value, Unknown):
        return published == "null"
    if isinstance(value, bool):
        return published == str(value).lower()
    if isinstance(value, float):
        number = re.match(r"-?[\d.]+", published)
        return number is not None and abs(float(number.group()) - value) < 1e-8
    return published.strip("'@") == str(value)


def outcome(expression: str, published: str | None, invalid: str | None) -> str:
    try:
        value = answer(expression)
    except CdsError:
        return "answered" if invalid else "refused"
    return "answered" if agrees(value, published) else "deviating"


def test_every_case_is_answered_as_published_or_deviates_as_stated(capsys):
    counts = {"answered": 0, "deviating": 0, "refused": 0}
    wrong, refused, used = [], [], set()
    for name, expression, published, invalid in cases():
        found = outcome(expression, published, invalid)
        stated = [pattern for pattern in deviations() if fnmatch.fnmatchcase(name, pattern)]
        if found == "refused" and stated and not OUTSIDE.search(expression):
            found = "deviating"
        counts[found] += 1
        if found == "deviating":
            used.update(stated)
            wrong += [] if stated else [f"{name}: {expression} should be {published}"]
        if found == "refused" and not OUTSIDE.search(expression):
            refused.append(f"{name}: {expression}")
    with capsys.disabled():
        print(f"\nCQL suite: {counts}")  # noqa: T201 - the figures are the report
    assert wrong == []
    assert refused == [], "made only of our types and operators, and yet refused"
    assert used == set(deviations()), "rows of the table that no case needs"
    assert counts["answered"] >= 190
