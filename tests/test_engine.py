"""Forward and backward against published numbers, high-precision arithmetic, and their own algebra."""

import json
import math
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bpcalc import BpcalcError, backprop

from .oracles import Program

PUBLISHED = [json.loads(line) for line in
             (Path(__file__).parent / "data" / "published.jsonl").read_text(encoding="utf-8").splitlines()]


def close(found, exact, relative=1e-12):
    return found == pytest.approx(exact, rel=relative, abs=1e-300)


@pytest.mark.parametrize("example", PUBLISHED, ids=[example["id"] for example in PUBLISHED])
def test_published_examples(example):
    """Values and gradients as printed, to the printed digits, and to 1e-12 of exact arithmetic."""
    report = backprop(example["expr"], example["bindings"])
    free = set(example.get("undefined", []))
    exact, tolerance = example["exact"], example["tol"]
    wrong = {erratum["what"] for erratum in example.get("errata", [])}
    assert close(report.value, exact["value"])
    if example["value"] is not None and "value" not in wrong:
        assert report.value == pytest.approx(example["value"], abs=tolerance)
    for name, gradient in exact["grads"].items():
        if name not in free:
            assert close(report.gradients[name], gradient), name
    for name, gradient in example["grads"].items():
        if gradient is not None and name not in free:
            assert report.gradients[name] == pytest.approx(gradient, abs=tolerance), name
    for name, node in exact["nodes"].items():
        k = report.graph.node(name)
        assert close(report.trace.values[k], node["value"]), name
        assert close(report.gradient(k), node["grad"]), name


@pytest.mark.parametrize("seed", range(400))
def test_random_programs_agree_with_high_precision(seed):
    program = Program(seed)
    report = backprop(program.text, program.inputs)      # every program stays inside every domain
    exact = program.evaluate(program.inputs)
    scale = max(abs(float(value)) for value in exact.values())
    for name, value in exact.items():
        k = report.graph.node(name)
        if k is not None:
            assert report.trace.values[k] == pytest.approx(float(value), rel=1e-9, abs=1e-12 * scale), name
    if any(note.code != "unused" for note in report.notes):
        return
    size = max([1.0, *(abs(node.gradient or 0.0) for node in report.nodes)])
    for name, gradient in report.gradients.items():
        assert gradient == pytest.approx(float(program.gradient(name)), rel=1e-8, abs=1e-11 * size * scale), name


@pytest.mark.parametrize("seed", range(60))
def test_a_gradient_is_the_sum_of_the_products_that_arrive(seed):
    program = Program(seed, size=20)
    report = backprop(program.text, program.inputs)
    arriving = {}
    for edge in report.edges:
        assert edge.product == edge.upstream * edge.local
        arriving.setdefault(edge.input, []).append(edge.product)
    for node in report.nodes:
        if node.id in arriving:
            assert node.gradient == pytest.approx(math.fsum(arriving[node.id]), rel=1e-11, abs=1e-12)
        elif node.id == report.graph.output:
            assert node.gradient == 1


@given(st.floats(-1e6, 1e6))
@settings(max_examples=50)
def test_gradients_are_linear_in_the_upstream(upstream):
    expression, values = "tanh(a*b) + a/b + max(a, b)", {"a": 0.75, "b": -1.25}
    one = backprop(expression, values).gradients
    scaled = backprop(expression, values, upstream=upstream).gradients
    for name, gradient in one.items():
        assert scaled[name] == pytest.approx(upstream * gradient, rel=1e-12, abs=1e-300)


@pytest.mark.parametrize("seed", range(40))
def test_renaming_adding_zero_and_multiplying_by_one_change_no_number(seed):
    program = Program(seed)
    before = backprop(program.text, program.inputs)
    last = program.text.replace("; ", "\n").rsplit("out = ", 1)
    renamed = re.sub(r"\bx(?=\d)", "W1_x", last[0] + "out = 1*(" + last[1] + ") + 0")
    after = backprop(renamed, {name.replace("x", "W1_x"): value for name, value in program.inputs.items()})
    assert after.value == before.value
    assert list(after.gradients.values()) == list(before.gradients.values())


