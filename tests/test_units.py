"""Units: what may be compared, what may never be, and how it reads."""

from __future__ import annotations

import json
import math
import os
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_engine.units import (
    UnitError,
    alias_note,
    atoms,
    conversion,
    display,
    is_ucum,
    parse_unit,
    ucum_conversion,
)
from cds_engine.units.aliases import ALIASES
from cds_engine.units.known import keep, recall
from cds_engine.units.suggest import USUAL
from cds_engine.units.witness import pint_agrees

EXACT = [
    ("[in_i]", "cm", 2.54, 0.0),
    ("[lb_av]", "kg", 0.45359237, 0.0),
    ("oz", "g", 28.349523125, 0.0),
    ("g", "kg", 0.001, 0.0),
    ("mg/dL", "g/L", 0.01, 0.0),
    ("mg/dl", "mg/dL", 1.0, 0.0),
    ("g/dl", "mg/dL", 1000.0, 0.0),
    ("g%", "g/dL", 1.0, 0.0),
    ("10*3/uL", "10*9/L", 1.0, 0.0),
    ("x10^9/L", "10*9/L", 1.0, 0.0),
    ("/uL", "10*9/L", 0.001, 0.0),
    ("k[IU]/L", "[IU]/mL", 1.0, 0.0),
    ("m[iU]/L", "u[IU]/mL", 1.0, 0.0),
    ("umol/min/L", "U/L", 1.0, 0.0),
    ("mm[Hg]", "kPa", 0.133322, 0.0),
    ("Cel", "K", 1.0, 273.15),
    ("Cel", "[degF]", 1.8, 32.0),
    ("Cel/h", "K/h", 1.0, 0.0),
    ("wk", "d", 7.0, 0.0),
    ("a", "mo", 12.0, 0.0),
    ("d", "h", 24.0, 0.0),
    ("g/wk", "mg/wk", 1000.0, 0.0),
    ("mcg/kg/min", "mg/kg/h", 0.06, 0.0),
    ("mg/g{creat}", "ug/mg{creat}", 1.0, 0.0),
    ("mL/min/1.73 m2", "mL/min/{1.73_m2}", 1.0, 0.0),
    ("%", "[ppm]", 10000.0, 0.0),
    ("[Cal]", "kcal_th", 1.0, 0.0),
    ("J/kg", "Gy", 1.0, 0.0),
    ("mL/m2", "L/m2", 0.001, 0.0),
]

REFUSED = {
    "a dose per day never becomes one per week": ("mg/d", "mg/wk"),
    "nor the other way, with negative powers": ("mg.wk-1", "mg.d-1"),
    "a dose per month never becomes one per year": ("g/mo", "g/a"),
    "a rate per hour never becomes a dose per day": ("mg/h", "mg/d"),
    "per 24 hours is not per day": ("mg/(24.h)", "mg/d"),
    "the interval counts in weight-based doses": ("mg/kg/d", "mg/kg/wk"),
    "a dose is not a dose per day": ("mg", "mg/d"),
    "clearance is not clearance per body surface": ("mL/min", "mL/min/{1.73_m2}"),
    "international units are no cells": ("[IU]/L", "10*9/L"),
    "international units are no enzyme units": ("[IU]/L", "U/L"),
    "arbitrary units differ from each other": ("[arb'U]/mL", "[IU]/mL"),
    "arbitrary units do not cancel to a number": ("[IU]/[IU]", "1"),
    "equivalents are no moles": ("meq/L", "mmol/L"),
    "osmoles are no moles": ("mosm/kg", "mmol/kg"),
    "moles are no numbers": ("mol", "10*23"),
    "mass per mass is no percentage": ("mg/kg", "%"),
    "mass per mass is no volume per volume": ("g/kg", "mL/L"),
    "mass per mass is no number": ("mg/kg", "1"),
    "a percentage is no substance ratio": ("%", "mmol/mol"),
    "a percentage is no number": ("%", "1"),
    "creatinine ratios by mass and by substance differ": ("mg/g{creat}", "mmol/mol{creat}"),
    "a ratio to creatinine is not a plain ratio": ("mg/g{creat}", "mg/g"),
    "what is counted matters": ("{cells}/uL", "{copies}/uL"),
    "K is kelvin": ("K/uL", "10*9/L"),
    "pH is a picohenry": ("pH", "[pH]"),
    "millilitres per square metre are no length": ("mL/m2", "cm"),
    "a score is no number": ("{score}", "1"),
    "scores differ": ("{score}", "{points}"),
    "decays are no frequency": ("Bq", "Hz"),
    "absorbed dose is no dose equivalent": ("Gy", "Sv"),
    "a bel is no number": ("B", "1"),
    "a pH is no concentration": ("[pH]", "mol/L"),
    "mass is no substance": ("mg/dL", "umol/L"),
    "mass is no volume": ("g", "mL"),
    "the factor must fit a number": ("10*99.10*99.10*99.10*99", "1"),
}

