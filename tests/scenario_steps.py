"""What clinicians say in scenarios, and what it means in facts of a patient and in parts of an answer.

One table maps a sentence to facts, one a treatment to its rule; the steps in `test_scenarios.py` know nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

Facts = Mapping[str, object]

UNITS = {"cm": "cm", "m": "m", "kg": "kg", "g": "g", "inches": "[in_i]", "pounds": "[lb_av]"}
SEX = {"boy": "male", "man": "male", "girl": "female", "woman": "female", "child": "unknown"}
INTERVAL: Mapping[str, Facts] = {
    "every day": {"per": "day"},
    "twice a day": {"per": "day", "times": 2},
    "three times a day": {"per": "day", "times": 3},
    "once a week": {"per": "week"},
    "three times a week": {"per": "several_times_a_week"},
    "every two weeks": {"per": "two_weeks"},
    "once a month": {"per": "month"},
    "as one course": {"per": "course"},
    "when needed": {"per": "as_needed"},
}
ROUTE = {"by mouth": "oral", "under the skin": "subcutaneous", "into a vein": "intravenous"}
DAYS_AGO = {"today": "2026-11-21", "last week": "2026-11-13", "half a year ago": "2026-05-21"}
TODAY = "2026-11-21"

UNREMARKABLE: Mapping[str, Facts] = {
    "methotrexate": {
        "serum_creatinine": "0.4 mg/dL",
        "pregnancy_status": "not_pregnant",
        **dict.fromkeys(
            (
                *("breastfeeding", "alcohol_misuse", "chronic_liver_disease", "immunodeficiency", "blood_dyscrasia"),
                *("active_serious_infection", "peptic_or_oral_ulcer_active", "nitrous_oxide_planned"),
                "live_vaccine_planned_or_recent",
            ),
            False,
        ),
        "drug_hypersensitivity": [],
        "tmp_smx_use": "none",
        "current_medications": [],
    },
    "mycophenolate": {
        "pregnancy_status": "not_pregnant",
        "highly_effective_contraception": True,
        "breastfeeding": False,
        "active_serious_infection": False,
        "live_vaccine_planned_or_recent": False,
        "drug_hypersensitivity": [],
        "current_medications": [],
    },
    "immunoglobulin": {
        "selective_iga_deficiency": False,
        "anti_iga_antibodies": False,
        "drug_hypersensitivity": [],
        "current_medications": [],
    },
    "cyclophosphamide": {
        "pregnancy_status": "not_pregnant",
        "breastfeeding": False,
        "live_vaccine_planned_or_recent": False,
        "current_medications": [],
    },
    "ciclosporin": {
        "serum_creatinine": "0.4 mg/dL",
        "hypertension_uncontrolled": False,
        "malignancy": False,
        "active_serious_infection": False,
        "live_vaccine_planned_or_recent": False,
    },
}
"""What "everything else that ... needs is known and unremarkable" adds, where the scenario has not spoken of it."""


def _person(said: re.Match[str]) -> Facts:
    facts: dict[str, object] = {
        "age_years": {"value": float(said["age"]), "unit": "a" if said["unit"] == "year" else "mo"},
        "sex_at_birth": SEX[said["who"]],
    }
    if said["height"]:
        facts["height"] = f"{said['height']} {UNITS[said['height_unit']]}"
    if said["weight"]:
        facts["weight"] = f"{said['weight']} {UNITS[said['weight_unit']]}"
    return facts


def _laboratory(name: str, unit: str) -> Callable[[re.Match[str]], Facts]:
    """Read `a calcium of 2.9 mmol/L (normal 2.2 to 2.65)`."""

    def facts(said: re.Match[str]) -> Facts:
        value: dict[str, object] = {"value": float(said["value"]), "unit": said.groupdict().get("unit") or unit}
        if said.groupdict().get("low"):
            value["range"] = {"low": float(said["low"]), "high": float(said["high"])}
        return {name: value}

    return facts


def _medicine(said: re.Match[str]) -> Facts:
    entry: dict[str, object] = {"drug": said["drug"]}
    if said["dose"]:
        entry["dose"] = {"value": float(said["dose"]), "unit": "mg"}
    if said["often"]:
        entry |= INTERVAL[said["often"]]
    return {"current_medications": [entry]}


def order_of(said: str) -> object:
    """Read `methotrexate, 15 mg, every day, by mouth, stopped`; each part but the first may be missing."""
    drug, *parts = said.split(", ")
    order: dict[str, object] = {"drug": drug}
    for part in parts:
        amount = re.fullmatch(r"(?P<value>[\d.]+) (?P<unit>[a-z]+)", part)
        if amount is not None:
            order["dose"] = {"value": float(amount["value"]), "unit": amount["unit"]}
        elif part in INTERVAL:
            order |= INTERVAL[part]
        elif part in ROUTE:
            order["route"] = ROUTE[part]
        else:
            order["status"] = {"stopped": "stopped", "entered in error": "entered-in-error"}[part]
    return order


VALUE = r"(?P<value>[\d.]+)"
NORMAL = r"( \(normal (?P<low>[\d.]+) to (?P<high>[\d.]+)\))?"

SENTENCES: Mapping[str, Facts | Callable[[re.Match[str]], Facts]] = {
    # who
    r"an? (?P<age>[\d.]+)-(?P<unit>year|month)-old (?P<who>boy|girl|man|woman|child)"
    r"(, (?P<height>[\d.]+) (?P<height_unit>cm|m|inches) tall)?"
    r"(, weighing (?P<weight>[\d.]+) (?P<weight_unit>kg|g|pounds))?": _person,
    "a patient of whom nothing is known": {},
    r"a weight of (?P<value>[\d.]+) kg measured (?P<when>.+)": lambda said: {
        "weight": {"value": float(said["value"]), "unit": "kg", "date": DAYS_AGO[said["when"]]}
    },
    r"two weights of today, (?P<one>[\d.]+) kg and (?P<two>[\d.]+) kg": lambda said: {
        "weight": [f"{said['one']} kg", f"{said['two']} kg"]
    },
    "a weight written as 26 without a unit": {"weight": 26},
    # disease
    "newly diagnosed juvenile dermatomyositis": {"diagnosis_jdm": "confirmed", "disease_phase": "new_onset"},
    "established, active juvenile dermatomyositis": {
        "diagnosis_jdm": "confirmed",
        "disease_phase": "established_active",
    },
    "juvenile dermatomyositis in flare": {"diagnosis_jdm": "confirmed", "disease_phase": "flare"},
    "juvenile dermatomyositis in remission": {"diagnosis_jdm": "confirmed", "disease_phase": "remission"},
    "confirmed juvenile dermatomyositis": {"diagnosis_jdm": "confirmed"},
    "(?P<how>suspected|probable) juvenile dermatomyositis": lambda said: {"diagnosis_jdm": said["how"]},
    "juvenile dermatomyositis has been ruled out": {"diagnosis_jdm": "absent"},
    "the disease is new": {"disease_phase": "new_onset"},
    r"the disease began at the age of (?P<age>\d+)": lambda said: {"jdm_onset_age": float(said["age"])},
    "the disease is resistant to treatment": {"disease_resistant": True},
    "the disease responds to treatment": {"disease_resistant": False},
    "the skin features are prominent": {"skin_features_prominent": True},
    "the muscle disease is active": {"muscle_disease_active": True},
    "the skin disease is active": {"skin_disease_active": True},
    "neither muscle nor skin disease is active": {"muscle_disease_active": False, "skin_disease_active": False},
    "the patient is improving": {"clinical_improvement": True},
    "the patient is not improving": {"clinical_improvement": False},
    "no calcinosis": {"calcinosis_status": "none"},
    "(?P<status>developing|established) calcinosis": lambda said: {"calcinosis_status": said["status"]},
    "the calcinosis is due to the dermatomyositis": {"calcinosis_cause": "jdm_dystrophic"},
    "the calcinosis is due to fibrodysplasia ossificans progressiva": {"calcinosis_cause": "fop"},
    "the clinician judges a deposit to be large": {"calcinosis_lesion_large": True},
    "the clinician judges no deposit to be large or particularly symptomatic": {
        "calcinosis_lesion_large": False,
        "calcinosis_particularly_symptomatic": False,
    },
    "the calcinosis is particularly symptomatic": {"calcinosis_particularly_symptomatic": True},
    r"a deposit of (?P<value>\d+) mm": _laboratory("calcinosis_lesion_max_diameter", "mm"),
    "a myofascial pain syndrome": {"myofascial_pain_syndrome": True},
    "no myofascial pain syndrome": {"myofascial_pain_syndrome": False},
    "difficulty swallowing": {"dysphagia_or_aspiration": True},
    "absorption by mouth is in doubt": {"absorption_concern": True},
    "absorption by mouth is not in doubt": {"absorption_concern": False, "dysphagia_or_aspiration": False},
    r"treatment began (?P<value>[\d.]+) weeks ago": lambda said: {"weeks_since_treatment_start": float(said["value"])},
    "the response to treatment is (?P<how>adequate|inadequate)": lambda said: {"treatment_response": said["how"]},
    "the skin disease has settled": {"skin_disease_active": False},
    "the muscle disease has settled": {"muscle_disease_active": False},
    "the skin ulcerates": {"skin_ulceration": True},
    "a major organ is involved": {"major_organ_involvement": True},
    "the skin does not ulcerate and no major organ is involved": {
        **dict.fromkeys(("skin_ulceration", "major_organ_involvement", "gi_vasculitis", "myocarditis"), False),
        **dict.fromkeys(("parenchymal_lung_disease", "cns_disease"), False),
    },
    r"a childhood myositis score of (?P<value>\d+)": lambda said: {"cmas": int(said["value"])},
    # kidney, liver, minerals
    rf"a serum creatinine of {VALUE} (?P<unit>mg/dL|umol/L)": _laboratory("serum_creatinine", "mg/dL"),
    rf"an eGFR of {VALUE}": _laboratory("egfr", "mL/min/{1.73_m2}"),
    "the serum creatinine is not known": {"serum_creatinine": "unknown"},
    rf"an ALT of {VALUE} with an upper limit of (?P<limit>\d+)": lambda said: {
        "alt": f"{said['value']} U/L",
        "alt_uln": f"{said['limit']} U/L",
    },
    rf"a CK of {VALUE}{NORMAL}": _laboratory("ck", "U/L"),
    rf"a GGT of {VALUE}{NORMAL}": _laboratory("ggt", "U/L"),
    "the clinician calls the rise hepatic": {"transaminase_rise_is_hepatic": True},
    "the clinician calls the rise muscular": {"transaminase_rise_is_hepatic": False},
    rf"a parathyroid hormone of {VALUE} (?P<unit>pg/mL|pmol/L){NORMAL}": _laboratory("pth", "pg/mL"),
    rf"a calcium of {VALUE} (?P<unit>mmol/L|mg/dL){NORMAL}": _laboratory("calcium_total", "mmol/L"),
    rf"a phosphate of {VALUE} mmol/L": _laboratory("phosphate", "mmol/L"),
    rf"an alkaline phosphatase of {VALUE}": _laboratory("alkaline_phosphatase", "U/L"),
    rf"a vitamin D of {VALUE} (?P<unit>nmol/L|ng/mL)": _laboratory("vitamin_d_25oh", "nmol/L"),
    # reasons against a drug
    "she is pregnant": {"pregnancy_status": "pregnant"},
    "pregnancy is possible": {"pregnancy_status": "possible"},
    "pregnancy has been excluded": {"pregnancy_status": "not_pregnant"},
    "her pregnancy status is not known": {"pregnancy_status": "unknown"},
    r"pregnancy was excluded by a test (?P<when>.+)": lambda said: {
        "pregnancy_status": {"value": "not_pregnant", "date": DAYS_AGO[said["when"]]}
    },
    "a recorded pregnancy": {"pregnancy_status": "pregnant"},
    "she could become pregnant": {"childbearing_potential": True},
    "she has not had her first period": {"childbearing_potential": False},
    "she uses highly effective contraception": {"highly_effective_contraception": True},
    "she uses no highly effective contraception": {"highly_effective_contraception": False},
    "she is breastfeeding": {"breastfeeding": True},
    "alcohol misuse": {"alcohol_misuse": True},
    "a chronic liver disease": {"chronic_liver_disease": True},
    "an immunodeficiency": {"immunodeficiency": True},
    "a blood dyscrasia": {"blood_dyscrasia": True},
    "an active serious infection": {"active_serious_infection": True},
    "untreated latent tuberculosis": {"tb_active_or_untreated_latent": True},
    "an active oral ulcer": {"peptic_or_oral_ulcer_active": True},
    "(?P<status>active|past) hepatitis B": lambda said: {"hepatitis_b_status": said["status"]},
    "a malignancy": {"malignancy": True},
    "methotrexate is not tolerated": {"mtx_intolerance": True},
    "methotrexate is tolerated": {"mtx_intolerance": False},
    "an allergy to (?P<drug>.+)": lambda said: {"drug_hypersensitivity": [said["drug"]]},
    "co-trimoxazole is given as treatment": {"tmp_smx_use": "treatment"},
    "co-trimoxazole is given as prophylaxis": {"tmp_smx_use": "prophylaxis"},
    "the specialist accepts the prophylaxis": {"specialist_accepts_tmp_smx_prophylaxis": True},
    "the specialist does not accept the prophylaxis": {"specialist_accepts_tmp_smx_prophylaxis": False},
    "co-trimoxazole is listed although its use is denied": {
        "tmp_smx_use": "none",
        "current_medications": [{"drug": "co-trimoxazole", "per": "day"}],
    },
    "nitrous oxide is planned": {"nitrous_oxide_planned": True},
    "a live vaccine is planned": {"live_vaccine_planned_or_recent": True},
    "uncontrolled hypertension": {"hypertension_uncontrolled": True},
    "selective IgA deficiency with antibodies against IgA": {
        "selective_iga_deficiency": True,
        "anti_iga_antibodies": True,
    },
    "a raised risk of thrombosis": {"thrombosis_risk": True},
    # medicines
    rf"takes (?P<drug>[a-z-]+)( (?P<dose>[\d.]+) mg)?( (?P<often>{'|'.join(INTERVAL)}))?": _medicine,
    "takes no medicines": {"current_medications": []},
    "the medicines are not known": {"current_medications": "unknown"},
}
"""A sentence about the patient (a pattern) to its facts."""

TREATMENTS: Mapping[str, str] = {
    "methotrexate": "start-methotrexate",
    "methotrexate to step up treatment": "offer-methotrexate",
    "a partner for the steroid": "add-steroid-sparing-agent",
    "weaning of the steroid": "wean-corticosteroid",
    "mycophenolate": "mycophenolate-option",
    "immunoglobulin": "ivig-adjunct",
    "surgical removal": "excision",
    "stepping up of immunosuppression": "intensify-immunosuppression",
    "multidisciplinary care": "multidisciplinary-care",
    "a physiotherapist and a specialist nurse in the team": "care-team-members",
    "physiotherapy": "physiotherapy",
    "a supervised exercise programme": "exercise-programme",
    "sun protection": "sun-protection",
    "a search for a mineral disorder": "mineral-work-up",
    "treatment of the hyperparathyroidism": "treat-hyperparathyroidism",
    "treatment of the low vitamin D": "treat-low-vitamin-d",
    "kidney monitoring": "renal-monitoring",
    "relief of the myofascial pain": "myofascial-pain-relief",
    "urgent referral": "urgent-referral",
    "referral to a specialised centre": "specialist-referral",
    "regular assessment of activity": "assess-activity",
    "yearly assessment of damage": "assess-damage",
    "induction by mouth": "induce-oral",
    "induction into a vein": "induce-intravenous",
    "a steroid by mouth": "corticosteroid-by-itself",
    "a steroid into a vein": "intravenous-corticosteroid",
    "stepping up in the first 12 weeks": "intensify-within-12-weeks",
    "stepping up for the skin": "intensify-for-skin-disease",
    "a change from methotrexate": "change-from-methotrexate",
    "cyclophosphamide": "add-cyclophosphamide",
    "rituximab": "rituximab-adjunct",
    "anti-TNF treatment": "anti-tnf-option",
    "a bisphosphonate": "bisphosphonate-option",
    "sodium thiosulfate": "sodium-thiosulfate-option",
    "a JAK inhibitor": "jak-inhibitor-option",
    "diltiazem": "diltiazem-option",
    "minocycline": "minocycline-option",
    "hydroxychloroquine": "hydroxychloroquine-option",
}
"""What a clinician calls it to the rule that speaks of it."""

STRENGTH = {
    "is recommended": "recommend",
    "is worth considering": "consider",
    "is an option": "option",
    "is mentioned": "inform",
}


def facts_of(sentence: str) -> Facts:
    """Return the facts that a sentence states."""
    for pattern, facts in SENTENCES.items():
        said = re.fullmatch(pattern, sentence)
        if said is not None:
            return facts(said) if callable(facts) else facts
    raise AssertionError(f"nobody has said what this means: {sentence}")
