"""Cards, by every rule of CDS Hooks, for every fixture patient and for orders."""

from __future__ import annotations

import datetime as dt
import json
import uuid

import pytest
from fhir.resources.R4B.medicationrequest import MedicationRequest
from fhir_records import coded, dosage, observation
from hospital import CHILD, DAILY, WEEKLY, draft, hook_call, jdm_record, order_call, searchset
from scenario_patients import FIXTURES, fixture

from cds_engine.service.calls import INFORM
from cds_engine.service.cards import Call, cards_of
from cds_engine.service.desk import Desk
from cds_engine.service.draft_names import is_selected
from cds_engine.service.markdown import escaped, shortened
from cds_engine.service.prefetch import Sent, templates
from cds_engine.service.refusals import Refusal
from cds_engine.service.responses import Card, Cards, plain
from cds_engine.service.settings import Settings

DAY = dt.date(2026, 11, 21)
INSTANCE = uuid.UUID(int=1)
ORDER = ["critical", "warning", "info"]


@pytest.fixture(scope="module")
def desk():
    return Desk(Settings(development=True, packs=("jdm_calcinosis",)))


@pytest.fixture
def cards(desk):
    """Return the cards of a call of the JDM pack."""

    def ask(body):
        reply = desk.hook(f"jdm-calcinosis-{body['hook']}", json.dumps(body).encode(), DAY)
        return check_cards(json.loads(reply.body))["cards"]

    return ask


def check_cards(response):
    """Hold a response against the checklist."""
    assert set(response) == {"cards"}
    assert [ORDER.index(card["indicator"]) for card in response["cards"]] == sorted(
        ORDER.index(card["indicator"]) for card in response["cards"]
    )
    assert not any(list(_empties(card)) for card in response["cards"])
    assert len({card["uuid"] for card in response["cards"]}) == len(response["cards"])
    for card in response["cards"]:
        Card.model_validate(card)
        uuid.UUID(card["uuid"])
        assert len(card["summary"]) < 140
        assert card["source"]["label"]
        assert set(card["source"]["topic"]) == {"code", "system", "display"}
        assert ("suggestions" in card) == ("selectionBehavior" in card)
        assert all(link["type"] == "absolute" and link["url"].startswith("http") for link in card.get("links", []))
        assert all(reason["code"] and reason["system"] for reason in card.get("overrideReasons", []))
        for suggestion in card.get("suggestions", []):
            uuid.UUID(suggestion["uuid"])
            assert suggestion["label"]
            for action in suggestion["actions"]:
                assert action["description"]
                assert ("resourceId" in action) == (action["type"] == "delete") == ("resource" not in action)
                if action.get("resource", {}).get("resourceType") == "MedicationRequest":
                    assert action["resource"]["status"] == "draft"
                    MedicationRequest.model_validate(action["resource"])
    return response


def _empties(value):
    if value in (None, "", [], {}):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _empties(inner)


@pytest.mark.parametrize("path", [path for path in FIXTURES if "v36" not in path.stem], ids=lambda path: path.stem)
def test_every_fixture_gives_cards_by_the_rules(jdm, path):
    answer = jdm.evaluate(fixture(path))
    said = cards_of(answer, Call(jdm, "patient", INSTANCE, Sent((), (), is_whole=True)))
    cards = check_cards(plain(Cards(cards=said.cards), "cards"))["cards"]
    assert all(any(alert.text[:60] in card["summary"] for card in cards) for alert in answer.alerts[:1])
    assert (answer.questions == []) or any(card["summary"].startswith("To be known") for card in cards)
    rules = {rule for listed in said.rules.values() for rule in listed}
    assert {found.rule for found in answer.recommended if found.modality != "inform"} <= rules
    assert {found.rule for found in answer.blocked} <= rules
    assert len(cards) <= 14


def test_one_card_an_action(jdm):
    """Two rules that lead to methotrexate are one card."""
    answer = jdm.evaluate(fixture(next(path for path in FIXTURES if "v01" in path.stem)))
    said = cards_of(answer, Call(jdm, "patient", INSTANCE, Sent((), (), is_whole=True)))
    about = [card for card in said.cards if "methotrexate: 14.42 to 19.23 mg per WEEK" in card.summary]
    assert len(about) == 1
    assert {"start-methotrexate", "add-steroid-sparing-agent"} <= set(said.rules[about[0].uuid])


def test_all_reasons_of_a_contraindication_stand_in_one_card(jdm):
    answer = jdm.evaluate(fixture(next(path for path in FIXTURES if "v10" in path.stem)))
    said = cards_of(answer, Call(jdm, "patient", INSTANCE, Sent((), (), is_whole=True)))
    targets = {reason.target for found in answer.blocked for reason in found.blocked_by}
    blocked = [card for card in said.cards if "contraindicated" in card.summary]
    assert len(blocked) == len(targets)


