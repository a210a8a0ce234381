"""Worksheets: blanks in four forms, the teacher's key, and both read again by --check-file."""

import json
import re
import shlex

import pytest

from bpcalc import backprop
from bpcalc.errors import BpcalcError
from bpcalc.homework.answers import read_items
from bpcalc.homework.check import check
from bpcalc.homework.sheets import sheet_items, typed_number
from bpcalc.homework.worksheet import sections

from .array_programs import ArrayProgram
from .oracles import Program
from .test_tex import compiled, hostile, needs_tex

FORMS = {"text": "txt", "markdown": "md", "latex": "tex", "json": "json"}
FIRST = ("q = x + y; f = q*z", {"x": -2, "y": 5, "z": -4})


def read(sheet, report, name="sheet"):
    return read_items(sheet_items(sheet, name), report)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("seed", range(25))
def test_the_key_of_every_form_is_read_as_all_right(form, seed):
    program = Program(seed, size=7)
    report = backprop(program.text, program.inputs)
    answers = read(report.to_worksheet(form, reveal=True), report)
    asked = [blank.place for _, blanks in sections(report) for blank in blanks]
    assert [answer.place for answer in answers] == asked
    verdicts = check(report, answers, strict=True)
    assert [(verdict.key, verdict.status, verdict.note) for verdict in verdicts if verdict.status != "right"] == []


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("seed", range(5))
def test_a_blank_sheet_has_no_answers_and_gives_no_number_away(form, seed):
    program = Program(seed, size=7)
    report = backprop(program.text, program.inputs)
    sheet = report.to_worksheet(form)
    assert read(sheet, report) == []
    stated = {f"{abs(value):.6g}" for value in program.inputs.values()}
    for _, blanks in sections(report):
        for blank in blanks:
            shown = f"{abs(blank.number):.6g}" if blank.number is not None else "undefined"
            assert len(shown) < 5 or shown in stated or shown not in sheet


@pytest.mark.parametrize("form", FORMS)
def test_hostile_names_come_back(form):
    report = hostile()
    verdicts = check(report, read(report.to_worksheet(form, reveal=True), report))
    assert len(verdicts) > 100
    assert all(verdict.passed for verdict in verdicts)


@pytest.mark.parametrize("form", FORMS)
def test_the_key_to_an_update_is_right_with_its_rate_and_cannot_be_judged_without(form, bpcalc, tmp_path):
    words = ["n_0 = w_0*x + w1; L = (n_0 - t)^2", "w_0=0.5", "w1=-1.25", "x=2", "t=3", "--wrt", "w_0,w1"]
    path = tmp_path / ("key." + {"text": "txt", "latex": "tex", "markdown": "md"}.get(form, form))
    blank = bpcalc(*words, "--lr", "0.1", "--worksheet", "--format", "table" if form == "text" else form).out
    assert "1.95" not in blank
    assert form in ("csv", "json") or "--lr 0.1 --check-file" in blank.replace("-{}-", "--")
    assert bpcalc(*words, "--lr", "0.1", "--worksheet", "--reveal", "-o", path).code == 0
    ran = bpcalc(*words, "--lr", "0.1", "--check-file", path, "--json")
    verdicts = {answer["key"]: answer for answer in json.loads(ran.out)["answers"]}
    assert {verdict["status"] for verdict in verdicts.values()} == {"right"}
    learned = backprop(words[0], w_0=0.5, w1=-1.25, x=2, t=3, wrt="w_0,w1").descend(0.1)
    assert [verdicts[key]["answer"] for key in ("new w_0", "new w1", "new L")] == \
        pytest.approx([*learned.after, learned.losses[-1]])
    assert "--lr" in bpcalc(*words, "--check-file", path).err


@pytest.mark.parametrize("form", FORMS)
def test_names_that_look_like_keys_come_back(form):
    report = backprop("q = x*2; dq = q + dx; f = dq*q + n3", {"x": 3, "dx": 0.5, "n3": -1})
    verdicts = check(report, read(report.to_worksheet(form, reveal=True), report))
    assert {verdict.status for verdict in verdicts} == {"right"}


