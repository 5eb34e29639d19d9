"""Decisions on record: nothing acknowledged is lost, every later change is seen, and the same can be asked again."""

from __future__ import annotations

import itertools
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from datetime import UTC, date, datetime

import postgres_server
import psycopg
import pytest
from scenario_patients import ROOT
from typer.testing import CliRunner

import cds_engine
from cds_engine.cli import app
from cds_engine.diagnostics import InputError, StoreError
from cds_engine.engine.guide import LoadedPack
from cds_engine.engine.request import Request
from cds_engine.record.chain import BEGINNING, Break, Receipt, linked, read_receipt
from cds_engine.record.compare import differences
from cds_engine.record.entries import BrokenEntryError, Decision, Feedback
from cds_engine.record.replay import replay
from cds_engine.record.store import Store, UnknownDecisionError

DAY = "2026-11-21"
CHILD = {"id": "v01", "facts": {"height": "128 cm", "weight": "26 kg", "diagnosis_jdm": "confirmed"}}
RECORD = ROOT / "fixtures/kidney_health_diabetes/records/due.json"
PROGRAMS = postgres_server.programs()
DATABASES = [
    "sqlite",
    pytest.param(
        "postgresql",
        marks=pytest.mark.skipif(PROGRAMS is None, reason="the PostgreSQL server of Debian is not installed"),
    ),
]


@pytest.fixture(scope="module")
def answer(jdm):
    return jdm.evaluate(CHILD, as_of=DAY)


@pytest.fixture(scope="module")
def server():
    with postgres_server.running(PROGRAMS) as address:
        yield address


@pytest.fixture(params=DATABASES)
def place(request, tmp_path):
    """Return where a new store may be: in a file, or in a database that holds none yet."""
    if request.param == "sqlite":
        return str(tmp_path / "decisions.db")
    address = request.getfixturevalue("server")
    with psycopg.connect(address) as connection:
        connection.execute("DROP TABLE IF EXISTS cds_names, cds_entries")
    return address


@pytest.fixture
def store(place):
    with Store.open(place) as opened:
        yield opened


def rows_of(store):
    return list(store._rows.read(1))  # noqa: SLF001 - what lies in the database


def tamper(place, statement, *values):
    """Change a store behind its back, as somebody with access to the database can."""
    if place.startswith("postgresql"):
        with psycopg.connect(place) as connection:
            connection.execute(statement.replace("?", "%s"), values)
        return
    with sqlite3.connect(place) as connection:
        connection.execute(statement, values)
    connection.close()


# What is kept


def test_a_decision_comes_back_as_it_was_given(store, answer):
    receipt = store.append(answer, Request(CHILD, minimum_review="submitted"), names=["card-1", "card-2"])
    found = store.decision(receipt.number)
    assert found.answer == json.loads(answer.model_dump_json(by_alias=True))
    assert found.request == Request(CHILD, date(2026, 11, 21), "clinician", None, "submitted")
    assert (found.pack["id"], found.pack["hash"]) == (answer.pack.id, answer.pack.hash)
    assert found.engine["version"] == answer.engine.version
    assert found == store.decision("card-1") == store.decision("card-2")


def test_the_same_input_has_the_same_hash_in_any_order(store, answer):
    turned = dict(reversed(CHILD.items()))
    first, second = (store.append(answer, Request(patient)) for patient in (CHILD, turned))
    other = store.append(answer, Request({**CHILD, "id": "v02"}))
    hashes = [store.decision(receipt.number).input_hash for receipt in (first, second, other)]
    assert hashes[0] == hashes[1] != hashes[2]
    assert list(store.decision(second.number).request.patient) == ["facts", "id"]  # kept as sent


def test_feedback_is_kept_with_the_decision_it_is_about(place, answer):
    then = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
    with Store.open(place, clock=lambda: then) as store:
        first = store.append(answer, Request(CHILD), names=["card-1"])
        store.append(answer, Request(CHILD))
        store.feedback("card-1", {"outcome": "overridden", "reason": "renal"})
        store.feedback(first.number, {"outcome": "accepted"})
        assert store.feedback_on(1) == [
            Feedback(3, then, 1, {"outcome": "overridden", "reason": "renal"}),
            Feedback(4, then, 1, {"outcome": "accepted"}),
        ]
        assert store.feedback_on(2) == []
        assert [type(entry) for entry in store.read()] == [Decision, Decision, Feedback, Feedback]
        assert [entry.number for entry in store.read(3)] == [3, 4]
        assert store.verify().is_whole


