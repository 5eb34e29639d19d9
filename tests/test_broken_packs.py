"""Each mistake of `corpus/packs/*.md`, a change of the good pack beside it, gives exactly the findings below it.

`UPDATE_CORPUS=1 pytest tests/test_broken_packs.py` writes down what is found; review it as a diff.
"""

import os
import random
import re
import shutil
import time
from pathlib import Path

import pytest

from cds_engine.checker.check import check, check_everything
from cds_engine.lowering.lower import lower

CORPUS = Path(__file__).parent / "corpus" / "packs"
CASE = re.compile(r"(^## (.+?)\n.*?^```diff\n(.*?)^```\n+^```text\n)(.*?)(?=^```$)", re.DOTALL | re.MULTILINE)
CASES = {
    f"{file.stem}: {case[2]}": (file, case)
    for file in sorted(CORPUS.glob("*.md"))
    for case in CASE.finditer(file.read_text(encoding="utf-8"))
}


def changed(text, lines):
    """Put each hunk's `+` lines in the place of its `-` lines, at the end of the file where it has none."""
    for hunk in re.split(r"^@@\n", lines, flags=re.MULTILINE):
        old, new = ("".join(re.findall(rf"^[{sign} ](.*\n)", hunk, re.MULTILINE)) for sign in ("-", "+"))
        assert not old or text.count(old) == 1, f"does not stand once in the good pack: {old}"
        text = text.replace(old, new) if old else text + new
    return text


def break_pack(folder, diff):
    for name, how, lines in re.findall(r"^--- (\S+) ?(.*)\n((?:(?!--- ).*\n)*)", diff, re.MULTILINE):
        file = folder / name
        file.parent.mkdir(exist_ok=True)
        text = changed("" if how == "new" else file.read_text(encoding="utf-8"), lines)
        text = text.replace("\n", "\r\n") if how == "CRLF" else text
        file.write_bytes(text.encode(how if how in {"latin-1", "utf-16", "utf-8-sig"} else "utf-8"))
        if how == "removed":
            file.unlink()


def test_the_good_pack_is_good():
    assert check_everything(CORPUS / "good")[1] == []


def test_every_case_of_the_corpus_is_run():
    titles = [
        f"{f.stem}: {t}"
        for f in CORPUS.glob("*.md")
        for t in re.findall(r"^## (.*)", f.read_text("utf-8"), re.MULTILINE)
    ]
    assert sorted(titles) == sorted(CASES)


@pytest.mark.parametrize("name", CASES)
def test_a_broken_pack_is_explained(name, tmp_path, monkeypatch):
    file, case = CASES[name]
    shutil.copytree(CORPUS / "good", tmp_path, dirs_exist_ok=True)
    break_pack(tmp_path, case[3])
    monkeypatch.chdir(tmp_path)
    found = "".join(f"{finding.render()}\n" for finding in check_everything(Path())[1])
    if "UPDATE_CORPUS" in os.environ:
        written = file.read_text(encoding="utf-8").replace(case[0], case[1] + found)
        file.write_text(written, encoding="utf-8")
    assert found == case[4]


JDM = CORPUS.parents[2] / "rules" / "jdm_calcinosis"
RUBBISH = [*"\t:[]{}'\">#%\0é\r", "- ", "&a ", "*a", "!x ", "null", "0", "-1", "1e999"]


def mutated(text, dice):
    """Delete, double, swap or garble lines, words or characters of a text."""
    unit = dice.choice([r".*\n", r"[\w-]+|\W", r"[\s\S]", r"[\w-]+: *.*\n"])
    parts = re.split(f"({unit})", text)
    here, there = dice.randrange(len(parts)), dice.randrange(len(parts))
    kind = dice.randrange(6)
    if kind == 0:
        parts[here] = ""
    elif kind == 1:
        parts[here] *= dice.choice([2, 3, 50])
    elif kind == 2:
        parts[here], parts[there] = parts[there], parts[here]
    elif kind == 3:
        parts[here] = parts[there]
    elif kind == 4:
        parts[here] += dice.choice(RUBBISH)
    else:
        parts[here] = "".join(dice.sample(parts[here], len(parts[here])))
    return "".join(parts)


ORIGINS = [JDM] * 60 + [CORPUS / "good"] * 440


@pytest.mark.parametrize(("seed", "origin"), list(enumerate(ORIGINS)))
def test_a_mutated_pack_gives_findings_or_a_pack(seed, origin, tmp_path):
    dice = random.Random(seed)  # noqa: S311 - a die, not a secret
    shutil.copytree(origin, tmp_path, dirs_exist_ok=True)
    file = dice.choice(sorted(tmp_path.rglob("*.yaml")))
    file.write_text(mutated(file.read_text(encoding="utf-8"), dice), encoding="utf-8", newline="")
    started = time.process_time()
    checked, findings = check_everything(tmp_path)
    assert time.process_time() - started < 10
    assert findings or checked
    if checked is not None:
        lower(checked)


LONG = {
    "definitions": ("definitions.yaml", "conflicts:", "  x{n}: {{says: so, when: x{m}}}"),
    "derived facts": ("facts.yaml", "  ulcer:", "  x{n}: {{label: so, type: boolean, derive: x{m}}}"),
    "circles": ("facts.yaml", "  ulcer:", "  x{n}: {{label: so, type: boolean, derive: x{n} or x{m}}}"),
}


@pytest.mark.parametrize("kind", LONG)
def test_a_long_chain_is_checked_in_bounded_time(kind, tmp_path):
    name, before, link = LONG[kind]
    shutil.copytree(CORPUS / "good", tmp_path, dirs_exist_ok=True)
    links = "\n".join(link.format(n=n, m=n - 1) for n in range(1, 2_000)).replace("x0", "ulcer")
    file = tmp_path / name
    file.write_text(file.read_text(encoding="utf-8").replace(before, f"{links}\n{before}", 1), encoding="utf-8")
    started = time.process_time()
    _, findings = check(tmp_path)
    assert time.process_time() - started < 20
    assert findings
