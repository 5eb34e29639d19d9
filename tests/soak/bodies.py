"""Bodies as broken programs and malice send them, and the one thing that each must get: an answer or a clear 4xx."""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))  # the hospital of the tests

import httpx
from fhir_records import bundle
from hospital import DAILY, draft, hook_call, jdm_record, order_call, searchset
from mutate import mutated, reshaped

SERVICE = "/cds-services/jdm-calcinosis"
REPORT = {"card": "c", "outcome": "accepted", "outcomeTimestamp": "2026-11-21T10:00Z"}
TAKEN = draft(DAILY, id="m1", status="active", authoredOn="2026-11-01")
RECORD = jdm_record(medicationRequest=searchset(TAKEN))
BODIES = (
    (f"{SERVICE}-patient-view", hook_call(prefetch=RECORD)),
    (f"{SERVICE}-order-sign", order_call(draft(DAILY), draft(DAILY, id="d2"), prefetch=RECORD)),
    (f"{SERVICE}-order-select", order_call(draft(DAILY), hook="order-select", selections=["MedicationRequest/d1"])),
    (f"{SERVICE}-order-sign/feedback", {"feedback": [REPORT]}),
    ("/evaluate", {"pack": "jdm_calcinosis", "patient": {"id": "p", "facts": {"weight": "26 kg"}, "orders": []}}),
    ("/evaluate", {"pack": "jdm_calcinosis", "record": bundle(TAKEN, patient=RECORD["patient"])}),
)


def sent(client: httpx.Client, seed: int) -> str:
    """Send one broken body, and return what became of it.

    Raises:
        AssertionError: If the service failed, or refused without a sentence.
    """
    rng = random.Random(seed)  # noqa: S311 - reproducible, not secret
    path, good = rng.choice(BODIES)
    whole = json.dumps(good).encode()
    body = mutated(whole, rng) if seed % 2 else json.dumps(reshaped(good, rng)).encode()
    answer = client.post(path, content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 200 or 400 <= answer.status_code < 500, (seed, answer.status_code, body[:2000])
    said = answer.json()
    if answer.status_code == 200:
        return "answered"
    assert said["resourceType"] == "OperationOutcome"
    assert said["issue"][0]["diagnostics"]
    return "refused with a sentence"
