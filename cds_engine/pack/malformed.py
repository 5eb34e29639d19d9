"""What can be wrong with the YAML of a file, in the author's words: one sentence and a way out for each."""

from __future__ import annotations

from typing import Any

import yaml

from cds_engine.diagnostics import Diagnostic
from cds_engine.pack.places import Source

_INDENT = "the keys of one mapping, and the dashes of one list, begin in one column"
_QUOTES = "put quotes around the whole text"

_LOOK = "look at the quotes, brackets and indentation here and above"

_AT_PROBLEM = {
    "found character that cannot start any token": ("`{char}` cannot begin a value", _QUOTES),
    "block sequence entries are not allowed in this context": ("a list item may not begin here", _INDENT),
    "did not find expected key": ("this does not fit into the mapping above", _INDENT),
    "did not find expected '-' indicator": ("this does not fit into the list above", _INDENT),
    "did not find expected node content": ("a value is missing before `{char}`", _QUOTES),
    "found undefined alias": ("there is no anchor for `{word}`", f"write the value itself, or {_QUOTES}"),
    "found unknown escape character": (
        "`{pair}` stands for no character",
        "write `\\\\` for a backslash, or use single quotes",
    ),
    "found undefined tag handle": ("the tag `{word}` has no meaning here", "remove it: every value is text"),
    "found incompatible YAML document": ("this version of YAML is not known", "remove the `%YAML` line"),
    "did not find expected <document start>": ("this does not fit below the text above", _INDENT),
    "did not find expected alphabetic or numeric character": ("`{char}` needs a name after it", _QUOTES),
}
"""Complaint of the YAML reader to our sentence and help; the finding stands where the reader stopped."""

_AT_CONTEXT = {
    "found unexpected end of stream": (
        "this quote is opened and never closed",
        "close it, and double a quote inside the text",
    ),
    "found unexpected document indicator": ("this quote is opened and never closed", "close it"),
    "could not find expected ':'": (
        "a `:` is missing after this key",
        "write `key: value`, or indent the line as part of the text above it",
    ),
}
"""The same for complaints whose cause stands where the reader began."""


def malformed(source: Source, error: yaml.YAMLError) -> Diagnostic:
    """Turn a complaint of the YAML reader into a finding."""
    problem = getattr(error, "problem", None) or ""
    mark, context = getattr(error, "problem_mark", None), getattr(error, "context_mark", None)
    if isinstance(error, yaml.reader.ReaderError) or mark is None:
        return _control_character(source, error)
    if source.text[mark.index : mark.index + 1] == "\t" and _leads_its_line(source.text, mark.index):
        return _finding(source, mark.index, "a tab cannot indent a line", "indent with spaces")
    if context is not None and problem.startswith("did not find expected ',' or"):
        return _unclosed(source, context, mark, problem[-2])
    if context is not None and problem in _AT_CONTEXT:
        return _finding(source, context.index, *_AT_CONTEXT[problem])
    if problem == "mapping values are not allowed in this context":
        return _colon(source, mark.index)
    if source.text[mark.index : mark.index + 1] in {"]", "}"}:
        found = f"`{source.text[mark.index]}` closes nothing"
        return _finding(source, mark.index, found, f"remove it, or {_QUOTES}")
    sentence, hint = _AT_PROBLEM.get(problem, (f"this is no YAML: {problem.lower()}", _LOOK))
    rest = source.text[mark.index : mark.index + 40].split()
    words = {
        "char": source.text[mark.index : mark.index + 1].strip() or "the end of the line",
        "pair": source.text[mark.index : mark.index + 2],
        "word": rest[0] if rest else "",
    }
    return _finding(source, mark.index, sentence.format(**words), hint)


def _finding(source: Source, at: int, sentence: str, hint: str | None) -> Diagnostic:
    return Diagnostic("Y102", sentence, source.span(at, at + 1), hint)


def _colon(source: Source, at: int) -> Diagnostic:
    """A colon where no key may be: in a text without quotes, or after a key in the wrong column."""
    start = source.text.rfind("\n", 0, at) + 1
    before = source.text[start:at]
    if ": " in before:
        return _finding(source, at, "a text that holds a colon needs quotes", _QUOTES)
    first = start + len(before) - len(before.lstrip())
    return _finding(source, first, "this line is not indented like those above", _INDENT)


def _leads_its_line(text: str, at: int) -> bool:
    return not text[text.rfind("\n", 0, at) + 1 : at].strip()


def _unclosed(source: Source, opened: Any, stopped: Any, closing: str) -> Diagnostic:
    """A `[` or `{` whose end, or a comma in it, is missing."""
    if opened.line == stopped.line:
        return _finding(
            source,
            stopped.index,
            f"a `,` or the closing `{closing}` is missing here",
            "a text that holds a comma, a colon or a bracket needs quotes",
        )
    bracket = source.text[opened.index : opened.index + 1]
    hint = f"close it with `{closing}`; it was read on until line {stopped.line + 1}"
    return _finding(source, opened.index, f"this `{bracket}` is not closed", hint)


def _control_character(source: Source, error: yaml.YAMLError) -> Diagnostic:
    code = getattr(error, "character", None)
    at = source.text.find(chr(code)) if isinstance(code, int) else -1
    named = f"the character U+{code:04X}" if isinstance(code, int) else "a control character"
    return _finding(source, max(at, 0), f"{named} is no text", "remove it; it may be invisible")
