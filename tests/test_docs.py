"""Every command, Python example and file of the documentation is run; the reference is the one that the code gives."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from scenario_patients import ROOT
from typer.main import get_command
from typer.testing import CliRunner

from cds_engine.cli import app, review
from cds_engine.cli import test as test_command

DOCS = ROOT / "docs"
PAGES = [*sorted(DOCS.glob("*.md")), *sorted((DOCS / "how-to").glob("*.md"))]
BLOCK = re.compile(r"^```(console|python|yaml|gherkin|text)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
CHANGE = r"(?:(?P<end>at the end)|(?P<replaced>replace)|instead of (?P<key>\w+))"
FILE = re.compile(rf"# (?P<file>\S+\.(?:yaml|feature))(?:, {CHANGE})?\n")
STATUS = re.compile(r"# ends with status (\d)")
MOST_LINES = 60
"""So long may a new statement with its rule, cases and three scenarios be."""


def blocks(page):
    return BLOCK.findall(page.read_text(encoding="utf-8"))


def write(text, folder):
    """Do with a block what its first line says; a block without one only shows something."""
    found = FILE.match(text)
    if found is None:
        return
    file, body = folder / found["file"], text[found.end() :]
    before = file.read_text(encoding="utf-8") if file.exists() else ""
    if found["key"]:
        body = before[: before.index(f"{found['key']}:\n")] + body
    elif found["end"]:
        body = before + body
    elif found["replaced"]:
        old, new, rest = body.split("\n")
        assert rest == ""
        assert old in before
        body = before.replace(old, new)
    file.write_text(body, encoding="utf-8")


def run(line, folder):
    """Run one line of a console; it ends with status 0 where it says no other."""
    command, _, file = line.split(" #")[0].partition(" > ")
    first, *words = shlex.split(command)
    if first == "cp":
        assert words[0] == "-r", line
        shutil.copytree(folder / words[1], folder / words[2])
        return
    assert first == "cds-engine", line
    found = CliRunner().invoke(app, words)
    expected = STATUS.search(line)
    assert found.exit_code == (int(expected[1]) if expected else 0), f"{line}\n{found.output}"
    if file:
        (folder / file.strip()).write_text(found.stdout, encoding="utf-8")


@pytest.fixture
def place(tmp_path, monkeypatch, jdm, jdm_outcomes):
    """Return a folder to work in, with the fixtures beside it; what tests the JDM pack is not run again."""
    (tmp_path / "fixtures").symlink_to(ROOT / "fixtures")
    for command in (review, test_command):
        run = command.run_features

        def cached(pack, *rest, run=run):
            return jdm_outcomes if pack.id == jdm.id else run(pack, *rest)

        monkeypatch.setattr(command, "run_features", cached)
    cases = test_command.run_cases
    monkeypatch.setattr(test_command, "run_cases", lambda pack: [] if pack.id == jdm.id else cases(pack))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page)], ids=lambda page: page.stem)
def test_everything_that_a_page_tells_to_do_works(page, place):
    names = {}
    for language, text in blocks(page):
        if language == "python":
            exec(compile(text, page.name, "exec"), names)  # noqa: S102 - our own example
        elif language == "console":
            for line in text.splitlines():
                run(line, place)
        else:
            write(text, place)


EVERYWHERE = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md"))]
FENCE = re.compile(r"^ *```(\S+)\n(.*?)^ *```$", re.DOTALL | re.MULTILINE)
SERVERS = "sh"
"""The language of blocks that start a server: they are started by a test of their own, or by those of the service."""


def test_no_command_and_no_python_escapes_the_tests():
    """What README and docs tell to do stands in blocks that a test runs; every other block only shows something."""
    shown_only = {"yaml", "json", "text", "gherkin", "{toctree}"}
    for page in EVERYWHERE:
        for language, text in FENCE.findall(page.read_text(encoding="utf-8")):
            assert language in shown_only | {"console", "python", SERVERS}, page
            if language == SERVERS:
                told = ("pip install ", "cds-engine serve ", "curl ")
                assert all(line.startswith(told) for line in _joined(text)), page
            if language == "python":
                assert page in PAGES or (page.name == "README.md" and page.read_text().count("```python") == 1), page
            if language == "console" and page not in PAGES:  # those of the README are run by its own test
                run_there = ("make ", "cds-engine ") if page.name == "README.md" else ("make ",)
                assert all(line.startswith(run_there) for line in text.splitlines()), page
            if language in shown_only:
                assert not re.search(r"^(cds-engine|pip|>>>) ", text, re.MULTILINE), page


def _joined(text):
    """Return the lines of a shell, those that end in a backslash with the next."""
    return [line.strip() for line in text.replace("\\\n", " ").splitlines()]


def test_the_service_of_the_how_to_starts_and_answers():
    """The block that answers without tokens is run as it stands; that with a certificate by the service's tests."""
    page = (DOCS / "how-to" / "serve.md").read_text(encoding="utf-8")
    _, start, ask = (
        shlex.split(line) for line in _joined(next(t for kind, t in FENCE.findall(page) if kind == SERVERS))
    )
    command = Path(sys.executable).with_name(start[0])
    with subprocess.Popen([command, *start[1:]], stderr=subprocess.DEVNULL) as service:  # noqa: S603 - our own
        try:
            assert _answered(ask[-1], service)["services"]
        finally:
            service.terminate()


