"""Every sentence that a scenario of a pack may use, as Markdown; made from the tables that run."""

from __future__ import annotations

from collections.abc import Iterator

from cds_engine.bdd.run import STEPS
from cds_engine.bdd.table import TABLE
from cds_engine.bdd.vocabulary import EMPTY, Vocabulary
from cds_engine.bdd.words import LISTS

assert STEPS  # noqa: S101 - importing them fills the table

TITLES = {"given": "Given: the patient", "when": "When: the question", "then": "Then: the answer"}
KINDS_SAID = "`{x:number}` is a number, `{x:word}` one word, `{x:text}` any text; `[...]` may be left out."


def glossary(vocabulary: Vocabulary = EMPTY, title: str = "Sentences of scenarios") -> str:
    """Return the glossary: the sentences of every pack, and with *vocabulary* those of one."""
    return "\n".join(_lines(vocabulary, title)) + "\n"


def _lines(vocabulary: Vocabulary, title: str) -> Iterator[str]:
    yield f"# {title}"
    yield ""
    yield f"{KINDS_SAID} Lists of words stand at the end."
    for kind, heading in TITLES.items():
        yield from ("", f"## {heading}", "", "| sentence | means |", "| --- | --- |")
        yield from (f"| `{s.says}` | {_cell(s.means)} |" for s in TABLE if s.kind == kind)
        if kind == "given":
            yield from (f"| `{phrase.says}` | {_facts(facts)} |" for phrase, facts in vocabulary.sentences)
        if kind == "then":
            yield from (f"| `{phrase.says}` | {_cell('; '.join(means))} |" for phrase, means in vocabulary.outcomes)
    yield from ("", "## Words", "", "| place | words |", "| --- | --- |")
    if vocabulary.treatments:
        yield f"| `{{what}}` | {', '.join(vocabulary.treatments)} |"
    else:
        yield "| `{what}` | the names under `treatments` of the pack's phrases.yaml |"
    words = {**LISTS, **vocabulary.words}
    yield from (f"| `{{{name}}}` | {', '.join(listed)} |" for name, listed in words.items())


def _facts(facts: object) -> str:
    if not isinstance(facts, dict) or not facts:
        return "nothing"
    return _cell("; ".join(f"`{name}`: {value}" for name, value in facts.items()))


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
