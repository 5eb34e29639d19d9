"""`approve`: a clinician's name under a statement."""

from __future__ import annotations

from datetime import date

import typer

from cds_engine.bdd.gherkin import NotInstalledError
from cds_engine.bdd.run import run_features
from cds_engine.cli.exits import Exit, refuse
from cds_engine.cli.packs import open_pack
from cds_engine.diagnostics import PackError, did_you_mean
from cds_engine.results.wording import counted
from cds_engine.review.signoff import NotApprovableError, approvals_file, approve


def approve_statement(name: str, statement: str, by: str, on: date, due: date | None) -> Exit:
    """Record an approval, and return how it ended."""
    pack = open_pack(name)
    known = pack.guideline.statements
    if statement not in known:
        hint = did_you_mean(statement, known) or "`cds-engine review` lists them"
        refuse(f"there is no statement `{statement}`; {hint}")
    try:
        approval = approve(pack, statement, by, on, due, run_features(pack))
    except NotInstalledError as error:
        refuse(str(error))
    except NotApprovableError as error:
        refuse(str(error), Exit.FINDINGS)
    except PackError as error:
        refuse(f"{error.diagnostics[0].message}; see `cds-engine check`", Exit.FINDINGS)
    except OSError as error:
        refuse(f"`{approvals_file(pack)}` cannot be written: {error.strerror}")
    covered = f"{counted(len(approval.parts), 'part')} and {counted(len(approval.answers), 'scenario')}"
    again = f", review due {approval.due}" if approval.due else ""
    typer.echo(f"{statement} approved by {approval.by} on {approval.on}{again}: {covered}, {approval.meaning[:19]}")
    return Exit.DONE
