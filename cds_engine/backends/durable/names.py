"""Names that durable_rules can tell apart: it knows a property by a 32-bit hash of its name alone."""

from __future__ import annotations

from json.encoder import encode_basestring_ascii

_OFFSET, _PRIME, _MASK = 2166136261, 16777619, 0xFFFFFFFF

_RESERVED = (
    "id", "sid", "k", "n", "m", "name", "all", "any", "pri", "count", "cap", "dist", "$s", "$i",
    "$m", "$l", "$r", "$forward", "$time", "$timerName", "$baseTime", "$lt", "$lte", "$gt", "$gte",
    "$eq", "$neq", "$mt", "$imt", "$iall", "$iany", "$ex", "$nex", "$or", "$and", "$add", "$sub",
    "$mul", "$div",
)  # fmt: skip
"""The names that durable_rules has for itself, and the two that every message has."""


class Names:
    """Gives out names of properties, no two of which have the same hash."""

    def __init__(self) -> None:
        self._taken = {fnv(name) for name in _RESERVED}

    def unused(self, wish: str) -> str:
        """Return *wish* in quotes, with a suffix when its hash belongs to another name."""
        name = wish
        for suffix in range(2, len(self._taken) + 3):
            text = encode_basestring_ascii(name)
            if fnv(text[1:-1]) not in self._taken:
                break
            name = f"{wish}~{suffix}"
        self._taken.add(fnv(text[1:-1]))
        return text


def fnv(name: str) -> int:
    """Return the 32-bit FNV-1a hash by which durable_rules knows a name (ASCII, as written in JSON).

    >>> fnv("costarring") == fnv("liquid")
    True
    """
    code = _OFFSET
    for byte in name.encode("ascii"):
        code = ((code ^ byte) * _PRIME) & _MASK
    return code
