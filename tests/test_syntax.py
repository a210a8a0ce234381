"""The language: what it means, what it refuses, and in which words."""

import ast
import math
import string

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bpcalc import BpcalcError, backprop, building
from bpcalc.complaints import EXPLAIN, NoValue
from bpcalc.errors import LimitProblem, Source, SyntaxProblem
from bpcalc.lexer import Cursor, free_names, is_plain, lex, split
from bpcalc.ops import CONSTANT, FUNCTIONS, INPUT, TABLE
from bpcalc.render.to_caret import render
from bpcalc.syntax import _open, _sized, parse


def value(text, **values):
    return backprop(text, values).value


@pytest.mark.parametrize(("text", "expected"), [
    ("1 + 2*3", 7), ("(1 + 2)*3", 9), ("2*3 + 1", 7), ("10 - 4 - 3", 3), ("16/4/2", 2), ("2 - -3", 5),
    ("-2^2", -4), ("(-2)^2", 4), ("2^-1", 0.5), ("2^3^2", 512), ("(2^3)^2", 64), ("2**3", 8), ("-2**2", -4),
    ("2^-2^2", 2**-4), ("--2", 2), ("+2", 2), ("-+2", -2), ("2*-3", -6), ("2^+2", 4), ("-2*3", -6), ("6/-2", -3),
    (".5", 0.5), ("5.", 5), ("1e-3", 1e-3), ("1E+3", 1e3), ("2.5e2", 250), ("1e5-1e5", 0),
    ("3 × 4 · 2 ⋅ 1", 24), ("5 − 3", 2), ("8 ÷ 2", 4), ("3²", 9), ("2³", 8), ("-3²", -9), ("2*3²", 18),
    ("max(1, 2, 3)", 3), ("min(4, (2))", 2), ("sin (0)", 0), ("σ(0)", 0.5), ("max(1,\n 2)", 2),
    ("pow(2, 3)", 8), ("clip(5, 0, 1)", 1), ("leaky_relu(-2)", -0.02), ("leaky_relu(-2, 0.5)", -1),
    ("2*pi", 2 * math.pi), ("tau/2", math.pi), ("e", math.e), ("π", math.pi),
])
def test_expressions_mean_what_mathematics_means(text, expected):
    assert value(text) == pytest.approx(expected, rel=1e-15)


@pytest.mark.parametrize(("text", "values", "expected"), [
    ("q = x + y; f = q*z", {"x": -2, "y": 5, "z": -4}, -12),
    ("q = x + y\nf = q*z\n", {"x": -2, "y": 5, "z": -4}, -12),
    ("q = x + y;\n\n; f = q*z;", {"x": -2, "y": 5, "z": -4}, -12),
    ("f(x, y, z) = (x + y)*z", {"x": -2, "y": 5, "z": -4}, -12),
    ("# a comment\nq = x +  # goes on\n y\nf =\n q*2", {"x": 1, "y": 2}, 6),
    ("(x\n + y)\n", {"x": 1, "y": 2}, 3),
    ("q = x; q", {"x": 3}, 3),
    ("lambda*all + if*W1_1", {"lambda": 2, "all": 3, "if": 4, "W1_1": 5}, 26),
    ("σ*α + λ", {"σ": 2, "α": 3, "λ": 4}, 10),
    ("e*pi", {"e": 2, "pi": 3}, 6),
    ("pi = 3; pi*x", {"x": 2}, 6),
    ("step*x + sin(x)*max", {"step": 2, "x": 0, "max": 9}, 0),
    ("x1e - 5", {"x1e": 7}, 2), ("x1e-5", {"x1e": 7}, 2), ("_a*__b", {"_a": 2, "__b": 3}, 6),
])
def test_programs_and_names(text, values, expected):
    assert value(text, **values) == pytest.approx(expected)


SEVERAL = [row for row in TABLE if len(row.params) > 1 and FUNCTIONS.get(row.word) is row]


@given(st.sampled_from(SEVERAL), st.data())
@settings(max_examples=400, deadline=None)
def test_a_calls_arguments_find_their_places_as_in_python(row, data):
    required = len(row.params) - len(row.defaults)
    params = [name if at < required else f"{name}={row.defaults[at - required]}" for at, name in enumerate(row.params)]
    placed = [f"{at}" for at in range(10, 10 + data.draw(st.integers(0, len(params) + 1)))]
    named = [f"{name}=-{at}.5" for at, name in enumerate(data.draw(st.permutations([*row.params, "axis"])))]
    named = named[:data.draw(st.integers(0, 3))]
    try:
        there = eval(f"(lambda {', '.join(params)}: [{', '.join(row.params)}])"  # noqa: S307 - from our own table
                     f"({', '.join([*placed, *named])})")
    except TypeError:
        there = None
    text = f"{row.word}({', '.join([*placed, *named])})"
    if there is None:
        with pytest.raises(SyntaxProblem):
            parse(Source(text))
    else:
        graph = parse(Source(text))
        assert [graph.a[k] for k in graph.args(graph.output)] == there


