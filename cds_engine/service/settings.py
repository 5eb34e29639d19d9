"""What whoever runs the service decides: where it listens, whom it trusts, how much it takes; safe unless told not."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

MEGABYTE = 1024 * 1024
Words = Annotated[tuple[str, ...], NoDecode]
"""Several words; in the environment separated by commas."""


class Settings(BaseSettings):
    """The settings of one service; each can be given in the environment as `CDS_ENGINE_<NAME>`.

    Raises:
        ValueError: If the settings would leave a door open that nobody asked to be open.
    """

    model_config = SettingsConfigDict(env_prefix="CDS_ENGINE_", frozen=True, extra="forbid")

    packs: Words = ()
    """Ids or paths; all that are installed where none is named."""
    value_sets: Path | None = None
    minimum_review: str | None = None
    """Recommendations below this review state are held back."""

    record: str | None = None
    """Where every answer is kept with what was asked, before it is given: a file, or `postgresql://...`."""

    host: str = "127.0.0.1"
    port: int = Field(default=8350, ge=0, le=65535)
    certificate: Path | None = None
    key: Path | None = None
    """Of TLS, as PEM files; without them something before the service must speak TLS, unless it is local."""
    public_url: str | None = None
    """How clients address the service, which tokens must name as their audience; `http://HOST:PORT` where left out."""
    hosts: Words = ()
    """Further names under which requests may come in, besides those of `public_url` and this machine."""
    origins: Words = ()
    """Origins of browsers that may call the service."""

    trust: Path | None = None
    """The file that names the issuers of tokens and their keys."""
    development: bool = False
    """Whether calls are answered without a token: for trying things out, never for patients."""
    most_token_seconds: int = Field(default=3600, ge=1)
    """How long a token may hold, from `iat` to `exp`."""
    page: bool | None = None
    """Whether the page to try it on is served; on this machine only, where left out."""

    workers: int = Field(default=2, ge=0)
    """Processes that answer; with none the answers are made in threads of this one."""
    most_waiting: int = Field(default=64, ge=1)
    """Requests that wait or are worked on; one more is told to come later."""
    most_bytes: int = Field(default=5 * MEGABYTE, ge=1024)
    most_depth: int = Field(default=40, ge=8)
    """How deep a body may be nested."""
    most_entries: int = Field(default=5000, ge=1)
    """Resources in one request."""
    most_seconds: float = Field(default=10.0, gt=0)
    """How long a body may take to arrive, and an answer to be made."""

    @field_validator("packs", "hosts", "origins", mode="before")
    @classmethod
    def _listed(cls, given: object) -> object:
        return tuple(part.strip() for part in given.split(",") if part.strip()) if isinstance(given, str) else given

    @field_validator("public_url")
    @classmethod
    def _without_slash(cls, given: str | None) -> str | None:
        if given is not None and urlsplit(given).scheme not in {"http", "https"}:
            raise ValueError(f"`{given}` is no address; write it as `https://cds.example.org`")
        return None if given is None else given.rstrip("/")

    @field_validator("origins")
    @classmethod
    def _named(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        if "*" in given:
            raise ValueError("`*` lets every page of the web call the service; name the origins")
        return given

    @model_validator(mode="after")
    def _is_safe(self) -> Self:
        if self.trust is None and not self.development:
            raise ValueError(
                "no client is trusted: name the file of issuers and keys with `--trust`, "
                "or try it without tokens with `--development`"
            )
        if self.trust is not None and self.development:
            raise ValueError("`--trust` and `--development` contradict each other; leave one out")
        if (self.certificate is None) != (self.key is None):
            raise ValueError("a certificate needs its key, and a key its certificate")
        return self

    @property
    def is_local(self) -> bool:
        """Whether only this machine can reach the service."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def has_page(self) -> bool:
        """Whether the page is served."""
        return self.is_local if self.page is None else self.page

    @property
    def base(self) -> str:
        """The address of the service as its clients write it, without a slash at the end."""
        scheme = "http" if self.certificate is None else "https"
        named = f"[{self.host}]" if ":" in self.host else self.host
        return self.public_url or f"{scheme}://{named}:{self.port}"

    @property
    def known_hosts(self) -> tuple[str, ...]:
        """The names a request may be addressed to; any other was led here by somebody else's name server."""
        named = urlsplit(self.base).hostname or ""
        return tuple(dict.fromkeys((named, self.host, "localhost", "127.0.0.1", "[::1]", *self.hosts)))
