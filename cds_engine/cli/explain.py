"""`explain`: what a diagnostic code means, or what a rule or statement says and rests on."""

from __future__ import annotations

from cds_engine.cli.exits import Exit, refuse
from cds_engine.cli.packs import open_pack
from cds_engine.cli.page import Page, console_for
from cds_engine.diagnostic_codes import CODES, Meaning
from cds_engine.diagnostics import did_you_mean


def explain_word(word: str, pack: str | None) -> Exit:
    """Write what *word* means; an unknown one ends the command."""
    page = Page(console_for())
    if meaning := CODES.get(word.upper()):
        _write_code(page, word.upper(), meaning)
        return Exit.DONE
    from cds_engine.cli.explain_rule import Ledger  # noqa: PLC0415 - codes need no pack

    ledger = Ledger(open_pack(pack).guideline)
    if not ledger.write(page, word):
        known = [*ledger.words(), *CODES]
        hint = (
            did_you_mean(word, known)
            or did_you_mean(word.upper(), CODES)
            or "`cds-engine explain U201` explains a code"
        )
        refuse(f"there is no code, rule or statement `{word}`; {hint}")
    return Exit.DONE


def _write_code(page: Page, code: str, meaning: Meaning) -> None:
    page.paragraph((f"{code}  ", "bold"), (meaning.title, "bold"), indent=0)
    page.paragraph(meaning.means)
    page.paragraph(meaning.example, label="Example", hang=12)
    page.paragraph(meaning.remedy, label="What to do", hang=12)