CAPITALS = [
    ("Mg/dL", "mg/dL", "mg/dL"),
    ("mg/dL", "Mg/dL", "Mg/dL"),
    ("ML", "mL", "mL"),
    ("MG", "mg", "mg"),
    ("Mmol/L", "mmol/L", "mmol/L"),
    ("Mg/dL", "mg/L", "mg/dL"),
]

NOT_UCUM = {
    "KG": "did you mean `kg`?",
    "MG/DL": "did you mean `mg/dL`?",
    "MMHG": "did you mean `mm[Hg]`?",
    "kgg": "did you mean `kg`?",
    "": "write `1` for a number without unit",
    "  ": "write `1` for a number without unit",
    "mg//dL": "did you mean `mg/dL`?",
    "zzzzzz": None,
    "10+3/uL": "did you mean `10*3/uL`?",
    "10*100": None,
    "m" * 300: None,
}

READ_AS = {
    "mcg": "ug",
    "mcg/kg": "ug/kg",
    "cc": "mL",
    "mmHg": "mm[Hg]",
    "IU/L": "[IU]/L",
    "mIU/L": "m[IU]/L",
    "°C": "Cel",
    "\u03bcmol/L": "umol/L",
    "\u00b5mol/L": "umol/L",
    "\u00b5g": "ug",
    "x10^9/L": "10*9/L",
    "\u00d710\u2079/L": "10*9/L",
    "10^9/L": "10*9/L",
    "x10^3/uL": "10*3/uL",
    "lb": "[lb_av]",
    "lbs": "[lb_av]",
    "in": "[in_i]",
    "inch": "[in_i]",
    "inches": "[in_i]",
    "mg/week": "mg/wk",
    "mg/day": "mg/d",
    "mg / day": "mg/d",
    "years": "a",
    "year": "a",
    "yr": "a",
    "weeks": "wk",
    "days": "d",
    "months": "mo",
    "kg/m²": "kg/m2",
    "kg/m^2": "kg/m2",
    "mEq/L": "meq/L",
    "mL/min/1.73m2": "mL/min/{1.73_m2}",
    "mL/min/1.73 m2": "mL/min/{1.73_m2}",
    "mL/min/1.73m^2": "mL/min/{1.73_m2}",
    "mL/min/1.73 m²": "mL/min/{1.73_m2}",
    "mL/min/1.73.m2": "mL/min/{1.73_m2}",
    "mL/min/{1.73m2}": "mL/min/{1.73_m2}",
}

