"""The service over HTTP: discovery, hooks, feedback, REST and what watches it."""

from __future__ import annotations

import json
import os
import sqlite3
from pathlib import Path

import jsonschema
import pytest
from hospital import CHILD, DAILY, draft, hook_call, jdm_record, order_call, running
from typer.testing import CliRunner

from cds_engine.cli import app
from cds_engine.record.store import Store
from cds_engine.service.settings import Settings

SUITE = Path(os.environ.get("CDS_SUITES", "")) / "cds-hooks"
NEEDS_SUITE = pytest.mark.skipif(not SUITE.is_dir(), reason="CDS_SUITES does not name the published requests")
SIGN = "/cds-services/jdm-calcinosis-order-sign"
FEEDBACK = {
    "card": "c1",
    "outcome": "overridden",
    "overrideReason": {"reason": {"code": "disagree", "system": "urn:x"}, "userComment": "seen"},
    "outcomeTimestamp": "2026-11-21T10:00:00Z",
}


@pytest.fixture(scope="module")
def client():
    with running(Settings(development=True, workers=0)) as found:
        yield found


def published(name):
    return json.loads((SUITE / f"{name}_hook_request.json").read_text())


def test_discovery_lists_each_hook_with_what_it_needs(client):
    services = client.get("/cds-services").json()["services"]
    assert {"patient-view", "order-select", "order-sign"} <= {service["hook"] for service in services}
    for service in services:
        assert {"hook", "title", "description", "id", "prefetch"} <= set(service)
        assert all(isinstance(query, str) for query in service["prefetch"].values())


def test_a_pack_that_lacks_its_value_sets_is_not_offered(client):
    """Without the codes it could not tell present from absent."""
    assert all("kidney" not in service["id"] for service in client.get("/cds-services").json()["services"])


@NEEDS_SUITE
@pytest.mark.parametrize("name", ["order_sign", "order_select", "encounter_start"])
def test_published_requests_go_through(client, name):
    body = published(name)
    patient = json.loads((SUITE / "crd_patient_example.json").read_text())
    answer = client.post(
        f"/cds-services/jdm-calcinosis-{body['hook']}", json={**body, "prefetch": {"patient": patient}}
    )
    assert answer.status_code == 200
    assert answer.json()["cards"]


@NEEDS_SUITE
def test_published_orders_go_through_without_a_record(client):
    """They hold what is to be screened; of an encounter alone there is nothing to say."""
    answers = [client.post(SIGN.replace("order-sign", published(n)["hook"]), json=published(n)) for n in
               ("order_sign", "order_select", "encounter_start")]  # fmt: skip
    assert [answer.status_code for answer in answers] == [200, 200, 412]
    assert answers[2].json()["resourceType"] == "OperationOutcome"


def test_a_hook_at_the_address_of_another_is_refused(client):
    assert client.post(SIGN, json=hook_call(prefetch=jdm_record())).status_code == 400


def test_unknown_services_and_addresses_are_told(client):
    for path in ("/cds-services/nowhere", "/nowhere"):
        answer = client.post(path, json=hook_call())
        assert (answer.status_code, answer.json()["resourceType"]) == (404, "OperationOutcome")
    assert client.delete("/cds-services").status_code == 405


def test_feedback_is_kept_and_read_with_the_rules_of_the_card(client):
    card = client.post(SIGN, json=order_call(draft(DAILY), prefetch=jdm_record())).json()["cards"][0]
    report = {**FEEDBACK, "card": card["uuid"]}
    for _ in range(2):  # a repeat is tolerated
        assert client.post(f"{SIGN}/feedback", json={"feedback": [report]}).status_code == 200
    kept = [one for one in client.get(f"{SIGN}/feedback").json()["feedback"] if one["card"] == card["uuid"]]
    assert len(kept) == 1
    assert kept[0]["outcome"] == "overridden"
    assert kept[0]["overrideReason"]["userComment"] == "seen"
    assert "interval" in kept[0]["rules"]


@pytest.mark.parametrize("change", [{"outcome": "perhaps"}, {"card": ""}, {"outcomeTimestamp": "soon"}])
def test_feedback_that_says_nothing_is_refused(client, change):
    assert client.post(f"{SIGN}/feedback", json={"feedback": [{**FEEDBACK, **change}]}).status_code == 400
    assert client.post(f"{SIGN}/feedback", json={"feedback": []}).status_code == 400


