"""Keys and typed numbers, on a line and in files: what they are about, and where the caret stands if they are not."""

import json

import pytest

from bpcalc import BpcalcError, backprop
from bpcalc.homework.answers import as_lists, key_of, parse_answers, read_items
from bpcalc.homework.sheets import sheet_items

CLASSIC = backprop("q = x + y; f = q*z", x=-2, y=5, z=-4)
ARRAYS = backprop("s = W @ x; f = sum(s*y)", W=[[1, 2], [3, 4]], x=[5, 6], y=[11, 13])
COLUMN = backprop("f = sum(C)", C=[[1], [2]])
LETTER = backprop("f = a*d", a=2, d=3)
"""A node that is called what derivatives begin with."""
LONG = backprop("f = sum(v)", v=[1, 2, 3, 4, 5])
MANY = backprop("f = " + " + ".join(f"a{i}" for i in range(13)), {f"a{i}": 1 for i in range(13)})

WIDE = {size: backprop(f"f = max({', '.join(f'a{i}' for i in range(size))})", {f"a{i}": i for i in range(size)})
        for size in (11, 12)}


@pytest.mark.parametrize(("report", "answers", "under", "message", "hint"), [
    (CLASSIC, "dx = -4, nothing", "nothing", "an answer is written KEY = VALUE", "for example dq = -4"),
    (CLASSIC, "dx = -4, = 3", "= 3", "an answer is written KEY = VALUE", "for example dq = -4"),
    (CLASSIC, "dq = -0,4", "4", "KEY = VALUE", "decimals are written with a point, as in dq = -0.4"),
    (CLASSIC, "dx = -4; w = 1", "w", "there is no node called 'w'", "the nodes are x, y, z, q, f; q = "),
    (CLASSIC, "value w = 1", "w", "there is no node called 'w'", "the nodes are"),
    (CLASSIC, "df/dw = 1", "w", "there is no node called 'w'", "the nodes are"),
    (CLASSIC, "du/dx = 1", "u", "there is no node called 'u'", "the nodes are"),
    (CLASSIC, "f n = 1", "f n", "there is no node called 'f n'", "the nodes are"),
    (CLASSIC, "dx/dq = 1", "dx/dq", "x does not depend on q",
     "did you mean dq/dx? the gradient of f is df/dq"),
    (CLASSIC, "dz/dx = 1", "dz/dx", "z does not depend on x", "the gradient of f is df/dx"),
    (CLASSIC, "dq/x = 1", "dq/x", "'dq/x' is not a key", "write q, dq, df/dq or dq/dx"),
    (CLASSIC, "q/dx = 1", "q/dx", "'q/dx' is not a key", "write q, dq, df/dq or dq/dx"),
    (CLASSIC, "d/dx = 4", "d/dx", "'d/dx' does not say of what", "write dx or df/dx"),
    (CLASSIC, "df/d = 4", "df/d", "'df/d' does not say of what", "write q, dq, df/dq or dq/dx"),
    (LETTER, "d/da = 4", "d/da", "'d/da' does not say of what", "write da or df/da"),
    (LETTER, "dz = 3", "dz", "there is no node called 'dz'", "the nodes are a, d, f; q = "),
    (CLASSIC, "q = 1, q = 2", "q", "q is answered twice (as q)", None),
    (CLASSIC, "dx = 3 == 4", "=", "the answer for dx cannot be read: it is one number", "one = in each"),
    (CLASSIC, "f = q*z = -12", "=", "it is one number", "one = in each: f = -12"),
    (CLASSIC, "dx = dq = -4", "=", "it is one number", "one = in each: dx = -4"),
    (CLASSIC, "w.grad = 4", "w", "there is no node called 'w'", "the nodes are"),
    (backprop("q = 2*x; p = x + 1; r = q + y; f = r*p", x=1, y=2), "dq/dr = 2", "dq/dr", "q does not depend on r",
     "q is made of x; did you mean dr/dq? the gradient of f is df/dr"),
    (backprop("q = s[0]*a + a; f = q*b", s=[1, 2], a=3, b=5), "dq/ds[0] = 3", "dq/ds[0]",
     "dq/ds[0] has no single derivative: there are arrays in it", "at its ends"),
    (CLASSIC, "dfdx = 4", "dfdx", "there is no node called 'dfdx'", "did you mean dx?"),
    (CLASSIC, "delta_z = 4", "delta_z", "there is no node called 'delta_z'", "did you mean dz?"),
    (CLASSIC, "dx = three", "three", "the answer for dx cannot be read", None),
    (CLASSIC, "dx = 1 + three", "three", "the answer for dx cannot be read", None),
    (CLASSIC, "dx = (1 + 2", "(", "the answer for dx cannot be read", None),
    (CLASSIC, "dx = 2 * 3 +", "", "the answer for dx cannot be read", None),
    (CLASSIC, "dx = 1/0", "1/0", "the answer for dx cannot be read", None),
    (CLASSIC, "f = [1, 2]", "f = [1, 2]", "f is one number, and the answer has others", None),
    (CLASSIC, "q[0] = 1", "q[0]", "q has no entry [0]", "it is one number"),
    (backprop("dx*x", dx=2, x=3), "dx = 3", "dx", "'dx' can mean the value of dx or the gradient at x",
     "write value dx or df/dx"),
    (ARRAYS, "dW = [1, 2]", "dW = [1, 2]", "dW has 2×2 entries, and the answer has others",
     "write dW = [[_, _], [_, _]], or one entry as dW[0,0]"),
    (ARRAYS, "dx = [1 2; 3 4]", "dx = [1 2; 3 4]", "dx has 2 entries", "write dx = [_, _], or one entry as dx[0]"),
    (LONG, "dv = 3", "dv = 3", "dv has 5 entries", "write dv = [_, _, _, ...], or one entry as dv[0]"),
    (backprop("f = sum(v)", v=[1, 2, 3, 4]), "dv = 3", "dv = 3", "dv has 4 entries", "write dv = [_, _, _, ...], or"),
    (backprop("s = a*v; f = sum(s)", a=2, v=[1, 2]), "ds/da = 1", "ds/da",
     "has no single local gradient", "at its ends"),
    (backprop("f = sum(v)", v=[1, 2, 3, 4]).opened(), "v = 1", "v", "'v' is an array",
     "name an entry: v[0], v[1], v[2], ..."),
    (WIDE[11], "q = 1", "q", "there is no node called 'q'", "a9, a10, f; q = ..."),
    (WIDE[12], "q = 1", "q", "there is no node called 'q'", "a9, a10, a11, ...; q = ..."),
    (backprop("f = sum(v)", v=[1, 2, 3]), "dv = 3", "dv = 3", "dv has 3 entries", "write dv = [_, _, _], or one"),
    (ARRAYS, "dW[2,0] = 1", "dW[2,0]", "dW has no entry [2,0]", "its shape is (2, 2), and indices begin at 0"),
    (ARRAYS, "dW[a,0] = 1", "dW[a,0]", "dW has no entry [a,0]", "its shape is (2, 2)"),
    (ARRAYS, "dW[²,0] = 1", "dW[²,0]", "dW has no entry [²,0]", "its shape is (2, 2)"),
    (ARRAYS, "dx[] = 1", "dx[]", "dx has no entry []", "its shape is (2,)"),
    (ARRAYS, "ds/dx = 1", "ds/dx", "ds/dx has no single local gradient", "ask for the gradients at its ends"),
    (MANY, "q = 1", "q", "there is no node called 'q'",
     "the nodes are a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, ..."),
])
def test_a_caret_stands_under_what_cannot_be_read(report, answers, under, message, hint):
    with pytest.raises(BpcalcError) as told:
        parse_answers(answers, report)
    error = told.value
    assert message in error.message
    assert hint is None or hint in error.hint
    assert (error.source.text + " ")[slice(*error.span)].strip() == under
    assert error.source.name == "answers"