def test_a_head_puts_its_names_in_order_and_names_the_output():
    report = backprop("f(z, y, x) = x*y*z", x=1, y=2, z=3)
    assert list(report.gradients) == ["z", "y", "x"]
    assert report.output == "f"


def test_variables_come_first_in_order_of_appearance():
    graph = parse(Source("(x+y)*z"), ["z", "y", "x"])
    assert graph.inputs == ("x", "y", "z")
    assert graph.ops[:3] == [INPUT] * 3
    assert all(i < k for k in range(len(graph)) for i in graph.args(k))


def test_a_number_written_twice_is_one_constant():
    graph = parse(Source("2*x + 2*y"), ["x", "y"])
    assert graph.ops.count(CONSTANT) == 1


EXPRESSIONS = st.recursive(
    st.sampled_from(["x", "y", "1.5", "2.0", "0.25", "3e-1"]),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/"]), inner).map("".join),
        st.tuples(st.just("("), inner, st.just(")")).map("".join),
        st.tuples(st.just("-"), inner).map(lambda parts: f"-{parts[1]}"),
        st.tuples(inner, st.just("**2.0")).map(lambda parts: f"({parts[0]})**2.0"),
        st.tuples(st.just("2.0**-"), st.sampled_from(["x", "y", "1.5"])).map("".join),
    ), max_leaves=12)


@given(EXPRESSIONS)
@settings(max_examples=400, deadline=None)
def test_precedence_is_pythons(text):
    x, y = 1.25, -0.75
    try:
        expected = eval(text, {"__builtins__": {}}, {"x": x, "y": y})  # noqa: S307 - made above, not user text
    except (ArithmeticError, ValueError):
        return
    if isinstance(expected, complex) or not math.isfinite(expected):
        return
    try:
        found = value(text, **{name: number for name, number in (("x", x), ("y", y)) if name in text})
    except BpcalcError as error:
        assert error.code == "domain"
        return
    assert found == pytest.approx(expected, rel=1e-12, abs=1e-300)


def carefully(text, bound):
    cursor = Cursor(Source(text))
    return _sized(Source(text), cursor.restart, bound, cursor)


@given(EXPRESSIONS, st.lists(st.sampled_from([" ", "\t", ""]), max_size=5))
@example("1e-3-x1e-5*x", [])
@settings(max_examples=300, deadline=None)
def test_both_lexers_make_the_same_graph(text, blanks):
    for blank in blanks:
        text = text.replace("+", f"{blank}+{blank}", 1)
    bound = frozenset(["x", "y", "x1e"])
    assert is_plain(text)
    quick, careful = parse(Source(text), bound), carefully(text, frozenset(parse(Source(text), bound).inputs))
    assert (quick.ops, quick.a, quick.b, quick.inputs) == (careful.ops, careful.a, careful.b, careful.inputs)


def test_long_texts_are_cut_between_tokens():
    names = [f"a_rather_long_name_{i}" for i in range(20_000)]
    text = "*".join(names[:100]) + " + " + "+".join(f"{name} ** 2" for name in names)
    graph = parse(Source(text), names)
    assert graph.inputs == tuple(names)
    assert len(text) > 2 * (1 << 16)


@given(st.text(max_size=40))
@settings(max_examples=1500, deadline=None)
def test_any_text_gives_a_graph_or_an_error_with_its_place(text):
    try:
        parse(Source(text), ["x", "y"])
    except BpcalcError as error:
        check_place(error, text)


@given(st.lists(st.sampled_from(["x", "y", "q", "2", "1.5", "(", ")", ",", "+", "-", "*", "/", "^", "**", "=", ";",
                                 "\n", " ", "sin", "max", "sin(", "max(", "f(", "²", "e", "pi", "#", "1e", "σ(", "."]),
                max_size=14).map("".join))
@settings(max_examples=3000, deadline=None)
def test_any_soup_of_tokens_gives_a_graph_or_an_error_with_its_place(text):
    try:
        graph = parse(Source(text), ["x", "y"])
    except BpcalcError as error:
        check_place(error, text)
    else:
        assert 0 <= graph.output < len(graph)


def check_place(error, text):
    assert error.code in ("syntax", "name")
    assert error.message
    assert not error.message.endswith(".")
    if error.span is None:
        assert "empty" in error.message
    else:
        start, end = error.span
        assert 0 <= start < end <= len(text) + 1


