"""What speaks against each drug and action, and the alerts.

What is compared with `is True` acts only when it is known; anything else that is not known holds the drug back.
"""

from __future__ import annotations

from functools import partial

from jdm.facts import SPARING
from jdm.unknown import above, among, at_least, below, every, holds, is_unknown, no, some

BISPHOSPHONATES = ("pamidronate", "alendronate", "etidronate")
JAK_INHIBITORS = ("tofacitinib", "baricitinib", "ruxolitinib")
ANTI_TNF = ("infliximab", "adalimumab", "etanercept")
BIOLOGICS = ("rituximab", *ANTI_TNF)
ALLERGY_ALONE = ("prednisolone", "methylprednisolone", "hydroxychloroquine", "sodium_thiosulfate", "diltiazem")


def is_allergic(p, drug):
    return holds(p.drug_hypersensitivity, drug)


def is_known_allergic(p, drug):
    return holds(p.drug_hypersensitivity, drug) is True


def is_fop(p):
    return among(p.calcinosis_cause, "fop")


def against_methotrexate(p):
    hepatic = p.transaminase_rise_is_hepatic
    return some(
        p.daily_methotrexate, p.pregnancy, p.pregnancy_to_exclude, p.breastfeeding, below(p.egfr, 30.0),
        p.alcohol_misuse, p.chronic_liver_disease, p.immunodeficiency, p.blood_dyscrasia, p.active_serious_infection,
        p.tb_active_or_untreated_latent is True, p.peptic_or_oral_ulcer_active, is_allergic(p, "methotrexate"),
        among(p.tmp_smx_use, "treatment"),
        every(among(p.tmp_smx_use, "prophylaxis"), no(p.specialist_accepts_tmp_smx_prophylaxis)),
        every(among(p.tmp_smx_use, "none"), p.takes_cotrimoxazole),
        every(holds(p.current_medications, "nitrous_oxide"), p.nitrous_oxide_planned is not True),
        every(p.takes_live_vaccine, p.live_vaccine_planned_or_recent is not True),
        p.nitrous_oxide_planned, p.live_vaccine_planned_or_recent,
        every(p.transaminases_raised is True, hepatic),
        p.transaminases_raised is not False and hepatic is True,
    )  # fmt: skip


def against_mycophenolate(p):
    return some(
        p.pregnancy, p.pregnancy_to_exclude, every(p.childbearing_potential, no(p.highly_effective_contraception)),
        p.breastfeeding, is_allergic(p, "mycophenolate_mofetil"), below(p.age_years, 2.0), p.active_serious_infection,
        p.live_vaccine_planned_or_recent, p.hgprt_deficiency is True, p.overdosed, p.vaccine_listed,
    )  # fmt: skip


def against_ciclosporin(p):
    return some(
        below(p.egfr, 60.0), p.hypertension_uncontrolled, p.malignancy, p.active_serious_infection,
        p.live_vaccine_planned_or_recent, is_known_allergic(p, "ciclosporin"), p.overdosed, p.vaccine_listed,
    )  # fmt: skip


def against_cyclophosphamide(p):
    return some(
        p.pregnancy, p.pregnancy_to_exclude, p.breastfeeding, p.live_vaccine_planned_or_recent,
        is_known_allergic(p, "cyclophosphamide"), p.may_not_step_up,
    )  # fmt: skip


def against_rituximab(p):
    hepatitis = among(p.hepatitis_b_status, "active") is True
    return p.may_not_step_up or p.vaccine or hepatitis or is_known_allergic(p, "rituximab")


def against_anti_tnf(p, drug):
    return (
        p.may_not_step_up or p.vaccine or p.tb_active_or_untreated_latent is True
        or among(p.hepatitis_b_status, "active") is True or is_known_allergic(p, drug)
    )  # fmt: skip


def against_jak_inhibitor(p, drug):
    return p.may_not_step_up or p.vaccine or is_known_allergic(p, drug)


def against_bisphosphonate(p, drug):
    low_calcium = below(p.calcium_total, p.calcium_total_range_low) is True
    return low_calcium or p.low_vitamin_d is True or is_known_allergic(p, drug)


def against_minocycline(p):
    return below(p.age_years, 8.0) is True or p.pregnancy is True or is_known_allergic(p, "minocycline")


def against_intensifying(p):
    return p.active_serious_infection is True or p.vaccine or p.blood_dyscrasia is True or p.overdosed


def against_movement(p):
    return is_fop(p) is True


def each(against, drugs):
    return {drug: partial(against, drug=drug) for drug in drugs}


