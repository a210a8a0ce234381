"""Updates as on the slide, and many of them: the same numbers as the textbook rules by hand."""

import io
import json
import math
import re
import shlex
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from bpcalc import BpcalcError, backprop
from bpcalc.array_steps import on_arrays
from bpcalc.bindings import from_words
from bpcalc.descent import OPTIMIZERS, descend
from bpcalc.engine import forward
from bpcalc.render.symbols import Symbols
from bpcalc.render.to_descent import plot, render
from bpcalc.render.to_plot import render as picture
from bpcalc.terminal import Bar

DATA = Path(__file__).parent.parent / "docs" / "data" / "images.csv"

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


@pytest.mark.parametrize(("expression", "values", "rate", "after", "why"), [
    ("log(x)", {"x": 1}, 2, [-1], "log needs a positive number"),
    ("1/x", {"x": 1}, -1, [0], "division by zero"),
    ("sqrt(x) + y^2", {"x": 1, "y": 2}, 3, [-0.5, -10], "sqrt needs a number that is not negative"),
    ("sum(log(x))", {"x": [1, 2]}, 2, [[-1, 1]], "log needs a positive number"),
])
@pytest.mark.parametrize("iterations", [1, 3, 100])
def test_a_first_update_that_leaves_no_loss_is_shown_all_the_same(expression, values, rate, after, why, iterations):
    descent = descend(backprop(expression, values), rate, iterations)
    assert [np.asarray(weight).tolist() for weight in descent.after] == after
    assert descent.lost.startswith(why)
    assert (descent.steps, len(descent.losses)) == (1, 1)
    assert f"stopped at step 1: {why}" in descent.stopped


def test_the_update_says_that_there_is_no_loss_after_it(bpcalc):
    out = bpcalc("log(x)", "x=1", "--lr", "2").out
    assert "1 + (-2 × 1) = -1\n" in out
    assert out.endswith("before: f = 0\nafter:  f does not exist there: log needs a positive number\n")


@pytest.mark.parametrize(("answer", "right"), [
    ("new x=-1", True), ("new x=1", False), ("new f=0", False), ("new f=undefined", True)])
def test_answers_about_an_update_that_leaves_no_loss(bpcalc, answer, right):
    assert bpcalc("log(x)", "x=1", "--lr", "2", "--check", answer).code == (0 if right else 1)


@pytest.mark.parametrize(("iterations", "stopped"), [(1, ""), (2, "the gradient of x does not exist there")])
def test_a_loss_without_a_gradient_is_a_loss(iterations, stopped):
    descent = descend(backprop("sqrt(x)", x=1), 2.0, iterations)
    assert (descent.after, descent.losses, descent.steps) == ([0], [1, 0], 1)
    assert descent.stopped.endswith(stopped)
    assert bool(descent.stopped) == bool(stopped)


@pytest.mark.parametrize("value", [1, [1, 2]])
def test_an_update_too_large_for_a_double_is_an_error(value):
    with pytest.raises(BpcalcError, match="the new value of x is too large"):
        descend(backprop("sum(x^2)", x=value), 1e308)


@pytest.mark.parametrize("optimizer", [[], ["--optimizer", "sgd"], ["--optimizer", "adam"]])
def test_a_momentum_that_would_have_no_part_is_refused(bpcalc, optimizer):
    error = bpcalc("x^2", "x=3", "--lr", "0.1", "--momentum", "0.9", *optimizer).err
    assert "--momentum has no part in" in error
    assert "--optimizer momentum" in error


def test_a_negative_learning_rate_is_warned_about(bpcalc):
    result = bpcalc("x^2", "x=3", "--lr", "-1")
    assert "3 + (1 × 6) = 9" in result.out
    assert result.err == "bpcalc: warning: the learning rate is negative: the update goes up the gradient\n"


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
                                   ["--lr", "0.1", "--optimizer", "adm"], ["--lr", "0.1", "--format", "html"],
                                   ["--lr", "x"]], ids=" ".join)
def test_settings_that_make_no_sense_are_refused(words, bpcalc):
    ran = bpcalc("x^2", "x=1", *words)
    assert (ran.code, ran.out) == (2, "")