def test_what_nobody_decided_gets_no_feedback(store, answer):
    store.append(answer, Request(CHILD))
    store.feedback(1, {})
    for about in (2, 99, 0, "card-1"):
        with pytest.raises(UnknownDecisionError, match=f"holds no decision `{about}`"):
            store.feedback(about, {"outcome": "accepted"})
    assert store.verify().entries == 2


def test_a_name_stands_for_one_decision(store, answer):
    store.append(answer, Request(CHILD), names=["card-1", "card-1"])
    with pytest.raises(InputError, match="another decision goes by the name `card-1`"):
        store.append(answer, Request(CHILD), names=["card-2", "card-1"])
    assert store.verify().entries == 1
    with pytest.raises(UnknownDecisionError):
        store.decision("card-2")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (float("nan"), "a `float` like this is no JSON"),
        ({1, 2}, "`weight` of `facts` of the patient cannot be recorded: a `set`"),
        ({1: 2}, "a `dict` like this"),
    ],
)
def test_what_could_not_be_asked_again_is_refused(tmp_path, answer, value, said):
    with Store.open(str(tmp_path / "d.db")) as store:
        with pytest.raises(InputError, match=said):
            store.append(answer, Request({"facts": {"weight": value}}))
        deep = []
        for _ in range(100_000):
            deep = [deep]
        with pytest.raises(InputError, match="nested too deeply"):
            store.append(answer, Request({"facts": deep}))
        assert store.verify().entries == 0


def test_days_and_odd_characters_are_kept(store, answer):
    patient = {"id": "Zoë\x00\ud800'; drop", "facts": {"onset": date(2026, 1, 2), "list": ("a", 1)}}
    store.append(answer, Request(patient))
    assert store.verify().is_whole
    kept = store.decision(1).request.patient
    assert kept == {"id": patient["id"], "facts": {"onset": "2026-01-02", "list": ["a", 1]}}


# The chain


@pytest.fixture
def written(place, answer):
    with Store.open(place) as store:
        for count in range(4):
            store.append(answer, Request({"weight": f"{count} kg"}), names=[f"card-{count + 1}"])
        store.feedback(2, {"outcome": "accepted"})
        found = store.verify()
        assert found.is_whole
        assert found.entries == 5
        assert found.last.number == 5
    return place


