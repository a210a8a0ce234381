"""Data sets: each column a variable; labels in words get numbers; what is wrong is named with row and column."""

import csv
import io
import re
import runpy
import string
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpcalc import BpcalcError, backprop, read_data
from bpcalc.data import parse_data

SCORES = "cat,car,frog,truth\n3.2,5.1,-1.7,cat\n1.3,4.9,2.0,car\n2.2,2.5,-3.1,frog\n"
FOLDER = Path(__file__).parent.parent / "docs" / "data"


def columns(text):
    data = parse_data(text, "x.csv")
    return {name: data[name].tolist() for name in data}


def variables(plain):
    """The names with a gradient that are no operations."""
    found = dict(re.findall(r"^(\w+): (gradient|operation) ", plain, re.M)[::-1])
    return {name for name, kind in found.items() if kind == "gradient"}


def test_columns_are_vectors_and_labels_are_numbered_in_alphabetical_order():
    data = parse_data("x,kind\n1,frog\n-2.5,bird\n1e3,frog\n", "x.csv")
    assert data["x"].tolist() == [1, -2.5, 1000]
    assert data["kind"].tolist() == [1, 0, 1]
    assert data.classes == {"kind": ["bird", "frog"]}
    assert data.remarks("kind") == ["kind: 0 = bird, 1 = frog"]
    assert data.remarks("x") == []


def test_the_numbers_of_classes_do_not_depend_on_the_order_of_rows():
    rows = ["b,1", "c,2", "a,3", "b,4"]
    one, other = (columns("\n".join(["k,x", *order]))["k"] for order in (rows, rows[::-1]))
    assert one == other[::-1]


@pytest.mark.parametrize("text", [
    "\ufeffx,y\r\n1,2\r\n3,4\r\n",
    "x;y\n1;2\n3;4",
    "x\ty\n1\t2\n3\t4\n\n\n",
    '\n"x" , y\n\n"1", 2 \n 3,"4"\n,\n',
    b"\xef\xbb\xbfx,y\n1,2\n3,4\n",
])
def test_spreadsheets_write_the_same_table_in_many_ways(text):
    text = text if isinstance(text, bytes) else text.encode()
    assert columns(text) == {"x": [1, 3], "y": [2, 4]}


@given(st.lists(st.tuples(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from(["a", "b c", 'd"', "e,f"])),
                min_size=1, max_size=20), st.sampled_from(",;\t"), st.sampled_from(["\n", "\r\n"]))
def test_what_the_csv_module_writes_is_read_back(rows, mark, end):
    file = io.StringIO()
    writer = csv.writer(file, delimiter=mark, lineterminator=end)
    writer.writerows([("x", "label"), *rows])
    data = parse_data(file.getvalue(), "x.csv")
    assert data["x"].tolist() == [x for x, _ in rows]
    assert [data.classes["label"][int(number)] for number in data["label"]] == [label for _, label in rows]


@pytest.mark.parametrize(("text", "column", "message"), [
    ("x,y\n1,2\n3,abc\n5,6\n", "y", "line 3, column 'y': 'abc' is not a finite number"),
    ("x,y\n1,2\n\n3,abc\n,6\n9,nan\n7,8\n7,8", "y",
     "line 4, column 'y': 'abc' is not a finite number (also bad: line 6"),
    ("x\n1\n2\ninf\n", "x", "line 4, column 'x': 'inf' is not"),
    ("x,k\n1,a\n2,\n3,b\n", "k", "line 3, column 'k': the cell is empty"),
    ("x,k\n1,a\n,b\n3,b\n", "x", "line 3, column 'x': the cell is empty"),
    ("x\n1_000\n2\n3\n", "x", "line 2, column 'x': '1_000' is not"),
    ("x\n\u0661\n2\n3\n", "x", "line 2, column 'x'"),
    ("x;y\n1;2,5\n3;3,5\n", "y",
     "line 2, column 'y': '2,5' is not a finite number (also bad: line 3)"),
    ("x\n$2\n$3\n", "x", "'$2' is not"),
    ("x\n2 \u20ac\n", "x", "'2 \u20ac' is not"), ("x\n2%\n5%\n", "x", "'2%' is not"),
    ("x\n5\nna\n", "x", "line 3, column 'x': 'na' is not"), ("x\nnan\n5\n", "x", "'nan' is not"),
    ("x\nnan\nnan\n", "x", "'nan' is not"), ("x\n3D\n2D\n", "x", "'3D' is not"), ("x\n-\n-\n", "x", "'-' is not"),
    ("x\n1/0\n1/2\n", "x", "'1/0' is not"), ("x\n2024-01-02\n2024-01-03\n", "x", "'2024-01-02' is not"),
    ("k\nfrog\ncar\n7\n", "k", "line 4, column 'k': '7' is a number among labels"),
    ("the x\n1\n2\n3 m\n", "the_x", "line 4, column 'the x': '3 m' is not"),
])
def test_a_bad_cell_is_named_with_its_row_and_column(text, column, message):
    data = parse_data(text, "x.csv")
    with pytest.raises(BpcalcError) as caught:
        data[column]
    assert message in caught.value.message
    start, end = caught.value.span
    assert 0 <= start < end <= len(caught.value.source.text) + 1


