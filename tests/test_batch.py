"""Every row of a batch comes out as a run of its own would: numbers, kinks, errors, what is undefined."""

import csv
import io
import json
import math
import tracemalloc
from pathlib import Path

import jsonschema
import numpy as np
import pytest

import bpcalc as package
from bpcalc import BpcalcError, backprop, backprop_batch, blocks
from bpcalc.batch import Batch
from bpcalc.cli import run
from bpcalc.data import parse_data
from bpcalc.errors import Source
from bpcalc.rows import Rows
from bpcalc.syntax import parse
from bpcalc.terminal import WARNED

from .oracles import Program

SCHEMA = json.loads((Path(package.__file__).parent / "report.schema.json").read_text(encoding="utf-8"))


def compare(expression, columns, wrt=None, upstream=1.0, **values):
    """A batch beside single runs: everything alike, numbers to a few units of the last place."""
    result = backprop_batch(expression, columns, wrt=wrt, upstream=upstream, **values)
    for at in range(len(result)):
        row = {name: float(column[at]) for name, column in columns.items()}
        try:
            report = backprop(expression, {**row, **values}, wrt=wrt, upstream=upstream)
        except BpcalcError as error:
            assert str(result.errors[at]) == str(error)
            assert math.isnan(result.values[at])
            continue
        assert at not in result.errors
        assert result.values[at] == pytest.approx(report.value, rel=1e-12, abs=1e-300)
        for name, gradient in report.gradients.items():
            found = result.gradients[name][at]
            assert math.isnan(found) if gradient is None else found == pytest.approx(gradient, rel=1e-11, abs=1e-300)
        assert list(result.gradients) == list(report.gradients)
        notes = [(note.code, note.node) for note in report.notes if note.code != "unused"]
        assert [(note.code, note.node) for note in result.notes.get(at, [])] == notes
    return result


@pytest.mark.parametrize("seed", range(40))
def test_random_programs(seed):
    program = Program(seed, size=20)
    rng = np.random.default_rng(seed)
    columns = {name: np.round(value + rng.normal(size=25), 1) for name, value in program.inputs.items()}
    compare(program.text, columns)
    first = next(iter(columns))
    compare(program.text, {first: columns[first]}, **{name: program.inputs[name] for name in columns if name != first})


EDGES = [-1e308, -745.0, -2.0, -1.0, -0.5, -0.0, 0.0, 0.5, 1.0, 2.0, 40.0, 710.0, 1e200]


@pytest.mark.parametrize("expression", [
    "relu(x)*y", "abs(x) + sign(y)*x", "max(x, y)*min(x, y, 0)", "sqrt(x)*y", "log(x*y)", "x/y", "x^y", "exp(exp(x))*y",
    "1/exp(x) + y", "tanh(x*y)", "sigmoid(x) - y", "softplus(x)*gelu(y)", "clip(x, y, 1)", "asin(x) + acos(y)",
    "leaky_relu(x)/elu(y)", "x^2 + y^0.5 + 2^x", "hypot(x, y)", "atan2(y, x)", "step(x)*y", "silu(x)*erf(y)",
    "cbrt(x*y)", "third = 1/3; q = x*third; q*q - y", "x", "2*3", "k = 2; x*k + y", "tan(x) + cot(y)",
])
def test_the_edges_of_every_domain(expression):
    pairs = [(x, y) for x in EDGES for y in EDGES]
    compare(expression, {"x": np.array([x for x, _ in pairs]), "y": np.array([y for _, y in pairs])})


def test_wrt_and_upstream():
    columns = {"x": np.array([-2.0, 1.0]), "y": np.array([5.0, 2.0])}
    result = compare("q = x + y; q*z", columns, wrt=["q", "z"], upstream=2.5, z=-4)
    assert list(result.gradients) == ["q", "z"]


@pytest.mark.parametrize("z", [0.5, 0, -1, 1e200, 1e3])
@pytest.mark.parametrize("expression", ["x + log(z)", "x*z*z", "exp(z) - x", "where(x > 1, x, z*z*0 + x)"])
def test_what_is_the_same_in_every_row_may_not_exist(expression, z):
    compare(expression, {"x": np.array([1.0, 2.0])}, z=z)