READS = {
    "mL/min/{1.73_m2}": "mL/min/1.73 m²",
    "10*9/L": "10⁹/L",
    "10^9/L": "10⁹/L",
    "[in_i]": "in",
    "[lb_av]": "lb",
    "mm[Hg]": "mmHg",
    "cm[H2O]": "cmH₂O",
    "Cel": "°C",
    "[degF]": "°F",
    "a": "years",
    "wk": "weeks",
    "d": "days",
    "mo": "months",
    "umol/L": "µmol/L",
    "ug/kg/min": "µg/kg/min",
    "m2": "m²",
    "mg/m2": "mg/m²",
    "mg/m2/wk": "mg/m²/week",
    "{score}": "",
    "1": "",
    "[IU]/L": "IU/L",
    "u[IU]/mL": "µIU/mL",
    "U/L": "U/L",
    "mg/wk": "mg/week",
    "mg/d": "mg/day",
    "mg/(24.h)": "mg/24 h",
    "meq/L": "mEq/L",
    "mg.h/L": "mg·h/L",
    "g.m-2": "g·m⁻²",
    "mg/g{creat}": "mg/g creat",
    "{cells}/uL": "cells/µL",
    "%": "%",
    "/min": "/min",
    "mmol/mol": "mmol/mol",
    "no such §": "no such §",
}


@pytest.mark.parametrize(("source", "target", "factor", "offset"), EXACT)
def test_factors_are_exact_where_they_are_exact_on_paper(source, target, factor, offset):
    line = conversion(source, target)
    assert (repr(line.factor), repr(line.offset)) == (repr(factor), repr(offset))
    assert parse_unit(source).kind == parse_unit(target).kind


@pytest.mark.parametrize(("source", "target"), REFUSED.values(), ids=REFUSED)
def test_refused(source, target):
    for start, end in ((source, target), (target, source)):
        with pytest.raises(UnitError) as caught:
            conversion(start, end)
        assert caught.value.code == "U102"
        assert caught.value.message.startswith(f"`{start}` cannot be converted to `{end}`")


@pytest.mark.parametrize("pair", [pair for name, pair in REFUSED.items() if "factor" not in name], ids=" to ".join)
def test_units_that_cannot_be_converted_are_of_different_kinds(pair):
    assert parse_unit(pair[0]).kind != parse_unit(pair[1]).kind


@pytest.mark.parametrize(("source", "target", "meant"), CAPITALS)
def test_a_capital_letter_is_asked_about(source, target, meant):
    with pytest.raises(UnitError) as caught:
        conversion(source, target)
    assert (caught.value.code, caught.value.help) == ("U102", f"did you mean `{meant}`?")


@pytest.mark.parametrize(("text", "way_out"), NOT_UCUM.items())
def test_what_is_no_unit_is_refused_with_a_way_out(text, way_out):
    with pytest.raises(UnitError) as caught:
        parse_unit(text)
    assert (caught.value.code, caught.value.help) == ("U101", way_out)


def test_each_refusal_says_what_to_do():
    advice = {"mg/d": "mg/wk", "[IU]/L": "10*9/L", "meq/L": "mmol/L", "K/uL": "10*9/L", "%": "mmol/mol"}
    told = set()
    for source, target in advice.items():
        with pytest.raises(UnitError) as caught:
            conversion(source, target)
        told.add(caught.value.help)
    assert None not in told
    assert len(told) == len(advice)


def test_an_error_survives_pickling():
    error = pickle.loads(pickle.dumps(UnitError("U101", "`x` is not a UCUM unit", "did you mean `y`?")))  # noqa: S301
    assert (error.code, error.message, error.help) == (
        "U101",
        "`x` is not a UCUM unit",
        "did you mean `y`?",
    )


@pytest.mark.parametrize(("text", "code"), READ_AS.items())
def test_aliases_are_read_and_noted(text, code):
    assert parse_unit(text).code == code
    assert alias_note(text) == f"`{text}` was read as `{code}`"
    assert is_ucum(code)


def test_no_alias_changes_what_valid_ucum_means():
    assert [spelling for spelling in ALIASES if is_ucum(spelling)] == []
    assert [code for code in ALIASES.values() if not is_ucum(code)] == []


@pytest.mark.parametrize("code", USUAL)
def test_usual_units_are_read_as_written(code):
    assert parse_unit(code).code == code
    assert alias_note(code) is None
    assert conversion(code, code).factor == 1.0
    assert display(code)