# Every kind of mistake: text, message, what the caret is under, hint.
MISTAKES = [
    ("", "the expression is empty", None, 'for example: bpcalc "(x+y)*z" x=-2 y=5 z=-4'),
    ("x^^2", "'^' cannot follow '^'", "^", "write x^2"),
    ("x*/y", "'/' cannot follow '*'", "/", "keep one of '*' and '/', or put a value between them"),
    ("*x", "'*' has nothing on its left", "*", "a number, a name or '(' must stand before it"),
    ("q = x\n*y", "'*' has nothing on its left", "*", "a line that goes on must be broken after the operator"),
    ("x+", "the expression ends after '+'", "", "a number, a name or '(' must follow"),
    ("q =", "nothing stands after '='", "", None),
    ("q = ; q*2", "nothing stands after '='", ";", None),
    ("(x+y", "this '(' is never closed", "(", "put a ')' where it ends"),
    ("sin(x", "this '(' is never closed", "(", "put a ')' where it ends"),
    ("x+y)", "this ')' closes nothing", ")", "there is no '(' for it"),
    ("x+\n", "the expression ends after '+'", "\n", "a number, a name or '(' must follow"),
    ("x²y", "an operator is missing before 'y'", "y",
     "there is no implicit multiplication: write x²*y"),
    ("g(u) = u^2; f = g(x, 2)", "g was defined with 1 argument, not 2", ")", "it begins g(u) = …"),
    ("g(u) = h(u); h(u) = u; f = g(x)", "'h' is not a function that is defined before g", "h",
     "a function can call those above it"),
    ("g(u) = g(u); f = g(x)", "'g' is not a function that is defined before g", "g",
     "a function can call those above it"),
    ("softmax([x, x], axes=1)", "softmax cannot take axes=… here", "axes=1",
     "write softmax([x, x], axis=1)"),
    ("softmax([x, x], along=1)", "softmax cannot take along=… here", "along=1", "softmax takes axis"),
    ("reshape([1, 2], x)", "reshape needs whole numbers written out here", ")",
     "for example reshape(x, 2, 3), or axis=0"),
    ("x[1:2:3:4]", "a slice has at most three parts", "]", "for example x[0:6:2]"),
    ("[[1, 2], [3]]", "the rows do not have the same length", "[[1, 2], [3]]",
     "rows are lists of the same length: [[1, 2], [3, 4]]"),
    ("[1, 2", "this '[' is never closed", "[", "put a ']' where it ends"),
    ("q = (x + y\nf = q*x", "this '(' is never closed", "(", "put a ')' where it ends"),
    ("q = max(x,\ny\nf = q*x", "this '(' is never closed", "(", "put a ')' where it ends"),
    ("q = (x +\nf = x*y", "this '(' is never closed", "(", "put a ')' where it ends"),
    ("x and y", "'and' is no operator of this language", "and",
     "truths are 1 and 0: for and multiply them, (a > 0)*(b > 0)"),
    ("x//y", "'/' cannot follow '/'", "/", "a quotient is written with one /; there is no division without remainder"),
    ("(x]", "this ']' cannot close a '('", "]", "the '(' is closed by ')'"),
    ("x]", "this ']' closes nothing", "]", "there is no '[' for it"),
    ("1 < x < 2", "comparisons cannot be chained", "< x <", "write (1 < x)*(x < 2)"),
    ("sum(j for j in x)", "the index j needs a range", "for j in x", "write: for j in range(3)"),
    ("[x for x in (1,2)]", "the index x needs a range", "for x in (", "write: for j in range(3)"),
    ("[2x 3]", "an operator is missing before 'x'", "x",
     "there is no implicit multiplication: write [2*x 3]"),
    ("[1.5.2]", "two numbers side by side: '1.5' and '.2'", ".2", "an operator is missing between them"),
    ("q = .T; q*x", "'.T' cannot follow '='", ".T", None),
    ("sum(x for i in range(2000000) for j in range(2000000) if 0)", "the range of j is too long", "2000000", None),
    ("sum(j*x for j in range(1e300))", "the range of j is too long", "1e300", None),
    ("n = 1e999; sum(j*x for j in range(n))", "'n' must be a number that is known beforehand here", "n",
     "a number, an index around it, or a name that is bound to a number"),
    ("[" * 65 + "x" + "]" * 65, "arrays are nested more than 64 deep", "[", None),
    ("sum(j for 3 in range(2))", "'for' needs a name for the index", "for 3 in range(", "write: for j in range(3)"),
    ("sum(j for sin (x) in range(2))", "'for' needs a name for the index", "for sin (x)", "write: for j in range(3)"),
    *((text, "the index i is already that of the sum around it", "i", "give one of the two another name") for text in (
        "sum(sum(x*i for i in range(2)) for i in range(3))", "[[x for i in range(2)] for i in range(-2, 0)]",
        "max(x*sum(1 for j in range(2) for i in range(j)) for i in range(3))")),
    *((f"sum(j for j in range({inside}))", "range takes one to three numbers", "for j in range(",
       "write: for j in range(3)") for inside in ("", "1, 2, 3, 4", "1,,2", ",1", "1,")),
    ("sum(j for j in range(1, 2.5))", "a range needs whole numbers, not 2.5", "2.5", None),
    ("max(j for j in range(0))", "there is nothing to take the max of: no value is left", "for j in range(0))", None),
    ("sum(j for j in range(weight))", "'weight' must be a number that is known beforehand here", "weight",
     "a number, an index around it, or a name that is bound to a number"),
    ("sum(j for j in range(3) if)", "'if' needs a comparison", "if", "for example if j != y"),
    ("f(u, x) = u*x", "'u' has no value", "u", "add u=…"),
    ("sin(x=2)", "sin cannot take x=… here", "x=2", "sin takes no keyword"),
    ("sum(x, q=2)", "sum cannot take q=… here", "q=2", "sum takes axis and keepdims"),
    ("f(a) = a; f(a=2)", "a= belongs to no function", "a=2", "f takes its arguments in their order"),
    ("(x=2)*3", "x= belongs to no function", "x=2", None),
    ("sum(x, axis=None)", "after axis= inside a function a whole number must be written out", "axis=", "write sum(x)"),
    ("sum(x, axis=y)", "after axis= inside a function a whole number must be written out", "axis=",
     "for example sum(x, axis=0); for the sum of all entries sum(x)"),
    ("[1 ... 9]*x", "'...' leaves numbers out", ".", "all of them have to be given"),
    ("2*nan", "'nan' is no number of this language", "nan", "all numbers are finite"),
    ("()", "nothing stands between the parentheses", "()", None),
    ("sin()", "sin has no argument; it takes 1", "sin()", None),
    ("max(x,)", "an argument is missing after the comma", ")", None),
    ("max(x,,y)", "an argument is missing before this comma", ",", None),
    ("(x+)", "a value is missing between '+' and ')'", ")", None),
    ("max()", "max has no argument; it takes one or more", "max()", None),
    ("sin(x,y)", "sin takes 1 argument, not 2", "sin(x,y)", None),
    ("sin(x, max(x, y), y)", "sin takes 1 argument, not 3", "sin(x, max(x, y), y)", None),
    ("sin(x, y", "sin takes 1 argument, not 2", "sin(x,", None),
    *((f"{name}({inside})", f"{name} takes 1 argument, not {count}", f"{name}({inside})",
       f"an array has brackets: {name}([{inside}])")
      for name in ("softmax", "log_softmax", "logsumexp", "norm", "prod")
      for inside, count in (("x, y", 2), ("x ,max(x, y), -1", 3))),
    *((call, f"{call.partition('(')[0]} takes 1 argument, not 2", call, None) for call in (
        "transpose(x, y)", "softmax(weight, 1)", "norm(exp(weight), 2)", "norm([1, 2], 2)", "softmax(x, y, axis=0)")),
    ("clip(x,y)", "clip takes 3 arguments, not 2", "clip(x,y)", None),
    ("3,5*x", "a comma outside a function's arguments", ",", "decimals are written with a point: 3.5"),
    ("2x", "an operator is missing before 'x'", "x",
     "there is no implicit multiplication: write 2*x"),
    ("2(x)", "an operator is missing before '('", "(",
     "there is no implicit multiplication: write 2*(x)"),
    ("(x)(y)", "an operator is missing before '('", "(",
     "there is no implicit multiplication: write (x)*(y)"),
    ("1 2", "two numbers side by side: '1' and '2'", "2",
     "an operator is missing between them; an array has brackets, [1 2 3]"),
    ("0x10", "'0x10' is not a decimal number", "0x10", "numbers are written in decimal"),
    ("2e*x", "'2e' has no exponent", "2e", "2e5 is a power of ten, 2*e a product"),
    ("1e400*x", "1e400 is too large for a double-precision number", "1e400", "the largest is about 1.8e308"),
    ("= x", "'=' has no name on its left", "=", "write x"),
    ("2 = x", "only a name can stand on the left of '='", "2", "statements look like q = x + y, separated by ;"),
    ("x*y = 3", "only a name can stand on the left of '='", "=",
     "statements look like q = x + y, separated by semicolons; equations are not solved"),
    ("x; y", "this statement's value is never used", "x",
     "only the last statement may go without a name: write name = …"),
    ("q = x; q = y", "'q' is assigned twice", "q",
     "every name stands for one node of the graph; use a new name"),
    ("x = 2; x*y", "'x' has a value from its binding and is assigned here as well", "x",
     "leave out x=… or use another name"),
    ("f = q*x; q = y", "'q' is used before it is assigned", "q", "put its statement first"),
    ("a = pi*x; pi = 3; a*pi", "'pi' was used as a constant before it is assigned here", "pi",
     "assign it first, or use another name"),
    ("sin*x", "'sin' is a function and needs an argument in parentheses", "sin", "for example sin(x)"),
    ("sin y", "'sin' is a function and needs an argument in parentheses", "sin", "write sin(y)"),
    ("max", "'max' is a function and needs an argument in parentheses", "max", "for example max(x, y)"),
    ("sigmod(x)", "'sigmod' is not a function", "sigmod", "did you mean sigmoid or logsigmoid or sign?"),
    ("foo(x)", "'foo' is not a function", "foo",
     "bpcalc --functions lists them; foo(x) = … defines one, and foo*(…) is a product"),
    ("x(y)", "'x' is a value, not a function", "x(", "there is no implicit multiplication: write x*(y)"),
    ("z*y", "'z' has no value", "z", "add z=…"),
    ("weigth*y", "'weigth' has no value", "weigth", "did you mean weight? Otherwise add weigth=…"),
    ("a + b*c", "these names have no value: a, b, c", "a", "add a=… b=… c=…"),
    *((f"{head} = 2{end}", "a head looks like f(x, y) = …, with names separated by commas", "=", None)
      for head in ("f(x, 2)", "f()", "f(,)", "f(x,)", "f(x, , y)", "f(x y)", "f(x + y)", "f(x, +)", "f(x, x)",
                   "f(x, axis=0)", "f(x, [1, 2])", "f(\n)", "f(x, .T)")
      for end in ("", "; q = f(y)")),
    ("g(u) = u; g(u, v) = u; q = g(x)", "'g' is a function already", "g",
     "a function is defined once, above its calls"),
    ("q = mse(x, y); mse(u, v) = u; q + mse(x, y)", "'mse' is a function already", "mse",
     "a function is defined once, above its calls"),
    ("g(u) =; f = g(x)", "nothing stands after '='", ";", None),
    ("g(u) = u + h  (u); f = g(h(x))", "'h' is not a function that is defined before g", "h",
     "there is no implicit multiplication: write g(u) = u + h*(u); f = g(h*(x))"),
    ("huber(x, delta=2)", "huber takes 2 or 3 arguments, not 1", "huber(x, delta=2)", None),
    ("hinge(weight, margin=2)", "hinge takes 2 or 3 arguments, not 1", "hinge(weight, margin=2)", None),
    ("leaky_relu(x, 0.5, slope=1)", "leaky_relu cannot take slope=… here", "slope=1", "leaky_relu takes slope"),
    ("sum(weight, axis=0, axis=0)", "sum is given axis= twice", "axis=0", "keep one of them"),
    ("max(x, y, axis=0)", "max cannot take axis=… here", "axis=0", "max takes axis and keepdims"),
    *((text, "axis= belongs to no function", "axis=1", None) for text in ("[axis=1, 2]", "weight[axis=1, 0]")),
    *((f"reshape({inside})", "reshape needs whole numbers written out here", ")",
       "for example reshape(x, 2, 3), or axis=0")
      for inside in ("weight", "weight, 1.5, 2", "weight, [1, 2]", "weight, -x", "weight, 2 - 1", "weight, -(1.5)")),
    ("sum(weight, axis=0.5)", "sum needs whole numbers written out here", ")",
     "for example reshape(x, 2, 3), or axis=0"),
    *((text, "':' was not expected here", ":", None) for text in ("x:y", "(x:y)", "[x:y]", "max(x:y)", "x + 1:2")),
    ("weight[1,]", "']' cannot follow ','", "]", None),
    ("weight[,1]", "an argument is missing before this comma", ",", None),
    ("weight[]", "nothing stands between the brackets", "[]", "an index counts from 0: x[0]"),
    ("weight[0)", "this ')' cannot close a '['", ")", "the '[' is closed by ']'"),
    ("[x, y)", "this ')' cannot close a '['", ")", "the '[' is closed by ']'"),
    ("max(x, y]", "this ']' cannot close a '('", "]", "the '(' is closed by ')'"),
    ("weight[1:", "this '[' is never closed", "[", "put a ']' where it ends"),
    ("(x; y)", "this '(' is never closed", "(", "put a ')' where it ends"),
    ("(x, y)", "a comma outside a function's arguments", ",", "commas separate the arguments of a function"),
    ("x, y", "a comma outside a function's arguments", ",", "commas separate the arguments of a function"),
    ("n = 2 + 1; sum(j*x for j in range(n))", "'n' must be a number that is known beforehand here", "n",
     "a number, an index around it, or a name that is bound to a number"),
    ("q = x; n = x; sum(j for j in range(n - 1))", "'n' must be a number that is known beforehand here", "n - 1",
     "a number, an index around it, or a name that is bound to a number"),
    ("sum(j for j in range(1/0))", "this is not a number that can be worked out beforehand", "1/0", None),
    ("sum(j for j in range(len(y)))", "this is not a number that can be worked out beforehand", "len(y)", None),
    ("y*a + 1 + a", "'a' has no value", "a", "add a=…"),
    ("f=2x", "an operator is missing before 'x'", "x", "there is no implicit multiplication: write f=2*x"),
    ("xy + " + " + ".join(f"a{at}" for at in range(13)),
     "these names have no value: xy, " + ", ".join(f"a{at}" for at in range(11)) + " and 2 more", "xy",
     "there is no implicit multiplication: write x*y + " + " + ".join(f"a{at}" for at in range(13))
     + ", and add " + " ".join(f"a{at}=…" for at in range(12))),
    ("2x" + " " * 498, "an operator is missing before 'x'", "x", "there is no implicit multiplication: write 2*x"),
    ("2x" + " " * 499, "an operator is missing before 'x'", "x",
     "there is no implicit multiplication; for a product write 2*x"),
    ("1_000*x", "an operator is missing before '_000'", "_000", "write 1000*x"),
    ("[x, y](2)", "an operator is missing before '('", "(",
     "there is no implicit multiplication: write [x, y]*(2)"),
    ("q = 2; weight.T(q = 3)", "an operator is missing before '('", "(",
     "there is no implicit multiplication; for a product write (…)*(…)"),
    ("x%y", "'%' is not part of the language", "%", "there is no remainder operator; 5 per cent are 0.05"),
    ("5!", "'!' is not part of the language", "!", "there is no factorial; for not write 1 - (a > 0)"),
    (".", "a lone dot is not a number", ".", "write 0 or a number such as 0.5"),
    ("x.real", "'.' is not part of the language", ".",
     "a dot is part of a number, such as 0.5, or of .T; functions stand before their argument: sum(x)"),
    ("|x|", "'|' is not part of the language", "|", "write abs(x)"),
    ("х*2", "the character U+0445 (CYRILLIC SMALL LETTER HA) is not part of the language", "х",
     "did you mean x (this is a Cyrillic letter)?"),
    ("x⁴", "the character U+2074 (SUPERSCRIPT FOUR) is not part of the language", "⁴", "write x^4"),
    ("１2", "the character U+FF11 (FULLWIDTH DIGIT ONE) is not part of the language", "１", "type the digit 1"),
    ("x²³", "two exponents in a row", "²³", "write ^2 and use parentheses"),
    ("g(u) = (u\ng(x)", "'g' is not a function that is defined before g", "g", "a function can call those above it"),
    ("x² **2", "two exponents in a row", "² ", "write ^2 and use parentheses"),
    ("x\x1b[2J", "the character U+001B (a control character) is not part of the language", "\x1b", None),
]


