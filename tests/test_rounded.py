"""Hand arithmetic: D decimals at every step, half away from zero, and the drift from the exact run."""

import json
import random
import re
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction

import pytest

from bpcalc import BpcalcError, backprop
from bpcalc.paths import Paths
from bpcalc.rounded import half_away
from bpcalc.written import Written

from .oracles import Program

NEURON = ("s = w0*x0 + w1*x1 + w2; f = sigmoid(s)", {"w0": 2, "x0": -1, "w1": -3, "x1": -2, "w2": -3})


def text(number):
    return number.text if isinstance(number, Written) else f"{number:g}"


@pytest.mark.parametrize(("value", "decimals", "rounded"), [
    ("0.125", 2, "0.13"), ("-0.125", 2, "-0.13"), ("0.135", 2, "0.14"), ("2.5", 0, "3"), ("-2.5", 0, "-3"),
    ("0.1249999999999999999", 2, "0.12"), ("1.005", 2, "1.01"), ("-0.004", 2, "0"), ("0.005", 2, "0.01"),
    ("1e20", 3, "1e20"), ("0.05", 1, "0.1"), ("-0.05", 1, "-0.1")])
def test_borders_are_rounded_away_from_zero(value, decimals, rounded):
    assert half_away(Fraction(value), decimals) == Fraction(rounded)


@pytest.mark.parametrize(("expression", "values", "decimals", "shown"), [
    ("x*y", {"x": 1.15, "y": 1.3}, 2, "1.50"),              # 1.495; the product of the doubles is below it
    ("x - y", {"x": 1000.1, "y": 1000.05}, 1, "0.1"),       # 0.05; of the doubles 0.04999…
    ("x + y", {"x": 0.1, "y": 0.05}, 1, "0.2"),
    ("x^2", {"x": 1.15}, 3, "1.323"),                       # 1.3225
    ("x^-1", {"x": 3.2}, 3, "0.313"),                       # 0.3125
    ("x/y", {"x": 0.07, "y": 0.4}, 2, "0.18"),
    ("sqrt(x)", {"x": 0.1225}, 1, "0.4"),                   # 0.35
    ("1.005*x", {"x": 1}, 2, "1.01"),
    ("x*y", {"x": -0.5, "y": 0.01}, 2, "-0.01"),
    ("x*y", {"x": -0.4, "y": 0.01}, 2, "0.00"),             # zero has no sign
    ("x*y", {"x": 0.5, "y": 0.4}, 2, "0.2"),                # nothing was rounded: no zeros behind it
    ("log10(x)", {"x": 1000}, 2, "3"),
    ("x*2", {"x": 1.5}, 0, "3"),
    ("x*pi", {"x": 1}, 2, "3.14"),
    ("x*1e-3", {"x": 0.5}, 3, "0.001"),
    ("x", {"x": 0.12345}, 2, "0.12345")])                   # given, not computed
def test_what_a_hand_writes(expression, values, decimals, shown):
    assert text(backprop(expression, values).rounded(decimals).value) == shown


def test_the_sigmoid_circuit_as_it_was_printed():
    # CS231n's slide chains a rounded 0.20; its notes have 0.39, -0.39 and -0.59.
    report = backprop(*NEURON).rounded(2)
    assert {name: text(number) for name, number in report.gradients.items()} == {
        "w0": "-0.20", "x0": "0.40", "w1": "-0.40", "x1": "-0.60", "w2": "0.20"}


def quantized(number, decimals):
    return number.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)


