"""Feature files to scenarios by Gherkin's own syntax tree; the only module that knows the parser."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from cds_engine.diagnostics import CdsError, Diagnostic, PackError, Span

Kind = Literal["given", "when", "then"]
KINDS: Mapping[str, Kind] = {"Context": "given", "Action": "when", "Outcome": "then"}


class NotInstalledError(CdsError):
    """Scenarios need the Gherkin parser, which the extra `bdd` installs."""


@dataclass(frozen=True, slots=True)
class Step:
    """One sentence of a scenario."""

    keyword: str
    """As written: `Given`, `And`, ..."""
    kind: Kind
    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Scenario:
    """One scenario; of an outline, one row of its examples."""

    file: Path
    line: int
    feature: str
    rule: str | None
    """The `Rule:` of Gherkin that it stands under."""
    name: str
    tags: frozenset[str]
    """Without `@`; those of the feature, the rule and the examples included."""
    steps: tuple[Step, ...]
    row: tuple[str, ...] = ()
    """The cells of its row of examples."""
    rows: int = 1
    """How many rows its outline has."""
    heads: tuple[str, ...] = ()
    """What the columns of its examples are called."""
    outline: tuple[Step, ...] = ()
    """The steps as the outline writes them, with `<names>` in place of cells."""

    @property
    def title(self) -> str:
        """The name with its example."""
        return f"{self.name} ({', '.join(self.row)})" if self.row else self.name


def read_features(folder: Path) -> list[Scenario]:
    """Return the scenarios of every feature in *folder*, by file and line.

    Raises:
        NotInstalledError: If the parser is not installed.
        PackError: If a file is no Gherkin; with the place of the first mistake of each file.
    """
    findings: list[Diagnostic] = []
    scenarios: list[Scenario] = []
    for file in sorted(folder.rglob("*.feature")):
        try:
            scenarios += read_feature(file)
        except PackError as error:
            findings += error.diagnostics
    if findings:
        raise PackError(findings)
    return scenarios


def read_feature(file: Path) -> list[Scenario]:
    """Return the scenarios of one file.

    Raises:
        NotInstalledError: If the parser is not installed.
        PackError: If it is no Gherkin.
    """
    try:
        from gherkin.errors import CompositeParserException, ParserError  # noqa: PLC0415 - an optional extra
        from gherkin.parser import Parser  # noqa: PLC0415 - an optional extra
    except ImportError:
        raise NotInstalledError(
            "scenarios need the Gherkin parser; install it with `pip install 'cds_engine[bdd]'`"
        ) from None
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise PackError([_finding(file, "Y101", "this is not UTF-8 text", 1, "save the file as UTF-8")]) from None
    try:
        tree: Mapping[str, Any] = Parser().parse(text)
    except CompositeParserException as error:
        raise PackError([_malformed(file, error.errors[0])]) from None
    except ParserError as error:
        raise PackError([_malformed(file, error)]) from None
    feature = tree.get("feature")
    return list(_of_feature(file, feature)) if feature else []


def _malformed(file: Path, error: Any) -> Diagnostic:
    line = int((getattr(error, "location", None) or {}).get("line", 1))
    said = re.sub(r"^\(\d+:\d+\): ", "", str(error)).splitlines()[0]
    hint = "a feature has `Feature:`, `Scenario:` and steps that begin with Given, When, Then or And"
    return _finding(file, "S101", f"this is no Gherkin: {said}", line, hint)


def _finding(file: Path, code: str, message: str, line: int, hint: str) -> Diagnostic:
    return Diagnostic(code, message, Span(file.as_posix(), line, 1, 1), hint)


def _of_feature(file: Path, feature: Mapping[str, Any]) -> Iterator[Scenario]:
    frame = Scenario(file, 1, feature["name"], None, "", _tags(feature), ())
    yield from _of_children(frame, feature["children"], ())


def _of_children(frame: Scenario, children: list[Mapping[str, Any]], before: tuple[Step, ...]) -> Iterator[Scenario]:
    background = before
    for child in children:
        if "background" in child:
            background = (*background, *_steps(child["background"]["steps"]))
        elif "rule" in child:
            rule = child["rule"]
            inner = replace(frame, rule=rule["name"], tags=frame.tags | _tags(rule))
            yield from _of_children(inner, rule["children"], background)
        else:
            yield from _of_scenario(frame, child["scenario"], background)


def _of_scenario(frame: Scenario, written: Mapping[str, Any], background: tuple[Step, ...]) -> Iterator[Scenario]:
    found = replace(
        frame,
        line=written["location"]["line"],
        name=written["name"],
        tags=frame.tags | _tags(written),
        steps=(*background, *_steps(written["steps"])),
    )
    tables = [table for table in written["examples"] if table.get("tableHeader")]
    if not tables:
        yield found
        return
    rows = sum(len(table["tableBody"]) for table in tables)
    for table in tables:
        heads = [cell["value"] for cell in table["tableHeader"]["cells"]]
        for row in table["tableBody"]:
            cells = [cell["value"] for cell in row["cells"]]
            yield replace(
                found,
                line=row["location"]["line"],
                tags=found.tags | _tags(table),
                steps=tuple(_with(step, dict(zip(heads, cells, strict=True))) for step in found.steps),
                row=tuple(cells),
                rows=rows,
                heads=tuple(heads),
                outline=found.steps,
            )


def _with(step: Step, values: Mapping[str, str]) -> Step:
    text = step.text
    for name, value in values.items():
        text = text.replace(f"<{name}>", value)
    return replace(step, text=text)


def _steps(written: list[Mapping[str, Any]]) -> tuple[Step, ...]:
    steps: list[Step] = []
    kind: Kind = "given"
    for step in written:
        kind = KINDS.get(step["keywordType"], kind)
        steps.append(Step(step["keyword"].strip(), kind, step["text"], step["location"]["line"]))
    return tuple(steps)


def _tags(written: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(tag["name"].removeprefix("@") for tag in written["tags"])
