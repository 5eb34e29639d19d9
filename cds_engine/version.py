"""The version of the engine, kept apart so that reading it imports nothing."""

from typing import Final

VERSION: Final = "0.1.0"
