"""Coverage and mutants of a pack's tests as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from cds_engine.bdd.coverage import SORTS, Covered
from cds_engine.bdd.mutation import MOST_SCENARIOS, WANTED, Mutation, Tried
from cds_engine.bdd.report import value_words
from cds_engine.bdd.tested import LIMITS, Tested, title_of, totals
from cds_engine.proof.mutants.every import KINDS
from cds_engine.results.wording import clean, counted


def lines_of(found: Tested) -> Iterator[str]:
    """List the report, line by line."""
    if found.coverage is not None:
        yield from _coverage(found.coverage)
    if found.mutation is not None:
        yield from _mutation(found.mutation, found)
        yield ""
        yield from LIMITS


def _coverage(coverage: tuple[Covered, ...]) -> Iterator[str]:
    yield "coverage"
    for sort, (covered, possible) in totals(coverage).items():
        yield f"  {covered:>5} of {possible:<5} {SORTS[sort]}"  # type: ignore[index] # the same words
    impossible = sum(one.impossible for one in coverage)
    if impossible:
        yield f"  {impossible:>5} more that no patient can show, which was proved"
    missing = [one for one in coverage if not one.count and not one.impossible]
    if missing:
        yield "not exercised"
        yield from (f"  {one.item.sort:<9} {clean(one.item.says)}" for one in missing)


def _mutation(mutation: Mutation, found: Tested) -> Iterator[str]:
    for tried in mutation.survivors:
        yield ""
        yield from _survivor(tried, found)
    yield ""
    yield f"{'mutants':>12} {'noticed':>8} {'survived':>9} {'equivalent':>11} {'not loaded':>11}"
    for kind, counts in mutation.by_kind().items():
        fates = (counts["killed"], counts["survived"], counts["equivalent"], counts["refused"])
        words = KINDS[kind]  # type: ignore[index] # the same words
        yield f"{sum(counts.values()):>12} {fates[0]:>8} {fates[1]:>9} {fates[2]:>11} {fates[3]:>11}  {words}"
    total = tuple(mutation.count(fate) for fate in ("killed", "survived", "equivalent", "refused"))
    yield f"{len(mutation.tried):>12} {total[0]:>8} {total[1]:>9} {total[2]:>11} {total[3]:>11}  together"
    share = f"{mutation.share:.1%}".replace("%", " %")
    yield (
        f"{share} of the {total[0] + total[1]} mutants that some patient can tell from the pack are noticed, by "
        f"{counted(found.cases, 'case')} and {counted(mutation.scenarios, 'scenario')}; wanted are "
        f"{WANTED:.0%} by at most {MOST_SCENARIOS} scenarios".replace("95%", "95 %")
    )


def _survivor(tried: Tried, found: Tested) -> Iterator[str]:
    mutant, proposal = tried.mutant, found.proposal(tried)
    yield clean(f"survived   {mutant.at}: {mutant.says}")
    yield f"  at       {mutant.place or 'the pack'}"
    yield clean(f"  because  {found.reason(tried)}")
    if proposal is not None:
        yield from (clean(f"  {line}") for line in proposal.lines(title_of(tried)))
    elif tried.patient is not None:
        yield clean(f"  patient  {value_words(tried.patient['facts'])}")
