"""The closed list of codes and the source name the same codes."""

import re
from pathlib import Path

import cds_engine
from cds_engine.diagnostic_codes import CODES

ROOT = Path(cds_engine.__file__).parent
PLACES = ("pack", "checker", "language", "units", "patient", "engine", "lowering", "bdd")
CODE = re.compile(r'"([A-Z]\d{3})"')


def codes_in_source():
    return {
        code
        for place in PLACES
        for file in (ROOT / place).rglob("*.py")
        for code in CODE.findall(file.read_text(encoding="utf-8"))
    }


def test_every_code_of_the_source_is_explained():
    assert codes_in_source() - CODES.keys() == set()


def test_every_explained_code_is_used():
    assert CODES.keys() - codes_in_source() == set()


def test_every_explanation_is_written_out():
    for code, meaning in CODES.items():
        assert meaning.title[0].islower() or meaning.title[0] == "`", code
        assert not meaning.title.endswith("."), code
        assert meaning.means.endswith("."), code
        assert meaning.remedy.endswith("."), code
        assert meaning.example, code
