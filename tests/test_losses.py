"""The losses of the courses: values and gradients by formulas worked out by hand, and PyTorch's where it is there."""

import numpy as np
import pytest

from bpcalc import backprop

RNG = np.random.default_rng(3)
S = RNG.normal(size=(6, 4)) * 3
Y = RNG.integers(0, 4, 6)
P, T = RNG.normal(size=(5, 2)) * 2, RNG.normal(size=(5, 2))
PROBABILITIES, HALVES = RNG.uniform(0.05, 0.95, 7), RNG.choice([0.0, 0.5, 1.0], 7)
W = RNG.normal(size=(3, 4))
ROWS = np.arange(6)
ONE_HOT = np.eye(4)[Y]


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def softmax(s):
    raised = np.exp(s)
    return raised / raised.sum(axis=-1, keepdims=True)


def hinge(margin):
    over = S - S[ROWS, Y][:, None] + margin
    over[ROWS, Y] = 0
    wrong = (over > 0).astype(float)
    return np.maximum(over, 0).sum(axis=1).mean(), (wrong - ONE_HOT * wrong.sum(axis=1, keepdims=True)) / 6


def huber(delta):
    size = np.abs(P - T)
    return (np.where(size <= delta, size**2 / 2, delta * (size - delta / 2)).mean(),
            np.where(size <= delta, P - T, delta * np.sign(P - T)) / 10)


# Name: (expression, values, the variable, value and gradient by hand, PyTorch's)
LOSSES = {
    "hinge": ("mean(hinge(s, y))", {"s": S, "y": Y}, "s", hinge(1),
              lambda f, s, y: 4 * f.multi_margin_loss(s, y)),       # PyTorch divides by the number of classes
    "hinge with a margin": ("mean(hinge(s, y, 2.5))", {"s": S, "y": Y}, "s", hinge(2.5),
                            lambda f, s, y: 4 * f.multi_margin_loss(s, y, margin=2.5)),
    "hinge of one image": ("hinge(s, y)", {"s": np.array([3.2, 5.1, -1.7]), "y": 0}, "s",
                           (2.9, np.array([-1.0, 1.0, 0.0])),
                           lambda f, s, y: 3 * f.multi_margin_loss(s, y.long())),
    "softmax cross-entropy": ("mean(cross_entropy(s, y))", {"s": S, "y": Y}, "s",
                              (-np.log(softmax(S)[ROWS, Y]).mean(), (softmax(S) - ONE_HOT) / 6),
                              lambda f, s, y: f.cross_entropy(s, y)),
    "cross-entropy far out": ("cross_entropy(s, 1)", {"s": np.array([1000.0, -1000.0])}, "s",
                              (2000.0, np.array([1.0, -1.0])),
                              lambda f, s: f.cross_entropy(s[None], (s[:1] > 0).long())),
    "binary cross-entropy": ("mean(bce(p, t))", {"p": PROBABILITIES, "t": HALVES}, "p",
                             (-(HALVES * np.log(PROBABILITIES) + (1 - HALVES) * np.log(1 - PROBABILITIES)).mean(),
                              (PROBABILITIES - HALVES) / (PROBABILITIES * (1 - PROBABILITIES)) / 7),
                             lambda f, p, t: f.binary_cross_entropy(p, t)),
    "binary cross-entropy of scores": ("mean(bce_with_logits(z, t))", {"z": 4 * PROBABILITIES - 2, "t": HALVES}, "z",
                                       ((np.log(1 + np.exp(4 * PROBABILITIES - 2))
                                         - HALVES * (4 * PROBABILITIES - 2)).mean(),
                                        (sigmoid(4 * PROBABILITIES - 2) - HALVES) / 7),
                                       lambda f, z, t: f.binary_cross_entropy_with_logits(z, t)),
    "scores far out": ("sum(bce_with_logits(z, t))", {"z": np.array([1000.0, -1000.0]), "t": np.array([0.0, 0.0])},
                       "z", (1000.0, np.array([1.0, 0.0])),
                       lambda f, z, t: f.binary_cross_entropy_with_logits(z, t, reduction="sum")),
    "squared error": ("mean((p - t)^2)", {"p": P, "t": T}, "p", (((P - T) ** 2).mean(), 2 * (P - T) / 10),
                      lambda f, p, t: f.mse_loss(p, t)),
    "absolute error": ("mean(abs(p - t))", {"p": P, "t": T}, "p", (np.abs(P - T).mean(), np.sign(P - T) / 10),
                       lambda f, p, t: f.l1_loss(p, t)),
    "Huber": ("mean(huber(p, t))", {"p": P, "t": T}, "p", huber(1), lambda f, p, t: f.huber_loss(p, t)),
    "Huber with a delta": ("mean(huber(p, t, 0.5))", {"p": P, "t": T}, "p", huber(0.5),
                           lambda f, p, t: f.huber_loss(p, t, delta=0.5)),
    "L1": ("lambda*sum(abs(W))", {"W": W, "lambda": 0.1}, "W", (0.1 * np.abs(W).sum(), 0.1 * np.sign(W)),
           lambda f, w, strength: strength * w.norm(1)),
    "L2": ("lambda*sum(W^2)", {"W": W, "lambda": 0.1}, "W", (0.1 * (W**2).sum(), 0.2 * W),
           lambda f, w, strength: strength * w.norm(2) ** 2),
    "the total loss": ("mean(hinge(X @ W, y)) + lambda*sum(W^2)", {"X": S[:, :3], "W": W, "y": Y, "lambda": 0.1}, "W",
                       None, lambda f, x, w, y, strength: 4 * f.multi_margin_loss(x @ w, y) + strength * (w**2).sum()),
}