@pytest.mark.parametrize(("text", "hint"), [
    ("x;y\n1;2,5\n", "write decimals with a point"), ("x;y\n1;2%\n", "2% is 0.02"),
    ("x;y\n1;$2\n", "without signs for money"),
    ("x;y\n1;3D\n", "labels are words"), ("x;y\n1;2\n1;na\n", "numbers, or labels in words"),
])
def test_a_bad_cell_has_a_hint(text, hint):
    with pytest.raises(BpcalcError) as caught:
        parse_data(text, "x.csv")["y"]
    assert hint in caught.value.hint


def test_constant_expressions_are_numbers_and_words_are_labels():
    assert columns("x,y\n1/2,pi\n1/4,0\n") == {"x": [0.5, 0.25], "y": [np.pi, 0]}
    assert columns("k,l,m\ne,<=50K,sqrt(4)\npi,>50K,sqrt(9)\n") == {"k": [0, 1], "l": [0, 1], "m": [2, 3]}


def test_what_a_column_that_is_not_used_holds_stops_nobody(bpcalc, tmp_path):
    path = tmp_path / "data.csv"
    path.write_text("x,y,z\n1,,2%\n2,abc,\n3,7,1\n")
    ran = bpcalc("mean(w*x)", "w=2", "--data", path)
    assert (ran.code, ran.err) == (0, "")
    data = read_data(str(path))
    assert backprop("mean(w*x)", data, w=2).value == 4
    assert data.classes == {}
    assert "y" in data
    with pytest.raises(BpcalcError, match="line 2, column 'y': the cell is empty"):
        backprop("mean(w*y)", data, w=2)


def test_a_bad_cell_stands_over_its_caret():
    with pytest.raises(BpcalcError) as caught:
        parse_data("x;y;z\n1;2;3\n1;2;3\n1;2,5;3\n", "x.csv")["y"]
    error = caught.value
    assert error.source.text[slice(*error.span)] == "2,5"
    assert error.hint == "write decimals with a point"


@pytest.mark.parametrize(("text", "message"), [
    ("", "empty"), ("\n\n", "empty"), ("x,y\n", "no rows"), ("1,2\n3,4\n", "holds numbers, not names"),
    ("x,y\n1,2\n1\n", "line 3 has 1 cell under 2 headings"), ("x\n1,2\n", "line 2 has 2 cells under 1 heading"),
    ("x,x\n1,2\n", "two columns are called x: columns 1 and 2"),
    ("a b,a_b\n1,2\n", "called a_b: columns 1 and 2"),
    ("x\n" + "1" * 200_000, "not CSV"),
])
def test_what_is_no_table_is_refused(text, message):
    with pytest.raises(BpcalcError, match=message):
        parse_data(text, "x.csv")["x"]


def test_headings_that_are_no_names_are_renamed_and_it_is_said():
    data = parse_data("Sepal Length (cm),2nd,,σ\n1,2,3,4\n", "iris.csv")
    assert list(data) == ["Sepal_Length_cm", "_2nd", "column_3", "σ"]
    assert data.remarks("Sepal_Length_cm") == ["the column 'Sepal Length (cm)' of iris.csv is called Sepal_Length_cm"]


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029\"\0"),
                        max_size=8), min_size=1, max_size=4))
def test_every_name_is_one_of_the_language(heading):
    text = ",".join(f'"{word}"' for word in heading) + "\n" + ",".join("7" for _ in heading) + "\n"
    try:
        data = parse_data(text, "x.csv")
    except BpcalcError:
        return
    for name in data:
        assert backprop(f"{name} * 2", {name: 3}).value == 6
        assert set(name) <= set(string.ascii_letters + string.digits + "_") or not name.isascii()