@pytest.mark.parametrize("seed", range(60))
def test_a_nodes_text_and_its_span_evaluate_to_its_value(seed):
    program = Program(seed, size=8)
    report = backprop(program.text, program.inputs)
    names = {report.label(k): report.trace.values[k] for k in report.graph.names}
    source = report.graph.source.text
    for node in report.nodes:
        span = report.span(node.id)
        pieces = [node.text] if node.name is None or node.inputs else []
        if node.inputs and span:
            pieces.append(source[span[0]:span[1]])
        for text in pieces:
            if text is None:
                continue
            alone = backprop(text, {name: value for name, value in names.items() if name != node.name})
            assert alone.value == pytest.approx(node.value, rel=1e-15)
            if node.inputs and node.op != "identity":
                assert alone.nodes[alone.graph.output].op == node.op


def test_only_what_was_asked_for_has_a_gradient():
    report = backprop("(x+y)*z", x=-2, y=5, z=-4, wrt=["x", "z"])
    assert report.gradients == {"x": -4, "z": 3}
    assert report.nodes[1].gradient is None
    assert {edge.input for edge in report.edges} == {0, 2, 3}


def test_a_gradient_with_respect_to_a_named_step():
    report = backprop("q = x+y; f = q*q", x=1, y=2, wrt=["q"])
    assert report.gradients == {"q": 6}


def test_a_name_given_a_number_in_the_text_is_a_variable():
    report = backprop("k = 3; third = 1/3; f = k*x*third", x=2)
    assert report.gradients == pytest.approx({"x": 1, "k": 2 / 3, "third": 6})
    assert backprop("f = 3*x", x=2).gradients == {"x": 3}


@pytest.mark.parametrize(("expression", "values", "gradients"), [
    ("relu(x)", {"x": 0}, {"x": 0}),
    ("abs(x)", {"x": 0}, {"x": 0}),
    ("max(x, y)", {"x": 1, "y": 1}, {"x": 0.5, "y": 0.5}),
    ("min(x, y, z)", {"x": 1, "y": 1, "z": 1}, {"x": 1 / 3, "y": 1 / 3, "z": 1 / 3}),
    ("max(x, x)", {"x": 1}, {"x": 1}),
    ("clip(x, 0, 1)", {"x": 1}, {"x": 1}),
    ("leaky_relu(x)", {"x": 0}, {"x": 0.01}),
    ("sign(x) + step(x)", {"x": 0}, {"x": 0}),
])
def test_kinks_follow_the_convention_and_a_note_says_so(expression, values, gradients):
    report = backprop(expression, values)
    assert report.gradients == pytest.approx(gradients)
    assert "kink" in {note.code for note in report.notes}


def test_no_note_without_a_kink():
    assert backprop("relu(x) + max(x, y)", x=1, y=2).notes == []
    assert backprop("relu(x)*y", x=0, y=2, wrt=["y"]).notes == []


@pytest.mark.parametrize(("expression", "values", "undefined"), [
    ("sqrt(x)", {"x": 0}, {"x"}),
    ("a^b", {"a": -2, "b": 3}, {"b"}),
    ("x^0.5", {"x": 0}, {"x"}),
    ("asin(x)", {"x": 1}, {"x"}),
    ("hypot(x, y)", {"x": 0, "y": 0}, {"x", "y"}),
    ("0*sqrt(x)", {"x": 0}, {"x"}),
    ("y*sqrt(x)", {"x": 0, "y": 0}, {"x"}),
    ("cbrt(x) + x", {"x": 0}, {"x"}),
    ("1/x", {"x": 1e-200}, {"x"}),
])
def test_a_derivative_that_does_not_exist_is_undefined_and_a_note_says_why(expression, values, undefined):
    report = backprop(expression, values)
    assert {name for name, gradient in report.gradients.items() if gradient is None} == undefined
    assert {note.code for note in report.notes} & {"undefined", "overflow"}