@pytest.mark.parametrize(("text", "message", "under", "hint"), MISTAKES, ids=[repr(text) for text, *_ in MISTAKES])
def test_a_mistake_is_told_in_full(text, message, under, hint):
    with pytest.raises(BpcalcError) as found:
        parse(Source(text), {"x": 1.0, "y": 2.0, "weight": np.ones(2)})
    error = found.value
    assert error.message == message
    assert error.hint == hint
    if under is None:
        assert error.span is None
    else:
        assert text[error.span[0]:error.span[1]] == under


@pytest.mark.parametrize(("characters", "told"), [
    ([chr(0xDC00 + byte) for byte in range(0x80, 0x100)], "the byte 0x{:02X} is not UTF-8"),
    ([chr(code) for code in (*range(9), *range(0x0E, 0x20), *range(0x7F, 0xA0))],
     "the character U+{:04X} (a control character) is not part of the language"),
    (["\ue000", "\uffff", "\ue0a0", "\udc7f", "\udd00"],
     "the character U+{:04X} (a character without a name) is not part of the language"),
])
def test_a_character_outside_the_language_is_called_by_its_number(characters, told):
    for character in characters:
        with pytest.raises(BpcalcError) as found:
            parse(Source(f"x + {character}"), ["x"])
        number = ord(character) - (0xDC00 if "byte" in told else 0)
        assert (found.value.message, found.value.span) == (told.format(number), (4, 5))


