"""The cases of a pack: patients and expected answers as data, both sides of every threshold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from cds_engine.bdd.expected import OF_ANSWER, known_names, mistakes_in
from cds_engine.diagnostics import CdsError, Diagnostic, PackError, did_you_mean
from cds_engine.engine.guide import LoadedPack
from cds_engine.pack.beside import read_beside
from cds_engine.pack.cases import CASES_FILE, Base, Case, CasesFile
from cds_engine.pack.plain import plain_value
from cds_engine.results.evaluation import Evaluation
from cds_engine.results.models import Dose, Recommendation

OF_A_DOSE = ("low", "high", "low_capped", "high_capped")
BY = ("blocked_by", "excluded_by", "undecided")
"""Lists of reasons that must be given exactly."""
SHOWN = ("cautions", "monitoring")
"""Lists of which some are expected, and with `not_` before them some are not."""
Plain = dict[str, object]


@dataclass(frozen=True, slots=True)
class Ready:
    """A case put together from its bases."""

    id: str
    place: str
    patient: Plain
    as_of: date | None
    expected: Plain
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CaseOutcome:
    """What became of one case: every difference, in words."""

    case: Ready
    answer: Evaluation | None
    differences: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether the answer is as expected."""
        return not self.differences

    def report(self) -> str:
        """Return the case that does not hold, with patient, differences and reasons."""
        lines = [f"{self.case.place}: {self.case.id}", f"  patient:  {self.case.patient['facts']}"]
        lines += [f"  found:    {difference}" for difference in self.differences]
        if self.answer is not None:
            for rule in self.case.rules:
                lines += [f"  reasons:  {line}" for line in self.answer.why(rule).splitlines()]
        return "\n".join(lines)


def read_cases(pack: LoadedPack) -> list[Ready]:
    """Return the cases of a pack, put together; an empty list where it has no `cases.yaml`.

    Raises:
        PackError: If the file has mistakes: a base, rule or key that does not exist, an id that stands twice.
    """
    file, findings = read_beside(pack.guideline.pack.path, CASES_FILE, CasesFile)
    if file is None:
        if findings:
            raise PackError(findings)
        return []
    reader = _Reader(pack, file, findings)
    ready = [reader.ready(case) for case in file.cases]
    reader.check_ids()
    if findings:
        raise PackError(findings)
    return ready


def run_cases(pack: LoadedPack) -> list[CaseOutcome]:
    """Run every case of a pack.

    Raises:
        PackError: If `cases.yaml` has mistakes.
    """
    return [run_case(pack, case) for case in read_cases(pack)]


def run_case(pack: LoadedPack, case: Ready) -> CaseOutcome:
    """Answer one case and compare the answer with what is expected."""
    try:
        answer = pack.evaluate(case.patient, as_of=case.as_of)
    except CdsError as error:
        return CaseOutcome(case, None, (str(error),))
    return CaseOutcome(case, answer, tuple(differences(answer, case.expected)))


class _Reader:
    def __init__(self, pack: LoadedPack, file: CasesFile, findings: list[Diagnostic]) -> None:
        self._file = file
        self._findings = findings
        self._known = known_names(pack.guideline)

    def ready(self, case: Case) -> Ready:
        """Return the case with the facts of its bases."""
        day, facts = self._base(case.parent, case, ())
        expected = plain_value(case.expect)
        assert isinstance(expected, dict)  # noqa: S101 - the model has seen to it
        for said, hint in mistakes_in(expected, self._known):
            self._report(case, said, hint, "expect")
        return Ready(
            id=case.id,
            place=str(case.span or CASES_FILE),
            patient={"id": case.id, "facts": self._changed(facts, case), "orders": plain_value(case.orders) or []},
            as_of=case.as_of if "as_of" in case.model_fields_set else day,
            expected=expected,
            rules=tuple(name for name in expected if name in self._known["rule"]),
        )

    def check_ids(self) -> None:
        """Report ids that stand twice."""
        seen: set[str] = set()
        for case in self._file.cases:
            if case.id in seen:
                self._report(case, f"the case `{case.id}` stands twice", "call one of them otherwise", "id")
            seen.add(case.id)

    def _base(self, name: str, user: Base, above: tuple[str, ...]) -> tuple[date | None, Plain]:
        base = self._file.bases.get(name)
        if base is None or name in above:
            said = f"the base `{name}` starts from itself" if base else f"there is no base `{name}`"
            self._report(
                user, said, did_you_mean(name, self._file.bases) or "bases stand at the head of the file", "from"
            )
            return None, {}
        day, facts = self._base(base.parent, base, (*above, name)) if base.parent else (None, {})
        return base.as_of if "as_of" in base.model_fields_set else day, self._changed(facts, base)

    def _changed(self, facts: Plain, change: Base) -> Plain:
        for name in change.without:
            if name not in facts:
                self._report(
                    change, f"`{name}` cannot be taken away: the base does not give it", "remove it", "without"
                )
        given = {name: plain_value(value) for name, value in change.with_.items()}
        return {name: value for name, value in {**facts, **given}.items() if name not in change.without}

    def _report(self, model: Base, said: str, hint: str, key: str) -> None:
        self._findings.append(Diagnostic("S105", said, model.span_of(key), hint))