@pytest.mark.parametrize(("code", "words"), READS.items())
def test_a_clinician_reads(code, words):
    assert display(code) == words


KINDS: dict[str, list[str]] = {}
for _code in USUAL:
    KINDS.setdefault(parse_unit(_code).kind, []).append(_code)
PAIRS = st.sampled_from(sorted(KINDS)).flatmap(lambda k: st.tuples(*[st.sampled_from(KINDS[k])] * 2))


@given(PAIRS, st.floats(min_value=-1e6, max_value=1e6))
def test_there_and_back_is_where_it_was(pair, value):
    source, target = pair
    there, back = conversion(source, target), conversion(target, source)
    scale = max(abs(value), abs(there.offset / there.factor), 1e-300)
    assert math.isclose(back.apply(there.apply(value)), value, rel_tol=1e-12, abs_tol=1e-12 * scale)


@given(st.text(max_size=12) | st.text(alphabet="mgLdkuU/.{}[]()*^0123456789 IUweks-+%'", max_size=12))
def test_any_text_is_a_unit_or_a_unit_error(text):
    alias_note(text)
    display(text)
    try:
        unit = parse_unit(text)
    except UnitError as error:
        assert error.code == "U101"  # noqa: PT017 - either outcome is right
    else:
        assert conversion(text, unit.code).factor == 1.0


def test_pint_and_ucum_agree_on_every_unit_but_the_disputed_ones(monkeypatch):
    asked = {}
    monkeypatch.setattr(atoms, "pint_agrees", lambda *question: asked.setdefault(question[0], pint_agrees(*question)))
    monkeypatch.setattr(atoms, "DISPUTED", frozenset())
    atoms.atom.cache_clear()
    for code in atoms.definitions():
        try:
            atoms.atom(code)
        except UnitError:
            # An honest refusal of a disputed unit, or of a unit that is defined by one.
            asked.setdefault(code, False)
    atoms.atom.cache_clear()
    monkeypatch.undo()
    assert len(asked) > 200
    dubious = {code for code, agreed in asked.items() if not agreed}
    assert dubious == set(atoms.DISPUTED)


# What is kept between processes.

ENTRY = {"kg": ("mass", Fraction(1000), Fraction(0))}


def test_units_are_kept_and_recalled(tmp_path):
    file = tmp_path / "new" / "units.json"
    keep(file, ENTRY)
    keep(file, {"Cel": ("temperature", Fraction(1), Fraction("273.15"))})
    assert recall(file) == {**ENTRY, "Cel": ("temperature", Fraction(1), Fraction("273.15"))}
    assert [found.name for found in file.parent.iterdir()] == ["units.json"]


DAMAGE = {
    "empty": lambda _: "",
    "cut short": lambda text: text[:-20],
    "not JSON": lambda _: "\x00\x01",
    "a list": lambda _: "[]",
    "nested without end": lambda _: "[" * 100_000,
    "one digit changed": lambda text: text.replace("1000", "1001"),
    "no seal": lambda text: json.dumps({"units": json.loads(text)["units"]}),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_cache_is_no_cache(tmp_path, damage):
    file = tmp_path / "units.json"
    keep(file, ENTRY)
    file.write_text(damage(file.read_text()))
    assert recall(file) == {}
    keep(file, ENTRY)
    assert recall(file) == ENTRY


@pytest.mark.parametrize(
    "row",
    [
        *(["mass", size, "0"] for size in ("0", "-1", "nan", "inf", "1/0", "1e9999999", 1.0, None)),
        *(["mass", "1", zero] for zero in ("-1", "nan", 0)),
        ["", "1", "0"],
        ["mass", "1"],
        None,
    ],
)
def test_a_sealed_cache_with_an_impossible_unit_is_no_cache(tmp_path, row, monkeypatch):
    monkeypatch.setattr("cds_engine.units.known._seal", lambda _: "sealed")
    file = tmp_path / "units.json"
    file.write_text(json.dumps({"seal": "sealed", "units": {"kg": row}}))
    assert recall(file) == {}


def test_a_cache_that_cannot_be_written_is_no_cache(tmp_path):
    blocked = tmp_path / "a file, not a folder"
    blocked.write_text("")
    keep(blocked / "units.json", ENTRY)
    keep(None, ENTRY)
    assert recall(blocked / "units.json") == recall(None) == {}


ASK = """
import sys
from cds_engine.units import conversion, display, parse_unit
print(conversion("[lb_av]", "kg").factor, parse_unit("mL/min/1.73m2").kind, display("mg/wk"))
print(sorted({"pint", "lark", "ucumvert"} & set(sys.modules)))
"""


def ask_a_fresh_process(cache):
    environment = {**os.environ, "XDG_CACHE_HOME": str(cache)}
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-W", "error", "-c", ASK],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parent.parent,
    )
    assert done.stderr == ""
    return done.stdout.splitlines()


