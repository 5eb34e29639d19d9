"""Other versions of a pack: one text of one file written otherwise."""

import shutil
from pathlib import Path

from cds_engine.checker.check import check
from cds_engine.lowering.lower import lower

GOOD = Path(__file__).parent / "corpus" / "packs" / "good"


def changed(folder, file, old, new, pack=GOOD):
    """Copy a pack into *folder*, write *new* in the place of *old* in one file of it, and return that version."""
    shutil.copytree(pack, folder)
    text = (folder / file).read_text(encoding="utf-8")
    assert text.count(old) == 1, text.count(old)
    (folder / file).write_text(text.replace(old, new), encoding="utf-8")
    checked, findings = check(folder)
    assert checked is not None, findings
    return lower(checked)