@pytest.mark.parametrize("form", FORMS)
def test_undefined_is_an_answer(form):
    report = backprop("q = sqrt(x); f = 2*q", x=0)
    verdicts = check(report, read(report.to_worksheet(form, reveal=True), report))
    assert {verdict.key: verdict.status for verdict in verdicts}["df/dx"] == "right"


@pytest.mark.parametrize("form", FORMS)
def test_the_key_to_a_rounded_run_is_right_when_rounding_is_understood(form):
    report = backprop("q = 2*x - 3; f = sigmoid(q)*x", x=2)
    verdicts = check(report, read(report.rounded(3).to_worksheet(form, reveal=True), report))
    assert all(verdict.passed for verdict in verdicts)


def test_numbers_filled_in_by_hand_are_read_where_the_blanks_were():
    report = backprop(*FIRST)
    for form, old, new in (
            ("text", "\nq = ____", "\nq = 3"), ("markdown", "| $`q = x + y`$ |  |", "| $`q = x + y`$ | 3 |"),
            ("latex", r"\blank{q}{}", r"\blank{q}{3}"), ("json", '"q": null', '"q": 3')):
        sheet = report.to_worksheet(form)
        assert sheet.count(old) == 1
        (answer,) = read(sheet.replace(old, new), report)
        assert (answer.key, answer.value, answer.typed) == ("q", 3.0, "3")


@pytest.mark.parametrize(("typed", "meant"), [
    ("-0.20", "-0.20"), ("$-4$", "-4"), ("$`-4`$", "-4"), ("**-4**", "-4"), (r"10^{-5}", "1e-5"),
    (r"-2.5 \cdot 10^{-7}", "-2.5e-7"), (r"3\times10^4", "3e4"), (r"\frac{1}{3}", "((1)/(3))"),
    (r"-\frac{1}{2 \cdot 4}", "-((1)/(2 * 4))"), (r"2 \cdot e^{-1}", "2 * e^(-1)"), (r"\sqrt{2}", "sqrt(2)"),
    (r"\text{undefined}", "undefined"), ("", ""), ("____", "____"), (r"\left(1\right)", "(1)")])
def test_what_people_write_into_a_blank(typed, meant):
    assert typed_number(typed) == meant


def test_the_text_sheet(bpcalc):
    ran = bpcalc("q = x + y; f = q*z", "x=-2", "y=5", "z=-4", "--worksheet", "--wrt", "x")
    assert ran.out == """\
# Fill in the numbers. bpcalc checks them with:
#   bpcalc "q = x + y; f = q*z" x=-2 y=5 z=-4 --wrt x --check-file FILE
#
# Given
#   x = -2
#   y = 5
#   z = -4
#
# Output: f = q * z

# Forward values
q = ____    # x + y
f = ____    # q * z

# Local gradients
dq/dx = ____

# Gradients
df/dq = ____
df/dx = ____
"""


@pytest.mark.parametrize("form", FORMS)
def test_from_the_sheet_to_the_verdict_on_the_command_line(bpcalc, tmp_path, form):
    words = ["q = x + y; f = q*z", "x=-2", "y=5", "z=-4"]
    path = str(tmp_path / f"sheet.{FORMS[form]}")
    assert bpcalc(*words, "--worksheet", "--reveal", "-o", path).code == 0
    ran = bpcalc(*words, "--check-file", path, "--require", "all")
    assert (ran.code, ran.out.splitlines()[-1]) == (0, "8 of 8 right")
    blank = bpcalc(*words, "--worksheet", "-o", path)
    assert blank.code == 0
    assert bpcalc(*words, "--check-file", path, "--require", "all").code == 1


@pytest.mark.parametrize("form", FORMS)
def test_the_sheet_of_opened_arrays_comes_back(bpcalc, tmp_path, form):
    words = ["s = W @ x; L = sum(relu(s)^2)/4", "W=[1, 2; 3, 4]", "x=[1, 2]", "--expand"]
    path = str(tmp_path / f"sheet.{FORMS[form]}")
    assert bpcalc(*words, "--worksheet", "--reveal", "-o", path).code == 0
    ran = bpcalc(*words, "--check-file", path)
    assert (ran.code, ran.err) == (0, "")
    right, of = ran.out.splitlines()[-1].split(" of ")
    assert int(right) == int(of.split()[0]) > 20


