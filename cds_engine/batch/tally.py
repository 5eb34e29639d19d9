"""What became of rows, counted: of a part, and of all parts together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from cds_engine.backends.sql.layout import Layout
from cds_engine.batch.engine import Engine
from cds_engine.results.models import STATUSES

Counts = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Tally:
    """What became of some rows."""

    rows_out: int
    refused: Counts
    """By code: how many rows have no answer."""
    statuses: Mapping[str, Counts]
    """By rule: how many patients have which status."""
    missing: Counts
    """By fact: how many patients wait for it."""
    problems: Counts
    """By `fact:code`: how many rows have it."""

    @classmethod
    def of(cls, found: Mapping[str, Any]) -> Self:
        """Return a tally that was kept as JSON."""
        return cls(**found)


def count(layout: Layout, hidden: Iterable[str], engine: Engine) -> Tally:
    """Count what stands in `answers` and `refused`; of the rules that are *hidden* nothing is said."""
    gone = frozenset(hidden)
    shown = [(index, spec.rule.id) for index, spec in enumerate(layout.guideline.rules) if spec.rule.id not in gone]
    of_status = [f"count_if(r{index}_status = cds_status('{status}'))" for index, _ in shown for status in STATUSES[1:]]
    counts = engine.rows(f"SELECT {', '.join(['count(*)', *of_status])} FROM answers")[0]
    total, *counted = (int(rows or 0) for rows in counts)  # of no rows at all the engine counts NULL
    each = len(STATUSES) - 1
    by_rule = (counted[start : start + each] for start in range(0, len(counted), each))
    statuses = {
        rule: {str(status): rows for status, rows in zip(STATUSES, (total - sum(others), *others), strict=True)}
        for (_, rule), others in zip(shown, by_rule, strict=True)
    }
    problems: Counter[str] = Counter()
    for listed, rows in engine.rows("SELECT problems, count(*) FROM answers WHERE problems <> '' GROUP BY problems"):
        problems.update(dict.fromkeys((name for name in str(listed).split(";") if name), int(rows)))
    refused = {
        str(code): int(rows)
        for code, rows in engine.rows("SELECT split_part(reason, ':', 1), count(*) FROM refused GROUP BY 1")
    }
    return Tally(total, refused, statuses, _missing(layout, engine), dict(problems))


def _missing(layout: Layout, engine: Engine) -> dict[str, int]:
    """Count the rows of `answers` that wait for each fact: the rows of each set of facts first, then the sets."""
    words = ", ".join(f"missing_{word}" for word in layout.words)
    bits = {name: layout.bit(name) for name in layout.guideline.positions}
    waiting = (f"sum(CASE WHEN (missing_{word} & {bit}) <> 0 THEN patients END)" for word, bit in bits.values())
    sets = f"(SELECT {words}, count(*) AS patients FROM answers GROUP BY {words}) AS each"
    counts = engine.rows(f"SELECT {', '.join(waiting)} FROM {sets}")[0]
    return {name: int(found) for name, found in zip(bits, counts, strict=True) if found}


def together(tallies: Iterable[Tally]) -> Tally:
    """Return the sum of tallies; what is counted most comes first, rules stay in their order."""
    out, refused, missing, problems = 0, Counter[str](), Counter[str](), Counter[str]()
    statuses: dict[str, Counter[str]] = {}
    for tally in tallies:
        out += tally.rows_out
        refused.update(tally.refused)
        missing.update(tally.missing)
        problems.update(tally.problems)
        for rule, counts in tally.statuses.items():
            statuses.setdefault(rule, Counter()).update(counts)
    return Tally(
        out,
        most_first(refused),
        {rule: dict(counts) for rule, counts in statuses.items()},
        most_first(missing),
        most_first(problems),
    )


def most_first(counts: Counts) -> dict[str, int]:
    """Return counts, the largest first; equal ones by name, so that two runs say the same."""
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
