"""Straight-line code gives what the engine gives, however it is cut, and never a number that does not exist."""

import math
import random

import pytest

from bpcalc import BpcalcError, backprop, compiled
from bpcalc.compiled import on_floats

from .oracles import Program

EXPRESSIONS = [
    ("max(a, b, c)*relu(d) + clip(a, -1, 1) + leaky_relu(b) + elu(c)", {"a": 1, "b": -2, "c": 0.5, "d": 3}),
    ("tanh(a*b) / (1 + square(c)) - sigmoid(d)^2 + hypot(a, d)", {"a": 1, "b": -2, "c": 0.5, "d": 3}),
    ("k = 3; third = 1/3; a*k + third*b + c*d + e", {"a": 1, "b": -2, "c": 0.5, "d": 3}),
    ("u = a*a; v = u*u; w = v + u; w*a + 0*b + c/d", {"a": 1, "b": -2, "c": 0.5, "d": 3}),
    ("max(a, b, a, c, -a) + min(a, a) - (a - b - c)*step(d)", {"a": 1, "b": -2, "c": 0.5, "d": 3}),
    (" + ".join(f"{at}*a*b" for at in range(1, 250)), {"a": 0.5, "b": 3}),          # more terms than one sum holds
    ("q = a; a", {"a": 1}), ("-a", {"a": 1}), ("2*3 + 0*a", {"a": 1}), ("a^-2 + a^(-b) + 2^-a", {"a": 1, "b": 2}),
]


def evaluated(report, at=None, wrt=None):
    """The results of compiled code: at the report's own point, or at other values of its free variables."""
    gradients = report._gradients
    inputs = range(len(report.graph.inputs))
    free = [k for k in gradients.leaves if report.graph.row(k).name == "input"]
    known = {k: report.trace.values[k] for k in inputs if k not in free}
    code = on_floats(report.graph, free, gradients.leaves, gradients.live, known)
    value, *slopes = code(*(at or [report.trace.values[k] for k in free]))
    return value, slopes


def agrees(report):
    value, slopes = evaluated(report)
    # To the last bit, so that a descent's first step is the run's own.
    assert value == report.value
    assert slopes == list(report.gradients.values())


@pytest.mark.parametrize("chunk", [1, 3, 1000])
@pytest.mark.parametrize(("expression", "values"), EXPRESSIONS)
def test_straight_line_code_gives_what_the_engine_gives(expression, values, chunk, monkeypatch):
    monkeypatch.setattr(compiled, "CHUNK", chunk)
    agrees(backprop(expression, values))


def test_another_name_of_what_is_known_is_known():
    report = backprop("x = 3; q = x; k = q; q*a + k", a=2, wrt="a")
    agrees(report)


@pytest.mark.parametrize("seed", range(40))
def test_squares_and_what_is_used_many_times_are_the_runs_own_to_the_last_bit(seed):
    rng = random.Random(seed)
    names = "abc"
    terms = [f"{rng.uniform(-2, 2)!r}*{rng.choice(names)}^2" if rng.random() < 0.5 else
             "*".join(rng.choices(names, k=rng.randint(1, 3))) for _ in range(rng.randint(2, 12))]
    agrees(backprop(f"q = {' + '.join(terms)}; q*q + (q - a)^2", {name: rng.uniform(-9, 9) for name in names}))


@pytest.mark.parametrize("chunk", [2, 7, 1000])
@pytest.mark.parametrize("seed", range(30))
def test_random_programs_in_pieces_of_any_size(seed, chunk, monkeypatch):
    monkeypatch.setattr(compiled, "CHUNK", chunk)
    program = Program(seed, size=25)
    agrees(backprop(program.text, program.inputs))
    agrees(backprop(program.text, program.inputs, wrt=next(iter(program.inputs))))


@pytest.mark.parametrize(("expression", "at"), [
    ("1/(x*1e300)", 1e10), ("tanh(x^2)", 1e200), ("exp(-exp(x))", 710), ("relu(-x*1e300)", 1e10), ("log(x)", 0),
    ("1/x", 0), ("sqrt(x)", 0), ("x*1e300", 1e10), ("clip(1, x, 0)", 1), ("max(0, x - x*1e300)", 1e10), ("x^0.5", -1),
    ("1/(1 + x^2)", 1e200), ("exp(-x^2)", 1e200), ("relu(cos(x*1e300))", 1e10), ("1/(1 + sqrt(x*1e300))", 1e10),
    ("sigmoid(-log(x*1e300))", 1e10), ("tanh(sin(x^2))", 1e200), ("1/(1 + abs(x*1e300))", 1e10),
    ("(x*1e300)^(-2)", 1e10), ("(x*1e300)^0", 1e10), ("where(x > 3, x, log(3 - x))", 5), ("max(x, 1/(5 - x))", 5),
])
def test_what_is_not_finite_is_never_returned(expression, at):
    report = backprop(expression, x=0.5 if "clip" not in expression else -1)
    with pytest.raises((ArithmeticError, ValueError)):
        evaluated(report, [at])
    try:
        assert None in backprop(expression, x=at).gradients.values()
    except BpcalcError:
        pass


def test_long_graphs_are_cut_into_functions_that_a_compiler_likes():
    text = "\n".join(["t0 = x*1.5", *(f"t{i} = t{i - 1}*0.999 + x" for i in range(1, 3000))])
    agrees(backprop(text, x=0.1))


def test_a_wide_maximum_counts_its_ties_once():
    names = [f"x{i}" for i in range(2000)]
    agrees(backprop(f"max({', '.join(names)})", {name: math.sin(i) for i, name in enumerate(names)}))
