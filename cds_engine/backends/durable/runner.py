"""The one door to the C module of durable_rules; knows texts, rules that fired and nothing else.

Its `Host` is not used: that starts timer threads and swallows exceptions.
"""

from __future__ import annotations

import functools
import importlib
import itertools
import threading
import weakref
from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol, TypeAlias, cast

from cds_engine.backends.durable.errors import no_answer, not_importable
from cds_engine.backends.durable.program import ALIVE, Program, Sheet

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_SESSIONS = 4
"""How many patients are decided at a time. The C code holds the interpreter's lock: more would only wait."""

_FAULTS = 64
"""After so many sessions given up the rulesets are made anew (durable_rules crashes at 1,024 sessions)."""

_DONE = 0
"""What `assert_fact` and `retract_fact` say when all went well."""

Said: TypeAlias = "dict[tuple[int, str], frozenset[str]]"
"""What fired for one patient, by the number of the ruleset and the properties that it was told."""


class _Module(Protocol):
    """The functions of `durable_rules_engine` that are used."""

    def create_ruleset(self, name: str, definition: str, /) -> int: ...
    def delete_ruleset(self, handle: int, /) -> None: ...
    def delete_state(self, handle: int, session: str, /) -> None: ...
    def assert_fact(self, handle: int, message: str, /) -> tuple[int, int]: ...
    def retract_fact(self, handle: int, message: str, /) -> tuple[int, int]: ...
    def start_action_for_state(self, handle: int, state: int, /) -> tuple[str, str] | None: ...
    def complete_and_start_action(self, handle: int, state: int, /) -> str | None: ...


@functools.cache
def is_available() -> bool:
    """Say whether durable_rules can be imported: it cannot from Python 3.13 on, or where it was not built."""
    try:
        importlib.import_module("durable_rules_engine")
    except ImportError:
        return False
    return True


class Engine:
    """The rulesets of one program, loaded; each session is lent to one thread at a time.

    INVARIANT: a session is lent only if nothing of an earlier patient is in it. One that failed in any way
    is never lent again.
    """

    def __init__(self, program: Program) -> None:
        if not is_available():
            raise not_importable()
        self._module = cast("_Module", importlib.import_module("durable_rules_engine"))
        self._program = program
        self._handles: list[int] = []
        self._free = threading.BoundedSemaphore(_SESSIONS)
        self._idle: deque[str] = deque()
        self._met: list[set[str]] = [set() for _ in program.rulesets]
        self._numbers = itertools.count()
        self._made = 0
        weakref.finalize(self, _delete, self._module, self._handles, self._met, self._idle).atexit = False
        for ruleset in program.rulesets:
            self._handles.append(self._module.create_ruleset("conditions", ruleset.definition))

    @property
    def is_worn(self) -> bool:
        """Whether so many sessions were given up that the engine should be replaced."""
        return self._made > _SESSIONS + _FAULTS

    def fire(self, sheet: Sheet, numbers: Iterable[int], said: Said) -> set[str]:
        """Return the names of the rules that fire in the rulesets with these *numbers* for the patient of *sheet*.

        What a ruleset has *said* of the same properties is not asked again; what it says now is added there.

        Raises:
            BackendFault: durable_rules did not do all of it; there is no partial answer.
        """
        fired: set[str] = set()
        with self._session() as session:
            for number in numbers:
                ruleset = self._program.rulesets[number]
                body = sheet.body(ruleset)
                names = said.get((number, body))
                if names is None:
                    names = said[number, body] = self._ask(number, session, body)
                sheet.add_parts(names)
                fired |= names
        return fired

    @contextmanager
    def _session(self) -> Iterator[str]:
        """Lend a session; if the block raises, it is given up."""
        with self._free:
            try:
                session = self._idle.pop()
            except IndexError:
                number = next(self._numbers)
                self._made = number + 1
                session = str(number)
            yield session
            self._idle.append(session)

    def _ask(self, number: int, session: str, body: str) -> frozenset[str]:
        """Put one message into a ruleset, collect the rules that fire, and take the message out again."""
        handle, ruleset = self._handles[number], self._program.rulesets[number]
        self._met[number].add(session)
        outcome, state = self._module.assert_fact(handle, f'{{"sid":"{session}","id":"p","k":"p","n":1.5{body}}}')
        if outcome != _DONE:
            raise no_answer(f"it did not take the message ({outcome})")
        names = [_name(text) for text in self._firings(handle, state, ruleset.firings)]
        outcome, _ = self._module.retract_fact(handle, f'{{"sid":"{session}","id":"p"}}')
        if outcome != _DONE:
            raise no_answer(f"it did not give the message back ({outcome})")
        if not names or names.pop() != ALIVE:
            raise no_answer("it stopped early")
        found = frozenset(names)
        if not found <= ruleset.rules:
            raise no_answer(f"it made up {sorted(found - ruleset.rules)}")
        return found

    def _firings(self, handle: int, state: int, most: int) -> Iterator[str]:
        """Yield what durable_rules says of each firing, in the order of the rules."""
        started = self._module.start_action_for_state(handle, state)
        text = None if started is None else started[1]
        for _ in range(most):
            if text is None:
                return
            yield text
            text = self._module.complete_and_start_action(handle, state)
        if text is not None:
            raise no_answer("more rules fired than can")


def _name(text: str) -> str:
    """Cut the rule's name out of `{"name":{...}}`: parsing all of it takes five times as long."""
    return text[2 : text.index('"', 2)]


def _delete(module: _Module, handles: list[int], met: list[set[str]], idle: deque[str]) -> None:
    """Give the memory of an engine back. Sessions that were given up are left alone: freeing could crash.

    `delete_state` is safe for an idle session in the rulesets that met it, because rule `ALIVE` fired there; of others
    it knows nothing and says so.
    """
    for handle, sessions in zip(handles, met, strict=False):  # a constructor that failed has fewer handles
        for session in idle:
            if session in sessions:
                module.delete_state(handle, session)
        module.delete_ruleset(handle)
