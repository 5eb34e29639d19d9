"""The review pages in Chromium: nothing is wider than desktop, phone or paper, and axe-core finds no serious fault.

`make test-pages` installs what it needs from npm (Node.js and Chromium must be there) and runs this; without them it is
skipped.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from datetime import date
from pathlib import Path

import pytest

import cds_engine
from cds_engine.bdd.run import run_features
from cds_engine.review.collect import collect
from cds_engine.review.site import write_site

FOLDER = Path(__file__).parent / "pages"
BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
needs_browser = pytest.mark.skipif(
    BROWSER is None or not (FOLDER / "node_modules").exists(),
    reason="Chromium or its driver is not installed: `make test-pages` says what is missing",
)


def look_at(folder):
    """Return what Chromium finds wrong with the pages in *folder*."""
    command = ["node", str(FOLDER / "look.mjs"), str(BROWSER), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


@needs_browser
@pytest.mark.parametrize("name", ["jdm_calcinosis", "kidney_health_diabetes"])
def test_no_page_is_too_wide_or_hard_to_reach(name, tmp_path):
    pack = cds_engine.load(name)
    files = write_site(collect(pack, run_features(pack), date(2026, 11, 22)), tmp_path)
    found = look_at(tmp_path)
    assert found["faults"] == []
    assert found["pages"] == len(files)
    assert len(found["judged"]) > 1


@needs_browser
def test_a_fault_is_seen(tmp_path):
    """What the other test would not see it could not promise."""
    wide = '<div style="width:2000px">wide</div><img src="data:," ><p style="color:#eee;background:#fff">pale</p>'
    (tmp_path / "page.html").write_text(f"<!doctype html><html lang=en><title>x</title><main>{wide}</main>")
    found = look_at(tmp_path)["faults"]
    assert {fault["look"] for fault in found} == {"desktop", "phone", "print", "axe"}
    assert {"image-alt", "color-contrast"} <= {fault["fault"].split(":")[0] for fault in found}
