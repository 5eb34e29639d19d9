"""The review pages: every statement, nothing from outside, and what they say is what the rules do."""

from __future__ import annotations

import dataclasses
import html
import json
import re
import shutil
import time
from datetime import date
from html.parser import HTMLParser

import pytest
from scenario_patients import FEATURES, PACK, ROOT

import cds_engine
from cds_engine.engine.approvals import read_approvals
from cds_engine.evaluator.conditions import COMPARES
from cds_engine.language.syntax import Comparator
from cds_engine.lowering import core as c
from cds_engine.review.alerts import Alerts
from cds_engine.review.changes import read_changes
from cds_engine.review.collect import collect
from cds_engine.review.dosing import grid_of
from cds_engine.review.english import NEGATED, English
from cds_engine.review.findings import Exercised, Mutant, Promise, Proved, Worth
from cds_engine.review.pages import OF_THE_PACK
from cds_engine.review.proofs import read_proofs
from cds_engine.review.reading import Reader
from cds_engine.review.sections import GROUPS
from cds_engine.review.signoff import approve
from cds_engine.review.site import write_site
from cds_engine.review.vignettes import show
from cds_engine.review.written import WrittenError

SECONDS = 60
"""So long may the JDM site take."""


TODAY = date(2026, 11, 22)


def site_of(pack, outcomes, proved=None, tested=None):
    return collect(pack, outcomes, TODAY, proved, tested=tested)


@pytest.fixture(scope="module")
def pages(jdm, jdm_outcomes, tmp_path_factory):
    """Return the text of each page of the JDM site by its name."""
    begun = time.monotonic()
    files = write_site(site_of(jdm, jdm_outcomes), tmp_path_factory.mktemp("site"))
    assert time.monotonic() - begun < SECONDS
    return {file.name: file.read_text(encoding="utf-8") for file in files}


@pytest.fixture(scope="module")
def english(jdm):
    return English(jdm.guideline)


class Tags(HTMLParser):
    """Collects what a page refers to, and notices tags that are not closed."""

    VOID = frozenset({"meta", "br", "line", "circle", "polygon", "polyline"})

    def __init__(self, text):
        super().__init__()
        self.open, self.refers, self.ids, self.names = [], [], [], set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.names.add(tag)
        self.refers += [value for name, value in attrs if name in {"href", "src"}]
        self.ids += [value for name, value in attrs if name == "id"]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in self.VOID:
            assert self.open.pop() == tag, tag


def words(text):
    return html.unescape(" ".join(re.sub(r"<[^>]+>", " ", text).split()))


def test_every_statement_has_a_page_and_a_line_in_the_index(jdm, pages):
    for name, statement in jdm.guideline.statements.items():
        assert f'href="{name}.html"' in pages["index.html"]
        page = words(pages[f"{name}.html"])
        assert statement.source in jdm.guideline.pack.sources.sources
        assert jdm.guideline.pack.sources.sources[statement.source].citation[:40] in page
        if statement.not_encoded:
            assert "Not encoded:" in page
    assert len(pages) == len(jdm.guideline.statements) + len(OF_THE_PACK)


def test_pages_need_nothing_from_outside_and_are_well_formed(pages):
    named = {name: Tags(text).ids for name, text in pages.items()}
    for name, text in pages.items():
        tags = Tags(text)
        assert tags.open == [], name
        assert len(tags.ids) == len(set(tags.ids)), name
        assert not tags.names & {"script", "link", "img", "iframe", "object"}, name
        for target in tags.refers:
            file, _, anchor = target.partition("#")
            assert target.startswith(("https://", "http://")) or not file or file in pages, (name, target)
            if not file.startswith("http"):
                assert not anchor or anchor in named[file or name], (name, target)
        assert "url(" not in text, name