@pytest.mark.parametrize("report", [CLASSIC, ARRAYS, backprop("+".join(["x*y"] * 300), x=1, y=2)])
def test_a_key_about_an_update_is_pointed_at_where_nothing_is_updated(report):
    with pytest.raises(BpcalcError, match=r"'new x(\[0\])?' asks for a value after an update") as told:
        report.check("new x = 1" if report is not ARRAYS else "new x[0] = 1")
    assert told.value.source.text[slice(*told.value.span)].startswith("new x")


@pytest.mark.parametrize(("typed", "lists"), [
    ("[1 2]", "[1,2]"), ("[1 -2]", "[1,-2]"), ("[1 - 2]", "[1 - 2]"), ("[1 + 2 3]", "[1 + 2,3]"),
    ("[1 2*3]", "[1,2*3]"), ("[1 2 * 3]", "[1,2 * 3]"), ("[4 / 2 1]", "[4 / 2,1]"), ("[2 ^ 3 1]", "[2 ^ 3,1]"),
    ("[1 -x]", "[1,-x]"),
    ("[(1 + 2) 3]", "[(1 + 2),3]"), ("[max(1, 2) 3; 4 5]", "[[max(1, 2),3],[4,5]]"), ("[ 1  2 ]", "[1,2]"),
    ("[1 ; 2]", "[[1],[2]]"), ("[1 2 ; 3 4 ]", "[[1,2],[3,4]]"), ("[1 , 2]", "[1,2]"),
    ("[[1 2] [3 4]]", "[[1 2],[3 4]]"), ("34", "34"), ("[34", "[34"), ("34]", "34]"), ("[]", "[]"),
    ("[1 −2]", "[1,−2]"), ("[1 − 2]", "[1 − 2]"),
])
def test_blanks_part_numbers_and_semicolons_rows(typed, lists):
    assert as_lists(typed) == lists


