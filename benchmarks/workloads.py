"""What is measured side by side: a pack, a table to answer, and the same answers by hand in Python and in SQL."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import by_hand
import duckdb
from jdm import by_hand as jdm_by_hand
from jdm import table as jdm_table

HERE = Path(__file__).parent
AS_OF = date(2026, 11, 21)
UNITS = {
    "height": "cm", "weight": "kg", "creatinine": "mg/dL", "alt": "U/L", "platelets": "10*9/L",
    "neutrophils": "10*9/L", "crp": "mg/L", "ck": "U/L",
}  # fmt: skip
NUMBERS = {
    "age": (0, 90, 1), "height": (60, 200, 1), "weight": (8, 120, 1), "creatinine": (0.3, 2.5, 2), "alt": (5, 200, 0),
    "platelets": (20, 400, 0), "neutrophils": (0.2, 8, 1), "crp": (0, 200, 0), "ck": (20, 9000, 0), "score": (0, 60, 0),
}  # fmt: skip
TRUTHS = {
    "pregnant": 0.1, "infection": 0.1, "fever": 0.2, "liver_disease": 0.05, "recovering": 0.5, "smoker": 0.2,
    "allergic": 0.05, "resistant": 0.3, "ulcers": 0.3, "vaccinated": 0.7,
}  # fmt: skip
CODES = {
    "sex": ("female", "male"),
    "phase": ("new", "flare", "stable", "remission"),
    "severity": ("mild", "moderate", "severe"),
    "response": ("good", "partial", "none"),
}
MISSING = 0.15


@dataclass(frozen=True)
class Workload:
    """One pack with its table, and both ways by hand."""

    pack: str
    units: dict[str, str]
    columns: Callable[[object], dict[str, str]]
    """From the dictionary of facts to the columns of the table, each as SQL over a row number `i`."""
    answer: Callable[[dict], dict]
    """The answer to a row, by column."""
    has_whole_answers: bool
    """Whether both ways by hand give alerts and what is missing too, not statuses and doses alone."""
    query: str
    """The same over the table `patients`, in SQL."""
    prelude: str = ""
    """What the query needs before it."""


def made_up_columns(_: object) -> dict[str, str]:
    """Return made-up patients with typed columns, 15 % of the cells empty."""

    def draw(salt: str) -> str:
        return f"(hash(i, '{salt}') % 1000003) / 1000003.0"

    values = {n: f"round({low} + {draw(n)} * {high - low}, {d})::DOUBLE" for n, (low, high, d) in NUMBERS.items()}
    values |= {name: f"{draw(name)} < {share}" for name, share in TRUTHS.items()}
    values |= {n: f"{list(codes)}[1 + (hash(i, '{n}') % {len(codes)})::INT]" for n, codes in CODES.items()}
    listed = {n: f"CASE WHEN {draw('no ' + n)} >= {MISSING} THEN {v} END" for n, v in values.items()}
    return {"patient": "'p' || i"} | listed


WORKLOADS = {
    "made_up": Workload(
        str(HERE / "made_up"), UNITS, made_up_columns, by_hand.answer, False, (HERE / "by_hand.sql").read_text()
    ),
    "jdm": Workload(
        "jdm_calcinosis", jdm_table.UNITS, jdm_table.columns, jdm_by_hand.answer, True,
        "SELECT * FROM by_hand", (HERE / "jdm" / "by_hand.sql").read_text(),
    ),
}  # fmt: skip


def write_table(workload: Workload, path: Path, rows: int, dictionary: object) -> None:
    """Write *rows* patients as Parquet."""
    listed = ", ".join(f"{value} AS {name}" for name, value in workload.columns(dictionary).items())
    duckdb.connect().execute(f"COPY (SELECT {listed} FROM range({rows}) AS t(i)) TO '{path}' (FORMAT PARQUET)")