def test_what_is_only_to_be_known_comes_on_request(jdm):
    answer = jdm.evaluate(fixture(next(path for path in FIXTURES if "v34" in path.stem)))
    assert [found.modality for found in answer.recommended] == ["inform"]
    quiet, asked = (
        cards_of(answer, Call(jdm, "patient", INSTANCE, Sent((), (), is_whole=True), with_inform=wanted)).cards
        for wanted in (False, True)
    )
    assert len(asked) == len(quiet) + 1


def test_a_client_asks_for_it_by_an_extension(cards):
    body = hook_call(prefetch=jdm_record())
    assert len(cards({**body, "extension": {INFORM: True}})) >= len(cards(body))


# Orders


def test_a_daily_order_is_one_critical_card_that_can_be_taken_back(cards):
    [card, *_] = cards(order_call(draft(DAILY), prefetch=jdm_record()))
    assert card["indicator"] == "critical"
    assert "once a week" in card["summary"]
    assert card["suggestions"][-1]["actions"] == [
        {"type": "delete", "description": "Cancel methotrexate", "resourceId": "MedicationRequest/d1"}
    ]
    assert "105 mg a week" in card["detail"]


def test_a_daily_order_is_critical_without_any_record(cards):
    [card, *_] = cards(order_call(draft(DAILY)))
    assert card["indicator"] == "critical"


@pytest.mark.parametrize("status", ["draft", "active", "on-hold"])
def test_orders_are_screened_whatever_their_status(cards, status):
    [card, *_] = cards(order_call(draft(DAILY, status=status), prefetch=jdm_record()))
    assert card["indicator"] == "critical"


def test_a_weekly_order_within_the_range_gives_no_alarm_but_asks(cards):
    found = cards(order_call(draft(WEEKLY), prefetch=jdm_record()))
    assert {card["indicator"] for card in found} <= {"warning", "info"}
    assert any(card["summary"].startswith("To be known") for card in found)


def test_missing_data_is_an_information_card_with_the_question(cards):
    [card] = [c for c in cards(hook_call(prefetch={"patient": CHILD})) if c["summary"].startswith("To be known")]
    assert card["indicator"] == "info"
    assert "?" in card["summary"]
    assert "not sent: allergyIntolerance, condition" in card["detail"]
    assert "overrideReasons" not in card


def test_a_medicine_that_the_guideline_knows_and_has_nothing_to_say_about_gives_no_card(cards):
    found = cards(order_call(draft(DAILY, name="omeprazole"), prefetch=jdm_record(medicationRequest=searchset())))
    assert all(card["indicator"] == "info" for card in found)


def test_medicines_that_are_not_known_are_told_in_one_card(cards):
    """Under a name that the pack does not know there may be anything."""
    orders = [draft(DAILY, name="Zyxomab"), draft(DAILY, name="Qwertine", id="d2")]
    [card] = cards(order_call(*orders, prefetch=jdm_record()))
    assert card["indicator"] == "info"
    assert "Zyxomab" in card["detail"]
    assert "Qwertine" in card["detail"]


def test_a_dose_that_cannot_be_determined_is_said(cards):
    [card, *_] = cards(order_call(draft(), prefetch=jdm_record()))
    assert "cannot be determined" in card["detail"]


def test_an_order_that_is_still_being_written_need_not_have_its_dose(cards):
    found = cards(order_call(draft(), hook="order-select", prefetch=jdm_record(), selections=["MedicationRequest/d1"]))
    assert all("cannot be determined" not in card["detail"] for card in found)


def test_only_selected_orders_are_the_focus(cards):
    body = order_call(draft(DAILY), draft(WEEKLY, id="d2"), hook="order-select", prefetch=jdm_record())
    body["context"]["selections"] = ["MedicationRequest/d2"]
    assert all("ordered per day" not in card["summary"] for card in cards(body))
    body["context"]["selections"] = ["MedicationRequest/d1"]
    assert any("ordered per day" in card["summary"] for card in cards(body))


@pytest.mark.parametrize(
    ("order", "selections"),
    [
        ({"id": "m1"}, ["m1"]),
        ({"id": "m1"}, ["http://x/fhir/MedicationRequest/m1"]),
        ({"id": "m1"}, ["MedicationRequest/m1/_history/2"]),
        ({"id": "m1"}, ["MedicationRequest/other"]),
        ({"id": "m1"}, ["ServiceRequest/m1"]),
        ({"id": "m1"}, []),
        ({"id": None}, ["MedicationRequest/m1"]),
        ({"id": ""}, ["MedicationRequest/m1"]),
    ],
)
def test_a_selection_that_names_no_draft_hides_none(cards, order, selections):
    """However the client names it, or fails to: what can kill is said."""
    one = {key: value for key, value in draft(DAILY, **order).items() if value is not None}
    found = cards(order_call(one, hook="order-select", prefetch=jdm_record(), selections=selections))
    assert any(card["indicator"] == "critical" and "ordered per day" in card["summary"] for card in found)


