"""What is thrown: patients, tables, mutated files and packs, expressions. Each job takes a seed to an outcome."""

from __future__ import annotations

import json
import random
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

from generate import AS_OF, Patients
from mutate import mutated, reshaped
from promises import broken
from rows import check_columns

import cds_engine
from cds_engine.checker.check import check
from cds_engine.checker.expressions import check_expression
from cds_engine.checker.scope import scope_of
from cds_engine.cli.inputs import Complaint, patients_in
from cds_engine.diagnostics import InputError
from cds_engine.engine.packs import find
from cds_engine.language.parser import ParseError, parse
from cds_engine.language.printer import print_expression

Job = Callable[[int], str]
PACK = "jdm_calcinosis"
TABLE = 5000
"""Patients of a table: enough that planning its query is the smaller part."""
FIXTURES = Path(__file__).resolve().parents[2] / "fixtures" / "patients"


@cache
def loaded() -> cds_engine.LoadedPack:
    return cds_engine.load(PACK)


@cache
def patients() -> Job:
    """Answer a generated patient by both engines and hold the answer to its promises."""
    pack, source = loaded(), Patients(loaded().guideline)

    def job(seed: int) -> str:
        answer = pack.evaluate(source.patient(seed), as_of=AS_OF)
        wrong = broken(answer)
        if wrong:
            raise AssertionError(", ".join(wrong))
        if seed % 50 == 0:
            json.loads(answer.model_dump_json())
        return "answered"

    return job


@cache
def files() -> Job:
    """Read a mutated patient file as the command line does, and answer what can be read of it."""
    pack = loaded()
    texts = [path.read_bytes() for path in sorted(FIXTURES.glob("*.json"))]
    folder = tempfile.TemporaryDirectory()
    path = Path(folder.name) / "patient.json"

    def job(seed: int, _kept: object = folder) -> str:
        rng = random.Random(seed)  # noqa: S311 - reproducible, not secret
        text = rng.choice(texts)
        path.write_bytes(mutated(text, rng) if seed % 2 else json.dumps(reshaped(json.loads(text), rng)).encode())
        outcome = "refused with a sentence"
        for found in patients_in(str(path)):
            if isinstance(found, Complaint):
                assert "\n" not in found.text and found.text  # noqa: PT018
                continue
            try:
                pack.evaluate(found.data, as_of=AS_OF).model_dump_json()
                outcome = "answered"
            except InputError:
                continue
        return outcome

    return job


@cache
def packs() -> Job:
    """Check a pack with one mutated file: a pack, or findings that each have a place."""
    home = find(PACK)
    names = sorted(path.relative_to(home) for path in home.rglob("*.yaml"))
    contents = {name: (home / name).read_bytes() for name in names}
    folder = tempfile.TemporaryDirectory()
    copy = Path(folder.name)
    for name, content in contents.items():
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        (copy / name).write_bytes(content)

    def job(seed: int, _kept: object = folder) -> str:
        rng = random.Random(seed)  # noqa: S311 - reproducible, not secret
        name = rng.choice(names)
        (copy / name).write_bytes(mutated(contents[name], rng))
        try:
            checked, findings = check(copy)
        finally:
            (copy / name).write_bytes(contents[name])
        assert all(finding.render() for finding in findings)
        if checked is None:
            assert any(finding.severity == "error" for finding in findings)
            return "refused with findings"
        return "checked"

    return job


@cache
def expressions() -> Job:
    """Parse and check a mutated condition: an expression that prints back, or one finding."""
    guideline = loaded().guideline
    scope = scope_of(guideline.pack)
    texts = [
        rule.when
        for topic in guideline.pack.safety.values()
        for rule in (*topic.contraindications, *topic.cautions, *topic.alerts)
    ]

    def job(seed: int) -> str:
        rng = random.Random(seed)  # noqa: S311 - reproducible, not secret
        text = mutated(" or ".join(rng.sample(texts, rng.randint(1, 3))).encode(), rng).decode(errors="replace")
        try:
            node = parse(text)
        except ParseError:
            return "refused with a finding"
        assert parse(print_expression(node)) == node
        findings: list[cds_engine.Diagnostic] = []
        check_expression(node, scope, findings)
        return "typed with findings" if findings else "typed"

    return job


@cache
def tables() -> Job:
    """Answer a table of generated patients in columns, and each of them by the evaluator."""
    pack, source = cds_engine.LoadedPack(loaded().guideline, {}), Patients(loaded().guideline)

    def job(seed: int) -> str:
        seeds = range(seed * TABLE, (seed + 1) * TABLE)
        check_columns(pack, [source.patient(one) | {"as_of": AS_OF} for one in seeds])
        return f"tables of {TABLE:,} answered the same"

    return job


@cache
def bodies() -> Job:
    """Send a broken body to a running service; it must refuse in a sentence or answer, and stay up."""
    from bodies import sent  # noqa: PLC0415 - only this job needs a service
    from hospital import running  # noqa: PLC0415 - as above

    from cds_engine.service.settings import Settings  # noqa: PLC0415 - as above

    opened = running(Settings(development=True, workers=0, packs=(PACK,)))
    client = opened.__enter__()

    def job(seed: int, _kept: object = opened) -> str:
        outcome = sent(client, seed)
        if seed % 100 == 0:
            assert client.get("/health").status_code == 200
        return outcome

    return job


JOBS: dict[str, Callable[[], Job]] = {
    "patients": patients,
    "files": files,
    "packs": packs,
    "expressions": expressions,
    "tables": tables,
    "bodies": bodies,
}