OPENED = ["s = W @ x; L = sum(relu(s)^2)/4", "W=[1, 2; 3, 4]", "x=[1, 2]"]


@pytest.mark.parametrize("form", ["text", "markdown"])
@pytest.mark.parametrize("words", [
    [*OPENED, "--expand", "--wrt", "W"], ["x*y", "x=1/3", "y=2", "--round", "3", "--upstream", "-1"],
    ["a*(a != b)", "a=1", "b=2"], ["-x^2 + y", "x=1", "y=2"], ["x*y # what's \"x\"?", "x=2", "y=3"],
    [*OPENED, "--expand=s", "--wrt", "W", "--wrt", "x"]])
def test_a_sheet_says_which_command_checks_it(words, form, bpcalc, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = f"my sheet.{FORMS[form]}"
    assert bpcalc(*words, "--worksheet", "-o", path).err == ""
    lines = (tmp_path / path).read_text(encoding="utf-8").splitlines()
    (command,) = (line.lstrip("# ") for line in lines if line.lstrip("# ").startswith("bpcalc "))
    assert bpcalc(*words, "--worksheet", "--reveal", "-o", path).code == 0
    ran = bpcalc(*shlex.split(command)[1:], "--require", "all")
    right, of = ran.out.splitlines()[-1].split(" of ")
    assert (ran.code, int(right)) == (0, int(of.split()[0]))


def test_a_sheet_in_latex_says_it_too(bpcalc):
    ran = bpcalc("f = x^2", "x=1", "--worksheet", "--wrt", "x", "--format", "latex")
    assert ('{\\raggedright\\ttfamily bpcalc "f = x\\textasciicircum{}2" x=1 -{}-wrt x -{}-check-file FILE\\par}\n'
            in ran.out)


def test_a_command_that_nobody_would_copy_is_left_to_its_options(bpcalc):
    long = " + ".join(["x*y"] * 150)
    for words, stdin in (([long], ""), (["-"], "x*y"), (["p = x*y\nf = p + 1"], "")):
        ran = bpcalc(*words, "x=1", "y=2", "--wrt", "x", "--worksheet", stdin=stdin)
        assert ran.out.startswith("# Fill in the numbers. bpcalc checks them with --wrt x --check-file FILE.\n#\n")


@pytest.mark.parametrize("form", FORMS)
def test_a_sheet_of_entries_read_without_expand_is_told_so_in_one_line(form, bpcalc, tmp_path):
    path = tmp_path / f"sheet.{FORMS[form]}"
    assert bpcalc(*OPENED, "--expand", "--worksheet", "--reveal", "-o", path).code == 0
    ran = bpcalc(*OPENED, "--check-file", path)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.splitlines() == [f"bpcalc: error: {path} is a sheet of single numbers, made with --expand",
                                    "  hint: add --expand"]


def test_a_key_that_names_nothing_with_or_without_expand_is_unreadable(bpcalc, tmp_path):
    (tmp_path / "a.txt").write_text("s = [5, 11]\nnobody = 3\n", encoding="utf-8")
    ran = bpcalc(*OPENED, "--check-file", tmp_path / "a.txt")
    assert ran.code == 1
    assert "there is no node called 'nobody'" in ran.out


def test_the_json_sheet_keeps_the_contract(bpcalc):
    import jsonschema

    from .test_docs import ROOT

    schema = json.loads((ROOT / "bpcalc" / "report.schema.json").read_text(encoding="utf-8"))
    for more in ([], ["--reveal"]):
        found = json.loads(bpcalc("f = sqrt(x)*y", "x=0", "y=2", "--worksheet", "--json", *more).out)
        jsonschema.validate(found, schema)
    assert found["given"] == {"x": 0.0, "y": 2.0}
    assert found["answers"]["df/dx"] == "undefined"


def test_a_blank_that_is_not_closed_is_an_error(bpcalc, tmp_path):
    (tmp_path / "a.tex").write_text("q &= \\blank{q}{3", encoding="utf-8")
    ran = bpcalc("q = x + 1; f = q*2", "x=1", "--check-file", str(tmp_path / "a.tex"))
    assert (ran.code, ran.out) == (2, "")
    assert "a blank is not closed" in ran.err


@pytest.mark.parametrize("words", [["--format", "svg"], ["--lr", "0.1", "--round", "2"], ["--check", "q=3"],
                                   ["--format", "steps"]])
def test_what_has_no_worksheet_is_refused(bpcalc, words):
    ran = bpcalc("q = x + 1; f = q*2", "x=1", "--worksheet", *words)
    assert (ran.code, ran.out) == (2, "")


@needs_tex
@pytest.mark.parametrize("reveal", [False, True])
def test_the_latex_sheet_of_arrays_compiles(tmp_path, reveal):
    compiled(backprop(*CLASSIFIER).to_worksheet("latex", reveal), tmp_path, encoding="utf-8")


@needs_tex
@pytest.mark.parametrize("reveal", [False, True])
def test_the_latex_sheet_compiles(tmp_path, reveal):
    compiled(hostile().to_worksheet("latex", reveal), tmp_path, encoding="utf-8")


def test_every_row_of_a_markdown_sheet_has_three_cells():
    rows = [line for line in hostile().to_worksheet("markdown").splitlines() if line.startswith("|")]
    assert {len(re.findall(r"\|", line)) for line in rows} == {4}


def test_a_worksheet_in_csv_is_read_again(bpcalc, tmp_path):
    words = ["q = x + y; f = q*z", "x=-2", "y=5", "z=-4"]
    blank, key = tmp_path / "blank.csv", tmp_path / "key.csv"
    assert bpcalc(*words, "--worksheet", "-o", blank).code == 0
    assert "is not filled in yet" in bpcalc(*words, "--check-file", blank).err
    assert bpcalc(*words, "--worksheet", "--reveal", "-o", key).code == 0
    assert blank.read_text(encoding="utf-8").splitlines()[:2] == ["key,value", "q,"]
    assert bpcalc(*words, "--check-file", key, "--require", "all").code == 0
    assert bpcalc("sqrt(x)", "x=0", "--worksheet", "--reveal", "--format", "csv").out.endswith(",undefined\n")


@pytest.mark.parametrize("seed", range(20))
def test_the_key_to_a_rounded_run_is_right_when_its_decimals_are_carried(seed):
    program = Program(seed, size=6)
    report = backprop(program.text, program.inputs)
    for decimals in (0, 1, 3):
        try:
            key = report.rounded(decimals).to_worksheet(reveal=True)
        except BpcalcError:
            continue                               # a step that does not exist with so few
        verdicts = check(report, read(key, report), strict=True, carried=report.rounded(decimals))
        assert [verdict for verdict in verdicts if verdict.status != "right"] == []


def test_decimals_are_carried_in_checking(bpcalc):
    words = ["q = x/3; f = q*y", "x=1", "y=1000"]
    assert bpcalc(*words, "--check", "q=0.33, f=334").code == 1
    ran = bpcalc(*words, "--round", "2", "--check", "q=0.33, f=330, dx=330")
    assert ran.code == 0
    assert "f = 330   right: with 2 decimals carried at every step" in ran.out
    assert bpcalc(*words, "--round", "2", "--check", "f=340").code == 1
    assert "--round 2 --check-file" in bpcalc(*words, "--round", "2", "--worksheet").out
    report = backprop(words[0], x=1, y=1000)
    assert report.check({"f": 330}, decimals=2)[0].passed


def test_an_array_in_json_may_have_blanks():
    report = backprop("s = W @ x; L = sum(s)", W=[[1, 2], [3, 4]], x=[5, 6])
    sheet = json.dumps({"answers": {"dW": [[5, None], [None, 6]], "s": [None, None], "dx": [None, 6]}})
    assert [(verdict.key, verdict.status) for verdict in check(report, read(sheet, report, "sheet.json"))] == \
        [("dW[0,0]", "right"), ("dW[1,1]", "right"), ("dx[1]", "right")]


@pytest.mark.parametrize(("form", "statement"), [
    ("text", "# Output: f = sigmoid(w * x + b)\n"), ("latex", r"f &= \sigma(w \cdot x + b)"),
    ("markdown", r"f &= \sigma(w \cdot x + b)")])
def test_a_sheet_states_the_function_where_its_steps_have_no_names(form, statement):
    assert statement in backprop("f = sigmoid(w*x + b)", w=1, x=2, b=3).to_worksheet(form)


@pytest.mark.parametrize("form", ["text", "latex", "markdown"])
def test_what_is_given_is_given_in_full_so_that_what_follows_from_it_is_right(form):
    sheet = backprop("o = tanh(w*x + b)", w=-3, x=2, b=6.8813735870195432).to_worksheet(form)
    assert "6.881373587019543" in sheet
    assert "0.1\n" in backprop("x*y", x=0.1, y=1e-7).to_worksheet()


def test_no_line_of_an_exercise_ends_with_a_blank(bpcalc):
    for line in bpcalc("--practice", "--seed", "4").out.splitlines():
        assert line == line.rstrip()


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("seed", range(25))
def test_the_key_of_a_run_with_arrays_is_read_as_all_right(form, seed):
    program = ArrayProgram(seed)
    try:
        report = backprop(program.text, program.values)
        key = report.to_worksheet(form, reveal=True)
    except BpcalcError:
        return                                     # undefined, or too large for a sheet
    verdicts = check(report, read(key, report), strict=True)
    assert [(verdict.key, verdict.status, verdict.note) for verdict in verdicts if verdict.status != "right"] == []
    blank = report.to_worksheet(form)
    assert read(blank, report) == []
    for _, blanks in sections(report):
        for one in blanks:
            assert one.key in blank


CLASSIFIER = ("s = W @ x + b; r = sum(W^2); L = hinge(s, y) + 0.1*r",
              {"W": [[-2, -1], [1, -5]], "x": [3, 2], "b": [0.5, 1 / 3], "y": 0})


def test_an_array_is_one_blank_and_local_gradients_are_asked_for_between_numbers():
    report = backprop(*CLASSIFIER, wrt="W,b")
    keys = [blank.key for _, blanks in sections(report) for blank in blanks]
    assert keys == ["n4", "s", "n7", "r", "n10", "n12", "L", "dn12/dr", "dL/dn12", "dL/dn10", "dL/dr", "dL/dn7",
                    "dL/ds", "dL/dn4", "dL/db", "dL/dW"]
    assert "dL/dW = ____      # (2, 2)\n" in report.to_worksheet()
    assert "0.3333333333333333]" in report.to_worksheet()
    assert json.loads(report.to_worksheet("json"))["answers"]["dL/dW"] == [[None, None], [None, None]]
    assert r"\blank{dL/db}{\begin{bmatrix} -1 \\ 1 \end{bmatrix}}" in report.to_worksheet("latex", reveal=True)


@pytest.mark.parametrize("form", FORMS)
def test_an_entry_that_does_not_exist_is_undefined(form):
    report = backprop("s = sqrt(x); f = sum(s)", x=[0, 4])
    verdicts = check(report, read(report.to_worksheet(form, reveal=True), report))
    assert {verdict.status for verdict in verdicts} == {"right"}


def test_a_matrix_in_tex_may_hold_tex():
    report = backprop(*CLASSIFIER)
    sheet = r"&= \blank{dL/db}{\begin{pmatrix} -\frac{2}{2} \\ 10^{0} \end{pmatrix}}"
    assert [(answer.key, answer.value) for answer in read(sheet, report)] == [("dL/db[0]", -1), ("dL/db[1]", 1)]


@pytest.mark.parametrize("form", FORMS)
def test_the_update_of_arrays_is_a_blank_for_each(form, bpcalc, tmp_path):
    words = [CLASSIFIER[0], "W=[-2 -1; 1 -5]", "x=[3, 2]", "b=[0.5, 1/3]", "y=0", "--wrt", "W,b", "--lr", "1"]
    path = tmp_path / ("key." + {"text": "txt", "latex": "tex", "markdown": "md"}.get(form, form))
    assert bpcalc(*words, "--worksheet", "--reveal", "-o", path).code == 0
    ran = bpcalc(*words, "--check-file", path)
    assert (ran.code, ran.out.splitlines()[-1]) == (0, "37 of 37 right")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("value", [[1] * 9, [[1] * 9], [[[1]]]])
def test_arrays_that_nobody_fills_in_by_hand_have_a_sheet_in_no_form(form, value):
    with pytest.raises(BpcalcError, match="nobody fills that in by hand"):
        backprop("sum(x)", x=value).to_worksheet(form)
