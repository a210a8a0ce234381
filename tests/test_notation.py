"""Notation: layout that means nothing, sums over an index as Python reads them, arrays however they are typed."""

import math
import random
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bpcalc import BpcalcError, backprop
from bpcalc.errors import Source
from bpcalc.lexer import OPERATORS, lex, split
from bpcalc.syntax import _sized, parse

BOUND = {"x": 1.5, "y": -0.5, "v": np.array([1.0, 2.0])}
PLAIN = [
    "q = x + y; r = q*(x - y/2); r^2 - q",
    "f(x, y) = (x + y)*sin(x - 2)^-2",
    "z = 3; w = 1/3; f = max(x, -y, (z)) - leaky_relu(-w, 0.5)*1.5e-3 + 2E+4 - x/-y",
    "pi*x - e; ",
    "f(y, x) = x",
]
CAREFUL = [
    *PLAIN,
    "g(u, v) = u*max(v, (u + 1)); h(w) = g(w, 2)^2; f = h(x) + g(x, y)*h(y)",
    "s = sum(x*j + (y) for j in range(1, 4) if (j != 2) for i in range(j)); s*2 + mse(x, 1)",
    "m = sum(v[0:1], axis=-1, keepdims=1); f = m*(v @ v.T) + max(v[1], v[-1]) > x",
    "d(p, t) = sum((p - t)**2); f = d(v, [1, 2]) + hinge(v, (0), 2)",
]
OPENING = ("(", "[")


def shape_of(text):
    """All that a text means: operations, arguments, names, statics, output."""
    graph = parse(Source(text), BOUND)
    names = {name: k for name, k in graph.symbols.items() if name[0].isalpha()}
    return repr((graph.ops, graph.a, graph.b, names, graph.inputs, graph.output, graph.statics))


def laid_out(text, between):
    """The text with what ``between`` gives for a token, whether it is in round brackets, and the next one."""
    tokens = lex(Source(text))
    made, pending = "", []
    for (token, start, end), (after, *_) in zip(tokens, [*tokens[1:], ("", 0, 0)]):
        if token[-1] in OPENING:
            pending.append(token[-1])
        elif token in (")", "]"):
            pending.pop()
        made += text[start:end] + between(token, bool(pending) and pending[-1] == "(", after)
    return made


@pytest.mark.parametrize("text", CAREFUL)
@pytest.mark.parametrize("blank", ["", "  ", "\t "])
def test_blanks_between_words_mean_nothing(text, blank):
    def between(token, inside, after):
        return blank or " " * (token[-1].isalnum() and after[:1].isalnum())

    assert shape_of(laid_out(text, between)) == shape_of(text)


@pytest.mark.parametrize("text", CAREFUL)
@pytest.mark.parametrize("line", ["\n", "\r\n", "  # a comment with ( and ;\n", "\n\n \n"])
def test_a_line_may_break_after_an_operator_and_in_round_brackets(text, line):
    goes_on = OPERATORS - {")", "]", ".T", ";"} | {"="}

    def between(token, inside, after):
        return line if inside or token in goes_on else " "

    assert shape_of(laid_out(text, between)) == shape_of(text)


@pytest.mark.parametrize("text", CAREFUL)
@pytest.mark.parametrize("line", ["\n", " # a comment\n", ";\n", "\n;;\n\n"])
def test_a_line_is_a_statement(text, line):
    assert shape_of(laid_out(text, lambda token, inside, after: " ").replace(";", line)) == shape_of(text)


@pytest.mark.parametrize("text", CAREFUL)
def test_brackets_around_a_value_mean_nothing(text):
    def wrapped(found):
        return f"({found[0]})"

    statements = text.split(";")                   # a head or a keyword has names that are no values
    for at, statement in enumerate(statements):
        head, equals, body = statement.rpartition(" = ")
        changed = re.sub(r"(?<![\w.=-])[xy](?![\w(])(?! for)", wrapped, body)
        again = ";".join([*statements[:at], head + equals + changed, *statements[at + 1:]])
        assert shape_of(again) == shape_of(text)