# Comparing


def differences(answer: Evaluation, expected: Plain) -> Iterator[str]:
    """List in words what of an answer is not as expected."""
    problems = sorted(problem.code for problem in answer.problems)
    wanted = sorted(_names(expected.get("problems")))
    if problems != wanted:
        said = "; ".join(f"{problem.code} {problem.message}" for problem in answer.problems) or "none"
        yield f"problems: expected {_listed(wanted)}, found {said}"
    yield from _held("alerts", {alert.rule for alert in answer.alerts}, expected)
    yield from _held("questions", {question.fact for question in answer.questions}, expected)
    yield from _derived(answer, expected.get("derived"))
    yield from _orders(answer, expected)
    for rule, wanted_of in expected.items():
        if rule not in OF_ANSWER:
            yield from _of_rule(answer.recommendation(rule), wanted_of)
    for found in answer.recommendations:
        if found.status != "recommended" and found.dose is not None:
            yield f"{found.rule}: a dose is shown although it is {found.status.replace('_', ' ')}"


def _held(what: str, found: set[str], expected: Mapping[str, object], prefix: str = "") -> Iterator[str]:
    missing = [name for name in _names(expected.get(what)) if name not in found]
    unwanted = [name for name in _names(expected.get(f"not_{what}")) if name in found]
    if missing:
        yield f"{prefix}{what}: expected {_listed(missing)}, found {_listed(sorted(found))}"
    if unwanted:
        yield f"{prefix}{what}: {_listed(unwanted)} must not be among them"


def _derived(answer: Evaluation, wanted: object) -> Iterator[str]:
    for fact, value in wanted.items() if isinstance(wanted, dict) else ():
        derived = answer.derived.get(fact)
        found = derived.value if derived else None
        found = round(found, 2) if isinstance(found, float) else found
        if found != value:
            yield f"{fact}: expected {value}, found {found}"


def _orders(answer: Evaluation, expected: Plain) -> Iterator[str]:
    found: dict[str, dict[str, str]] = {}
    for screened in answer.screened:
        for finding in screened.findings:
            found.setdefault(finding.order, {})[finding.rule] = finding.severity
    wanted = expected.get("findings")
    for order, findings in wanted.items() if isinstance(wanted, dict) else ():
        for rule, severity in findings.items():
            if found.get(order, {}).get(rule) != severity:
                yield f"order {order}: expected {rule} {severity}, found {found.get(order, {})}"
    ruled_out = expected.get("no_findings")
    for order, rules in ruled_out.items() if isinstance(ruled_out, dict) else ():
        unwanted = [rule for rule in rules if rule in found.get(order, {})]
        if unwanted:
            yield f"order {order}: {_listed(unwanted)} must not be found"


def _of_rule(found: Recommendation, written: object) -> Iterator[str]:
    wanted: Mapping[str, object] = written if isinstance(written, dict) else {"status": written}
    name = found.rule
    if "status" in wanted and found.status != wanted["status"]:
        yield f"{name}: expected {wanted['status']}, found {found.status}"
    yield from _of_dose(name, found.dose, wanted)
    for key in ("drug", "route"):
        if key in wanted and getattr(found, key) != wanted[key]:
            yield f"{name}: expected {key} {wanted[key]}, found {getattr(found, key)}"
    yield from _held("missing", set(found.missing), wanted, f"{name}: ")
    for key in SHOWN:
        yield from _held(key, {reason.rule for reason in getattr(found, key, ())}, wanted, f"{name}: ")
    for key in BY:
        reasons = sorted(reason.rule for reason in getattr(found, key, ()))
        if key in wanted and reasons != sorted(_names(wanted[key])):
            said = key.replace("_", " ")
            yield f"{name}: expected to be {said} {_listed(_names(wanted[key]))}, found {_listed(reasons)}"
    choices = wanted.get("choices")
    for drug, of_choice in choices.items() if isinstance(choices, dict) else ():
        choice = next((choice for choice in found.choices if choice.drug == drug), None)
        if choice is None or choice.status != of_choice["status"]:
            instead = choice.status if choice else "no such choice"
            yield f"{name}: expected {drug} {of_choice['status']}, found {instead}"
        else:
            yield from _of_dose(f"{name}, {drug}", choice.dose, of_choice)


def _of_dose(name: str, dose: Dose | None, wanted: Mapping[str, object]) -> Iterator[str]:
    for key in OF_A_DOSE:
        if key in wanted and (dose is None or getattr(dose, key) != wanted[key]):
            yield f"{name}: expected {key} {wanted[key]}, found {'no dose' if dose is None else getattr(dose, key)}"
    if "products" in wanted and (dose is None or dose.product_options != wanted["products"]):
        yield f"{name}: expected products {wanted['products']}, found {dose.product_options if dose else 'no dose'}"


def _names(value: object) -> list[str]:
    return [str(name) for name in value] if isinstance(value, list) else []


def _listed(names: list[str]) -> str:
    return ", ".join(names) or "none"
