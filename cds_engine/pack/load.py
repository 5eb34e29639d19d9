"""A folder of YAML to a `Pack`: every file read, every value typed, every finding with its place.

Knows the shape of a pack, not what its names refer to: that is the checker's.
"""

from __future__ import annotations

import hashlib
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import UnionType
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from cds_engine.diagnostics import Diagnostic, Span, did_you_mean
from cds_engine.pack import reading
from cds_engine.pack.base import PackModel
from cds_engine.pack.dictionary import DefinitionsFile, DrugsFile, FactsFile, FormulasFile
from cds_engine.pack.manifest import Manifest
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
}
REQUIRED = ("pack.yaml", "sources.yaml", "facts.yaml")
FOLDERS: Mapping[str, type[PackModel]] = {"statements": StatementsFile, "safety": SafetyFile}
BESIDE = frozenset({"cases.yaml", "approvals.yaml", "invariants.yaml"})
"""Files of a pack that take no part in an evaluation."""


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


def read_pack(path: Path) -> tuple[Pack | None, list[Diagnostic]]:
    """Read the pack in the folder *path*; None when a file that everything rests on cannot be used."""
    findings: list[Diagnostic] = []
    single: dict[str, PackModel] = {}
    topics: dict[str, StatementsFile] = {}
    safety: dict[str, SafetyFile] = {}
    texts: list[tuple[str, bytes]] = []
    for file in sorted(path.rglob("*.yaml")):
        name = file.relative_to(path).as_posix()
        model = _model_of(name, findings, path)
        if model is None:
            continue
        if name not in BESIDE:
            texts.append((name, file.read_bytes()))
        read = _read(file, _shown(file), model, findings)
        match read:
            case StatementsFile():
                topics[name] = read
            case SafetyFile():
                safety[name] = read
            case PackModel():
                single[name] = read
    for name in REQUIRED:
        if name not in single and not (path / name).exists():
            span = Span(_shown(path / name), 1, 1, 1)
            findings.append(Diagnostic("P105", f"the pack has no `{name}`", span, "every pack needs one"))
    if any(name not in single for name in REQUIRED):
        return None, findings
    return _pack(path, _hash(texts), single, topics, safety), findings


def _pack(
    path: Path,
    digest: str,
    single: Mapping[str, PackModel],
    topics: Mapping[str, StatementsFile],
    safety: Mapping[str, SafetyFile],
) -> Pack:
    def part(name: str, model: type[M], empty: M | None = None) -> M:
        found = single.get(name, empty)
        assert isinstance(found, model)  # noqa: S101 - our own invariant
        return found

    return Pack(
        path=path,
        hash=digest,
        manifest=part("pack.yaml", Manifest),
        sources=part("sources.yaml", SourcesFile),
        facts=part("facts.yaml", FactsFile),
        drugs=part("drugs.yaml", DrugsFile, DrugsFile(drugs={})),
        formulas=part("formulas.yaml", FormulasFile, FormulasFile(formulas={})),
        definitions=part("definitions.yaml", DefinitionsFile, DefinitionsFile()),
        regimens=part("regimens.yaml", RegimensFile, RegimensFile(regimens={})),
        topics=topics,
        safety=safety,
    )


def _hash(texts: list[tuple[str, bytes]]) -> str:
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


def _model_of(name: str, findings: list[Diagnostic], path: Path) -> type[PackModel] | None:
    folder, _, rest = name.partition("/")
    if rest and folder in FOLDERS:
        return FOLDERS[folder]
    if name in FILES:
        return FILES[name]
    if name not in BESIDE:
        known = [*FILES, *BESIDE, *(f"{folder}/{rest or 'topic.yaml'}" for folder in FOLDERS)]
        findings.append(
            Diagnostic(
                "P106",
                f"a pack has no file `{name}`",
                Span(_shown(path / name), 1, 1, 1),
                did_you_mean(name, known),
            )
        )
    return None


def _read(file: Path, name: str, model: type[PackModel], findings: list[Diagnostic]) -> PackModel | None:
    data = reading.read_yaml(file, name, findings)
    if data is None:
        return None
    try:
        return model.model_validate(data)
    except ValidationError as error:
        findings.extend(_finding(dict(e), data, model, name) for e in error.errors())
        return None


def _finding(error: dict[str, Any], data: reading.Mapping, model: type[PackModel], name: str) -> Diagnostic:
    """Turn one complaint of the models into a finding at its place."""
    path = tuple(step for step in error["loc"] if not (isinstance(step, str) and step.startswith(("list[", "constr"))))
    key_span, value_span = reading.at(data, path)
    span = value_span or Span(name, 1, 1, 1)
    last = str(path[-1]) if path else ""
    context = error.get("ctx", {})
    match error["type"]:
        case "extra_forbidden":
            hint = did_you_mean(last, _known_keys(model, path[:-1]))
            return Diagnostic("P101", f"there is no key `{last}` here", key_span or span, hint)
        case "missing":
            return Diagnostic("P102", f"the key `{last}` is missing here", span)
        case "literal_error":
            hint = did_you_mean(str(error["input"]), _words(str(context["expected"])))
            known = str(context["expected"]).replace("'", "`")
            return Diagnostic("P103", f"`{error['input']}` is not known here", span, hint or f"write {known}")
        case "value_error":
            return Diagnostic("P103", str(context["error"]), span)
        case "model_type" | "dict_type":
            return Diagnostic("P103", "a mapping of keys to values must stand here", span)
        case "list_type":
            return Diagnostic("P103", "a list must stand here", span)
        case "string_too_short":
            return Diagnostic("P103", f"`{last}` is empty", span)
        case "string_pattern_mismatch":
            hint = "a name begins with a letter and has letters, digits, `_`, `-` and `.`"
            return Diagnostic("P103", f"`{error['input']}` is no name", span, hint)
        case _:
            return Diagnostic("P103", f"`{_short(error['input'])}`: {error['msg'].lower()}", span)


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 40 else text[:37] + "..."  # noqa: PLR2004 - one line of a terminal


def _words(expected: str) -> list[str]:
    return [word.strip(" '") for word in expected.replace(" or ", ",").split(",")]


def _known_keys(model: type[BaseModel], path: tuple[str | int, ...]) -> list[str]:
    """Return the keys that a mapping at *path* may have, by walking the models."""
    at: Any = model
    for step in path:
        if isinstance(at, type) and issubclass(at, BaseModel):
            fields = {field.alias or name: field.annotation for name, field in at.model_fields.items()}
            at = _model_in(fields.get(str(step)))
    if not (isinstance(at, type) and issubclass(at, BaseModel)):
        return []
    return [field.alias or name for name, field in at.model_fields.items()]


def _model_in(annotation: Any) -> Any:
    """Return the model inside `list[M]`, `dict[str, M]`, `M | None` or an annotation of it."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if isinstance(annotation, UnionType) or typing.get_origin(annotation) is not None:
        for inner in reversed(typing.get_args(annotation)):
            found = _model_in(inner)
            if found is not None:
                return found
    return None
