"""What is said besides the numbers: exactly where it is true, and once."""

import math

import numpy as np
import pytest

from bpcalc import backprop

from .array_programs import ArrayProgram

W, V = [[1, 2], [3, 4]], [1, 2]


# ---------------------------------------------------------------------------------- conventions at kinks
@pytest.mark.parametrize(("text", "values", "options", "told"), [
    ("q = relu(x); q*2", {"x": 0}, {}, ["q"]), ("q = relu(x); q*2", {"x": 0}, {"wrt": "q"}, []),
    ("q = relu(x); q*y", {"x": 0, "y": 1}, {"wrt": "y"}, []), ("q = relu(x); y", {"x": 0, "y": 1}, {}, []),
    ("q = relu(x); q + y", {"x": 0, "y": 1}, {}, ["q"]), ("q = max(x, y); q", {"x": 1, "y": 1}, {"wrt": "y"}, ["q"]),
    ("a = relu(x); b = abs(x - 1); a*b", {"x": 1}, {}, ["b"]),
    ("a = relu(x); b = abs(x); a + b", {"x": 0}, {}, ["a", "b"]),
    ("q = relu(1 - 1); q*x", {"x": 2}, {}, []), ("q = clip(x, 0, 1); q", {"x": 0.5}, {}, []),
    ("a = sqrt(x); b = relu(x); b", {"x": 0}, {}, ["b"]), ("a = relu(x); b = sqrt(y); b", {"x": 0, "y": 0}, {}, []),
    # The same with arrays, where nothing flows back to labels either.
    ("q = relu(v); sum(q)", {"v": [1, 0]}, {}, ["q"]), ("q = relu(v); sum(q)", {"v": [1, 0]}, {"wrt": "q"}, []),
    ("q = relu(v); sum(q)*y", {"v": [1, 0], "y": 2}, {"wrt": "y"}, []),
    ("q = relu(v); y", {"v": [1, 0], "y": 2}, {}, []), ("q = max(v); q", {"v": [2, 2]}, {}, ["q"]),
    ("q = max(W, axis=0); sum(q)", {"W": [[1, 2], [2, 2]]}, {}, ["q"]),
    ("q = max(W, axis=1); sum(q)", {"W": [[1, 2], [1, 2]]}, {}, []),
    ("q = relu(x); sum(v) + q", {"v": V, "x": 0}, {}, ["q"]),
    ("q = norm(v); q", {"v": [0, 0]}, {}, ["q"]), ("q = norm(v); q", {"v": [0, 1]}, {}, []),
    ("t = s[0]*1; q = t > 1; t*cross_entropy(s, q)", {"s": [1, 2]}, {}, []),
    ("q = s[0] > 1; cross_entropy(s, q)", {"s": [1, 2]}, {}, []), ("q = s[0] > 1; q*sum(s)", {"s": [1, 2]}, {}, ["q"]),
])
def test_a_convention_is_told_where_a_gradient_flows_through_it(text, values, options, told):
    report = backprop(text, values, **options)
    found = [report.label(note.node) for note in report.notes if note.code == "kink"]
    assert found == told