@pytest.mark.skipif(sys.platform != "linux", reason="the cache folder is redirected by XDG_CACHE_HOME")
def test_a_fresh_process_needs_no_library_for_units_it_saw_before(tmp_path):
    answer, libraries = ask_a_fresh_process(tmp_path)
    assert libraries == "['lark', 'pint', 'ucumvert']"
    assert ask_a_fresh_process(tmp_path) == [answer, "[]"]
    for file in tmp_path.rglob("*"):
        if file.is_file():
            file.write_bytes(b"\x80damaged")
    assert ask_a_fresh_process(tmp_path) == [answer, libraries]
    assert ask_a_fresh_process(tmp_path) == [answer, "[]"]


@pytest.mark.skipif(sys.platform != "linux", reason="the cache folder is redirected by XDG_CACHE_HOME")
def test_processes_may_share_the_cache_and_may_do_without(tmp_path):
    blocked = tmp_path / "blocked"
    blocked.write_text("")
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(ask_a_fresh_process, [tmp_path] * 3 + [blocked]))
    assert len({answer for answer, _ in answers}) == 1


def test_threads_may_ask_at_once():
    fresh = [f"{number}.mg/dL" for number in range(2, 42)]
    with ThreadPoolExecutor(8) as pool:
        factors = list(pool.map(lambda code: conversion(code, "mg/dL").factor, fresh * 3))
    assert factors == [float(number) for number in range(2, 42)] * 3


# The published suite.


@pytest.fixture(scope="session")
def suite():
    if "CDS_SUITES" not in os.environ:
        pytest.skip("CDS_SUITES is unset: the 529 validations and 30 conversions of the UCUM suite are not run")
    return ET.parse(Path(os.environ["CDS_SUITES"]) / "ucum" / "UcumFunctionalTests.xml").getroot()  # noqa: S314


def test_suite_validation(suite):
    cases = suite.findall("validation/case")
    wrong = [case.get("id") for case in cases if is_ucum(case.get("unit")) != (case.get("valid") == "true")]
    assert len(cases) == 529
    assert wrong == []


def test_suite_valid_units_are_all_usable(suite):
    for case in suite.findall("validation/case[@valid='true']"):
        assert parse_unit(case.get("unit")).kind
        display(case.get("unit"))


def published(case):
    """Return the answer and half a unit of its last digit: the suite rounds to the digits of its input."""
    outcome = case.get("outcome")
    mantissa, _, exponent = outcome.lower().partition("e")
    decimals = len(mantissa.partition(".")[2]) - int(exponent or 0)
    return float(outcome), 0.5000001 * 10.0**-decimals


def test_suite_conversion_by_physics_and_by_kinds(suite):
    cases = suite.findall("conversion/case")
    assert len(cases) == 30
    for case in cases:
        value, source, target = float(case.get("value")), case.get("srcUnit"), case.get("dstUnit")
        expected, tolerance = published(case)
        for got in (ucum_conversion(value, source, target), conversion(source, target).apply(value)):
            assert got == pytest.approx(expected, abs=tolerance, rel=1e-9), case.get("id")