def test_rest_gives_the_answer_of_the_library(client, jdm):
    facts = {"height": "128 cm", "weight": "26 kg", "diagnosis_jdm": "confirmed"}
    body = {"pack": "jdm_calcinosis", "patient": {"id": "a", "facts": facts}, "as_of": "2026-11-21"}
    answer = client.post("/evaluate", json=body)
    assert answer.json() == json.loads(jdm.evaluate(facts, id="a", as_of="2026-11-21").model_dump_json())


@pytest.mark.parametrize(
    ("wishes", "day", "audience"),
    [
        ({}, "2020-02-03", "patient_or_caregiver"),
        ({"as_of": "2026-11-21"}, "2026-11-21", "patient_or_caregiver"),
        ({"audience": "clinician"}, "2020-02-03", "clinician"),
    ],
)
def test_rest_answers_for_the_day_and_reader_that_the_patient_names(client, wishes, day, audience):
    """Unless the request itself names others."""
    patient = {"facts": {"weight": "26 kg"}, "as_of": "2020-02-03", "audience": "patient_or_caregiver"}
    answer = client.post("/evaluate", json={"pack": "jdm_calcinosis", "patient": patient, **wishes}).json()
    assert (answer["as_of"], answer["audience"]) == (day, audience)


def test_rest_reads_records(client):
    record = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": CHILD}]}
    answer = client.post("/evaluate", json={"pack": "jdm_calcinosis", "record": record, "as_of": "2026-11-21"})
    assert answer.json()["patient"] == "p"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"pack": "jdm_calcinosis"},
        {"pack": "nowhere", "patient": {}},
        {"patient": {}},
        {"pack": "jdm_calcinosis", "patient": {}, "record": {}},
        {"pack": "jdm_calcinosis", "record": {}},
        {"pack": "jdm_calcinosis", "patient": {"resourceType": "Patient"}},
        {"pack": "jdm_calcinosis", "patient": {"facts": 3}},
        {"pack": "jdm_calcinosis", "patient": {}, "audience": "nobody"},
        {"pack": "jdm_calcinosis", "patient": {}, "as_of": "soon"},
        {"pack": "jdm_calcinosis", "patient": {"facts": {}, "as_of": "soon"}},
        {"pack": "jdm_calcinosis", "patient": {"facts": {}, "as_of": 7}},
        {"pack": "jdm_calcinosis", "patient": {"facts": {}, "as_of": ""}},
        {"pack": "jdm_calcinosis", "patient": {"facts": {}, "audience": "nobody"}},
        {"pack": "jdm_calcinosis", "patient": {}, "further": 1},
    ],
)
def test_rest_refuses_what_it_cannot_answer(client, body):
    answer = client.post("/evaluate", json=body)
    assert answer.status_code == 400
    assert answer.json()["issue"][0]["diagnostics"]


def test_health_and_metrics_say_what_goes_on(client):
    assert client.get("/health").json()["status"] == "ok"
    client.post(SIGN, json=order_call(draft(DAILY), prefetch=jdm_record()))
    text = client.get("/metrics").text
    assert 'cds_engine_cards_total{indicator="critical",service="jdm-calcinosis-order-sign"}' in text
    assert 'cds_engine_requests_total{endpoint="/cds-services/{service_id}",status="200"}' in text


def test_openapi_comes_from_the_models(client):
    found = client.get("/openapi.json").json()
    schemas = found["components"]["schemas"]
    assert {"OrderRequest", "SelectRequest", "Card", "Evaluation", "OperationOutcome"} <= set(schemas)
    for schema in schemas.values():
        jsonschema.Draft202012Validator.check_schema(schema)
    body = order_call(draft(DAILY), prefetch=jdm_record())
    jsonschema.validate(body, {"$ref": "#/components/schemas/OrderRequest", "components": found["components"]})
    cards = client.post(SIGN, json=body).json()
    jsonschema.validate(cards, {"$ref": "#/components/schemas/Cards", "components": found["components"]})


