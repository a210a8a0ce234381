"""Why a run has no result: the node that is to blame, what is wrong with it, and what it was given."""

import math
import subprocess
import sys

import numpy as np
import pytest

from bpcalc import BpcalcError, backprop
from bpcalc.backends import floats
from bpcalc.ops import TABLE

W, V = [[1, 2], [3, 4]], [1, 2]


def failure(text, values):
    with pytest.raises(BpcalcError) as found:
        backprop(text, values)
    error = found.value
    return error.code, text[slice(*error.span)], error.message, error.hint


def elsewhere(text, values):
    """The same text beside an array that has no part in what fails."""
    return f"sum(v__) + ({text})", {**values, "v__": [1, 2]}


@pytest.mark.parametrize("row", [row for row in TABLE if row.params and not row.structural], ids=lambda row: row.name)
def test_outside_its_domain_every_operation_says_so_of_numbers_and_of_the_entry_of_an_array(row):
    for point in row.borders:
        given = [list(point)] if row.variadic else list(point)
        words = next((words for test, words in row.domain if not floats().rule(row.params, test)(*given)), None)
        if words is None:
            continue
        names = [f"x{i}" for i in range(len(point))]
        call = f"{names[0]} {row.fixity[0]} {names[1]}" if row.fixity else f"{row.name}({', '.join(names)})"
        said = f"{row.word} {words}" if words.startswith("needs") else words
        values = dict(zip(names, point))
        assert failure(call, values)[:3] == ("domain", call, said)
        assert failure(*elsewhere(call, values))[:3] == ("domain", call, said)
        inside = row.samples[0]
        for at in range(3):
            columns = {name: [one] * 3 for name, one in zip(names, inside)}
            for name, one in zip(names, point):
                columns[name][at] = one
            assert failure(call, columns) == ("domain", call, f"{said} (entry [{at}])", None)


POSITIVE, UNIT = "needs a positive number", "needs a number from -1 to 1"
OUTSIDE = [
    ("x/y", [(1, 0), (0, 0)], "division by zero"), ("x^y", [(0, -1), (0, -0.5)], "zero to a negative power"),
    ("x^y", [(-8, 0.5), (-1e-300, 1.5)], "a negative number to a power that is not whole"),
    ("log(x)", [(0,), (-1e-300,)], f"log {POSITIVE}"), ("log2(x)", [(0,), (-1,)], f"log2 {POSITIVE}"),
    ("log10(x)", [(0,), (-1,)], f"log10 {POSITIVE}"), ("log1p(x)", [(-1,), (-1.5,)], "log1p needs a number above -1"),
    ("sqrt(x)", [(-1e-300,), (-1,)], "sqrt needs a number that is not negative"),
    ("asin(x)", [(1.1,), (-1.1,)], f"asin {UNIT}"), ("acos(x)", [(1.1,), (-1.1,)], f"acos {UNIT}"),
    ("acosh(x)", [(0.9,), (-2,)], "acosh needs a number of at least 1"),
    ("atanh(x)", [(1,), (-1,), (1.5,), (-1.5,)], "atanh needs a number between -1 and 1"),
    ("csc(x)", [(0,)], "division by zero, as sin(x) is 0"), ("cot(x)", [(0,)], "division by zero, as tan(x) is 0"),
    ("clip(x, y, z)", [(0, 1, -1), (0, 1, 0.9)], "the lower bound is above the upper one"),
    ("huber(x, y, z)", [(1, 2, 0), (1, 1, -1)], "huber needs a delta above 0"),
    ("bce(x, y)", [(1.1, 0.5), (-0.1, 0), (1.1, 1)], "bce needs a probability from 0 to 1"),
    ("bce(x, y)", [(0, 1), (0, 0.5)], "bce needs a probability above 0 where t is not 0"),
    ("bce(x, y)", [(1, 0), (1, 0.5)], "bce needs a probability below 1 where t is not 1"),
]


@pytest.mark.parametrize(("text", "points", "words"), OUTSIDE)
def test_where_an_operation_is_not_defined(text, points, words):
    for point in points:
        assert failure(text, dict(zip("xyz", point)))[2] == words
        assert failure(f"sum({text})", {name: [one] for name, one in zip("xyz", point)})[2] == \
            f"{words} (entry [0])"


def test_every_operation_with_a_domain_is_among_them():
    tried = {{"x/y": "div", "x^y": "pow"}.get(text, text.partition("(")[0]) for text, _, _ in OUTSIDE}
    assert tried == {row.name for row in TABLE if row.domain}


