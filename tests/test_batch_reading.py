"""How a table is read: as it is written, or refused in a sentence; a line that cannot be read costs no other."""

import csv
import gzip
import json

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet
import pytest
from scenario_patients import ROOT
from typer.testing import CliRunner

import cds_engine
from cds_engine.cli import app
from cds_engine.diagnostics import InputError

PACK = ROOT / "tests" / "corpus" / "packs" / "good"
AS_OF = "2026-11-21"
CM = {"height": "cm"}


@pytest.fixture(scope="module")
def pack():
    return cds_engine.load(PACK)


@pytest.fixture
def answered(pack, tmp_path):
    """Answer a table, and return what became of it with the patients that were answered and their problems."""

    def answer(table, **wishes):
        out = tmp_path / "answers.csv"
        report = pack.evaluate_table(table, out, **{"as_of": AS_OF, "sample": 5, **wishes})
        quarantine = [] if report.quarantine is None else report.quarantine.read_text().splitlines()
        with out.open(newline="") as lines:
            rows = sorted(csv.DictReader(lines), key=lambda row: int(row["row"]))
        problems = {row.get("patient"): row["problems"] or None for row in rows}
        return report, problems, [json.loads(line) for line in quarantine]

    return answer


def written(path, content):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


# Text


def test_quotes_are_quotes_however_late_the_first_one_comes(answered, tmp_path):
    plain = "".join(f"p{n},128 cm,none\n" for n in range(21_000))
    late = '"pX","128 cm","{""value"": [""nuts""], ""complete"": false}"\n"p\nY","129 cm","examplin;\nnuts"\n'
    source = written(tmp_path / "late.csv", "patient,height,allergies\n" + plain + late)
    report, problems, _ = answered(source)
    assert (report.rows_in, report.rows_out, report.problems) == (21_002, 21_002, {})
    assert {"pX", "p\nY"} < problems.keys()


@pytest.mark.parametrize(("name", "sign"), [("a.csv", ";"), ("A.CSV", ","), ("a.csv", "|"), ("a.tsv", "\t")])
def test_the_first_line_says_what_separates_cells(answered, tmp_path, name, sign):
    lines = [["patient", '"height"', "allergies"], ["A", "128 cm", '"nuts;examplin"'], ["B", '"x|2,3;4\t"', ""]]
    text = "\ufeff\n" + "\r\n".join(sign.join(cells) for cells in lines)
    report, problems, _ = answered(written(tmp_path / name, text))
    assert (report.ignored, problems) == ((), {"A": None, "B": "height:D102"})


@pytest.mark.parametrize("ends", [("\n", "\n", "\r\n"), ("\r\n", "\n", "\r"), ("\r",) * 3])
def test_lines_may_end_in_several_ways(answered, tmp_path, ends):
    cells = [
        "patient,height", "A,128 cm", '"B","12""9 cm"', "C,1,2", '"D\n",130 cm', 'E"x,131 cm', '"F"x,1 cm', "G,132 cm",
    ]  # fmt: skip
    text = "".join(line + ends[n % 3] for n, line in enumerate(cells))
    report, problems, bad = answered(written(tmp_path / "in.csv", text))
    assert (report.rows_in, report.rows_out) == (7, 5)
    assert [*problems] == ["A", "B", "D\n", 'E"x', "G"]
    assert [(one["value"], one["file"]) for one in bad] == [
        (c, str(tmp_path / "in.csv")) for c in ("C,1,2", '"F"x,1 cm')
    ]
    objects = ['{"patient":"A","height":"128 cm"}', "", "{x", '{"patient":"B","height":"129 cm"}', "[]"]
    text = "".join(line + ends[n % 3] for n, line in enumerate(objects))
    with gzip.open(tmp_path / "in.NDJSON.gz", "wb") as out:
        out.write(text.encode())
    report, problems, bad = answered(tmp_path / "in.NDJSON.gz")
    assert (report.rows_in, problems, [one["value"] for one in bad]) == (4, {"A": None, "B": None}, ["{x", "[]"])