@pytest.mark.parametrize(("character", "hint"), [
    ("\u0663", "type the digit 3"), ("\uff12", "type the digit 2"), ("\uff58", "did you mean x?"),
    ("\u2460", "did you mean 1?"),
    ("\U0001d465", "did you mean x?"), ("\u3042", None), ("\u3000", None), ("\u212b", None),
    ("\xb5", "the Greek letter μ")])
def test_a_likeness_to_a_character_of_the_language_is_told(character, hint):
    with pytest.raises(BpcalcError) as found:
        parse(Source(f"2*{character}"), ["x"])
    assert found.value.hint == hint or (hint and hint in found.value.hint)


@given(st.lists(st.one_of(st.text("ab+( ", max_size=40), st.text("ab+( ", min_size=90, max_size=150)), min_size=1,
                max_size=4), st.data())
@settings(max_examples=200, deadline=None)
def test_the_caret_stands_under_the_fault_on_its_line(lines, data):
    text = "\n".join(lines)
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start + 1, len(text) + 1))
    at = text.count("\n", 0, start)
    line, column = lines[at], start - sum(len(before) + 1 for before in lines[:at])
    head, shown, carets = render(SyntaxProblem("told", Source(text), (start, end))).split("\n")[:3]
    place = f"line {at + 1}: " if "\n" in text.rstrip("\n") else ""
    assert head == f"bpcalc: error: {place}told"
    cut = shown[2:3] == "…", shown.endswith("…")
    inside = shown[2 + cut[0]:len(shown) - cut[1]]
    left = carets.index("^") - 2 - cut[0]          # how much of the line stands before the fault
    assert inside == line[column - left:column - left + len(inside)]
    assert cut == (left < column, column - left + len(inside) < len(line))
    assert left == column or left == 35
    under = min(end - start, len(line) - column)
    assert carets.strip() == "^" * max(min(under, 70), 1)
    assert not cut[1] or len(inside) - left == min(under, 70) + 35


