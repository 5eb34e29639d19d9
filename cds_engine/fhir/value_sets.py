"""Value sets: sets of codes that a pack lists itself or names, and that a folder then supplies."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from cds_engine.diagnostics import InputError
from cds_engine.pack.fhir import FhirFile, ValueSet

Supplied = Mapping[str, frozenset[tuple[str, str]]]
"""Identifier (OID or address) to pairs of terminology and code."""


class Missing(NamedTuple):
    """A value set that the pack names and nobody supplied."""

    name: str
    label: str
    identifier: str


def read_value_sets(folder: Path) -> Supplied:
    """Read every `*.json` in a folder: FHIR ValueSets, Bundles of them, or `{identifier: {codes: [[system, code]]}}`.

    Raises:
        InputError: If there is no such folder, or a file in it holds no value sets.
    """
    if not folder.is_dir():
        raise InputError(f"there is no folder `{folder}` with value sets; give one that holds them as `*.json`")
    found: dict[str, frozenset[tuple[str, str]]] = {}
    for file in sorted(folder.glob("*.json")):
        try:
            data = json.loads(file.read_bytes())
        except (OSError, ValueError):
            raise InputError(f"`{file.name}` is no JSON; a value set is a FHIR ValueSet or a list of codes") from None
        read = list(_sets(data, file.name))
        if not read:
            raise InputError(f"`{file.name}` holds no value set; remove it from the folder, or look at its keys")
        for identifiers, codes in read:
            for identifier in identifiers:
                found[identifier] = codes | found.get(identifier, frozenset())
    if not found:
        raise InputError(f"the folder `{folder}` holds no value sets; put them there as `*.json`")
    return found


def _sets(data: object, file: str) -> Iterator[tuple[set[str], frozenset[tuple[str, str]]]]:
    match data:
        case Mapping() if data.get("resourceType") == "ValueSet":
            yield _identifiers(data), frozenset(_codes(data, file))
        case {"resourceType": "Bundle", "entry": [*entries]}:
            for entry in entries:
                if isinstance(entry, Mapping):
                    yield from _sets(entry.get("resource"), file)
        case Mapping() if "resourceType" not in data:
            for identifier, entry in data.items():
                pairs = entry.get("codes") if isinstance(entry, Mapping) else None
                if not isinstance(pairs, list) or not all(_is_pair(pair) for pair in pairs):
                    raise InputError(f"`{file}` does not list the codes of `{identifier}` as `[[system, code], ...]`")
                yield {str(identifier)}, frozenset((system, code) for system, code in pairs)


def _is_pair(pair: object) -> bool:
    return isinstance(pair, list) and len(pair) == 2 and all(isinstance(word, str) for word in pair)  # noqa: PLR2004


def _identifiers(data: Mapping[str, object]) -> set[str]:
    """Return the names that a ValueSet goes by: its address without the version, its id, its identifiers."""
    written = [data.get("url"), data.get("id")]
    listed = data.get("identifier")
    written += [i.get("value") for i in listed if isinstance(i, Mapping)] if isinstance(listed, list) else []
    names = {str(name).split("|", 1)[0] for name in written if isinstance(name, str)}
    return {name.removeprefix("urn:oid:") for name in names} | {name.rsplit("/", 1)[-1] for name in names}


def _codes(data: Mapping[str, object], file: str) -> Iterator[tuple[str, str]]:
    """List the codes of the expansion; without one, those that `compose` lists one by one."""
    expansion, compose = data.get("expansion"), data.get("compose")
    if isinstance(expansion, Mapping):
        found = list(_contained(expansion.get("contains")))
        total = expansion.get("total")
        if isinstance(total, int) and len(found) < total:
            raise InputError(f"`{file}` holds {len(found)} of {total} codes of its value set; supply all of them")
        yield from found
        return
    includes = compose.get("include") if isinstance(compose, Mapping) else None
    for include in includes if isinstance(includes, list) else []:
        listed = include.get("concept") if isinstance(include, Mapping) else None
        if not isinstance(listed, list) or (isinstance(compose, Mapping) and compose.get("exclude")):
            raise InputError(f"`{file}` defines its value set by a rule; supply it with its `expansion`")
        for concept in listed:
            if not isinstance(concept, Mapping) or not isinstance(concept.get("code"), str):
                raise InputError(f'`{file}` lists something that is no code; a code is `{{"code": ...}}`')
            yield str(include.get("system")), concept["code"]


def _contained(listed: object) -> Iterator[tuple[str, str]]:
    for item in listed if isinstance(listed, list) else []:
        if not isinstance(item, Mapping):
            continue
        if isinstance(item.get("code"), str) and not item.get("abstract"):
            yield str(item.get("system")), item["code"]
        yield from _contained(item.get("contains"))


def resolve(named: ValueSet, supplied: Supplied) -> frozenset[tuple[str, str]] | None:
    """Return the codes of a value set, None if it is only named and nobody supplied it."""
    if named.codes:
        return frozenset((code.system, code.code) for code in named.codes)
    return next((supplied[name] for name in (named.oid, named.url) if name and name in supplied), None)


def digest(mapping: FhirFile, supplied: Supplied) -> str | None:
    """Return the SHA-256 of the codes that were supplied for the sets a mapping names, None where there are none."""
    named = {name: resolve(one, supplied) for name, one in mapping.value_sets.items() if not one.codes}
    codes = {name: sorted(found) for name, found in named.items() if found is not None}
    text = json.dumps(codes, sort_keys=True)
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}" if codes else None


def missing(mapping: FhirFile, supplied: Supplied) -> list[Missing]:
    """List the value sets of a mapping that nobody supplied, in its order."""
    return [
        Missing(name, named.label, named.oid or named.url or "")
        for name, named in mapping.value_sets.items()
        if resolve(named, supplied) is None
    ]


def in_words(absent: Iterable[Missing]) -> str:
    """Return the sentence that says which value sets are missing, and what to do."""
    listed = list(absent)
    names = ", ".join(f"{found.label} ({found.identifier})" for found in listed)
    sets = "value set is" if len(listed) == 1 else "value sets are"
    return f"{len(listed)} {sets} not here: {names}; supply them with `--value-sets DIR`"