# --------------------------------------------------------------------------------- undefined and too large
@pytest.mark.parametrize(("text", "values", "options", "told"), [
    ("q = sqrt(x); q*y", {"x": 0, "y": 1}, {}, [("undefined", "q")]),
    ("q = sqrt(x); q*y", {"x": 0, "y": 1}, {"wrt": "y"}, []), ("q = sqrt(x); q*y", {"x": 0, "y": 1}, {"wrt": "q"}, []),
    ("q = x^y; q", {"x": -2, "y": 3}, {}, [("undefined", "q")]), ("q = x^y; q", {"x": -2, "y": 3}, {"wrt": "x"}, []),
    ("q = x*1e200; q*1e200", {"x": 1e-300}, {}, [("overflow", "x")]),
    ("q = x*1e200; q*1e200", {"x": 1e-300}, {"wrt": "q"}, []),
    ("q = sqrt(x); r = exp(y); q*r", {"x": 0, "y": 1}, {}, [("undefined", "q")]),
    ("a = sqrt(x); b = sqrt(y); b", {"x": 0, "y": 0}, {}, [("undefined", "b")]),
    # The same with arrays.
    ("q = sqrt(v); sum(q)*y", {"v": [1, 0], "y": 1}, {}, [("undefined", "q")]),
    ("q = sqrt(v); sum(q)*y", {"v": [1, 0], "y": 1}, {"wrt": "y"}, []),
    ("q = sqrt(v); sum(q)*y", {"v": [1, 0], "y": 1}, {"wrt": "q"}, []),
    ("q = sqrt(x); q*sum(v)", {"x": 0, "v": V}, {}, [("undefined", "q")]),
    ("q = v^u; sum(q)", {"v": [-2, 2], "u": [3, 1]}, {}, [("undefined", "q")]),
    ("q = v^u; sum(q)", {"v": [-2, 2], "u": [3, 1]}, {"wrt": "v"}, []),
    ("q = sqrt(v); r = exp(u); sum(q*r)", {"v": [1, 0], "u": V}, {}, [("undefined", "q")]),
    ("a = sqrt(v); b = sqrt(u); sum(b)", {"v": [1, 0], "u": [1, 0]}, {}, [("undefined", "b")]),
    ("q = sqrt(v); sum(q[[0]])", {"v": [1, 0]}, {}, [("undefined", "q")]),
    ("q = v*1e200; sum(q)*1e200", {"v": [1e-300, 1e-301]}, {}, [("overflow", "v")]),
    ("q = v*1e200; sum(q)*1e200", {"v": [1e-300, 1e-301]}, {"wrt": "q"}, []),
    ("q = x*1e200; q*1e200*sum(v)", {"x": 1e-300, "v": V}, {}, [("overflow", "x")]),
    # A structural operation lacks a derivative of its own; what is too large behind it is no fault of its.
    ("q = prod(v); q", {"v": [0, 1e200, 1e200]}, {}, [("overflow", "v"), ("undefined", "q")]),
    ("q = prod(W, axis=1); sum(q)", {"W": [[0, 1e200, 1e200], [1, 2, 3]]}, {}, [("overflow", "W"), ("undefined", "q")]),
    ("q = prod(W, axis=0); sum(q)", {"W": [[0, 1e200, 1e200], [1, 2, 3]]}, {}, []),
    ("q = W @ v; sum(q)*1e200*1e200", {"W": W, "v": [1e-300, 1e-300]}, {}, [("overflow", "W"), ("overflow", "v")]),
    ("q = W @ v; r = q*1e200; sum(r)*1e200", {"W": [[1e200, 2], [3, 4]], "v": [1e-300, 1e-300]}, {"wrt": "v"},
     [("overflow", "v")]),
    ("q = W @ v; sum(q*1e200)", {"W": [[1e200, 1], [1, 1]], "v": [1e-200, 0]}, {"wrt": "v"}, [("overflow", "v")]),
    ("q = [x, 4]; r = sqrt(q); sum(r)", {"x": 0}, {}, [("undefined", "r")]),
    ("q = sqrt(s[0]); s[y]*y + q", {"s": [0, 2], "y": 1}, {}, [("undefined", "q")]),
])
def test_what_is_undefined_or_too_large_is_told_of_once_and_at_its_node(text, values, options, told):
    report = backprop(text, values, **options)
    found = [(note.code, report.label(note.node)) for note in report.notes if note.code not in ("unused", "output")]
    assert sorted(found) == told


