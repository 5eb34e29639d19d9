"""The table of invariants, made from the tests that hold them: `python tests/invariant_table.py` writes it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from cds_engine.checker.check import check
from cds_engine.engine.packs import find
from cds_engine.lowering.lower import lower
from cds_engine.pack.invariants import read_invariants

if TYPE_CHECKING:
    from cds_engine.proof.laws import Law

TESTS = Path(__file__).parent
TABLE = TESTS.parent / "docs" / "invariants.md"
COUNT = 48
"""How many invariants the evidence states."""

HEAD = """# Which invariant is tested where

Generated from the tests by `python tests/invariant_table.py`; a test holds it to them. The invariants are numbered
as in the evidence that the JDM pack was written from. In CI the corpus is 20,000 generated patients, answered by both
engines: partial, malformed and contradictory ones, and ones on every threshold. Single tests: `pytest -k inv_07`.

| invariant | what is tested | on whom | test |
| --- | --- | --- | --- |
"""

WHOM = (
    ("holds_for_all(", "the corpus"),
    ("::3]", "a third of the corpus, each changed and answered again by the evaluator"),
    ("::8]", "an eighth of the corpus answered again, a fortieth by a pack loaded anew"),
    (
        "ready_cases(",
        "12 of each 1,000 of the corpus who are ready for the drug, changed and answered by the evaluator",
    ),
    ("@given", "patients that Hypothesis makes"),
    ("for _ in range(", "seeded patients"),
)


PROVED = """
# What is proved for every possible patient

Written in `rules/jdm_calcinosis/invariants.yaml` and proved by `cds-engine prove`; the tests above hold the whole way
from the text of a record to the answer, a proof holds for every record that can be read. Of two patients are proved,
for each drug, action, rule or alert (`cds_engine/proof/laws.py`): INV-17 in its stronger form, INV-18, and that what is
settled stays so when facts are added (below). INV-39 is proved as INV-04, 08, 33 and 35 of displayed doses; that
products lie in the range is tested, and so are the orders of INV-46, the interval in texts of INV-05 and the place of
the alert of INV-06. INV-44 is proved of every contraindication of methotrexate and of those of other drugs that stand
beside them; of every drug it is tested. INV-02, 09 and 14 say that a missing fact is asked for: the answer asks for
what a rule waits for and for nothing else, so this is proved of whoever some rule waits for. INV-31 speaks of JDM that
is confirmed and within the scope. INV-15, 16, 19, 20, 23 to 25, 29, 38, 42, 43, 45 and 47 speak of reading, texts, the
order of an answer or the program: they stay tests.

| proved as | for every patient |
| --- | --- |
"""

SETTLED = """
# What stays as it is when facts are added

Proved of every rule and alert of the JDM pack, for every patient of whom nothing contradicts anything and for whom no
assumption was made: a recommended rule stays recommended, its ready treatments ready and their doses the same; one
that does not apply stays so; a blocked one never comes to be recommended or to wait; an alert that is shown stays. The
facts in the second column make an exception: a condition asks whether they are known.

| rule or alert | unless this is added |
| --- | --- |
"""


def table() -> str:
    """Return the tables that need no proof, as they must stand."""
    tested = "".join(f"| {' | '.join(row)} |\n" for row in sorted(rows()))
    promised, _ = read_invariants(find("jdm_calcinosis"))
    return HEAD + tested + PROVED + "".join(f"| {found.id} | {found.says} |\n" for found in promised.invariants)


def settled(laws: Iterable[Law]) -> str:
    """Return the table of what stays settled, which follows them."""
    return SETTLED + "".join(f"| {law.of} | {', '.join(law.unless)} |\n" for law in laws)


def laws() -> Iterator[Law]:
    """Prove of every rule and alert that it stays settled."""
    from cds_engine.proof.laws import Laws  # noqa: PLC0415 - needs Z3, the tables above do not

    checked, _ = check(find("jdm_calcinosis"))
    assert checked is not None
    guideline = lower(checked)
    names = {spec.rule.id for spec in guideline.rules} | {alert.id for _, alert in guideline.alerts}
    return (law for law in Laws(guideline).run(names) if law.law == "settled")


def rows() -> Iterator[tuple[str, str, str, str]]:
    for file in sorted(TESTS.glob("test_*.py")):
        text = file.read_text(encoding="utf-8")
        for node in ast.parse(text).body:
            if isinstance(node, ast.FunctionDef) and (found := re.match(r"test_inv_(\d\d)_", node.name)):
                first = node.decorator_list[0].lineno - 1 if node.decorator_list else node.lineno
                source = "\n".join(text.splitlines()[first - 1 : node.end_lineno])
                whom = next((says for mark, says in WHOM if mark in source), "single patients")
                says = ast.get_docstring(node) or node.name.split("_", 3)[3].replace("_", " ")
                yield f"INV-{found[1]}", says.splitlines()[0], whom, f"`{file.name}::{node.name}`"


if __name__ == "__main__":
    TABLE.write_text(table() + settled(laws()), encoding="utf-8")