@pytest.mark.parametrize("name", [name for name in LOSSES if LOSSES[name][3] is not None])
def test_losses_are_what_their_formulas_say(name):
    expression, values, variable, (value, gradient), _ = LOSSES[name]
    report = backprop(expression, values, wrt=variable)
    assert report.value == pytest.approx(value, rel=1e-13)
    assert report.gradients[variable] == pytest.approx(gradient, rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("name", LOSSES)
def test_losses_are_those_of_pytorch(name):
    torch = pytest.importorskip("torch")
    expression, values, variable, _, loss = LOSSES[name]
    tensors = {key: torch.tensor(value, dtype=torch.float64 if isinstance(value, float) else None)
               for key, value in values.items()}
    tensors[variable].requires_grad_(True)
    found = loss(torch.nn.functional, *tensors.values())
    found.backward()
    report = backprop(expression, values, wrt=variable)
    assert report.value == pytest.approx(found.item(), rel=1e-12)
    assert report.gradients[variable] == pytest.approx(tensors[variable].grad.numpy(), rel=1e-10, abs=1e-14)


@pytest.mark.parametrize("loss", ["hinge", "cross_entropy"])
def test_a_loss_over_classes_is_its_sum_over_an_index(loss):
    written = {"hinge": "sum(max(0, s[j] - s[y] + 1) for j in range(4) if j != y)",
               "cross_entropy": "log(sum(exp(s[j]) for j in range(4))) - s[y]"}[loss]
    for s, y in zip(S, Y):
        one = backprop(f"{loss}(s, y)", s=s, y=y, wrt="s")
        other = backprop(written, s=s, y=y, wrt="s")
        assert one.value == pytest.approx(other.value, rel=1e-12)
        assert one.gradients["s"] == pytest.approx(other.gradients["s"], abs=1e-12)


def test_the_lectures_losses():
    scores = np.array([[3.2, 5.1, -1.7], [1.3, 4.9, 2.0], [2.2, 2.5, -3.1]])
    report = backprop("hinge(s, [0, 1, 2])", s=scores)
    assert report.value == pytest.approx([2.9, 0, 12.9])
    assert backprop("mean(hinge(s, [0, 1, 2]))", s=scores).value == pytest.approx(5.27, abs=0.005)
