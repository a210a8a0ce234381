"""Class lists: one row a student."""

import csv
import io
import json
import random
from pathlib import Path

import jsonschema
import pytest

import bpcalc as package
from bpcalc import BpcalcError, backprop
from bpcalc.homework.check import Judge
from bpcalc.homework.grade import grade

CLASSIC = ("q = x + y; f = q*z", "x=-2", "y=5", "z=-4")
LIST = """student,q,dq,dx,dy,dz
Ada,3,-4,-4,-4,3
Ben,3,4,4,4,3
"Cleo, the second",3,-4,3,-4,-4
Dan,three,-4,,-4,3
Eve,3,-4,-4,-4,3,extra

Flo,3,-4
"""
SCHEMA = json.loads((Path(package.__file__).parent / "report.schema.json").read_text(encoding="utf-8"))


@pytest.fixture
def graded(bpcalc, tmp_path):
    def call(text, *more):
        path = tmp_path / "class.csv"
        path.write_text(text, encoding="utf-8", newline="")
        return bpcalc(*CLASSIC, "--grade", path, *more)

    return call


def test_a_decimal_comma_in_a_cell_is_explained(graded):
    ran = graded('student,q,dq\nAda,"3,0",-4\n')
    assert "line 2: Ada: the answer for q cannot be read: decimals are written with a point, 3.0" in ran.err
    assert "1/2" in ran.out


def test_a_student_in_two_rows_is_graded_twice_and_told_about(graded):
    ran = graded("student,q\nAda,3\nBen,3\nAda,4\n")
    assert "class.csv, line 4: Ada is in line 2, too; both are graded" in ran.err
    assert ran.out.count("Ada") == 2


def test_scores_verdicts_and_mistakes(graded):
    ran = graded(LIST)
    assert ran.code == 0
    rows = {line.split("  ")[0]: line for line in ran.out.splitlines()}
    assert "5/5" in rows["Ada"]
    assert "4/5" in rows["Ben"]
    assert "dq: sign" in rows["Ben"]
    assert "3/5" in rows["Cleo, the second"]
    assert "not read: 7 cells under 6 headings" in rows["Eve"]
    assert "2/5" in rows["Flo"]
    assert "5 students: mean 3.4 of 5, median 3, all right 1" in ran.out
    assert "  sign       1  in dq 1" in ran.out


def test_headings_may_call_the_output_what_they_like(graded):
    ran = graded("student,dL/dz,∂f/∂x,dq/dx,loss\nAda,3,-4,1,-12\n")
    assert "Ada      4/4" in ran.out


@pytest.mark.parametrize("columns", [40, 60, 80, 120])
@pytest.mark.parametrize("keys", [3, 6, 14])
def test_a_class_list_fits_the_terminal_and_says_the_same_at_any_width(bpcalc, tmp_path, monkeypatch, keys, columns):
    names = [f"dw{at}" for at in range(keys)]
    text = "f = " + " + ".join(f"{at + 2}*w{at}" for at in range(keys))
    path = tmp_path / "class.csv"
    path.write_text("\n".join([f"student,{','.join(names)}", *(
        f"{who},{','.join(str((at + 2) * (-1) ** (at < slips)) for at in range(keys))}"
        for who, slips in (("Ada", 0), ("Ben the second of many", 2), ("Ülkü", 3))), "Eve" + ",1" * (keys + 1)]) + "\n")
    words = [text, *(f"w{at}={at + 1}" for at in range(keys)), "--grade", path]
    monkeypatch.setenv("COLUMNS", "1000")
    wide = bpcalc(*words).out
    monkeypatch.setenv("COLUMNS", str(columns))
    ran = bpcalc(*words)
    assert all(len(line) <= columns for line in ran.out.splitlines()), ran.out
    for sign in "✓✗":
        assert ran.out.count(sign) == wide.count(sign)
    for words in (f"{keys}/{keys}", "Ben the second of many", "Ülkü", "not read", "dw0: sign", "dw1 33%"):
        assert words in ran.out
    assert " ".join(ran.out.split())[-60:] == " ".join(wide.split())[-60:]


def test_columns_about_the_student_stand_anywhere_and_others_are_told_of(graded):
    ran = graded("First name,Last Name,Email Address,q,Comments,dx,Total\nAda,L,a@b.c,3,well,-4,2\n")
    assert "Ada      2/2" in ran.out
    ran = graded("student,q,mood\nAda,3,fine\n")
    assert (ran.code, ran.out) == (2, "")
    assert "there is no node called 'mood'" in ran.err
    assert "leave out a column that is no key" in " ".join(ran.err.split())


