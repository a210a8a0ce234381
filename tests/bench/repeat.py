"""The same graph many times: gradient descent beside the derivative written by hand.

    python -m tests.bench.repeat [--steps 1e5] [--rounds 5]

By hand means: the value and the derivatives of the 22-operation expression as a person would program
them with ``math``, intermediate results shared, and the update in the same loop.  Everyone takes turns;
the medians count.
"""

import argparse
import math
import statistics
import time

TEXT = "tanh(w0*x0 + w1*x1 + 0.5)*sin(w0*x1) + exp(-(w1*x0 - 0.25)^2)/(1 + w0*w0 + w1*w1) - cos(x0 - w1)"
START = {"w0": 0.3, "w1": -0.7, "x0": 1.1, "x1": 0.4}
RATE = 1e-3


def by_hand(w0, w1, x0, x1):
    """Value and the gradients of w0 and w1."""
    t, s = math.tanh(w0 * x0 + w1 * x1 + 0.5), math.sin(w0 * x1)
    inner, below = w1 * x0 - 0.25, 1 + w0 * w0 + w1 * w1
    e = math.exp(-inner * inner)
    ratio = e / below
    value = t * s + ratio - math.cos(x0 - w1)
    slope, wave, share = (1 - t * t) * s, t * math.cos(w0 * x1), ratio / below
    g0 = slope * x0 + wave * x1 - 2 * share * w0
    g1 = slope * x1 - 2 * ratio * inner * x0 - 2 * share * w1 - math.sin(x0 - w1)
    return value, g0, g1


def descend_by_hand(steps):
    w0, w1, x0, x1 = START.values()
    losses = [by_hand(w0, w1, x0, x1)[0]]
    _, g0, g1 = by_hand(w0, w1, x0, x1)
    for _ in range(steps):
        w0 -= RATE * g0
        w1 -= RATE * g1
        loss, g0, g1 = by_hand(w0, w1, x0, x1)
        losses.append(loss)
    return w0, w1


def descend_here(steps):
    from bpcalc import backprop
    from bpcalc.descent import descend

    return descend(backprop(TEXT, START, wrt=["w0", "w1"]), RATE, steps).after


def engine_only(steps):
    from bpcalc import descent

    kept, descent.COMPILED = descent.COMPILED, 0
    try:
        return descend_here(steps)
    finally:
        descent.COMPILED = kept


def timed(job, steps):
    start = time.perf_counter()
    weights = job(steps)
    return (time.perf_counter() - start) / steps, weights


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", default="1e5")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    steps = int(float(options.steps))
    jobs = {"by hand": (descend_by_hand, steps), "bpcalc, compiled": (descend_here, steps),
            "bpcalc, the engine's passes": (engine_only, max(100, steps // 20))}
    spent = {name: [] for name in jobs}
    found = {}
    for _ in range(options.rounds):
        for name, (job, count) in jobs.items():
            seconds, weights = timed(job, count)
            spent[name].append(seconds)
            if count == steps:
                found[name] = weights
    for weights in found.values():
        if any(not math.isclose(a, b, rel_tol=1e-6) for a, b in zip(weights, found["by hand"])):
            raise SystemExit(f"the weights differ: {found}")
    least = statistics.median(spent["by hand"])
    print("| descent | us a step | x by hand |\n| --- | ---: | ---: |")
    for name, seconds in spent.items():
        print(f"| {name} | {statistics.median(seconds) * 1e6:.2f} | {statistics.median(seconds) / least:.2f} |")


if __name__ == "__main__":
    main()