@pytest.mark.parametrize(("text", "value"), [
    ("0^0", 1), ("0^0.5", 0), ("(-2)^3", -8), ("(-2)^-1", -0.5), ("sqrt(0)", 0), ("asin(1)", math.pi / 2),
    ("asin(-1)", -math.pi / 2), ("acos(-1)", math.pi), ("acosh(1)", 0), ("clip(3, 2, 2)", 2), ("bce(0, 0)", 0),
    ("bce(1, 1)", 0), ("log1p(-0.5)", -math.log(2)),
])
def test_the_border_of_a_domain_belongs_to_it(text, value):
    assert backprop(text).value == pytest.approx(value)
    assert backprop(f"sum([{text}]*[1])").value == pytest.approx(value)


@pytest.mark.parametrize(("text", "values", "blamed", "hint"), [
    ("(x*1e200)*1e200", {"x": 1e10}, "(x*1e200)*1e200", "here x*1e200 = 1e+210"),
    ("sin(x*1e200*y)", {"x": 1e10, "y": 1e200}, "x*1e200*y", "here x*1e200 = 1e+210 and y = 1e+200"),
    ("min(1, 1/(x*1e300))", {"x": 1e10}, "x*1e300", "here x = 10000000000"),
    ("log(1 - x*1e300)", {"x": 1e10}, "x*1e300", "here x = 10000000000"),
    ("t = x*1e300; u = log(y); u", {"x": 1e10, "y": 0}, "x*1e300", "here x = 10000000000"),
    ("x + x", {"x": 1e308}, "x + x", "here x = 1e+308"),
])
def test_the_first_value_that_is_too_large_is_to_blame_also_beside_arrays(text, values, blamed, hint):
    # An infinity does no harm to min or 1/x, and a late one to sin: the first is told of.
    for given in ((text, values), elsewhere(text, values) if ";" not in text else (f"{text} + sum([1, 2])", values)):
        code, under, message, told = failure(*given)
        assert (code, under, told) == ("domain", blamed, hint)
        sign = "+" if blamed == "x + x" else "*"
        assert message == f"the result of '{sign}' is too large for a double-precision number"


@pytest.mark.parametrize(("text", "values", "blamed"), [
    ("min(1, 1/(v*1e300))", {"v": [1, 1e10]}, "v*1e300"),
    ("t = exp(v); u = t @ [1, 2, 3]; u", {"v": [1, 710]}, "exp(v)"),
    ("norm(W)*sum(W @ W)", {"W": [[1e200, 1], [1, 1]]}, "W @ W"), ("prod(v)", {"v": [1e200, 1e200]}, "prod(v)"),
    ("sum([x, x])", {"x": 1e308}, "sum([x, x])"), ("sin(sum(v))", {"v": [1e308, 1e308]}, "sum(v)"),
])
def test_an_array_with_an_entry_that_is_too_large_is_to_blame_where_it_arises(text, values, blamed):
    code, under, message, hint = failure(text, values)
    assert (code, under) == ("domain", blamed)
    assert "too large" in message
    assert hint is None or "[" not in hint         # the entries of an array are not spelled out


def test_a_number_that_is_written_is_not_told_again():
    assert failure("log(0)", {})[3] is None
    assert failure("sqrt(-1)", {})[3] is None
    assert failure("3/0 + x", {"x": 1})[3] is None
    assert failure("x/0", {"x": 3})[3] == "here x = 3"
    assert failure("x/(1 - 1)", {"x": 3})[3] == "here x = 3 and 1 - 1 = 0"
    assert failure("[1, 2] + sum([1, 2])/0", {})[3] == "here sum([1, 2]) = 3"
    assert failure("x/x", {"x": 0})[3] == "here x = 0"
    assert failure("0*x/(-(x))", {"x": 0})[3] == "here 0*x = 0 and -(x) = 0"


def test_a_name_stands_for_what_it_names_and_white_space_is_one_blank():
    assert failure("q = x - 1; log(q)", {"x": 0})[3] == "here q = -1"
    assert failure("log(x\n   -   1)", {"x": 0})[3] == "here x - 1 = -1"
    assert failure("q = W @ v; q + u", {"W": W, "v": V, "u": [1, 2, 3]})[3] == \
        "here q has shape (2,) and u has shape (3,)"
    assert failure("(W\n @  v) + u", {"W": W, "v": V, "u": [1, 2, 3]})[3] == \
        "here W @ v has shape (2,) and u has shape (3,)"


@pytest.mark.parametrize("size", range(36, 46))
def test_of_an_argument_longer_than_forty_signs_both_ends_are_quoted(size):
    name = "n" * size
    hint = failure(f"log({name})", {name: -1})[3]
    quoted = hint.removeprefix("here ").removesuffix(" = -1")
    if size <= 40:
        assert quoted == name
    else:
        start, end = quoted.split("…")
        assert (name.startswith(start), name.endswith(end)) == (True, True)
        assert len(quoted) < 40
        assert len(start) > len(end) > 10


