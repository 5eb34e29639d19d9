"""`facts`: the fact dictionary of a pack, as a table or as data."""

from __future__ import annotations

import json

import typer

from cds_engine.cli.formats import ListFormat
from cds_engine.cli.packs import open_pack
from cds_engine.language.printer import number
from cds_engine.patient.spec import FactSpec
from cds_engine.results.wording import clean, counted
from cds_engine.units import display


def list_facts(name: str | None, format: ListFormat) -> None:  # noqa: A002 - the option's name
    """Write the facts of a pack in the order of its dictionary."""
    pack = open_pack(name)
    facts = list(pack.guideline.dictionary.facts.values())
    if format is ListFormat.JSON:
        typer.echo(json.dumps([as_data(spec) for spec in facts], ensure_ascii=False, indent=2))
        return
    _write_table(f"{pack.id} {pack.version}: {counted(len(facts), 'fact')}", facts)


def as_data(spec: FactSpec) -> dict[str, object]:
    """Return a fact as JSON holds it; numbers are in the canonical unit."""
    entry = spec.entry
    low, high = spec.plausible or (None, None)
    return {
        "name": spec.name,
        "label": entry.label,
        "type": entry.type,
        "unit": spec.unit,
        "accepts": accepted_units(spec),
        "allowed": list(entry.allowed),
        "plausible": None if spec.plausible is None else {"low": low, "high": high},
        "max_age_days": spec.max_age_days,
        "absent_means": entry.absent_means,
        "derived": entry.derive is not None or entry.always,
        "ask": entry.ask,
        "cost": entry.cost,
        "codes": [{"system": code.system, "code": code.code} for code in entry.codes],
    }


def accepted_units(spec: FactSpec) -> list[str]:
    """Return the further units with a prepared way to the canonical one."""
    return [unit for unit in spec.changes if unit != spec.unit]


def _write_table(title: str, facts: list[FactSpec]) -> None:
    from rich import box  # noqa: PLC0415 - loaded when used
    from rich.table import Table  # noqa: PLC0415 - loaded when used
    from rich.text import Text  # noqa: PLC0415 - loaded when used

    from cds_engine.cli.page import console_for  # noqa: PLC0415 - loaded when used

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, expand=True, header_style="bold")
    table.add_column("fact", ratio=3, overflow="fold")
    table.add_column("type and values", ratio=3, overflow="fold")
    table.add_column("unit", ratio=2, overflow="fold")
    table.add_column("plausible, age", ratio=2, overflow="fold")
    table.add_column("question", ratio=4, overflow="fold")
    for spec in facts:
        fact = Text.assemble((spec.name, "bold"), "\n", (clean(spec.entry.label), "dim"))
        cells = (_kind(spec), _units(spec), _limits(spec), spec.entry.ask or "never asked")
        table.add_row(fact, *(Text(clean(cell)) for cell in cells), end_section=False)
        table.add_row()
    console = console_for()
    console.print(Text(clean(title), "bold"))
    console.print(table)


def _kind(spec: FactSpec) -> str:
    entry = spec.entry
    words = entry.type.replace("_", " ")
    if entry.allowed:
        words += f": {', '.join(entry.allowed)}"
    if entry.drug:
        words += f" of {entry.drug}"
    if entry.derive is not None or entry.always:
        words += "; computed" if entry.always else "; computed when not given"
    return words


def _units(spec: FactSpec) -> str:
    if spec.unit is None:
        return "-"
    others = accepted_units(spec)
    return spec.unit + (f"; also {', '.join(others)}" if others else "")


def _limits(spec: FactSpec) -> str:
    parts = []
    if spec.plausible:
        low, high = spec.plausible
        unit = display(spec.unit) if spec.unit else ""
        parts.append(f"{number(low)} to {number(high)} {unit}".rstrip())
    if spec.max_age_days is not None:
        parts.append(f"at most {number(spec.max_age_days)} days old")
    return ", ".join(parts) or "-"
