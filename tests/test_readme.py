"""What README and docs promise is run as they write it."""

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cds_engine.cli import app, review
from cds_engine.cli import test as test_command
from cds_engine.pack.schema import schemas

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_the_python_example_prints_what_the_readme_shows(capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    exec(compile(blocks("python")[0], "README.md", "exec"), {})  # noqa: S102 - our own example
    printed = capsys.readouterr().out
    shown = blocks("text")[0]
    assert [line.strip() for line in printed.splitlines()] == [line.strip() for line in shown.splitlines()]


@pytest.mark.parametrize(
    "line", [line for block in blocks("console") for line in block.splitlines() if "cds-engine" in line]
)
def test_each_command_of_the_readme_works(line, monkeypatch, tmp_path, jdm, jdm_outcomes):
    for folder in ("fixtures", "rules", "features"):
        (tmp_path / folder).symlink_to(ROOT / folder)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(review, "run_features", lambda _: jdm_outcomes)
    monkeypatch.setattr(test_command, "run_features", lambda *_: jdm_outcomes)
    monkeypatch.setattr(test_command, "run_cases", lambda _: [])
    assert jdm.id == "jdm_calcinosis"
    command = shlex.split(line.split("#")[0])
    found = CliRunner().invoke(app, command[1:])
    assert found.exit_code == 0, found.output


def test_the_readme_names_targets_that_make_has():
    makefile = (ROOT / "Makefile").read_text()
    text = README + (ROOT / "CONTRIBUTING.md").read_text()
    for target in re.findall(r"`?make (\w+)`?\s", text):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


@pytest.mark.parametrize(("name", "text"), list(schemas()))
def test_the_committed_schemas_are_those_of_the_models(name, text):
    """`python -m cds_engine.pack.schema docs/schema` writes them again."""
    assert (ROOT / "docs" / "schema" / name).read_text(encoding="utf-8") == text


def test_no_link_of_readme_and_docs_leads_nowhere():
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
    for page in pages:
        for target in re.findall(
            r"`((?:cds_engine|docs|rules|features|fixtures|tests|benchmarks)/[\w./-]*\w)`", page.read_text()
        ):
            assert (ROOT / target).exists(), f"{page.name} names {target}"