@pytest.mark.parametrize("text", [text for text in PLAIN if "z = " not in text] + [
    "2e-3*x", "2e+3*x", "2E-3*x", "2E+3*x", "a**b - 1e-3*x1e-5/.5 + 5.*2e+3",
    "f = (x1e-5)\n\n  ;q = f*e-1E-3;\n q\n", "sin(x)+max(x,1,\ty)"])
def test_the_quick_way_reads_all_of_the_plain_language_on_its_own(text):
    bound = frozenset(re.findall(r"\b(?:x|y|a|b|x1e)\b", text))
    quick = _sized(Source(text), lambda: split(text), bound, None)
    careful = parse(Source(text + "  # and so it is not plain"), bound)
    assert (quick.ops, quick.a, quick.b, quick.inputs) == (careful.ops, careful.a, careful.b, careful.inputs)


# --------------------------------------------------------------------------------- sums over an index
WHOLE = st.sampled_from(["0", "1", "2", "3", "-1", "-2", "(1 + 1)", "n"])
TERMS = ["i", "j", "i*j", "j**2 - i", "-i**2", "(i + 1)*(j - 2)", "2*i + n", "x*j", "abs(i - j)", "max(i, j, 1)", "n"]
TESTS = ["", "i != j", "(i < j)", "i >= 1", "i == 1", "(i - 1)*(i <= 2)", "i > n", "i"]
PYTHON = {"sum(": sum, "mean(": lambda given: sum(given) / len(given), "max(": max, "min(": min, "prod(": math.prod,
          "[": list, "stack(": list}


@st.composite
def ranges(draw, before):
    arguments = draw(st.lists(st.one_of(WHOLE, st.sampled_from(before or ["1"])), min_size=1, max_size=3))
    return f"range({', '.join(arguments)})"


@st.composite
def clauses(draw):
    first, second = draw(ranges([])), draw(ranges(["i", "i + 1", "-i"]))
    words = f"for i in {first}"
    test = draw(st.sampled_from([test for test in TESTS if "j" not in test]))
    words += f" if {test}" if test else ""
    words += f" for j in {second}"
    test = draw(st.sampled_from(TESTS))
    return words + (f" if {test}" if test else "")


@given(st.sampled_from(sorted(PYTHON)), st.sampled_from(TERMS), clauses())
@settings(max_examples=300, deadline=None)
def test_a_sum_over_an_index_is_pythons(opener, term, words):
    inner = f"[{term} {words}]"
    try:
        terms = eval(inner, {"range": range, "abs": abs, "max": max, "n": 2, "x": 1.5})  # noqa: S307 - made above
        expected = PYTHON[opener](terms) if terms or opener == "sum(" else None
    except ValueError as error:
        assert "must not be zero" in str(error)
        expected = None
    line = "\n" * (len(words) % 2)                 # comprehensions are often written so, in brackets of all kinds
    text = f"n = 2; 1*{opener}{term} {words.replace(' if', line + ' if')}{line}{']' if opener == '[' else ')'}"
    if expected is None:
        with pytest.raises(BpcalcError) as found:
            backprop(text, x=1.5)
        start, end = found.value.span
        assert text[start:end].startswith("for") == ("step" not in found.value.message)
    else:
        assert np.array_equal(backprop(text, x=1.5).value, expected)


@given(st.sampled_from(TERMS), clauses(), clauses())
@settings(max_examples=60, deadline=None)
def test_a_sum_in_a_sum_is_pythons(term, outer, inner):
    inner, term = (re.sub(r"\bi\b", "k", re.sub(r"\bj\b", "l", words)) for words in (inner, term))
    text = f"sum(i*sum({term} {inner}) + sum(j*k {inner}) {outer})"
    there = {"range": range, "abs": abs, "max": max, "n": 2, "x": 1.5, "total": sum}
    try:
        expected = eval(f"total([i*total([{term} {inner}]) + total([j*k {inner}]) {outer}])", there)  # noqa: S307
    except ValueError:
        return
    assert backprop(f"n = 2; {text}", x=1.5).value == expected


