"""The rules of `made_up/` written by hand: one plain function a row, over dicts, floats and `None` for unknown.

It gives statuses and displayed doses and nothing else: no missing facts, no reasons, no plausibility, no units. The
baseline with the same answers is that of the JDM pack, `jdm/by_hand.py`.
"""

from __future__ import annotations

from math import floor, sqrt

Row = dict[str, object]


def both(a, b):
    return False if a is False or b is False else None if a is None or b is None else True


def either(a, b):
    return True if a or b else None if a is None or b is None else False


def no(a):
    return None if a is None else not a


def above(value, limit):
    return None if value is None else value > limit


def below(value, limit):
    return None if value is None else value < limit


def at_least(value, limit):
    return None if value is None else value >= limit


def among(value, codes):
    return None if value is None else value in codes


def status(when, blocked, known=True):
    if when is False:
        return "not_applicable"
    if blocked:
        return "blocked"
    return "recommended" if when and blocked is False and known else "needs_data"


def cents(value):
    return floor(value * 100 + 0.5 + 1e-9) / 100


def dose(low, high, basis, cap, factor=1.0):
    if basis is None or factor is None:
        return None
    return cents(min(low * basis, cap) * factor), cents(min(high * basis, cap) * factor)


def answer(row):
    age, weight, height = row["age"], row["weight"], row["height"]
    creatinine, alt, ck, score = row["creatinine"], row["alt"], row["ck"], row["score"]
    infection, fever, resistant = row["infection"], row["fever"], row["resistant"]
    ulcers, smoker, vaccinated = row["ulcers"], row["smoker"], row["vaccinated"]
    phase, severity, response = row["phase"], row["severity"], row["response"]

    adult = at_least(age, 18.0)
    small = below(weight, 40.0)
    kidney_low = above(creatinine, 1.5)
    liver_bad = either(above(alt, 120.0), row["liver_disease"])
    blood_low = either(below(row["platelets"], 50.0), below(row["neutrophils"], 0.5))
    infected = either(infection, both(above(row["crp"], 100.0), fever))
    active = both(among(phase, ("new", "flare")), at_least(score, 10.0))
    severe = either(among(severity, ("severe",)), both(above(ck, 5000.0), no(row["recovering"])))
    surface = None if height is None or weight is None else sqrt(height * weight / 3600)
    if surface is not None and not 0.1 <= surface <= 4:
        surface = None

    pregnant = row["pregnant"]
    alpha = either(either(pregnant, infected), either(liver_bad, blood_low))
    beta = either(either(infected, blood_low), either(kidney_low, row["allergic"]))
    gamma = either(either(pregnant, infected), both(ulcers, no(vaccinated)))
    delta = either(row["allergic"], both(ulcers, no(vaccinated)))
    epsilon = either(either(infected, liver_bad), blood_low)
    zeta = either(either(pregnant, kidney_low), both(smoker, above(age, 60.0)))

    half = None if creatinine is None else 0.5 if creatinine > 1.2 else 1.0
    doses = {
        "alpha": dose(15.0, 20.0, surface, 40.0, half),
        "beta": dose(600.0, 600.0, surface, 1000.0),
        "gamma": dose(1.0, 2.0, weight, 60.0),
        "delta": dose(0.5, 1.0, weight, 25.0),
        "epsilon": dose(5.0, 7.0, weight, 400.0),
        "zeta": dose(200.0, 400.0, surface, 500.0),
    }
    blocked = {"alpha": alpha, "beta": beta, "gamma": gamma, "delta": delta, "epsilon": epsilon, "zeta": zeta}

    drugs = {
        "start_alpha": ("alpha", both(active, no(severe))),
        "alpha_for_flare": ("alpha", both(both(among(phase, ("flare",)), no(among(response, ("none",)))), adult)),
        "start_beta": ("beta", both(active, resistant)),
        "beta_for_small": ("beta", both(both(severe, small), no(resistant))),
        "start_gamma": ("gamma", either(severe, both(active, above(ck, 1000.0)))),
        "gamma_for_new": ("gamma", both(among(phase, ("new",)), among(severity, ("moderate", "severe")))),
        "start_delta": ("delta", both(among(severity, ("mild",)), no(among(phase, ("remission",))))),
        "delta_for_adults": ("delta", both(both(adult, among(response, ("partial",))), no(infected))),
        "start_epsilon": ("epsilon", both(no(among(severity, ("severe",))), ulcers)),
        "epsilon_for_women": (
            "epsilon", both(both(among(row["sex"], ("female",)), either(ulcers, smoker)), no(liver_bad)),
        ),
        "start_zeta": ("zeta", both(both(severe, resistant), among(response, ("none",)))),
        "zeta_for_lungs": ("zeta", both(both(at_least(score, 20.0), no(above(score, 40.0))), resistant)),
    }  # fmt: skip
    found = {}
    for rule, (drug, when) in drugs.items():
        amount = doses[drug]
        said = status(when, blocked[drug], amount is not None)
        found[rule] = said
        found[rule + "_low"], found[rule + "_high"] = amount if said == "recommended" else (None, None)
    found["biopsy"] = status(both(among(phase, ("new",)), no(row["recovering"])), blood_low)
    found["vaccine"] = status(both(no(vaccinated), either(adult, among(phase, ("remission",)))), infected)
    found["exercise"] = status(both(no(active), below(score, 30.0)), either(fever, severe))
    found["rest"] = status(both(severe, above(ck, 2000.0)), False)
    found["visit_soon"] = status(either(either(infected, blood_low), liver_bad), False)
    found["visit_later"] = status(both(among(phase, ("stable", "remission")), no(severe)), False)
    found["stop_smoking"] = status(smoker, False)
    found["kidney_visit"] = status(both(kidney_low, no(both(adult, small))), False)
    found["growth_chart"] = status(both(no(adult), either(below(height, 140.0), small)), False)
    found["diet"] = status(both(above(alt, 60.0), above(weight, 90.0)), False)
    found["cooling"] = status(both(both(fever, above(row["crp"], 20.0)), no(infection)), False)
    found["referral"] = status(either(either(resistant, among(response, ("none",))), both(severe, no(small))), False)
    return found
