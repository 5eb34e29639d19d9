"""The command line: exit statuses, sentences, order of the report, and the same answers as the library."""

import json
import os
import subprocess
import sys
from functools import cache

import pytest
from typer.testing import CliRunner

import cds_engine
from cds_engine.backends.durable import is_available
from cds_engine.backends.durable.rules import OnePatient
from cds_engine.cli import app, main
from cds_engine.cli.exits import DEBUG
from cds_engine.cli.inputs import Complaint, Patient, patients_in
from cds_engine.cli.page import Page, console_for
from cds_engine.cli.report import write_report
from cds_engine.diagnostics import BackendFault, EngineDisagreement
from cds_engine.engine.guide import LoadedPack
from cds_engine.results.html import to_html, to_page
from cds_engine.results.models import Trace
from cds_engine.results.wording import clean, reasons_tree

DAY = "2026-11-21"
NO = (
    "breastfeeding",
    "alcohol_misuse",
    "chronic_liver_disease",
    "immunodeficiency",
    "blood_dyscrasia",
    "active_serious_infection",
    "peptic_or_oral_ulcer_active",
    "nitrous_oxide_planned",
    "live_vaccine_planned_or_recent",
    "hypertension_uncontrolled",
    "malignancy",
)
CHILD = {
    "age_years": 9,
    "sex_at_birth": "female",
    "height": "128 cm",
    "weight": "26 kg",
    "diagnosis_jdm": "confirmed",
    "disease_phase": "new_onset",
    "calcinosis_status": "developing",
    "serum_creatinine": {"value": 40, "unit": "umol/L", "date": "2026-11-20"},
    "pregnancy_status": "not_pregnant",
    "drug_hypersensitivity": [],
    "current_medications": [],
    "tmp_smx_use": "none",
    **dict.fromkeys(NO, False),
}
LOAD = cache(cds_engine.load)
DAILY = [{"drug": "methotrexate", "dose": {"value": 15, "unit": "mg"}, "per": "day", "route": "oral"}]


@pytest.fixture(scope="module")
def pack():
    return cds_engine.load("jdm_calcinosis")


@pytest.fixture(autouse=True)
def load_each_pack_once(monkeypatch):
    monkeypatch.setattr("cds_engine.engine.packs.load", LOAD)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("COLUMNS", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def patient(name="v01", **changes):
    facts = {key: value for key, value in (CHILD | changes).items() if value is not None}
    return {"id": name, "facts": facts}


def write(folder, name, data):
    text = data if isinstance(data, str) else json.dumps(data)
    (folder / name).write_text(text, encoding="utf-8")
    return name


def run(*words, **more):
    return CliRunner().invoke(app, list(words), **more)


def evaluate(*words, **more):
    return run("evaluate", *words, "--as-of", DAY, **more)


# JSON is the library's answer


def test_one_patient_in_json_is_exactly_the_answer_of_the_library(folder, pack):
    result = evaluate(write(folder, "a.json", patient()), "--format", "json")
    assert result.exit_code == 0
    assert result.stdout == pack.evaluate(patient(), as_of=DAY).model_dump_json(by_alias=True) + "\n"
    assert json.loads(result.stdout)["schema"] == 1


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("list.json", json.dumps([patient("a"), patient("b")])),
        ("lines.ndjson", f"{json.dumps(patient('a'))}\n\n{json.dumps(patient('b'))}\n"),
        ("lines.json", f"\ufeff{json.dumps(patient('a'))}\r\n{json.dumps(patient('b'))}"),
        ("list.ndjson", json.dumps([patient("a"), patient("b")])),
    ],
)
def test_several_patients_are_one_answer_a_line(folder, name, text):
    result = evaluate(write(folder, name, text), "--format", "json")
    assert result.exit_code == 0
    assert [json.loads(line)["patient"] for line in result.stdout.splitlines()] == ["a", "b"]


def test_standard_input_is_a_dash():
    result = evaluate("-", "--format", "json", input=json.dumps(CHILD))
    assert result.exit_code == 0
    assert json.loads(result.stdout)["patient"] is None


def test_explain_in_json_adds_the_traces_of_rules_that_do_not_apply(folder):
    name = write(folder, "a.json", patient())
    plain, explained = (json.loads(evaluate(name, "--format", "json", *more).stdout) for more in ([], ["--explain"]))
    assert any(found["because"] is None for found in plain["recommendations"])
    assert all(found["because"] for found in explained["recommendations"])


