"""What a row says of a patient, and what follows from it: derived facts, and conditions that many rules share.

The facts of a patient are called as in the pack.
"""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace

from jdm.unknown import ASK, UNKNOWN, above, among, asked, at_least, at_most, below, every, holds, is_unknown, no, some

AS_OF = date(2026, 11, 21)
STEROIDS = ("prednisolone", "prednisone", "methylprednisolone")
SPARING = ("methotrexate", "ciclosporin", "mycophenolate_mofetil", "azathioprine")
LIVE_VACCINES = ("mmr_vaccine", "varicella_vaccine")
OTHER_CAUSES = ("metastatic", "traumatic", "fop", "other")


def facts_of(row):
    """Return the facts of a row, derived ones too; each has its value or what it asks for."""
    v = UNKNOWN.copy()
    v.update((name, value) for name, value in row.items() if value is not None)
    p = SimpleNamespace(**v)
    p.weight_is_old = (
        row["weight"] is not None and row["weight_date"] is not None and (AS_OF - row["weight_date"]).days > 90
    )
    if p.weight_is_old:
        p.weight = ASK["weight"]
    if is_unknown(p.age_years):
        p.age_years |= ASK["birth_date"]
    for name in ("current_medications", "drug_hypersensitivity"):
        if row[name] is not None:
            setattr(p, name, set(row[name].split(";")))
    derive(p)
    return p


def derive(p):
    p.body_surface_area = asked(p.height, p.weight) or (p.height * p.weight / 3600) ** 0.5
    if is_unknown(p.current_systemic_corticosteroid):
        listed = holds(p.current_medications, *STEROIDS)
        p.current_systemic_corticosteroid = (
            0.0 if listed is False else ASK["current_systemic_corticosteroid"] | asked(listed)
        )
    p.corticosteroid_dose_per_kg = (
        asked(p.current_systemic_corticosteroid, p.weight) or p.current_systemic_corticosteroid / p.weight
    )
    p.egfr = egfr(p)
    p.hyperparathyroidism = hyperparathyroidism(p)
    if is_unknown(p.vitamin_d_25oh):
        p.vitamin_d_status = p.vitamin_d_25oh | ASK["vitamin_d_status"]
    else:
        p.vitamin_d_status = (
            "deficient" if p.vitamin_d_25oh < 30 else "insufficient" if p.vitamin_d_25oh <= 50 else "sufficient"
        )
    if is_unknown(p.childbearing_potential):
        cannot = some(among(p.sex_at_birth, "male"), below(p.age_years, 9.0))
        p.childbearing_potential = False if cannot is True else ASK["childbearing_potential"] | asked(cannot)
    if is_unknown(p.pregnancy_status):
        can = p.childbearing_potential
        p.pregnancy_status = "not_applicable" if can is False else ASK["pregnancy_status"] | asked(can)


def egfr(p):
    """Bedside Schwartz from 1 to below 18 years, CKD-EPI 2021 from 18 on."""
    age, creatinine = p.age_years, p.serum_creatinine
    if is_unknown(age):
        return age | ASK["egfr"]
    if age < 1:
        return ASK["egfr"]
    if age < 18:
        unknown = asked(p.height, creatinine)
        return unknown | ASK["egfr"] if unknown else 0.413 * p.height / creatinine
    if is_unknown(p.sex_at_birth):
        return p.sex_at_birth | ASK["egfr"]
    if p.sex_at_birth == "intersex":
        return ASK["egfr"]
    if is_unknown(creatinine):
        return creatinine | ASK["egfr"]
    if p.sex_at_birth == "female":
        return 142 * 1.012 * 0.9938**age * (0.7 / creatinine) ** (0.241 if creatinine <= 0.7 else 1.2)
    return 142 * 0.9938**age * (0.9 / creatinine) ** (0.302 if creatinine <= 0.9 else 1.2)


def hyperparathyroidism(p):
    steps = (
        (above(p.pth, p.pth_range_high), True),
        (at_most(p.calcium_total, p.calcium_total_range_high), False),
        (at_least(p.pth, p.pth_range_low), True),
    )
    for holds_here, value in steps:
        if holds_here is True:
            return value
        if is_unknown(holds_here):
            return holds_here | ASK["hyperparathyroidism"]
    return False


