"""When each rule applies, and what it asks for: an action, a drug, one of several drugs, or two together."""

from __future__ import annotations

from jdm.facts import is_high_dose
from jdm.safety import ANTI_TNF, BISPHOSPHONATES, JAK_INHIBITORS
from jdm.unknown import among, at_most, below, every, holds, is_unknown, no, some


def actions(p):
    """Return each rule with an action: its name, when it applies, what it asks to do."""
    confirmed = among(p.diagnosis_jdm, "confirmed")
    team = some(confirmed, p.calcinosis)
    routine = every(p.in_scope, confirmed)
    intensify, exercise = "intensify_immunosuppression", "physical_treatment"
    not_measured = any(
        is_unknown(value) for value in (p.pth, p.calcium_total, p.phosphate, p.alkaline_phosphatase, p.vitamin_d_25oh)
    )
    return (
        (
            "excision",
            every(
                some(p.calcinosis_lesion_large, p.calcinosis_particularly_symptomatic),
                among(p.calcinosis_status, "none") is not True,
            ),
            "excision",
        ),
        ("intensify_immunosuppression", every(p.in_scope, p.calcinosis_of_jdm), intensify),
        ("multidisciplinary_care", team, None),
        ("care_team_members", team, None),
        ("physiotherapy", team, exercise),
        ("mineral_work_up", every(p.calcinosis, not_measured), None),
        (
            "treat_hyperparathyroidism",
            some(every(p.calcinosis, p.hyperparathyroidism), every(confirmed, p.hyperparathyroidism is True)),
            None,
        ),
        (
            "treat_low_vitamin_d",
            some(every(p.calcinosis, p.low_vitamin_d), every(confirmed, p.low_vitamin_d is True)),
            "vitamin_d_supplement",
        ),
        ("renal_monitoring", p.calcinosis, None),
        ("wean_corticosteroid", every(p.in_scope, p.on_steroid, p.clinical_improvement), "wean_corticosteroid"),
        ("urgent_referral", p.high_risk is True and among(p.diagnosis_jdm, "absent") is not True, None),
        (
            "intensify_within_12_weeks",
            every(
                p.in_scope, p.new_onset, some(p.on_steroid, p.takes_sparing_agent),
                among(p.treatment_response, "inadequate"), at_most(p.weeks_since_treatment_start, 12.0),
            ),
            intensify,
        ),
        (
            "intensify_for_skin_disease",
            every(p.in_scope, among(p.disease_phase, "established_active"), p.skin_disease_active),
            intensify,
        ),
        (
            "specialist_referral",
            every(
                among(p.diagnosis_jdm, "suspected", "probable", "confirmed"),
                some(below(p.age_years, 18.0), below(p.jdm_onset_age, 18.0)),
            ),
            None,
        ),
        ("assess_activity", routine, None),
        ("assess_damage", routine, None),
        ("sun_protection", routine, None),
        ("exercise_programme", routine, exercise),
        ("myofascial_pain_relief", p.myofascial_pain_syndrome is True, exercise),
    )  # fmt: skip


def drugs(p):
    """Return each rule with one drug: its name, when it applies, the drug."""

    def not_taking(*listed):
        return no(holds(p.current_medications, *listed))

    option = every(p.in_scope, p.established_calcinosis)
    mainly_skin = every(p.skin_disease_active, p.skin_features_prominent, no(p.muscle_disease_active)) is True
    by_mouth = p.absorption_in_doubt is not True
    return (
        (
            "offer_methotrexate",
            every(
                p.in_scope, p.calcinosis_of_jdm, no(p.new_onset), no(p.takes_methotrexate),
                p.mtx_intolerance is not True,
            ),
            "methotrexate",
        ),
        (
            "mycophenolate_option",
            every(
                p.in_scope, some(p.muscle_disease_active, p.skin_disease_active, p.calcinosis_of_jdm),
                not_taking("mycophenolate_mofetil"),
            ),
            "mycophenolate_mofetil",
        ),
        ("ivig_adjunct", every(p.in_scope, p.disease_resistant, not_taking("ivig")), "ivig"),
        ("start_methotrexate", every(p.in_scope, p.new_onset, no(p.takes_methotrexate)), "methotrexate"),
        ("sodium_thiosulfate_option", every(option, not_taking("sodium_thiosulfate")), "sodium_thiosulfate"),
        ("diltiazem_option", every(option, not_taking("diltiazem")), "diltiazem"),
        (
            "minocycline_option",
            every(option, p.calcinosis_particularly_symptomatic is True, not_taking("minocycline")),
            "minocycline",
        ),
        (
            "hydroxychloroquine_option",
            every(p.in_scope, mainly_skin, not_taking("hydroxychloroquine")),
            "hydroxychloroquine",
        ),
        (
            "add_cyclophosphamide",
            every(p.in_scope, p.severe is True, not_taking("cyclophosphamide")),
            "cyclophosphamide",
        ),
        ("rituximab_adjunct", every(p.in_scope, p.disease_resistant is True, not_taking("rituximab")), "rituximab"),
        ("corticosteroid_by_itself", every(p.in_scope, p.new_onset, no(p.on_steroid), by_mouth), "prednisolone"),
        (
            "intravenous_corticosteroid",
            every(
                p.in_scope, some(p.new_onset, is_high_dose(p)), p.absorption_in_doubt,
                not_taking("methylprednisolone"),
            ),
            "methylprednisolone",
        ),
    )  # fmt: skip


def choices(p):
    """Return each rule that one of several drugs will do for: its name, when it applies, the drugs."""

    def not_taking(*listed):
        return no(holds(p.current_medications, *listed))

    resistant = p.disease_resistant is True
    return (
        (
            "add_steroid_sparing_agent",
            every(p.in_scope, some(p.on_steroid, p.new_onset), no(p.takes_sparing_agent)),
            ("methotrexate", "ciclosporin"),
        ),
        (
            "bisphosphonate_option",
            every(p.in_scope, p.established_calcinosis, not_taking(*BISPHOSPHONATES)),
            BISPHOSPHONATES,
        ),
        (
            "jak_inhibitor_option",
            every(p.in_scope, p.calcinosis_of_jdm, resistant, not_taking(*JAK_INHIBITORS)),
            JAK_INHIBITORS,
        ),
        (
            "change_from_methotrexate",
            every(
                p.in_scope, p.mtx_intolerance is True,
                not_taking("ciclosporin", "mycophenolate_mofetil", "azathioprine"),
            ),
            ("ciclosporin", "mycophenolate_mofetil"),
        ),
        ("anti_tnf_option", every(p.in_scope, resistant, not_taking(*ANTI_TNF)), ANTI_TNF),
    )  # fmt: skip


def pairs(p):
    """Return each rule that needs two drugs together: its name, when it applies, the drugs."""
    induce = every(p.in_scope, p.new_onset, no(p.takes_methotrexate), no(p.on_steroid))
    in_doubt = p.absorption_in_doubt
    return (
        ("induce_oral", every(induce, in_doubt is not True), ("prednisolone", "methotrexate")),
        (
            "induce_intravenous",
            every(induce, in_doubt, in_doubt is True),
            ("methylprednisolone", "methotrexate"),
        ),
    )