def test_many_definitions_and_many_sums_are_read_in_one_go():
    # Each of them used to cost a look at the whole text.
    many = range(5_000)
    text = "; ".join(f"f{i}(u) = u" for i in many) + "; f = " + " + ".join(f"f{i}(x)" for i in many)
    assert backprop(text, x=2).value == 10_000
    assert backprop(" + ".join(["sum(x*j for j in range(2))"] * 5_000), x=2).value == 10_000


def test_every_case_of_the_parser_has_a_mistake_above():
    reasons = set()
    for text, *_ in MISTAKES:
        cursor = None
        try:
            cursor = Cursor(Source(text))
            _open(cursor, frozenset(["x", "y"]))
            _sized(Source(text), cursor.restart, frozenset(["x", "y"]), cursor)
        except Exception as stuck:
            reasons.add(getattr(stuck, "why", None))
    assert set(EXPLAIN) - reasons <= {"number", "empty"}


@given(EXPRESSIONS)
def test_the_free_names_of_an_expression_are_pythons(text):
    there = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)]
    assert free_names(Source(text)) == list(dict.fromkeys(node.id for node in sorted(
        there, key=lambda node: node.col_offset)))


@given(st.one_of(st.text(max_size=20), st.text("x1_.+-*/^(),;= \t\n", max_size=20),
                 st.sampled_from(["x²", "λ*2", "[1]", "x @ y", "x<1", "a # b", "x'", "\r", "\x0b"])))