@pytest.mark.parametrize(("report", "answers", "keys"), [
    (ARRAYS, "dW = [(1 + 2) 3; max(4, 5) 6]", {"dW[0,0]": 3, "dW[0,1]": 3, "dW[1,0]": 5, "dW[1,1]": 6}),
    (ARRAYS, "dx = [5; 6]", {"dx[0]": 5, "dx[1]": 6}),
    (ARRAYS, "dx = [[5], [6]]", {"dx[0]": 5, "dx[1]": 6}),
    (ARRAYS, "dx = [max(1, 2), ____]", {"dx[0]": 2}),
    (ARRAYS, "df/dW[1, 0] = 5, dW[0,0]=1", {"df/dW[1, 0]": 5, "dW[0,0]": 1}),
    (COLUMN, "dC = [[5], [6]]", {"dC[0,0]": 5, "dC[1,0]": 6}),
    (COLUMN, "dC = [5; 6]", {"dC[0,0]": 5, "dC[1,0]": 6}),
    (CLASSIC, "value q = 3; ∂f / ∂q = 4\ndz = 5", {"value q": 3, "∂f / ∂q": 4, "dz": 5}),
    (CLASSIC, "dx=-4 dy = 2 * 3 value q = 3 df / dz = (1 + 2) and f=1", {"dx": -4, "dy": 6, "value q": 3, "df / dz": 3,
                                                                        "f": 1}),
    (CLASSIC, "dx = does not exist dy=____ dq/dx = 1, f = 2", {"dx": None, "dq/dx": 1, "f": 2}),
    (ARRAYS, "dW[0, 1] = 3 dW[1,0] = 4 dx = [5 6] s[0]=1",
     {"dW[0, 1]": 3, "dW[1,0]": 4, "dx[0]": 5, "dx[1]": 6, "s[0]": 1}),
    (CLASSIC, "x.grad = -4 q.grad=3", {"x.grad": -4, "q.grad": 3}),
    (ARRAYS, "W.grad[0,1] = 3, x.grad = [5 6]", {"W.grad[0,1]": 3, "x.grad[0]": 5, "x.grad[1]": 6}),
    (CLASSIC, "d(f)/d(q) = 3; d f/d x = 2", {"d(f)/d(q)": 3, "d f/d x": 2}),
])
def test_what_answers_are_about(report, answers, keys):
    assert {answer.key: answer.value for answer in parse_answers(answers, report)} == keys


@pytest.mark.parametrize(("expression", "values", "keys"), [
    ("dq*d", {"dq": 2, "d": 3}, ["f", "df/ddq", "df/dd"]),
    ("d = 2*x; dx = d*y; f = dx*d", {"x": 1, "y": 2}, ["d", "value dx", "f", "df/dx", "df/dy", "df/dd", "df/ddx"]),
    ("xy = 2*y; f = xy*y", {"y": 3}, ["xy", "f", "df/dy", "df/dxy"]),
])
def test_a_key_is_written_so_that_it_is_read_as_the_same_again(expression, values, keys):
    report = backprop(expression, values)
    found = report.check("", require="all")
    assert [verdict.key for verdict in found] == keys
    again = parse_answers(", ".join(f"{key} = 1" for key in keys), report)
    assert [key_of(answer.place, report) for answer in again] == keys


def test_a_local_gradient_is_named_after_both_of_its_ends():
    answer, = parse_answers("dq/dx = 1", CLASSIC)
    assert key_of(answer.place, CLASSIC) == "dq/dx"


def test_a_decimal_comma_is_pointed_at_in_the_row_where_it_stands():
    with pytest.raises(BpcalcError, match="decimals are written with a point") as told:
        read_items(sheet_items('q,"3,0"', "a.csv", ""), CLASSIC)
    assert told.value.source.text[slice(*told.value.span)] == "3,0"


def test_with_an_upstream_gradient_both_names_of_a_gradient_are_understood():
    report = backprop("q = x + y; f = q*z", x=-2, y=5, z=-4, upstream=2)
    assert [verdict.status for verdict in report.check("dL/dx = -8, df/dy = -8, dL/df = 2")] == ["right"] * 3