def test_a_line_that_cannot_be_read_costs_no_other(answered, tmp_path):
    huge = "x" * 3_000_000
    report, problems, bad = answered(written(tmp_path / "in.csv", f"patient,height\nA,1 cm\nB,{huge}\nC,128 cm\n"))
    assert (report.rows_in, [*problems], [one["line"] for one in bad]) == (3, ["A", "C"], [3])
    assert "in.csv" in bad[0]["file"]
    lines = [
        '{"patient":"A","height":"128 cm"}', '{"patient":"B","height":"1 cm","height":"2 cm"}', '{"patient":"\\ud800"}',
        '{"patient":"C","height":"129 cm","since":{"a":1}}', '{"patient":"D","height":"130 cm","Height":"131 cm"}',
        f'{{"patient":"E","height":"{huge}"}}', '{"patient":"F","since":{"a":1,"a":2}}',
        '{"patient":"G","since":' + "[" * 300 + "]" * 300 + "}", '{"patient":"H","height":"x"}', "none",
    ]  # fmt: skip
    report, problems, bad = answered(written(tmp_path / "in.ndjson", "\n".join(lines)))
    assert (report.rows_in, problems) == (10, {"A": None, "C": None, "H": "height:D102"})
    assert [one["line"] for one in bad] == [2, 3, 5, 6, 7, 8, 10]
    assert all(one["code"] == "not_a_row" and one["file"] == str(tmp_path / "in.ndjson") for one in bad)
    assert bad[2]["reason"] == "it says `height` and again `Height`"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", "patient,height,height", "`{}` has two columns `height`; rename one"),
        ("a.csv", "patient,height,Height", "`{}` has the columns `height` and `Height`, which differ in cap"),
        ("a.ndjson", '{"height":"1 cm"}\n\n{"Height":"2 cm"}', "line 1 of `{0}` says `height` and line 3"),
        ("a.ndjson", '{"height":"1 cm","x":{"y":[{"z":1}]}}\n{"x":{"y":[{"Z":1}]}}', "line 2 of `{}` says `Z`"),
        ("a.csv", "patient,height\nA,1".encode("utf-16"), "`{}` is in UTF-16; save it as UTF-8"),
        ("a.csv", "patient,gr\xf6\xdfe,height\nA,1,2".encode("latin-1"), "the first line of `{}` is not in UTF-8"),
        ("a.csv", 'patient,"height\nA,1', "the first line of `{}` cannot be read as names"),
        ("a.csv", 'patient,height\nA,1 cm\n"B,2 cm\nC,3 cm\n', "the quote in line 3 of `{}` is not closed there"),
        ("a.csv", "", "`{}` is empty"),
        ("a.ndjson", "\n", "`{}` is no table: it is empty; write each patient as an object on one line"),
        ("a.ndjson", '{\n "patient": "A",\n "height": 1\n}', "`{}` is no table: no line of it is a JSON object"),
        ("a.ndjson.gz", "patient", "`{}` cannot be read"),
        ("a.parquet", "patient", "`{}` is torn, or no Parquet file"),
        ("a.csv", "sep=;\npatient;height\n", "it has `sep=`, `column1`; leave out the line `sep=`"),
        ("a.csv", "Report of May\npatient,height\n", "it has `Report of May`; the first line of CSV must name"),
        ("a.csv", "patient,hieght\n", "it has `patient`, `hieght`; for `hieght`, did you mean `height`"),
        ("a.ndjson", '{"facts":{"height":"1 cm"}}', "it has `facts`; a patient with `facts`"),
        ("a.ndjson", '{"height":{"value":128,"unit":"cm"}}', "the column `height` holds no single values; give the"),
    ],
)  # fmt: skip
def test_what_is_no_table_is_refused_with_a_way_out(pack, tmp_path, name, content, said):
    source = written(tmp_path / name, content)
    with pytest.raises(
        InputError, match=said.replace("`{", f"`{source.parent}/{{").format("a", 0).replace("/a`", f"/{name}`")
    ):
        pack.evaluate_table(source, tmp_path / "out.csv", as_of=AS_OF)
    assert [*tmp_path.iterdir()] == [source]


