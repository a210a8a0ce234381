"""Arithmetic that leaves the numbers is said in words: NumPy's own warnings reach nobody."""

import random
import warnings

import numpy as np
import pytest

from bpcalc import BpcalcError, backprop, backprop_batch

from .array_programs import ArrayProgram

FORMS = ["{0} - {1}", "({0} - {1})^2", "{0} / {1}", "{0} ^ {1}", "{0}^0.5", "{0}^-1", "log({0})", "log(abs({0}))",
         "sqrt(abs({0}))", "exp({0} * {1})", "norm({0} - {0})", "norm({0})", "softplus({0})", "logsumexp({0})",
         "softmax({0})", "prod({0})", "tan({0})", "sigmoid(1e200 * {0})", "hypot({0}, {1})",
         "{0} * {1} * {0}"]
EDGES = [0.0, -0.0, 1.0, -1.0, 0.5, 2.0, -3.0, 1e308, -1e308, 1e200, 1e155, 1e-308, 5e-324]
VIEWS = [[], ["--json"], ["--steps"], ["--format", "latex"], ["--format", "html"], ["--format", "svg"],
         ["--format", "plain"], ["--format", "csv"], ["--gradcheck"], ["--lr", "0.1"], ["--lr", "1e200"],
         ["--lr", "1e200", "--iterations", "60", "--optimizer", "adam"], ["--lr", "10", "--iterations", "3"],
         ["--expand"], ["--worksheet", "--reveal"], ["--paths", "x"], ["--upstream", "1e308"], ["--graph"],
         ["--check", "x=1, df/dx=2, dx=3"], ["--lr", "1e200", "--check", "new x=1"]]


@pytest.fixture(autouse=True)
def strict():
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        yield


def numbers(rnd, shape):
    return [numbers(rnd, shape[1:]) for _ in range(shape[0])] if shape else rnd.choice(EDGES)


def program(seed):
    """A text whose local gradients are often infinite, zero or undefined, and its values."""
    rnd = random.Random(seed)
    shape = rnd.choice([(2,), (3,), (2, 2), (1,)])
    values = {"x": numbers(rnd, shape), "y": numbers(rnd, rnd.choice([shape, (), (1,)]))}
    inner, outer = (rnd.choice(FORMS) for _ in range(2))
    return f"q = {inner.format('x', 'y')}; f = sum({outer.format('q', 'y')})", values, rnd


@pytest.mark.parametrize("seed", range(40))
def test_the_command_line_is_silent(bpcalc, seed):
    text, values, rnd = program(seed)
    for view in rnd.sample(VIEWS, 6):
        ran = bpcalc(text, *(f"{name}={value}" for name, value in values.items()), *view)
        assert ran.code in (0, 1, 2), ran.err
        assert "Warning" not in ran.err


@pytest.mark.parametrize("seed", range(60))
def test_the_python_api_is_silent(seed):
    text, values, rnd = program(1000 + seed)
    try:
        report = backprop(text, values)
        repr(report)
        report.descend(0.1, iterations=60)
    except BpcalcError:
        pass
    random_program = ArrayProgram(seed)
    scale = rnd.choice([0, 1, 1e150, 1e300, 1e-200])
    try:
        backprop(random_program.text, {name: scale * np.array(value) for name, value in random_program.values.items()})
    except BpcalcError:
        pass


@pytest.mark.parametrize("text", [*(form.format("x", "y") for form in FORMS if "softmax" not in form)])
def test_rows_are_silent(bpcalc, tmp_path, text):
    xs, ys = zip(*((x, y) for x in EDGES for y in EDGES))
    values = {"x": xs, "y": ys} if "y" in text else {"x": xs}
    try:
        assert len(backprop_batch(text, values)) == len(xs)
    except BpcalcError as error:
        assert "array" in str(error) or "number" in str(error)
    path = tmp_path / "rows.csv"
    path.write_text("x,y\n" + "".join(f"{x!r},{y!r}\n" for x, y in zip(xs, ys)))
    ran = bpcalc(text, "--batch", path)
    assert ran.code in (0, 2)
    assert "Warning" not in ran.err
