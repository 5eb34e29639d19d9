"""Secure unless told otherwise: tokens, origins, limits, headers, and nothing of a patient where it does not belong."""

from __future__ import annotations

import datetime as dt
import json
import logging
import ssl
import time
from pathlib import Path

import httpx
import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hospital import CHILD, DAILY, Keys, draft, hook_call, jdm_record, order_call, running, trust_file
from pydantic import ValidationError

from cds_engine.service.refusals import Refusal
from cds_engine.service.run import SettingsError, banner, settings_from
from cds_engine.service.settings import Settings
from cds_engine.service.trust import Trust, TrustError

BASE = "https://cds.example"
SERVICES = f"{BASE}/cds-services"
SMALL = str(Path(__file__).parent / "corpus" / "packs" / "good")
SIGN = "/cds-services/jdm-calcinosis-order-sign"
PLANTED = ("Zaphod", "Q-774411", "1999-12-31", "zaphod@heartofgold.example", "TOKEN-5E1F")


@pytest.fixture(scope="module")
def ehr():
    return Keys()


@pytest.fixture
def trust(ehr, tmp_path):
    return Trust(trust_file(tmp_path, ehr), most_token_seconds=3600)


@pytest.fixture(scope="module")
def guarded(ehr, tmp_path_factory):
    """Return a client of a service that asks for tokens, with small limits."""
    settings = Settings(
        trust=trust_file(tmp_path_factory.mktemp("keys"), ehr), workers=0, packs=("jdm_calcinosis",), public_url=BASE,
        origins=("https://ehr.example",), most_bytes=50_000, most_entries=5, most_seconds=2,
    )  # fmt: skip
    with running(settings) as found:
        yield found


def bearer(token):
    return {"authorization": f"Bearer {token}"}


# Tokens


def test_a_signed_token_for_the_endpoint_is_accepted(trust, ehr):
    assert trust.check(f"Bearer {ehr.token(SERVICES)}", SERVICES) == ehr.issuer


def test_a_token_is_good_once(trust, ehr):
    token = ehr.token(SERVICES)
    trust.check(f"Bearer {token}", SERVICES)
    with pytest.raises(Refusal, match="used before"):
        trust.check(f"Bearer {token}", SERVICES)


NOW = int(time.time())
WRONG = {
    "another endpoint": {"aud": f"{SERVICES}/x"},
    "the endpoint with a slash": {"aud": f"{SERVICES}/"},
    "several audiences": {"aud": [SERVICES, "https://other.example"]},
    "no audience": {"aud": None},
    "expired": {"iat": NOW - 900, "exp": NOW - 600},
    "no expiry": {"exp": None},
    "no issue time": {"iat": None},
    "issued in the future": {"iat": NOW + 86_400, "exp": NOW + 86_700},
    "holds for days": {"exp": NOW + 100_000},
    "an expiry that is text": {"exp": str(NOW + 300)},
    "an issue time that is text": {"iat": str(NOW)},
    "an endless expiry": {"exp": float("inf")},
    "an endless issue time": {"iat": float("inf")},
    "a truth as issue time": {"iat": True},
    "no jti": {"jti": None},
    "an empty jti": {"jti": ""},
    "another issuer": {"iss": "https://evil.example"},
    "no issuer": {"iss": None},
    "an issuer that is no text": {"iss": 3},
    "another kid": {"header": {"kid": "k2"}},
    "another type": {"header": {"typ": "at+jwt"}},
    "no type": {"header": {"typ": None}},
    "an address of keys that is not on the list": {"header": {"jku": "https://evil.example/jwks.json"}},
    "critical headers": {"header": {"crit": ["x"], "x": 1}},
}


@pytest.mark.parametrize("claims", WRONG.values(), ids=WRONG.keys())
def test_what_is_wrong_with_a_token_is_refused(trust, ehr, claims):
    try:
        token = ehr.token(**{"audience": SERVICES, **claims})
    except TypeError:  # PyJWT itself does not write it
        token = _unchecked(ehr, claims)
    with pytest.raises(Refusal) as refused:
        trust.check(f"Bearer {token}", SERVICES)
    assert refused.value.status == 401
    assert refused.value.headers["WWW-Authenticate"] == "Bearer"


