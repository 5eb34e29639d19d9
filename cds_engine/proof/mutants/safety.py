"""A safety rule, exclusion or contradiction left out, or what follows while it is unknown turned round."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

from cds_engine.diagnostics import Span
from cds_engine.pack.load import Pack
from cds_engine.pack.statements import Caution, Contraindication, SafetyFile, SafetyRule
from cds_engine.proof.mutants.mutant import LEFT_OUT, Kind

OTHERWISE = {"hold": "ignore", "ignore": "hold"}
T = TypeVar("T")
Found = tuple[Kind, str, str, str, Pack, Span | None]
"""Kind, key, what was, what is now, the pack, the place."""


def safety_variants(pack: Pack) -> Iterator[Found]:
    """List the pack with each of its safety rules left out, for each drug or action that it reaches."""
    for name, file in pack.safety.items():
        yield from _of_file(pack, name, file)
    for index, conflict in enumerate(pack.definitions.conflicts):
        rest = _without(pack.definitions.conflicts, index)
        definitions = pack.definitions.model_copy(update={"conflicts": rest})
        key = f"conflict {conflict.id}"
        yield "warning", key, key, LEFT_OUT, replace(pack, definitions=definitions), conflict.span
    yield from _exclusions(pack)


def _exclusions(pack: Pack) -> Iterator[Found]:
    for name, topic in pack.topics.items():
        for index, exclusion in enumerate(topic.exclusions):
            less = topic.model_copy(update={"exclusions": _without(topic.exclusions, index)})
            key = f"exclusion {exclusion.id}"
            yield "warning", key, key, LEFT_OUT, replace(pack, topics={**pack.topics, name: less}), exclusion.span
        for place, statement in enumerate(topic.statements):
            for index, exclusion in enumerate(statement.exclusions):
                own = statement.model_copy(update={"exclusions": _without(statement.exclusions, index)})
                less = topic.model_copy(update={"statements": _exchanged(topic.statements, place, own)})
                key = f"exclusion {exclusion.id}"
                yield "warning", key, key, LEFT_OUT, replace(pack, topics={**pack.topics, name: less}), exclusion.span


def _of_file(pack: Pack, name: str, file: SafetyFile) -> Iterator[Found]:
    sorts: tuple[tuple[Kind, str, str], ...] = (
        ("contraindication", "contraindications", "contraindication"),
        ("caution", "cautions", "caution"),
    )
    for kind, field, word in sorts:
        rules: list[Contraindication | Caution] = getattr(file, field)
        for index, rule in enumerate(rules):
            key = f"{word} {rule.id}"
            for target, less in _reaching_less(rule):
                changed = _file(pack, name, file, field, _exchanged(rules, index, less))
                yield kind, key, f"{key} for {target}", LEFT_OUT, changed, rule.span
            other = rule.model_copy(update={"if_unknown": OTHERWISE[rule.if_unknown]})
            changed = _file(pack, name, file, field, _exchanged(rules, index, other))
            was, now = (f"if unknown: {way}" for way in (rule.if_unknown, OTHERWISE[rule.if_unknown]))
            yield "unknown", key, was, now, changed, rule.span
    for field, word in (("alerts", "alert"), ("order_checks", "order")):
        found = getattr(file, field)
        for index, one in enumerate(found):
            key = f"{word} {one.id}"
            yield "warning", key, key, LEFT_OUT, _file(pack, name, file, field, _without(found, index)), one.span


def _reaching_less(rule: SafetyRule) -> Iterator[tuple[str, SafetyRule]]:
    for field in ("drugs", "actions"):
        targets: list[str] = getattr(rule, field)
        for index, target in enumerate(targets):
            yield target, rule.model_copy(update={field: _without(targets, index)})


def _file(pack: Pack, name: str, file: SafetyFile, field: str, rules: object) -> Pack:
    return replace(pack, safety={**pack.safety, name: file.model_copy(update={field: rules})})


def _without(items: Sequence[T], index: int) -> list[T]:
    return [*items[:index], *items[index + 1 :]]


def _exchanged(items: Sequence[object], index: int, item: object) -> list[object]:
    return [*items[:index], item, *items[index + 1 :]]