@pytest.mark.parametrize("seed", range(60))
def test_every_step_is_the_exact_step_rounded(seed):
    # An oracle in Python's decimal arithmetic, over random circuits of + - * / with decimal numbers.
    rng = random.Random(seed)
    decimals = rng.randint(0, 4)
    inputs = {f"x{i}": f"{rng.uniform(-3, 3):.{rng.randint(0, 3)}f}" for i in range(3)}
    names, steps = list(inputs), []
    for i in range(8):
        a, b, sign = rng.choice(names), rng.choice(names), rng.choice("+-*/")
        steps.append((f"t{i}", a, sign, b))
        names.append(f"t{i}")
    expression = "; ".join(f"{name} = {a} {sign} {b}" for name, a, sign, b in steps)
    with localcontext() as context:
        context.prec = 60
        values = {name: Decimal(value) for name, value in inputs.items()}
        rules = {"+": lambda a, b: (a + b, 1, 1), "-": lambda a, b: (a - b, 1, -1), "*": lambda a, b: (a * b, b, a),
                 "/": lambda a, b: (a / b, 1 / b, -a / b**2)}
        locals_ = {}
        try:
            for name, a, sign, b in steps:
                value, *partials = rules[sign](values[a], values[b])
                values[name] = quantized(value, decimals)
                locals_[name] = [quantized(Decimal(partial), decimals) for partial in partials]
            report = backprop(expression, {name: float(value) for name, value in inputs.items()}).rounded(decimals)
        except ArithmeticError:
            return
        except BpcalcError as error:
            pytest.fail(str(error)) if all(values[b] for _, _, sign, b in steps if sign == "/") else None
            return
        grads = {name: Decimal(0) for name in values}
        grads["t7"] = Decimal(1)
        for name, a, _, b in reversed(steps):
            for arg, local in zip((a, b), locals_[name]):
                grads[arg] += quantized(grads[name] * local, decimals)
    for k, name in report.graph.names.items():
        assert Decimal(repr(float(report.trace.values[k]))) == values[name]
        if report.gradient(k) is not None:
            assert Decimal(repr(float(report.gradient(k)))) == grads[name]


@pytest.mark.parametrize("seed", range(40))
def test_with_many_decimals_a_rounded_run_is_the_exact_one(seed):
    program = Program(seed)
    exact = backprop(program.text, program.inputs)
    report = exact.rounded(13)
    assert report.value == pytest.approx(exact.value, rel=1e-9, abs=1e-9)
    for name, gradient in exact.gradients.items():
        assert report.gradients[name] == pytest.approx(gradient, rel=1e-6, abs=1e-8)


@pytest.mark.parametrize("seed", range(20))
def test_no_computed_number_has_more_decimals(seed):
    program = Program(seed)
    try:
        report = backprop(program.text, program.inputs).rounded(2)
    except BpcalcError as error:
        assert "carry more decimals" in error.hint
        return
    computed = [report.trace.values[k] for k in range(len(report)) if report.graph.args(k)]
    for edge in report.edges:
        computed += [edge.local, edge.product]
    for number in computed:
        assert number is None or abs(number * 100 - round(number * 100)) < 1e-9 * max(1, abs(number))


def test_drift_is_carried_minus_exact_and_only_what_has_drifted_is_listed():
    report = backprop(*NEURON).rounded(2)
    found = {(drift.kind, report.label(drift.node)): drift for drift in report.drifts()}
    assert ("value", "s") not in found
    assert found["value", "f"].drift == pytest.approx(0.73 - 0.7310585786300049)
    assert found["gradient", "x1"].exact == pytest.approx(-0.5898357997244456)
    assert list(backprop("x*y + 0.1", x=0.1, y=0.2).rounded(2).drifts()) == []


def test_noise_of_floating_point_is_not_drift():
    assert list(backprop("0.1*x + 0.2 - 0.3", x=1).rounded(3).drifts()) == []


def test_a_wide_maximum_of_longer_numbers_still_knows_its_winner():
    report = backprop("max(x, y, z)", x=0.125, y=0.1, z=0).rounded(2)
    assert text(report.value) == "0.13"
    assert report.gradients == {"x": 1.0, "y": 0.0, "z": 0.0}
    assert not report.notes


def test_sums_and_means_of_many():
    report = backprop("sum(x, y, z)*mean(x, y, z)", x=1, y=2.5, z=0.25).rounded(2)
    assert [text(report.trace.values[k]) for k in range(3, 6)] == ["3.75", "1.25", "4.69"]
    assert {name: text(number) for name, number in report.gradients.items()} == dict.fromkeys("xyz", "2.49")


def test_a_number_that_rounds_to_zero_meets_the_kink():
    assert [note.code for note in backprop("relu(x*y)", x=0.01, y=0.1).rounded(2).notes] == ["kink"]


def test_a_step_that_no_longer_exists_says_so(bpcalc):
    ran = bpcalc("q = x*y; f = 1/q", "x=0.01", "y=0.1", "--round", "2")
    assert ran.code == 2
    assert ran.out == ""
    assert ran.err == ("bpcalc: error: with 2 decimals carried this step does not exist: division by zero\n"
                       "  q = x*y; f = 1/q\n               ^^^\n  hint: here q = 0; carry more decimals\n")


