"""Who may call: a JSON web token, signed by an issuer on the list with a key from a file; the only door to PyJWT.

Nothing is fetched: a `jku` of a token is only held against the address that the list names for the issuer.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from cds_engine.diagnostics import CdsError
from cds_engine.service.refusals import Refusal

ALGORITHMS = ("ES384", "RS384", "ES256", "ES512", "RS256", "RS512", "PS256", "PS384", "PS512")
"""Asymmetric ones only: `none` and shared secrets are refused."""
LEEWAY_SECONDS = 30
MOST_REMEMBERED = 100_000
"""Tokens that are remembered against replay; while so many hold, no more are taken."""


class TrustError(CdsError):
    """The file of issuers and keys cannot be used."""


class Issuer(BaseModel):
    """One client that may call."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    jwks: Path
    """The file with its public keys, relative to the file of issuers."""
    jku: str | None = None
    """The address its tokens may name for the same keys."""
    algorithms: tuple[str, ...] = ("ES384", "RS384")
    tenants: tuple[str, ...] = ()
    """If any are named, a token must name one of them."""


class Issuers(BaseModel):
    """The file of issuers."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    issuers: dict[str, Issuer]


@dataclass(frozen=True, slots=True)
class _Key:
    """A public key, and the algorithms it is for."""

    public: Any
    algorithms: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Known:
    """An issuer with its keys by `kid`."""

    entry: Issuer
    keys: Mapping[str, _Key]


class Trust:
    """Judges tokens; remembers those that were used until they lapse.

    Raises:
        TrustError: If the file, or a file of keys that it names, cannot be used.
    """

    def __init__(self, file: Path, most_token_seconds: int) -> None:
        self._most_seconds = most_token_seconds
        self._issuers = _read(file)
        self._used: dict[tuple[str, str], float] = {}

    def check(self, authorization: str | None, audience: str) -> str:
        """Return who calls the endpoint at *audience*, by the token of an `Authorization` header.

        It is the issuer; where tenants are listed for it, a blank and the tenant follow, for they are callers apart.

        Raises:
            Refusal: If there is none, or it is not one that may be used now and here.
        """
        import jwt  # noqa: PLC0415 - an extra, and slow to import

        token = _token(authorization)
        try:
            header = jwt.get_unverified_header(token)
            claimed = jwt.decode(token, options={"verify_signature": False}).get("iss")
            known = self._issuers.get(claimed) if isinstance(claimed, str) else None
            if known is None:
                raise _refused("its issuer is not on the list")
            key = _key(header, known)
            claims = jwt.decode(
                token,
                key=key.public,
                algorithms=[header["alg"]],
                audience=audience,
                issuer=claimed,
                leeway=LEEWAY_SECONDS,
                options={"require": ["iss", "aud", "exp", "iat", "jti"], "strict_aud": True},
            )
        except jwt.InvalidAudienceError:
            raise _refused("its audience is not this endpoint") from None
        except jwt.ExpiredSignatureError:
            raise _refused("it has expired") from None
        except (jwt.PyJWTError, ValueError, TypeError):
            raise _refused("it is malformed, lacks a claim, or its signature does not hold") from None
        self._judge(claims, known.entry)
        return f"{claimed} {claims['tenant']}" if known.entry.tenants else str(claimed)

    def _judge(self, claims: Mapping[str, Any], entry: Issuer) -> None:
        if not _is_time(claims["exp"]) or not _is_time(claims["iat"]):
            raise _refused("its `exp` or `iat` is no number")
        if claims["exp"] - claims["iat"] > self._most_seconds:
            raise _refused(f"it holds longer than {self._most_seconds} seconds")
        if entry.tenants and claims.get("tenant") not in entry.tenants:
            raise _refused("its tenant is not on the list")
        if not isinstance(claims["jti"], str) or not claims["jti"]:
            raise _refused("its `jti` is no text")
        self._remember((claims["iss"], claims["jti"]), float(claims["exp"]) + LEEWAY_SECONDS)

    def _remember(self, name: tuple[str, str], until: float) -> None:
        now = time.time()
        if name in self._used and self._used[name] > now:
            raise _refused("it was used before")
        if len(self._used) >= MOST_REMEMBERED:
            self._used = {known: end for known, end in self._used.items() if end > now}
        if len(self._used) >= MOST_REMEMBERED:
            raise Refusal(503, "busy", "too many tokens are in use; come again later", {"Retry-After": "60"})
        self._used[name] = until


def _is_time(claimed: object) -> bool:
    """Say whether a claim is a time; PyJWT itself reads a text of digits as one."""
    return isinstance(claimed, int | float) and not isinstance(claimed, bool)


def _token(authorization: str | None) -> str:
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Refusal(
            401, "no-token", "send `Authorization: Bearer` with a signed token", {"WWW-Authenticate": "Bearer"}
        )
    return token.strip()


def _key(header: Mapping[str, Any], known: _Known) -> _Key:
    """Return the key that the header of a token names."""
    if header.get("typ") != "JWT":
        raise _refused("its `typ` is not `JWT`")
    if header.get("alg") not in known.entry.algorithms:
        raise _refused("its algorithm is not allowed for this issuer")
    if header.get("jku") not in {None, known.entry.jku}:
        raise _refused("its `jku` is not on the list")
    if "crit" in header:
        raise _refused("its header demands what is not known here")
    key = known.keys.get(str(header.get("kid")))
    if key is None:
        raise _refused("its `kid` names no key of the issuer")
    if header["alg"] not in key.algorithms:
        raise _refused("its algorithm is not that of the key")
    return key


def _refused(why: str) -> Refusal:
    return Refusal(401, "token-refused", f"the token is not accepted: {why}", {"WWW-Authenticate": "Bearer"})


def _read(file: Path) -> dict[str, _Known]:
    try:
        listed = Issuers.model_validate(json.loads(file.read_text(encoding="utf-8")))
    except OSError as error:
        raise TrustError(f"the file of issuers `{file}` cannot be read: {error.strerror}") from None
    except (ValidationError, ValueError):
        raise TrustError(
            f'the file of issuers `{file}` is not of the form {{"issuers": {{"https://ehr.example": '
            f'{{"jwks": "keys.json"}}}}}}'
        ) from None
    if not listed.issuers:
        raise TrustError(f"the file of issuers `{file}` names none; then nobody could call")
    return {name: _known(file, name, entry) for name, entry in listed.issuers.items()}


def _known(file: Path, name: str, entry: Issuer) -> _Known:
    import jwt  # noqa: PLC0415 - an extra, and slow to import

    wrong = [algorithm for algorithm in entry.algorithms if algorithm not in ALGORITHMS]
    if wrong or not entry.algorithms:
        said = ", ".join(f"`{algorithm}`" for algorithm in wrong) or "none"
        raise TrustError(f"the algorithms of `{name}` ({said}) are not safe; known are {', '.join(ALGORITHMS)}")
    path = file.parent / entry.jwks
    try:
        listed = json.loads(path.read_text(encoding="utf-8"))["keys"]
        keys = {key["kid"]: _public(jwt.PyJWK(key), key) for key in listed if _is_public(key)}
    except OSError as error:
        raise TrustError(f"the keys of `{name}` in `{path}` cannot be read: {error.strerror}") from None
    except (jwt.PyJWTError, LookupError, TypeError, ValueError):
        raise TrustError(f"`{path}` is no set of public keys (JWKS)") from None
    if not keys:
        raise TrustError(f"`{path}` holds no public EC or RSA key with a `kid`")
    return _Known(entry, keys)


def _is_public(key: Mapping[str, Any]) -> bool:
    return (
        bool(key.get("kid")) and key.get("kty") in {"EC", "RSA"} and key.get("use", "sig") == "sig" and "d" not in key
    )


def _public(key: Any, written: Mapping[str, Any]) -> _Key:
    """Return a key for the one algorithm that it names, or for all that its kind and curve can carry."""
    family = _OF_CURVE.get(str(written.get("crv")), frozenset()) if written["kty"] == "EC" else _OF_RSA
    named = written.get("alg")
    return _Key(key.key, family if named is None else family & {named})


_OF_CURVE = {"P-256": frozenset({"ES256"}), "P-384": frozenset({"ES384"}), "P-521": frozenset({"ES512"})}
_OF_RSA = frozenset(algorithm for algorithm in ALGORITHMS if algorithm[:2] in {"RS", "PS"})