# Frames


def test_objects_of_pandas_are_read_as_texts_where_they_differ(answered):
    many = 2_998
    rows = {
        "patient": [*map(str, range(many)), "X", "Y"],
        "height": pd.Series([128] * many + ["tall", "129 cm"], dtype=object),
        "ulcer": pd.Series([True] * many + ["yes", None], dtype=object), "lesions": np.ones(many + 2, dtype="float16"),
    }  # fmt: skip
    report, problems, _ = answered(pd.DataFrame(rows), units=CM)
    assert (report.rows_out, report.problems, problems["X"]) == (many + 2, {"height:D102": 1}, "height:D102")


@pytest.mark.parametrize("library", [pa.table, pl.DataFrame])
def test_floats_of_any_length_are_read(answered, library):
    half = np.array([128.5, 9.0], dtype="float16")
    report, _, _ = answered(library({"patient": ["A", "B"], "height": half}), units=CM)
    assert report.problems == {"height:D105": 1}


def test_a_column_that_says_nothing_is_as_good_as_none(answered):
    facts = ["height", "lesions", "pregnancy", "ulcer", "allergies", "birth_date", "weight_unit"]
    nothing = {fact: [None] for fact in facts}
    report, problems, _ = answered(pa.table({"patient": ["A"], "weight": ["26 kg"], **nothing}))
    assert (report.ignored, problems) == ((), {"A": None})


TWICE = [[1, 2]]


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (None, "nothing is no table; give a path, or a table of Arrow"),
        (7, "a `int` is no table"),
        ([], "a `list` is no table"),
        ([None], "nothing is no table"),
        (object(), "a `object` is no table"),
        ("", "there is no table ``"),
        (pd.DataFrame(TWICE, columns=["height", "height"]), "the table has two columns `height`"),
        (pd.DataFrame(TWICE, columns=["height", "Height"]), "the table has the columns `height` and `Height`"),
        (pa.table([[1], [2]], names=["height", "height"]), "the table has two columns `height`"),
        (pl.DataFrame({"height": [1], "HEIGHT": [2]}), "the table has the columns `height` and `HEIGHT`"),
        (pa.table({"height": [{"value": 128, "unit": "cm"}]}), "the column `height` holds no single values"),
        (pd.DataFrame({"ulcer": [{"value": True}]}), "the column `ulcer` holds no single values"),
        (pd.DataFrame(), "is no table|it has none"),
    ],
)
def test_what_is_no_frame_is_refused_with_a_way_out(pack, table, said):
    with pytest.raises(InputError, match=said):
        pack.evaluate_table(table, as_of=AS_OF)


# Files


def parquet(path, **columns):
    names = [*columns.pop("names", columns)]
    pa.parquet.write_table(pa.table([*columns.values()], names=names), path)
    return path


def test_a_folder_is_read_without_what_is_hidden_or_empty(answered, tmp_path):
    folder = tmp_path / "in"
    (folder / "_temporary").mkdir(parents=True)
    for name in ("a.csv", ".b.csv", "_c.csv", "_temporary/d.csv", "E.CSV"):
        written(folder / name, f"patient,height\n{name},128 cm\n")
    written(folder / "f.csv", "")
    report, problems, _ = answered(folder)
    assert (report.rows_in, [*problems]) == (2, ["E.CSV", "a.csv"])