def test_no_name_of_a_program_reaches_a_reader(jdm, jdm_outcomes, tmp_path):
    """Names of facts, rules, sources and regimens stand nowhere but where the page says what they are."""
    guideline = jdm.guideline
    bounds = ("Powers are free: body_surface_area by du-bois.",)
    promise = Promise("Whatever pregnancy_status is.", "refuted", "pregnancy status: not_applicable")
    write_site(site_of(jdm, jdm_outcomes, Proved((promise,), bounds=bounds)), tmp_path)
    safety = (guideline.contraindications, guideline.cautions, guideline.monitoring)
    ids = {rule.id for found in safety for rules in found.values() for _, rule in rules}
    ids |= {rule.id for _, rule in (*guideline.alerts, *guideline.order_checks)}
    ids |= {spec.rule.id for spec in guideline.rules} | {*guideline.doses, *guideline.pack.sources.sources}
    for file in tmp_path.glob("*.html"):
        text = file.read_text(encoding="utf-8")
        shown = words(re.sub(r"<style>.*?</style>|<code>.*?</code>|<a [^>]*>", "", text, flags=re.DOTALL))
        named = set(re.findall(r"\b[a-z0-9]+(?:[_-][a-z0-9]+)+\b", shown))
        assert not named & {name for name in ids if "-" in name}, file.name
        assert not {name for name in named if "_" in name}, file.name


def test_the_state_of_review_stands_on_every_page(pages):
    assert all("not approved by a clinician" in words(text) for text in pages.values())
    assert not any('class="mark good">approved' in text for text in pages.values())


def test_scenarios_stand_on_the_page_of_their_statement_with_result_and_reasons(pages):
    page = words(pages["S09a.html"])
    assert all(title in page for title in GROUPS.values())
    assert "Half the dose in a child with half the kidney function" in page
    assert "methotrexate is recommended at 9.68 to 12.91 mg once a week" in page
    assert "Methotrexate harms the unborn child" in page
    assert "known and unremarkable” means" in page
    assert "Not proved here" in page
    assert "No scenario shows this." not in page


def test_the_pack_s_scenarios_are_all_on_pages(jdm, jdm_outcomes):
    found = show(jdm.guideline, jdm_outcomes)
    shown = {v.title for groups in found.by_statement.values() for vignettes in groups.values() for v in vignettes}
    assert shown | {v.title for v in found.elsewhere} == {outcome.scenario.name for outcome in jdm_outcomes}
    assert FEATURES.is_dir()


# Alerts


def test_every_alert_and_check_is_found_cited_in_words_and_with_its_scenarios(jdm, pages):
    text = pages["alerts.html"]
    page, sources = words(text), jdm.guideline.pack.sources.sources
    parts = re.split(r'<article class="alert', text)[1:]
    by_id = {re.search(r'id="([^"]+)"', part)[1]: words(f"<x{part}") for part in parts}
    rules = [rule for _, rule in (*jdm.guideline.alerts, *jdm.guideline.order_checks)]
    assert by_id.keys() == {rule.id for rule in rules}
    for rule in rules:
        found = by_id[rule.id]
        assert rule.severity in found
        assert sources[rule.source].label in found
        assert ("Shown by" in found) != ("No scenario shows this." in found)
    daily = by_id["daily-methotrexate"]
    assert "over a week the list adds up to [methotrexate a week]." in daily
    assert "Given when: methotrexate is on the medication list with an interval other than once a week" in daily
    assert "Methotrexate every day" in daily
    assert "the medicine ordered is nitrous oxide methotrexate is among current medications" in page
    assert "When this is ordered or taken: nitrous oxide" in page


def test_an_alert_is_linked_where_its_medicine_is_offered(pages):
    assert 'href="alerts.html#daily-methotrexate"' in pages["S09a.html"]
    assert 'href="alerts.html#order-nitrous-oxide-with-methotrexate"' in pages["S09a.html"]
    assert 'href="alerts.html#daily-methotrexate"' not in pages["S10.html"]


def test_safety_rules_of_what_no_statement_offers_are_found_too(jdm):
    left = dataclasses.replace(
        jdm.guideline, rules=tuple(spec for spec in jdm.guideline.rules if spec.treatments[0].target != "excision")
    )
    alerts = Alerts(left, {})
    assert [section.name for section in Reader(left, alerts).unoffered()] == ["excision"]
    assert Reader(jdm.guideline, Alerts(jdm.guideline, {})).unoffered() == ()


# Doses


