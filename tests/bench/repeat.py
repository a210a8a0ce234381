"""The same graph many times: gradient descent and rows of data, beside the derivatives written by hand.

    python -m tests.bench.repeat [--steps 1e5] [--rows 1e6] [--rounds 5] [--peers torch,jax,autograd,casadi]

By hand means: the value and the derivatives of the 22-operation expression as a person would program
them, intermediate results shared; for descent with ``math`` and the update in the same loop, for rows
with NumPy in blocks that fit the cache.  Peers get whole columns, the way they are used.  Everyone
takes turns; the medians count.
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


# --------------------------------------------------------------------------------------------- rows
def rows_by_hand(w0, w1, x0, x1):
    """Value and the four gradients of a block of rows."""
    import numpy as np

    wave = w0 * x1
    t, s = np.tanh(w0 * x0 + w1 * x1 + 0.5), np.sin(wave)
    inner, below = w1 * x0 - 0.25, 1 + w0 * w0 + w1 * w1
    ratio = np.exp(-inner * inner) / below
    value = t * s + ratio - np.cos(x0 - w1)
    slope, swing = (1 - t * t) * s, t * np.cos(wave)
    share, bend, turn = 2 * ratio / below, 2 * ratio * inner, np.sin(x0 - w1)
    return (value, slope * x0 + swing * x1 - share * w0, slope * x1 - bend * x0 - share * w1 - turn,
            slope * w0 - bend * w1 + turn, slope * w1 + swing * w0)


def hand_in_blocks(columns, size=8192):
    import numpy as np

    count = len(columns["w0"])
    found = [np.empty(count) for _ in range(5)]
    for at in range(0, count, size):
        for column, block in zip(found, rows_by_hand(*(columns[name][at:at + size] for name in START))):
            column[at:at + size] = block
    return found


def rows_here(columns):
    from bpcalc import backprop_batch

    result = backprop_batch(TEXT, columns)
    return [result.values, *(result.gradients[name] for name in START)]


def formula(m, w0, w1, x0, x1):
    inner = w1 * x0 - 0.25
    return m.tanh(w0 * x0 + w1 * x1 + 0.5) * m.sin(w0 * x1) + m.exp(-inner * inner) / (1 + w0 * w0 + w1 * w1) \
        - m.cos(x0 - w1)


def rows_torch(columns):
    import torch

    inputs = [torch.tensor(columns[name], requires_grad=True) for name in START]
    out = formula(torch, *inputs)
    out.sum().backward()
    return [out.detach().numpy(), *(x.grad.numpy() for x in inputs)]


def rows_autograd(columns):
    import autograd.numpy as np
    from autograd import make_vjp

    pull, out = make_vjp(lambda inputs: formula(np, *inputs))([columns[name] for name in START])
    return [out, *pull(np.ones_like(out))]


def rows_jax(columns):
    import jax

    jax.config.update("jax_enable_x64", True)
    if not hasattr(rows_jax, "function"):
        rows_jax.function = jax.jit(jax.vmap(jax.value_and_grad(
            lambda *inputs: formula(jax.numpy, *inputs), argnums=(0, 1, 2, 3))))
    out, slopes = rows_jax.function(*(columns[name] for name in START))
    return [out.block_until_ready(), *slopes]


def compare_rows(count, rounds, peers):
    import numpy as np

    rng = np.random.default_rng(1)
    columns = {name: rng.uniform(-1, 1, count) for name in START}
    known = {"torch": rows_torch, "autograd": rows_autograd, "jax": rows_jax}
    jobs = {"by hand, in blocks": hand_in_blocks, "bpcalc": rows_here,
            **{name: known[name] for name in peers if name in known}}
    right = hand_in_blocks(columns)
    for name, job in jobs.items():                 # the first call compiles
        for ours, theirs in zip(job(columns), right):
            if not np.allclose(ours, theirs, rtol=1e-9, atol=1e-12):
                raise SystemExit(f"{name}: another result")
    report(f"{count} rows", "row", {name: (lambda job=job: job(columns)) for name, job in jobs.items()}, rounds, count)


def report(title, unit, jobs, rounds, count):
    """Let the jobs take turns and print a table; the first one is the measure."""
    spent = {name: [] for name in jobs}
    for _ in range(rounds):
        for name, job in jobs.items():
            start = time.perf_counter()
            job()
            spent[name].append((time.perf_counter() - start) / count)
    first = statistics.median(next(iter(spent.values())))
    print(f"| {title} | us a {unit} | x by hand |\n| --- | ---: | ---: |")
    for name, seconds in spent.items():
        print(f"| {name} | {statistics.median(seconds) * 1e6:.3f} | {statistics.median(seconds) / first:.2f} |")
    print(flush=True)


def timed(job, steps):
    start = time.perf_counter()
    weights = job(steps)
    return (time.perf_counter() - start) / steps, weights


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", default="1e5")
    parser.add_argument("--rows", default="1e6")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--peers", default="")
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
    print(flush=True)
    compare_rows(int(float(options.rows)), options.rounds, options.peers.split(","))


if __name__ == "__main__":
    main()
