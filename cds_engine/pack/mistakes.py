"""What the models find wrong with a file, in the author's words: one sentence and a way out for each."""

from __future__ import annotations

import typing
from collections.abc import Iterator, Mapping
from types import UnionType
from typing import Any

from pydantic import BaseModel, ValidationError

from cds_engine.diagnostics import Diagnostic, Span, did_you_mean, nearest
from cds_engine.pack import reading

MOST = 100
"""Findings of one file that are told; who made more of them has copied one mistake."""

Path = tuple[str | int, ...]
"""The way from the top of a file to a value: keys, and indices of lists."""

_SHORT = 40

_NUMBER = ("`{input}` is not a number", "write it as `2` or `0.5`")
_WHOLE = ("`{input}` is not a whole number", "write it as `2`")
_DAY = ("`{input}` is not a day of the calendar", "write it as `2026-11-21`")
_TEXT = ("a text must stand here, not a list or a mapping", "put quotes around a text that holds brackets")

_SENTENCES: Mapping[str, tuple[str, str | None]] = {
    "model_type": ("keys and their values must stand here", "write `key: value` on lines of their own"),
    "dict_type": ("keys and their values must stand here", "write `key: value` on lines of their own"),
    "list_type": ("a list must stand here", "write `[...]`, or one `- ...` a line"),
    "string_type": _TEXT,
    "string_too_short": ("`{last}` is empty", "write something, or remove the key"),
    "string_too_long": ("this text is longer than {max_length} characters", "divide it"),
    "string_pattern_mismatch": (
        "`{input}` is no name",
        "a name begins with a letter and has letters, digits, `_`, `-` and `.`",
    ),
    "too_short": ("`{last}` is empty", "it needs at least {min_length}"),
    "too_long": ("`{last}` may hold only {max_length}", "remove the others"),
    "float_parsing": _NUMBER,
    "float_type": _NUMBER,
    "finite_number": ("`{input}` is no finite number", "write the number itself"),
    "int_parsing": _WHOLE,
    "int_type": _WHOLE,
    "int_parsing_size": ("this number is too large", "look at its digits"),
    "bool_parsing": ("`{input}` is neither `true` nor `false`", "write one of the two"),
    "bool_type": ("`true` or `false` must stand here", "write one of the two"),
    "date_from_datetime_parsing": _DAY,
    "date_parsing": _DAY,
    "date_type": _DAY,
    "greater_than": ("`{input}` is not above {gt:g}", "write a number above {gt:g}"),
    "greater_than_equal": ("`{input}` is below {ge:g}", "write {ge:g} or more"),
    "less_than_equal": ("`{input}` is above {le:g}", "write {le:g} or less"),
}
"""The models' own name for a complaint to our sentence and help."""


def findings_of(
    error: ValidationError, data: reading.Mapping, model: type[BaseModel], name: str
) -> Iterator[Diagnostic]:
    """Turn the complaints about one file into findings at their places."""
    said = [found for found in error.errors(include_url=False) if _is_meant(found["loc"], data)]
    misspelt = {key for found in said if found["type"] == "extra_forbidden" for key in _meant(found["loc"], model)}
    said = [found for found in said if found["type"] != "missing" or path_of(found["loc"]) not in misspelt]
    for complaint in said[:MOST]:
        yield _finding(dict(complaint), data, model, name)
    if len(said) > MOST:
        found = f"`{name}` has {len(said) - MOST} further mistakes"
        yield Diagnostic("P103", found, Span(name, 1, 1, 1), "correct these first")


def _meant(loc: Path, model: type[BaseModel]) -> Iterator[Path]:
    """List the keys that an unknown one may stand for: the nearest, or any where mappings are merged."""
    *above, key = path_of(loc)
    known = _known_keys(model, tuple(above))
    meant = nearest(str(key), known) or nearest(str(key).lower(), known)
    yield from ((*above, k) for k in (known if key == "<<" else filter(None, [meant])))


def path_of(loc: Path) -> Path:
    """Return the way to the value that a complaint is about, without the names of types in it."""
    return tuple(step for step in loc if not (isinstance(step, str) and step.startswith(("list[", "constr"))))