def test_a_sum_of_too_many_terms_is_refused_before_it_is_written_out(monkeypatch):
    text = f"sum({' + '.join(['x*j'] * 50)} for j in range(40))"
    assert backprop(text, x=1).value == 50 * 780
    monkeypatch.setattr("bpcalc.notation.LIMIT", 5_000)
    with pytest.raises(BpcalcError) as found:
        backprop(text, x=1)
    assert (found.value.code, found.value.message) == ("limit", "the sum has too many terms")
    assert text[slice(*found.value.span)] == "for"


@pytest.mark.parametrize("inside", ["len(v)", "1, 1 + len(v)", "2*len(v) - 1", "len(v)*len(W)", "len(W), len(v)",
                                    "(len(v))"])
def test_the_length_of_a_bound_array_is_known_to_a_range(inside):
    values = {"v": [1.0, 2.0, 4.0], "W": [[1.0], [3.0]]}
    there = eval(f"[j for j in range({inside})]", dict(values))  # noqa: S307 - made above
    assert backprop(f"0*v[0]*W[0, 0] + sum(j for j in range({inside}))", values).value == sum(there)


# ------------------------------------------------------------------------------------------- arrays
@st.composite
def arrays(draw):
    """An array's text, and the nested list that it stands for."""
    columns, rows = draw(st.integers(1, 4)), draw(st.integers(1, 3))
    numbers = {"1": 1, "2.5": 2.5, "-3": -3, "+4": 4, "-.5": -0.5, "1e-3": 0.001, "0": 0, "-2E2": -200}
    values = {**numbers, "x": 1.5, "-x": -1.5, "(x)": 1.5, "2*x": 3, "(1 - x)": -0.5, "max(x, 2)": 2, "v[1]": 2,
              "v[-1]": 2, "-(x)": -1.5}
    comma = draw(st.sampled_from([", ", ",", " ,  ", " ", "\t", "  "]))
    allowed = [word for word in draw(st.sampled_from([numbers, values])) if word[0] != "(" or "," in comma]
    entries = [[draw(st.sampled_from(allowed)) for _ in range(columns)] for _ in range(rows)]
    if draw(st.booleans()):                        # rows in brackets of their own
        text = f"[{draw(st.sampled_from([', ', ',', ',' + chr(10)])).join(f'[{comma.join(row)}]' for row in entries)}]"
        return text, [[values[word] for word in row] for row in entries]
    rows = draw(st.sampled_from(["; ", ";", "\n", " ;\n", "\n\n"]))
    text = f"[{draw(st.sampled_from(['', ' ', chr(10)]))}{rows.join(comma.join(row) for row in entries)}" \
           f"{draw(st.sampled_from(['', ' ', chr(10)]))}]"
    meant = [[values[word] for word in row] for row in entries]
    return text, meant if len(meant) > 1 else meant[0]


@given(arrays())
@settings(max_examples=400, deadline=None)
def test_an_array_means_its_entries_however_it_is_typed(array):
    text, meant = array
    found = backprop(f"{text}*1", x=1.5, v=[1, 2]).value
    assert np.array_equal(found, meant), text
    if not {"x", "v"} & set(text):
        assert len(parse(Source(text))) == 1, "an array of numbers is one constant"


@pytest.mark.parametrize("transposed", ["[[1 2; 3 4].T, [5 6; 7 8]]", "[[1, 2; 3, 4] .T, [5, 6; 7, 8]]"])
def test_what_is_transposed_in_an_array_is_an_entry_of_it(transposed):
    assert np.array_equal(backprop(f"{transposed}*x", x=1).value, [[[1, 3], [2, 4]], [[5, 6], [7, 8]]])


@pytest.mark.parametrize("seed", range(20))
def test_arithmetic_in_an_array_with_commas_is_arithmetic(seed):
    chance = random.Random(seed)
    words = [chance.choice(["1", "2.5", "x", "(x)", "3 ", "x"]) for _ in range(6)]
    signs = [chance.choice([", ", " - ", "-", " + ", "*", " *", ", -"]) for _ in words[1:]]
    inside = words[0] + "".join(sign + word for sign, word in zip(signs, words[1:]))
    assert np.array_equal(backprop(f"[0, {inside}]", x=1.5).value,
                          eval(f"[0, {inside}]", {"x": 1.5}))  # noqa: S307 - made above