def test_the_day_is_today_unless_the_patient_or_the_option_names_one(folder):
    named = write(folder, "named.json", {**patient(), "as_of": "2026-01-02"})
    unnamed = write(folder, "unnamed.json", patient())
    assert json.loads(run("evaluate", named, "--format", "json").stdout)["as_of"] == "2026-01-02"
    assert json.loads(evaluate(named, "--format", "json").stdout)["as_of"] == DAY
    assert json.loads(run("evaluate", unnamed, "--format", "json").stdout)["as_of"] is not None
    assert f"as of {DAY}" in evaluate(unnamed).stdout


def test_the_audience_changes_the_words_and_overrides_the_patients_own(folder):
    name = write(folder, "a.json", {**patient(), "audience": "patient_or_caregiver"})
    own, asked = (
        json.loads(evaluate(name, "--format", "json", *more).stdout) for more in ([], ["--audience", "clinician"])
    )
    assert (own["audience"], asked["audience"]) == ("patient_or_caregiver", "clinician")
    assert own["recommendations"][0]["text"] != asked["recommendations"][0]["text"]


# The report


def sections(text):
    return [
        line.split(":")[0].split(" (")[0] for line in text.splitlines() if line[:1].isupper() and line[:3].isupper()
    ]


def test_alerts_stand_before_everything_else(folder):
    result = evaluate(write(folder, "a.json", patient(current_medications=DAILY)))
    assert result.exit_code == 0
    assert result.stdout.startswith("Patient v01 · Juvenile dermatomyositis with calcinosis")
    assert sections(result.stdout)[0] == "ALERTS"
    alerts = result.stdout.split("ALERTS")[1].split("READY")[0]
    assert "CRITICAL   Methotrexate is listed with an interval that is not once a week" in alerts
    assert "because methotrexate is on the medication list" in alerts
    assert "mg per WEEK" not in result.stdout


def test_the_report_has_its_sections_in_the_order_in_which_they_matter(folder):
    data = patient(wieght="26 kg", egfr="28 mL/min/{1.73_m2}", serum_creatinine=None)
    found = sections(evaluate(write(folder, "a.json", data)).stdout)
    order = [
        "READY",
        "BLOCKED",
        "NEEDS DATA",
        "ASK NEXT",
        "PROBLEMS WITH THE INPUT",
        "ASSUMED",
        "COMPUTED",
        "NOTICES",
    ]
    assert [name for name in dict.fromkeys(found) if name in order] == order


def test_the_dose_stands_in_a_frame_with_its_interval_and_working(folder):
    text = evaluate(write(folder, "a.json", patient())).stdout
    framed = next(line for line in text.splitlines() if "┃" in line)
    assert "methotrexate" in framed
    assert "14.42 to 19.23 mg per WEEK" in framed
    assert "Working    15 to 20 mg/m² × body surface area 0.9615 m²" in text  # noqa: RUF001 - a multiplication sign
    assert "level 4, strength D, agreement 100 %; read in the source [V]" in text
    assert "Enders 2017 (SHARE), Table 3, treatment row 9" in text
    assert "submitted, not approved by a clinician" in text
    assert "uncited in the source text" in text
    assert "Off-label" in text


def test_a_blocked_treatment_names_every_reason_with_its_number(folder):
    data = patient(egfr="28 mL/min/{1.73_m2}", serum_creatinine=None, breastfeeding=True)
    text = evaluate(write(folder, "a.json", data)).stdout
    blocked = " ".join(text.split("BLOCKED")[1].split("NEEDS DATA")[0].split())
    assert "contraindicated while breastfeeding" in blocked
    assert "because the eGFR is below 30 (eGFR 28 mL/min/1.73 m²)" in blocked


def test_missing_creatinine_is_asked_first_and_gives_no_number(folder):
    text = evaluate(write(folder, "a.json", patient(serum_creatinine=None))).stdout
    assert "mg per WEEK" not in text
    assert "missing (2): serum creatinine, eGFR · start-methotrexate" in text
    assert "1. What is the serum creatinine" in text


def test_only_five_questions_are_shown_unless_explained(folder):
    name = write(folder, "empty.json", "{}")
    short, long = evaluate(name).stdout, evaluate(name, "--explain").stdout
    assert "  5. " in short
    assert "  6. " not in short
    assert "more questions; `--explain` lists all" in short
    assert "  6. " in long


