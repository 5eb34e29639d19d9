"""Where a finding stands and how it reads; knows nothing of packs or patients.

Authors of packs get `Diagnostic`s, all at once; programmers get exceptions under `CdsError`;
gaps in a patient's record become problems and questions, which live in ``results``.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of one line of a file; lines and columns count from 1, `end` is exclusive."""

    file: str
    line: int
    column: int
    end: int
    text: str = field(default="", compare=False)
    """The whole source line, for the caret."""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding about a pack: a stable code, one lower-case sentence, a place and a way out."""

    code: str
    message: str
    span: Span | None = None
    help: str | None = None
    severity: Severity = "error"

    def render(self) -> str:
        """Return the finding as a person reads it: place, code, sentence, line, caret, help.

        >>> span = Span("a.yaml", 3, 7, 10, "when: abc > 1")
        >>> print(Diagnostic("N101", "there is no fact `abc`", span, "did you mean `abd`?").render())
        a.yaml:3:7: error N101: there is no fact `abc`
          | when: abc > 1
          |       ^^^
          = help: did you mean `abd`?
        """
        place = f"{self.span}: " if self.span else ""
        lines = [f"{place}{self.severity} {self.code}: {self.message}"]
        if self.span and self.span.text:
            lines += [f"  | {self.span.text}", f"  | {_caret(self.span)}"]
        if self.help:
            lines.append(f"  = help: {self.help}")
        return "\n".join(lines)


def _caret(span: Span) -> str:
    """Underline the span, keeping tabs of the line so that the caret stays below its word."""
    lead = "".join(c if c == "\t" else " " for c in span.text[: span.column - 1])
    width = max(1, min(span.end, len(span.text) + 1) - span.column)
    return lead + "^" * width


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that *word* most likely meant, or None when none is close.

    >>> nearest("wieght", ["height", "weight"])
    'weight'
    """
    found = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return found[0] if found else None


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """Return the help sentence for a mistyped word, or None when no known word is close."""
    found = nearest(word, known)
    return f"did you mean `{found}`?" if found else None


class CdsError(Exception):
    """The root of every error that this package raises on purpose."""


class PackError(CdsError):
    """A pack cannot be used: raised by `load` with every finding, in file order."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        super().__init__("\n".join(d.render() for d in self.diagnostics))


class UnknownPackError(CdsError):
    """No pack of that name or path exists; the message lists the packs that do."""


class InputError(CdsError):
    """A patient file is no patient at all (not JSON, not a mapping); one clear sentence."""


class StoreError(CdsError):
    """A store of decisions cannot be opened, read or written; nothing was acknowledged that is not there."""


class EngineDisagreement(CdsError):  # noqa: N818 - the name is part of the contract
    """The two engines decided a condition differently: there is no answer for this patient."""

    def __init__(self, condition: str, verdicts: dict[str, str]) -> None:
        self.condition = condition
        self.verdicts = verdicts
        said = ", ".join(f"{engine} says {truth}" for engine, truth in verdicts.items())
        super().__init__(f"the engines disagree on `{condition}`: {said}; no answer is given")

    def __reduce__(self) -> tuple[type[EngineDisagreement], tuple[str, dict[str, str]]]:
        """It travels to another process as what it was made of."""
        return EngineDisagreement, (self.condition, self.verdicts)


class BackendFault(CdsError):  # noqa: N818 - a fault, not an error of the caller
    """A second engine failed to answer; no answer is given for this patient."""
