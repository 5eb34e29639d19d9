"""The few rows whose record can be read in several ways, as more rows: one a reading, judged together.

The steps of `engine.worlds` as queries, each over the table that the one before made. A fact that contradicts what is
derived from others, or other facts, is withheld; then every combination of the values that withheld facts may have
becomes a row of its own, and what is believed of a warning is what any of them says.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from cds_engine.backends.sql.asking import Words, asked_by
from cds_engine.backends.sql.conditions import Conditions
from cds_engine.backends.sql.facts import PatientColumns, is_judged
from cds_engine.backends.sql.layout import Layout, base_of
from cds_engine.backends.sql.rules import Warnings
from cds_engine.backends.sql.sheet import FALSE, Sheet, Sql, choose, every, negated, some
from cds_engine.backends.sql.truths import CERTAIN, Truth, Value, either
from cds_engine.lowering.walk import names_in

MAX_WORLDS = 64
"""As for one patient; a row with more is not answered in columns."""


@dataclass(frozen=True, slots=True)
class Step:
    """One query, and the table that its answer is kept in."""

    table: str
    query: str
    is_wide: bool = False
    """Whether it has all columns of the readings, of which each reader needs few: better not written down."""


class WorldTables:
    """Writes the queries for rows with facts in doubt."""

    def __init__(self, layout: Layout, carried: Iterable[str]) -> None:
        self._layout = layout
        self._guideline = layout.guideline
        self._columns = list(carried)
        self._derived = [d.fact for d in self._guideline.derivations if d.fact in layout.carried]
        self._always = {d.fact for d in self._guideline.derivations if d.always}

    def steps(self, source: str) -> Iterator[Step]:
        """Yield the queries from the rows of *source* to `certain`, `ways` and `worlds`."""
        yield Step("first", self._first(source))
        yield Step("hidden", self._hidden(source))
        yield Step("certain", self._certain(source), is_wide=True)
        yield Step("ways", self._ways())
        yield Step("worlds", self._worlds(), is_wide=True)

    @property
    def _doubts(self) -> dict[str, str]:
        """For each fact, where a row of `certain` and `ways` has it in doubt."""
        found: dict[str, list[str]] = {}
        for name in self._layout.doubtable:
            found.setdefault(base_of(name), []).append(self._layout.withheld(name))
        for name in self._derived:
            found.setdefault(name, []).append(f"opened_{name}")
        return {name: " OR ".join(columns) for name, columns in found.items()}

    def doubted(self) -> tuple[list[str], str]:
        """Return facts, and the query that counts for each of them the rows in which it is in doubt."""
        opened = _columns(f"opened_{name}" for name in self._derived)
        counted = ", ".join(f"count_if({doubt})" for doubt in self._doubts.values())
        joined = f"(SELECT certain.*, {opened} FROM certain JOIN ways ON certain.row = ways.row)"
        return list(self._doubts), f"SELECT {counted} FROM {joined} AS doubted"

    def open_keys(self, doubted: Collection[str]) -> list[str]:
        """Return the keys of the warnings that rest on facts in doubt; all others say the same in every world."""
        return [key for key in warning_keys(self._layout) if not self._guideline.reads[key].isdisjoint(doubted)]

    @property
    def _broken(self) -> list[str]:
        return list(self._guideline.conflicts)

    def _conflict_columns(self, facts: PatientColumns) -> dict[str, Sql]:
        truths = (facts.conditions.truth(self._guideline.conditions[key]) for key in self._broken)
        return {f"b_{i}": truth.yes for i, truth in enumerate(truths)}

    @property
    def _plausible_derived(self) -> list[str]:
        facts = self._guideline.dictionary.facts
        return [d.fact for d in self._guideline.derivations if is_judged(facts[d.fact])]

    def _first(self, source: str) -> str:
        sheet = Sheet()
        facts = PatientColumns(sheet, self._layout, "first")
        wanted = {"first_row": Sql("row")}
        for name in self._derived:
            derived = facts.derived[name]
            wanted |= {f"x_{name}": derived.disagrees}
            wanted |= {f"c_{name}": derived.computed.value, f"ck_{name}": derived.computed.known}
        wanted |= {f"i_{name}": facts.derived[name].gives_nonsense for name in self._plausible_derived}
        for name in self._withdrawn():
            wanted |= {f"fv_{name}": facts.value(name).value, f"fvk_{name}": facts.value(name).known}
        wanted |= self._conflict_columns(facts)
        return sheet.select(source, wanted)

    def _withdrawn(self) -> list[str]:
        return sorted({name for names in self._guideline.conflicts.values() for name in names})

    def _hidden(self, source: str) -> str:
        """Contradictions that a contradicted derivation would hide: seen with everything taken as it was given."""
        sheet = Sheet()
        facts = PatientColumns(sheet, self._layout, "all_settled")
        hidden = {name.replace("b_", "hidden_"): truth for name, truth in self._conflict_columns(facts).items()}
        return sheet.select(source, {"row": Sql("row"), **hidden})

    def _certain(self, source: str) -> str:
        """Withhold what contradicts; keep the values that may be right after all."""
        contradicted = some(*(Sql(f"x_{d}") for d in self._derived)).text
        broken = [f"(b_{i} OR ({contradicted} AND hidden_{i})) AS broken_{i}" for i in range(len(self._broken))]
        inner = ", ".join(["given.*", "first.*", *broken])
        found = (
            f"(SELECT {inner} FROM {source} AS given JOIN first ON given.row = first.first_row"
            " JOIN hidden ON given.row = hidden.row)"
        )
        wanted: dict[str, str] = {name: name for name in self._columns}
        for name in self._layout.carried:
            value, known, withheld = self._layout.column(name), self._layout.known(name), self._layout.withheld(name)
            by = [f"broken_{i}" for i, key in enumerate(self._broken) if name in self._guideline.conflicts[key]]
            disagrees = [f"x_{name}"] if name in self._derived else []
            if disagrees or by:
                wanted[withheld] = " OR ".join([withheld, *disagrees, *by])
            if by:
                replaced = f"NOT ({' OR '.join([withheld, *disagrees])}) AND ({' OR '.join(by)})"
                wanted[value] = f"CASE WHEN {replaced} THEN fv_{name} ELSE {value} END"
                wanted[known] = f"CASE WHEN {replaced} THEN fvk_{name} ELSE {known} END"
            if disagrees:
                wanted[self._layout.second(name)] = f"c_{name}"
                wanted[self._layout.has_second(name)] = f"NOT {withheld} AND x_{name} AND ck_{name}"
                wanted[f"x_{name}"] = f"x_{name}"
        wanted |= {f"broken_{i}": f"broken_{i}" for i in range(len(self._broken))}
        wanted |= {f"i_{name}": f"i_{name}" for name in self._plausible_derived}
        return f"SELECT {_listed(wanted)} FROM {found} AS found"

    def _ways(self) -> str:
        """Count the values that each derived fact may have, and say what the second one is."""
        sheet = Sheet()
        facts = PatientColumns(sheet, self._layout, "first")
        wanted: dict[str, Sql] = {"row": Sql("row")}
        for name in self._derived:
            derived, layout = facts.derived[name], self._layout
            withheld, has_second = Sql(layout.withheld(name)), Sql(layout.has_second(name))
            listed = every(withheld, Sql(layout.known(name)))
            found = some(derived.disagrees, derived.differs)
            always = derived.differs if name in self._always else FALSE
            two = some(every(withheld, has_second), every(negated(withheld), found, negated(always)))
            wanted[f"two_{name}"] = two
            wanted[f"opened_{name}"] = some(two, listed, every(negated(withheld), found))
            wanted[f"second_{name}"] = choose(withheld, Sql(layout.second(name)), derived.computed.value)
        return sheet.select("certain", wanted)

    def _worlds(self) -> str:
        """One row a combination, beside the row of what is certain; in it what is open is settled."""
        names = sorted(self._derived)
        counts = self._counts()
        total = " * ".join(counts.values()) or "1"
        opened = {
            name: f"opened_{name}"
            if name in self._derived
            else f"{self._layout.withheld(name)} AND {self._layout.has_value(name)}"
            for name in self._layout.doubtable
            if self._layout.is_own(name)
        }
        wanted = {name: name for name in self._columns}
        for name in self._layout.doubtable:
            owner = name if self._layout.is_own(name) else base_of(name)
            withheld = self._layout.withheld(name)
            wanted[withheld] = f"{withheld} AND NOT ({opened[owner]})"
        for index, name in enumerate(names):
            after = " * ".join([counts[other] for other in names[index + 1 :]]) or "1"
            digit = f"CAST(floor(world / ({after})) AS INT) % 2"
            value, known = self._layout.column(name), self._layout.known(name)
            is_second = f"two_{name} AND {digit} = 1"
            wanted[value] = f"CASE WHEN {is_second} THEN second_{name} ELSE {value} END"
            wanted[known] = f"(({is_second}) OR {known})"
            wanted[self._layout.settled(name)] = opened[name]
        wanted["world"] = "world"
        numbers = ", ".join(f"({index})" for index in range(MAX_WORLDS))
        any_open = " OR ".join(f"({condition})" for condition in opened.values()) or "FALSE"
        certain = {
            **{name: name for name in self._columns},
            **{self._layout.settled(n): "FALSE" for n in names},
            "world": "-1",
        }
        source = (
            f"(SELECT certain.*, {_columns(f'{kind}_{n}' for kind in ('two', 'opened', 'second') for n in names)}"
            " FROM certain JOIN ways ON certain.row = ways.row)"
        )
        return (
            f"SELECT {_listed(wanted)} FROM {source} AS found"
            f" JOIN (VALUES {numbers}) AS listed(world) ON listed.world < {total} AND ({any_open})"
            f" UNION ALL SELECT {_listed({name: certain[name] for name in wanted})} FROM certain"
        )

    def too_many(self) -> str:
        """Return the query for the rows with more readings than are tried."""
        return f"SELECT row FROM ways WHERE {' * '.join(self._counts().values()) or '1'} > {MAX_WORLDS}"

    def _counts(self) -> dict[str, str]:
        """Return how many values each derived fact may have."""
        return {name: f"(CASE WHEN two_{name} THEN 2 ELSE 1 END)" for name in sorted(self._derived)}

    # What is believed

    def believed(self, keys: Sequence[str]) -> Step:
        """Of all worlds of a row: a warning of *keys* is true if any says so, else unknown if any says so."""
        sheet = Sheet()
        facts = PatientColumns(sheet, self._layout, "worlds")
        absent = Conditions(sheet, self._layout, AsIfAbsent(facts), "z")
        wanted: dict[str, Sql] = {"row": Sql("row"), "world": Sql("world")}
        gathered: dict[str, str] = {"row": "row"}
        for index, key in enumerate(keys):
            condition = self._guideline.conditions[key]
            truth, asked = facts.conditions.truth(condition), self._asked(key, facts)
            if key.startswith("alert "):
                truth = either(truth, absent.truth(condition))
            wanted |= {f"y_{index}": truth.yes, f"no_{index}": truth.no}
            wanted |= {f"y_{index}_{word}": bits for word, bits in asked.items()}
            gathered |= self._gathered(index, key, asked)
        query = f"SELECT {_listed(gathered)} FROM ({sheet.select('worlds', wanted)}) AS judged GROUP BY row"
        return Step("believed", query)

    def _asked(self, key: str, facts: PatientColumns) -> Words:
        """Return what a warning waits for in one world; an alert waits for nothing."""
        return {} if key.startswith("alert ") else asked_by(self._guideline.conditions[key], self._layout, facts)

    def _gathered(self, index: int, key: str, asked: Words) -> dict[str, str]:
        yes, no = f"y_{index}", f"no_{index}"
        if not key.startswith("regimen "):
            words = {
                f"{yes}_{w}": f"coalesce(min_by({yes}_{w}, world) FILTER (WHERE NOT ({yes} OR {no})), 0)" for w in asked
            }
            return {yes: f"bool_or({yes})", no: f"bool_and({no})", **words}
        same = f"bool_and({yes}) OR bool_and({no})"
        certain = {w: f"coalesce(max({yes}_{w}) FILTER (WHERE world = -1), 0)" for w in asked}
        some_know = f"{' + '.join(certain.values()) or '0'} = 0 AND bool_or({yes} OR {no})"
        doubted = self._named_by(key)
        words = {
            f"{yes}_{w}": f"CASE WHEN {same} THEN 0"
            f" WHEN {some_know} THEN {doubted.get(w, 0)} ELSE {certain.get(w, '0')} END"
            for w in sorted({*asked, *doubted})
        }
        return {yes: f"bool_and({yes})", no: f"bool_and({no})", **words}

    def _named_by(self, key: str) -> dict[int, int]:
        """Return by word the bits of the facts that a condition names."""
        found: dict[int, int] = {}
        for name in names_in(self._guideline.conditions[key]):
            if base_of(name) in self._guideline.positions:
                word, bit = self._layout.bit(base_of(name))
                found[word] = found.get(word, 0) | bit
        return found

    def warnings(self, keys: Sequence[str]) -> Warnings:
        """Return what is believed of the warnings of *keys*, as columns of `believed`."""
        truth: dict[str, Truth] = {}
        asked: dict[str, Words] = {}
        facts = PatientColumns(Sheet(), self._layout, "worlds")
        for index, key in enumerate(keys):
            truth[key] = Truth.of(Sql(f"y_{index}"), Sql(f"no_{index}"))
            words = set(self._asked(key, facts))
            if key.startswith("regimen "):
                words |= set(self._named_by(key))
            asked[key] = {word: Sql(f"y_{index}_{word}") for word in sorted(words)}
        return Warnings(truth, asked)


class AsIfAbsent:
    """The facts of a world in which what cannot be used was never given."""

    def __init__(self, facts: PatientColumns) -> None:
        self._facts = facts
        self.holds = facts.holds

    def value(self, name: str) -> Value:
        """Return the value of a fact or property; everything is usable."""
        return CERTAIN if name.endswith(".usable") else self._facts.value(name)


def warning_keys(layout: Layout) -> list[str]:
    """Return the keys of the conditions that are judged over all worlds."""
    kinds = ("contraindication ", "caution ", "alert ", "regimen ")
    return [key for key in layout.guideline.conditions if key.startswith(kinds)]


def _listed(columns: Mapping[str, str]) -> str:
    return ", ".join(f"{value} AS {name}" for name, value in columns.items())


def _columns(names: Iterable[str]) -> str:
    return ", ".join(names) or "0 AS nothing"