@pytest.mark.parametrize("expression", ["asin(step(x))", "acosh(sign(x))", "sqrt(step(-x))*x"])
def test_an_undefined_gradient_stays_undefined_on_its_way_through_a_flat_step(expression):
    report = backprop(expression, x=2)
    assert report.gradients == {"x": None}
    assert None in [edge.product for edge in report.edges if edge.input == 0]


def test_no_derivative_is_computed_into_a_constant():
    report = backprop("x^3", x=-2)
    assert report.gradients == {"x": 12}
    assert report.notes == []
    assert backprop("x^y", x=-2, y=3, wrt=["x"]).notes == []


@pytest.mark.parametrize("text", [
    "x*y + 2", "2*x^3 - x", "(1 + 2)*x", "x + 2*3*4*y", "max(1, 2, 3)*x", "max(1, x, 3)", "clip(x, 0, 1)*clip(1, 2, 3)",
    "sin(2)*x", "-2*x", "c = 3; c*x", "third = 1/3; third*x + 2*3", "q = x; q*2^3", "1 + 2",
])
def test_a_node_has_a_gradient_exactly_if_it_depends_on_a_variable(text):
    report = backprop(text, {name: value for name, value in {"x": 0.7, "y": -1.3}.items() if name in text})
    variables = {name for name in (*report.graph.inputs, "c", "third") if report.graph.node(name) is not None}
    depends = {report.graph.node(name) for name in variables}
    for node in report.nodes:
        if not depends.isdisjoint(node.inputs):
            depends.add(node.id)
    assert {node.id for node in report.nodes if node.live} == depends
    assert report.gradients.keys() == variables


def test_a_step_that_does_not_reach_the_output_spoils_nothing():
    report = backprop("a = sqrt(x); f = 2*x", x=0)
    assert report.gradients == {"x": 2}
    assert [note.code for note in report.notes] == ["unused"]
    assert [note.code for note in backprop("a = relu(x); f = 2*x", x=0).notes] == ["unused"]


def test_a_step_that_does_not_reach_the_output_has_products_of_zero():
    report = backprop("a = 3*y; f = sqrt(x)", x=0, y=1)
    assert {report.label(edge.node): edge.product for edge in report.edges} == {"a": 0, "f": None}


def test_zero_has_no_sign():
    assert backprop("atan2(-x, -1)", x=0).value == math.pi
    assert backprop("atan2(-x, -x)", x=0).value == 0
    with pytest.raises(BpcalcError) as found:
        backprop("1/(-x)", x=0)
    assert found.value.hint == "here -x = 0"


@pytest.mark.parametrize(("expression", "values", "span", "words"), [
    ("1 + x/y", {"x": 1, "y": 0}, "x/y", "division by zero"),
    ("relu(x)/y", {"x": 0, "y": 0}, "relu(x)/y", "division by zero"),
    ("sin(log(x - 2)*3)", {"x": 1}, "log(x - 2)", "needs a positive number"),
    ("x*(y*y)", {"x": 1, "y": 1e200}, "y*y", "too large"),
    ("(x)**(y)", {"x": -8, "y": 1 / 3}, "(x)**(y)", "not whole"),
    ("2 + exp(x*x)", {"x": 100}, "exp(x*x)", "too large"),
    ("min(1, 1/(x*1e300))", {"x": 1e10}, "x*1e300", "too large"),
    ("clip(x, 2, 1)", {"x": 1}, "clip(x, 2, 1)", "lower bound"),
    ("0^x", {"x": -1}, "0^x", "zero to a negative power"),
    ("t = log(x); x", {"x": -1}, "log(x)", "needs a positive number"),
    ("t = 1/x; u = t + 1; t", {"x": 0}, "1/x", "division by zero"),
    ("t = 2; u = sqrt(x); 3", {"x": -1}, "sqrt(x)", "not negative"),
])
def test_a_value_that_does_not_exist_is_an_error_at_its_operation(expression, values, span, words):
    with pytest.raises(BpcalcError) as found:
        backprop(expression, values)
    error = found.value
    assert error.code == "domain"
    assert words in error.message
    assert expression[error.span[0]:error.span[1]] == span
    assert " = " in error.hint


