-- The JDM pack by hand for DuckDB: NULL is unknown. It gives what wide answers of the pack give: statuses, displayed
-- doses, choices, alerts, what is missing, and that a weight is too old. Columns that nobody selects cost nothing.

-- The facts that are asked for, in the order in which they are; a set of them is a whole number of bits.
CREATE OR REPLACE TEMP MACRO fact(name) AS 1::BIGINT << list_position([
  'birth_date', 'age_years', 'sex_at_birth', 'height', 'weight', 'serum_creatinine', 'egfr', 'vitamin_d_25oh', 'pth',
  'calcium_total', 'diagnosis_jdm', 'jdm_onset_age', 'disease_phase', 'weeks_since_treatment_start',
  'treatment_response', 'clinical_improvement', 'disease_resistant', 'skin_disease_active', 'muscle_disease_active',
  'dysphagia_or_aspiration', 'absorption_concern', 'calcinosis_status', 'calcinosis_cause', 'calcinosis_lesion_large',
  'calcinosis_particularly_symptomatic', 'pregnancy_status', 'childbearing_potential', 'highly_effective_contraception',
  'breastfeeding', 'alcohol_misuse', 'chronic_liver_disease', 'immunodeficiency', 'blood_dyscrasia',
  'active_serious_infection', 'peptic_or_oral_ulcer_active', 'hypertension_uncontrolled', 'malignancy',
  'selective_iga_deficiency', 'anti_iga_antibodies', 'drug_hypersensitivity', 'current_medications',
  'current_systemic_corticosteroid', 'tmp_smx_use', 'nitrous_oxide_planned', 'live_vaccine_planned_or_recent',
  'hyperparathyroidism', 'vitamin_d_status', 'transaminase_rise_is_hepatic', 'specialist_accepts_tmp_smx_prophylaxis',
  'corticosteroid_dose_per_kg'
], name);
CREATE OR REPLACE TEMP MACRO ask(value, name) AS CASE WHEN value IS NULL THEN fact(name) ELSE 0 END;
CREATE OR REPLACE TEMP MACRO waits(condition, facts) AS CASE WHEN condition IS NULL THEN facts ELSE 0 END;
CREATE OR REPLACE TEMP MACRO item(facts, name) AS CASE WHEN facts & fact(name) <> 0 THEN name END;
CREATE OR REPLACE TEMP MACRO is_true(condition) AS coalesce(condition, FALSE);
CREATE OR REPLACE TEMP MACRO takes(list, drug) AS list_contains(list, drug);
CREATE OR REPLACE TEMP MACRO takes_any(list, drugs) AS list_has_any(list, drugs);
CREATE OR REPLACE TEMP MACRO capped(amount, most) AS CASE WHEN amount >= most THEN most ELSE amount END;
CREATE OR REPLACE TEMP MACRO cents(amount) AS floor(amount * 100 + 0.5 + 1e-9) / 100;
CREATE OR REPLACE TEMP MACRO status(applies, blocked, dose_known := TRUE) AS
  CASE WHEN NOT applies THEN 'not_applicable' WHEN blocked THEN 'blocked'
    WHEN applies AND NOT blocked AND dose_known THEN 'recommended' ELSE 'needs_data' END;
CREATE OR REPLACE TEMP MACRO missing(status, facts) AS CASE WHEN status = 'needs_data' THEN facts ELSE 0 END;
CREATE OR REPLACE TEMP MACRO if_ready(status, value) AS CASE WHEN status = 'recommended' THEN value END;
-- Of several drugs one is enough: the status of the rule, and the first drug that is ready.
CREATE OR REPLACE TEMP MACRO of_each(each) AS
  CASE WHEN list_contains(each, 'recommended') THEN 'recommended'
    WHEN list_contains(each, 'needs_data') THEN 'needs_data' ELSE each[1] END;
CREATE OR REPLACE TEMP MACRO first_ready(each, drugs) AS drugs[list_position(each, 'recommended')];

