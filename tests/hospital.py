"""A hospital for the tests: what its system sends to the service, its keys, and the service itself, running."""

from __future__ import annotations

import contextlib
import json
import threading
import time
import uuid
from pathlib import Path

import httpx
import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from fhir_records import bundle, condition, dosage, observation, request

from cds_engine.service.run import server_of

CHILD = {"resourceType": "Patient", "id": "p", "birthDate": "2018-03-01"}
ICD = "http://hl7.org/fhir/sid/icd-10-cm"
CONFIRMED = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-ver-status", "code": "confirmed"}]}
WEEKLY = dosage(15, "mg", frequency=1, period=1, periodUnit="wk")
DAILY = dosage(15, "mg", frequency=1, period=1, periodUnit="d")
MAX_WAIT = 30.0


def draft(*dosages, name="methotrexate", **more):
    """A medication order that is being written."""
    named = {"medicationCodeableConcept": {"text": name}}
    return request("1", *dosages, **{"id": "d1", "status": "draft", **named, **more})


def searchset(*resources, **more):
    found = bundle(*resources, patient=resources[0]) if resources else {"resourceType": "Bundle"}
    return {**found, "type": "searchset", "entry": found.get("entry", [])[1:], **more}


def jdm_record(**more):
    """What a hospital knows of a child with confirmed disease, by prefetch key."""
    now = {"effectiveDateTime": "2026-11-20"}
    return {
        "patient": CHILD,
        "observation": searchset(observation("8302-2", (128, "cm"), **now), observation("29463-7", (26, "kg"), **now)),
        "condition": searchset(condition(ICD, "M33.00", verificationStatus=CONFIRMED)),
        "allergyIntolerance": None,
        "medicationRequest": None,
        "medicationStatement": None,
        **more,
    }


def hook_call(hook="patient-view", prefetch=None, **context):
    """The body of one call."""
    body = {
        "hook": hook,
        "hookInstance": str(uuid.UUID(int=1)),
        "context": {"userId": "Practitioner/a", "patientId": "p", **context},
    }
    return body if prefetch is None else {**body, "prefetch": prefetch}


def order_call(*orders, hook="order-sign", prefetch=None, **context):
    entries = [{"resource": order} for order in orders]
    return hook_call(hook, prefetch, draftOrders={"resourceType": "Bundle", "entry": entries}, **context)


class Keys:
    """The keys of one client system, and the tokens it signs."""

    def __init__(self, kind="EC", kid="k1", issuer="https://ehr.example"):
        self.issuer, self.kid = issuer, kid
        self.private = (
            ec.generate_private_key(ec.SECP384R1()) if kind == "EC" else rsa.generate_private_key(65537, 2048)
        )
        algorithm = jwt.algorithms.ECAlgorithm if kind == "EC" else jwt.algorithms.RSAAlgorithm
        self.public = {**algorithm.to_jwk(self.private.public_key(), as_dict=True), "kid": kid}

    def pem(self):
        encoding, kind = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        return self.private.public_key().public_bytes(encoding, kind)

    def token(self, audience, *, algorithm="ES384", header=None, key=None, **claims):
        """A token as the specification asks; a claim of None is left out."""
        now = int(time.time())
        said = {"iss": self.issuer, "aud": audience, "iat": now, "exp": now + 300, "jti": str(uuid.uuid4()), **claims}
        kept = {name: value for name, value in said.items() if value is not None}
        return jwt.encode(kept, key or self.private, algorithm, {"kid": self.kid, **(header or {})})


def trust_file(folder: Path, *clients, **more):
    """Write the file of issuers with the keys of the clients."""
    listed = {}
    for index, keys in enumerate(clients):
        (folder / f"{index}.json").write_text(json.dumps({"keys": [keys.public]}))
        listed[keys.issuer] = {"jwks": f"{index}.json", **more}
    path = folder / "trust.json"
    path.write_text(json.dumps({"issuers": listed}))
    return path


@contextlib.contextmanager
def running(settings):
    """Run the service on a free port, and give a client of it."""
    _, server = server_of(settings.model_copy(update={"port": 0}))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + MAX_WAIT
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.02)
    assert server.started, "the service did not start"
    port = server.servers[0].sockets[0].getsockname()[1]
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
        yield client
    server.should_exit = True
    thread.join(MAX_WAIT)
