"""A table of made-up patients, drawn as the pack's `cohort.yaml` says: the same seed gives the same patients.

Every draw is a hash of the patient's number, the seed and what is drawn, so that patients are made in any order and as
many at once as the machine can.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from cds_engine.batch.duck import Duck
from cds_engine.batch.engine import literal, quoted
from cds_engine.batch.output import FileOutput, output_of
from cds_engine.diagnostics import InputError, did_you_mean
from cds_engine.pack.cohort import CohortFile, Likely, Weights
from cds_engine.patient.spec import Dictionary, FactSpec
from cds_engine.units import UnitError

FAR = 2**53
SLIP = 10
"""How many times too large a number is whose decimal point slipped."""


class Written(NamedTuple):
    """A cohort that was written: the table, and the mapping that says its units."""

    table: Path
    mapping: Path


@dataclass(frozen=True, slots=True)
class Cohort:
    """How the patients of a pack are drawn."""

    file: CohortFile
    dictionary: Dictionary
    seed: int
    as_of: date

    def write(self, patients: int, into: str | Path, duck: Duck) -> Written:
        """Write a number of patients as a table, with the mapping that gives its columns their units.

        Raises:
            InputError: If `cohort.yaml` and the facts do not go together, or the table can be written nowhere.
        """
        self._check()
        output = output_of(into, ())
        if not isinstance(output, FileOutput):
            raise InputError("a cohort is written into a file; let its name end in .parquet, .csv or .ndjson")
        begun, mapping = output.path.with_name(f"{output.path.name}.tmp"), output.path.with_suffix(".mapping.json")
        options = {"PARQUET": ", COMPRESSION zstd, COMPRESSION_LEVEL 1", "CSV": ", HEADER", "JSON": ""}[output.kind]
        try:
            duck.run(f"COPY ({self.query(patients)}) TO {literal(str(begun))} (FORMAT {output.kind}{options})")
            begun.replace(output.path)
        finally:
            begun.unlink(missing_ok=True)
        text = json.dumps({"columns": {}, "units": self.units()}, indent=1, ensure_ascii=False)
        mapping.write_text(text + "\n", encoding="utf-8")
        return Written(output.path, mapping)

    def units(self) -> dict[str, str]:
        """Return the units of the columns that have one unit for all."""
        return {
            name: next(iter(likely.units)) if likely.units else self._spec(name).unit or ""
            for name, likely in self.file.facts.items()
            if _is_number(likely) and self._spec(name).unit is not None and len(likely.units or ()) < 2  # noqa: PLR2004
        }

    def query(self, patients: int) -> str:
        """Return the query that draws the patients: what is true, then what contradicts, then what was written down."""
        facts = self.file.facts
        true = [f"{self._value(name, likely)} AS {quoted(name)}" for name, likely in facts.items()]
        contradicted = [f"{self._contradicted(name)} AS {quoted(name)}" for name in facts]
        written = [column for name, likely in facts.items() for column in self._columns(name, likely)]
        return (
            f"SELECT 'p' || i AS patient, {', '.join(written)} FROM (SELECT i, {', '.join(contradicted)}"
            f" FROM (SELECT i, {', '.join(true)} FROM range({patients}) AS numbers(i)))"
        )

    # What is true of a patient

    def _value(self, name: str, likely: Likely) -> str:
        value = self._drawn(name, likely)
        if _is_number(likely):
            value = f"CAST(round({value}, {likely.digits}) AS DOUBLE)"
        wanted = [f"{quoted(other)} IN ({', '.join(map(literal, words))})" for other, words in likely.only.items()]
        wanted += [f"{quoted(other)} BETWEEN {low!r} AND {high!r}" for other, (low, high) in likely.within.items()]
        return f"CASE WHEN {' AND '.join(wanted)} THEN {value} END" if wanted else value

    def _drawn(self, name: str, likely: Likely) -> str:
        if likely.codes is not None:
            return self._choice(name, likely.codes)
        if likely.chance is not None:
            return f"{self._draw(name)} < {likely.chance!r}"
        if likely.between is not None:
            low, high = likely.between
            return f"{low!r} + {self._draw(name)} * {high - low!r}"
        around = f"exp({self._normal(name)} * {likely.spread!r})"
        if likely.points is None:
            return f"{likely.around!r} * {around}"
        return f"{_between_points(quoted(likely.along or ''), likely.points)} * {around}"

    def _contradicted(self, name: str) -> str:
        """Return the value, or in some patients one that does not go with another."""
        cases = []
        for number, found in enumerate(self.file.contradictions):
            if name in found.values:
                is_drawn = f"{self._draw(f'contradiction {number}')} < {found.share!r}"
                cases.append(f"WHEN {is_drawn} THEN {self._literal(name, found.values[name])}")
        return f"CASE {' '.join(cases)} ELSE {quoted(name)} END" if cases else quoted(name)

    def _literal(self, name: str, value: str) -> str:
        return literal(value) if self.file.facts[name].codes is not None else value

    # What is written down of it

    def _columns(self, name: str, likely: Likely) -> Iterator[str]:
        missing = self.file.missing if likely.missing is None else likely.missing
        is_known = f"{self._draw(f'missing {name}')} >= {missing!r}"
        value, spec = quoted(name), self._spec(name)
        if _is_number(likely):
            value = f"{value} * CASE WHEN {self._draw(f'slip {name}')} < {self.file.slips!r} THEN {SLIP} ELSE 1 END"
        if likely.units is not None and len(likely.units) > 1:
            chosen = self._choice(f"unit {name}", likely.units)
            cases = " ".join(f"WHEN {literal(unit)} THEN {_in_unit(value, spec, unit)}" for unit in likely.units)
            yield f"CASE WHEN {is_known} THEN CASE {chosen} {cases} END END AS {quoted(name)}"
            yield f"CASE WHEN {is_known} THEN {chosen} END AS {quoted(name + '_unit')}"
        else:
            yield f"CASE WHEN {is_known} THEN {value} END AS {quoted(name)}"
        if likely.dated is not None:
            first, last = likely.dated
            ago = f"CAST(floor({first!r} + {self._draw(f'day {name}')} * {last - first + 1!r}) AS INTEGER)"
            yield f"CASE WHEN {is_known} THEN DATE '{self.as_of}' - {ago} END AS {quoted(name + '_date')}"

    # Draws

    def _draw(self, what: str) -> str:
        """Return a number from 0 to below 1, of its own for each patient and *what*.

        The hash of several things moves little with one of them; the hash of that hash has nothing in common with it.
        """
        return f"((hash(hash(i, {self.seed}, {literal(what)})) >> 11) / {FAR}.0)"

    def _normal(self, name: str) -> str:
        first, second = self._draw(f"first {name}"), self._draw(f"second {name}")
        return f"(sqrt(-2 * ln(1 - {first})) * cos(2 * pi() * {second}))"

    def _choice(self, what: str, weights: Weights) -> str:
        total, below, cases = sum(weights.values()), 0.0, []
        draw = self._draw(what)
        *first, last = weights
        for word in first:
            below += weights[word] / total
            cases.append(f"WHEN {draw} < {below!r} THEN {literal(word)}")
        return f"CASE {' '.join(cases)} ELSE {literal(last)} END" if cases else literal(last)

    # What goes together

    def _spec(self, name: str) -> FactSpec:
        return self.dictionary.facts[name]

    def _check(self) -> None:
        """Hold the file against the facts of the pack.

        Raises:
            InputError: If it names no fact, a code or unit that the fact does not have, or a fact that stands below.
        """
        above: set[str] = set()
        for name, likely in self.file.facts.items():
            for other in [name, *([likely.along] if likely.along else []), *likely.only, *likely.within]:
                if other not in self.dictionary.facts:
                    hint = did_you_mean(other, self.dictionary.facts) or "`cds-engine facts` lists them"
                    raise InputError(f"`cohort.yaml` names `{other}`, which is no fact; {hint}")
                if other != name and other not in above:
                    raise InputError(f"in `cohort.yaml` `{name}` follows `{other}`, which must stand above it")
            above.add(name)
            self._check_words(name, likely)
        for found in self.file.contradictions:
            for name in found.values.keys() - above:
                raise InputError(f"`cohort.yaml` contradicts `{name}`, of which it says nothing; add it to the facts")

    def _check_words(self, name: str, likely: Likely) -> None:
        spec = self._spec(name)
        for code in likely.codes or () if spec.entry.type == "code" else ():
            if code not in spec.entry.allowed:
                hint = did_you_mean(code, spec.entry.allowed) or "the dictionary lists its codes"
                raise InputError(f"`cohort.yaml` gives `{name}` the code `{code}`, which it does not have; {hint}")
        for unit in likely.units or ():
            try:
                spec.change_from(unit)
            except UnitError as error:
                raise InputError(f"`cohort.yaml` gives `{name}` a unit that it does not have: {error}") from None


def _is_number(likely: Likely) -> bool:
    return likely.codes is None and likely.chance is None


def _in_unit(value: str, spec: FactSpec, unit: str) -> str:
    """Return a value in another unit, with as many figures as somebody would write."""
    way = spec.change_from(unit)
    if way.factor == 1 and way.offset == 0:
        return value
    return f"round(({value} - {way.offset!r}) / {way.factor!r}, 3)"


def _between_points(along: str, points: Mapping[float, float]) -> str:
    """Return the height of a line through points over a fact; before the first and after the last it is level."""
    listed = sorted(points.items())
    (_, before), (_, after) = listed[0], listed[-1]
    cases = [f"WHEN {along} IS NULL THEN NULL", f"WHEN {along} <= {listed[0][0]!r} THEN {before!r}"]
    for (x, y), (to, high) in pairwise(listed):
        cases.append(f"WHEN {along} <= {to!r} THEN {y!r} + ({along} - {x!r}) * {(high - y) / (to - x)!r}")
    return f"CASE {' '.join(cases)} ELSE {after!r} END"