def test_explain_shows_the_tree_of_reasons(folder):
    data = patient(egfr="28 mL/min/{1.73_m2}", serum_creatinine=None)
    text = evaluate(write(folder, "a.json", data), "--explain").stdout
    assert "· the eGFR is below 30\n" in text
    assert "· eGFR is 28 mL/min/1.73 m² (below 30 mL/min/1.73 m²)" in text


def test_rules_that_do_not_apply_are_counted_or_shown(folder):
    name = write(folder, "a.json", patient())
    assert "`--all` shows them" in evaluate(name).stdout
    assert "NOT APPLICABLE (" in evaluate(name, "--all").stdout


@pytest.mark.parametrize("columns", [80, 100, 120, 200])
def test_lines_are_as_wide_as_the_terminal_and_never_wider_than_120(folder, columns):
    name = write(folder, "a.json", patient())
    for more in ([], ["--explain", "--all"]):
        result = evaluate(name, *more, env={"COLUMNS": str(columns)})
        assert max(map(len, result.stdout.splitlines())) <= min(columns, 120)


def test_control_characters_and_markup_of_a_patient_are_shown_and_never_obeyed(folder):
    name = "\x1b[31mred\x07\u202e [bold]x[/bold] \u009b2J\nREADY"
    data = patient(name, **{"\x1b]0;title\x07": 1, "[red]fact[/red]": 2})
    text = evaluate(write(folder, "a.json", data)).stdout
    assert "\\x1b[31mred\\x07\\u202e [bold]x[/bold] \\x9b2J READY" in text.splitlines()[0] + text.splitlines()[1]
    assert "[red]fact[/red]" in text
    assert all(char.isprintable() or char == "\n" for char in text)


def test_colour_only_where_a_terminal_is(folder, pack, monkeypatch):
    name = write(folder, "a.json", patient(current_medications=DAILY))
    assert "\x1b" not in evaluate(name).stdout
    answer = pack.evaluate(patient(current_medications=DAILY), as_of=DAY)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    assert "\x1b[1;31m" in report_of(answer)
    monkeypatch.setenv("NO_COLOR", "1")
    assert "31m" not in report_of(answer)


def report_of(answer):
    import io  # noqa: PLC0415 - the only use

    file = io.StringIO()
    write_report(Page(console_for(file)), answer)
    return file.getvalue()


def test_two_patients_are_told_apart(folder):
    text = evaluate(write(folder, "a.json", [patient("first"), patient("second")])).stdout
    assert text.index("Patient first") < text.index("─" * 80) < text.index("Patient second")


# What is wrong with a file


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "a.json: the file is empty"),
        (b" \n ", "a.json: the file is empty"),
        (b'{"a": 1,\n "b" 2}', "a.json:2:6: this is not JSON: `:` is missing between key and value"),
        (b'{"a": }', "a.json:1:7: this is not JSON: a value is missing or misspelt here"),
        (b"{'a': 1}", "a.json:1:2: this is not JSON: a key in double quotes must stand here"),
        (b'{"a": 1 "b": 2}', "a.json:1:9: this is not JSON: `,` or a closing bracket is missing"),
        (b'{"a": "x', "a.json:1:7: this is not JSON: this text has no closing quote"),
        (b'{"a": "x\ny"}', "a.json:1:9: this is not JSON: a line break or control character"),
        (b'{"a": "\\x"}', "a.json:1:8: this is not JSON: this backslash begins no known character"),
        (b'{"a": 1} {"b": 2}', "a.json:1:10: this is not JSON: something stands after the end"),
        (b'{"a": 1,\n "a": 2}', "a.json:2:2: the key `a` stands twice in one mapping; keep one of them"),
        (b'{"facts": {"x": {"a": 1, "\\u0061" : 2}}}', "a.json:1:26: the key `a` stands twice"),
        (b'{"weight": NaN}', "a.json:1:12: `NaN` is no number"),
        (b'{"weight": [1,\n-Infinity]}', "a.json:2:1: `-Infinity` is no number"),
        (b"[" * 41 + b"]" * 41, "a.json:1:41: this is nested more than 40 deep"),
        (b'{"a":' * 50_000, "a.json:1:201: this is nested more than 40 deep"),
        (b'{"a": "\\ud800"}', "a.json:1:7: this text holds half a character"),
        (b'{"a": ' + b"9" * 5000 + b"}", "a.json:1:1: a number here has thousands of digits"),
        (b'{"a": 1,\n"b": "\xe9"}', "a.json:2: the file is not UTF-8 text"),
        (b"[]", "a.json: the list holds no patient"),
        (b"3", "a.json: a patient is a mapping of fact names to values, not a number"),
        (b'[{}, "x"]', "a.json, patient 2: a patient is a mapping of fact names to values, not a text"),
        (b'{"facts": 3}', "a.json: `facts` of a patient must be a mapping"),
        (
            b'{"facts": {}, "audience": "clincian"}',
            "a.json: there is no audience `clincian`; did you mean `clinician`?",
        ),
        (b'{"id": "a"}\n{"id": }\n{"id": "c"}', "a.json:2:8: this is not JSON: a value is missing"),
    ],
)
def test_a_bad_file_is_one_sentence_and_the_others_are_answered(folder, content, sentence):
    (folder / "a.json").write_bytes(content)
    good = write(folder, "good.json", patient("good"))
    result = evaluate("a.json", good, "--format", "json")
    assert result.exit_code == 1
    assert result.stderr.startswith(sentence)
    assert result.stderr.count("\n") == 1
    assert json.loads(result.stdout.splitlines()[-1])["patient"] == "good"
    assert evaluate("a.json").exit_code == 1