def test_plain_are_letters_digits_and_the_signs_of_arithmetic(text):
    assert is_plain(text) == (set(text) <= set(string.ascii_letters + string.digits + "_.+-*/^(),;= \t\n"))


@pytest.mark.parametrize(("text", "values", "under"), [
    ("g(u) = 2*log(u); 3*g(x)", {"x": -1}, "log(u)"),
    ("g(u) = u^-1; f = g(g(x - 1))", {"x": 1}, "u^-1"),
    ("1 + mse( x , y )*2", {"x": [1, 2], "y": [1, 2, 3]}, "mse( x , y )"),
    ("g(u) = 1 + mse(u, [1, 2, 3]); f = 1 + g( x )", {"x": [1, 2]}, "mse(u, [1, 2, 3])")])
def test_what_fails_in_a_function_is_shown_where_the_text_has_it(text, values, under):
    with pytest.raises(BpcalcError) as found:
        backprop(text, values)
    start, end = found.value.span
    assert text[start:end] == under


def test_free_names_are_those_that_need_a_value():
    assert free_names(Source("q = x + sin(y); f = q*z + pi")) == ["x", "y", "z"]
    assert free_names(Source("(x + ")) == ["x"]


@pytest.mark.slow
def test_a_long_line_with_a_fault_is_reported_by_its_neighbourhood(bpcalc):
    text = "+".join(f"x{i}" for i in range(100_000)) + "+*2"
    ran = bpcalc("-", stdin=text)
    assert ran.code == 2
    assert "'*' cannot follow '+'" in ran.err
    assert len(ran.err) < 500


@pytest.mark.parametrize("size", range(1, 14))
def test_pieces_of_any_size_give_the_same_tokens(size, monkeypatch):
    """A long text is split in pieces: none ends inside a token, and none is longer than its tokens make it."""
    from bpcalc import lexer

    text = "alpha*beta1 + 2.5e-3**gamma_1\nsin(a_long_name)/7e+2 - (x)*y"
    whole = list(lexer.split(text))
    assert [token for token in whole if token[:1].isdigit()][:2] == ["2.5e\x013", "7e2"]
    monkeypatch.setattr(lexer, "_PIECE", size)
    assert list(lexer.split(text)) == whole
    pieces = list(lexer._pieces(text))
    assert "".join(pieces) == text
    longest = max(len(token) for token in lexer.split(text)) + 1
    assert all(0 < len(piece) <= max(size, longest) for piece in pieces)


