"""YAML files as plain data with places: every mapping and list knows where each of its parts stands.

Every scalar is text, so that `no` stays a word; types come from the models. Knows nothing of packs.
The file is read as a stream of events: nothing is constructed, and depth and size are bounded on the way.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from cds_engine.diagnostics import Diagnostic, Span
from cds_engine.pack.malformed import malformed
from cds_engine.pack.places import Place, Source

MAX_BYTES = 4_000_000
MAX_DEPTH = 40
MAX_VALUES = 100_000

_LOADER = getattr(yaml, "CLoader", yaml.Loader)


class Mapping(dict[str, Any]):
    """A YAML mapping that remembers the place of itself, of its keys and of its values."""

    place: Place
    keys_at: dict[str, Place]
    values_at: dict[str, Place]


class Sequence(list[Any]):
    """A YAML list that remembers the place of itself and of its items."""

    place: Place
    items_at: list[Place]


Data = Mapping | Sequence | str


def read_yaml(content: bytes, name: str, findings: list[Diagnostic]) -> Mapping | None:
    """Read the bytes of one file; what is no mapping of keys to values becomes a finding."""
    if len(content) > MAX_BYTES:
        found = f"`{name}` is larger than {MAX_BYTES // 1_000_000} MB"
        findings.append(Diagnostic("Y105", found, Span(name, 1, 1, 1), "divide it by clinical topic"))
        return None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        findings.append(_not_utf8(content, name, error.start))
        return None
    return parse_yaml(text.replace("\r\n", "\n").replace("\r", "\n"), name, findings)


def parse_yaml(text: str, name: str, findings: list[Diagnostic]) -> Mapping | None:
    """Parse the text of one file into a `Mapping`, or report why that is not possible."""
    source = Source(name, text)
    try:
        return _Reader(source, yaml.parse(text, Loader=_LOADER), findings).file()
    except yaml.YAMLError as error:
        findings.append(malformed(source, error))
    except _UnreadableError as stop:
        findings.append(stop.diagnostic)
    return None


def _not_utf8(content: bytes, name: str, at: int) -> Diagnostic:
    before = content[:at].decode("utf-8-sig", errors="replace")
    whole = Source(name, content.decode("utf-8-sig", errors="replace"))
    hint = "save the file as UTF-8"
    if b"\0" in content:  # another encoding altogether: there is no line to show
        return Diagnostic("Y101", f"`{name}` is not UTF-8 text", Span(name, 1, 1, 1), hint)
    return Diagnostic("Y101", "this is not UTF-8 text", whole.span(len(before), len(before) + 1), hint)


class _UnreadableError(Exception):
    """The file is given up, for the reason that the finding says."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        self.diagnostic = diagnostic
        super().__init__(diagnostic.message)


@dataclass(frozen=True, slots=True)
class _Anchored:
    """A value with a name, and how many values it holds."""

    data: Data
    place: Place
    size: int