@pytest.mark.parametrize("output", ["", "f = ", "q = ", "L = ", "g = ", "out = "])
@pytest.mark.parametrize("called", ["f", "L", "J", "E", "C", "E_total", "loss", "Loss", "cost", "out",
                                    "output"])
def test_the_output_is_meant_by_what_people_call_it_where_no_node_has_that_name(output, called):
    report = backprop(f"{output}(x + y)*z", x=-2, y=5, z=-4)
    verdicts = report.check(f"{called} = -12, d{called}/dx = -4, ∂{called}/∂z = 3, d{called} = 1")
    assert [verdict.status for verdict in verdicts] == ["right"] * 4


@pytest.mark.parametrize(("expression", "answers", "what"), [
    ("c = a*b; g = c*a", "dC/da = 3", "C"), ("loss = a*b; g = loss*a", "dLoss/da = 3", "Loss"),
    ("g = a*b", "dh/da = 3", "h"),
])
def test_a_name_that_could_be_a_slip_for_another_node_is_not_the_output(expression, answers, what):
    with pytest.raises(BpcalcError, match=f"there is no node called '{what}'"):
        backprop(expression, a=2, b=3).check(answers)


def test_a_name_of_the_users_own_is_never_the_output():
    report = backprop("g = dout*x", dout=2, x=3)
    assert [verdict.status for verdict in report.check("dout = 2, dx = 2, dg/ddout = 3")] == ["right"] * 3


def test_with_an_upstream_gradient_the_loss_behind_the_output_has_no_value():
    with pytest.raises(BpcalcError, match="there is no node called 'L'"):
        backprop("g = 2*x", x=3, upstream=2).check("L = 6")


def test_a_number_of_a_node_is_a_name_only_where_the_table_has_it():
    report = backprop("(x+y)*z", x=-2, y=5, z=-4)
    assert [verdict.status for verdict in report.check("n3 = 3, f = -12")] == ["right", "right"]
    for key in ("n4", "n5", "n99", "n1", "n03", "n123456789"):
        with pytest.raises(BpcalcError, match=r"no node called|answered twice"):
            report.check(f"f = -12, {key} = -12")


def test_what_cannot_be_read_is_missing_unless_it_was_tried():
    """Of two gradients, one is blank, and one is tried under a name that is none."""
    unread = []
    answers = read_items([(key, typed, _source(key, typed)) for key, typed in (("dx", ""), ("w", "3"), ("dy", "!"))],
                         CLASSIC, unread)
    from bpcalc.homework.check import check

    verdicts = check(CLASSIC, answers, "leaves", unread=unread)
    assert [(verdict.key, verdict.status) for verdict in verdicts] == [
        ("w", "unreadable"), ("dy", "unreadable"), ("df/dx", "missing"), ("df/dz", "missing")]
    assert verdicts[0].hint.startswith("the nodes are x, y, z, q, f")
    assert verdicts[0].note == "answers: there is no node called 'w'"
    assert verdicts[0].answer.typed == "3"


def _source(key, typed):
    from bpcalc.errors import Source

    return Source(f"{key} = {typed}", "answers")


# ------------------------------------------------------------------------------------------------ files
def items(text, name="sheet", expression="h = 9*x"):
    return [(key, typed) for key, typed, _ in sheet_items(text, name, expression)]


EXERCISES = "".join(f"# Exercise {at} of 3 (easy)\n# f = {at}*x; g = f + 1\n\n{{{at}}}\n" for at in (1, 2, 3))
BLANK = "df/dx = ____"


@pytest.mark.parametrize("filled", [1, 2, 3])
def test_of_a_sheet_of_exercises_the_one_about_the_expression_or_the_first_that_is_filled_in(filled):
    lines = {at: f"df/dx = {at}0" if at == filled else BLANK for at in (1, 2, 3)}
    text = "# Ada\n" + EXERCISES.format("", *lines.values())
    assert items(text) == [("df/dx", f"{filled}0")]
    for at in (1, 2, 3):
        found = sheet_items(text, "sheet", f"f={at}*x\ng=f + 1")
        (key, typed, source), = [item for item in found if item[0] == "df/dx"]
        assert (key, typed) == ("df/dx", lines[at].partition(" = ")[2])
        assert text.splitlines()[int(source.name.removeprefix("sheet, line ")) - 1] == source.text == lines[at]
    assert {typed for _, typed in items("# Ada\n" + EXERCISES.format("", BLANK, BLANK, BLANK))} == {"____"}