def _unchecked(keys, claims):
    now = int(time.time())
    said = {"iss": keys.issuer, "aud": SERVICES, "iat": now, "exp": now + 60, "jti": "j", **claims}
    body = json.dumps({name: value for name, value in said.items() if value is not None}).encode()
    return jwt.api_jws.encode(body, keys.private, "ES384", {"kid": keys.kid, "typ": "JWT"})


def test_shared_secrets_and_unsigned_tokens_are_refused(trust, ehr):
    """The public key is public: signed with it as a secret, a token would be anybody's."""
    secret = ehr.pem().decode().replace("PUBLIC", "SECRET").encode()
    for algorithm, key in (("HS256", secret), ("HS384", secret)):
        with pytest.raises(Refusal, match="algorithm"):
            trust.check(f"Bearer {ehr.token(SERVICES, algorithm=algorithm, key=key)}", SERVICES)
    unsigned = jwt.encode({"iss": ehr.issuer, "aud": SERVICES}, None, "none", {"kid": ehr.kid})
    with pytest.raises(Refusal, match="algorithm"):
        trust.check(f"Bearer {unsigned}", SERVICES)


def test_the_key_of_another_is_refused(trust, ehr):
    with pytest.raises(Refusal, match="signature"):
        trust.check(f"Bearer {ehr.token(SERVICES, key=Keys().private)}", SERVICES)


def test_one_issuer_cannot_speak_for_another(ehr, tmp_path):
    other = Keys(kid="k2", issuer="https://other.example")
    trust = Trust(trust_file(tmp_path, ehr, other), 3600)
    forged = Keys(kid="k2", issuer=ehr.issuer)
    forged.private = other.private
    with pytest.raises(Refusal, match="kid"):
        trust.check(f"Bearer {forged.token(SERVICES)}", SERVICES)


@pytest.mark.parametrize("algorithm", ["RS384", "ES384"])
def test_both_recommended_algorithms_work(tmp_path, algorithm):
    keys = Keys("RSA" if algorithm == "RS384" else "EC")
    assert Trust(trust_file(tmp_path, keys), 3600).check(
        f"Bearer {keys.token(SERVICES, algorithm=algorithm)}", SERVICES
    )


def test_an_algorithm_must_fit_the_key(ehr, tmp_path):
    trust = Trust(trust_file(tmp_path, ehr, algorithms=["RS384"]), 3600)
    with pytest.raises(Refusal, match="algorithm"):
        trust.check(f"Bearer {ehr.token(SERVICES)}", SERVICES)


def test_a_tenant_may_be_asked_for(ehr, tmp_path):
    trust = Trust(trust_file(tmp_path, ehr, tenants=["ward-1"]), 3600)
    assert trust.check(f"Bearer {ehr.token(SERVICES, tenant='ward-1')}", SERVICES)
    with pytest.raises(Refusal, match="tenant"):
        trust.check(f"Bearer {ehr.token(SERVICES, tenant='ward-2')}", SERVICES)


def test_the_named_address_of_keys_may_be_given(ehr, tmp_path):
    trust = Trust(trust_file(tmp_path, ehr, jku="https://ehr.example/jwks.json"), 3600)
    assert trust.check(f"Bearer {ehr.token(SERVICES, header={'jku': 'https://ehr.example/jwks.json'})}", SERVICES)


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic abc", "Bearer a.b.c", "Bearer " + "a" * 9000])
def test_what_is_no_token_is_refused(trust, header):
    with pytest.raises(Refusal) as refused:
        trust.check(header, SERVICES)
    assert refused.value.status == 401


@pytest.mark.parametrize(
    "text",
    ["", "{}", "[]", '{"issuers": {}}', '{"issuers": {"a": {}}}', '{"issuers": {"a": {"jwks": "none.json"}}}',
     '{"issuers": {"a": {"jwks": "trust.json"}}}',
     '{"issuers": {"a": {"jwks": "trust.json", "algorithms": ["HS256"]}}}'],
)  # fmt: skip
def test_a_file_of_issuers_that_cannot_be_used_is_told_at_the_start(tmp_path, text):
    (tmp_path / "trust.json").write_text(text)
    with pytest.raises(TrustError):
        Trust(tmp_path / "trust.json", 3600)


def test_a_private_key_is_no_key_to_trust(tmp_path):
    keys = Keys()
    keys.public = {**jwt.algorithms.ECAlgorithm.to_jwk(keys.private, as_dict=True), "kid": "k"}
    with pytest.raises(TrustError, match="no public"):
        Trust(trust_file(tmp_path, keys), 3600)


