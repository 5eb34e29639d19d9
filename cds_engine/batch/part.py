"""One part of a table, answered: cells to readings to answers, every query in the engine's memory."""

from __future__ import annotations

from collections.abc import Mapping

from cds_engine.backends.sql.layout import Layout
from cds_engine.backends.sql.program import Program, compile_pack
from cds_engine.batch.cells import day_of, is_said
from cds_engine.batch.duck import Duck, quoted
from cds_engine.batch.readings import Readings
from cds_engine.batch.sources import ROW
from cds_engine.batch.words import Task, Words, entry_of

__all__ = ["PartRunner", "Task", "entry_of"]


class PartRunner:
    """Answers one part after the other; the compiled text is made once."""

    def __init__(self, task: Task, duck: Duck) -> None:
        self._task = task
        self._duck = duck
        given = set(task.columns.facts)
        medications = task.guideline.dictionary.medications
        if task.has_medicines and medications is not None:
            given.add(medications)
        self.program: Program = compile_pack(task.guideline, given)
        self._words = Words(task, duck, self.program.layout)

    @property
    def layout(self) -> Layout:
        """The columns that the table is read into."""
        return self.program.layout

    def answer(self, relation: str, kept: Mapping[str, str] | None = None) -> None:
        """Answer the rows of *relation* (its number, and the columns of the table) into the view `answers`.

        Of the answers only what is *kept* is computed: name to expression. Rows that cannot be answered are in the
        table `refused` instead, with a code.
        """
        duck = self._duck
        cells = ", ".join(f"{quoted(cell.name)} AS {cell.alias}" for cell in self._task.columns.cells)
        duck.run(f"CREATE OR REPLACE TEMP VIEW every_cell AS SELECT {ROW} AS row, {cells} FROM {relation}")
        bad = self._bad_day()
        duck.keep("refused", f"SELECT row, 'as_of' AS reason FROM every_cell WHERE {bad}")
        duck.run(f"CREATE OR REPLACE TEMP VIEW cells AS SELECT * FROM every_cell WHERE NOT ({bad})")
        source = self._words.joined()
        readings = Readings(self._task.columns, self.layout, self._words.units, has_medicines=self._task.has_medicines)
        duck.run(
            "CREATE OR REPLACE TEMP VIEW readings AS "
            + readings.query(source, self.program.reading_columns, self._task.day)
        )
        kept_plain = None if kept is None else {**kept, "is_plain": "is_plain"}
        duck.keep("answered", self.program.plain.query(kept_plain))
        plain = "SELECT * EXCLUDE (is_plain) FROM answered WHERE is_plain"
        if duck.one("SELECT count(*) FROM answered WHERE NOT is_plain"):
            self._answer_doubtful(kept)
            plain += " UNION ALL SELECT * FROM answered_doubtful"
        duck.run(f"CREATE OR REPLACE TEMP VIEW answers AS {plain}")

    def _answer_doubtful(self, kept: Mapping[str, str] | None) -> None:
        """Answer the few rows with something in doubt, in every way that they can be read."""
        duck = self._duck
        doubtful = "SELECT row FROM answered WHERE NOT is_plain"
        duck.run(f"CREATE OR REPLACE TEMP VIEW cells AS SELECT * FROM every_cell WHERE row IN ({doubtful})")
        duck.keep("facts", "SELECT * FROM readings")
        for step in self.program.steps():
            duck.keep(step.table, step.query)
        duck.run(f"INSERT INTO refused SELECT row, 'too_many_readings' FROM ({self.program.tables.too_many()})")
        duck.run("DELETE FROM certain WHERE row IN (SELECT row FROM refused)")
        duck.keep("answered_doubtful", self.program.doubtful.query(kept))

    def _bad_day(self) -> str:
        """Return whether a row names a day of the answer that is none: then it has no answer."""
        cell = self._task.columns.as_of
        if cell is None or cell.kind == "day":
            return "FALSE"
        return f"{is_said(cell.alias)} AND {day_of(cell).text} IS NULL"
