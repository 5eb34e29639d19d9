"""Answers as people's columns: wide, one row a patient, or long, one row a patient and rule that applies."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping

from cds_engine.backends.sql.layout import Layout
from cds_engine.batch.engine import literal, quoted
from cds_engine.batch.sets import alerts_text, names_text
from cds_engine.diagnostics import InputError
from cds_engine.lowering.guideline import RuleSpec


def column_of(rule: str) -> str:
    """Return the name that a rule has among columns."""
    return rule.replace("-", "_")


def shown_rules(layout: Layout, hidden: Container[str]) -> list[tuple[int, RuleSpec]]:
    """Return the rules that an output speaks of, with their number: all but the *hidden* ones."""
    return [(index, spec) for index, spec in enumerate(layout.guideline.rules) if spec.rule.id not in hidden]


def kept_columns(layout: Layout, form: str, hidden: Container[str] = (), carried: Iterable[str] = ()) -> dict[str, str]:
    """Return what an output needs of the answers, and the summary: name to expression; cells are *carried* along."""
    found = {"row": "row", "problems": "problems", "alert_bits": alert_bits(layout), **{name: name for name in carried}}
    shown = shown_rules(layout, hidden)
    own = [index for index, _ in shown] if form == "long" else None
    found |= {f"missing_{word}": _union(own, word) for word in layout.words}
    for index, spec in shown:
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


def _union(rules: Iterable[int] | None, word: int) -> str:
    """Return a word of the facts that are missing: told as one set, or by each of some rules."""
    if rules is None:
        return f"missing_{word}"
    return " | ".join(f"r{index}_missing_{word}" for index in rules) or "CAST(0 AS BIGINT)"


def alert_bits(layout: Layout) -> str:
    """Return the alerts that are raised, as bits."""
    return (
        " | ".join(f"CASE WHEN alert{i} THEN {1 << i} ELSE 0 END" for i in range(len(layout.guideline.alerts))) or "0"
    )


def check_names(layout: Layout, own: Mapping[str, str], form: str, hidden: Container[str] = ()) -> None:
    """See to it that no column that goes into the output as it is takes the name of one of ours, or of another.

    Raises:
        InputError: If one does (names that differ in capitals only are the same), or has several lines.
    """
    ours = set(LONG) if form == "long" else {"row", "alerts", "missing", "problems", "order_findings"}
    if form != "long":
        ours |= {name for index, spec in shown_rules(layout, hidden) for name in _wide_rule(index, spec)}
    taken = {name.lower() for name in ours}
    for column, name in own.items():
        if "\n" in name or "\r" in name:
            raise InputError(f"the column {name!r} has a line break in its name; rename it by `--mapping`")
        if name.lower() in taken:
            raise InputError(f"the output has a column `{name}` of its own; rename `{column}` by `--mapping`")
        taken.add(name.lower())


def wide_query(layout: Layout, own: Mapping[str, str], hidden: Container[str] = (), *, looks_up: bool = True) -> str:
    """Return one row a patient: *own* cells of the table, then statuses, doses, alerts, what is missing.

    *own* maps the cells that were carried to their names in the output. Of the rules that are *hidden* nothing is said.
    If it *looks_up*, what is missing is written once for each set of facts that some row waits for, alerts once for
    each set of them.
    """
    columns = [f"answers.{alias} AS {quoted(name)}" for alias, name in own.items()]
    columns.append("answers.row")
    for index, spec in shown_rules(layout, hidden):
        columns += [f"{value} AS {quoted(column)}" for column, value in _wide_rule(index, spec).items()]
    words = [f"missing_{word}" for word in layout.words]
    names = names_text(layout, dict(zip(layout.words, words, strict=True)))
    problems = "nullif(answers.problems, '') AS problems"
    alerts = alerts_text(layout)
    if not looks_up:
        return f"SELECT {', '.join(columns)}, {alerts} AS alerts, {names} AS missing, {problems} FROM answers"
    listed = ", ".join(words)
    same = " AND ".join(f"waiting.{word} = answers.{word}" for word in words)
    columns += ["raised.alerts", "waiting.missing", problems]
    distinct = f"(SELECT DISTINCT {listed} FROM answers) AS each"
    return (
        f"SELECT {', '.join(columns)}\nFROM answers\n"
        f"JOIN (SELECT {listed}, {names} AS missing FROM {distinct}) AS waiting ON {same}\n"
        f"JOIN (SELECT alert_bits, {alerts} AS alerts FROM (SELECT DISTINCT alert_bits FROM answers) AS each)"
        " AS raised ON raised.alert_bits = answers.alert_bits"
    )


def _wide_rule(index: int, spec: RuleSpec) -> dict[str, str]:
    """Return the columns of a rule: name to expression."""
    name, own = column_of(spec.rule.id), f"answers.r{index}"
    found = {name: f"{own}_status"}
    if spec.mode == "one_of":
        found[f"{name}_choice"] = f"CASE WHEN {own}_status = 'recommended' THEN {own}_chosen END"
    for place, treatment in enumerate(spec.treatments):
        if treatment.dose is None:
            continue
        of = name if spec.mode == "one" else f"{name}_{treatment.target}"
        unit = "".join(letter if letter.isalnum() else "_" for letter in treatment.dose.unit)
        for end in ("low", "high"):
            found[f"{of}_{end}_{unit}_per_{treatment.dose.per}"] = f"{own}_{place}_shown_{end}"
    return found


LONG = {
    "row": "BIGINT", "rule": "STRING", "statement": "STRING", "modality": "STRING", "status": "STRING",
    "treatment": "STRING", "dose_low": "DOUBLE", "dose_high": "DOUBLE", "dose_unit": "STRING", "dose_per": "STRING",
    "blocked_by": "STRING", "cautions": "STRING", "missing": "STRING", "citations": "STRING",
}  # fmt: skip
"""The columns of the long form, with their types."""


def long_query(layout: Layout, own: Mapping[str, str], hidden: Container[str] = ()) -> str:
    """Return one row a patient and rule that is not `not_applicable`, without the rules that are *hidden*.

    *own* maps the cells that were carried to their names in the output.
    """
    cells = "".join(f"{alias} AS {quoted(name)}, " for alias, name in own.items())
    nothing = ", ".join(f"CAST(NULL AS {kind}) AS {name}" for name, kind in LONG.items())
    rules = [_long_rule(layout, index, spec, cells) for index, spec in shown_rules(layout, hidden)]
    return " UNION ALL ".join(rules or [f"SELECT {cells}{nothing} FROM answers WHERE FALSE"])


def _long_rule(layout: Layout, index: int, spec: RuleSpec, cells: str) -> str:
    own = f"r{index}"
    doses = [(place, t) for place, t in enumerate(spec.treatments) if t.dose is not None]

    def dose(part: str) -> str:
        cases = " ".join(f"WHEN {literal(t.target)} THEN {own}_{place}_{part}" for place, t in doses)
        return f"CASE {own}_chosen {cases} END" if doses else "NULL"

    def word(which: str) -> str:
        cases = " ".join(f"WHEN {literal(t.target)} THEN {literal(getattr(t.dose, which))}" for _, t in doses)
        return f"CASE WHEN {own}_status = 'recommended' THEN CASE {own}_chosen {cases} END END" if doses else "NULL"

    speaking = _each(own, spec, "cautions", is_named=True)
    if spec.mode == "one_of":  # of a choice the treatment that was chosen speaks
        each = (
            f"WHEN {literal(t.target)} THEN {_said(own, place, 'cautions')}" for place, t in enumerate(spec.treatments)
        )
        speaking = f"CASE {own}_chosen {' '.join(each)} END"

    def against(*, is_named: bool) -> str:
        blocks = _each(own, spec, "blocked_by", is_named=is_named)
        return f"CASE WHEN {own}_status = 'blocked' THEN nullif({blocks}, '') END"

    values = {
        "row": "row",
        "rule": literal(spec.rule.id),
        "statement": literal(spec.statement.id),
        "modality": literal(str(spec.modality)),
        "status": f"{own}_status",
        "treatment": f"{own}_chosen",
        "dose_low": dose("shown_low"),
        "dose_high": dose("shown_high"),
        "dose_unit": word("unit"),
        "dose_per": word("per"),
        "blocked_by": against(is_named=True),
        "cautions": f"nullif({speaking}, '')",
        "missing": names_text(layout, {w: f"{own}_missing_{w}" for w in layout.words}),
        "citations": _citations(layout, spec, against(is_named=False)),
    }
    listed = ", ".join(f"CAST({values[name]} AS {kind}) AS {name}" for name, kind in LONG.items())
    return f"SELECT {cells}{listed} FROM answers WHERE {own}_status <> 'not_applicable'"


def _said(own: str, place: int, part: str) -> str:
    """Return the safety rules of one treatment, NULL where there are none."""
    return f"nullif({own}_{place}_{part}, '')"


def _each(own: str, spec: RuleSpec, part: str, *, is_named: bool) -> str:
    """Return the safety rules of all treatments; if *is_named* as `drug: rule`, where there are several."""
    texts = []
    for place, treatment in enumerate(spec.treatments):
        text, name = _said(own, place, part), f"{treatment.target}: "
        if is_named and len(spec.treatments) > 1:
            text = f"{literal(name)} || replace({text}, ';', {literal(f';{name}')})"
        texts.append(text)
    return f"concat_ws(';', {', '.join(texts)})"


def _citations(layout: Layout, spec: RuleSpec, against: str) -> str:
    """Return what a row rests on: the statements of the rule, and what is against it, each as `source: locator`."""
    guideline = layout.guideline
    statements = [guideline.statements[name] for name in spec.statements]
    own = dict.fromkeys(cited(found.source, found.locator) for found in statements if found.source is not None)
    rules = [found for t in spec.treatments for _, found in guideline.contraindications.get(t.target, ())]
    reasons = {found.id: cited(found.source, found.locator) for found in rules if found.source is not None}
    cases = [
        f"CASE WHEN contains(';' || ({against}) || ';', {literal(f';{name};')}) THEN {literal(text)} END"
        for name, text in reasons.items()
        if text not in own
    ]
    return f"nullif(concat_ws(';', {', '.join([*map(literal, own), *cases]) or literal('')}), '')"


def cited(source: str, locator: str | None) -> str:
    """Return the key of a source with the place in it."""
    return source if locator is None else f"{source}: {locator}"
