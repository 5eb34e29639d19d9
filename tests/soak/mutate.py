"""Small damage to a text, as typing, copying and transmission do it, and some that only malice does."""

from __future__ import annotations

import random

PIECES = [
    b'"', b"'", b"{", b"}", b"[", b"]", b":", b",", b"\n", b"\t", b"\\", b"\x00", b"\xff", b"\xe2\x80\xae", b"null",
    b"NaN", b"1e999", b"-", b"9" * 50, b"true", b"&a ", b"*a", b"!!python/object:os.system ", b"<<: *a", b"%", b"#",
    b"---\n", b"|\n", b">\n", b"(", b")", b" and ", b" not ", b" < ", b" 'mg' ", b"if ", b"..", b"\xef\xbb\xbf",
    b"[" * 60, b"(" * 80, b'{"a":' * 60, b"\xd9\xa3", b"e", b".",
]  # fmt: skip


def mutated(content: bytes, rng: random.Random) -> bytes:
    """Return *content* with one to four wounds."""
    for _ in range(rng.choice([1, 1, 1, 2, 4])):
        content = _wounded(content, rng)
    return content


def _wounded(content: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(content) + 1)
    lines = content.splitlines(keepends=True)
    match rng.randrange(9):
        case 0:
            return content[:at] + content[at + 1 :]
        case 1:
            return content[:at] + rng.choice(PIECES) + content[at:]
        case 2:
            return content[:at] + bytes([rng.randrange(256)]) + content[at + 1 :]
        case 3:
            return content[:at]
        case 4 if lines:
            del lines[rng.randrange(len(lines))]
            return b"".join(lines)
        case 5 if lines:
            index = rng.randrange(len(lines))
            return b"".join([*lines[: index + 1], *lines[index:]])
        case 6 if lines:
            first, second = rng.randrange(len(lines)), rng.randrange(len(lines))
            lines[first], lines[second] = lines[second], lines[first]
            return b"".join(lines)
        case 7:
            end = min(len(content), at + rng.randint(1, 200))
            return content[:at] + content[end:]
        case _:
            end = min(len(content), at + rng.randint(1, 30))
            return content[:at] + content[at:end] * rng.choice([2, 2, 20]) + content[end:]


def reshaped(data: object, rng: random.Random) -> object:
    """Return a copy of JSON data in which one place holds something it should not."""
    if isinstance(data, dict) and data and rng.random() < 0.9:
        key = rng.choice(list(data))
        if rng.random() < 0.05:
            return {**{k: v for k, v in data.items() if k != key}, key[:-1]: data[key]}
        return {**data, key: reshaped(data[key], rng)}
    if isinstance(data, list) and data and rng.random() < 0.7:
        index = rng.randrange(len(data))
        return [*data[:index], reshaped(data[index], rng), *data[index + 1 :]]
    strange = [None, [], {}, "", "x", -1, 0, 1e300, 10**30, "1,5", "7 kg", True]
    return rng.choice([*strange, [data, data], {"value": data}, {"a": {"b": data}}])