def test_a_number_that_decided_which_terms_a_sum_has_is_not_updated(bpcalc):
    words = "L = sum((x - w)^2*j for j in range(n))/n", "x=1", "w=2", "n=3", "--lr", "0.1"
    ran = bpcalc(*words)
    assert (ran.code, ran.out) == (2, "")
    assert "n decides which terms a sum has and cannot be updated" in ran.err
    assert "name the variables to update with --wrt" in ran.err
    ran = bpcalc(*words, "--wrt", "x,w")
    assert (ran.code, ran.err) == (0, "")


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


# ------------------------------------------------------------------------------------------- arrays
RNG = np.random.default_rng(7)
IMAGES = {"X": RNG.normal(size=(20, 3)), "y": RNG.integers(0, 4, 20), "W": RNG.normal(size=(3, 4)),
          "b": RNG.normal(size=4), "c": 0.5}
LOSS = "s = X @ W + b; mean(cross_entropy(s, y)) + c*sum(W^2)/10 + (c - 1)^2"


def softmax_loss(weights):
    """The loss LOSS and its gradients, worked out by hand."""
    w, b, c = weights
    x, y = IMAGES["X"], IMAGES["y"]
    raised = np.exp(x @ w + b)
    p = raised / raised.sum(axis=1, keepdims=True)
    loss = -np.log(p[range(20), y]).mean() + c * (w * w).sum() / 10 + (c - 1) ** 2
    ds = (p - np.eye(4)[y]) / 20
    return loss, (x.T @ ds + c * w / 5, ds.sum(axis=0), (w * w).sum() / 10 + 2 * (c - 1))


def arrays_by_hand(optimizer, rate, steps, mu=0.9):
    """The textbook's update rules, entry by entry, on LOSS."""
    weights = [IMAGES[name].copy() if name != "c" else 0.5 for name in "Wbc"]
    buffer, first, second = [0, 0, 0], [0, 0, 0], [0, 0, 0]
    losses = [softmax_loss(weights)[0]]
    for step in range(1, steps + 1):
        for i, slope in enumerate(softmax_loss(weights)[1]):
            if optimizer == "adam":
                first[i] = 0.9 * first[i] + 0.1 * slope
                second[i] = 0.999 * second[i] + 0.001 * slope**2
                mean, square = first[i] / (1 - 0.9**step), second[i] / (1 - 0.999**step)
                weights[i] = weights[i] - rate * mean / (square**0.5 + 1e-8)
            else:
                buffer[i] = slope if step == 1 else mu * buffer[i] + slope
                direction = {"sgd": slope, "momentum": buffer[i], "nesterov": slope + mu * buffer[i]}[optimizer]
                weights[i] = weights[i] - rate * direction
        losses.append(softmax_loss(weights)[0])
    return weights, losses


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_optimizers_follow_the_textbook_on_arrays(optimizer):
    descent = descend(backprop(LOSS, IMAGES, wrt=["W", "b", "c"]), 0.05, 60, optimizer)
    weights, losses = arrays_by_hand(optimizer, 0.05, 60)
    assert descent.losses == pytest.approx(losses, rel=1e-11)
    for found, wanted in zip(descent.after, weights):
        assert np.shape(found) == np.shape(wanted)
        assert found == pytest.approx(wanted, rel=1e-9)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_numbers_are_those_of_torch(optimizer):
    torch = pytest.importorskip("torch")
    tensors = {name: torch.tensor(value, dtype=torch.float64, requires_grad=name in "Wbc")
               if name != "y" else torch.tensor(value) for name, value in IMAGES.items()}
    weights = [tensors[name] for name in "Wbc"]
    made = {"sgd": lambda: torch.optim.SGD(weights, lr=0.05),
            "momentum": lambda: torch.optim.SGD(weights, lr=0.05, momentum=0.8),
            "nesterov": lambda: torch.optim.SGD(weights, lr=0.05, momentum=0.8, nesterov=True),
            "adam": lambda: torch.optim.Adam(weights, lr=0.05)}[optimizer]()
    losses = []
    for _ in range(61):
        made.zero_grad()
        w, b, c = weights
        data_loss = torch.nn.functional.cross_entropy(tensors["X"] @ w + b, tensors["y"])
        loss = data_loss + c * (w**2).sum() / 10 + (c - 1) ** 2
        losses.append(loss.item())
        loss.backward()
        if len(losses) <= 60:
            made.step()
    descent = descend(backprop(LOSS, IMAGES, wrt=["W", "b", "c"]), 0.05, 60, optimizer, momentum=0.8)
    assert descent.losses == pytest.approx(losses, rel=1e-11)
    for found, wanted in zip(descent.after, weights):
        assert found == pytest.approx(wanted.detach().numpy(), rel=1e-9)