def test_the_grid_is_what_the_engine_answers(jdm):
    """Every row that a real patient can have is the dose that an answer gives this patient."""
    plan = jdm.guideline.doses["methotrexate-weekly"]
    rows = {row.basis: row for row in grid_of(jdm.guideline, plan).rows}
    from scenario_patients import CASES, patient_of_case  # noqa: PLC0415 - only here

    patient = patient_of_case(next(case for case in CASES if case["id"] == "dose-bsa-exactly-2"))
    dose = jdm.evaluate(patient).recommendation("start-methotrexate").dose
    cell = rows[2.0].cells[0]
    assert (cell.low, cell.high, cell.high_capped) == (dose.low, dose.high, dose.high_capped)
    assert list(cell.products) == dose.product_options
    assert rows[2.0].turns == "the upper end reaches the cap"
    assert rows[0.25].cells[0].no_product_fits
    below = rows[1.75].cells[0]
    assert not below.high_capped
    assert max(cell.high for row in rows.values() for cell in row.cells) == plan.cap


def test_a_dose_without_a_size_has_one_row_and_no_chart(jdm):
    plan = dataclasses.replace(jdm.guideline.doses["methotrexate-weekly"], basis=None, adjustments=())
    grid = grid_of(jdm.guideline, plan)
    assert (len(grid.rows), grid.curve) == (1, None)


# English


def test_every_condition_of_the_pack_is_said(jdm, english):
    for key, condition in jdm.guideline.conditions.items():
        lines = list(english.say(condition).lines())
        assert all(line.strip() for line in lines), key
        assert not re.search(r"\b[a-z]+_[a-z_]+\b", " ".join(lines)), (key, lines)


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("definition severe_renal_impairment", "eGFR is below 30 mL/min/1.73 m²"),
        ("contraindication methotrexate-pregnancy", "pregnancy status is pregnant or possible"),
        ("contraindication methotrexate-breastfeeding", "breastfeeding: yes"),
    ],
)
def test_a_condition_says_what_it_asks(jdm, english, key, said):
    assert english.sentence(jdm.guideline.conditions[key]) == said


def test_the_opposite_of_each_comparison_is_its_opposite():
    for comparator, opposite in NEGATED.items():
        for left in (1.0, 2.0, 3.0):
            assert COMPARES[opposite](left, 2.0) is not COMPARES[comparator](left, 2.0), comparator


FEVER, AGE = c.Fact("breastfeeding"), c.Fact("age_years")
YOUNG = c.Compare(Comparator.LESS, AGE, c.Constant(18.0, "a"))
UNKNOWN = c.And((c.IsUnknown(FEVER), c.Fact("breastfeeding.usable")))

SCOPE = "the diagnosis is confirmed juvenile dermatomyositis that began before the age of 18"
NO_AGE = c.And((c.IsUnknown(YOUNG), c.Fact("age_years.usable")))
NO_SCOPE = c.And((c.IsUnknown(c.Defined("in_scope", YOUNG)), c.Fact("age_years.usable")))


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        (YOUNG, "age is below 18 years"),
        (c.Not(YOUNG), "age is at least 18 years"),
        (c.And((FEVER, YOUNG)), "breastfeeding: yes and age is below 18 years"),
        (c.Not(c.And((FEVER, YOUNG))), "breastfeeding: no or age is at least 18 years"),
        (c.Not(c.Or((FEVER, YOUNG))), "breastfeeding: no and age is at least 18 years"),
        (
            c.Or((FEVER, c.And((YOUNG, c.Not(FEVER))))),
            "breastfeeding: yes or (age is below 18 years and breastfeeding: no)",
        ),
        (
            c.OneOf(c.Fact("tmp_smx_use"), ("none", "treatment")),
            "use of trimethoprim or co-trimoxazole is none or treatment",
        ),
        (
            c.Not(c.OneOf(c.Fact("tmp_smx_use"), ("none", "treatment"))),
            "use of trimethoprim or co-trimoxazole is neither none nor treatment",
        ),
        (
            c.Not(c.Holds("current_medications", ("ivig",))),
            "intravenous immunoglobulin is not among current medications",
        ),
        (UNKNOWN, "nothing is on record of breastfeeding"),
        (c.And((FEVER, c.Not(UNKNOWN))), "it is known that breastfeeding: yes"),
        (c.And((c.Not(FEVER), c.Not(UNKNOWN))), "it is known that breastfeeding: no"),
        (c.Not(c.And((FEVER, c.Not(UNKNOWN)))), "breastfeeding: no, or nobody has said"),
        (c.Not(c.And((c.Not(FEVER), c.Not(UNKNOWN)))), "breastfeeding: yes, or nobody has said"),
        (c.And((YOUNG, *UNKNOWN.parts)), "age is below 18 years and nothing is on record of breastfeeding"),
        (c.And((YOUNG, FEVER, c.Not(UNKNOWN))), "age is below 18 years and it is known that breastfeeding: yes"),
        (NO_AGE, "nobody has said whether age is below 18 years"),
        (c.Not(NO_AGE), "somebody has said whether age is below 18 years"),
        (
            c.Not(c.And((c.Not(c.Defined("in_scope", YOUNG)), c.Not(NO_SCOPE)))),
            f"{SCOPE} or nobody has said whether {SCOPE}",
        ),
        (c.Holds("order.per", ("day",)), "how often it is given is daily"),
    ],
)
def test_each_node_has_one_sentence(english, condition, said):
    assert english.sentence(condition) == said