LABELLED = ["cross_entropy([a, b], y)", "hinge([a, b], y)", "s = [a, b]; s[y]", "[a, b][y]", "[a, b][1 - y]",
            "t = y; [a, b][t]", "hinge([1, 2], y)*b + a", "one_hot(y, 2)[0] + a*b", "sum([a, b, 1][:y + 1])",
            "k = 1; [a, b][k] + y", "t = hinge([a, b], y); a*b"]


@pytest.mark.parametrize("expression", LABELLED)
@pytest.mark.parametrize("columns", [{"a": [1, 2], "y": [0, 1]}, {"y": [1, 0]}, {"a": [1, 2, 3], "y": [0, 0.5, 2]}])
def test_a_label_or_an_index_has_no_gradient_in_any_row(expression, columns):
    fixed = {name: value for name, value in {"a": 1.5, "b": 2.0}.items() if name not in columns}
    result = compare(expression, columns, **fixed)
    assert ("y" in result.gradients) == (expression in LABELLED[-2:])
    compare(expression, columns, wrt="b", **fixed)


@pytest.mark.parametrize("wrt", ["y", "a, y", "t"])
@pytest.mark.parametrize("kind", [[], ["--json"]])
def test_the_gradient_of_a_label_column_is_refused_before_anything_is_written(kind, wrt, tmp_path, capsys):
    file = tmp_path / "rows.csv"
    file.write_text("a,y\n1,0\n2,1\n")
    assert run(["t = y; [a, b][t]", "b=2", "--batch", str(file), "--wrt", wrt, *kind]) == 2
    said = capsys.readouterr()
    assert f"{wrt[-1]} is a label or an index: it has no gradient" in said.out + said.err
    assert "line" not in said.out
    with pytest.raises(BpcalcError, match="is a label or an index: it has no gradient"):
        backprop_batch("t = y; [a, b][t]", {"a": [1, 2], "y": [0, 1]}, wrt=wrt, b=2)


def test_rows_of_labels_alone_have_no_gradient_at_all(tmp_path, capsys):
    file = tmp_path / "rows.csv"
    file.write_text("y\n1\n0\n")
    assert run(["L = hinge([1, 2], y)", "--batch", str(file)]) == 0
    assert capsys.readouterr().out == "line,L,note,error\n2,0.0,,\n3,2.0,,\n"
    assert run(["L = hinge([1, 2], y)", "--batch", str(file), "--json"]) == 0
    assert capsys.readouterr().out.splitlines()[1] == '{"line": 3, "value": 2.0, "gradients": {}}'