def test_a_missing_file_is_wrong_use_unless_another_was_read(folder):
    good = write(folder, "good.json", patient())
    alone, beside = evaluate("none.json"), evaluate("none.json", good)
    assert alone.stderr == "none.json: there is no such file\n"
    assert (alone.exit_code, beside.exit_code) == (2, 1)
    assert "Patient v01" in beside.stdout


def test_a_folder_is_no_file(folder):
    result = evaluate(str(folder))
    assert result.exit_code == 2
    assert "this is a folder; name the files in it" in result.stderr


def test_names_that_cannot_be_files_are_said_so():
    assert list(patients_in("a\0b")) == [Complaint("a\0b: this is no name of a file", was_read=False)]


def test_the_reader_returns_the_place_of_each_patient(folder):
    write(folder, "a.ndjson", '{"a": 1}\n\n[{"b": 2}]')
    assert list(patients_in("a.ndjson")) == [
        Patient("a.ndjson:1", {"a": 1}),
        Patient("a.ndjson:3, patient 1", {"b": 2}),
    ]


def test_strict_makes_problems_findings(folder):
    name = write(folder, "a.json", patient(wieght="26 kg"))
    assert evaluate(name).exit_code == 0
    assert evaluate(name, "--strict").exit_code == 1
    assert evaluate(write(folder, "b.json", patient()), "--strict").exit_code == 0


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (
            EngineDisagreement("rule x", {"evaluator": "true", "durable_rules": "false"}),
            "no answer for this patient: the engines",
        ),
        (BackendFault("it stopped"), "no answer for this patient: it stopped"),
        (KeyError("x"), "internal fault (KeyError: 'x'); please report it"),
    ],
)
def test_a_fault_gives_no_answer_for_that_patient_and_status_3(folder, monkeypatch, error, sentence):
    original = LoadedPack.evaluate

    def broken(self, facts, **more):
        if facts["id"] == "bad":
            raise error
        return original(self, facts, **more)

    monkeypatch.setattr(LoadedPack, "evaluate", broken)
    name = write(folder, "a.json", [patient("bad"), patient("good")])
    result = evaluate(name, "--format", "json")
    assert result.exit_code == 3
    assert result.stderr.startswith(f"a.json, patient 1: {sentence}")
    assert [json.loads(line)["patient"] for line in result.stdout.splitlines()] == ["good"]


@pytest.mark.skipif(not is_available(), reason="the second engine cannot run here")
def test_a_second_engine_that_lies_closes_the_answer(folder, monkeypatch):
    monkeypatch.setattr(OnePatient, "decide", lambda _self, _facts, asked: dict.fromkeys(asked, True))
    result = evaluate(write(folder, "a.json", patient()))
    assert result.exit_code == 3
    assert "the engines disagree on" in result.stderr
    assert not result.stdout


