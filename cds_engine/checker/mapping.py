"""Check fhir.yaml: names that lead somewhere, values that fit their fact, and what absence may mean."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cds_engine.checker.dependencies import closure, dependencies
from cds_engine.checker.expressions import Typed
from cds_engine.checker.walk import names
from cds_engine.diagnostics import Diagnostic, did_you_mean
from cds_engine.pack.base import PackModel
from cds_engine.pack.dictionary import FactEntry
from cds_engine.pack.fhir import FactMapping, FhirFile, Selection
from cds_engine.pack.load import Pack
from cds_engine.pack.measures import days
from cds_engine.units import UnitError

_MEDICINES = frozenset({"MedicationRequest", "MedicationStatement", "MedicationAdministration"})


def check_mapping(pack: Pack, typed: Mapping[str, Typed], findings: list[Diagnostic]) -> None:
    """Report what is wrong with the mapping of FHIR records, if the pack has one."""
    if pack.fhir is not None:
        _Mapping(pack, pack.fhir, findings).check(typed)


class _Mapping:
    def __init__(self, pack: Pack, mapping: FhirFile, findings: list[Diagnostic]) -> None:
        self._pack = pack
        self._mapping = mapping
        self._findings = findings

    def check(self, typed: Mapping[str, Typed]) -> None:
        """Report everything."""
        for name, period in self._mapping.periods.items():
            for key in ("start", "end"):
                fact = getattr(period, key)
                if fact is not None and self._is_fact(fact, period, key):
                    self._must_be_date(name, fact, period, key)
        for name, mapping in self._mapping.facts.items():
            if name in self._pack.facts.facts or self._is_fact(name, self._mapping, "facts", name):
                self._fact(name, mapping, self._pack.facts.facts.get(name))
        for selection in self._mapping.orders:
            self._selection(selection)
            if selection.resource not in _MEDICINES:
                self._say("M104", "an order is no prescription", selection, "resource", hint="take MedicationRequest")
        self._absences(typed)

    # Facts

    def _fact(self, name: str, mapping: FactMapping, entry: FactEntry | None) -> None:
        for selection in mapping.entries:
            self._selection(selection)
        if entry is None:
            return
        if mapping.absent is not None and entry.type != "boolean":
            self._say(
                "M103", f"a fact of type {entry.type} cannot be absent", mapping, "absent", hint="remove `absent`"
            )
        if mapping.absent is not None and self._mapping.closed_record is None:
            hint = "add `closed_record:` with the reason why a record holds everything, or remove `absent`"
            self._say("M103", f"nothing says that absence means no `{name}`", mapping, "absent", hint=hint)
        self._values(name, mapping, entry)
        for selection in mapping.entries:
            self._kind(name, mapping, entry, selection)

    def _values(self, name: str, mapping: FactMapping, entry: FactEntry) -> None:
        known = entry.allowed if entry.type == "code" else ["true", "false"] if entry.type == "boolean" else []
        given: list[tuple[str, PackModel, tuple[str, ...]]] = [
            *((value, mapping, ("values", value)) for value in mapping.values),
            *((s.gives, s, ("gives",)) for s in mapping.entries if s.gives is not None),
        ]
        if entry.type == "code" and not known:
            return  # that has a finding of its own
        for value, model, path in given:
            if value not in known:
                hint = did_you_mean(value, known) or (
                    f"its values are {', '.join(f'`{word}`' for word in known)}" if known else "only codes have values"
                )
                self._say("M104", f"the fact `{name}` has no value `{value}`", model, *path, hint=hint)

    def _kind(self, name: str, mapping: FactMapping, entry: FactEntry, selection: Selection) -> None:
        """Report a selection whose entries cannot give the fact its value."""
        has_value = selection.resource == "Observation" or selection.element is not None or selection.gives is not None
        is_named = bool(selection.codes or selection.value_sets or selection.any_code or entry.codes)
        if selection.resource == "Patient" and selection.element is None:
            self._say("M104", "the Patient has many elements", selection, "resource", hint="say which: `element:`")
        elif selection.resource != "Patient" and not is_named:
            hint = "name `codes` or `value_sets`, or give the fact codes in `facts.yaml`"
            self._say("M104", f"no code leads to `{name}`", selection, "resource", hint=hint)
        if entry.type == "drug_dose":
            hint = "map the fact that holds the medicines; doses are read from it"
            self._say("M104", f"the dose `{name}` cannot come from a record", selection, "resource", hint=hint)
        elif entry.type == "medications" and selection.resource not in _MEDICINES:
            hint = f"take one of {', '.join(sorted(_MEDICINES))}"
            self._say("M104", f"a {selection.resource} is no medicine", selection, "resource", hint=hint)
        elif entry.type in {"quantity", "decimal", "integer", "date"} and not has_value:
            hint = "take an Observation, or say the `element`"
            self._say("M104", f"a {selection.resource} has no value for `{name}`", selection, "resource", hint=hint)
        elif entry.type == "code" and selection.gives is None and not mapping.values:
            hint = "say what such an entry `gives`, or which codes stand for the `values`"
            self._say("M104", f"nothing says which value of `{name}` this gives", selection, "resource", hint=hint)
        elif entry.type == "boolean" and selection.resource == "Observation":
            self._observed(name, mapping, selection)

    def _observed(self, name: str, mapping: FactMapping, selection: Selection) -> None:
        """An observation may say no: that it exists is not enough to make something true."""
        said = mapping.values or selection.where or "has_value" in selection.model_fields_set
        if not said:
            hint = "say which `values` count, or with `has_value` that the observation itself does"
            found = f"an Observation that says no would make `{name}` true"
            self._say("M104", found, selection, "resource", hint=hint)

    # Selections

    def _selection(self, selection: Selection) -> None:
        resource = selection.resource
        is_said = selection.statuses or selection.any_status or self._mapping.statuses.get(resource)
        if resource != "Patient" and not is_said:
            hint = f"add `{resource}: [...]` to `statuses`, or `statuses` here"
            self._say("M102", f"nothing says which statuses of a {resource} count", selection, "resource", hint=hint)
        self._sets(selection, selection.value_sets)
        for where in selection.where:
            self._sets(where, where.value_sets)
        rule = selection.when
        if rule is not None and rule.period is not None and rule.period not in self._mapping.periods:
            key = next(key for key in ("during", "overlaps", "ends_during") if getattr(rule, key))
            hint = did_you_mean(rule.period, self._mapping.periods) or "periods stand under `periods:`"
            self._say("M101", f"there is no period `{rule.period}`", rule, key, hint=hint)
        if rule is not None and rule.within is not None:
            try:
                days(rule.within)
            except UnitError:
                found = f"`{rule.within.value:g} {rule.within.unit}` is no length of time"
                self._say("M104", found, rule, "within", hint="write it in `d`, `wk`, `mo` or `a`: `90 d`")
        if selection.component and resource != "Observation":
            self._say("M104", f"a {resource} has no components", selection, "component", hint="remove it")
        for index, code in enumerate(selection.codes if selection.component else ()):
            if code.below:
                hint = "list the codes of the component one by one"
                self._say("M104", "the code of a component counts as it stands", selection, "codes", index, hint=hint)

    def _sets(self, model: PackModel, named: Iterable[str]) -> None:
        for index, name in enumerate(named):
            if name not in self._mapping.value_sets:
                hint = did_you_mean(name, self._mapping.value_sets) or "they stand under `value_sets:`"
                self._say("M101", f"there is no value set `{name}`", model, "value_sets", index, hint=hint)

    # What absence means

    def _absences(self, typed: Mapping[str, Typed]) -> None:
        """A fact that a contraindication reads is never taken for absent, not even in a closed record."""
        reads = dependencies(self._pack, typed)
        forbidding = {key: names(found) for key, found in typed.items() if key.startswith("contraindication ")}
        for name, mapping in self._mapping.facts.items():
            reader = next((key for key, read in forbidding.items() if name in closure(set(read), reads)), None)
            if mapping.absent is not None and reader is not None:
                found = f"`{name}` may not be taken for absent: the {reader.replace(' ', ' `', 1)}` reads it"
                hint = "remove `absent`: what could forbid a treatment is asked, never assumed"
                self._say("C110", found, mapping, "absent", hint=hint)

    # Saying so

    def _is_fact(self, name: str, model: PackModel, *path: str) -> bool:
        if name in self._pack.facts.facts:
            return True
        if not self._pack.unread.may_declare(name, "facts.yaml"):
            span = model.span_of_key(*path) if len(path) > 1 else model.span_of(*path)
            hint = did_you_mean(name, self._pack.facts.facts) or "facts stand in facts.yaml"
            self._findings.append(Diagnostic("N101", f"there is no fact `{name}`", span, hint))
        return False

    def _must_be_date(self, name: str, fact: str, model: PackModel, key: str) -> None:
        if self._pack.facts.facts[fact].type != "date":
            found = f"the period `{name}` cannot give its day to `{fact}`, which is no date"
            self._say("M104", found, model, key, hint="name a fact of type date")

    def _say(self, code: str, found: str, model: PackModel, *path: str | int, hint: str) -> None:
        self._findings.append(Diagnostic(code, found, model.span_of(*path), hint))
