"""The page in headless Chromium, through the real server: fill, evaluate, explain, switch; axe-core finds no fault.

They need chromium, chromium-driver and axe-core; `make test-pages` installs the last and runs them.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from hospital import running
from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.select import Select
from selenium.webdriver.support.wait import WebDriverWait

from cds_engine.service.settings import Settings

AXE = Path(__file__).parent / "pages" / "node_modules" / "axe-core" / "axe.min.js"
DRIVER = shutil.which("chromedriver")
pytestmark = pytest.mark.skipif(
    DRIVER is None or not AXE.exists(), reason="chromium-driver or axe-core is not installed: see `make test-pages`"
)
JDM = "/packs/jdm_calcinosis"
SERIOUS = {"serious", "critical"}
SEEN = (
    ("/", 1300), (JDM, 360), (f"{JDM}?fixture=v01-new-onset-girl-8", 1300),
    (f"{JDM}?fixture=v10-girl-7-severe-renal-impairment", 360), (f"{JDM}?fixture=v17-boy-11-daily-methotrexate", 1300),
)  # fmt: skip
"""Pages, and the width of the window in which they are looked at: a phone, a desk."""


@pytest.fixture(scope="module")
def client():
    with running(Settings(development=True, workers=0, packs=("jdm_calcinosis",))) as found:
        yield found


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    for argument in (
        "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
        "--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage",
        f"--user-data-dir={tmp_path_factory.mktemp('browser')}", "--window-size=1300,1600",
    ):  # fmt: skip
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    yield driver
    driver.quit()


@pytest.fixture
def visit(browser, client):
    """Open an address of the service, with script or without."""

    def go(path, *, script=True):
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": not script})
        browser.get(str(client.base_url).rstrip("/") + path)
        return browser

    yield go
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def fill(browser, name, value):
    field = browser.find_element(By.ID, name)
    for folded in browser.find_elements(By.CSS_SELECTOR, "details.others:not([open]) > summary"):
        if not field.is_displayed():
            folded.click()
    if field.tag_name == "select":
        Select(field).select_by_value(value)
    else:
        field.clear()
        field.send_keys(value)


def submit(browser):
    page = browser.find_element(By.TAG_NAME, "html")
    browser.find_element(By.CSS_SELECTOR, "#patient button[type=submit]").click()
    WebDriverWait(browser, 30).until(lambda _: _is_gone(page))


def _is_gone(element):
    try:
        element.is_enabled()
    except StaleElementReferenceException:
        return True
    return False


def answer(browser):
    return browser.find_element(By.ID, "answer").text


def test_fill_evaluate_explain_without_script(visit):
    """A child is filled in by hand; the dose, its working and the reasons come back."""
    browser = visit(f"{JDM}?fixture=v13-boy-9-weight-missing", script=False)
    assert "methotrexate 1" not in answer(browser)
    fill(browser, "weight", "29")
    submit(browser)
    said = answer(browser)
    assert re.search(r"methotrexate [\d.]+ to [\d.]+ mg per WEEK", said)
    assert "What changed" in said
    assert browser.find_elements(By.CSS_SELECTOR, "svg.chart circle.own"), "the point of this patient"
    why = browser.find_element(By.CSS_SELECTOR, ".card.ready details.why")
    assert not why.find_element(By.CSS_SELECTOR, ".tree").is_displayed()
    why.find_element(By.TAG_NAME, "summary").send_keys(Keys.ENTER)
    assert why.find_element(By.CSS_SELECTOR, ".tree").is_displayed()


def test_an_error_stands_beside_its_field(visit):
    browser = visit(JDM, script=False)
    fill(browser, "weight", "2600")
    submit(browser)
    field = browser.find_element(By.ID, "weight")
    assert field.get_attribute("aria-invalid") == "true"
    beside = browser.find_element(By.ID, "error-weight")
    assert "2600 kg" in beside.text
    assert beside.get_attribute("id") in field.get_attribute("aria-describedby")
    assert field.get_attribute("value") == "2600"


def test_a_change_is_answered_at_once_with_script(visit):
    browser = visit(f"{JDM}?fixture=v01-new-onset-girl-8")
    before = answer(browser)
    fill(browser, "weight", "30")
    browser.find_element(By.ID, "height").click()
    WebDriverWait(browser, 30).until(lambda _: answer(browser) != before)
    assert "What changed" in answer(browser)
    fill(browser, "weight", "3000")
    browser.find_element(By.ID, "height").click()
    WebDriverWait(browser, 30).until(lambda _: browser.find_element(By.ID, "error-weight").text)
    assert browser.find_element(By.ID, "weight").get_attribute("aria-invalid") == "true"
    assert not [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]


def test_a_record_can_be_loaded_from_a_file(visit, tmp_path):
    file = tmp_path / "record.json"
    file.write_text('{"resourceType": "Patient", "id": "p", "birthDate": "2018-03-01"}')
    browser = visit(JDM)
    browser.find_element(By.CSS_SELECTOR, "details.begin > summary").click()
    browser.find_element(By.CSS_SELECTOR, "details.begin input[type=file]").send_keys(str(file))
    record = browser.find_element(By.ID, "_record")
    WebDriverWait(browser, 30).until(lambda _: record.get_attribute("value"))
    page = browser.find_element(By.TAG_NAME, "html")
    browser.find_element(By.CSS_SELECTOR, "details.begin button").click()
    WebDriverWait(browser, 30).until(lambda _: _is_gone(page))
    assert browser.find_element(By.ID, "birth_date").get_attribute("value") == "2018-03-01"


def test_the_wording_can_be_switched(visit):
    browser = visit(f"{JDM}?fixture=v15-girl-16-pregnant", script=False)
    assert "Contraindicated" in answer(browser)
    clinician = answer(browser)
    fill(browser, "_audience", "patient_or_caregiver")
    submit(browser)
    assert "What should not be given" in answer(browser)
    assert answer(browser) != clinician


def test_a_daily_dose_is_the_first_thing_seen(visit):
    browser = visit(f"{JDM}?fixture=v17-boy-11-daily-methotrexate", script=False)
    first = browser.find_element(By.CSS_SELECTOR, "#answer .card")
    assert "CRITICAL" in first.text
    assert "critical" in first.get_attribute("class")


def test_everything_can_be_reached_by_the_keyboard(visit):
    browser = visit(f"{JDM}?fixture=v01-new-onset-girl-8")
    seen = []
    for _ in range(12):
        browser.switch_to.active_element.send_keys(Keys.TAB)
        active = browser.switch_to.active_element
        seen.append(active.get_attribute("id") or active.text)
    assert seen[0] == "To the content"
    assert {"fixture", "_audience", "_as_of"} <= set(seen)


@pytest.mark.parametrize(("path", "width"), SEEN)
def test_no_serious_fault_of_accessibility_at_any_width(visit, path, width):
    browser = visit(path)
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        assert browser.execute_script("return document.documentElement.scrollWidth") <= width, "it must be scrolled"
        browser.execute_script("document.querySelectorAll('details').forEach((one) => { one.open = true; });")
        browser.execute_script(AXE.read_text(encoding="utf-8"))
        found = browser.execute_async_script("axe.run().then(arguments[arguments.length - 1]);")
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    faults = [
        (fault["id"], node["html"][:200]) for fault in found["violations"] if fault["impact"] in SERIOUS
        for node in fault["nodes"][:3]
    ]  # fmt: skip
    assert faults == []


def test_a_print_shows_the_answer_and_not_the_form(visit):
    browser = visit(f"{JDM}?fixture=v01-new-onset-girl-8")
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        assert not browser.find_element(By.CSS_SELECTOR, ".form").is_displayed()
        assert "methotrexate 14.42 to 19.23 mg per WEEK" in answer(browser)
    finally:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
