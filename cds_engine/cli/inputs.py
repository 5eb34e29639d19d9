"""Files of patients to patients: one, a list, one a line, or a FHIR export; what is wrong becomes a sentence."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from cds_engine.cli.json_text import JsonMistake, parse

LINE_SUFFIXES = (".ndjson", ".jsonl")


@dataclass(frozen=True, slots=True)
class Patient:
    """One patient as sent, and where: `a.json`, `a.json, patient 2` or `a.ndjson:3`."""

    place: str
    data: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Complaint:
    """Why a file or a part of it is no patient."""

    text: str
    was_read: bool = True


def patients_in(name: str) -> Iterator[Patient | Complaint]:
    """Return the patients of one file, `-` for standard input; never raises for what the file holds."""
    shown = "standard input" if name == "-" else name
    if name != "-" and _is_export(name):
        yield from _exported(name)
        return
    try:
        raw = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except (OSError, ValueError) as error:
        yield Complaint(f"{shown}: {_unreadable(error)}", was_read=False)
        return
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        yield Complaint(f"{shown}:{line}: the file is not UTF-8 text; save it as UTF-8")
        return
    if not text.strip():
        yield Complaint(f'{shown}: the file is empty; a patient is a mapping such as {{"height": "128 cm"}}')
    elif _is_one_a_line(name, text):
        yield from _lines(shown, text)
    else:
        yield from _whole(shown, text)


def _is_export(name: str) -> bool:
    try:
        return Path(name).is_dir() and next(Path(name).glob("*.ndjson"), None) is not None
    except (OSError, ValueError):
        return False


def _exported(name: str) -> Iterator[Patient | Complaint]:
    """Return the patients of a FHIR bulk export, and what of it belongs to none."""
    from cds_engine.fhir.bulk import Exported, read_bulk  # noqa: PLC0415 - start-up stays quick

    try:
        for found in read_bulk(Path(name)):
            if isinstance(found, Exported):
                yield Patient(found.place, found.bundle)
            else:
                yield Complaint(f"{found.place}: {found.reason}")
    except OSError as error:
        yield Complaint(f"{name}: {_unreadable(error)}", was_read=False)


def _unreadable(error: OSError | ValueError) -> str:
    match error:
        case FileNotFoundError():
            return "there is no such file"
        case IsADirectoryError():
            return "this is a folder; name the files in it"
        case PermissionError():
            return "the file may not be read by you"
        case OSError():
            return f"the file cannot be read ({(error.strerror or str(error)).lower()})"
        case _:
            return "this is no name of a file"


def _is_one_a_line(name: str, text: str) -> bool:
    """Say whether each line holds a patient of its own: by the name, or because the first line is whole."""
    if name.lower().endswith(LINE_SUFFIXES):
        return True
    first, _, rest = text.strip().partition("\n")
    return first.lstrip().startswith("{") and first.rstrip().endswith("}") and bool(rest.strip())


def _lines(shown: str, text: str) -> Iterator[Patient | Complaint]:
    for index, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield from _patients(f"{shown}:{index}", shown, line, index)


def _whole(shown: str, text: str) -> Iterator[Patient | Complaint]:
    yield from _patients(shown, shown, text, 1)


def _patients(place: str, shown: str, text: str, first_line: int) -> Iterator[Patient | Complaint]:
    try:
        data = parse(text)
    except JsonMistake as mistake:
        line = first_line + mistake.line - 1
        yield Complaint(f"{shown}:{line}:{mistake.column}: {mistake}")
        return
    if not isinstance(data, list):
        yield _patient(place, data)
    elif not data:
        yield Complaint(f"{place}: the list holds no patient")
    else:
        for index, item in enumerate(data, 1):
            yield _patient(f"{place}, patient {index}", item)


def _patient(place: str, data: object) -> Patient | Complaint:
    if isinstance(data, dict):
        return Patient(place, data)
    return Complaint(f"{place}: a patient is a mapping of fact names to values, not {_kind(data)}")


def _kind(data: object) -> str:
    match data:
        case None:
            return "null"
        case bool():
            return "true or false"
        case str():
            return "a text"
        case list():
            return "a list"
        case _:
            return "a number"
