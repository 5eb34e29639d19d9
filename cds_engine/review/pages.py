"""What stands on the pages of the review site: plain data, made before anything is laid out.

What is found out elsewhere (`findings`) may be missing; a page says so then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from cds_engine.review.findings import Affected, Mutant, Promise, ShownStanding, Worth
from cds_engine.review.sections import GROUPS, AlertLine, Group, RuleSection, SourceLine, TreatmentSection, Vignette

ALERTS_FILE, SCENARIOS_FILE = "alerts.html", "scenarios.html"
OF_THE_PACK = ("index.html", ALERTS_FILE, SCENARIOS_FILE, "sources.html")
"""The pages of the whole pack, the index first."""


def file_of(statement: str) -> str:
    """Return the file of a statement's page; none takes the place of a page of the whole pack."""
    file = f"{statement}.html"
    return f"statement-{file}" if file.lower() in OF_THE_PACK else file


@dataclass(frozen=True, slots=True)
class StatementPage:
    """Everything about one statement on one page."""

    id: str
    topic: str
    says: str
    patient_says: str
    source: SourceLine
    is_uncited: bool
    modality: str
    evidence: str
    verified: str
    origin: str
    restates: tuple[str, ...]
    became: Literal["encoded", "carried", "advice", "not encoded"]
    became_words: str
    carried_by: str | None
    interpretation: tuple[str, ...]
    note: str | None
    rules: tuple[RuleSection, ...]
    standing: ShownStanding
    rest: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """What "everything else that ... needs is known and unremarkable" stands for in its scenarios: drug, facts."""
    vignettes: Mapping[Group, tuple[Vignette, ...]] = field(default_factory=dict)
    affected: Affected | None = None
    """None where no versions were compared, or the statement was neither approved nor changed."""
    promises: tuple[Promise, ...] | None = None
    worth: Worth | None = None
    """None where coverage was not looked at, or nothing is to be tested."""
    mutants: tuple[Mutant, ...] | None = None

    @property
    def file(self) -> str:
        """The file of this page."""
        return file_of(self.id)

    @property
    def failed(self) -> int:
        """How many scenarios do not hold."""
        return sum(vignette.failed for vignette in self._all)

    @property
    def count(self) -> int:
        """How many scenarios there are."""
        return sum(len(vignette.examples) for vignette in self._all)

    @property
    def uncovered(self) -> tuple[Group, ...]:
        """Which kinds of patients no scenario shows."""
        return tuple(group for group in GROUPS if not self.vignettes.get(group)) if self.rules else ()

    @property
    def _all(self) -> list[Vignette]:
        return [vignette for found in self.vignettes.values() for vignette in found]


@dataclass(frozen=True, slots=True)
class Topic:
    """The statements of one clinical topic."""

    name: str
    statements: tuple[StatementPage, ...]


@dataclass(frozen=True, slots=True)
class AlertsPage:
    """Alerts and checks of prescriptions, by medicine, and safety rules of what no statement offers."""

    alerts: Mapping[str, tuple[AlertLine, ...]]
    checks: Mapping[str, tuple[AlertLine, ...]]
    unoffered: tuple[TreatmentSection, ...]


@dataclass(frozen=True, slots=True)
class Site:
    """The whole review site."""

    title: str
    id: str
    version: str
    hash: str
    scope: str
    review: str
    knowledge_date: str
    notices: tuple[str, ...]
    tags: Mapping[str, str]
    topics: tuple[Topic, ...]
    alerts: AlertsPage
    sources: tuple[SourceLine, ...]
    labels: Mapping[str, str] = field(default_factory=dict)
    """What people call the facts, sources and rules that notes name."""
    elsewhere: tuple[Vignette, ...] = ()
    """Scenarios that name no statement."""
    bounds: tuple[str, ...] = ()
    """What the proofs do not speak of."""

    @property
    def statements(self) -> tuple[StatementPage, ...]:
        """Every statement of the ledger."""
        return tuple(page for topic in self.topics for page in topic.statements)

    @property
    def alert_count(self) -> int:
        """How many alerts there are."""
        return sum(len(lines) for lines in self.alerts.alerts.values())

    @property
    def check_count(self) -> int:
        """How many checks of prescriptions there are."""
        return sum(len(lines) for lines in self.alerts.checks.values())

    @property
    def elsewhere_count(self) -> int:
        """How many scenarios name no statement."""
        return sum(len(vignette.examples) for vignette in self.elsewhere)

    @property
    def failed_elsewhere(self) -> int:
        """How many of them do not hold."""
        return sum(vignette.failed for vignette in self.elsewhere)

    def counted(self, became: str) -> int:
        """How many statements became so."""
        return sum(page.became == became for page in self.statements)
