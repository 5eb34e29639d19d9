"""The facts of a pack as fields: label, units, plausible range, what was filled in and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from cds_engine.language.printer import number
from cds_engine.lowering.guideline import Guideline
from cds_engine.lowering.walk import names_in
from cds_engine.patient.spec import FactSpec
from cds_engine.results import wording as w
from cds_engine.results.evaluation import Evaluation
from cds_engine.service.page.form import Form
from cds_engine.units import display

Kind = Literal["choice", "amount", "day", "words", "lines"]
MOST_ASKED = 8
"""Fields that stand open because their facts are asked next."""
HINTS = {
    "codes": "separated by commas; `none` if there is none",
    "medications": "one a line: drug; dose; day or week; route. `none` if nothing is taken",
    "drug_dose": "with its unit and interval, as 20 mg/wk",
}


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several values to choose from."""

    value: str
    label: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class End:
    """One end of a reference range."""

    name: str
    """Of its field."""
    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Field:
    """One fact as a field."""

    name: str
    label: str
    kind: Kind
    value: str
    choices: tuple[Choice, ...]
    units: tuple[Choice, ...]
    date: str
    ends: tuple[End, ...]
    """Of the laboratory's reference range, where a rule reads it."""
    hint: str
    question: str
    mistakes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of a page in the order in which they matter."""

    given: tuple[Field, ...]
    asked: tuple[Field, ...]
    others: tuple[Field, ...]


def facts_with_range(guideline: Guideline) -> frozenset[str]:
    """Return the facts whose reference range a condition of the pack reads."""
    named = (name for condition in guideline.conditions.values() for name in names_in(condition))
    return frozenset(name.partition(".range.")[0] for name in named if ".range." in name)


def fields_for(guideline: Guideline, form: Form, answer: Evaluation, *, for_patient: bool) -> Fields:
    """Return the fields: what was filled in, what is asked next, and all others."""
    facts, ranged = guideline.dictionary.facts, facts_with_range(guideline)
    wrong: dict[str, list[str]] = {}
    for problem in answer.problems:
        wrong.setdefault(problem.fact or "", []).append(problem.message)
    asked = {question.fact: question.ask for question in answer.questions}
    made = {
        name: _field(spec, form.fields, wrong.get(name, ()), asked.get(name, ""), for_patient, name in ranged)
        for name, spec in facts.items()
        if "." not in name and (spec.entry.ask or name in form.fields)
    }
    given = [name for name in made if name in form.fields]
    next_ones = [name for name in asked if name in made and name not in given][:MOST_ASKED]
    others = [name for name in made if name not in given and name not in next_ones]
    return Fields(_picked(made, given), _picked(made, next_ones), _picked(made, others))


def _picked(made: Mapping[str, Field], names: Iterable[str]) -> tuple[Field, ...]:
    return tuple(made[name] for name in names)


def _field(
    spec: FactSpec,
    given: Mapping[str, str],
    mistakes: Sequence[str],
    question: str,
    for_patient: bool,  # noqa: FBT001 - as above
    has_range: bool,  # noqa: FBT001 - as above
) -> Field:
    entry, value = spec.entry, given.get(spec.name, "")
    label = entry.patient_label if for_patient and entry.patient_label else entry.label
    asks = entry.patient_ask if for_patient and entry.patient_ask else entry.ask
    return Field(
        name=spec.name,
        label=label[:1].upper() + label[1:],
        kind=_kind(entry.type, value),
        value=value,
        choices=_choices(spec, value),
        units=_units(spec, given.get(f"{spec.name}.unit")),
        date=given.get(f"{spec.name}.date", ""),
        ends=_ends(spec, given) if has_range else (),
        hint=_hint(spec),
        question=question or asks or "",
        mistakes=tuple(dict.fromkeys(map(w.clean, mistakes))),
    )


def _kind(of: str, value: str) -> Kind:
    if value[:1] in {"[", "{"} or "\n" in value:
        return "lines"
    match of:
        case "boolean" | "code":
            return "choice"
        case "quantity" | "decimal" | "integer":
            return "amount"
        case "date":
            return "day"
        case "medications":
            return "lines"
        case _:
            return "words"


def _choices(spec: FactSpec, value: str) -> tuple[Choice, ...]:
    entry = spec.entry
    if entry.type == "boolean":
        listed = {"true": "yes", "false": "no"}
    elif entry.type == "code":
        listed = {code: w.spoken(code) for code in entry.allowed}
    else:
        return ()
    if value and value not in listed:
        listed = {**listed, value: value}
    known = [Choice(code, label, code == value) for code, label in listed.items()]
    return (Choice("", "not known", not value), *known)


def _units(spec: FactSpec, chosen: str | None) -> tuple[Choice, ...]:
    entry = spec.entry
    if entry.type not in {"quantity", "decimal"} or spec.unit is None:
        return ()
    listed = [spec.unit, *entry.accepts, *(conversion.unit for conversion in entry.conversions)]
    listed += [chosen] if chosen and chosen not in listed else []
    return tuple(Choice(unit, display(unit), unit == (chosen or spec.unit)) for unit in dict.fromkeys(listed))


def _ends(spec: FactSpec, given: Mapping[str, str]) -> tuple[End, ...]:
    words = {f"{spec.name}.range.low": "normal from", f"{spec.name}.range.high": "normal up to"}
    return tuple(End(name, label, given.get(name, "")) for name, label in words.items())


def _hint(spec: FactSpec) -> str:
    if spec.plausible is not None:
        low, high = spec.plausible
        unit = f" {display(spec.unit)}" if spec.unit else ""
        return f"plausible: {number(low)} to {number(high)}{unit}"
    return HINTS.get(spec.entry.type, "")
