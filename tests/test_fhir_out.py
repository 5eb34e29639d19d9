"""What is written as FHIR is FHIR: every resource passes the R4 models of `fhir.resources`."""

from __future__ import annotations

import json

import pytest
from fhir.resources.R4B import get_fhir_model_class
from fhir_records import PATIENT, bundle
from scenario_patients import FIXTURES, ROOT

import cds_engine
from cds_engine.cli import main
from cds_engine.fhir.dosing import dosage
from cds_engine.results.models import Dose

KIDNEYS = ROOT / "fixtures" / "kidney_health_diabetes"


def validated(bundle):
    """Return the resources of a Bundle by type, each validated on its own and in the Bundle."""
    get_fhir_model_class("Bundle").model_validate_json(json.dumps(bundle))
    found = {}
    for entry in bundle["entry"]:
        resource = entry["resource"]
        get_fhir_model_class(resource["resourceType"]).model_validate_json(json.dumps(resource))
        found.setdefault(resource["resourceType"], []).append(resource)
    references = {entry["fullUrl"] for entry in bundle["entry"]}
    assert len(references) == len(bundle["entry"])
    assert {word for word in _references(bundle) if word.startswith("urn:")} <= references
    return found


def _references(value):
    if isinstance(value, dict):
        if isinstance(value.get("reference"), str):
            yield value["reference"]
        for inner in value.values():
            yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.stem)
def test_an_answer_is_valid_fhir(jdm, answer_to, path):
    answer = answer_to(path.stem)
    found = validated(jdm.to_fhir(answer))
    (response,) = found["GuidanceResponse"]
    assert response["status"] == ("data-required" if answer.needs_data else "success")
    assert response["moduleCanonical"] == f"urn:cds-engine:jdm_calcinosis|{jdm.version}"
    groups = found.get("RequestGroup", [])
    assert len(groups) == bool(answer.recommended)
    for group in groups:
        assert [action["id"] for action in group["action"]] == [r.rule for r in answer.recommended]
    requests = found.get("MedicationRequest", []) + found.get("ServiceRequest", [])
    assert {request["intent"] for request in requests} <= {"proposal"}
    details = [issue["detail"] for issue in found.get("DetectedIssue", [])]
    assert {alert.text for alert in answer.alerts} <= set(details)
    about = {one["display"] for issue in found.get("DetectedIssue", []) for one in issue.get("implicated", [])}
    assert {r.drug.replace("_", " ") for r in answer.blocked if r.drug and not r.choices} <= about
    reasons = {reason.text for rule in answer.blocked for reason in rule.blocked_by}
    assert all(any(reason in detail for detail in details) for reason in reasons)


def test_an_answer_to_a_record_is_valid_fhir():
    pack = cds_engine.load("kidney_health_diabetes", value_sets=KIDNEYS / "value_sets")
    kinds = set()
    for path in sorted((KIDNEYS / "records").glob("*.json")):
        answer = pack.evaluate_fhir(json.loads(path.read_text(encoding="utf-8")), as_of="2025-12-31")
        found = validated(pack.to_fhir(answer))
        assert len(found.get("ServiceRequest", [])) == len(answer.recommended), path.stem
        kinds |= found.keys()
    assert kinds == {"GuidanceResponse", "OperationOutcome", "RequestGroup", "ServiceRequest"}


@pytest.mark.parametrize("name", ["jdm_calcinosis", "kidney_health_diabetes"])
def test_a_pack_is_valid_fhir(name):
    pack = cds_engine.load(name)
    found = validated(pack.to_fhir())
    whole, *plans = found["PlanDefinition"]
    assert whole["url"] == f"urn:cds-engine:{name}"
    assert {action["definitionCanonical"] for action in whole["action"]} == {
        f"{p['url']}|{p['version']}" for p in plans
    }
    assert {spec.rule.id for spec in pack.guideline.rules} <= {plan["url"].rsplit(":", 1)[1] for plan in plans}
    assert all(plan["relatedArtifact"] for plan in plans)
    assert [content["title"] for content in found["Library"][0]["content"]] == sorted(
        file.relative_to(pack.guideline.pack.path).as_posix() for file in pack.guideline.pack.path.rglob("*.yaml")
    )


