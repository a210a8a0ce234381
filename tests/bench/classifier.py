"""A 784 x 10 softmax classifier on 1 000 examples: a step of descent beside the same step written by hand in NumPy.

    python -m tests.bench.classifier [--steps 50] [--rounds 9]

Both run in this process by turns, on one thread each; what is printed are medians over the rounds, and
the ratio of each round's two times.  The weights after the last step are compared.
"""

import argparse
import os
import statistics
import time

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from bpcalc import backprop
from bpcalc.descent import descend

LOSS = "mean(cross_entropy(X @ W + b, y)) + 0.001*sum(W^2)"
RATE = 0.1


def by_hand(images, labels, weights, bias, steps):
    """The weights after so many steps, and the loss at each."""
    weights, bias = weights.copy(), bias.copy()
    rows = np.arange(len(images))
    losses = []
    for step in range(steps + 1):
        scores = images @ weights + bias
        scores -= scores.max(axis=1, keepdims=True)
        raised = np.exp(scores)
        shares = raised / raised.sum(axis=1, keepdims=True)
        losses.append(-np.log(shares[rows, labels]).mean() + 0.001 * np.sum(weights * weights))
        if step == steps:
            return weights, bias, losses
        shares[rows, labels] -= 1
        shares /= len(images)
        slope = images.T @ shares + 0.002 * weights
        weights -= RATE * slope
        bias -= RATE * shares.sum(axis=0)
    raise AssertionError


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    dice = np.random.default_rng(0)
    images, labels = dice.random((1000, 784)), dice.integers(0, 10, 1000)
    weights, bias = dice.normal(size=(784, 10)) * 0.01, np.zeros(10)
    report = backprop(LOSS, X=images, y=labels, W=weights, b=bias, wrt=["W", "b"])
    ours, hand = [], []
    for _ in range(options.rounds):
        start = time.perf_counter()
        found = descend(report, RATE, options.steps)
        middle = time.perf_counter()
        wanted = by_hand(images, labels, weights, bias, options.steps)
        end = time.perf_counter()
        ours.append((middle - start) / options.steps)
        hand.append((end - middle) / options.steps)
    assert np.allclose(found.after[0], wanted[0], rtol=1e-9, atol=1e-12)
    assert np.allclose(found.losses, wanted[2], rtol=1e-10)
    ratios = sorted(one / other for one, other in zip(ours, hand))
    print(f"bpcalc {statistics.median(ours) * 1e3:.2f} ms a step, by hand {statistics.median(hand) * 1e3:.2f} ms")
    print(f"ratio {statistics.median(ratios):.2f} (from {ratios[0]:.2f} to {ratios[-1]:.2f})")


if __name__ == "__main__":
    main()
