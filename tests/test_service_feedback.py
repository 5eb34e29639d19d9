"""The books of feedback: shared between threads, and honest where the record does not take everything."""

from __future__ import annotations

import threading

import pytest
from hospital import DAILY, draft, jdm_record, order_call, running

from cds_engine.diagnostics import StoreError
from cds_engine.record.entries import BrokenEntryError
from cds_engine.record.store import Store
from cds_engine.service.feedback import InMemory, OnRecord
from cds_engine.service.settings import Settings

SIGN = "/cds-services/jdm-calcinosis-order-sign"
REPORT = {"card": "c1", "outcome": "accepted", "outcomeTimestamp": "2026-11-21T10:00:00Z"}


class Interrupting(str):
    """The name of a service that, while the book looks for it, lets another thread write."""

    __slots__ = ("write",)
    __hash__ = str.__hash__

    def __eq__(self, other):
        thread = threading.Thread(target=self.write, daemon=True)
        thread.start()
        thread.join(0.2)
        return str(self) == str(other)


def test_a_book_can_be_read_while_another_thread_writes():
    book = InMemory()
    book.add("a", "s", [REPORT, {**REPORT, "card": "c2"}])
    name = Interrupting("s")
    names = iter(range(100))
    name.write = lambda: book.add("a", "s", [{**REPORT, "card": f"new-{next(names)}"}])
    assert {"c1", "c2"} <= {report["card"] for report in book.read("a", name)}


def test_feedback_on_a_decision_that_was_changed_is_kept_in_memory(tmp_path, monkeypatch):
    with Store.open(str(tmp_path / "decisions.db")) as store:
        monkeypatch.setattr(store, "feedback", _failing(BrokenEntryError("entry 1 cannot be used")))
        book = OnRecord(store)
        book.add("a", "s", [REPORT])
        assert book.read("a", "s") == [{**REPORT, "rules": []}]


def test_where_only_some_reports_were_stored_nobody_is_told_that_none_was(tmp_path, monkeypatch):
    place = str(tmp_path / "decisions.db")
    with running(Settings(development=True, workers=0, packs=("jdm_calcinosis",), record=place)) as client:
        cards = client.post(SIGN, json=order_call(draft(DAILY), prefetch=jdm_record())).json()["cards"]
        keep, kept = Store.feedback, []

        def once(store, *arguments):
            if kept:
                raise StoreError("the disk is full")
            kept.append(keep(store, *arguments))

        with monkeypatch.context() as patched:
            patched.setattr(Store, "feedback", once)
            reports = {"feedback": [{**REPORT, "card": cards[0]["uuid"]}] * 2}
            answer = client.post(f"{SIGN}/feedback", json=reports)
        assert len(client.get(f"{SIGN}/feedback").json()["feedback"]) == 1
    assert answer.status_code == 503
    assert answer.json()["issue"][0]["details"]["text"] == "not-recorded"
    assert "send all of them again" in answer.json()["issue"][0]["diagnostics"]


def _failing(error):
    def fail(*_):
        raise error

    return fail


@pytest.mark.parametrize("card", ["c1", "c2"])
def test_a_book_knows_the_rules_of_the_cards_it_saw(card):
    book = InMemory()
    book.shown("a", {"c1": ["interval"]})
    assert book.rules("a", card) == (["interval"] if card == "c1" else [])
    assert book.rules("b", card) == []