# The service


@pytest.mark.parametrize(
    ("method", "path"),
    [("get", "/cds-services"), ("post", SIGN), ("post", f"{SIGN}/feedback"), ("get", f"{SIGN}/feedback"),
     ("post", "/evaluate"), ("post", "/cds-services/nowhere")],
)  # fmt: skip
def test_every_call_needs_a_token(guarded, ehr, method, path):
    body = {} if method == "get" else {"json": {}}
    assert getattr(guarded, method)(path, **body).status_code == 401
    allowed = getattr(guarded, method)(path, **body, headers=bearer(ehr.token(BASE + path)))
    assert allowed.status_code in {200, 400, 404}
    assert guarded.get("/health").status_code == 200


REPORT = {"card": "c1", "outcome": "overridden", "outcomeTimestamp": "2026-11-21T10:00:00Z"}


@pytest.mark.parametrize("record", [None, "decisions.db"])
def test_each_caller_reads_and_replaces_its_own_feedback_alone(tmp_path, record):
    """What a clinician wrote in one house is no business of another, nor of another tenant of the same."""
    first, other = Keys(), Keys(kid="k2", issuer="https://other.example")
    trust = trust_file(tmp_path, first, other, tenants=["ward-1", "ward-2"])
    callers = [(first, "ward-1"), (first, "ward-2"), (other, "ward-1")]
    settings = Settings(
        trust=trust, workers=0, packs=("jdm_calcinosis",), public_url=BASE, record=record and str(tmp_path / record)
    )
    path = f"{SIGN}/feedback"
    with running(settings) as client:
        body = order_call(draft(DAILY), prefetch=jdm_record())
        cards = client.post(SIGN, json=body, headers=bearer(first.token(BASE + SIGN, tenant="ward-1"))).json()["cards"]
        card = cards[0]["uuid"]
        for keys, tenant in callers:
            said = {"feedback": [{**REPORT, "card": card, "overrideReason": {"userComment": keys.issuer + tenant}}]}
            answer = client.post(path, json=said, headers=bearer(keys.token(BASE + path, tenant=tenant)))
            assert answer.status_code == 200
        for keys, tenant in callers:
            found = client.get(path, headers=bearer(keys.token(BASE + path, tenant=tenant))).json()["feedback"]
            assert [one["overrideReason"]["userComment"] for one in found] == [keys.issuer + tenant]
            assert all("caller" not in one for one in found)
            assert bool(found[0]["rules"]) == ((keys, tenant) == callers[0])


def test_a_service_that_trusts_nobody_does_not_start():
    with pytest.raises(ValidationError, match="no client is trusted"):
        Settings()
    with pytest.raises(SettingsError, match="--development"):
        settings_from({"host": "0.0.0.0"})  # noqa: S104 - said, not done


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"origins": ("*",)}, "name the origins"),
        ({"public_url": "cds"}, "no address"),
        ({"certificate": "a.pem"}, "key"),
    ],
)
def test_settings_that_leave_a_door_open_are_refused(given, said):
    with pytest.raises(SettingsError, match=said):
        settings_from({"development": True, **given})


def test_settings_can_stand_in_the_environment(monkeypatch):
    monkeypatch.setenv("CDS_ENGINE_PACKS", "jdm_calcinosis, kidney_health_diabetes")
    monkeypatch.setenv("CDS_ENGINE_DEVELOPMENT", "true")
    monkeypatch.setenv("CDS_ENGINE_MOST_DEPTH", "20")
    found = settings_from({"development": False, "packs": (), "port": 9000})
    assert (found.packs, found.port, found.most_depth) == (("jdm_calcinosis", "kidney_health_diabetes"), 9000, 20)
    assert found.development


def test_it_listens_on_this_machine_only_and_says_when_it_asks_for_no_token():
    settings = Settings(development=True)
    assert settings.host == "127.0.0.1"
    assert "DEVELOPMENT" in banner(settings)
    assert not Settings(development=True, host="10.0.0.1").has_page
    assert "without a token to whoever reaches" in banner(Settings(trust=Path("trust.json")))
    assert "whoever reaches" not in banner(Settings(trust=Path("trust.json"), page=False))
    assert "no TLS" in banner(Settings(development=True, host="10.0.0.1"))


