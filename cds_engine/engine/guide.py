"""What a caller holds: a loaded pack that answers for patients."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime

from cds_engine.diagnostics import InputError, did_you_mean
from cds_engine.engine.agreement import Deciders, second_engines
from cds_engine.engine.answer import Answer, Asked
from cds_engine.engine.citations import Citations
from cds_engine.engine.decisions import decide_rules
from cds_engine.engine.holding import check_minimum, held_back
from cds_engine.engine.screening import Screening
from cds_engine.engine.standing import Standing
from cds_engine.engine.worlds import Worlds, worlds_of
from cds_engine.lowering.guideline import Guideline
from cds_engine.patient import values
from cds_engine.patient.complaints import shown, text_of
from cds_engine.patient.orders import read_orders, taken_as_orders
from cds_engine.patient.read import read_facts
from cds_engine.results.evaluation import Evaluation
from cds_engine.results.explain import Wording
from cds_engine.results.models import Problem, Screened

PATIENT_KEYS = ("id", "facts", "orders", "audience", "as_of")


class LoadedPack:
    """A checked guideline, ready to answer; immutable and safe to share between threads."""

    def __init__(
        self, guideline: Guideline, deciders: Deciders | None = None, states: Mapping[str, str] | None = None
    ) -> None:
        """Make *guideline* ready; *states* are the review states of its statements, as written where left out."""
        self.guideline = guideline
        self._citations = Citations(guideline)
        self._standing = Standing(self._citations, states or {})
        self._deciders = second_engines(guideline.conditions) if deciders is None else deciders
        self._order_deciders = second_engines(guideline.order_conditions) if deciders is None else {}

    @property
    def id(self) -> str:
        """The id of the pack."""
        return self.guideline.pack.manifest.id

    @property
    def version(self) -> str:
        """The version of the pack."""
        return self.guideline.pack.manifest.version

    def evaluate(
        self,
        facts: Mapping[str, object],
        *,
        id: str | None = None,  # noqa: A002 - the word of the contract
        orders: Iterable[Mapping[str, object]] = (),
        as_of: date | str | None = None,
        audience: str = "clinician",
        minimum_review: str | None = None,
    ) -> Evaluation:
        """Return everything the pack has to say about one patient.

        *facts* is a mapping of fact names to values, or a whole patient: a mapping with the key `facts`. A
        fact that is left out, `None` or `"unknown"` is unknown; what cannot be used becomes a problem and a
        question, never a guess. Nothing outside the arguments is read, the clock included: without *as_of* no
        value is too old, and the assumptions say so. *audience* changes wording, never medicine. Recommendations
        whose review state is below *minimum_review* (`approved`, `under_review`, `submitted`) are held back, and
        the answer says which.

        Raises:
            InputError: If *facts* is no mapping, *as_of* no date, *audience* or *minimum_review* not known.
            EngineDisagreement: If the engines differ: then there is no answer.
        """
        minimum = None if minimum_review is None else check_minimum(minimum_review)
        patient = _patient(facts, id, orders, as_of, audience)
        day = _day(patient["as_of"])
        audiences = self.guideline.pack.manifest.audiences
        audience_name = text_of(patient["audience"])
        reader = audiences.get(audience_name)
        if reader is None:
            known = ", ".join(f"`{name}`" for name in audiences)
            hint = did_you_mean(audience_name, audiences) or f"the pack knows {known}"
            raise InputError(f"there is no audience {shown(patient['audience'])}; {hint}")
        given = patient["facts"]
        assert isinstance(given, Mapping)  # noqa: S101 - _patient has seen to it
        record = read_facts(given, self.guideline.dictionary, day)
        worlds = worlds_of(self.guideline, record, day, self._deciders)
        decisions = decide_rules(self.guideline, worlds)
        order_problems: list[values.Problem] = []
        screened = self._screened(patient["orders"], given, day, worlds, reader.wording, order_problems)
        asked = Asked(
            patient=None if patient["id"] is None else text_of(patient["id"]),
            as_of=day,
            audience=audience_name,
            wording=reader.wording,
            engines=("evaluator", *self._deciders),
            citations=self._citations,
            standing=self._standing,
            problems=(*_unknown_keys(facts), *(_problem(p) for p in (*order_problems, *record.problems))),
            screened=tuple(screened),
        )
        answer = Answer(self.guideline, worlds, decisions, asked).build()
        return answer if minimum is None else held_back(answer, minimum)

    def _screened(
        self,
        orders: object,
        facts: Mapping[str, object],
        day: date | None,
        worlds: Worlds,
        wording: Wording,
        problems: list[values.Problem],
    ) -> list[Screened]:
        """Hold the orders, and the medicines that are taken, against the pack."""
        dictionary = self.guideline.dictionary
        listed = [*read_orders(orders, dictionary, problems), *taken_as_orders(facts, dictionary, day)]
        screening = Screening(self.guideline, worlds, self._citations, wording, self._order_deciders)
        return screening.screen(listed)


def _patient(
    facts: Mapping[str, object], identifier: str | None, orders: object, as_of: object, audience: str
) -> dict[str, object]:
    if not isinstance(facts, Mapping):
        raise InputError("a patient is a mapping of fact names to values")
    if "facts" not in facts:
        return {"id": identifier, "facts": facts, "orders": orders, "as_of": as_of, "audience": audience}
    inner = facts["facts"]
    if not isinstance(inner, Mapping):
        raise InputError("`facts` of a patient must be a mapping of fact names to values")
    return {
        "id": identifier if identifier is not None else facts.get("id"),
        "facts": inner,
        "orders": _joined(orders, facts.get("orders")),
        "as_of": as_of if as_of is not None else facts.get("as_of"),
        "audience": facts.get("audience") or audience if audience == "clinician" else audience,
    }


def _joined(passed: object, written: object) -> object:
    """Return the orders that were passed and those of the patient's file; neither hides the other."""
    given = [orders for orders in (passed, written) if orders is not None and orders not in ((), [])]
    if len(given) < 2:  # noqa: PLR2004
        return given[0] if given else ()
    lists = [orders for orders in given if isinstance(orders, Iterable) and not isinstance(orders, str | Mapping)]
    others = [orders for orders in given if not any(orders is listed for listed in lists)]
    return [*others, *(order for orders in lists for order in orders)]


def _unknown_keys(facts: Mapping[str, object]) -> list[Problem]:
    if "facts" not in facts:
        return []
    return [
        Problem(fact=None, code="D101", message=f"there is no key {shown(key)} in a patient" + _hint(text_of(key)))
        for key in facts
        if key not in PATIENT_KEYS
    ]


def _hint(key: str) -> str:
    hint = did_you_mean(key, PATIENT_KEYS)
    return f"; {hint}" if hint else "; clinical facts stand under `facts`"


def _day(as_of: object) -> date | None:
    if isinstance(as_of, datetime):
        return as_of.date()
    if as_of is None or isinstance(as_of, date):
        return as_of
    try:
        return date.fromisoformat(text_of(as_of))
    except ValueError:
        raise InputError(f"`as_of` must be a date such as `2026-11-21`, not {shown(as_of)}") from None


def _problem(found: values.Problem) -> Problem:
    return Problem.made(fact=found.fact, code=found.code, message=found.message)