def test_far_out_nothing_overflows_on_the_way():
    for expression, x, value in (("sigmoid(x)", 1000, 1), ("sigmoid(x)", -1000, 0), ("softplus(x)", 1000, 1000),
                                 ("tanh(x)", -1000, -1), ("silu(x)", -1000, 0), ("logsigmoid(x)", -1000, -1000),
                                 ("gelu(x)", 1e300, 1e300), ("hypot(x, x)", 1e200, math.hypot(1e200, 1e200))):
        report = backprop(expression, x=x)
        assert report.value == value
        assert report.gradients["x"] is not None


@pytest.mark.slow
@pytest.mark.parametrize(("text", "value", "gradient"), [
    ("(" * 100_000 + "x" + ")" * 100_000, 1, 1),
    ("-" * 100_000 + "x", 1, 1),
    ("sin(" * 100_000 + "x" + ")" * 100_000, None, None),
    ("+".join(["x*x"] * 100_000), 100_000, 200_000),
    ("^".join(["x"] * 50_000), 1, 1),
    ("max(" + ",".join(["x"] * 100_000) + ")", 1, 1),
    ("\n".join(["a0 = x", *(f"a{i} = a{i - 1} + x" for i in range(1, 100_000))]), 100_000, 100_000),
], ids=["brackets", "minus", "nest", "sum", "tower", "ties", "statements"])
def test_size_and_depth_are_ordinary(text, value, gradient):
    report = backprop(text, x=1)
    if value is None:
        x, slope = 1.0, 1.0
        for _ in range(100_000):
            slope *= math.cos(x)
            x = math.sin(x)
        value, gradient = x, slope
    assert report.value == pytest.approx(value)
    assert report.gradients["x"] == pytest.approx(gradient)


def test_a_variable_with_its_value_in_the_text_has_a_gradient_where_no_number_is_left_over():
    assert backprop("a = 3; a*x", x=2).gradients == {"x": 3, "a": 2}
    assert backprop("a = 3; b = 4; a*b").gradients == {"a": 4, "b": 3}


def test_a_gradient_that_is_too_large_is_told_from_one_that_does_not_exist():
    report = backprop("(x*1e200)*1e200", x=1e-300)
    assert report.gradients == {"x": None}
    assert [note.code for note in report.notes] == ["overflow"]
    assert [note.code for note in backprop("sqrt(x)", x=0).notes] == ["undefined"]


def test_what_is_undefined_or_too_large_makes_a_sum_undefined():
    gradients = backprop("x*y", x=1, y=2)._gradients
    assert gradients.plus(1.0, 2.5) == 3.5
    assert gradients.plus(1.0, None) is None
    assert gradients.plus(None, 1.0) is None
    assert gradients.plus(1e308, 1e308) is None


def test_an_error_comes_without_what_led_to_it_inside():
    import traceback

    for text in ("2x", "x +", "log(x) +", "[1, 2]@[x]"):
        with pytest.raises(BpcalcError) as found:
            backprop(text, x=1)
        assert "During handling" not in "".join(traceback.format_exception(found.value))


def test_a_product_that_is_undefined_or_too_large_is_undefined():
    gradients = backprop("x*y", x=1, y=2)._gradients
    assert gradients.times(2.0, 1.5) == 3.0
    assert gradients.times(None, 1.0) is None
    assert gradients.times(1.0, None) is None
    assert gradients.times(1e308, -10.0) is None
    report = backprop("(x*1e200)*1e200", x=1e-300)
    assert [edge.product for edge in report.edges] == [None, 1e200]