def _is_meant(loc: Path, data: reading.Mapping) -> bool:
    """Say whether a complaint is about the form that the author chose, of a text or a list of cases."""
    value: Any = data
    for step in loc:
        if isinstance(step, str) and step.startswith(("list[", "constr")):
            return isinstance(value, reading.Sequence) == step.startswith("list[")
        if isinstance(value, reading.Mapping | reading.Sequence):
            try:
                value = value[step]  # type: ignore[index] # the step fits, or the except has it
            except (KeyError, IndexError, TypeError):
                return True
    return True


def _finding(error: dict[str, Any], data: reading.Mapping, model: type[BaseModel], name: str) -> Diagnostic:
    path = path_of(error["loc"])
    is_key = path[-1:] == ("[key]",)
    path = path[:-1] if is_key else path
    key_span, value_span = reading.at(data, path)
    top = Span(name, 1, 1, 1)
    span = (key_span if is_key else value_span) or top
    last = str(path[-1]) if path else ""
    context = {"input": _short(error["input"]), "last": last, **error.get("ctx", {})}
    match error["type"]:
        case "extra_forbidden":
            return _unknown_key(last, key_span or top, model, path)
        case "missing":
            return _missing_key(last, span)
        case "literal_error":
            return _unknown_word(error, span)
        case "value_error":
            sentence, _, hint = str(context["error"]).partition("\n")
            return Diagnostic("P103", sentence, span, hint or None)
        case kind if kind in _SENTENCES:
            words, way_out = _SENTENCES[kind]
            return Diagnostic("P103", words.format(**context), span, way_out and way_out.format(**context))
        case _:
            return Diagnostic("P103", f"`{context['input']}` cannot stand here: {error['msg'].lower()}", span)


def _unknown_key(key: str, span: Span, model: type[BaseModel], path: Path) -> Diagnostic:
    known = _known_keys(model, path[:-1])
    listed = "there can be " + ", ".join(f"`{k}`" for k in known) if known else None
    hint = did_you_mean(key, known) or did_you_mean(key.lower(), known) or listed
    if key == "<<":
        hint = "write the keys out: mappings are not merged"
    return Diagnostic("P101", f"there is no key `{key}` here", span, hint)


def _missing_key(key: str, span: Span) -> Diagnostic:
    example = {"tag": "V", "source": "name of a source", "id": "name"}.get(key, "...")
    return Diagnostic("P102", f"the key `{key}` is missing here", span, f"add `{key}: {example}`")


def _unknown_word(error: dict[str, Any], span: Span) -> Diagnostic:
    expected = str(error["ctx"]["expected"])
    if isinstance(error["input"], reading.Mapping | reading.Sequence):
        return Diagnostic("P103", "one word must stand here", span, "write " + expected.replace("'", "`"))
    words = [word.strip(" '") for word in expected.replace(" or ", ",").split(",")]
    hint = did_you_mean(str(error["input"]), words) or "write " + expected.replace("'", "`")
    return Diagnostic("P103", f"`{_short(error['input'])}` is not known here", span, hint)


def _short(value: object) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= _SHORT else text[: _SHORT - 3] + "..."


def _known_keys(model: type[BaseModel], path: Path) -> list[str]:
    """Return the keys that a mapping at *path* may have, by walking the models."""
    at: Any = model
    for step in path:
        at = _below(at, step)
    if not _is_model(at):
        return []
    return [field.alias or name for name, field in at.model_fields.items()]


def _below(annotation: Any, step: str | int) -> Any:
    """Return the type of what stands under *step*: a field of a model, an entry of a mapping or list of them."""
    if _is_model(annotation):
        fields = annotation.model_fields.items()
        return next((_plain(f.annotation) for name, f in fields if (f.alias or name) == step), None)
    return typing.get_args(annotation)[-1] if typing.get_origin(annotation) in {dict, list} else None


def _plain(annotation: Any) -> Any:
    """Return the model, mapping or list in `M | None` or `str | list[M]`."""
    if isinstance(annotation, UnionType) or typing.get_origin(annotation) is typing.Union:
        return next((_plain(part) for part in typing.get_args(annotation) if _holds_more(part)), None)
    return annotation


def _holds_more(annotation: Any) -> bool:
    return _is_model(annotation) or typing.get_origin(annotation) in {dict, list}


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)
