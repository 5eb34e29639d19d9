"""What may be wrong with a unit, in one sentence each; knows neither pint nor UCUM's grammar."""

from __future__ import annotations

from cds_engine.diagnostics import CdsError


class UnitError(CdsError):
    """A unit cannot be read (U101) or cannot be compared with another (U102); `help` is the way out."""

    def __init__(self, code: str, message: str, help: str | None = None) -> None:  # noqa: A002 - as in Diagnostic
        self.code = code
        self.message = message
        self.help = help
        super().__init__(f"{message}; {help}" if help else message)

    def __reduce__(self) -> tuple[type[UnitError], tuple[str, str, str | None]]:
        """Let the error cross process borders: workers of a batch raise it too."""
        return type(self), (self.code, self.message, self.help)


def not_a_unit(text: str, suggestion: str | None) -> UnitError:
    """Tell that *text* is no UCUM unit."""
    if not text.strip():
        return UnitError("U101", "the unit is empty", "write `1` for a number without unit")
    way_out = f"did you mean `{suggestion}`?" if suggestion else None
    return UnitError("U101", f"`{text}` is not a UCUM unit", way_out)


def not_usable(text: str, why: str) -> UnitError:
    """Tell that *text* is UCUM, yet nothing that this engine will count with."""
    return UnitError("U101", f"`{text}` is not a unit that can be used: {why}")


def not_comparable(source: str, target: str, way_out: str | None) -> UnitError:
    """Tell that a value in *source* says nothing in *target*."""
    return UnitError("U102", f"`{source}` cannot be converted to `{target}`", way_out)


def letter_case(source: str, target: str, meant: str) -> UnitError:
    """Tell that *source* differs from *target* only by capitals, which change its meaning."""
    return UnitError(
        "U102",
        f"`{source}` cannot be converted to `{target}`: capital letters make them different units",
        f"did you mean `{meant}`?",
    )
