"""Processes that write decisions into a store and print each receipt, until they have written enough or are killed.

A line on standard input starts two of them, by forking, so that each lives at once; `gone` says that both have ended.
"""

from __future__ import annotations

import itertools
import json
import os
import sys
from pathlib import Path

import psycopg  # noqa: F401 - as below
import sqlalchemy.dialects.postgresql.psycopg
import sqlalchemy.dialects.sqlite.pysqlite  # noqa: F401 - loaded once, not by every writer

import cds_engine.record.rows  # noqa: F401 - as above
from cds_engine.engine.request import Request
from cds_engine.record.store import Store
from cds_engine.results.evaluation import Evaluation


def write(place, answer, wanted):
    with Store.open(place) as store:
        for count in itertools.count() if wanted is None else range(wanted):
            receipt = store.append(answer, Request({"weight": f"{count + 1} kg"}), names=[f"{os.getpid()}-{count}"])
            os.write(1, f"{receipt}\n".encode())


def child(*work):
    pid = os.fork()
    if pid == 0:
        write(*work)
        os._exit(0)
    return pid


if __name__ == "__main__":
    place, answer_file, wanted = sys.argv[1:]
    answer = Evaluation.model_validate(json.loads(Path(answer_file).read_text()))
    work = (place, answer, int(wanted) if wanted != "for ever" else None)
    for _ in sys.stdin:
        writers = [child(*work), child(*work)]
        os.write(1, f"{writers[0]} {writers[1]}\n".encode())
        for writer in writers:
            os.waitpid(writer, 0)
        os.write(1, b"gone\n")