@pytest.mark.parametrize(("text", "values", "message", "hint"), [
    ("W @ u", {"W": W, "u": [1, 2, 3]}, "'@' needs as many columns on its left as there are rows on its right; the "
     "shapes are (2, 2) and (3,)", "here W has shape (2, 2) and u has shape (3,)"),
    ("v + u", {"v": V, "u": [1, 2, 3]}, "'+' cannot combine the shapes (2,) and (3,)",
     "here v has shape (2,) and u has shape (3,)"),
    ("log(x) + (v/u)", {"x": 1, "v": V, "u": [1, 2, 3]}, "'/' cannot combine the shapes (2,) and (3,)",
     "here v has shape (2,) and u has shape (3,)"),
    ("v/u", {"v": V, "u": [1, 0, 3]}, "'/' cannot combine the shapes (2,) and (3,)",
     "here v has shape (2,) and u has shape (3,)"),
    ("max(v, u, 2)", {"v": V, "u": [1, 2, 3]}, "max cannot combine the shapes (2,) and (3,) and ()",
     "here v has shape (2,) and u has shape (3,)"),
    ("v @ x", {"v": V, "x": 3}, "'@': the product of numbers is *; @ multiplies arrays",
     "here v has shape (2,) and x is one number"),
    ("v @ 3", {"v": V}, "'@': the product of numbers is *; @ multiplies arrays", "here v has shape (2,)"),
    ("reshape(v, 3)", {"v": V}, "reshape needs as many entries as before; the shape is (2,)", "here v has shape (2,)"),
    ("reshape([1, 2], 3)", {}, "reshape needs as many entries as before; the shape is (2,)",
     "here [1, 2] has shape (2,)"),
    ("v[y]", {"v": V, "y": 2}, "the index 2 is outside the array: axis 0 has the entries 0 to 1",
     "here v has shape (2,) and y is one number"),
    ("v[2]", {"v": V}, "the index 2 is outside the array: axis 0 has the entries 0 to 1", "here v has shape (2,)"),
    ("sum(x, axis=0)", {"x": 3}, "sum: a single number has no axis", "here x is one number"),
    ("[v, v, u]", {"v": V, "u": [1, 2, 3]}, "stack needs parts of one shape; the shapes are (2,) and (2,) and (3,)",
     "here v has shape (2,) and u has shape (3,)"),
    ("cross_entropy(v, 7)", {"v": V}, "cross_entropy: the label 7 lies outside 0 to 1; classes count from 0",
     "here v has shape (2,)"),
])
def test_shapes_that_do_not_fit_are_told_once_for_each_argument(text, values, message, hint):
    code, _, told, here = failure(text, values)
    assert (code, told, here) == ("shape", message, hint)


def test_an_array_that_would_be_too_large_is_a_matter_of_shape_also_where_a_number_is_outside_the_domain():
    zeros = np.zeros(20_000)
    code, under, message, _ = failure("x/y", {"x": np.ones((20_000, 1)), "y": zeros})
    assert (code, under) == ("shape", "x/y")
    assert message.startswith("'/': the result would have 400,000,000 entries")


@pytest.mark.parametrize(("text", "values", "first"), [
    ("f = log(x) + log(y)", {"x": -1, "y": -2}, "log(x)"), ("f = log(x) + log(y)", {"x": 1, "y": -2}, "log(y)"),
    ("f = log(y) + log(x)", {"x": [1, -1], "y": [1, -2]}, "log(y)"),
])
def test_of_several_failures_the_first_is_told_of(text, values, first):
    assert failure(text, values)[1] == first


def test_an_entry_of_a_matrix_is_told_by_row_and_column():
    assert failure("sum(log(W))", {"W": [[1, 2], [3, -4]]})[2] == "log needs a positive number (entry [1, 1])"
    assert failure("sum(W/v)", {"W": W, "v": [1, 0]})[2] == "division by zero (entry [0, 1])"
    assert failure("sum(v/x)", {"v": V, "x": 0})[2:] == ("division by zero (entry [0])", "here x = 0")


def test_a_run_that_succeeds_imports_no_words_for_failures():
    program = ("import sys; from bpcalc import backprop\n"
               "backprop('x*y', x=1, y=2); print('bpcalc.failures' in sys.modules, 'bpcalc.notes' in sys.modules)\n"
               "try: backprop('log(x)', x=0)\n"
               "except ValueError: print('bpcalc.failures' in sys.modules, 'numpy' in sys.modules)")
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["False", "False", "True", "False"]
