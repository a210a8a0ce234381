"""The library as other programs use it: what it offers, how its records show themselves, what it refuses."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

import bpcalc
from bpcalc import BpcalcError, backprop, backprop_batch, read_data
from bpcalc.errors import Source
from bpcalc.homework import mistakes
from bpcalc.homework.practice import exercise
from bpcalc.ops import TABLE
from bpcalc.verify import gradcheck


def test_every_public_name_is_there_and_listed():
    for name in bpcalc.__all__:
        assert getattr(bpcalc, name) is not None
        assert name in dir(bpcalc)
    with pytest.raises(AttributeError, match="nothing"):
        _ = bpcalc.nothing


def test_what_a_run_gives_shows_itself():
    report = backprop("q = relu(x); f = q*3", x=0)
    assert repr(report.nodes[0]) == "Node(0, 'x', 'x', value=0.0, gradient=0.0)"
    assert repr(report.edges[0]).startswith("Edge(1 -> 0, ")
    assert repr(report.notes[0]).startswith("Note('kink', 1, ")
    assert repr(next(iter(report.check({"q": 3})))).startswith("AnswerVerdict('q', 'wrong'")
    assert repr(next(backprop("x/3", x=1).rounded(1).drifts())).startswith("Drift(gradient, 0, None, 0.3 for 0.3333")
    assert repr(next(iter(gradcheck(backprop("x^2", x=1))))).startswith("Verdict(numeric, ")
    assert repr(backprop_batch("x*y", {"x": [1, 2]}, y=2)) == "<BatchResult of 2 rows, gradients of x, y>"
    assert repr(backprop("x^2", x=1).descend(0.25)) == "<Descent of x: 1.0 to 0.25 in 1 steps>"
    assert repr(Source("x" * 100, "f.txt")) == f"Source('{'x' * 57}...', 'f.txt')"
    assert {repr(row) for row in TABLE} == {f"<operation {row.name}>" for row in TABLE}
    assert {repr(mistake) for mistake in mistakes.TABLE} == {f"<mistake {mistake.code}>" for mistake in mistakes.TABLE}


@pytest.mark.parametrize(("call", "words"), [
    (lambda: backprop("x", {"2x": 1}), "'2x' is not a name"),
    (lambda: backprop("x", {" x": "1"}), "' x' is not a name"),
    (lambda: backprop("x", x=[1, math.nan]), "not finite"),
    (lambda: backprop("x", x="two"), "x"),
    (lambda: backprop("x", x=1).descend(0.1, optimizer="newton"), "there is no optimizer newton"),
    (lambda: backprop("x", x=1).rounded(40), "decimals can be carried, not 40"),
    (lambda: backprop("x", x=1).to_worksheet("docx"), "there is no docx worksheet"),
    (lambda: backprop("sum(x)", x=[1] * 9).to_worksheet(), "x has shape (9,): nobody fills that in by hand"),
    (lambda: backprop("sum(x)", x=[1, 2]).to_paths("x"), "paths multiply single numbers"),
    (lambda: exercise("impossible"), "there is no practice called impossible"),
    (lambda: backprop_batch("x*y", {"x": [1], "y": [2]}, y=2), "y is given both as a column and as one value"),
    (lambda: backprop("x/3", "x=1"), "values come as a mapping or as keywords, not as 'x=1'"),
    (lambda: backprop("x", np.array([1.0])), "values come as a mapping or as keywords"),
    (lambda: backprop(lambda x: x, x=1), "an expression is a text, not a function"),
    (lambda: backprop("x*y", x=None, y=1), "the value of x is not a number: None"),
    (lambda: read_data("a\0b"), "cannot read 'a\\x00b': not a file's name"),
])
def test_what_makes_no_sense_is_refused_in_words(call, words):
    with pytest.raises(BpcalcError) as caught:
        call()
    assert words in str(caught.value)


def test_gradients_asked_for_come_as_a_list_or_as_on_the_command_line():
    for wrt in ("x,z", "x, z", ["x", "z"], ("x", "z")):
        assert set(backprop("x*y*z", x=1, y=2, z=3, wrt=wrt).gradients) == {"x", "z"}
    assert backprop("x*y", x=2, y=3, wrt=["y", "y"]).gradients == {"y": 2}


def test_an_array_of_one_number_alone_is_a_number():
    assert backprop("2*x", x=np.float32(1.5)).value == 3.0
    assert backprop("2*x", x=np.array(1.5)).value == 3.0


# ------------------------------------------------------------------------------------ arrays in files
def test_numbers_are_read_from_a_file_as_they_stand_there(bpcalc, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.save("a.npy", np.array(2.5))
    for name, text in (("b.json", "2.5"), ("c.json", "[2.5]"), ("d.csv", "2.5\n"), ("e.json", "2")):
        Path(name).write_text(text)
    for name, shown in (("a.npy", 5.0), ("b.json", 5.0), ("c.json", [5.0]), ("d.csv", [5.0]), ("e.json", 4.0)):
        assert json.loads(bpcalc("2*x", f"x=@{name}", "--json").out)["value"] == shown, name
    Path("row.csv").write_text("1, 2, 3\n")
    Path("column.csv").write_text("1\n2\n\n3 # the last\n")
    for name in ("row.csv", "column.csv"):
        assert json.loads(bpcalc("x*1", f"x=@{name}", "--json").out)["value"] == [1, 2, 3]


@pytest.mark.parametrize(("name", "make", "words"), [
    ("nan.npy", lambda path: np.save(path, np.array([1.0, np.nan])), "nan.npy holds a number that is not finite"),
    ("empty.npy", lambda path: path.write_bytes(b""), "empty.npy: the file is empty"),
    ("none.npy", lambda path: np.save(path, np.array([])), "none.npy: an array has at least one entry"),
    ("several.npy", lambda path: np.savez(path.open("wb"), a=np.ones(2)), "several.npy: it holds several arrays"),
    ("gone.npy", lambda path: None, "cannot read gone.npy"),
    ("folder.npy", lambda path: path.mkdir(), "cannot read folder.npy"),
    ("infinite.json", lambda path: path.write_text("Infinity"), "the value of x"),
    ("text.json", lambda path: path.write_text('"a"'), "the value of x"),
    ("broken.json", lambda path: path.write_text("[1"), "broken.json is not JSON"),
    ("empty.csv", lambda path: path.write_text("# nothing\n"), "empty.csv holds no number"),
])
def test_what_is_no_array_in_a_file_is_told_by_its_name(name, make, words, bpcalc, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make(tmp_path / name)
    ran = bpcalc("sum(x)", f"x=@{name}")
    assert ran.code == 2
    assert words in ran.err


# ---------------------------------------------------------------------------------------- completion
@pytest.mark.parametrize(("words", "begun", "offered"), [
    (["(x+y)*z", "x=1"], "", ["y=", "z="]), (["(x+y)*z", "x=1"], "z", ["z="]), ([], "x", []), (["x ? y"], "", []),
    (["q = x*w_1; q + w_2"], "w", ["w_1=", "w_2="])])
def test_names_without_a_value_are_offered(words, begun, offered):
    import click

    from bpcalc.command import _complete, command

    context = click.Context(command)
    context.params["words"] = tuple(words)
    assert [item.value for item in _complete(context, command.params[0], begun)] == offered