@pytest.mark.parametrize(("text", "values", "words"), [
    ("q = sqrt(v); sum(q)", {"v": [1, 0]},
     "the derivative of sqrt does not exist or is infinite at some of the entries"),
    ("q = v^u; sum(q)", {"v": [-2, 2], "u": [3, 1]},
     "the derivative of '^' with respect to u does not exist or is infinite at some of the entries"),
    ("q = v^(u*1); sum(q)", {"v": [-2, 2], "u": [3, 1]},
     "the derivative of '^' with respect to its argument 2 does not exist or is infinite at some of the entries"),
    ("q = v^x; sum(q)", {"v": [-2, 2], "x": 3},
     "the derivative of '^' with respect to x does not exist or is infinite at some of the entries"),
    ("q = x^v; sum(q)", {"v": [3, 2], "x": -2},
     "the derivative of '^' with respect to v does not exist or is infinite at some of the entries"),
    ("q = x^y; q*sum(v)", {"v": V, "x": -2, "y": 3},
     "the derivative of '^' with respect to y does not exist or is infinite at -2 and 3"),
    ("q = (-x)^0.5; q", {"x": 0},
     "the derivative of '^' with respect to its argument 1 does not exist or is infinite at "
                                  "0 and 0.5"),
    ("q = prod(v); q", {"v": [0, 1e200, 1e200]},
     "the derivative of prod does not exist or is infinite at some of the entries"),
])
def test_an_undefined_derivative_says_of_which_argument_and_where(text, values, words):
    found = [note.message for note in backprop(text, values).notes if note.code == "undefined"]
    assert found == [words]


# Functions of one number, and points of which at some there is no derivative.
POINTWISE = [("sqrt(x)", [0, 1, 4, 0]), ("cbrt(x) + x", [0, -1, 8]), ("x^0.5*2", [0, 1, 0]),
             ("asin(x)", [1, 0, -1, 0.5]),
             ("0*sqrt(x)", [0, 1]), ("asin(step(x))", [2, -1]), ("hypot(x, 0)*3", [0, 1]), ("acosh(x) - x", [1, 2]),
             ("(x*1e200)*1e200", [1e-300, 1e-310, 0]), ("1/x", [1e-200, 1, -1e-200]), ("sqrt(x)*x", [0, 1]),
             ("tanh(x) + relu(x)", [1, -1])]


@pytest.mark.parametrize(("text", "points"), POINTWISE)
def test_an_entry_lacks_a_gradient_where_the_number_alone_does(text, points):
    alone = [backprop(text, x=x).gradients["x"] for x in points]
    report = backprop(f"sum({text})", x=points)
    found = report.gradients["x"]
    assert [None if math.isnan(one) else one for one in found] == pytest.approx(alone)
    assert not np.isinf(found).any()
    assert bool({"undefined", "overflow"} & {note.code for note in report.notes}) == (None in alone)
    for node in report.nodes:
        assert node.gradient is None or not np.isinf(node.gradient).any()
    for edge in report.edges:
        assert edge.product is None or not np.isinf(edge.product).any()


@pytest.mark.parametrize(("text", "points"), POINTWISE)
def test_a_number_beside_an_array_lacks_a_gradient_where_it_does_alone(text, points):
    for x in points:
        alone, beside = backprop(text, x=x), backprop(f"({text}) + sum(v)", x=x, v=[1, 2])
        assert beside.gradients["x"] == alone.gradients["x"]
        for code in ("undefined", "kink"):
            assert [note.code for note in beside.notes].count(code) == [note.code for note in alone.notes].count(code)
        assert bool(beside.notes) == bool(alone.notes)
        pairs = [(edge.local, edge.upstream, edge.product) for edge in alone.edges]
        assert [(edge.local, edge.upstream, edge.product) for edge in beside.edges][:len(pairs)] == pairs


@pytest.mark.parametrize("seed", range(20))
def test_a_run_without_anything_undefined_says_nothing_of_it(seed):
    program = ArrayProgram(seed)
    report = backprop(program.text, program.values)
    assert all(np.isfinite(gradient).all() for gradient in report.gradients.values())
    assert {note.code for note in report.notes} <= {"unused", "kink", "entrywise"}