@pytest.mark.parametrize(("expression", "values"), [
    ("s = W @ x; hinge(s, 0)", {"W": [[-2, -1], [1, -5]], "x": [3, 2]}),
    ("sum(max(0, s[j] - s[1] + 1) for j in range(3) if j != 1)", {"s": [3.2, 5.1, 4.9]}),
    ("mean(where(x > 0, x^2, a*x)) + max(x) + min(a, x[0])", {"x": [1, -2, 3], "a": 0.5}),
    ("sum(relu(W - v)) + norm(v)^2 + prod(v)", {"W": [[1, 2], [-3, 4]], "v": [0.5, 1.5]}),
    ("sum(softmax(W, axis=0)^2) + logsumexp(W[0, :]) + sum(W[:, 1] * W[:, 0])", {"W": [[1, 2], [-3, 4.0]]}),
    ("k = [1, 2]; third = 1/3; sum(k*x)*third + k @ x", {"x": [3, 4]}),
    ("u = x @ x; u*u + sum(exp(-x/u)) - a/u", {"x": [1, 2], "a": 2}),
    ("sum(outer(a, b) @ concat(a, b)[1:3]) + mean([a, b].T)", {"a": [1, 2], "b": [3, 4]}),
    ("mean(huber(x, 1)) + sum(bce_with_logits(x, 1)) + sum(sigmoid(c - x))", {"x": [1, 5], "c": 1}),
    ("sum(x) * 0 + y", {"x": [1, 2], "y": 2}),
    ("aside = exp(x); f = sum(x^2)", {"x": [1, 2]}),               # nothing arrives at what is computed beside
])
def test_a_step_gives_what_the_engine_gives(expression, values):
    report = backprop(expression, values)
    run = on_arrays(report.graph, report._gradients.leaves, report._gradients.live, report.trace.values, 1.0)
    weights = {name: report.trace.values[report.graph.symbols[name]] * 1.25 + 0.1 for name in report.gradients}
    value, *slopes = run(*weights.values())
    inside = {name for name in weights if report.graph.symbols[name] >= len(report.graph.inputs)}
    text = expression
    for name in inside:
        text = re.sub(rf"\b{name} = [^;]*;", f"{name} = {np.asarray(weights[name]).tolist()};", text)
    again = backprop(text, {**values, **{name: w for name, w in weights.items() if name not in inside}})
    assert value == pytest.approx(again.value, rel=1e-14)
    for name, slope in zip(weights, slopes):
        assert type(slope) is type(weights[name])
        assert slope == pytest.approx(again.gradients[name], rel=1e-12, abs=1e-15)


def test_only_what_depends_on_the_weights_is_computed_again():
    report = backprop("sum(log(X)) + sum(w^2)", X=[1, 2], w=[1, 2], wrt="w")
    run = on_arrays(report.graph, report._gradients.leaves, report._gradients.live, report.trace.values, 1.0)
    report.trace.values[0][:] = -1                 # a logarithm of this would fail
    assert run(np.array([0.0, 3.0]))[0] == pytest.approx(math.log(2) + 9)


def test_an_upstream_gradient_counts_in_every_step():
    plain = descend(backprop("sum((x - 1)^2)", x=[2, 3]), 0.2, 10)
    weighted = descend(backprop("sum((x - 1)^2)", x=[2, 3], upstream=2), 0.1, 10)
    assert weighted.after[0] == pytest.approx(plain.after[0])