def test_bad_rows_are_named_and_stop_nobody(graded):
    ran = graded(LIST)
    assert "line 5: Dan: the answer for q cannot be read" in ran.err
    assert "line 6: Eve: 7 cells" in ran.err
    assert ran.err.count("\n") == 2


def test_the_grade_book(graded):
    rows = list(csv.DictReader(io.StringIO(graded(LIST, "--format", "csv").out)))
    assert [row["score"] for row in rows] == ["5", "4", "3", "3", "", "2"]
    assert rows[1]["dx"] == "follows"
    assert rows[1]["mistakes"] == "dq: sign"
    assert rows[2]["student"] == "Cleo, the second"
    assert (rows[3]["q"], rows[3]["dx"]) == ("unreadable", "missing")


def test_json_keeps_the_schema_and_gives_nothing_away(graded):
    found = json.loads(graded(LIST, "--json").out)
    jsonschema.validate(found, SCHEMA)
    assert found["students"][0]["score"] == 5
    assert found["students"][4]["score"] is None
    assert found["summary"]["right"] == {"q": 4, "dq": 4, "dx": 2, "dy": 4, "dz": 3}
    assert "expected" not in json.dumps(found)
    revealed = json.loads(graded(LIST, "--json", "--reveal").out)
    jsonschema.validate(revealed, SCHEMA)
    assert revealed["students"][2]["answers"][2]["expected"] == -4


def test_a_row_is_judged_as_its_sheet_would_be():
    report = backprop("f = 3*tanh(w*x + b)", w=2, x=3, b=-4)
    keys = ["f", "dw", "dx", "db"]
    rng = random.Random(7)
    exact = {"f": report.value, **{f"d{name}": gradient for name, gradient in report.gradients.items()}}
    lines, sheets = [",".join(["who", *keys])], []
    for at in range(150):
        sheet = {key: f"{exact[key] * rng.choice((1, 1, 1, -1, 2, 0.5)):.{rng.randint(1, 4)}f}" for key in keys}
        sheets.append(sheet)
        lines.append(",".join([f"s{at}", *sheet.values()]))
    rows = grade("\n".join(lines), report, Judge(report)).rows
    for row, sheet in zip(rows, sheets):
        alone = report.check(sheet)
        assert [(verdict.status, verdict.mistake) for verdict in row.verdicts] == \
            [(verdict.status, verdict.mistake) for verdict in alone]


@pytest.mark.parametrize(("text", "message"), [
    ("", "is empty"), ("student,q\n", "no rows"), ("student,q,dw\nAda,3,1\n", "no node called 'dw'"),
    ("student,name\nAda,3\n", "no column whose heading is a key"), ("student,q,value q\nAda,3,3\n", "ask for the same"),
    ("student,new x\nAda,3\n", "--lr"),
])
def test_lists_that_cannot_be_graded(graded, text, message):
    ran = graded(text)
    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err


@pytest.mark.parametrize("text", [
    "student;q;dx\nAda;3;-4\n", "student\tq\tdx\nAda\t3\t-4\n", "\ufeffstudent,q,dx\r\nAda,3,-4\r\n",
    "Timestamp,Name,q,dx,Email Address\n1 Jan,Ada,3,-4,a@b\n",
])
def test_forms_that_spreadsheets_and_questionnaires_write(graded, text):
    ran = graded(text)
    assert ran.code == 0
    assert "2/2" in ran.out


def test_entries_of_arrays_have_columns_of_their_own(bpcalc, tmp_path):
    path = tmp_path / "class.csv"
    words = ["s = W @ x; f = sum(s)", "W=[[1,2],[3,4]]", "x=[5,6]", "--grade", path]
    path.write_text('student,"dW[0,1]",f\nAda,6,56\n', encoding="utf-8")
    assert "2/2" in bpcalc(*words).out
    path.write_text('student,dW,f\nAda,"[[5,6],[5,6]]",56\n', encoding="utf-8")
    ran = bpcalc(*words)
    assert (ran.code, "for example dW[0,0]" in ran.err) == (2, True)


def test_names_cannot_run_as_formulas_in_a_spreadsheet(graded):
    assert "'=cmd" in graded("student,q\n=cmd(),3\n", "--format", "csv").out


def test_names_cannot_move_the_cursor(graded):
    ran = graded("student,q\nA\x1b[2Jda,3\n")
    assert "\x1b" not in ran.out + ran.err


def test_a_broken_row_of_csv_is_a_bad_row(graded):
    ran = graded("student,q\nAda,3\n" + "x" * 200_000 + ",3\nBen,3\n")
    assert ran.code == 0
    assert "is not CSV" in ran.err
    assert "2 students" in ran.out


def test_updates_can_be_graded(graded):
    assert "2/2" in graded("student,new x,dx\nAda,-1.6,-4\n", "--lr", "0.1").out


