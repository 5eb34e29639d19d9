"""The table of invariants is the one that the tests give, and none is without a test."""

from invariant_table import COUNT, SETTLED, TABLE, rows, table


def test_the_table_is_the_generated_one():
    """Its last part, which needs Z3, is held to the proofs in `test_prove.py`."""
    assert TABLE.read_text(encoding="utf-8").split(SETTLED)[0] == table(), "run `python tests/invariant_table.py`"


def test_every_invariant_has_a_test():
    assert {row[0] for row in rows()} == {f"INV-{number:02}" for number in range(1, COUNT + 1)}