@pytest.mark.parametrize(("expression", "values", "rate", "words"), [
    ("sum(x^4)", {"x": [10, 1]}, 1.0, "too large"),
    ("sum(log(x))", {"x": [1, 2]}, 2.0, "log needs a positive number (entry [0])"),
    ("sum(x^2)", {"x": [1e-3, 1]}, 1.01, "the loss rose 20 times in a row"),
    ("sum(sqrt(x))", {"x": [1, 4]}, 2.0, "the gradient of x does not exist"),
    ("sum(clip(x, 0, x) - x/2)", {"x": [1, 2]}, 0.7, "the lower bound is above the upper one (entry [0])"),
])
def test_it_stops_in_words_with_arrays(expression, values, rate, words):
    descent = descend(backprop(expression, values), rate, 300)
    assert words in descent.stopped
    assert np.isfinite(descent.after[0]).all()
    assert all(map(math.isfinite, descent.losses))


def test_a_loss_that_jumps_about_is_remarked_on(bpcalc):
    out = bpcalc("sum(abs(x))", "x=[0.1, 0.2]", "--lr", "1", "--iterations", "101").out
    assert "The loss is higher than at the start: try a smaller --lr." in out


def test_it_converges_with_arrays():
    descent = descend(backprop("sum((x - c)^2)", x=[0, 0], c=[1, 2], wrt="x"), 0.1, 10_000, until=1e-12)
    assert descent.stopped.startswith("converged")
    assert descent.after[0] == pytest.approx([1, 2], abs=1e-5)


@pytest.mark.parametrize(("expression", "values", "wrt", "message"), [
    ("x^2", {"x": [1, 2]}, None, r"one number as the loss, not an array of shape \(2,\)"),
    ("sum(sqrt(x))", {"x": [0, 1]}, None, "the gradient of x is undefined at the start"),
    ("q = x*y; sum(q^2)", {"x": [1, 2], "y": 2}, ["q"], "q is computed"),
])
def test_what_cannot_be_updated_with_arrays_is_refused(expression, values, wrt, message):
    with pytest.raises(BpcalcError, match=message):
        descend(backprop(expression, values, wrt=wrt), 1.0)


SLIDE = ["s = W @ x; L = hinge(s, y)", "W=[-2 -1; 1 -5]", "x=[3, 2]", "y=0", "--wrt", "W", "--lr", "1"]


def test_the_command_line_shows_the_slides_three_matrices(bpcalc):
    out = bpcalc(*SLIDE).out
    table = out[out.index("weight"):].splitlines()
    assert table[0].split("  ")[-1] == "value + (-1 × gradient)"
    assert table[2].split() == ["W", "(2,", "2)", "[-2", "-1]", "[-3", "-2]", "[", "1", "1]"]
    assert table[3].split() == ["[", "1", "-5]", "[", "3", "2]", "[-2", "-7]"]
    assert "before: L = 2\nafter:  L = 0\n" in out


