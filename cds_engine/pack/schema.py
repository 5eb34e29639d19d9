"""JSON Schemas of the pack files, made from the models, so that an editor completes and checks them.

`python -m cds_engine.pack.schema docs/schema` writes them; a test holds the written ones to the models.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from cds_engine.pack.approvals import APPROVALS_FILE, ApprovalsFile
from cds_engine.pack.base import PackModel
from cds_engine.pack.cases import CASES_FILE, CasesFile
from cds_engine.pack.cohort import COHORT_FILE, CohortFile
from cds_engine.pack.invariants import FILE, InvariantsFile
from cds_engine.pack.load import FILES, FOLDERS
from cds_engine.pack.phrases import PHRASES_FILE, PhrasesFile

BESIDE: Mapping[str, type[PackModel]] = {
    APPROVALS_FILE: ApprovalsFile,
    CASES_FILE: CasesFile,
    COHORT_FILE: CohortFile,
    FILE: InvariantsFile,
    PHRASES_FILE: PhrasesFile,
}


def schemas() -> Iterator[tuple[str, str]]:
    """List the file name and the text of each schema."""
    folders = {f"{folder}.yaml": found for folder, found in FOLDERS.items()}
    for name, model in {**FILES, **folders, **BESIDE}.items():
        schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **model.model_json_schema()}
        yield name.replace(".yaml", ".json"), json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def write(folder: Path) -> None:
    """Write every schema into *folder*."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in schemas():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
