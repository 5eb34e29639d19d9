"""One part of a table, answered: cells to readings to answers, every query in the engine's memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from cds_engine.backends.sql.layout import Layout
from cds_engine.backends.sql.program import Program, compile_pack
from cds_engine.backends.sql.worlds import Step
from cds_engine.batch.cells import day_of, is_said
from cds_engine.batch.engine import ROW, Engine, quoted
from cds_engine.batch.readings import Readings
from cds_engine.batch.task import Task
from cds_engine.batch.words import Words

__all__ = ["PartRunner", "Task"]


class PartRunner:
    """Answers one part after the other; the text is made once, that for rows in doubt anew for each part."""

    def __init__(self, task: Task, engine: Engine) -> None:
        self._task = task
        self._engine = engine
        given = set(task.columns.facts)
        medications = task.guideline.dictionary.medications
        if task.has_medicines and medications is not None:
            given.add(medications)
        self.program: Program = compile_pack(task.guideline, given, task.together)
        self._words = Words(task, engine, self.program.layout)

    @property
    def layout(self) -> Layout:
        """The columns that the table is read into."""
        return self.program.layout

    def answer(
        self,
        relation: str,
        kept: Mapping[str, str] | None = None,
        drawn: str | None = None,
        meanwhile: Callable[[str], None] | None = None,
    ) -> None:
        """Answer the rows of *relation* (its number, and the columns of the table) into the view `answers`.

        Of the answers only what is *kept* is computed: name to expression, aliases of cells among them. Rows that
        cannot be answered are in the table `refused` instead, with a code. *meanwhile* is called when every text is
        made, and what is left of the few rows in doubt keeps one core busy: `answered` has a line for every row then.
        It is given the relation that holds, among others, the rows whose numbers the query *drawn* gives.
        """
        engine, bad = self._engine, self._bad_day()
        engine.view("every_cell", self._cells_of(relation, engine.counted(ROW)))
        engine.view("cells", f"SELECT * FROM every_cell WHERE NOT ({bad})")
        refused = f"SELECT row, 'as_of' AS reason FROM every_cell WHERE {bad}"
        worded = self._words.joined()
        carried = [cell.alias for cell in self._task.columns.cells if cell.alias in (kept or ())]
        engine.stage("readings", self._readings(worded.of("cells"), carried), self.program.reading_columns)
        plain = self.program.plain
        names = [name for name in plain.columns if name != "is_plain"] if kept is None else list(kept)
        engine.keep("answered", plain.query(None if kept is None else {**kept, "is_plain": "is_plain"}, carried))
        engine.keep("in_doubt", "SELECT row FROM answered WHERE NOT is_plain")
        doubtful = engine.one("SELECT count(*) FROM in_doubt")
        if doubtful or drawn:
            self._read_again(relation, drawn)
        believed = answers = None
        if doubtful:
            cells = f"({self._cells_of('again')} WHERE {ROW} IN (SELECT row FROM in_doubt))"
            with engine.about(doubtful):
                engine.keep("facts", self._readings(worded.of(cells), carried))
                believed, answers = self._of_doubtful(kept, carried, names)
            refused += f" UNION ALL SELECT row, 'too_many_readings' AS reason FROM ({self.program.tables.too_many()})"
        if drawn and meanwhile is not None:
            meanwhile("again")
        if believed is not None and answers is not None:
            with engine.about(doubtful):
                engine.keep(believed.table, believed.query)
                engine.add("answered", answers)
        engine.keep("refused", refused)
        engine.view("answers", f"SELECT {', '.join(names)} FROM answered WHERE is_plain")

    def _cells_of(self, relation: str, row: str = ROW) -> str:
        cells = ", ".join(f"{quoted(cell.name)} AS {cell.alias}" for cell in self._task.columns.cells)
        return f"SELECT {row} AS row, {cells} FROM {relation}"

    def _read_again(self, relation: str, drawn: str | None) -> None:
        """Keep the rows that are in doubt, and those *drawn*, in the table `again`: the file is read once for both."""
        columns = ", ".join(dict.fromkeys(quoted(cell.name) for cell in self._task.columns.cells))
        wanted = "SELECT row FROM in_doubt" + (f" UNION ALL {drawn}" if drawn else "")
        self._engine.keep("again", f"SELECT {ROW}, {columns} FROM {relation} AS part WHERE {ROW} IN ({wanted})")

    def _readings(self, source: str, carried: Sequence[str] = ()) -> str:
        """Return the query for the readings of the rows of *source*, with the cells that are *carried* beside them."""
        task = self._task
        readings = Readings(task.columns, self.layout, self._words.units, has_medicines=task.has_medicines)
        return readings.query(source, self.program.reading_columns, task.day, carried)

    def _of_doubtful(
        self, kept: Mapping[str, str] | None, carried: Sequence[str], names: Sequence[str]
    ) -> tuple[Step, str]:
        """Read the rows of `facts`, the few in doubt, in every way that they can be.

        Return the query for what is believed of them, and that for the lines which `answered` lacks.
        """
        engine = self._engine
        for step in self.program.steps:
            put = engine.stage if step.is_wide else engine.keep
            put(step.table, step.query)
        facts, counting = self.program.tables.doubted()
        counts = engine.rows(counting)[0]
        believed, doubtful = self.program.in_doubt({fact for fact, rows in zip(facts, counts, strict=True) if rows})
        asked = None if kept is None else {name: value for name, value in kept.items() if name not in carried}
        answers = doubtful.query(asked)
        read = [f"facts.{name}" if name in carried else f"said.{name}" for name in names]
        cells = " JOIN facts ON facts.row = said.row" if carried else ""
        return believed, (
            f"SELECT {', '.join(read)}, TRUE AS is_plain FROM ({answers}) AS said{cells}"
            f" WHERE said.row NOT IN (SELECT row FROM ({self.program.tables.too_many()}) AS many)"
        )

    def _bad_day(self) -> str:
        """Return whether a row names a day of the answer that is none: then it has no answer."""
        cell = self._task.columns.as_of
        if cell is None:
            return "FALSE"
        return f"{is_said(cell.alias)} AND {day_of(cell).text} IS NULL"
