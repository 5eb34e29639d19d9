"""YAML files as plain data with places: every mapping and list knows where each of its parts stands.

Every scalar is text, so that `no` stays a word; types come from the models. Knows nothing of packs.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from cds_engine.diagnostics import Diagnostic, Span

MAX_DEPTH = 40
MAX_NODES = 200_000


@dataclass(frozen=True, slots=True)
class Place:
    """Where one YAML value stands: its first line, and for a scalar the raw text it was read from."""

    span: Span
    source: Source
    start: int
    end: int

    def locator(self, value: str) -> Callable[[int, int], Span]:
        """Return the function that finds `value[begin:end]`, a stretch of this scalar's text, in the file.

        Folding, quoting and indentation change only white space and quotes, so the characters of
        *value* stand in the raw text in the same order.
        """
        offsets: list[int] = []
        offset = self.start
        for char in value:
            found = offset if char.isspace() else self.source.text.find(char, offset, self.end)
            if found < 0:
                return lambda _begin, _end: self.span
            offsets.append(found)
            offset = found if char.isspace() else found + 1
        offsets.append(offset)

        def locate(begin: int, end: int) -> Span:
            last = offsets[max(begin, end - 1)] if end <= len(value) else offsets[-1]
            return self.source.span(offsets[min(begin, len(value))], last + 1)

        return locate


class Source:
    """The text of one file, able to turn offsets into spans."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text
        self.lines = text.splitlines()
        self._starts = [0]
        for line in text.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))

    def span(self, start: int, end: int) -> Span:
        """Return the span from offset *start* to *end*, cut at the end of the first line."""
        line = max(0, min(bisect_right(self._starts, start) - 1, len(self.lines) - 1))
        text = self.lines[line] if self.lines else ""
        column = start - self._starts[line] + 1
        stop = min(max(end - self._starts[line] + 1, column + 1), len(text) + 1)
        return Span(self.name, line + 1, column, stop, text)


class Mapping(dict[str, Any]):
    """A YAML mapping that remembers the place of itself, of its keys and of its values."""

    place: Place
    keys_at: dict[str, Place]
    values_at: dict[str, Place]


class Sequence(list[Any]):
    """A YAML list that remembers the place of itself and of its items."""

    place: Place
    items_at: list[Place]


def read_yaml(path: Path, name: str, findings: list[Diagnostic]) -> Mapping | None:
    """Read one file; malformed YAML, duplicate keys and a top that is no mapping become findings."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = "is not UTF-8 text" if isinstance(error, UnicodeDecodeError) else "cannot be read"
        findings.append(Diagnostic("Y101", f"`{name}` {reason}", Span(name, 1, 1, 1)))
        return None
    return parse_yaml(text, name, findings)


def parse_yaml(text: str, name: str, findings: list[Diagnostic]) -> Mapping | None:
    """Parse the text of one file into a `Mapping`, or report why that is not possible."""
    source = Source(name, text)
    loader = getattr(yaml, "CLoader", yaml.Loader)
    try:
        node = yaml.compose(text, Loader=loader)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        findings.append(_malformed(source, error))
        return None
    if node is None:
        findings.append(Diagnostic("Y103", f"`{name}` is empty", Span(name, 1, 1, 1)))
        return None
    if not isinstance(node, yaml.MappingNode):
        place = _place(node, source)
        findings.append(Diagnostic("Y103", f"`{name}` must be a mapping of keys to values", place.span))
        return None
    data = _Builder(source, findings).build(node, 0)
    return data if isinstance(data, Mapping) else None


class _Builder:
    """Turns nodes into placed data, within bounds of depth and size."""

    def __init__(self, source: Source, findings: list[Diagnostic]) -> None:
        self.source = source
        self.findings = findings
        self.built = 0

    def build(self, node: yaml.Node, depth: int) -> Mapping | Sequence | str:
        self.built += 1
        if depth > MAX_DEPTH or self.built > MAX_NODES:
            if self.built != MAX_NODES + 10:  # said once
                place = _place(node, self.source)
                self.findings.append(
                    Diagnostic("Y105", "this file is nested too deeply or repeats itself too often", place.span)
                )
                self.built = MAX_NODES + 9
            return ""
        match node:
            case yaml.MappingNode():
                return self._mapping(node, depth)
            case yaml.SequenceNode():
                return self._sequence(node, depth)
            case _:
                return str(node.value)

    def _mapping(self, node: yaml.MappingNode, depth: int) -> Mapping:
        data = Mapping()
        data.place, data.keys_at, data.values_at = _place(node, self.source), {}, {}
        for key_node, value_node in node.value:
            key_place = _place(key_node, self.source)
            if not isinstance(key_node, yaml.ScalarNode):
                self.findings.append(Diagnostic("Y102", "a key must be a single word", key_place.span))
                continue
            key = str(key_node.value)
            if key in data:
                first = data.keys_at[key].span
                self.findings.append(
                    Diagnostic(
                        "Y104",
                        f"the key `{key}` stands twice in one mapping",
                        key_place.span,
                        f"the first stands in line {first.line}; keep one of them",
                    )
                )
                continue
            data.keys_at[key] = key_place
            data.values_at[key] = _place(value_node, self.source)
            data[key] = self.build(value_node, depth + 1)
        return data

    def _sequence(self, node: yaml.SequenceNode, depth: int) -> Sequence:
        data = Sequence()
        data.place = _place(node, self.source)
        data.items_at = [_place(item, self.source) for item in node.value]
        data.extend(self.build(item, depth + 1) for item in node.value)
        return data


def _place(node: yaml.Node, source: Source) -> Place:
    start, end = node.start_mark.index, node.end_mark.index
    if isinstance(node, yaml.ScalarNode) and node.style in {"|", ">"}:
        start = source.text.find("\n", start) + 1  # the header line holds no content
    return Place(source.span(node.start_mark.index, end), source, start, end)


def _malformed(source: Source, error: Exception) -> Diagnostic:
    mark = getattr(error, "problem_mark", None)
    problem = str(getattr(error, "problem", "") or error).strip().splitlines() or ["unreadable"]
    span = source.span(mark.index, mark.index + 1) if mark else Span(source.name, 1, 1, 1)
    return Diagnostic("Y102", f"malformed YAML: {problem[0].lower()}", span)


def at(data: object, path: Iterable[str | int]) -> tuple[Span | None, Span | None]:
    """Return the spans of the key and of the value that *path* leads to, as far as it leads."""
    key_span = value_span = data.place.span if isinstance(data, Mapping | Sequence) else None
    for step in path:
        if isinstance(data, Mapping) and step in data.values_at:
            key_span, value_span = data.keys_at[str(step)].span, data.values_at[str(step)].span
            data = data[str(step)]
        elif isinstance(data, Sequence) and isinstance(step, int) and step < len(data):
            key_span = value_span = data.items_at[step].span
            data = data[step]
        elif isinstance(data, Mapping) and step in data.keys_at:
            return data.keys_at[str(step)].span, key_span
        else:
            break
    return key_span, value_span
