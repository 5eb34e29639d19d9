"""Runs of a table and their output: one at a time, counted, never over what is read, and told as far as they are."""

import errno
import io
import json
import re
import subprocess
import sys
import time
from pathlib import Path
from threading import Event
from types import SimpleNamespace

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scenario_patients import ROOT
from typer.testing import CliRunner

import cds_engine
from cds_engine.batch.alone import alone_in
from cds_engine.batch.answers import _each
from cds_engine.batch.duck import WRITTEN, Duck
from cds_engine.batch.faults import in_our_words
from cds_engine.batch.under_way import UnderWay
from cds_engine.cli import app
from cds_engine.cli.progress import progress_of
from cds_engine.diagnostics import BackendFault, InputError

PACK = ROOT / "tests" / "corpus" / "packs" / "good"
AS_OF = "2026-11-21"


@pytest.fixture(scope="module")
def pack():
    return cds_engine.load(PACK)


def people(count):
    return [{"patient": f"p{n}", "age": 18 + n % 70, "lesions": n % 7, "pregnancy": "possible"} for n in range(count)]


def written(path, rows):
    pa.Table.from_pylist(rows).to_pandas().to_csv(path, index=False)
    return path


def tree(folder):
    """Return every file in a folder with what is in it."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# One at a time


def test_a_second_run_into_one_output_is_refused_at_once_and_disturbs_nothing(pack, tmp_path):
    source, out = written(tmp_path / "in.csv", people(40)), tmp_path / "out.csv"
    refusals = []

    def begin_another(done, _):
        if done == 20:
            for resume in (False, True):
                with pytest.raises(
                    InputError, match=r"another run writes into `.*out.csv`; wait for it or choose"
                ) as no:
                    pack.evaluate_table(source, out, as_of=AS_OF, part_rows=30, resume=resume)
                refusals.append(no)
            pack.evaluate_table(source, tmp_path / "other.csv", as_of=AS_OF)

    report = pack.evaluate_table(source, out, as_of=AS_OF, part_rows=20, progress=begin_another)
    assert (len(refusals), report.rows_out) == (2, 40)
    assert sorted(line.split(",")[0] for line in out.read_text().splitlines()[1:]) == sorted(f"p{n}" for n in range(40))
    assert not (tmp_path / "out.csv.parts").exists()


def test_a_run_that_was_killed_locks_nobody_out(tmp_path):
    folder = tmp_path / "out.csv.parts"
    script = f"""
import pathlib, sys
from cds_engine.batch.alone import alone_in
with alone_in(pathlib.Path({str(folder)!r}), "out.csv"):
    print("held", flush=True)
    sys.stdin.read()