class _Reader:
    """Turns the events of one file into placed data."""

    def __init__(self, source: Source, events: Iterator[Any], findings: list[Diagnostic]) -> None:
        self._source = source
        self._events = events
        self._findings = findings
        self._anchors: dict[str, _Anchored | None] = {}
        self._values = 0

    def file(self) -> Mapping | None:
        """Return the one mapping that the file holds."""
        first = next(self._events)
        while isinstance(first, yaml.StreamStartEvent | yaml.DocumentStartEvent):
            first = next(self._events)
        name = self._source.name
        if isinstance(first, yaml.StreamEndEvent) or self._is_nothing(first):
            raise _UnreadableError(
                Diagnostic("Y103", f"`{name}` is empty", Span(name, 1, 1, 1), "write its first key, or remove it")
            )
        if not isinstance(first, yaml.MappingStartEvent):
            where = self._place(first).span
            found = f"`{name}` must begin with a key, such as `{_first_key(name)}:`"
            hint = "write that key above, and indent what belongs to it"
            raise _UnreadableError(Diagnostic("Y103", found, where, hint))
        data, _ = self._build(first, 0)
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                where = self._place(event).span
                hint = "a file of a pack is one document: remove the `---`"
                raise _UnreadableError(Diagnostic("Y102", "a second document begins here", where, hint))
        return data if isinstance(data, Mapping) else None

    @staticmethod
    def _is_nothing(event: Any) -> bool:
        return isinstance(event, yaml.ScalarEvent) and not event.value and not event.style

    def _place(self, event: Any, end: Any = None) -> Place:
        style = event.style if isinstance(event, yaml.ScalarEvent) and event.style in {"'", '"', "|", ">"} else ""
        return Place(self._source, event.start_mark.index, (end or event).end_mark.index, style)

    def _build(self, event: Any, depth: int) -> tuple[Data, Place]:
        """Read one value, whose first event was *event*."""
        self._values += 1
        if depth > MAX_DEPTH or self._values > MAX_VALUES:
            self._give_up(event)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        before = self._values
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        self._refuse_tag(event)
        data: Data
        match event:
            case yaml.ScalarEvent():
                data, place = str(event.value), self._place(event)
            case yaml.SequenceStartEvent():
                data = self._sequence(event, depth)
                place = data.place
            case _:
                data = self._mapping(event, depth)
                place = data.place
        if event.anchor is not None:
            self._anchors[event.anchor] = _Anchored(data, place, self._values - before + 1)
        return data, place

    def _give_up(self, event: Any) -> None:
        raise _UnreadableError(
            Diagnostic(
                "Y105",
                "this file is nested too deeply or repeats itself too often",
                self._place(event).span,
                f"at most {MAX_DEPTH} levels and {MAX_VALUES} values, repeated ones counted each time",
            )
        )

    def _alias(self, event: yaml.AliasEvent) -> tuple[Data, Place]:
        anchored = self._anchors.get(str(event.anchor))
        if anchored is None:
            inside = event.anchor in self._anchors
            found = f"`*{event.anchor}` stands inside itself" if inside else f"there is no anchor `&{event.anchor}`"
            hint = "write the value itself" + ("" if inside else ", or put quotes around a text that begins with `*`")
            raise _UnreadableError(Diagnostic("Y102", found, self._place(event).span, hint))
        self._values += anchored.size - 1
        if self._values > MAX_VALUES:
            self._give_up(event)
        return anchored.data, anchored.place

    def _refuse_tag(self, event: Any) -> None:
        if event.tag is not None:
            raw = self._source.text[event.start_mark.index : event.end_mark.index + 1]
            tag = next((word for word in raw.split() if word.startswith("!")), event.tag)
            found, hint = f"the tag `{tag}` has no meaning here", "remove it: every value is text"
            self._findings.append(Diagnostic("Y106", found, self._place(event).span, hint))

    def _mapping(self, start: Any, depth: int) -> Mapping:
        data = Mapping()
        data.keys_at, data.values_at = {}, {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key, key_place = self._build(event, depth + 1)
            value, value_place = self._build(next(self._events), depth + 1)
            if not isinstance(key, str):
                hint = "put quotes around a key that holds brackets"
                self._findings.append(Diagnostic("Y102", "a key must be a single word", key_place.span, hint))
            elif key in data:
                line = data.keys_at[key].span.line
                hint = f"the first stands in line {line}; keep one of them"
                found = f"the key `{key}` stands twice in one mapping"
                self._findings.append(Diagnostic("Y104", found, key_place.span, hint))
            else:
                data[key], data.keys_at[key], data.values_at[key] = value, key_place, value_place
        data.place = self._place(start, event)
        return data

    def _sequence(self, start: Any, depth: int) -> Sequence:
        data = Sequence()
        data.items_at = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            item, place = self._build(event, depth + 1)
            data.append(item)
            data.items_at.append(place)
        data.place = self._place(start, event)
        return data


def _first_key(name: str) -> str:
    """Return the key that a file of a pack usually begins with: `facts` for facts.yaml."""
    folder, _, file = name.rpartition("/")
    own = file.removesuffix(".yaml")
    return {"statements": "topic", "safety": "contraindications"}.get(folder.rpartition("/")[2], own)


def at(data: object, path: Iterable[str | int]) -> tuple[Span | None, Span | None]:
    """Return the spans of the key and of the value that *path* leads to, as far as it leads."""
    key_span = value_span = data.place.span if isinstance(data, Mapping | Sequence) else None
    for step in path:
        if isinstance(data, Mapping) and isinstance(step, str) and step in data:
            key_span, value_span = data.keys_at[step].span, data.values_at[step].span
            data = data[step]
        elif isinstance(data, Sequence) and isinstance(step, int) and step < len(data):
            key_span = value_span = data.items_at[step].span
            data = data[step]
        else:
            break
    return key_span, value_span


def without(data: Mapping, entries: Iterable[tuple[str | int, ...]]) -> Mapping:
    """Return *data* without the given keys (`("facts",)`) or entries below a key (`("facts", "weight")`)."""
    gone = set(entries)
    kept = Mapping()
    kept.place, kept.keys_at, kept.values_at = data.place, data.keys_at, data.values_at
    for key, value in data.items():
        if (key,) in gone:
            continue
        below = {entry[1] for entry in gone if entry[0] == key and len(entry) > 1}
        kept[key] = _without(value, below) if below else value
    return kept


def _without(data: Data, gone: set[str | int]) -> Data:
    match data:
        case Mapping():
            kept = Mapping({key: value for key, value in data.items() if key not in gone})
            kept.place, kept.keys_at, kept.values_at = data.place, data.keys_at, data.values_at
            return kept
        case Sequence():
            indices = [index for index in range(len(data)) if index not in gone]
            some = Sequence(data[index] for index in indices)
            some.place, some.items_at = data.place, [data.items_at[index] for index in indices]
            return some
        case _:
            return data