# --------------------------------------------------------------------------------------- entry by entry
@pytest.mark.parametrize(("text", "values", "told"), [
    ("sum(A^-1)", {"A": W}, True), ("sum(A^p)", {"A": W, "p": -1}, True), ("sum(A^p)", {"A": W, "p": 1}, False),
    ("sum(A^-1)", {"A": [[1, 2, 3], [4, 5, 6]]}, False), ("sum(A^-1)", {"A": [[2]]}, False),
    ("sum(A^-1)", {"A": V}, False), ("sum(A^-1)", {"A": [W, W]}, False),
    ("sum(A^p)", {"A": W, "p": [[-1, -1], [-1, -1]]}, False), ("sum(A^p)", {"A": W, "p": [-1]}, False),
    ("sum(p^A)", {"A": W, "p": 2}, False), ("x^-1 + sum(A)", {"A": W, "x": 2}, False),
    # A matrix and a vector that both are given, or a dot.
    ("sum(A*x)", {"A": W, "x": V}, True), ("sum(A*x)", {"A": [[1, 2, 3], [4, 5, 6]], "x": [1, 2, 3]}, True),
    ("sum(A*x)", {"A": [[1, 2, 3], [4, 5, 6]], "x": [[1], [2]]}, False), ("sum(A*log(x))", {"A": W, "x": V}, False),
    ("sum((A + 1)*x)", {"A": W, "x": V}, False), ("sum(A*x)", {"A": [W, W], "x": V}, False),
    ("sum(A*x)", {"A": W, "x": 2}, False), ("sum(x*A)", {"A": W, "x": 2}, False), ("sum(x·A)", {"A": W, "x": V}, True),
    ("sum(A·log(x))", {"A": W, "x": V}, True), ("sum(log(x)·log(x))", {"x": V}, False), ("sum(x·x)", {"x": V}, True),
    ("sum(A·x)", {"A": [W, W], "x": V}, True), ("sum(A·log(x))", {"A": [W, W], "x": V}, False),
    ("sum(A+x)", {"A": W, "x": V}, False), ("sum(A·x)", {"A": W, "x": 2}, False),
])
def test_what_could_be_meant_as_linear_algebra_is_told_of(text, values, told):
    report = backprop(text, values)
    found = [note for note in report.notes if note.code == "entrywise"]
    assert len(found) == told
    if told:
        row = report.graph.row(found[0].node)
        assert row.name in ("mul", "pow")
        assert ("inverse" in found[0].message, "@" in found[0].message) == (row.name == "pow", row.name == "mul")


def test_what_works_by_entry_is_told_of_once_for_each_kind():
    """The same slip comes in every layer: once is enough, where it comes first."""
    report = backprop("s = A·x; t = A·s; u = A^-1; v = u·t + A^-1 @ x; sum(A·v)", A=W, x=V)
    found = [note for note in report.notes if note.code == "entrywise"]
    assert [report.label(note.node) for note in found] == ["s", "u"]


def test_a_power_of_matrices_by_matrices_goes_entry_by_entry():
    found = backprop("sum(A^P)", A=W, P=[[2, 0.5], [-1, -1]])
    assert found.value == pytest.approx(1 + math.sqrt(2) + 1 / 3 + 1 / 4)
    assert found.gradients["A"] == pytest.approx(np.array([[2, 0.5 / math.sqrt(2)], [-1 / 9, -1 / 16]]))
    assert found.gradients["P"] == pytest.approx(np.array([[0, math.sqrt(2) * math.log(2)],
                                                           [math.log(3) / 3, math.log(4) / 4]]))


# ------------------------------------------------------------------------------------- an output that is an array
@pytest.mark.parametrize(("text", "values", "options", "told"), [
    ("v*2", {"v": V}, {}, True), ("v*2", {"v": V}, {"upstream": 3}, True),
    ("v*2", {"v": V}, {"upstream": [1, 2]}, False),
    ("sum(v)", {"v": V}, {}, False), ("sum(v)", {"v": V}, {"upstream": 3}, False), ("W", {"W": W}, {}, True),
])
def test_an_output_that_is_an_array_is_told_of_unless_its_gradient_was_given(text, values, options, told):
    report = backprop(text, values, **options)
    found = [note for note in report.notes if note.code == "output"]
    assert len(found) == told
    for note in found:
        assert note.node == report.graph.output
        assert str(np.shape(report.value)) in note.message