def test_a_sheet_with_one_exercise_or_none_is_read_from_the_first_line():
    assert items("dx = 1\n# Exercise 1 of 1 (easy)\ndy = 2\n") == [("dx", "1"), ("dy", "2")]
    assert items("dx = 1\ndy = 2\n") == [("dx", "1"), ("dy", "2")]


def test_of_exercises_in_json_the_one_about_the_expression_or_the_first():
    sheets = [{"expression": f"f = {at}*x", "answers": {"df/dx": at}} for at in (1, 2, 3)]
    text = json.dumps({"exercises": sheets, "made by": "me"})
    assert items(text, expression="f = 2 * x") == [("df/dx", "2")]
    assert items(text, expression="f = 4*x") == items(text) == [("df/dx", "1")]
    assert items(json.dumps({"answers": {"q": 3, "dx": None}, "student": "Ada"})) == [("q", "3"), ("dx", "")]


@pytest.mark.parametrize(("text", "name", "found"), [
    ("Ada Lovelace\n# q, dx\nq = 3\n", "sheet", [("", ""), ("q", "3")]),
    ("# q = 3, dx\nq = 3", "sheet", [("q", "3")]),
    ("q,3\n\ndx,-4\n", "sheet", [("q", "3"), ("dx", "-4")]),
    ("q,3,\ndx,-4,\n", "a.csv", [("q", "3"), ("dx", "-4")]),
    ("name,q\nquantity,3\n", "a.csv", [("quantity", "3")]),
    ("q\t3\n", "a.tsv", [("q", "3")]),
    ("| `q` |\n| `dx` | -4 |\n| `dy` | what | `-4` |\n", "sheet", [("q", ""), ("dx", "-4"), ("dy", "-4")]),
    (r"$\blank{q}{3}$ and $\blank{dx}{\frac{1}{2}}$", "sheet", [("q", "3"), ("dx", "((1)/(2))")]),
    (r"\blank{q}{10^{-3}} \blank{dx}{2\cdot 10^{4}} \blank{dy}{\text{undefined}}", "sheet",
     [("q", "1e-3"), ("dx", "2e4"), ("dy", "undefined")]),
])
def test_what_files_of_answers_hold(text, name, found):
    assert items(text, name) == found


@pytest.mark.parametrize(("text", "name", "under", "where", "message"), [
    ('{"q": 3\n "dx": 4}', "a.json", '"', "a.json, line 2", "a.json is not JSON: expecting ',' delimiter"),
    ('{"q": 3,\n "dx": true}', "a.json", "dx", "a.json, line 2", "the answer for dx is not a number"),
    ('{"q": 3,\n "dx": {"a": 1}}', "a.json", "dx", "a.json, line 2", "the answer for dx is not a number"),
    ("q,3\ndx\n", "a.csv", "dx", "a.csv, line 2", "a row has a key and a value"),
    ("q = 1\n\\blank{q}{3}\n \\blank{dx}{3", "a.tex", "\\blank{dx}{3", "a.tex, line 3", "a blank is not closed"),
])
def test_a_file_that_cannot_be_read_is_pointed_into(text, name, under, where, message):
    with pytest.raises(BpcalcError) as told:
        list(sheet_items(text, name))
    error = told.value
    assert error.message == message
    assert (error.source.text[slice(*error.span)], error.source.name) == (under, where)


@pytest.mark.parametrize(("text", "name", "sources"), [
    ("q = 3\n\ndx = -4, dy = 5", "a.txt", [("q = 3", 1), ("dx = -4", 3), ("dy = 5", 3)]),
    ("key,value\nq,3\ndx,-4", "a.csv", [("q, 3", 2), ("dx, -4", 3)]),
    ('{"q": 3,\n"dx": -4,\n"dy": 5, "dz": 6}', "a.json", [("q = 3", 1), ("dx = -4", 2), ("dy = 5", 3), ("dz = 6", 3)]),
    ("|a|b|\n| `q` | 3 |\n", "a.md", [("| `q` | 3 |", 2)]),
    ("\\begin\n\\blank{q}{3}\n", "a.tex", [("\\blank{q}{3}", 2)]),
])
def test_each_answer_knows_its_line(text, name, sources):
    assert [(source.text, source.name) for _, _, source in sheet_items(text, name)] == [
        (shown, f"{name}, line {line}") for shown, line in sources]


@pytest.mark.parametrize("blank", ["", "?", "??", "____", "_ _", " ? "])
def test_a_blank_is_no_answer(blank):
    assert [answer.key for answer in parse_answers(f"dx = {blank}; dy = -4", CLASSIC)] == ["dy"]
    assert [answer.part for answer in parse_answers("dx = [?, 2]", ARRAYS)] == [(1,)]
