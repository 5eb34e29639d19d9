"""Whatever is sent: an answer or a clear 4xx, never a 500, and the service goes on answering."""

from __future__ import annotations

import json

import pytest
import schemathesis
from bodies import sent
from hospital import DAILY, draft, hook_call, jdm_record, order_call, running
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from cds_engine.service.settings import Settings

BODIES = 200
EXAMPLES = 8
SIGN = "/cds-services/jdm-calcinosis-order-sign"


@pytest.fixture(scope="module")
def client():
    with running(Settings(development=True, workers=0, packs=("jdm_calcinosis",))) as found:
        yield found
        assert found.post(SIGN, json=order_call(draft(DAILY), prefetch=jdm_record())).json()["cards"], "it went down"


def test_broken_bodies_are_refused_with_a_sentence(client):
    """`make soak` sends 10,000."""
    outcomes = {sent(client, seed) for seed in range(BODIES)}
    assert outcomes == {"answered", "refused with a sentence"}


@pytest.mark.parametrize(
    "text",
    [
        b"", b" ", b"\xff\xfe", b"null", b"[]", b"3", b'"a"', b"{", b"{}", b'{"a": NaN}', b'{"a": Infinity}',
        b'{"hook": "order-sign", "hook": "order-sign"}', b'{"a": "\\ud800"}', b'{"a": ' + b"9" * 5000 + b"}",
        b"[" * 100_000, b'{"a":' * 1000 + b"1" + b"}" * 1000, b"\xef\xbb\xbf{}", b"\x00",
        json.dumps({**hook_call(), "prefetch": []}).encode(), json.dumps({**hook_call(), "context": None}).encode(),
    ],
)  # fmt: skip
def test_what_is_no_request_is_refused(client, text):
    answer = client.post(SIGN, content=text, headers={"content-type": "application/json"})
    assert answer.status_code in {400, 413}
    assert answer.json()["issue"][0]["diagnostics"]


@pytest.mark.parametrize("number", ["1e400", "-1e400", "1e-400", "123456789012345678901234567890", "0.1e1", "-0"])
def test_strange_numbers_are_answered(client, number):
    body = json.dumps(order_call(draft(DAILY), prefetch=jdm_record())).replace("15", number)
    answer = client.post(SIGN, content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 200
    json.loads(answer.text, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))


def test_the_description_of_the_service_holds(client):
    """Schemathesis makes requests from the OpenAPI; no operation may fail on any of them."""
    schema = schemathesis.openapi.from_dict(client.get("/openapi.json").json())
    schema.config.update(base_url=str(client.base_url))
    assert len([_try(operation.ok()) for operation in schema.get_all_operations()]) >= 8


def _try(operation):
    quick = settings(
        max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip

    @quick
    @given(case=operation.as_strategy(), known=st.booleans())
    def call(case, known):
        if known and "service_id" in (case.path_parameters or {}):
            case.path_parameters["service_id"] = "jdm-calcinosis-order-sign"
        response = case.call()
        assert response.status_code < 500, (case.method, case.path, response.status_code, response.text)

    call()
    return operation.label
