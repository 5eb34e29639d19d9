"""Where a run keeps what it has finished until all of it is: a folder beside the output, `OUT.parts`.

A part counts as finished when its tally is there, which is written after its files, each under another name first. So
a run that was killed leaves nothing that looks whole and is not, and the next one can go on.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import NamedTuple, Self

from cds_engine.batch.alone import LOCK, alone_in
from cds_engine.batch.tally import Tally
from cds_engine.diagnostics import InputError

PLAN, TALLIES = "run.json", "tally-*.json"


class Refused(NamedTuple):
    """A row that was read and has no answer."""

    row: int
    value: str
    reason: str
    """A code; after `: ` in words, where each row has its own."""


class Written(NamedTuple):
    """What an engine has written into a file."""

    rows: int
    size: int
    """In bytes."""


@dataclass(frozen=True, slots=True)
class Finished:
    """What a finished part came to."""

    tally: Tally
    refused: tuple[Refused, ...]
    checked: int
    """How many of its rows the evaluator has answered the same."""
    written: Mapping[str, Written] = field(default_factory=dict)
    """Its files, by the sheet they belong to; none where no output is."""


@dataclass(frozen=True, slots=True)
class Workplace:
    """The folder of one run."""

    folder: Path
    is_kept: bool
    """Whether the next run can find it."""

    @classmethod
    def beside(cls, output: Path | None) -> Self:
        """Return the workplace of an output; without one a folder that is gone in the end.

        Raises:
            OSError: If no folder can be made there.
        """
        if output is None:
            return cls(Path(tempfile.mkdtemp(prefix="cds-engine-")), is_kept=False)
        return cls(output.with_name(f"{output.name}.parts"), is_kept=True)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the folder for one run, from before it is looked at until it is gone or left to the next run.

        Raises:
            InputError: If another run holds it, or there can be no folder there.
        """
        if not self.is_kept:
            yield
            return
        with alone_in(self.folder, str(self.folder.with_suffix(""))):
            yield

    def begin(self, plan: Mapping[str, object], *, resume: bool) -> None:
        """Make the folder ready for a run of this *plan*; what is finished of the same run stays if it shall go on.

        Raises:
            InputError: If it shall go on, and what is there is of another plan.
        """
        before = self._plan() if resume else None
        if before is None:
            self.remove()
            self.folder.mkdir(exist_ok=True)
            _write(self.folder / PLAN, plan)
        elif before != (now := json.loads(json.dumps(plan))):
            raise self._of_another_run(", ".join(f"`{name}`" for name in now if before.get(name) != now[name]))

    def cut(self, rows: Sequence[int]) -> None:
        """Say how many rows each part has; a run that goes on must have cut its table the same way.

        Raises:
            InputError: If it has not.
        """
        file = self.folder / "cut.json"
        if not file.exists() and not any(self.folder.glob(TALLIES)):
            _write(file, rows)
        elif not file.exists() or json.loads(file.read_text(encoding="utf-8")) != list(rows):
            raise self._of_another_run("how the table is cut")

    def _of_another_run(self, differs: str) -> InputError:
        return InputError(
            f"`{self.folder}` holds the parts of another run ({differs} differs); without `--resume` it begins anew"
        )

    def _plan(self) -> dict[str, object] | None:
        try:
            found: dict[str, object] = json.loads((self.folder / PLAN).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return found

    def settled(self, name: str, choose: Callable[[], int]) -> int:
        """Return a number that the run was begun with; choose it where this is the beginning."""
        chosen = self.folder / f"{name}.json"
        if not chosen.exists():
            _write(chosen, [choose()])
        [number] = json.loads(chosen.read_text(encoding="utf-8"))
        return int(number)

    @contextmanager
    def attempt(self, number: int) -> Iterator[Self]:
        """Make a workplace for one attempt at a part; what it holds in the end is moved here, file by file.

        However many attempts there are, at once or after each other, and wherever they end: a file that is here is
        whole. All attempts at a part write the same rows.
        """
        own = replace(self, folder=Path(tempfile.mkdtemp(prefix=f"attempt-{number:05d}-", dir=self.folder)))
        try:
            yield own
            for file in own.folder.iterdir():
                file.replace(self.folder / file.name)
        finally:
            own.remove()

    def path(self, name: str, number: int, suffix: str) -> Path:
        """Return where a part is written, such as `part-00007.parquet`."""
        return self.folder / f"{name}-{number:05d}{suffix}"

    def finish(self, number: int, found: Finished) -> None:
        """Say that all files of a part are there."""
        _write(self._tally(number), asdict(found))

    def finished(self, number: int) -> Finished | None:
        """Return what a part came to if it is finished."""
        try:
            found = json.loads(self._tally(number).read_text(encoding="utf-8"))
            refused = tuple(Refused(*one) for one in found["refused"])
            written = {sheet: Written(*one) for sheet, one in found["written"].items()}
            return Finished(Tally.of(found["tally"]), refused, found["checked"], written)
        except (OSError, ValueError, KeyError):  # or it was told otherwise by the version before
            return None

    def _tally(self, number: int) -> Path:
        return self.path("tally", number, ".json")

    @property
    def is_worth_keeping(self) -> bool:
        """Whether there is something with which the next run can go on."""
        return self.is_kept and any(self.folder.glob(TALLIES))

    def remove(self) -> None:
        """Remove all that is in the folder but the lock of who holds it, and the folder if nobody does."""
        for path in self.folder.iterdir() if self.folder.is_dir() else ():
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            elif path.name != LOCK:
                with suppress(OSError):
                    path.unlink()
        with suppress(OSError):
            self.folder.rmdir()


def _write(path: Path, content: Mapping[str, object] | Sequence[object]) -> None:
    begun = path.with_suffix(".tmp")
    begun.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    begun.replace(path)