@pytest.mark.parametrize("kind", [{}, [], None, 7])
def test_a_draft_of_no_kind_is_no_selected_medicine(kind):
    assert not is_selected({"resourceType": kind, "id": "d1"}, "MedicationRequest/d1")


def test_a_selection_of_another_kind_of_order_leaves_the_medicines_alone(cards):
    other = {"resourceType": "ServiceRequest", "id": "d1"}
    body = order_call(draft(DAILY), other, hook="order-select", prefetch=jdm_record(), selections=["ServiceRequest/d1"])
    assert all("ordered per day" not in card["summary"] for card in cards(body))


@pytest.mark.parametrize("mine", [{"id": ""}, {"id": 7}, {"id": "draft:1"}, {}])
def test_an_order_that_the_client_cannot_name_is_screened_and_nothing_is_proposed_on_it(cards, mine):
    """An id of ours would be one that the client never gave, or that of another order."""
    nameless = {**{key: value for key, value in draft(DAILY).items() if key != "id"}, **mine}
    other = draft(WEEKLY, name="prednisolone", id="draft-1")
    found = cards(order_call(nameless, other, prefetch=jdm_record()))
    [card] = [one for one in found if "ordered per day" in one["summary"]]
    assert card["indicator"] == "critical"
    assert "suggestions" not in card


def test_a_draft_that_the_record_holds_too_is_not_taken_already(cards):
    order = draft(WEEKLY, status="active", authoredOn="2026-11-20")
    found = cards(order_call(order, prefetch=jdm_record(medicationRequest=searchset(order))))
    assert all("taken already" not in card["detail"] for card in found)
    other = searchset({**order, "id": "m9"})
    found = cards(order_call(order, prefetch=jdm_record(medicationRequest=other)))
    assert any("taken already" in card["detail"] for card in found)


def test_an_order_of_another_patient_is_told_and_not_screened(cards):
    [card] = cards(order_call(draft(DAILY, subject={"reference": "Patient/q"}), prefetch=jdm_record()))
    assert "names another patient" in card["summary"]
    assert card["indicator"] == "warning"


def test_an_order_that_forbids_is_no_order(cards):
    assert cards(order_call(draft(DAILY, doNotPerform=True), prefetch=jdm_record())) == []


def test_an_order_without_id_is_screened_and_cannot_be_taken_back(cards):
    order = draft(DAILY)
    del order["id"]
    [card, *_] = cards(order_call(order, prefetch=jdm_record()))
    assert card["indicator"] == "critical"


def test_a_medicine_may_be_prefetched_or_contained_among_the_orders(cards):
    medicine = {"resourceType": "Medication", "id": "mtx", "code": {"text": "methotrexate"}}
    order = draft(DAILY, medicationReference={"reference": "Medication/mtx"})
    del order["medicationCodeableConcept"]
    assert cards(order_call(order, medicine, prefetch=jdm_record()))[0]["indicator"] == "critical"


def test_instead_of_a_wrong_order_the_dose_of_the_guideline_is_offered(jdm):
    """The record must say enough for methotrexate to be ready; the fixture does."""
    patient = fixture(next(path for path in FIXTURES if "v05" in path.stem))
    order = {"id": "d1", "drug": "methotrexate", "dose": {"value": 15, "unit": "mg"}, "per": "day", "status": "draft"}
    answer = jdm.evaluate({**patient, "orders": [order]})
    assert answer.recommendation("start-methotrexate").status == "recommended"
    call = Call(jdm, "signed", INSTANCE, Sent((), (), is_whole=True), ("MedicationRequest/d1",))
    cards = check_cards(plain(Cards(cards=cards_of(answer, call).cards), "cards"))["cards"]
    [card, *_] = [card for card in cards if card["source"]["topic"]["code"].startswith("order-")]
    first = card["suggestions"][0]
    assert [action["type"] for action in first["actions"]] == ["delete", "create"]
    assert first["actions"][1]["resource"]["dosageInstruction"][0]["timing"]["repeat"]["periodUnit"] == "wk"


# What was sent


