"""What another command wrote of a pack as JSON, read back; a file about another version of the pack is refused."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from cds_engine.diagnostics import CdsError


class WrittenError(CdsError):
    """A file that a command is said to have written cannot be used."""


class Written(BaseModel):
    """A part of such a file; what the pages do not show is passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore")


W = TypeVar("W", bound=Written)


def read_written(model: type[W], file: Path, command: str) -> W:
    """Return what `cds-engine COMMAND --format json` wrote to *file*.

    Raises:
        WrittenError: If the file cannot be read, or holds something else.
    """
    try:
        return model.model_validate_json(file.read_bytes())
    except OSError as error:
        raise WrittenError(f"`{file}` cannot be read: {error.strerror}") from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(step) for step in first["loc"]) or "the file"
        message = f"`{file}` is no output of `cds-engine {command} --format json`: {place}: {first['msg'].lower()}"
        raise WrittenError(message) from None