def test_a_name_with_brackets_is_a_file_and_no_pattern(answered, tmp_path):
    for ending in ("csv", "ndjson", "parquet"):
        for name in ("a[1]", "a1"):
            path, row = tmp_path / f"{name}.{ending}", {"patient": name, "height": "128 cm"}
            if ending == "parquet":
                parquet(path, **{key: [value] for key, value in row.items()})
            else:
                written(path, json.dumps(row) if ending == "ndjson" else f"patient,height\n{name},128 cm")
        assert [*answered([tmp_path / f"a[0-9].{ending}", tmp_path / f"a[1].{ending}"])[1]] == ["a1", "a[1]"]


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("height", "height"), "two columns `height`"),
        (("height", "Height"), "the columns `height` and `Height`"),
        (("height", "height_1"), None),
    ],
)
def test_columns_of_parquet_are_known_by_the_names_they_have_there(pack, tmp_path, names, said):
    cells = {"since": [{"a": [1], "b": 2}], "height": [128.0], "other": [2.0]}
    source = parquet(tmp_path / "in.parquet", **cells, names=("since", *names))
    if said is None:
        assert pack.evaluate_table(source, units=CM).ignored == ("since", "height_1")
    else:
        with pytest.raises(InputError, match=said):
            pack.evaluate_table(source, units=CM)
    written(tmp_path / "z.parquet", "torn")
    with pytest.raises(InputError, match=r"z.parquet` is torn" if said is None else said):
        pack.evaluate_table([source, tmp_path / "z.parquet"], units=CM)


def test_what_folders_are_called_says_nothing_of_tables_that_say_it_themselves(pack, answered, tmp_path):
    """`age=99` around a file would be the age of all that are in it, for whoever reads it as DuckDB does."""
    folder = tmp_path / "age=99"
    folder.mkdir()
    text = written(folder / "in.csv", "patient,age\nA,60.0\n")
    table = parquet(folder / "in.parquet", patient=["A"], age=[60.0])
    assert answered(text)[1] == {"A": None}
    with pytest.raises(InputError, match=r"the folder `age=99` and `.*in.parquet` in it both say `age`; rename"):
        pack.evaluate_table(table)
    told = parquet(folder / "other.parquet", patient=["A"])
    assert pack.evaluate_table(told, as_of=AS_OF, sample=1).ignored == ()  # there the folder is a column
    for ending in ("csv", "parquet"):
        out = tmp_path / "patient=b" / f"out.{ending}"
        out.parent.mkdir(exist_ok=True)
        report = pack.evaluate_table(pa.table({"patient": ["A", "B"], "age": [60.0, 61.0]}), out, part_rows=1)
        read = pd.read_csv(out) if ending == "csv" else pyarrow.parquet.ParquetFile(out).read().to_pandas()
        assert (report.rows_out, sorted(read["patient"])) == (2, ["A", "B"])


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_rows_that_stray_quotes_make_one_cell_are_not_lost(pack, answered, tmp_path, end):
    text = f'patient,age,sex{end}a,30,"f{end}b,40,f{end}c,50,f"{end}d,60,m{end}'
    with pytest.raises(InputError, match=r"in.csv` has several lines, which may be rows: `f\r?\n?b,40,f"):
        pack.evaluate_table(written(tmp_path / "in.csv", text))
    note = f'patient,age,note{end}a,30.0,"tired{end}and cold, at night"{end}b,40.0,{end}'
    assert answered(written(tmp_path / "in.csv", note))[1] == {"a": None, "b": None}


def test_files_are_named_once_and_in_letters(pack, tmp_path):
    once = written(tmp_path / "in.csv", "patient\nA\n")
    for twice in ([once, once], [tmp_path, once]):
        with pytest.raises(InputError, match=r"in.csv` is named 2 times; name every file of a table once"):
            pack.evaluate_table(twice)
    odd = written(tmp_path / "\udcff.csv", "patient\nA\n")
    with pytest.raises(InputError, match="is no text in UTF-8; rename the file"):
        pack.evaluate_table(odd)


# What columns say