@pytest.mark.parametrize("expression", [
    "f = sum(a^j for j in range(y))", "a*sum(a^j for j in range(3) if j != y)",
    "sum([a, 1][j] for j in range(2) if j > y)", "s = [a, 1]; sum(max(0, s[j] - s[y] + 1) for j in range(2) if j != y)",
])
def test_a_column_cannot_decide_which_terms_a_sum_has(expression, tmp_path, capsys):
    file = tmp_path / "rows.csv"
    file.write_text("a,y\n1,0\n2,1\n")
    assert run([expression, "--batch", str(file)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "'y' must be a number that is known beforehand here" in said.err
    assert "hint: y is another number in every row; a factor can leave terms out, for example (j < y)*x[j]" in said.err
    with pytest.raises(BpcalcError, match="'y' must be a number that is known beforehand here"):
        backprop_batch(expression, {"a": [1, 2], "y": [0, 1]})


def test_a_factor_leaves_terms_out_in_every_row_as_the_hint_says():
    compare("sum((j < y)*a^j for j in range(3))", {"a": [1, 2, 3], "y": [0, 1, 3]})


def test_one_value_for_all_rows_can_decide_which_terms_a_sum_has(tmp_path, capsys):
    compare("f = sum(a^j for j in range(n))", {"a": [1, 2]}, n=3)
    file = tmp_path / "rows.csv"
    file.write_text("a\n1\n2\n")
    assert run(["f = sum(a^j for j in range(n))", "n=3", "--batch", str(file)]) == 0
    assert capsys.readouterr().err == ""


def test_names_and_expressions_are_read_as_for_one_run():
    columns = {"x": [1.0, 2.0], "y": [3.0, 4.0]}
    assert set(backprop_batch("x*y*z", columns, wrt="x, z", z=2).gradients) == {"x", "z"}
    with pytest.raises(BpcalcError, match="an expression is a text, not a function"):
        backprop_batch(lambda x, y: x*y, columns)


def test_blocks_of_any_size_give_the_same(monkeypatch):
    x = np.linspace(-3, 3, 1000)
    whole = backprop_batch("relu(x)*sin(x) - log(x + 2)", {"x": x})
    monkeypatch.setattr(blocks, "ROWS", 7)
    pieces = backprop_batch("relu(x)*sin(x) - log(x + 2)", {"x": x})
    assert np.array_equal(whole.values, pieces.values, equal_nan=True)
    assert np.array_equal(whole.gradients["x"], pieces.gradients["x"], equal_nan=True)
    assert whole.errors.keys() == pieces.errors.keys()
    notes = [{at: [note.code for note in found] for at, found in result.notes.items()} for result in (whole, pieces)]
    assert notes[0] == notes[1]
    assert 500 in backprop_batch("relu(x)", {"x": np.arange(-500.0, 500.0)}).notes


def test_what_was_given_is_left_as_it_was():
    x, y = np.array([1.0, 0.0, 2.0]), np.array([2.0, 3.0, 0.0])
    result = backprop_batch("x*y + 0*log(x)/y", {"x": x, "y": y})
    assert result.errors.keys() == {1, 2}
    assert (x.tolist(), y.tolist()) == ([1, 0, 2], [2, 3, 0])
    result = backprop_batch("exp(x) + y", {"x": [0.0, 800.0], "y": [1.0, 1.0]})
    assert result.gradients["x"][0] == result.gradients["y"][0] == 1
    graph = parse(Source("sqrt(x)*y"), {"x": 0.0, "y": 0.0})
    Batch(graph, ["x", "y"], {}).run(2, [np.array([-1.0, 1.0]), y[:2].copy()])


def test_graphs_too_long_for_blocks_are_run_row_by_row(monkeypatch):
    monkeypatch.setattr(blocks, "_LONGEST", 3)
    compare("x*y + sin(x*y) - y", {"x": np.array([1.0, 2.0, 0.0]), "y": np.array([3.0, -1.0, 0.0])})
    compare("sum([x, y]*2)", {"x": np.array([1.0, 2.0]), "y": np.array([3.0, -1.0])})


@pytest.mark.parametrize(("columns", "words"), [
    ({"x": [1, 2], "y": [1]}, "not of one length"), ({}, "no columns"), ({"x": ["a"], "y": [1]}, "column x"),
    ({"x": [[1, 2]], "y": [1]}, "column x"),
])
def test_columns_that_do_not_fit_are_refused(columns, words):
    with pytest.raises(BpcalcError, match=words):
        backprop_batch("x*y", columns)


def test_a_name_has_a_column_or_one_value_not_both():
    with pytest.raises(BpcalcError, match="x is given both as a column and as one value"):
        backprop_batch("x*y", {"x": [1], "y": [1]}, x=2)


def test_a_row_whose_output_is_an_array_has_no_result():
    result = backprop_batch("x*[1 2]", {"x": [1, 2]})
    assert {at: error.message for at, error in result.errors.items()} == \
        dict.fromkeys((0, 1), "the output of a row must be one number")
    assert np.isnan(result.values).all()
    assert np.isnan(result.gradients["x"]).all()


def test_a_number_that_is_not_finite_is_its_rows_error():
    result = backprop_batch("x*2", {"x": [1.0, math.nan, math.inf]})
    assert [result.errors[at].code for at in (1, 2)] == ["binding", "binding"]
    assert result.values[0] == 2


# ------------------------------------------------------------------------------------- command line
def rows(capsys, tmp_path, name, text, *words):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    code = run([*words, "--batch", str(path)])
    caught = capsys.readouterr()
    return code, caught.out, caught.err


def test_csv_in_csv_out(capsys, tmp_path):
    code, out, err = rows(capsys, tmp_path, "r.csv", "id,x,y\na,-2,5\nb,1/3,2\n", "(x+y)*z", "z=-4")
    assert (code, err) == (0, "")
    found = list(csv.DictReader(io.StringIO(out)))
    assert [row["f"] for row in found] == ["-12.0", repr((1 / 3 + 2) * -4)]
    assert found[0] == {"line": "2", "f": "-12.0", "df/dx": "-4.0", "df/dy": "-4.0", "df/dz": "3.0", "note": "",
                        "error": ""}


def test_json_lines_in_json_lines_out(capsys, tmp_path):
    text = '{"x": -2, "y": 5}\n\n{"y": "1/3", "x": 2, "more": []}\n'
    code, out, _ = rows(capsys, tmp_path, "r.jsonl", text, "(x+y)*z", "z=-4")
    assert code == 0
    assert [json.loads(line) for line in out.splitlines()] == [
        {"line": 1, "value": -12, "gradients": {"x": -4, "y": -4, "z": 3}},
        {"line": 3, "value": (2 + 1 / 3) * -4, "gradients": {"x": -4, "y": -4, "z": 2 + 1 / 3}}]


@pytest.mark.parametrize(("text", "lines"), [
    ("x,y\n1,2\n\n\n3,4\n", [2, 5]), ("\n\nx,y\n1,2\n", [4]), ('x,y,z\n1,2,"a\nb"\n3,4,c\n', [2, 4]),
    ('\n{"x": 1, "y": 2}\n\n{"x": 1, "y": 2}\n', [2, 4]),
])
def test_a_row_is_called_by_its_line_in_the_file(text, lines, capsys, tmp_path):
    _, out, _ = rows(capsys, tmp_path, "r.csv", text, "x*y", "--json")
    assert [json.loads(line)["line"] for line in out.splitlines()] == lines


@pytest.mark.parametrize("cell", ["1/2", "-3", "1e-3", "2,5", "$2", "2%", "na", "nan", "", "2024-01-02", "2*pi", "3D"])
def test_a_cell_is_the_same_number_in_a_data_set(cell, capsys, tmp_path):
    text = f"x;y\n1;{cell}\n"
    _, out, _ = rows(capsys, tmp_path, "r.csv", text, "x*y", "--json")
    data = parse_data(f"{text}1;1\n", "r.csv")
    if "error" in (line := json.loads(out)):
        with pytest.raises(BpcalcError, match=r"line 2, column 'y'"):
            data["y"]
    else:
        assert data["y"].tolist() == [line["value"], 1]


def test_a_cell_with_signs_is_told_what_to_write(capsys, tmp_path):
    _, _, err = rows(capsys, tmp_path, "r.csv", "x,y\n1,2%\n1,$3\n1,1_000\n", "x*y", "--json")
    for row, number in ((2, "0.02"), (3, "3"), (4, "1000")):
        assert f"line {row}: column y: " in err
        assert f"(write {number})" in err


def test_bad_cells_are_told_with_row_and_column_and_no_other_row_is_lost(capsys, tmp_path):
    text = "x,y\n4,1\nabc,1\n4\n,2\n-4,1\nnan,1\n0,1\n@r.csv,1\n9,1\n9,1,5\n"
    code, out, err = rows(capsys, tmp_path, "r.csv", text, "sqrt(x)*y", "--json")
    lines = [json.loads(line) for line in out.splitlines()]
    for line in lines:
        jsonschema.validate(line, SCHEMA)
        assert "schema" not in line
    assert code == 2
    assert [line["line"] for line in lines] == list(range(2, 12))
    assert [line.get("value") for line in lines] == [2, None, None, None, None, None, 0, None, 3, None]
    assert [line["error"]["column"] for line in lines if "error" in line] == ["x", None, "x", None, "x", "x", None]
    assert lines[6]["gradients"] == {"x": None, "y": 0}
    assert lines[6]["notes"][0]["code"] == "undefined"
    for words in ("line 3: column x: ", "line 4: there are 1 cells, not 2", "line 5: column x: the cell is empty",
                  "line 6: sqrt needs a number that is not negative (here x = -4)",
                  "line 11: there are 3 cells, not 2", "7 of 10 rows have no result"):
        assert words in err


@pytest.mark.parametrize("line", [
    "nonsense", "[1]", '{"x": true, "y": 1}', '{"x": null, "y": 1}', '{"y": 1}', '{"x": 1e999, "y": 1}',
    '{"x": [1], "y": 1}', '{"x": "y", "y": 1}', '{"x": NaN, "y": 1}',
    f'{{"x": 1{"0" * 400}, "y": 1}}'])
def test_bad_json_lines(line, capsys, tmp_path):
    code, out, err = rows(capsys, tmp_path, "r.jsonl", f'{{"x": 2, "y": 1}}\n{line}\n{{"x": 3, "y": 1}}\n', "x*y")
    first, second, third = (json.loads(text) for text in out.splitlines())
    for found in (first, second, third):
        jsonschema.validate(found, SCHEMA)
    assert (code, first["value"], third["value"]) == (2, 2, 3)
    assert (second["error"]["message"] == "the line is not a JSON object") == (line[0] != "{")
    assert "bpcalc: line 2: " in err


@pytest.mark.parametrize(("text", "words", "told"), [
    ("", ["x"], "is empty"), ("x,x\n1,2\n", ["x"], "two columns called 'x'"),
    ("x\n1\n", ["x", "x=1"], "given a value twice"),
    ("x\n1\n", ["x*y"], "'y' has no value"), ("x\n1\n", ["y", "y=1"], "uses no column"),
    ("x\n1\n", ["x", "--check", "dx=1"], "cannot go together"),
    ("x\n1\n", ["x", "--format", "svg"], "--format svg cannot show rows"),
    ("x\n1\n", ["x", "--wrt", "q"], "no variable 'q'"),
    ("x\n1\n", ["x*W", "W=[1,2]"], "is an array"),
])
def test_what_cannot_be_begins_nothing(text, words, told, capsys, tmp_path):
    code, out, err = rows(capsys, tmp_path, "r.csv", text, *words)
    assert (code, out) == (2, "")
    assert told in err


@pytest.mark.parametrize(("data", "told"), [
    (b"x\n1\n\xff\n", "is not UTF-8"), (b"\xff\n1\n", "is not UTF-8"),
    (b"x,y\n" + b"1" * 200_000 + b",2\n", "is not CSV"), (b"\n \n", "is empty"),
])
def test_what_is_no_table_is_said(data, told, capsys, tmp_path):
    path = tmp_path / "r.csv"
    path.write_bytes(data)
    assert run(["x", "--batch", str(path)]) == 2
    assert told in capsys.readouterr().err


def test_a_json_line_nested_deeply_is_a_bad_row(capsys, tmp_path):
    code, out, _ = rows(capsys, tmp_path, "r.jsonl", '{"x": 1}\n' + "[" * 100_000 + "\n", "x")
    assert (code, len(out.splitlines())) == (2, 2)


def test_of_many_bad_rows_the_first_are_told_one_by_one_and_all_are_counted(capsys, tmp_path):
    code, out, err = rows(capsys, tmp_path, "r.csv", "x\n" + "no\n" * (WARNED + 5) + "1\n", "x*2")
    assert code == 2
    assert len(out.splitlines()) == WARNED + 7
    told = err.splitlines()
    assert [line.split(":")[1] for line in told[:-1]] == [f" line {number}" for number in range(2, WARNED + 2)]
    assert told[-1] == f"bpcalc: {WARNED + 5} of {WARNED + 6} rows have no result"


def test_a_value_that_no_row_uses_is_warned_of(capsys, tmp_path):
    code, out, err = rows(capsys, tmp_path, "r.csv", "x\n1\n", "x*2", "y=1")
    assert (code, len(out.splitlines())) == (0, 2)
    assert err == "bpcalc: warning: y has a value, but the expression does not use it\n"


def test_a_kink_is_noted_in_its_row(capsys, tmp_path):
    _, out, _ = rows(capsys, tmp_path, "r.csv", "x\n1\n0\n", "relu(x)")
    assert out.splitlines()[2] == "3,0.0,0.0,relu has a corner at 0; its gradient there is taken as 0,"


def test_semicolons_tabs_and_byte_order_marks(capsys, tmp_path):
    for text in ("\ufeffx;y\r\n1;2\r\n", "x\ty\n1\t2\n"):
        assert rows(capsys, tmp_path, "r.csv", text, "x*y")[1].splitlines()[1] == "2,2.0,2.0,1.0,,"


def test_a_batch_takes_no_more_memory_for_more_rows():
    graph = parse(Source("tanh(x)*y + relu(x)"), {"x": 0.0, "y": 0.0})
    batch = Batch(graph, ["x", "y"], {})
    peaks = []
    for portions in (2, 20):
        tracemalloc.start()
        for _ in range(portions):
            column = np.linspace(0.1, 1, batch.rows)
            batch.run(batch.rows, [column, column])
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0]


def test_entries_of_arrays_that_tie_share_the_gradient():
    report = backprop("sum(max(x, y))", x=[1.0, 2.0, 3.0], y=[1.0, 3.0, 3.0])
    assert report.gradients["x"].tolist() == [0.5, 0, 0.5]
    assert [note.code for note in report.notes] == ["kink"]


def test_a_row_has_one_upstream_gradient_and_the_columns_say_of_what(capsys, tmp_path):
    _, out, _ = rows(capsys, tmp_path, "r.csv", "x\n3\n", "x*2", "--upstream", "2")
    assert out == "line,f,dL/dx,note,error\n2,6.0,4.0,,\n"
    code, out, err = rows(capsys, tmp_path, "r.csv", "x\n3\n", "x*2", "--upstream", "[1, 2]")
    assert (code, out) == (2, "")
    assert "one number, not an array" in err
    with pytest.raises(BpcalcError, match="one number, not an array"):
        backprop_batch("x*2", {"x": [1, 2]}, upstream=[1, 2])


@pytest.mark.parametrize("words", [["x*2"], ["x*y", "y=3"], ["y*2"], ["x*2", "x=1"], ["x*"]], ids=" ".join)
def test_the_file_is_closed_whatever_happens(words, capsys, tmp_path, monkeypatch):
    path = tmp_path / "rows.csv"
    path.write_text("x\n1\n2\n", encoding="utf-8")
    opened = []
    real = open
    monkeypatch.setattr("builtins.open", lambda *args, **more: opened.append(real(*args, **more)) or opened[-1])
    run([*words, "--batch", str(path)])
    assert [file.closed for file in opened] == [True] * len(opened)


def test_rows_are_counted_from_the_first_to_the_last_however_many_there_are(capsys, tmp_path):
    cells = ["1"] * 20_000
    cells[5] = cells[19_990] = "none"
    code, out, err = rows(capsys, tmp_path, "r.csv", "x\n" + "\n".join(cells) + "\n", "x^2")
    assert (code, out.count("\n")) == (2, 20_001)
    for words in ("line 7: ", "line 19992: ", "2 of 20000 rows have no result"):
        assert words in err


def test_where_the_rows_are_seen_as_they_come_no_bar_is_drawn(capsys, tmp_path, monkeypatch):
    def unwanted(what):
        raise AssertionError(what)

    monkeypatch.setattr("bpcalc.runs.batch.is_terminal", lambda stream: True)
    monkeypatch.setattr("bpcalc.runs.batch.Bar", unwanted)
    assert rows(capsys, tmp_path, "r.csv", "x\n3\n", "x*2") == (0, "line,f,df/dx,note,error\n2,6.0,2.0,,\n", "")


def test_a_disk_that_fails_in_the_middle_of_a_file_is_told_about():
    def lines():
        yield "x\n"
        yield "1\n"
        raise OSError(5, "Input/output error")

    found = Rows(lines(), "rows.csv")
    with pytest.raises(BpcalcError, match=r"cannot read rows\.csv: input/output error"):
        list(found.chunks(["x"], 10))