def test_opposites_are_said_as_opposites(jdm, english):
    text = "\n".join(english.say(jdm.guideline.conditions["rule start-methotrexate"]).lines())
    assert "methotrexate is not among current medications" in text
    assert "age at onset of JDM is below 18 years, or nobody has said" in text


# What others find out


def test_proofs_and_mutants_are_shown_where_they_were_given(jdm, tmp_path):
    proved = Proved(
        promises=(
            Promise("Never above 40 mg a week.", "proved", statements=("S09a",)),
            Promise("Nobody is forgotten.", "refuted", "a boy of 8"),
        ),
    )
    mutant = Mutant(("S09a",), "30 became 29", ("Given a girl with an eGFR of 29.5",))
    tested = Exercised({"S09a": Worth(("3 of 4 statuses",), "9 of 10 changed rules noticed", 1)}, (mutant,))
    site = site_of(jdm, [], proved, tested)
    write_site(site, tmp_path)
    mine, other = (words((tmp_path / f"{name}.html").read_text(encoding="utf-8")) for name in ("S09a", "S10"))
    assert "proved Never above 40 mg a week." in mine
    assert "Never above 40 mg" not in other
    assert "A patient who breaks it: a boy of 8" in other
    assert "If 30 became 29, nobody would notice" in mine
    assert "Given a girl with an eGFR of 29.5" in mine
    assert "exercise 3 of 4 statuses; 9 of 10 changed rules noticed" in mine
    assert "3 of 4 statuses; 9 of 10 changed rules noticed" in words(
        (tmp_path / "index.html").read_text(encoding="utf-8")
    )
    assert "not clinically possible" in mine
    assert "Every change that was tried is noticed" in other


def test_proofs_are_read_from_a_file_and_only_of_this_version(jdm, tmp_path):
    file = tmp_path / "proofs.json"
    promise = {"id": "a", "says": "Never above 40 mg a week.", "outcome": "proved", "only_one_reading": True}
    written = {"hash": jdm.guideline.pack.hash, "invariants": [promise], "bounds": ["Weights end at 300 kg."]}
    file.write_text(json.dumps(written), encoding="utf-8")
    found = read_proofs(file, jdm.guideline)
    assert found.promises[0].says == "Never above 40 mg a week. (of records in which no fact has two readings)"
    assert found.bounds == ("Weights end at 300 kg.",)
    file.write_text(json.dumps({**written, "hash": "sha256:0"}), encoding="utf-8")
    with pytest.raises(WrittenError, match="another version of the pack"):
        read_proofs(file, jdm.guideline)
    for text in ('{"invariants": []}', "[]", "no", '{"hash": 1}'):
        file.write_text(text, encoding="utf-8")
        with pytest.raises(WrittenError, match="is no output of `cds-engine prove"):
            read_proofs(file, jdm.guideline)


