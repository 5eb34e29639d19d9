-- The rules of made_up/ written by hand for DuckDB: NULL is unknown. Statuses and displayed doses, nothing else.
WITH named AS (
  SELECT *,
    age >= 18 AS adult,
    weight < 40 AS small,
    creatinine > 1.5 AS kidney_low,
    alt > 120 OR liver_disease AS liver_bad,
    platelets < 50 OR neutrophils < 0.5 AS blood_low,
    infection OR (crp > 100 AND fever) AS infected,
    phase IN ('new', 'flare') AND score >= 10 AS active,
    severity = 'severe' OR (ck > 5000 AND NOT recovering) AS severe,
    CASE WHEN sqrt(height * weight / 3600) BETWEEN 0.1 AND 4 THEN sqrt(height * weight / 3600) END AS surface,
    CASE WHEN creatinine > 1.2 THEN 0.5 WHEN creatinine <= 1.2 THEN 1.0 END AS half
  FROM patients
),
judged AS (
  SELECT *,
    pregnant OR infected OR liver_bad OR blood_low AS no_alpha,
    infected OR blood_low OR kidney_low OR allergic AS no_beta,
    pregnant OR infected OR (ulcers AND NOT vaccinated) AS no_gamma,
    allergic OR (ulcers AND NOT vaccinated) AS no_delta,
    infected OR liver_bad OR blood_low AS no_epsilon,
    pregnant OR kidney_low OR (smoker AND age > 60) AS no_zeta,
    CASE WHEN 15 * surface >= 40 THEN 40.0 ELSE 15 * surface END * half AS alpha_low,
    CASE WHEN 20 * surface >= 40 THEN 40.0 ELSE 20 * surface END * half AS alpha_high,
    CASE WHEN 600 * surface >= 1000 THEN 1000.0 ELSE 600 * surface END AS beta_low,
    CASE WHEN 1.0 * weight >= 60 THEN 60.0 ELSE 1.0 * weight END AS gamma_low,
    CASE WHEN 2.0 * weight >= 60 THEN 60.0 ELSE 2.0 * weight END AS gamma_high,
    CASE WHEN 0.5 * weight >= 25 THEN 25.0 ELSE 0.5 * weight END AS delta_low,
    CASE WHEN 1.0 * weight >= 25 THEN 25.0 ELSE 1.0 * weight END AS delta_high,
    CASE WHEN 5.0 * weight >= 400 THEN 400.0 ELSE 5.0 * weight END AS epsilon_low,
    CASE WHEN 7.0 * weight >= 400 THEN 400.0 ELSE 7.0 * weight END AS epsilon_high,
    CASE WHEN 200 * surface >= 500 THEN 500.0 ELSE 200 * surface END AS zeta_low,
    CASE WHEN 400 * surface >= 500 THEN 500.0 ELSE 400 * surface END AS zeta_high,
    active AND NOT severe AS start_alpha_when,
    phase = 'flare' AND response <> 'none' AND adult AS alpha_for_flare_when,
    active AND resistant AS start_beta_when,
    severe AND small AND NOT resistant AS beta_for_small_when,
    severe OR (active AND ck > 1000) AS start_gamma_when,
    phase = 'new' AND severity IN ('moderate', 'severe') AS gamma_for_new_when,
    severity = 'mild' AND phase <> 'remission' AS start_delta_when,
    adult AND response = 'partial' AND NOT infected AS delta_for_adults_when,
    severity <> 'severe' AND ulcers AS start_epsilon_when,
    sex = 'female' AND (ulcers OR smoker) AND NOT liver_bad AS epsilon_for_women_when,
    severe AND resistant AND response = 'none' AS start_zeta_when,
    score BETWEEN 20 AND 40 AND resistant AS zeta_for_lungs_when,
    phase = 'new' AND NOT recovering AS biopsy_when,
    NOT vaccinated AND (adult OR phase = 'remission') AS vaccine_when,
    NOT active AND score < 30 AS exercise_when,
    severe AND ck > 2000 AS rest_when,
    infected OR blood_low OR liver_bad AS visit_soon_when,
    phase IN ('stable', 'remission') AND NOT severe AS visit_later_when,
    smoker AS stop_smoking_when,
    kidney_low AND NOT (adult AND small) AS kidney_visit_when,
    NOT adult AND (height < 140 OR small) AS growth_chart_when,
    alt > 60 AND weight > 90 AS diet_when,
    fever AND crp > 20 AND NOT infection AS cooling_when,
    resistant OR response = 'none' OR (severe AND NOT small) AS referral_when
  FROM named
),
decided AS (
  SELECT *,
    CASE WHEN NOT start_alpha_when THEN 'not_applicable' WHEN no_alpha THEN 'blocked'
      WHEN start_alpha_when AND NOT no_alpha AND alpha_low IS NOT NULL THEN 'recommended' ELSE 'needs_data' END AS start_alpha,
    CASE WHEN NOT alpha_for_flare_when THEN 'not_applicable' WHEN no_alpha THEN 'blocked'
      WHEN alpha_for_flare_when AND NOT no_alpha AND alpha_low IS NOT NULL THEN 'recommended' ELSE 'needs_data' END AS alpha_for_flare,
    CASE WHEN NOT start_beta_when THEN 'not_applicable' WHEN no_beta THEN 'blocked'
      WHEN start_beta_when AND NOT no_beta AND beta_low IS NOT NULL THEN 'recommended' ELSE 'needs_data' END AS start_beta,
    CASE WHEN NOT beta_for_small_when THEN 'not_applicable' WHEN no_beta THEN 'blocked'
      WHEN beta_for_small_when AND NOT no_beta AND beta_low IS NOT NULL THEN 'recommended' ELSE 'needs_data' END AS beta_for_small,
    CASE WHEN NOT start_gamma_when THEN 'not_applicable' WHEN no_gamma THEN 'blocked'
      WHEN start_gamma_when AND NOT no_gamma AND gamma_low IS NOT NULL THEN 'recommended' ELSE 'needs_data' END AS start_gamma,
    CASE WHEN NOT gamma_for_new_when THEN 'not_applicable' WHEN no_gamma THEN 'blocked'
      WHEN gamma_for_new_when AND NOT no_gamma AND gamma_low IS NOT NULL THEN 'recommended' ELSE 'needs_data' END AS gamma_for_new,
    CASE WHEN NOT start_delta_when THEN 'not_applicable' WHEN no_delta THEN 'blocked'
      WHEN start_delta_when AND NOT no_delta AND delta_low IS NOT NULL THEN 'recommended' ELSE 'needs_data' END AS start_delta,
    CASE WHEN NOT delta_for_adults_when THEN 'not_applicable' WHEN no_delta THEN 'blocked'
      WHEN delta_for_adults_when AND NOT no_delta AND delta_low IS NOT NULL THEN 'recommended' ELSE 'needs_data' END AS delta_for_adults,
    CASE WHEN NOT start_epsilon_when THEN 'not_applicable' WHEN no_epsilon THEN 'blocked'
      WHEN start_epsilon_when AND NOT no_epsilon AND epsilon_low IS NOT NULL THEN 'recommended' ELSE 'needs_data' END AS start_epsilon,
    CASE WHEN NOT epsilon_for_women_when THEN 'not_applicable' WHEN no_epsilon THEN 'blocked'
      WHEN epsilon_for_women_when AND NOT no_epsilon AND epsilon_low IS NOT NULL THEN 'recommended' ELSE 'needs_data' END AS epsilon_for_women,
    CASE WHEN NOT start_zeta_when THEN 'not_applicable' WHEN no_zeta THEN 'blocked'
      WHEN start_zeta_when AND NOT no_zeta AND zeta_low IS NOT NULL THEN 'recommended' ELSE 'needs_data' END AS start_zeta,
    CASE WHEN NOT zeta_for_lungs_when THEN 'not_applicable' WHEN no_zeta THEN 'blocked'
      WHEN zeta_for_lungs_when AND NOT no_zeta AND zeta_low IS NOT NULL THEN 'recommended' ELSE 'needs_data' END AS zeta_for_lungs,
    CASE WHEN NOT biopsy_when THEN 'not_applicable' WHEN blood_low THEN 'blocked'
      WHEN biopsy_when AND NOT blood_low THEN 'recommended' ELSE 'needs_data' END AS biopsy,
    CASE WHEN NOT vaccine_when THEN 'not_applicable' WHEN infected THEN 'blocked'
      WHEN vaccine_when AND NOT infected THEN 'recommended' ELSE 'needs_data' END AS vaccine,
    CASE WHEN NOT exercise_when THEN 'not_applicable' WHEN (fever OR severe) THEN 'blocked'
      WHEN exercise_when AND NOT (fever OR severe) THEN 'recommended' ELSE 'needs_data' END AS exercise,
    CASE WHEN rest_when THEN 'recommended' WHEN NOT rest_when THEN 'not_applicable' ELSE 'needs_data' END AS rest,
    CASE WHEN visit_soon_when THEN 'recommended' WHEN NOT visit_soon_when THEN 'not_applicable' ELSE 'needs_data' END AS visit_soon,
    CASE WHEN visit_later_when THEN 'recommended' WHEN NOT visit_later_when THEN 'not_applicable' ELSE 'needs_data' END AS visit_later,
    CASE WHEN stop_smoking_when THEN 'recommended' WHEN NOT stop_smoking_when THEN 'not_applicable' ELSE 'needs_data' END AS stop_smoking,
    CASE WHEN kidney_visit_when THEN 'recommended' WHEN NOT kidney_visit_when THEN 'not_applicable' ELSE 'needs_data' END AS kidney_visit,
    CASE WHEN growth_chart_when THEN 'recommended' WHEN NOT growth_chart_when THEN 'not_applicable' ELSE 'needs_data' END AS growth_chart,
    CASE WHEN diet_when THEN 'recommended' WHEN NOT diet_when THEN 'not_applicable' ELSE 'needs_data' END AS diet,
    CASE WHEN cooling_when THEN 'recommended' WHEN NOT cooling_when THEN 'not_applicable' ELSE 'needs_data' END AS cooling,
    CASE WHEN referral_when THEN 'recommended' WHEN NOT referral_when THEN 'not_applicable' ELSE 'needs_data' END AS referral
  FROM judged
)
SELECT patient,
  start_alpha, CASE WHEN start_alpha = 'recommended' THEN floor(alpha_low * 100 + 0.5 + 1e-9) / 100 END AS start_alpha_low,
  CASE WHEN start_alpha = 'recommended' THEN floor(alpha_high * 100 + 0.5 + 1e-9) / 100 END AS start_alpha_high,
  alpha_for_flare, CASE WHEN alpha_for_flare = 'recommended' THEN floor(alpha_low * 100 + 0.5 + 1e-9) / 100 END AS alpha_for_flare_low,
  CASE WHEN alpha_for_flare = 'recommended' THEN floor(alpha_high * 100 + 0.5 + 1e-9) / 100 END AS alpha_for_flare_high,
  start_beta, CASE WHEN start_beta = 'recommended' THEN floor(beta_low * 100 + 0.5 + 1e-9) / 100 END AS start_beta_low,
  CASE WHEN start_beta = 'recommended' THEN floor(beta_low * 100 + 0.5 + 1e-9) / 100 END AS start_beta_high,
  beta_for_small, CASE WHEN beta_for_small = 'recommended' THEN floor(beta_low * 100 + 0.5 + 1e-9) / 100 END AS beta_for_small_low,
  CASE WHEN beta_for_small = 'recommended' THEN floor(beta_low * 100 + 0.5 + 1e-9) / 100 END AS beta_for_small_high,
  start_gamma, CASE WHEN start_gamma = 'recommended' THEN floor(gamma_low * 100 + 0.5 + 1e-9) / 100 END AS start_gamma_low,
  CASE WHEN start_gamma = 'recommended' THEN floor(gamma_high * 100 + 0.5 + 1e-9) / 100 END AS start_gamma_high,
  gamma_for_new, CASE WHEN gamma_for_new = 'recommended' THEN floor(gamma_low * 100 + 0.5 + 1e-9) / 100 END AS gamma_for_new_low,
  CASE WHEN gamma_for_new = 'recommended' THEN floor(gamma_high * 100 + 0.5 + 1e-9) / 100 END AS gamma_for_new_high,
  start_delta, CASE WHEN start_delta = 'recommended' THEN floor(delta_low * 100 + 0.5 + 1e-9) / 100 END AS start_delta_low,
  CASE WHEN start_delta = 'recommended' THEN floor(delta_high * 100 + 0.5 + 1e-9) / 100 END AS start_delta_high,
  delta_for_adults, CASE WHEN delta_for_adults = 'recommended' THEN floor(delta_low * 100 + 0.5 + 1e-9) / 100 END AS delta_for_adults_low,
  CASE WHEN delta_for_adults = 'recommended' THEN floor(delta_high * 100 + 0.5 + 1e-9) / 100 END AS delta_for_adults_high,
  start_epsilon, CASE WHEN start_epsilon = 'recommended' THEN floor(epsilon_low * 100 + 0.5 + 1e-9) / 100 END AS start_epsilon_low,
  CASE WHEN start_epsilon = 'recommended' THEN floor(epsilon_high * 100 + 0.5 + 1e-9) / 100 END AS start_epsilon_high,
  epsilon_for_women, CASE WHEN epsilon_for_women = 'recommended' THEN floor(epsilon_low * 100 + 0.5 + 1e-9) / 100 END AS epsilon_for_women_low,
  CASE WHEN epsilon_for_women = 'recommended' THEN floor(epsilon_high * 100 + 0.5 + 1e-9) / 100 END AS epsilon_for_women_high,
  start_zeta, CASE WHEN start_zeta = 'recommended' THEN floor(zeta_low * 100 + 0.5 + 1e-9) / 100 END AS start_zeta_low,
  CASE WHEN start_zeta = 'recommended' THEN floor(zeta_high * 100 + 0.5 + 1e-9) / 100 END AS start_zeta_high,
  zeta_for_lungs, CASE WHEN zeta_for_lungs = 'recommended' THEN floor(zeta_low * 100 + 0.5 + 1e-9) / 100 END AS zeta_for_lungs_low,
  CASE WHEN zeta_for_lungs = 'recommended' THEN floor(zeta_high * 100 + 0.5 + 1e-9) / 100 END AS zeta_for_lungs_high,
  biopsy, vaccine, exercise, rest, visit_soon, visit_later, stop_smoking, kidney_visit, growth_chart, diet, cooling, referral
FROM decided