def test_data_binds_the_columns_of_the_lecture(bpcalc, tmp_path):
    path = tmp_path / "scores.csv"
    path.write_text(SCORES)
    expression = "s = [cat, car, frog].T; L = mean(hinge(s, [0, 1, 2])) + lambda*sum(w^2)"
    words = [expression, "--data", path, "lambda=0.1", "w=0.5", "--format", "plain"]
    ran = bpcalc(*words)
    assert (ran.code, ran.err) == (0, "")
    assert float(ran.out.splitlines()[0].split()[-1]) == pytest.approx((2.9 + 0 + 12.9) / 3 + 0.1 * 0.25, rel=1e-5)
    assert variables(ran.out) == {"lambda", "w"}, "columns are held constant"
    assert variables(bpcalc(*words, "--wrt", "frog").out) == {"frog"}


def test_values_given_beside_data_and_the_length_of_a_column_are_known_beforehand(bpcalc, tmp_path):
    path = tmp_path / "scores.csv"
    path.write_text("x,remark\n1,\n2,5\n4,a\n")
    ran = bpcalc("sum(w*x[j] for j in range(len(x)) if j != y)", "y=1", "w=2", "--data", path)
    assert (ran.code, ran.err) == (0, "")
    assert "= 10\n" in ran.out
    ran = bpcalc("sum(max(0, s[j] - s[y] + 1) for j in range(3) if j != y)", "s=[3.2, 5.1, -1.7]", "y=0")
    assert ran.out.splitlines()[0].endswith("= 2.9")


def test_a_note_says_which_number_is_which_class(bpcalc, tmp_path):
    path = tmp_path / "scores.csv"
    path.write_text(SCORES)
    ran = bpcalc("mean(cross_entropy([car, cat, frog].T * w, truth))", "w=1", "--data", path)
    assert "note: truth: 0 = car, 1 = cat, 2 = frog" in ran.out


def test_columns_that_are_not_used_are_neither_read_nor_warned_of(bpcalc, tmp_path):
    path = tmp_path / "data.csv"
    path.write_text("x,remark\n1,ok\n2,\n3,7\n")
    ran = bpcalc("mean(w*x)", "w=2", "--data", path)
    assert (ran.code, ran.err) == (0, "")
    assert "= 4" in ran.out
    ran = bpcalc("w^2", "w=2", "--data", path)
    assert ran.err == f"bpcalc: warning: the expression uses no column of {path}; they are x, remark\n"


def test_gradients_of_the_columns_are_there_where_nothing_else_is_a_variable(bpcalc, tmp_path):
    path = tmp_path / "data.csv"
    path.write_text("x\n1\n2\n")
    assert variables(bpcalc("mean(x^2)", "--data", path, "--format", "plain").out) == {"x"}


@pytest.mark.parametrize(("words", "message"), [
    (["x*w", "x=1", "w=2"], "'x' is given a value twice: it is a column of"),
    (["x = 3; x*w", "w=2"], "assigned here as well"),
    (["x*w"], "w"),
])
def test_names_that_clash_are_reported(words, message, bpcalc, tmp_path):
    path = tmp_path / "data.csv"
    path.write_text("x\n1\n2\n")
    ran = bpcalc(*words, "--data", path)
    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err


def test_a_file_with_a_heading_that_is_given_as_an_array_leads_to_data(bpcalc, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data.csv").write_text("x,y\n1,2\n")
    assert "hint: columns under a heading are for --data data.csv" in bpcalc("sum(X)", "X=@data.csv").err


def test_data_is_read_from_standard_input(bpcalc):
    assert "= 2" in bpcalc("mean(x*w)", "w=1", "--data", "-", stdin="x\n1\n3\n").out


def test_what_a_file_holds_never_speaks_to_the_terminal(bpcalc, tmp_path):
    path = tmp_path / "data.csv"
    path.write_text(f"x \x1b[2J,kind\n1,\x1b[31mred\u202e\n2,{'long' * 50}\n")
    out = bpcalc("mean(w*x_2J*kind)", "w=1", "--data", path).out
    assert "␛[31mred<U+202E>" in out
    assert "'x ␛[2J'" in out
    assert "\x1b" not in out
    assert max(map(len, out.splitlines())) < 200


def test_read_data_is_a_mapping_that_backprop_takes(tmp_path):
    path = tmp_path / "data.csv"
    path.write_text("x,label\n1,a\n2,b\n")
    data = read_data(str(path))
    report = backprop("mean(x*w)", {**data, "w": 3})
    assert (report.value, report.gradients["w"]) == (4.5, 1.5)
    assert isinstance(data["x"], np.ndarray)


def test_the_shipped_data_is_what_its_script_writes():
    made = runpy.run_path(str(FOLDER / "make_images.py"))["rows"]()
    assert (FOLDER / "images.csv").read_text() == "".join(f"{row}\n" for row in made)
    data = read_data(str(FOLDER / "images.csv"))
    assert data.classes == {"label": ["bird", "car", "frog"]}
    assert all(np.isfinite(data[name]).all() and len(data[name]) == 150 for name in data)
