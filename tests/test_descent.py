"""Updates as on the slide, and many of them: the same numbers as the textbook rules by hand."""

import json
import math

import pytest

from bpcalc import BpcalcError, backprop
from bpcalc.descent import OPTIMIZERS, descend
from bpcalc.engine import forward
from bpcalc.render.symbols import Symbols
from bpcalc.render.to_descent import plot, render

CLASSIFIER = ("sB = W1_1*p1 + W1_2*p2; sC = W2_1*p1 + W2_2*p2; L = max(0, sC - sB + 1)",
              {"W1_1": -2, "W1_2": -1, "W2_1": 1, "W2_2": -5, "p1": 3, "p2": 2})
WEIGHTS = ["W1_1", "W1_2", "W2_1", "W2_2"]


def valley(x, y):
    """A loss and its gradients, worked out by hand."""
    return (x - 3) ** 2 + math.exp(y) - 2 * y, (2 * (x - 3), math.exp(y) - 2)


def by_hand(optimizer, rate, steps, mu=0.9):
    """The textbook's update rules (as torch.optim documents them) on ``valley`` from (0, 2)."""
    weights = [0.0, 2.0]
    buffer, first, second = [0.0, 0.0], [0.0, 0.0], [0.0, 0.0]
    losses = [valley(*weights)[0]]
    for step in range(1, steps + 1):
        slopes = valley(*weights)[1]
        for i, slope in enumerate(slopes):
            if optimizer == "adam":
                first[i] = 0.9 * first[i] + 0.1 * slope
                second[i] = 0.999 * second[i] + 0.001 * slope**2
                mean, square = first[i] / (1 - 0.9**step), second[i] / (1 - 0.999**step)
                weights[i] -= rate * mean / (math.sqrt(square) + 1e-8)
            else:
                buffer[i] = slope if step == 1 else mu * buffer[i] + slope
                direction = {"sgd": slope, "momentum": buffer[i], "nesterov": slope + mu * buffer[i]}[optimizer]
                weights[i] -= rate * direction
        losses.append(valley(*weights)[0])
    return weights, losses


def test_one_update_is_the_slides():
    descent = descend(backprop(*CLASSIFIER, wrt=WEIGHTS), 1.0)
    assert descent.names == WEIGHTS
    assert descent.gradients == [-3, -2, 3, 2]
    assert descent.after == [1, 1, -2, -7]
    assert descent.losses == [2, 0]


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_optimizers_follow_the_textbook(optimizer):
    report = backprop("(x - 3)^2 + exp(y) - 2*y", x=0, y=2)
    descent = descend(report, 0.05, 100, optimizer)
    weights, losses = by_hand(optimizer, 0.05, 100)
    assert descent.after == pytest.approx(weights, rel=1e-12)
    assert descent.losses == pytest.approx(losses, rel=1e-12)


@pytest.fixture(params=[0, 10**9], ids=["compiled", "engine"])
def worthwhile(request, monkeypatch):
    """The number of iterations from which a graph is compiled."""
    monkeypatch.setattr("bpcalc.descent.WORTHWHILE", request.param)


@pytest.mark.usefixtures("worthwhile")
def test_variables_inside_the_text_are_updated_too():
    descent = descend(backprop("x = 3; f = k*x^2", k=2), 0.1, 2)
    k, x = 2.0, 3.0
    for _ in range(2):
        k, x = k - 0.1 * x**2, x - 0.1 * 2 * k * x
    assert dict(zip(descent.names, descent.after)) == pytest.approx({"k": k, "x": x})


def test_it_stops_in_words_when_the_loss_leaves_the_numbers():
    descent = descend(backprop("x^4", x=10), 1.0, 100)
    assert "too large" in descent.stopped
    assert all(map(math.isfinite, [*descent.losses, *descent.after]))
    assert "needs a positive number" in descend(backprop("log(x)", x=1), 2.0, 10).stopped


def test_it_stops_when_the_loss_rises_again_and_again():
    descent = descend(backprop("x^2", x=1e-3), 1.01, 500)
    assert "rose" in descent.stopped
    assert descent.steps < 500


def test_it_stops_when_the_loss_stays():
    descent = descend(backprop("(x-3)^2", x=0), 0.1, 10_000, until=1e-9)
    assert descent.stopped.startswith("converged")
    assert abs(descent.losses[-1] - descent.losses[-2]) <= 1e-9
    assert descent.after[0] == pytest.approx(3, abs=1e-3)


@pytest.mark.parametrize(("expression", "values", "wrt", "message"), [
    ("sqrt(x)", {"x": 0}, None, "the gradient of x is undefined"),
    ("q = x*y; q^2", {"x": 1, "y": 2}, ["q"], "q is computed"),
    ("2*3", {}, None, "no variable"),
])
def test_what_cannot_be_updated_is_refused(expression, values, wrt, message):
    with pytest.raises(BpcalcError, match=message):
        descend(backprop(expression, values, wrt=wrt), 1.0)


def test_the_command_line_shows_the_slide(bpcalc):
    words = [CLASSIFIER[0], *(f"{name}={value}" for name, value in CLASSIFIER[1].items()), "--wrt", ",".join(WEIGHTS)]
    out = bpcalc(*words, "--lr", "1").out
    for text in ("-2 + (-1 × -3) = 1", "-5 + (-1 × 2) = -7", "before: L = 2", "after:  L = 0"):
        assert text in out
    data = json.loads(bpcalc(*words, "--lr", "1", "--json").out)["descent"]
    assert [weight["after"] for weight in data["weights"]] == [1, 1, -2, -7]
    assert data["losses"] == [2, 0]


def test_words_to_paste_start_where_the_descent_ended(bpcalc):
    out = bpcalc("(x-3)^2", "x=0", "--lr", "0.1", "--iterations", "7").out
    word = out.split("to paste: ")[1].split()[0]
    loss = json.loads(bpcalc("(x-3)^2", word, "--json").out)["value"]
    assert loss == descend(backprop("(x-3)^2", x=0), 0.1, 7).losses[-1]


@pytest.mark.parametrize("words", [["--iterations", "3"], ["--lr", "0.1", "--iterations", "0"],
                                   ["--lr", "0.1", "--optimizer", "adm"], ["--lr", "0.1", "--format", "csv"],
                                   ["--lr", "x"]], ids=" ".join)
def test_settings_that_make_no_sense_are_refused(words, bpcalc):
    ran = bpcalc("x^2", "x=1", *words)
    assert (ran.code, ran.out) == (2, "")


def test_the_plot_marks_every_column_once():
    losses = [100 / (step + 1) for step in range(200)]
    for symbols in (Symbols(), Symbols(unicode=False)):
        lines = plot(losses, "L", symbols)
        mark = "•" if symbols.unicode else "*"
        first = lines[-2].index("└" if symbols.unicode else "+") + 1
        columns = [[line[at] for line in lines[1:-2] if at < len(line)].count(mark) for at in range(first, first + 56)]
        assert sum(columns) == 56
        assert set(columns) == {1}


def test_ascii_terminals_get_ascii():
    descent = descend(backprop("(x-3)^2", x=0), 0.1, 30)
    assert render(descent, "f", symbols=Symbols(unicode=False)).isascii()


def test_the_descent_agrees_with_the_engine_at_its_last_step():
    report = backprop("tanh(a*b) + (c - 1)^2", a=1, b=-2, c=3)
    descent = descend(report, 0.05, 25)
    values = dict(zip(descent.names, descent.after))
    trace = forward(report.graph, [values[name] for name in report.graph.inputs])
    assert trace.values[report.graph.output] == descent.losses[-1]
