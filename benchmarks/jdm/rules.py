"""What each rule asks for, an action, a drug, one of several drugs or two together, and when it applies."""

from __future__ import annotations

from jdm.facts import is_high_dose
from jdm.safety import ANTI_TNF, BISPHOSPHONATES, JAK_INHIBITORS
from jdm.unknown import among, at_most, below, every, holds, is_unknown, no, some

ACTIONS = {
    "excision": "excision",
    "intensify_immunosuppression": "intensify_immunosuppression",
    "multidisciplinary_care": None,
    "care_team_members": None,
    "physiotherapy": "physiotherapy",
    "mineral_work_up": None,
    "treat_hyperparathyroidism": None,
    "treat_low_vitamin_d": "vitamin_d_supplement",
    "renal_monitoring": None,
    "wean_corticosteroid": "wean_corticosteroid",
    "urgent_referral": None,
    "intensify_within_12_weeks": "intensify_immunosuppression",
    "intensify_for_skin_disease": "intensify_immunosuppression",
    "specialist_referral": None,
    "assess_activity": None,
    "assess_damage": None,
    "sun_protection": None,
    "exercise_programme": "exercise_programme",
    "myofascial_pain_relief": "non_drug_pain_relief",
}
DRUGS = {
    "offer_methotrexate": "methotrexate",
    "mycophenolate_option": "mycophenolate_mofetil",
    "ivig_adjunct": "ivig",
    "start_methotrexate": "methotrexate",
    "sodium_thiosulfate_option": "sodium_thiosulfate",
    "diltiazem_option": "diltiazem",
    "minocycline_option": "minocycline",
    "hydroxychloroquine_option": "hydroxychloroquine",
    "add_cyclophosphamide": "cyclophosphamide",
    "rituximab_adjunct": "rituximab",
    "corticosteroid_by_itself": "prednisolone",
    "intravenous_corticosteroid": "methylprednisolone",
}
CHOICES = {
    "add_steroid_sparing_agent": ("methotrexate", "ciclosporin"),
    "bisphosphonate_option": BISPHOSPHONATES,
    "jak_inhibitor_option": JAK_INHIBITORS,
    "change_from_methotrexate": ("ciclosporin", "mycophenolate_mofetil"),
    "anti_tnf_option": ANTI_TNF,
}
PAIRS = {
    "induce_oral": ("prednisolone", "methotrexate"),
    "induce_intravenous": ("methylprednisolone", "methotrexate"),
}


def is_not_taking(p, *listed):
    return no(holds(p.current_medications, *listed))


def option(p, drug):
    return every(p.option, is_not_taking(p, drug))


def lacks_minerals(p):
    asked_for = (p.pth, p.calcium_total, p.phosphate, p.alkaline_phosphatase, p.vitamin_d_25oh)
    return any(map(is_unknown, asked_for))


def is_mainly_skin(p):
    return every(p.skin_disease_active, p.skin_features_prominent, no(p.muscle_disease_active)) is True