@pytest.mark.parametrize("words", [("--check", "q=3"), ("--require", "all"), ("--format", "svg")])
def test_what_does_not_go_with_a_class_list(graded, words):
    assert graded(LIST, *words).code == 2


@pytest.mark.slow
def test_ten_thousand_rows(graded):
    rng = random.Random(3)
    rows = "".join(f"s{at},{rng.choice((3, 7, -3))},{rng.choice((-4, 4, 3))},{rng.choice((-4, 4, 1))}\n"
                   for at in range(10_000))
    ran = graded("student,q,dq,dx\n" + rows, "--format", "csv")
    assert ran.out.count("\n") == 10_001


def class_list(text, **options):
    report = backprop("q = x + y; f = q*z", x=-2, y=5, z=-4)
    return grade(text, report, Judge(report), **options)


def test_every_row_with_anything_in_it_is_a_row_of_the_result():
    found = class_list("student,q\nAda,3\n" + "x" * 200_000 + ",3\n,\nBen,4,9\nCleo\n")
    assert [(row.student, row.line, row.problem) for row in found.rows] == [
        ("Ada", 2, ""), ("line 3", 3, "not CSV"), ("Ben", 5, "3 cells under 2 headings"), ("Cleo", 6, "")]
    assert found.passed() == [1]


def test_who_has_no_name_is_called_by_the_line():
    found = class_list("q,dx,student\n3,-4,Ada\n3,-4\n3,-4,\n")
    assert [row.student for row in found.rows] == ["Ada", "line 3", "line 4"]
    assert [row.student for row in class_list("q,dx\n3,-4\n").rows] == ["line 2"]


def test_a_list_of_which_no_row_can_be_graded_has_no_mean(graded):
    ran = graded("student,q,dx\nAda,3,-4,5\n")
    assert ran.code == 0
    assert "class.csv, line 2" in ran.err
    assert "mean" not in ran.out
    assert "Ada" in ran.out


def test_the_most_frequent_mistake_comes_first():
    found = class_list("student,dx,dy\nAda,4,-4\nBen,3,-4\nCleo,4,4\n")
    counts = [count for _, count, _ in found.mistakes()]
    assert counts == sorted(counts, reverse=True)
    assert counts[0] > counts[-1]


def test_progress_is_told_every_64_rows():
    told = []
    class_list("student,q\n" + "".join(f"s{at},{at}\n" for at in range(150)),
               progress=lambda done, of: told.append((done, of)))
    assert told == [(65, 151), (129, 151)]


def test_cells_may_have_blanks_around_them_and_line_ends_within():
    found = class_list('student , q , dx\n "Ada" , 3 ,-4 \n"Ben\nthe second", 3, 4\nCleo,x,-4\n')
    assert [(row.student.strip('"'), row.line, row.score) for row in found.rows] == [
        ("Ada", 2, 2), ("Ben\nthe second", 3, 1), ("Cleo", 5, 1)]
    assert found.keys == ["q", "dx"]


@pytest.mark.parametrize(("heading", "under"), [("student,q,w", "w"), ("student,q,value q", "value q")])
def test_a_heading_that_is_no_key_is_pointed_at(heading, under):
    with pytest.raises(BpcalcError) as told:
        class_list(f"{heading}\nAda,3,3\n")
    error = told.value
    assert (error.source.text[slice(*error.span)], error.source.name) == (under, "submissions, heading")


def test_an_array_is_pointed_at_as_a_heading():
    report = backprop("f = sum(W)", W=[[1, 2], [3, 4]])
    with pytest.raises(BpcalcError) as told:
        grade("student,dW\nAda,3\n", report, Judge(report))
    assert told.value.source.text[slice(*told.value.span)] == "dW"


def test_a_class_is_judged_as_strictly_as_a_sheet(graded):
    # Who carries the wrong sign of dq on is right, unless all counts.
    assert "2/3" in graded("student,q,dq,dx\nAda,3,4,4\n").out
    assert "1/3" in graded("student,q,dq,dx\nAda,3,4,4\n", "--strict").out
    assert "1/2" in graded("student,q,dq\nAda,3.2,-4\n").out
    assert "2/2" in graded("student,q,dq\nAda,3.2,-4\n", "--tolerance", "0.1").out


def test_of_many_rows_that_cannot_be_read_the_first_are_told_one_by_one(graded):
    ran = graded("student,q\n" + "".join(f"s{k},3,4\n" for k in range(25)))
    told = [line for line in ran.err.splitlines() if "class.csv, line" in line]
    assert [line.partition("line ")[2].partition(":")[0] for line in told] == [str(k) for k in range(2, 22)]
    assert "class.csv: 5 more problems; JSON has them all" in ran.err