AGAINST = {
    "methotrexate": against_methotrexate,
    "mycophenolate_mofetil": against_mycophenolate,
    "ciclosporin": against_ciclosporin,
    "cyclophosphamide": against_cyclophosphamide,
    "ivig": lambda p: some(every(p.selective_iga_deficiency, p.anti_iga_antibodies), is_allergic(p, "ivig")),
    "rituximab": against_rituximab,
    "minocycline": against_minocycline,
    "intensify_immunosuppression": against_intensifying,
    "excision": is_fop,
    "physiotherapy": against_movement,
    "exercise_programme": against_movement,
    "non_drug_pain_relief": against_movement,
    "vitamin_d_supplement": lambda p: p.high_calcium,
    "wean_corticosteroid": lambda p: among(p.disease_phase, "flare") is True,
    **each(is_known_allergic, ALLERGY_ALONE),
    **each(against_anti_tnf, ANTI_TNF),
    **each(against_jak_inhibitor, JAK_INHIBITORS),
    **each(against_bisphosphonate, BISPHOSPHONATES),
}
"""By drug and action, whether it is blocked, or what must be known first."""


def alerts(p):
    """Return the alerts that are raised, in the order of the pack."""
    vaccine = some(p.live_vaccine_planned_or_recent, p.takes_live_vaccine)
    immunosuppressed = some(
        p.in_scope is not False, p.on_steroid, holds(p.current_medications, *SPARING, *BIOLOGICS, *JAK_INHIBITORS),
        holds(p.current_medications, "cyclophosphamide"),
    )  # fmt: skip
    not_judged = p.transaminases_raised is True and is_unknown(p.transaminase_rise_is_hepatic)
    ck_raised, ggt_raised = above(p.ck, p.ck_range_high) is True, above(p.ggt, p.ggt_range_high) is True
    without_limit = is_unknown(p.alt_uln) and (
        (not is_unknown(p.alt) and is_unknown(p.alt_range_high))
        or (not is_unknown(p.ast) and is_unknown(p.ast_range_high))
    )
    use = p.tmp_smx_use
    raised = {
        "live-vaccine-and-immunosuppression": every(vaccine, immunosuppressed),
        "urgent-referral-needed": every(p.high_risk, among(p.diagnosis_jdm, "absent") is not True),
        "jdm-not-confirmed": among(p.diagnosis_jdm, "suspected", "probable"),
        "adult-onset": at_least(p.jdm_onset_age, 18.0),
        "adult-with-juvenile-onset": every(p.in_scope, at_least(p.age_years, 18.0)),
        "calcinosis-of-another-cause": every(p.calcinosis, p.of_another_cause),
        "infected-calcinosis": p.calcinosis_infected,
        "daily-methotrexate": p.daily_methotrexate,
        "methotrexate-interval-unknown": every(p.takes_methotrexate, is_unknown(p.daily_methotrexate)),
        "pregnancy-while-taking-methotrexate": every(p.pregnancy, p.takes_methotrexate),
        "severe-renal-impairment-while-taking-methotrexate": every(below(p.egfr, 30.0), p.takes_methotrexate),
        "live-vaccine-while-taking-methotrexate": every(vaccine, p.takes_methotrexate),
        "cotrimoxazole-listed-while-taking-methotrexate": every(
            p.takes_methotrexate, p.takes_cotrimoxazole, among(use, "treatment", "prophylaxis") is not True
        ),
        "cotrimoxazole-while-taking-methotrexate": every(among(use, "treatment"), p.takes_methotrexate),
        "cotrimoxazole-treatment": every(among(use, "treatment"), p.takes_methotrexate is not True),
        "cotrimoxazole-prophylaxis": among(use, "prophylaxis"),
        "cotrimoxazole-contradiction": every(among(use, "none"), p.takes_cotrimoxazole),
        "methotrexate-with-nsaid": every(
            p.takes_methotrexate, some(p.nsaid_use, holds(p.current_medications, "ibuprofen", "naproxen"))
        ),
        "transaminases-raised-muscle-likely": not_judged and ck_raised and not ggt_raised,
        "transaminases-raised-liver-possible": not_judged and (not ck_raised or ggt_raised),
        "transaminases-without-limit": without_limit,
        "low-neutrophils": below(p.neutrophils, 1.5),
        "low-lymphocytes": below(p.lymphocytes, 0.9),
        "low-platelets": below(p.platelets, 140.0),
        "low-white-cells": below(p.wbc, 3.5),
        "high-calcium": p.high_calcium,
    }
    return ";".join(name for name, holds_here in raised.items() if holds_here is True) or None