def test_what_is_too_large_is_an_error_or_undefined(bpcalc):
    ran = bpcalc("q = x^50; f = q*y", "x=1e300", "y=1", "--round", "2")
    assert (ran.code, ran.out) == (2, "")
    assert backprop("q = 1e300*x; f = 1e300*q", x=1e-300).rounded(2).gradients == {"x": None}


def test_a_step_that_rounding_leaves_without_a_result_says_why():
    for expression, values, decimals, why in (
            ("lo = a/3; clip(x, lo, 0.668)", {"a": 2, "x": 1}, 2, "the lower bound is above the upper one"),
            ("q = x/3; f = q^1570", {"x": 4.71}, 1, "the result is too large"),
            ("log(x*y)", {"x": 0.1, "y": 0.1}, 1, "log needs a positive number")):
        with pytest.raises(BpcalcError, match=f"this step does not exist: {why}"):
            backprop(expression, values).rounded(decimals)


def test_an_upstream_gradient_with_no_end_is_rounded_as_a_value_would_be():
    report = backprop("x*y", x=3, y=2, upstream=1 / 3).rounded(2)
    assert report.gradients == {"x": 0.66, "y": 0.99}
    assert backprop("x*y", x=3, y=2, upstream=0.375).rounded(2).gradients == {"x": 0.75, "y": 1.13}


def test_a_sum_of_paths_one_of_which_is_undefined_is_undefined():
    report = backprop("sqrt(x) + x", x=0).rounded(2)
    assert report.gradients == {"x": None}
    assert "= undefined" in report.to_paths("x").splitlines()[-1]


def test_undefined_stays_undefined():
    report = backprop("f = 0*sqrt(x)", x=0).rounded(2)
    assert report.gradients == {"x": None}
    assert [note.code for note in report.notes] == ["undefined"]
    assert [path.product for path in Paths(report, report.graph.node("x"))] == [None]


def test_upstream_wrt_and_paths_are_rounded_too():
    report = backprop("q = x/3; f = q*x", {"x": 2}, upstream=0.5).rounded(2)
    assert text(report.gradients["x"]) == "0.67"            # 0.5·2 = 1; 1·0.33 + 0.5·0.67 = 0.33 + 0.34
    assert backprop("q = x/3; f = q*y", {"x": 2, "y": 1}, wrt="y").rounded(2).gradients == {"y": 0.67}


def test_every_human_form_shows_the_carried_numbers_and_the_drift(bpcalc):
    words = [NEURON[0], *(f"{name}={value}" for name, value in NEURON[1].items()), "--round", "2"]
    for form in ("table", "blocks", "plain", "steps", "latex", "markdown", "csv", "circuit", "svg", "dot"):
        out = bpcalc(*words, "--format", form).out
        assert "0.73" in out, form
        assert "-0.00105858" in out or form in ("csv", "circuit", "svg", "dot"), form


def test_json_has_the_carried_numbers_and_the_drift(bpcalc):
    found = json.loads(bpcalc("f = x/3", "x=1", "--round", "2", "--json").out)
    assert found["value"] == 0.33
    assert found["carried"]["decimals"] == 2
    assert {(drift["kind"], drift["carried"]) for drift in found["carried"]["drift"]} == {
        ("value", 0.33), ("local", 0.33), ("gradient", 0.33)}


@pytest.mark.parametrize("words", [
    ["--round", "16"], ["--round", "-1"], ["--round", "x"], ["--round", "2", "--symbolic"],
    ["--round", "2", "--lr", "0.1"]])
def test_what_cannot_be_carried_is_refused(bpcalc, words):
    ran = bpcalc("f = x/3", "x=1", *words)
    assert (ran.code, ran.out) == (2, "")


def test_a_local_gradient_that_is_a_term_of_the_gradient_is_told_apart_in_the_drift(bpcalc):
    drift = bpcalc("f = sigmoid(x)*x", "x=2", "--round", "2").out.partition("Carried")[2]
    assert re.findall(r"∂f/∂x.*?(?=  )", drift) == ["∂f/∂x", "∂f/∂x (local)"]


def test_a_local_gradient_that_is_a_sum_with_an_undefined_term_is_undefined():
    assert "dq/dx = undefined" in backprop("q = x^x; f = 3*q", x=0).rounded(2).to_worksheet(reveal=True)
