"""An answer of the evaluator as a row of `answers`: what the columns of a table would say of the same patient."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from cds_engine.backends.sql.layout import Layout
from cds_engine.lowering.guideline import RuleSpec
from cds_engine.patient.complaints import contradicted
from cds_engine.results.evaluation import Evaluation
from cds_engine.results.models import Choice, Dose, Reason, Recommendation

Cells = dict[str, object]


def answer_row(layout: Layout, row: int, answer: Evaluation, hidden: Collection[str]) -> Cells:
    """Return the columns that answers have; of the rules that are *hidden* nothing counts."""
    by_rule = {found.rule: found for found in answer.recommendations}
    raised = {alert.rule for alert in answer.alerts}
    contradictions = {
        contradicted(found.says).message: found.facts for found in layout.guideline.pack.definitions.conflicts
    }
    problems = (
        f"{fact}:{problem.code}"
        for problem in answer.problems
        for fact in contradictions.get(problem.message, [problem.fact or ""])
    )
    cells: Cells = {
        "row": row,
        "problems": ";".join(dict.fromkeys(problems)),
        "alert_bits": sum(1 << place for place, (_, found) in enumerate(layout.guideline.alerts) if found.id in raised),
    }
    cells |= {f"alert{place}": found.id in raised for place, (_, found) in enumerate(layout.guideline.alerts)}
    shown = [found for found in answer.recommendations if found.rule not in hidden]
    missing = {name for found in shown for name in found.missing}
    cells |= {f"missing_{word}": bits for word, bits in _bits(layout, missing)}
    for index, spec in enumerate(layout.guideline.rules):
        cells |= dict(_rule(layout, f"r{index}", spec, by_rule[spec.rule.id]))
    return cells


def column_types(names: Collection[str]) -> dict[str, str]:
    """Return the SQL types of columns of `answers`."""

    def kind(name: str) -> str:
        if name.endswith(("_low", "_high")):
            return "DOUBLE"
        return "BIGINT" if name in {"row", "alert_bits"} or "missing_" in name else "VARCHAR"

    return {name: kind(name) for name in names}


def _rule(layout: Layout, own: str, spec: RuleSpec, said: Recommendation) -> Iterator[tuple[str, object]]:
    yield f"{own}_status", said.status
    yield f"{own}_chosen", said.drug or said.action
    for word, bits in _bits(layout, said.missing):
        yield f"{own}_missing_{word}", bits
    # a rule that does not apply has no choices, but the columns of each of its treatments
    each: list[Choice | Recommendation] = [*said.choices] or [said for _ in spec.treatments]
    for place, one in enumerate(each):
        target = one.drug or one.action
        for part, value in _dose(one.dose).items():
            yield f"{own}_{place}_{part}", value
        yield f"{own}_{place}_blocked_by", _listed(one.blocked_by)
        speaks = spec.mode != "one_of" or target == (said.drug or said.action)
        cautions = [found for found in said.cautions if found.target == target]
        yield f"{own}_{place}_cautions", _listed(cautions) if speaks else None  # of a choice the one that was chosen


def _dose(said: Dose | None) -> Cells:
    if said is None:
        parts = ("low", "high", "shown_low", "shown_high", "first_product", "last_product")
        return dict.fromkeys(parts)
    options = said.product_options
    return {
        "low": said.unrounded_low, "high": said.unrounded_high, "shown_low": said.low, "shown_high": said.high,
        "first_product": options[0] if options else None, "last_product": options[-1] if options else None,
    }  # fmt: skip


def _listed(reasons: Collection[Reason]) -> str:
    return ";".join(reason.rule for reason in reasons)


def _bits(layout: Layout, names: Collection[str]) -> Iterator[tuple[int, int]]:
    """Yield the words of a set of missing facts."""
    words: Mapping[int, list[int]] = {word: [] for word in layout.words}
    for name in names:
        word, bit = layout.bit(name)
        words[word].append(bit)
    for word, bits in words.items():
        yield word, sum(bits)
