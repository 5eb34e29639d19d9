"""A folder of YAML to a `Pack`: every file read, every value typed, every finding with its place.

Knows the shape of a pack, not what its names refer to: that is the checker's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from cds_engine.diagnostics import Diagnostic, Span, nearest
from cds_engine.pack import mistakes, reading
from cds_engine.pack.base import PackModel
from cds_engine.pack.dictionary import DefinitionsFile, DrugsFile, FactsFile, FormulasFile
from cds_engine.pack.fhir import FhirFile
from cds_engine.pack.manifest import Manifest, Notice
from cds_engine.pack.statements import RegimensFile, SafetyFile, SourcesFile, StatementsFile

M = TypeVar("M", bound=PackModel)

FILES: Mapping[str, type[PackModel]] = {
    "pack.yaml": Manifest,
    "sources.yaml": SourcesFile,
    "facts.yaml": FactsFile,
    "drugs.yaml": DrugsFile,
    "formulas.yaml": FormulasFile,
    "definitions.yaml": DefinitionsFile,
    "regimens.yaml": RegimensFile,
    "fhir.yaml": FhirFile,
}
REQUIRED = ("pack.yaml", "sources.yaml", "facts.yaml")
FOLDERS: Mapping[str, type[PackModel]] = {"statements": StatementsFile, "safety": SafetyFile}
BESIDE = frozenset({"cases.yaml", "phrases.yaml", "approvals.yaml", "invariants.yaml", "cohort.yaml"})
"""Files of a pack that take no part in an evaluation."""
DATA = frozenset({".yaml", ".yml", ".json"})
"""Endings of files that an author may take for a part of the pack."""


@dataclass(frozen=True, slots=True)
class Unread:
    """What could not be read, so that references to it are not called wrong."""

    files: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    """Declared in entries that were left out, each of which has a finding of its own."""
    partly: frozenset[str] = frozenset()
    """Files of which entries were left out."""

    def __bool__(self) -> bool:
        return bool(self.files or self.partly)

    def may_declare(self, name: str, *files: str) -> bool:
        """Say whether *name* may stand in what could not be read of *files* (a file, or `statements/`)."""
        return not self.names.isdisjoint((name, *name.split("."))) or self.has(*files)

    def has(self, *files: str) -> bool:
        """Say whether one of *files* could not be read."""
        return any(unread.startswith(files) for unread in self.files)

    def has_part(self, *files: str) -> bool:
        """Say whether one of *files* could not be read, or entries of it could not."""
        return any(unread.startswith(files) for unread in self.files | self.partly)


@dataclass(frozen=True, slots=True)
class Pack:
    """One guideline as written: the models of its files, by file."""

    path: Path
    hash: str
    manifest: Manifest
    sources: SourcesFile
    facts: FactsFile
    drugs: DrugsFile
    formulas: FormulasFile
    definitions: DefinitionsFile
    regimens: RegimensFile
    topics: Mapping[str, StatementsFile]
    safety: Mapping[str, SafetyFile]
    fhir: FhirFile | None = None
    """How a FHIR record becomes facts; None for a pack that does not say."""
    unread: Unread = field(default_factory=Unread)


def read_pack(path: Path) -> tuple[Pack, list[Diagnostic]]:
    """Read the pack in the folder *path*, as far as it can be read, and every finding on the way."""
    findings: list[Diagnostic] = []
    reader = _Reader(path, findings)
    for file in sorted(path.rglob("*")):
        hidden = any(part.startswith(".") for part in file.relative_to(path).parts)
        if not hidden and file.is_file() and file.suffix.lower() in DATA:
            reader.read(file)
    for name in REQUIRED:
        if name not in reader.seen:
            span = Span(_shown(path / name), 1, 1, 1)
            findings.append(Diagnostic("P105", f"the pack has no `{name}`", span, "every pack needs one"))
            reader.unread_files.add(name)
    return reader.pack(), findings


def is_default(path: Path) -> bool:
    """Say whether the pack in *path* declares itself the default; its other files are not read."""
    try:
        data = reading.read_yaml((path / "pack.yaml").read_bytes(), "pack.yaml", [])
    except OSError:
        return False
    return data is not None and data.get("default") == "true"


class _Reader:
    """Reads the files of one pack, one after the other."""

    def __init__(self, path: Path, findings: list[Diagnostic]) -> None:
        self._path = path
        self._findings = findings
        self._models: dict[str, PackModel] = {}
        self._texts: list[tuple[str, bytes]] = []
        self.seen: set[str] = set()
        self.unread_files: set[str] = set()
        self._unread_names: set[str] = set()
        self._partly_read: set[str] = set()

    def read(self, file: Path) -> None:
        name = file.relative_to(self._path).as_posix()
        if name in BESIDE:
            return
        model = _model_of(name)
        if model is None:
            self._unknown_file(name)
            return
        self.seen.add(name)
        try:
            content = file.read_bytes()
        except OSError:
            found, hint = f"`{name}` cannot be read", "look at its permissions"
            self._findings.append(Diagnostic("Y101", found, Span(_shown(file), 1, 1, 1), hint))
            self.unread_files.add(name)
            return
        self._texts.append((name, content))
        data = reading.read_yaml(content, _shown(file), self._findings)
        read = None if data is None else self._typed(name, _shown(file), data, model)
        if read is None:
            self.unread_files.add(name)
        else:
            self._models[name] = read

    def _unknown_file(self, name: str) -> None:
        rest = name.rpartition("/")[2]
        known = [*FILES, *BESIDE, *(f"{folder}/{rest}" for folder in FOLDERS)]
        meant = nearest(name, known)
        if meant is not None:
            self.unread_files.add(meant)
        hint = f"did you mean `{meant}`?" if meant else "statements stand in `statements/`, safety rules in `safety/`"
        span = Span(_shown(self._path / name), 1, 1, 1)
        self._findings.append(Diagnostic("P106", f"a pack has no file `{name}`", span, hint))

    def _typed(self, name: str, shown: str, data: reading.Mapping, model: type[M]) -> M | None:
        """Give the data of a file its types; entries with a finding are left out, so that the rest is checked."""
        try:
            return model.model_validate(data)
        except ValidationError as error:
            self._findings.extend(mistakes.findings_of(error, data, model, shown))
            places = [mistakes.path_of(found["loc"]) for found in error.errors(include_url=False)]
        entries = {place[:2] for place in places}
        if any(_hides_names(data, place) for place in places):
            self.unread_files.add(name)
        self._partly_read.add(name)
        self._unread_names.update(word for entry in entries for word in _declared(data, entry))
        try:
            return model.model_validate(reading.without(data, entries))
        except ValidationError:
            return None

    def pack(self) -> Pack:
        """Return what could be read, with empty files in place of the others."""
        return Pack(
            path=self._path,
            hash=_hash(self._texts),
            manifest=self._part("pack.yaml", Manifest, UNREAD_MANIFEST),
            sources=self._part("sources.yaml", SourcesFile, SourcesFile(sources={})),
            facts=self._part("facts.yaml", FactsFile, FactsFile(facts={})),
            drugs=self._part("drugs.yaml", DrugsFile, DrugsFile(drugs={})),
            formulas=self._part("formulas.yaml", FormulasFile, FormulasFile(formulas={})),
            definitions=self._part("definitions.yaml", DefinitionsFile, DefinitionsFile()),
            regimens=self._part("regimens.yaml", RegimensFile, RegimensFile(regimens={})),
            topics={name: read for name, read in self._models.items() if isinstance(read, StatementsFile)},
            safety={name: read for name, read in self._models.items() if isinstance(read, SafetyFile)},
            fhir=self._mapping(),
            unread=Unread(frozenset(self.unread_files), frozenset(self._unread_names), frozenset(self._partly_read)),
        )

    def _mapping(self) -> FhirFile | None:
        found = self._models.get("fhir.yaml")
        return found if isinstance(found, FhirFile) else None

    def _part(self, name: str, model: type[M], empty: M) -> M:
        found = self._models.get(name, empty)
        assert isinstance(found, model)  # noqa: S101 - our own invariant
        return found


UNREAD_MANIFEST = Manifest(
    id="unread",
    version="unread",
    title="unread",
    scope="unread",
    knowledge_date=date.min,
    review="submitted",
    notices=[Notice(says="unread", patient_says="unread")],
    audiences={},
)
"""Stands for a pack.yaml that could not be read, while the rest is checked; such a pack is never used."""


def _declared(data: reading.Mapping, entry: mistakes.Path) -> Iterator[str]:
    """List the names that an entry declares: its key, and the ids and actions in it."""
    yield from (step for step in entry if isinstance(step, str))
    if len(entry) > 1:
        yield from _ids(_entry(data, entry))


def _hides_names(data: reading.Mapping, place: mistakes.Path) -> bool:
    """Say whether after a mistake at *place* nobody knows what the file declares."""
    if len(place) == 1 or place[-1:] in {(), ("[key]",)}:
        return True
    entry = _entry(data, place[:2])
    return isinstance(place[1], int) and not (isinstance(entry, reading.Mapping) and isinstance(entry.get("id"), str))


def _entry(data: reading.Mapping, entry: mistakes.Path) -> object:
    value: object = data
    for step in entry:
        if isinstance(value, reading.Mapping) and isinstance(step, str):
            value = value.get(step)
        elif isinstance(value, reading.Sequence) and isinstance(step, int):
            value = value[step]
    return value


def _ids(value: object) -> Iterator[str]:
    match value:
        case reading.Mapping():
            for key in ("id", "action"):
                if isinstance(value.get(key), str):
                    yield value[key]
            for part in value.values():
                yield from _ids(part)
        case reading.Sequence():
            for part in value:
                yield from _ids(part)


def _hash(texts: Iterable[tuple[str, bytes]]) -> str:
    digest = hashlib.sha256()
    for name, content in texts:
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
    return f"sha256:{digest.hexdigest()}"


def _shown(file: Path) -> str:
    """Name a file as the reader sees it: relative to where they stand, if it lies below."""
    try:
        return file.resolve().relative_to(Path.cwd()).as_posix()
    except ValueError:
        return file.as_posix()


def _model_of(name: str) -> type[PackModel] | None:
    """Return the model of a file by its name in the pack; None for one that a pack does not have."""
    folder, _, rest = name.partition("/")
    if folder in FOLDERS and rest.endswith(".yaml"):
        return FOLDERS[folder]
    return FILES.get(name)