def test_it_speaks_tls_where_it_is_given_a_certificate(tmp_path):
    """One for a day, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    today = dt.datetime.now(dt.UTC)
    names = x509.SubjectAlternativeName([x509.DNSName("localhost")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - dt.timedelta(days=1))
        .not_valid_after(today + dt.timedelta(days=1))
        .add_extension(names, critical=False)
        .sign(key, hashes.SHA256())
    )
    files = tmp_path / "cds.pem", tmp_path / "cds.key"
    files[0].write_bytes(certificate.public_bytes(Encoding.PEM))
    files[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    settings = Settings(development=True, workers=0, packs=(SMALL,), certificate=files[0], key=files[1])
    with running(settings) as found:
        port = found.base_url.port
        trusting = ssl.create_default_context(cafile=str(files[0]))
        answer = httpx.get(f"https://localhost:{port}/health", verify=trusting)
    assert answer.status_code == 200
    assert answer.headers["strict-transport-security"]


def test_only_named_origins_may_call(guarded):
    asked = {"origin": "https://ehr.example", "access-control-request-method": "POST",
             "access-control-request-headers": "authorization,content-type"}  # fmt: skip
    allowed = guarded.options(SIGN, headers=asked)
    assert allowed.status_code == 200
    assert allowed.headers["access-control-allow-origin"] == "https://ehr.example"
    assert "Authorization" in allowed.headers["access-control-allow-headers"]
    refused = guarded.options(SIGN, headers={**asked, "origin": "https://evil.example"})
    assert refused.status_code == 400
    assert "access-control-allow-origin" not in refused.headers


def test_a_foreign_name_is_not_answered(guarded):
    """A page of the web whose name leads here must not reach the service."""
    refused = guarded.get("/health", headers={"host": "evil.example"})
    assert (refused.status_code, refused.text) == (400, "Invalid host header")
    assert guarded.get("/health", headers={"host": "cds.example"}).status_code == 200


def test_every_answer_keeps_a_browser_safe(guarded):
    for answer in (guarded.get("/health"), guarded.get("/nowhere"), guarded.get("/cds-services")):
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "unsafe" not in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["strict-transport-security"]
        assert "server" not in answer.headers


# Limits


def post(client, ehr, content, path=SIGN, **headers):
    return client.post(
        path, content=content, headers={"content-type": "application/json", **bearer(ehr.token(BASE + path)), **headers}
    )


def test_a_large_body_is_refused(guarded, ehr):
    answer = post(guarded, ehr, b'{"a": "' + b"x" * 60_000 + b'"}')
    assert (answer.status_code, answer.json()["issue"][0]["details"]["text"]) == (413, "too-large")


def test_a_large_body_that_does_not_say_so_is_refused(guarded, ehr):
    def parts():
        for _ in range(30):
            yield b" " * 4000

    assert post(guarded, ehr, parts()).status_code == 413


def test_a_body_that_does_not_come_is_not_waited_for(guarded, ehr):
    def slowly():
        yield b"{"
        time.sleep(3)
        yield b"}"

    assert post(guarded, ehr, slowly()).status_code == 408


def test_a_deep_body_is_refused(guarded, ehr):
    for depth in (60, 5000):
        assert post(guarded, ehr, b'{"a":' * depth + b"1" + b"}" * depth).status_code == 413


def test_many_entries_are_refused(guarded, ehr):
    record = jdm_record(condition={"resourceType": "Bundle", "entry": [{"resource": {**CHILD, "id": "p"}}] * 6})
    answer = post(guarded, ehr, json.dumps(order_call(draft(DAILY), prefetch=record)).encode())
    assert answer.status_code == 413
    assert "this service takes 5" in answer.json()["issue"][0]["diagnostics"]


def test_another_kind_of_body_is_refused(guarded, ehr):
    assert post(guarded, ehr, b"a=b", **{"content-type": "application/x-www-form-urlencoded"}).status_code == 415


def test_more_than_can_wait_is_told_to_come_later():
    from cds_engine.service.workers import Workers  # noqa: PLC0415 - only here

    workers = Workers(Settings(development=True, workers=0, most_waiting=1))
    workers.waiting = 1
    with pytest.raises(Refusal) as refused:
        workers.ask("open").send(None)
    assert (refused.value.status, refused.value.headers["Retry-After"]) == (503, "1")


# Nothing of a patient where it does not belong


def planted():
    """Calls that hold a patient's data in every place that may go wrong, and what they are sent as."""
    name, number, born, mail, token = PLANTED
    patient = {**CHILD, "name": [{"family": name}], "identifier": [{"value": number}], "birthDate": born,
               "telecom": [{"value": mail}]}  # fmt: skip
    good = hook_call("order-sign", jdm_record(patient=patient))
    good["context"]["draftOrders"] = {"resourceType": "Bundle", "entry": [{"resource": draft(DAILY)}]}
    grant = {"access_token": token, "token_type": "Bearer", "expires_in": 300, "scope": name, "subject": number}
    yield SIGN, {**good, "fhirServer": "https://fhir.example", "fhirAuthorization": grant}
    yield SIGN, {**good, "fhirAuthorization": grant}
    yield SIGN, {**good, "fhirServer": f"://{name}"}
    yield SIGN, {**good, "hookInstance": name}
    yield SIGN, {**good, "hook": number}
    yield SIGN, {**good, "prefetch": {name: [number]}}
    yield SIGN, {**good, "prefetch": {**good["prefetch"], "other": patient | {"id": number}}}
    yield SIGN, {**good, "prefetch": {"patient": {**patient, "id": number}}}
    yield SIGN, {**good, "context": {**good["context"], "patientId": 5, "userId": name}}
    yield SIGN, {**good, "context": {**good["context"], "draftOrders": {"resourceType": name, mail: number}}}
    yield SIGN, {**good, "context": {**good["context"], "draftOrders": {"resourceType": "Bundle", "entry": [name]}}}
    yield f"/cds-services/{name}", good
    yield f"/{name}/{number}", good
    yield f"{SIGN}/feedback", {"feedback": [{"card": name, "outcome": number, mail: born}]}
    for body in (
        {"patient": {name: number}, "as_of": born + name},
        {"patient": {"facts": number}},
        {"patient": {"facts": {}, "as_of": name}},
        {"patient": {"facts": {}, "audience": name}},
        {"patient": {"facts": {"weight": {"value": [name, {number: mail}]}}, "orders": name}},
        {"record": {"resourceType": name, "id": number}},
        {
            "record": {
                "resourceType": "Bundle",
                "entry": [{"resource": patient}, {"resource": {**patient, "id": number}}],
            }
        },
        {"pack": name, "patient": {}},
        {"patient": {}, "audience": number},
        {name: number},
    ):
        yield "/evaluate", {"pack": "jdm_calcinosis", **body}


