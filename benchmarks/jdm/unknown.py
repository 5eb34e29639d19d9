"""Truths and values that may be unknown. An unknown one is a whole number: a bit for each fact that settles it.

Numbers of patients are floats, so that no value is taken for such a set.
"""

from __future__ import annotations

FACTS = (
    "birth_date", "age_years", "sex_at_birth", "height", "weight", "serum_creatinine", "egfr", "alt", "ast", "ggt",
    "ck", "alt_uln", "wbc", "neutrophils", "lymphocytes", "platelets", "vitamin_d_25oh", "pth", "calcium_total",
    "phosphate", "alkaline_phosphatase", "diagnosis_jdm", "jdm_onset_age", "disease_phase",
    "weeks_since_treatment_start", "treatment_response", "clinical_improvement", "disease_resistant",
    "skin_features_prominent", "skin_disease_active", "muscle_disease_active", "major_organ_involvement",
    "skin_ulceration", "cmas", "mmt8", "dysphagia_or_aspiration", "absorption_concern", "calcinosis_status",
    "calcinosis_cause", "calcinosis_lesion_large", "calcinosis_particularly_symptomatic", "calcinosis_infected",
    "pregnancy_status", "childbearing_potential", "highly_effective_contraception", "breastfeeding",
    "alcohol_misuse", "chronic_liver_disease", "immunodeficiency", "blood_dyscrasia", "active_serious_infection",
    "tb_active_or_untreated_latent", "hepatitis_b_status", "peptic_or_oral_ulcer_active",
    "hypertension_uncontrolled", "malignancy", "selective_iga_deficiency", "anti_iga_antibodies",
    "hgprt_deficiency", "drug_hypersensitivity", "mtx_intolerance", "current_medications",
    "current_systemic_corticosteroid", "tmp_smx_use", "nsaid_use", "nitrous_oxide_planned",
    "live_vaccine_planned_or_recent", "myofascial_pain_syndrome", "hyperparathyroidism", "vitamin_d_status",
    "transaminase_rise_is_hepatic", "specialist_accepts_tmp_smx_prophylaxis", "unable_to_get_off_bed",
    "gi_vasculitis", "myocarditis", "parenchymal_lung_disease", "cns_disease", "intensive_care_needed",
    "corticosteroid_dose_per_kg",
)  # fmt: skip
"""In the order in which they are asked for."""
ASK = {name: 1 << place for place, name in enumerate(FACTS)}
RANGES = ("alt_range_high", "ast_range_high", "ck_range_high", "ggt_range_high", "pth_range_low", "pth_range_high",
          "calcium_total_range_low", "calcium_total_range_high")  # fmt: skip
UNKNOWN = ASK | {name: ASK[name.split("_range_")[0]] for name in RANGES}
"""What stands for a column that says nothing: a limit that is missing asks for the value with its range."""


def is_unknown(value):
    return type(value) is int


def asked(*values):
    """Return the facts that the unknown ones among several values ask for."""
    found = 0
    for value in values:
        if type(value) is int:
            found |= value
    return found


def names(asks):
    return ";".join(name for name, bit in ASK.items() if asks & bit) or None


def every(*parts):
    asks = 0
    for part in parts:
        if part is False:
            return False
        if part is not True:
            asks |= part
    return asks or True


def some(*parts):
    asks = 0
    for part in parts:
        if part is True:
            return True
        if part is not False:
            asks |= part
    return asks or False


def no(truth):
    return truth if type(truth) is int else not truth


def below(value, limit):
    return asked(value, limit) or value < limit


def above(value, limit):
    return asked(value, limit) or value > limit


def at_least(value, limit):
    return asked(value, limit) or value >= limit


def at_most(value, limit):
    return asked(value, limit) or value <= limit


def among(code, *codes):
    return code if type(code) is int else code in codes


def holds(listed, *codes):
    return listed if type(listed) is int else not listed.isdisjoint(codes)