def test_a_narrow_terminal_gets_the_matrices_below_each_other(bpcalc, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    out = bpcalc("sum((A - 1)^2)", "A=[1.25 2.5 3.75 4.125; 1 2 3 4]", "--lr", "0.1").out
    lines = out[out.index("A  (2, 4)\n  value"):].splitlines()
    assert "1.25" in lines[1]
    assert lines[2].startswith(" " * 10)
    assert lines[3].startswith("  gradient")


@pytest.mark.parametrize("shape", [(1,), (3,), (1, 1), (1, 3), (3, 1), (2, 3), (2, 1, 2)])
def test_words_to_paste_keep_the_shape_and_every_digit(shape, bpcalc):
    start = np.round(RNG.normal(size=shape) * 1e-6, 9)
    word = f"W={start.tolist()}"
    ran = bpcalc("sum((W - 1/3)^2)", word, "--lr", "0.1", "--iterations", "2")
    words = shlex.split(ran.out.split("to paste: ")[1].splitlines()[0])
    expected = descend(backprop("sum((W - 1/3)^2)", W=start), 0.1, 2).after[0]
    found = from_words(words)["W"]
    assert found.shape == shape
    assert (found == expected).all()
    assert ran.out.count('"') == 2


def test_weights_inside_the_text_are_not_for_pasting(bpcalc):
    out = bpcalc("W = [1, 2]; sum((W - v)^2)", "v=3", "--lr", "0.1", "--iterations", "3").out
    assert re.search(r"^to paste: v=\S+$", out, re.M)
    assert re.search(r"^in the text: W = \[.+, .+\]$", out, re.M)


def test_entries_of_opened_arrays_are_not_for_pasting(bpcalc):
    out = bpcalc("sum((W - 1)^2)", "W=[3, 1]", "--lr", "0.25", "--iterations", "2", "--expand").out
    assert out.splitlines()[-1] == "without --expand there are words to paste"


def test_large_weights_are_summarised_and_not_pasted(bpcalc, tmp_path):
    np.save(tmp_path / "w.npy", np.ones((40, 30)))
    out = bpcalc("sum(W^2)", f"W=@{tmp_path / 'w.npy'}", "--lr", "0.1", "--iterations", "3").out
    assert "too large to paste: W; --json has all numbers" in out
    assert len(out) < 4000


def test_the_descent_in_plain_lines(bpcalc):
    out = bpcalc("L = sum((W - 1)^2)", "W=[3, 1]", "--lr", "0.25", "--iterations", "2", "--format", "plain").out
    assert out == ("step 0: loss L = 4\nstep 1: loss L = 1\nstep 2: loss L = 0.25\nW: start [3, 1]\n"
                   "W: gradient at the start [4, 0]\nW: end [1.5, 1]\nto paste: \"W=[1.5, 1.0]\"\n")


def test_the_course_as_png_and_with_a_title(bpcalc, tmp_path):
    words = ["L = sum((x - 1)^2)", "x=[3]", "--lr", "0.1", "--iterations", "50"]
    bpcalc(*words, "-o", tmp_path / "loss.svg", "--title", "my descent")
    assert ">my descent</title>" in (tmp_path / "loss.svg").read_text()
    pytest.importorskip("cairosvg")
    bpcalc(*words, "-o", tmp_path / "loss.png")
    assert (tmp_path / "loss.png").read_bytes()[:4] == b"\x89PNG"


def test_the_losses_as_csv(bpcalc):
    out = bpcalc("sum((x - 1)^2)", "x=[3]", "--lr", "0.25", "--iterations", "2", "--format", "csv").out
    assert out == "step,loss\n0,4.0\n1,1.0\n2,0.25\n"


def test_the_losses_as_a_picture(bpcalc, tmp_path):
    path = tmp_path / "loss.svg"
    bpcalc("L = sum((x - 1)^2)", "x=[3]", "--lr", "0.1", "--iterations", "50", "-o", path)
    root = ElementTree.fromstring(path.read_text())
    line = root.find(".//{*}polyline").get("points").split()
    heights = [float(point.split(",")[1]) for point in line]
    assert len(line) == 51
    assert heights == sorted(heights), "the loss falls, so the line goes down"
    assert "4 at the start" in root.find(".//{*}desc").text
    assert any("logarithmic" in (item.text or "") for item in root.iter())


@pytest.mark.parametrize("losses", [[1.0, 1.0], [0.0, -1e308, 1e308], [5e-324, 0.0, 1e-310], [1e-300, 1e300],
                                    [float(step % 7) for step in range(5000)], [-1.0, -2.5, -3.0]])
def test_every_course_can_be_drawn_inside_the_picture(losses):
    root = ElementTree.fromstring(picture(losses, "<L>"))
    for item in root.iter():
        for point in (item.get("points") or "").split():
            x, y = map(float, point.split(","))
            assert 0 < x < 640
            assert 0 < y < 360
    points = root.find(".//{*}polyline").get("points").split()
    assert 2 <= len(points) <= 602


def test_a_long_course_keeps_its_peaks():
    losses = [1.0] * 10_000
    losses[7777] = 9.0
    points = ElementTree.fromstring(picture(losses, "L")).find(".//{*}polyline").get("points").split()
    assert len({point.split(",")[1] for point in points}) == 2


def watched(monkeypatch):
    """A time to be set, and a terminal in place of standard error; not fixtures, as pytest captures anew after them."""
    now, stream = [0.0], io.StringIO()
    stream.isatty = lambda: True
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    monkeypatch.setattr("sys.stderr", stream)
    return now, stream


def test_a_bar_is_drawn_for_long_runs_only_and_taken_away(monkeypatch):
    clock, terminal = watched(monkeypatch)
    bar = Bar("steps", 200)
    bar(10)
    bar.clear()
    assert terminal.getvalue() == "", "half a second is not long"
    clock[0] = 1.0
    bar(100)
    bar(101)
    assert terminal.getvalue() == f"\r[{'#' * 15}{' ' * 15}] 100 of 200 steps"
    bar.clear()
    assert terminal.getvalue().endswith("\r" + " " * 49 + "\r")


def test_progress_is_told_step_by_step_with_arrays():
    told = []
    descend(backprop("sum(x^2)", x=[1, 2]), 0.1, 5, progress=told.append)
    assert told == [1, 2, 3, 4, 5]


def test_the_shipped_images_are_learnt_from_the_command_line(bpcalc):
    words = ["s = [pixel_1, pixel_2].T @ W + b; {}", "--data", str(DATA), "W=[0 0 0; 0 0 0]", "b=[0, 0, 0]"]
    loss = "mean(cross_entropy(s, label)) + 0.001*sum(W^2)"
    ran = bpcalc(words[0].format(loss), *words[1:], "--lr", "1", "--iterations", "200", "--wrt", "W,b")
    assert ran.err == ""
    assert "note: label: 0 = bird, 1 = car, 2 = frog" in ran.out
    weights = shlex.split(ran.out.split("to paste: ")[1].splitlines()[0])
    right = bpcalc(words[0].format("mean(hinge(s, label, 0) == 0)"), *words[1:3], *weights).out
    assert float(right.splitlines()[0].split()[-1]) > 0.9


@pytest.mark.parametrize(("text", "values", "rate", "until"), [
    ("(x^2 - y)^2 + 0.1*tanh(x*y) + exp(-x*x)", {"x": 1.3, "y": -0.4}, 1e-2, None),
    ("(x - 3)^2 + y^2", {"x": 0.1, "y": 5}, 1e-3, 1e-4),           # ends on the way
    ("x^2 + y^2", {"x": 1e-3, "y": 1}, 1.01, None),                # rises
    ("sqrt(x)*y^2", {"x": 1, "y": 2}, 1e-3, None),                 # walks out of the domain
    ("1/x^2 + exp(y)", {"x": 1e-3, "y": 1}, 10, None),             # leaps out of range
    ("x^4 * y^4", {"x": 3, "y": 4}, 0.1, None),                    # overflows
    ("x + y^2", {"x": 0, "y": 0}, 1e307, None),                    # the weight itself leaves the numbers
])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_steps_in_bursts_are_the_steps_one_by_one(text, values, rate, until, optimizer, monkeypatch):
    report = backprop(text, values)
    kinds = []
    for setting, limit in (("descent.WORTHWHILE", 10 ** 9), ("descent.WORTHWHILE", 0), ("descent.COMPILED", 3),
                           ("compiled.CHUNK", 3)):
        with monkeypatch.context() as patch:
            patch.setattr(f"bpcalc.{setting}", limit)
            found = descend(report, rate, 2_500, optimizer, until=until)
        kinds.append((found.after, found.losses, found.steps, found.stopped, found.lost))
    careful, *others = kinds
    for quick in others:
        assert quick[0] == pytest.approx(careful[0], rel=1e-9)
        assert quick[1] == pytest.approx(careful[1], rel=1e-9)
        assert quick[2:] == careful[2:]


@pytest.mark.parametrize("until", ["-1", "-1e-9"])
def test_a_loss_cannot_change_by_less_than_nothing(until, bpcalc):
    ran = bpcalc("x^2", "x=3", "--lr", "0.1", "--iterations", "10", f"--until={until}")
    assert (ran.code, ran.out) == (2, "")
    assert "until must not be negative" in ran.err


def test_a_bar_without_an_end_counts(monkeypatch):
    clock, terminal = watched(monkeypatch)
    bar = Bar("rows")
    clock[0] = 1.0
    bar(300)
    assert terminal.getvalue() == "\r300 rows"


def test_one_step_of_another_optimizer_has_its_own_column(bpcalc):
    out = bpcalc("x^2", "x=3", "--lr", "0.1", "--optimizer", "adam").out
    assert "after one adam step" in out
    assert "value + (" not in out
    assert "2.9" in out
