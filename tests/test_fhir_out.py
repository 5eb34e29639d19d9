"""What is written as FHIR is FHIR: every resource passes the R4 models of `fhir.resources`."""

from __future__ import annotations

import json

import pytest
from fhir.resources.R4B import get_fhir_model_class
from fhir_records import PATIENT, bundle
from scenario_patients import FIXTURES

import cds_engine
from cds_engine.cli import main


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
    reasons = {reason.text for rule in answer.blocked for reason in rule.blocked_by}
    assert all(any(reason in detail for detail in details) for reason in reasons)


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