WHEN = {
    "excision": lambda p: every(
        some(p.calcinosis_lesion_large, p.calcinosis_particularly_symptomatic),
        among(p.calcinosis_status, "none") is not True,
    ),
    "intensify_immunosuppression": lambda p: every(p.in_scope, p.calcinosis_of_jdm),
    "multidisciplinary_care": lambda p: p.needs_team,
    "care_team_members": lambda p: p.needs_team,
    "physiotherapy": lambda p: p.needs_team,
    "mineral_work_up": lambda p: every(p.calcinosis, lacks_minerals(p)),
    "treat_hyperparathyroidism": lambda p: some(
        every(p.calcinosis, p.hyperparathyroidism), every(p.confirmed, p.hyperparathyroidism is True)
    ),
    "treat_low_vitamin_d": lambda p: some(
        every(p.calcinosis, p.low_vitamin_d), every(p.confirmed, p.low_vitamin_d is True)
    ),
    "renal_monitoring": lambda p: p.calcinosis,
    "wean_corticosteroid": lambda p: every(p.in_scope, p.on_steroid, p.clinical_improvement),
    "urgent_referral": lambda p: p.high_risk is True and among(p.diagnosis_jdm, "absent") is not True,
    "intensify_within_12_weeks": lambda p: every(
        p.in_scope, p.new_onset, some(p.on_steroid, p.takes_sparing_agent),
        among(p.treatment_response, "inadequate"), at_most(p.weeks_since_treatment_start, 12.0),
    ),
    "intensify_for_skin_disease": lambda p: every(
        p.in_scope, among(p.disease_phase, "established_active"), p.skin_disease_active
    ),
    "specialist_referral": lambda p: every(
        among(p.diagnosis_jdm, "suspected", "probable", "confirmed"),
        some(below(p.age_years, 18.0), below(p.jdm_onset_age, 18.0)),
    ),
    "assess_activity": lambda p: p.routine,
    "assess_damage": lambda p: p.routine,
    "sun_protection": lambda p: p.routine,
    "exercise_programme": lambda p: p.routine,
    "myofascial_pain_relief": lambda p: p.myofascial_pain_syndrome is True,
    "offer_methotrexate": lambda p: every(
        p.in_scope, p.calcinosis_of_jdm, no(p.new_onset), no(p.takes_methotrexate), p.mtx_intolerance is not True
    ),
    "mycophenolate_option": lambda p: every(
        p.in_scope, some(p.muscle_disease_active, p.skin_disease_active, p.calcinosis_of_jdm),
        is_not_taking(p, "mycophenolate_mofetil"),
    ),
    "ivig_adjunct": lambda p: every(p.in_scope, p.disease_resistant, is_not_taking(p, "ivig")),
    "start_methotrexate": lambda p: every(p.in_scope, p.new_onset, no(p.takes_methotrexate)),
    "sodium_thiosulfate_option": lambda p: option(p, "sodium_thiosulfate"),
    "diltiazem_option": lambda p: option(p, "diltiazem"),
    "minocycline_option": lambda p: every(option(p, "minocycline"), p.calcinosis_particularly_symptomatic is True),
    "hydroxychloroquine_option": lambda p: every(
        p.in_scope, is_mainly_skin(p), is_not_taking(p, "hydroxychloroquine")
    ),
    "add_cyclophosphamide": lambda p: every(p.in_scope, p.severe is True, is_not_taking(p, "cyclophosphamide")),
    "rituximab_adjunct": lambda p: every(p.in_scope, p.disease_resistant is True, is_not_taking(p, "rituximab")),
    "corticosteroid_by_itself": lambda p: every(
        p.in_scope, p.new_onset, no(p.on_steroid), p.absorption_in_doubt is not True
    ),
    "intravenous_corticosteroid": lambda p: every(
        p.in_scope, some(p.new_onset, is_high_dose(p)), p.absorption_in_doubt,
        is_not_taking(p, "methylprednisolone"),
    ),
    "add_steroid_sparing_agent": lambda p: every(
        p.in_scope, some(p.on_steroid, p.new_onset), no(p.takes_sparing_agent)
    ),
    "bisphosphonate_option": lambda p: every(
        p.option, is_not_taking(p, *BISPHOSPHONATES)
    ),
    "jak_inhibitor_option": lambda p: every(
        p.in_scope, p.calcinosis_of_jdm, p.disease_resistant is True, is_not_taking(p, *JAK_INHIBITORS)
    ),
    "change_from_methotrexate": lambda p: every(
        p.in_scope, p.mtx_intolerance is True,
        is_not_taking(p, "ciclosporin", "mycophenolate_mofetil", "azathioprine"),
    ),
    "anti_tnf_option": lambda p: every(p.in_scope, p.disease_resistant is True, is_not_taking(p, *ANTI_TNF)),
    "induce_oral": lambda p: every(p.may_induce, p.absorption_in_doubt is not True),
    "induce_intravenous": lambda p: every(p.may_induce, p.absorption_in_doubt, p.absorption_in_doubt is True),
}  # fmt: skip
"""By rule, whether it applies to a patient."""
