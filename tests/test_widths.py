"""Every form of output for people fits the terminal; only what has no blank in it is ever wider."""

import io
import os
import re
import struct

import pytest

from bpcalc.errors import BpcalcError, Source, UsageProblem
from bpcalc.render.grids import stacked
from bpcalc.render.to_caret import render
from bpcalc.render.wrap import aligned, broken, width, wrapped
from bpcalc.terminal import Screen

KINK = ["s = w0*x0 + w1*x1; f = relu(s) + abs(x1) + max(w0, x0)", "w0=1", "x0=1", "w1=1", "x1=0"]
RUNS = {
    "table": [], "blocks": ["--format", "blocks"], "steps": ["--steps"], "gradcheck": ["--gradcheck"],
    "blocks-gradcheck": ["--gradcheck", "--format", "blocks"], "steps-gradcheck": ["--gradcheck", "--steps"],
    "symbolic": ["--symbolic"], "round": ["--round", "1"], "graph": ["--graph"], "update": ["--lr", "0.01"],
    "descent": ["--lr", "0.01", "--iterations", "100"], "descent-gradcheck": ["--lr", "0.01", "--iterations", "9",
                                                                              "--gradcheck"],
    "check": ["--check", "s=2, dw0=7, dx1=3, df/dw1=-1", "--reveal"], "paths": ["--paths", "x1"],
}


@pytest.mark.parametrize("columns", [60, 80, 120])
@pytest.mark.parametrize("run", RUNS)
def test_no_line_is_wider_than_the_terminal(run, columns, bpcalc, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(columns))
    ran = bpcalc(*KINK, *RUNS[run])
    assert ran.code in (0, 1), ran.err
    for line in ran.out.splitlines():
        # What is to be pasted stays one line.
        assert width(line) <= columns or line.startswith("to paste"), line


HINGE = ["S = X @ W.T; Li = hinge(S, y); D = mean(Li); R = sum(W^2); L = D + lambda*R", "W=[1 -2 0.5; 0.5 1 -1]",
         "X=[1 2 -1; -2 1 3]", "y=[0, 1]", "lambda=0.1", "--wrt", "W"]
LONG = ["f = sigmoid(w0*x0 + w1*x1 + w2*x2 + w3*x3 + w4*x4)*(w0 + w1)", *(f"{a}{i}=1" for a in "wx" for i in range(5))]


@pytest.mark.parametrize("columns", [60, 80, 120])
@pytest.mark.parametrize("words", [
    [*HINGE, "--steps"], [*HINGE, "--expand", "--steps"], [*HINGE, "--paths", "W[0,0]"], [*LONG, "--paths", "w0"],
    [*LONG, "--steps"], LONG, [*LONG, "--format", "blocks"], HINGE], ids=range(8))
def test_paths_sums_and_first_lines_fit_and_lose_nothing(words, columns, bpcalc, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(columns))
    narrow = bpcalc(*words).out
    assert all(width(line) <= columns for line in narrow.splitlines())
    if "--format" in words or words in (LONG, HINGE):    # a table has another form there
        return
    monkeypatch.setenv("COLUMNS", "10000")
    wide = re.sub(r"\s+", "", bpcalc(*words).out)
    assert re.sub(r"\s+", "", narrow) == wide


def test_what_a_sheet_states_fits_and_is_a_comment(bpcalc, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    lines = [line for line in bpcalc(*LONG, "--worksheet").out.splitlines() if not line.startswith("#   bpcalc ")]
    assert all(width(line) <= 60 for line in lines)
    at = lines.index("# Output: f = sigmoid(w0 * x0 + w1 * x1 + w2 * x2 + w3 * x3")
    assert lines[at + 1] == "#   + w4 * x4) * (w0 + w1)"


def test_matrices_that_do_not_fit_beside_one_another_stand_below_with_their_sign():
    a, b, c = "[1 2]\n[3 4]", " + [5 6]\n   [7 8]", " = [6 8]\n   [1 2]"
    assert stacked("d = ", [a, b, c], None).split("\n") == ["d = [1 2] + [5 6] = [6 8]", "    [3 4]   [7 8]   [1 2]"]
    assert stacked("d = ", [a, b, c], 20).split("\n") == [
        "d = [1 2] + [5 6]", "    [3 4]   [7 8]", "  = [6 8]", "    [1 2]"]
    assert stacked("    ", [a, b], 10).split("\n") == ["    [1 2]", "    [3 4]", "     + [5 6]", "       [7 8]"]


def test_a_side_is_broken_at_its_weakest_signs_outside_brackets():
    assert broken("a = ", "(b + c) · d + e · f - g", 16) == ["a = (b + c) · d", "    + e · f - g"]
    assert broken("a = ", "bbbbbb · cccccc + d", 16) == ["a = bbbbbb", "    · cccccc + d"]
    assert broken("a = ", "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]", 30) == [
        "a = [1, 2, 3, 4, 5, 6, 7, 8,", "      9, 10, 11, 12]"]
    assert broken("a = ", "b + c", None) == ["a = b + c"]


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_lines_for_people_without_a_run_fit_too(columns, bpcalc, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(columns))
    for words in (["--help"], ["--functions"]):
        for line in bpcalc(*words).out.splitlines():
            assert width(line) <= columns, line


@pytest.mark.parametrize("room", [40, 60, 80])
def test_an_error_fits_and_loses_no_word(room):
    error = UsageProblem("--check and --worksheet cannot go together in one run of the program, whatever the order is",
                         Source("x*y", "option"), (0, 1), "first the one, then the other; a worksheet has blanks")
    text = render(error, room=room)
    assert all(width(line) <= room for line in text.splitlines())
    assert text.split() == render(error).split()


def test_words_stay_whole_and_what_is_too_long_is_not_cut():
    assert wrapped("a: ", "one two three", "   ", 9) == ["a: one", "  two", "  three"]
    assert wrapped("", "x" * 50, "  ", 20) == ["x" * 50]
    assert wrapped("a: ", "one two", "   ", None) == ["a: one two"]


def test_rows_that_do_not_fit_are_blocks_of_lines():
    rows = [("", "name", "value", "why"), ("ok", "dx", "1.5", "because of this"), ("", "dy", "2", "")]
    assert aligned(rows, frozenset((2,))) == ["    name  value  why", "ok  dx      1.5  because of this",
                                              "    dy        2"]
    assert aligned(rows, frozenset((2,)), 20) == ["ok  dx", "  value  1.5", "  why    because of", "  this",
                                                  "dy", "  value  2"]


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_the_caret_stands_below_the_fault_as_it_is_written(encoding):
    text = "σ*é + ?"
    error = BpcalcError("what is this", Source(text), (text.index("?"), len(text)))
    line, caret = render(error, encoding).splitlines()[1:3]
    assert caret.index("^") == line.index("?")
    line.encode(encoding)


@pytest.mark.parametrize(("columns", "room"), [(100, 100), (7, 20), (0, 80)])
def test_the_room_is_the_terminals_where_columns_says_nothing(columns, room, monkeypatch):
    import fcntl
    import termios

    monkeypatch.delenv("COLUMNS")
    parent, child = os.openpty()
    fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    with open(child, "w") as stream:
        assert Screen(stream).width == room
    os.close(parent)


def test_a_terminal_that_does_not_know_its_width_has_80_columns(monkeypatch):
    monkeypatch.delenv("COLUMNS")
    stream = io.StringIO()
    assert Screen(stream).width is None
    stream.isatty = lambda: True
    assert Screen(stream).width == 80