# Wrong use


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--pack", "jdm_calcinosi"], "there is no pack `jdm_calcinosi`; did you mean `jdm_calcinosis`?"),
        (["--audience", "clinicain"], "there is no audience `clinicain`; did you mean `clinician`?"),
        (["--as-of", "21.11.2026"], "`21.11.2026` is not a date such as `2026-11-21`"),
        (["--format", "xml"], "xml"),
        (["--colour"], "--colour"),
    ],
)
def test_wrong_use_is_status_2(folder, words, sentence):
    result = run("evaluate", write(folder, "a.json", patient()), *words)
    assert result.exit_code == 2
    assert sentence in " ".join(result.stderr.split())
    assert not result.stdout


def broken_pack(folder, error="wen: age_years < 18"):
    (folder / "p").mkdir()
    write(folder, "p/pack.yaml", f"id: p\n{error}\n")
    return "p"


def test_a_pack_with_errors_answers_nobody(folder):
    result = evaluate(write(folder, "a.json", patient()), "--pack", broken_pack(folder))
    assert result.exit_code == 1
    assert "errors; see `cds-engine check`" in result.stderr
    assert not result.stdout


# The other verbs


def test_check_of_a_sound_pack_counts_what_is_in_it():
    result = run("check")
    assert result.exit_code == 0
    assert "statements, " in result.stdout.splitlines()[-1]


def test_check_prints_every_finding_and_counts_them(folder):
    result = run("check", broken_pack(folder))
    assert result.exit_code == 1
    assert "p/pack.yaml:2:1: error P101: there is no key `wen` here" in result.stdout
    assert "  | wen: age_years < 18\n  | ^^^" in result.stdout
    assert result.stdout.splitlines()[-1].endswith("errors")


def test_check_in_json_gives_each_finding_with_its_place(folder):
    result = run("check", broken_pack(folder), "--format", "json")
    assert result.exit_code == 1
    found = next(item for item in json.loads(result.stdout) if item["code"] == "P101")
    assert (found["severity"], found["file"], found["line"], found["column"], found["end"]) == (
        "error",
        "p/pack.yaml",
        2,
        1,
        4,
    )
    assert found.keys() == {"code", "severity", "message", "file", "line", "column", "end", "help"}


def test_warnings_alone_are_findings_only_when_strict(monkeypatch):
    from cds_engine.cli import check as module  # noqa: PLC0415 - to be broken
    from cds_engine.diagnostics import Diagnostic  # noqa: PLC0415 - the only use

    monkeypatch.setattr(module, "check_everything", lambda _: (None, [Diagnostic("C109", "odd", severity="warning")]))
    plain, strict = run("check"), run("check", "--strict")
    assert plain.stdout == "warning C109: odd\n1 warning\n"
    assert (plain.exit_code, strict.exit_code) == (0, 1)


def test_facts_lists_the_dictionary(pack):
    table, data = run("facts"), run("facts", "jdm_calcinosis", "--format", "json")
    assert (table.exit_code, data.exit_code) == (0, 0)
    facts = {fact["name"]: fact for fact in json.loads(data.stdout)}
    assert list(facts) == list(pack.guideline.dictionary.facts)
    assert facts["height"]["plausible"] == {"low": 30, "high": 250}
    assert "umol/L" in facts["serum_creatinine"]["accepts"]
    assert facts["disease_phase"]["allowed"]
    assert all(fact["label"] and fact["type"] for fact in facts.values())
    assert "serum_creatinine" in table.stdout


def test_explain_says_what_a_code_means():
    result = run("explain", "u201")
    assert result.exit_code == 0
    assert "U201  two quantities that do not compare" in result.stdout
    assert "What to do" in result.stdout


def test_explain_says_what_a_rule_rests_on():
    text = run("explain", "start-methotrexate").stdout
    for words in ("Table 3, treatment row 9", "level 4, strength D", "disease_phase = 'new_onset'", "40 mg per week"):
        assert words in text
    assert "methotrexate-pregnancy" in text


def test_explain_knows_everything_that_has_an_id(pack):
    from cds_engine.cli.explain_rule import Ledger  # noqa: PLC0415 - the only use

    ledger = Ledger(pack.guideline)
    for word in ledger.words():
        with open(os.devnull, "w", encoding="utf-8") as nowhere:  # noqa: PTH123 - a device
            assert ledger.write(Page(console_for(nowhere)), word)