"""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", script], **pipes) as other:  # noqa: S603 - our own script
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(InputError, match=r"another run writes into `out.csv`"), alone_in(folder, "out.csv"):
            pass
        other.kill()
    assert [path.name for path in folder.iterdir()] == ["lock"]
    with alone_in(folder, "out.csv"):
        pass
    assert not folder.exists()


@pytest.mark.parametrize("name", ["out.parquet", "out.csv", "out.ndjson"])
def test_what_is_not_what_was_answered_takes_no_place(pack, tmp_path, name):
    """Somebody doubles the rows of a part that is finished."""
    out = tmp_path / name
    part = tmp_path / f"{name}.parts" / f"part-00000{out.suffix}"

    def spoil(done, _):
        if done == 20 and out.suffix == ".parquet":
            duckdb.sql(f"SELECT unnest([1, 2]), * FROM '{part}'").write_parquet(f"{part}.new")
            Path(f"{part}.new").replace(part)
        elif done == 20:
            part.write_bytes(part.read_bytes() * 2)

    with pytest.raises(BackendFault, match=r"has .* where .*; nothing took its place, run it again"):
        pack.evaluate_table(pa.Table.from_pylist(people(20)), out, as_of=AS_OF, progress=spoil)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("form", ["wide", "long"])
def test_what_an_engine_writes_is_counted_against_what_it_answered(pack, tmp_path, form, monkeypatch):
    write = Duck.write
    monkeypatch.setattr(Duck, "write", lambda duck, query, *how: write(duck, f"({query}) UNION ALL ({query})", *how))
    with pytest.raises(BackendFault, match=r"`the answers` has .* rows where .* were counted"):
        pack.evaluate_table(pa.Table.from_pylist(people(20)), tmp_path / "out.csv", as_of=AS_OF, form=form)
    assert not list(tmp_path.iterdir())


# What answers take the place of


def clinic(folder):
    (folder / "in").mkdir()
    written(folder / "in" / "a.csv", people(3))
    written(folder / "out.orders.csv", [{"patient": "p1", "drug": "examplin"}])
    (folder / "linked.csv").hardlink_to(folder / "in" / "a.csv")
    (folder / "symbolic.csv").symlink_to(folder / "in" / "a.csv")
    (folder / "there").mkdir()
    (folder / "there" / "else.txt").write_text("of somebody")
    (folder / "there").rename(folder / "there.parquet")
    (folder / "kept.csv.parts").mkdir()
    written(folder / "kept.csv.parts" / "mine.csv", people(3))


@pytest.mark.parametrize(
    ("table", "into", "wish", "sentence"),
    [
        ("in/a.csv", "in/a.csv", {}, "`in/a.csv` is read, and the answers would take its place"),
        ("in/a.csv", "in/../in/a.csv", {}, "would take its place"),
        ("in/a.csv", "linked.csv", {}, "would take its place"),
        ("symbolic.csv", "in/a.csv", {}, "would take its place"),
        ("in/*.csv", "in/a.csv", {}, "would take its place"),
        ("in", "in/b.csv", {}, "`in/b.csv` lies in `in`, which is read"),
        ("in/a.csv", "out.orders.csv", {"medicines": "out.orders.csv"}, "`out.orders.csv` is read"),
        ("in/a.csv", "out.csv", {"orders": "out.orders.csv"}, "`out.orders.csv` is read"),
        ("in/a.csv", "there.parquet", {}, "`there.parquet` is a folder, and no answer of an earlier run"),
        ("kept.csv.parts/mine.csv", "kept.csv", {}, "`kept.csv.parts/mine.csv` is read and lies in `kept.csv.parts`"),
        ("in/a.csv", "out.csv", {"form": "tall"}, "there is no form `tall`; there are `wide`, `long`"),
        ("in/a.csv", "out.csv", {"form": "lomg"}, "there is no form `lomg`; did you mean `long`?"),
        ("in/a.csv", "out.csv", {"engine": "duck"}, "there is no engine `duck`; did you mean `duckdb`?"),
        ("in/a.csv", "out.csv", {"sample": -1}, "`-1` is no sample; give a whole number from 0 on"),
        ("in/a.csv", "out.csv", {"part_rows": 0}, "`0` is no part_rows; give a whole number from 1 on"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_is_read(
    pack, tmp_path, monkeypatch, table, into, wish, sentence
):
    monkeypatch.chdir(tmp_path)
    clinic(tmp_path)
    before = tree(tmp_path)
    with pytest.raises(InputError, match=re.escape(sentence)):
        pack.evaluate_table(table, into, as_of=AS_OF, **wish)
    assert tree(tmp_path) == before


def test_files_of_an_earlier_answer_do_not_stay_beside_a_new_one(pack, tmp_path):
    rows, orders = people(3), pa.table({"patient": ["p1", "nobody"], "drug": ["examplin", "examplin"]})
    mine = tmp_path / "out.orders.txt"
    mine.write_text("of somebody")
    for suffix, first, left in (
        (".csv", {".csv", ".csv.metadata.json", ".orders.csv", ".orders.csv.metadata.json"}, ".csv.metadata.json"),
        (".parquet", {".parquet", ".orders.parquet"}, None),
    ):
        folder = tmp_path / suffix
        folder.mkdir()
        out = folder / f"out{suffix}"
        pack.evaluate_table(pa.Table.from_pylist(rows), out, as_of=AS_OF, orders=orders)
        assert set(tree(folder)) == {f"out{end}" for end in first} | {f"out{suffix}.quarantine.ndjson"}
        pack.evaluate_table(pa.Table.from_pylist(rows), out, as_of="2026-11-20")
        assert set(tree(folder)) == {out.name, *([f"out{left}"] if left else [])}
        theirs = folder / f"out.orders{suffix}"
        theirs.write_text("of somebody")
        pack.evaluate_table(pa.Table.from_pylist(rows), out, as_of="2026-11-20")
        assert theirs.read_text() == "of somebody"


# What is said of faults


def test_the_name_of_an_output_is_no_pattern(pack, tmp_path):
    """Nor is that of its parts: those of `a[1]` are not those of a run into `a1`."""
    source, others = written(tmp_path / "in.csv", people(40)), tmp_path / "a1.parquet.parts"
    others.mkdir()
    pq.write_table(pa.table({"patient": ["q"]}), others / "part-00000.parquet")
    pack.evaluate_table(source, tmp_path / "a[1].parquet", as_of=AS_OF, part_rows=20)
    assert pq.read_metadata(tmp_path / "a[1].parquet").num_rows == 40


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (OSError(errno.EROFS, "Read-only file system", "/r/out.csv.parts"),
         "`/r/out.csv.parts` cannot be used: read-only file system; ask for the right to it, or name another place"),
        (duckdb.IOException('IO Error: Async write failed for range [offset=0, size=9]: {"exception_type":"IO",'
                            '"exception_message":"Could not write file \\"/d/part-0.tmp\\": No space left on device",'
                            '"errno":"28"}'),
         "`/d/part-0.tmp` cannot be used: no space left on device; make room there, or name an output elsewhere"),
        (duckdb.IOException('IO Error: Cannot open file "/s/a.parquet": Permission denied'),
         "`/s/a.parquet` cannot be used: permission denied; ask for the right to it, or name another place"),
        (duckdb.InvalidInputException('Invalid Input Error: Failed to read file "/d/e.parquet": Snappy failure'),
         "`/d/e.parquet` is torn, or no Parquet file; restore it, or leave it out"),
    ],
)  # fmt: skip
def test_a_fault_is_one_sentence_with_the_file_and_a_way_out(error, sentence):
    assert in_our_words(error) == sentence


def test_the_torn_file_of_a_folder_is_named_and_so_is_a_place_that_cannot_be_written(pack, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    for name in "abe":
        duckdb.from_arrow(pa.Table.from_pylist(people(50))).write_parquet(str(folder / f"{name}.parquet"))
    whole = (folder / "e.parquet").read_bytes()
    (folder / "e.parquet").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match=r"^`.*/e.parquet` is torn, or no Parquet file; restore it, or leave it out$"):
        pack.evaluate_table(folder, tmp_path / "out.csv", as_of=AS_OF)
    (tmp_path / "out.csv.parts").write_text("no folder")
    with pytest.raises(BackendFault, match=r"^`.*out.csv.parts` cannot be used: file exists; "):
        pack.evaluate_table(folder / "a.parquet", tmp_path / "out.csv", as_of=AS_OF)


# How far it is


@pytest.mark.parametrize(
    ("treatments", "told"),
    [(["drug_a", "drug_b", "drug_c"], "drug_a: one;drug_a: two;drug_c: one"), (["drug_a"], "one;two")],
)
def test_the_long_form_says_for_which_treatment_a_reason_speaks(treatments, told):
    spec = SimpleNamespace(treatments=[SimpleNamespace(target=name) for name in treatments])
    cells = "SELECT 'one;two' AS r7_0_blocked_by, '' AS r7_1_blocked_by, 'one' AS r7_2_blocked_by"
    assert duckdb.sql(f"SELECT {_each('r7', spec, 'blocked_by', is_named=True)} FROM ({cells})").fetchall() == [(told,)]


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_bar_moves_within_a_part_and_says_no_rate_before_there_is_one(monkeypatch):
    monkeypatch.setattr("cds_engine.cli.progress.LOOKS", 0.01)
    terminal, asked = Terminal(), Event()

    def rows_under_way():
        asked.set()
        return 250

    with progress_of(terminal, is_wanted=True) as bar:
        time.sleep(0.05)
        bar(1000, 3000)
    before = terminal.getvalue()
    assert "1000/3000" in before
    assert "a second" not in before
    assert "-:--" not in before
    with progress_of(terminal, is_wanted=True) as bar:
        bar.watch(rows_under_way)
        bar(1000, 3000)
        assert asked.wait(10)
    assert re.search(r"1250/3000.* a second, \d+ s left", terminal.getvalue())


def test_a_watched_run_tells_how_far_a_part_is(pack):
    """DuckDB tells the share of a query that is done; who asks between two parts gets rows, never fewer than before."""
    seen = []

    class Watched:
        def __call__(self, done, rows):
            seen.append((done, rows))

        def watch(self, rows_under_way):
            self.rows_under_way = rows_under_way

    watched, runs = (
        Watched(),
        [("", 0.5), ("answered", 0.5), ("again", 0.9), ("believed", 0.0), (WRITTEN, 1.0), ("", 0)],
    )
    pack.evaluate_table(pa.Table.from_pylist(people(30)), as_of=AS_OF, progress=watched)
    assert seen == [(0, 30), (30, 30)]
    assert 0 <= watched.rows_under_way() <= 30

    class Running:
        def watch(self):
            pass

        rows_read = 0

        def running(self):
            self.rows_read += 250
            return runs.pop(0)

    told = UnderWay(Running(), "wide")
    told.begin(1000)
    assert [told() for _ in range(6)] == [0, 300, 300, 600, 1000, 1000]  # of 500 rows read by then
    duck = Duck(threads=1)
    duck.watch()
    duck.close()
    assert duck.running() == ("", 0.0)


def command(*words):
    return CliRunner().invoke(app, ["batch", "--pack", str(PACK), "--as-of", AS_OF, *map(str, words)])


def test_a_run_without_a_sample_says_that_it_was_held_to_nothing(tmp_path):
    source, out = written(tmp_path / "in.csv", people(4)), tmp_path / "out.csv"
    found = command(source, "-o", out, "--sample", "0")
    assert "no row was answered by the evaluator as well: nothing of this was held to it" in found.output
    assert "no difference" not in found.output
    for sample, is_held in ((0, False), (2, True)):
        said = json.loads(command(source, "-o", out, "--sample", sample, "--format", "json").stdout)
        assert (said["checked"], said["held_to_evaluator"], said["resumed"]) == (sample, is_held, 0)


def test_a_report_takes_the_place_of_nothing_that_is_read_or_answered(tmp_path):
    source, out = written(tmp_path / "in.csv", people(4)), tmp_path / "out.csv"
    (tmp_path / "folder").mkdir()
    inside = written(tmp_path / "folder" / "in.csv", people(4))
    before = tree(tmp_path)
    for table, page in ((source, source), (source, out), (tmp_path / "folder", inside)):
        found = command(table, "-o", out, "--report", page)
        assert (found.exit_code, "choose another" in found.output) == (2, True)
    assert tree(tmp_path) == before


def test_a_column_that_goes_along_has_a_name_of_one_line(pack, tmp_path):
    table = pa.table({"age": [60.0, 61.0], "x\n(y)": ["1", "2"]})
    with pytest.raises(InputError, match=r"the column 'x\\n\(y\)' has a line break in its name; rename it"):
        pack.evaluate_table(table, tmp_path / "out.csv", as_of=AS_OF, keep=True, part_rows=1)


def test_a_frame_with_other_names_is_another_table(pack, tmp_path):
    """Its cells are the same: what was staged of the first must not be answered for the second."""
    names, out = ("age", "lesions"), tmp_path / "out.csv"

    def stop(done, _):
        if done:
            raise KeyboardInterrupt

    def table(*names):
        return pa.table(dict(zip(names, ([60.0, 61.0], [3.0, 4.0]), strict=True)))

    with pytest.raises(KeyboardInterrupt):
        pack.evaluate_table(table(*names), out, as_of=AS_OF, part_rows=1, progress=stop)
    with pytest.raises(InputError, match=r"of another run \(`input` differs\)"):
        pack.evaluate_table(table(*names[::-1]), out, as_of=AS_OF, part_rows=1, resume=True)


def test_a_delivery_that_was_stopped_is_gone_on_with(pack, tmp_path, monkeypatch):
    """Wherever it stops, `resume` puts the same files in their places."""
    orders = pa.table({"patient": ["p1"], "drug": ["examplin"]})
    source, out = written(tmp_path / "in.csv", people(3)), tmp_path / "out.csv"

    def run(**options):
        return pack.evaluate_table(source, out, as_of=AS_OF, orders=orders, **options)

    run()
    wanted, rename = tree(tmp_path), Path.rename
    for stopped in range(8):
        left = [stopped]

        def once(path, target, left=left):
            if left[0] == 0:
                raise KeyboardInterrupt
            left[0] -= 1
            return rename(path, target)

        with monkeypatch.context() as patched:
            patched.setattr(Path, "rename", once)
            with pytest.raises(KeyboardInterrupt):
                run()
        run(resume=True)
        assert tree(tmp_path) == wanted, stopped