def test_capitals_and_blanks_do_not_matter_in_the_names_of_columns(answered, tmp_path):
    text = "patient, Height ,HEIGHT_Unit,As_Of\nA,50.4,[in_i],2026-11-20\nB,128,cm,\n"
    report, problems, _ = answered(written(tmp_path / "in.csv", text))
    assert (report.ignored, problems) == ((), {"A": None, "B": None})


def test_a_unit_is_said_in_one_way(pack, tmp_path):
    table, names = pa.table({"WT": [66.0]}), {"WT": "weight"}
    for units in ({"WT": "kg"}, {"weight": "kg"}, {"WT": "kg", "weight": "kg"}):
        assert pack.evaluate_table(table, columns=names, units=units).rows_out == 1
    both = r"the column `WT` has two units, `WT=\[lb_av\]` and `weight=kg`; say one of them"
    with pytest.raises(InputError, match=both):
        pack.evaluate_table(table, columns=names, units={"WT": "[lb_av]", "weight": "kg"})
    source = written(tmp_path / "in.csv", "WT\n66\n")
    mapping = written(tmp_path / "map.json", json.dumps({"columns": names, "units": {"WT": "kg"}}))
    for unit, exits in (("WT=kg", 0), ("WT=[lb_av]", 2), ("weight=[lb_av]", 2)):
        command = ["batch", str(source), "--pack", str(PACK), "--mapping", str(mapping), "--units", unit]
        found = CliRunner().invoke(app, [*command, "-o", str(tmp_path / "out.csv"), "--as-of", AS_OF])
        assert found.exit_code == exits, found.output
        assert exits == 0 or "has two units, `WT=kg` and" in found.stderr or "`weight=[lb_av]`; say" in found.stderr


def test_what_a_column_is_renamed_to_must_be_something_a_column_says(pack):
    table = pa.table({"HT": ["128 cm"], "weight": ["26 kg"]})
    with pytest.raises(InputError, match=r"`HT` should say `heigth`, which is nothing .* did you mean `height`\?"):
        pack.evaluate_table(table, columns={"HT": "heigth"}, keep=True)
    with pytest.raises(InputError, match=r"`HT` should say `ward`, which is nothing .* `cds-engine facts` lists"):
        pack.evaluate_table(table, columns={"HT": "ward"})
    assert pack.evaluate_table(table, columns={"HT": "ward"}, keep=True).rows_out == 1


# Days


@pytest.mark.parametrize("typed", [False, True])
def test_a_day_that_no_calendar_of_four_figures_has_is_no_day(answered, tmp_path, typed):
    days = ["0000-01-01", "2020-01-01"] if not typed else ["0000-01-01", "2020-01-01", "21135-01-01"]
    source, rows = tmp_path / ("in.parquet" if typed else "in.csv"), []
    for what in ("as_of", "birth_date", "height_date"):
        for day in days:
            cells = {"as_of": AS_OF, "birth_date": "2010-01-01", "height_date": "2026-11-20", what: day}
            rows.append(f"('{what} {day}', '128 cm', " + ", ".join(f"'{cell}'" for cell in cells.values()) + ")")
    table = f"(VALUES {', '.join(rows)}) AS t(patient, height, as_of, birth_date, height_date)"
    kinds = ", ".join(
        f"CAST({c} AS {'TIMESTAMP' if typed and c != 'as_of' else 'DATE' if typed else 'VARCHAR'}) AS {c}"
        for c in ("as_of", "birth_date", "height_date")
    )
    duckdb.sql(f"COPY (SELECT patient, height, {kinds} FROM {table}) TO '{source}'")
    _, problems, bad = answered(source)
    odd = [day for day in days if day != "2020-01-01"]
    assert [one["code"] for one in bad] == ["as_of"] * len(odd)
    assert {p for p, found in problems.items() if found} == {
        *(f"{what} {day}" for what in ("birth_date", "height_date") for day in odd),
        "as_of 2020-01-01",
    }
    assert all(problems[f"birth_date {day}"] == "birth_date:D102" for day in odd)
    assert all(problems[f"height_date {day}"] == "height:D110" for day in odd)