def _answered(address, service):
    """Return what a service says, once it listens."""
    while service.poll() is None:
        try:
            return httpx.get(address, timeout=60).json()
        except httpx.ConnectError:
            time.sleep(0.05)
    raise AssertionError("the service ended at once")


def test_commands_within_sentences_exist_with_their_options():
    commands = get_command(app).commands
    named = [
        (page.name, words.split())
        for page in EVERYWHERE
        for words in [
            *re.findall(r"`cds-engine ([^`]+)`", page.read_text(encoding="utf-8")),
            *re.findall(
                r"^ *cds-engine (serve .*)$", "\n".join(_joined(page.read_text(encoding="utf-8"))), re.MULTILINE
            ),
        ]
    ]
    assert len(named) > 10
    for page, (name, *rest) in named:
        options = {option for parameter in commands[name].params for option in (*parameter.opts, "--help")}
        assert {word.strip("[]") for word in rest if word.strip("[").startswith("-")} <= options, (page, name, rest)


def test_a_new_statement_is_short():
    """A statement with rule, cases and three scenarios takes under 60 lines of YAML and Gherkin, and no Python."""
    found = [text for language, text in blocks(DOCS / "tutorial.md") if language in {"yaml", "gherkin"}]
    texts = [text for text in found if "/invariants.yaml" not in text]
    assert sum(text.count("Scenario:") for text in texts) == 3
    assert 20 < sum(len(text.splitlines()) for text in texts) < MOST_LINES


def test_the_reference_is_the_one_that_the_code_gives(monkeypatch):
    monkeypatch.syspath_prepend(str(DOCS))
    import reference_pages  # noqa: PLC0415 - it lies with the documentation

    for name, text in reference_pages.pages().items():
        assert (DOCS / "reference" / name).read_text(encoding="utf-8") == text, "run `python docs/reference_pages.py`"
    for name, text in reference_pages.answer_schemas().items():
        assert (DOCS / "schema" / name).read_text(encoding="utf-8") == text, "run `python docs/reference_pages.py`"
    assert set(reference_pages.OPERATORS) == set(reference_pages.BINARY)


def test_every_page_stands_in_the_contents():
    contents = (DOCS / "index.md").read_text(encoding="utf-8")
    for page in DOCS.rglob("*.md"):
        name = page.relative_to(DOCS).with_suffix("").as_posix()
        assert name == "index" or f"\n{name}\n" in contents, name


@pytest.mark.filterwarnings("ignore")  # those of the generator itself are its makers' business
def test_the_site_builds_without_warnings(tmp_path):
    sphinx = pytest.importorskip("sphinx.cmd.build", reason="the extra `docs` is not installed")
    pytest.importorskip("myst_parser", reason="the extra `docs` is not installed")
    assert sphinx.main(["-W", "-q", "-E", "-b", "dummy", str(DOCS), str(tmp_path)]) == 0
