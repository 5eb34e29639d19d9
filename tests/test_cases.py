"""The cases of the pack: one test a case, named by its id; the data stand in `rules/jdm_calcinosis/cases.yaml`."""

from __future__ import annotations

from collections import defaultdict

import pytest
from scenario_patients import CASES, FIXTURES, patient_of_case

from cds_engine.bdd.cases import CaseOutcome, differences, read_cases

WHOLE = {"alerts", "not_alerts", "questions", "not_questions", "problems", "derived", "findings", "no_findings"}
ONLY_FOR_ORDERS = {"methotrexate-daily-dosing"}
"""Whoever has methotrexate on the list is not offered it again, so this one can block only an order for it."""
NEVER_WAITING = {"myofascial-pain-relief"}
"""An unknown myofascial pain syndrome counts as absent. A high-risk sign is waited for only if given in doubt."""
ENCODED = {
    *("S01a", "S01b", "S03", "S04a", "S04b", "S05", "S06a", "S06b", "S07", "S08"),
    *("S09a", "S09b", "S10", "S11", "S12", "S13", "S14", "S15a", "S15b", "S20", "O1", "O2", "O5", "O6"),
    *("T1", "T2", "T3", "T4", *(f"T{row}" for row in range(6, 19)), "X1", "X2", "X3", "X4", "X8", "X14"),
}
UNLIMITED = {
    "dose-undetermined",
    "range-undetermined",
    "contraindications-undecided",
    "not-covered",
    "off-label",
    "duplicate",
}
"""What screening says of an order where nothing has two sides; `tests/test_orders.py` has its other side."""
SCREENING = {"interval", "above-cap", "above-range", "below-range", "times-per-day", "route"} | UNLIMITED


@pytest.fixture(scope="module")
def ready(jdm):
    """Return the cases as `cds-engine test` puts them together."""
    return {case.id: case for case in read_cases(jdm)}


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_case(answer_to, ready, case):
    outcome = CaseOutcome(
        ready[case["id"]], answer := answer_to(case["id"]), tuple(differences(answer, case["expect"]))
    )
    assert outcome.passed, outcome.report()


def test_cases_are_put_together_alike(ready):
    """The reader of the kit and the one that these tests share give the same patients."""
    for case in CASES:
        mine, theirs = patient_of_case(case), ready[case["id"]]
        assert (mine["facts"], mine["orders"]) == (theirs.patient["facts"], theirs.patient["orders"]), case["id"]
        assert mine["as_of"] == (None if theirs.as_of is None else str(theirs.as_of)), case["id"]


def test_ids_are_unique():
    ids = [case["id"] for case in CASES]
    assert len(ids) == len(set(ids))


def test_cases_name_only_what_exists(jdm):
    """A misspelt rule, alert or contraindication in a case would check nothing."""
    answer = jdm.evaluate({})
    rules = {found.rule for found in answer.recommendations}
    safety = jdm.guideline.pack.safety.values()
    alerts = {alert.id for file in safety for alert in file.alerts}
    cautions = {caution.id for file in safety for caution in file.cautions}
    checks = {check.id for file in safety for check in file.order_checks}
    findings = SCREENING | checks | cautions | {rule.id for file in safety for rule in file.contraindications}
    for case in CASES:
        assert case.keys() <= {"id", "from", "as_of", "with", "without", "orders", "expect"}, case["id"]
        expected = case["expect"]
        assert expected.keys() <= WHOLE | rules, case["id"]
        assert {*expected.get("alerts", []), *expected.get("not_alerts", [])} <= alerts, case["id"]
        named = {rule for rules in expected.get("findings", {}).values() for rule in rules}
        named |= {rule for rules in expected.get("no_findings", {}).values() for rule in rules}
        assert named <= findings, case["id"]
        for rule in expected.keys() - WHOLE:
            wanted = expected[rule] if isinstance(expected[rule], dict) else {}
            assert {*wanted.get("cautions", []), *wanted.get("not_cautions", [])} <= cautions, case["id"]


def test_every_caution_and_order_check_has_a_case_for_and_against(jdm):
    """Each caution is named, each order check and each limit of an order is expected once and ruled out once."""
    said, ordered, ruled_out = set(), set(), set()
    for case in CASES:
        for wanted in case["expect"].values():
            said |= set(wanted.get("cautions", []) if isinstance(wanted, dict) else [])
        ordered |= {rule for rules in case["expect"].get("findings", {}).values() for rule in rules}
        ruled_out |= {rule for rules in case["expect"].get("no_findings", {}).values() for rule in rules}
    safety = jdm.guideline.pack.safety.values()
    assert {caution.id for file in safety for caution in file.cautions} <= said
    checks = {check.id for file in safety for check in file.order_checks}
    assert checks <= ordered
    assert checks | SCREENING - UNLIMITED <= ruled_out
    assert ordered >= SCREENING


def test_every_alert_and_contraindication_has_a_case(jdm, answer_to):
    """Each alert is seen, and each contraindication is seen to block."""
    alerts, blocks = set(), set()
    for answer in [answer_to(case["id"]) for case in CASES]:
        alerts |= {alert.rule for alert in answer.alerts}
        blocks |= {reason.rule for found in answer.recommendations for reason in found.blocked_by}
    safety = jdm.guideline.pack.safety.values()
    assert {alert.id for file in safety for alert in file.alerts} <= alerts
    assert {rule.id for file in safety for rule in file.contraindications} - blocks == ONLY_FOR_ORDERS


def test_nothing_is_called_encoded_that_is_not_shown_in_each_status(jdm, answer_to):
    """Each rule is shown recommended and not applicable, waiting where facts can be unknown, and blocked where a
    contraindication reaches it."""
    shown = defaultdict(set)
    for name in [*(case["id"] for case in CASES), *(path.stem for path in FIXTURES)]:
        for found in answer_to(name).recommendations:
            shown[found.rule].add(found.status)
    for spec in jdm.guideline.rules:
        wanted = {"recommended", "not_applicable"}
        wanted |= set() if spec.rule.id in NEVER_WAITING else {"needs_data"}
        reached = any(jdm.guideline.contraindications.get(treatment.target) for treatment in spec.treatments)
        wanted |= {"blocked"} if reached else set()
        assert shown[spec.rule.id] - {"needs_data"} == wanted - {"needs_data"}, spec.rule.id
        assert wanted <= shown[spec.rule.id], spec.rule.id


def test_each_encoded_statement_is_carried_by_a_rule(jdm):
    carried = {name for spec in jdm.guideline.rules for name in spec.statements}
    assert carried >= ENCODED