def test_explain_proposes_the_nearest_word():
    for word, meant in (("start-metotrexate", "start-methotrexate"), ("u2001", "U201")):
        result = run("explain", word)
        assert result.exit_code == 2
        assert f"did you mean `{meant}`?" in result.stderr


def test_version_and_help():
    assert run("--version").stdout == f"cds-engine {cds_engine.__version__}\n"
    for verb in ([], ["evaluate"], ["check"], ["facts"], ["explain"]):
        assert run(*verb, "--help").exit_code == 0


# HTML


def test_html_is_a_page_with_every_text_escaped(folder):
    result = evaluate(
        write(folder, "a.json", patient("<script>alert(1)</script>")), "--format", "html", "--explain", "--all"
    )
    assert result.exit_code == 0
    assert result.stdout.startswith("<!doctype html>")
    assert "<script" not in result.stdout
    assert "&lt;script&gt;" in result.stdout
    assert "14.42 to 19.23 mg per WEEK" in result.stdout


def test_notebooks_show_the_same_fragment(pack):
    answer = pack.evaluate(patient(current_medications=DAILY), as_of=DAY)
    assert answer._repr_html_() == to_html(answer)
    shown = to_html(answer)
    assert shown.index("CRITICAL") < shown.index("Ready: treatment")
    assert to_page([answer]).count("<section") == 1


# Words


def test_clean_makes_every_character_visible():
    assert clean("a\tb\u00a0c\r\n\x00\x7f\u2028\U000e0041") == "a b c  \\x00\\x7f\\u2028\\U000e0041"
    assert clean("eGFR 30 mL/min/1.73 m² ² ü") == "eGFR 30 mL/min/1.73 m² ² ü"


def test_the_tree_leaves_out_what_only_joins_its_parts():
    one, two = (Trace(text=text, truth="true") for text in ("a is 1", "b is 2"))
    joined = Trace(text="a is 1 and b is 2", truth="true", parts=[one, two])
    assert reasons_tree(Trace(text="both hold", truth="true", parts=[joined])) == [
        (0, "both hold"),
        (1, "a is 1"),
        (1, "b is 2"),
    ]


# The process


def process(*words, **more):
    return subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-W", "error", "-c", "from cds_engine.cli import main; main()", *words],
        capture_output=True,
        check=False,
        timeout=60,
        **more,
    )


def test_the_process_writes_utf_8_json_whatever_the_locale(folder):
    name = write(folder, "a.json", patient("Zoë €"))
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    result = process("evaluate", name, "--format", "json", env=environment)
    assert result.returncode == 0
    assert json.loads(result.stdout.decode("utf-8"))["patient"] == "Zoë €"


def test_the_process_writes_a_report_in_any_encoding(folder):
    name = write(folder, "a.json", patient("Zoë €"))
    result = process("evaluate", name, "none.json", env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert result.returncode == 1
    assert b"Patient Zo\\xeb \\u20ac" in result.stdout
    assert b"14.42 to 19.23 mg per WEEK" in result.stdout


def test_help_loads_neither_models_nor_tables():
    code = "import sys; from cds_engine.cli import app; app(['--help'], standalone_mode=False); "
    code += "print(sorted({'pydantic', 'rich.table', 'yaml', 'pint'} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)  # noqa: S603 - ours
    assert result.stdout.splitlines()[-1] == "[]"


def test_a_reader_that_stops_reading_is_no_fault(folder):
    name = write(folder, "a.json", [patient(str(index)) for index in range(30)])
    code = "from cds_engine.cli import main; main()"
    with subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, "-c", code, "evaluate", name], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as started:
        started.stdout.readline()
        started.stdout.close()
        said = started.stderr.read()
    assert b"Traceback" not in said
    assert b"fault" not in said


@pytest.mark.parametrize("wanted", [[], ["--debug"]])
def test_an_unexpected_fault_is_one_sentence_and_a_traceback_only_for_those_who_ask(
    folder, monkeypatch, capsys, wanted
):
    def broken(_name):
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr("cds_engine.engine.packs.load", broken)
    with pytest.raises(SystemExit) as ended:
        main(["evaluate", write(folder, "a.json", patient()), *wanted])
    DEBUG.set(False)
    said = capsys.readouterr().err
    assert ended.value.code == 3
    assert "cds-engine: internal fault (ZeroDivisionError: by zero); please report it" in said
    assert ("Traceback" in said) == bool(wanted)