def define(p):
    """Note the conditions that many rules share."""
    p.confirmed = among(p.diagnosis_jdm, "confirmed")
    p.in_scope = every(
        p.confirmed,
        some(
            below(p.jdm_onset_age, 18.0), every(below(p.age_years, 18.0), at_least(p.jdm_onset_age, 18.0) is not True)
        ),
    )
    p.new_onset = among(p.disease_phase, "new_onset")
    p.calcinosis = among(p.calcinosis_status, "developing", "established")
    p.of_another_cause = among(p.calcinosis_cause, *OTHER_CAUSES)
    p.calcinosis_of_jdm = every(p.calcinosis, p.of_another_cause is not True)
    p.established_calcinosis = (
        among(p.calcinosis_status, "established") is True and p.new_onset is not True and p.of_another_cause is not True
    )
    p.option = every(p.in_scope, p.established_calcinosis)
    p.needs_team = some(p.confirmed, p.calcinosis)
    p.routine = every(p.in_scope, p.confirmed)
    p.high_risk = some(
        below(p.age_years, 1.0), below(p.cmas, 15.0), below(p.mmt8, 30.0), p.unable_to_get_off_bed,
        p.dysphagia_or_aspiration, p.gi_vasculitis, p.myocarditis, p.parenchymal_lung_disease, p.cns_disease,
        p.skin_ulceration, p.intensive_care_needed,
    )  # fmt: skip
    p.severe = some(
        p.major_organ_involvement, p.skin_ulceration, p.gi_vasculitis, p.myocarditis, p.parenchymal_lung_disease,
        p.cns_disease,
    )  # fmt: skip
    p.absorption_in_doubt = some(p.absorption_concern, p.dysphagia_or_aspiration)

    p.takes_methotrexate = holds(p.current_medications, "methotrexate")
    p.daily_methotrexate = (
        False if p.takes_methotrexate is False else ASK["current_medications"]
    )  # no intervals are told
    p.takes_sparing_agent = holds(p.current_medications, *SPARING)
    p.on_steroid = some(above(p.current_systemic_corticosteroid, 0.0), holds(p.current_medications, *STEROIDS))
    p.may_induce = every(p.in_scope, p.new_onset, no(p.takes_methotrexate), no(p.on_steroid))
    p.on_high_dose_steroid = some(
        at_least(p.current_systemic_corticosteroid, 20.0),
        at_least(p.corticosteroid_dose_per_kg, 2.0),
        every(holds(p.current_medications, "prednisolone"), ASK["current_medications"]),
        every(holds(p.current_medications, "prednisone"), ASK["current_medications"]),
        holds(p.current_medications, "methylprednisolone"),
    )
    p.takes_live_vaccine = holds(p.current_medications, *LIVE_VACCINES)
    p.takes_cotrimoxazole = holds(p.current_medications, "trimethoprim", "sulfamethoxazole", "co_trimoxazole")

    p.overdosed = p.daily_methotrexate is True
    p.vaccine = p.live_vaccine_planned_or_recent is True
    p.vaccine_listed = p.takes_live_vaccine is True and not p.vaccine
    p.may_not_step_up = (
        p.vaccine_listed or p.active_serious_infection is True or p.blood_dyscrasia is True or p.overdosed
    )

    p.pregnancy = among(p.pregnancy_status, "pregnant", "possible")
    p.pregnancy_to_exclude = every(among(p.pregnancy_status, "not_applicable"), p.childbearing_potential)
    p.low_vitamin_d = among(p.vitamin_d_status, "deficient", "insufficient")
    p.high_calcium = above(p.calcium_total, p.calcium_total_range_high)
    p.transaminases_raised = transaminases_raised(p)


def transaminases_raised(p):
    """Above twice the limit that came with the value, or else that of ALT; for ALT either will do."""
    limit = p.alt_uln if is_unknown(p.alt_uln) else 2 * p.alt_uln
    alt_by_other = above(p.alt, limit)
    if is_unknown(p.alt_range_high):
        alt = alt_by_other
    else:
        alt = some(above(p.alt, 2 * p.alt_range_high), alt_by_other is True)
    ast = above(p.ast, limit if is_unknown(p.ast_range_high) else 2 * p.ast_range_high)
    return some(alt, ast)


def is_high_dose(p):
    """Say whether the dose of steroid is known to be high; a weight that is too old leaves that open."""
    if is_unknown(p.on_high_dose_steroid) and p.weight_is_old:
        return p.on_high_dose_steroid | ASK["corticosteroid_dose_per_kg"]
    return p.on_high_dose_steroid is True
