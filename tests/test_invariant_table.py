"""The table of invariants is the one that the tests give, and none is without a test."""

from invariant_table import COUNT, TABLE, rows, table


def test_the_table_is_the_generated_one():
    assert TABLE.read_text(encoding="utf-8") == table(), "run `python tests/invariant_table.py`"


def test_every_invariant_has_a_test():
    assert {row[0] for row in rows()} == {f"INV-{number:02}" for number in range(1, COUNT + 1)}