OTHER = BEGINNING.replace("0", "1")
CHANGES = {
    "an answer": ("UPDATE cds_entries SET body = replace(body, 'needs_data', 'recommended') WHERE number = 2", 2),
    "an input": ("UPDATE cds_entries SET body = replace(body, '1 kg', '9 kg') WHERE number = 2", 2),
    "feedback": ("UPDATE cds_entries SET body = replace(body, 'accepted', 'overridden') WHERE number = 5", 5),
    "a hash": (f"UPDATE cds_entries SET hash = '{BEGINNING}' WHERE number = 2", 2),
    "a link": (f"UPDATE cds_entries SET previous = '{OTHER}' WHERE number = 2", 2),
    "what feedback is about": ("UPDATE cds_entries SET about = 1 WHERE number = 5", 5),
    "a name": ("UPDATE cds_names SET number = 1 WHERE name = 'card-3'", 1),
    "no name": ("DELETE FROM cds_names WHERE name = 'card-3'", 3),
    "an entry gone": ("DELETE FROM cds_entries WHERE number = 3", 4),
    "an entry moved": ("UPDATE cds_entries SET number = 7 WHERE number = 5", 7),
    "an entry of the same text": (
        f"INSERT INTO cds_entries SELECT 6, about, body, '{OTHER}', hash FROM cds_entries WHERE number = 5",
        6,
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_every_later_change_is_seen(written, change):
    statement, number = CHANGES[change]
    if "entry gone" in change:
        tamper(written, "DELETE FROM cds_names WHERE number = 3")
    tamper(written, statement)
    with Store.open(written) as store:
        found = store.verify()
    assert not found.is_whole
    assert found.breaks[0].number == number


def test_an_entry_forged_with_its_hash_breaks_the_next_one(written):
    with Store.open(written) as store:
        rows = rows_of(store)
    forged = linked(Receipt(1, rows[0].hash), None, rows[1].body.replace("1 kg", "9 kg"))
    tamper(written, "UPDATE cds_entries SET body = ?, hash = ? WHERE number = 2", forged.body, forged.hash)
    with Store.open(written) as store:
        reasons = [(place.number, place.reason) for place in store.verify().breaks]
    assert reasons[-1] == (3, "it does not follow the entry before it, which was changed or replaced")


def test_a_receipt_shows_what_the_chain_cannot(written):
    with Store.open(written) as store:
        kept = store.verify().last
    tamper(written, "DELETE FROM cds_entries WHERE number = 5")
    with Store.open(written) as store:
        assert store.verify().is_whole
        assert store.verify(kept).breaks == (Break(5, "there is a receipt for it, and it is gone"),)
        store.feedback(2, {"outcome": "something else"})
        assert store.verify().is_whole
        assert store.verify(kept).breaks == (Break(5, "its hash is not that of the receipt"),)
        assert store.verify(store.verify().last).is_whole


def test_a_changed_entry_is_never_shown_as_a_decision(written):
    tamper(written, *CHANGES["an answer"][:1])
    with Store.open(written) as store:
        entries = list(store.read())
        assert [type(entry) for entry in entries] == [Decision, Break, Decision, Decision, Feedback]
        with pytest.raises(BrokenEntryError, match="entry 2 cannot be used: it is not what was stored"):
            store.decision(2)


def test_a_receipt_is_read_as_it_is_printed():
    receipt = Receipt(17, BEGINNING)
    assert read_receipt(str(receipt)) == receipt
    for wrong in ("", "17", "sha256:00", "x:sha256:00", "²:sha256:00"):
        with pytest.raises(InputError, match="is no receipt"):
            read_receipt(wrong)


# Many writers, and writers that die


@contextmanager
def writers(place, answer_file, wanted):
    """Give the process that starts pairs of writers."""
    command = [sys.executable, ROOT / "tests/record_writer.py", place, answer_file, str(wanted)]
    with subprocess.Popen(  # noqa: S603 - ours
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    ) as running:
        yield running
        running.stdin.close()
        assert running.wait(60) == 0


def lines_until_gone(running):
    return list(itertools.takewhile(lambda line: line != "gone", (line.rstrip("\n") for line in running.stdout)))


@pytest.fixture
def answer_file(tmp_path, answer):
    small = answer.model_copy(update={"recommendations": answer.recommendations[:3]})
    file = tmp_path / "answer.json"
    file.write_text(small.model_dump_json(by_alias=True))
    return str(file)


def test_threads_and_processes_write_one_chain(place, answer, answer_file):
    receipts = []
    with writers(place, answer_file, 15) as running:
        running.stdin.write("\n")  # before the store is there: they make it together
        with Store.open(place) as store:

            def write(count):
                for turn in range(5):
                    receipts.append(str(store.append(answer, Request(CHILD), names=[f"{count}-{turn}"])))
                    store.feedback(f"{count}-{turn}", {})

            threads = [threading.Thread(target=write, args=(count,)) for count in range(6)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        receipts += [line for line in lines_until_gone(running) if "sha256" in line]
    with Store.open(place) as store:
        found = store.verify()
        assert found.is_whole
        assert found.entries == 2 * 15 + 6 * 5 * 2
        assert len(receipts) == len(set(receipts)) == 2 * 15 + 6 * 5
        stored = {row.number: row.hash for row in rows_of(store)}
    assert all(stored[receipt.number] == receipt.hash for receipt in map(read_receipt, receipts))


LIVES = 25


def test_killed_writers_lose_nothing_that_was_acknowledged(place, answer_file):
    chance = random.Random(20261121)  # noqa: S311 - no secret
    acknowledged = []
    with writers(place, answer_file, "for ever") as running:
        for _ in range(LIVES):
            running.stdin.write("\n")
            line = running.stdout.readline()
            while "sha256" in line:
                acknowledged.append(line.strip())
                line = running.stdout.readline()
            acknowledged.append(running.stdout.readline().strip())  # they write
            time.sleep(chance.uniform(0, 0.03))
            for pid in line.split():
                os.kill(int(pid), signal.SIGKILL)
            acknowledged += lines_until_gone(running)
    with Store.open(place) as store:
        assert store.verify().is_whole
        stored = {str(Receipt(row.number, row.hash)) for row in rows_of(store)}
    assert len(acknowledged) >= LIVES
    assert set(acknowledged) <= stored


def test_a_writer_that_fails_halfway_leaves_nothing(place, answer, monkeypatch):
    with Store.open(place) as store:
        store.append(answer, Request(CHILD))
        with monkeypatch.context() as broken:
            broken.setattr("cds_engine.record.rows.NAMES", None)
            with pytest.raises(AttributeError):
                store.append(answer, Request(CHILD), names=["card"])
        assert store.verify().entries == 1
        assert store.append(answer, Request(CHILD), names=["card"]).number == 2


def test_a_decision_is_on_the_disk_before_it_is_acknowledged(place):
    settings = {"PRAGMA synchronous": 2, "PRAGMA journal_mode": "wal"}  # 2 is FULL
    if place.startswith("postgresql"):
        place += "?options=-c%20synchronous_commit%3Doff"
        settings = {"SHOW synchronous_commit": "on"}
    with Store.open(place) as store, store._rows.turn() as turn:  # noqa: SLF001 - what the database was told
        found = {asked: turn._connection.exec_driver_sql(asked).scalar() for asked in settings}  # noqa: SLF001
    assert found == settings


# Asked again


def test_the_same_pack_answers_the_same(store, jdm):
    requests = [
        Request(CHILD, date(2026, 11, 21), "patient_or_caregiver", None, "approved"),
        Request({"weight": 26, "nonsense": 1}),
        Request({**CHILD, "as_of": DAY, "orders": [{"drug": "methotrexate"}], "audience": "patient_or_caregiver"}),
    ]
    for request in requests:
        store.append(request.ask(jdm), request)
    kidneys = cds_engine.load("kidney_health_diabetes", value_sets=RECORD.parent.parent / "value_sets")
    bundle = json.loads(RECORD.read_text())
    for patient in (bundle, [entry["resource"] for entry in bundle["entry"]]):
        request = Request(patient, date(2025, 12, 31), period="2025")
        store.append(request.ask(kidneys), request)
    for entry in store.read():
        found = replay(entry, kidneys if entry.pack["id"] == kidneys.id else jdm)
        assert found.is_same, found
        assert (found.other_pack, found.other_value_sets, found.other_engine) == (None, False, None)
    without = replay(entry, cds_engine.load("kidney_health_diabetes"))
    assert without.other_value_sets
    assert "problem" in {difference.part for difference in without.differences}


@pytest.fixture(scope="module")
def changed(tmp_path_factory):
    """Return the pack with another lower end of a dose."""
    folder = tmp_path_factory.mktemp("packs") / "jdm_calcinosis"
    shutil.copytree(ROOT / "rules/jdm_calcinosis", folder)
    regimens = folder / "regimens.yaml"
    text = regimens.read_text()
    assert "range: 15 to 20 mg/m2" in text
    regimens.write_text(text.replace("range: 15 to 20 mg/m2", "range: 14 to 20 mg/m2"))
    return cds_engine.load(folder)


def test_what_another_version_answers_otherwise_is_told(store, jdm, changed):
    patient = json.loads((ROOT / "fixtures/patients/v01-new-onset-girl-8.json").read_text())
    request = Request(patient, date(2026, 11, 21))
    store.append(request.ask(jdm), request)
    found = replay(store.decision(1), changed)
    assert not found.is_same
    assert "was jdm_calcinosis 0.1.0 (sha256:" in found.other_pack
    told = {(d.part, d.of): (d.before, d.now) for d in found.differences}
    assert told["dose", "start-methotrexate"] == ("14.42 to 19.23 mg per week", "13.46 to 19.23 mg per week")


def test_another_engine_and_no_answer_are_told(store, jdm, monkeypatch):
    request = Request(CHILD, date(2026, 11, 21), minimum_review="approved")
    store.append(request.ask(jdm), request)
    alone = LoadedPack(jdm.guideline, deciders={})
    found = replay(store.decision(1), alone)
    assert found.other_engine == "was agreed by evaluator and durable_rules, is by evaluator"
    monkeypatch.setattr("cds_engine.record.replay.VERSION", "0.2.0")
    assert replay(store.decision(1), jdm).other_engine == "was 0.1.0, is 0.2.0"
    monkeypatch.setattr(LoadedPack, "evaluate", lambda *_, **__: (_ for _ in ()).throw(InputError("not any more")))
    assert replay(store.decision(1), jdm).failure == "not any more"
    assert not replay(store.decision(1), jdm).is_same


def changes_of(value, path=()):
    """Return every answer that differs from this one in one value, one key or the order of one list."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from (({**value, key: other}) for other in changes_of(item, (*path, key)))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from ([*value[:index], other, *value[index + 1 :]] for other in changes_of(item, (*path, index)))
        if value and value[0] != value[-1]:
            yield value[::-1]
        yield [*value, value[-1] if value else "new"]
    else:
        yield "changed"


def test_no_difference_between_two_answers_is_silent(answer):
    full = json.loads(answer.model_dump_json(by_alias=True))
    small = {**full, "recommendations": full["recommendations"][:1], "questions": full["questions"][:2]}
    seen = 0
    for other in changes_of({key: small[key] for key in small if key not in ("schema", "pack", "engine")}):
        changed = {**other, **{key: small[key] for key in ("schema", "pack", "engine")}}
        try:
            found = differences(small, changed)
        except (TypeError, KeyError, AttributeError):  # a shape that no answer has
            continue
        assert found, other
        seen += 1
    assert seen > 100
    assert differences(small, json.loads(json.dumps(small))) == []


# The command line


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_the_command_line_records_and_asks_again(place):
    files = sorted((ROOT / "fixtures/patients").glob("v0[12]*.json"))
    found = run("evaluate", *files, "--record", place, "--as-of", DAY, "--format", "json")
    assert found.exit_code == 0, found.stderr
    assert len(found.stdout.splitlines()) == 2
    receipt = found.stderr.strip().rpartition(" ")[2]
    assert "2 answers recorded in" in found.stderr
    assert read_receipt(receipt).number == 2
    again = run("replay", place)
    assert again.exit_code == 0
    assert again.stdout.splitlines()[-1] == "2 decisions asked again, 0 with another answer"
    verified = run("replay", place, "--verify", "--kept", receipt)
    assert (verified.exit_code, verified.stdout) == (0, f"whole: entries 2; the last receipt is {receipt}\n")
    only = run("replay", place, "2", "--format", "json")
    assert json.loads(only.stdout) == {
        "number": 2, "outcome": "same", "reason": None, "pack": None, "other_value_sets": False, "engine": None,
        "differences": [],
    }  # fmt: skip
    tamper(place, CHANGES["an answer"][0].replace("needs_data", "blocked"))
    broken = run("replay", place, "--verify", "--format", "json")
    assert broken.exit_code == 1
    assert [place["number"] for place in json.loads(broken.stdout)["breaks"]] == [2]
    assert run("replay", place).exit_code == 1
    assert "secret" not in verified.stdout


def test_an_answer_that_cannot_be_kept_is_not_given(tmp_path, monkeypatch):
    patient = ROOT / "fixtures/patients/v01-new-onset-girl-8.json"

    def full(*_, **__):
        raise StoreError("the store is full")

    monkeypatch.setattr(Store, "append", full)
    found = run("evaluate", patient, "--record", tmp_path / "d.db", "--format", "json")
    assert (found.exit_code, found.stdout) == (3, "")
    assert "no answer for this patient: the store is full" in found.stderr


def test_wrong_use_is_one_sentence(tmp_path, place, answer):
    (tmp_path / "text.db").write_text("not a database, but long enough to be looked at as one" * 30)
    tmp_path.joinpath("folder").mkdir()
    with Store.open(place) as store:
        store.append(answer.model_copy(update={"pack": answer.pack.but(id="gone")}), Request(CHILD))
    cases = [
        (("replay", tmp_path / "absent.db"), 2, "there is no store"),
        (("replay", tmp_path / "text.db"), 2, "cannot be opened: file is not a database"),
        (("replay", tmp_path / "folder", "--verify"), 2, "there is no store"),
        (("replay", "mysql://a/b"), 2, "not `mysql`"),
        (("replay", "nonsense://a"), 2, "not `nonsense`"),
        (("replay", "://"), 2, "is no store"),
        (("replay", "sqlite://"), 2, "in memory"),
        (("replay", "postgresql://u:secret@127.0.0.1:1/x"), 2, "cannot be opened"),
        (("replay", place, "7"), 2, "holds no decision `7`"),
        (("replay", place, "--verify", "--kept", "x"), 2, "is no receipt"),
        (("replay", place, "--kept", "x"), 2, "goes with `--verify`"),
        (("replay", place), 2, "`gone`, which is not installed"),
        (
            ("evaluate", ROOT / "fixtures/patients/v01-new-onset-girl-8.json", "--record", tmp_path / "a/b.db"),
            2,
            "opened",
        ),
    ]
    for arguments, status, said in cases:
        found = run(*arguments)
        assert (found.exit_code, said in found.stderr) == (status, True), (arguments, found.stderr)
        assert len(found.stderr.splitlines()) == 1
        assert "secret" not in found.stderr
    assert run("replay", place, "--pack", "jdm_calcinosis").exit_code == 0


def test_the_file_of_a_store_is_its_owners_alone(tmp_path):
    Store.open(str(tmp_path / "d.db")).close()
    assert (tmp_path / "d.db").stat().st_mode & 0o777 == 0o600


def test_without_sqlalchemy_there_is_a_way_out(tmp_path, monkeypatch):
    monkeypatch.setattr("cds_engine.record.store.find_spec", lambda _: None)
    with pytest.raises(InputError, match=r"pip install 'cds_engine\[record\]'"):
        Store.open(str(tmp_path / "d.db"))