def test_every_answer_is_on_record_before_it_is_given(tmp_path, jdm):
    """With its orders, so that asking again asks the same; feedback stands beside it, and outlives the service."""
    place = str(tmp_path / "decisions.db")
    settings = Settings(development=True, workers=0, packs=("jdm_calcinosis",), record=place)
    with running(settings) as found:
        cards = found.post(SIGN, json=order_call(draft(DAILY), prefetch=jdm_record())).json()["cards"]
        found.post("/evaluate", json={"patient": {"facts": {"weight": "26 kg"}}})
        report = {**FEEDBACK, "card": cards[0]["uuid"]}
        assert found.post(f"{SIGN}/feedback", json={"feedback": [report, FEEDBACK]}).status_code == 200
    with Store.open(place) as store:
        decision = store.decision(cards[0]["uuid"])
        assert set(decision.names) == {card["uuid"] for card in cards}
        assert decision.answer["screened"][0]["findings"]
        again = json.loads(decision.request.ask(jdm).model_dump_json())
        assert again == decision.answer
        assert [said.said["outcome"] for said in store.feedback_on(decision.number)] == ["overridden"]
        assert store.verify().is_whole
    with running(settings) as found:
        [kept] = found.get(f"{SIGN}/feedback").json()["feedback"]
        assert (kept["card"], "interval" in kept["rules"]) == (report["card"], True)


def test_an_answer_that_cannot_be_kept_is_not_given(tmp_path):
    place = tmp_path / "decisions.db"
    settings = Settings(development=True, workers=0, packs=("jdm_calcinosis",), record=str(place))
    with running(settings) as found:
        with sqlite3.connect(place) as database:
            for (table,) in list(database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")):
                database.execute(f'DROP TABLE "{table}"')
        answer = found.post(SIGN, json=order_call(draft(DAILY), prefetch=jdm_record()))
    assert (answer.status_code, answer.json()["issue"][0]["details"]["text"]) == (503, "not-recorded")


def test_answers_are_made_in_processes_that_may_die():
    """A dead worker costs one answer with a clear status, and the next request is answered by a new one."""
    with running(Settings(development=True, workers=1, packs=("jdm_calcinosis",))) as found:
        body = order_call(draft(DAILY), prefetch=jdm_record())
        assert found.post(SIGN, json=body).status_code == 200
        for child in _children(os.getpid()):
            os.kill(child, 9)
        assert found.post(SIGN, json=body).status_code in {200, 503}
        assert found.post(SIGN, json=body).status_code == 200


def test_an_answer_that_takes_too_long_is_broken_off_and_the_next_is_right():
    """Broken off in the middle, an engine may hold half a patient: it must not meet the next one."""
    settings = Settings(development=True, workers=1, packs=("jdm_calcinosis",), most_seconds=2)
    lines = [{"drug": "methotrexate", "dose": f"{index + 1} mg", "per": "week"} for index in range(12_000)]
    small = {"patient": {"id": "a", "facts": {"weight": "26 kg"}}, "as_of": "2026-11-21"}
    with running(settings) as found:
        before = found.post("/evaluate", json=small).json()
        late = found.post("/evaluate", json={"patient": {"facts": {"current_medications": lines}}})
        assert (late.status_code, late.json()["issue"][0]["details"]["text"]) == (503, "took-too-long")
        assert found.post("/evaluate", json=small).json() == before


@pytest.mark.parametrize(
    ("name", "said"), [("nowhere", "there is no pack `nowhere`"), ("bad", "see `cds-engine check`")]
)
def test_a_pack_that_cannot_be_used_is_told_before_the_start(tmp_path, monkeypatch, name, said):
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "pack.yaml").write_text("id: bad\n")
    monkeypatch.chdir(tmp_path)
    ended = CliRunner().invoke(app, ["serve", name, "--development", "--workers", "0"])
    assert ended.exit_code == 2
    assert said in ended.output


def _children(process):
    """Return the workers among the child processes."""
    listed = []
    for folder in Path("/proc").glob("[0-9]*"):
        stat = (folder / "stat").read_text() if (folder / "stat").exists() else ""
        if stat and int(stat.rpartition(")")[2].split()[1]) == process:
            command = (folder / "cmdline").read_text()
            listed += [int(folder.name)] if "spawn_main" in command else []
    return listed
