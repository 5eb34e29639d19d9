"""The formula holds two values of a fact to be the same exactly where the patient's reader does."""

from __future__ import annotations

from dataclasses import replace

import pytest

import cds_engine

z3 = pytest.importorskip("z3")

from cds_engine.backends.smt.agreement import agree  # noqa: E402 - once Z3 is known to be there
from cds_engine.backends.smt.arithmetic import Arithmetic  # noqa: E402
from cds_engine.backends.smt.record import rational  # noqa: E402
from cds_engine.backends.smt.values import Number  # noqa: E402

SPEC = cds_engine.load("jdm_calcinosis").guideline.dictionary.facts["egfr"]


@pytest.mark.parametrize("is_share", [True, False], ids=["share", "amount"])
@pytest.mark.parametrize(
    ("first", "second"), [(-1.0, -1.05), (-1.0, -1.2), (-1.0, 1.0), (-0.1, 0.05), (1.0, 1.05), (1.0, 1.2), (0.0, 0.0)]
)
def test_numbers_of_either_sign_agree_in_the_formula_as_in_the_reader(first, second, is_share):
    spec = replace(SPEC, tolerance=0.1, tolerance_is_share=is_share)
    for one, other in ((first, second), (second, first)):
        arithmetic = Arithmetic()
        formula = agree(spec, Number(rational(one)), Number(rational(other)), arithmetic)
        solver = z3.Solver()
        solver.add(*arithmetic.linear, formula != spec.agree(one, other))
        assert solver.check() == z3.unsat
