"""The meaning of a statement as parts with a hash each: what an approval covers.

Covered are the conditions, strength and treatments of its rules, their doses, everything that forbids, cautions,
monitors or alerts about these treatments, the facts that all of this reads with how they are derived, and the reference
to the source with its grading. Prose is not: wording, labels, notes; but a number in a sentence that is shown is no
prose. Only where a statement has no rule is its sentence the meaning: the sentence is then all that a reader gets.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from cds_engine.lowering.canonical import canonical
from cds_engine.lowering.guideline import Derivation, DosePlan, Guideline, RuleSpec, Treatment
from cds_engine.pack.statements import Alert, Caution, Contraindication, Monitoring, Statement

NUMBER = re.compile(r"\d+(?:\.\d+)?")


@dataclass(frozen=True, slots=True)
class Meaning:
    """Named parts, each in canonical text."""

    parts: Mapping[str, str]

    @property
    def hashes(self) -> dict[str, str]:
        """The hash of each part."""
        return {name: digest(text) for name, text in self.parts.items()}

    @property
    def hash(self) -> str:
        """The hash of all parts, in whatever order they stand."""
        return digest("\n".join(f"{name}\0{text}" for name, text in sorted(self.parts.items())))


def digest(text: str) -> str:
    """Return the SHA-256 of a text."""
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def meaning_of(guideline: Guideline, statement: str) -> Meaning:
    """Return the meaning of the statement with this id; `KeyError` where there is none."""
    return Meaning(dict(_Parts(guideline, guideline.statements[statement]).parts()))


class _Parts:
    def __init__(self, guideline: Guideline, statement: Statement) -> None:
        self._guideline = guideline
        self._statement = statement
        self._rules = [spec for spec in guideline.rules if statement.id in _own(spec)]
        self._keys: list[str] = []

    def parts(self) -> Iterator[tuple[str, str]]:
        yield "the source", self._source()
        if not self._rules:
            yield "the sentence", " ".join(self._statement.says.split())
        for spec in self._rules:
            yield f"the rule {spec.rule.id}", self._rule(spec)
        targets = {t.target: t for spec in self._rules for t in spec.treatments}
        for treatment in targets.values():
            yield from self._reaching(treatment)
        plans = {t.dose.regimen: t.dose for spec in self._rules for t in spec.treatments if t.dose}
        for plan in plans.values():
            yield f"the dose {plan.regimen}", self._dose(plan)
        bases = {plan.basis for plan in plans.values() if plan.basis}
        yield from self._facts(bases)

    def _source(self) -> str:
        found, pack = self._statement, self._guideline.pack
        source = pack.sources.sources[found.source]
        evidence = found.evidence
        return _said(
            source=found.source,
            doi=source.doi,
            pmid=source.pmid,
            url=source.url,
            locator=found.locator,
            uncited=found.uncited,
            modality=found.modality,
            level=evidence.level,
            strength=evidence.strength,
            agreement=evidence.agreement,
            tag=found.tag,
            origin=found.origin,
            restates=sorted(found.restates),
            numbers=_numbers(found.says, found.patient_says),
            became=[found.encoded_in, found.advice, bool(found.not_encoded)],
        )

    def _condition(self, key: str | None) -> str:
        if key is None:
            return "always"
        self._keys.append(key)
        return canonical(self._guideline.conditions[key])

    def _rule(self, spec: RuleSpec) -> str:
        return _said(
            when=self._condition(spec.key),
            modality=spec.modality,
            mode=spec.mode,
            treatments=[(t.target, t.dose.regimen if t.dose else None) for t in spec.treatments],
            carries=sorted(spec.rule.carries),
            measure=spec.rule.recommend.measure,
            numbers=_numbers(spec.rule.recommend.says, spec.rule.recommend.patient_says),
            asks=[(ask.fact, self._condition(key)) for ask, key in zip(spec.rule.ask, spec.ask_keys, strict=True)],
            left_out=[(e.id, self._condition(key), e.source, e.locator) for key, e in spec.exclusions],
        )

    def _reaching(self, treatment: Treatment) -> Iterator[tuple[str, str]]:
        guideline, target = self._guideline, treatment.target
        found: Iterable[tuple[str | None, Contraindication | Caution | Monitoring]] = (
            *guideline.contraindications.get(target, ()),
            *guideline.cautions.get(target, ()),
            *guideline.monitoring.get(target, ()),
        )
        for key, rule in found:
            unknown = None if isinstance(rule, Monitoring) else rule.if_unknown
            kind = type(rule).__name__.lower()
            yield (
                f"the {kind} {rule.id} of {target}",
                _said(
                    when=self._condition(key),
                    if_unknown=unknown,
                    numbers=_numbers(rule.says, rule.patient_says or ""),
                    source=rule.source,
                    locator=rule.locator,
                ),
            )
        for key, alert in guideline.alerts:
            if alert.drug == target:
                yield f"the alert {alert.id} of {target}", self._alert(key, alert)

    def _alert(self, key: str, alert: Alert) -> str:
        asked = zip(alert.ask, self._guideline.alert_ask_keys[alert.id], strict=True)
        return _said(
            when=self._condition(key),
            severity=alert.severity,
            numbers=_numbers(alert.says, alert.patient_says),
            asks=[(ask.fact, self._condition(key)) for ask, key in asked],
            source=alert.source,
            locator=alert.locator,
        )

    def _dose(self, plan: DosePlan) -> str:
        route = plan.written.route
        return _said(
            range=(plan.low, plan.high, plan.rate_unit),
            unit=plan.unit,
            basis=(plan.basis, plan.basis_scale),
            per=plan.per,
            times=plan.times_per_day,
            days=plan.days,
            caps=plan.caps,
            adjust=[(self._condition(a.key), a.multiply, a.source, a.locator) for a in plan.adjustments],
            products=plan.product_sizes,
            route=route.prefer if route else None,
            source=(plan.source, plan.written.dose.locator),
        )

    # Facts

    def _facts(self, bases: set[str]) -> Iterator[tuple[str, str]]:
        guideline = self._guideline
        derived = {derivation.fact: derivation for derivation in guideline.derivations}
        used = set(bases)
        for key in self._keys:
            used |= guideline.reads[key]
        for name in list(used):
            used |= derived[name].reads if name in derived else frozenset()
        for name in sorted(used & guideline.pack.facts.facts.keys()):
            yield f"the fact {name}", self._fact(name, derived.get(name))
        for key, facts in sorted(guideline.conflicts.items()):
            if used & set(facts):
                yield f"the {key}", _said(when=canonical(guideline.conditions[key]), facts=sorted(facts))

    def _fact(self, name: str, derivation: Derivation | None) -> str:
        spec = self._guideline.dictionary.facts[name]
        entry = spec.entry
        branches = derivation.branches if derivation else ()
        return _said(
            type=entry.type,
            unit=spec.unit,
            plausible=spec.plausible,
            max_age=spec.max_age_days,
            tolerance=(spec.tolerance, spec.tolerance_is_share),
            agreeing=sorted(spec.agreeing.items()),
            allowed=sorted(entry.allowed),
            conversions=[(c.unit, c.multiply_by, c.divide_by) for c in entry.conversions],
            absent_means=entry.absent_means,
            setting=entry.setting,
            always=entry.always,
            derive=[
                ("always" if b.key is None else canonical(self._guideline.conditions[b.key]), canonical(b.value))
                for b in branches
            ],
        )


def _own(spec: RuleSpec) -> tuple[str, ...]:
    """Return the statement of a rule and those it carries; one that only restates another has no rule of its own."""
    return (spec.statement.id, *spec.rule.carries)


def _said(**fields: object) -> str:
    """Return fields as text, those that say nothing left out, so that a new key of the format voids no approval."""
    return "; ".join(f"{name}: {_text(value)}" for name, value in fields.items() if not _is_nothing(value))


def _is_nothing(value: object) -> bool:
    return value is None or value is False or (isinstance(value, list | tuple) and not value)


def _numbers(*sentences: str) -> list[str]:
    return [number for sentence in sentences for number in NUMBER.findall(sentence)]


def _text(value: object) -> str:
    match value:
        case tuple() | list():
            return f"[{', '.join(_text(part) for part in value)}]"
        case str():
            return " ".join(value.split())
        case _:
            return canonical(value)
