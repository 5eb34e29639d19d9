"""Answers as people's columns: wide, one row a patient, or long, one row a patient and rule that applies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cds_engine.backends.sql.layout import WORD, Layout
from cds_engine.batch.duck import literal, quoted
from cds_engine.batch.sources import ROW
from cds_engine.lowering.guideline import RuleSpec


def column_of(rule: str) -> str:
    """Return the name that a rule has among columns."""
    return rule.replace("-", "_")


def kept_columns(layout: Layout, form: str) -> dict[str, str]:
    """Return what an output needs of the answers, and the summary: name to expression."""
    found = {"row": "row", "problems": "problems", "alert_bits": alert_bits(layout)}
    found |= {f"missing_{word}": _union(layout, word) for word in layout.words}
    for index, spec in enumerate(layout.guideline.rules):
        names = [f"r{index}_status"]
        if form == "long" or spec.mode == "one_of":
            names.append(f"r{index}_chosen")
        if form == "long":
            names += [f"r{index}_missing_{word}" for word in layout.words]
        for place, treatment in enumerate(spec.treatments):
            if treatment.dose is not None:
                names += [f"r{index}_{place}_shown_low", f"r{index}_{place}_shown_high"]
            if form == "long":
                names += [f"r{index}_{place}_blocked_by", f"r{index}_{place}_cautions"]
        found |= {name: name for name in names}
    return found


def _union(layout: Layout, word: int) -> str:
    return " | ".join(f"r{index}_missing_{word}" for index in range(len(layout.guideline.rules))) or "0"


def _names(layout: Layout, words: Mapping[int, str]) -> str:
    """Return the text of a set of missing facts."""
    listed = list(layout.guideline.positions)
    cases = [
        f"CASE WHEN ({bits} & {1 << place}) <> 0 THEN {literal(listed[word * WORD + place])} END"
        for word, bits in words.items()
        for place in range(min(WORD, len(listed) - word * WORD))
    ]
    return f"concat_ws(';', {', '.join(cases)})"


def alert_bits(layout: Layout) -> str:
    """Return the alerts that are raised, as bits."""
    return (
        " | ".join(f"CASE WHEN alert{i} THEN {1 << i} ELSE 0 END" for i in range(len(layout.guideline.alerts))) or "0"
    )


def wide_query(layout: Layout, own: Iterable[str], relation: str) -> str:
    """Return one row a patient: the columns *own* of the table, then statuses, doses, alerts, what is missing.

    The texts of sets are written once for each distinct set, not for each patient.
    """
    columns = [f"cells.{quoted(name)}" for name in own]
    columns.append("answers.row")
    for index, spec in enumerate(layout.guideline.rules):
        columns += _wide_rule(index, spec)
    columns += ["alert_names.alerts", "missing_names.missing", "nullif(answers.problems, '') AS problems"]
    words = {word: f"missing_{word}" for word in layout.words}
    ids = [alert.id for _, alert in layout.guideline.alerts]
    said = (
        ", ".join(f"CASE WHEN (alert_bits & {1 << i}) <> 0 THEN {literal(name)} END" for i, name in enumerate(ids))
        or "NULL"
    )
    mine = ", ".join(words.values())
    on = " AND ".join(f"missing_names.{word} = answers.{word}" for word in words.values())
    return (
        f"SELECT {', '.join(columns)}\nFROM answers\n"
        f"JOIN (SELECT {mine}, nullif({_names(layout, words)}, '') AS missing"
        f" FROM (SELECT DISTINCT {mine} FROM answers))"
        f" AS missing_names ON {on}\n"
        f"JOIN (SELECT alert_bits, nullif(concat_ws(';', {said}), '') AS alerts"
        f" FROM (SELECT DISTINCT alert_bits FROM answers))"
        f" AS alert_names ON alert_names.alert_bits = answers.alert_bits"
        + (f"\nJOIN {relation} AS cells ON cells.{ROW} = answers.row" if list(own) else "")
    )


def _wide_rule(index: int, spec: RuleSpec) -> list[str]:
    name, own = column_of(spec.rule.id), f"answers.r{index}"
    found = [f"{own}_status AS {quoted(name)}"]
    if spec.mode == "one_of":
        found.append(f"CASE WHEN {own}_status = 'recommended' THEN {own}_chosen END AS {quoted(name + '_choice')}")
    for place, treatment in enumerate(spec.treatments):
        if treatment.dose is None:
            continue
        of = name if spec.mode == "one" else f"{name}_{treatment.target}"
        unit = "".join(letter if letter.isalnum() else "_" for letter in treatment.dose.unit)
        found += [
            f"{own}_{place}_shown_low AS {quoted(f'{of}_low_{unit}_per_{treatment.dose.per}')}",
            f"{own}_{place}_shown_high AS {quoted(f'{of}_high_{unit}_per_{treatment.dose.per}')}",
        ]
    return found


def long_query(layout: Layout, own: Iterable[str], relation: str) -> str:
    """Return one row a patient and rule that is not `not_applicable`."""
    listed = list(own)
    columns = "".join(f"cells.{quoted(name)}, " for name in listed)
    joined = f" JOIN {relation} AS cells ON cells.{ROW} = said.row" if listed else ""
    rules = " UNION ALL ".join(_long_rule(layout, index, spec) for index, spec in enumerate(layout.guideline.rules))
    return f"SELECT {columns}said.* FROM ({rules}) AS said{joined}"


def _long_rule(layout: Layout, index: int, spec: RuleSpec) -> str:
    own = f"r{index}"
    doses = [(place, t) for place, t in enumerate(spec.treatments) if t.dose is not None]

    def dose(part: str) -> str:
        if not doses:
            return "CAST(NULL AS DOUBLE)"
        cases = " ".join(f"WHEN {literal(t.target)} THEN {own}_{place}_{part}" for place, t in doses)
        return f"CASE {own}_chosen {cases} END"

    def word(which: str) -> str:
        cases = " ".join(f"WHEN {literal(t.target)} THEN {literal(getattr(t.dose, which))}" for _, t in doses)
        return (
            f"CASE WHEN {own}_status = 'recommended' THEN CASE {own}_chosen {cases} END END"
            if doses
            else "CAST(NULL AS VARCHAR)"
        )

    blocks = ", ".join(f"{own}_{place}_blocked_by" for place in range(len(spec.treatments)))
    speaking = ", ".join(f"{own}_{place}_cautions" for place in range(len(spec.treatments)))
    missing = _names(layout, {w: f"{own}_missing_{w}" for w in layout.words})
    return (
        f"SELECT row, {literal(spec.rule.id)} AS rule, {literal(spec.statement.id)} AS statement,"
        f" {literal(str(spec.modality))} AS modality, {own}_status AS status, {own}_chosen AS treatment,"
        f" {dose('shown_low')} AS dose_low, {dose('shown_high')} AS dose_high,"
        f" {word('unit')} AS dose_unit, {word('per')} AS dose_per,"
        f" CASE WHEN {own}_status = 'blocked' THEN nullif(concat_ws(';', {blocks}), '') END AS blocked_by,"
        f" nullif(concat_ws(';', {speaking}), '') AS cautions, nullif({missing}, '') AS missing,"
        f" {literal(spec.statement.source)} AS source"
        f" FROM answers WHERE {own}_status <> 'not_applicable'"
    )
