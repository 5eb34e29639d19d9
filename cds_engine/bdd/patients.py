"""Sentences about patients and their orders that every pack shares, and the sentence that asks the pack."""

from __future__ import annotations

import re

from cds_engine.bdd.phrase import Said
from cds_engine.bdd.scene import MeaninglessError, Scene
from cds_engine.bdd.table import given, when
from cds_engine.bdd.words import ENDS, INTERVALS, ROUTES

AMOUNT = re.compile(r"(?P<value>\d+(?:\.\d+)?) (?P<unit>\S+)")


@given("everything else that {drug:text} needs is known and unremarkable")
def rest_is_unremarkable(scene: Scene, said: Said) -> None:
    """Add what `rest` of phrases.yaml holds for the drug, where the scenario has not spoken of it."""
    drug = str(said["drug"])
    if drug not in scene.vocabulary.rest:
        known = ", ".join(f"`{name}`" for name in scene.vocabulary.rest) or "none"
        raise MeaninglessError(f"phrases.yaml does not say what is unremarkable for `{drug}`; it does for {known}")
    scene.needs.append(drug)


@given("an order for {order:text}")
def an_order(scene: Scene, said: Said) -> None:
    """Add an order: the drug, then amount, interval, route and what became of it, parted by commas."""
    scene.order(_order(str(said["order"])))


@given("an order that is only a word")
def an_order_of_a_word(scene: Scene, _: Said) -> None:
    """Add an order that cannot be read."""
    scene.order("medicine")


@given("an order that is only a number")
def an_order_of_a_number(scene: Scene, _: Said) -> None:
    """Add an order that cannot be read."""
    scene.order(15)


@given("orders that are a sentence and no list")
def orders_in_words(scene: Scene, _: Said) -> None:
    """Give a text where the orders should stand."""
    scene.orders = "a medicine once a week"


@when("the guideline is applied")
def applied(scene: Scene, _: Said) -> None:
    """Ask the pack for this patient, worded for a clinician."""
    scene.apply("clinician")


@when("the guideline is applied for the family")
def applied_for_the_family(scene: Scene, _: Said) -> None:
    """Ask the pack for this patient, worded for the family."""
    scene.apply("patient_or_caregiver")


def _order(said: str) -> dict[str, object]:
    drug, *parts = said.split(", ")
    order: dict[str, object] = {"drug": drug}
    for part in parts:
        amount = AMOUNT.fullmatch(part)
        if part in INTERVALS:
            order |= INTERVALS[part]
        elif part in ROUTES:
            order["route"] = ROUTES[part]
        elif part in ENDS:
            order["status"] = ENDS[part]
        elif amount is not None:
            order["dose"] = {"value": float(amount["value"]), "unit": amount["unit"]}
        else:
            known = ", ".join(f"`{word}`" for word in (*INTERVALS, *ROUTES, *ENDS))
            raise MeaninglessError(f"`{part}` of an order is neither an amount nor one of {known}")
    return order