_OPERANDS = st.sampled_from(["x", "y_1", "E", "e2", "2", ".5", "3.", "1e5", "2.5e-3", "7E+2", "sin(x)", "max(x, e-1)"])
_SIGNS = st.sampled_from(["+", "-", "*", "/", "^", "**", "; q =", "\n", "*-"])
_BETWEEN = st.tuples(st.sampled_from(["", " ", "  "]), _SIGNS, st.sampled_from(["", " "])).map("".join)


@given(_OPERANDS, st.lists(st.tuples(_BETWEEN, _OPERANDS).map("".join), max_size=8))
def test_the_quick_way_of_reading_finds_the_tokens_of_the_careful_one(first, rest):
    text = first + "".join(rest)
    assert is_plain(text)

    def meant(token):
        return float(token.replace("\x01", "-")) if token[0] in "0123456789." else token

    assert list(map(meant, split(text))) == [meant(token) for token, _, _ in lex(Source(text))]


def test_a_function_may_be_written_over_several_lines():
    lines = "f(a, b) = (a +\n  max(b,\n  [1,\n 2][0])\n)*b\ng = f(x,\n2)\ng + 1"
    assert backprop(lines, x=5).value == backprop("f(a, b) = (a + max(b, [1, 2][0]))*b; g = f(x, 2); g + 1", x=5).value


def test_functions_call_those_above_them_and_the_ready_made_ones():
    text = "half(u) = u/2; quarter(u) = half(half(u)); both(u, v) = mse(quarter(u), half(v)) + l2(u)"
    assert backprop(f"{text}; f = both(x, 2)", x=8).value == (2 - 1)**2 + 64
    assert backprop("mse(p, t) = p*t; f = mse(x, y)", x=3, y=5).value == 15
    assert backprop("mse(x, y) + mse(y, x)", x=3, y=5).value == 8


def test_functions_that_ask_for_too_much_are_refused(monkeypatch):
    monkeypatch.setattr(building, "_MOST_NODES", 1000)

    def doubled(times):
        lines = [f"f{at + 1}(u) = f{at}(u) + f{at}(u)" for at in range(times)]
        return backprop("; ".join(["f0(u) = u*2", *lines, f"f{times}(x)"]), x=1).value

    assert doubled(7) == 256
    with pytest.raises(LimitProblem, match="the functions of this text call each other more than 1,000 times"):
        doubled(40)


@pytest.mark.parametrize("number", ["2", "(2)", "+2", "[1, 2]", "pi"])
def test_a_name_for_a_number_is_a_variable_whether_or_not_the_number_stood_there_before(number):
    first = backprop(f"x = {number}; q = 3*y; f = sum(q*x) + 3", y=5)
    later = backprop(f"q = 3*y; z = {number}*y; x = {number}; f = sum(q*x) + 3", y=5)
    for report in (first, later):
        node = report.nodes[report.graph.node("x")]
        assert (node.op, node.inputs) == ("input", ())
        assert np.array_equal(report.gradients["x"], np.full(np.shape(node.value), 15))
        assert 3 in [other.value for other in report.nodes if other.op == "constant"]
    assert first.value == later.value
    assert parse(Source(f"x = {number}; y = {number}; z = x*y")).ops[:2] == [INPUT, INPUT]


def test_a_second_name_for_a_value_is_a_node_of_its_own():
    report = backprop("a = x; b = a; c = b*a; d = c; d + c", x=3)
    assert [node.op for node in report.nodes] == ["input", "identity", "identity", "mul", "identity", "add"]
    assert report.gradients == {"x": 12}


@pytest.mark.parametrize(("text", "arrays"), [
    ("x*y + max(x, y)", False), ("f(u) = u^2; f(x)", False), ("sum(x, y)", False),
    ("sum(x*j for j in range(2))", False),
    ("[x, y]", True), ("x*[1, 2]", True), ("x.T*y", True), ("sum(x)*y", True), ("x @ y", True), ("x[0]", True),
    ("softmax(x)", True), ("one_hot(x, y)", True), ("f(u) = u.T; f(x)", True), ("q = [1]; x", True), ("l2(x)", True)])
def test_a_text_of_numbers_alone_has_no_arrays(text, arrays):
    assert parse(Source(text), ["x", "y"]).arrays == arrays


@pytest.mark.parametrize("text", ["a + b", "(a)*b", "b + a; 2", "q = b\nq*a", "a*b # twice", "max(a, b)", "[a, b][0]"])
def test_all_names_without_a_value_are_told_at_once(text):
    with pytest.raises(NoValue) as caught:
        backprop(text.replace("; 2", ""), {})
    assert {"a", "b"} <= set(caught.value.message.partition(": ")[2].split(", "))
