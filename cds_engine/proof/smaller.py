"""A patient made small: facts left out and numbers rounded, as long as he still shows what he is to show."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from cds_engine.language.printer import number

Patient = Mapping[str, object]


def smaller(patient: Patient, shows: Callable[[Patient], bool], examples: Sequence[Patient] = ()) -> Patient:
    """Return a patient with fewer facts and rounder numbers of whom *shows* is still true.

    A value is put back to that of an example patient where that shows it as well.
    """
    found = dict(patient)
    if "as_of" in found and shows(without := {"facts": found["facts"]}):
        found = dict(without)
    facts = found["facts"]
    assert isinstance(facts, Mapping)  # noqa: S101 - a patient has facts
    kept = dict(facts)
    for name in list(kept):
        less = {key: value for key, value in kept.items() if key != name}
        if shows({**found, "facts": less}):
            kept = less
    for name in list(kept):
        usual = [example[name] for example in examples if name in example]
        if kept[name] in usual:
            continue
        for other in [*usual, *_rounder(kept[name])]:
            if shows({**found, "facts": {**kept, name: other}}):
                kept[name] = other
                break
    return {**found, "facts": kept}


def _rounder(value: object) -> Iterator[object]:
    """List simpler ways to say nearly the same."""
    match value:
        case str() if " " in value and _is_number(value.split(" ", 1)[0]):
            amount, unit = value.split(" ", 1)
            yield from (f"{number(rounded)} {unit}" for rounded in _rounded(float(amount)))
        case float():
            yield from _rounded(value)
        case list() if len(value) > 1 and "?" in value:
            yield "?"


def _rounded(value: float) -> Iterator[float]:
    if float(f"{value:.2g}") == value:
        return
    for digits in (2, 3, 4, 6):
        rounded = float(f"{value:.{digits}g}")
        if rounded != value:
            yield rounded


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