def declared(guideline):
    """Return the kind and id of everything that a pack declares as a rule or a regimen."""
    safety = [*guideline.pack.safety.values()]
    listed = {
        "rule": [spec.rule for spec in guideline.rules],
        "contraindication": [rule for topic in safety for rule in topic.contraindications],
        "caution": [rule for topic in safety for rule in topic.cautions],
        "monitoring": [rule for topic in safety for rule in topic.monitoring],
        "alert": [rule for topic in safety for rule in topic.alerts],
        "order-check": [rule for topic in safety for rule in topic.order_checks],
    }
    found = {f"{kind}:{rule.id}" for kind, rules in listed.items() for rule in rules}
    return found | {f"regimen:{name}" for name in guideline.doses}


@pytest.mark.parametrize("name", ["jdm_calcinosis", "kidney_health_diabetes"])
def test_everything_that_a_pack_declares_is_exported(name):
    pack = cds_engine.load(name)
    found = validated(pack.to_fhir())
    definitions = found["PlanDefinition"][1:] + found.get("ActivityDefinition", [])
    assert {one["url"].removeprefix(f"urn:cds-engine:{name}:") for one in definitions} == declared(pack.guideline)
    addresses = {f"{one['url']}|{one['version']}" for one in definitions}
    used = {
        action["definitionCanonical"]
        for plan in found["PlanDefinition"]
        for top in plan["action"]
        for action in (top, *top.get("action", ()))
        if "definitionCanonical" in action
    }
    assert used <= addresses
    assert {address for address in used if ":regimen:" in address} <= {
        f"{one['url']}|{one['version']}" for one in found.get("ActivityDefinition", [])
    }


def test_a_regimen_is_a_dose_for_each_unit_of_its_basis(jdm):
    found = {one["url"].rpartition(":")[2]: one for one in validated(jdm.to_fhir())["ActivityDefinition"]}
    weekly = found["methotrexate-weekly"]
    (dosage,) = weekly["dosage"]
    assert weekly["productCodeableConcept"]["coding"][0]["code"] == "6851"
    assert dosage["timing"] == {"repeat": {"frequency": 1, "period": 1, "periodUnit": "wk"}}
    ends = dosage["doseAndRate"][0]["doseRange"]
    assert [(ends[end]["value"], ends[end]["code"]) for end in ("low", "high")] == [(15, "mg/m2"), (20, "mg/m2")]
    assert dosage["maxDosePerPeriod"]["numerator"]["value"] == 40
    assert dosage["maxDosePerPeriod"]["denominator"]["code"] == "wk"
    assert dosage["text"].startswith("15 to 20 mg/m2, times the body surface area, per week; at most 40 mg per week")
    assert "half dose" in dosage["text"]
    twice = found["mycophenolate-twice-daily"]["dosage"][0]
    assert twice["timing"]["repeat"]["frequency"] == 2
    assert twice["maxDosePerAdministration"]["value"] * 2 == twice["maxDosePerPeriod"]["numerator"]["value"]


def test_a_choice_of_treatments_stands_under_its_rule(jdm):
    plans = {one["url"].rpartition(":")[2]: one for one in validated(jdm.to_fhir())["PlanDefinition"]}
    modes = {spec.rule.id: spec for spec in jdm.guideline.rules if spec.mode != "one"}
    assert {spec.mode for spec in modes.values()} == {"one_of", "all_of"}
    for name, spec in modes.items():
        (action,) = plans[name]["action"]
        assert action["selectionBehavior"] == ("all" if spec.mode == "all_of" else "exactly-one")
        assert len(action["action"]) == len(spec.treatments)


def test_a_proposal_carries_its_cap(jdm, answer_to):
    answer = answer_to("v01-new-onset-girl-8")
    caps = [
        line["maxDosePerPeriod"]["numerator"]["value"]
        for order in validated(jdm.to_fhir(answer))["MedicationRequest"]
        for line in order.get("dosageInstruction", ())
        if "maxDosePerPeriod" in line and line["timing"]["repeat"]["periodUnit"] == "wk"
    ]
    assert 40 in caps