def test_no_patient_data_in_logs_metrics_or_errors(caplog, capfd):
    caplog.set_level(logging.DEBUG)
    refused = []
    with running(Settings(development=True, workers=0, packs=("jdm_calcinosis",))) as client:
        for path, body in planted():
            answer = client.post(path, json=body)
            refused += [answer.text] if answer.status_code >= 400 else []
        for text in (f'{{"{PLANTED[0]}": ', f'{{"{PLANTED[1]}": 1, "{PLANTED[1]}": 2}}', f'["{PLANTED[0]}"]'):
            answer = client.post(SIGN, content=text, headers={"content-type": "application/json"})
            refused.append(answer.text)
            assert answer.status_code == 400
        client.get(f"/nowhere/{PLANTED[0]}?name={PLANTED[1]}")
        metrics = client.get("/metrics").text
    assert len(refused) > 15
    ours = [record.getMessage() for record in caplog.records if not record.name.startswith(("httpx", "httpcore"))]
    assert ours
    output = capfd.readouterr()
    for word in PLANTED:
        for place in (metrics, output.out, output.err, *refused, *ours):
            assert word not in place, word


def test_a_fault_of_ours_says_where_and_not_what(caplog, monkeypatch):
    """An exception may carry what was sent; neither the caller nor the log is given it."""
    from cds_engine.service.desk import Desk  # noqa: PLC0415 - only here

    def fail(*_):
        raise KeyError(PLANTED[0])

    monkeypatch.setattr(Desk, "evaluate", fail)
    with running(Settings(development=True, workers=0, packs=("jdm_calcinosis",))) as client:
        answer = client.post("/evaluate", json={"patient": {}})
    assert (answer.status_code, answer.json()["issue"][0]["details"]["text"]) == (500, "fault")
    assert "KeyError" in caplog.text
    assert PLANTED[0] not in caplog.text + answer.text
