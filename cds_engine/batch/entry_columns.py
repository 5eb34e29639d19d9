"""Which part of an entry each column of the tables of medicines and orders says; what is nearly one is refused."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping

from cds_engine.batch.ids import OWNER
from cds_engine.diagnostics import InputError
from cds_engine.patient.medications import ENTRY_KEYS, FREQUENCY_KEYS

OWNERS = ("patient", "patient_id")
"""What says whose a row is; `id` is that of the entry."""
KEYS = frozenset({*ENTRY_KEYS, *FREQUENCY_KEYS, "unit"})
"""What a column may say of an entry."""
HOW_MUCH = frozenset({"dose", "unit", "per", "times", *FREQUENCY_KEYS})
"""What must not be missed of an entry because its column is misspelt."""
TELLING = {
    "daily": "`dose` with `day` in `per`", "dose": "`dose`", "dosis": "`dose`", "dosage": "`dose`",
    "frequency": "`frequency`", "interval": "`interval`",
}  # fmt: skip
"""Words in the name of a column that says how much is taken, and what it should be called then."""
UNIT = re.compile(r"(?:^|[^a-z])units?$")
SHORTEST = 4
"""Letters of a key of which one may be missed; with fewer another word is as likely, such as `sign` for `sig`."""
AGAIN = re.compile(r"[_.][0-9]+$")
"""What stands behind the name of a column that says the same once more: `dose_2`."""


def roles_of(name: str, columns: Iterable[str]) -> dict[str, str]:
    """Return what the columns of the table of *name* say, and which column says it; of others it is their own name.

    Raises:
        InputError: If two say the same, or one has a number behind its name.
    """
    roles: dict[str, str] = {}
    for column in columns:
        role = _role(column)
        if role == OWNER:
            raise InputError(f"a column may not be called `{column}`; rename it in the table of {name}")
        if role in roles:
            raise InputError(
                f"the columns `{roles[role]}` and `{column}` of the table of {name} both say `{role}`;"
                " leave one of them out"
            )
        roles[role] = column
    for role, column in roles.items():
        if role != column.strip().lower():
            raise InputError(
                f"the column `{column}` of the table of {name} is one of several by its name; call it `{role}`,"
                " and write each entry in a row of its own"
            )
    return roles


def _role(column: str) -> str:
    """Return which part of an entry a column is called after, whatever number stands behind it; or else its name."""
    name = column.strip().lower()
    base = AGAIN.sub("", name)
    return base if base in KEYS or base in OWNERS else name


def owner_column(name: str, roles: Mapping[str, str]) -> str:
    """Return the column that says whose a row is.

    Raises:
        InputError: If there is none, or none that says what is taken.
    """
    own = next((roles[role] for role in OWNERS if role in roles), None)
    if own is not None and "drug" in roles:
        return own
    an_id = f"; `{roles['id']}` is taken for the id of the entry" if own is None and "id" in roles else ""
    raise InputError(
        f"the table of {name} needs the columns `patient` and `drug`{an_id};"
        " `dose`, `unit`, `per`, `times` and `route` may follow"
    )


def named(column: str, keys: Collection[str]) -> str:
    """Return the name of a column that is not understood, with what may have been meant."""
    meant = _nearly(column, KEYS - set(keys))
    return column if meant is None else f"{column} (did you mean `{meant}`?)"


def refuse_how_much(name: str, columns: Iterable[str], keys: Collection[str]) -> None:
    """Refuse a column whose name is nearly that of a dose or interval which the table lacks, or speaks of one.

    Raises:
        InputError: If there is such a column.
    """
    for column in columns:
        near = _nearly(column, HOW_MUCH - set(keys))
        meant = _told_by(column) if near is None else f"`{near}`"
        if meant is not None:
            raise InputError(
                f"the column `{column}` of the table of {name} is not understood; did you mean {meant}?"
                " rename it so, or leave it out if it says nothing of what is taken"
            )


def _told_by(column: str) -> str | None:
    """Return what a column should be called whose name speaks of a dose or interval."""
    name = column.strip().lower()
    meant = next((meant for word, meant in TELLING.items() if word in name), None)
    return "`unit`" if meant is not None and UNIT.search(name) else meant


def _nearly(column: str, keys: Collection[str]) -> str | None:
    """Return the key that a column is called after but for a slip: one letter, two swapped, or underscores."""
    word = re.sub(r"[\W_]", "", column.lower())
    return next((key for key in sorted(keys) if _is_slip(word, key)), None)


def _is_slip(word: str, key: str) -> bool:
    """Say whether a word is a key with a slip.

    >>> [_is_slip(word, "times") for word in ("time", "tmies", "notes")]
    [True, True, False]
    """
    if len(key) < SHORTEST:
        return word in {key, f"{key}s"}
    same = next((n for n, (a, b) in enumerate(zip(word, key, strict=False)) if a != b), min(len(word), len(key)))
    rest, wanted = word[same:], key[same:]
    is_one_letter = rest[1:] in {wanted, wanted[1:]} or rest == wanted[1:]
    return is_one_letter or (rest[:2] == wanted[:2][::-1] and rest[2:] == wanted[2:])