@pytest.mark.parametrize(
    ("per", "times_per_day", "repeat"),
    [
        ("week", 2, {"frequency": 1, "period": 1, "periodUnit": "wk"}),
        ("week", None, {"frequency": 1, "period": 1, "periodUnit": "wk"}),
        ("day", 2, {"frequency": 2, "period": 1, "periodUnit": "d"}),
        ("dose", 3, {"frequency": 3, "period": 1, "periodUnit": "d"}),
    ],
)
def test_a_weekly_dose_in_parts_is_never_written_as_several_times_a_week(per, times_per_day, repeat):
    ends = {"low": 15, "high": 15, "unrounded_low": 15, "unrounded_high": 15, "low_capped": False, "high_capped": False}
    dose = Dose(**ends, unit="mg", cap=None, regimen="r", working=[], per=per, times_per_day=times_per_day)
    written = dosage(dose, None)
    assert written["timing"] == {"repeat": repeat}
    assert ("doseAndRate" in written) == (per == "dose" or times_per_day is None)


def test_a_data_requirement_asks_for_what_the_mapping_reads():
    answer = cds_engine.load("kidney_health_diabetes").evaluate({}, as_of="2025-12-31")
    pack = cds_engine.load("kidney_health_diabetes")
    (response,) = validated(pack.to_fhir(answer))["GuidanceResponse"]
    asked = {json.dumps(found, sort_keys=True) for found in response["dataRequirement"]}
    assert '{"mustSupport": ["birthDate"], "type": "Patient"}' in asked
    filters = [f for found in response["dataRequirement"] for f in found.get("codeFilter", ())]
    assert {"path": "code", "valueSet": "urn:oid:2.16.840.1.113883.3.464.1003.103.12.1001"} in filters
    assert {f["path"] for f in filters} == {"code", "type"}


def test_a_rule_keeps_its_grade_its_exclusions_and_its_condition():
    pack = cds_engine.load("kidney_health_diabetes")
    plans = validated(pack.to_fhir())["PlanDefinition"]
    (action,) = next(plan for plan in plans if plan["url"].endswith("evaluate-kidney-health"))["action"]
    assert [c["expression"]["expression"] for c in action["condition"]] == [
        "belongs_to_population",
        "not both_tests_done",
        "not (kidney_failure)",
        "not (hospice_care)",
        "not (palliative_care)",
    ]
    assert {e["url"].rsplit("/", 1)[1] for e in action["extension"]} == {
        "cqf-strengthOfRecommendation",
        "cqf-qualityOfEvidence",
    }


def test_the_command_line_writes_a_bundle_a_line_and_says_failure(tmp_path, capsys):
    (tmp_path / "two.json").write_text(json.dumps(bundle(PATIENT | {"id": "q"})), encoding="utf-8")
    with pytest.raises(SystemExit) as ended:
        main(["evaluate", str(FIXTURES[0]), str(tmp_path / "two.json"), "--format", "fhir"])
    said = capsys.readouterr()
    answered, failed = [validated(json.loads(line)) for line in said.out.splitlines()]
    assert ended.value.code == 1
    assert answered["MedicationRequest"]
    assert failed["GuidanceResponse"][0]["status"] == "failure"
    assert "the record holds 2 Patients" in failed["OperationOutcome"][0]["issue"][0]["diagnostics"]
    assert "the record holds 2 Patients" in said.err


@pytest.mark.parametrize("name", ["jdm_calcinosis", "kidney_health_diabetes"])
def test_the_command_line_writes_a_cql_library(name, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["export", name, "--to", "cql"])
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith(f'library "{name}" version ')


def test_the_command_line_writes_a_pack(tmp_path, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["export", "kidney_health_diabetes", "--to", "fhir", "-o", str(tmp_path / "pack.json")])
    assert ended.value.code == 0
    assert validated(json.loads((tmp_path / "pack.json").read_text(encoding="utf-8")))["PlanDefinition"]
    with pytest.raises(SystemExit) as ended:
        main(["export", "kidney_health_diabetes", "-o", str(tmp_path / "nowhere" / "pack.json")])
    assert ended.value.code == 2
    assert "cannot be written" in capsys.readouterr().err