CREATE OR REPLACE TEMP VIEW by_hand AS
WITH given AS (
  SELECT * REPLACE (CASE WHEN DATE '2026-11-21' - weight_date > 90 THEN NULL ELSE weight END AS weight),
    coalesce(weight IS NOT NULL AND DATE '2026-11-21' - weight_date > 90, FALSE) AS weight_is_old,
    string_split(current_medications, ';') AS medicines,
    string_split(drug_hypersensitivity, ';') AS allergies
  FROM patients
),
first_derived AS (
  SELECT * REPLACE (
      coalesce(current_systemic_corticosteroid,
        CASE WHEN NOT takes_any(medicines, ['prednisolone', 'prednisone', 'methylprednisolone']) THEN 0 END
      ) AS current_systemic_corticosteroid,
      coalesce(childbearing_potential, CASE WHEN sex_at_birth = 'male' OR age_years < 9 THEN FALSE END)
        AS childbearing_potential),
    sqrt(height * weight / 3600) AS surface,
    CASE WHEN age_years >= 1 AND age_years < 18 THEN 0.413e0 * height / serum_creatinine
      WHEN age_years >= 18 AND sex_at_birth = 'female' THEN 142e0 * 1.012e0 * power(0.9938e0, age_years)
        * power(0.7e0 / serum_creatinine, CASE WHEN serum_creatinine <= 0.7 THEN 0.241e0 ELSE 1.2e0 END)
      WHEN age_years >= 18 AND sex_at_birth = 'male' THEN 142e0 * power(0.9938e0, age_years)
        * power(0.9e0 / serum_creatinine, CASE WHEN serum_creatinine <= 0.9 THEN 0.302e0 ELSE 1.2e0 END)
    END AS egfr,
    CASE WHEN pth > pth_range_high THEN TRUE WHEN (pth > pth_range_high) IS NULL THEN NULL
      WHEN calcium_total <= calcium_total_range_high THEN FALSE
      WHEN (calcium_total <= calcium_total_range_high) IS NULL THEN NULL
      ELSE pth >= pth_range_low END AS hyperparathyroidism,
    CASE WHEN vitamin_d_25oh < 30 THEN 'deficient' WHEN vitamin_d_25oh <= 50 THEN 'insufficient'
      WHEN vitamin_d_25oh IS NOT NULL THEN 'sufficient' END AS vitamin_d_status,
    CASE WHEN age_years IS NULL THEN fact('birth_date') | fact('age_years') ELSE 0 END AS ask_age,
    ask(medicines, 'current_medications') AS ask_medicines
  FROM given
),
derived AS (
  SELECT * REPLACE (
      coalesce(pregnancy_status, CASE WHEN NOT childbearing_potential THEN 'not_applicable' END) AS pregnancy_status),
    ask(height, 'height') | ask(weight, 'weight') AS ask_surface,
    waits(current_systemic_corticosteroid, fact('current_systemic_corticosteroid') | ask_medicines) AS ask_steroid,
    waits(egfr, fact('egfr') | ask_age | CASE
      WHEN age_years >= 1 AND age_years < 18
        THEN ask(height, 'height') | ask(serum_creatinine, 'serum_creatinine')
      WHEN age_years >= 18 AND sex_at_birth IS NULL THEN fact('sex_at_birth')
      WHEN age_years >= 18 AND sex_at_birth <> 'intersex' THEN ask(serum_creatinine, 'serum_creatinine')
      ELSE 0 END) AS ask_egfr,
    waits(hyperparathyroidism, fact('hyperparathyroidism') | CASE WHEN (pth > pth_range_high) IS NULL THEN fact('pth')
      WHEN (calcium_total <= calcium_total_range_high) IS NULL THEN fact('calcium_total')
      ELSE fact('pth') END) AS ask_hyperparathyroidism,
    waits(vitamin_d_status, fact('vitamin_d_status') | fact('vitamin_d_25oh')) AS ask_vitamin_d,
    waits(childbearing_potential, fact('childbearing_potential')
      | waits(sex_at_birth = 'male' OR age_years < 9, ask(sex_at_birth, 'sex_at_birth') | ask_age)) AS ask_childbearing
  FROM first_derived
),
defined AS (
  SELECT *,
    diagnosis_jdm = 'confirmed' AND (jdm_onset_age < 18 OR (age_years < 18 AND NOT is_true(jdm_onset_age >= 18)))
      AS in_scope,
    diagnosis_jdm = 'confirmed' AS confirmed,
    disease_phase = 'new_onset' AS new_onset,
    calcinosis_status IN ('developing', 'established') AS calcinosis,
    is_true(calcinosis_cause IN ('metastatic', 'traumatic', 'fop', 'other')) AS of_another_cause,
    unable_to_get_off_bed OR dysphagia_or_aspiration OR gi_vasculitis OR myocarditis OR parenchymal_lung_disease
      OR cns_disease OR skin_ulceration OR intensive_care_needed OR age_years < 1 OR cmas < 15 OR mmt8 < 30 AS high_risk,
    is_true(major_organ_involvement OR skin_ulceration OR gi_vasculitis OR myocarditis OR parenchymal_lung_disease
      OR cns_disease) AS severe,
    absorption_concern OR dysphagia_or_aspiration AS absorption_in_doubt,
    takes(medicines, 'methotrexate') AS takes_methotrexate,
    CASE WHEN NOT takes(medicines, 'methotrexate') THEN FALSE END AS daily_methotrexate, -- no intervals are told
    takes_any(medicines, ['methotrexate', 'ciclosporin', 'mycophenolate_mofetil', 'azathioprine']) AS takes_sparing_agent,
    takes_any(medicines, ['prednisolone', 'prednisone', 'methylprednisolone']) AS takes_steroid,
    takes_any(medicines, ['mmr_vaccine', 'varicella_vaccine']) AS takes_live_vaccine,
    takes_any(medicines, ['trimethoprim', 'sulfamethoxazole', 'co_trimoxazole']) AS takes_cotrimoxazole,
    takes_any(medicines, ['infliximab', 'adalimumab', 'etanercept']) AS takes_anti_tnf,
    takes_any(medicines, ['tofacitinib', 'baricitinib', 'ruxolitinib']) AS takes_jak_inhibitor,
    pregnancy_status IN ('pregnant', 'possible') AS pregnancy,
    pregnancy_status = 'not_applicable' AND childbearing_potential AS pregnancy_to_exclude,
    waits(pregnancy_status, fact('pregnancy_status') | ask_childbearing) AS ask_pregnancy,
    vitamin_d_status IN ('deficient', 'insufficient') AS low_vitamin_d,
    calcium_total > calcium_total_range_high AS high_calcium,
    is_true(live_vaccine_planned_or_recent) AS vaccine,
    egfr < 30 AS kidneys_fail,
    CASE WHEN alt_range_high IS NULL THEN alt > 2 * alt_uln
      ELSE alt > 2 * alt_range_high OR is_true(alt > 2 * alt_uln) END
      OR ast > 2 * coalesce(ast_range_high, alt_uln) AS transaminases_raised,
    CASE WHEN egfr >= 30 AND egfr < 60 THEN 0.5e0 WHEN egfr IS NOT NULL THEN 1e0 END AS half
  FROM derived
),
shared AS (
  SELECT *,
    waits(in_scope, ask(diagnosis_jdm, 'diagnosis_jdm') | waits(
      jdm_onset_age < 18 OR (age_years < 18 AND NOT is_true(jdm_onset_age >= 18)),
      ask(jdm_onset_age, 'jdm_onset_age') | ask_age)) AS ask_scope,
    ask(disease_phase, 'disease_phase') AS ask_phase,
    calcinosis AND NOT of_another_cause AS calcinosis_of_jdm,
    ask(calcinosis_status, 'calcinosis_status') AS ask_calcinosis,
    is_true(calcinosis_status = 'established') AND NOT is_true(new_onset) AND NOT of_another_cause
      AS established_calcinosis,
    ask(absorption_concern, 'absorption_concern') | ask(dysphagia_or_aspiration, 'dysphagia_or_aspiration')
      AS ask_absorption,
    current_systemic_corticosteroid > 0 OR takes_steroid AS on_steroid,
    current_systemic_corticosteroid >= 20 OR current_systemic_corticosteroid / weight >= 2
      OR CASE WHEN NOT takes(medicines, 'prednisolone') THEN FALSE END
      OR CASE WHEN NOT takes(medicines, 'prednisone') THEN FALSE END
      OR takes(medicines, 'methylprednisolone') AS high_dose,
    transaminases_raised AND transaminase_rise_is_hepatic IS NULL AS rise_not_judged,
    is_true(ck > ck_range_high) AS ck_raised,
    is_true(ggt > ggt_range_high) AS ggt_raised,
    live_vaccine_planned_or_recent OR takes_live_vaccine AS any_live_vaccine,
    takes_live_vaccine AND NOT vaccine AS vaccine_contradicts,
    is_true(daily_methotrexate) AS overdose
  FROM defined
),
against AS (
  SELECT *,
    is_true(vaccine_contradicts) OR is_true(active_serious_infection) OR is_true(blood_dyscrasia) OR overdose
      AS no_stepping_up,
    daily_methotrexate OR pregnancy OR pregnancy_to_exclude OR breastfeeding OR kidneys_fail OR alcohol_misuse
      OR chronic_liver_disease OR immunodeficiency OR blood_dyscrasia OR active_serious_infection
      OR is_true(tb_active_or_untreated_latent) OR peptic_or_oral_ulcer_active OR takes(allergies, 'methotrexate')
      OR tmp_smx_use = 'treatment' OR (tmp_smx_use = 'prophylaxis' AND NOT specialist_accepts_tmp_smx_prophylaxis)
      OR (tmp_smx_use = 'none' AND takes_cotrimoxazole)
      OR (takes(medicines, 'nitrous_oxide') AND NOT is_true(nitrous_oxide_planned)) OR vaccine_contradicts
      OR nitrous_oxide_planned OR live_vaccine_planned_or_recent
      OR (is_true(transaminases_raised) AND transaminase_rise_is_hepatic)
      OR (NOT is_true(NOT transaminases_raised) AND is_true(transaminase_rise_is_hepatic)) AS no_methotrexate,
    pregnancy OR pregnancy_to_exclude OR (childbearing_potential AND NOT highly_effective_contraception)
      OR breastfeeding OR takes(allergies, 'mycophenolate_mofetil') OR age_years < 2 OR active_serious_infection
      OR live_vaccine_planned_or_recent OR is_true(hgprt_deficiency) OR overdose OR is_true(vaccine_contradicts)
      AS no_mycophenolate,
    egfr < 60 OR hypertension_uncontrolled OR malignancy OR active_serious_infection OR live_vaccine_planned_or_recent
      OR is_true(takes(allergies, 'ciclosporin')) OR overdose OR is_true(vaccine_contradicts) AS no_ciclosporin,
    (selective_iga_deficiency AND anti_iga_antibodies) OR takes(allergies, 'ivig') AS no_ivig,
    is_true(calcium_total < calcium_total_range_low) OR is_true(low_vitamin_d) AS no_bisphosphonate,
    is_true(active_serious_infection) OR vaccine OR is_true(blood_dyscrasia) OR overdose AS no_intensifying,
    calcinosis_cause = 'fop' AS no_excision,
    is_true(calcinosis_cause = 'fop') AS no_exercise,
    15e0 * surface AS methotrexate_raw_low,
    20e0 * surface AS methotrexate_raw_high
  FROM shared
),
blocked AS (
  SELECT *,
    no_stepping_up OR pregnancy OR pregnancy_to_exclude OR breastfeeding OR live_vaccine_planned_or_recent
      OR is_true(takes(allergies, 'cyclophosphamide')) AS no_cyclophosphamide,
    no_stepping_up OR vaccine OR is_true(hepatitis_b_status = 'active') AS no_biologic,
    no_stepping_up OR vaccine AS no_jak_inhibitor,
    ask_medicines AS ask_daily, -- of methotrexate; false is known
    ask(tmp_smx_use, 'tmp_smx_use') AS ask_tmp,
    ask(breastfeeding, 'breastfeeding') | ask_pregnancy | waits(pregnancy_to_exclude, ask_childbearing) AS ask_birth,
    ask(live_vaccine_planned_or_recent, 'live_vaccine_planned_or_recent') AS ask_vaccine,
    ask(active_serious_infection, 'active_serious_infection') AS ask_infection,
    ask(allergies, 'drug_hypersensitivity') AS ask_allergies,
    capped(methotrexate_raw_low, 40e0) * half AS methotrexate_low,
    capped(methotrexate_raw_high, 40e0) * half AS methotrexate_high,
    capped(600e0 * surface, 1000e0) AS mycophenolate,
    capped(1e0 * weight, 60e0) AS prednisolone_low, capped(2e0 * weight, 60e0) AS prednisolone_high,
    capped(15e0 * weight, 1000e0) AS methylprednisolone_low, capped(30e0 * weight, 1000e0) AS methylprednisolone_high,
    ask_surface | ask_egfr AS ask_methotrexate_dose,
    ask(weight, 'weight') AS ask_weight
  FROM against
),
asking AS (
  SELECT *,
    waits(daily_methotrexate, fact('current_medications')) | ask_birth | ask_egfr | ask(alcohol_misuse, 'alcohol_misuse')
      | ask(chronic_liver_disease, 'chronic_liver_disease') | ask(immunodeficiency, 'immunodeficiency')
      | ask(blood_dyscrasia, 'blood_dyscrasia') | ask_infection
      | ask(peptic_or_oral_ulcer_active, 'peptic_or_oral_ulcer_active') | ask_allergies | ask_tmp
      | waits(tmp_smx_use = 'prophylaxis' AND NOT specialist_accepts_tmp_smx_prophylaxis,
          ask(specialist_accepts_tmp_smx_prophylaxis, 'specialist_accepts_tmp_smx_prophylaxis'))
      | waits(tmp_smx_use = 'none' AND takes_cotrimoxazole, ask_medicines)
      | waits(takes(medicines, 'nitrous_oxide') AND NOT is_true(nitrous_oxide_planned), ask_medicines)
      | waits(vaccine_contradicts, ask_medicines)
      | ask(nitrous_oxide_planned, 'nitrous_oxide_planned') | ask_vaccine
      | waits(is_true(transaminases_raised) AND transaminase_rise_is_hepatic, fact('transaminase_rise_is_hepatic'))
      AS ask_methotrexate,
    ask_birth | waits(childbearing_potential AND NOT highly_effective_contraception,
        ask_childbearing | ask(highly_effective_contraception, 'highly_effective_contraception'))
      | ask_allergies | ask_age | ask_infection | ask_vaccine | ask_surface AS ask_mycophenolate,
    ask_egfr | ask(hypertension_uncontrolled, 'hypertension_uncontrolled') | ask(malignancy, 'malignancy')
      | ask_infection | ask_vaccine | ask_weight AS ask_ciclosporin,
    ask_birth | ask_vaccine | ask_surface AS ask_cyclophosphamide,
    waits(selective_iga_deficiency AND anti_iga_antibodies,
        ask(selective_iga_deficiency, 'selective_iga_deficiency') | ask(anti_iga_antibodies, 'anti_iga_antibodies'))
      | ask_allergies | ask_weight AS ask_ivig,
    waits(on_steroid, ask_steroid | ask_medicines) AS ask_on_steroid,
    waits(absorption_in_doubt, ask_absorption) AS ask_absorption_in_doubt,
    -- A weight that is too old leaves open whether the dose is high.
    CASE WHEN high_dose IS NULL AND weight_is_old THEN NULL ELSE is_true(high_dose) END AS is_high_dose,
    fact('corticosteroid_dose_per_kg') | waits(current_systemic_corticosteroid >= 20, ask_steroid)
      | waits(current_systemic_corticosteroid / weight >= 2, ask_steroid | ask_weight)
      | waits(CASE WHEN NOT takes(medicines, 'prednisolone') THEN FALSE END, fact('current_medications'))
      | ask_medicines AS ask_high_dose,
    CASE WHEN NOT takes_methotrexate THEN TRUE WHEN takes_methotrexate THEN FALSE END AS without_methotrexate
  FROM blocked
),
applies AS (
  SELECT *,
    (calcinosis_lesion_large OR calcinosis_particularly_symptomatic) AND NOT is_true(calcinosis_status = 'none')
      AS when_excision,
    in_scope AND calcinosis_of_jdm AS when_intensify,
    in_scope AND calcinosis_of_jdm AND NOT new_onset AND without_methotrexate AND NOT is_true(mtx_intolerance)
      AS when_offer_methotrexate,
    confirmed OR calcinosis AS when_team,
    calcinosis AND (pth IS NULL OR calcium_total IS NULL OR phosphate IS NULL OR alkaline_phosphatase IS NULL
      OR vitamin_d_25oh IS NULL) AS when_mineral_work_up,
    (calcinosis AND hyperparathyroidism) OR (confirmed AND is_true(hyperparathyroidism)) AS when_hyperparathyroidism,
    (calcinosis AND low_vitamin_d) OR (confirmed AND is_true(low_vitamin_d)) AS when_low_vitamin_d,
    in_scope AND on_steroid AND clinical_improvement AS when_wean,
    in_scope AND (muscle_disease_active OR skin_disease_active OR calcinosis_of_jdm)
      AND NOT takes(medicines, 'mycophenolate_mofetil') AS when_mycophenolate,
    in_scope AND disease_resistant AND NOT takes(medicines, 'ivig') AS when_ivig,
    in_scope AND new_onset AND without_methotrexate AS when_start_methotrexate,
    in_scope AND (on_steroid OR new_onset) AND NOT takes_sparing_agent AS when_add_sparing,
    in_scope AND established_calcinosis AND NOT takes_any(medicines, ['pamidronate', 'alendronate', 'etidronate'])
      AS when_bisphosphonate,
    in_scope AND established_calcinosis AND NOT takes(medicines, 'sodium_thiosulfate') AS when_thiosulfate,
    in_scope AND calcinosis_of_jdm AND is_true(disease_resistant) AND NOT takes_jak_inhibitor AS when_jak_inhibitor,
    in_scope AND established_calcinosis AND NOT takes(medicines, 'diltiazem') AS when_diltiazem,
    in_scope AND established_calcinosis AND is_true(calcinosis_particularly_symptomatic)
      AND NOT takes(medicines, 'minocycline') AS when_minocycline,
    is_true(skin_disease_active AND skin_features_prominent AND NOT muscle_disease_active) AS mainly_skin,
    is_true(high_risk) AND NOT is_true(diagnosis_jdm = 'absent') AS when_urgent,
    in_scope AND new_onset AND (on_steroid OR takes_sparing_agent) AND treatment_response = 'inadequate'
      AND weeks_since_treatment_start <= 12 AS when_within_12_weeks,
    in_scope AND disease_phase = 'established_active' AND skin_disease_active AS when_skin,
    in_scope AND is_true(mtx_intolerance)
      AND NOT takes_any(medicines, ['ciclosporin', 'mycophenolate_mofetil', 'azathioprine']) AS when_change,
    in_scope AND severe AND NOT takes(medicines, 'cyclophosphamide') AS when_cyclophosphamide,
    in_scope AND is_true(disease_resistant) AND NOT takes(medicines, 'rituximab') AS when_rituximab,
    in_scope AND is_true(disease_resistant) AND NOT takes_anti_tnf AS when_anti_tnf,
    in_scope AND new_onset AND without_methotrexate AND NOT on_steroid AND NOT is_true(absorption_in_doubt)
      AS when_induce_oral,
    in_scope AND new_onset AND without_methotrexate AND NOT on_steroid AND is_true(absorption_in_doubt)
      AS when_induce_intravenous,
    in_scope AND new_onset AND NOT on_steroid AND NOT is_true(absorption_in_doubt) AS when_steroid,
    in_scope AND (new_onset OR is_high_dose) AND absorption_in_doubt AND NOT takes(medicines, 'methylprednisolone')
      AS when_intravenous_steroid,
    diagnosis_jdm IN ('suspected', 'probable', 'confirmed') AND (age_years < 18 OR jdm_onset_age < 18) AS when_referral,
    in_scope AND confirmed AS when_routine
  FROM asking
),
decided AS (
  SELECT *,
    status(when_excision, no_excision) AS excision,
    status(when_intensify, no_intensifying) AS intensify_immunosuppression,
    status(when_offer_methotrexate, no_methotrexate, methotrexate_low IS NOT NULL) AS offer_methotrexate,
    status(when_team, FALSE) AS multidisciplinary_care,
    status(when_team, FALSE) AS care_team_members,
    status(when_team, no_exercise) AS physiotherapy,
    status(when_mineral_work_up, FALSE) AS mineral_work_up,
    status(when_hyperparathyroidism, FALSE) AS treat_hyperparathyroidism,
    status(when_low_vitamin_d, high_calcium) AS treat_low_vitamin_d,
    status(calcinosis, FALSE) AS renal_monitoring,
    status(when_wean, is_true(disease_phase = 'flare')) AS wean_corticosteroid,
    status(when_mycophenolate, no_mycophenolate, mycophenolate IS NOT NULL) AS mycophenolate_option,
    status(when_ivig, no_ivig, weight IS NOT NULL) AS ivig_adjunct,
    status(when_start_methotrexate, no_methotrexate, methotrexate_low IS NOT NULL) AS start_methotrexate,
    [status(when_add_sparing, no_methotrexate, methotrexate_low IS NOT NULL),
     status(when_add_sparing, no_ciclosporin, weight IS NOT NULL)] AS each_sparing,
    [status(when_bisphosphonate, no_bisphosphonate OR is_true(takes(allergies, 'pamidronate'))),
     status(when_bisphosphonate, no_bisphosphonate OR is_true(takes(allergies, 'alendronate'))),
     status(when_bisphosphonate, no_bisphosphonate OR is_true(takes(allergies, 'etidronate')))] AS each_bisphosphonate,
    status(when_thiosulfate, is_true(takes(allergies, 'sodium_thiosulfate'))) AS sodium_thiosulfate_option,
    [status(when_jak_inhibitor, no_jak_inhibitor OR is_true(takes(allergies, 'tofacitinib'))),
     status(when_jak_inhibitor, no_jak_inhibitor OR is_true(takes(allergies, 'baricitinib'))),
     status(when_jak_inhibitor, no_jak_inhibitor OR is_true(takes(allergies, 'ruxolitinib')))] AS each_jak_inhibitor,
    status(when_diltiazem, is_true(takes(allergies, 'diltiazem'))) AS diltiazem_option,
    status(when_minocycline, is_true(age_years < 8) OR is_true(pregnancy) OR is_true(takes(allergies, 'minocycline')))
      AS minocycline_option,
    status(in_scope AND mainly_skin AND NOT takes(medicines, 'hydroxychloroquine'),
      is_true(takes(allergies, 'hydroxychloroquine'))) AS hydroxychloroquine_option,
    status(when_urgent, FALSE) AS urgent_referral,
    status(when_within_12_weeks, no_intensifying) AS intensify_within_12_weeks,
    status(when_skin, no_intensifying) AS intensify_for_skin_disease,
    [status(when_change, no_ciclosporin, weight IS NOT NULL),
     status(when_change, no_mycophenolate, mycophenolate IS NOT NULL)] AS each_change,
    status(when_cyclophosphamide, no_cyclophosphamide, surface IS NOT NULL) AS add_cyclophosphamide,
    status(when_rituximab, no_biologic OR is_true(takes(allergies, 'rituximab'))) AS rituximab_adjunct,
    no_biologic OR is_true(tb_active_or_untreated_latent) AS no_anti_tnf,
    status(when_induce_oral, is_true(takes(allergies, 'prednisolone')) OR no_methotrexate,
      methotrexate_low IS NOT NULL) AS induce_oral,
    status(when_induce_intravenous, is_true(takes(allergies, 'methylprednisolone')) OR no_methotrexate,
      methotrexate_low IS NOT NULL) AS induce_intravenous,
    status(when_steroid, is_true(takes(allergies, 'prednisolone')), weight IS NOT NULL) AS corticosteroid_by_itself,
    status(when_intravenous_steroid, is_true(takes(allergies, 'methylprednisolone')), weight IS NOT NULL)
      AS intravenous_corticosteroid,
    status(when_referral, FALSE) AS specialist_referral,
    status(when_routine, FALSE) AS assess_activity,
    status(when_routine, FALSE) AS assess_damage,
    status(when_routine, FALSE) AS sun_protection,
    status(when_routine, no_exercise) AS exercise_programme,
    status(is_true(myofascial_pain_syndrome), no_exercise) AS myofascial_pain_relief
  FROM applies
),
chosen AS (
  SELECT *,
    [status(when_anti_tnf, no_anti_tnf OR is_true(takes(allergies, 'infliximab')), weight IS NOT NULL),
     status(when_anti_tnf, no_anti_tnf OR is_true(takes(allergies, 'adalimumab'))),
     status(when_anti_tnf, no_anti_tnf OR is_true(takes(allergies, 'etanercept')))] AS each_anti_tnf,
    of_each(each_sparing) AS add_steroid_sparing_agent,
    of_each(each_bisphosphonate) AS bisphosphonate_option,
    of_each(each_jak_inhibitor) AS jak_inhibitor_option,
    of_each(each_change) AS change_from_methotrexate
  FROM decided
),
complete AS (
  SELECT *, of_each(each_anti_tnf) AS anti_tnf_option FROM chosen
),
open AS (
  SELECT *,
    missing(excision, ask(calcinosis_cause, 'calcinosis_cause') | waits(when_excision,
      ask(calcinosis_lesion_large, 'calcinosis_lesion_large')
        | ask(calcinosis_particularly_symptomatic, 'calcinosis_particularly_symptomatic')))
    | missing(intensify_immunosuppression, ask_scope | ask_calcinosis)
    | missing(offer_methotrexate, ask_methotrexate | ask_methotrexate_dose | waits(when_offer_methotrexate,
        ask_scope | ask_calcinosis | ask_phase | ask_medicines))
    | missing(multidisciplinary_care, ask(diagnosis_jdm, 'diagnosis_jdm') | ask_calcinosis)
    | missing(physiotherapy, ask(diagnosis_jdm, 'diagnosis_jdm') | ask_calcinosis)
    | missing(mineral_work_up, ask_calcinosis)
    | missing(treat_hyperparathyroidism, waits(calcinosis AND hyperparathyroidism, ask_calcinosis | ask_hyperparathyroidism)
        | waits(confirmed AND is_true(hyperparathyroidism), ask(diagnosis_jdm, 'diagnosis_jdm')))
    | missing(treat_low_vitamin_d, waits(high_calcium, fact('calcium_total')) | waits(when_low_vitamin_d,
        waits(calcinosis AND low_vitamin_d, ask_calcinosis | ask_vitamin_d)
        | waits(confirmed AND is_true(low_vitamin_d), ask(diagnosis_jdm, 'diagnosis_jdm'))))
    | missing(renal_monitoring, ask_calcinosis)
    | missing(wean_corticosteroid, ask_scope | ask_on_steroid | ask(clinical_improvement, 'clinical_improvement'))
    | missing(mycophenolate_option, ask_mycophenolate | waits(when_mycophenolate, ask_scope | ask_medicines
        | waits(muscle_disease_active OR skin_disease_active OR calcinosis_of_jdm,
            ask(muscle_disease_active, 'muscle_disease_active') | ask(skin_disease_active, 'skin_disease_active')
            | waits(calcinosis_of_jdm, ask_calcinosis))))
    | missing(ivig_adjunct, ask_ivig | ask_scope | ask(disease_resistant, 'disease_resistant') | ask_medicines)
    | missing(start_methotrexate, ask_methotrexate | ask_methotrexate_dose | ask_scope | ask_phase | ask_medicines)
    | missing(add_steroid_sparing_agent,
        waits(when_add_sparing, ask_scope | ask_medicines | waits(on_steroid OR new_onset, ask_on_steroid | ask_phase))
        | CASE WHEN is_true(no_methotrexate) THEN 0 ELSE ask_methotrexate | ask_methotrexate_dose END
        | CASE WHEN is_true(no_ciclosporin) THEN 0 ELSE ask_ciclosporin END)
    | missing(bisphosphonate_option, ask_scope | ask_medicines)
    | missing(sodium_thiosulfate_option, ask_scope | ask_medicines)
    | missing(jak_inhibitor_option, ask_scope | ask_calcinosis | ask_medicines)
    | missing(diltiazem_option, ask_scope | ask_medicines)
    | missing(minocycline_option, ask_scope | ask_medicines)
    | missing(hydroxychloroquine_option, ask_scope | ask_medicines)
    | missing(intensify_within_12_weeks, ask_scope | ask_phase | ask(treatment_response, 'treatment_response')
        | ask(weeks_since_treatment_start, 'weeks_since_treatment_start')
        | waits(on_steroid OR takes_sparing_agent, ask_on_steroid | ask_medicines))
    | missing(intensify_for_skin_disease, ask_scope | ask_phase | ask(skin_disease_active, 'skin_disease_active'))
    | missing(change_from_methotrexate, waits(when_change, ask_scope | ask_medicines)
        | CASE WHEN is_true(no_ciclosporin) THEN 0 ELSE ask_ciclosporin END
        | CASE WHEN is_true(no_mycophenolate) THEN 0 ELSE ask_mycophenolate END)
    | missing(add_cyclophosphamide, ask_cyclophosphamide | ask_scope | ask_medicines)
    | missing(rituximab_adjunct, ask_scope | ask_medicines)
    | missing(anti_tnf_option, ask_scope | ask_medicines | CASE
        WHEN no_anti_tnf OR is_true(takes(allergies, 'infliximab')) THEN 0 ELSE ask_weight END)
    | missing(induce_oral, ask_methotrexate | ask_methotrexate_dose | ask_scope | ask_phase | ask_medicines | ask_on_steroid)
    | missing(induce_intravenous, ask_methotrexate | ask_methotrexate_dose | waits(when_induce_intravenous,
        ask_scope | ask_phase | ask_medicines | ask_on_steroid))
    | missing(corticosteroid_by_itself, ask_weight | ask_scope | ask_phase | ask_on_steroid)
    | missing(intravenous_corticosteroid, ask_weight | waits(when_intravenous_steroid,
        ask_scope | ask_absorption_in_doubt | ask_medicines
        | waits(new_onset OR is_high_dose, ask_phase | waits(is_high_dose, ask_high_dose))))
    | missing(specialist_referral, ask(diagnosis_jdm, 'diagnosis_jdm') | waits(age_years < 18 OR jdm_onset_age < 18,
        ask_age | ask(jdm_onset_age, 'jdm_onset_age')))
    | missing(assess_activity, ask_scope | ask(diagnosis_jdm, 'diagnosis_jdm'))
    | missing(exercise_programme, ask_scope | ask(diagnosis_jdm, 'diagnosis_jdm')) AS open_facts
  FROM complete
)
SELECT patient,
  excision, intensify_immunosuppression,
  offer_methotrexate, if_ready(offer_methotrexate, cents(methotrexate_low)) AS offer_methotrexate_low_mg_per_week,
  if_ready(offer_methotrexate, cents(methotrexate_high)) AS offer_methotrexate_high_mg_per_week,
  multidisciplinary_care, care_team_members, physiotherapy, mineral_work_up, treat_hyperparathyroidism,
  treat_low_vitamin_d, renal_monitoring, wean_corticosteroid,
  mycophenolate_option, if_ready(mycophenolate_option, cents(mycophenolate)) AS mycophenolate_option_low_mg_per_dose,
  if_ready(mycophenolate_option, cents(mycophenolate)) AS mycophenolate_option_high_mg_per_dose,
  ivig_adjunct, if_ready(ivig_adjunct, cents(2e0 * weight)) AS ivig_adjunct_low_g_per_course,
  if_ready(ivig_adjunct, cents(2e0 * weight)) AS ivig_adjunct_high_g_per_course,
  start_methotrexate, if_ready(start_methotrexate, cents(methotrexate_low)) AS start_methotrexate_low_mg_per_week,
  if_ready(start_methotrexate, cents(methotrexate_high)) AS start_methotrexate_high_mg_per_week,
  add_steroid_sparing_agent,
  first_ready(each_sparing, ['methotrexate', 'ciclosporin']) AS add_steroid_sparing_agent_choice,
  if_ready(each_sparing[1], cents(methotrexate_low)) AS add_steroid_sparing_agent_methotrexate_low_mg_per_week,
  if_ready(each_sparing[1], cents(methotrexate_high)) AS add_steroid_sparing_agent_methotrexate_high_mg_per_week,
  if_ready(each_sparing[2], cents(3e0 * weight)) AS add_steroid_sparing_agent_ciclosporin_low_mg_per_day,
  if_ready(each_sparing[2], cents(5e0 * weight)) AS add_steroid_sparing_agent_ciclosporin_high_mg_per_day,
  bisphosphonate_option,
  first_ready(each_bisphosphonate, ['pamidronate', 'alendronate', 'etidronate']) AS bisphosphonate_option_choice,
  sodium_thiosulfate_option, jak_inhibitor_option,
  first_ready(each_jak_inhibitor, ['tofacitinib', 'baricitinib', 'ruxolitinib']) AS jak_inhibitor_option_choice,
  diltiazem_option, minocycline_option, hydroxychloroquine_option, urgent_referral, intensify_within_12_weeks,
  intensify_for_skin_disease, change_from_methotrexate,
  first_ready(each_change, ['ciclosporin', 'mycophenolate_mofetil']) AS change_from_methotrexate_choice,
  if_ready(each_change[1], cents(3e0 * weight)) AS change_from_methotrexate_ciclosporin_low_mg_per_day,
  if_ready(each_change[1], cents(5e0 * weight)) AS change_from_methotrexate_ciclosporin_high_mg_per_day,
  if_ready(each_change[2], cents(mycophenolate)) AS change_from_methotrexate_mycophenolate_mofetil_low_mg_per_dose,
  if_ready(each_change[2], cents(mycophenolate)) AS change_from_methotrexate_mycophenolate_mofetil_high_mg_per_dose,
  add_cyclophosphamide, if_ready(add_cyclophosphamide, cents(500e0 * surface)) AS add_cyclophosphamide_low_mg_per_course,
  if_ready(add_cyclophosphamide, cents(1000e0 * surface)) AS add_cyclophosphamide_high_mg_per_course,
  rituximab_adjunct, anti_tnf_option,
  first_ready(each_anti_tnf, ['infliximab', 'adalimumab', 'etanercept']) AS anti_tnf_option_choice,
  if_ready(each_anti_tnf[1], cents(6e0 * weight)) AS anti_tnf_option_infliximab_low_mg_per_course,
  if_ready(each_anti_tnf[1], cents(6e0 * weight)) AS anti_tnf_option_infliximab_high_mg_per_course,
  induce_oral, if_ready(induce_oral, cents(prednisolone_low)) AS induce_oral_prednisolone_low_mg_per_day,
  if_ready(induce_oral, cents(prednisolone_high)) AS induce_oral_prednisolone_high_mg_per_day,
  if_ready(induce_oral, cents(methotrexate_low)) AS induce_oral_methotrexate_low_mg_per_week,
  if_ready(induce_oral, cents(methotrexate_high)) AS induce_oral_methotrexate_high_mg_per_week,
  induce_intravenous,
  if_ready(induce_intravenous, cents(methylprednisolone_low)) AS induce_intravenous_methylprednisolone_low_mg_per_dose,
  if_ready(induce_intravenous, cents(methylprednisolone_high)) AS induce_intravenous_methylprednisolone_high_mg_per_dose,
  if_ready(induce_intravenous, cents(methotrexate_low)) AS induce_intravenous_methotrexate_low_mg_per_week,
  if_ready(induce_intravenous, cents(methotrexate_high)) AS induce_intravenous_methotrexate_high_mg_per_week,
  corticosteroid_by_itself,
  if_ready(corticosteroid_by_itself, cents(prednisolone_low)) AS corticosteroid_by_itself_low_mg_per_day,
  if_ready(corticosteroid_by_itself, cents(prednisolone_high)) AS corticosteroid_by_itself_high_mg_per_day,
  intravenous_corticosteroid,
  if_ready(intravenous_corticosteroid, cents(methylprednisolone_low)) AS intravenous_corticosteroid_low_mg_per_dose,
  if_ready(intravenous_corticosteroid, cents(methylprednisolone_high)) AS intravenous_corticosteroid_high_mg_per_dose,
  specialist_referral, assess_activity, assess_damage, sun_protection, exercise_programme, myofascial_pain_relief,
  nullif(concat_ws(';',
    CASE WHEN any_live_vaccine AND (NOT is_true(NOT in_scope) OR on_steroid OR takes_sparing_agent OR takes_anti_tnf
      OR takes_jak_inhibitor OR takes_any(medicines, ['rituximab', 'cyclophosphamide']))
      THEN 'live-vaccine-and-immunosuppression' END,
    CASE WHEN high_risk AND NOT is_true(diagnosis_jdm = 'absent') THEN 'urgent-referral-needed' END,
    CASE WHEN diagnosis_jdm IN ('suspected', 'probable') THEN 'jdm-not-confirmed' END,
    CASE WHEN jdm_onset_age >= 18 THEN 'adult-onset' END,
    CASE WHEN in_scope AND age_years >= 18 THEN 'adult-with-juvenile-onset' END,
    CASE WHEN calcinosis AND of_another_cause THEN 'calcinosis-of-another-cause' END,
    CASE WHEN calcinosis_infected THEN 'infected-calcinosis' END,
    CASE WHEN daily_methotrexate THEN 'daily-methotrexate' END,
    CASE WHEN takes_methotrexate AND daily_methotrexate IS NULL THEN 'methotrexate-interval-unknown' END,
    CASE WHEN pregnancy AND takes_methotrexate THEN 'pregnancy-while-taking-methotrexate' END,
    CASE WHEN kidneys_fail AND takes_methotrexate THEN 'severe-renal-impairment-while-taking-methotrexate' END,
    CASE WHEN any_live_vaccine AND takes_methotrexate THEN 'live-vaccine-while-taking-methotrexate' END,
    CASE WHEN takes_methotrexate AND takes_cotrimoxazole AND NOT is_true(tmp_smx_use IN ('treatment', 'prophylaxis'))
      THEN 'cotrimoxazole-listed-while-taking-methotrexate' END,
    CASE WHEN tmp_smx_use = 'treatment' AND takes_methotrexate THEN 'cotrimoxazole-while-taking-methotrexate' END,
    CASE WHEN tmp_smx_use = 'treatment' AND NOT is_true(takes_methotrexate) THEN 'cotrimoxazole-treatment' END,
    CASE WHEN tmp_smx_use = 'prophylaxis' THEN 'cotrimoxazole-prophylaxis' END,
    CASE WHEN tmp_smx_use = 'none' AND takes_cotrimoxazole THEN 'cotrimoxazole-contradiction' END,
    CASE WHEN takes_methotrexate AND (nsaid_use OR takes_any(medicines, ['ibuprofen', 'naproxen']))
      THEN 'methotrexate-with-nsaid' END,
    CASE WHEN rise_not_judged AND ck_raised AND NOT ggt_raised THEN 'transaminases-raised-muscle-likely' END,
    CASE WHEN rise_not_judged AND (NOT ck_raised OR ggt_raised) THEN 'transaminases-raised-liver-possible' END,
    CASE WHEN alt_uln IS NULL AND ((alt IS NOT NULL AND alt_range_high IS NULL)
      OR (ast IS NOT NULL AND ast_range_high IS NULL)) THEN 'transaminases-without-limit' END,
    CASE WHEN neutrophils < 1.5 THEN 'low-neutrophils' END,
    CASE WHEN lymphocytes < 0.9 THEN 'low-lymphocytes' END,
    CASE WHEN platelets < 140 THEN 'low-platelets' END,
    CASE WHEN wbc < 3.5 THEN 'low-white-cells' END,
    CASE WHEN high_calcium THEN 'high-calcium' END), '') AS alerts,
  nullif(concat_ws(';',
    item(open_facts, 'birth_date'), item(open_facts, 'age_years'), item(open_facts, 'sex_at_birth'),
    item(open_facts, 'height'), item(open_facts, 'weight'), item(open_facts, 'serum_creatinine'),
    item(open_facts, 'egfr'), item(open_facts, 'vitamin_d_25oh'), item(open_facts, 'pth'),
    item(open_facts, 'calcium_total'), item(open_facts, 'diagnosis_jdm'), item(open_facts, 'jdm_onset_age'),
    item(open_facts, 'disease_phase'), item(open_facts, 'weeks_since_treatment_start'),
    item(open_facts, 'treatment_response'), item(open_facts, 'clinical_improvement'),
    item(open_facts, 'disease_resistant'), item(open_facts, 'skin_disease_active'),
    item(open_facts, 'muscle_disease_active'), item(open_facts, 'dysphagia_or_aspiration'),
    item(open_facts, 'absorption_concern'), item(open_facts, 'calcinosis_status'), item(open_facts, 'calcinosis_cause'),
    item(open_facts, 'calcinosis_lesion_large'), item(open_facts, 'calcinosis_particularly_symptomatic'),
    item(open_facts, 'pregnancy_status'), item(open_facts, 'childbearing_potential'),
    item(open_facts, 'highly_effective_contraception'), item(open_facts, 'breastfeeding'),
    item(open_facts, 'alcohol_misuse'), item(open_facts, 'chronic_liver_disease'), item(open_facts, 'immunodeficiency'),
    item(open_facts, 'blood_dyscrasia'), item(open_facts, 'active_serious_infection'),
    item(open_facts, 'peptic_or_oral_ulcer_active'), item(open_facts, 'hypertension_uncontrolled'),
    item(open_facts, 'malignancy'), item(open_facts, 'selective_iga_deficiency'),
    item(open_facts, 'anti_iga_antibodies'), item(open_facts, 'drug_hypersensitivity'),
    item(open_facts, 'current_medications'), item(open_facts, 'current_systemic_corticosteroid'),
    item(open_facts, 'tmp_smx_use'), item(open_facts, 'nitrous_oxide_planned'),
    item(open_facts, 'live_vaccine_planned_or_recent'), item(open_facts, 'hyperparathyroidism'),
    item(open_facts, 'vitamin_d_status'), item(open_facts, 'transaminase_rise_is_hepatic'),
    item(open_facts, 'specialist_accepts_tmp_smx_prophylaxis'), item(open_facts, 'corticosteroid_dose_per_kg')), '')
    AS missing,
  CASE WHEN weight_is_old THEN 'weight:D109' END AS problems
FROM open;