def test_what_the_output_does_not_depend_on_counts_for_nothing():
    report = backprop("a = sqrt(x); b = sqrt(y); f = 2*b", x=0, y=0)
    assert report.gradients == {"x": 0, "y": None}
    assert [report.label(note.node) for note in report.notes if note.code == "undefined"] == ["b"]


def test_an_undefined_derivative_says_of_which_argument_and_where():
    (note,) = backprop("(x*1)^(y*1)", x=0, y=0.5).notes
    assert note.message == \
        "the derivative of '^' with respect to its argument 1 does not exist or is infinite at 0 and 0.5"
    (note,) = backprop("sqrt(-x)", x=0).notes
    assert note.message == "the derivative of sqrt does not exist or is infinite at 0"


@pytest.mark.parametrize(("text", "values"), [
    ("y*sqrt(x*1) + y", {"x": 0, "y": 2}), ("(x*1e200)*1e200*y", {"x": 1e-300, "y": 0}),
    ("max(x, y, z)*sqrt(z)", {"x": 1, "y": 1, "z": 0}), ("a = sqrt(x); b = a*y; y", {"x": 0, "y": 1}),
    ("(x - y)*clip(x, y, 3) + x/y + x^y + huber(x, y)", {"x": 2, "y": 2}), ("min(x, x, y, 2)*2", {"x": 1, "y": 1}),
])
def test_a_run_is_streamed_as_it_is_looked_up_also_where_something_is_undefined(text, values):
    for name in [None, *values]:
        report = backprop(text, values, wrt=name)
        gradients = report._gradients
        assert list(gradients.each()) == [gradients.at(k) for k in range(len(report))]
        assert [edge.product for edge in report.edges] == [product for *_, product in report.each_flow()]
        assert [edge.product for edge in report.edges] == \
            [gradients.product(edge.node, edge.slot, edge.local) for edge in report.edges]
        for node, found in zip(report.nodes, gradients.each_locals()):
            assert [gradients.local(node.id, slot) for slot in range(len(node.inputs))] == list(found)
            assert gradients.locals(node.id) == [local if report.is_live(i) else None
                                                 for i, local in zip(node.inputs, found)]
            assert node.gradient is None or (node.live and math.isfinite(node.gradient))


def test_what_is_undefined_has_no_product_on_its_way_on():
    for text, values in (("sqrt(x*1)*y", {"x": 0, "y": 2}), ("sqrt(x*1)*sum(v)", {"x": 0, "v": [1, 2]}),
                         ("sum(sqrt([x*1, 4]))", {"x": 0}), ("sum([x*1e200, 4]*1e200*v)", {"x": 1e-300, "v": [1, 2]})):
        report = backprop(text, values)
        (edge,) = [edge for edge in report.edges if edge.input == report.graph.node("x")]
        assert edge.local in (1, 1e200)
        assert edge.product is None
        assert report.gradients["x"] is None


def test_an_undefined_local_gradient_has_no_product_beside_arrays_either():
    report = backprop("sqrt(x)*sum(v)", x=0, v=[1, 2])
    (edge,) = [edge for edge in report.edges if edge.input == report.graph.node("x")]
    assert (edge.local, edge.product) == (None, None)
    assert report.gradients["x"] is None


def test_a_label_takes_no_part_in_the_backward_pass():
    report = backprop("cross_entropy(s*2, y + 0)", s=[1, 2], y=1)
    label = report.graph.node("y")
    assert not report.is_live(label)
    assert label not in {edge.input for edge in report.edges if edge.product is not None}
    assert set(report.gradients) == {"s"}


def test_an_error_quotes_the_beginning_and_the_end_of_a_long_argument():
    long = "+".join(f"v{i}" for i in range(30))
    with pytest.raises(BpcalcError) as caught:
        backprop(f"({long})@w", {f"v{i}": [1, 2] for i in range(30)}, w=[1, 2, 3])
    assert f"{long[:20]}…{long[-15:]}" in caught.value.hint