def test_unknown_is_not_absent(desk):
    """Only null says that there is nothing; a missing key, an error and a first page leave the record incomplete."""
    outcome = {"resourceType": "OperationOutcome", "issue": []}
    page = searchset(observation("8302-2", (128, "cm")), link=[{"relation": "next", "url": "https://a/b"}])
    asked = templates(desk.packs["jdm_calcinosis"].guideline.pack)
    from cds_engine.service.prefetch import gathered  # noqa: PLC0415 - only here

    assert gathered(asked, jdm_record()).is_whole
    assert not gathered(asked, {}).is_whole
    assert not gathered(asked, jdm_record(condition=outcome)).is_whole
    assert not gathered(asked, jdm_record(observation=page)).is_whole
    assert gathered(asked, jdm_record(condition=outcome)).missing == ("condition",)


@pytest.mark.parametrize("prefetch", [None, {}, {"patient": None}, {"patient": {"resourceType": "OperationOutcome"}}])
def test_without_a_patient_there_is_nothing_to_view(cards, prefetch):
    with pytest.raises(Refusal) as refused:
        cards(hook_call(prefetch=prefetch))
    assert refused.value.status == 412
    assert refused.value.outcome()["resourceType"] == "OperationOutcome"


def test_another_patient_than_the_context_names_is_refused(cards):
    with pytest.raises(Refusal) as refused:
        cards(hook_call(prefetch=jdm_record(patient={**CHILD, "id": "q"})))
    assert refused.value.status == 412


def test_the_patient_may_be_named_as_a_reference(cards):
    body = hook_call(prefetch=jdm_record())
    named = cards({**body, "context": {**body["context"], "patientId": "Patient/p"}})
    assert [card["detail"] for card in named] == [card["detail"] for card in cards(body)]


def test_a_patient_who_looks_hears_it_in_other_words(cards):
    body = hook_call(prefetch=jdm_record())
    other = {**body, "context": {**body["context"], "userId": "Patient/p"}}
    assert [card["detail"] for card in cards(other)] != [card["detail"] for card in cards(body)]


def test_the_same_call_has_the_same_cards_under_names_of_their_own(cards):
    """Feedback on a card speaks of one call alone."""
    body = hook_call(prefetch=jdm_record())
    first, second = (cards(body) for _ in range(2))
    assert [card["detail"] for card in first] == [card["detail"] for card in second]
    assert not {card["uuid"] for card in first} & {card["uuid"] for card in second}


# Templates


def test_templates_are_made_from_the_mapping(desk):
    found = templates(desk.packs["jdm_calcinosis"].guideline.pack)
    assert found["patient"] == "Patient/{{context.patientId}}"
    assert "http://loinc.org|29463-7" in found["observation"]
    assert found["condition"] == "Condition?patient={{context.patientId}}", "codes below M33.0 cannot be listed"
    mapped = {s.resource for f in desk.packs["jdm_calcinosis"].guideline.pack.fhir.facts.values() for s in f.entries}
    assert {key[0].upper() + key[1:] for key in found} == mapped


def test_a_record_found_by_the_templates_is_read(cards):
    """What the query for observations asks for reaches the dose: for a smaller child it is too much."""

    def details(height, weight):
        now = {"effectiveDateTime": "2026-11-20"}
        measured = {"8302-2": (height, "cm"), "29463-7": (weight, "kg"), "2160-0": (0.3, "mg/dL")}
        seen = searchset(*(observation(code, value, **now) for code, value in measured.items()))
        return " ".join(
            card["detail"] for card in cards(order_call(draft(WEEKLY), prefetch=jdm_record(observation=seen)))
        )

    assert "above the range for this patient" in details(95, 15)
    assert "above the range for this patient" not in details(128, 26)


# Words


@pytest.mark.parametrize("text", ["x" * 200, "word " * 60, "a" * 139, "ä" * 140])
def test_a_summary_stays_short(text):
    assert 0 < len(shortened(text)) < 140


def test_what_a_record_says_cannot_become_markup(cards):
    name = "methotrexate [click](https://evil.example) <img src=x onerror=alert(1)> **now**"
    found = cards(order_call(draft(DAILY, name=name), prefetch=jdm_record()))
    for card in found:
        assert "](https://evil" not in card["detail"]
        assert "<img" not in card["detail"].replace("\\<img", "")


def test_markdown_is_escaped():
    assert escaped("a_b *c* `d`") == "a\\_b \\*c\\* \\`d\\`"


def test_several_dosages_of_an_order_are_one_card(cards):
    found = cards(
        order_call(draft(WEEKLY, dosage(5, "mg", frequency=1, period=1, periodUnit="d")), prefetch=jdm_record())
    )
    assert len([card for card in found if card["source"]["topic"]["code"].startswith("order-")]) == 1


def test_codes_of_a_medicine_are_read(cards):
    order = draft(DAILY)
    order["medicationCodeableConcept"] = coded("http://www.nlm.nih.gov/research/umls/rxnorm", "6851")
    assert cards(order_call(order, prefetch=jdm_record()))[0]["indicator"] == "critical"
