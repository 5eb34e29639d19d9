"""Two answers to the same question, compared as a clinician would: by what was advised, then by everything else."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Part = Literal["status", "dose", "choice", "alert", "order", "question", "problem", "other"]
Answer = Mapping[str, Any]
"""An answer as the contract's JSON."""

NOT_SAID = "not there"
WHO_ANSWERED = ("schema", "pack", "engine")
"""Which pack and engine answered is told apart from what they said."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that was said otherwise: of which rule, order or fact, then and now."""

    part: Part
    of: str
    before: str
    now: str

    def __str__(self) -> str:
        return f"{self.of}: {self.part} was {self.before}, is {self.now}"


def differences(before: Answer, now: Answer) -> list[Difference]:
    """Return what two answers say differently; nothing if and only if they are the same.

    What is neither status, dose, choice, alert, finding about an order, question nor problem is listed as `other`, by
    its place in the answer.
    """
    found = list(_compared(dict(_said(before)), dict(_said(now))))
    told = {place for difference in found for place in _places(difference)}
    leaves = dict(_leaves(_without(before, WHO_ANSWERED))), dict(_leaves(_without(now, WHO_ANSWERED)))
    for path in dict.fromkeys([*leaves[0], *leaves[1]]):
        old, new = leaves[0].get(path, NOT_SAID), leaves[1].get(path, NOT_SAID)
        if old != new and path[:2] not in told:
            found.append(Difference("other", " / ".join(path), old, new))
    if not found and _without(before, WHO_ANSWERED) != _without(now, WHO_ANSWERED):
        found.append(Difference("other", "the order of what is said", "one", "another"))
    return found


def _compared(before: Mapping[tuple[Part, str], str], now: Mapping[tuple[Part, str], str]) -> Iterator[Difference]:
    for key in dict.fromkeys([*before, *now]):
        old, new = before.get(key, NOT_SAID), now.get(key, NOT_SAID)
        if old != new:
            yield Difference(*key, old, new)


def _said(answer: Answer) -> Iterator[tuple[tuple[Part, str], str]]:
    """List what the answer says in a clinician's terms; what stands twice keeps both."""
    for rule in answer["recommendations"]:
        yield ("status", rule["rule"]), rule["status"]
        if rule["dose"] is not None:
            yield ("dose", rule["rule"]), _dose(rule["dose"])
        for choice in rule["choices"]:
            name = f"{rule['rule']} / {choice['drug'] or choice['action']}"
            dose = f", {_dose(choice['dose'])}" if choice["dose"] else ""
            yield ("choice", name), f"{choice['status']}{dose}"
    for alert in answer["alerts"]:
        yield ("alert", alert["rule"]), alert["severity"]
    for screened in answer["screened"]:
        for finding in screened["findings"]:
            yield ("order", f"{finding['order']} / {finding['rule']}"), finding["severity"]
    for question in answer["questions"]:
        yield ("question", question["fact"]), f"asked ({question['why']}), settles {len(question['settles'])}"
    for problem in answer["problems"]:
        yield ("problem", f"{problem['fact'] or 'the input'} / {problem['code']}"), problem["message"]


def _dose(dose: Mapping[str, Any]) -> str:
    return f"{dose['low']} to {dose['high']} {dose['unit']} per {dose['per']}"


SECTIONS: Mapping[Part, str] = {
    "status": "recommendations",
    "dose": "recommendations",
    "choice": "recommendations",
    "alert": "alerts",
    "question": "questions",
}
"""Where in the answer the rest of what a difference is about stands; it follows from it and is not told again."""


def _places(difference: Difference) -> Iterator[tuple[str, str]]:
    section = SECTIONS.get(difference.part)
    if section is not None:
        yield section, difference.of.partition(" / ")[0]


def _leaves(value: object, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """List every value of an answer with its path; items of a list go by their rule or fact, else by their place."""
    match value:
        case Mapping() if value:
            for key, item in value.items():
                yield from _leaves(item, (*path, key))
        case [_, *_]:
            for index, item in enumerate(value):
                name = (item.get("rule") or item.get("fact")) if isinstance(item, Mapping) else None
                is_only = name is not None and sum(_goes_by(other, name) for other in value) == 1
                yield from _leaves(item, (*path, name if is_only and name is not None else str(index + 1)))
        case _:
            yield path, json.dumps(value, ensure_ascii=False)


def _goes_by(item: object, name: str) -> bool:
    return isinstance(item, Mapping) and name in {item.get("rule"), item.get("fact")}


def _without(answer: Answer, keys: tuple[str, ...]) -> Answer:
    return {key: value for key, value in answer.items() if key not in keys}
