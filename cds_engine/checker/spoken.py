"""What invariants may speak of beside the facts: what the pack answers, and what is on record.

| name | is |
| --- | --- |
| `acts.DRUG`, `acts.ACTION` | some rule that is recommended offers it, and it is ready there |
| `waits.DRUG`, `waits.ACTION` | some rule that offers it waits for data, and it is not blocked there |
| `asks.FACT` | the answer asks for the fact, whether a rule waits for it, it cannot be used, or it is doubtful |
| `status.RULE` | `recommended`, `blocked`, `needs_data` or `not_applicable` |
| `dose.DRUG.low`, `dose.DRUG.high` | the smallest and largest end, unrounded, of its doses that act, else unknown |
| `dose.DRUG.shown_low`, `dose.DRUG.shown_high` | the same as displayed: to two decimals, half up, never above the cap |
| `dose.DRUG.high_per_basis` | the largest end divided by the basis: what it comes to per m2 or per kg |
| `dose.DRUG.high_per_day` | the largest end times how often a day it is given, of doses of a day or so many a day |
| `dose.DRUG.per` | the interval of these doses |
| `dose.DRUG.adjusted` | each of these doses carries an adjustment, which the answer names |
| `ready.RULE.DRUG` | the drug or action is ready within the rule, if the rule is a choice or combination of several |
| `chosen.RULE` | of a recommended choice the drug or action that is spoken of |
| `strongest.ORIGIN` | the strongest modality of a recommended rule whose statement is of this origin, such as `seed` |
| `formula.FACT` | the formula by which the value in use was computed, unknown where it was given or there is none |
| `reason.CONTRAINDICATION` | the contraindication is believed of this patient |
| `alert.ALERT` | the alert is shown |
| `perhaps.FACT` | the fact in any reading of the record: its value, or one of several that conflict |
| `unknown.FACT` | no value of the fact can be used, for whatever reason |
| `withheld.FACT` | the fact was given and cannot be used |
| `given.FACT` | a usable value of the fact is on record |

Hyphens in the ids of rules and safety rules are written as underscores.
"""

from __future__ import annotations

from collections.abc import Iterator

from cds_engine.checker.references import statements, treatments
from cds_engine.checker.scope import scope_of
from cds_engine.checker.types import BooleanType, CodeType, FactSymbol, QuantityType, Scope
from cds_engine.pack.load import Pack
from cds_engine.pack.statements import MODALITIES

STATUSES = ("recommended", "needs_data", "blocked", "not_applicable")
ENDS = ("low", "high", "shown_low", "shown_high", "high_per_day")
PER = ("dose", "day", "week", "course")


def spoken_scope(pack: Pack) -> Scope:
    """Return the scope of a pack's invariants."""
    scope = scope_of(pack)
    facts = {name: found for name, found in scope.symbols.items() if isinstance(found, FactSymbol)}
    spoken = {symbol.name: symbol for symbol in _spoken(pack, facts)}
    return scope.with_facts(spoken)


def word(identifier: str) -> str:
    """Return an id as invariants write it."""
    return identifier.replace("-", "_")


def _spoken(pack: Pack, facts: dict[str, FactSymbol]) -> Iterator[FactSymbol]:
    yes_or_no = BooleanType()
    yield from _of_rules(pack)
    yield from _of_doses(pack)
    for topic in pack.safety.values():
        for contraindication in topic.contraindications:
            yield FactSymbol(f"reason.{word(contraindication.id)}", yes_or_no)
        for alert in topic.alerts:
            yield FactSymbol(f"alert.{word(alert.id)}", yes_or_no)
    for name, symbol in facts.items():
        yield FactSymbol(f"perhaps.{name}", symbol.type, symbol.plausible)
        if "." not in name and name != "as_of":
            yield FactSymbol(f"unknown.{name}", yes_or_no)
            yield FactSymbol(f"withheld.{name}", yes_or_no)
            yield FactSymbol(f"given.{name}", yes_or_no)
            if pack.facts.facts[name].ask is not None:
                yield FactSymbol(f"asks.{name}", yes_or_no)
    formulas = pack.formulas.formulas
    for fact in dict.fromkeys(fact for formula in formulas.values() for fact in formula.gives):
        by = tuple(name for name, formula in formulas.items() if fact in formula.gives)
        yield FactSymbol(f"formula.{fact}", CodeType(by))


def _of_rules(pack: Pack) -> Iterator[FactSymbol]:
    """List what may be said of rules, and of what they offer."""
    yes_or_no = BooleanType()
    rules = [rule for statement in statements(pack) for rule in statement.rules]
    actions = {found.action for rule in rules for found in treatments(rule.recommend) if found.action}
    for target in [*pack.drugs.drugs, *actions]:
        yield FactSymbol(f"acts.{target}", yes_or_no)
        yield FactSymbol(f"waits.{target}", yes_or_no)
    for rule in rules:
        yield FactSymbol(f"status.{word(rule.id)}", CodeType(STATUSES))
        targets = tuple(found.drug or found.action or "" for found in treatments(rule.recommend))
        yield FactSymbol(f"chosen.{word(rule.id)}", CodeType(targets))
        for target in targets:
            yield FactSymbol(f"ready.{word(rule.id)}.{target}", yes_or_no)
    for origin in dict.fromkeys(statement.origin for statement in statements(pack)):
        yield FactSymbol(f"strongest.{origin}", CodeType(MODALITIES))


def _of_doses(pack: Pack) -> Iterator[FactSymbol]:
    """List what may be said of the doses of each drug."""
    for regimen in pack.regimens.regimens.values():
        mass = QuantityType(regimen.dose.range.unit.split("/", 1)[0])
        for end in ENDS:
            yield FactSymbol(f"dose.{regimen.drug}.{end}", mass)
        yield FactSymbol(f"dose.{regimen.drug}.high_per_basis", QuantityType(regimen.dose.range.unit))
        yield FactSymbol(f"dose.{regimen.drug}.per", CodeType(PER))
        yield FactSymbol(f"dose.{regimen.drug}.adjusted", BooleanType())