@pytest.fixture
def signed(tmp_path):
    """Return a copy of the JDM pack in which S09b is approved."""
    folder = tmp_path / "rules" / "jdm_calcinosis"
    shutil.copytree(PACK, folder)
    approve(cds_engine.load(folder), "S09b", "Dr. Example", TODAY, date(2027, 11, 22), [])
    return folder


def test_a_lost_approval_shows_what_changed(signed, tmp_path):
    folder = signed
    file = folder / "regimens.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("at_most: 40 mg", "at_most: 45 mg"), encoding="utf-8")
    pack = cds_engine.load(folder)
    write_site(site_of(pack, []), tmp_path / "site")
    text = (tmp_path / "site" / "S09b.html").read_text(encoding="utf-8")
    assert "<del>40</del>" in text
    assert "<ins>45</ins>" in text
    page = words(text)
    assert "approval lost, submitted, not approved by a clinician" in page
    assert "Since the approval by Dr. Example of 2026-11-22: the dose of methotrexate per week changed." in page
    assert "Never more than 40 mg per week." in page
    assert "Never more than 45 mg per week." in page
    assert "approval lost" in words((tmp_path / "site" / "index.html").read_text(encoding="utf-8"))
    assert ROOT.is_dir()


CHANGE = {
    "rule": "start-methotrexate",
    "text": "the upper end of methotrexate changes for a body surface area above 2 m²",
    "before": "40.00 mg per week",
    "after": "45.00 mg per week",
    "patient": {"facts": {"body_surface_area": 2.25}, "as_of": "2026-11-22"},
}


def test_patients_affected_are_read_from_a_comparison_of_this_version(signed, tmp_path):
    approved = cds_engine.load(signed)
    approvals = read_approvals(signed).approvals
    written = {
        "old": {"version": "0.1.0", "hash": approvals["S09b"].pack},
        "new": {"version": "0.2.0", "hash": approved.guideline.pack.hash},
        "changes": [CHANGE],
        "cohort": {"patients": 10, "changes": [{**CHANGE, "patients": 2}]},
        "assumed": "For records in which no fact has two readings.",
    }
    file = tmp_path / "changes.json"
    file.write_text(json.dumps(written), encoding="utf-8")
    changes = read_changes(file, approved.guideline)
    write_site(collect(approved, [], TODAY, changes=changes), tmp_path / "site")
    page = words((tmp_path / "site" / "S09b.html").read_text(encoding="utf-8"))
    assert "This version, 0.2.0, is compared with version 0.1.0, of which it was approved." in page
    assert "the upper end of methotrexate changes for a body surface area above 2 m²" in page
    assert (
        "For example body surface area: 2.25; as of 2026-11-22: 40.00 mg per week before, 45.00 mg per week now."
        in page
    )
    assert "2 of 10 patients of the cohort: 40.00 mg per week before, 45.00 mg per week now" in page
    assert "Patients affected" not in words((tmp_path / "site" / "S10.html").read_text(encoding="utf-8"))
    file.write_text(json.dumps({**written, "new": written["old"] | {"hash": "sha256:0"}}), encoding="utf-8")
    with pytest.raises(WrittenError, match="another version of the pack"):
        read_changes(file, approved.guideline)
    for text in ('{"changes": []}', "[]", "no"):
        file.write_text(text, encoding="utf-8")
        with pytest.raises(WrittenError, match="is no output of `cds-engine diff"):
            read_changes(file, approved.guideline)


def test_what_a_pack_says_cannot_become_part_of_the_page(tmp_path):
    folder = tmp_path / "rules" / "jdm_calcinosis"
    shutil.copytree(PACK, folder)
    file = folder / "statements" / "methotrexate.yaml"
    evil = "Start <script>alert(1)</script> methotrexate at disease onset"
    text = file.read_text(encoding="utf-8").replace("Start methotrexate at disease onset", evil)
    file.write_text(text, encoding="utf-8")
    write_site(site_of(cds_engine.load(folder), []), tmp_path / "site")
    for page in (tmp_path / "site").glob("*.html"):
        assert "<script" not in page.read_text(encoding="utf-8")
